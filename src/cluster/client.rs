//! The control thread's client: connections to the brokers at need, the bootstrap list, asking again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::Backoff;
use super::refusal::Trouble;
use super::view::BrokerAddress;
use crate::config::{HostPort, Settings};
use crate::error::{Error, Result};
use crate::metrics::Metrics;
use crate::wire::{Connection, Request, Transport, WireSettings, staggered};

/// How long a broker is tried alone where any will do: one that is gone must not cost its whole timeout.
const BROKER_PAUSE: Duration = Duration::from_millis(500);

/// Something that the cluster room saw, which whoever reads a table should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Notice {
    /// None of the known brokers could be used, and the configured list was gone back to (KIP-899, KIP-1102).
    Rebootstrapped,
    /// A broker is of another cluster. It is left alone.
    OtherCluster { broker: String, expected: String, found: String },
}

/// Asks the cluster about itself.
///
/// # Cancel safety
///
/// A question that is dropped drops the connection that it was asked over; the next one opens another.
pub(crate) struct Cluster {
    transport: Arc<dyn Transport>,
    pub(super) wire: WireSettings,
    retry: Backoff,
    /// How long a question may take, all attempts together: `default.api.timeout.ms`.
    limit: Duration,
    bootstrap: Vec<HostPort>,
    /// How long there may be no metadata before the known brokers are forgotten; none where they never are
    /// (`metadata.recovery.strategy`).
    rebootstrap: Option<Duration>,
    /// Since when metadata is asked for in vain.
    failing_since: Option<Instant>,
    pub(super) read_committed: bool,
    pub(super) brokers: BTreeMap<i32, BrokerAddress>,
    /// Of the first answer that had one. Positions belong to it.
    pub(super) cluster_id: Option<String>,
    connections: BTreeMap<HostPort, Connection>,
    /// Brokers whose answers were of no use: others are asked first.
    avoided: BTreeSet<HostPort>,
    notices: Vec<Notice>,
    rng: fastrand::Rng,
}

impl Cluster {
    /// Connects to whichever bootstrap broker answers first.
    ///
    /// Cancel safety: dropping it closes what was opened.
    ///
    /// # Errors
    ///
    /// When none has answered within `kolumn.bootstrap.timeout.ms`, or none ever will: what it said where there is one broker,
    /// [`Error::NoBroker`] with what each said where there are several. [`Error::Missing`] without any.
    pub(crate) async fn connect(transport: Arc<dyn Transport>, mut wire: WireSettings, settings: &Settings) -> Result<Self> {
        let limit = settings.bootstrap_timeout;
        // Half of the limit, so that there is an error to tell of when it is over, and time for a second attempt.
        wire.connect_timeout = wire.connect_timeout.min(limit / 2);
        wire.connect_timeout_max = wire.connect_timeout;
        let mut cluster = Self {
            transport,
            wire,
            retry: Backoff { initial: settings.retry_backoff, max: settings.retry_backoff_max },
            limit,
            bootstrap: settings.brokers()?.to_vec(),
            rebootstrap: settings.rebootstrap,
            failing_since: None,
            read_committed: settings.read_committed,
            brokers: BTreeMap::new(),
            cluster_id: None,
            connections: BTreeMap::new(),
            avoided: BTreeSet::new(),
            notices: Vec::new(),
            rng: fastrand::Rng::new(),
        };
        let what = format!("connecting to {}", list(&cluster.bootstrap));
        let opened = cluster.persist(what, async |cluster, _| Ok(cluster.open_any().await?)).await?;
        tracing::info!(broker = opened.1.broker(), "bootstrapped");
        cluster.keep(opened.1, opened.0);
        cluster.wire.connect_timeout = settings.connect_timeout;
        cluster.wire.connect_timeout_max = settings.connect_timeout_max;
        cluster.limit = settings.api_timeout;
        Ok(cluster)
    }

    /// Where what is exchanged is counted.
    pub(crate) fn metrics(&self) -> &Arc<Metrics> {
        &self.wire.metrics
    }

