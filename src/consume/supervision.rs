//! A running consumption: lanes report, the cluster answers, time passes, and one place decides what becomes of each partition.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::identity::{Doubt, Identity};
use super::lanes::Lanes;
use super::plan::Plan;
use super::questions::{Answer, Question, answer};
use super::start::{Assignment, now_ms};
use crate::cluster::{Backoff, Cluster, TopicView};
use crate::error::{Error, Result};
use crate::ingest::{End as PartitionEnd, LaneReport, Schemas};
use crate::position::{Offset, Offsets, Partition, Stop};
use crate::table::{Allowance, End, EventKind, PartitionState, Publisher};

/// A running consumption.
pub(super) struct Control {
    pub(super) plan: Arc<Plan>,
    pub(super) publisher: Publisher,
    pub(super) allowance: Allowance,
    pub(super) lanes: Lanes,
    reports: mpsc::UnboundedReceiver<LaneReport>,
    questions: mpsc::UnboundedSender<Question>,
    /// Partitions that have not reached their end, and where that is.
    pub(super) unfinished: BTreeMap<Partition, PartitionEnd>,
    /// All partitions that were ever begun.
    pub(super) begun: BTreeSet<Partition>,
    /// Partitions that wait for a moment, and what is to be done then. They are no lane's meanwhile.
    waiting: BTreeMap<Partition, (Instant, Later)>,
    /// The positions that were last in question and found good.
    pub(super) vindicated: BTreeMap<Partition, Offset>,
    /// Why a partition stopped alone, the first that did.
    failed: Option<Error>,
    /// Where partitions began whose start nobody named as an offset: at the beginning of the log, whatever that is.
    pub(super) unnamed: BTreeMap<Partition, Offset>,
    pub(super) view: Arc<TopicView>,
    pub(super) identity: Identity,
    /// Counts the changes of what all positions mean: answers to what was asked before are of no use.
    pub(super) era: u32,
    /// All lanes are told to let go of all partitions, and have not all done so.
    pub(super) turnover: Option<Turnover>,
    /// Partitions that nobody leads.
    pub(super) leaderless: BTreeSet<Partition>,
    /// Partitions of which metadata tells an older epoch than before, and no topic id.
    pub(super) regressed: Doubt,
    /// The topic is not there.
    pub(super) missing: Doubt,
    /// Brokers are of another cluster.
    pub(super) strangers: Doubt,
    /// Brokers do not let metadata be asked for.
    pub(super) refused: bool,
    pub(super) retry: Backoff,
    /// Refreshes in a row after which another one is due soon.
    pub(super) attempts: u32,
    pub(super) rng: fastrand::Rng,
    /// When metadata is asked for again; none while it is.
    pub(super) refresh_at: Option<Instant>,
    pub(super) last_refresh: Instant,
    /// When the lanes' work is compared; none where that is not wanted.
    balance_at: Option<Instant>,
    /// When the clock has a say about the end.
    pub(super) clock_stop: Option<Instant>,
}

/// What is to be done with a partition after a wait.
#[derive(Debug, Clone, Copy)]
pub(super) enum Later {
    /// Read on from the table's position.
    Assign,
    /// Ask what the log holds of it.
    Inquire(Option<crate::cluster::EpochEnd>),
}

/// All partitions change hands.
#[derive(Debug)]
pub(super) struct Turnover {
    /// So many lanes have not let go.
    pub(super) awaited: usize,
    /// The topic is another one: everything begins anew.
    pub(super) anew: bool,
}

/// How supervision goes on.
pub(super) enum Next {
    Go,
    End,
}

impl Control {
    /// Nothing is given to a lane yet.
    pub(super) fn new(
        plan: Plan,
        publisher: Publisher,
        allowance: Allowance,
        (lanes, reports): (Lanes, mpsc::UnboundedReceiver<LaneReport>),
        view: Arc<TopicView>,
    ) -> (Self, mpsc::UnboundedReceiver<Question>) {
        let began = Instant::now();
        // A moment that the clock cannot tell is never reached.
        let clock_stop = match plan.stop {
            Stop::After(time) => began.checked_add(time),
            Stop::Timestamp(time) => {
                let left = u64::try_from(time.saturating_sub(now_ms())).unwrap_or(0);
                began.checked_add(Duration::from_millis(left))
            }
            _ => None,
        };
        let (questions, asked) = mpsc::unbounded_channel();
        let retry = Backoff { initial: plan.settings.retry_backoff, max: plan.settings.retry_backoff_max };
        let control = Self {
            refresh_at: Some(began + plan.settings.metadata_max_age),
            last_refresh: began,
            balance_at: plan.settings.lane_balance.and_then(|interval| began.checked_add(interval)),
            clock_stop,
            plan: Arc::new(plan),
            publisher,
            allowance,
            lanes,
            reports,
            questions,
            unfinished: BTreeMap::new(),
            begun: BTreeSet::new(),
            waiting: BTreeMap::new(),
            vindicated: BTreeMap::new(),
            failed: None,
            unnamed: BTreeMap::new(),
            identity: Identity::new(view.topic_id),
            view,
            era: 0,
            turnover: None,
            leaderless: BTreeSet::new(),
            regressed: Doubt::default(),
            missing: Doubt::default(),
            strangers: Doubt::default(),
            refused: false,
            retry,
            attempts: 0,
            rng: fastrand::Rng::new(),
        };
        (control, asked)
    }

