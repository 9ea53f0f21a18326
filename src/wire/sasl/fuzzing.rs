//! What hostile brokers and token providers say.

use std::collections::BTreeMap;

use super::mechanism::{Mechanism, Step};
use super::oauthbearer::OAuthBearer;
use super::oidc;
pub use super::scram::fuzzing::scram;
use crate::config::Secret;

/// Takes the refusal of a token by a broker, or the answer of a provider of tokens. First byte: which.
///
/// # Panics
/// Where a broker that refuses is believed to agree.
pub fn token(input: &[u8]) {
    let [choice, rest @ ..] = input else { return };
    match choice % 3 {
        0 => {
            let mut bearer = OAuthBearer::new(&Secret::new("secret"), &BTreeMap::new());
            assert!(matches!(bearer.step(b""), Ok(Step::Send(_))));
            let answer = bearer.step(rest);
            assert!(rest.is_empty() || !matches!(answer, Ok(Step::Done)));
            let _refusal = bearer.refusal().map(str::len);
        }
        1 => oidc::answered(200, rest),
        _ => oidc::answered(401, rest),
    }
}
