//! What a table shows between two cycles.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;

use super::account::Standing;
use super::origin::{Log, add_range, gaps_between};
use super::positions::{PartitionPosition, Positions};
use super::segment::Segment;
use super::segments::Segments;
use crate::position::{Offset, Partition};

/// The rows of a table as of a cycle. Immutable once visible; a changed one shares what is the same.
#[derive(Debug, Clone, Default)]
pub(super) struct View {
    pub(super) segments: Segments,
    /// Rows of the first segment that are no longer in the table.
    pub(super) skip: usize,
    pub(super) rows: usize,
    /// Memory of the segments, roughly.
    pub(super) bytes: usize,
    pub(super) positions: Arc<Positions>,
}

impl View {
    /// The batches in order, none of them empty.
    pub(super) fn batches(&self) -> impl Iterator<Item = RecordBatch> + '_ {
        self.segments.iter().enumerate().map(|(at, segment)| match (at, self.skip) {
            (0, skip) if skip > 0 => segment.batch.slice(skip, segment.rows() - skip),
            _ => segment.batch.clone(),
        })
    }

    pub(super) fn push(&mut self, segment: Arc<Segment>) {
        self.rows += segment.rows();
        self.bytes += segment.bytes;
        self.segments.push(segment);
    }

    /// What became of the offsets of every partition.
    pub(super) fn accounts(&self) -> impl Iterator<Item = (Partition, Standing)> + '_ {
        let standing = |position: PartitionPosition| Standing { span: position.account, generation: position.generation };
        self.positions.iter().map(move |(partition, position)| (partition, standing(position)))
    }

    /// How many rows at the front must go for the rest to have no more than `most` bytes.
    pub(super) fn rows_beyond(&self, most: usize) -> usize {
        let mut bytes = self.bytes;
        let mut rows = 0;
        for segment in self.segments.iter() {
            if bytes <= most {
                break;
            }
            bytes = bytes.saturating_sub(segment.bytes);
            rows += segment.rows();
        }
        rows.saturating_sub(self.skip)
    }

    /// Takes rows out at the front.
    pub(super) fn remove(&mut self, rows: usize) {
        if rows >= self.rows {
            (self.segments, self.skip, self.rows, self.bytes) = (Segments::default(), 0, 0, 0);
            return;
        }
        self.rows -= rows;
        self.skip += rows;
        while let Some(first) = self.segments.first().map(Arc::clone) {
            if first.rows() <= self.skip {
                self.skip -= first.rows();
                self.bytes = self.bytes.saturating_sub(first.bytes);
                self.segments.pop_front();
                continue;
            }
            if self.skip > first.rows() - self.skip {
                // More is gone than is left: give its memory back. Each row is copied for at most one that is gone.
                let left = first.tail(self.skip);
                self.bytes = self.bytes.saturating_sub(first.bytes) + left.bytes;
                self.segments.replace_first(Arc::new(left));
                self.skip = 0;
            }
            break;
        }
    }

    /// How many rows come from an offset of `log` that is `from` or higher. Of a view from whose front nothing was removed.
    pub(super) fn rows_from(&self, log: Log, from: Offset) -> u64 {
        let beyond = self.segments.iter().flat_map(|segment| segment.origin.beyond(log, from));
        beyond.map(|range| range.len() as u64).sum()
    }

    /// Takes out the rows that come from an offset of `log` that is `from` or higher, and says which these were.
    pub(super) fn withdraw(&mut self, log: Log, from: Offset) -> Vec<Range<usize>> {
        let mut ranges = Vec::new();
        let mut left = Self { positions: Arc::clone(&self.positions), ..Self::default() };
        let mut start = 0;
        for (at, segment) in self.segments.iter().enumerate() {
            let skip = if at == 0 { self.skip } else { 0 };
            let mut gone = segment.origin.beyond(log, from);
            gone.retain_mut(|range| {
                range.start = range.start.max(skip);
                range.start < range.end
            });
            let rows = skip..segment.rows();
            if gone.is_empty() {
                left.push(Arc::clone(segment));
                if at == 0 {
                    (left.skip, left.rows) = (skip, left.rows - skip);
                }
            } else {
                let kept = gaps_between(&gone, &rows).into_iter().map(|range| range.start + skip..range.end + skip);
                segment.keep(&kept.collect::<Vec<_>>()).into_iter().for_each(|segment| left.push(Arc::new(segment)));
            }
            gone.into_iter().for_each(|range| add_range(&mut ranges, start + range.start - skip..start + range.end - skip));
            start += rows.len();
        }
        if !ranges.is_empty() {
            *self = left;
        }
        ranges
    }

    /// All rows as if they came now, for a table that begins with them.
    pub(super) fn history(&self) -> Vec<Arc<Segment>> {
        let skipped = |(at, segment): (usize, &Arc<Segment>)| match (at, self.skip) {
            (0, skip) if skip > 0 => Arc::new(segment.slice(skip)),
            _ => Arc::clone(segment),
        };
        self.segments.iter().enumerate().map(skipped).collect()
    }
}
