//! Numbers: the grammar of RFC 8259, and what becomes of a value in each kind of column.

use std::fmt::Display;

use arrow_buffer::i256;

use super::scan::{is_delimiter, unexpected};
use crate::decode::{Reason, Step};
use crate::spec::Type;

/// A number as it was written, and as an integer times a power of ten where 19 digits suffice.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number<'b> {
    text: &'b [u8],
    negative: bool,
    /// All digits as an integer, if `exact`.
    mantissa: u64,
    /// Whether there are at most 19 significant digits.
    exact: bool,
    /// The power of ten that the digits are to be multiplied with.
    exponent: i64,
}

/// Why a number does not fit a column.
#[derive(Debug)]
pub(super) struct Misfit {
    pub(super) reason: Reason,
    pub(super) message: String,
}

/// The digits behind the last that an integer can hold, against half of its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remainder {
    Zero,
    BelowHalf,
    Half,
    AboveHalf,
}

/// An integer that digits are gathered in.
pub(super) trait Integer: Copy + Default + PartialEq {
    /// Ten times this and the digit; `None` beyond the range.
    fn with_digit(self, digit: u8) -> Option<Self>;
    fn negated(self) -> Self;
    fn is_odd(self) -> bool;
    /// The next integer away from zero.
    fn away_from_zero(self, negative: bool) -> Self;
    /// Whether so many digits suffice.
    fn has_digits(self, digits: u8) -> bool;
}

impl Integer for i128 {
    #[inline]
    fn with_digit(self, digit: u8) -> Option<Self> {
        self.checked_mul(10)?.checked_add(Self::from(digit))
    }

    fn negated(self) -> Self {
        -self
    }

    fn is_odd(self) -> bool {
        self % 2 != 0
    }

    fn away_from_zero(self, negative: bool) -> Self {
        self.saturating_add(if negative { -1 } else { 1 })
    }

    fn has_digits(self, digits: u8) -> bool {
        10_u128.checked_pow(u32::from(digits)).is_none_or(|limit| self.unsigned_abs() < limit)
    }
}

impl Integer for i256 {
    fn with_digit(self, digit: u8) -> Option<Self> {
        self.checked_mul(Self::from_i128(10))?.checked_add(Self::from_i128(i128::from(digit)))
    }

    fn negated(self) -> Self {
        self.wrapping_neg()
    }

    fn is_odd(self) -> bool {
        self.to_parts().0 & 1 == 1
    }

    fn away_from_zero(self, negative: bool) -> Self {
        self.wrapping_add(Self::from_i128(if negative { -1 } else { 1 }))
    }

    fn has_digits(self, digits: u8) -> bool {
        let limit = Self::from_i128(10).checked_pow(u32::from(digits));
        limit.is_none_or(|limit| self < limit && self > limit.wrapping_neg())
    }
}

/// No text is so long that an exponent beyond this could be made good by its digits.
const EXPONENT_LIMIT: i64 = 1 << 40;

/// Reads the number at `at`, and where it ends.
#[inline]
pub(super) fn scan(bytes: &[u8], start: usize) -> Step<(Number<'_>, usize)> {
    let negative = bytes.get(start) == Some(&b'-');
    let mut at = start + usize::from(negative);
    let (mut mantissa, mut significant, mut exponent) = (0_u64, 0_u32, 0_i64);
    let mut digits = |at: &mut usize| {
        let first = *at;
        while let Some(digit @ b'0'..=b'9') = bytes.get(*at) {
            mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            significant += u32::from(mantissa != 0 || significant != 0);
            *at += 1;
        }
        *at - first
    };
    let leading_zero = bytes.get(at) == Some(&b'0');
    let whole = digits(&mut at);
    if whole == 0 {
        return unexpected(bytes, at, "a digit");
    }
    if leading_zero && whole > 1 {
        return unexpected(bytes, at + 1 - whole, "the number's end behind its leading zero");
    }
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        let fraction = digits(&mut at);
        if fraction == 0 {
            return unexpected(bytes, at, "a digit behind the point");
        }
        exponent = -i64::try_from(fraction).unwrap_or(EXPONENT_LIMIT);
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        let (written, end) = written_exponent(bytes, at + 1)?;
        exponent += written;
        at = end;
    }
    if !is_delimiter(bytes, at) {
        return unexpected(bytes, at, "the number's end");
    }
    let text = bytes.get(start..at).unwrap_or_default();
    Ok((Number { text, negative, mantissa, exact: significant <= 19, exponent }, at))
}

