//! The layout that most documents of a topic have, compared text by text for a whole block.
//!
//! Where documents repeat the last one's layout there is nothing to choose: the n-th text stands at a quote of known number. So each text is
//! compared in all documents of a block before the next one is, without a branch.

use super::super::skip;
use super::digits;
use super::lanes::Lane;
use super::layout::{Kind, Link, Place, is_scalar};
use super::literal::Literal;
use super::page::{BLOCK, Bytes, Document, Page, QUOTES};
use super::spans::{Span, Spans};

/// Blocks that may fail before another path is taken.
const PATIENCE: usize = 4;
/// Blocks without path after one that was no good: twice as many each time.
const SHORTEST_PAUSE: usize = 8;
const LONGEST_PAUSE: usize = 1024;

/// A text of the path, and the value before it.
#[derive(Debug)]
struct Stretch {
    literal: Literal,
    /// Which quote it is found by, and how far before that it begins.
    quote: u16,
    before: u16,
    kind: Kind,
    column: Option<usize>,
    null_only: bool,
    /// Whether the column's lane reads scalars alone, and refuses all else.
    reads_scalars: bool,
    /// Whether the value was an array in the document that the path is taken from.
    array: bool,
}

/// The texts of a document from its first byte to its last.
#[derive(Debug, Default)]
pub(super) struct Path {
    stretches: Vec<Stretch>,
    quotes: u16,
    /// The columns that it does not come by.
    absent: Vec<usize>,
    failed: usize,
    pause: usize,
    next_pause: usize,
}

impl Path {
    /// Takes the path of a document: the places it came by, where their values begin, and the link behind each.
    pub(super) fn take(&mut self, steps: Vec<(&Place, u16, &Link)>, bytes: Bytes<'_>, lanes: &[Lane]) {
        self.stretches.clear();
        self.quotes = 0;
        self.absent = (0..lanes.len()).collect();
        for (place, start, link) in steps {
            self.stretches.push(Stretch {
                literal: link.literal.clone(),
                quote: self.quotes,
                before: link.before,
                kind: place.kind,
                column: place.column,
                null_only: place.null_only,
                reads_scalars: place.column.and_then(|column| lanes.get(column)).is_some_and(|lane| !matches!(lane, Lane::Plain)),
                array: bytes.byte(start) == b'[',
            });
            self.absent.retain(|column| Some(*column) != place.column);
            self.quotes = self.quotes.saturating_add(link.quotes);
        }
    }

    /// Whether a path is to be taken from the next document that another way is found for.
    pub(super) fn is_wanted(&self) -> bool {
        self.stretches.is_empty() && self.pause == 0
    }

    /// Whether there is one: what it left in a row that it did not find is to be cleared.
    pub(super) fn is_taken(&self) -> bool {
        !self.stretches.is_empty()
    }

    /// Has no path for a while.
    pub(super) fn refuse(&mut self) {
        self.stretches.clear();
        self.failed = 0;
        self.next_pause = (self.next_pause * 2).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
        self.pause = self.next_pause;
    }

    /// Finds the values of columns in the documents of a page that have the layout, and gives a bit for each.
    pub(super) fn find(&mut self, page: &Page, spans: &mut Spans) -> u64 {
        if self.stretches.is_empty() {
            self.pause = self.pause.saturating_sub(1);
            return 0;
        }
        let found = self.compare(page, spans);
        if (found.count_ones() as usize) * 2 >= page.documents().len() {
            (self.failed, self.next_pause) = (0, 0);
        } else {
            self.failed += 1;
            if self.failed >= PATIENCE {
                self.refuse();
            }
        }
        found
    }

    fn compare(&mut self, page: &Page, spans: &mut Spans) -> u64 {
        let documents = page.documents();
        let (mut starts, mut firsts) = ([0; BLOCK], [0; BLOCK]);
        let mut alive = 0;
        for (row, (document, (start, first))) in documents.iter().zip(starts.iter_mut().zip(&mut firsts)).enumerate() {
            (*start, *first) = (document.start, document.first);
            alive |= u64::from(document.quotes == self.quotes) << row;
        }
        if alive == 0 {
            return 0;
        }
        self.absent.iter().for_each(|column| spans.clear_column(*column));
        let mut wrong = [0; BLOCK];
        let mut rows = Rows {
            documents,
            bytes: page.bytes(),
            quotes: &page.quotes,
            firsts: &firsts,
            starts: &mut starts,
            wrong: &mut wrong,
        };
        for stretch in &self.stretches {
            let Some(column) = stretch.column.and_then(|column| spans.rows_mut(column)) else {
                // A loop for each kind of value and length of text, so that there is no choice within.
                match stretch.kind {
                    Kind::Text => rows.of_any_length(stretch, None, |_, _, _, _| true),
                    Kind::Nothing => rows.of_any_length(stretch, None, |_, _, start, at| at == start),
                    _ if stretch.array => rows.of_any_length(stretch, None, |row, bytes, start, at| {
                        digits::is_flat_array(bytes, start, at) || stretch.is_value(row, bytes, start, at)
                    }),
                    _ => rows.of_any_length(stretch, None, |row, bytes, start, at| {
                        digits::is_short_scalar(bytes, start, at) || stretch.is_value(row, bytes, start, at)
                    }),
                }
                continue;
            };
            let into = Some(&mut *column);
            match stretch.kind {
                Kind::Text => rows.of_any_length(stretch, into, |_, _, _, _| true),
                _ if stretch.null_only => {
                    rows.of_any_length(stretch, into, |_, bytes, start, at| bytes.slice(start, at) == b"null");
                    *column = [Span::NULL; BLOCK];
                }
                _ if stretch.reads_scalars => rows.of_any_length(stretch, into, |_, _, start, at| start < at),
                _ => rows.of_any_length(stretch, into, |row, bytes, start, at| stretch.may_be_read(row, bytes, start, at)),
            }
        }
        let ends = documents.iter().zip(starts.iter().zip(&wrong)).enumerate();
        alive
            & ends
                .fold(0, |good, (row, (document, (end, wrong)))| good | u64::from((document.end == *end) & (*wrong == 0)) << row)
    }
}

