//! How a cluster starts.

use super::{Runner, TestCluster};
use crate::generation::Generation;
use crate::sasl::Sasl;
use crate::server;
use crate::settings::Settings;
use crate::state::{Node, Shared, State, TopicSettings};
use crate::tls::TlsListener;
use kafka_protocol::messages::ApiKey;
use std::collections::BTreeMap;
use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::sync::mpsc;

/// Says what the cluster is before it starts.
#[derive(Debug, Clone)]
#[must_use]
pub struct Builder {
    nodes: usize,
    port: u16,
    cluster_id: String,
    advertised_host: String,
    racks: BTreeMap<i32, String>,
    topics: Vec<(String, TopicSettings)>,
    round_trip: Duration,
    settings: Settings,
    tls: Option<TlsListener>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            nodes: 1,
            port: 0,
            cluster_id: "kolumn-test-cluster".to_owned(),
            advertised_host: "127.0.0.1".to_owned(),
            racks: BTreeMap::new(),
            topics: Vec::new(),
            round_trip: Duration::ZERO,
            settings: Settings::default(),
            tls: None,
        }
    }
}

impl Builder {
    /// This many nodes, numbered from 1.
    pub fn nodes(mut self, count: usize) -> Self {
        self.nodes = count.max(1);
        self
    }

    /// The first node listens on this port, for clients that cannot be told another; 0, the default, is any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// With this topic: a number of partitions, or [`TopicSettings`]. Partition `p` is led by node `p % nodes + 1`.
    pub fn topic(mut self, name: &str, settings: impl Into<TopicSettings>) -> Self {
        self.topics.push((name.to_owned(), settings.into()));
        self
    }

    /// Topics that a client asks metadata for, and allows to be created, are created with so many partitions; by default they are not.
    pub fn auto_create(mut self, partitions: i32) -> Self {
        self.settings.auto_create = Some(partitions);
        self
    }

    /// The cluster id that metadata tells.
    pub fn cluster_id(mut self, id: &str) -> Self {
        id.clone_into(&mut self.cluster_id);
        self
    }

    /// The host that metadata tells instead of `127.0.0.1`.
    pub fn advertised_host(mut self, host: &str) -> Self {
        host.clone_into(&mut self.advertised_host);
        self
    }

    /// All listeners demand a login.
    pub fn sasl(mut self, sasl: Sasl) -> Self {
        self.settings.sasl = Some(sasl);
        self
    }

    /// The rack of a node.
    pub fn rack(mut self, node: i32, rack: &str) -> Self {
        self.racks.insert(node, rack.to_owned());
        self
    }

    /// The versions of an API that are told and served. Those beyond what can be decoded close the connection when they are used.
    pub fn versions(mut self, api: ApiKey, versions: RangeInclusive<i16>) -> Self {
        self.settings.versions.insert(api as i16, Some((*versions.start(), *versions.end())));
        self
    }

    /// An API that is neither told nor served, as if the broker were older.
    pub fn without(mut self, api: ApiKey) -> Self {
        self.settings.versions.insert(api as i16, None);
        self
    }

    /// All nodes speak TLS.
    pub fn tls(mut self, listener: TlsListener) -> Self {
        self.tls = Some(listener);
        self
    }

    /// How long a byte takes to a node and its answer back, half of it each way; nothing by default.
    pub fn latency(mut self, round_trip: Duration) -> Self {
        self.round_trip = round_trip;
        self
    }

    /// Consumers that tell their rack are sent to a follower there (`replica.selector.class`, KIP-392).
    pub fn rack_aware(mut self) -> Self {
        self.settings.rack_aware = true;
        self
    }

    /// Tells and serves what this version of Kafka did. [`Builder::versions`] and [`Builder::without`] go on from there.
    pub fn generation(mut self, generation: Generation) -> Self {
        generation.apply(&mut self.settings);
        self
    }

    /// How many fetch sessions each node keeps (`max.incremental.fetch.session.cache.slots`); 1000 by default. With none of them
    /// every fetch is answered with session id 0.
    pub fn fetch_session_slots(mut self, slots: usize) -> Self {
        self.settings.sessions.slots = slots;
        self
    }

    /// A session that was not used for so long makes room for a new one; two minutes by default.
    pub fn fetch_session_eviction(mut self, time: Duration) -> Self {
        self.settings.sessions.eviction = time;
        self
    }

    /// How offsets are looked up by time inside compressed batches: codec number and records section in, records out. Without it the
    /// batch's first offset is the answer.
    pub fn decompress(mut self, decompress: impl Fn(u8, &[u8]) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        self.settings.decompress = Some(Arc::new(decompress));
        self
    }

    /// Starts the cluster on the caller's runtime.
    ///
    /// With a paused clock that advances by itself, long polls end at once; use [`Builder::start_blocking`] there.
    pub async fn start(self) -> io::Result<TestCluster> {
        let (shared, listeners) = self.prepare()?;
        let (commands, received) = mpsc::unbounded_channel();
        let task = tokio::spawn(run(Arc::clone(&shared), listeners, received));
        Ok(TestCluster { shared, commands: Some(commands), runner: Runner::Task(Some(task)) })
    }

    /// Starts the cluster on a thread and a runtime of its own, with the real clock.
    pub fn start_blocking(self) -> io::Result<TestCluster> {
        let (shared, listeners) = self.prepare()?;
        let (commands, received) = mpsc::unbounded_channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let moved = Arc::clone(&shared);
        let thread = thread::Builder::new().name("kolumn-test-broker".to_owned());
        let handle = thread.spawn(move || runtime.block_on(run(moved, listeners, received)))?;
        let runner = Runner::Thread { id: handle.thread().id(), handle: Some(handle) };
        Ok(TestCluster { shared, commands: Some(commands), runner })
    }

    fn prepare(self) -> io::Result<(Arc<Shared>, server::Listeners)> {
        let mut state = State::default();
        state.cluster_id = self.cluster_id;
        state.tls = self.tls.as_ref().map(TlsListener::acceptor).transpose()?;
        let mut listeners = BTreeMap::new();
        for (id, (port, listener)) in (1..).zip(server::bind(self.nodes, self.port)?) {
            let node = Node {
                advertised_host: self.advertised_host.clone(),
                advertised_port: port.number(),
                port: port.number(),
                rack: self.racks.get(&id).cloned(),
                alive: true,
                paused: false,
                frozen: None,
                round_trip: self.round_trip,
            };
            state.nodes.insert(id, node);
            listeners.insert(id, (port, listener));
        }
        for (name, settings) in self.topics {
            state.create_topic(&name, settings);
        }
        Ok((Shared::new(self.settings, state), listeners))
    }
}

async fn run(shared: Arc<Shared>, listeners: server::Listeners, commands: mpsc::UnboundedReceiver<server::Command>) {
    if let Err(error) = server::run(shared, listeners, commands).await {
        tracing::error!(%error, "the test cluster stopped: nobody can listen on a port");
    }
}
