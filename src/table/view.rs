//! What a table shows between two cycles.

use std::sync::Arc;

use arrow_array::RecordBatch;

use super::positions::Positions;
use super::segment::Segment;
use super::segments::Segments;
use crate::position::{Partition, Span};

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
    pub(super) fn accounts(&self) -> impl Iterator<Item = (Partition, Span)> + '_ {
        self.positions.iter().map(|(partition, position)| (partition, position.account))
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

    /// All rows as if they came now, for a table that begins with them.
    pub(super) fn history(&self) -> Vec<Arc<Segment>> {
        let skipped = |(at, segment): (usize, &Arc<Segment>)| match (at, self.skip) {
            (0, skip) if skip > 0 => Arc::new(segment.slice(skip)),
            _ => Arc::clone(segment),
        };
        self.segments.iter().enumerate().map(skipped).collect()
    }
}
