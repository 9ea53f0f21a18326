//! What was exchanged with one broker.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::histogram::{Histogram, LatencySnapshot};

/// The questions that kolumn asks, by the numbers of their APIs.
const APIS: [(i16, &str); 9] = [
    (1, "Fetch"),
    (2, "ListOffsets"),
    (3, "Metadata"),
    (9, "OffsetFetch"),
    (10, "FindCoordinator"),
    (17, "SaslHandshake"),
    (18, "ApiVersions"),
    (23, "OffsetForLeaderEpoch"),
    (36, "SaslAuthenticate"),
];

/// Counts what is exchanged with one broker, over all connections to it.
#[derive(Debug, Default)]
pub(crate) struct BrokerMetrics {
    opened: AtomicU64,
    closed: AtomicU64,
    lost: AtomicU64,
    connect_failures: AtomicU64,
    logins: AtomicU64,
    login_failures: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
    throttles: AtomicU64,
    throttle_milliseconds: AtomicU64,
    last_throttle_milliseconds: AtomicU64,
    apis: [ApiMetrics; APIS.len()],
    other: ApiMetrics,
}

#[derive(Debug, Default)]
struct ApiMetrics {
    requests: AtomicU64,
    failures: AtomicU64,
    latency: Histogram,
}

/// A connection that is open, for as long as this lives.
#[derive(Debug)]
pub(crate) struct OpenConnection(Arc<BrokerMetrics>);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        one(&self.0.closed);
    }
}

impl BrokerMetrics {
    /// A stream to the broker was opened.
    pub(crate) fn opened(self: &Arc<Self>) -> OpenConnection {
        one(&self.opened);
        OpenConnection(Arc::clone(self))
    }

    /// No stream to the broker could be opened.
    pub(crate) fn connect_failed(&self) {
        one(&self.connect_failures);
    }

    /// A connection ended by an error.
    pub(crate) fn lost(&self) {
        one(&self.lost);
    }

    /// The broker accepted or refused who this client says it is; once more at each re-authentication.
    pub(crate) fn login(&self, accepted: bool) {
        one(if accepted { &self.logins } else { &self.login_failures });
    }

    /// A request of so many bytes is about to leave.
    pub(crate) fn asked(&self, api: i16, bytes: usize) {
        one(&self.api(api).requests);
        add(&self.sent, bytes);
    }

    /// The answer to a request has arrived whole, so many bytes of it, and could be read.
    pub(crate) fn answered(&self, api: i16, bytes: usize, latency: Duration) {
        self.api(api).latency.record(latency);
        add(&self.received, bytes);
    }

    /// A request was not answered, or not so that it could be read.
    pub(crate) fn failed(&self, api: i16) {
        one(&self.api(api).failures);
    }

    /// The broker asks for rest (KIP-219).
    pub(crate) fn throttled(&self, time: Duration) {
        let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        one(&self.throttles);
        self.throttle_milliseconds.fetch_add(milliseconds, Ordering::Relaxed);
        self.last_throttle_milliseconds.store(milliseconds, Ordering::Relaxed);
    }

    fn api(&self, key: i16) -> &ApiMetrics {
        let named = APIS.iter().zip(&self.apis).find(|((known, _), _)| *known == key);
        named.map_or(&self.other, |(_, metrics)| metrics)
    }

    pub(super) fn snapshot(&self, broker: &str) -> BrokerSnapshot {
        let opened = read(&self.opened);
        let throttles = read(&self.throttles);
        let named = APIS.iter().map(|(_, name)| *name).zip(&self.apis);
        let all = named.chain([("other", &self.other)]);
        BrokerSnapshot {
            broker: broker.to_owned(),
            connections_opened: opened,
            connections_open: opened.saturating_sub(read(&self.closed)),
            connections_lost: read(&self.lost),
            connect_failures: read(&self.connect_failures),
            logins: read(&self.logins),
            login_failures: read(&self.login_failures),
            bytes_sent: read(&self.sent),
            bytes_received: read(&self.received),
            throttles,
            throttle_time: Duration::from_millis(read(&self.throttle_milliseconds)),
            last_throttle: (throttles > 0).then(|| Duration::from_millis(read(&self.last_throttle_milliseconds))),
            apis: all.map(|(api, metrics)| metrics.snapshot(api)).filter(|api| api.requests > 0).collect(),
        }
    }
}

