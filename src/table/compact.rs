//! Small segments become large ones, without changing any row.
//!
//! The small ones at the end are kept like a number in the octal system: when there are eight that are no larger than the newest, by
//! powers of eight, they become one. So there are at most seven for each digit that an eighth of a chunk has, whatever the sizes are in
//! which rows come, and a row is copied about once for each digit. A segment of an eighth of a chunk or more is never copied: a busy topic
//! pays nothing.

use std::ops::Range;
use std::sync::Arc;

use arrow_schema::ArrowError;
use arrow_select::concat::concat_batches;

use super::core::Core;
use super::lock::lock;
use super::node::Node;
use super::origin::Origin;
use super::segment::Segment;
use super::table_type::TableType;
use super::view::View;

/// Nothing larger is copied, so that no column of text grows beyond its offsets.
const MOST_BYTES: usize = 16 << 20;

impl Core {
    /// Merges the newest segments of a table, `news` of which came with the last cycle, where they are small. Only a cycle calls it.
    pub(super) fn compact(&self, node: &Node, news: usize) {
        let chunk_rows = match node.table_type {
            TableType::Append => self.settings.chunk_rows,
            // What leaves a ring leaves it by whole segments: they must not be as large as the ring.
            TableType::Ring(rows) => self.settings.chunk_rows.min(rows / 4),
            TableType::Blink => return,
        };
        let view = node.seen();
        // What is given up for its bytes leaves by whole segments as well.
        let limits = Limits { rows: (chunk_rows / 8).max(2), bytes: MOST_BYTES.min(node.most_bytes / 8) };
        match merge_newest(&view, news, limits) {
            Ok(Some(merged)) => {
                let gate = lock(&self.gate);
                let before = node.show(Arc::new(merged));
                drop(gate);
                drop(before);
            }
            Ok(None) => {}
            // Small segments are as good as large ones, but for the time that it takes to go through them.
            Err(error) => tracing::warn!(topic = %self.topic, %error, "chunks stay small"),
        }
    }
}

/// So many small segments become one.
const FEW: usize = 8;

/// What has so many rows or bytes is not merged.
#[derive(Debug, Clone, Copy)]
struct Limits {
    rows: usize,
    bytes: usize,
}

impl Limits {
    fn are_reached(self, rows: usize, bytes: usize) -> bool {
        rows >= self.rows || bytes >= self.bytes
    }
}

/// The view with its newest segments merged; none where there is nothing to merge.
fn merge_newest(view: &View, news: usize, limits: Limits) -> Result<Option<View>, ArrowError> {
    // What is before a large one was merged when that one came.
    let mut recent = view.segments.recent(news, |segment| limits.are_reached(segment.rows(), segment.bytes));
    // The first segment may have lost rows, and its place is needed to know which.
    if view.skip > 0 && recent.first().zip(view.segments.first()).is_some_and(|(one, first)| Arc::ptr_eq(one, first)) {
        recent.remove(0);
    }
    let groups = grouped(&recent, limits);
    let unchanged = groups.iter().take_while(|group| group.segments.len() == 1).count();
    let Some(first) = groups.get(unchanged) else { return Ok(None) };
    let changed = recent.get(first.segments.start..).unwrap_or_default();
    let merged = groups.iter().skip(unchanged).map(|group| group.joined(&recent)).collect::<Result<Vec<_>, _>>()?;
    let before: usize = changed.iter().map(|segment| segment.bytes).sum();
    let after: usize = merged.iter().map(|segment| segment.bytes).sum();
    let mut view = view.clone();
    view.bytes = view.bytes.saturating_sub(before) + after;
    view.segments.replace_last(changed.len(), merged);
    Ok(Some(view))
}

/// Which segments become one.
fn grouped(segments: &[Arc<Segment>], limits: Limits) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::with_capacity(segments.len());
    // Where the groups begin that may still grow.
    let mut open = 0;
    for (at, segment) in segments.iter().enumerate() {
        let group = Group { segments: at..at + 1, rows: segment.rows(), bytes: segment.bytes };
        if group.is_finished(limits) {
            // Nothing can be put between what is before it and what follows: that is all there will be of the open ones.
            join_from(&mut groups, open, limits);
            groups.push(group);
            open = groups.len();
            continue;
        }
        groups.push(group);
        while let Some(last) = groups.last().filter(|last| !last.is_finished(limits)) {
            let digits = last.digits();
            let is_small = |group: &&Group| group.digits() <= digits;
            let small = groups.get(open..).unwrap_or_default().iter().rev().take_while(is_small);
            let (few, rows, bytes) =
                small.fold((0, 0, 0), |(few, rows, bytes), group| (few + 1, rows + group.rows, bytes + group.bytes));
            if few < FEW {
                break;
            }
            // What is before a large one can grow no more: it becomes part of it.
            let first = if limits.are_reached(rows, bytes) { open } else { groups.len() - few };
            join_from(&mut groups, first, limits);
            open = groups.iter().rposition(|group| group.is_finished(limits)).map_or(open, |finished| finished + 1);
        }
    }
    groups
}

