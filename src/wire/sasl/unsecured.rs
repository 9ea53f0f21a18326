//! Tokens that nobody signs (RFC 7515, appendix A.5), for development and tests.

use std::future::Future;
use std::pin::Pin;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::token::{Token, TokenError, TokenSource};
use crate::config::UnsecuredToken;

/// Makes tokens by itself.
pub(crate) struct Unsecured(pub(crate) UnsecuredToken);

impl TokenSource for Unsecured {
    fn token(&self) -> Pin<Box<dyn Future<Output = Result<Token, TokenError>> + Send + '_>> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Box::pin(std::future::ready(Ok(token(&self.0, now))))
    }
}

fn token(settings: &UnsecuredToken, now: u64) -> Token {
    let mut claims = Map::new();
    claims.extend(settings.claims.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))));
    claims.extend(settings.lists.iter().map(|(name, items)| (name.clone(), Value::from(items.clone()))));
    claims.insert(settings.principal_claim.clone(), settings.principal.as_str().into());
    claims.insert("iat".into(), now.into());
    claims.insert("exp".into(), now.saturating_add(settings.lifetime.as_secs()).into());
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let text = format!("{}.{}.", part(r#"{"alg":"none"}"#), part(&Value::from(claims).to_string()));
    Token::new(text, settings.lifetime).principal(&settings.principal)
}
