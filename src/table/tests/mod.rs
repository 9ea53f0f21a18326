//! What tables promise, through the handles and the publisher.

mod cross;
mod cycles;
mod derived;
mod kinds;
mod lifecycle;
mod partitioned;
mod properties;
mod subscribers;
mod truncation;
mod withdrawals;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow_buffer::ScalarBuffer;
use arrow_schema::SchemaRef;
use futures_util::{FutureExt, StreamExt};

use super::*;
use crate::position::{Offset, Partition, Span};

/// A publisher, and the positions of what a lane would append next.
pub(super) struct Writer {
    pub(super) publisher: Publisher,
    pub(super) budget: Budget,
    next: Mutex<BTreeMap<Partition, Offset>>,
}

pub(super) fn schema() -> SchemaRef {
    rows(&[]).schema()
}

/// Rows `(partition, offset)` with a text that says both.
pub(super) fn rows(of: &[(Partition, Offset)]) -> RecordBatch {
    let partitions: ArrayRef = Arc::new(Int32Array::from_iter_values(of.iter().map(|row| row.0)));
    let offsets: ArrayRef = Arc::new(Int64Array::from_iter_values(of.iter().map(|row| row.1)));
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(of.iter().map(|row| format!("{}/{}", row.0, row.1))));
    RecordBatch::try_from_iter([("Partition", partitions), ("Offset", offsets), ("Text", texts)]).expect("three columns")
}

impl Writer {
    pub(super) fn new() -> Self {
        Self::with(CycleSettings::default(), 1 << 20)
    }

    pub(super) fn with(settings: CycleSettings, budget: usize) -> Self {
        let budget = Budget::new(budget);
        let publisher = Publisher::new("orders".into(), settings, budget.clone());
        Self { publisher, budget, next: Mutex::default() }
    }

    pub(super) fn plain(&self, table_type: TableType, partitions: &[(Partition, Offset)]) -> Table {
        let table = self.publisher.plain(schema(), table_type);
        partitions.iter().for_each(|(partition, offset)| self.start(*partition, *offset));
        table
    }

    pub(super) fn partitioned(&self, table_type: TableType, partitions: &[(Partition, Offset)]) -> PartitionedTable {
        let table = self.publisher.partitioned(schema(), table_type);
        partitions.iter().for_each(|(partition, offset)| self.start(*partition, *offset));
        table
    }

    pub(super) fn start(&self, partition: Partition, offset: Offset) {
        self.next.lock().expect("next").insert(partition, offset);
        self.publisher.start_partition(partition, offset);
    }

    /// Appends a chunk of so many rows of each partition named, in that order.
    pub(super) fn append(&self, counts: &[(Partition, u64)]) {
        self.publisher.append(self.chunk(counts)).expect("a chunk in its place");
    }

    pub(super) fn chunk(&self, counts: &[(Partition, u64)]) -> Chunk {
        let mut next = self.next.lock().expect("next");
        let (mut of, mut spans) = (Vec::new(), Vec::new());
        for (partition, count) in counts {
            let first = next[partition];
            let after = first + *count as i64;
            of.extend((first..after).map(|offset| (*partition, offset)));
            spans.push(Span { next: after, rows: *count, ..Span::empty(*partition, first) });
            next.insert(*partition, after);
        }
        let offsets = of.iter().map(|row| row.1).collect::<ScalarBuffer<i64>>();
        let charge = self.budget.charge(of.len() * 10);
        Chunk::new(rows(&of), spans, offsets, None, charge)
    }

    pub(super) fn cycle(&self) {
        self.publisher.run_cycle();
    }
}

/// The rows of batches as `(partition, offset)`, whose text must say the same.
pub(super) fn read(batches: &[RecordBatch]) -> Vec<(Partition, Offset)> {
    let mut read = Vec::new();
    for batch in batches {
        assert!(batch.num_rows() > 0, "no batch is empty");
        let partitions = batch.column(0).as_primitive::<Int32Type>().values();
        let offsets = batch.column(1).as_primitive::<Int64Type>().values();
        let texts = batch.column(2).as_string::<i32>();
        for (at, row) in partitions.iter().copied().zip(offsets.iter().copied()).enumerate() {
            assert_eq!(texts.value(at), format!("{}/{}", row.0, row.1));
            read.push(row);
        }
    }
    read
}

pub(super) fn shown(table: &Table) -> Vec<(Partition, Offset)> {
    let snapshot = table.snapshot();
    let rows = read(snapshot.batches());
    assert_eq!(rows.len(), snapshot.rows());
    rows
}

/// The rows `from..to` of a partition.
pub(super) fn run(partition: Partition, from: Offset, to: Offset) -> Vec<(Partition, Offset)> {
    (from..to).map(|offset| (partition, offset)).collect()
}

/// The next update, if one waits.
pub(super) fn next(updates: &mut Updates) -> Option<Update> {
    updates.next().now_or_never().flatten()
}

/// First and next offset that a table holds of a partition.
pub(super) fn held(table: &Table, partition: Partition) -> (Offset, Offset) {
    let position = table.snapshot().positions().get(partition).expect("a partition that has begun");
    assert!(position.account.adds_up());
    (position.first, position.next)
}

/// Keeps a copy of a table by what its updates say.
pub(super) struct Copy {
    updates: Updates,
    pub(super) rows: Vec<(Partition, Offset)>,
}

impl Copy {
    pub(super) fn of(table: &Table) -> Self {
        Self { updates: table.updates(), rows: Vec::new() }
    }

    /// Follows all updates that wait, and says how many there were.
    pub(super) fn follow(&mut self) -> usize {
        let mut count = 0;
        while let Some(update) = next(&mut self.updates) {
            assert_eq!(update.missed(), 0);
            self.rows.drain(..update.removed());
            for gone in update.withdrawn().into_iter().flat_map(|withdrawn| withdrawn.ranges()).rev() {
                self.rows.drain(gone.clone());
            }
            self.rows.extend(read(update.added()));
            count += 1;
        }
        count
    }
}
