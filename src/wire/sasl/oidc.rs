//! Tokens of an OpenID Connect provider, for a client's id and secret (RFC 6749, section 4.4; KIP-768).

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hyper::StatusCode;
use serde_json::Value;
use tokio::time::timeout;

use super::token::{Token, TokenError, TokenSource};
use crate::config::{OidcSettings, TlsSettings};
use crate::error::{Error, Result};
use crate::wire::Transport;
use crate::wire::http::{Url, connect, exchange};

/// A token has a few thousand bytes.
const LIMIT: usize = 256 << 10;
/// A token whose lifetime nobody tells is taken to live so long.
const UNTOLD: Duration = Duration::from_secs(300);
/// More of what a provider says is not shown.
const LONGEST_REASON: usize = 200;

/// Asks the provider.
pub(crate) struct Oidc {
    settings: OidcSettings,
    url: Url,
    transport: Arc<dyn Transport>,
    connect_timeout: Duration,
    read_timeout: Duration,
}

impl Oidc {
    /// The provider of the settings, over what `transport` makes of an address with TLS or without.
    ///
    /// # Errors
    /// [`Error::InvalidProperty`] where its address is none.
    pub(crate) fn new(
        settings: &OidcSettings,
        (connect_timeout, read_timeout): (Duration, Duration),
        transport: impl FnOnce(Option<&TlsSettings>) -> Result<Arc<dyn Transport>>,
    ) -> Result<Self> {
        let url = Url::parse(settings.endpoint.expose()).map_err(|reason| Error::InvalidProperty {
            key: "sasl.oauthbearer.token.endpoint.url".into(),
            value: settings.endpoint.to_string(),
            reason: reason.into(),
        })?;
        let transport = transport(url.https.then_some(&settings.tls))?;
        Ok(Self { settings: settings.clone(), url, transport, connect_timeout, read_timeout })
    }

    async fn ask(&self) -> Result<Token, String> {
        let late = |what: &str, limit: Duration| format!("{what} within {} s", limit.as_secs_f64());
        let stream = timeout(self.connect_timeout, connect(&self.transport, &self.url)).await;
        let stream = stream.map_err(|_| late("it could not be connected to", self.connect_timeout))??;
        let client = if self.settings.urlencode {
            format!("{}:{}", encoded(&self.settings.client_id), encoded(self.settings.client_secret.expose()))
        } else {
            format!("{}:{}", self.settings.client_id, self.settings.client_secret.expose())
        };
        let authorization = format!("Basic {}", STANDARD.encode(client));
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept", "application/json"),
            ("user-agent", concat!("kolumn/", env!("CARGO_PKG_VERSION"))),
        ];
        let mut body = "grant_type=client_credentials".to_owned();
        if let Some(scope) = &self.settings.scope {
            body.push_str("&scope=");
            body.push_str(&encoded(scope));
        }
        let answer = timeout(self.read_timeout, exchange(stream, &self.url, &headers, Some(body), LIMIT)).await;
        let (status, body) = answer.map_err(|_| late("it did not answer", self.read_timeout))??;
        token(status, &body, &self.settings.client_id)
    }
}

impl TokenSource for Oidc {
    fn token(&self) -> Pin<Box<dyn Future<Output = Result<Token, TokenError>> + Send + '_>> {
        Box::pin(async move {
            self.ask().await.map_err(|reason| {
                let scheme = if self.url.https { "https" } else { "http" };
                let text = format!("{scheme}://{}:{}: {reason}", self.url.host, self.url.port);
                // Whatever a provider says back of what it was sent.
                let secret = self.settings.client_secret.expose();
                TokenError::from(text.replace(secret, "[hidden]"))
            })
        })
    }
}

/// What the provider's answer holds.
fn token(status: StatusCode, body: &[u8], client_id: &str) -> Result<Token, String> {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let part = |name: &str| answer.get(name).and_then(Value::as_str);
    if !status.is_success() {
        // RFC 6749, section 5.2.
        let said = [part("error"), part("error_description")].into_iter().flatten().collect::<Vec<_>>().join(": ");
        let said: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_REASON).collect();
        let hint = if matches!(status.as_u16(), 400 | 401 | 403) { "; are id and secret right?" } else { "" };
        return Err(format!("it refuses with status {} {said}{hint}", status.as_u16()));
    }
    let text = part("access_token").ok_or("its answer is no JSON with an access_token")?;
    let claims = claims(text);
    let told = answer.get("expires_in").and_then(seconds).map(Duration::from_secs);
    let lifetime = told.or_else(|| claims.as_ref().and_then(remaining)).unwrap_or(UNTOLD);
    let owner = claims.as_ref().and_then(|claims| claims.get("sub")?.as_str()).unwrap_or(client_id);
    Ok(Token::new(text, lifetime).principal(owner))
}

/// For `fuzzing`: a provider's answer, and how long what it gives lives.
#[cfg(any(test, fuzzing))]
pub(super) fn answered(status: u16, body: &[u8]) {
    let status = StatusCode::from_u16(status).unwrap_or_default();
    let _either = token(status, body, "client").map(|token| format!("{token:?}"));
}

/// The claims of a JWT; none where the token is another.
fn claims(token: &str) -> Option<Value> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}

/// How long a JWT has to live.
fn remaining(claims: &Value) -> Option<Duration> {
    let end = Duration::from_secs(seconds(claims.get("exp")?)?);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    Some(end.saturating_sub(now))
}

/// A number, which some providers write as text.
fn seconds(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// Encoded for the body of a form.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._*".contains(&byte);
    let byte = |byte: u8| match byte {
        b' ' => "+".to_owned(),
        _ if plain(byte) => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests;
