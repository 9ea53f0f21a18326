//! Tokens for OAUTHBEARER: who gives them, and keeping one as long as it is good.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::config::{SaslSettings, Secret, check_extensions};
use crate::error::{Error, Result};

/// The part of a token's life after which another is asked for.
const REFRESH: f64 = 0.8;

/// A token for OAUTHBEARER, as a [`TokenSource`] gives it. `Debug` does not show it.
#[derive(Debug, Clone)]
pub struct Token {
    value: Secret,
    lifetime: Duration,
    principal: Option<String>,
    extensions: BTreeMap<String, String>,
}

impl Token {
    /// A token that is good for this time from now on.
    pub fn new(value: impl Into<String>, lifetime: Duration) -> Self {
        Self { value: Secret::new(value), lifetime, principal: None, extensions: BTreeMap::new() }
    }

    /// Whose token it is, for the log; brokers read it from the token itself.
    #[must_use]
    pub fn principal(mut self, name: impl Into<String>) -> Self {
        self.principal = Some(name.into());
        self
    }

    /// A SASL extension that goes with the token (KIP-342), beside those of the properties.
    #[must_use]
    pub fn extension(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extensions.insert(name.into(), value.into());
        self
    }

    pub(crate) fn value(&self) -> &Secret {
        &self.value
    }

    #[cfg(test)]
    pub(super) fn lifetime(&self) -> Duration {
        self.lifetime
    }

    pub(super) fn owner(&self) -> Option<&str> {
        self.principal.as_deref()
    }

    /// Those of the token itself win.
    pub(super) fn extensions(&self, others: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut extensions = others.clone();
        extensions.extend(self.extensions.clone());
        extensions
    }

    /// Whether it can be sent as it is (RFC 6750, section 2.1).
    fn check(&self) -> Result<(), String> {
        let sendable = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        if self.value.expose().is_empty() || !self.value.expose().bytes().all(sendable) {
            return Err("the token is empty or has characters that no token has".into());
        }
        if self.lifetime.is_zero() {
            return Err("the token has expired".into());
        }
        check_extensions(&self.extensions)
    }
}

/// Why there is no token. Its text is shown in errors and logs: it must not hold a secret.
pub type TokenError = Box<dyn StdError + Send + Sync>;

/// Gives tokens for OAUTHBEARER; a closure that returns a future is one too.
///
/// It is asked when a connection logs in and the last token has lived 80 % of its life, one question at a time for a whole
/// consumption. A question may take `sasl.login.connect.timeout.ms` and `sasl.login.read.timeout.ms` together; after a failure the next
/// one comes after `sasl.login.retry.backoff.ms`, doubled with each, at most `sasl.login.retry.backoff.max.ms`.
///
/// ```
/// use kolumn::{Token, TokenError};
/// use std::time::Duration;
///
/// let consume = kolumn::consume("orders")
///     .property("security.protocol", "SASL_SSL")
///     .property("sasl.mechanism", "OAUTHBEARER")
///     .token_source(async || Ok::<_, TokenError>(Token::new("eyJhbGciOiJSUzI1NiJ9.e30.c2ln", Duration::from_secs(300))));
/// # drop(consume);
/// ```
pub trait TokenSource: Send + Sync + 'static {
    /// A fresh token.
    ///
    /// # Cancel safety
    /// The future is dropped when the consumption ends, or when it takes too long.
    fn token(&self) -> Pin<Box<dyn Future<Output = Result<Token, TokenError>> + Send + '_>>;
}

impl<F, A> TokenSource for F
where
    F: Fn() -> A + Send + Sync + 'static,
    A: Future<Output = Result<Token, TokenError>> + Send + 'static,
{
    fn token(&self) -> Pin<Box<dyn Future<Output = Result<Token, TokenError>> + Send + '_>> {
        Box::pin(self())
    }
}

/// The token of a consumption, for all of its connections.
pub(crate) struct Tokens {
    source: Arc<dyn TokenSource>,
    limit: Duration,
    backoff: Duration,
    backoff_max: Duration,
    /// Locked while a token is asked for: the others wait for it.
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    token: Option<Dated>,
    /// Why the last question failed, and until when none is asked.
    failure: Option<(Error, Instant)>,
    failures: u32,
}

#[derive(Clone)]
struct Dated {
    token: Token,
    refresh: Instant,
    end: Instant,
}

impl Tokens {
    pub(crate) fn new(source: Arc<dyn TokenSource>, settings: &SaslSettings) -> Self {
        let limit = settings.connect_timeout + settings.read_timeout;
        Self::with(source, limit, (settings.retry_backoff, settings.retry_backoff_max))
    }

    /// Tokens for something else than a login with SASL: how long a question may take, and the first and longest pause after failures.
    pub(crate) fn with(source: Arc<dyn TokenSource>, limit: Duration, (backoff, backoff_max): (Duration, Duration)) -> Self {
        Self { source, limit, backoff, backoff_max, kept: Mutex::default() }
    }

    /// A token that is good for at least a fifth of its life, or for as long as it lasts where no other can be had.
    ///
    /// Cancel safety: the next caller asks again.
    ///
    /// # Errors
    /// [`Error::Token`].
    pub(crate) async fn get(&self) -> Result<Token> {
        let mut kept = self.kept.lock().await;
        let now = Instant::now();
        let good = kept.token.clone().filter(|dated| now < dated.end);
        if let Some(dated) = good.as_ref().filter(|dated| now < dated.refresh) {
            return Ok(dated.token.clone());
        }
        let failure = match &kept.failure {
            Some((error, until)) if now < *until => error.clone(),
            _ => match self.ask().await {
                Ok(token) => {
                    *kept = Kept { token: Dated::of(&token, now), ..Kept::default() };
                    return Ok(token);
                }
                Err(error) => {
                    let pause = self.pause(kept.failures);
                    tracing::warn!(%error, ?pause, "no new token");
                    kept.failures = kept.failures.saturating_add(1);
                    kept.failure = Some((error.clone(), Instant::now() + pause));
                    error
                }
            },
        };
        good.map(|dated| dated.token).ok_or(failure)
    }

    /// A broker did not take this token: it is not used again.
    pub(crate) async fn refused(&self, token: &Secret) {
        let mut kept = self.kept.lock().await;
        if kept.token.as_ref().is_some_and(|dated| dated.token.value == *token) {
            kept.token = None;
        }
    }

    async fn ask(&self) -> Result<Token> {
        let answer = timeout(self.limit, self.source.token()).await;
        let failed = |reason: String| Error::Token { reason };
        let token = match answer {
            Ok(Ok(token)) => token,
            Ok(Err(error)) => return Err(failed(error.to_string())),
            Err(_) => {
                let limit = self.limit.as_secs_f64();
                return Err(failed(format!("it did not come within {limit} s (sasl.login.read.timeout.ms)")));
            }
        };
        token.check().map_err(failed)?;
        tracing::debug!(principal = token.owner(), lifetime = ?token.lifetime, "a new token");
        Ok(token)
    }

    fn pause(&self, failures: u32) -> Duration {
        let factor = 1_u32.checked_shl(failures.min(30)).unwrap_or(u32::MAX);
        self.backoff.saturating_mul(factor).min(self.backoff_max)
    }
}

impl Dated {
    /// None where its end is a moment that the clock cannot tell: then it is asked for each time.
    fn of(token: &Token, now: Instant) -> Option<Self> {
        Some(Self {
            token: token.clone(),
            refresh: now.checked_add(token.lifetime.mul_f64(REFRESH))?,
            end: now.checked_add(token.lifetime)?,
        })
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
