//! Which row of a segment comes from which offset of which partition.
//!
//! It must be known of every row, whatever columns a table has: a log may lose its end, and the rows that came from it leave the table.
//! It costs next to nothing: what is written down is each stretch of consecutive offsets, in three or four bytes, however many rows it
//! has. A chunk of a log without gaps is one stretch.

use std::collections::BTreeMap;
use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{BooleanArray, RecordBatch};

use crate::position::{Offset, Partition};

/// A partition of a topic, and how often the topic had been created again when it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Log {
    pub(super) partition: Partition,
    pub(super) generation: u32,
}

/// Rows of consecutive offsets, one behind the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) log: Log,
    pub(super) first: Offset,
    pub(super) rows: usize,
}

impl Stretch {
    /// Which of its rows come from an offset of `log` that is `from` or higher.
    fn beyond(&self, log: Log, from: Offset) -> Range<usize> {
        if self.log != log {
            return self.rows..self.rows;
        }
        let before = usize::try_from(from.saturating_sub(self.first)).unwrap_or(0);
        before.min(self.rows)..self.rows
    }
}

/// Where each row of a segment comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Origin {
    logs: Box<[Log]>,
    /// Of each stretch: the index of its log, how far it is from the end of the stretch before it of the same log, its rows.
    code: Box<[u8]>,
    rows: usize,
}

impl Origin {
    /// Of rows of one log, in order.
    pub(super) fn of(log: Log, offsets: &[Offset]) -> Self {
        let mut builder = OriginBuilder::default();
        builder.push_offsets(log, offsets);
        builder.finish()
    }

    /// Of a batch of the error table, whose first two columns say it.
    pub(super) fn of_errors(batch: &RecordBatch, generation: impl Fn(Partition) -> u32) -> Self {
        let mut builder = OriginBuilder::default();
        for (partition, first) in errors(batch) {
            builder.push(Stretch { log: Log { partition, generation: generation(partition) }, first, rows: 1 });
        }
        builder.finish()
    }

    /// Of the rows of several, one behind the other.
    pub(super) fn joined<'a>(origins: impl Iterator<Item = &'a Self>) -> Self {
        let mut builder = OriginBuilder::default();
        origins.flat_map(|origin| origin.stretches()).for_each(|stretch| builder.push(stretch));
        builder.finish()
    }

    /// Of the rows `start..start + rows`; as many of them as there are.
    pub(super) fn slice(&self, start: usize, rows: usize) -> Self {
        let mut builder = OriginBuilder::default();
        let mut cursor = self.cursor();
        cursor.advance(start, |_| ());
        cursor.advance(rows, |stretch| builder.push(stretch));
        builder.finish()
    }

    /// Of the rows that `mask` keeps.
    pub(super) fn filter(&self, mask: &BooleanArray) -> Self {
        let mut builder = OriginBuilder::default();
        let mut cursor = self.cursor();
        let mut at = 0;
        for (start, end) in mask.values().set_slices() {
            cursor.advance(start - at, |_| ());
            cursor.advance(end - start, |stretch| builder.push(stretch));
            at = end;
        }
        builder.finish()
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn stretches(&self) -> impl Iterator<Item = Stretch> + '_ {
        let mut ends: Vec<Offset> = vec![0; self.logs.len()];
        let mut code = &*self.code;
        std::iter::from_fn(move || {
            let index = usize::try_from(read(&mut code)?).ok()?;
            let (log, end) = (*self.logs.get(index)?, ends.get_mut(index)?);
            let first = end.wrapping_add(unfolded(read(&mut code)?));
            let rows = usize::try_from(read(&mut code)?).ok()?;
            *end = first.wrapping_add_unsigned(rows as u64);
            Some(Stretch { log, first, rows })
        })
    }

    /// Which rows come from an offset of `log` that is `from` or higher: ranges in order, none empty.
    pub(super) fn beyond(&self, log: Log, from: Offset) -> Vec<Range<usize>> {
        if !self.logs.contains(&log) {
            return Vec::new();
        }
        let mut ranges = Vec::new();
        let mut at = 0;
        for stretch in self.stretches() {
            let beyond = stretch.beyond(log, from);
            add_range(&mut ranges, at + beyond.start..at + beyond.end);
            at += stretch.rows;
        }
        ranges
    }

    /// Bytes of memory beside its own.
    pub(super) fn bytes(&self) -> usize {
        self.code.len() + size_of_val(&*self.logs)
    }

    fn cursor(&self) -> Cursor<impl Iterator<Item = Stretch> + '_> {
        Cursor { stretches: self.stretches(), rest: None }
    }
}

