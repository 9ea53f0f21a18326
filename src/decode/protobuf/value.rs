//! Values of columns.

use super::columns::Columns;
use super::wire::{Cursor, Raw, Segment, deeper, utf8, zigzag};
use super::{json, row};
use crate::decode::{Column, Reason, Step, fault};
use crate::spec::{Entry, Item, ProtobufShape as Shape, Scalar};

const NANOS: i64 = 1_000_000_000;
/// 9999-12-31T23:59:59, the last second of a Timestamp; the first is that of year 1.
const LAST_SECOND: i64 = 253_402_300_799;
const FIRST_SECOND: i64 = -62_135_596_800;
/// The most seconds of a Duration: ten thousand years.
const MOST_SECONDS: i64 = 315_576_000_000;

/// Whether `raw` is of the wire type of a field.
pub(super) fn fits(entry: &Entry, raw: &Raw<'_>) -> bool {
    match &entry.shape {
        Shape::One(Item::Scalar(scalar)) => scalar_fits(scalar, raw),
        Shape::List(Item::Scalar(scalar)) => {
            scalar_fits(scalar, raw) || (!matches!(scalar, Scalar::String | Scalar::Bytes) && matches!(raw, Raw::Bytes(_)))
        }
        _ if entry.delimited => matches!(raw, Raw::Group(_)),
        _ => matches!(raw, Raw::Bytes(_)),
    }
}

fn scalar_fits(scalar: &Scalar, raw: &Raw<'_>) -> bool {
    use Scalar as S;
    match (scalar, raw) {
        (S::SFixed32 | S::Fixed32 | S::Float, Raw::Fixed32(_))
        | (S::SFixed64 | S::Fixed64 | S::Double, Raw::Fixed64(_))
        | (S::String | S::Bytes, Raw::Bytes(_)) => true,
        (scalar, Raw::Varint(_)) => is_varint(scalar),
        _ => false,
    }
}

/// Whether a run of bytes can be packed values of `item`.
pub(super) fn packs(item: &Item) -> bool {
    matches!(item, Item::Scalar(scalar) if !matches!(scalar, Scalar::String | Scalar::Bytes))
}

fn is_varint(scalar: &Scalar) -> bool {
    use Scalar as S;
    matches!(scalar, S::Bool | S::Int32 | S::SInt32 | S::UInt32 | S::Int64 | S::SInt64 | S::UInt64 | S::Enum(..) | S::EnumNumber)
}

/// Appends the values of a packed run.
pub(super) fn packed(scalar: &Scalar, segment: Segment<'_>, column: &mut Column) -> Step {
    let mut cursor = Cursor::new(segment);
    while !cursor.is_empty() {
        let bits = match scalar {
            Scalar::SFixed32 | Scalar::Fixed32 | Scalar::Float => u64::from(u32::from_le_bytes(cursor.array()?)),
            Scalar::SFixed64 | Scalar::Fixed64 | Scalar::Double => u64::from_le_bytes(cursor.array()?),
            _ => cursor.varint()?,
        };
        number(scalar, bits, column)?;
    }
    Ok(())
}

/// Checks what is checked even where another value comes behind it.
pub(super) fn check(item: &Item, raw: &Raw<'_>) -> Step {
    match (item, raw) {
        (Item::Scalar(Scalar::String), Raw::Bytes(segment)) => utf8(*segment).map(drop),
        _ => Ok(()),
    }
}