    /// Asks until there is an answer, a final refusal, or the limit is over. The number of attempts before this one is told.
    pub(super) async fn persist<T>(
        &mut self,
        what: String,
        mut ask: impl AsyncFnMut(&mut Self, u32) -> Result<T, Trouble>,
    ) -> Result<T> {
        let limit = self.limit;
        let deadline = Instant::now() + limit;
        let mut last = None;
        let mut attempt = 0u32;
        loop {
            let error = match timeout_at(deadline, ask(self, attempt)).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(Trouble::Final(error))) => return Err(error),
                Ok(Err(Trouble::Passing(error))) => error,
                Err(_) => return Err(last.unwrap_or(Error::Timeout { what, limit })),
            };
            let delay = self.retry.delay(attempt, &mut self.rng);
            if Instant::now() + delay >= deadline {
                return Err(error);
            }
            tracing::info!(what, attempt, %error, ?delay, "asking again");
            sleep(delay).await;
            last = Some(error);
            attempt = attempt.saturating_add(1);
        }
    }

    /// Asks once, within the limit.
    pub(super) async fn once<T>(&mut self, what: String, ask: impl AsyncFnOnce(&mut Self) -> Result<T, Trouble>) -> Result<T> {
        let limit = self.limit;
        match tokio::time::timeout(limit, ask(self)).await {
            Ok(outcome) => outcome.map_err(Trouble::error),
            Err(_) => Err(Error::Timeout { what, limit }),
        }
    }

    /// One exchange with whichever broker there is a connection to, or that can be connected to. Tells which it was.
    pub(super) async fn ask_any<Q: Request>(&mut self, request: impl Fn(i16) -> Q) -> Result<(String, Q::Response)> {
        while let Some((address, connection)) = self.connections.pop_first() {
            match self.over(address, connection, &request).await {
                // It was closed while it rested: another will do.
                Err(Error::Disconnected { .. }) => {}
                outcome => return outcome,
            }
        }
        let (address, connection) = self.open_any().await?;
        self.over(address, connection, &request).await
    }

    async fn over<Q: Request>(
        &mut self,
        address: HostPort,
        mut connection: Connection,
        request: impl Fn(i16) -> Q,
    ) -> Result<(String, Q::Response)> {
        let request = request(connection.version_of::<Q>()?);
        let response = connection.call(&request).await?;
        let broker = connection.broker().to_owned();
        self.keep(connection, address);
        Ok((broker, response))
    }

    /// One exchange with the broker at this address, which begins when the future is first polled. The connection comes back with
    /// the answer, for [`Self::keep`], so that several brokers can be asked at once.
    pub(super) fn exchange<Q: Request, F: Fn(i16) -> Q>(
        &mut self,
        address: &HostPort,
        request: F,
    ) -> impl Future<Output = Result<(Connection, Q::Response)>> + use<Q, F> {
        let rested = self.connections.remove(address).filter(Connection::is_usable);
        let (transport, wire, address) = (Arc::clone(&self.transport), self.wire.clone(), address.clone());
        async move {
            if let Some(mut connection) = rested {
                let request = request(connection.version_of::<Q>()?);
                match connection.call(&request).await {
                    // It was closed while it rested.
                    Err(Error::Disconnected { .. }) => {}
                    outcome => return outcome.map(|response| (connection, response)),
                }
            }
            let mut connection = Connection::open(&transport, &address.host, address.port, &wire).await?;
            let request = request(connection.version_of::<Q>()?);
            let response = connection.call(&request).await?;
            Ok((connection, response))
        }
    }

    /// Keeps a connection for the next question, and closes those that have rested for too long (`connections.max.idle.ms`).
    pub(super) fn keep(&mut self, connection: Connection, address: HostPort) {
        self.connections.retain(|_, connection| !connection.is_idle());
        if connection.is_usable() {
            self.connections.insert(address, connection);
        }
    }

    /// Lets another broker answer the next question, where there is one: this one's answer was of no use.
    pub(super) fn avoid(&mut self, broker: &str) {
        self.connections.retain(|address, _| address.to_string() != broker);
        let known = self.brokers.values().map(BrokerAddress::address).chain(self.bootstrap.iter().cloned());
        let found: Vec<HostPort> = known.filter(|address| address.to_string() == broker).collect();
        self.avoided.extend(found);
    }

    /// Takes the brokers that metadata names; connections to addresses that are no broker's any more are closed.
    pub(super) fn set_brokers(&mut self, brokers: BTreeMap<i32, BrokerAddress>) {
        let known = |address: &HostPort| brokers.values().any(|broker| broker.address() == *address);
        self.connections.retain(|address, _| known(address) || self.bootstrap.contains(address));
        self.avoided.retain(|address| known(address) || self.bootstrap.contains(address));
        self.brokers = brokers;
    }

    /// Metadata came, or did not: when it did not for too long, the known brokers are not worth asking (KIP-1102).
    pub(super) fn metadata_came(&mut self, came: bool) {
        if came {
            self.failing_since = None;
            return;
        }
        let since = *self.failing_since.get_or_insert_with(Instant::now);
        if self.rebootstrap.is_some_and(|trigger| since.elapsed() >= trigger) {
            self.forget_brokers();
        }
    }

    /// Begins again with the configured list, unless `metadata.recovery.strategy` is `none`.
    pub(super) fn forget_brokers(&mut self) {
        if self.rebootstrap.is_some() {
            tracing::info!("beginning again with the configured brokers");
            self.connections.clear();
            self.avoided.clear();
            self.failing_since = None;
            if !self.brokers.is_empty() {
                self.brokers.clear();
                self.notices.push(Notice::Rebootstrapped);
            }
        }
    }

    pub(super) fn notice(&mut self, notice: Notice) {
        self.notices.push(notice);
    }

    /// What was seen since this was called last.
    pub(crate) fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Tries the brokers that metadata named, then the bootstrap list (KIP-899), beginning anywhere so that many clients spread.
    /// Names are resolved anew each time.
    async fn open_any(&mut self) -> Result<(HostPort, Connection)> {
        let mut known: Vec<HostPort> = self.brokers.values().map(BrokerAddress::address).collect();
        let goes_back = known.is_empty() || self.rebootstrap.is_some();
        let listed = self.bootstrap.iter().filter(|address| goes_back && !known.contains(address));
        let mut bootstrap: Vec<HostPort> = listed.cloned().collect();
        if known.iter().chain(&bootstrap).all(|address| self.avoided.contains(address)) {
            self.avoided.clear();
        }
        known.retain(|address| !self.avoided.contains(address));
        bootstrap.retain(|address| !self.avoided.contains(address));
        self.rng.shuffle(&mut known);
        self.rng.shuffle(&mut bootstrap);
        let (transport, wire) = (&self.transport, &self.wire);
        let attempts = known.iter().chain(&bootstrap).map(|address| async move {
            let connection = Connection::open(transport, &address.host, address.port, wire).await?;
            Ok((address.clone(), connection))
        });
        let opened = staggered(attempts, BROKER_PAUSE).await;
        if let Ok((address, _)) = &opened
            && !known.is_empty()
            && !known.contains(address)
        {
            self.notices.push(Notice::Rebootstrapped);
        }
        opened.map_err(|tried| match <[Error; 1]>::try_from(tried) {
            Ok([only]) => only,
            Err(tried) => Error::NoBroker { tried },
        })
    }
}

fn list(addresses: &[HostPort]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
