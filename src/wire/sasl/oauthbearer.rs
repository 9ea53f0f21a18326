//! OAUTHBEARER (RFC 7628, KIP-255): a token, and extensions (KIP-342).

use std::collections::BTreeMap;

use super::mechanism::{Mechanism, MechanismError, Step};
use crate::config::Secret;

/// No channel binding, no identity to act as.
const GS2_HEADER: &str = "n,,";
const SEPARATOR: char = '\u{1}';

/// The client's side of OAUTHBEARER.
pub(crate) struct OAuthBearer {
    token: Secret,
    extensions: BTreeMap<String, String>,
    state: State,
}

enum State {
    Start,
    Sent,
    /// The server said why it refuses, and was told that this is understood.
    Refused(String),
}

impl OAuthBearer {
    pub(crate) fn new(token: &Secret, extensions: &BTreeMap<String, String>) -> Self {
        Self { token: token.clone(), extensions: extensions.clone(), state: State::Start }
    }

    fn first(&self) -> Vec<u8> {
        let mut message = format!("{GS2_HEADER}{SEPARATOR}auth=Bearer {}{SEPARATOR}", self.token.expose());
        for (name, value) in &self.extensions {
            message.push_str(&format!("{name}={value}{SEPARATOR}"));
        }
        message.push(SEPARATOR);
        message.into_bytes()
    }
}

impl Mechanism for OAuthBearer {
    fn step(&mut self, challenge: &[u8]) -> Result<Step, MechanismError> {
        match std::mem::replace(&mut self.state, State::Sent) {
            State::Start => Ok(Step::Send(self.first())),
            State::Sent if challenge.is_empty() => Ok(Step::Done),
            State::Sent => {
                self.state = State::Refused(refusal(challenge));
                Ok(Step::Send(vec![1]))
            }
            State::Refused(reason) => Err(MechanismError::Refused(reason)),
        }
    }

    fn refusal(&self) -> Option<&str> {
        match &self.state {
            State::Refused(reason) => Some(reason),
            _ => None,
        }
    }
}

/// What the JSON of RFC 7628, section 3.2.2, says.
fn refusal(challenge: &[u8]) -> String {
    let Ok(serde_json::Value::Object(answer)) = serde_json::from_slice(challenge) else {
        return "something that is no JSON object".into();
    };
    let part = |name: &str| answer.get(name).and_then(serde_json::Value::as_str).filter(|text| !text.is_empty());
    let status = part("status").unwrap_or("no status");
    let scope = part("scope").map(|scope| format!(" (a token for the scope {scope:?} is wanted)")).unwrap_or_default();
    format!("{status}{scope}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer<const N: usize>(extensions: [(&str, &str); N]) -> OAuthBearer {
        let extensions = extensions.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        OAuthBearer::new(&Secret::new("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="), &extensions)
    }

    fn sent(step: Result<Step, MechanismError>) -> Vec<u8> {
        match step {
            Ok(Step::Send(bytes)) => bytes,
            _ => panic!("nothing is sent"),
        }
    }

    #[test]
    fn the_token_is_framed_as_in_rfc_7628() {
        let mut bearer = bearer([]);
        assert_eq!(sent(bearer.step(b"")), b"n,,\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01");
        assert!(matches!(bearer.step(b""), Ok(Step::Done)));
    }

    #[test]
    fn extensions_follow_the_token() {
        let mut bearer = bearer([("logicalCluster", "lkc-1"), ("identityPoolId", "pool-2")]);
        let text = String::from_utf8(sent(bearer.step(b""))).expect("text");
        assert!(text.ends_with("\u{1}identityPoolId=pool-2\u{1}logicalCluster=lkc-1\u{1}\u{1}"), "{text:?}");
    }

    #[test]
    fn a_refusal_is_acknowledged_and_told() {
        for (challenge, told) in [
            (r#"{"status":"invalid_token"}"#, "invalid_token"),
            (
                r#"{"status":"insufficient_scope","scope":"kafka"}"#,
                "insufficient_scope (a token for the scope \"kafka\" is wanted)",
            ),
            ("{}", "no status"),
            ("no JSON", "something that is no JSON object"),
        ] {
            let mut bearer = bearer([]);
            bearer.step(b"").expect("the first message");
            assert_eq!(sent(bearer.step(challenge.as_bytes())), b"\x01");
            assert_eq!(bearer.refusal(), Some(told));
            assert_eq!(bearer.step(b"").err(), Some(MechanismError::Refused(told.into())));
        }
    }
}
