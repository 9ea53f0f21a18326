//! The control thread: starts a consumption, keeps its metadata fresh, gives partitions to lanes, drives the cycles, and ends it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::Handle;
use super::lanes::{Lanes, thread_error};
use super::plan::Plan;
use super::questions::{Answer, Question, answer};
use super::start::{Assignment, assignments, now_ms, selected};
use crate::cluster::{Backoff, Cluster, TopicView};
use crate::config::{OffsetReset, Settings};
use crate::error::{Error, Result};
use crate::fetch::FetchSettings;
use crate::ingest::{End as PartitionEnd, LaneReport, LaneSettings};
use crate::position::{Offset, Offsets, Partition, Partitions, Span, Stop};
use crate::table::{Allowance, Budget, Chunk, CycleSettings, End, Publisher};
use crate::wire::{Tcp, Transport, WireSettings};

/// Begins a consumption on a control thread of its own, and waits until its table exists.
pub(super) async fn launch(plan: Plan) -> Result<Handle> {
    let (ready, started) = oneshot::channel();
    on_thread(move || run(plan, Arc::new(Tcp), ready))?;
    started.await.unwrap_or_else(|_| Err(Error::Panicked { what: "the start".into(), reason: "see stderr".into() }))
}

/// Asks the cluster one question, on a thread of its own.
pub(super) async fn ask<T: Send + 'static>(
    settings: Settings,
    wire: WireSettings,
    question: impl AsyncFnOnce(&mut Cluster) -> Result<T> + Send + 'static,
) -> Result<T> {
    let (mut ready, answer) = oneshot::channel();
    let limit = settings.api_timeout;
    let run = async move || {
        let asked = async {
            let mut cluster = Cluster::connect(Arc::new(Tcp), wire, &settings).await?;
            question(&mut cluster).await
        };
        let answer = tokio::select! {
            biased;
            () = ready.closed() => return,
            answer = tokio::time::timeout(limit, asked) => answer,
        };
        let late = |_| Err(Error::Timeout { what: "asking the cluster (default.api.timeout.ms)".into(), limit });
        // A question that nobody waits for any more needs no answer.
        let _ = ready.send(answer.unwrap_or_else(late));
    };
    on_thread(run)?;
    answer.await.unwrap_or_else(|_| Err(Error::Panicked { what: "the question".into(), reason: "see stderr".into() }))
}

/// Runs a future on a thread with a runtime of its own.
fn on_thread(run: impl AsyncFnOnce() + Send + 'static) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| thread_error("the control thread's runtime", &error))?;
    std::thread::Builder::new()
        .name("kolumn".into())
        .spawn(move || {
            runtime.block_on(run());
            // A resolver that hangs must not hold the thread.
            runtime.shutdown_background();
        })
        .map(drop)
        .map_err(|error| thread_error("the control thread", &error))
}

/// The whole life of a consumption, as a future.
async fn run(plan: Plan, transport: Arc<dyn Transport>, mut ready: oneshot::Sender<Result<Handle>>) {
    let limit = plan.settings.api_timeout;
    let started = tokio::select! {
        biased;
        () = ready.closed() => return,
        started = tokio::time::timeout(limit, start(plan, transport)) => started,
    };
    match started {
        Ok(Ok((life, handle))) => {
            // A handle that nobody takes is dropped, and that requests the stop.
            let _ = ready.send(Ok(handle));
            life.await;
        }
        Ok(Err(error)) => {
            let _ = ready.send(Err(error));
        }
        Err(_) => {
            let what = "starting the consumption (default.api.timeout.ms)".to_owned();
            let _ = ready.send(Err(Error::Timeout { what, limit }));
        }
    }
}

