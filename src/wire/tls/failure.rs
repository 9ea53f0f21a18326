//! Why TLS could not be agreed on, and whether that may pass by itself.

use std::fmt;
use std::io;

use rustls::{AlertDescription, CertificateError, OtherError};

use super::super::transport::reason as reason_of;
use crate::error::Error;

const CLIENT_CERTIFICATE: &str = "give one by ssl.certificate.location and ssl.key.location, or ssl.keystore.location";
const NOT_TLS: &str = "is security.protocol right for this port?";

/// TLS could not be agreed on. It travels inside an I/O error.
#[derive(Debug, Clone)]
pub(crate) struct TlsFailure {
    reason: String,
    hint: &'static str,
    /// The same attempt may succeed a little later, without anybody doing anything.
    is_passing: bool,
}

impl TlsFailure {
    /// One that stays until somebody changes something.
    pub(super) fn new(reason: impl Into<String>, hint: &'static str) -> Self {
        Self { reason: reason.into(), hint, is_passing: false }
    }

    fn passing(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), hint: "", is_passing: true }
    }

    /// The failure that an I/O error carries.
    pub(crate) fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// The error of the broker that it happened with.
    pub(crate) fn error(&self, broker: &str) -> Error {
        let (broker, reason) = (broker.to_owned(), self.reason.clone());
        if self.is_passing { Error::Disconnected { broker, reason } } else { Error::Tls { broker, reason, hint: self.hint } }
    }
}

impl fmt::Display for TlsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for TlsFailure {}

impl From<TlsFailure> for io::Error {
    fn from(failure: TlsFailure) -> Self {
        Self::other(failure)
    }
}

/// What is on disk or in the settings cannot be used.
pub(super) fn unusable(reason: impl Into<String>, hint: &'static str) -> Error {
    Error::Tls { broker: String::new(), reason: reason.into(), hint }
}

fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// A handshake that failed; `first` is how the peer's bytes begin, `identity` the certificate that the client has.
pub(super) fn of_handshake(error: io::Error, first: &[u8], identity: Option<&str>) -> io::Error {
    if let Some(other) = other_protocol(first) {
        return TlsFailure::new(other, NOT_TLS).into();
    }
    match tls_error(&error) {
        Some(failed) => explain(failed, identity).into(),
        None if first.is_empty() => {
            let how = if error.kind() == io::ErrorKind::UnexpectedEof { "closed".into() } else { reason_of(&error) };
            TlsFailure::passing(format!("{how} before a byte of TLS; a plaintext listener does that: {NOT_TLS}")).into()
        }
        None => TlsFailure::passing(format!("in the middle of the TLS handshake ({})", reason_of(&error))).into(),
    }
}

/// An error of a stream whose handshake is done.
pub(super) fn of_stream(error: io::Error, identity: Option<&str>) -> io::Error {
    match tls_error(&error) {
        Some(failed) => explain(failed, identity).into(),
        None => error,
    }
}

/// What the bytes are that are no TLS record.
fn other_protocol(first: &[u8]) -> Option<&'static str> {
    match first {
        [] | [0x14..=0x17, 3, ..] | [0x14..=0x17] => None,
        [b'H', b'T', b'T', b'P', ..] => Some("this looks like HTTP, not TLS"),
        [b'S', b'S', b'H', b'-', ..] => Some("this looks like SSH, not TLS"),
        [0, ..] => Some("this looks like Kafka without TLS"),
        _ => Some("the bytes that came are no TLS"),
    }
}

fn explain(error: &rustls::Error, identity: Option<&str>) -> TlsFailure {
    use rustls::Error as Tls;
    match error {
        Tls::InvalidCertificate(CertificateError::Other(OtherError(other))) => match other.downcast_ref::<TlsFailure>() {
            Some(refusal) => refusal.clone(),
            None => TlsFailure::new(format!("the broker's certificate is not accepted: {other}"), ""),
        },
        Tls::AlertReceived(alert) => refused(*alert, identity),
        Tls::PeerIncompatible(_) | Tls::InvalidCertificate(_) | Tls::NoCertificatesPresented | Tls::UnsupportedNameType => {
            TlsFailure::new(error.to_string(), "")
        }
        // A damaged record, a peer that is out of step: another connection may do.
        _ => TlsFailure::passing(format!("TLS: {error}")),
    }
}