impl ApiMetrics {
    fn snapshot(&self, api: &'static str) -> ApiSnapshot {
        let latency = self.latency.snapshot();
        ApiSnapshot { api, requests: read(&self.requests), answers: latency.count(), failures: read(&self.failures), latency }
    }
}

fn one(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn add(counter: &AtomicU64, bytes: usize) {
    counter.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

/// What was exchanged with one broker since the start, over all connections to it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BrokerSnapshot {
    /// `host:port`, as it was connected to.
    pub broker: String,
    /// Connections that were opened.
    pub connections_opened: u64,
    /// Connections that are open now.
    pub connections_open: u64,
    /// Connections that an error ended.
    pub connections_lost: u64,
    /// Attempts to connect that came to nothing.
    pub connect_failures: u64,
    /// Logins and re-authentications that the broker accepted.
    pub logins: u64,
    /// Logins and re-authentications that it refused.
    pub login_failures: u64,
    /// Bytes of requests.
    pub bytes_sent: u64,
    /// Bytes of answers.
    pub bytes_received: u64,
    /// How often the broker asked for rest (KIP-219).
    pub throttles: u64,
    /// For how long in all.
    pub throttle_time: Duration,
    /// For how long the last time.
    pub last_throttle: Option<Duration>,
    /// By API, in the order of their numbers; only those that were asked.
    pub apis: Vec<ApiSnapshot>,
}

impl BrokerSnapshot {
    /// How long the requests of all APIs took; none where nothing was asked.
    pub fn latency(&self) -> Option<LatencySnapshot> {
        let (first, others) = self.apis.split_first()?;
        let mut all = first.latency.clone();
        others.iter().for_each(|api| all.add(&api.latency));
        Some(all)
    }
}

/// The questions of one API that one broker was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiSnapshot {
    /// The API's name in the protocol.
    pub api: &'static str,
    /// How many were asked.
    pub requests: u64,
    /// How many were answered so that the answer could be read. It may say no nevertheless.
    pub answers: u64,
    /// How many were not.
    pub failures: u64,
    /// From the request's first byte sent to the answer's last received. A fetch waits at the broker for news, up to `fetch.max.wait.ms`.
    pub latency: LatencySnapshot,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_answers_and_failures_are_counted_by_api() {
        let metrics = BrokerMetrics::default();
        metrics.asked(1, 100);
        metrics.asked(1, 50);
        metrics.answered(1, 1000, Duration::from_millis(3));
        metrics.failed(1);
        metrics.asked(99, 7);
        let seen = metrics.snapshot("a:1");
        assert_eq!((seen.bytes_sent, seen.bytes_received), (157, 1000));
        let apis: Vec<_> = seen.apis.iter().map(|api| (api.api, api.requests, api.answers, api.failures)).collect();
        assert_eq!(apis, [("Fetch", 2, 1, 1), ("other", 1, 0, 0)]);
        assert_eq!(seen.latency().map(|latency| latency.count()), Some(1));
    }

    #[test]
    fn a_connection_is_open_until_it_is_dropped() {
        let metrics = Arc::new(BrokerMetrics::default());
        let connections = [metrics.opened(), metrics.opened()];
        assert_eq!(metrics.snapshot("a:1").connections_open, 2);
        drop(connections);
        let seen = metrics.snapshot("a:1");
        assert_eq!((seen.connections_opened, seen.connections_open, seen.connections_lost), (2, 0, 0));
    }

    #[test]
    fn the_last_throttle_is_told_beside_all_of_them() {
        let metrics = BrokerMetrics::default();
        assert_eq!(metrics.snapshot("a:1").last_throttle, None);
        metrics.throttled(Duration::from_millis(300));
        metrics.throttled(Duration::from_millis(20));
        let seen = metrics.snapshot("a:1");
        assert_eq!((seen.throttles, seen.throttle_time), (2, Duration::from_millis(320)));
        assert_eq!(seen.last_throttle, Some(Duration::from_millis(20)));
    }
}
