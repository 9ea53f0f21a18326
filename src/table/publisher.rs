//! The writing side of all tables of one consumption.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use tokio::time::{Duration, Instant};

use super::budget::Budget;
use super::chunk::Chunk;
use super::core::{Core, CycleSettings};
use super::family::{Family, Member};
use super::handle::Table;
use super::ledger::Fates;
use super::life::End;
use super::lock::lock;
use super::node::Source;
use super::partitioned::PartitionedTable;
use super::status::StatusWriter;
use super::table_type::TableType;
use crate::error::{Error, Result};
use crate::position::{Offset, Partition, Span};

/// How long a wait for room of one partition goes on without a look.
///
/// What is released between a refusal and the wait would otherwise be missed, as the wait is for any release and not for one partition.
const LOOK: Duration = Duration::from_millis(10);

/// The writing side of all tables of one consumption. A clone is the same one.
#[derive(Debug, Clone)]
pub(crate) struct Publisher {
    writer: Arc<Writer>,
}

/// Shared by all clones of a publisher, and gone with the last.
#[derive(Debug)]
struct Writer {
    core: Arc<Core>,
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Whoever waits for the end must not wait for a thread that is gone without a word.
        self.core.finish(End::Failed(Error::Closed));
    }
}

impl Publisher {
    pub(crate) fn new(topic: Arc<str>, settings: CycleSettings, budget: Budget) -> Self {
        Self { writer: Arc::new(Writer { core: Core::new(topic, settings, budget) }) }
    }

    fn core(&self) -> &Arc<Core> {
        &self.writer.core
    }

    /// One table for all partitions.
    pub(crate) fn plain(&self, schema: SchemaRef, table_type: TableType) -> Table {
        let core = self.core();
        let node = core.node(Arc::clone(&schema), table_type, Source::Own);
        lock(&core.graph).plain = Some(Arc::clone(&node));
        lock(&core.intake).open(schema, None);
        Table::new(Member::of(node), core.lease())
    }

    /// One table for each partition.
    pub(crate) fn partitioned(&self, schema: SchemaRef, table_type: TableType) -> PartitionedTable {
        let core = self.core();
        let prototype = Member::of(core.node(Arc::clone(&schema), table_type, Source::Own));
        let family = Family::new(None, prototype);
        lock(&core.graph).family = Some(Arc::clone(&family));
        lock(&core.intake).open(schema, Some(core.budget.clone()));
        PartitionedTable::new(family, core.lease())
    }

    /// A partition begins here. Its constituent, where there is one, is visible with the next cycle. A partition that has begun already
    /// stays where it is.
    pub(crate) fn start_partition(&self, partition: Partition, offset: Offset) {
        let core = self.core();
        let family = lock(&core.graph).family.as_ref().map(Arc::clone);
        if let Some(family) = &family {
            // Before the partition is known: nothing can arrive for it yet, so nothing can pass its table by.
            core.add_constituent(family, partition);
            if let Err(error) = family.fill(core) {
                core.book.trouble_of_table(error);
            }
        }
        if lock(&core.intake).start(partition, offset) {
            core.news.notify_one();
        }
    }

    /// The one place that advances a position: every span begins where its partition's position is, and every offset is accounted for.
    /// The rows are in the table, and become visible with the next cycle.
    ///
    /// # Errors
    ///
    /// [`Error::NotContiguous`], [`Error::Columns`] where the chunk contradicts itself or the table, [`Error::Closed`]. Nothing of the
    /// chunk is in the table then.
    pub(crate) fn append(&self, chunk: Chunk) -> Result<()> {
        chunk.check()?;
        let fates = Fates::of(&chunk);
        lock(&self.core().intake).append(chunk, fates)?;
        self.core().book.progress();
        self.core().news.notify_one();
        Ok(())
    }

    /// The topic.
    pub(crate) fn topic(&self) -> &str {
        &self.core().topic
    }

    /// The offset after the last that is in the table, visible or not.
    pub(crate) fn position(&self, partition: Partition) -> Option<Offset> {
        lock(&self.core().intake).position(partition)
    }

    /// As [`Publisher::position`], with the leader epoch of what lies before it, -1 where that is not known: whether the log still is the
    /// one that was read is asked with it (KIP-320).
    pub(crate) fn resume_point(&self, partition: Partition) -> Option<(Offset, i32)> {
        let intake = lock(&self.core().intake);
        let account = intake.account(partition)?;
        Some((account.position(), account.epoch_at(account.position().saturating_sub(1))))
    }

    /// The offset after the last that was read of `epoch` or an earlier one; the position where nothing later was read.
    ///
    /// A log that diverged from what was read agrees with it up to the lower of this and the end that its leader tells for the epoch.
    pub(crate) fn epoch_end(&self, partition: Partition, epoch: i32) -> Option<Offset> {
        lock(&self.core().intake).account(partition).map(|account| account.epoch_end(epoch))
    }