/// The broker ended it, and said why in one word.
fn refused(alert: AlertDescription, identity: Option<&str>) -> TlsFailure {
    use AlertDescription as Alert;
    let word = format!("{alert:?}");
    match (alert, identity) {
        (Alert::CertificateRequired | Alert::BadCertificate | Alert::NoCertificate, None) => {
            TlsFailure::new(format!("the broker asks for a client certificate ({word})"), CLIENT_CERTIFICATE)
        }
        (
            Alert::CertificateRequired
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied
            | Alert::DecryptError,
            Some(subject),
        ) => TlsFailure::new(
            format!("the broker does not accept the client certificate {subject} ({word})"),
            "does the broker trust its authority, and has it expired?",
        ),
        (Alert::HandshakeFailure | Alert::CertificateUnknown | Alert::AccessDenied, None) => TlsFailure::new(
            format!("the broker ended the handshake ({word})"),
            "perhaps it asks for a client certificate, or shares no cipher suite with ssl.cipher.suites",
        ),
        (Alert::HandshakeFailure | Alert::ProtocolVersion | Alert::InsufficientSecurity, _) => TlsFailure::new(
            format!("broker and client have no TLS version or cipher suite in common ({word})"),
            "see ssl.enabled.protocols and ssl.cipher.suites here and on the broker; only TLS 1.2 and 1.3 are spoken",
        ),
        (Alert::UnrecognisedName, _) => {
            TlsFailure::new(format!("the broker does not know the host name ({word})"), "is the address right?")
        }
        _ => TlsFailure::passing(format!("the broker ended TLS ({word})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handshake(error: rustls::Error, first: &[u8], identity: Option<&str>) -> Error {
        let error = of_handshake(io::Error::new(io::ErrorKind::InvalidData, error), first, identity);
        TlsFailure::of(&error).expect("a failure").error("kafka:9093")
    }

    const TLS: &[u8] = &[0x15, 3, 3, 0, 2];

    #[test]
    fn a_peer_that_speaks_something_else_is_told_by_its_first_bytes() {
        let wrong = || rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
        for (bytes, word) in [(&b"HTTP/"[..], "HTTP"), (b"SSH-2", "SSH"), (&[0, 0, 0, 42, 1], "Kafka without TLS")] {
            let text = handshake(wrong(), bytes, None).to_string();
            assert!(text.contains(word) && text.contains("security.protocol"), "{text}");
        }
        assert!(matches!(handshake(wrong(), TLS, None), Error::Disconnected { .. }));
    }

    #[test]
    fn a_connection_that_is_cut_may_pass_and_the_hint_says_what_does_that_for_ever() {
        let error = of_handshake(io::ErrorKind::UnexpectedEof.into(), &[], None);
        match TlsFailure::of(&error).expect("a failure").error("kafka:9093") {
            Error::Disconnected { reason, .. } => assert!(reason.contains("plaintext") && reason.contains("security.protocol")),
            other => panic!("{other:?}"),
        }
        let error = of_handshake(io::ErrorKind::ConnectionReset.into(), TLS, None);
        assert!(matches!(TlsFailure::of(&error).expect("a failure").error("k"), Error::Disconnected { .. }));
    }

    #[test]
    fn alerts_are_told_apart_by_what_is_to_be_done() {
        use AlertDescription as Alert;
        let text = |alert, identity| match handshake(rustls::Error::AlertReceived(alert), TLS, identity) {
            error @ Error::Tls { .. } => error.to_string(),
            other => panic!("{other:?}"),
        };
        assert!(text(Alert::CertificateRequired, None).contains("ssl.keystore.location"));
        assert!(text(Alert::BadCertificate, None).contains("asks for a client certificate"));
        assert!(text(Alert::UnknownCA, Some("CN=me")).contains("does not accept the client certificate CN=me"));
        assert!(text(Alert::HandshakeFailure, None).contains("client certificate"));
        assert!(text(Alert::ProtocolVersion, None).contains("ssl.enabled.protocols"));
        let passing = handshake(rustls::Error::AlertReceived(Alert::InternalError), TLS, None);
        assert!(matches!(passing, Error::Disconnected { .. }));
    }
}