/// The documents of a page, how far they were compared, and in which of them something else stood: where the bits are not all zero.
struct Rows<'p> {
    documents: &'p [Document],
    bytes: Bytes<'p>,
    quotes: &'p [u16; QUOTES],
    firsts: &'p [u16; BLOCK],
    starts: &'p mut [u16; BLOCK],
    wrong: &'p mut [u128; BLOCK],
}

impl Rows<'_> {
    /// Compares a text in all documents, and whether the value before it fits, which goes into the column.
    #[inline(always)]
    fn of_any_length(
        &mut self,
        stretch: &Stretch,
        column: Option<&mut [Span; BLOCK]>,
        fits: impl Fn(&Document, Bytes<'_>, u16, u16) -> bool,
    ) {
        let literal = &stretch.literal;
        match literal.len() {
            ..=16 => self.each(stretch, column, |bytes, at| literal.short_difference(bytes, at), fits),
            17..=32 => self.each(stretch, column, |bytes, at| literal.middling_difference(bytes, at), fits),
            _ => self.each(stretch, column, |bytes, at| u128::from(!literal.long_stands_at(bytes, at)), fits),
        }
    }

    #[inline(always)]
    fn each(
        &mut self,
        stretch: &Stretch,
        column: Option<&mut [Span; BLOCK]>,
        differs: impl Fn(Bytes<'_>, u16) -> u128,
        fits: impl Fn(&Document, Bytes<'_>, u16, u16) -> bool,
    ) {
        let (bytes, quotes) = (self.bytes, self.quotes);
        let (quote, before, length) = (stretch.quote, stretch.before, stretch.literal.len());
        // A text that stands there is in its document, but for what is behind its last quote: where the next begins shows that.
        let step = |document: &Document, first: u16, start: &mut u16, wrong: &mut u128| {
            let anchor = quotes.get(usize::from(first.wrapping_add(quote))).copied().unwrap_or(0);
            let at = anchor.wrapping_sub(before);
            *wrong |= differs(bytes, at) | u128::from(!fits(document, bytes, *start, at));
            let span = Span::new(*start, at);
            *start = at.wrapping_add(length);
            span
        };
        let rows = self.documents.iter().zip(self.firsts).zip(self.starts.iter_mut().zip(self.wrong.iter_mut()));
        match column {
            Some(column) => {
                for (((document, first), (start, wrong)), span) in rows.zip(column) {
                    *span = step(document, *first, start, wrong);
                }
            }
            None => {
                for ((document, first), (start, wrong)) in rows {
                    step(document, *first, start, wrong);
                }
            }
        }
    }
}

impl Stretch {
    /// Whether what is between `start` and `at` is a value; no column reads it.
    #[cold]
    fn is_value(&self, document: &Document, bytes: Bytes<'_>, start: u16, at: u16) -> bool {
        match (self.kind, bytes.byte(start)) {
            (Kind::Bare, b'[') | (Kind::Whole, b'[' | b'{') => {
                digits::is_flat_array(bytes, start, at) || skipped(document, bytes, start) == Some(at)
            }
            _ => is_scalar(bytes, start, at),
        }
    }

    /// Whether what is between `start` and `at` may be read by the column: as a whole, to its end.
    #[inline]
    fn may_be_read(&self, document: &Document, bytes: Bytes<'_>, start: u16, at: u16) -> bool {
        match bytes.byte(start) {
            b'[' | b'{' => skipped(document, bytes, start) == Some(at),
            _ => start < at,
        }
    }
}

/// Where the value ends that begins at `start`.
pub(super) fn skipped(document: &Document, bytes: Bytes<'_>, start: u16) -> Option<u16> {
    let end = skip::value(bytes.slice(start, document.end), 0).ok()?;
    start.checked_add(u16::try_from(end).ok()?)
}
