//! The bytes around the place where a payload went wrong, with a marker under it.

use unicode_width::UnicodeWidthChar;

/// So many columns of text are shown before and behind the place.
const BEFORE: usize = 32;
const BEHIND: usize = 40;

/// So many bytes in hexadecimal.
const HEX_BEFORE: usize = 8;
const HEX_BEHIND: usize = 8;

/// Two lines: the bytes, as text where they are text, and the marker. None where there is nothing to show.
pub(super) fn excerpt(payload: &[u8], position: usize) -> Option<String> {
    if payload.is_empty() {
        return None;
    }
    let position = position.min(payload.len());
    as_text(payload, position).or_else(|| Some(as_hex(payload, position)))
}

/// None where what is around the place is no text.
fn as_text(payload: &[u8], position: usize) -> Option<String> {
    // No character is longer than four bytes, and none is wider than two columns.
    let from = position.saturating_sub(BEFORE * 4);
    let to = position.saturating_add(BEHIND * 4).min(payload.len());
    let before = whole_characters_behind(payload.get(from..position)?);
    let behind = whole_characters_before(payload.get(position..to)?);
    let (before, behind) = (std::str::from_utf8(before).ok()?, std::str::from_utf8(behind).ok()?);
    let strange =
        |text: &str| text.chars().filter(|character| character.is_control() && !character.is_ascii_whitespace()).count();
    // A few control characters are shown as pictures; many are no text.
    if strange(before) + strange(behind) > 1.max((before.len() + behind.len()) / 8) {
        return None;
    }
    let mut shown: Vec<(char, usize)> = Vec::new();
    let mut width = 0;
    let mut cut = from > 0;
    for character in before.chars().rev().map(picture) {
        let columns = character.width().unwrap_or(1);
        if width + columns > BEFORE {
            cut = true;
            break;
        }
        width += columns;
        shown.push((character, columns));
    }
    let mut line: String = if cut { "…".to_owned() } else { String::new() };
    line.extend(shown.iter().rev().map(|(character, _)| *character));
    let marker = width + usize::from(cut);
    let mut width = 0;
    let mut rest = behind.chars().map(picture);
    let more = loop {
        let Some(character) = rest.next() else { break to < payload.len() };
        width += character.width().unwrap_or(1);
        if width > BEHIND {
            break true;
        }
        line.push(character);
    };
    line.push_str(if more { "…" } else { "" });
    Some(format!("    {line}\n    {}^", " ".repeat(marker)))
}

/// Bytes from the first that begins a character.
fn whole_characters_behind(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().take(3).take_while(|byte| **byte & 0xc0 == 0x80).count();
    bytes.get(start..).unwrap_or_default()
}

/// Bytes up to the last whole character, where it is cut at most in its middle.
fn whole_characters_before(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => bytes.get(..error.valid_up_to()).unwrap_or_default(),
        _ => bytes,
    }
}

/// What a terminal would act on is shown as its picture.
fn picture(character: char) -> char {
    match u32::from(character) {
        code @ 0..0x20 => char::from_u32(0x2400 + code).unwrap_or('␀'),
        0x7f => '␡',
        _ if character.is_control() || character.width().is_none_or(|width| width == 0) => '\u{fffd}',
        _ => character,
    }
}

fn as_hex(payload: &[u8], position: usize) -> String {
    let from = position.saturating_sub(HEX_BEFORE);
    let to = position.saturating_add(HEX_BEHIND).min(payload.len());
    let bytes: Vec<String> = payload.get(from..to).unwrap_or_default().iter().map(|byte| format!("{byte:02x}")).collect();
    let (before, behind) = (if from > 0 { "… " } else { "" }, if to < payload.len() { " …" } else { "" });
    let marker = before.chars().count() + (position - from) * 3;
    format!("    {before}{}{behind}\n    {}^^", bytes.join(" "), " ".repeat(marker))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(payload: &[u8], position: usize) -> (String, String) {
        let text = excerpt(payload, position).unwrap();
        let (bytes, marker) = text.split_once('\n').unwrap();
        (bytes[4..].to_owned(), marker[4..].to_owned())
    }

    fn pair(bytes: &str, marker: &str) -> (String, String) {
        (bytes.to_owned(), marker.to_owned())
    }

    #[test]
    fn text_is_shown_as_it_is_with_a_marker_under_the_place() {
        assert_eq!(lines(b"{\"n\":\"12\"}", 5), pair("{\"n\":\"12\"}", "     ^"));
        assert_eq!(lines(b"{\"n\":1", 6), pair("{\"n\":1", "      ^"));
        assert_eq!(lines(b"{\"n\":1", 600), pair("{\"n\":1", "      ^"));
        assert_eq!(lines("日本x".as_bytes(), 6), pair("日本x", "    ^"));
        assert_eq!(lines(b"a\tb\x1b[1m", 3), pair("a␉b␛[1m", "   ^"));
        assert_eq!(excerpt(b"", 0), None);
    }

    #[test]
    fn long_text_is_cut_on_both_sides() {
        let long = "0123456789".repeat(100);
        let (text, marker) = lines(long.as_bytes(), 505);
        assert_eq!(text, format!("…{}…", &long[505 - 32..505 + 40]));
        assert_eq!(marker, format!("{}^", " ".repeat(33)));
        let wide = "é".repeat(1000);
        for position in [998, 1000, 1002] {
            let (text, marker) = lines(wide.as_bytes(), position);
            assert_eq!(text, format!("…{}…", "é".repeat(72)), "{position}");
            assert_eq!(marker.chars().count(), 34);
        }
    }

    #[test]
    fn bytes_are_shown_in_hexadecimal() {
        assert_eq!(lines(&[0, 0, 0, 0, 7, 0xff], 5), pair("00 00 00 00 07 ff", "               ^^"));
        assert_eq!(lines(&[0xff], 1), pair("ff", "   ^^"));
        let long = vec![0xff; 100];
        let (bytes, marker) = lines(&long, 50);
        assert_eq!(bytes, format!("… {} …", vec!["ff"; 16].join(" ")));
        assert_eq!(marker, format!("{}^^", " ".repeat(26)));
    }

    #[test]
    fn a_place_within_a_character_and_broken_text_are_bytes() {
        assert_eq!(lines("é".as_bytes(), 1).0, "c3 a9");
        assert_eq!(lines(b"ok \xff", 3), pair("6f 6b 20 ff", "         ^^"));
    }
}
