//! Where the tokens of OAUTHBEARER come from.

use std::collections::BTreeMap;
use std::time::Duration;

use super::hidden::{Address, Secret};
use super::security::TlsSettings;

/// A client of an OpenID Connect provider: `sasl.oauthbearer.method=oidc`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OidcSettings {
    /// `sasl.oauthbearer.token.endpoint.url`.
    pub endpoint: Address,
    /// `sasl.oauthbearer.client.id`.
    pub client_id: String,
    /// `sasl.oauthbearer.client.secret`.
    pub client_secret: Secret,
    /// `sasl.oauthbearer.scope`.
    pub scope: Option<String>,
    /// `sasl.oauthbearer.header.urlencode`: id and secret are encoded for URLs in the request's header, as RFC 6749 has it and many
    /// providers do not.
    pub urlencode: bool,
    /// What is trusted where the address is of https: `https.ca.location` and `https.ca.pem`, else the authorities of the system.
    pub tls: TlsSettings,
}

/// A token that nobody signs: `sasl.oauthbearer.config`, or `unsecuredLogin...` in `sasl.jaas.config`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnsecuredToken {
    /// The name of the claim that says who it is; `sub` unless told otherwise.
    pub principal_claim: String,
    /// Who it is.
    pub principal: String,
    /// Further claims that are text.
    pub claims: BTreeMap<String, String>,
    /// Further claims that are lists of text.
    pub lists: BTreeMap<String, Vec<String>>,
    /// How long it lives.
    pub lifetime: Duration,
}

const LIFETIME: Duration = Duration::from_secs(3600);
const NO_NUMBER: &str = "its lifetime must be a number of seconds from 1 to 31536000";

impl UnsecuredToken {
    /// librdkafka's form: `principal=admin scope=role1,role2 lifeSeconds=600`.
    pub(super) fn of_text(text: &str) -> Result<Self, String> {
        let mut token = Self::empty();
        let mut scope_claim = "scope".to_owned();
        let mut scopes = Vec::new();
        for (name, value) in pairs(text, char::is_whitespace)? {
            match name.as_str() {
                "principal" => token.principal = value,
                "principalClaimName" => token.principal_claim = value,
                "scopeClaimName" => scope_claim = value,
                "scope" => scopes = list(&value),
                "lifeSeconds" => token.lifetime = lifetime(&value)?,
                extension if extension.starts_with("extension_") => {}
                other => {
                    return Err(format!(
                        "{other} is not known; principal, principalClaimName, scope, scopeClaimName, lifeSeconds and extension_NAME are"
                    ));
                }
            }
        }
        if !scopes.is_empty() {
            token.lists.insert(scope_claim, scopes);
        }
        token.whole("principal=NAME")
    }

    /// Kafka's form: the options of OAuthBearerLoginModule, without `unsecuredLogin`.
    pub(super) fn of_options<'a>(options: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self, String> {
        let mut token = Self::empty();
        for (name, value) in options {
            match name.split_once('_') {
                Some(("StringClaim", claim)) => drop(token.claims.insert(claim.to_owned(), value.to_owned())),
                // The first character separates the others.
                Some(("ListClaim", claim)) => {
                    let mut rest = value.chars();
                    let separator = rest.next().unwrap_or(',');
                    let items = rest.as_str().split(separator).filter(|item| !item.is_empty()).map(str::to_owned);
                    token.lists.insert(claim.to_owned(), items.collect());
                }
                Some(("Extension", _)) => {}
                None if name == "PrincipalClaimName" => value.clone_into(&mut token.principal_claim),
                None if name == "LifetimeSeconds" => token.lifetime = lifetime(value)?,
                None if name == "ScopeClaimName" => {}
                _ => {
                    return Err(format!(
                        "unsecuredLogin{name} is not known; StringClaim_NAME, ListClaim_NAME, Extension_NAME, PrincipalClaimName, ScopeClaimName and LifetimeSeconds are"
                    ));
                }
            }
        }
        token.principal = token.claims.remove(&token.principal_claim).unwrap_or_default();
        token.whole("unsecuredLoginStringClaim_sub=\"NAME\"")
    }

    fn empty() -> Self {
        let (claims, lists) = (BTreeMap::new(), BTreeMap::new());
        Self { principal_claim: "sub".into(), principal: String::new(), claims, lists, lifetime: LIFETIME }
    }

    fn whole(self, hint: &str) -> Result<Self, String> {
        if self.principal.is_empty() { Err(format!("it does not say who it is; give {hint}")) } else { Ok(self) }
    }
}

fn lifetime(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| (1..=31_536_000).contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| NO_NUMBER.into())
}

fn list(text: &str) -> Vec<String> {
    text.split(',').filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// `name=value` pairs between separators.
pub(super) fn pairs(text: &str, separator: impl Fn(char) -> bool) -> Result<Vec<(String, String)>, String> {
    let parts = text.split(separator).map(str::trim).filter(|part| !part.is_empty());
    let pair = |part: &str| part.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
    parts.map(|part| pair(part).ok_or_else(|| "a part of it is not name=value".to_owned())).collect()
}

/// Whether names and values can be sent as SASL extensions (RFC 7628, section 3.1).
///
/// # Errors
/// Which cannot, as a sentence.
pub(crate) fn check_extensions(extensions: &BTreeMap<String, String>) -> Result<(), String> {
    for (name, value) in extensions {
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return Err(format!("the extension {name:?} is not made of letters"));
        }
        if name == "auth" {
            return Err("no extension may be named auth".into());
        }
        if !value.bytes().all(|byte| matches!(byte, 0x20..=0x7e | b'\t' | b'\r' | b'\n')) {
            return Err(format!("the value of the extension {name} has characters that cannot be sent"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_that_cannot_be_sent_are_refused() {
        let check = |name: &str, value: &str| check_extensions(&[(name.to_owned(), value.to_owned())].into());
        assert_eq!(check("traceId", "a b"), Ok(()));
        for (name, value) in [("auth", "x"), ("", "x"), ("a1", "x"), ("ab", "\u{1}"), ("ab", "\u{e4}")] {
            assert!(check(name, value).is_err(), "{name}={value:?}");
        }
    }

    #[test]
    fn the_forms_of_kafka_and_librdkafka_mean_the_same() {
        let text = "principalClaimName=azp principal=admin scopeClaimName=roles scope=role1,role2 lifeSeconds=600";
        let options = [
            ("StringClaim_azp", "admin"),
            ("PrincipalClaimName", "azp"),
            ("ListClaim_roles", ",role1,role2"),
            ("LifetimeSeconds", "600"),
        ];
        let token = UnsecuredToken::of_text(text).expect("librdkafka's form");
        assert_eq!(token.lifetime, Duration::from_secs(600));
        assert_eq!(UnsecuredToken::of_options(options.into_iter()), Ok(token));
    }

    #[test]
    fn a_token_of_nobody_is_refused() {
        assert!(UnsecuredToken::of_text("").is_err());
        assert!(UnsecuredToken::of_text("principal=a life=3").is_err());
        assert!(UnsecuredToken::of_text("principal=a lifeSeconds=0").is_err());
        assert!(UnsecuredToken::of_options([("LifetimeSeconds", "60")].into_iter()).is_err());
    }
}
