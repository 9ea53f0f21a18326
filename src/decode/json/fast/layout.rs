//! The layouts of a topic's documents: which text has been seen behind which value.
//!
//! A place is a value of a member: which object it is in, by which key, and whether in quotes. A link is the text from one value to the
//! next, as the topic's documents have it: keys, punctuation, white space. A document that is links from its first byte to its last, with
//! nothing but values between them, is a document without a doubt, and where its values are is known without reading them: each link
//! that holds a quote is compared where the next quote is, wherever that may be. All documents of a topic share the links, so that a
//! topic with fields that come and go needs few of them, not one for each of its layouts.

use super::digits;
use super::lanes::Block;
use super::literal::Literal;
use super::page::{Bytes, Document, Page};
use super::path::skipped;
use super::spans::Span;

/// The place before a document's first value.
pub(super) const START: usize = 0;
/// The place behind its last.
pub(super) const END: usize = 1;

/// Links that are remembered: a topic whose keys are data must not fill the memory.
const LINKS_LIMIT: usize = 4096;
/// Links from one place: they are tried one by one.
const CHOICES_LIMIT: usize = 24;

/// A node that a link comes by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Enter {
    pub(super) node: usize,
    /// Whether it is an object or array, and not null.
    pub(super) there: bool,
}

/// The text from one value to the next.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) literal: Literal,
    /// The bytes before its first quote; all, where it has none and ends the document.
    pub(super) before: u16,
    pub(super) quotes: u16,
    target: usize,
    /// What the value behind it is like.
    kind: Kind,
    /// Nodes on the way to a column that lie in its way, which no document may enter twice.
    pub(super) enters: Box<[Enter]>,
    /// The lists of which an item begins in its way.
    items: Box<[usize]>,
    /// How often it stood.
    stood: u64,
}

impl Link {
    pub(super) fn new(text: &[u8], target: usize, kind: Kind, (enters, items): (&[Enter], &[usize])) -> Self {
        Self {
            literal: Literal::new(text),
            before: short(text.iter().position(|byte| *byte == b'"').unwrap_or(text.len())),
            quotes: short(text.iter().filter(|byte| **byte == b'"').count()),
            target,
            kind,
            enters: enters.into(),
            items: items.into(),
            stood: 0,
        }
    }

    /// Where the link begins, if it stands at a quote behind a value from `start` in a document to `end`.
    #[inline(always)]
    fn stands(&self, bytes: Bytes<'_>, start: u16, quote: u16, end: u16) -> Option<u16> {
        let at = quote.wrapping_sub(self.before);
        let behind = at.wrapping_add(self.literal.len());
        let within = (at >= start) & (at <= quote) & (behind >= at) & (behind <= end);
        (within && self.literal.stands_at(bytes, at) && self.leads_to(bytes, behind)).then_some(at)
    }

    /// Whether what begins at `start` may be the value that the link leads to: one text may be the beginning of another.
    #[inline(always)]
    fn leads_to(&self, bytes: Bytes<'_>, start: u16) -> bool {
        match self.kind {
            Kind::Nothing | Kind::Text => true,
            Kind::Scalar => !matches!(bytes.byte(start), b'"' | b'[' | b'{'),
            Kind::Bare => !matches!(bytes.byte(start), b'"' | b'{'),
            Kind::Whole => bytes.byte(start) != b'"',
        }
    }
}

/// Texts of links are not longer than 16 bits count.
fn short(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

/// A value of a member.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) kind: Kind,
    pub(super) column: Option<usize>,
    /// Whether only null may be here.
    pub(super) null_only: bool,
    /// The list whose item the value is, or is a part of.
    list: Option<usize>,
    /// What comes behind it, and which of them is the most likely.
    links: Vec<Link>,
    likely: usize,
    /// Which link stood last where the next key had a mark: one more than its number, or none.
    by_mark: [u8; MARKS],
}

/// The marks of keys.
const MARKS: usize = 64;

impl Place {
    fn new(kind: Kind, column: Option<usize>, null_only: bool, list: Option<usize>) -> Self {
        Self { kind, column, null_only, list, links: Vec::new(), likely: 0, by_mark: [0; MARKS] }
    }

    /// Whether the value at `start` is an array or object as it may be here.
    #[inline(always)]
    fn bracket(&self, bytes: Bytes<'_>, start: u16) -> bool {
        match self.kind {
            Kind::Nothing | Kind::Text | Kind::Scalar => false,
            Kind::Bare => bytes.byte(start) == b'[',
            Kind::Whole => matches!(bytes.byte(start), b'[' | b'{'),
        }
    }