    /// The log lost what was at `to` and behind it: takes the rows and error rows that came from there out of all tables, in a cycle of
    /// its own that says so, and moves the position back to `to`. What was appended and is not visible becomes visible first.
    ///
    /// It answers what had become of the offsets that are lost: as many `rows` and `errors` were withdrawn from the tables that keep all
    /// of them. An offset before the one at which the partition began is fine: nothing is left then, and reading goes on from there. A
    /// ring does not get back the rows that these rows had driven out.
    ///
    /// # Errors
    ///
    /// [`Error::NotContiguous`] where the table was never as far as `to`, [`Error::Columns`] for a partition that was never started,
    /// [`Error::Closed`]. Nothing has changed then.
    pub(crate) fn truncate(&self, partition: Partition, to: Offset) -> Result<Span> {
        self.core().withdraw(partition, to)
    }

    /// The topic is another one of the same name: the partition begins anew at `at`, in the next generation, with an account of its own.
    /// The rows stay.
    ///
    /// # Errors
    ///
    /// [`Error::Columns`] for a partition that was never started, [`Error::Closed`].
    pub(crate) fn restart_partition(&self, partition: Partition, at: Offset) -> Result<()> {
        self.core().restart(partition, at)
    }

    /// Whether more may be appended to a partition: the budget has room, and the partition's share of it, where there are shares.
    pub(crate) fn has_room(&self, partition: Partition) -> bool {
        self.core().budget.has_room() && lock(&self.core().intake).has_room(partition)
    }

    /// Waits until it is worth to ask [`Publisher::has_room`] again. Cancel safe.
    pub(crate) async fn room(&self) {
        let core = self.core();
        if !lock(&core.intake).has_shares() {
            return core.budget.room().await;
        }
        // Late, or woken: both are reasons to look.
        let _ = tokio::time::timeout(LOOK, core.budget.released()).await;
    }

    /// Makes visible now what has begun, so that whoever gets the handle finds the tables of the partitions that are known.
    pub(crate) fn publish(&self) {
        self.core().cycle();
    }

    /// A cycle now, for tests that do not wait for one.
    #[cfg(test)]
    pub(super) fn run_cycle(&self) {
        self.core().cycle();
    }

    pub(crate) fn status(&self) -> StatusWriter<'_> {
        StatusWriter { book: &self.core().book }
    }

    /// Makes visible what was appended, until [`Publisher::finish`]: at once where the last cycle was long enough ago, else when that
    /// time is over. Without news there is no cycle.
    pub(crate) async fn cycles(&self) {
        let core = self.core();
        let cycle = core.settings.cycle;
        let mut last: Option<Instant> = None;
        loop {
            // Answers with the moment for which the news had to wait, if they had to.
            let next = async {
                if !core.has_news() {
                    core.news.notified().await;
                }
                let due = last.map(|last| last + cycle).filter(|due| *due > Instant::now())?;
                tokio::time::sleep_until(due).await;
                Some(due)
            };
            let due = tokio::select! {
                biased;
                _ = core.life.wait() => return,
                due = next => due,
            };
            if core.has_news() {
                // A timer is late by up to a millisecond: the cycles that follow are not to be late by the sum.
                let now = Instant::now();
                last = Some(due.map_or(now, |due| due.max(now.checked_sub(cycle / 4).unwrap_or(now))));
                core.cycle();
            }
        }
    }

    /// The end: what was appended becomes visible, blink tables become empty, the updates end, and nothing is appended any more.
    pub(crate) fn finish(&self, end: End) {
        self.core().finish(end);
    }

    /// Waits until the last handle is dropped or one is closed. Cancel safe.
    pub(crate) async fn stop_requested(&self) {
        self.core().life.stop_requested().await;
    }
}

impl Core {
    fn has_news(&self) -> bool {
        if lock(&self.intake).has_news() {
            return true;
        }
        lock(&self.graph).has_news()
    }

    fn finish(&self, end: End) {
        if self.life.ended().is_some() {
            return;
        }
        lock(&self.intake).end();
        self.cycle();
        if lock(&self.graph).blinks {
            self.cycle();
        }
        self.life.end(end);
        self.end_updates();
    }

    fn add_constituent(&self, family: &Arc<Family>, partition: Partition) {
        let mut graph = lock(&self.graph);
        if graph.constituents.contains_key(&partition) {
            return;
        }
        let prototype = &family.prototype.node;
        let node = self.node(Arc::clone(&prototype.schema), prototype.table_type, Source::Own);
        graph.constituents.insert(partition, Arc::clone(&node));
        family.prepare(&mut graph, partition, Member::of(node));
    }
}
