//! A real Apache Kafka on 127.0.0.1: [`Kafka::start`].

mod access;
mod admin;
mod install;
mod leaders;
mod node;
mod old;
mod properties;
mod security;
mod wire;

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

pub use admin::{Admin, NewTopic};
pub use install::{Installation, NEWEST};
pub use old::OldKafka;
pub use security::{Certificates, Listener};

use crate::error::{Result, ServerError, Tried};
use crate::runs_folder;
use node::Node;

/// A running Kafka: one node, or several in combined mode (each broker and controller).
///
/// All methods block; in async code they belong on a thread of their own (`tokio::task::spawn_blocking`). Dropping it kills the processes and
/// removes their data. What they wrote stays where the test panics, and the panic's output says where. Should the test's process itself be
/// killed, a watcher ends the servers.
#[derive(Debug)]
pub struct Kafka {
    nodes: Vec<Mutex<Node>>,
    addresses: Vec<SocketAddr>,
    folder: PathBuf,
}

/// How a Kafka is started.
#[derive(Debug, Clone)]
pub struct KafkaBuilder {
    version: String,
    nodes: i32,
    heap_mib: u32,
    properties: Vec<(String, String)>,
    secured: bool,
}

impl KafkaBuilder {
    /// The version, `4.3.1` by default.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// How many nodes, numbered from 1; one by default. Node `n` is in the rack `rackn`.
    #[must_use]
    pub fn nodes(mut self, nodes: i32) -> Self {
        self.nodes = nodes;
        self
    }

    /// The heap of each node's JVM; 256 MiB by default.
    #[must_use]
    pub fn heap_mib(mut self, heap_mib: u32) -> Self {
        self.heap_mib = heap_mib;
        self
    }

    /// Opens the listeners of [`Listener`] on every broker, beside the plaintext one.
    #[must_use]
    pub fn secured(mut self) -> Self {
        self.secured = true;
        self
    }

    /// Sets a property of every broker.
    #[must_use]
    pub fn property(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.properties.push((key.into(), value.into()));
        self
    }

    /// Starts it, and returns when every node serves and knows the others.
    ///
    /// # Errors
    /// [`ServerError::MissingProgram`] without Java or Maven; [`ServerError::Ended`] with the end of its log where a node does not start.
    pub fn start(self) -> Result<Kafka> {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let installation = Installation::of(&self.version)?;
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let folder = runs_folder().join(format!("kafka-{}-{number}", std::process::id()));
        let mut nodes = Vec::new();
        for id in 1..=self.nodes {
            let mut node = Node::new(id, &installation, self.heap_mib, folder.join(format!("node-{id}")))?;
            if self.secured {
                node.secure()?;
            }
            nodes.push(node);
        }
        let voters: Vec<(i32, u16)> = nodes.iter().map(Node::voter).collect();
        let addresses = nodes.iter().map(Node::address).collect();
        let kafka = Kafka { nodes: nodes.into_iter().map(Mutex::new).collect(), addresses, folder };
        for node in &kafka.nodes {
            let mut node = lock(node);
            node.configure(&voters, &self.properties)?;
            node.launch(&[])?;
        }
        for node in &kafka.nodes {
            lock(node).wait_until_open()?;
        }
        kafka.admin().wait_for_brokers(kafka.nodes.len())?;
        Ok(kafka)
    }
}

impl Kafka {
    /// Starts a single node of the newest version.
    pub fn start() -> Result<Self> {
        Self::builder().start()
    }