    /// The link that stands behind a value from `start`, at the first of `quotes`, and where it begins.
    #[inline(always)]
    fn link_at(&mut self, bytes: Bytes<'_>, start: u16, quotes: &[u16], document: Document) -> Option<(usize, u16)> {
        let quote = *quotes.first()?;
        let likely = self.links.get(self.likely)?;
        if let Some(at) = likely.stands(bytes, start, quote, document.end) {
            return Some((self.likely, at));
        }
        let mark = self.mark(bytes, quotes);
        let slot = self.by_mark.get(mark).copied().map_or(0, usize::from);
        if let Some(index) = slot.checked_sub(1)
            && let Some(at) = self.links.get(index).and_then(|link| link.stands(bytes, start, quote, document.end))
        {
            return Some((index, at));
        }
        self.search(bytes, start, quote, document.end, mark)
    }

    /// As [`Self::link_at`], one link after the other.
    #[cold]
    fn search(&mut self, bytes: Bytes<'_>, start: u16, quote: u16, end: u16, mark: usize) -> Option<(usize, u16)> {
        let mut links = self.links.iter().enumerate();
        let (index, at) = links.find_map(|(index, link)| Some((index, link.stands(bytes, start, quote, end)?)))?;
        if let (Some(slot), Ok(number)) = (self.by_mark.get_mut(mark), u8::try_from(index + 1)) {
            *slot = number;
        }
        Some((index, at))
    }

    /// What is told of the next key at a glance: its first bytes and its length, mixed.
    #[inline]
    fn mark(&self, bytes: Bytes<'_>, quotes: &[u16]) -> usize {
        let key = if self.kind == Kind::Text { quotes.get(1..) } else { Some(quotes) };
        match key {
            Some([open, close, ..]) => {
                let length = close.wrapping_sub(*open).wrapping_sub(1);
                let kept = u64::MAX.unbounded_shr(64_u32.saturating_sub(8 * u32::from(length)));
                let word = (bytes.eight_at(open.wrapping_add(1)) & kept) ^ u64::from(length);
                (word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58) as usize
            }
            // The document ends.
            _ => 0,
        }
    }

    /// Notes that a link stood.
    #[inline]
    fn stood(&mut self, found: usize) {
        let Some(link) = self.links.get_mut(found) else { return };
        link.stood += 1;
        if found != self.likely {
            let stood = link.stood;
            if self.links.get(self.likely).is_none_or(|likely| likely.stood < stood) {
                self.likely = found;
            }
        }
    }
}

/// What the value of a place is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// None: the start and the end.
    Nothing,
    /// In quotes.
    Text,
    /// A number or a literal.
    Scalar,
    /// As that, or an array, of which no column asks for a part.
    Bare,
    /// As that, or an object, of which no column asks for a part.
    Whole,
}

#[derive(Debug)]
pub(super) struct Layout {
    places: Vec<Place>,
    links: usize,
    /// The document, counted, in which a node was last entered.
    entered: Vec<u64>,
    document: u64,
    /// The places, where their values begin, and links of the last document that was to be traced.
    trace: Vec<(usize, u16, usize)>,
}

impl Layout {
    pub(super) fn new(nodes: usize) -> Self {
        let nothing = || Place::new(Kind::Nothing, None, false, None);
        Self { places: vec![nothing(), nothing()], links: 0, entered: vec![0; nodes], document: 0, trace: Vec::new() }
    }

    pub(super) fn is_full(&self) -> bool {
        self.links >= LINKS_LIMIT || self.places.len() >= LINKS_LIMIT
    }

    pub(super) fn add_place(&mut self, kind: Kind, column: Option<usize>, null_only: bool, list: Option<usize>) -> usize {
        self.places.push(Place::new(kind, column, null_only, list));
        self.places.len() - 1
    }

    /// Remembers a link behind a place, which replaces the least likely where there are too many.
    pub(super) fn add_link(&mut self, from: usize, link: Link) {
        let Some(place) = self.places.get_mut(from) else { return };
        if place.links.iter().any(|known| known.target == link.target && known.literal.text() == link.literal.text()) {
            return;
        }
        if place.links.len() >= CHOICES_LIMIT {
            let least = place.links.iter().enumerate().min_by_key(|(_, link)| link.stood).map_or(0, |(index, _)| index);
            place.links.swap_remove(least);
            (place.likely, place.by_mark) = (0, [0; MARKS]);
            self.links -= 1;
        }
        place.links.push(link);
        self.links += 1;
    }

