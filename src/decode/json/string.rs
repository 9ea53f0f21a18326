//! Strings that are wanted: their extent, their escapes, their UTF-8.

use std::borrow::Cow;

use memchr::memchr;

use super::scan::{eight, equal_bytes, word_at};
use crate::decode::text::quoted;
use crate::decode::{Reason, Step, fault};

/// The extent of a string and what is known of its content. No control character is in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text {
    /// Behind the opening quote.
    pub(super) start: usize,
    /// At the closing quote.
    pub(super) end: usize,
    escaped: bool,
    ascii: bool,
}

/// Finds the end of the string whose opening quote is at `at`.
#[inline]
pub(super) fn scan(bytes: &[u8], at: usize) -> Step<Text> {
    let start = at + 1;
    let (mut end, mut escaped, mut high) = (start, false, 0_u64);
    loop {
        while let Some(word) = word_at(bytes, end) {
            let control = word.wrapping_sub(eight(0x20)) & !word & eight(0x80);
            let hits = equal_bytes(word, eight(b'"')) | equal_bytes(word, eight(b'\\')) | control;
            if hits != 0 {
                let before = hits.trailing_zeros() & !7;
                high |= word & ((1 << before) - 1);
                end += before as usize / 8;
                break;
            }
            high |= word;
            end += 8;
        }
        match bytes.get(end) {
            Some(b'"') => return Ok(Text { start, end, escaped, ascii: high & eight(0x80) == 0 }),
            Some(b'\\') => {
                escaped = true;
                end += 2;
            }
            Some(control @ 0..0x20) => {
                return fault(end, Reason::Syntax, format!("the control character 0x{control:02x} in a text must be escaped"));
            }
            Some(other) => {
                high |= u64::from(*other);
                end += 1;
            }
            None => return fault(bytes.len(), Reason::Truncated, "the payload ends within a text"),
        }
    }
}

impl Text {
    /// The content as it stands in the payload, if it is the content: no escapes. Not checked to be UTF-8.
    #[inline]
    pub(super) fn plain<'b>(&self, bytes: &'b [u8]) -> Option<&'b [u8]> {
        if self.escaped { None } else { bytes.get(self.start..self.end) }
    }

    /// Checks the content to be UTF-8, which a content without escapes needs alone.
    #[inline]
    pub(super) fn check_utf8(&self, bytes: &[u8]) -> Step {
        if self.ascii { Ok(()) } else { utf8(bytes, self.start, self.end) }
    }

    /// Appends the content, which is valid UTF-8 then.
    #[inline]
    pub(super) fn append_to(&self, bytes: &[u8], lenient: bool, out: &mut Vec<u8>) -> Step {
        match self.plain(bytes) {
            Some(plain) => {
                self.check_utf8(bytes)?;
                out.extend_from_slice(plain);
                Ok(())
            }
            None => self.pieces(bytes, |piece| piece.append_to(lenient, out)),
        }
    }

    /// The content, valid UTF-8; borrowed where there are no escapes.
    pub(super) fn content<'b>(&self, bytes: &'b [u8], lenient: bool) -> Step<Cow<'b, [u8]>> {
        if let Some(plain) = self.plain(bytes) {
            self.check_utf8(bytes)?;
            return Ok(Cow::Borrowed(plain));
        }
        let mut content = Vec::new();
        self.append_to(bytes, lenient, &mut content)?;
        Ok(Cow::Owned(content))
    }

    /// Where in the payload the byte `at` of the content is; the string itself where escapes hide that.
    pub(super) fn position(&self, at: usize) -> usize {
        if self.escaped { self.start - 1 } else { self.start + at }
    }

    /// Gives the content piece by piece.
    pub(super) fn pieces<'b>(&self, bytes: &'b [u8], mut each: impl FnMut(Piece<'b>) -> Step) -> Step {
        let mut at = self.start;
        while let Some(rest) = bytes.get(at..self.end).filter(|rest| !rest.is_empty()) {
            let run = memchr(b'\\', rest).unwrap_or(rest.len());
            if run > 0 {
                utf8(bytes, at, at + run)?;
                each(Piece::Run(rest.get(..run).unwrap_or_default()))?;
                at += run;
            } else {
                let (piece, length) = escape(rest, at)?;
                each(piece)?;
                at += length;
            }
        }
        Ok(())
    }
}

/// A piece of a string's content.
#[derive(Debug, Clone, Copy)]
pub(super) enum Piece<'b> {
    /// Bytes as they stand, valid UTF-8.
    Run(&'b [u8]),
    /// An escaped character.
    Character(char),
    /// An escaped half of a surrogate pair without its other half, at this position.
    Lone(usize),
}

impl Piece<'_> {
    fn append_to(self, lenient: bool, out: &mut Vec<u8>) -> Step {
        let character = match self {
            Self::Run(run) => {
                out.extend_from_slice(run);
                return Ok(());
            }
            Self::Character(character) => character,
            Self::Lone(_) if lenient => char::REPLACEMENT_CHARACTER,
            Self::Lone(at) => return lone(at),
        };
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }
}

/// A lone surrogate where that is an error.
#[cold]
pub(super) fn lone(at: usize) -> Step {
    fault(at, Reason::Utf8, "a lone surrogate is no character; the option lenient puts U+FFFD for it")
}

fn utf8(bytes: &[u8], start: usize, end: usize) -> Step {
    match std::str::from_utf8(bytes.get(start..end).unwrap_or_default()) {
        Ok(_) => Ok(()),
        Err(error) => fault(start + error.valid_up_to(), Reason::Utf8, "the text is not valid UTF-8"),
    }
}

/// The escape at the beginning of `rest`, which is at `at` in the payload, and its length.
fn escape(rest: &[u8], at: usize) -> Step<(Piece<'static>, usize)> {
    let character = match rest.get(1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode(rest, at),
        _ => return fault(at, Reason::Syntax, format!("{} is no escape", quoted(rest.get(..2).unwrap_or(rest)))),
    };
    Ok((Piece::Character(character), 2))
}

fn unicode(rest: &[u8], at: usize) -> Step<(Piece<'static>, usize)> {
    let Some(first) = hexadecimal(rest, 2) else {
        return fault(at, Reason::Syntax, format!("{} is no escape", quoted(rest.get(..6).unwrap_or(rest))));
    };
    if let Some(character) = char::from_u32(first) {
        return Ok((Piece::Character(character), 6));
    }
    let second = if rest.get(6..8) == Some(br"\u") { hexadecimal(rest, 8) } else { None };
    Ok(match (first, second) {
        (0xd800..0xdc00, Some(second @ 0xdc00..0xe000)) => {
            let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            (char::from_u32(code).map_or(Piece::Lone(at), Piece::Character), 12)
        }
        _ => (Piece::Lone(at), 6),
    })
}

fn hexadecimal(rest: &[u8], at: usize) -> Option<u32> {
    rest.get(at..at + 4)?.iter().try_fold(0, |code, byte| Some(code << 4 | char::from(*byte).to_digit(16)?))
}
