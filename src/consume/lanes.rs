//! The lanes of a consumption as threads, and which of them owns which partition.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::Instrument;

use super::balance::{LaneUse, Move, best_move, part_worked};
use super::busy::Busy;
use super::plan::Plan;
use super::start::Assignment;
use crate::cluster::TopicView;
use crate::error::{Error, Result};
use crate::ingest::{Assembler, AssemblySettings, End, Lane, LaneCommand, LaneReport, LaneSettings, panic_message};
use crate::metrics::Metrics;
use crate::position::Partition;
use crate::table::{Allowance, Budget, Publisher};

/// Columns of an open chunk that hold more than this are closed whatever their number of rows.
const CHUNK_BYTES: usize = 32 << 20;

/// What was fetched longer ago than so many looks at the lanes says nothing of what they have to do now. One look alone may see the answer
/// of one partition and not the next.
const LOOKS: u32 = 10;

/// The lanes of a consumption.
///
/// Dropping them ends them: each finishes the record block that it is at, and goes.
pub(super) struct Lanes {
    settings: LaneSettings,
    assembly: AssemblySettings,
    publisher: Publisher,
    budget: Budget,
    allowance: Allowance,
    most: usize,
    expected: usize,
    lanes: Vec<LaneHandle>,
    owners: BTreeMap<Partition, usize>,
    view: Arc<TopicView>,
    reports: mpsc::UnboundedSender<LaneReport>,
    metrics: Arc<Metrics>,
    /// When the lanes were last looked at.
    looked: Instant,
    /// How often since it was found that one has too much to do, and what had been fetched of each partition by then.
    looks: u32,
    fetched: BTreeMap<Partition, u64>,
    /// The partition that its lane was told to let go of.
    moving: Option<Move>,
}

struct LaneHandle {
    commands: mpsc::UnboundedSender<LaneCommand>,
    partitions: usize,
    busy: Arc<Busy>,
    /// How long its thread had worked when it was last looked at.
    worked: Duration,
}

impl Lanes {
    /// No lanes yet, and the receiver of what they will report. The receiver ends when the last lane is gone.
    pub(super) fn new(
        plan: &Plan,
        settings: LaneSettings,
        publisher: Publisher,
        budget: Budget,
        allowance: Allowance,
        view: Arc<TopicView>,
    ) -> (Self, mpsc::UnboundedReceiver<LaneReport>) {
        let (reports, receiver) = mpsc::unbounded_channel();
        let metrics = Arc::clone(&settings.wire.metrics);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let lanes = Self {
            settings,
            assembly: AssemblySettings {
                topic: Arc::clone(&plan.topic),
                check_crc: plan.settings.check_crcs,
                on_error: plan.on_error,
                skip_tombstones: plan.value.skips_tombstones(),
                chunk_rows: plan.settings.chunk_rows,
                chunk_bytes: CHUNK_BYTES,
                decompressed_limit: plan.settings.max_decompressed_batch,
                by_partition: plan.by_partition,
                error_raw_bytes: plan.settings.error_raw_bytes,
                again: plan.again.clone(),
            },
            publisher,
            budget,
            allowance,
            most: plan.settings.lanes.unwrap_or(cores).max(1),
            expected: 1,
            lanes: Vec::new(),
            owners: BTreeMap::new(),
            view,
            reports,
            metrics,
            looked: Instant::now(),
            looks: 0,
            fetched: BTreeMap::new(),
            moving: None,
        };
        (lanes, receiver)
    }

    /// Says how many partitions there are, before they are assigned. Lanes that have cores to spare get a second thread.
    pub(super) fn expect(&mut self, partitions: usize) {
        self.expected = self.expected.max(partitions);
    }

    /// Gives a partition to the lane that has fewest, or to a new one while there may be more.
    pub(super) fn assign(&mut self, plan: &Plan, assignment: Assignment) -> Result<()> {
        let owner = match self.owners.get(&assignment.partition) {
            Some(owner) => *owner,
            None if self.lanes.len() < self.most => {
                let lane = self.spawn(plan)?;
                self.lanes.push(lane);
                self.lanes.len() - 1
            }
            None => {
                let fewest = self.lanes.iter().enumerate().min_by_key(|(_, lane)| lane.partitions);
                fewest.map_or(0, |(at, _)| at)
            }
        };
        let Some(lane) = self.lanes.get_mut(owner) else { return Err(Error::Closed) };
        if self.owners.insert(assignment.partition, owner).is_none() {
            lane.partitions += 1;
        }
        let Assignment { partition, position, leader_epoch, end } = assignment;
        // A lane that is gone has reported why.
        let _ = lane.commands.send(LaneCommand::Assign { partition, position, leader_epoch, end });
        Ok(())
    }

    pub(super) fn set_end(&self, partition: Partition, end: End) {
        if let Some(lane) = self.owners.get(&partition).and_then(|owner| self.lanes.get(*owner)) {
            let _ = lane.commands.send(LaneCommand::End { partition, end });
        }
    }

    pub(super) fn set_view(&mut self, view: &Arc<TopicView>) {
        self.view = Arc::clone(view);
        for lane in &self.lanes {
            let _ = lane.commands.send(LaneCommand::View(Arc::clone(view)));
        }
    }

