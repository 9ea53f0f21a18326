//! TLS over TCP: rustls, with cryptography in pure Rust or what the embedder passes in.
//!
//! Certificates and keys that are files are read again when they have changed and a connection is opened: a renewed certificate needs no
//! restart. The files are small, and they are read where a connection is opened, on kolumn's own threads: reading them blocks nobody
//! else.

mod authority;
mod cache;
mod client;
mod failure;
mod files;
mod identity;
mod pem;
mod provider;
mod stream;
mod suites;
mod verify;

use std::io;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use tokio::io::BufReader;
use tokio_rustls::TlsConnector;

use super::transport::{Stream, Transport, connect};
use crate::config::{SocketSettings, TlsSettings};
use crate::error::Result;
use cache::Cache;
pub(super) use failure::TlsFailure;
use stream::{Carrier, Encrypted};

/// How much is read from the socket at once: rustls itself asks for 4 KiB at a time.
const READ_AHEAD: usize = 64 << 10;

/// TLS over TCP.
#[derive(Debug)]
pub(crate) struct Tls {
    configuration: Cache,
    sockets: SocketSettings,
}

impl Tls {
    /// Reads what the settings name, once, so that what is wrong with it is known before anything is connected to.
    ///
    /// # Errors
    /// [`crate::Error::Tls`] where a file cannot be read or used, or the processor lacks what the cryptography needs;
    /// [`crate::Error::InvalidProperty`] for a cipher suite that is not known.
    pub(crate) fn new(settings: &TlsSettings, provider: Option<Arc<CryptoProvider>>) -> Result<Self> {
        let provider = provider::choose(provider)?;
        Ok(Self { configuration: Cache::new(settings.clone(), provider)?, sockets: SocketSettings::default() })
    }

    /// Over sockets like these.
    pub(crate) fn with_sockets(self, sockets: SocketSettings) -> Self {
        Self { sockets, ..self }
    }
}

impl Transport for Tls {
    fn connect(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Box<dyn Stream>>> {
        let client = self.configuration.current();
        let (host, sockets) = (host.to_owned(), self.sockets);
        async move {
            let name = ServerName::try_from(host.clone())
                .map_err(|_| TlsFailure::new(format!("{host:?} is no name that a certificate can have"), ""))?;
            let tcp = Carrier::new(BufReader::with_capacity(READ_AHEAD, connect(host, port, sockets).await?));
            let connecting = TlsConnector::from(Arc::clone(&client.config)).connect(name, tcp).into_fallible();
            match connecting.await {
                Ok(stream) => {
                    let (_, session) = stream.get_ref();
                    tracing::debug!(version = ?session.protocol_version(), suite = ?session.negotiated_cipher_suite(), "TLS agreed on");
                    Ok(Box::new(Encrypted::new(stream, client.identity.clone())) as Box<dyn Stream>)
                }
                Err((error, tcp)) => Err(failure::of_handshake(error, tcp.first(), client.identity.as_deref())),
            }
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests;
