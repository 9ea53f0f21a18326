//! How brokers are spoken to: in the clear or over TLS, with or without a login. Names of Kafka's Java client and of librdkafka.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::hidden::Secret;
use super::sasl::SaslSettings;
use super::value::Reader;
use crate::error::{Error, Result};

/// `security.protocol`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(clippy::exhaustive_enums)] // Kafka has these four
pub enum SecurityProtocol {
    /// Neither encrypted nor authenticated.
    #[default]
    Plaintext,
    /// TLS.
    Ssl,
    /// A login, in the clear.
    SaslPlaintext,
    /// A login inside TLS.
    SaslSsl,
}

impl SecurityProtocol {
    /// Whether the bytes are carried by TLS.
    pub fn is_tls(self) -> bool {
        matches!(self, Self::Ssl | Self::SaslSsl)
    }

    /// Whether there is a login.
    pub fn is_sasl(self) -> bool {
        matches!(self, Self::SaslPlaintext | Self::SaslSsl)
    }

    /// Its name in properties.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plaintext => "PLAINTEXT",
            Self::Ssl => "SSL",
            Self::SaslPlaintext => "SASL_PLAINTEXT",
            Self::SaslSsl => "SASL_SSL",
        }
    }
}

impl FromStr for SecurityProtocol {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Plaintext, Self::Ssl, Self::SaslPlaintext, Self::SaslSsl];
        let found = all.into_iter().find(|protocol| protocol.name().eq_ignore_ascii_case(text));
        found.ok_or_else(|| "must be PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL".into())
    }
}

/// How brokers are spoken to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Security {
    /// `security.protocol`.
    pub protocol: SecurityProtocol,
    /// `ssl.*`; the defaults where the protocol is without TLS.
    pub tls: TlsSettings,
    /// `sasl.*`; none where the protocol is without SASL.
    pub sasl: Option<SaslSettings>,
}

impl Security {
    pub(super) fn read(reader: &Reader<'_>) -> Result<Self> {
        let protocol = reader.parsed("security.protocol", str::parse::<SecurityProtocol>)?;
        let tls = TlsSettings::read(reader);
        // One file may serve several clients: what is not used need not be right.
        let tls = if protocol.is_tls() { tls? } else { tls.unwrap_or_default() };
        let sasl = SaslSettings::read(reader, protocol.is_sasl())?;
        Ok(Self { protocol, tls, sasl })
    }
}

/// Where a PEM text is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pem {
    /// In a file, or in the files of a directory. It is read again when it has changed and a connection is opened.
    File(PathBuf),
    /// In the property itself.
    Text(Secret),
}

/// Who this client is: `ssl.certificate.*`, `ssl.key.*`, `ssl.keystore.*`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsIdentity {
    /// The certificate, and those between it and its authority.
    pub chain: Pem,
    /// Its private key; may be the same file.
    pub key: Pem,
    /// `ssl.key.password`.
    pub password: Option<Secret>,
}

/// What is checked of a broker's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Verification {
    /// That a trusted authority has signed it, that it has not expired, and that it is of the host that was connected to.
    #[default]
    Full,
    /// All but the host: `ssl.endpoint.identification.algorithm` is empty or `none`.
    AnyHost,
    /// Nothing: `enable.ssl.certificate.verification=false`.
    Nothing,
}

/// The versions of TLS that may be spoken: `ssl.enabled.protocols` up to `ssl.protocol`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)] // older ones are broken
pub struct TlsVersions {
    /// TLS 1.2.
    pub tls12: bool,
    /// TLS 1.3.
    pub tls13: bool,
}

/// What a TLS connection needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsSettings {
    /// `ssl.ca.location`, `ssl.ca.pem`, `ssl.truststore.location`, `ssl.truststore.certificates`, all of them together; none for the
    /// authorities of the system.
    pub authorities: Vec<Pem>,
    /// The client's own certificate, where it has one.
    pub identity: Option<TlsIdentity>,
    /// What is checked of the broker's.
    pub verification: Verification,
    /// Which versions are spoken.
    pub versions: TlsVersions,
    /// `ssl.cipher.suites`, as given; empty for all.
    pub cipher_suites: Vec<String>,
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self {
            authorities: Vec::new(),
            identity: None,
            verification: Verification::Full,
            versions: TlsVersions { tls12: true, tls13: true },
            cipher_suites: Vec::new(),
        }
    }
}

impl TlsSettings {
    pub(super) fn read(reader: &Reader<'_>) -> Result<Self> {
        let verified = reader.boolean("enable.ssl.certificate.verification");
        let host = reader.parsed("ssl.endpoint.identification.algorithm", identification);
        let authorities = authorities(reader);
        let identity = identity(reader);
        let versions = versions(reader);
        let suites = reader.text("ssl.cipher.suites").unwrap_or_default();
        let (verified, host) = (verified?, host?);
        Ok(Self {
            authorities: authorities?,
            identity: identity?,
            verification: match (verified, host) {
                (false, _) => Verification::Nothing,
                (true, false) => Verification::AnyHost,
                (true, true) => Verification::Full,
            },
            versions: versions?,
            cipher_suites: suites.split([',', ':']).map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        })
    }
}

fn authorities(reader: &Reader<'_>) -> Result<Vec<Pem>> {
    let location = reader.filled("ssl.ca.location").filter(|location| location != "probe");
    let text = reader.filled("ssl.ca.pem");
    let kind = store_type(reader, "ssl.truststore.type", CONVERT_TRUST);
    let store = store_location(reader, "ssl.truststore.location", CONVERT_TRUST);
    let certificates = reader.filled("ssl.truststore.certificates");
    kind?;
    let files = [location.map(PathBuf::from), store?].into_iter().flatten().map(Pem::File);
    let texts = [text, certificates].into_iter().flatten().map(|text| Pem::Text(Secret::new(text)));
    Ok(files.chain(texts).collect())
}