/// The partition and offset of each row of a batch of the error table.
pub(super) fn errors(batch: &RecordBatch) -> impl Iterator<Item = (Partition, Offset)> + '_ {
    let partitions = batch.columns().first().and_then(|column| column.as_primitive_opt::<Int32Type>());
    let offsets = batch.columns().get(1).and_then(|column| column.as_primitive_opt::<Int64Type>());
    let rows = partitions.zip(offsets).map(|(partitions, offsets)| partitions.values().iter().zip(offsets.values()));
    rows.into_iter().flatten().map(|(partition, offset)| (*partition, *offset))
}

/// Puts a range behind others that are in order; where it follows the last one it becomes part of it.
pub(super) fn add_range(ranges: &mut Vec<Range<usize>>, range: Range<usize>) {
    match ranges.last_mut() {
        _ if range.is_empty() => {}
        Some(last) if last.end == range.start => last.end = range.end,
        _ => ranges.push(range),
    }
}

/// What is left of the rows `of` when the rows `gone` are taken out: ranges in order that begin at the start of `of`.
pub(super) fn gaps_between(gone: &[Range<usize>], of: &Range<usize>) -> Vec<Range<usize>> {
    let mut kept = Vec::new();
    let mut at = of.start;
    let first = gone.partition_point(|range| range.end <= of.start);
    for range in gone.iter().skip(first).take_while(|range| range.start < of.end) {
        add_range(&mut kept, at - of.start..range.start.max(at) - of.start);
        at = range.end.min(of.end);
    }
    add_range(&mut kept, at - of.start..of.end - of.start);
    kept
}

/// Writes down where rows come from, in row order.
#[derive(Debug, Default)]
pub(super) struct OriginBuilder {
    logs: Vec<Log>,
    /// Of each log, its index, and the offset after its last stretch that was written.
    known: BTreeMap<Log, (usize, Offset)>,
    code: Vec<u8>,
    rows: usize,
    /// What may still grow.
    open: Option<Stretch>,
}

impl OriginBuilder {
    pub(super) fn push(&mut self, stretch: Stretch) {
        self.rows += stretch.rows;
        match &mut self.open {
            _ if stretch.rows == 0 => {}
            Some(open) if open.log == stretch.log && open.first.checked_add_unsigned(open.rows as u64) == Some(stretch.first) => {
                open.rows += stretch.rows;
            }
            open => {
                let before = open.replace(stretch);
                self.write(before);
            }
        }
    }

    /// Rows of one log, whose offsets grow.
    pub(super) fn push_offsets(&mut self, log: Log, offsets: &[Offset]) {
        let ([first, .., last] | [first @ last]) = offsets else { return };
        if last.checked_sub(*first).and_then(|distance| usize::try_from(distance).ok()) == Some(offsets.len() - 1) {
            // As many as lie between the first and the last: a look at two of them is enough.
            return self.push(Stretch { log, first: *first, rows: offsets.len() });
        }
        if let [_] = offsets {
            return;
        }
        let (left, right) = offsets.split_at(offsets.len() / 2);
        self.push_offsets(log, left);
        self.push_offsets(log, right);
    }

    fn write(&mut self, stretch: Option<Stretch>) {
        let Some(Stretch { log, first, rows }) = stretch else { return };
        let next = self.logs.len();
        let (index, end) = self.known.entry(log).or_insert_with(|| {
            self.logs.push(log);
            (next, 0)
        });
        put(&mut self.code, *index as u64);
        put(&mut self.code, folded(first.wrapping_sub(*end)));
        put(&mut self.code, rows as u64);
        *end = first.wrapping_add_unsigned(rows as u64);
    }

    pub(super) fn finish(mut self) -> Origin {
        let last = self.open.take();
        self.write(last);
        Origin { logs: self.logs.into(), code: self.code.into(), rows: self.rows }
    }
}

/// Goes through stretches by rows.
struct Cursor<I> {
    stretches: I,
    rest: Option<Stretch>,
}

