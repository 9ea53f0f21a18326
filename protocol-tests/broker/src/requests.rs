//! What was asked: counters and the last requests, for assertions.

use crate::api::Request;
use kafka_protocol::messages::ApiKey;
use std::collections::{HashMap, VecDeque};
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
    connections_open: usize,
    connections_accepted: u64,
}

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
    }

    pub(crate) fn total(&self, api: ApiKey) -> u64 {
        self.inner().of(api)
    }

    pub(crate) fn total_of_node(&self, node: i32, api: ApiKey) -> u64 {
        self.inner().counts.get(&(node, api as i16)).copied().unwrap_or_default()
    }

    pub(crate) fn opened(&self) {
        let mut inner = self.inner();
        inner.connections_open += 1;
        inner.connections_accepted += 1;
    }

    pub(crate) fn closed(&self) {
        self.inner().connections_open -= 1;
        self.total.send_modify(|total| *total += 1);
    }

    pub(crate) fn connections(&self) -> (usize, u64) {
        let inner = self.inner();
        (inner.connections_open, inner.connections_accepted)
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
    fn of(&self, api: ApiKey) -> u64 {
        self.counts.iter().filter(|((_, key), _)| *key == api as i16).map(|(_, count)| count).sum()
    }
}
