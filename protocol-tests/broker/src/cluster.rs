//! The handle of a running cluster.

mod builder;
mod observe;
mod partition;
mod topics;

pub use builder::Builder;
pub use partition::Log;

use crate::api::{Sessions, metadata};
use crate::fault::{RequestInfo, Verdict};
use crate::server::{Command, Done};
use crate::state::{Node, Shared};
use crate::tls::TlsListener;
use kafka_protocol::messages::ApiKey;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, ThreadId};
use std::time::Duration;
use tokio::sync::mpsc;

/// A Kafka cluster inside this process.
///
/// It speaks to any client through real sockets on the loopback address. Whatever is asked of the handle happens at once and for all
/// nodes: replication takes no time. The nodes are numbered from 1.
///
/// Dropping it stops everything. One of [`Builder::start_blocking`] has freed its ports when the drop returns; one of
/// [`Builder::start`] frees them when its runtime runs next, or when [`TestCluster::stop`] returns.
///
/// # Panics
/// Where a method names a node, topic or partition that does not exist, it panics: the test is wrong, not the client.
#[derive(Debug)]
pub struct TestCluster {
    shared: Arc<Shared>,
    commands: Option<mpsc::UnboundedSender<Command>>,
    runner: Runner,
}

/// What the listeners run on.
#[derive(Debug)]
enum Runner {
    Task(Option<tokio::task::JoinHandle<()>>),
    Thread { id: ThreadId, handle: Option<thread::JoinHandle<()>> },
}

impl TestCluster {
    /// One node and no topics, unless told otherwise.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The addresses of all nodes, as `bootstrap.servers` wants them.
    pub fn bootstrap(&self) -> String {
        let ports: Vec<String> = self.shared.state().nodes.values().map(|node| format!("127.0.0.1:{}", node.port)).collect();
        ports.join(",")
    }

    /// The numbers of all nodes, those that were killed included.
    pub fn nodes(&self) -> Vec<i32> {
        self.shared.state().nodes.keys().copied().collect()
    }

