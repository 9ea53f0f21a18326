//! The lane's loop: read a response, walk it, ask for the next, decode, while the socket fills again.

mod actions;
mod awaiting;
mod catching;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use kafka_protocol::messages::{FetchRequest, FetchResponse};
use tokio::sync::mpsc;

use self::actions::may_let_go;
use self::awaiting::Awaiting;
use self::catching::Catching;
use super::assembler::{Assembler, End};
use super::decoding::{Decoding, Work};
use super::link::{Link, LinkEvent, LinkOutcome, LinkSettings};
use super::meters::Meters;
use super::schemas::Schemas;
use crate::cluster::{Backoff, BrokerAddress, TopicView};
use crate::error::Error;
use crate::fetch::{Action, FetchCore, FetchSettings, FetchTicket};
use crate::position::{Offset, Partition};
use crate::table::Publisher;
use crate::wire::{FramePool, PoolLimits, Transport, WireSettings};

/// What a lane needs to know, the same for all lanes of a consumption.
#[derive(Clone)]
pub(crate) struct LaneSettings {
    pub(crate) topic: Arc<str>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) wire: WireSettings,
    pub(crate) reconnect: Backoff,
    pub(crate) fetch: FetchSettings,
    /// What the decoders look schemas up in.
    pub(crate) schemas: Option<Schemas>,
    pub(crate) seed: u64,
}

/// What a lane is told.
#[derive(Debug)]
pub(crate) enum LaneCommand {
    /// Who leads what.
    View(Arc<TopicView>),
    /// Read this partition from this position, which is the table's. `leader_epoch` is that of the last record before it; -1 where it
    /// is not known. That the log still is the one that was read up to there was seen to.
    Assign { partition: Partition, position: Offset, leader_epoch: i32, end: End },
    /// Let go of all partitions, and report that: the topic was deleted and created again, and this is the new one; or it was doubted
    /// that it is the same, and it is.
    Restart { view: Arc<TopicView> },
    /// Let go of this partition, and report that: another lane goes on with it.
    Release { partition: Partition },
    /// A partition's end has become known.
    End { partition: Partition, end: End },
}

/// What a lane tells.
#[derive(Debug)]
pub(crate) enum LaneReport {
    /// Somebody else leads the partition, or a broker is gone.
    RefreshMetadata { reason: String },
    /// The log does not hold the position. The partition is the lane's no longer.
    OutOfRange { partition: Partition, position: Offset },
    /// The log is not the one that was read: of what it has of the last epoch that was read, or of `epoch`, the next lower that it knows,
    /// nothing is at or beyond `end_offset`. The partition is the lane's no longer.
    Diverged { partition: Partition, position: Offset, epoch: i32, end_offset: Offset },
    /// There is a new leader epoch, and the broker does not compare logs when it is fetched from. The partition is the lane's no longer
    /// until somebody has asked, and assigns it again.
    Validate { partition: Partition, position: Offset, last_epoch: i32, current_epoch: i32 },
    /// All partitions were let go of, as [`LaneCommand::Restart`] asks.
    Restarted,
    /// The partition was let go of, as [`LaneCommand::Release`] asks. What was read of it is in the table.
    Released { partition: Partition },
    /// The partition is read to its end, and all of it is in the table.
    Ended { partition: Partition },
    /// The partition cannot go on. What was read is in the table.
    Failed { partition: Partition, error: Error },
    /// The row limit of the consumption is reached, and all rows are in the table.
    LimitReached,
    /// The lane itself is gone.
    Stopped { error: Error },
}

