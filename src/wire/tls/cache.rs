//! The configuration that connections are opened with, made anew when its files have changed.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::crypto::CryptoProvider;

use super::client::Client;
use super::files::Files;
use crate::config::TlsSettings;
use crate::error::Result;

/// The last configuration that was good.
#[derive(Debug)]
pub(super) struct Cache {
    settings: TlsSettings,
    provider: Arc<CryptoProvider>,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    client: Arc<Client>,
    files: Files,
}

impl Held {
    fn read(settings: &TlsSettings, provider: &Arc<CryptoProvider>) -> Result<Self> {
        let mut files = Files::default();
        let client = Arc::new(Client::read(settings, provider, &mut files)?);
        Ok(Self { client, files })
    }
}

impl Cache {
    pub(super) fn new(settings: TlsSettings, provider: Arc<CryptoProvider>) -> Result<Self> {
        let held = Mutex::new(Held::read(&settings, &provider)?);
        Ok(Self { settings, provider, held })
    }

    /// The configuration, read again where a file has changed. Where that fails the last good one stays, until the files are mended.
    pub(super) fn current(&self) -> Arc<Client> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.files.have_changed() {
            match Held::read(&self.settings, &self.provider) {
                Ok(renewed) => {
                    tracing::info!("the certificates on disk have changed and were read again");
                    *held = renewed;
                }
                Err(error) => {
                    tracing::warn!(%error, "the certificates on disk have changed and cannot be used; those before are used on");
                }
            }
        }
        Arc::clone(&held.client)
    }
}
