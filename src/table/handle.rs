//! A table, as those who read it have it.

use std::sync::Arc;

use arrow_schema::SchemaRef;

use super::core::{Core, Lease};
use super::family::Member;
use super::lens::Lens;
use super::lock::lock;
use super::queue::{Limit, Queue};
use super::snapshot::Snapshot;
use super::status::Status;
use super::table_type::TableType;
use super::updates::Updates;
use crate::error::{Error, Result};
use crate::metrics::MetricsSnapshot;

/// A live table.
///
/// A clone is another handle of the same table. When the last handle of a consumption is dropped, its tables, their error table, all
/// that is derived from them and all updates, the consumption stops; the drop does not wait for that.
#[derive(Debug, Clone)]
pub struct Table {
    pub(super) member: Member,
    pub(super) lease: Arc<Lease>,
}

impl Table {
    pub(super) fn new(member: Member, lease: Arc<Lease>) -> Self {
        Self { member, lease }
    }

    pub(super) fn core(&self) -> &Arc<Core> {
        &self.lease.core
    }

    /// The table without its handle, if it belongs to this consumption.
    pub(super) fn member_of(&self, core: &Arc<Core>) -> Result<Member> {
        if Arc::ptr_eq(core, self.core()) {
            return Ok(self.member.clone());
        }
        let reason = "it is made from a table of another consumption".to_owned();
        Err(Error::Columns { what: "transforming a partitioned table", reason })
    }

    pub(super) fn lens(&self) -> &Arc<Lens> {
        &self.member.lens
    }

    /// The columns.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(self.lens().schema())
    }

    /// What the table keeps. What is derived keeps what its source keeps.
    pub fn table_type(&self) -> TableType {
        self.member.node.table_type
    }

    /// The table as of the last cycle. It costs the same whatever the table holds.
    pub fn snapshot(&self) -> Snapshot {
        let cycle = lock(&self.core().gate);
        Snapshot::new(self.member.node.seen(), Arc::clone(self.lens()), *cycle)
    }

    /// Subscribes: first everything that the table holds, in one update, then every cycle, without gap or double.
    ///
    /// What is not read counts against the memory budget: a slow subscriber slows the fetch.
    pub fn updates(&self) -> Updates {
        self.subscribe(None)
    }

    /// As [`Table::updates`], but where more than `limit` updates wait, or more bytes than a quarter of the memory budget, the oldest is
    /// dropped, and the one that follows says how many rows were missed. Such a subscriber never slows the fetch. An update that withdraws
    /// rows is never dropped.
    pub fn updates_lossy(&self, limit: usize) -> Updates {
        self.subscribe(Some(Limit { items: limit, bytes: self.core().budget.limit() / 4 }))
    }

    fn subscribe(&self, limit: Option<Limit>) -> Updates {
        let queue = Queue::new(limit);
        let cycle = lock(&self.core().gate);
        let mut first = self.member.node.told(*cycle);
        if queue.is_lossy() {
            first.holds = Arc::new([]);
        }
        queue.push(first);
        self.member.node.subscribe(&queue);
        drop(cycle);
        Updates::new(queue, self.member.clone(), Arc::clone(&self.lease))
    }

    /// The records of the consumption that could not be decoded; see [`super::error_schema`]. Its positions count all of them, also
    /// those that it no longer holds. Where it is a ring, as it is by default, it gives up its oldest rows also when they hold more than
    /// a quarter of the memory budget.
    pub fn errors(&self) -> Self {
        Self::new(Member::of(Arc::clone(&self.core().errors)), Arc::clone(&self.lease))
    }

    /// How the consumption is doing. The same from all its tables.
    pub fn status(&self) -> Status {
        self.core().status()
    }

    /// What the consumption has done and is doing, in numbers: by broker and by partition. The same from all its tables.
    pub fn metrics(&self) -> MetricsSnapshot {
        self.core().metrics()
    }

    /// Stops the consumption, and waits until its last cycle is visible and its connections are closed. All its tables stay readable.
    ///
    /// # Errors
    ///
    /// The error that ended the consumption, where it had failed.
    ///
    /// # Cancel safety
    ///
    /// The stop is requested when this is first polled, and is not taken back.
    pub async fn close(&self) -> Result<()> {
        self.core().life.request_stop();
        self.core().life.finished().await
    }

    /// Waits until the consumption has ended and its last cycle is visible. Cancel safe.
    ///
    /// # Errors
    ///
    /// The error that ended it; for a derived table, also the error of its function.
    pub async fn finished(&self) -> Result<()> {
        self.core().life.finished().await?;
        match &lock(&self.member.node.work).failed {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }
}
