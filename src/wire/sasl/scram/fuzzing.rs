//! What a hostile server says in the course of SCRAM.

use super::message::{LEAST_ITERATIONS, ServerFirst, server_final};
use super::{Hash, Scram};
use crate::config::Secret;
use crate::wire::sasl::mechanism::{Mechanism, Step};

/// Goes through an exchange. First byte: the hash; then the server's messages, between bytes that no text has.
///
/// # Panics
/// Where a server that does not know the password convinces the client, or the exchange goes on behind its end.
pub fn scram(input: &[u8]) {
    let [hash, rest @ ..] = input else { return };
    let hash = if hash % 2 == 0 { Hash::Sha256 } else { Hash::Sha512 };
    // The exchange of RFC 7677: its last message is the one that convinces.
    let mut exchange = Scram::with_nonce(hash, "user", &Secret::new("pencil"), "rOprNGfwEbeRWgbNEkqO".into());
    assert!(matches!(exchange.step(b""), Ok(Step::Send(_))));
    for message in rest.split(|byte| *byte == 0xff) {
        let _either = server_final(message);
        if ServerFirst::parse(message).is_ok_and(|first| first.iterations > 2 * LEAST_ITERATIONS) {
            return; // a second of hashing
        }
        match exchange.step(message) {
            Ok(Step::Send(proof)) => assert!(proof.starts_with(b"c=biws,r=rOprNGfwEbeRWgbNEkqO")),
            Ok(Step::Done) => {
                assert!(message.starts_with(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), "{}", message.escape_ascii());
                assert!(exchange.step(b"").is_err());
                return;
            }
            Err(_) => {
                assert!(exchange.step(b"").is_err(), "what failed is over");
                return;
            }
        }
    }
}