/// Makes one group of those from `first` on, or several where one is full.
fn join_from(groups: &mut Vec<Group>, first: usize, limits: Limits) {
    for group in groups.split_off(first.min(groups.len())) {
        match groups.get_mut(first..).and_then(<[Group]>::last_mut) {
            Some(last) if !last.is_finished(limits) => {
                last.segments.end = group.segments.end;
                (last.rows, last.bytes) = (last.rows + group.rows, last.bytes + group.bytes);
            }
            _ => groups.push(group),
        }
    }
}

/// Segments that are to become one.
#[derive(Debug)]
struct Group {
    segments: Range<usize>,
    rows: usize,
    bytes: usize,
}

impl Group {
    fn is_finished(&self, limits: Limits) -> bool {
        limits.are_reached(self.rows, self.bytes)
    }

    /// How many octal digits its number of rows has, less one.
    fn digits(&self) -> u32 {
        self.rows.max(1).ilog(FEW)
    }

    fn joined(&self, recent: &[Arc<Segment>]) -> Result<Arc<Segment>, ArrowError> {
        let segments = recent.get(self.segments.clone()).unwrap_or_default();
        let Some((first, rest)) = segments.split_first() else {
            return Err(ArrowError::ComputeError("there is nothing to put together".into()));
        };
        if rest.is_empty() {
            return Ok(Arc::clone(first));
        }
        let batch = concat_batches(first.batch.schema_ref(), segments.iter().map(|segment| &segment.batch))?;
        let bytes = batch.get_array_memory_size();
        let origin = Arc::new(Origin::joined(segments.iter().map(|segment| segment.origin.as_ref())));
        Ok(Arc::new(Segment { batch, bytes, sequence: first.sequence, origin }))
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{ArrayRef, Int64Array, RecordBatch};

    use super::*;

    const LIMITS: Limits = Limits { rows: 8192, bytes: MOST_BYTES };

    fn segment(sequence: u64, rows: usize) -> Arc<Segment> {
        let column: ArrayRef = Arc::new(Int64Array::from(vec![i64::try_from(sequence).expect("small"); rows]));
        let batch = RecordBatch::try_from_iter([("A", column)]).expect("a batch");
        let bytes = batch.get_array_memory_size();
        Arc::new(Segment { batch, bytes, sequence, origin: Arc::default() })
    }

    /// Lets segments of these rows come one by one: the rows that are copied, and the most small segments that there were.
    fn compacted(sizes: impl Iterator<Item = usize>) -> (View, usize, usize) {
        let (mut view, mut copied, mut most) = (View::default(), 0, 0);
        for (sequence, rows) in (0..).zip(sizes) {
            view.push(segment(sequence, rows));
            if let Some(merged) = merge_newest(&view, 1, LIMITS).expect("room") {
                let before: Vec<_> = view.segments.iter().map(Arc::as_ptr).collect();
                let new = merged.segments.iter().filter(|segment| !before.contains(&Arc::as_ptr(segment)));
                copied += new.map(|segment| segment.rows()).sum::<usize>();
                assert_eq!((merged.rows, merged.bytes), (view.rows, merged.segments.iter().map(|segment| segment.bytes).sum()));
                view = merged;
            }
            most = most.max(view.segments.iter().filter(|segment| segment.rows() < LIMITS.rows).count());
        }
        let sequences: Vec<u64> = view.segments.iter().map(|segment| segment.sequence).collect();
        assert!(sequences.is_sorted(), "{sequences:?}");
        (view, copied, most)
    }

    #[test]
    fn single_rows_are_copied_once_for_each_octal_digit_and_few_segments_are_small() {
        let (view, copied, most) = compacted(std::iter::repeat_n(1, 20_000));
        assert_eq!(view.rows, 20_000);
        assert!(copied <= 5 * 20_000, "{copied} rows copied");
        assert!(most <= 36, "{most} small segments");
    }

    #[test]
    fn segments_of_any_sizes_are_copied_a_few_times_and_stay_few() {
        for seed in 0..20 {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut size = || {
                let most = 1 << random.u32(..12);
                random.usize(1..=most)
            };
            let sizes: Vec<usize> = (0..3000).map(|_| size()).collect();
            let rows: usize = sizes.iter().sum();
            let (view, copied, most) = compacted(sizes.into_iter());
            assert_eq!(view.rows, rows);
            assert!(copied <= 6 * rows, "{copied} of {rows} rows copied");
            assert!(most <= 40, "{most} small segments");
        }
    }

    #[test]
    fn a_large_segment_is_not_copied_and_what_is_small_before_it_is_put_together() {
        let (view, copied, most) = compacted([8192, 3, 3, 3, 9000, 5].into_iter());
        let rows: Vec<usize> = view.segments.iter().map(|segment| segment.rows()).collect();
        assert_eq!((rows, copied, most), (vec![8192, 9, 9000, 5], 9, 3));
    }
}
