//! One table for each partition.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_schema::SchemaRef;

use super::core::{Core, Lease};
use super::family::Family;
use super::handle::Table;
use super::lock::lock;
use super::snapshot::Snapshot;
use super::status::Status;
use super::table_type::TableType;
use super::updates::Changes;
use crate::error::Result;
use crate::metrics::MetricsSnapshot;
use crate::position::Partition;

/// One live table for each Kafka partition, the constituents, keyed by partition number. Partitions that the topic gains become new
/// constituents.
///
/// A clone is another handle of the same; see [`Table`] for what the last handle means.
#[derive(Debug, Clone)]
pub struct PartitionedTable {
    pub(super) family: Arc<Family>,
    pub(super) lease: Arc<Lease>,
}

impl PartitionedTable {
    pub(super) fn new(family: Arc<Family>, lease: Arc<Lease>) -> Self {
        Self { family, lease }
    }

    pub(super) fn core(&self) -> &Arc<Core> {
        &self.lease.core
    }

    /// The columns of each constituent.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(self.family.prototype.lens.schema())
    }

    /// What each constituent keeps.
    pub fn table_type(&self) -> TableType {
        self.family.prototype.node.table_type
    }

    /// The partitions that have a table, in order.
    pub fn keys(&self) -> Vec<Partition> {
        let _gate = lock(&self.core().gate);
        self.family.keys()
    }

    /// The table of a partition, if there is one (yet).
    pub fn get(&self, key: Partition) -> Option<Table> {
        let _gate = lock(&self.core().gate);
        self.family.get(key).map(|member| Table::new(member, Arc::clone(&self.lease)))
    }

    /// All tables there are now.
    pub fn constituents(&self) -> BTreeMap<Partition, Table> {
        let _gate = lock(&self.core().gate);
        let tables = self.family.visible().into_iter();
        tables.map(|(partition, member)| (partition, Table::new(member, Arc::clone(&self.lease)))).collect()
    }

    /// All tables as of one and the same cycle.
    pub fn snapshots(&self) -> BTreeMap<Partition, Snapshot> {
        let cycle = lock(&self.core().gate);
        let tables = self.family.visible().into_iter();
        tables.map(|(partition, member)| (partition, Snapshot::new(member.node.seen(), member.lens, *cycle))).collect()
    }

    /// The keys there are, then each that is gained, as a stream.
    pub fn changes(&self) -> Changes {
        let gate = lock(&self.core().gate);
        let queue = self.family.watch();
        if self.core().life.ended().is_some() {
            drop(queue.end());
        }
        drop(gate);
        Changes::new(queue, Arc::clone(&self.family), Arc::clone(&self.lease))
    }

    /// The records of all partitions that could not be decoded; see [`Table::errors`].
    pub fn errors(&self) -> Table {
        Table::new(self.family.prototype.clone(), Arc::clone(&self.lease)).errors()
    }

    /// How the consumption is doing.
    pub fn status(&self) -> Status {
        self.core().status()
    }

    /// What the consumption has done and is doing, in numbers: by broker and by partition. The same from all its tables.
    pub fn metrics(&self) -> MetricsSnapshot {
        self.core().metrics()
    }

    /// Stops the consumption, and waits for its end; see [`Table::close`] for errors and cancel safety.
    pub async fn close(&self) -> Result<()> {
        self.core().life.request_stop();
        self.core().life.finished().await
    }

    /// Waits until the consumption has ended and its last cycle is visible. Cancel safe.
    ///
    /// # Errors
    ///
    /// The error that ended it.
    pub async fn finished(&self) -> Result<()> {
        self.core().life.finished().await
    }
}
