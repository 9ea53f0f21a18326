//! Streams around streams: what the first bytes were, and errors of TLS as errors with a reason.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, BufReader, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::failure;

/// What carries TLS. It remembers the first bytes of the peer, which tell what it is where it does not speak TLS; and where nothing can be
/// written any more it goes on to read: a broker that refuses the client says why and closes, perhaps before the client has written
/// all.
pub(super) struct Carrier<S> {
    stream: S,
    first: [u8; 5],
    count: usize,
    /// Why nothing can be written any more.
    lost: Option<io::Error>,
}

impl<S> Carrier<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, first: [0; 5], count: 0, lost: None }
    }

    pub(super) fn first(&self) -> &[u8] {
        self.first.get(..self.count).unwrap_or_default()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Carrier<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let Self { first, count, .. } = &mut *self;
        let room = first.iter_mut().skip(*count);
        for (place, byte) in room.zip(buf.filled().iter().skip(before)) {
            *place = *byte;
            *count += 1;
        }
        let has_ended = buf.filled().len() == before;
        Poll::Ready(if has_ended { self.lost.take().map_or(Ok(()), Err) } else { Ok(()) })
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Carrier<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.lost.is_none() {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, bytes)) {
                Ok(count) => return Poll::Ready(Ok(count)),
                Err(error) => self.lost = Some(error),
            }
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A stream whose handshake is done. In TLS 1.3 the broker's verdict on the client's certificate comes after that.
pub(super) struct Encrypted {
    stream: TlsStream<Carrier<BufReader<TcpStream>>>,
    identity: Option<Arc<str>>,
}

impl Encrypted {
    pub(super) fn new(stream: TlsStream<Carrier<BufReader<TcpStream>>>, identity: Option<Arc<str>>) -> Self {
        Self { stream, identity }
    }

    fn explained(&self, error: io::Error) -> io::Error {
        failure::of_stream(error, self.identity.as_deref())
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match ready!(Pin::new(&mut self.stream).poll_read(cx, buf)) {
            // The peer closed without saying so in TLS. Frames tell their length: one that is cut off is noticed there.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Poll::Ready(Ok(())),
            Err(error) => Poll::Ready(Err(self.explained(error))),
            Ok(()) => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes));
        Poll::Ready(written.map_err(|error| self.explained(error)))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = ready!(Pin::new(&mut self.stream).poll_flush(cx));
        Poll::Ready(flushed.map_err(|error| self.explained(error)))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn what_the_peer_said_before_it_closed_is_read_though_nothing_can_be_written_any_more() {
        let (client, mut server) = tokio::io::duplex(16);
        server.write_all(b"refused").await.expect("fits");
        drop(server);
        let mut client = Carrier::new(client);
        client.write_all(b"much more than sixteen bytes").await.expect("it is not heard");
        let mut said = Vec::new();
        let error = client.read_to_end(&mut said).await.expect_err("the stream is lost");
        assert_eq!((said.as_slice(), error.kind(), client.first()), (&b"refused"[..], io::ErrorKind::BrokenPipe, &b"refus"[..]));
    }
}
