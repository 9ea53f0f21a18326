//! Numbers whose ends are known, eight digits at a time.

use super::super::scan::{eight, word_at};
use super::literal::sixteen_at;

/// A number as an integer and its decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digits {
    pub(super) negative: bool,
    pub(super) magnitude: u64,
    /// How many of the digits stand behind the point.
    pub(super) decimals: usize,
}

/// Sixteen zeros.
const ZEROS: u128 = u128::from_le_bytes([b'0'; 16]);

/// The integer that `bytes[start..end]` is as JSON writes one, of up to 19 digits and without point or exponent.
#[inline]
pub(super) fn integer(bytes: &[u8], start: usize, end: usize) -> Option<(bool, u64)> {
    let negative = bytes.get(start) == Some(&b'-');
    let start = start + usize::from(negative);
    let length = end.checked_sub(start)?;
    if length == 0 || (length > 1 && bytes.get(start) == Some(&b'0')) {
        return None;
    }
    let magnitude = if length <= 8 {
        word_of(last_eight(bytes, end, length)?)?
    } else if length <= 16 {
        sixteen_digits(last_of(bytes, end, length)?)?
    } else if length <= 19 {
        let high = last_of(bytes, end - 16, length - 16)?;
        // 19 digits are below 2^64.
        sixteen_digits(high)? * 10_000_000_000_000_000 + sixteen_digits(last_of(bytes, end, 16)?)?
    } else {
        return None;
    };
    Some((negative, magnitude))
}

/// The number that `bytes[start..end]` is as JSON writes one, of up to 16 characters beside the sign, and without exponent.
#[inline]
pub(super) fn number(bytes: &[u8], start: usize, end: usize) -> Option<Digits> {
    let negative = bytes.get(start) == Some(&b'-');
    let start = start + usize::from(negative);
    let length = end.checked_sub(start)?;
    if length == 0 || length > 16 {
        return None;
    }
    if length <= 8 {
        return short_number(bytes, negative, (start, end), length);
    }
    let text = last_of(bytes, end, length)?;
    let (digits, decimals) = match point(text) {
        None => (text, 0),
        Some(place) => {
            // What stands before the point moves over it; a zero comes in at the front.
            let before = text & ((1 << place) - 1);
            let behind = text & (u128::MAX << place << 8);
            ((before << 8) | behind | u128::from(b'0'), 15 - place / 8)
        }
    };
    let point = usize::from(digits != text);
    let whole = length - decimals - point;
    if whole == 0 || (point == 1 && decimals == 0) || (whole > 1 && bytes.get(start) == Some(&b'0')) {
        return None;
    }
    Some(Digits { negative, magnitude: sixteen_digits(digits)?, decimals })
}

/// As [`number`], of up to eight characters.
#[inline]
fn short_number(bytes: &[u8], negative: bool, (start, end): (usize, usize), length: usize) -> Option<Digits> {
    let text = last_eight(bytes, end, length)?;
    let zeros = text ^ eight(b'.');
    // Of the bits only the lowest is sure, and no more than that is asked for.
    let hits = zeros.wrapping_sub(eight(1)) & !zeros & eight(0x80);
    let (digits, decimals, whole) = if hits == 0 {
        (text, 0, length)
    } else {
        let place = hits.trailing_zeros() - 7;
        let before = text & ((1 << place) - 1);
        let behind = text & (u64::MAX << place << 8);
        let decimals = 7 - place as usize / 8;
        if decimals == 0 {
            return None;
        }
        ((before << 8) | behind | u64::from(b'0'), decimals, length - decimals - 1)
    };
    if whole == 0 || (whole > 1 && bytes.get(start) == Some(&b'0')) {
        return None;
    }
    Some(Digits { negative, magnitude: word_of(digits)?, decimals })
}

/// The `length` characters before `end`, of 1 to 8, as the last of eight, with zeros before them.
#[inline]
fn last_eight(bytes: &[u8], end: usize, length: usize) -> Option<u64> {
    let word = word_at(bytes, end.checked_sub(8)?)?;
    let kept = u64::MAX << (64 - 8 * length);
    Some((word & kept) | (eight(b'0') & !kept))
}

/// The number that eight digits are.
#[inline]
fn word_of(text: u64) -> Option<u64> {
    all_digits(text).then(|| eight_digits(text))
}

/// The `length` characters before `end`, of 1 to 16, as the last of sixteen, with zeros before them.
#[inline]
fn last_of(bytes: &[u8], end: usize, length: usize) -> Option<u128> {
    let sixteen = sixteen_at(bytes, end.checked_sub(16)?)?;
    let kept = u128::MAX << (128 - 8 * length);
    Some((sixteen & kept) | (ZEROS & !kept))
}

