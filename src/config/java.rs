//! The text format of Java properties files.
//!
//! Source: the documentation of `java.util.Properties.load(Reader)`.

use std::iter::Peekable;
use std::str::Chars;

/// A key, its value, and the line where it begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) key: String,
    pub(super) value: String,
    /// Counted from 1.
    pub(super) number: usize,
}

/// A `\u` that no four hexadecimal digits follow, or half of a surrogate pair.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadEscape {
    pub(super) key: String,
    /// Counted from 1.
    pub(super) line: usize,
}

/// The entries of a properties file, in its order, duplicates included.
pub(super) fn parse(text: &str) -> Result<Vec<Line>, BadEscape> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut entries = Vec::new();
    for (number, line) in logical_lines(text) {
        entries.push(entry(&line, number)?);
    }
    Ok(entries)
}

/// Lines without comments and blanks, continued ones joined, each with the number where it begins.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (index, natural) in natural_lines(text).enumerate() {
        let natural = natural.trim_start_matches(is_blank);
        if open.is_none() && (natural.is_empty() || natural.starts_with(['#', '!'])) {
            continue;
        }
        let backslashes = natural.bytes().rev().take_while(|byte| *byte == b'\\').count();
        let continued = backslashes % 2 == 1;
        let kept = if continued { natural.strip_suffix('\\').unwrap_or(natural) } else { natural };
        let (_, line) = open.get_or_insert_with(|| (index + 1, String::new()));
        line.push_str(kept);
        if !continued {
            lines.extend(open.take());
        }
    }
    lines.extend(open);
    lines
}

/// Lines ended by `\n`, `\r` or `\r\n`.
fn natural_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some((line, after)) = text.split_once(['\n', '\r']) else {
            rest = None;
            return Some(text);
        };
        let carriage_return = text.as_bytes().get(line.len()) == Some(&b'\r');
        rest = Some(if carriage_return { after.strip_prefix('\n').unwrap_or(after) } else { after });
        Some(line)
    })
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{c}')
}

fn entry(line: &str, number: usize) -> Result<Line, BadEscape> {
    let mut chars = line.chars().peekable();
    let bad = |key: &str| BadEscape { key: key.to_owned(), line: number };
    let mut key = String::new();
    while let Some(c) = chars.next_if(|c| !is_blank(*c) && !matches!(c, '=' | ':')) {
        push(&mut key, c, &mut chars).ok_or_else(|| bad(&key))?;
    }
    while chars.next_if(|c| is_blank(*c)).is_some() {}
    if chars.next_if(|c| matches!(c, '=' | ':')).is_some() {
        while chars.next_if(|c| is_blank(*c)).is_some() {}
    }
    let mut value = String::new();
    while let Some(c) = chars.next() {
        push(&mut value, c, &mut chars).ok_or_else(|| bad(&key))?;
    }
    Ok(Line { key, value, number })
}

/// Appends `c`, or what it escapes. None: an escape that is none.
fn push(text: &mut String, c: char, chars: &mut Peekable<Chars<'_>>) -> Option<()> {
    if c != '\\' {
        text.push(c);
        return Some(());
    }
    match chars.next() {
        Some('t') => text.push('\t'),
        Some('n') => text.push('\n'),
        Some('r') => text.push('\r'),
        Some('f') => text.push('\u{c}'),
        Some('u') => text.push(unicode(chars)?),
        Some(other) => text.push(other),
        None => {}
    }
    Some(())
}

fn unicode(chars: &mut Peekable<Chars<'_>>) -> Option<char> {
    let first = code_unit(chars)?;
    if let Some(c) = char::from_u32(u32::from(first)) {
        return Some(c);
    }
    chars.next_if_eq(&'\\')?;
    chars.next_if_eq(&'u')?;
    let second = code_unit(chars)?;
    char::decode_utf16([first, second]).next()?.ok()
}

fn code_unit(chars: &mut Peekable<Chars<'_>>) -> Option<u16> {
    let mut unit = 0u16;
    for _ in 0..4 {
        let digit = u16::try_from(chars.next()?.to_digit(16)?).ok()?;
        unit = unit.checked_mul(16)?.checked_add(digit)?;
    }
    Some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        parse(text).expect(text).into_iter().map(|line| (line.key, line.value)).collect()
    }

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.into(), value.into())
    }

    #[test]
    fn equals_sign_colon_and_blank_all_separate_key_and_value() {
        let text = "a=1\nb:2\nc 3\n  d  =  4\ne\t:\t5\nf";
        let expected = [pair("a", "1"), pair("b", "2"), pair("c", "3"), pair("d", "4"), pair("e", "5"), pair("f", "")];
        assert_eq!(pairs(text), expected);
        assert_eq!(pairs("a = = 1"), [pair("a", "= 1")], "only the first separator is one");
    }

    #[test]
    fn comments_and_blank_lines_are_nothing_and_every_line_end_counts() {
        assert_eq!(pairs("# a=1\n ! b=2\r\n\r\n\t\nc=3\rd=4\r\ne=5"), [pair("c", "3"), pair("d", "4"), pair("e", "5")]);
        assert_eq!(pairs("\u{feff}a=1"), [pair("a", "1")]);
        assert_eq!(pairs(""), []);
    }

    #[test]
    fn a_backslash_at_the_end_continues_the_line_and_two_do_not() {
        assert_eq!(pairs("a=1,\\\n   2,\\\r\n\t3\nb=4"), [pair("a", "1,2,3"), pair("b", "4")]);
        assert_eq!(pairs("a=1\\\\\nb=2"), [pair("a", "1\\"), pair("b", "2")]);
        assert_eq!(pairs("a=1\\\n# no comment here"), [pair("a", "1# no comment here")]);
        assert_eq!(pairs("a=1\\"), [pair("a", "1")]);
    }

    #[test]
    fn escapes_are_resolved_in_keys_and_values() {
        assert_eq!(pairs(r"a\=b\ c=\t\n\q\u00e9"), [pair("a=b c", "\t\nq\u{e9}")]);
        assert_eq!(pairs(r"a=\ud83d\ude00"), [pair("a", "\u{1f600}")]);
    }

    #[test]
    fn a_bad_unicode_escape_is_an_error_that_names_key_and_line() {
        for text in [r"k=\u12", r"k=\u12g4", r"k=\ud83d", r"k=\ud83dx", r"k=\ude00\ude00"] {
            let text = format!("a=1\n\n{text}");
            assert_eq!(parse(&text), Err(BadEscape { key: "k".into(), line: 3 }), "{text}");
        }
    }

    #[test]
    fn trailing_blanks_belong_to_the_value_and_the_number_is_where_a_line_begins() {
        let lines = parse("#\na=1 \nb=\\\n2\nc=3").expect("parses");
        let seen: Vec<_> = lines.iter().map(|line| (line.key.as_str(), line.value.as_str(), line.number)).collect();
        assert_eq!(seen, [("a", "1 ", 2), ("b", "2", 3), ("c", "3", 5)]);
    }
}
