//! SCRAM-SHA-256 and SCRAM-SHA-512 (RFC 5802, RFC 7677), the client's side, without channel binding.
//!
//! The password never leaves: the server is shown a proof that it is known, and must show one in turn. What Kafka calls KIP-554 and
//! delegation tokens (`tokenauth=true`) are not spoken.

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod message;

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;

use super::mechanism::{Mechanism, MechanismError, Step};
use crate::config::Secret;
use message::{ServerFirst, sasl_name, server_final};

/// No channel binding, no identity to act as; and the same in base64.
const GS2_HEADER: &str = "n,,";
const CHANNEL: &str = "biws";

/// The hash of a mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha512,
}

/// The client's side of SCRAM.
pub(crate) struct Scram {
    hash: Hash,
    username: String,
    password: Secret,
    /// Printable, without comma; fresh for each exchange.
    nonce: String,
    state: State,
}

enum State {
    Start,
    /// The first message was sent.
    Proving,
    /// The proof was sent; the server has to prove the same with this.
    Verifying {
        signature: Vec<u8>,
    },
    Over,
}

impl Scram {
    /// An exchange with a nonce of its own.
    ///
    /// # Errors
    /// [`MechanismError::Random`].
    pub(crate) fn new(hash: Hash, username: &str, password: &Secret) -> Result<Self, MechanismError> {
        let mut random = [0_u8; 24];
        getrandom::fill(&mut random).map_err(|error| MechanismError::Random(error.to_string()))?;
        Ok(Self::with_nonce(hash, username, password, STANDARD.encode(random)))
    }

    pub(crate) fn with_nonce(hash: Hash, username: &str, password: &Secret, nonce: String) -> Self {
        Self { hash, username: username.to_owned(), password: password.clone(), nonce, state: State::Start }
    }

    /// `n=user,r=nonce`.
    fn first_bare(&self) -> String {
        format!("n={},r={}", sasl_name(&self.username), self.nonce)
    }

    fn prove(&self, challenge: &[u8]) -> Result<(Vec<u8>, Vec<u8>), MechanismError> {
        let first = ServerFirst::parse(challenge)?;
        if first.nonce.len() <= self.nonce.len() || !first.nonce.starts_with(&self.nonce) {
            return Err(MechanismError::Nonce);
        }
        let without_proof = format!("c={CHANNEL},r={}", first.nonce);
        // It was checked to be UTF-8 when it was parsed.
        let said = String::from_utf8_lossy(challenge);
        let exchanged = format!("{},{said},{without_proof}", self.first_bare());
        let password = self.password.expose();
        let proof = Proof::of(self.hash, password, &first, &exchanged);
        let message = format!("{without_proof},p={}", STANDARD.encode(&proof.client));
        Ok((message.into_bytes(), proof.server))
    }
}

impl Mechanism for Scram {
    fn step(&mut self, challenge: &[u8]) -> Result<Step, MechanismError> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Start => {
                self.state = State::Proving;
                Ok(Step::Send(format!("{GS2_HEADER}{}", self.first_bare()).into_bytes()))
            }
            State::Proving => {
                let (message, signature) = self.prove(challenge)?;
                self.state = State::Verifying { signature };
                Ok(Step::Send(message))
            }
            State::Verifying { signature } => {
                let theirs = server_final(challenge)?;
                let proven = !signature.is_empty() && bool::from(signature.ct_eq(&theirs));
                if proven { Ok(Step::Done) } else { Err(MechanismError::ServerSignature) }
            }
            State::Over => Err(MechanismError::Superfluous),
        }
    }

    fn is_slow(&self) -> bool {
        matches!(self.state, State::Proving)
    }
}

/// What client and server prove each other with.
struct Proof {
    client: Vec<u8>,
    server: Vec<u8>,
}

impl Proof {
    /// RFC 5802, section 3.
    fn of(hash: Hash, password: &str, first: &ServerFirst<'_>, exchanged: &str) -> Self {
        let salted = hash.salted(password, &first.salt, first.iterations);
        let client_key = hash.signed(&salted, b"Client Key");
        let signature = hash.signed(&hash.digest(&client_key), exchanged.as_bytes());
        let client = client_key.iter().zip(&signature).map(|(left, right)| left ^ right).collect();
        let server_key = hash.signed(&salted, b"Server Key");
        Self { client, server: hash.signed(&server_key, exchanged.as_bytes()) }
    }
}

impl Hash {
    fn digest(self, text: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(text).to_vec(),
            Self::Sha512 => Sha512::digest(text).to_vec(),
        }
    }

    fn signed(self, key: &[u8], text: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => hmac::<Hmac<Sha256>>(key, text),
            Self::Sha512 => hmac::<Hmac<Sha512>>(key, text),
        }
    }

    /// `Hi` of RFC 5802.
    fn salted(self, password: &str, salt: &[u8], iterations: u32) -> Vec<u8> {
        let password = password.as_bytes();
        match self {
            Self::Sha256 => pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(password, salt, iterations).to_vec(),
            Self::Sha512 => pbkdf2::pbkdf2_hmac_array::<Sha512, 64>(password, salt, iterations).to_vec(),
        }
    }
}

fn hmac<M: Mac + KeyInit>(key: &[u8], text: &[u8]) -> Vec<u8> {
    match <M as KeyInit>::new_from_slice(key) {
        Ok(mac) => mac.chain_update(text).finalize().into_bytes().to_vec(),
        // HMAC takes keys of any length.
        Err(_) => Vec::new(),
    }
}

/// User and password in the form that RFC 5802 has them in (SASLprep, RFC 4013); none where that is the form that they have, or where
/// they have none in it.
///
/// Kafka hashes a password as it is, other servers may hash this form.
pub(crate) fn prepared(username: &str, password: &Secret) -> Option<(String, Secret)> {
    let name = stringprep::saslprep(username).ok()?;
    let word = stringprep::saslprep(password.expose()).ok()?;
    let changed = matches!(name, Cow::Owned(_)) || matches!(word, Cow::Owned(_));
    let changed = changed && (name != username || word != password.expose());
    changed.then(|| (name.into_owned(), Secret::new(word.into_owned())))
}

#[cfg(test)]
mod tests;
