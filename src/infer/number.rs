//! Payloads of one length, as Kafka's serializers write numbers: what they may be, and what they look like.

use crate::spec::Type;

/// What payloads of `width` bytes look like, and what else they may be; none where nothing is written in so many bytes.
pub(super) fn number(width: usize, payloads: &[&[u8]]) -> Option<(Type, Vec<String>)> {
    let signed: Vec<i64> = payloads.iter().map(|bytes| big_endian(bytes)).collect();
    let (integer, float) = match width {
        1 if payloads.iter().all(|bytes| matches!(bytes, [0 | 1])) => {
            return Some((Type::Bool, vec!["all are 0 or 1; simple:int8 if they count".to_owned()]));
        }
        1 => (Type::Int8, None),
        2 => (Type::Int16, None),
        4 => (Type::Int32, Some(Type::Float32)),
        8 => (Type::Int64, Some(Type::Float64)),
        _ => return None,
    };
    let mut notes = Vec::new();
    let floats: Vec<f64> = payloads.iter().filter_map(|bytes| as_float(bytes)).collect();
    let looks_float =
        floats.len() == payloads.len() && floats.iter().any(|value| *value != 0.0) && floats.iter().all(|value| usual(*value));
    // The smallest integers that look like usual floats are in the thousand millions, and those of eight bytes beyond 10^18.
    let found = match float {
        Some(float) if looks_float => {
            notes.push(format!("as {float} they are {}; as {integer} {}", range(&floats), range(&signed)));
            float
        }
        Some(float) => {
            notes.push(format!("as {integer} they are {}; {float} is as long", range(&signed)));
            integer
        }
        None => {
            notes.push(format!("as {integer} they are {}", range(&signed)));
            integer
        }
    };
    if found == Type::Int64 && signed.iter().all(|value| (946_684_800_000..4_102_444_800_000).contains(value)) {
        notes.push("simple:timestamp(ms) if they count milliseconds from 1970".to_owned());
    }
    let swapped: Vec<i64> = payloads.iter().map(|bytes| big_endian(&bytes.iter().rev().copied().collect::<Vec<u8>>())).collect();
    if width > 1 && !looks_float && greatest(&swapped) < greatest(&signed) >> 16 {
        notes.push(format!("the other way round (little-endian) they would be {}, which no simple type reads", range(&swapped)));
    }
    Some((found, notes))
}

fn big_endian(bytes: &[u8]) -> i64 {
    let sign = if bytes.first().is_some_and(|first| *first >= 0x80) { -1 } else { 0 };
    bytes.iter().fold(sign, |value, byte| (value << 8) | i64::from(*byte))
}

fn as_float(bytes: &[u8]) -> Option<f64> {
    match bytes.len() {
        4 => Some(f64::from(f32::from_be_bytes(bytes.try_into().ok()?))),
        8 => Some(f64::from_be_bytes(bytes.try_into().ok()?)),
        _ => None,
    }
}

/// Whether it is a number as people and instruments have them.
fn usual(value: f64) -> bool {
    value == 0.0 || (1e-9..1e15).contains(&value.abs())
}

fn greatest(values: &[i64]) -> u64 {
    values.iter().map(|value| value.unsigned_abs()).max().unwrap_or(0)
}

fn range<T: PartialOrd + Copy + std::fmt::Display>(values: &[T]) -> String {
    let least = values.iter().copied().reduce(|one, two| if two < one { two } else { one });
    let greatest = values.iter().copied().reduce(|one, two| if two > one { two } else { one });
    match (least, greatest) {
        (Some(least), Some(greatest)) if least == greatest => least.to_string(),
        (Some(least), Some(greatest)) => format!("{least} to {greatest}"),
        _ => "none".to_owned(),
    }
}
