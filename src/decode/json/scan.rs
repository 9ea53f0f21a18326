//! What all parts of the JSON decoder ask of the bytes.

use std::borrow::Cow;

use crate::decode::text::quoted;
use crate::decode::{Reason, Step, fault};

/// The same byte eight times.
pub(super) const fn eight(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Eight bytes at `at`, the first the lowest.
#[inline]
pub(super) fn word_at(bytes: &[u8], at: usize) -> Option<u64> {
    let (word, _) = bytes.get(at..)?.split_first_chunk::<8>()?;
    Some(u64::from_le_bytes(*word))
}

/// The high bit of each byte of `word` that equals that of `pattern`. Only the lowest is sure; the others may be wrong.
#[inline]
pub(super) fn equal_bytes(word: u64, pattern: u64) -> u64 {
    let zeros = word ^ pattern;
    zeros.wrapping_sub(eight(1)) & !zeros & eight(0x80)
}

/// Where the next byte is that is no white space.
#[inline]
pub(super) fn space(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

/// Whether a number or a literal is over at `at`: what is skipped by extent ends at the same bytes.
#[inline]
pub(super) fn is_delimiter(bytes: &[u8], at: usize) -> bool {
    matches!(bytes.get(at), None | Some(b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t'))
}

/// Where a literal ends that begins at `at`, if it stands there.
#[inline]
pub(super) fn literal(bytes: &[u8], at: usize, name: &[u8]) -> Option<usize> {
    let end = at + name.len();
    (bytes.get(at..)?.starts_with(name) && is_delimiter(bytes, end)).then_some(end)
}

/// Something else was expected at `at`: a syntax error, or a truncation at the end.
#[cold]
pub(super) fn unexpected<T>(bytes: &[u8], at: usize, expected: &str) -> Step<T> {
    match bytes.get(at..) {
        Some([_, ..]) => fault(at, Reason::Syntax, format!("{expected} is expected, found {}", describe(bytes, at))),
        _ => fault(bytes.len(), Reason::Truncated, format!("the payload ends where {expected} is expected")),
    }
}

/// The value or byte at `at`, for people.
pub(super) fn describe(bytes: &[u8], at: usize) -> Cow<'static, str> {
    let rest = bytes.get(at..).unwrap_or_default();
    let length = rest.iter().enumerate().take_while(|(index, _)| !is_delimiter(rest, *index)).count();
    let word = String::from_utf8_lossy(rest.get(..length.clamp(1, 40).min(rest.len())).unwrap_or_default());
    match rest.first() {
        None => "the end of the payload".into(),
        Some(b'"') => {
            let end = super::skip::string(bytes, at).unwrap_or(bytes.len()).saturating_sub(1).max(at + 1);
            format!("the text {}", quoted(bytes.get(at + 1..end).unwrap_or_default())).into()
        }
        Some(b'{') => "an object".into(),
        Some(b'[') => "an array".into(),
        Some(b'-' | b'0'..=b'9') => format!("the number {word}").into(),
        Some(b't' | b'f' | b'n') if ["true", "false", "null"].contains(&&*word) => word.into_owned().into(),
        Some(_) => format!("{word:?}").into(),
    }
}