    /// Lets all lanes let go of all their partitions, which are another topic's or are given out again. Each reports when it has; so many
    /// will.
    pub(super) fn restart(&mut self, view: &Arc<TopicView>) -> usize {
        self.view = Arc::clone(view);
        self.moving = None;
        let told = self.lanes.iter().map(|lane| lane.commands.send(LaneCommand::Restart { view: Arc::clone(view) }));
        // A lane that is gone has reported why.
        told.filter(std::result::Result::is_ok).count()
    }

    /// Lets a lane that has more to do than it can let go of a partition, for one that has time. The lane reports when it has.
    pub(super) fn balance(&mut self, now: Instant) {
        let interval = now.saturating_duration_since(self.looked);
        self.looked = now;
        let mut lanes = Vec::with_capacity(self.lanes.len());
        for lane in &mut self.lanes {
            let worked = lane.busy.worked();
            lanes.push(LaneUse { busy: part_worked(lane.worked, worked, interval), partitions: Vec::new() });
            lane.worked = worked;
        }
        if lanes.iter().all(|lane| !lane.is_full()) {
            // What was fetched until now says nothing about a time in which there is too much.
            self.fetched.clear();
            self.looks = 0;
            return;
        }
        self.looks += 1;
        if self.looks > LOOKS {
            self.fetched.clear();
            self.looks = 1;
        }
        for (partition, owner) in &self.owners {
            let all = self.metrics.partition(*partition).bytes();
            let before = *self.fetched.entry(*partition).or_insert(all);
            if let Some(lane) = lanes.get_mut(*owner) {
                lane.partitions.push((*partition, all.saturating_sub(before)));
            }
        }
        self.moving = best_move(&lanes);
        if let Some(Move { partition, from, to }) = self.moving
            && let Some(lane) = self.lanes.get(from)
        {
            tracing::debug!(topic = self.publisher.topic(), partition, from, to, "a partition changes lanes");
            // A lane that is gone has reported why.
            let _ = lane.commands.send(LaneCommand::Release { partition });
        }
    }

    /// A lane has let go of a partition: it is the other's from here on, when it is assigned again.
    pub(super) fn released(&mut self, partition: Partition) {
        let Some(Move { from, to, .. }) = self.moving.take_if(|moving| moving.partition == partition) else { return };
        self.owners.insert(partition, to);
        for (lane, gained) in [(from, false), (to, true)] {
            if let Some(lane) = self.lanes.get_mut(lane) {
                lane.partitions = if gained { lane.partitions + 1 } else { lane.partitions.saturating_sub(1) };
            }
        }
        self.metrics.partition(partition).moved();
    }

    fn spawn(&self, plan: &Plan) -> Result<LaneHandle> {
        let number = self.lanes.len();
        let two_threads = self.expected.saturating_mul(2) <= self.most;
        let (commands, receiver) = mpsc::unbounded_channel();
        let _ = commands.send(LaneCommand::View(Arc::clone(&self.view)));
        let rows = plan.rows()?;
        let assembler =
            Assembler::new(self.assembly.clone(), rows, self.publisher.clone(), self.budget.clone(), self.allowance.clone())
                .surviving_panics(plan.fresh_rows());
        let mut settings = self.settings.clone();
        settings.seed = settings.seed.wrapping_add(number as u64);
        let publisher = self.publisher.clone();
        let reports = self.reports.clone();
        let busy = Arc::new(Busy::new());
        let measured = Arc::clone(&busy);
        let run = move || {
            let panicked = reports.clone();
            let result = std::panic::catch_unwind(AssertUnwindSafe(|| {
                let stopped = |what: &str, error: std::io::Error| {
                    let _ = reports.send(LaneReport::Stopped { error: thread_error(what, &error) });
                };
                let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                    Ok(runtime) => runtime,
                    Err(error) => return stopped("a lane's runtime", error),
                };
                let span = tracing::info_span!("lane", topic = publisher.topic(), lane = number);
                match Lane::new(settings, assembler, two_threads, publisher, receiver, reports.clone()) {
                    Ok(lane) => runtime.block_on(measured.measure(lane.run().instrument(span))),
                    Err(error) => stopped("a lane's second thread", error),
                }
                // A resolver that hangs must not hold the thread.
                runtime.shutdown_background();
            }));
            if let Err(panic) = result {
                let error = Error::Panicked { what: format!("lane {number}"), reason: panic_message(panic.as_ref()) };
                let _ = panicked.send(LaneReport::Stopped { error });
            }
        };
        std::thread::Builder::new()
            .name(format!("kolumn-lane-{number}"))
            .spawn(run)
            .map_err(|error| thread_error("a lane's thread", &error))?;
        Ok(LaneHandle { commands, partitions: 0, busy, worked: Duration::ZERO })
    }
}

/// The machine gave no thread or no runtime.
pub(super) fn thread_error(what: &str, error: &std::io::Error) -> Error {
    Error::Missing { what: format!("{what} ({error})"), hint: "does the process run out of threads or files?".into() }
}
