//! The seam between a connection and what carries its bytes: TCP here; TLS (`tls/`), or a simulated network, elsewhere.

use std::fmt;
use std::io;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};

use super::race::staggered;
use super::socket;
use crate::config::{AddressFamily, SocketSettings};

/// How long an address is tried alone: the recommendation of RFC 8305.
const ADDRESS_PAUSE: Duration = Duration::from_millis(250);

/// Bytes both ways.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Opens streams to brokers. Has no time limit of its own: dropping the future gives the attempt up.
pub(crate) trait Transport: Send + Sync + 'static {
    /// A stream to this host and port. An error whose source is [`Unresolved`] means that the name has no address;
    /// one whose source is a [`super::tls::TlsFailure`], here or from the stream, that TLS could not be agreed on.
    fn connect(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Box<dyn Stream>>>;
}

/// The name of a host has no address, or the resolver could not be asked.
#[derive(Debug)]
pub(crate) struct Unresolved(pub(crate) String);

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unresolved {}

impl From<Unresolved> for io::Error {
    fn from(unresolved: Unresolved) -> Self {
        Self::new(io::ErrorKind::NotFound, unresolved)
    }
}

/// TCP. The name is resolved anew for each connection, and all of its addresses are tried that `broker.address.family` allows.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tcp {
    pub(crate) sockets: SocketSettings,
}

impl Transport for Tcp {
    fn connect(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Box<dyn Stream>>> {
        connect(host.to_owned(), port, self.sockets)
            .map(|opened| opened.map(|stream| Box::new(stream) as Box<dyn Stream>))
            .boxed()
    }
}

/// A TCP stream to whichever address of the host answers first.
pub(super) async fn connect(host: String, port: u16, sockets: SocketSettings) -> io::Result<TcpStream> {
    let found = lookup_host((host.as_str(), port)).await.map_err(|error| Unresolved(error.to_string()))?;
    let addresses: Vec<_> = found.filter(|address| socket::may_be_tried(address, &sockets)).collect();
    if addresses.is_empty() && sockets.family != AddressFamily::Any {
        return Err(Unresolved("the name has no address of broker.address.family".into()).into());
    }
    let attempts = addresses.into_iter().map(|address| async move {
        let stream = socket::open(address, &sockets).await;
        stream.map_err(|error| io::Error::new(error.kind(), format!("{} ({})", reason(&error), address.ip())))
    });
    staggered(attempts, ADDRESS_PAUSE).await.map_err(together)
}

/// The text of an I/O error without the operating system's number.
pub(super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".into(),
        io::ErrorKind::ConnectionReset => "connection reset".into(),
        io::ErrorKind::TimedOut => "timed out".into(),
        io::ErrorKind::HostUnreachable => "host unreachable".into(),
        io::ErrorKind::NetworkUnreachable => "network unreachable".into(),
        _ => error.to_string(),
    }
}

fn together(errors: Vec<io::Error>) -> io::Error {
    let kind = errors.first().map_or(io::ErrorKind::NotFound, io::Error::kind);
    if errors.is_empty() {
        return Unresolved("the name has no address".into()).into();
    }
    io::Error::new(kind, errors.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a2_a_listener_is_reached_by_name_whichever_address_it_has() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
        let port = listener.local_addr().expect("bound").port();
        let mut client = Tcp::default().connect("localhost", port).await.expect("one of the addresses listens");
        let (mut server, _) = listener.accept().await.expect("accepts");
        client.write_all(b"kolumn").await.expect("writes");
        let mut seen = [0; 6];
        server.read_exact(&mut seen).await.expect("reads");
        assert_eq!(&seen, b"kolumn");
    }

    #[tokio::test]
    async fn a1_a_closed_port_is_refused_and_the_error_has_the_address() {
        let port = {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
            listener.local_addr().expect("bound").port()
        };
        let error = Tcp::default().connect("127.0.0.1", port).await.err().expect("nobody listens");
        assert_eq!(error.to_string(), "connection refused (127.0.0.1)");
    }

    #[tokio::test]
    async fn a2_a_name_without_address_is_told_apart_from_a_broker_that_is_down() {
        let error = Tcp::default().connect("no-such-host.invalid", 1).await.err().expect("reserved by RFC 6761");
        assert!(error.get_ref().is_some_and(|source| source.is::<Unresolved>()), "{error:?}");
    }
}
