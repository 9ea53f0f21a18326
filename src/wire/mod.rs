//! Bytes on a socket: transport, frames, what a response may look like, version negotiation, one connection.
//!
//! Messages are those of `kafka-protocol`. It allocates arrays from the lengths on the wire, so every response is walked by its
//! [`shape`] first, and only one that is whole is decoded.

mod api;
mod connection;
mod error_code;
mod frame;
mod pool;
mod race;
mod sasl;
mod shape;
mod shapes;
mod transport;
mod versions;

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
#[cfg(test)]
pub(crate) mod testing;

use std::sync::Arc;
use std::time::Duration;

pub(crate) use api::Request;
pub(crate) use connection::Connection;
pub(crate) use error_code::error_name;
pub(crate) use pool::{FramePool, PoolLimits};
pub(crate) use race::staggered;
pub(crate) use sasl::Login;
pub use sasl::{Token, TokenError, TokenSource};
pub(crate) use transport::{Tcp, Transport};

use crate::config::Settings;
use crate::error::Result;
use crate::metrics::Metrics;

/// What a connection needs to know.
#[derive(Debug, Clone)]
pub(crate) struct WireSettings {
    /// The name that brokers see.
    pub(crate) client_id: Arc<str>,
    /// How long a connection may take to open, name resolution included; the version negotiation has a request timeout besides.
    pub(crate) connect_timeout: Duration,
    /// How long a broker may take to answer, from the first byte sent to the last received.
    pub(crate) request_timeout: Duration,
    /// The largest response that is accepted.
    pub(crate) max_frame: usize,
    /// What each connection logs in with.
    pub(crate) login: Option<Arc<Login>>,
    /// Where what is exchanged is counted.
    pub(crate) metrics: Arc<Metrics>,
}

impl WireSettings {
    /// What the settings say, with the program's source of tokens.
    ///
    /// # Errors
    /// [`Error::Missing`](crate::Error::Missing) where the login wants such a source and there is none.
    pub(crate) fn new(settings: &Settings, tokens: Option<Arc<dyn TokenSource>>) -> Result<Self> {
        let transport = |tls: bool| -> Result<Arc<dyn Transport>> {
            if tls {
                let (what, hint) = ("TLS to an OpenID Connect provider".into(), "it comes later".into());
                return Err(crate::Error::Missing { what, hint });
            }
            Ok(Arc::new(Tcp))
        };
        let login = settings.security.sasl.as_ref().map(|sasl| Login::new(sasl, tokens, transport)).transpose()?;
        Ok(Self {
            client_id: settings.client_id.as_str().into(),
            connect_timeout: settings.connect_timeout,
            request_timeout: settings.request_timeout,
            max_frame: settings.max_response_bytes,
            login: login.map(Arc::new),
            metrics: Metrics::new(),
        })
    }
}
