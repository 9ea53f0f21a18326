//! Values that no column asks for, skipped by their extent only: what is inside them is not judged.

use super::scan::{eight, equal_bytes, is_delimiter, unexpected, word_at};
use crate::decode::{Reason, Step, fault};

/// Where the value that begins at `at` ends: a string behind its closing quote, a container behind its closing bracket,
/// anything else at the next `,`, `}`, `]` or white space.
#[inline]
pub(super) fn value(bytes: &[u8], at: usize) -> Step<usize> {
    match bytes.get(at) {
        Some(b'"') => string(bytes, at),
        Some(open @ (b'{' | b'[')) => container(bytes, at, *open),
        _ => scalar(bytes, at),
    }
}

#[inline]
fn scalar(bytes: &[u8], at: usize) -> Step<usize> {
    let mut end = at;
    while !is_delimiter(bytes, end) {
        end += 1;
    }
    if end == at { unexpected(bytes, at, "a value") } else { Ok(end) }
}

/// Where the string ends whose opening quote is at `at`.
#[inline]
pub(super) fn string(bytes: &[u8], at: usize) -> Step<usize> {
    let mut end = at + 1;
    loop {
        while let Some(word) = word_at(bytes, end) {
            let hits = equal_bytes(word, eight(b'"')) | equal_bytes(word, eight(b'\\'));
            if hits != 0 {
                end += hits.trailing_zeros() as usize / 8;
                break;
            }
            end += 8;
        }
        match bytes.get(end) {
            Some(b'"') => return Ok(end + 1),
            Some(b'\\') => end += 2,
            Some(_) => end += 1,
            None => return fault(bytes.len(), Reason::Truncated, "the payload ends within a text"),
        }
    }
}

/// Where the container ends whose opening bracket `open` is at `at`. Brackets of both kinds are counted alike; the one that
/// ends the container must be of its kind.
fn container(bytes: &[u8], at: usize, open: u8) -> Step<usize> {
    let mut depth = 0_usize;
    let mut end = at;
    loop {
        while let Some(word) = word_at(bytes, end) {
            // With these bits set, all four brackets are 0x7f, and so are Y, _, y and DEL, which the match below passes over.
            let hits = equal_bytes(word | eight(0x26), eight(0x7f)) | equal_bytes(word, eight(b'"'));
            if hits != 0 {
                end += hits.trailing_zeros() as usize / 8;
                break;
            }
            end += 8;
        }
        match bytes.get(end) {
            Some(b'"') => {
                end = string(bytes, end)?;
                continue;
            }
            Some(b'{' | b'[') => depth += 1,
            Some(close @ (b'}' | b']')) => {
                depth -= 1;
                if depth == 0 {
                    let expected = if open == b'{' { b'}' } else { b']' };
                    if *close != expected {
                        return unexpected(bytes, end, if open == b'{' { "'}'" } else { "']'" });
                    }
                    return Ok(end + 1);
                }
            }
            Some(_) => {}
            None => return fault(bytes.len(), Reason::Truncated, "the payload ends within an object or array"),
        }
        end += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_skipped_to_its_end_whatever_is_inside() {
        for (text, rest) in [
            (r#""ab",1"#, ",1"),
            (r#""a\"b\\",1"#, ",1"),
            ("\"raw \n control and a long run of text beyond a word\"}", "}"),
            (r#"{"a":[1,{"b":"}]"}]},2"#, ",2"),
            ("{Y_y\x7f not json, but balanced [ ] and long enough for words}x", "x"),
            ("tru,", ","),
            ("1.5e-3 }", " }"),
            ("007]", "]"),
            ("nu\"l", ""),
        ] {
            let expected = text.len() - rest.len();
            assert_eq!(value(text.as_bytes(), 0).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn a_value_without_end_or_beginning_is_an_error_at_the_end_or_there() {
        for (text, at, reason) in [
            ("", 0, Reason::Truncated),
            (",", 0, Reason::Syntax),
            ("\"abc", 4, Reason::Truncated),
            ("\"abc\\", 5, Reason::Truncated),
            ("{\"a\":[1,2", 9, Reason::Truncated),
            ("[1,2}", 4, Reason::Syntax),
            ("[nonsense } ]]", 10, Reason::Syntax),
        ] {
            let error = value(text.as_bytes(), 0).unwrap_err();
            assert_eq!((error.position, error.reason), (at, reason), "{text}");
        }
    }
}
