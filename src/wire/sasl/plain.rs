//! PLAIN (RFC 4616): user and password as they are. Only TLS protects them.

use super::mechanism::{Mechanism, MechanismError, Step};
use crate::config::Secret;

/// The client's side of PLAIN.
pub(crate) struct Plain {
    username: String,
    password: Secret,
    sent: bool,
}

impl Plain {
    pub(crate) fn new(username: &str, password: &Secret) -> Self {
        Self { username: username.to_owned(), password: password.clone(), sent: false }
    }
}

impl Mechanism for Plain {
    fn step(&mut self, challenge: &[u8]) -> Result<Step, MechanismError> {
        if !self.sent {
            self.sent = true;
            let parts = ["", &self.username, self.password.expose()];
            return Ok(Step::Send(parts.join("\0").into_bytes()));
        }
        // What a server may add to its acceptance has no meaning.
        if challenge.is_empty() { Ok(Step::Done) } else { Err(MechanismError::Superfluous) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_are_sent_without_an_identity_to_act_as() {
        let mut plain = Plain::new("tim", &Secret::new("tanstaaftanstaaf"));
        // The example of RFC 4616.
        assert!(matches!(plain.step(b""), Ok(Step::Send(bytes)) if bytes == b"\0tim\0tanstaaftanstaaf"));
        assert!(matches!(plain.step(b""), Ok(Step::Done)));
    }

    #[test]
    fn a_server_that_asks_for_more_is_refused() {
        let mut plain = Plain::new("tim", &Secret::new("secret"));
        plain.step(b"").expect("the first message");
        assert_eq!(plain.step(b"more").err(), Some(MechanismError::Superfluous));
    }
}
