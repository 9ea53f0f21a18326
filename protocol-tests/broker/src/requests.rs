//! What was asked: counters and the last requests, for assertions.

use crate::api::Request;
use kafka_protocol::messages::ApiKey;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// So many of the last requests are kept.
const KEPT: usize = 4096;

/// A request that a node read.
#[derive(Debug, Clone)]
pub struct RequestRecord {
    /// The node that read it.
    pub node: i32,
    /// The connection, by a number that is never used again.
    pub connection: u64,
    /// Which API.
    pub api: ApiKey,
    /// In which version.
    pub version: i16,
    /// Its correlation id.
    pub correlation_id: i32,
    /// What the client calls itself.
    pub client_id: Option<String>,
    /// The how manieth request of this API it is, in the whole cluster, from 1.
    pub count: u64,
    /// What it asks; produce requests are not kept, they hold the records.
    pub request: Option<Arc<Request>>,
    /// How many bytes the answer had, length prefix included, before any fault; 0 until it is made or where there is none.
    pub response_bytes: usize,
}

/// A connection that a node accepted.
#[derive(Debug, Clone)]
pub struct ConnectionRecord {
    /// The node that accepted it.
    pub node: i32,
    /// Its number, which is never used again.
    pub connection: u64,
    /// What the client calls itself, once it has.
    pub client_id: Option<String>,
    /// Whether it is open.
    pub open: bool,
    /// How many requests were read from it.
    pub requests: u64,
    /// How many of them were fetches.
    pub fetches: u64,
    /// The most requests that were sent and not answered at once. Seen when a request is answered; exact on a wire that takes time.
    pub most_in_flight: usize,
}

#[derive(Debug)]
pub(crate) struct Requests {
    inner: Mutex<Inner>,
    pushed: Condvar,
    total: watch::Sender<u64>,
}

impl Default for Requests {
    fn default() -> Self {
        Self { inner: Mutex::default(), pushed: Condvar::new(), total: watch::channel(0).0 }
    }
}

#[derive(Debug, Default)]
struct Inner {
    kept: VecDeque<RequestRecord>,
    forgotten: usize,
    counts: HashMap<(i32, i16), u64>,
    connections: BTreeMap<u64, ConnectionRecord>,
    connections_open: usize,
    connections_accepted: u64,
    /// Open connections on which a node was asked for records: now, and the most at once.
    fetching: HashMap<i32, (usize, usize)>,
}

/// So many connections are remembered after they ended.
const REMEMBERED: usize = 65_536;

impl Requests {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request and says the how manieth of its API it is.
    pub(crate) fn count(&self, node: i32, api: ApiKey) -> u64 {
        let mut inner = self.inner();
        *inner.counts.entry((node, api as i16)).or_default() += 1;
        inner.of(api)
    }

    /// Keeps a request; the number is for [`Requests::answered`].
    pub(crate) fn push(&self, record: RequestRecord) -> usize {
        let mut inner = self.inner();
        inner.used(&record);
        inner.kept.push_back(record);
        if inner.kept.len() > KEPT {
            inner.kept.pop_front();
            inner.forgotten += 1;
        }
        let number = inner.forgotten + inner.kept.len() - 1;
        drop(inner);
        self.pushed.notify_all();
        self.total.send_modify(|total| *total += 1);
        number
    }

    pub(crate) fn answered(&self, number: usize, bytes: usize) {
        let mut inner = self.inner();
        let at = number.checked_sub(inner.forgotten);
        if let Some(record) = at.and_then(|at| inner.kept.get_mut(at)) {
            record.response_bytes = bytes;
        }
    }

    pub(crate) fn all(&self) -> Vec<RequestRecord> {
        self.inner().kept.iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        let mut inner = self.inner();
        inner.forgotten += inner.kept.len();
        inner.kept.clear();
        inner.counts.clear();
        inner.connections.retain(|_, record| record.open);
    }

    pub(crate) fn total(&self, api: ApiKey) -> u64 {
        self.inner().of(api)
    }

    pub(crate) fn total_of_node(&self, node: i32, api: ApiKey) -> u64 {
        self.inner().counts.get(&(node, api as i16)).copied().unwrap_or_default()
    }

    pub(crate) fn opened(&self, node: i32, connection: u64) {
        let mut inner = self.inner();
        inner.connections_open += 1;
        inner.connections_accepted += 1;
        let (client_id, open) = (None, true);
        let record = ConnectionRecord { node, connection, client_id, open, requests: 0, fetches: 0, most_in_flight: 0 };
        inner.connections.insert(connection, record);
        if inner.connections.len() > REMEMBERED {
            let oldest = inner.connections.iter().find(|(_, record)| !record.open).map(|(number, _)| *number);
            oldest.map(|number| inner.connections.remove(&number));
        }
    }

    pub(crate) fn closed(&self, connection: u64) {
        let mut inner = self.inner();
        inner.connections_open -= 1;
        if let Some(record) = inner.connections.get_mut(&connection) {
            record.open = false;
            let fetched = (record.fetches > 0).then_some(record.node);
            fetched.and_then(|node| inner.fetching.get_mut(&node)).into_iter().for_each(|(now, _)| *now -= 1);
        }
        drop(inner);
        self.total.send_modify(|total| *total += 1);
    }

    pub(crate) fn connections(&self) -> (usize, u64) {
        let inner = self.inner();
        (inner.connections_open, inner.connections_accepted)
    }

    /// So many requests of a connection are not answered yet.
    pub(crate) fn in_flight(&self, connection: u64, count: usize) {
        if let Some(record) = self.inner().connections.get_mut(&connection) {
            record.most_in_flight = record.most_in_flight.max(count);
        }
    }

    pub(crate) fn all_connections(&self) -> Vec<ConnectionRecord> {
        self.inner().connections.values().cloned().collect()
    }

    pub(crate) fn most_fetching(&self, node: i32) -> usize {
        self.inner().fetching.get(&node).map_or(0, |(_, most)| *most)
    }

    /// Blocks until the count of an API is as wanted; false where it takes longer than `limit`.
    pub(crate) fn wait(&self, limit: Duration, wanted: impl Fn(u64) -> bool, api: ApiKey) -> bool {
        let waited = self.pushed.wait_timeout_while(self.inner(), limit, |inner| !wanted(inner.of(api)));
        let (inner, _) = waited.unwrap_or_else(PoisonError::into_inner);
        wanted(inner.of(api))
    }

    /// Wakes at every request and at every connection that ends.
    pub(crate) fn news(&self) -> watch::Receiver<u64> {
        self.total.subscribe()
    }
}

impl Inner {
    fn used(&mut self, request: &RequestRecord) {
        let Some(record) = self.connections.get_mut(&request.connection) else { return };
        record.requests += 1;
        record.client_id.clone_from(&request.client_id);
        if request.api == ApiKey::Fetch {
            record.fetches += 1;
            if record.fetches == 1 {
                let (now, most) = self.fetching.entry(request.node).or_default();
                *now += 1;
                *most = (*most).max(*now);
            }
        }
    }

    fn of(&self, api: ApiKey) -> u64 {
        self.counts.iter().filter(|((_, key), _)| *key == api as i16).map(|(_, count)| count).sum()
    }
}
