//! Scalars as text: the same digits in every format that is text.
//!
//! Timestamps are RFC 3339 in UTC with all the digits of their unit (without `Z` where the type has no zone), decimals have all the
//! digits of their scale, binary is base64, a UUID is `8-4-4-4-12`, floats are the shortest text that reads back as the same float.

use std::io::Write as _;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType, DurationSecondType, Float16Type, Float32Type,
    Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Time32MillisecondType, Time32SecondType, Time64MicrosecondType,
    Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, PrimitiveArray};
use arrow_schema::{DataType, Field, TimeUnit};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::calendar::Date;

/// How a text fits into a format that has quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A literal of JSON as it is: integers and booleans.
    Literal,
    /// A literal of JSON where it ends in a digit; NaN and infinities are none.
    Float,
    /// Needs quotes, but holds nothing that must be escaped.
    Plain,
    /// Any text.
    Text,
}

/// Appends the value in a row.
pub(crate) type WriteRow<'a> = Box<dyn Fn(usize, &mut Vec<u8>) + 'a>;

/// The writer of one column's values; the type was matched when it was made.
pub(crate) struct Scalar<'a> {
    /// How its text fits in.
    pub(crate) shape: Shape,
    write: WriteRow<'a>,
}

impl Scalar<'_> {
    /// Appends the text of the value in `row`, which is not null.
    pub(crate) fn write(&self, row: usize, out: &mut Vec<u8>) {
        (self.write)(row, out);
    }
}

