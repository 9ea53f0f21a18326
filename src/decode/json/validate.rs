//! Raw JSON text: the one place where a whole value is judged.

use super::scan::{literal, space, unexpected};
use super::string::{Piece, lone};
use super::{number, string};
use crate::decode::{Reason, Step, fault};

/// Where the valid JSON value ends that begins at `at`. It is nested at most `depth` deep. The positions of lone surrogates go to
/// `lones`, where these are allowed.
pub(super) fn value(bytes: &[u8], start: usize, depth: usize, mut lones: Option<&mut Vec<usize>>) -> Step<usize> {
    let mut closing = Vec::new(); // the brackets still to come
    let mut at = start;
    loop {
        // A value begins at `at`.
        match bytes.get(at) {
            Some(open @ (b'{' | b'[')) => {
                if closing.len() == depth {
                    return fault(at, Reason::Limit, "the value is nested more deeply than the limit (;depth=N)");
                }
                let close = if *open == b'{' { b'}' } else { b']' };
                closing.push(close);
                at = space(bytes, at + 1);
                if bytes.get(at) != Some(&close) {
                    if close == b'}' {
                        at = key(bytes, at, &mut lones)?;
                    }
                    continue;
                }
            }
            Some(b'"') => at = text(bytes, at, &mut lones)?,
            Some(b'-' | b'0'..=b'9') => at = number::scan(bytes, at)?.1,
            _ => {
                let end = [&b"true"[..], b"false", b"null"].iter().find_map(|name| literal(bytes, at, name));
                at = match end {
                    Some(end) => end,
                    None => return unexpected(bytes, at, "a value"),
                };
            }
        }
        // A value is over, or an empty container is about to be.
        loop {
            let Some(close) = closing.last().copied() else { return Ok(at) };
            at = space(bytes, at);
            match bytes.get(at) {
                Some(b',') => {
                    at = space(bytes, at + 1);
                    if close == b'}' {
                        at = key(bytes, at, &mut lones)?;
                    }
                    break;
                }
                Some(byte) if *byte == close => {
                    closing.pop();
                    at += 1;
                }
                _ => return unexpected(bytes, at, if close == b'}' { "',' or '}'" } else { "',' or ']'" }),
            }
        }
    }
}

/// Where the value of the member begins whose key is at `at`.
fn key(bytes: &[u8], at: usize, lones: &mut Option<&mut Vec<usize>>) -> Step<usize> {
    if bytes.get(at) != Some(&b'"') {
        return unexpected(bytes, at, "a name in double quotes");
    }
    let end = space(bytes, text(bytes, at, lones)?);
    if bytes.get(end) != Some(&b':') {
        return unexpected(bytes, end, "':'");
    }
    Ok(space(bytes, end + 1))
}

fn text(bytes: &[u8], at: usize, lones: &mut Option<&mut Vec<usize>>) -> Step<usize> {
    let found = string::scan(bytes, at)?;
    if found.plain(bytes).is_some() {
        found.check_utf8(bytes)?;
    } else {
        found.pieces(bytes, |piece| match (piece, lones.as_mut()) {
            (Piece::Lone(at), Some(lones)) => {
                lones.push(at);
                Ok(())
            }
            (Piece::Lone(at), None) => lone(at),
            _ => Ok(()),
        })?;
    }
    Ok(found.end + 1)
}
