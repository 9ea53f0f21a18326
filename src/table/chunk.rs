//! What a lane appends: rows, and what became of the offsets that they come from.

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_buffer::ScalarBuffer;
use arrow_schema::SchemaRef;

use super::budget::{Budget, Charge};
use super::fit::fit;
use crate::error::{Error, Result};
use crate::position::Span;

/// An immutable batch of rows and the offsets that it covers.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(super) batch: RecordBatch,
    /// In row order: the rows of one span follow those of the one before it.
    pub(super) spans: Vec<Span>,
    /// The offset of each row.
    pub(super) offsets: ScalarBuffer<i64>,
    /// Rows for the error table.
    pub(super) errors: Option<RecordBatch>,
    pub(super) charge: Charge,
}

impl Chunk {
    pub(crate) fn new(
        batch: RecordBatch,
        spans: Vec<Span>,
        offsets: ScalarBuffer<i64>,
        errors: Option<RecordBatch>,
        charge: Charge,
    ) -> Self {
        Self { batch, spans, offsets, errors, charge }
    }

    /// Offsets of which none became a row: gaps, and what was left out.
    pub(crate) fn without_rows(schema: &SchemaRef, span: Span) -> Self {
        let batch = RecordBatch::new_empty(SchemaRef::clone(schema));
        Self::new(batch, vec![span], ScalarBuffer::default(), None, Budget::new(0).charge(0))
    }

    /// Gives back what its columns have reserved and do not use.
    pub(super) fn fitted(mut self) -> Result<Self> {
        let (schema, mut columns, rows) = self.batch.into_parts();
        fit(&mut columns, &mut self.offsets);
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        self.batch = RecordBatch::try_new_with_options(schema, columns, &options)
            .map_err(|error| Error::Columns { what: "appending a chunk", reason: error.to_string() })?;
        Ok(self)
    }

    /// Whether the parts of the chunk agree with each other.
    pub(super) fn check(&self) -> Result<()> {
        let sum = |count: fn(&Span) -> u64| self.spans.iter().map(|span| u128::from(count(span))).sum::<u128>();
        let errors = self.errors.as_ref().map_or(0, RecordBatch::num_rows);
        let wrong = if let Some(span) = self.spans.iter().find(|span| !span.adds_up()) {
            format!("its offsets are not all accounted for: {span:?}")
        } else if sum(|span| span.rows) != self.batch.num_rows() as u128 {
            format!("it has {} rows, its spans count {}", self.batch.num_rows(), sum(|span| span.rows))
        } else if self.offsets.len() != self.batch.num_rows() {
            format!("it has {} rows and {} offsets", self.batch.num_rows(), self.offsets.len())
        } else if sum(|span| span.errors) != errors as u128 {
            format!("it has {errors} error rows, its spans count {}", sum(|span| span.errors))
        } else {
            return Ok(());
        };
        Err(Error::Columns { what: "appending a chunk", reason: wrong })
    }
}
