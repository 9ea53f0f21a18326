//! The rows of a table between two cuts, and where they come from.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{BooleanArray, RecordBatch, UInt64Array};
use arrow_buffer::ScalarBuffer;
use arrow_schema::ArrowError;
use arrow_select::filter::filter_record_batch;
use arrow_select::take::take_record_batch;

use super::lens::Lens;
use crate::error::{Error, Result};
use crate::position::{Offset, Partition};

/// Rows that a table holds. Never empty.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) batch: RecordBatch,
    /// Bytes of memory, roughly.
    pub(super) bytes: usize,
    /// Grows in the order of arrival.
    pub(super) sequence: u64,
    /// Known where a ring needs it, else empty. It travels with the rows, so that whoever has a view has all that belongs to it.
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
            let origin =
                Arc::new(Origin { offsets: tail.origin.offsets.iter().copied().collect(), runs: tail.origin.runs.clone() });
            tail = Self { batch, bytes: scaled(self.bytes, rows, self.rows()), origin, ..tail };
        }
        tail
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

/// The partition and offset of each row of a segment.
#[derive(Debug, Clone, Default)]
pub(super) struct Origin {
    /// Partitions and rows, in row order.
    pub(super) runs: Vec<(Partition, usize)>,
    pub(super) offsets: ScalarBuffer<Offset>,
}

impl Origin {
    /// Of a batch of the error table, whose first two columns say it.
    pub(super) fn of_errors(batch: &RecordBatch) -> Self {
        let mut runs: Vec<(Partition, usize)> = Vec::new();
        let partitions = batch.columns().first().and_then(|column| column.as_primitive_opt::<Int32Type>());
        let offsets = batch.columns().get(1).and_then(|column| column.as_primitive_opt::<Int64Type>());
        for partition in partitions.iter().flat_map(|column| column.values().iter()) {
            match runs.last_mut() {
                Some((last, rows)) if last == partition => *rows += 1,
                _ => runs.push((*partition, 1)),
            }
        }
        Self { runs, offsets: offsets.map(|column| column.values().clone()).unwrap_or_default() }
    }

    /// Of the rows `start..start + rows`; as many of them as there are.
    pub(super) fn slice(&self, start: usize, rows: usize) -> Self {
        let mut before = start;
        let mut left = rows.min(self.offsets.len().saturating_sub(start));
        let offsets = if left == 0 { ScalarBuffer::default() } else { self.offsets.slice(start, left) };
        let mut runs = Vec::new();
        for (partition, rows) in &self.runs {
            let skipped = before.min(*rows);
            before -= skipped;
            let taken = (rows - skipped).min(left);
            left -= taken;
            if taken > 0 {
                runs.push((*partition, taken));
            }
        }
        Self { runs, offsets }
    }

    /// Of the rows of several, one behind the other; empty where one is.
    pub(super) fn joined<'a>(origins: impl Iterator<Item = &'a Self> + Clone) -> Self {
        if origins.clone().any(|origin| origin.offsets.is_empty()) {
            return Self::default();
        }
        let runs = origins.clone().flat_map(|origin| origin.runs.iter().copied()).collect();
        Self { runs, offsets: origins.flat_map(|origin| origin.offsets.iter().copied()).collect() }
    }

    /// Of the rows that `mask` keeps.
    pub(super) fn filter(&self, mask: &BooleanArray) -> Self {
        if self.offsets.len() != mask.len() {
            return Self::default();
        }
        let mut runs = Vec::new();
        let mut start = 0;
        for (partition, rows) in &self.runs {
            let kept = mask.values().slice(start, *rows).count_set_bits();
            start += rows;
            if kept > 0 {
                runs.push((*partition, kept));
            }
        }
        let offsets = mask.values().set_indices().filter_map(|index| self.offsets.get(index)).copied().collect();
        Self { runs, offsets }
    }
}

/// What Arrow says, as an error about `what`.
pub(super) fn columns(what: &'static str) -> impl Fn(ArrowError) -> Error {
    move |error| Error::Columns { what, reason: error.to_string() }
}
