//! One node, as metadata tells of it.

/// A node of the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    /// What metadata says; where it listens is always the loopback address and `port`.
    pub(crate) advertised_host: String,
    pub(crate) advertised_port: u16,
    pub(crate) port: u16,
    pub(crate) rack: Option<String>,
    pub(crate) alive: bool,
    /// Requests are read and not answered.
    pub(crate) paused: bool,
}
