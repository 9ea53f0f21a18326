//! The nodes' listeners: accepting, being killed, coming back on the same port.

use crate::api::{Context, Sessions};
use crate::connection::serve;
use crate::delay::wire;
use crate::state::Shared;
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as BlockingListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};

/// What a handle asks of the listeners; the channel is dropped when it is done.
#[derive(Debug)]
pub(crate) enum Command {
    Kill(i32, std::sync::mpsc::Sender<()>),
    /// Listens again, on the same port or on a new one.
    Restart(i32, bool, std::sync::mpsc::Sender<()>),
}

/// Ports that are bound before the cluster starts, so that its address is known at once.
pub(crate) fn bind(nodes: usize, first_port: u16) -> io::Result<Vec<(u16, BlockingListener)>> {
    let bind_one = |index| {
        let port = if index == 0 { first_port } else { 0 };
        let listener = BlockingListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        Ok((listener.local_addr()?.port(), listener))
    };
    (0..nodes).map(bind_one).collect()
}

/// Runs the nodes until the commands end.
pub(crate) async fn run(
    shared: Arc<Shared>,
    listeners: BTreeMap<i32, BlockingListener>,
    mut commands: mpsc::UnboundedReceiver<Command>,
) -> io::Result<()> {
    let mut nodes = Nodes { shared, connections: Arc::default(), nodes: BTreeMap::new() };
    for (id, listener) in listeners {
        nodes.listen(id, TcpListener::from_std(listener)?);
    }
    while let Some(command) = commands.recv().await {
        match command {
            Command::Kill(id, done) => {
                nodes.kill(id).await?;
                drop(done);
            }
            Command::Restart(id, new_port, done) => {
                nodes.restart(id, new_port).await?;
                drop(done);
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

enum Listening {
    Up {
        stop: oneshot::Sender<()>,
        task: JoinHandle<()>,
    },
    /// The port is held without listening: connections are refused, and the system gives the port to nobody meanwhile.
    Down(TcpSocket),
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Self::Up { task, .. } = self {
            task.abort();
        }
    }
}

impl Nodes {
    fn listen(&mut self, id: i32, listener: TcpListener) {
        let (stop, stopped) = oneshot::channel();
        let context = Context { shared: Arc::clone(&self.shared), node: id };
        let task = tokio::spawn(accept(context, listener, Arc::clone(&self.connections), stopped));
        self.nodes.insert(id, Listening::Up { stop, task });
    }

    async fn kill(&mut self, id: i32) -> io::Result<()> {
        if matches!(self.nodes.get(&id), Some(Listening::Up { .. })) {
            if let Some(listening) = self.nodes.remove(&id) {
                listening.stopped().await;
            }
            let port = self.shared.state().nodes.get(&id).map_or(0, |node| node.port);
            self.nodes.insert(id, Listening::Down(hold(port)?));
        }
        Ok(())
    }

    async fn restart(&mut self, id: i32, new_port: bool) -> io::Result<()> {
        self.kill(id).await?;
        self.shared.with_sessions(id, Sessions::clear);
        let Some(Listening::Down(socket)) = self.nodes.get_mut(&id) else { return Ok(()) };
        // A fresh socket takes the place of the held one, which is consumed by listening.
        let held = std::mem::replace(socket, TcpSocket::new_v4()?);
        let held = if new_port { hold(0)? } else { held };
        let listener = held.listen(1024)?;
        let port = listener.local_addr()?.port();
        self.nodes.remove(&id);
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
        self.listen(id, listener);
        Ok(())
    }

    async fn stop(mut self) {
        for (_, listening) in std::mem::take(&mut self.nodes) {
            listening.stopped().await;
        }
    }
}

impl Listening {
    /// Returns when the listener and all its connections are closed.
    async fn stopped(mut self) {
        if let Self::Up { stop, task } = &mut self {
            // Dropping the sender stops it as sending would.
            let (unused, _) = oneshot::channel();
            drop(std::mem::replace(stop, unused));
            let _ = task.await;
        }
    }
}

fn hold(port: u16) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    Ok(socket)
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
