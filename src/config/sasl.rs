//! Who we say we are, and how we prove it: `sasl.*`.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::aws::AwsCredentials;
use super::hidden::{Address, Secret};
use super::jaas::Jaas;
use super::security::{Pem, TlsSettings};
use super::token::{OidcSettings, UnsecuredToken, check_extensions, pairs};
use super::value::Reader;
use crate::error::{Error, Result};

/// The mechanisms that are spoken, for errors.
const SPOKEN: &str = "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER and AWS_MSK_IAM are spoken";
const NO_GSSAPI: &str =
    "GSSAPI (Kerberos) is not supported: it needs the C library of a Kerberos implementation, and kolumn has no C";

/// A SASL mechanism: `sasl.mechanism`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SaslMechanism {
    /// RFC 4616.
    Plain,
    /// RFC 7677.
    ScramSha256,
    /// As RFC 7677, with SHA-512.
    ScramSha512,
    /// RFC 7628.
    OAuthBearer,
    /// Of Amazon's managed Kafka.
    AwsMskIam,
}

impl SaslMechanism {
    /// Its name in the SASL handshake.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
            Self::OAuthBearer => "OAUTHBEARER",
            Self::AwsMskIam => "AWS_MSK_IAM",
        }
    }

    fn find(name: &str) -> Result<Option<Self>, String> {
        match name.to_ascii_uppercase().as_str() {
            "" => Ok(None),
            "PLAIN" => Ok(Some(Self::Plain)),
            "SCRAM-SHA-256" => Ok(Some(Self::ScramSha256)),
            "SCRAM-SHA-512" => Ok(Some(Self::ScramSha512)),
            "OAUTHBEARER" => Ok(Some(Self::OAuthBearer)),
            "AWS_MSK_IAM" => Ok(Some(Self::AwsMskIam)),
            "GSSAPI" => Err(format!("{NO_GSSAPI}; {SPOKEN}")),
            _ => Err(SPOKEN.into()),
        }
    }
}

impl fmt::Display for SaslMechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the proof is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SaslCredentials {
    /// `sasl.username` and `sasl.password`, or those of `sasl.jaas.config`.
    Password {
        /// The user.
        username: String,
        /// The password.
        password: Secret,
    },
    /// The tokens of a [`TokenSource`](crate::TokenSource) that the program gives.
    TokenSource,
    /// Tokens of an OpenID Connect provider, for a client id and secret.
    Oidc(OidcSettings),
    /// Tokens that nobody signs: for development and tests.
    Unsecured(UnsecuredToken),
    /// Keys of AWS.
    Aws(AwsCredentials),
}

/// The settings of SASL.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SaslSettings {
    /// `sasl.mechanism`.
    pub mechanism: SaslMechanism,
    /// Who, and what proves it.
    pub credentials: SaslCredentials,
    /// SASL extensions of OAUTHBEARER: `sasl.oauthbearer.extensions`, `extension_NAME` of `sasl.jaas.config`.
    pub extensions: BTreeMap<String, String>,
    /// `sasl.login.retry.backoff.ms`.
    pub retry_backoff: Duration,
    /// `sasl.login.retry.backoff.max.ms`, at least `sasl.login.retry.backoff.ms`.
    pub retry_backoff_max: Duration,
    /// `sasl.login.connect.timeout.ms`.
    pub connect_timeout: Duration,
    /// `sasl.login.read.timeout.ms`.
    pub read_timeout: Duration,
}

impl SaslSettings {
    /// Reads the properties. Without `wanted` (`security.protocol` has no SASL in it) they have no effect, whatever they say.
    ///
    /// # Errors
    /// [`Error::InvalidProperty`], [`Error::Missing`] where a name, password or mechanism is not given.
    pub(super) fn read(reader: &Reader<'_>, wanted: bool) -> Result<Option<Self>> {
        let given = Given::read(reader);
        reader.raw("sasl.mechanism");
        let unsecured = reader.boolean("enable.sasl.oauthbearer.unsecure.jwt")?;
        let urlencode = reader.boolean("sasl.oauthbearer.header.urlencode")?;
        let retry_backoff = reader.milliseconds("sasl.login.retry.backoff.ms")?;
        let retry_backoff_max = reader.milliseconds("sasl.login.retry.backoff.max.ms")?.max(retry_backoff);
        let connect_timeout = reader.milliseconds("sasl.login.connect.timeout.ms")?;
        let read_timeout = reader.milliseconds("sasl.login.read.timeout.ms")?;
        AwsCredentials::read(reader, false, |_| None)?;
        if !wanted {
            return Ok(None);
        }
        let jaas = given.jaas.as_ref().map(Secret::expose).map(Jaas::parse).transpose();
        let jaas = jaas.map_err(|reason| reader.invalid("sasl.jaas.config", "", &reason))?;
        let mechanism = mechanism(reader, jaas.as_ref())?;
        let mut extensions = BTreeMap::new();
        if mechanism == SaslMechanism::OAuthBearer {
            extensions = given.extensions(jaas.as_ref()).map_err(|(key, reason)| reader.invalid(key, "", &reason))?;
        }
        let credentials = match mechanism {
            SaslMechanism::Plain | SaslMechanism::ScramSha256 | SaslMechanism::ScramSha512 => given.password(jaas.as_ref())?,
            SaslMechanism::OAuthBearer => given.token(reader, jaas.as_ref(), unsecured, urlencode)?,
            SaslMechanism::AwsMskIam => SaslCredentials::Aws(aws(reader, jaas.as_ref())?),
        };
        Ok(Some(Self { mechanism, credentials, extensions, retry_backoff, retry_backoff_max, connect_timeout, read_timeout }))
    }
}