async fn start(plan: Plan, transport: Arc<dyn Transport>) -> Result<(impl Future<Output = ()>, Handle)> {
    let settings = &plan.settings;
    let mut cluster = Cluster::connect(Arc::clone(&transport), plan.wire.clone(), settings).await?;
    let view = Arc::new(cluster.topic(&plan.topic).await?);
    let selected = selected(&plan, &view)?;
    let assignments = assignments(&plan, &mut cluster, &selected).await?;

    let budget = Budget::new(settings.memory_budget);
    let cycles = CycleSettings {
        cycle: settings.cycle,
        chunk_rows: settings.chunk_rows,
        error_table: plan.error_table.unwrap_or(CycleSettings::default().error_table),
    };
    let publisher = Publisher::new(Arc::clone(&plan.topic), cycles, budget.clone());
    let handle = if plan.by_partition {
        Handle::Partitioned(publisher.partitioned(Arc::clone(&plan.schema), plan.table_type))
    } else {
        let table = publisher.plain(Arc::clone(&plan.schema), plan.table_type);
        // Before the first record is asked for: no cycle comes before this subscriber.
        let updates = table.updates();
        Handle::Plain(table, updates)
    };
    let allowance = Allowance::new(plan.limit);
    let retry = Backoff { initial: settings.retry_backoff, max: settings.retry_backoff_max };
    let lane_settings = LaneSettings {
        topic: Arc::clone(&plan.topic),
        transport,
        wire: plan.wire.clone(),
        reconnect: Backoff { initial: settings.reconnect_backoff, max: settings.reconnect_backoff_max },
        fetch: FetchSettings {
            min_bytes: settings.fetch_min_bytes,
            max_wait: settings.fetch_max_wait,
            max_bytes: settings.fetch_max_bytes,
            max_partition_bytes: settings.fetch_max_partition_bytes,
            read_committed: settings.read_committed,
            in_flight: settings.fetches_in_flight,
            retry,
        },
        seed: fastrand::u64(..),
    };
    let (lanes, reports) = Lanes::new(&plan, lane_settings, publisher.clone(), budget, allowance, Arc::clone(&view));
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
    let mut control = Control {
        refresh_at: Some(began + plan.settings.metadata_max_age),
        last_refresh: began,
        clock_stop,
        plan: Arc::new(plan),
        publisher,
        lanes,
        reports,
        questions,
        unfinished: BTreeMap::new(),
        unnamed: BTreeMap::new(),
        view,
        retry,
        leaderless: 0,
        rng: fastrand::Rng::new(),
    };
    let from_beginning =
        assignments.iter().filter(|assignment| control.plan.start.of(assignment.partition) == Offsets::Beginning);
    control.unnamed = from_beginning.map(|assignment| (assignment.partition, assignment.position)).collect();
    control.begin(assignments)?;
    // The constituents are there when the caller gets the table.
    control.publisher.publish();
    Ok((control.run(cluster, asked), handle))
}

/// A running consumption.
struct Control {
    plan: Arc<Plan>,
    publisher: Publisher,
    lanes: Lanes,
    reports: mpsc::UnboundedReceiver<LaneReport>,
    questions: mpsc::UnboundedSender<Question>,
    /// Partitions that have not reached their end, and where that is.
    unfinished: BTreeMap<Partition, PartitionEnd>,
    /// Where partitions began whose start nobody named as an offset: at the beginning of the log, whatever that is.
    unnamed: BTreeMap<Partition, Offset>,
    view: Arc<TopicView>,
    retry: Backoff,
    /// Refreshes in a row that found a partition without a leader.
    leaderless: u32,
    rng: fastrand::Rng,
    /// When metadata is asked for again; none while it is.
    refresh_at: Option<Instant>,
    last_refresh: Instant,
    /// When the clock has a say about the end.
    clock_stop: Option<Instant>,
}

impl Control {
    /// Gives partitions to lanes, from the position where each begins.
    fn begin(&mut self, assignments: Vec<Assignment>) -> Result<()> {
        for assignment in assignments {
            self.publisher.start_partition(assignment.partition, assignment.position);
            self.unfinished.insert(assignment.partition, assignment.end);
            self.lanes.assign(&self.plan, assignment)?;
        }
        Ok(())
    }

