//! The server's side of SCRAM (RFC 5802), as Kafka has it.

use super::SaslFault;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256, Sha512};

const SERVER_NONCE: &str = "3rfcNHYJY1ZVvWVs7j";
const REFUSED: &str = "Authentication failed during authentication due to invalid credentials with SASL mechanism";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha512,
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
            Self::Sha256 => {
                Hmac::<Sha256>::new_from_slice(key).map(|mac| mac.chain_update(text).finalize().into_bytes().to_vec())
            }
            Self::Sha512 => {
                Hmac::<Sha512>::new_from_slice(key).map(|mac| mac.chain_update(text).finalize().into_bytes().to_vec())
            }
        }
        .unwrap_or_default()
    }
}

/// What a server keeps of a password.
#[derive(Clone)]
pub(super) struct Credentials {
    salt: Vec<u8>,
    iterations: u32,
    stored_key: Vec<u8>,
    server_key: Vec<u8>,
}

impl Credentials {
    pub(super) fn new(hash: Hash, password: &str, salt: &[u8], iterations: u32) -> Self {
        let password = password.as_bytes();
        let salted = match hash {
            Hash::Sha256 => pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(password, salt, iterations).to_vec(),
            Hash::Sha512 => pbkdf2::pbkdf2_hmac_array::<Sha512, 64>(password, salt, iterations).to_vec(),
        };
        Self {
            salt: salt.to_vec(),
            iterations,
            stored_key: hash.digest(&hash.signed(&salted, b"Client Key")),
            server_key: hash.signed(&salted, b"Server Key"),
        }
    }
}

/// An exchange that waits for the client's proof.
pub(super) struct Server {
    hash: Hash,
    user: String,
    credentials: Credentials,
    client_bare: String,
    challenge: String,
    nonce: String,
}

impl Server {
    /// Takes the client's first message.
    pub(super) fn begin(
        hash: Hash,
        sent: &[u8],
        find: impl Fn(&str) -> Option<Credentials>,
        fault: Option<&SaslFault>,
    ) -> Result<(Self, Vec<u8>), String> {
        let text = std::str::from_utf8(sent).map_err(|_| "malformed")?;
        let bare = text.strip_prefix("n,,").ok_or("malformed")?;
        let (name, nonce) = bare.split_once(',').ok_or("malformed")?;
        let name = name.strip_prefix("n=").ok_or("malformed")?.replace("=2C", ",").replace("=3D", "=");
        let theirs = nonce.strip_prefix("r=").ok_or("malformed")?;
        let credentials = find(&name).ok_or(REFUSED)?;
        let nonce = match fault {
            Some(SaslFault::ForeignNonce) => SERVER_NONCE.to_owned(),
            _ => format!("{theirs}{SERVER_NONCE}"),
        };
        let iterations = match fault {
            Some(SaslFault::Iterations(count)) => *count,
            _ => credentials.iterations.into(),
        };
        let challenge = format!("r={nonce},s={},i={iterations}", STANDARD.encode(&credentials.salt));
        let bytes = challenge.clone().into_bytes();
        Ok((Self { hash, user: name, credentials, client_bare: bare.to_owned(), challenge, nonce }, bytes))
    }

    /// Takes the client's proof and gives the server's.
    pub(super) fn end(self, sent: &[u8], fault: Option<&SaslFault>) -> Result<(String, Vec<u8>), String> {
        let text = std::str::from_utf8(sent).map_err(|_| "malformed")?;
        let (without_proof, proof) = text.rsplit_once(",p=").ok_or("malformed")?;
        if without_proof != format!("c=biws,r={}", self.nonce) {
            return Err("malformed".into());
        }
        let proof = STANDARD.decode(proof).map_err(|_| "malformed")?;
        let exchanged = format!("{},{},{without_proof}", self.client_bare, self.challenge);
        let signature = self.hash.signed(&self.credentials.stored_key, exchanged.as_bytes());
        let client_key: Vec<u8> = signature.iter().zip(&proof).map(|(left, right)| left ^ right).collect();
        if self.hash.digest(&client_key) != self.credentials.stored_key {
            return Err(REFUSED.into());
        }
        let mut signature = self.hash.signed(&self.credentials.server_key, exchanged.as_bytes());
        if fault == Some(&SaslFault::WrongSignature) {
            signature.iter_mut().take(1).for_each(|byte| *byte ^= 1);
        }
        Ok((self.user, format!("v={}", STANDARD.encode(signature)).into_bytes()))
    }
}