/// The mechanism as named, or the one that the login module is for.
fn mechanism(reader: &Reader<'_>, jaas: Option<&Jaas>) -> Result<SaslMechanism> {
    let named = reader.parsed("sasl.mechanism", SaslMechanism::find)?;
    let refuse = |reason: &str| Err(reader.invalid("sasl.jaas.config", "", reason));
    let of_module = match jaas.map(Jaas::module) {
        None => None,
        Some("PlainLoginModule") => Some(SaslMechanism::Plain),
        Some("ScramLoginModule") => match named {
            Some(SaslMechanism::ScramSha256 | SaslMechanism::ScramSha512) | None => named,
            Some(_) => return refuse("ScramLoginModule is for sasl.mechanism SCRAM-SHA-256 and SCRAM-SHA-512"),
        },
        Some("OAuthBearerLoginModule") => Some(SaslMechanism::OAuthBearer),
        Some("IAMLoginModule") => Some(SaslMechanism::AwsMskIam),
        Some("Krb5LoginModule") => return refuse(NO_GSSAPI),
        Some(_) => {
            return refuse("the login module is not known; PlainLoginModule, ScramLoginModule and OAuthBearerLoginModule are");
        }
    };
    if let (Some(named), Some(of_module)) = (named, of_module)
        && named != of_module
    {
        return refuse(&format!("the login module is for {of_module}, and sasl.mechanism is {named}"));
    }
    named.or(of_module).ok_or_else(|| Error::Missing {
        what: "the SASL mechanism".into(),
        hint: format!("give sasl.mechanism; {SPOKEN} (Kafka's default, GSSAPI, is not)"),
    })
}

/// Profiles and roles are not looked up: that is a client of AWS's own services.
fn aws(reader: &Reader<'_>, jaas: Option<&Jaas>) -> Result<AwsCredentials> {
    if jaas.is_some_and(|jaas| jaas.options_of("aws").next().is_some()) {
        let reason = "profiles and roles of AWS are not looked up: give keys by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
        return Err(reader.invalid("sasl.jaas.config", "", reason));
    }
    let missing = Error::Missing { what: "keys of AWS".into(), hint: "give AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY".into() };
    AwsCredentials::read(reader, true, |name| std::env::var(name).ok())?.ok_or(missing)
}

/// Whom to trust at an OpenID Connect provider.
pub(super) fn https_authorities(reader: &Reader<'_>) -> Vec<Pem> {
    let file = reader.filled("https.ca.location").filter(|location| location != "probe");
    let text = reader.filled("https.ca.pem");
    let authorities = [file.map(|file| Pem::File(file.into())), text.map(|text| Pem::Text(Secret::new(text)))];
    authorities.into_iter().flatten().collect()
}

/// Properties as text.
struct Given {
    username: Option<String>,
    password: Option<Secret>,
    jaas: Option<Secret>,
    method: Option<String>,
    client_id: Option<String>,
    client_secret: Option<Secret>,
    scope: Option<String>,
    extensions: Option<String>,
    endpoint: Option<String>,
    unsecured: Option<String>,
    authorities: Vec<Pem>,
}

impl Given {
    fn read(reader: &Reader<'_>) -> Self {
        Self {
            username: reader.filled("sasl.username"),
            password: reader.raw("sasl.password").map(Secret::new),
            jaas: reader.filled("sasl.jaas.config").map(Secret::new),
            method: reader.filled("sasl.oauthbearer.method"),
            client_id: reader.filled("sasl.oauthbearer.client.credentials.client.id"),
            client_secret: reader.raw("sasl.oauthbearer.client.credentials.client.secret").map(Secret::new),
            scope: reader.filled("sasl.oauthbearer.scope"),
            extensions: reader.filled("sasl.oauthbearer.extensions"),
            endpoint: reader.filled("sasl.oauthbearer.token.endpoint.url"),
            unsecured: reader.filled("sasl.oauthbearer.config"),
            authorities: https_authorities(reader),
        }
    }