/// The number that a text is, if it is one.
#[cold]
pub(super) fn whole(text: &[u8]) -> Option<Number<'_>> {
    let (number, end) = scan(text, 0).ok()?;
    (end == text.len()).then_some(number)
}

fn written_exponent(bytes: &[u8], mut at: usize) -> Step<(i64, usize)> {
    let negative = match bytes.get(at) {
        Some(sign @ (b'+' | b'-')) => {
            at += 1;
            *sign == b'-'
        }
        _ => false,
    };
    let first = at;
    let mut exponent = 0_i64;
    while let Some(digit @ b'0'..=b'9') = bytes.get(at) {
        exponent = (exponent * 10 + i64::from(digit - b'0')).min(EXPONENT_LIMIT);
        at += 1;
    }
    if at == first {
        return unexpected(bytes, at, "a digit of the exponent");
    }
    Ok((if negative { -exponent } else { exponent }, at))
}

/// Powers of ten that are exact as `f64`.
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21,
    1e22,
];

impl Number<'_> {
    /// The nearest `f64`.
    #[inline]
    pub(super) fn to_f64(self) -> Result<f64, Misfit> {
        // One operation on two exact numbers is rounded once: Clinger's fast path.
        let power = usize::try_from(self.exponent.unsigned_abs()).ok().and_then(|power| EXACT_POWERS.get(power));
        if let (Some(power), true) = (power, self.exact && self.mantissa <= 1 << 53) {
            let magnitude = if self.exponent < 0 { self.mantissa as f64 / power } else { self.mantissa as f64 * power };
            return Ok(if self.negative { -magnitude } else { magnitude });
        }
        self.parsed::<f64>("float64").and_then(|value| if value.is_finite() { Ok(value) } else { self.beyond("float64") })
    }

    /// The nearest `f32`, rounded once from the text.
    pub(super) fn to_f32(self) -> Result<f32, Misfit> {
        self.parsed::<f32>("float32").and_then(|value| if value.is_finite() { Ok(value) } else { self.beyond("float32") })
    }

    /// The grammar of JSON's numbers is a part of that of Rust's.
    fn parsed<T: std::str::FromStr>(&self, data_type: &str) -> Result<T, Misfit> {
        let value = std::str::from_utf8(self.text).ok().and_then(|text| text.parse().ok());
        value.map_or_else(|| self.beyond(data_type), Ok)
    }

    /// The integer that the number's value is: `1.0` and `1e3` are integers, `1.5` is none.
    #[inline]
    pub(super) fn to_integer<T: TryFrom<i128>>(self, data_type: impl Display) -> Result<T, Misfit> {
        let value = if self.exact && self.exponent == 0 {
            Some(self.signed(i128::from(self.mantissa)))
        } else {
            match self.scaled(0) {
                Some((value, Remainder::Zero)) => Some(value),
                Some(_) => {
                    let message = format!("{} is no integer, {data_type} is asked for", self.shown());
                    return Err(Misfit { reason: Reason::Precision, message });
                }
                None => None,
            }
        };
        match value.and_then(|value| T::try_from(value).ok()) {
            Some(value) => Ok(value),
            None => self.beyond(data_type),
        }
    }

    /// The number times ten to the `shift`, as an integer cut off towards zero, and what was cut off. `None` where 128 bits do
    /// not hold it.
    pub(super) fn scaled(self, shift: i64) -> Option<(i128, Remainder)> {
        self.scaled_to(shift)
    }

    fn scaled_to<I: Integer>(self, shift: i64) -> Option<(I, Remainder)> {
        let digits = || self.text.iter().take_while(|byte| !matches!(byte, b'e' | b'E')).filter(|byte| byte.is_ascii_digit());
        let count = i64::try_from(digits().count()).ok()?;
        let kept = count + self.exponent + shift; // digits before the point, zeros behind the last one included
        let mut magnitude = I::default();
        let mut dropped = Remainder::Zero;
        for (index, digit) in (0_i64..).zip(digits()) {
            let digit = digit - b'0';
            if index < kept {
                magnitude = magnitude.with_digit(digit)?;
            } else if index == kept {
                dropped = match digit {
                    0 => Remainder::Zero,
                    1..5 => Remainder::BelowHalf,
                    5 => Remainder::Half,
                    _ => Remainder::AboveHalf,
                };
            } else if digit != 0 {
                dropped = match dropped {
                    Remainder::Zero | Remainder::BelowHalf => Remainder::BelowHalf,
                    _ => Remainder::AboveHalf,
                };
            }
        }
        if magnitude != I::default() {
            for _ in count..kept {
                magnitude = magnitude.with_digit(0)?;
            }
        }
        Some((if self.negative { magnitude.negated() } else { magnitude }, dropped))
    }

    /// The unscaled value of a decimal. `half_even` rounds what the scale cannot hold, which is an error otherwise.
    pub(super) fn to_decimal<I: Integer>(self, precision: u8, scale: i8, half_even: bool, wanted: &Type) -> Result<I, Misfit> {
        let Some((mut value, dropped)) = self.scaled_to::<I>(i64::from(scale)) else {
            return self.beyond(wanted);
        };
        if dropped != Remainder::Zero && !half_even {
            let message = format!("{} has more than the {scale} decimals of {wanted}", self.shown());
            return Err(Misfit { reason: Reason::Precision, message });
        }
        if dropped == Remainder::AboveHalf || (dropped == Remainder::Half && value.is_odd()) {
            value = value.away_from_zero(self.negative);
        }
        if value.has_digits(precision) { Ok(value) } else { self.beyond(wanted) }
    }

    /// Whether it was written with a point or an exponent.
    pub(super) fn is_decimal(&self) -> bool {
        self.text.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'))
    }

    /// The number as it was written.
    pub(super) fn text(&self) -> &[u8] {
        self.text
    }

    /// The integer that is left where all behind the point is cut off, if so many digits suffice for it.
    pub(super) fn cut_off<I: Integer>(self, digits: u8, wanted: &Type) -> Result<I, Misfit> {
        match self.scaled_to::<I>(0) {
            Some((value, _)) if value.has_digits(digits) => Ok(value),
            _ => self.beyond(wanted),
        }
    }

    #[inline]
    fn signed(&self, magnitude: i128) -> i128 {
        if self.negative { -magnitude } else { magnitude }
    }

    #[cold]
    pub(super) fn beyond<T>(&self, data_type: impl Display) -> Result<T, Misfit> {
        Err(Misfit { reason: Reason::Range, message: format!("{} is beyond the range of {data_type}", self.shown()) })
    }

    fn shown(&self) -> String {
        const SHOWN: usize = 40;
        let text = String::from_utf8_lossy(self.text);
        text.get(..SHOWN).map_or_else(|| text.to_string(), |start| format!("{start}…"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl Number<'_> {
        fn decimal(self, precision: u8, scale: i8, half_even: bool) -> Result<i128, Misfit> {
            let wide = self.to_decimal::<i256>(precision, scale, half_even, &Type::Decimal256(precision, scale));
            let narrow = self.to_decimal::<i128>(precision, scale, half_even, &Type::Decimal(precision, scale));
            assert_eq!(wide.as_ref().ok().and_then(|wide| wide.to_i128()), narrow.as_ref().ok().copied());
            narrow
        }
    }

    fn number(text: &str) -> Number<'_> {
        let (number, end) = scan(text.as_bytes(), 0).unwrap();
        assert_eq!(end, text.len());
        number
    }

    #[test]
    fn integers_are_numbers_whose_value_is_one() {
        for (text, expected) in [
            ("0", 0),
            ("-0", 0),
            ("-0.0", 0),
            ("1.0", 1),
            ("1e3", 1000),
            ("1.5e1", 15),
            ("100e-2", 1),
            ("0e999999999999999999", 0),
            ("0.000e-5", 0),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
            ("9223372036854775807.000000000000000000000000000000", i64::MAX),
            ("92233720368547758070000000000000000000000000e-25", i64::MAX),
        ] {
            assert_eq!(number(text).to_integer::<i64>("int64").unwrap(), expected, "{text}");
        }
        for (text, reason) in [
            ("1.5", Reason::Precision),
            ("1e-1", Reason::Precision),
            ("0.0000000000000000000000000000000000000000000000001", Reason::Precision),
            ("9223372036854775808", Reason::Range),
            ("-9223372036854775809", Reason::Range),
            ("1e400", Reason::Range),
            ("1e99999999999999999999", Reason::Range),
        ] {
            assert_eq!(number(text).to_integer::<i64>("int64").unwrap_err().reason, reason, "{text}");
        }
        assert_eq!(number("18446744073709551615").to_integer::<u64>("uint64").unwrap(), u64::MAX);
        assert_eq!(number("-1").to_integer::<u8>("uint8").unwrap_err().reason, Reason::Range);
    }

    #[test]
    fn floats_are_rounded_once_and_keep_the_sign_of_zero() {
        assert!(number("-0").to_f64().unwrap().is_sign_negative());
        assert!(number("-0").to_f32().unwrap().is_sign_negative());
        // Between two f32: by way of f64 the tie would go the wrong way.
        assert_eq!(number("1.00000017881393432617187499").to_f32().unwrap(), 1.000_000_1_f32);
        assert_eq!(number("1e400").to_f64().unwrap_err().reason, Reason::Range);
        assert_eq!(number("1e39").to_f32().unwrap_err().reason, Reason::Range);
        assert_eq!(number("1e-400").to_f64().unwrap(), 0.0);
    }

    #[test]
    fn decimals_are_exact_or_rounded_half_even_where_asked() {
        for (text, expected) in [("12.5", 1250), ("12.50000", 1250), ("1e2", 10000), ("-0.01", -1), ("0", 0)] {
            assert_eq!(number(text).decimal(9, 2, false).unwrap(), expected, "{text}");
        }
        assert_eq!(number("0.001").decimal(9, 2, false).unwrap_err().reason, Reason::Precision);
        assert_eq!(number("10000000").decimal(9, 2, false).unwrap_err().reason, Reason::Range);
        for (text, expected) in [
            ("0.005", 0),
            ("0.015", 2),
            ("0.025", 2),
            ("0.0250001", 3),
            ("-0.015", -2),
            ("0.0049", 0),
            ("0.006", 1),
            ("0.0005", 0),
            ("5e-10", 0),
        ] {
            assert_eq!(number(text).decimal(9, 2, true).unwrap(), expected, "{text}");
        }
        let most = "9".repeat(38);
        assert_eq!(number(&most).decimal(38, 0, false).unwrap(), 10_i128.pow(38) - 1);
        assert_eq!(number("99.995").decimal(4, 2, true).unwrap_err().reason, Reason::Range, "rounding may go beyond");
    }

    #[test]
    fn wide_decimals_hold_76_digits_and_no_more() {
        let decimal = |text: &str, scale| number(text).to_decimal::<i256>(76, scale, false, &Type::Decimal256(76, scale));
        for digits in ["9".repeat(76), format!("-{}", "9".repeat(76)), "1".to_owned() + &"0".repeat(75)] {
            assert_eq!(decimal(&digits, 0).unwrap().to_string(), digits);
            assert_eq!(decimal(&format!("{digits}e-76"), 76).unwrap().to_string(), digits);
        }
        for text in ["1".to_owned() + &"0".repeat(76), format!("-1{}", "0".repeat(76)), "9".repeat(400), "1e76".into()] {
            assert_eq!(decimal(&text, 0).unwrap_err().reason, Reason::Range, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_says_where() {
        for (text, at) in [("-", 1), ("01", 1), ("-007", 2), ("1.", 2), ("1.e3", 2), ("1e", 2), ("1e+", 3), ("1x", 1), ("1-2", 1)]
        {
            assert_eq!(scan(text.as_bytes(), 0).unwrap_err().position, at, "{text}");
        }
    }

    proptest! {
        #[test]
        fn floats_are_what_the_standard_library_reads(text in "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?") {
            let number = number(&text);
            match text.parse::<f64>().unwrap() {
                finite if finite.is_finite() => prop_assert_eq!(number.to_f64().unwrap().to_bits(), finite.to_bits()),
                _ => prop_assert!(number.to_f64().is_err()),
            }
            match text.parse::<f32>().unwrap() {
                finite if finite.is_finite() => prop_assert_eq!(number.to_f32().unwrap().to_bits(), finite.to_bits()),
                _ => prop_assert!(number.to_f32().is_err()),
            }
        }

        #[test]
        fn integers_written_with_points_and_exponents_are_the_same(value: i64, zeros in 0_usize..30, shift in 0_usize..30) {
            let zero = "0".repeat(zeros);
            for text in [
                format!("{value}"),
                format!("{value}.0{zero}"),
                format!("{value}{}e-{shift}", "0".repeat(shift)),
            ] {
                // -0 and 00 are not what an integer prints as.
                if value != 0 {
                    prop_assert_eq!(number(&text).to_integer::<i64>("int64").unwrap(), value);
                }
            }
        }
    }
}
