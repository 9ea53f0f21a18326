//! A lane's way to one broker: connecting, idle, or waiting for an answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::LocalBoxFuture;
use kafka_protocol::messages::{FetchRequest, FetchResponse};

use crate::cluster::{Backoff, BrokerAddress};
use crate::error::Result;
use crate::fetch::FetchTicket;
use crate::wire::{Connection, FramePool, Transport, WireSettings};

/// What all links of a lane share.
#[derive(Clone)]
pub(super) struct LinkSettings {
    pub(super) transport: Arc<dyn Transport>,
    pub(super) wire: WireSettings,
    pub(super) pool: FramePool,
    pub(super) reconnect: Backoff,
    /// How long an answer may take beyond the wait that the request itself allows the broker.
    pub(super) answer_time: Duration,
}

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
    /// A connection is opened, or an answer is awaited: the future that does it has everything.
    Busy,
    Idle(Box<Connection>),
}

/// What a link's future came to.
pub(super) struct LinkEvent {
    pub(super) broker: i32,
    pub(super) generation: u64,
    pub(super) outcome: LinkOutcome,
}

pub(super) enum LinkOutcome {
    Opened(Result<Connection>),
    Answered { ticket: FetchTicket, result: Result<(Connection, FetchResponse)> },
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
            State::Busy | State::Idle(_) => None,
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
            let opened = Connection::open(&settings.transport, &host, port, &settings.wire).await;
            LinkEvent { broker, generation, outcome: LinkOutcome::Opened(opened) }
        }))
    }

    /// The idle connection, to ask over.
    pub(super) fn idle(&self) -> Option<&Connection> {
        match &self.state {
            State::Idle(connection) => Some(connection),
            State::Down(_) | State::Busy => None,
        }
    }

    /// A future that sends the request and reads its whole answer. The link must be idle.
    pub(super) fn exchange(
        &mut self,
        settings: &LinkSettings,
        ticket: FetchTicket,
        request: FetchRequest,
        version: i16,
    ) -> Option<LocalBoxFuture<'static, LinkEvent>> {
        let State::Idle(connection) = std::mem::replace(&mut self.state, State::Busy) else { return None };
        let (broker, generation) = (self.address.node, self.generation);
        let mut connection = *connection;
        let pool = settings.pool.clone();
        let poll = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0));
        let wait = poll + settings.answer_time;
        Some(Box::pin(async move {
            let result = async {
                connection.renew(poll).await?;
                let deadline = tokio::time::Instant::now() + wait;
                connection.send(&request, version).await?;
                let (_, response) = connection.receive::<FetchRequest>(&pool, deadline).await?;
                Ok((connection, response))
            }
            .await;
            LinkEvent { broker, generation, outcome: LinkOutcome::Answered { ticket, result } }
        }))
    }

    /// The link has a connection that waits for work.
    pub(super) fn rest(&mut self, connection: Connection) {
        self.attempts = 0;
        self.state = State::Idle(Box::new(connection));
    }

    /// The connection is lost, or could not be opened: the next attempt comes after a pause.
    pub(super) fn fail(&mut self, settings: &LinkSettings, now: Instant, rng: &mut fastrand::Rng) {
        self.state = State::Down(now + settings.reconnect.delay(self.attempts, rng));
        self.attempts = self.attempts.saturating_add(1);
    }
}
