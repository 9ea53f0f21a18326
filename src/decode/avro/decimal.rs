//! Decimals: two's complement, big-endian, of any length.

use arrow_buffer::i256;

use crate::decode::{Reason, Step, fault};

/// The longest unscaled value of a `big-decimal` that is written out: making its digits takes time quadratic in its length.
const MOST_BIG: usize = 512;

/// The value, sign-extended to `WIDTH` bytes; `None` where it needs more.
fn extended<const WIDTH: usize>(bytes: &[u8]) -> Option<[u8; WIDTH]> {
    let sign = if bytes.first().is_some_and(|first| *first >= 0x80) { 0xff } else { 0 };
    let spare = bytes.len().saturating_sub(WIDTH);
    let (head, tail) = bytes.split_at_checked(spare)?;
    let kept_sign = tail.first().map_or(0, |first| if *first >= 0x80 { 0xff } else { 0 });
    if head.iter().any(|byte| *byte != sign) || kept_sign != sign {
        return None;
    }
    let mut wide = [sign; WIDTH];
    wide.get_mut(WIDTH - tail.len()..)?.copy_from_slice(tail);
    Some(wide)
}

fn too_many<T>(at: usize, precision: u8) -> Step<T> {
    fault(at, Reason::Range, format!("the decimal has more than {precision} digits"))
}

/// A decimal of up to 38 digits. `at` is its position.
pub(super) fn narrow(bytes: &[u8], precision: u8, at: usize) -> Step<i128> {
    let limit = 10_i128.pow(u32::from(precision.min(38))).cast_unsigned();
    match extended(bytes).map(i128::from_be_bytes) {
        Some(value) if value.unsigned_abs() < limit => Ok(value),
        _ => too_many(at, precision),
    }
}

/// A decimal of up to 76 digits. `at` is its position.
pub(super) fn wide(bytes: &[u8], precision: u8, at: usize) -> Step<i256> {
    let limit = i256::from_i128(10).wrapping_pow(u32::from(precision.min(76)));
    match extended(bytes).map(i256::from_be_bytes) {
        Some(value) if value < limit && value > limit.wrapping_neg() => Ok(value),
        _ => too_many(at, precision),
    }
}

/// A decimal with a scale of its own, as text.
pub(super) fn text(bytes: &[u8], scale: i64, at: usize) -> Step<String> {
    if bytes.len() > MOST_BIG {
        return fault(at, Reason::Limit, format!("a big decimal of {} bytes, the limit is {MOST_BIG}", bytes.len()));
    }
    let (negative, digits) = digits(bytes);
    let sign = if negative { "-" } else { "" };
    Ok(match usize::try_from(scale) {
        Ok(0) => format!("{sign}{digits}"),
        Ok(scale) if scale <= 4 * MOST_BIG => {
            let digits = format!("{digits:0>width$}", width = scale + 1);
            let (whole, fraction) = digits.split_at(digits.len() - scale);
            format!("{sign}{whole}.{fraction}")
        }
        _ => format!("{sign}{digits}E{}", -i128::from(scale)),
    })
}

/// Sign and decimal digits.
fn digits(bytes: &[u8]) -> (bool, String) {
    let negative = bytes.first().is_some_and(|first| *first >= 0x80);
    let mut magnitude = bytes.to_vec();
    if negative {
        let mut carry = true;
        for byte in magnitude.iter_mut().rev() {
            let (sum, over) = (!*byte).overflowing_add(u8::from(carry));
            *byte = sum;
            carry = over;
        }
    }
    // Base 10^9, least first.
    let mut groups: Vec<u32> = vec![0];
    for byte in magnitude {
        let mut carry = u64::from(byte);
        for group in &mut groups {
            let sum = u64::from(*group) * 256 + carry;
            *group = u32::try_from(sum % 1_000_000_000).unwrap_or(0);
            carry = sum / 1_000_000_000;
        }
        if carry > 0 {
            groups.push(u32::try_from(carry).unwrap_or(0));
        }
    }
    let mut text = groups.pop().unwrap_or(0).to_string();
    groups.iter().rev().for_each(|group| text.push_str(&format!("{group:09}")));
    (negative, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_may_be_longer_than_it_needs() {
        assert_eq!(narrow(&[], 4, 0).unwrap(), 0);
        assert_eq!(narrow(&[0x80], 4, 0).unwrap(), -128);
        assert_eq!(narrow(&[0, 0x80], 4, 0).unwrap(), 128);
        let mut long = [0xff; 40];
        long[39] = 0x85;
        assert_eq!(narrow(&long, 4, 0).unwrap(), -123);
        assert_eq!(wide(&long, 50, 0).unwrap(), i256::from_i128(-123));
        long[39] = 0x05; // ff..ff05 is -251
        assert_eq!(narrow(&long, 4, 0).unwrap(), -251);
        long[0] = 0;
        assert_eq!(wide(&long, 76, 7).unwrap_err().position, 7);
    }

    #[test]
    fn a_decimal_has_its_precision_and_no_digit_more() {
        assert_eq!(narrow(&9999_i32.to_be_bytes(), 4, 0).unwrap(), 9999);
        assert_eq!(narrow(&(-9999_i32).to_be_bytes(), 4, 0).unwrap(), -9999);
        for value in [10_000_i32, -10_000] {
            assert_eq!(narrow(&value.to_be_bytes(), 4, 0).unwrap_err().reason, Reason::Range);
            assert_eq!(wide(&value.to_be_bytes(), 4, 0).unwrap_err().reason, Reason::Range);
        }
        assert_eq!(narrow(&i128::MIN.to_be_bytes(), 38, 0).unwrap_err().reason, Reason::Range);
        assert_eq!(wide(&i256::MIN.to_be_bytes(), 76, 0).unwrap_err().reason, Reason::Range);
    }

    #[test]
    fn a_big_decimal_is_its_exact_text() {
        for (unscaled, scale, expected) in [
            (12_345_i128, 2, "123.45"),
            (-5, 3, "-0.005"),
            (0, 0, "0"),
            (7, -3, "7E3"),
            (i128::MIN, 0, "-170141183460469231731687303715884105728"),
            (1_000_000_000_000_000_000_000, 9, "1000000000000.000000000"),
        ] {
            assert_eq!(text(&unscaled.to_be_bytes(), scale, 0).unwrap(), expected);
        }
        assert_eq!(text(&[], 0, 0).unwrap(), "0");
        assert!(text(&[1; 513], 0, 0).is_err());
    }
}
