//! The layouts of a topic's documents: which text has been seen behind which value.
//!
//! A place is a value of a member: which object it is in, by which key, and whether in quotes. A link is the text from one value to the
//! next, as the topic's documents have it: keys, punctuation, white space. A document that is links from its first byte to its last, with
//! nothing but values between them, is a document without a doubt, and where its values are is known without reading them: each link
//! that holds a quote is compared where the next quote is, wherever that may be. All documents of a topic share the links, so that a
//! topic with fields that come and go needs few of them, not one for each of its layouts.

use super::super::skip;
use super::digits;
use super::literal::Literal;
use super::spans::{Span, Spans};

/// The place before a document's first value.
pub(super) const START: usize = 0;
/// The place behind its last.
pub(super) const END: usize = 1;

/// Links that are remembered: a topic whose keys are data must not fill the memory.
const LINKS_LIMIT: usize = 4096;
/// Links from one place: they are tried one by one.
const CHOICES_LIMIT: usize = 24;

/// The text from one value to the next.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) literal: Literal,
    /// The bytes before its first quote; all, where it has none and ends the document.
    pub(super) before: usize,
    pub(super) quotes: usize,
    target: usize,
    /// What the value behind it is like.
    kind: Kind,
    /// Nodes on the way to a column that lie in its way, which no document may enter twice.
    enters: Box<[usize]>,
    /// How often it stood.
    stood: u64,
}

impl Link {
    pub(super) fn new(text: &[u8], target: usize, kind: Kind, enters: &[usize]) -> Self {
        Self {
            literal: Literal::new(text),
            before: text.iter().position(|byte| *byte == b'"').unwrap_or(text.len()),
            quotes: text.iter().filter(|byte| **byte == b'"').count(),
            target,
            kind,
            enters: enters.into(),
            stood: 0,
        }
    }

    /// Whether what begins at `start` may be the value that the link leads to: one text may be the beginning of another.
    #[inline]
    fn leads_to(&self, bytes: &[u8], start: usize) -> bool {
        match self.kind {
            Kind::Nothing | Kind::Text => true,
            Kind::Scalar => !matches!(bytes.get(start), Some(b'"' | b'[' | b'{')),
            Kind::Bare => !matches!(bytes.get(start), Some(b'"' | b'{')),
            Kind::Whole => bytes.get(start) != Some(&b'"'),
        }
    }
}

/// A value of a member.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) kind: Kind,
    pub(super) column: Option<usize>,
    /// Whether the column takes only null here.
    pub(super) null_only: bool,
    /// What comes behind it, the most likely first.
    links: Vec<Link>,
}

impl Place {
    /// Whether the value at `start` is an array or object as it may be here.
    #[inline]
    fn bracket(&self, bytes: &[u8], start: usize) -> bool {
        matches!((self.kind, bytes.get(start)), (Kind::Bare, Some(b'[')) | (Kind::Whole, Some(b'[' | b'{')))
    }

    /// The link that stands at this quote behind a value from `start`, and where it begins.
    #[inline]
    fn link_at(&self, bytes: &[u8], start: usize, quote: usize) -> Option<(usize, usize)> {
        self.links.iter().enumerate().find_map(|(index, link)| {
            let at = quote.checked_sub(link.before).filter(|at| *at >= start)?;
            let stands = link.literal.stands_at(bytes, at) && link.leads_to(bytes, at + link.literal.len());
            stands.then_some((index, at))
        })
    }

