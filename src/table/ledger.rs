//! What became of the offsets of a partition, so that it can be taken back from any offset on.

use std::collections::VecDeque;

use super::chunk::Chunk;
use super::origin::{Log, Origin, errors};
use crate::position::{Offset, Partition, Span};

/// The most entries, and the most bytes in them: a log that loses its end loses it behind the last few chunks.
const MOST_ENTRIES: usize = 256;
const MOST_BYTES: usize = 32 << 10;

/// What became of the offsets of a partition, run by run.
///
/// A log in which every offset is a row is one run, however long it is. Of others as much is kept as fits in; what is older is one run,
/// of which it is known what became of all its offsets, and not which.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    entries: VecDeque<Entry>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    span: Span,
    /// Which of them are rows, and which are error rows, where that is kept.
    fates: Option<Fates>,
}

/// Which offsets of a run are rows, and which are error rows. None where the counts say it all.
#[derive(Debug)]
pub(super) struct Fates {
    rows: Origin,
    errors: Origin,
}

impl Fates {
    /// Of each span of a chunk.
    pub(super) fn of(chunk: &Chunk) -> Vec<Option<Self>> {
        let mut start = 0;
        let fates = chunk.spans.iter().map(|span| {
            let rows = usize::try_from(span.rows).unwrap_or(usize::MAX);
            let offsets = chunk.offsets.get(start..).and_then(|offsets| offsets.get(..rows)).unwrap_or_default();
            start += offsets.len();
            if counts(span).iter().filter(|count| **count > 0).count() < 2 || span.rows + span.errors == 0 {
                return None;
            }
            let log = Log { partition: span.partition, generation: 0 };
            let is_here =
                |(partition, offset): &(i32, Offset)| *partition == span.partition && (span.first..span.next).contains(offset);
            let bad: Vec<Offset> = chunk.errors.iter().flat_map(errors).filter(is_here).map(|(_, offset)| offset).collect();
            Some(Self { rows: Origin::of(log, offsets), errors: Origin::of(log, &bad) })
        });
        fates.collect()
    }

    fn truncate(&mut self, partition: Partition, to: Offset) {
        let log = Log { partition, generation: 0 };
        for origin in [&mut self.rows, &mut self.errors] {
            let beyond: usize = origin.beyond(log, to).iter().map(ExactSizeIterator::len).sum();
            *origin = origin.slice(0, origin.rows().saturating_sub(beyond));
        }
    }

    fn bytes(&self) -> usize {
        self.rows.bytes() + self.errors.bytes()
    }
}

impl Ledger {
    /// Takes in the run that follows.
    pub(super) fn add(&mut self, span: &Span, fates: Option<Fates>) {
        if span.next == span.first {
            return;
        }
        match self.entries.back_mut() {
            Some(last) if last.fates.is_none() && fates.is_none() && is_of_one_kind(&last.span, span) => last.span.extend(span),
            _ => {
                self.bytes += fates.as_ref().map_or(0, Fates::bytes);
                self.entries.push_back(Entry { span: *span, fates });
            }
        }
        while self.entries.len() > MOST_ENTRIES || (self.bytes > MOST_BYTES && self.entries.len() > 1) {
            self.forget_oldest();
        }
    }

    /// Puts the two oldest entries together.
    fn forget_oldest(&mut self) {
        let (Some(mut first), Some(second)) = (self.entries.pop_front(), self.entries.pop_front()) else { return };
        self.bytes -= [&first, &second].into_iter().flat_map(|entry| &entry.fates).map(Fates::bytes).sum::<usize>();
        first.span.extend(&second.span);
        self.entries.push_front(Entry { span: first.span, fates: None });
    }

    /// Takes back what is from `to` on, and says what became of the offsets before, which begin at `first`.
    ///
    /// `rows`, where the caller knows it, is how many rows come from the offsets before. Where this does not know it either, or not
    /// which of the offsets without row and error row were what, each kind has its even share: the sum is right in any case.
    pub(super) fn truncate(&mut self, to: Offset, rows: Option<u64>) -> Option<Span> {
        while self.entries.back().is_some_and(|entry| entry.span.first >= to) {
            let gone = self.entries.pop_back();
            self.bytes -= gone.and_then(|entry| entry.fates).map_or(0, |fates| fates.bytes());
        }
        let is_only = self.entries.len() == 1;
        if let Some(last) = self.entries.back_mut().filter(|entry| entry.span.next > to) {
            let known = match &mut last.fates {
                Some(fates) => {
                    self.bytes -= fates.bytes();
                    fates.truncate(last.span.partition, to);
                    self.bytes += fates.bytes();
                    [Some(fates.rows.rows() as u64), Some(fates.errors.rows() as u64)]
                }
                None => [rows.filter(|_| is_only), None],
            };
            last.span = before(&last.span, to, known);
        }
        let mut spans = self.entries.iter().map(|entry| entry.span);
        let first = spans.next()?;
        Some(spans.fold(first, |mut all, span| {
            all.extend(&span);
            all
        }))
    }
}

