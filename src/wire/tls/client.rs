//! Settings and files as a configuration of rustls.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};

use super::authority::Authorities;
use super::failure::unusable;
use super::files::Files;
use super::identity::Identity;
use super::suites;
use super::verify::{Unverified, Verifier};
use crate::config::{TlsSettings, Verification};
use crate::error::Result;

/// What a connection is opened with.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) config: Arc<ClientConfig>,
    /// The subject of the client's own certificate, for errors.
    pub(super) identity: Option<Arc<str>>,
}

impl Client {
    pub(super) fn read(settings: &TlsSettings, provider: &Arc<CryptoProvider>, files: &mut Files) -> Result<Self> {
        let mut provider = CryptoProvider::clone(provider);
        provider.cipher_suites = suites::select(&provider, &settings.cipher_suites)?;
        let provider = Arc::new(provider);
        let versions: Vec<_> = [(settings.versions.tls12, &TLS12), (settings.versions.tls13, &TLS13)]
            .into_iter()
            .filter_map(|(is_on, version)| is_on.then_some(version))
            .collect();
        let verifier: Arc<dyn ServerCertVerifier> = match settings.verification {
            Verification::Nothing => {
                tracing::warn!("enable.ssl.certificate.verification=false: anybody can pass for the broker");
                Arc::new(Unverified::new(&provider))
            }
            checked => {
                let authorities = Authorities::read(&settings.authorities, files)?;
                Arc::new(Verifier::new(authorities, checked == Verification::Full, &provider))
            }
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions)
            .map_err(|error| {
                unusable(error.to_string(), "ssl.cipher.suites and ssl.enabled.protocols must leave a suite for a version")
            })?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let Some(identity) = &settings.identity else {
            return Ok(Self { config: Arc::new(builder.with_no_client_auth()), identity: None });
        };
        let identity = Identity::read(identity, builder.crypto_provider(), files)?;
        let resolver = SingleCertAndKey::from(identity.certified);
        Ok(Self {
            config: Arc::new(builder.with_client_cert_resolver(Arc::new(resolver))),
            identity: Some(identity.subject.into()),
        })
    }
}