    /// Properties win over options of the login module.
    fn password(&self, jaas: Option<&Jaas>) -> Result<SaslCredentials> {
        let option = |name: &str| jaas.and_then(|jaas| jaas.option(name)).map(str::to_owned);
        if option("tokenauth").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Err(Error::InvalidProperty {
                key: "sasl.jaas.config".into(),
                value: "[hidden]".into(),
                reason: "delegation tokens (tokenauth) are not supported".into(),
            });
        }
        let username = self.username.clone().or_else(|| option("username")).filter(|name| !name.is_empty());
        let password = self.password.clone().or_else(|| option("password").map(Secret::new));
        let username = username.ok_or_else(|| missing("the user's name for SASL", "sasl.username", "username"))?;
        let password = password.filter(|password| !password.expose().is_empty());
        let password = password.ok_or_else(|| missing("the password for SASL", "sasl.password", "password"))?;
        if username.contains('\0') || password.expose().contains('\0') {
            let (key, value) = ("sasl.username".into(), "[not shown]".into());
            return Err(Error::InvalidProperty { key, value, reason: "name and password cannot hold the character NUL".into() });
        }
        Ok(SaslCredentials::Password { username, password })
    }

    fn token(&self, reader: &Reader<'_>, jaas: Option<&Jaas>, unsecured: bool, urlencode: bool) -> Result<SaslCredentials> {
        let option = |name: &str| jaas.and_then(|jaas| jaas.option(name)).map(str::to_owned);
        let by_claims = jaas.is_some_and(|jaas| jaas.options_of("unsecuredLogin").next().is_some());
        let oidc = match self.method.as_deref() {
            Some(method) if method.eq_ignore_ascii_case("oidc") => true,
            Some(method) if method.eq_ignore_ascii_case("default") => self.endpoint.is_some(),
            None => self.endpoint.is_some(),
            Some(method) => return Err(reader.invalid("sasl.oauthbearer.method", method, "must be default or oidc")),
        };
        if oidc {
            let endpoint = self.endpoint.clone();
            let endpoint = endpoint.ok_or_else(|| {
                let hint = "give sasl.oauthbearer.token.endpoint.url".into();
                Error::Missing { what: "the address of the OpenID Connect provider".into(), hint }
            })?;
            let client_id = self.client_id.clone().or_else(|| option("clientId"));
            let client_secret = self.client_secret.clone().or_else(|| option("clientSecret").map(Secret::new));
            let settings = OidcSettings {
                endpoint: Address::new(endpoint.clone()),
                client_id: client_id
                    .ok_or_else(|| missing("the client's id for OAUTHBEARER", "sasl.oauthbearer.client.id", "clientId"))?,
                client_secret: client_secret.ok_or_else(|| {
                    missing("the client's secret for OAUTHBEARER", "sasl.oauthbearer.client.secret", "clientSecret")
                })?,
                scope: self.scope.clone().or_else(|| option("scope")),
                urlencode,
                tls: TlsSettings { authorities: self.authorities.clone(), ..TlsSettings::default() },
            };
            return Ok(SaslCredentials::Oidc(settings));
        }
        if !unsecured && !by_claims {
            return Ok(SaslCredentials::TokenSource);
        }
        let token = match (jaas, &self.unsecured) {
            (Some(jaas), _) if by_claims => UnsecuredToken::of_options(jaas.options_of("unsecuredLogin")),
            (_, text) => UnsecuredToken::of_text(text.as_deref().unwrap_or_default()),
        };
        let key = if by_claims { "sasl.jaas.config" } else { "sasl.oauthbearer.config" };
        token.map(SaslCredentials::Unsecured).map_err(|reason| reader.invalid(key, "", &reason))
    }

    fn extensions(&self, jaas: Option<&Jaas>) -> Result<BTreeMap<String, String>, (&'static str, String)> {
        let mut extensions = BTreeMap::new();
        for prefix in ["extension_", "unsecuredLoginExtension_"] {
            let options = jaas.into_iter().flat_map(|jaas| jaas.options_of(prefix));
            extensions.extend(options.map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
        check_extensions(&extensions).map_err(|reason| ("sasl.jaas.config", reason))?;
        if let Some(text) = &self.unsecured {
            let pairs = pairs(text, char::is_whitespace).map_err(|reason| ("sasl.oauthbearer.config", reason))?;
            let named = |(name, value): (String, String)| Some((name.strip_prefix("extension_")?.to_owned(), value));
            extensions.extend(pairs.into_iter().filter_map(named));
            check_extensions(&extensions).map_err(|reason| ("sasl.oauthbearer.config", reason))?;
        }
        if let Some(text) = &self.extensions {
            extensions.extend(pairs(text, |c| c == ',').map_err(|reason| ("sasl.oauthbearer.extensions", reason))?);
            check_extensions(&extensions).map_err(|reason| ("sasl.oauthbearer.extensions", reason))?;
        }
        Ok(extensions)
    }
}

fn missing(what: &str, property: &str, option: &str) -> Error {
    Error::Missing { what: what.into(), hint: format!("give {property}, or {option} in sasl.jaas.config") }
}

#[cfg(test)]
mod tests;
