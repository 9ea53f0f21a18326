//! Numbers whose ends are known, eight digits at a time.

use super::super::scan::eight;
use super::page::Bytes;

/// A number as an integer and its decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digits {
    pub(super) negative: bool,
    pub(super) magnitude: u64,
    /// How many of the digits stand behind the point.
    pub(super) decimals: u32,
}

/// Sixteen zeros.
const ZEROS: u128 = u128::from_le_bytes([b'0'; 16]);

/// The integer from `start` to `end` as JSON writes one, of up to 19 digits and without point or exponent.
#[inline(always)]
pub(super) fn integer(bytes: Bytes<'_>, start: u16, end: u16) -> Option<(bool, u64)> {
    let first = bytes.byte(start);
    let negative = first == b'-';
    let start = start.wrapping_add(u16::from(negative));
    let length = u32::from(end.wrapping_sub(start));
    if length > 1 && bytes.byte(start) == b'0' {
        return None;
    }
    let magnitude = match length {
        1..=8 => word_of(last_eight(bytes, end, length))?,
        9..=16 => sixteen_digits(last_of(bytes, end, length))?,
        17..=19 => long_integer(bytes, end, length)?,
        _ => return None,
    };
    Some((negative, magnitude))
}

/// An integer that has a sign.
#[inline(always)]
pub(super) fn signed(negative: bool, magnitude: u64) -> Option<i64> {
    if negative { 0_i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
}

/// 17 to 19 digits, which are below 2^64.
#[inline]
fn long_integer(bytes: Bytes<'_>, end: u16, length: u32) -> Option<u64> {
    let high = last_eight(bytes, end.wrapping_sub(16), length - 16);
    Some(word_of(high)? * 10_000_000_000_000_000 + sixteen_digits(bytes.sixteen_before(end))?)
}

/// The number from `start` to `end` as JSON writes one, of up to 16 characters beside the sign, and without exponent.
#[inline(always)]
pub(super) fn number(bytes: Bytes<'_>, start: u16, end: u16) -> Option<Digits> {
    let negative = bytes.byte(start) == b'-';
    let start = start.wrapping_add(u16::from(negative));
    let length = u32::from(end.wrapping_sub(start));
    match length {
        1..=8 => short_number(bytes, negative, (start, end), length),
        9..=16 => long_number(bytes, negative, (start, end), length),
        _ => None,
    }
}

/// As [`number`], of more than eight characters.
#[inline]
fn long_number(bytes: Bytes<'_>, negative: bool, (start, end): (u16, u16), length: u32) -> Option<Digits> {
    let text = last_of(bytes, end, length);
    let (digits, decimals, point) = match point(text) {
        None => (text, 0, 0),
        Some(place) => {
            // What stands before the point moves over it; a zero comes in at the front.
            let before = text & ((1 << place) - 1);
            let behind = text & (u128::MAX << place << 8);
            ((before << 8) | behind | u128::from(b'0'), 15 - place / 8, 1)
        }
    };
    let whole = length - decimals - point;
    if whole == 0 || (point == 1 && decimals == 0) || (whole > 1 && bytes.byte(start) == b'0') {
        return None;
    }
    Some(Digits { negative, magnitude: sixteen_digits(digits)?, decimals })
}

/// As [`number`], of up to eight characters.
#[inline(always)]
fn short_number(bytes: Bytes<'_>, negative: bool, (start, end): (u16, u16), length: u32) -> Option<Digits> {
    let text = last_eight(bytes, end, length);
    let zeros = text ^ eight(b'.');
    // Of the bits only the lowest is sure, and no more than that is asked for.
    let hits = zeros.wrapping_sub(eight(1)) & !zeros & eight(0x80);
    let (digits, decimals, whole) = if hits == 0 {
        (text, 0, length)
    } else {
        let place = hits.trailing_zeros() - 7;
        let before = text & ((1 << place) - 1);
        let behind = text & (u64::MAX << place << 8);
        let decimals = 7 - place / 8;
        if decimals == 0 {
            return None;
        }
        ((before << 8) | behind | u64::from(b'0'), decimals, length - decimals - 1)
    };
    if whole == 0 || (whole > 1 && bytes.byte(start) == b'0') {
        return None;
    }
    Some(Digits { negative, magnitude: word_of(digits)?, decimals })
}

/// The `length` characters before `end`, of 1 to 8, as the last of eight, with zeros before them.
#[inline(always)]
fn last_eight(bytes: Bytes<'_>, end: u16, length: u32) -> u64 {
    let kept = u64::MAX << (64 - 8 * length);
    (bytes.eight_before(end) & kept) | (eight(b'0') & !kept)
}

/// The number that eight digits are.
#[inline(always)]
pub(super) fn word_of(text: u64) -> Option<u64> {
    all_digits(text).then(|| eight_digits(text))
}

/// The `length` characters before `end`, of 1 to 16, as the last of sixteen, with zeros before them.
#[inline(always)]
fn last_of(bytes: Bytes<'_>, end: u16, length: u32) -> u128 {
    let kept = u128::MAX << (128 - 8 * length);
    (bytes.sixteen_before(end) & kept) | (ZEROS & !kept)
}

/// The nanoseconds that up to nine digits behind the point are.
#[inline]
pub(super) fn nanos(digits: &[u8]) -> Option<u32> {
    const MISSING: [u32; 10] = [1_000_000_000, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];
    let value = match digits {
        [first @ b'0'..=b'9', rest @ ..] if rest.len() == 8 => {
            u64::from(first - b'0') * 100_000_000 + word_of(u64::from_le_bytes(rest.try_into().ok()?))?
        }
        _ => {
            let mut value = 0;
            for digit in digits {
                match digit {
                    b'0'..=b'9' => value = value * 10 + u64::from(digit - b'0'),
                    _ => return None,
                }
            }
            value
        }
    };
    u32::try_from(value).ok()?.checked_mul(*MISSING.get(digits.len())?)
}

/// Whether there are one to eight characters from `start` to `end`, and none of them ends a value or begins one that is not a number or a
/// literal.
#[inline(always)]
pub(super) fn is_short_scalar(bytes: Bytes<'_>, start: u16, end: u16) -> bool {
    let length = u32::from(end.wrapping_sub(start));
    // Of the letters above Z only small ones: the brackets are among the others.
    let word = bytes.eight_before(end);
    let within = word.wrapping_add(eight(0x80 - b'-')) & !((word | eight(0x20)).wrapping_add(eight(0x80 - b'{'))) & !word;
    let kept = u64::MAX.unbounded_shl(64_u32.wrapping_sub(8 * length));
    (length.wrapping_sub(1) < 8) & ((within | !kept) & eight(0x80) == eight(0x80))
}

/// Whether from `start` to `end` there is a short array of numbers and nothing but: one without white space.
#[inline(always)]
pub(super) fn is_flat_array(bytes: Bytes<'_>, start: u16, end: u16) -> bool {
    let length = u32::from(end.wrapping_sub(start));
    if length <= 10 {
        // What is between the brackets.
        let inner = length.wrapping_sub(2);
        let word = bytes.eight_before(end.wrapping_sub(1));
        let within = word.wrapping_add(eight(0x80 - b',')) & !word.wrapping_add(eight(0x80 - b':')) & !word;
        let kept = u64::MAX.unbounded_shl(64_u32.wrapping_sub(inner.wrapping_mul(8)));
        return (inner <= 8)
            & (bytes.byte(start) == b'[')
            & (bytes.byte(end.wrapping_sub(1)) == b']')
            & ((within | !kept) & eight(0x80) == eight(0x80));
    }
    let text = bytes.slice(start, end);
    matches!(text, [b'[', inner @ .., b']'] if inner.iter().fold(true, |all, byte| all & (b','..=b'9').contains(byte)))
}

/// The bit at which the first point stands.
#[inline]
fn point(text: u128) -> Option<u32> {
    const POINTS: u128 = u128::from_le_bytes([b'.'; 16]);
    const ONES: u128 = u128::from_le_bytes([1; 16]);
    let zeros = text ^ POINTS;
    // Of the bits only the lowest is sure, and no more than that is asked for.
    let hits = zeros.wrapping_sub(ONES) & !zeros & (ONES << 7);
    (hits != 0).then(|| hits.trailing_zeros() - 7)
}

/// The number that sixteen digits are.
#[inline(always)]
pub(super) fn sixteen_digits(text: u128) -> Option<u64> {
    let [high, low] = halves(text);
    if !all_digits(high) | !all_digits(low) {
        return None;
    }
    Some(eight_digits(high) * 100_000_000 + eight_digits(low))
}

#[inline(always)]
fn halves(text: u128) -> [u64; 2] {
    let bytes = text.to_le_bytes();
    let (words, _) = bytes.as_chunks::<8>();
    match words {
        [first, second] => [u64::from_le_bytes(*first), u64::from_le_bytes(*second)],
        _ => [0, 0],
    }
}

#[inline(always)]
fn all_digits(word: u64) -> bool {
    // The high half of each byte is 3, also when 6 is added: it is no more than 9.
    (word & eight(0xf0)) | ((word.wrapping_add(eight(6)) & eight(0xf0)) >> 4) == eight(0x33)
}

/// Pairs, fours, eights: three multiplications.
#[inline(always)]
fn eight_digits(word: u64) -> u64 {
    let digits = word.wrapping_sub(eight(b'0'));
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    const PAIR: u64 = 0x0000_00ff_0000_00ff;
    let first = (pairs & PAIR).wrapping_mul(100 + (1_000_000 << 32));
    let second = ((pairs >> 16) & PAIR).wrapping_mul(1 + (10_000 << 32));
    first.wrapping_add(second) >> 32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::index::Level;
    use super::super::page::{AROUND, Page};
    use super::*;

    /// The text as it stands in a document.
    fn placed(text: &str) -> (Page, u16, u16) {
        let before = "{\"a long enough key\":";
        let mut page = Page::new();
        page.fill(Level::Scalar, &[format!("{before}{text}}}").as_bytes()]);
        let place = |length: usize| u16::try_from(length).unwrap();
        (page, place(before.len()), place(before.len() + text.len()))
    }

    fn read_integer(text: &str) -> Option<i128> {
        let (page, start, end) = placed(text);
        integer(page.bytes(), start, end)
            .map(|(negative, magnitude)| if negative { -i128::from(magnitude) } else { magnitude.into() })
    }

    fn read_number(text: &str) -> Option<Digits> {
        let (page, start, end) = placed(text);
        number(page.bytes(), start, end)
    }

    #[test]
    fn what_is_no_integer_is_left_to_others() {
        for text in
            ["", "-", "01", "-01", "00", "1.0", "1e3", "+1", " 1", "1 ", "1a", "--1", "12345678901234567890", "null", "1:", "1/"]
        {
            assert_eq!(read_integer(text), None, "{text}");
        }
        assert_eq!(read_integer("-0"), Some(0));
        assert_eq!(read_integer("9999999999999999999"), Some(9_999_999_999_999_999_999));
    }

    #[test]
    fn what_is_no_number_is_left_to_others() {
        for text in [
            "",
            "-",
            ".",
            "1.",
            ".5",
            "-.5",
            "01.5",
            "00",
            "1.2.3",
            "1..2",
            "1e3",
            "1.5e3",
            "+1",
            "1 ",
            "1-2",
            "12345678901234567",
            "x.y",
            "1./",
        ] {
            assert_eq!(read_number(text), None, "{text}");
        }
        assert_eq!(read_number("-0.0"), Some(Digits { negative: true, magnitude: 0, decimals: 1 }));
        assert_eq!(read_number("123456789012345.6"), None, "17 characters");
        assert_eq!(
            read_number("1234567890.12345"),
            Some(Digits { negative: false, magnitude: 123_456_789_012_345, decimals: 5 })
        );
    }

    #[test]
    fn a_short_scalar_has_no_byte_that_ends_a_value() {
        for length in 0..=9 {
            for at in 0..length {
                for byte in 0..=255_u8 {
                    let (mut page, start, end) = placed(&"1".repeat(length));
                    page.bytes[AROUND + usize::from(start) + at] = byte;
                    let ends = matches!(byte, b',' | b'{' | b'}' | b'[' | b']' | b'"' | b' ' | b'\n' | b'\r' | b'\t');
                    let is = is_short_scalar(page.bytes(), start, end);
                    assert!(!is || (!ends && length <= 8), "{byte:x} {at} {length}");
                    let usual = byte.is_ascii_digit() || byte.is_ascii_lowercase() || matches!(byte, b'-' | b'.');
                    assert!(is || !usual || length > 8, "{byte:x} {at} {length}");
                }
            }
            let (page, start, end) = placed(&"1".repeat(length));
            assert_eq!(is_short_scalar(page.bytes(), start, end), (1..=8).contains(&length));
        }
        let (page, start, _) = placed("1");
        assert!(!is_short_scalar(page.bytes(), start, start - 3));
    }

    #[test]
    fn a_flat_array_ends_where_it_is_skipped_to() {
        for text in [
            "[]",
            "[6,7]",
            "[1,2,3,4,5,6,7,8]",
            "[1.5,-2]",
            "[1,2",
            "1]",
            "[[1]]",
            "[1]]",
            "[{}]",
            "[1] ]",
            "[\"]\"]",
            "[1 ]",
            "[1,2,3,4,5,6,7,8",
            "[1,2,3,4,\"5,6,7,8]",
            "[",
        ] {
            let (page, start, end) = placed(text);
            if is_flat_array(page.bytes(), start, end) {
                let document = page.bytes().of(page.document(0));
                assert_eq!(crate::decode::json::skip::value(document, start.into()).ok(), Some(end.into()), "{text}");
            }
        }
        for text in ["[1.5,-2]", "[]", "[1]", "[1.5,-2,3,4,5,6,7,8,9,10]", "[12345678]", "[123456789]"] {
            let (page, start, end) = placed(text);
            assert!(is_flat_array(page.bytes(), start, end), "{text}");
        }
    }

    proptest! {
        #[test]
        fn integers_are_what_the_standard_library_reads(text in "-?(0|[1-9][0-9]{0,18})") {
            prop_assert_eq!(read_integer(&text), Some(text.parse::<i128>().unwrap()));
        }

        #[test]
        fn numbers_are_their_digits_and_where_the_point_is(whole in "(0|[1-9][0-9]{0,14})", decimals in "[0-9]{0,15}", negative: bool) {
            prop_assume!(whole.len() + decimals.len() + usize::from(!decimals.is_empty()) <= 16);
            let point = if decimals.is_empty() { "" } else { "." };
            let sign = if negative { "-" } else { "" };
            let expected = Digits { negative, magnitude: format!("{whole}{decimals}").parse().unwrap(), decimals: u32::try_from(decimals.len()).unwrap() };
            prop_assert_eq!(read_number(&format!("{sign}{whole}{point}{decimals}")), Some(expected));
        }

        #[test]
        fn any_text_is_read_as_the_plain_decoder_reads_it_or_not_at_all(text in "[-0-9.e+a/:]{0,20}") {
            use crate::decode::json::number;
            let (page, start, end) = placed(&text);
            let bytes = page.bytes().of(page.document(0));
            let plain = number::scan(bytes, start.into()).ok().filter(|(_, plain)| *plain == usize::from(end)).map(|(number, _)| number);
            if let Some(integer) = read_integer(&text) {
                prop_assert_eq!(plain.and_then(|number| number.to_integer::<i128>("int").ok()), Some(integer));
            }
            if let Some(digits) = read_number(&text) {
                let value = digits.magnitude as f64 / 10_f64.powi(i32::try_from(digits.decimals).unwrap());
                let value = if digits.negative { -value } else { value };
                let plain = plain.and_then(|number| number.to_f64().ok());
                if digits.magnitude < 1 << 53 {
                    prop_assert_eq!(plain.map(f64::to_bits), Some(value.to_bits()));
                } else {
                    prop_assert!(plain.is_some());
                }
            }
        }
    }
}
