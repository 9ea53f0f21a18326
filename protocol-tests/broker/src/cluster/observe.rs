//! What the clients did, for assertions.

use super::TestCluster;
use crate::api::{FetchStats, Sessions};
use crate::requests::RequestRecord;
use kafka_protocol::messages::ApiKey;
use std::time::Duration;

impl TestCluster {
    /// The last 4096 requests, oldest first.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.shared.requests.all()
    }

    /// The kept requests of one API, oldest first.
    pub fn requests_of(&self, api: ApiKey) -> Vec<RequestRecord> {
        let mut requests = self.shared.requests.all();
        requests.retain(|request| request.api == api);
        requests
    }

    /// How many requests of an API were read by all nodes.
    pub fn count(&self, api: ApiKey) -> u64 {
        self.shared.requests.total(api)
    }

    /// How many requests of an API a node read.
    pub fn count_of_node(&self, node: i32, api: ApiKey) -> u64 {
        self.shared.requests.total_of_node(node, api)
    }

    /// Forgets the requests and counts from 0 again.
    pub fn clear_requests(&self) {
        self.shared.requests.clear();
        self.nodes().into_iter().for_each(|node| self.shared.with_sessions(node, Sessions::clear_stats));
    }

    /// How the clients of all nodes fetch.
    pub fn fetch_stats(&self) -> FetchStats {
        let mut sum = FetchStats::default();
        self.nodes().into_iter().for_each(|node| sum.add(&self.fetch_stats_of_node(node)));
        sum
    }

    /// How the clients of a node fetch.
    pub fn fetch_stats_of_node(&self, node: i32) -> FetchStats {
        self.shared.with_sessions(node, |sessions| sessions.stats())
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.shared.requests.connections().0
    }

    /// How many connections were ever accepted.
    pub fn connections_accepted(&self) -> u64 {
        self.shared.requests.connections().1
    }

    /// Waits until so many requests of an API were read.
    ///
    /// # Cancel safety
    /// Nothing is lost when it is dropped.
    pub async fn until_requests(&self, api: ApiKey, count: u64) {
        self.until(|| self.count(api) >= count).await;
    }

    /// Waits until so many connections are open, or fewer.
    ///
    /// # Cancel safety
    /// Nothing is lost when it is dropped.
    pub async fn until_connections_fall_to(&self, count: usize) {
        self.until(|| self.connections() <= count).await;
    }

    /// As [`TestCluster::until_requests`], by blocking the thread; false where it takes longer than `limit`.
    pub fn wait_for_requests(&self, api: ApiKey, count: u64, limit: Duration) -> bool {
        self.shared.requests.wait(limit, |requests| requests >= count, api)
    }

    async fn until(&self, reached: impl Fn() -> bool) {
        let mut news = self.shared.requests.news();
        while !reached() {
            if news.changed().await.is_err() {
                return;
            }
        }
    }
}
