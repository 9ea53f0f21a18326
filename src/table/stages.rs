//! Tables by themselves, for `benches/`.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::{Budget, Chunk, CycleSettings, PartitionedTable, Publisher, Table, TableType};
use crate::error::{Error, Result};
use crate::position::{Offset, Partition, Span};

/// What lanes and cycles do to the tables of a consumption, step by step.
#[derive(Debug)]
pub struct Feed {
    pub(crate) publisher: Publisher,
    pub(crate) budget: Budget,
    next: BTreeMap<Partition, Offset>,
}

impl Feed {
    fn new() -> Self {
        let budget = Budget::new(usize::MAX);
        let publisher = Publisher::new("orders".into(), CycleSettings::default(), budget.clone());
        Self { publisher, budget, next: BTreeMap::new() }
    }

    /// A table that is fed by so many partitions.
    pub fn table(schema: SchemaRef, table_type: TableType, partitions: Partition) -> (Self, Table) {
        let mut feed = Self::new();
        let table = feed.publisher.plain(schema, table_type);
        feed.start(partitions);
        (feed, table)
    }

    /// A table for each of so many partitions.
    pub fn partitioned(schema: SchemaRef, table_type: TableType, partitions: Partition) -> (Self, PartitionedTable) {
        let mut feed = Self::new();
        let table = feed.publisher.partitioned(schema, table_type);
        feed.start(partitions);
        (feed, table)
    }

    fn start(&mut self, partitions: Partition) {
        for partition in 0..partitions {
            self.publisher.start_partition(partition, 0);
            self.next.insert(partition, 0);
        }
        self.publisher.publish();
    }

    /// Appends rows, as a lane does at the end of an answer.
    pub fn append(&mut self, partition: Partition, batch: RecordBatch) -> Result<()> {
        let first = self.next.get(&partition).copied().ok_or(Error::Closed)?;
        let next = first.saturating_add_unsigned(batch.num_rows() as u64);
        let span = Span { next, rows: batch.num_rows() as u64, ..Span::empty(partition, first) };
        let charge = self.budget.charge(batch.get_array_memory_size());
        self.publisher.append(Chunk::new(batch, vec![span], (first..next).collect(), None, charge))?;
        self.next.insert(partition, next);
        Ok(())
    }

    /// Makes visible what was appended.
    pub fn cycle(&self) {
        self.publisher.publish();
    }
}