/// The writer of `array`'s values; none where they are nested.
pub(crate) fn scalar<'a>(array: &'a dyn Array, field: &Field) -> Option<Scalar<'a>> {
    let (shape, write): (Shape, WriteRow<'a>) = match array.data_type() {
        DataType::Null => (Shape::Literal, Box::new(|_, out| out.extend_from_slice(b"null"))),
        DataType::Boolean => {
            let array = array.as_boolean();
            (Shape::Literal, Box::new(move |row, out| display(out, array.value(row))))
        }
        DataType::Int8 => (Shape::Literal, integers::<Int8Type>(array)),
        DataType::Int16 => (Shape::Literal, integers::<Int16Type>(array)),
        DataType::Int32 => (Shape::Literal, integers::<Int32Type>(array)),
        DataType::Int64 => (Shape::Literal, integers::<Int64Type>(array)),
        DataType::UInt8 => (Shape::Literal, integers::<UInt8Type>(array)),
        DataType::UInt16 => (Shape::Literal, integers::<UInt16Type>(array)),
        DataType::UInt32 => (Shape::Literal, integers::<UInt32Type>(array)),
        DataType::UInt64 => (Shape::Literal, integers::<UInt64Type>(array)),
        DataType::Float16 => (Shape::Float, primitive::<Float16Type>(array, |value, out| float(out, value.to_f32()))),
        DataType::Float32 => (Shape::Float, primitive::<Float32Type>(array, |value, out| float(out, value))),
        DataType::Float64 => (Shape::Float, primitive::<Float64Type>(array, |value, out| float(out, value))),
        DataType::Decimal32(_, scale) => (Shape::Plain, decimals::<Decimal32Type>(array, *scale)),
        DataType::Decimal64(_, scale) => (Shape::Plain, decimals::<Decimal64Type>(array, *scale)),
        DataType::Decimal128(_, scale) => (Shape::Plain, decimals::<Decimal128Type>(array, *scale)),
        DataType::Decimal256(_, scale) => (Shape::Plain, decimals::<Decimal256Type>(array, *scale)),
        DataType::Timestamp(unit, zone) => (Shape::Plain, timestamps(array, *unit, zone.is_some())),
        DataType::Date32 => (Shape::Plain, primitive::<Date32Type>(array, |days, out| date(out, i64::from(days)))),
        DataType::Date64 => {
            (Shape::Plain, primitive::<Date64Type>(array, |milliseconds, out| date(out, milliseconds.div_euclid(86_400_000))))
        }
        DataType::Time32(TimeUnit::Second) => {
            (Shape::Plain, primitive::<Time32SecondType>(array, |value, out| time(out, i64::from(value), 0)))
        }
        DataType::Time32(_) => {
            (Shape::Plain, primitive::<Time32MillisecondType>(array, |value, out| time(out, i64::from(value), 3)))
        }
        DataType::Time64(TimeUnit::Microsecond) => {
            (Shape::Plain, primitive::<Time64MicrosecondType>(array, |value, out| time(out, value, 6)))
        }
        DataType::Time64(_) => (Shape::Plain, primitive::<Time64NanosecondType>(array, |value, out| time(out, value, 9))),
        DataType::Duration(TimeUnit::Second) => (Shape::Literal, integers::<DurationSecondType>(array)),
        DataType::Duration(TimeUnit::Millisecond) => (Shape::Literal, integers::<DurationMillisecondType>(array)),
        DataType::Duration(TimeUnit::Microsecond) => (Shape::Literal, integers::<DurationMicrosecondType>(array)),
        DataType::Duration(TimeUnit::Nanosecond) => (Shape::Literal, integers::<DurationNanosecondType>(array)),
        DataType::Utf8 => {
            let array = array.as_string::<i32>();
            (Shape::Text, Box::new(move |row, out| out.extend_from_slice(array.value(row).as_bytes())))
        }
        DataType::LargeUtf8 => {
            let array = array.as_string::<i64>();
            (Shape::Text, Box::new(move |row, out| out.extend_from_slice(array.value(row).as_bytes())))
        }
        DataType::Utf8View => {
            let array = array.as_string_view();
            (Shape::Text, Box::new(move |row, out| out.extend_from_slice(array.value(row).as_bytes())))
        }
        DataType::Binary => {
            let array = array.as_binary::<i32>();
            (Shape::Plain, Box::new(move |row, out| base64(out, array.value(row))))
        }
        DataType::LargeBinary => {
            let array = array.as_binary::<i64>();
            (Shape::Plain, Box::new(move |row, out| base64(out, array.value(row))))
        }
        DataType::BinaryView => {
            let array = array.as_binary_view();
            (Shape::Plain, Box::new(move |row, out| base64(out, array.value(row))))
        }
        DataType::FixedSizeBinary(size) => {
            let array = array.as_fixed_size_binary();
            if *size == 16 && field.extension_type_name() == Some("arrow.uuid") {
                (Shape::Plain, Box::new(move |row, out| uuid(out, array.value(row))))
            } else {
                (Shape::Plain, Box::new(move |row, out| base64(out, array.value(row))))
            }
        }
        _ => return None,
    };
    Some(Scalar { shape, write })
}

fn primitive<'a, T: ArrowPrimitiveType>(array: &'a dyn Array, write: impl Fn(T::Native, &mut Vec<u8>) + 'a) -> WriteRow<'a> {
    let array: &PrimitiveArray<T> = array.as_primitive();
    Box::new(move |row, out| write(array.value(row), out))
}

fn integers<T: ArrowPrimitiveType<Native: std::fmt::Display>>(array: &dyn Array) -> WriteRow<'_> {
    primitive::<T>(array, |value, out| display(out, value))
}

fn decimals<T: ArrowPrimitiveType<Native: std::fmt::Display>>(array: &dyn Array, scale: i8) -> WriteRow<'_> {
    primitive::<T>(array, move |value, out| decimal(out, &value.to_string(), scale))
}

fn timestamps(array: &dyn Array, unit: TimeUnit, zoned: bool) -> WriteRow<'_> {
    match unit {
        TimeUnit::Second => primitive::<TimestampSecondType>(array, move |value, out| write_timestamp(out, value, 0, zoned)),
        TimeUnit::Millisecond => {
            primitive::<TimestampMillisecondType>(array, move |value, out| write_timestamp(out, value, 3, zoned))
        }
        TimeUnit::Microsecond => {
            primitive::<TimestampMicrosecondType>(array, move |value, out| write_timestamp(out, value, 6, zoned))
        }
        TimeUnit::Nanosecond => {
            primitive::<TimestampNanosecondType>(array, move |value, out| write_timestamp(out, value, 9, zoned))
        }
    }
}

