//! The layout that most documents of a topic have, compared text by text for a whole block.
//!
//! Where documents repeat the last one's layout there is nothing to choose: the n-th text stands at a quote of known number. So each text is
//! compared in all documents of a block before the next one is, without a branch.

use super::super::skip;
use super::digits;
use super::lanes::{Block, Lane, bits};
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
    /// The columns that it does not come by, and the nodes that are there.
    absent: Vec<usize>,
    present: Vec<usize>,
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
        self.present.clear();
        for (place, start, link) in steps {
            self.stretches.push(Stretch {
                literal: link.literal.clone(),
                quote: self.quotes,
                before: link.before,
                kind: place.kind,
                column: place.column,
                null_only: place.null_only,
                reads_scalars: place
                    .column
                    .and_then(|column| lanes.get(column))
                    .is_some_and(|lane| !matches!(lane, Lane::Plain | Lane::Whole)),
                array: bytes.byte(start) == b'[',
            });
            self.present.extend(link.enters.iter().filter(|enter| enter.there).map(|enter| enter.node));
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
    pub(super) fn find(&mut self, page: &Page, block: &mut Block) -> u64 {
        if self.stretches.is_empty() {
            self.pause = self.pause.saturating_sub(1);
            return 0;
        }
        let found = self.compare(page, &mut block.spans);
        self.present.iter().for_each(|node| block.note(*node, found));
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
        self.absent.iter().for_each(|column| spans.clear_lane(*column));
        let mut wrong = [0; BLOCK];
        let mut rows = Rows {
            rows: documents.len(),
            bytes: page.bytes(),
            quotes: &page.quotes,
            firsts: &firsts,
            starts: &mut starts,
            wrong: &mut wrong,
        };
        let mut nowhere = [Span::NONE; BLOCK];
        for stretch in &self.stretches {
            let no_column = stretch.column.is_none();
            let column = stretch.column.and_then(|column| spans.rows_mut(column)).unwrap_or(&mut nowhere);
            // A loop for each kind of value and length of text, so that there is no choice within, and no call.
            let unfit = match stretch.kind {
                Kind::Text if no_column => rows.of_any_length(stretch, None, |_, _, _| true),
                Kind::Text => rows.of_any_length(stretch, Some(column), |_, _, _| true),
                Kind::Nothing => rows.of_any_length(stretch, None, |_, start, at| at == start),
                _ if stretch.null_only => rows.of_any_length(stretch, Some(column), |_, _, _| true),
                _ if stretch.reads_scalars => rows.of_any_length(stretch, Some(column), |_, start, at| start < at),
                _ if stretch.array => rows.of_any_length(stretch, Some(column), digits::is_flat_array),
                _ => rows.of_any_length(stretch, Some(column), digits::is_short_scalar),
            };
            alive &= match stretch.kind {
                Kind::Text | Kind::Nothing => !unfit,
                _ if stretch.null_only => {
                    let nulls = documents.iter().zip(column.iter_mut()).enumerate().fold(0, |nulls, (row, (_, span))| {
                        let null = page.bytes().slice(span.start(), span.end()) == b"null";
                        *span = Span::NULL;
                        nulls | u64::from(null) << row
                    });
                    !unfit & nulls
                }
                _ if stretch.reads_scalars => !unfit,
                // What is not as most are is looked at one by one.
                _ => bits(unfit & alive).fold(u64::MAX, |fit, row| {
                    let span = column.get(row).copied().unwrap_or(Span::NONE);
                    let fits = stretch.fits(&page.document(row), page.bytes(), span.start(), span.end());
                    fit & !(u64::from(!fits) << row)
                }),
            };
        }
        let ends = documents.iter().zip(starts.iter().zip(&wrong)).enumerate();
        alive
            & ends
                .fold(0, |good, (row, (document, (end, wrong)))| good | u64::from((document.end == *end) & (*wrong == 0)) << row)
    }
}

/// The documents of a page, how far they were compared, and in which of them something else stood: where the bits are not all zero.
struct Rows<'p> {
    rows: usize,
    bytes: Bytes<'p>,
    quotes: &'p [u16; QUOTES],
    firsts: &'p [u16; BLOCK],
    starts: &'p mut [u16; BLOCK],
    wrong: &'p mut [u128; BLOCK],
}

impl Rows<'_> {
    /// Compares a text in all documents, and gives those in which the value before it, which goes into the column, does not fit.
    #[inline(always)]
    fn of_any_length(
        &mut self,
        stretch: &Stretch,
        column: Option<&mut [Span; BLOCK]>,
        fits: impl Fn(Bytes<'_>, u16, u16) -> bool,
    ) -> u64 {
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
        fits: impl Fn(Bytes<'_>, u16, u16) -> bool,
    ) -> u64 {
        let (bytes, quotes) = (self.bytes, self.quotes);
        let (quote, before, length) = (stretch.quote, stretch.before, stretch.literal.len());
        // A text that stands there is in its document, but for what is behind its last quote: where the next begins shows that.
        let mut unfit = 0;
        let (firsts, starts, wrong) = (self.firsts, &mut *self.starts, &mut *self.wrong);
        // By number, for all of them have as many: one register counts for all.
        let mut step = |row: usize| {
            let anchor = quotes.get(usize::from(firsts[row].wrapping_add(quote))).copied().unwrap_or(0);
            let (start, at) = (starts[row], anchor.wrapping_sub(before));
            wrong[row] |= differs(bytes, at);
            unfit |= u64::from(!fits(bytes, start, at)) << row;
            starts[row] = at.wrapping_add(length);
            Span::new(start, at)
        };
        let rows = self.rows.min(BLOCK);
        match column {
            Some(column) => {
                for row in 0..rows {
                    column[row] = step(row);
                }
            }
            None => {
                for row in 0..rows {
                    step(row);
                }
            }
        }
        unfit
    }
}

impl Stretch {
    /// Whether what is between `start` and `at` is a value as it may be here, or is read to its end by the column.
    #[cold]
    fn fits(&self, document: &Document, bytes: Bytes<'_>, start: u16, at: u16) -> bool {
        match (self.kind, self.column, bytes.byte(start)) {
            (Kind::Bare, _, b'[') | (Kind::Whole, _, b'[' | b'{') => {
                digits::is_flat_array(bytes, start, at) || skipped(document, bytes, start) == Some(at)
            }
            (_, Some(_), first) => !matches!(first, b'[' | b'{') && start < at,
            _ => is_scalar(bytes, start, at),
        }
    }
}

/// Where the value ends that begins at `start`.
pub(super) fn skipped(document: &Document, bytes: Bytes<'_>, start: u16) -> Option<u16> {
    let end = skip::value(bytes.slice(start, document.end), 0).ok()?;
    start.checked_add(u16::try_from(end).ok()?)
}
