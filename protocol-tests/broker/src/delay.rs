//! A wire with a length: every byte arrives later by the time that it takes, however many are under way.

use crate::api::Context;
use bytes::{Bytes, BytesMut};
use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// What arrives at the other end.
enum Arrival {
    Bytes(Bytes),
    End,
    Reset,
}

/// The near end of a wire whose far end is that stream, and the wire, which must be run.
pub(crate) async fn wire(
    context: &Context,
    number: u64,
    far: TcpStream,
) -> io::Result<(TcpStream, impl Future<Output = ()> + use<>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let (near, accepted) = tokio::join!(TcpStream::connect(listener.local_addr()?), listener.accept());
    let (near, (inner, _)) = (near?, accepted?);
    far.set_nodelay(true)?;
    inner.set_nodelay(true)?;
    let context = context.clone();
    let run = async move {
        let under_way = AtomicUsize::new(0);
        let (far_read, far_write) = far.into_split();
        let (near_read, near_write) = inner.into_split();
        let sent = |frames| {
            let now = under_way.fetch_add(frames, Ordering::Relaxed) + frames;
            context.shared.requests.in_flight(number, now);
        };
        let answered = |frames| {
            let less = |now: usize| Some(now.saturating_sub(frames));
            let _ = under_way.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        };
        let requests = carry(|| one_way(&context), far_read, near_write, sent, |_| {}, reset);
        let answers = carry(|| one_way(&context), near_read, far_write, |_| {}, answered, reset);
        tokio::select! {
            () = answers => {}
            // The client said that it sends no more; it may still hear.
            () = async { requests.await; std::future::pending().await } => {}
        }
    };
    Ok((near, run))
}

fn reset(stream: OwnedWriteHalf) {
    let _ = stream.as_ref().set_zero_linger();
    // Without this it would say goodbye first.
    stream.forget();
}

/// Half of the round trip, as it is now.
fn one_way(context: &Context) -> Duration {
    context.shared.state().nodes.get(&context.node).map_or(Duration::ZERO, |node| node.round_trip / 2)
}

/// Carries bytes until they end, and says how many frames leave and how many arrive.
async fn carry<W: AsyncWrite + Unpin>(
    one_way: impl Fn() -> Duration,
    mut from: impl AsyncRead + Unpin,
    mut to: W,
    left: impl Fn(usize),
    arrived: impl Fn(usize),
    reset: impl FnOnce(W),
) {
    let (send, mut under_way) = mpsc::unbounded_channel();
    let read = async move {
        let mut frames = Frames::default();
        loop {
            let mut bytes = BytesMut::with_capacity(16 * 1024);
            let arrival = match from.read_buf(&mut bytes).await {
                Ok(0) => Arrival::End,
                Ok(_) => {
                    left(frames.pass(&bytes));
                    Arrival::Bytes(bytes.freeze())
                }
                Err(_) => Arrival::Reset,
            };
            let last = !matches!(arrival, Arrival::Bytes(_));
            if send.send((Instant::now() + one_way(), arrival)).is_err() || last {
                return;
            }
        }
    };
    let write = async move {
        let mut frames = Frames::default();
        while let Some((due, arrival)) = under_way.recv().await {
            sleep_until(due).await;
            match arrival {
                Arrival::Bytes(bytes) => {
                    arrived(frames.pass(&bytes));
                    if to.write_all(&bytes).await.is_err() {
                        return;
                    }
                }
                Arrival::End => {
                    let _ = to.shutdown().await;
                    return;
                }
                Arrival::Reset => {
                    return reset(to);
                }
            }
        }
    };
    tokio::join!(read, write);
}

/// Counts frames as their bytes pass.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    prefix: Vec<u8>,
    left: usize,
    /// What passes is no frame: it is encrypted, or a fault.
    lost: bool,
}

impl Frames {
    /// How many frames begin in these bytes.
    pub(crate) fn pass(&mut self, mut bytes: &[u8]) -> usize {
        let mut begun = 0;
        while !bytes.is_empty() && !self.lost {
            if self.left > 0 {
                let skipped = self.left.min(bytes.len());
                self.left -= skipped;
                bytes = bytes.get(skipped..).unwrap_or_default();
                continue;
            }
            let (taken, rest) = bytes.split_at((4 - self.prefix.len()).min(bytes.len()));
            self.prefix.extend_from_slice(taken);
            bytes = rest;
            if let Ok(prefix) = <[u8; 4]>::try_from(self.prefix.as_slice()) {
                self.prefix.clear();
                match usize::try_from(i32::from_be_bytes(prefix)) {
                    Ok(length) => (self.left, begun) = (length, begun + 1),
                    Err(_) => self.lost = true,
                }
            }
        }
        begun
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn bytes_that_are_under_way_together_arrive_each_in_its_own_time() {
        const ONE_WAY: Duration = Duration::from_millis(50);
        let (mut client, from) = tokio::io::duplex(64);
        let (to, mut node) = tokio::io::duplex(64);
        let wire = carry(|| ONE_WAY, from, to, |_| {}, |_| {}, |_| {});
        let begun = Instant::now();
        let sending = async {
            client.write_u8(1).await.expect("room");
            tokio::time::sleep(Duration::from_millis(10)).await;
            client.write_u8(2).await.expect("room");
            drop(client);
        };
        let receiving = async {
            let mut arrivals = Vec::new();
            while let Ok(byte) = node.read_u8().await {
                arrivals.push((byte, begun.elapsed().as_millis()));
            }
            arrivals.push((0, begun.elapsed().as_millis()));
            arrivals
        };
        let ((), (), arrivals) = tokio::join!(wire, sending, receiving);
        assert_eq!(arrivals, [(1, 50), (2, 60), (0, 60)]);
    }

    #[test]
    fn frames_are_counted_however_their_bytes_arrive() {
        let bytes = [0, 0, 0, 2, b'a', b'b', 0, 0, 0, 0, 0, 0, 0, 1, b'c'];
        for size in 1..=bytes.len() {
            let mut frames = Frames::default();
            assert_eq!(bytes.chunks(size).map(|part| frames.pass(part)).sum::<usize>(), 3, "by {size}");
        }
        let mut frames = Frames::default();
        assert_eq!(frames.pass(&[0x16, 3, 1, 2]), 1);
        assert_eq!(Frames::default().pass(&[0xff; 64]), 0, "no length");
    }
}
