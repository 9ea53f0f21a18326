//! A lane's way to one broker: connecting, idle, or waiting for answers.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::LocalBoxFuture;
use kafka_protocol::messages::{FetchRequest, FetchResponse};

use crate::cluster::{Backoff, BrokerAddress, same_cluster};
use crate::error::{Error, Result};
use crate::fetch::FetchTicket;
use crate::wire::{Connection, FramePool, Transport, WireSettings};

/// An attempt before which the pause is the longest.
const LAST_ATTEMPT: u32 = 30;

/// What all links of a lane share.
#[derive(Clone)]
pub(super) struct LinkSettings {
    pub(super) transport: Arc<dyn Transport>,
    pub(super) wire: WireSettings,
    pub(super) pool: FramePool,
    pub(super) reconnect: Backoff,
    /// How long an answer may take beyond the wait that the request itself allows the broker.
    pub(super) answer_time: Duration,
    /// The cluster whose brokers these are, once that is known.
    pub(super) cluster_id: Option<Arc<str>>,
}

/// The first version of a fetch that names the topic by an id, which no other cluster has.
const TOPIC_IDS: i16 = 13;

/// A lane's way to one broker.
pub(super) struct Link {
    address: BrokerAddress,
    state: State,
    /// Attempts to connect since the last that succeeded.
    attempts: u32,
    /// Events of an earlier connection or address carry a lower number and are dropped.
    generation: u64,
}

enum State {
    /// Not before this moment.
    Down(Instant),
    /// A connection is opened, or answers are awaited: the future that does it has everything.
    Busy,
    /// Nothing reads: there is time to send more, whether answers are due or not.
    Resting(Box<Way>),
}

/// A connection, and the answers that are due over it, in their order.
pub(super) struct Way {
    connection: Connection,
    due: VecDeque<Due>,
    /// The requests of the last of those, in their versions, which wait until the session can be renewed.
    unsent: VecDeque<(i16, FetchRequest)>,
}

struct Due {
    ticket: FetchTicket,
    /// How long it may take when it is its turn.
    limit: Duration,
}

/// What a link's future came to.
pub(super) struct LinkEvent {
    pub(super) broker: i32,
    pub(super) generation: u64,
    pub(super) outcome: LinkOutcome,
}

pub(super) enum LinkOutcome {
    Opened(Result<Way>),
    Answered {
        ticket: FetchTicket,
        way: Way,
        response: FetchResponse,
    },
    /// The connection broke; none of these will be answered.
    Lost {
        tickets: Vec<FetchTicket>,
        error: Error,
    },
}

impl Link {
    /// A link that is not connected. `number` tells it from all others that the lane has had to this broker.
    pub(super) fn new(address: BrokerAddress, number: u32, now: Instant) -> Self {
        Self { address, state: State::Down(now), attempts: 0, generation: u64::from(number) << 32 }
    }

    /// Takes the address that metadata gives, and says whether the broker moved: then it is connected to anew.
    pub(super) fn set_address(&mut self, address: &BrokerAddress, now: Instant) -> bool {
        let moved = self.address.host != address.host || self.address.port != address.port;
        if moved {
            self.address = address.clone();
            self.state = State::Down(now);
            self.attempts = 0;
            self.generation += 1;
        }
        moved
    }

    pub(super) fn is_current(&self, event: &LinkEvent) -> bool {
        self.generation == event.generation
    }

    /// When the next attempt to connect is due; none where there is nothing to wait for.
    pub(super) fn due(&self) -> Option<Instant> {
        match self.state {
            State::Down(until) => Some(until),
            State::Busy | State::Resting(_) => None,
        }
    }