/// A thread's worth of consumption, as a future: the partitions that it owns, its connections, its decoders.
pub(crate) struct Lane {
    core: FetchCore,
    links: BTreeMap<i32, Link>,
    links_made: u32,
    link_settings: LinkSettings,
    busy: FuturesUnordered<LocalBoxFuture<'static, LinkEvent>>,
    ends: BTreeMap<Partition, End>,
    held: BTreeSet<Partition>,
    awaiting: Awaiting,
    catching: Catching,
    /// Partitions whose last batch was damaged, with its position: the next time it is an error.
    damaged: BTreeMap<Partition, Offset>,
    meters: Meters,
    decoding: Decoding,
    publisher: Publisher,
    view: Option<Arc<TopicView>>,
    /// Where brokers said that others are, newer than the view.
    endpoints: BTreeMap<i32, BrokerAddress>,
    /// Since when there is nothing to do but to wait.
    idle_since: Instant,
    commands: mpsc::UnboundedReceiver<LaneCommand>,
    reports: mpsc::UnboundedSender<LaneReport>,
    rng: fastrand::Rng,
}

impl Lane {
    /// A lane that decodes on its own thread; with `two_threads`, on one beside it.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub(crate) fn new(
        settings: LaneSettings,
        assembler: Assembler,
        two_threads: bool,
        publisher: Publisher,
        commands: mpsc::UnboundedReceiver<LaneCommand>,
        reports: mpsc::UnboundedSender<LaneReport>,
    ) -> std::io::Result<Self> {
        let decoding = if two_threads { Decoding::beside(assembler, reports.clone())? } else { Decoding::here(assembler) };
        let pool = FramePool::new(PoolLimits::default());
        let meters = Meters::new(Arc::clone(&settings.wire.metrics));
        Ok(Self {
            core: FetchCore::new(Arc::clone(&settings.topic), settings.fetch, settings.seed),
            links: BTreeMap::new(),
            links_made: 0,
            link_settings: LinkSettings {
                transport: settings.transport,
                answer_time: settings.wire.request_timeout,
                wire: settings.wire,
                pool,
                reconnect: settings.reconnect,
                cluster_id: None,
            },
            busy: FuturesUnordered::new(),
            ends: BTreeMap::new(),
            held: BTreeSet::new(),
            awaiting: Awaiting::new(settings.schemas),
            catching: Catching::default(),
            damaged: BTreeMap::new(),
            meters,
            decoding,
            publisher,
            view: None,
            endpoints: BTreeMap::new(),
            idle_since: now(),
            commands,
            reports,
            rng: fastrand::Rng::with_seed(settings.seed),
        })
    }

    /// Runs until the sender of commands is dropped.
    ///
    /// Dropping the future is the other way to end it: what is in the table stays, what is not is forgotten.
    pub(crate) async fn run(mut self) {
        loop {
            // One moment for both: what is not due at the one must not be overdue at the other, or nobody wakes up for it.
            let moment = now();
            self.ask_all(moment);
            let due = self.due(moment);
            self.idle_since = now();
            let publisher = self.publisher.clone();
            tokio::select! {
                biased;
                command = self.commands.recv() => match command {
                    Some(command) => self.on_command(command),
                    None => return,
                },
                () = self.decoding.wait() => self.on_decoded(),
                () = self.awaiting.news() => self.on_schemas(),
                Some(event) = self.busy.next(), if !self.busy.is_empty() && self.decoding.has_room() => self.on_link(event),
                () = publisher.room(), if !self.held.is_empty() => self.release_held(),
                () = sleep_until(due), if due.is_some() => {}
            }
        }
    }

    fn on_command(&mut self, command: LaneCommand) {
        // Where a partition is, and what of it is still to come, is certain only when nothing of it is being decoded.
        self.come_to_rest();
        let now = now();
        match command {
            LaneCommand::View(view) => {
                self.core.topic_view(&view);
                self.set_view(view, now);
            }
            LaneCommand::Restart { view } => {
                for partition in self.ends.keys().copied().collect::<Vec<_>>() {
                    self.forget(partition);
                }
                self.core.restart(&view);
                self.set_view(view, now);
                self.report(LaneReport::Restarted);
            }
            LaneCommand::Assign { partition, position, leader_epoch, end } => {
                self.forget(partition);
                self.ends.insert(partition, end);
                self.meters.assigned(partition, self.view.as_deref());
                self.core.assign(partition, position, leader_epoch, end.offset);
                if let Some(view) = &self.view {
                    self.core.partition_view(partition, view);
                }
                self.catch_up(partition, position);
            }
            LaneCommand::Release { partition } => {
                if self.ends.contains_key(&partition) {
                    self.forget(partition);
                    self.report(LaneReport::Released { partition });
                }
            }
            LaneCommand::End { partition, end } => {
                if let Some(known) = self.ends.get_mut(&partition) {
                    *known = end;
                    if let Some(offset) = end.offset {
                        self.core.set_stop(partition, offset);
                    }
                    self.end_if_reached(partition);
                }
            }
        }
    }

    fn set_view(&mut self, view: Arc<TopicView>, now: Instant) {
        self.endpoints.retain(|node, _| !view.brokers.contains_key(node));
        for (node, link) in &mut self.links {
            if view.brokers.get(node).is_some_and(|address| link.set_address(address, now)) {
                self.core.give_up(*node);
            }
        }
        self.meters.led(&view);
        if self.link_settings.cluster_id.is_none() {
            self.link_settings.cluster_id = view.cluster_id.as_deref().map(Arc::from);
        }
        self.view = Some(view);
    }

    /// A broker told where another one is: newer than metadata.
    fn on_endpoint(&mut self, address: BrokerAddress, now: Instant) {
        if self.links.get_mut(&address.node).is_some_and(|link| link.set_address(&address, now)) {
            self.core.give_up(address.node);
        }
        self.endpoints.insert(address.node, address);
    }

    fn address(&self, broker: i32) -> Option<&BrokerAddress> {
        self.endpoints.get(&broker).or_else(|| self.view.as_ref()?.brokers.get(&broker))
    }

    /// Connects where a connection is needed, and asks where one is idle.
    fn ask_all(&mut self, now: Instant) {
        let brokers = self.core.brokers(now);
        // A broker that leads nothing of ours any more costs a connection for nothing.
        let core = &mut self.core;
        self.links.retain(|node, _| {
            let needed = brokers.contains(node);
            if !needed {
                core.give_up(*node);
            }
            needed
        });
        for broker in brokers {
            if !self.links.contains_key(&broker) {
                let Some(address) = self.address(broker).cloned() else { continue };
                self.links.insert(broker, Link::new(address, self.links_made, now));
                self.links_made = self.links_made.wrapping_add(1);
            }
            let Some(link) = self.links.get_mut(&broker) else { continue };
            if let Some(future) = link.connect(&self.link_settings, now) {
                self.busy.push(future);
            }
            self.ask(broker, now);
        }
    }

    /// Sends a broker what there is to ask, if nothing reads from it at the moment, and reads its next answer.
    fn ask(&mut self, broker: i32, now: Instant) {
        let Some(link) = self.links.get_mut(&broker) else { return };
        let Some(connection) = link.resting() else { return };
        let version = match connection.version_of::<FetchRequest>() {
            Ok(version) => version,
            Err(error) => {
                self.fail_all(error);
                return;
            }
        };
        let core = &mut self.core;
        let requests: Vec<_> = std::iter::from_fn(|| core.next_request(broker, version, now)).collect();
        let exchange = link.exchange(&self.link_settings, requests);
        self.on_pending(now);
        let Some(mut exchange) = exchange else { return };
        // One poll sends the requests: they leave before anything is decoded.
        match (&mut exchange).now_or_never() {
            Some(event) => self.busy.push(Box::pin(std::future::ready(event))),
            None => self.busy.push(exchange),
        }
    }

    fn due(&self, now: Instant) -> Option<Instant> {
        self.links.values().filter_map(Link::due).chain(self.core.timeout(now)).min()
    }

    fn on_link(&mut self, event: LinkEvent) {
        let now = now();
        let broker = event.broker;
        let current = self.links.get(&broker).is_some_and(|link| link.is_current(&event));
        match event.outcome {
            LinkOutcome::Opened(result) => {
                let Some(link) = self.links.get_mut(&broker).filter(|_| current) else { return };
                match result {
                    Ok(way) => link.rest(way),
                    Err(error) => self.on_lost(broker, &error, now),
                }
            }
            LinkOutcome::Answered { mut ticket, way, response } => {
                ticket.idle_since(self.idle_since);
                match self.links.get_mut(&broker).filter(|_| current) {
                    Some(link) => link.rest(way),
                    None => way.into_tickets().iter().for_each(|ticket| self.core.on_failure(ticket)),
                }
                self.on_response(broker, ticket, response, now);
            }
            LinkOutcome::Lost { tickets, error } => {
                tickets.iter().for_each(|ticket| self.core.on_failure(ticket));
                if current {
                    self.on_lost(broker, &error, now);
                }
            }
        }
    }

    fn on_lost(&mut self, broker: i32, error: &Error, now: Instant) {
        let link = self.links.get_mut(&broker);
        // The attempts that follow are told as what the consumption waits for, not line by line.
        if link.is_some_and(|link| link.fail(&self.link_settings, error, now, &mut self.rng)) {
            tracing::warn!(topic = self.publisher.topic(), broker, %error, "connection lost");
        } else {
            tracing::debug!(topic = self.publisher.topic(), broker, %error, "no connection yet");
        }
        self.core.lost(broker, now);
        self.publisher.status().trouble(None, error.clone());
        self.report(LaneReport::RefreshMetadata { reason: error.to_string() });
    }

    fn on_response(&mut self, broker: i32, ticket: FetchTicket, response: FetchResponse, now: Instant) {
        let fetched = self.meters.answered(broker, &response, now);
        self.publisher.status().fetched(fetched);
        let actions = self.core.on_response(ticket, response, now);
        // The positions are known from the batch headers: the next request leaves before anything is decompressed.
        self.ask(broker, now);
        let receive_time = receive_time();
        let mut works = Vec::new();
        for action in actions {
            match action {
                Action::Records(records) => {
                    if let Some(end) = self.ends.get(&records.partition).copied() {
                        works.push(Work { records, end, receive_time });
                    }
                }
                action => {
                    if !works.is_empty() && may_let_go(&action) {
                        self.decoding.submit(std::mem::take(&mut works));
                    }
                    self.act(action, now);
                }
            }
        }
        if !works.is_empty() {
            self.decoding.submit(works);
        }
        self.on_decoded();
    }

    fn release_held(&mut self) {
        let publisher = &self.publisher;
        let core = &mut self.core;
        self.held.retain(|partition| {
            let room = publisher.has_room(*partition);
            if room {
                core.hold(*partition, false);
            }
            !room
        });
    }

    fn end_if_reached(&mut self, partition: Partition) {
        let end = self.ends.get(&partition).and_then(|end| end.offset);
        let position = self.publisher.position(partition);
        if matches!((position, end), (Some(position), Some(end)) if position >= end) {
            self.ended(partition);
        }
    }

    fn ended(&mut self, partition: Partition) {
        self.forget(partition);
        self.report(LaneReport::Ended { partition });
    }

    fn fail(&mut self, partition: Partition, error: Error) {
        self.forget(partition);
        self.report(LaneReport::Failed { partition, error });
    }

    fn fail_all(&mut self, error: Error) {
        let partitions: Vec<Partition> = self.ends.keys().copied().collect();
        for partition in partitions {
            self.fail(partition, error.clone());
        }
    }

    fn forget(&mut self, partition: Partition) {
        self.core.remove(partition);
        self.ends.remove(&partition);
        self.held.remove(&partition);
        if self.awaiting.forget(partition) {
            self.publisher.status().has_schema(partition);
        }
        self.catching.forget(partition);
        self.damaged.remove(&partition);
    }

    fn report(&self, report: LaneReport) {
        // Nobody listens any more when the consumption ends: then nobody needs to know.
        let _ = self.reports.send(report);
    }
}

/// Nanoseconds since the epoch, by this machine's clock.
fn receive_time() -> i64 {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    i64::try_from(nanos).unwrap_or(i64::MAX)
}

/// The runtime's clock, which a simulation may have paused.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}
