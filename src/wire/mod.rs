//! Bytes on a socket: transport, frames, what a response may look like, version negotiation, one connection.
//!
//! Messages are those of `kafka-protocol`. It allocates arrays from the lengths on the wire, so every response is walked by its
//! [`shape`] first, and only one that is whole is decoded.

mod api;
mod connection;
mod error_code;
mod frame;
pub(crate) mod http;
mod patience;
mod pool;
mod race;
mod sasl;
mod shape;
mod shapes;
mod socket;
mod tls;
mod transport;
mod versions;

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
#[cfg(test)]
pub(crate) mod testing;

use std::sync::Arc;
use std::time::Duration;

pub(crate) use api::Request;
pub(crate) use connection::{Connection, LONGEST_THROTTLE};
pub(crate) use error_code::error_name;
pub(crate) use patience::Patience;
pub(crate) use pool::{FramePool, PoolLimits};
pub(crate) use race::staggered;
pub(crate) use sasl::{Login, Oidc, Tokens};
pub use sasl::{Token, TokenError, TokenSource};
#[cfg(test)]
pub(crate) use transport::Stream;
use transport::Tcp;
pub(crate) use transport::Transport;

use rustls::crypto::CryptoProvider;

use crate::config::{SecurityProtocol, Settings, SocketSettings, TlsSettings};
use crate::error::Result;
use crate::metrics::Metrics;

/// What carries the bytes to brokers, as `security.protocol` says; `provider` is the cryptography to use instead of the built-in one.
///
/// # Errors
/// Those of [`tls::Tls::new`].
pub(crate) fn transport(settings: &Settings, provider: Option<Arc<CryptoProvider>>) -> Result<Arc<dyn Transport>> {
    let security = &settings.security;
    Ok(if security.protocol.is_tls() {
        Arc::new(tls::Tls::new(&security.tls, provider)?.with_sockets(settings.sockets))
    } else {
        Arc::new(Tcp { sockets: settings.sockets })
    })
}

/// What carries bytes with TLS like this, or without: for what is spoken beside Kafka's protocol.
///
/// # Errors
/// Those of [`tls::Tls::new`].
pub(crate) fn carrier(
    tls: Option<&TlsSettings>,
    sockets: SocketSettings,
    provider: Option<Arc<CryptoProvider>>,
) -> Result<Arc<dyn Transport>> {
    Ok(match tls {
        Some(tls) => Arc::new(tls::Tls::new(tls, provider)?.with_sockets(sockets)),
        None => Arc::new(Tcp { sockets }),
    })
}

/// What a connection needs to know.
#[derive(Debug, Clone)]
pub(crate) struct WireSettings {
    /// The name that brokers see.
    pub(crate) client_id: Arc<str>,
    /// What the listeners are believed to speak, for hints.
    pub(crate) protocol: SecurityProtocol,
    /// How long a connection may take to open, name resolution and TLS included; the version negotiation has a request timeout besides.
    pub(crate) connect_timeout: Duration,
    /// How long it may take after attempts that took too long: each doubles `connect_timeout`.
    pub(crate) connect_timeout_max: Duration,
    /// Which brokers took too long.
    pub(crate) patience: Arc<Patience>,
    /// How long a broker may take to answer, from the first byte sent to the last received.
    pub(crate) request_timeout: Duration,
    /// A connection on which nothing was asked for this long is closed; none for never.
    pub(crate) max_idle: Option<Duration>,
    /// The largest response that is accepted.
    pub(crate) max_frame: usize,
    /// What each connection logs in with.
    pub(crate) login: Option<Arc<Login>>,
    /// Where what is exchanged is counted.
    pub(crate) metrics: Arc<Metrics>,
}

impl WireSettings {
    /// What the settings say, with the program's source of tokens, and its cryptography for the way to an OpenID Connect provider.
    ///
    /// # Errors
    /// [`Error::Missing`](crate::Error::Missing) where the login wants such a source and there is none; those of [`tls::Tls::new`].
    pub(crate) fn new(
        settings: &Settings,
        tokens: Option<Arc<dyn TokenSource>>,
        provider: Option<Arc<CryptoProvider>>,
    ) -> Result<Self> {
        let transport = |tls: Option<&TlsSettings>| carrier(tls, settings.sockets, provider);
        let login = settings.security.sasl.as_ref().map(|sasl| Login::new(sasl, tokens, transport)).transpose()?;
        Ok(Self {
            client_id: settings.client_id.as_str().into(),
            protocol: settings.security.protocol,
            connect_timeout: settings.connect_timeout,
            connect_timeout_max: settings.connect_timeout_max,
            patience: Arc::default(),
            request_timeout: settings.request_timeout,
            max_idle: settings.connections_max_idle,
            max_frame: settings.max_response_bytes,
            login: login.map(Arc::new),
            metrics: Metrics::new(),
        })
    }
}
