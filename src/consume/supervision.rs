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
use crate::cluster::{Backoff, Cluster, Notice, TopicView};
use crate::error::{Error, Result};
use crate::ingest::{End as PartitionEnd, LaneReport};
use crate::position::{Offset, Offsets, Partition, Stop};
use crate::table::{Allowance, End, EventKind, PartitionState, Publisher};

/// What was refused is asked for again after so many of the longest retry pauses.
const SLOW: u32 = 30;

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
    missing: Doubt,
    /// Brokers are of another cluster.
    strangers: Doubt,
    refused: bool,
    retry: Backoff,
    /// Refreshes in a row after which another one is due soon.
    attempts: u32,
    rng: fastrand::Rng,
    /// When metadata is asked for again; none while it is.
    refresh_at: Option<Instant>,
    last_refresh: Instant,
    /// When the clock has a say about the end.
    clock_stop: Option<Instant>,
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
        for assignment in assignments {
            self.publisher.start_partition(assignment.partition, assignment.position);
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

    fn on_answer(&mut self, answer: Answer) -> Result<Next> {
        match answer {
            Answer::View(view) => {
                self.last_refresh = Instant::now();
                let outcome = match view {
                    Ok(view) => self.on_view(view),
                    Err(error) => self.on_no_view(error),
                };
                let pause = self.refresh_pause();
                self.refresh_at = Some(self.last_refresh + pause);
                outcome
            }
            Answer::Log { era, .. } if era != self.era => Ok(Next::Go),
            Answer::Log { inquiry, state: Ok(state), .. } => {
                self.on_view(state.view.clone())?;
                if era_changed(&self.identity, self.turnover.as_ref()) {
                    // Which topic it is comes first; then the partition is given to its lane anew.
                    return Ok(Next::Go);
                }
                self.on_log(inquiry, state)
            }
            Answer::Log { inquiry, state: Err(error), .. } => {
                let partition = inquiry.partition;
                self.publisher.status().trouble(Some(partition), error.clone());
                let pause =
                    if matches!(error, Error::NotAuthorized { .. }) { self.slow() } else { self.plan.settings.retry_backoff_max };
                self.later(partition, Later::Inquire(inquiry.told), pause);
                self.on_no_view(error)
            }
            Answer::EndsAt { time, ends: Ok(ends) } => {
                for (partition, offset) in ends {
                    // One that has reached its end meanwhile has none any more.
                    if let Some(end) = self.unfinished.get_mut(&partition) {
                        *end = PartitionEnd { offset: Some(offset), timestamp: Some(time) };
                        self.lanes.set_end(partition, *end);
                    }
                }
                Ok(Next::Go)
            }
            Answer::EndsAt { ends: Err(error), .. } => {
                tracing::warn!(topic = &*self.plan.topic, %error, "cannot ask where the partitions end; trying again");
                self.publisher.status().trouble(None, error);
                self.clock_stop = Some(Instant::now() + self.plan.settings.retry_backoff_max);
                Ok(Next::Go)
            }
            Answer::Notice(notice) => {
                let what = match notice {
                    Notice::Rebootstrapped => EventKind::Rebootstrapped,
                    Notice::OtherCluster { broker, expected, found } => EventKind::OtherClusterSeen { broker, expected, found },
                };
                self.publisher.status().event_once(None, what);
                Ok(Next::Go)
            }
        }
    }

    /// Metadata did not come, or says that there is nothing to read.
    fn on_no_view(&mut self, error: Error) -> Result<Next> {
        self.attempts = self.attempts.saturating_add(1);
        if self.attempts == 1 {
            tracing::warn!(topic = &*self.plan.topic, %error, "metadata refresh failed");
        } else {
            tracing::debug!(topic = &*self.plan.topic, attempt = self.attempts, %error, "metadata refresh failed again");
        }
        let status = self.publisher.status();
        status.trouble(None, error.clone());
        // Long enough for a broker that has just started to know what the others know.
        let least = self.plan.settings.retry_backoff_max * 5;
        match error {
            Error::UnknownTopic { topic, .. } => {
                let gone = self.missing.confirmed(least.max(self.plan.settings.wait_for_topic));
                if gone {
                    status.event(None, EventKind::TopicDeleted);
                    return Err(Error::DeletedTopic { topic });
                }
                if self.missing.is_new() {
                    status.event(None, EventKind::TopicMissing);
                }
            }
            Error::OtherCluster { .. } => {
                if self.strangers.confirmed(least) {
                    return Err(error);
                }
            }
            Error::NotAuthorized { .. } => {
                if !std::mem::replace(&mut self.refused, true) {
                    status.event(None, EventKind::NotAuthorized { error });
                }
            }
            _ => {}
        }
        Ok(Next::Go)
    }

    /// Metadata came: what was doubted because of its absence is not.
    pub(super) fn metadata_came(&mut self) {
        self.missing.dispel();
        self.strangers.dispel();
        if std::mem::take(&mut self.refused) {
            self.publisher.status().event(None, EventKind::AuthorizedAgain);
        }
    }

    /// How long until metadata is asked for by itself.
    fn refresh_pause(&mut self) -> Duration {
        if self.refused {
            return self.slow();
        }
        let settled = !self.missing.is_open()
            && !self.strangers.is_open()
            && !self.regressed.is_open()
            && !self.identity.is_doubtful()
            // An election: nobody else will say when it is over.
            && self.leaderless.is_empty();
        if settled && self.attempts == 0 {
            return self.plan.settings.metadata_max_age;
        }
        let attempt = self.attempts;
        self.attempts = attempt.saturating_add(1);
        self.retry.delay(attempt, &mut self.rng)
    }

    /// The answer was an old one: another is asked for soon.
    pub(super) fn refresh_was_stale(&mut self) {
        self.attempts = self.attempts.max(1);
    }

    pub(super) fn refresh_worked(&mut self) {
        if self.leaderless.is_empty() && !self.identity.is_doubtful() && !self.regressed.is_open() {
            self.attempts = 0;
        }
    }

    fn slow(&self) -> Duration {
        self.plan.settings.retry_backoff_max * SLOW
    }
}

fn era_changed(identity: &Identity, turnover: Option<&Turnover>) -> bool {
    identity.is_doubtful() || turnover.is_some()
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