/// The nanoseconds that up to nine digits behind the point are.
#[inline]
pub(super) fn nanos(digits: &[u8]) -> Option<u32> {
    const MISSING: [u32; 10] = [1_000_000_000, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];
    let value = match digits {
        [first @ b'0'..=b'9', rest @ ..] if rest.len() == 8 => {
            u64::from(first - b'0') * 100_000_000 + word_of(word_at(rest, 0)?)?
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

/// Whether `bytes[start..end]` is one to sixteen digits, points, signs and slashes.
#[inline]
pub(super) fn numeric(bytes: &[u8], start: usize, end: usize) -> bool {
    within::<b'-'>(bytes, start, end)
}

/// Whether `bytes[start..end]` is a short array of numbers and nothing but: one without white space.
#[inline]
pub(super) fn is_flat_array(bytes: &[u8], start: usize, end: usize) -> bool {
    let Some(last) = end.checked_sub(1) else { return false };
    bytes.get(start) == Some(&b'[')
        && bytes.get(last) == Some(&b']')
        && (start + 1 == last || within::<b','>(bytes, start + 1, last))
}

/// Whether there are one to sixteen bytes, and all of them from `FIRST` to `9`.
#[inline]
fn within<const FIRST: u8>(bytes: &[u8], start: usize, end: usize) -> bool {
    // The high bit of a byte comes of the one sum and does not of the other.
    let word_is = |word: u64| {
        let within = word.wrapping_add(eight(0x80 - FIRST)) & !word.wrapping_add(eight(0x80 - b':'));
        word & eight(0x80) == 0 && within & eight(0x80) == eight(0x80)
    };
    match end.checked_sub(start) {
        Some(length @ 1..=8) => last_eight(bytes, end, length).is_some_and(word_is),
        Some(length @ 9..=16) => last_of(bytes, end, length).is_some_and(|text| halves(text).into_iter().all(word_is)),
        _ => false,
    }
}

/// The bit at which the first point stands.
#[inline]
fn point(text: u128) -> Option<usize> {
    const POINTS: u128 = u128::from_le_bytes([b'.'; 16]);
    const ONES: u128 = u128::from_le_bytes([1; 16]);
    let zeros = text ^ POINTS;
    // Of the bits only the lowest is sure, and no more than that is asked for.
    let hits = zeros.wrapping_sub(ONES) & !zeros & (ONES << 7);
    (hits != 0).then(|| hits.trailing_zeros() as usize - 7)
}

/// The number that sixteen digits are.
#[inline]
fn sixteen_digits(text: u128) -> Option<u64> {
    let [high, low] = halves(text);
    if !all_digits(high) | !all_digits(low) {
        return None;
    }
    Some(eight_digits(high) * 100_000_000 + eight_digits(low))
}

#[inline]
fn halves(text: u128) -> [u64; 2] {
    let bytes = text.to_le_bytes();
    let (words, _) = bytes.as_chunks::<8>();
    match words {
        [first, second] => [u64::from_le_bytes(*first), u64::from_le_bytes(*second)],
        _ => [0, 0],
    }
}

#[inline]
fn all_digits(word: u64) -> bool {
    // The high half of each byte is 3, also when 6 is added: it is no more than 9.
    (word & eight(0xf0)) | ((word.wrapping_add(eight(6)) & eight(0xf0)) >> 4) == eight(0x33)
}

/// Pairs, fours, eights: three multiplications.
#[inline]
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

    use super::*;

    /// The text as it stands in a document.
    fn placed(text: &str) -> (Vec<u8>, usize, usize) {
        let before = "{\"a long enough key\":";
        (format!("{before}{text}}}").into_bytes(), before.len(), before.len() + text.len())
    }

    fn read_integer(text: &str) -> Option<i128> {
        let (bytes, start, end) = placed(text);
        integer(&bytes, start, end).map(|(negative, magnitude)| if negative { -i128::from(magnitude) } else { magnitude.into() })
    }

    fn read_number(text: &str) -> Option<Digits> {
        let (bytes, start, end) = placed(text);
        number(&bytes, start, end)
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
    fn numeric_is_what_has_no_other_byte() {
        for length in 1..=17 {
            for at in 0..length {
                for byte in 0..=255_u8 {
                    let (mut bytes, start, end) = placed(&"1".repeat(length));
                    bytes[start + at] = byte;
                    assert_eq!(
                        numeric(&bytes, start, end),
                        (b'-'..=b'9').contains(&byte) && length <= 16,
                        "{byte:x} {at} {length}"
                    );
                }
            }
        }
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
            "[",
        ] {
            let (bytes, start, end) = placed(text);
            if is_flat_array(&bytes, start, end) {
                assert_eq!(crate::decode::json::skip::value(&bytes, start).ok(), Some(end), "{text}");
            }
        }
        let (bytes, start, end) = placed("[1.5,-2]");
        assert!(is_flat_array(&bytes, start, end));
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
            let expected = Digits { negative, magnitude: format!("{whole}{decimals}").parse().unwrap(), decimals: decimals.len() };
            prop_assert_eq!(read_number(&format!("{sign}{whole}{point}{decimals}")), Some(expected));
        }

        #[test]
        fn any_text_is_read_as_the_plain_decoder_reads_it_or_not_at_all(text in "[-0-9.e+a/:]{0,20}") {
            use crate::decode::json::number;
            let (bytes, start, end) = placed(&text);
            let plain = number::scan(&bytes, start).ok().filter(|(_, plain)| *plain == end).map(|(number, _)| number);
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
