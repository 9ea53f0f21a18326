//! What a hostile broker, or provider of tokens, says in a login.

use super::mechanism::{Mechanism, Step};
use super::oauthbearer::OAuthBearer;
use super::oidc;
use super::plain::Plain;
use super::scram;
use crate::config::Secret;

/// Reads messages of a server, one after the other: the first byte says of which mechanism, a zero ends each.
///
/// # Panics
/// Where a mechanism goes on without an end, or shows what it hides.
pub fn login(bytes: &[u8]) {
    const SECRET: &str = "the secret that nobody sees";
    let Some((kind, rest)) = bytes.split_first() else { return };
    let secret = Secret::new(SECRET);
    let mut mechanism: Box<dyn Mechanism> = match kind % 4 {
        0 => return scram::parse(rest),
        1 => return oidc::parse(rest),
        2 => Box::new(OAuthBearer::new(&secret, &[("traceId".to_owned(), "x".to_owned())].into())),
        _ => Box::new(Plain::new("alice", &secret)),
    };
    let challenges = std::iter::once(&b""[..]).chain(rest.split(|byte| *byte == 0));
    let mut sent = 0;
    for challenge in challenges {
        match mechanism.step(challenge) {
            Ok(Step::Send(_)) => sent += 1,
            Ok(Step::Done) => break,
            Err(error) => {
                assert!(!format!("{error} {error:?}").contains(SECRET));
                break;
            }
        }
    }
    assert!(sent <= 2, "it goes on and on");
}
