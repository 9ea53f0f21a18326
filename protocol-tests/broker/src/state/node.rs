//! One node, as metadata tells of it.

use kafka_protocol::messages::MetadataResponse;
use std::sync::Arc;
use std::time::Duration;

/// A node of the cluster.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// What metadata says; where it listens is always the loopback address and `port`.
    pub(crate) advertised_host: String,
    pub(crate) advertised_port: u16,
    pub(crate) port: u16,
    pub(crate) rack: Option<String>,
    pub(crate) alive: bool,
    /// Requests are read and not answered.
    pub(crate) paused: bool,
    /// Where set, what this node tells of the cluster: it hears of nothing new.
    pub(crate) frozen: Option<Arc<MetadataResponse>>,
    /// How long an answer takes to the client and back.
    pub(crate) round_trip: Duration,
}