    async fn run(mut self, cluster: Cluster, questions: mpsc::UnboundedReceiver<Question>) {
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
            if self.unfinished.is_empty() || self.plan.limit == Some(0) {
                return End::Complete;
            }
            let next = tokio::select! {
                biased;
                report = self.reports.recv() => match report {
                    Some(report) => self.on_report(report),
                    None => Err(Error::Closed),
                },
                () = at(self.clock_stop) => self.on_clock(),
                Some(answer) = answers.recv() => self.on_answer(answer),
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

    fn ask(&self, question: Question) -> Result<Next> {
        self.questions.send(question).map(|()| Next::Go).map_err(|_| Error::Closed)
    }

    fn on_report(&mut self, report: LaneReport) -> Result<Next> {
        match report {
            LaneReport::RefreshMetadata { reason } => {
                tracing::debug!(reason, "metadata refresh asked for");
                // Not more often than the retry backoff, however many lanes ask; where it is under way, that will do.
                let soon = self.last_refresh + self.plan.settings.retry_backoff;
                self.refresh_at = self.refresh_at.map(|moment| moment.min(soon));
                Ok(Next::Go)
            }
            LaneReport::OutOfRange { partition, position } => self.ask(Question::Bounds { partition, position }),
            LaneReport::Ended { partition } => {
                self.unfinished.remove(&partition);
                Ok(Next::Go)
            }
            LaneReport::LimitReached => Ok(Next::End),
            LaneReport::Failed { partition, error } => {
                self.publisher.status().trouble(Some(partition), error.clone());
                Err(error)
            }
            LaneReport::Stopped { error } => Err(error),
        }
    }

    fn on_clock(&mut self) -> Result<Next> {
        self.clock_stop = None;
        match self.plan.stop {
            Stop::Timestamp(time) => self.ask(Question::EndsAt { time, partitions: self.unfinished.keys().copied().collect() }),
            _ => Ok(Next::End),
        }
    }

    fn on_answer(&mut self, answer: Answer) -> Result<Next> {
        let patience = self.plan.settings.retry_backoff_max;
        match answer {
            Answer::View(view) => {
                self.last_refresh = Instant::now();
                let refreshed = view.and_then(|view| self.on_view(view));
                let pause = match refreshed {
                    // An election: nobody else will say when it is over.
                    Ok(()) if self.lacks_leaders() => {
                        self.leaderless = self.leaderless.saturating_add(1);
                        self.retry.delay(self.leaderless - 1, &mut self.rng)
                    }
                    Ok(()) => {
                        self.leaderless = 0;
                        self.plan.settings.metadata_max_age
                    }
                    Err(error) => {
                        tracing::warn!(%error, "metadata refresh failed");
                        self.publisher.status().trouble(None, error);
                        patience
                    }
                };
                self.refresh_at = Some(self.last_refresh + pause);
            }
            Answer::Bounds { partition, position, bounds: Ok(bounds) } => self.on_bounds(partition, position, bounds)?,
            Answer::Bounds { partition, position, bounds: Err(error) } => {
                self.publisher.status().trouble(Some(partition), error);
                return self.ask(Question::Bounds { partition, position });
            }
            Answer::EndsAt { time, ends: Ok(ends) } => {
                for (partition, offset) in ends {
                    // One that has reached its end meanwhile has none any more.
                    if let Some(end) = self.unfinished.get_mut(&partition) {
                        *end = PartitionEnd { offset: Some(offset), timestamp: Some(time) };
                        self.lanes.set_end(partition, *end);
                    }
                }
            }
            Answer::EndsAt { ends: Err(error), .. } => {
                tracing::warn!(%error, "cannot ask where the partitions end; trying again");
                self.publisher.status().trouble(None, error);
                self.clock_stop = Some(Instant::now() + patience);
            }
        }
        Ok(Next::Go)
    }

    /// Whether a partition that is not read to its end has nobody to read it from.
    fn lacks_leaders(&self) -> bool {
        let led = |partition| self.view.partitions.get(partition).is_some_and(|found| found.leader.is_some());
        !self.unfinished.keys().all(led)
    }

    /// Learns who leads what, and of partitions that the topic has gained.
    fn on_view(&mut self, view: Arc<TopicView>) -> Result<()> {
        self.lanes.set_view(&view);
        let gained: Vec<Partition> =
            view.partitions.keys().copied().filter(|partition| !self.view.partitions.contains_key(partition)).collect();
        self.view = view;
        let takes_new = self.plan.partitions == Partitions::All && matches!(self.plan.stop, Stop::Never | Stop::After(_));
        if takes_new && !gained.is_empty() {
            tracing::info!(?gained, "the topic has gained partitions");
            // From offset 0: what was written before they were discovered must not be lost.
            let from_zero = |partition| Assignment { partition, position: 0, end: PartitionEnd::default() };
            self.unnamed.extend(gained.iter().map(|partition| (*partition, 0)));
            self.begin(gained.into_iter().map(from_zero).collect())?;
        }
        Ok(())
    }

    /// The log has moved on, or never held the position: the policy says whether that is the end.
    fn on_bounds(&mut self, partition: Partition, position: Offset, (first, next): (Offset, Offset)) -> Result<()> {
        let end = self.unfinished.get(&partition).copied().unwrap_or_default();
        if (first..=next).contains(&position) {
            // The broker that answered lagged behind; the log does hold it.
            return self.lanes.assign(&self.plan, Assignment { partition, position, end });
        }
        let error = Error::OffsetOutOfRange { topic: self.plan.topic.to_string(), partition, offset: position, first, next };
        self.publisher.status().trouble(Some(partition), error.clone());
        let to = match self.plan.settings.offset_reset {
            // A position beyond the end means that the log was cut or replaced: rows that are in the table are no longer in it.
            _ if position > next => return Err(error),
            Some(OffsetReset::Earliest) => first,
            Some(OffsetReset::Latest) => next,
            // What retention took before anything was read, from where nobody named the offset, is a gap.
            None if self.unnamed.get(&partition) == Some(&position) => {
                self.unnamed.insert(partition, first);
                first
            }
            Some(OffsetReset::None) | None => return Err(error),
        };
        let to = end.offset.map_or(to, |end| to.min(end));
        let lost = first.min(to);
        tracing::warn!(partition, position, first, next, to, "offsets are gone from the log, going on");
        let span = Span {
            gaps: u64::try_from(lost - position).unwrap_or(0),
            filtered: u64::try_from(to - lost).unwrap_or(0),
            next: to,
            ..Span::empty(partition, position)
        };
        self.publisher.append(Chunk::without_rows(&self.plan.schema, span))?;
        self.lanes.assign(&self.plan, Assignment { partition, position: to, end })
    }
}

/// How supervision goes on.
enum Next {
    Go,
    End,
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
