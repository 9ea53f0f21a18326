//! How brokers are spoken to: in the clear or over TLS, with or without a login. Names of Kafka's Java client and of librdkafka.

use std::str::FromStr;

use super::sasl::SaslSettings;
use super::value::Reader;
use crate::error::Result;

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
    /// `sasl.*`; none where the protocol is without SASL.
    pub sasl: Option<SaslSettings>,
}

impl Security {
    pub(super) fn read(reader: &Reader<'_>) -> Result<Self> {
        let protocol = reader.parsed("security.protocol", str::parse::<SecurityProtocol>)?;
        if protocol.is_tls() {
            return Err(reader.invalid("security.protocol", protocol.name(), "comes later"));
        }
        let sasl = SaslSettings::read(reader, protocol.is_sasl())?;
        Ok(Self { protocol, sasl })
    }
}