    /// Where a node listens, or did before it was killed.
    #[track_caller]
    pub fn address(&self, node: i32) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.with_node(node, |node| node.port)))
    }

    /// Kills a node: its connections break, new ones are refused, and it disappears from the metadata. Partitions that have another
    /// replica get a new leader at once; the others have none until it is restarted.
    ///
    /// It begins no answer after this. Its sockets are closed when its runtime has run; with [`Builder::start_blocking`] they are when
    /// this returns.
    #[track_caller]
    pub fn kill(&self, node: i32) {
        self.with_node(node, |_| ());
        self.shared.change(|state| {
            state.nodes.get_mut(&node).into_iter().for_each(|node| node.alive = false);
            state.elect();
        });
        self.shared.with_sessions(node, Sessions::clear);
        self.command(|done| Command::Kill(node, done));
    }

    /// Starts a killed node again, or kills and starts a running one, on the port that it had.
    #[track_caller]
    pub fn restart(&self, node: i32) {
        self.with_node(node, |_| ());
        self.command(|done| Command::Restart(node, false, done));
    }

    /// As [`TestCluster::restart`], but on another port: only metadata tells where it is now.
    #[track_caller]
    pub fn restart_on_new_port(&self, node: i32) {
        self.with_node(node, |_| ());
        self.command(|done| Command::Restart(node, true, done));
    }

    /// From now on the node reads requests and does not answer, not even those that wait already; connections stay open.
    #[track_caller]
    pub fn pause(&self, node: i32) {
        self.change_node(node, |node| node.paused = true);
    }

    /// Lets a paused node answer everything that it has read meanwhile.
    #[track_caller]
    pub fn resume(&self, node: i32) {
        self.change_node(node, |node| node.paused = false);
    }

    /// Lets metadata tell another address of a node; where it listens does not change.
    #[track_caller]
    pub fn advertise(&self, node: i32, host: &str, port: u16) {
        self.change_node(node, |node| {
            host.clone_into(&mut node.advertised_host);
            node.advertised_port = port;
        });
    }

    /// From now on this node tells of the cluster as it is now: leaders, topics and nodes, whatever changes.
    #[track_caller]
    pub fn freeze_metadata(&self, node: i32) {
        let now = Arc::new(metadata::everything(&self.shared.state()));
        self.change_node(node, |node| node.frozen = Some(now));
    }

    /// Lets a node know of the cluster as it is.
    #[track_caller]
    pub fn thaw_metadata(&self, node: i32) {
        self.change_node(node, |node| node.frozen = None);
    }

    /// Lets every byte to this node and every byte from it take half of this time. Connections that are open already are as they were.
    #[track_caller]
    pub fn set_latency(&self, node: i32, round_trip: Duration) {
        self.change_node(node, |node| node.round_trip = round_trip);
    }

    /// Tells a client, by what it calls itself, that it is throttled for this time: its next so many fetches get no partitions, as where
    /// a quota is exceeded (KIP-219).
    pub fn throttle(&self, client_id: &str, times: u32, time: Duration) {
        let (client_id, left) = (client_id.to_owned(), AtomicU32::new(times));
        self.on(move |request| {
            let meant = request.api == ApiKey::Fetch && request.client_id == Some(&client_id);
            if meant && take_one(&left) { Verdict::Throttle(time) } else { Verdict::Pass }
        });
    }

    /// Lets metadata tell another cluster id.
    pub fn set_cluster_id(&self, id: &str) {
        self.shared.change(|state| id.clone_into(&mut state.cluster_id));
    }

    /// Connections that are opened from now on are accepted with another certificate; those that are open go on.
    #[track_caller]
    pub fn set_tls(&self, listener: &TlsListener) {
        let acceptor = listener.acceptor().expect("a certificate and its key");
        self.shared.change(|state| state.tls = Some(acceptor));
    }

    /// Forgets all fetch sessions of a node, as if others had taken their place.
    #[track_caller]
    pub fn evict_fetch_sessions(&self, node: i32) {
        self.with_node(node, |_| ());
        self.shared.with_sessions(node, Sessions::clear);
    }

    /// How many fetch sessions each node keeps from now on.
    pub fn set_fetch_session_slots(&self, slots: usize) {
        self.shared.set_session_limits(|limits| limits.slots = slots);
    }

    /// Adds a hook, which decides what becomes of each request. Hooks are asked in the order in which they were added, and the first
    /// verdict that is not [`Verdict::Pass`] counts. They run on the cluster's thread, before the request is handled: they must not
    /// block.
    pub fn on(&self, hook: impl Fn(&RequestInfo<'_>) -> Verdict + Send + Sync + 'static) {
        self.shared.hooks.add(Arc::new(hook));
    }

    /// One verdict for the next `times` requests of an API, on any node.
    pub fn next(&self, api: ApiKey, times: u32, verdict: Verdict) {
        let left = AtomicU32::new(times);
        self.on(move |request| if request.api == api && take_one(&left) { verdict.clone() } else { Verdict::Pass });
    }

    /// Forgets all hooks.
    pub fn clear_hooks(&self) {
        self.shared.hooks.clear();
    }

    /// Stops everything and returns when the ports are free.
    pub async fn stop(mut self) {
        self.commands = None;
        if let Runner::Task(task) = &mut self.runner
            && let Some(task) = task.take()
        {
            let _ = task.await;
        }
    }

    #[track_caller]
    fn with_node<R>(&self, id: i32, look: impl FnOnce(&Node) -> R) -> R {
        let state = self.shared.state();
        let result = state.nodes.get(&id).map(look);
        drop(state);
        result.unwrap_or_else(|| panic!("the cluster has no node {id}"))
    }

    #[track_caller]
    fn change_node(&self, id: i32, change: impl FnOnce(&mut Node)) {
        self.with_node(id, |_| ());
        self.shared.change(|state| state.nodes.get_mut(&id).map(change));
    }

    /// Tells the listeners; waits until it is done, where they run on a thread of their own and this is another.
    #[track_caller]
    fn command(&self, command: impl FnOnce(Done) -> Command) {
        let (done, is_done) = std::sync::mpsc::channel();
        if let Some(commands) = &self.commands {
            let _ = commands.send(command(done));
        }
        if matches!(&self.runner, Runner::Thread { id, .. } if *id != thread::current().id()) {
            match is_done.recv() {
                Ok(Ok(())) => {}
                Ok(Err(error)) => panic!("the node cannot listen: {error}"),
                Err(_) => panic!("the test cluster has stopped"),
            }
        }
    }
}

/// Whether there was one left; with `u32::MAX` there always is.
fn take_one(left: &AtomicU32) -> bool {
    let take = |left: u32| if left == u32::MAX { Some(left) } else { left.checked_sub(1) };
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
}

impl Drop for TestCluster {
    fn drop(&mut self) {
        self.commands = None;
        if let Runner::Thread { id, handle } = &mut self.runner
            && *id != thread::current().id()
            && let Some(handle) = handle.take()
        {
            let _ = handle.join();
        }
    }
}

#[cfg(test)]
mod tests;
