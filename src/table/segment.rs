//! The rows of a table between two cuts, and where they come from.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{BooleanArray, RecordBatch, UInt64Array};
use arrow_schema::ArrowError;
use arrow_select::filter::filter_record_batch;
use arrow_select::take::take_record_batch;

use super::lens::Lens;
use super::origin::Origin;
use crate::error::{Error, Result};

/// Rows that a table holds. Never empty.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) batch: RecordBatch,
    /// Bytes of memory, roughly.
    pub(super) bytes: usize,
    /// Grows in the order of arrival.
    pub(super) sequence: u64,
    /// Where each row comes from. It travels with the rows, so that whoever has a view has all that belongs to it.
    pub(super) origin: Arc<Origin>,
}

impl Segment {
    pub(super) fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    /// The rows from `start` on, in the same memory.
    pub(super) fn slice(&self, start: usize) -> Self {
        let rows = self.rows().saturating_sub(start);
        let origin = Arc::new(self.origin.slice(start, rows));
        Self { batch: self.batch.slice(self.rows() - rows, rows), bytes: self.bytes, sequence: self.sequence, origin }
    }

    /// The rows from `start` on. What is cut off is given back where it is the greater part: a slice would hold on to all of it.
    pub(super) fn tail(&self, start: usize) -> Self {
        let rows = self.rows().saturating_sub(start);
        let mut tail = self.slice(start);
        if start > rows
            && let Ok(batch) = copy(&tail.batch)
        {
            tail = Self { batch, bytes: scaled(self.bytes, rows, self.rows()), ..tail };
        }
        tail
    }

    /// These rows alone: ranges in order. In memory of their own, so that what is not kept is given back.
    pub(super) fn keep(&self, rows: &[Range<usize>]) -> Vec<Self> {
        let kept: usize = rows.iter().map(ExactSizeIterator::len).sum();
        if kept == 0 {
            return Vec::new();
        }
        let slice = |range: &Range<usize>| Self {
            batch: self.batch.slice(range.start, range.len()),
            bytes: scaled(self.bytes, range.len(), self.rows()),
            sequence: self.sequence,
            origin: Arc::new(self.origin.slice(range.start, range.len())),
        };
        let indices = UInt64Array::from_iter_values(rows.iter().flat_map(|range| range.start as u64..range.end as u64));
        match take_record_batch(&self.batch, &indices) {
            Ok(batch) => {
                let origins: Vec<_> = rows.iter().map(|range| self.origin.slice(range.start, range.len())).collect();
                let origin = Arc::new(Origin::joined(origins.iter()));
                vec![Self { batch, bytes: scaled(self.bytes, kept, self.rows()), sequence: self.sequence, origin }]
            }
            // Then they share the memory of those that go.
            Err(_) => rows.iter().map(slice).collect(),
        }
    }

    /// The rows under the columns that a merge has.
    pub(super) fn seen_through(&self, lens: &Lens) -> Self {
        self.with(lens.look(&self.batch), self.bytes)
    }

    /// Other columns for the same rows.
    pub(super) fn with(&self, batch: RecordBatch, bytes: usize) -> Self {
        Self { batch, bytes, sequence: self.sequence, origin: Arc::clone(&self.origin) }
    }

    /// The rows that `mask` keeps, which has no nulls; none where it keeps none.
    pub(super) fn filter(self: &Arc<Self>, mask: &BooleanArray) -> Result<Option<Arc<Self>>> {
        let kept = mask.true_count();
        if kept == 0 {
            return Ok(None);
        }
        if kept == self.rows() {
            return Ok(Some(Arc::clone(self)));
        }
        let batch = filter_record_batch(&self.batch, mask).map_err(columns("filtering a table"))?;
        let bytes = scaled(self.bytes, kept, self.rows());
        Ok(Some(Arc::new(Self { batch, bytes, sequence: self.sequence, origin: Arc::new(self.origin.filter(mask)) })))
    }
}

/// The part of `bytes` that falls to `rows` of `all`.
pub(super) fn scaled(bytes: usize, rows: usize, all: usize) -> usize {
    let scaled = (bytes as u128 * rows as u128) / (all.max(1) as u128);
    usize::try_from(scaled).unwrap_or(bytes)
}

/// The same rows in memory of their own. (To concatenate one batch alone would only share it.)
fn copy(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let indices = UInt64Array::from_iter_values(0..batch.num_rows() as u64);
    take_record_batch(batch, &indices)
}

/// What Arrow says, as an error about `what`.
pub(super) fn columns(what: &'static str) -> impl Fn(ArrowError) -> Error {
    move |error| Error::Columns { what, reason: error.to_string() }
}
