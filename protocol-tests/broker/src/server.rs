//! The nodes' listeners: accepting, being killed, coming back on the same port.

use crate::api::{Context, Sessions};
use crate::connection::serve;
use crate::delay::wire;
use crate::port::Port;
use crate::state::Shared;
use std::collections::BTreeMap;
use std::io;
use std::net::TcpListener as BlockingListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};

/// What a handle asks of the listeners; they tell when it is done.
#[derive(Debug)]
pub(crate) enum Command {
    Kill(i32, Done),
    /// Listens again, on the same port or on a new one.
    Restart(i32, bool, Done),
}

pub(crate) type Done = std::sync::mpsc::Sender<io::Result<()>>;

/// Where each node listens before the cluster runs.
pub(crate) type Listeners = BTreeMap<i32, (Port, BlockingListener)>;

/// Ports on which somebody listens before the cluster starts, so that its address is known at once.
pub(crate) fn bind(nodes: usize, first_port: u16) -> io::Result<Vec<(Port, BlockingListener)>> {
    let bind_one = |index| {
        let port = Port::take(if index == 0 { first_port } else { 0 })?;
        let listener = port.listen()?;
        Ok((port, listener))
    };
    (0..nodes).map(bind_one).collect()
}

/// Runs the nodes until the commands end.
pub(crate) async fn run(
    shared: Arc<Shared>,
    listeners: Listeners,
    mut commands: mpsc::UnboundedReceiver<Command>,
) -> io::Result<()> {
    let mut nodes = Nodes { shared, connections: Arc::default(), nodes: BTreeMap::new() };
    for (id, (port, listener)) in listeners {
        let up = nodes.up(id, TcpListener::from_std(listener)?);
        nodes.nodes.insert(id, Listening { port, up: Some(up) });
    }
    while let Some(command) = commands.recv().await {
        match command {
            Command::Kill(id, done) => {
                nodes.kill(id).await;
                let _ = done.send(Ok(()));
            }
            Command::Restart(id, new_port, done) => {
                let _ = done.send(nodes.restart(id, new_port).await);
            }
        }
    }
    nodes.stop().await;
    Ok(())
}

struct Nodes {
    shared: Arc<Shared>,
    connections: Arc<AtomicU64>,
    nodes: BTreeMap<i32, Listening>,
}

struct Listening {
    port: Port,
    /// None while the node is down: connections are refused.
    up: Option<Up>,
}

struct Up {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(up) = &self.up {
            up.task.abort();
        }
    }
}

impl Nodes {
    fn up(&self, id: i32, listener: TcpListener) -> Up {
        let (stop, stopped) = oneshot::channel();
        let context = Context { shared: Arc::clone(&self.shared), node: id };
        let task = tokio::spawn(accept(context, listener, Arc::clone(&self.connections), stopped));
        Up { stop, task }
    }

    async fn kill(&mut self, id: i32) {
        if let Some(listening) = self.nodes.get_mut(&id) {
            listening.stop().await;
        }
    }

    async fn restart(&mut self, id: i32, new_port: bool) -> io::Result<()> {
        self.kill(id).await;
        self.shared.with_sessions(id, Sessions::clear);
        let Some(listening) = self.nodes.get_mut(&id) else { return Ok(()) };
        if new_port {
            listening.port = Port::take(0)?;
        }
        let listener = TcpListener::from_std(listening.port.listen()?)?;
        let port = listening.port.number();
        self.shared.change(|state| {
            if let Some(node) = state.nodes.get_mut(&id) {
                if node.advertised_port == node.port {
                    node.advertised_port = port;
                }
                node.port = port;
                node.alive = true;
            }
            state.elect();
        });
        let up = self.up(id, listener);
        if let Some(listening) = self.nodes.get_mut(&id) {
            listening.up = Some(up);
        }
        Ok(())
    }

    async fn stop(mut self) {
        for listening in self.nodes.values_mut() {
            listening.stop().await;
        }
    }
}

impl Listening {
    /// Returns when the listener and all its connections are closed. The port is held on.
    async fn stop(&mut self) {
        if let Some(up) = self.up.take() {
            // Dropping the sender stops it as sending would.
            drop(up.stop);
            let _ = up.task.await;
        }
    }
}

/// Serves a connection, through a wire that takes time where the node is far away.
async fn connected(context: Context, number: u64, stream: TcpStream) {
    let far = context.shared.state().nodes.get(&context.node).is_some_and(|node| !node.round_trip.is_zero());
    if !far {
        return serve(context, number, stream).await;
    }
    match wire(&context, number, stream).await {
        Ok((near, wire)) => {
            tokio::join!(serve(context, number, near), wire);
        }
        Err(error) => tracing::warn!(%error, node = context.node, "no wire could be made"),
    }
}

async fn accept(context: Context, listener: TcpListener, numbers: Arc<AtomicU64>, mut stopped: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            _ = &mut stopped => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let number = numbers.fetch_add(1, Ordering::Relaxed) + 1;
                    connections.spawn(connected(context.clone(), number, stream));
                }
                Err(error) => {
                    // Out of file descriptors, most likely: accepting again at once would spin.
                    tracing::warn!(%error, node = context.node, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            },
        }
    }
    drop(listener);
    connections.shutdown().await;
}
