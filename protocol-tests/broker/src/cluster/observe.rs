//! What the clients did, for assertions.

use super::TestCluster;
use crate::api::{FetchStats, Sessions};
use crate::requests::{ConnectionRecord, RequestRecord};
use crate::sasl::{Logins, SaslFault};
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

    /// How many logins there were.
    pub fn logins(&self) -> Logins {
        self.shared.sasl.logins()
    }

    /// Waits until the logins are as wanted.
    ///
    /// # Cancel safety
    /// Nothing is lost when it is dropped.
    pub async fn until_logins(&self, wanted: impl Fn(Logins) -> bool) {
        self.until(|| wanted(self.logins())).await;
    }

    /// Says something wrong in the logins from now on, or nothing wrong any more.
    pub fn sasl_fault(&self, fault: impl Into<Option<SaslFault>>) {
        self.shared.sasl.set_fault(fault.into());
    }

    /// Gives a user another password. Sessions last as they were to.
    pub fn set_password(&self, user: &str, password: &str) {
        self.shared.sasl.set_password(user, password);
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.shared.requests.connections().0
    }

    /// Every connection that is open, and the last 65536 that were.
    pub fn connection_records(&self) -> Vec<ConnectionRecord> {
        self.shared.requests.all_connections()
    }

    /// How many connections to a node are open.
    pub fn connections_of_node(&self, node: i32) -> usize {
        self.open(|record| record.node == node)
    }

    /// How many connections of a client are open, by what it calls itself.
    pub fn connections_of_client(&self, client_id: &str) -> usize {
        self.open(|record| record.client_id.as_deref() == Some(client_id))
    }

    /// The most connections on which a node was asked for records that were ever open at once.
    pub fn most_fetching_connections(&self, node: i32) -> usize {
        self.shared.requests.most_fetching(node)
    }

    /// The most requests of one connection that were ever sent and not answered at once.
    pub fn most_in_flight(&self) -> usize {
        self.shared.requests.all_connections().iter().map(|record| record.most_in_flight).max().unwrap_or_default()
    }

    fn open(&self, which: impl Fn(&ConnectionRecord) -> bool) -> usize {
        self.shared.requests.all_connections().iter().filter(|record| record.open && which(record)).count()
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
