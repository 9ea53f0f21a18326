//! The messages of SCRAM (RFC 5802, section 7), as pure functions: bytes in, parts or a typed error out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::wire::sasl::mechanism::MechanismError;

/// The fewest iterations that are accepted: the least that RFC 7677 recommends, and what Kafka begins with.
pub(crate) const LEAST_ITERATIONS: u32 = 4096;
/// The most: about a second of one core. A hostile server must not have more of it.
pub(crate) const MOST_ITERATIONS: u32 = 1_000_000;

/// A longer message of a server is refused: nonce, salt and signature have a few hundred bytes.
const LONGEST_MESSAGE: usize = 4096;

/// What the server says first.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ServerFirst<'a> {
    pub(crate) nonce: &'a str,
    pub(crate) salt: Vec<u8>,
    pub(crate) iterations: u32,
}

impl<'a> ServerFirst<'a> {
    /// `r=nonce,s=salt,i=iterations`, and extensions, which are optional by their nature.
    ///
    /// # Errors
    /// [`MechanismError::Malformed`], [`MechanismError::Iterations`], [`MechanismError::Refused`] where it is an error message.
    pub(crate) fn parse(message: &'a [u8]) -> Result<Self, MechanismError> {
        let bad = |reason| malformed("first message", reason);
        let text = text(message).map_err(bad)?;
        if let Some(refusal) = text.strip_prefix("e=") {
            return Err(refused(refusal));
        }
        let mut attributes = text.split(',');
        // An `m=` in the place of the nonce is an extension that must be understood.
        let nonce = attribute(attributes.next(), "r=").filter(|nonce| !nonce.is_empty() && printable(nonce));
        let nonce = nonce.ok_or_else(|| bad("it does not begin with a nonce"))?;
        let salt = attribute(attributes.next(), "s=").and_then(|salt| STANDARD.decode(salt).ok());
        let salt = salt.filter(|salt| !salt.is_empty()).ok_or_else(|| bad("it has no salt"))?;
        let iterations = attribute(attributes.next(), "i=").ok_or_else(|| bad("it has no iteration count"))?;
        Ok(Self { nonce, salt, iterations: count(iterations)? })
    }
}

/// What the server says last: its signature.
///
/// # Errors
/// [`MechanismError::Malformed`], [`MechanismError::Refused`] where it is an error message.
pub(crate) fn server_final(message: &[u8]) -> Result<Vec<u8>, MechanismError> {
    let bad = |reason| malformed("last message", reason);
    let text = text(message).map_err(bad)?;
    if let Some(refusal) = text.strip_prefix("e=") {
        return Err(refused(refusal));
    }
    let signature = attribute(text.split(',').next(), "v=").and_then(|signature| STANDARD.decode(signature).ok());
    signature.ok_or_else(|| bad("it has no signature"))
}

/// A user's name as SCRAM writes it: `,` and `=` have a meaning of their own there.
pub(crate) fn sasl_name(name: &str) -> String {
    name.replace('=', "=3D").replace(',', "=2C")
}

fn count(digits: &str) -> Result<u32, MechanismError> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(malformed("first message", "its iteration count is no number"));
    }
    let count = digits.parse().ok().filter(|count| (LEAST_ITERATIONS..=MOST_ITERATIONS).contains(count));
    count.ok_or_else(|| MechanismError::Iterations {
        asked: digits.chars().take(20).collect(),
        least: LEAST_ITERATIONS,
        most: MOST_ITERATIONS,
    })
}

fn text(message: &[u8]) -> Result<&str, &'static str> {
    if message.len() > LONGEST_MESSAGE {
        return Err("it is too long");
    }
    std::str::from_utf8(message).map_err(|_| "it is no UTF-8")
}

fn attribute<'a>(part: Option<&'a str>, name: &str) -> Option<&'a str> {
    part?.strip_prefix(name)
}

fn printable(nonce: &str) -> bool {
    nonce.bytes().all(|byte| byte.is_ascii_graphic())
}

fn malformed(message: &'static str, reason: &'static str) -> MechanismError {
    MechanismError::Malformed { message, reason }
}

fn refused(refusal: &str) -> MechanismError {
    MechanismError::Refused(refusal.split(',').next().unwrap_or_default().to_owned())
}