    /// A future that connects, if that is due.
    pub(super) fn connect(&mut self, settings: &LinkSettings, now: Instant) -> Option<LocalBoxFuture<'static, LinkEvent>> {
        if self.due()? > now {
            return None;
        }
        self.state = State::Busy;
        let (broker, generation) = (self.address.node, self.generation);
        let (host, port) = (self.address.host.clone(), self.address.port);
        let settings = settings.clone();
        Some(Box::pin(async move {
            let opened = open(&settings, &host, port).await;
            let opened = opened.map(|connection| Way { connection, due: VecDeque::new(), unsent: VecDeque::new() });
            LinkEvent { broker, generation, outcome: LinkOutcome::Opened(opened) }
        }))
    }

    /// The connection, to ask over.
    pub(super) fn resting(&self) -> Option<&Connection> {
        match &self.state {
            State::Resting(way) => Some(&way.connection),
            State::Down(_) | State::Busy => None,
        }
    }

    /// A future that sends the requests and reads the next answer that is due, whole. None where the link does not rest, and where
    /// there is nothing to send and nothing due.
    pub(super) fn exchange(
        &mut self,
        settings: &LinkSettings,
        requests: Vec<(FetchTicket, FetchRequest)>,
    ) -> Option<LocalBoxFuture<'static, LinkEvent>> {
        let State::Resting(way) = &self.state else { return None };
        if requests.is_empty() && way.due.is_empty() {
            return None;
        }
        let State::Resting(way) = std::mem::replace(&mut self.state, State::Busy) else { return None };
        let (broker, generation) = (self.address.node, self.generation);
        let mut way = *way;
        let settings = settings.clone();
        Some(Box::pin(async move {
            let outcome = match way.exchange(&settings, requests).await {
                Ok((ticket, response)) => LinkOutcome::Answered { ticket, way, response },
                Err(error) => LinkOutcome::Lost { tickets: way.due.into_iter().map(|due| due.ticket).collect(), error },
            };
            LinkEvent { broker, generation, outcome }
        }))
    }

    /// The link has a connection that waits for work.
    pub(super) fn rest(&mut self, way: Way) {
        self.attempts = 0;
        self.state = State::Resting(Box::new(way));
    }

    /// The connection is lost, or could not be opened: the next attempt comes after a pause.
    /// Says whether it is the first in a row.
    pub(super) fn fail(&mut self, settings: &LinkSettings, error: &Error, now: Instant, rng: &mut fastrand::Rng) -> bool {
        let first = self.attempts == 0;
        if matches!(error, Error::Authentication { .. }) {
            // Who tries passwords at short intervals is locked out: the longest pause from the first refusal on.
            self.attempts = LAST_ATTEMPT;
        }
        self.state = State::Down(now + settings.reconnect.delay(self.attempts, rng));
        self.attempts = self.attempts.saturating_add(1);
        first
    }
}

/// Opens a connection to a broker of this cluster, and of no other that has come to be at the same address.
async fn open(settings: &LinkSettings, host: &str, port: u16) -> Result<Connection> {
    let mut connection = Connection::open(&settings.transport, host, port, &settings.wire).await?;
    check(settings, &mut connection).await?;
    Ok(connection)
}

/// That the broker is of the cluster that was connected to first, where the topic's id does not say so.
async fn check(settings: &LinkSettings, connection: &mut Connection) -> Result<()> {
    let by_name = connection.version_of::<FetchRequest>().is_ok_and(|version| version < TOPIC_IDS);
    if let Some(expected) = settings.cluster_id.as_ref().filter(|_| by_name) {
        same_cluster(connection, expected).await?;
    }
    Ok(())
}

impl Way {
    /// The tickets of the answers that are due, where nobody waits for them any more.
    pub(super) fn into_tickets(self) -> Vec<FetchTicket> {
        self.due.into_iter().map(|due| due.ticket).collect()
    }

    async fn exchange(
        &mut self,
        settings: &LinkSettings,
        requests: Vec<(FetchTicket, FetchRequest)>,
    ) -> Result<(FetchTicket, FetchResponse)> {
        for (ticket, request) in requests {
            let (version, limit) = (ticket.version(), poll(&request) + settings.answer_time);
            self.due.push_back(Due { ticket, limit });
            self.unsent.push_back((version, request));
        }
        // A login comes between requests: while one is due, no more are sent before all that were are answered (KIP-368).
        let wait = self.unsent.iter().map(|(_, request)| poll(request)).max().unwrap_or_default();
        let in_flight = self.due.len() > self.unsent.len();
        if !in_flight && self.connection.renew(wait).await? {
            check(settings, &mut self.connection).await?;
        }
        if !in_flight || !self.connection.is_renewal_due(wait) {
            while let Some((version, request)) = self.unsent.pop_front() {
                self.connection.send(&request, version).await?;
            }
        }
        let limit = self.due.front().map_or(settings.answer_time, |due| due.limit);
        let deadline = tokio::time::Instant::now() + limit;
        let (_, response) = self.connection.receive::<FetchRequest>(&settings.pool, deadline).await?;
        let Some(due) = self.due.pop_front() else {
            return Err(Error::Disconnected { broker: self.connection.broker().into(), reason: "nothing was asked".into() });
        };
        Ok((due.ticket, response))
    }
}

/// How long the broker may wait before it answers.
fn poll(request: &FetchRequest) -> Duration {
    Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0))
}
