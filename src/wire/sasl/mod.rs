//! Logging in with SASL: the mechanisms as state machines, what a login needs, and how long a session lasts.
//!
//! SaslHandshake and SaslAuthenticate carry the mechanisms' messages since Kafka 1.0 (KIP-152); the bare tokens of older brokers are
//! not spoken.

mod login;
mod mechanism;
mod msk;
mod oauthbearer;
mod oidc;
mod plain;
mod requests;
mod scram;
mod session;
mod token;
mod unsecured;

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;

pub(crate) use login::Login;
pub(crate) use mechanism::Step;
pub(crate) use oidc::Oidc;
pub(crate) use session::Session;
pub(crate) use token::Tokens;
pub use token::{Token, TokenError, TokenSource};