    /// Finds the values of columns in the document of a row. `false` where it is no document that this layout knows.
    #[inline]
    pub(super) fn walk(&mut self, page: &Page, row: usize, block: &mut Block) -> bool {
        self.walk_along::<false>(page, row, block)
    }

    /// As [`Self::walk`], and gives the places that it came by, where their values begin and the links from there; none, where the quotes
    /// of the document are not all in links.
    pub(super) fn trace(&mut self, page: &Page, row: usize, block: &mut Block) -> Option<Vec<(&Place, u16, &Link)>> {
        self.trace.clear();
        if !self.walk_along::<true>(page, row, block) {
            return None;
        }
        let step = |(place, start, link): &(usize, u16, usize)| {
            let place = self.places.get(*place)?;
            Some((place, *start, place.links.get(*link)?))
        };
        let steps: Vec<_> = self.trace.iter().map(step).collect::<Option<_>>()?;
        let quotes_of_links: usize = steps.iter().map(|(_, _, link)| usize::from(link.quotes)).sum();
        let straight =
            quotes_of_links == usize::from(page.document(row).quotes) && steps.iter().all(|(_, _, link)| link.items.is_empty());
        Some(if straight { steps } else { Vec::new() })
    }

    #[inline]
    fn walk_along<const TRACE: bool>(&mut self, page: &Page, row: usize, block: &mut Block) -> bool {
        self.document += 1;
        let (bytes, document) = (page.bytes(), page.document(row));
        let mut quotes = page.quotes(document);
        let (mut place, mut start) = (START, document.start);
        while let Some(here) = self.places.get_mut(place) {
            let bracket = here.bracket(bytes, start);
            let mut found = here.link_at(bytes, start, quotes, document);
            if bracket && !found.is_some_and(|(_, at)| digits::is_flat_array(bytes, start, at)) {
                // An array or object ends where its brackets do, whatever quotes are in it.
                let Some(end) = skipped(&document, bytes, start) else { return false };
                while let [quote, rest @ ..] = quotes
                    && *quote < end
                {
                    quotes = rest;
                }
                found = here.link_at(bytes, start, quotes, document).filter(|(_, at)| *at == end);
            }
            let Some((found, at)) = found else { return false };
            if TRACE {
                self.trace.push((place, start, found));
            }
            here.stood(found);
            let Some(link) = here.links.get(found) else { return false };
            let fits = match here.kind {
                Kind::Nothing => at == start,
                Kind::Text => true,
                // What a column takes is read as a whole, to its end.
                Kind::Scalar | Kind::Bare | Kind::Whole => bracket || here.column.is_some() || is_scalar(bytes, start, at),
            };
            if !fits {
                return false;
            }
            if here.null_only && bytes.slice(start, at) != b"null" {
                return false;
            }
            if let Some(column) = here.column {
                let span = if here.null_only { Span::NULL } else { Span::new(start, at) };
                let row = here.list.map_or(row, |list| block.lists.last(list));
                if !block.spans.set(column, row, span) {
                    return false;
                }
            }
            for enter in &link.enters {
                match self.entered.get_mut(enter.node) {
                    Some(entered) if *entered != self.document => *entered = self.document,
                    _ => return false,
                }
                if enter.there {
                    block.note(enter.node, 1 << row);
                }
            }
            for list in &link.items {
                if !block.lists.add(*list, &mut block.spans) {
                    return false;
                }
            }
            quotes = quotes.get(usize::from(link.quotes)..).unwrap_or_default();
            start = at.wrapping_add(link.literal.len());
            place = link.target;
            if place == END {
                return start == document.end;
            }
        }
        false
    }
}

/// Whether a value that no column asks for is one that ends where it is expected to: not empty, and without what ends it.
#[inline]
pub(super) fn is_scalar(bytes: Bytes<'_>, start: u16, end: u16) -> bool {
    // Mostly that is all there is.
    if digits::is_short_scalar(bytes, start, end) {
        return true;
    }
    let plain = |byte: &u8| !matches!(byte, b',' | b'{' | b'}' | b'[' | b']' | b'"' | b' ' | b'\n' | b'\r' | b'\t');
    let value = bytes.slice(start, end);
    !value.is_empty() && value.iter().all(plain)
}