    /// Gives the first partitions to lanes.
    pub(super) fn start(&mut self, assignments: Vec<Assignment>) -> Result<()> {
        let from_beginning =
            assignments.iter().filter(|assignment| self.plan.start.of(assignment.partition) == Offsets::Beginning);
        self.unnamed = from_beginning.map(|assignment| (assignment.partition, assignment.position)).collect();
        self.begin(assignments)?;
        self.note_leaders();
        // The constituents are there when the caller gets the table.
        self.publisher.publish();
        Ok(())
    }

    /// Gives partitions to lanes, from the position where each begins.
    pub(super) fn begin(&mut self, assignments: Vec<Assignment>) -> Result<()> {
        self.lanes.expect(self.unfinished.len() + assignments.len());
        for assignment in assignments {
            let again = self.plan.again.as_ref().and_then(|again| again.range(assignment.partition));
            // What is wanted of before the log's beginning is accounted for too.
            let first = again.map_or(assignment.position, |(first, _)| first.min(assignment.position));
            self.publisher.start_partition(assignment.partition, first);
            self.unfinished.insert(assignment.partition, assignment.end);
            self.begun.insert(assignment.partition);
            self.lanes.assign(&self.plan, assignment)?;
        }
        Ok(())
    }

    pub(super) async fn run(mut self, cluster: Cluster, questions: mpsc::UnboundedReceiver<Question>) {
        let publisher = self.publisher.clone();
        let plan = Arc::clone(&self.plan);
        let (sender, answers) = mpsc::unbounded_channel();
        let life = async {
            let end = tokio::select! {
                biased;
                () = publisher.stop_requested() => End::Closed,
                end = self.supervise(answers) => end,
                () = answer(&plan, cluster, questions, sender) => End::Failed(Error::Closed),
                () = serve(plan.schemas.as_ref()) => End::Failed(Error::Closed),
            };
            // The lanes go, and what they sealed last is in the table before the last cycle. The control connections are closed with
            // the select above: all connections are, before anybody hears of the end.
            let Self { lanes, mut reports, .. } = self;
            drop(lanes);
            while reports.recv().await.is_some() {}
            publisher.finish(end);
        };
        tokio::join!(publisher.cycles(), life);
    }

    /// Goes on until there is an end, for one reason or another. It never waits for the cluster alone.
    async fn supervise(&mut self, mut answers: mpsc::UnboundedReceiver<Answer>) -> End {
        loop {
            if self.plan.limit == Some(0) {
                return End::Complete;
            }
            if self.unfinished.is_empty() {
                // What stopped alone did not come to its end.
                return self.failed.take().map_or(End::Complete, End::Failed);
            }
            let due = self.waiting.values().map(|(moment, _)| *moment).min();
            let next = tokio::select! {
                biased;
                report = self.reports.recv() => match report {
                    Some(report) => self.on_report(report),
                    None => Err(Error::Closed),
                },
                () = at(self.clock_stop) => self.on_clock(),
                Some(answer) = answers.recv() => self.on_answer(answer),
                () = at(due) => self.on_due(),
                () = at(self.balance_at) => self.on_balance(),
                () = at(self.refresh_at) => {
                    self.refresh_at = None;
                    self.ask(Question::View)
                }
            };
            match next {
                Ok(Next::Go) => {}
                Ok(Next::End) => return End::Complete,
                Err(error) => return End::Failed(error),
            }
        }
    }

    pub(super) fn ask(&self, question: Question) -> Result<Next> {
        self.questions.send(question).map(|()| Next::Go).map_err(|_| Error::Closed)
    }

