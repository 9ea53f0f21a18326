//! The client's own certificate and its private key.

use std::sync::Arc;

use pkcs8::EncryptedPrivateKeyInfo;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use rustls::sign::{CertifiedKey, SigningKey};
use x509_cert::Certificate;
use x509_cert::der::Decode;

use super::authority::certificates;
use super::failure::unusable;
use super::files::Files;
use super::pem::{Block, blocks};
use super::verify::subject_of;
use crate::config::{Secret, TlsIdentity};
use crate::error::Result;

const KEY_KINDS: &str = "RSA, ECDSA (P-256, P-384) and Ed25519 keys can be used";
const DECRYPT: &str = "decrypt it by `openssl pkcs8 -topk8 -nocrypt -in KEY -out key.pem`, or encrypt it anew by `openssl pkcs8 -topk8 -v2 aes256 -in KEY -out key.pem`";

/// Who this client is.
pub(super) struct Identity {
    pub(super) certified: CertifiedKey,
    pub(super) subject: String,
}

impl Identity {
    pub(super) fn read(settings: &TlsIdentity, provider: &CryptoProvider, files: &mut Files) -> Result<Self> {
        let (bytes, source) = files.read(&settings.chain)?;
        let chain = certificates(&bytes).map_err(|reason| unusable(format!("{source}: {reason}"), ""))?;
        let Some(own) = chain.first() else {
            return Err(unusable(format!("{source} holds no certificate"), "-----BEGIN CERTIFICATE----- is missing"));
        };
        let subject = subject_of(own);
        let (bytes, source) = files.read(&settings.key)?;
        let blocks = blocks(&bytes).map_err(|reason| unusable(format!("{source}: {reason}"), ""))?;
        let Some(block) = blocks.into_iter().find(|block| block.label.ends_with("PRIVATE KEY")) else {
            return Err(unusable(format!("{source} holds no private key"), "give it by ssl.key.location"));
        };
        let key = private_key(block, settings.password.as_ref(), &source)?;
        let key = provider.key_provider.load_private_key(key);
        let key = key.map_err(|error| unusable(format!("the private key of {source} cannot be used: {error}"), KEY_KINDS))?;
        if signs_for(&key, own, provider) == Some(false) {
            let reason = format!("the private key of {source} is not that of the certificate {subject}");
            return Err(unusable(reason, "was only one of them renewed?"));
        }
        Ok(Self { certified: CertifiedKey::new(chain, key), subject })
    }
}

/// Whether what the key signs is what the certificate vouches for; none where that cannot be told here. Not every provider can say which
/// public key a private one has.
fn signs_for(key: &Arc<dyn SigningKey>, certificate: &CertificateDer<'_>, provider: &CryptoProvider) -> Option<bool> {
    const MESSAGE: &[u8] = b"kolumn";
    let algorithms = provider.signature_verification_algorithms;
    let signer = key.choose_scheme(&algorithms.supported_schemes())?;
    let signature = signer.sign(MESSAGE).ok()?;
    let certificate = Certificate::from_der(certificate).ok()?;
    let public = certificate.tbs_certificate.subject_public_key_info.subject_public_key.as_bytes()?;
    let (_, fitting) = algorithms.mapping.iter().find(|(scheme, _)| *scheme == signer.scheme())?;
    Some(fitting.iter().any(|algorithm| algorithm.verify_signature(public, MESSAGE, &signature).is_ok()))
}

fn private_key(block: Block, password: Option<&Secret>, source: &str) -> Result<PrivateKeyDer<'static>> {
    if block.is_legacy_encrypted {
        return Err(unusable(format!("the private key of {source} is encrypted in the way before PKCS#8"), DECRYPT));
    }
    match block.label.as_str() {
        "PRIVATE KEY" => Ok(PrivatePkcs8KeyDer::from(block.contents).into()),
        "RSA PRIVATE KEY" => Ok(PrivatePkcs1KeyDer::from(block.contents).into()),
        "EC PRIVATE KEY" => Ok(PrivateSec1KeyDer::from(block.contents).into()),
        "ENCRYPTED PRIVATE KEY" => decrypted(&block.contents, password, source),
        other => Err(unusable(format!("{source}: a key of the kind {other:?} cannot be used"), KEY_KINDS)),
    }
}

fn decrypted(contents: &[u8], password: Option<&Secret>, source: &str) -> Result<PrivateKeyDer<'static>> {
    let Some(password) = password else {
        return Err(unusable(format!("the private key of {source} is encrypted"), "give its password by ssl.key.password"));
    };
    let how = |what: &str| unusable(format!("the private key of {source} {what}"), DECRYPT);
    let encrypted = EncryptedPrivateKeyInfo::try_from(contents).map_err(|_| how("is encrypted in a way that is not known"))?;
    match encrypted.decrypt(password.expose()) {
        Ok(key) => Ok(PrivatePkcs8KeyDer::from(key.as_bytes().to_vec()).into()),
        Err(pkcs8::Error::EncryptedPrivateKey(error)) if is_unknown_algorithm(&error) => {
            Err(how("is encrypted in a way that is not known"))
        }
        // Neither tells more than that: the padding is wrong, or what comes out is no key.
        Err(_) => Err(unusable(format!("the private key of {source} cannot be decrypted"), "is ssl.key.password right?")),
    }
}

fn is_unknown_algorithm(error: &pkcs8::pkcs5::Error) -> bool {
    use pkcs8::pkcs5::Error;
    matches!(error, Error::NoPbes1CryptSupport | Error::UnsupportedAlgorithm { .. } | Error::AlgorithmParametersInvalid { .. })
}