/// Appends one value: of a message the occurrences, which merge.
pub(super) fn value(item: &Item, occurrences: &[Raw<'_>], column: &mut Column, depth: usize) -> Step {
    if let Item::Scalar(scalar) = item {
        return match occurrences.last() {
            None => {
                column.append_null();
                Ok(())
            }
            Some(Raw::Varint(bits) | Raw::Fixed64(bits)) => number(scalar, *bits, column),
            Some(Raw::Fixed32(bits)) => number(scalar, u64::from(*bits), column),
            Some(Raw::Bytes(segment) | Raw::Group(segment)) => Ok(column.push_bytes(segment.bytes)?),
        };
    }
    if occurrences.is_empty() {
        column.append_null();
        return Ok(());
    }
    match item {
        Item::Scalar(_) => Ok(()),
        Item::Struct(message) => {
            let depth = deeper(depth, occurrences)?;
            column.push_struct(|children| row::message(message, occurrences, Columns::new(children), depth))
        }
        Item::Only(message) => {
            let columns = Columns::new(std::slice::from_mut(column));
            row::message(message, occurrences, columns, deeper(depth, occurrences)?)
        }
        Item::Json(json) => column.push_with(|out| json::write(*json, occurrences, out, depth)),
        Item::Raw => column.push_with(|out| {
            occurrences.iter().filter_map(Raw::segment).for_each(|segment| out.extend_from_slice(segment.bytes));
            Ok(())
        }),
        Item::Timestamp => {
            let (at, seconds, nanos) = seconds_and_nanos(occurrences, depth)?;
            if !(FIRST_SECOND..=LAST_SECOND).contains(&seconds) || !(0..NANOS).contains(&nanos) {
                return fault(at, Reason::Range, format!("a timestamp of {seconds} seconds and {nanos} nanos is not possible"));
            }
            nanoseconds(at, seconds, nanos, column)
        }
        Item::Duration => {
            let (at, seconds, nanos) = seconds_and_nanos(occurrences, depth)?;
            let same_sign = seconds == 0 || nanos == 0 || (seconds < 0) == (nanos < 0);
            if seconds.unsigned_abs() > MOST_SECONDS.unsigned_abs() || nanos.unsigned_abs() >= NANOS.unsigned_abs() || !same_sign
            {
                return fault(at, Reason::Range, format!("a duration of {seconds} seconds and {nanos} nanos is not possible"));
            }
            nanoseconds(at, seconds, nanos, column)
        }
    }
}

fn nanoseconds(at: usize, seconds: i64, nanos: i64, column: &mut Column) -> Step {
    match i64::try_from(i128::from(seconds) * i128::from(NANOS) + i128::from(nanos)) {
        Ok(value) => {
            column.push(value);
            Ok(())
        }
        Err(_) => fault(at, Reason::Range, format!("{seconds} seconds are beyond the range of nanoseconds in 64 bits")),
    }
}

/// The fields of Timestamp and Duration, and where they are.
#[expect(clippy::cast_possible_wrap, clippy::cast_possible_truncation, reason = "the bits of int64 and int32")]
fn seconds_and_nanos(occurrences: &[Raw<'_>], depth: usize) -> Step<(usize, i64, i64)> {
    let depth = deeper(depth, occurrences)?;
    let (mut at, mut seconds, mut nanos) = (0, 0, 0);
    for raw in occurrences {
        let Some(segment) = raw.segment() else { continue };
        at = segment.at;
        let mut cursor = Cursor::new(segment);
        while !cursor.is_empty() {
            let start = cursor.position();
            match cursor.field(depth)? {
                (1, Raw::Varint(bits)) => seconds = bits as i64,
                (2, Raw::Varint(bits)) => nanos = i64::from(bits as i32),
                (1 | 2, other) => {
                    return fault(start, Reason::Type, format!("seconds and nanos are varints, not {}", other.wire_type()));
                }
                _ => {}
            }
        }
    }
    Ok((at, seconds, nanos))
}

#[expect(clippy::cast_possible_wrap, clippy::cast_possible_truncation, reason = "the bits of the declared type")]
fn number(scalar: &Scalar, bits: u64, column: &mut Column) -> Step {
    match scalar {
        Scalar::Bool => column.push_bool(bits != 0),
        Scalar::Int32 | Scalar::SFixed32 | Scalar::EnumNumber => column.push(bits as i32),
        Scalar::SInt32 => column.push(zigzag(bits & 0xffff_ffff) as i32),
        Scalar::UInt32 | Scalar::Fixed32 => column.push(bits as u32),
        Scalar::Int64 | Scalar::SFixed64 => column.push(bits as i64),
        Scalar::SInt64 => column.push(zigzag(bits)),
        Scalar::UInt64 | Scalar::Fixed64 => column.push(bits),
        Scalar::Float => column.push(f32::from_bits(bits as u32)),
        Scalar::Double => column.push(f64::from_bits(bits)),
        Scalar::Enum(names, closed) => {
            let number = bits as i32;
            let known = names.binary_search_by_key(&number, |(number, _)| *number).ok().and_then(|index| names.get(index));
            match known {
                Some((_, name)) => column.push_str(name)?,
                None if *closed => column.append_null(),
                None => column.push_str(&number.to_string())?,
            }
        }
        Scalar::String | Scalar::Bytes => column.append_null(), // its wire type is another
    }
    Ok(())
}