fn display(out: &mut Vec<u8>, value: impl std::fmt::Display) {
    // A vector takes all that is written.
    let _ = write!(out, "{value}");
}

fn float<T: Into<f64> + std::fmt::Debug + Copy>(out: &mut Vec<u8>, value: T) {
    let wide: f64 = value.into();
    if wide.is_nan() {
        out.extend_from_slice(b"NaN");
    } else if wide.is_infinite() {
        out.extend_from_slice(if wide > 0.0 { b"Infinity" } else { b"-Infinity" });
    } else {
        // `Debug` is the shortest text that reads back, with an exponent where digits would be many.
        let _ = write!(out, "{value:?}");
    }
}

/// `digits` with the point put `scale` places from the right.
fn decimal(out: &mut Vec<u8>, digits: &str, scale: i8) {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    out.extend_from_slice(sign.as_bytes());
    let places = usize::from(scale.unsigned_abs());
    if scale <= 0 {
        out.extend_from_slice(digits.as_bytes());
        if digits != "0" {
            out.extend(std::iter::repeat_n(b'0', places));
        }
        return;
    }
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(places));
    out.extend_from_slice(if whole.is_empty() { b"0" } else { whole.as_bytes() });
    out.push(b'.');
    out.extend(std::iter::repeat_n(b'0', places - fraction.len()));
    out.extend_from_slice(fraction.as_bytes());
}

/// RFC 3339 with so many digits of the second, from units of the last of them; `Z` where it is in UTC.
pub(crate) fn write_timestamp(out: &mut Vec<u8>, value: i64, digits: u32, zoned: bool) {
    let per_second = 10_i64.pow(digits);
    let seconds = value.div_euclid(per_second);
    date(out, seconds.div_euclid(86_400));
    out.push(b'T');
    clock(out, seconds.rem_euclid(86_400), value.rem_euclid(per_second), digits);
    if zoned {
        out.push(b'Z');
    }
}

fn time(out: &mut Vec<u8>, value: i64, digits: u32) {
    let per_second = 10_i64.pow(digits);
    // Arrow does not keep times within a day; what is no time of a day is shown as the number that it is.
    if !(0..86_400 * per_second).contains(&value) {
        return display(out, value);
    }
    clock(out, value / per_second, value % per_second, digits);
}

fn date(out: &mut Vec<u8>, days: i64) {
    let Date { year, month, day } = Date::from_days(days);
    if (0..=9999).contains(&year) {
        padded(out, year, 4);
    } else {
        out.push(if year < 0 { b'-' } else { b'+' });
        let _ = write!(out, "{:04}", year.unsigned_abs());
    }
    out.push(b'-');
    padded(out, i64::from(month), 2);
    out.push(b'-');
    padded(out, i64::from(day), 2);
}

fn clock(out: &mut Vec<u8>, second_of_day: i64, fraction: i64, digits: u32) {
    padded(out, second_of_day / 3_600, 2);
    out.push(b':');
    padded(out, second_of_day / 60 % 60, 2);
    out.push(b':');
    padded(out, second_of_day % 60, 2);
    if digits > 0 {
        out.push(b'.');
        padded(out, fraction, digits);
    }
}

/// `value`, which is not negative and has at most `width` digits, with zeros in front.
fn padded(out: &mut Vec<u8>, value: i64, width: u32) {
    for place in (0..width).rev() {
        let digit = value / 10_i64.pow(place) % 10;
        out.push(b'0' + u8::try_from(digit).unwrap_or(0));
    }
}

fn base64(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    let length = bytes.len().div_ceil(3) * 4;
    out.resize(start + length, 0);
    if let Some(place) = out.get_mut(start..) {
        let _ = BASE64.encode_slice(bytes, place);
    }
}

fn uuid(out: &mut Vec<u8>, bytes: &[u8]) {
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        let _ = write!(out, "{byte:02x}");
    }
}

#[cfg(test)]
mod tests;
