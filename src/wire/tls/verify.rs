//! Whether the broker's certificate is accepted; where it is not, an error says whose it is and what was wanted.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::authority::Authorities;
use super::failure::TlsFailure;

const HOST: &str = "is the address the one in the certificate (advertised.listeners)? An empty ssl.endpoint.identification.algorithm leaves the name unchecked";
const AUTHORITY: &str = "give the certificate of its authority by ssl.ca.location";
const CLOCK: &str = "is the clock of this machine right? Else the broker's certificate must be renewed";

/// Names in a certificate are the peer's words: no more of them than this is shown.
const LONGEST: usize = 300;

/// Accepts what a trusted authority has signed, and what is itself among the certificates that are trusted.
#[derive(Debug)]
pub(super) struct Verifier {
    authorities: Authorities,
    checks_host: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    pub(super) fn new(authorities: Authorities, checks_host: bool, provider: &CryptoProvider) -> Self {
        Self { authorities, checks_host, algorithms: provider.signature_verification_algorithms }
    }

    fn check(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Error> {
        let parsed = ParsedCertificate::try_from(end_entity)?;
        let roots = &self.authorities.roots;
        let signed = verify_server_cert_signed_by_trust_anchor(&parsed, roots, intermediates, now, self.algorithms.all);
        match signed {
            // A self-signed certificate is its own authority, whether or not it says so; Java and OpenSSL accept that.
            Err(_) if self.authorities.certificates.contains(end_entity.as_ref()) => check_validity(end_entity, now)?,
            outcome => outcome?,
        }
        if self.checks_host { verify_server_name(&parsed, name) } else { Ok(()) }
    }

    fn explain(
        &self,
        error: &CertificateError,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
    ) -> TlsFailure {
        let certificate = Certificate::from_der(end_entity).ok();
        let subject = subject_of(end_entity);
        let validity = certificate.as_ref().map(|certificate| certificate.tbs_certificate.validity);
        match error {
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                let wanted = name.to_str();
                let names = certificate.as_ref().map(alternative_names).unwrap_or_default();
                let reason = if names.is_empty() {
                    format!("the certificate {subject} is of no host: it has no subject alternative name; wanted is {wanted}")
                } else {
                    format!("the certificate {subject} is of {}, not of {wanted}", shown(&names.join(", ")))
                };
                TlsFailure::new(reason, HOST)
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                let when = validity.map(|validity| validity.not_after.to_string()).unwrap_or_default();
                TlsFailure::new(
                    format!("the certificate {subject}, or one that it depends on, has expired; it was valid until {when}"),
                    CLOCK,
                )
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                let when = validity.map(|validity| validity.not_before.to_string()).unwrap_or_default();
                TlsFailure::new(
                    format!("the certificate {subject}, or one that it depends on, is not valid yet; it is from {when}"),
                    CLOCK,
                )
            }
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                let top = intermediates.last().unwrap_or(end_entity);
                let issuer =
                    Certificate::from_der(top).map(|top| shown(&top.tbs_certificate.issuer.to_string())).unwrap_or_default();
                let source = &self.authorities.source;
                TlsFailure::new(
                    format!("the certificate {subject} is signed by {issuer}, which is not trusted by {source}"),
                    AUTHORITY,
                )
            }
            other => TlsFailure::new(format!("the certificate {subject} is not accepted: {}", shown(&other.to_string())), ""),
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.check(end_entity, intermediates, server_name, now) {
            Ok(()) => Ok(ServerCertVerified::assertion()),
            Err(Error::InvalidCertificate(error)) => {
                let failure = self.explain(&error, end_entity, intermediates, server_name);
                Err(CertificateError::Other(OtherError(Arc::new(failure))).into())
            }
            Err(error) => Err(error),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Accepts whatever comes: `enable.ssl.certificate.verification=false`.
#[derive(Debug)]
pub(super) struct Unverified(Vec<SignatureScheme>);

impl Unverified {
    pub(super) fn new(provider: &CryptoProvider) -> Self {
        Self(provider.signature_verification_algorithms.supported_schemes())
    }
}

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.clone()
    }
}

fn check_validity(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let parsed = Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding)?;
    let validity = parsed.tbs_certificate.validity;
    let now = now.as_secs();
    if now < validity.not_before.to_unix_duration().as_secs() {
        Err(CertificateError::NotValidYet.into())
    } else if now > validity.not_after.to_unix_duration().as_secs() {
        Err(CertificateError::Expired.into())
    } else {
        Ok(())
    }
}

/// The subject of a certificate, for people.
pub(super) fn subject_of(certificate: &CertificateDer<'_>) -> String {
    let subject = Certificate::from_der(certificate).map(|certificate| certificate.tbs_certificate.subject.to_string());
    match subject {
        Ok(subject) if subject.is_empty() => "without a subject".into(),
        Ok(subject) => shown(&subject),
        Err(_) => "that cannot be read".into(),
    }
}

fn alternative_names(certificate: &Certificate) -> Vec<String> {
    let Ok(Some((_, SubjectAltName(names)))) = certificate.tbs_certificate.get::<SubjectAltName>() else { return Vec::new() };
    names.iter().filter_map(host_name).collect()
}

fn host_name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(bytes) => {
            let bytes = bytes.as_bytes();
            let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
            v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

/// Text of the peer's: on one line, and not too much of it.
fn shown(text: &str) -> String {
    let mut shown: String = text.chars().map(|c| if c.is_control() { '?' } else { c }).take(LONGEST).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}
