//! Where the schema registry is, who we are to it, and how long it is waited for: names of Confluent's clients.

use std::time::Duration;

use super::hidden::{Address, Secret};
use super::jaas::Jaas;
use super::policy::OnUnavailable;
use super::sasl::https_authorities;
use super::security::TlsSettings;
use super::token::OidcSettings;
use super::value::Reader;
use crate::error::{Error, Result};

/// The settings of the schema registry.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegistrySettings {
    /// `schema.registry.url`; at least one.
    pub urls: Vec<Address>,
    /// `basic.auth.*`, `bearer.auth.*`.
    pub credentials: RegistryCredentials,
    /// `schema.registry.ssl.*`; the defaults where no address is of https.
    pub tls: TlsSettings,
    /// `kolumn.registry.connect.timeout.ms`.
    pub connect_timeout: Duration,
    /// `kolumn.registry.read.timeout.ms`.
    pub read_timeout: Duration,
    /// `kolumn.registry.retries`.
    pub retries: u32,
    /// `kolumn.registry.retry.backoff.ms`.
    pub retry_backoff: Duration,
    /// `kolumn.registry.retry.backoff.max.ms`, at least `kolumn.registry.retry.backoff.ms`.
    pub retry_backoff_max: Duration,
    /// `kolumn.registry.on.unavailable`.
    pub on_unavailable: OnUnavailable,
    /// `kolumn.registry.negative.cache.ms`.
    pub negative_cache: Duration,
    /// `kolumn.registry.latest.refresh.ms`; none for never.
    pub latest_refresh: Option<Duration>,
    /// `kolumn.registry.cache.schemas`.
    pub cached_schemas: usize,
    /// `kolumn.registry.schema.max.bytes`.
    pub schema_max_bytes: usize,
    /// `kolumn.registry.references.max`.
    pub references_max: usize,
}

/// Who we are to the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistryCredentials {
    /// Nobody, or whom each address names (`http://user:password@host`).
    Url,
    /// `user:password`.
    Basic(Secret),
    /// A bearer token and what goes with it.
    Bearer {
        /// Where the token is from.
        token: BearerToken,
        /// `bearer.auth.logical.cluster`.
        cluster: Option<String>,
        /// `bearer.auth.identity.pool.id`.
        pool: Option<String>,
    },
}

/// Where a bearer token is from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BearerToken {
    /// `bearer.auth.token`.
    Static(Secret),
    /// An OpenID Connect provider.
    Oidc(Box<OidcSettings>),
}

#[derive(Clone, Copy, PartialEq)]
enum Basic {
    Any,
    Url,
    UserInfo,
    Sasl,
}

#[derive(Clone, Copy, PartialEq)]
enum Bearer {
    Any,
    Static,
    Oidc,
}

impl RegistrySettings {
    /// Reads the properties. Without an address the others have no effect, but must be valid where they are numbers.
    ///
    /// # Errors
    /// [`Error::InvalidProperty`]; [`Error::Missing`] where a source of credentials is named and they are not given.
    pub(super) fn read(reader: &Reader<'_>) -> Result<Option<Self>> {
        let urls = reader.text("schema.registry.url").unwrap_or_default();
        let urls: Vec<_> = urls
            .split(',')
            .map(str::trim)
            .filter(|url| !url.is_empty())
            .map(|url| Address::new(url.trim_end_matches('/')))
            .collect();
        let credentials = RegistryCredentials::read(reader);
        let tls = TlsSettings::read(&reader.of("schema.registry."));
        let retry_backoff = reader.milliseconds("kolumn.registry.retry.backoff.ms")?;
        let refresh: i64 = reader.number("kolumn.registry.latest.refresh.ms")?;
        let https = urls.iter().any(|url| url.expose().to_ascii_lowercase().starts_with("https:"));
        let settings = Self {
            connect_timeout: reader.milliseconds("kolumn.registry.connect.timeout.ms")?,
            read_timeout: reader.milliseconds("kolumn.registry.read.timeout.ms")?,
            retries: reader.number("kolumn.registry.retries")?,
            retry_backoff,
            retry_backoff_max: reader.milliseconds("kolumn.registry.retry.backoff.max.ms")?.max(retry_backoff),
            on_unavailable: reader.one_of("kolumn.registry.on.unavailable", &OnUnavailable::NAMES)?,
            negative_cache: reader.milliseconds("kolumn.registry.negative.cache.ms")?,
            latest_refresh: u64::try_from(refresh).ok().map(Duration::from_millis),
            cached_schemas: reader.number("kolumn.registry.cache.schemas")?,
            schema_max_bytes: reader.number("kolumn.registry.schema.max.bytes")?,
            references_max: reader.number("kolumn.registry.references.max")?,
            credentials: if urls.is_empty() { RegistryCredentials::Url } else { credentials? },
            tls: if https { tls? } else { TlsSettings::default() },
            urls,
        };
        Ok(Some(settings).filter(|settings| !settings.urls.is_empty()))
    }
}