    /// The node that all tests of this process share: started by the first that asks, ended with the process.
    ///
    /// A test that kills, pauses or configures its server starts one of its own.
    pub fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<Kafka> = OnceLock::new();
        static STARTING: Mutex<()> = Mutex::new(());
        let _starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        if SHARED.get().is_none() {
            // Tests of several partitions and codecs run at once on it.
            let _ = SHARED.set(Self::builder().heap_mib(512).start()?);
        }
        SHARED.get().ok_or_else(|| ServerError::Answer { program: "Kafka".into(), reason: "it was started and is gone".into() })
    }

    /// How to start another than [`Kafka::start`] does.
    pub fn builder() -> KafkaBuilder {
        KafkaBuilder { version: NEWEST.into(), nodes: 1, heap_mib: 256, properties: Vec::new(), secured: false }
    }

    /// `bootstrap.servers`: every node.
    pub fn bootstrap(&self) -> String {
        let addresses: Vec<String> = self.addresses.iter().map(ToString::to_string).collect();
        addresses.join(",")
    }

    /// Where node `node` (from 1) takes clients.
    pub fn address(&self, node: i32) -> Result<SocketAddr> {
        Ok(self.node(node)?.address())
    }

    /// Where a secured listener of node `node` is, by the name that its certificate has.
    ///
    /// # Errors
    /// Where the cluster was not started [secured](KafkaBuilder::secured).
    pub fn listener(&self, node: i32, listener: Listener) -> Result<String> {
        let address = self.node(node)?.listener(listener);
        let address =
            address.ok_or_else(|| ServerError::Answer { program: "Kafka".into(), reason: "it is not secured".into() })?;
        Ok(format!("localhost:{}", address.port()))
    }

    /// Administers the nodes that run now.
    pub fn admin(&self) -> Admin {
        let running = self.nodes.iter().map(lock).filter(|node| node.process_id().is_some());
        Admin::new(running.map(|node| node.address()).collect())
    }

    /// Creates a topic with the cluster's defaults. See [`Admin::create_topic`] for more.
    pub fn create_topic(&self, name: &str, partitions: i32) -> Result<()> {
        self.admin().create_topic(&NewTopic::new(name, partitions))
    }

    /// Ends a node at once (SIGKILL): nothing is flushed, nobody is told.
    pub fn kill(&self, node: i32) -> Result<()> {
        self.node(node)?.end()
    }

    /// Asks a node to stop (SIGTERM) and waits until it has. The last node of several never stops so: it waits for a quorum. Kill it.
    pub fn stop(&self, node: i32) -> Result<()> {
        self.node(node)?.stop()
    }

    /// Starts a node that was killed or stopped, on its port and its data, and waits until it serves.
    pub fn restart(&self, node: i32) -> Result<()> {
        let mut node = self.node(node)?;
        node.launch(&[])?;
        node.wait_until_open()?;
        let admin = Admin::new(vec![node.address()]);
        drop(node);
        admin.wait_for_brokers(1)
    }

    /// Stops a node's clock (SIGSTOP): connections stay open and nothing is answered.
    pub fn pause(&self, node: i32) -> Result<()> {
        self.node(node)?.signal("STOP")
    }

    /// Lets a paused node go on.
    pub fn resume(&self, node: i32) -> Result<()> {
        self.node(node)?.signal("CONT")
    }

    /// The process of a node, while it runs.
    pub fn process_id(&self, node: i32) -> Result<Option<u32>> {
        Ok(self.node(node)?.process_id())
    }

    /// The folder that holds a node's partitions, each in a folder of its own (`orders-0`).
    pub fn data_folder(&self, node: i32) -> Result<PathBuf> {
        Ok(self.node(node)?.data())
    }

    /// What a node wrote so far: warnings and errors.
    pub fn log(&self, node: i32) -> Result<String> {
        let path = self.node(node)?.log();
        fs::read_to_string(&path).tried(|| format!("reading {}", path.display()))
    }

    fn node(&self, id: i32) -> Result<MutexGuard<'_, Node>> {
        let node = usize::try_from(id - 1).ok().and_then(|at| self.nodes.get(at));
        node.map(lock).ok_or_else(|| ServerError::Answer { program: "Kafka".into(), reason: format!("there is no node {id}") })
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        let failed = std::thread::panicking();
        for node in &self.nodes {
            let mut node = lock(node);
            // A process that cannot be ended has ended; its watcher goes with this process.
            let _ = node.end();
            if failed {
                let _ = fs::remove_dir_all(node.data());
                eprintln!("what Kafka wrote: {}", node.log().display());
            }
        }
        if !failed {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// A node is in order even where a test panicked while it held it.
fn lock(node: &Mutex<Node>) -> MutexGuard<'_, Node> {
    node.lock().unwrap_or_else(PoisonError::into_inner)
}