fn identity(reader: &Reader<'_>) -> Result<Option<TlsIdentity>> {
    let kind = store_type(reader, "ssl.keystore.type", CONVERT_KEY);
    let file = |name| reader.filled(name).map(|location| Pem::File(location.into()));
    let text = |name| reader.filled(name).map(|text| Pem::Text(Secret::new(text)));
    let store = store_location(reader, "ssl.keystore.location", CONVERT_KEY);
    let chains = [
        ("ssl.certificate.location", file("ssl.certificate.location")),
        ("ssl.certificate.pem", text("ssl.certificate.pem")),
        ("ssl.keystore.certificate.chain", text("ssl.keystore.certificate.chain")),
        ("ssl.keystore.location", store.clone().ok().flatten().map(Pem::File)),
    ];
    let keys = [
        ("ssl.key.location", file("ssl.key.location")),
        ("ssl.key.pem", text("ssl.key.pem")),
        ("ssl.keystore.key", text("ssl.keystore.key")),
    ];
    let password = reader.filled("ssl.key.password").map(Secret::new);
    kind?;
    store?;
    let missing = |what: &str, hint: &str| Error::Missing { what: what.into(), hint: hint.into() };
    match (only(chains, reader)?, only(keys, reader)?) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(missing(
            "the certificate of the private key",
            "give ssl.certificate.location, ssl.certificate.pem or one of Java's names",
        )),
        (Some(chain @ Pem::Text(_)), None) if !holds_key(&chain) => {
            Err(missing("the private key of the certificate", "give ssl.key.location, ssl.key.pem or ssl.keystore.key"))
        }
        (Some(chain), key) => Ok(Some(TlsIdentity { key: key.unwrap_or_else(|| chain.clone()), chain, password })),
    }
}

fn holds_key(pem: &Pem) -> bool {
    matches!(pem, Pem::Text(text) if text.expose().contains("PRIVATE KEY-----"))
}

/// The one of them that was given.
fn only<const N: usize>(candidates: [(&'static str, Option<Pem>); N], reader: &Reader<'_>) -> Result<Option<Pem>> {
    let mut given = candidates.into_iter().filter_map(|(name, pem)| pem.map(|pem| (name, pem)));
    let Some((first, pem)) = given.next() else { return Ok(None) };
    match given.next() {
        None => Ok(Some(pem)),
        Some((second, _)) => Err(reader.invalid(second, "[not shown]", &format!("{first} says the same; give one of them"))),
    }
}

const CONVERT_TRUST: &str = "kolumn reads PEM; convert it by `keytool -list -rfc -keystore STORE -storepass PASSWORD > ca.pem`, or out of PKCS#12 by `openssl pkcs12 -in STORE -nokeys -out ca.pem`, and give that as ssl.ca.location";
const CONVERT_KEY: &str = "kolumn reads PEM; convert it by `keytool -importkeystore -srckeystore STORE -destkeystore client.p12 -deststoretype PKCS12` where it is JKS, then `openssl pkcs12 -in client.p12 -out client.pem`, and give that as ssl.keystore.location with ssl.keystore.type=PEM";

fn store_type(reader: &Reader<'_>, name: &'static str, convert: &str) -> Result<()> {
    reader.parsed(name, |text| if text.is_empty() || text.eq_ignore_ascii_case("PEM") { Ok(()) } else { Err(convert.into()) })
}

/// Java's default type is JKS: the ending of the name says so more often than the type. What is inside is looked at when it is read.
fn store_location(reader: &Reader<'_>, name: &'static str, convert: &str) -> Result<Option<PathBuf>> {
    reader.parsed(name, |text| {
        let ending = Path::new(text).extension().map(|ending| ending.to_ascii_lowercase());
        let foreign = ending.is_some_and(|ending| ["jks", "jceks", "p12", "pfx", "pkcs12"].iter().any(|other| ending == *other));
        if foreign { Err(convert.into()) } else { Ok(Some(PathBuf::from(text)).filter(|_| !text.is_empty())) }
    })
}

fn identification(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "https" => Ok(true),
        "" | "none" => Ok(false),
        _ => Err("must be https, none or empty".into()),
    }
}

fn versions(reader: &Reader<'_>) -> Result<TlsVersions> {
    let enabled = reader.parsed("ssl.enabled.protocols", |text| {
        let mut found = TlsVersions { tls12: false, tls13: false };
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match name.to_ascii_uppercase().as_str() {
                "TLSV1.2" => found.tls12 = true,
                "TLSV1.3" => found.tls13 = true,
                "TLSV1" | "TLSV1.1" | "SSLV3" | "SSLV2HELLO" => tracing::warn!(version = name, "never spoken: it is broken"),
                _ => return Err("must be of TLSv1.2 and TLSv1.3".into()),
            }
        }
        Ok(found)
    });
    let highest = reader.parsed("ssl.protocol", |text| match text.to_ascii_uppercase().as_str() {
        "TLSV1.2" => Ok(false),
        "TLSV1.3" | "TLS" | "" => Ok(true),
        _ => Err("must be TLSv1.2 or TLSv1.3".into()),
    });
    let (enabled, highest) = (enabled?, highest?);
    let versions = TlsVersions { tls12: enabled.tls12, tls13: enabled.tls13 && highest };
    if !versions.tls12 && !versions.tls13 {
        let given = reader.text("ssl.enabled.protocols").unwrap_or_default();
        return Err(reader.invalid(
            "ssl.enabled.protocols",
            given,
            "leaves no version, TLSv1.2 or TLSv1.3, at or below ssl.protocol",
        ));
    }
    Ok(versions)
}

#[cfg(test)]
mod tests;
