//! A table as it was at one cycle.

use std::sync::{Arc, OnceLock};

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::SchemaRef;
use arrow_select::concat::concat_batches;

use super::lens::Lens;
use super::positions::Positions;
use super::segment::columns;
use super::view::View;
use crate::error::{Error, Result};

/// A consistent, immutable view of a table. To take one costs the same whatever the table holds, and holds up nobody.
#[derive(Debug, Clone)]
pub struct Snapshot {
    view: Arc<View>,
    lens: Arc<Lens>,
    cycle: u64,
    batches: OnceLock<Vec<RecordBatch>>,
}

impl Snapshot {
    pub(super) fn new(view: Arc<View>, lens: Arc<Lens>, cycle: u64) -> Self {
        Self { view, lens, cycle, batches: OnceLock::new() }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.view.rows
    }

    /// The columns.
    pub fn schema(&self) -> &SchemaRef {
        self.lens.schema()
    }

    /// The rows in order. No batch is empty.
    pub fn batches(&self) -> &[RecordBatch] {
        self.batches.get_or_init(|| self.view.batches().map(|batch| self.lens.look(&batch)).collect())
    }

    /// All rows in one batch: a copy, where there is more than one batch.
    ///
    /// # Errors
    ///
    /// [`Error::Columns`] where one array cannot hold them: text and binary columns end at 2 GiB.
    pub fn to_batch(&self) -> Result<RecordBatch> {
        match self.batches() {
            [batch] => Ok(batch.clone()),
            batches => concat_batches(self.schema(), batches).map_err(columns("putting the batches of a snapshot together")),
        }
    }

    /// One column, in as many arrays as there are batches.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownColumn`].
    pub fn column(&self, name: &str) -> Result<Vec<ArrayRef>> {
        let unknown = || Error::UnknownColumn {
            column: name.to_owned(),
            known: self.schema().fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>().join(", "),
        };
        let (at, _) = self.schema().column_with_name(name).ok_or_else(unknown)?;
        Ok(self.batches().iter().filter_map(|batch| batch.columns().get(at)).map(Arc::clone).collect())
    }

    /// What the table holds of each partition.
    pub fn positions(&self) -> &Positions {
        &self.view.positions
    }

    /// The number of the cycle; it grows, and is the same in all tables of a consumption.
    pub fn cycle(&self) -> u64 {
        self.cycle
    }
}
