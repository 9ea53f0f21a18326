//! The layout that most documents of a topic have, compared text by text for a whole block.
//!
//! Where documents repeat the last one's layout there is nothing to choose: the n-th text stands at a quote of known number. So each text is
//! compared in all documents of a block before the next one is, without a branch.

use super::super::skip;
use super::digits;
use super::index::{BLOCK, Index};
use super::layout::{Kind, Link, Place, is_scalar};
use super::literal::Literal;
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
    quote: usize,
    before: usize,
    kind: Kind,
    column: Option<usize>,
    null_only: bool,
}

/// The texts of a document from its first byte to its last.
#[derive(Debug, Default)]
pub(super) struct Path {
    stretches: Vec<Stretch>,
    quotes: usize,
    failed: usize,
    pause: usize,
    next_pause: usize,
}

impl Path {
    /// Takes the path of a document: the places it came by, and the link behind each.
    pub(super) fn take(&mut self, steps: Vec<(&Place, &Link)>) {
        self.stretches.clear();
        self.quotes = 0;
        for (place, link) in steps {
            self.stretches.push(Stretch {
                literal: link.literal.clone(),
                quote: self.quotes,
                before: link.before,
                kind: place.kind,
                column: place.column,
                null_only: place.null_only,
            });
            self.quotes += link.quotes;
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

    /// Finds the values of columns in the documents of a block that have the layout, and gives a bit for each.
    pub(super) fn find(&mut self, bytes: &[&[u8]], index: &Index, spans: &mut Spans) -> u64 {
        if self.stretches.is_empty() {
            self.pause = self.pause.saturating_sub(1);
            return 0;
        }
        let found = self.compare(bytes, index, spans);
        if (found.count_ones() as usize) * 2 >= bytes.len() {
            (self.failed, self.next_pause) = (0, 0);
        } else {
            self.failed += 1;
            if self.failed >= PATIENCE {
                self.refuse();
            }
        }
        found
    }

    fn compare(&self, bytes: &[&[u8]], index: &Index, spans: &mut Spans) -> u64 {
        let mut quotes: [&[u16]; BLOCK] = [&[]; BLOCK];
        let mut starts = [0_usize; BLOCK];
        let mut alive = 0;
        for (row, slot) in quotes.iter_mut().enumerate().take(bytes.len()) {
            let (all, notes) = index.document(row);
            // The end of the document is among them.
            if all.len() == self.quotes + 1 && !notes.backslash {
                *slot = all;
                alive |= 1 << row;
            }
        }
        let mut block = InBlock { bytes, quotes: &quotes, starts: &mut starts, spans };
        for stretch in &self.stretches {
            // A loop for each kind of value, so that there is no choice within.
            alive &= match (stretch.kind, stretch.column) {
                (Kind::Text, _) => block.rows(stretch, |_, _, _| true),
                (Kind::Nothing, _) => block.rows(stretch, |_, start, at| at == start),
                (_, None) => block.rows(stretch, |bytes, start, at| stretch.is_value(bytes, start, at)),
                (_, Some(_)) => block.rows(stretch, |bytes, start, at| stretch.may_be_read(bytes, start, at)),
            };
            if alive == 0 {
                return 0;
            }
        }
        let ended = bytes
            .iter()
            .zip(&starts)
            .enumerate()
            .fold(0, |ended, (row, (bytes, end))| ended | u64::from(bytes.len() == *end) << row);
        alive & ended
    }
}

/// The documents of a block, and how far they were compared.
struct InBlock<'b> {
    bytes: &'b [&'b [u8]],
    quotes: &'b [&'b [u16]; BLOCK],
    starts: &'b mut [usize; BLOCK],
    spans: &'b mut Spans,
}

impl InBlock<'_> {
    /// Compares a text in all documents, and gives those in which it stands behind a value that fits.
    #[inline(always)]
    fn rows(&mut self, stretch: &Stretch, fits: impl Fn(&[u8], usize, usize) -> bool) -> u64 {
        let mut good = 0;
        let mut column = stretch.column.and_then(|column| self.spans.rows_mut(column));
        let in_quotes = stretch.kind == Kind::Text;
        let rows = self.bytes.iter().zip(self.quotes).zip(self.starts.iter_mut()).enumerate();
        for (row, ((bytes, quotes), start)) in rows {
            let anchor = quotes.get(stretch.quote).copied().map_or(0, usize::from);
            let at = anchor.wrapping_sub(stretch.before);
            let stands = at <= anchor && at >= *start && stretch.literal.stands_at(bytes, at) && fits(bytes, *start, at);
            good |= u64::from(stands) << row;
            if let Some(slot) = column.as_deref_mut().and_then(|column| column.get_mut(row)) {
                let null = !in_quotes && bytes.get(*start..at) == Some(b"null");
                *slot = if null { Span::NULL } else { Span::new(*start, at) };
            }
            *start = at.wrapping_add(stretch.literal.len());
        }
        good
    }
}

impl Stretch {
    /// Whether what is between `start` and `at` is a value; no column reads it.
    #[inline]
    fn is_value(&self, bytes: &[u8], start: usize, at: usize) -> bool {
        if digits::numeric(bytes, start, at) {
            return true;
        }
        match (self.kind, bytes.get(start)) {
            (Kind::Bare, Some(b'[')) | (Kind::Whole, Some(b'[' | b'{')) => {
                digits::is_flat_array(bytes, start, at) || skip::value(bytes, start).is_ok_and(|end| end == at)
            }
            _ => is_scalar(bytes, start, at),
        }
    }

    /// Whether what is between `start` and `at` may be read by the column: as a whole, to its end.
    #[inline]
    fn may_be_read(&self, bytes: &[u8], start: usize, at: usize) -> bool {
        match bytes.get(start) {
            _ if self.null_only => bytes.get(start..at) == Some(b"null"),
            Some(b'[' | b'{') => skip::value(bytes, start).is_ok_and(|end| end == at),
            _ => true,
        }
    }
}