fn counts(span: &Span) -> [u64; 5] {
    [span.rows, span.errors, span.filtered, span.control, span.gaps]
}

/// Whether all offsets of both had the same fate.
fn is_of_one_kind(one: &Span, other: &Span) -> bool {
    let kinds = counts(one).into_iter().zip(counts(other)).filter(|(one, other)| one + other > 0).count();
    kinds < 2
}

/// The part of a run before `to`, of which the rows and the error rows may be known.
fn before(span: &Span, to: Offset, [rows, errors]: [Option<u64>; 2]) -> Span {
    let all = counts(span);
    let mut left = u64::try_from(to.saturating_sub(span.first)).unwrap_or(0);
    let mut parts = [rows, errors, None, None, None];
    for (part, count) in parts.iter_mut().zip(all) {
        *part = part.map(|known| known.min(count).min(left));
        left -= part.unwrap_or(0);
    }
    // Each of the others has its share of what is left, and the last has the rest.
    let mut total: u64 = parts.iter().zip(all).filter(|(part, _)| part.is_none()).map(|(_, count)| count).sum();
    for (part, count) in parts.iter_mut().zip(all).filter(|(part, _)| part.is_none()) {
        let share = u128::from(left) * u128::from(count) / u128::from(total.max(1));
        let share = u64::try_from(share).unwrap_or(count);
        (left, total) = (left - share, total - count);
        *part = Some(share);
    }
    let [rows, errors, filtered, control, gaps] = parts.map(Option::unwrap_or_default);
    let part = Span { next: to, rows, errors, filtered, control, gaps, ..*span };
    debug_assert!(part.adds_up(), "{part:?} of {span:?}");
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(first: Offset, counts: [u64; 5]) -> Span {
        let [rows, errors, filtered, control, gaps] = counts;
        let next = first.saturating_add_unsigned(counts.iter().sum());
        Span { next, rows, errors, filtered, control, gaps, ..Span::empty(0, first) }
    }

    #[test]
    fn a_log_in_which_every_offset_is_a_row_is_one_entry() {
        let mut ledger = Ledger::default();
        (0..10_000).for_each(|at| ledger.add(&span(at * 10, [10, 0, 0, 0, 0]), None));
        assert_eq!(ledger.entries.len(), 1);
        assert_eq!(ledger.truncate(54_321, None), Some(span(0, [54_321, 0, 0, 0, 0])));
    }

    #[test]
    fn of_a_log_with_markers_the_last_chunks_are_known_and_the_sum_of_all() {
        let mut ledger = Ledger::default();
        let log = Log { partition: 0, generation: 0 };
        for at in 0..10_000 {
            let rows = Origin::of(log, &(at * 10..at * 10 + 9).collect::<Vec<_>>());
            ledger.add(&span(at * 10, [9, 0, 0, 1, 0]), Some(Fates { rows, errors: Origin::default() }));
        }
        assert!(ledger.entries.len() <= MOST_ENTRIES && ledger.bytes <= MOST_BYTES);
        assert_eq!(ledger.truncate(99_995, None), Some(span(0, [89_996, 0, 0, 9_999, 0])));
        assert_eq!(ledger.truncate(99_994, None), Some(span(0, [89_995, 0, 0, 9_999, 0])));
        assert_eq!(ledger.truncate(99_000, None), Some(span(0, [89_100, 0, 0, 9_900, 0])));
        assert_eq!(ledger.truncate(505, Some(455)), Some(span(0, [455, 0, 0, 50, 0])), "the table knows its rows");
        assert_eq!(ledger.truncate(0, None), None);
        assert_eq!(ledger.bytes, 0);
    }

    #[test]
    fn where_it_is_not_known_which_offsets_were_what_each_kind_has_its_share() {
        let mut ledger = Ledger::default();
        ledger.add(&span(0, [0, 0, 30, 20, 50]), None);
        assert_eq!(ledger.truncate(11, None), Some(Span { filtered: 3, control: 2, gaps: 6, next: 11, ..Span::empty(0, 0) }));
    }
}