    /// Counts that a link stood, and gives where it is from then on: those that stand more often come first.
    #[inline]
    fn stood(&mut self, found: usize) -> usize {
        let Some(link) = self.links.get_mut(found) else { return found };
        link.stood += 1;
        let stood = link.stood;
        match found.checked_sub(1) {
            Some(before) if self.links.get(before).is_some_and(|other| other.stood < stood) => {
                self.links.swap(before, found);
                before
            }
            _ => found,
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
    /// The places and links of the last document that was to be traced.
    trace: Vec<(usize, usize)>,
}

impl Layout {
    pub(super) fn new(nodes: usize) -> Self {
        let nothing = || Place { kind: Kind::Nothing, column: None, null_only: false, links: Vec::new() };
        Self { places: vec![nothing(), nothing()], links: 0, entered: vec![0; nodes], document: 0, trace: Vec::new() }
    }

    pub(super) fn is_full(&self) -> bool {
        self.links >= LINKS_LIMIT || self.places.len() >= LINKS_LIMIT
    }

    pub(super) fn add_place(&mut self, kind: Kind, column: Option<usize>, null_only: bool) -> usize {
        self.places.push(Place { kind, column, null_only, links: Vec::new() });
        self.places.len() - 1
    }

    /// Remembers a link behind a place, which replaces the least likely where there are too many.
    pub(super) fn add_link(&mut self, from: usize, link: Link) {
        let Some(place) = self.places.get_mut(from) else { return };
        if place.links.iter().any(|known| known.target == link.target && known.literal.text() == link.literal.text()) {
            return;
        }
        if place.links.len() >= CHOICES_LIMIT {
            place.links.pop();
            self.links -= 1;
        }
        place.links.push(link);
        self.links += 1;
    }

    /// Finds the values of columns in a document with these quotes. `false` where it is no document that this layout knows.
    #[inline]
    pub(super) fn walk(&mut self, bytes: &[u8], quotes: &[u16], spans: &mut Spans, row: usize) -> bool {
        self.walk_along::<false>(bytes, quotes, spans, row)
    }

    /// As [`Self::walk`], and gives the places that it came by and the links from there; none, where the quotes of the document are not
    /// all in links.
    pub(super) fn trace(&mut self, bytes: &[u8], quotes: &[u16], spans: &mut Spans, row: usize) -> Option<Vec<(&Place, &Link)>> {
        self.trace.clear();
        if !self.walk_along::<true>(bytes, quotes, spans, row) {
            return None;
        }
        let step = |(place, link): &(usize, usize)| {
            let place = self.places.get(*place)?;
            Some((place, place.links.get(*link)?))
        };
        let steps: Vec<_> = self.trace.iter().map(step).collect::<Option<_>>()?;
        let quotes_of_links: usize = steps.iter().map(|(_, link)| link.quotes).sum();
        Some(if quotes_of_links + 1 == quotes.len() { steps } else { Vec::new() })
    }

    #[inline]
    fn walk_along<const TRACE: bool>(&mut self, bytes: &[u8], quotes: &[u16], spans: &mut Spans, row: usize) -> bool {
        self.document += 1;
        let (mut place, mut quote, mut start) = (START, 0, 0);
        while let Some(here) = self.places.get_mut(place) {
            let next = |quote: usize| quotes.get(quote).copied().map(usize::from);
            let (Some(mut anchor), bracket) = (next(quote), here.bracket(bytes, start)) else { return false };
            let mut found = here.link_at(bytes, start, anchor);
            if bracket && !found.is_some_and(|(_, at)| digits::is_flat_array(bytes, start, at)) {
                // An array or object ends where its brackets do, whatever quotes are in it.
                let Ok(end) = skip::value(bytes, start) else { return false };
                while next(quote).is_some_and(|position| position < end) {
                    quote += 1;
                }
                anchor = next(quote).unwrap_or(end);
                found = here.link_at(bytes, start, anchor).filter(|(_, at)| *at == end);
            }
            let Some((mut found, at)) = found else { return false };
            if TRACE {
                self.trace.push((place, found));
            } else {
                found = here.stood(found);
            }
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
            if let Some(column) = here.column {
                let null = here.kind != Kind::Text && bytes.get(start..at) == Some(b"null");
                let span = if null { Span::NULL } else { Span::new(start, at) };
                if (here.null_only && !null) || !spans.set(column, row, span) {
                    return false;
                }
            }
            for node in &link.enters {
                match self.entered.get_mut(*node) {
                    Some(entered) if *entered != self.document => *entered = self.document,
                    _ => return false,
                }
            }
            quote += link.quotes;
            start = at + link.literal.len();
            place = link.target;
            if place == END {
                return start == bytes.len();
            }
        }
        false
    }
}

/// Whether a value that no column asks for is one that ends where it is expected to: not empty, and without what ends it.
#[inline]
pub(super) fn is_scalar(bytes: &[u8], start: usize, end: usize) -> bool {
    // Mostly that is all there is.
    if digits::numeric(bytes, start, end) {
        return true;
    }
    let plain = |byte: &u8| !matches!(byte, b',' | b'{' | b'}' | b'[' | b']' | b'"' | b' ' | b'\n' | b'\r' | b'\t');
    bytes.get(start..end).is_some_and(|value| !value.is_empty() && value.iter().all(plain))
}