impl RegistryCredentials {
    fn read(reader: &Reader<'_>) -> Result<Self> {
        let basic = reader.one_of(
            "basic.auth.credentials.source",
            &[("", Basic::Any), ("URL", Basic::Url), ("USER_INFO", Basic::UserInfo), ("SASL_INHERIT", Basic::Sasl)],
        );
        let bearer = reader.one_of(
            "bearer.auth.credentials.source",
            &[("", Bearer::Any), ("STATIC_TOKEN", Bearer::Static), ("OAUTHBEARER", Bearer::Oidc)],
        );
        let user_info = reader.filled("basic.auth.user.info").map(Secret::new);
        let token = reader.filled("bearer.auth.token").map(Secret::new);
        let oidc = oidc(reader);
        let cluster = reader.filled("bearer.auth.logical.cluster");
        let pool = reader.filled("bearer.auth.identity.pool.id");
        let (basic, bearer) = (basic?, bearer?);
        let given = |secret: Option<Secret>, what: &str, name: &str| secret.ok_or_else(|| missing(what, name));
        let token = match bearer {
            Bearer::Static => Some(BearerToken::Static(given(token, "the registry's bearer token", "bearer.auth.token")?)),
            Bearer::Oidc => Some(BearerToken::Oidc(Box::new(oidc?))),
            Bearer::Any => token.map(BearerToken::Static),
        };
        if let Some(token) = token {
            if basic != Basic::Any {
                let reason = "basic.auth.credentials.source names other credentials; give one of them";
                return Err(reader.invalid("bearer.auth.credentials.source", "[not shown]", reason));
            }
            return Ok(Self::Bearer { token, cluster, pool });
        }
        Ok(match basic {
            Basic::Url => Self::Url,
            Basic::Any => user_info.map_or(Self::Url, Self::Basic),
            Basic::UserInfo => Self::Basic(given(user_info, "user and password for the registry", "basic.auth.user.info")?),
            Basic::Sasl => Self::Basic(of_sasl(reader)?),
        })
    }
}

fn missing(what: &str, name: &str) -> Error {
    Error::Missing { what: what.into(), hint: format!("give {name}") }
}

fn of_sasl(reader: &Reader<'_>) -> Result<Secret> {
    let jaas = reader.filled("sasl.jaas.config");
    let jaas = jaas.as_deref().map(Jaas::parse).transpose();
    let jaas = jaas.map_err(|reason| reader.invalid("sasl.jaas.config", "", &reason))?;
    let option = |name: &str| jaas.as_ref().and_then(|jaas| jaas.option(name)).map(str::to_owned);
    let user = reader.filled("sasl.username").or_else(|| option("username"));
    let password = reader.raw("sasl.password").map(str::to_owned).or_else(|| option("password"));
    match (user, password) {
        (Some(user), Some(password)) => Ok(Secret::new(format!("{user}:{password}"))),
        _ => Err(missing("the user that the registry inherits from SASL", "sasl.username and sasl.password")),
    }
}

