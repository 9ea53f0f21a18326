//! What the cycles of a consumption bring, from one table or from that of each partition.

use arrow_array::RecordBatch;
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, SelectAll};
use kolumn::{PartitionedTable, Table, Update, Updates, Withdrawal};

/// What a cycle brought.
#[derive(Debug)]
pub(crate) struct Change {
    /// The partition, where there is a table for each.
    pub(crate) partition: Option<i32>,
    /// The new rows.
    pub(crate) added: Vec<RecordBatch>,
    /// What a log lost of what came before. Then nothing is new.
    pub(crate) lost: Option<Lost>,
}

/// The end of a log that is gone, with the rows that came from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lost {
    /// The partition.
    pub(crate) partition: i32,
    /// The first offset that is gone.
    pub(crate) from: i64,
    /// How many rows came from there on.
    pub(crate) rows: u64,
    /// How many error rows did.
    pub(crate) errors: u64,
}

/// What the cycles of a consumption bring.
pub(crate) struct Changes {
    /// Partitions that will have a table, as long as there may be more, and how one reads that table.
    keys: Option<Keys>,
    tables: SelectAll<BoxStream<'static, Change>>,
}

struct Keys {
    parted: PartitionedTable,
    gained: kolumn::table::Changes,
    subscribe: fn(&Table) -> Updates,
}

impl std::fmt::Debug for Changes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Changes").finish_non_exhaustive()
    }
}

impl Changes {
    /// What one table brings.
    pub(super) fn of_table(updates: Updates) -> Self {
        Self { keys: None, tables: SelectAll::from_iter([changes(None, updates)]) }
    }

    /// What the tables of all partitions bring, those to come included.
    pub(super) fn of_partitions(parted: &PartitionedTable, subscribe: fn(&Table) -> Updates) -> Self {
        let keys = Keys { parted: parted.clone(), gained: parted.changes(), subscribe };
        Self { keys: Some(keys), tables: SelectAll::new() }
    }

    /// The next change, each once; none when the consumption is over. Cancel safe.
    pub(crate) async fn next(&mut self) -> Option<Change> {
        loop {
            let Some(keys) = &mut self.keys else { return self.tables.next().await };
            tokio::select! {
                biased;
                key = keys.gained.next() => match key {
                    Some(key) => {
                        let table = keys.parted.get(key).map(|table| changes(Some(key), (keys.subscribe)(&table)));
                        self.tables.extend(table);
                    }
                    None => self.keys = None,
                },
                Some(change) = self.tables.next(), if !self.tables.is_empty() => return Some(change),
            }
        }
    }
}

fn changes(partition: Option<i32>, updates: Updates) -> BoxStream<'static, Change> {
    let lost = |withdrawn: &Withdrawal| {
        let of = withdrawn.lost();
        Lost { partition: withdrawn.partition(), from: withdrawn.from(), rows: of.rows, errors: of.errors }
    };
    let change = move |update: Update| Change { partition, added: update.added().to_vec(), lost: update.withdrawn().map(lost) };
    updates.map(change).boxed()
}