impl<I: Iterator<Item = Stretch>> Cursor<I> {
    fn advance(&mut self, mut rows: usize, mut take: impl FnMut(Stretch)) {
        while rows > 0 {
            let Some(stretch) = self.rest.take().or_else(|| self.stretches.next()) else { return };
            let taken = rows.min(stretch.rows);
            rows -= taken;
            take(Stretch { rows: taken, ..stretch });
            if taken < stretch.rows {
                let first = stretch.first.wrapping_add_unsigned(taken as u64);
                self.rest = Some(Stretch { first, rows: stretch.rows - taken, ..stretch });
            }
        }
    }
}

/// Seven bits in each byte, the lowest first; the eighth says that more follow.
fn put(code: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        code.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    code.push(number as u8);
}

fn read(code: &mut &[u8]) -> Option<u64> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let (byte, rest) = code.split_first()?;
        *code = rest;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
        shift += 7;
    }
}

/// Small numbers of either sign as small numbers.
fn folded(number: i64) -> u64 {
    (number.wrapping_shl(1) ^ (number >> 63)).cast_unsigned()
}

fn unfolded(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ (number & 1).cast_signed().wrapping_neg()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn log(partition: Partition) -> Log {
        Log { partition, generation: 0 }
    }

    fn rows(origin: &Origin) -> Vec<(Partition, Offset)> {
        let of =
            |stretch: Stretch| (0..stretch.rows as i64).map(move |row| (stretch.log.partition, stretch.first.wrapping_add(row)));
        origin.stretches().flat_map(of).collect()
    }

    #[test]
    fn rows_without_gaps_cost_a_few_bytes_however_many_they_are() {
        let origin = Origin::of(log(3), &(1_000_000..2_000_000).collect::<Vec<_>>());
        assert!(origin.bytes() < 24, "{}", origin.bytes());
        assert_eq!(origin.stretches().collect::<Vec<_>>(), [Stretch { log: log(3), first: 1_000_000, rows: 1_000_000 }]);
    }

    #[test]
    fn rows_of_which_each_follows_a_gap_cost_three_bytes_each() {
        let origin = Origin::of(log(3), &(0..10_000).map(|row| 7 + row * 50).collect::<Vec<_>>());
        assert!(origin.bytes() <= 30_020, "{}", origin.bytes());
    }

    proptest! {
        #[test]
        fn every_row_is_known_after_it_was_cut_joined_and_filtered(
            runs in prop::collection::vec((0..3_i32, 0..4_i64, 0..6_usize), 0..30),
            kept in prop::collection::vec(any::<bool>(), 200),
            start in 0..100_usize,
            count in 0..100_usize,
            base in prop_oneof![Just(0), Just(Offset::MAX / 2)],
            from in 0..40_i64,
        ) {
            let mut next = BTreeMap::new();
            let (mut builder, mut all) = (OriginBuilder::default(), Vec::new());
            for (partition, gap, count) in runs {
                let first = *next.get(&partition).unwrap_or(&base) + gap;
                let mut offsets: Vec<_> = (first..first + count as i64).collect();
                if gap == 3 {
                    offsets.retain(|offset| offset % 2 == 0);
                }
                next.insert(partition, first + count as i64);
                builder.push_offsets(log(partition), &offsets);
                all.extend(offsets.into_iter().map(|offset| (partition, offset)));
            }
            let origin = builder.finish();
            prop_assert_eq!(&rows(&origin), &all);
            let slice: Vec<_> = all.iter().copied().skip(start).take(count).collect();
            prop_assert_eq!(rows(&origin.slice(start, count)), slice.clone());
            let twice: Vec<_> = all.iter().copied().chain(slice).collect();
            prop_assert_eq!(rows(&Origin::joined([&origin, &origin.slice(start, count)].into_iter())), twice);
            let mask = BooleanArray::from(kept.iter().copied().take(all.len()).collect::<Vec<_>>());
            let filtered: Vec<_> = all.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(row, _)| *row).collect();
            prop_assert_eq!(rows(&origin.filter(&mask)), filtered);
            let beyond: Vec<usize> = origin.beyond(log(1), base + from).into_iter().flatten().collect();
            let expected: Vec<usize> = (0..all.len()).filter(|at| all[*at].0 == 1 && all[*at].1 >= base + from).collect();
            prop_assert_eq!(beyond, expected);
        }
    }
}