fn oidc(reader: &Reader<'_>) -> Result<OidcSettings> {
    let endpoint = reader.filled("bearer.auth.issuer.endpoint.url");
    let client_id = reader.filled("bearer.auth.client.id");
    let client_secret = reader.raw("bearer.auth.client.secret").map(Secret::new);
    let scope = reader.filled("bearer.auth.scope");
    let authorities = https_authorities(reader);
    let what = "what the registry's OpenID Connect provider is asked with";
    Ok(OidcSettings {
        endpoint: Address::new(endpoint.ok_or_else(|| missing(what, "bearer.auth.issuer.endpoint.url"))?),
        client_id: client_id.ok_or_else(|| missing(what, "bearer.auth.client.id"))?,
        client_secret: client_secret.ok_or_else(|| missing(what, "bearer.auth.client.secret"))?,
        scope,
        urlencode: false,
        tls: TlsSettings { authorities, ..TlsSettings::default() },
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Pem, Properties, Settings};
    use super::*;

    fn registry(pairs: &[(&str, &str)]) -> Result<Option<RegistrySettings>> {
        let mut properties = Properties::from([("schema.registry.url", "https://a:8081/ , http://b")]);
        for (name, value) in pairs {
            properties.set(*name, *value);
        }
        Settings::from_properties(&properties).map(|settings| settings.registry)
    }

    fn whole(pairs: &[(&str, &str)]) -> RegistrySettings {
        registry(pairs).expect("valid").expect("has an address")
    }

    #[test]
    fn several_addresses_are_taken_apart_and_without_one_there_is_no_registry() {
        let urls: Vec<_> = whole(&[]).urls.iter().map(ToString::to_string).collect();
        assert_eq!(urls, ["https://a:8081", "http://b"]);
        assert_eq!(registry(&[("schema.registry.url", "")]), Ok(None));
    }

    #[test]
    fn credentials_are_those_of_the_source_that_is_named() {
        let user = ("basic.auth.user.info", "me:hunter2");
        let sasl = [("sasl.username", "kafka"), ("sasl.password", "hunter3"), ("basic.auth.credentials.source", "sasl_inherit")];
        let basic = |text: &str| RegistryCredentials::Basic(Secret::new(text));
        assert_eq!(whole(&[]).credentials, RegistryCredentials::Url);
        assert_eq!(whole(&[user]).credentials, basic("me:hunter2"));
        assert_eq!(whole(&[user, ("basic.auth.credentials.source", "URL")]).credentials, RegistryCredentials::Url);
        assert_eq!(whole(&sasl).credentials, basic("kafka:hunter3"));
        let bearer = whole(&[("bearer.auth.token", "hunter4"), ("bearer.auth.logical.cluster", "lsrc-1")]);
        assert!(
            matches!(&bearer.credentials, RegistryCredentials::Bearer { token: BearerToken::Static(token), .. } if token.expose() == "hunter4")
        );
        assert!(!format!("{bearer:?}").contains("hunter"));
    }

    #[test]
    fn a_source_without_what_it_names_says_what_to_give() {
        for (name, source, give) in [
            ("basic.auth.credentials.source", "USER_INFO", "basic.auth.user.info"),
            ("basic.auth.credentials.source", "SASL_INHERIT", "sasl.username"),
            ("bearer.auth.credentials.source", "STATIC_TOKEN", "bearer.auth.token"),
            ("bearer.auth.credentials.source", "OAUTHBEARER", "bearer.auth.issuer.endpoint.url"),
        ] {
            let error = registry(&[(name, source)]).expect_err(source).to_string();
            assert!(error.contains(give), "{error}");
        }
    }

    #[test]
    fn tls_of_the_registry_is_not_that_of_the_brokers() {
        let settings = whole(&[("schema.registry.ssl.ca.location", "/r.pem"), ("ssl.ca.location", "/b.pem")]);
        assert_eq!(settings.tls.authorities, [Pem::File("/r.pem".into())]);
        let error = registry(&[("schema.registry.ssl.protocol", "SSLv2")]).expect_err("broken").to_string();
        assert!(error.contains("schema.registry.ssl.protocol"), "{error}");
        assert!(registry(&[("schema.registry.url", "http://a"), ("schema.registry.ssl.protocol", "SSLv2")]).is_ok());
    }
}
