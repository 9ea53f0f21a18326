//! The authorities that are trusted: of the settings, else of the system.

use std::collections::BTreeSet;
use std::path::PathBuf;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

use super::failure::unusable;
use super::files::Files;
use super::pem::blocks;
use crate::config::Pem;
use crate::error::Result;

/// Who is trusted.
#[derive(Debug)]
pub(super) struct Authorities {
    pub(super) roots: RootCertStore,
    /// The same as they were given: a broker's own certificate may be among them.
    pub(super) certificates: BTreeSet<Vec<u8>>,
    /// Where they are from, for people.
    pub(super) source: String,
}

impl Authorities {
    /// Those that are given, or those of the system where none are.
    pub(super) fn read(given: &[Pem], files: &mut Files) -> Result<Self> {
        let mut authorities = Self { roots: RootCertStore::empty(), certificates: BTreeSet::new(), source: String::new() };
        if given.is_empty() {
            authorities.read_system(files);
            if authorities.roots.is_empty() {
                let hint = "give the authorities of your brokers by ssl.ca.location (SSL_CERT_FILE is looked at as well)";
                return Err(unusable("this system has no certificates of authorities, and none were given", hint));
            }
            authorities.source = "the authorities of this system".into();
            return Ok(authorities);
        }
        let mut sources = Vec::new();
        for pem in given {
            let (bytes, source) = files.read(pem)?;
            let before = authorities.roots.len();
            authorities.add(&bytes).map_err(|reason| unusable(format!("{source}: {reason}"), HOW))?;
            if authorities.roots.len() == before && sources.is_empty() {
                return Err(unusable(format!("{source} holds no certificate of an authority"), HOW));
            }
            sources.push(source);
        }
        authorities.source = sources.join(", ");
        Ok(authorities)
    }

    fn add(&mut self, bytes: &[u8]) -> std::result::Result<(), String> {
        for block in blocks(bytes)?.into_iter().filter(|block| is_certificate(&block.label)) {
            if self.certificates.insert(block.contents.clone())
                && let Err(error) = self.roots.add(CertificateDer::from(block.contents))
            {
                // Bundles have some that nobody can use; they are not trusted then.
                tracing::debug!(%error, "a certificate that cannot be an authority");
            }
        }
        Ok(())
    }

    /// The bundle of the system, or its directory where it has no bundle; what in it cannot be read is left out.
    fn read_system(&mut self, files: &mut Files) {
        let found = openssl_probe::probe();
        let places: Vec<PathBuf> = found.cert_file.into_iter().chain(found.cert_dir).collect();
        for place in places {
            if self.roots.is_empty()
                && let Ok((bytes, source)) = files.read(&Pem::File(place))
                && let Err(reason) = self.add(&bytes)
            {
                tracing::debug!(source, reason, "not read");
            }
        }
    }
}

const HOW: &str = "ssl.ca.location wants PEM: -----BEGIN CERTIFICATE-----";

fn is_certificate(label: &str) -> bool {
    matches!(label, "CERTIFICATE" | "X509 CERTIFICATE")
}

/// The certificates of a PEM text, in their order.
pub(super) fn certificates(bytes: &[u8]) -> std::result::Result<Vec<CertificateDer<'static>>, String> {
    let blocks = blocks(bytes)?.into_iter().filter(|block| is_certificate(&block.label));
    Ok(blocks.map(|block| CertificateDer::from(block.contents)).collect())
}
