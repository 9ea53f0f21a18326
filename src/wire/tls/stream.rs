//! Streams around streams: what the first bytes were, and errors of TLS as errors with a reason.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::failure;

/// A stream that remembers the first bytes of the peer: they tell what it is where it does not speak TLS.
pub(super) struct FirstBytes<S> {
    stream: S,
    first: [u8; 5],
    count: usize,
}

impl<S> FirstBytes<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, first: [0; 5], count: 0 }
    }

    pub(super) fn first(&self) -> &[u8] {
        self.first.get(..self.count).unwrap_or_default()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FirstBytes<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let Self { first, count, .. } = &mut *self;
        let room = first.iter_mut().skip(*count);
        for (place, byte) in room.zip(buf.filled().iter().skip(before)) {
            *place = *byte;
            *count += 1;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FirstBytes<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
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
    stream: TlsStream<FirstBytes<TcpStream>>,
    identity: Option<Arc<str>>,
}

impl Encrypted {
    pub(super) fn new(stream: TlsStream<FirstBytes<TcpStream>>, identity: Option<Arc<str>>) -> Self {
        Self { stream, identity }
    }

    fn explained(&self, error: io::Error) -> io::Error {
        failure::of_stream(error, self.identity.as_deref())
    }

    /// A broker that refuses closes as well, so that writing may fail before its reason was read.
    fn refusal(&mut self, cx: &mut Context<'_>, error: io::Error) -> io::Error {
        let mut scratch = [0; 256];
        match Pin::new(&mut self.stream).poll_read(cx, &mut ReadBuf::new(&mut scratch)) {
            Poll::Ready(Err(refusal)) if failure::is_tls(&refusal) => self.explained(refusal),
            _ => self.explained(error),
        }
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
        Poll::Ready(written.map_err(|error| self.refusal(cx, error)))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = ready!(Pin::new(&mut self.stream).poll_flush(cx));
        Poll::Ready(flushed.map_err(|error| self.refusal(cx, error)))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