    fn on_report(&mut self, report: LaneReport) -> Result<Next> {
        if self.turnover.is_some() {
            // What was said of partitions before the lane let go of them is about positions that mean nothing any more.
            return match report {
                LaneReport::Restarted => self.on_let_go(),
                LaneReport::LimitReached => Ok(Next::End),
                LaneReport::Stopped { error } => Err(error),
                _ => Ok(Next::Go),
            };
        }
        match report {
            LaneReport::RefreshMetadata { reason } => {
                tracing::debug!(reason, "metadata refresh asked for");
                // Not more often than the retry backoff, however many lanes ask; where it is under way, that will do.
                let soon = self.last_refresh + self.plan.settings.retry_backoff;
                self.refresh_at = self.refresh_at.map(|moment| moment.min(soon));
                Ok(Next::Go)
            }
            LaneReport::OutOfRange { partition, position } => {
                tracing::info!(topic = &*self.plan.topic, partition, offset = position, "the log does not hold the position");
                self.inquire(partition, None)
            }
            LaneReport::Validate { partition, position, last_epoch, current_epoch } => {
                tracing::debug!(
                    topic = &*self.plan.topic,
                    partition,
                    offset = position,
                    last_epoch,
                    current_epoch,
                    "a new leader epoch"
                );
                self.inquire(partition, None)
            }
            LaneReport::Diverged { partition, position, epoch, end_offset } => {
                tracing::info!(
                    topic = &*self.plan.topic,
                    partition,
                    offset = position,
                    epoch,
                    end_offset,
                    "the log is not the one that was read"
                );
                self.inquire(partition, Some((epoch, end_offset)))
            }
            LaneReport::Released { partition } => {
                self.lanes.released(partition);
                // Whoever led when it was let go of may lead no more.
                self.inquire(partition, None)
            }
            LaneReport::Ended { partition } => {
                self.unfinished.remove(&partition);
                self.publisher.status().state(partition, PartitionState::Ended);
                Ok(Next::Go)
            }
            LaneReport::LimitReached => Ok(Next::End),
            LaneReport::Failed { partition, error } => self.on_failed(partition, error),
            LaneReport::Stopped { error } => Err(error),
            LaneReport::Restarted => Ok(Next::Go),
        }
    }

    /// A partition cannot go on: what it is about says whether it waits, stops alone, or ends the consumption.
    fn on_failed(&mut self, partition: Partition, error: Error) -> Result<Next> {
        let status = self.publisher.status();
        status.trouble(Some(partition), error.clone());
        match error {
            Error::NotAuthorized { .. } => {
                status.denied(partition, error);
                self.later(partition, Later::Assign, self.slow());
                Ok(Next::Go)
            }
            Error::Panicked { .. } => {
                status.event(Some(partition), EventKind::PartitionFailed { error: error.clone() });
                status.state(partition, PartitionState::Failed { error: error.clone() });
                self.unfinished.remove(&partition);
                self.failed.get_or_insert(error);
                Ok(Next::Go)
            }
            error => Err(error),
        }
    }

    fn on_clock(&mut self) -> Result<Next> {
        self.clock_stop = None;
        match self.plan.stop {
            Stop::Timestamp(time) => self.ask(Question::EndsAt { time, partitions: self.unfinished.keys().copied().collect() }),
            _ => Ok(Next::End),
        }
    }

    /// What becomes of a partition after a pause.
    pub(super) fn later(&mut self, partition: Partition, what: Later, pause: Duration) {
        self.waiting.insert(partition, (Instant::now() + pause, what));
    }

    pub(super) fn forget_waiting(&mut self) {
        self.waiting.clear();
    }

    fn on_balance(&mut self) -> Result<Next> {
        let now = Instant::now();
        if self.turnover.is_none() {
            self.lanes.balance(now);
        }
        self.balance_at = self.plan.settings.lane_balance.and_then(|interval| now.checked_add(interval));
        Ok(Next::Go)
    }

    fn on_due(&mut self) -> Result<Next> {
        let now = Instant::now();
        let due: Vec<(Partition, Later)> =
            self.waiting.iter().filter(|(_, (moment, _))| *moment <= now).map(|(at, (_, what))| (*at, *what)).collect();
        for (partition, what) in due {
            self.waiting.remove(&partition);
            match (what, self.publisher.resume_point(partition)) {
                (Later::Inquire(told), _) => self.inquire(partition, told)?,
                (Later::Assign, Some((position, epoch))) => self.assign_at(partition, position, epoch)?,
                (Later::Assign, None) => Next::Go,
            };
        }
        Ok(Next::Go)
    }
}

/// Asks the registry for what lanes look up.
async fn serve(schemas: Option<&Schemas>) {
    match schemas {
        Some(schemas) => schemas.serve().await,
        None => std::future::pending().await,
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
