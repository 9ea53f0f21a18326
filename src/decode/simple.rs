//! One value per payload, as Kafka's serializers write it: numbers big-endian, text as UTF-8.

use arrow_schema::{FieldRef, TimeUnit};

use super::column::Native;
use super::text::{per_second, uuid};
use super::{BadPayload, Column, Decoder, Reason, Step, fault, one_column};
use crate::spec::Type;

/// One column of one type.
#[derive(Debug)]
pub(super) struct Simple {
    fields: Vec<FieldRef>,
    data_type: Type,
}

impl Simple {
    pub(super) fn new(fields: Vec<FieldRef>, data_type: Type) -> Self {
        Self { fields, data_type }
    }
}

impl Decoder for Simple {
    fn fields(&self) -> &[FieldRef] {
        &self.fields
    }

    fn decode(&mut self, payloads: &[Option<&[u8]>], columns: &mut [Column], bad: &mut Vec<BadPayload>) {
        let data_type = &self.data_type;
        one_column(&self.fields, payloads, columns, bad, |payload, column| append(data_type, payload, column));
    }
}

fn append(data_type: &Type, payload: &[u8], column: &mut Column) -> Step {
    match data_type {
        Type::Utf8 => return Ok(column.push_str(utf8(payload)?)?),
        Type::Binary => return Ok(column.push_bytes(payload)?),
        _ if payload.is_empty() => return fault(0, Reason::Empty, format!("the payload is empty, {data_type} is expected")),
        Type::Bool => match fixed(payload, data_type)? {
            [0] => column.push_bool(false),
            [1] => column.push_bool(true),
            [other] => return fault(0, Reason::Range, format!("a bool is the byte 0 or 1, not {other}")),
        },
        Type::Int8 => number(column, i8::from_be_bytes(fixed(payload, data_type)?)),
        Type::Int16 => number(column, i16::from_be_bytes(fixed(payload, data_type)?)),
        Type::Int32 => number(column, i32::from_be_bytes(fixed(payload, data_type)?)),
        Type::Int64 | Type::Timestamp(_) => number(column, i64::from_be_bytes(fixed(payload, data_type)?)),
        Type::UInt8 => number(column, u8::from_be_bytes(fixed(payload, data_type)?)),
        Type::UInt16 => number(column, u16::from_be_bytes(fixed(payload, data_type)?)),
        Type::UInt32 => number(column, u32::from_be_bytes(fixed(payload, data_type)?)),
        Type::UInt64 => number(column, u64::from_be_bytes(fixed(payload, data_type)?)),
        Type::Float32 => number(column, f32::from_be_bytes(fixed(payload, data_type)?)),
        Type::Float64 => number(column, f64::from_be_bytes(fixed(payload, data_type)?)),
        Type::TimestampOf { unit, number: from } => {
            number(column, converted(i64::from_be_bytes(fixed(payload, data_type)?), *from, *unit)?);
        }
        Type::Uuid => {
            if payload.len() != 36 {
                return fault(0, Reason::Length, format!("a uuid is a text of 36 bytes, the payload has {}", payload.len()));
            }
            column.push_bytes(&uuid(payload, false)?)?;
        }
        Type::Char => {
            let text = utf8(payload)?;
            if text.chars().nth(1).is_some() {
                return fault(
                    0,
                    Reason::Length,
                    format!("a char is one character, the payload is {}", super::text::quoted(payload)),
                );
            }
            column.push_str(text)?;
        }
        Type::Instant
        | Type::Date32
        | Type::Time(_)
        | Type::Decimal(..)
        | Type::Decimal256(..)
        | Type::Json
        | Type::List(_)
        | Type::Struct(_)
        | Type::Map(..)
        | Type::NotNull(_) => {
            return fault(0, Reason::Type, format!("simple has no form for {data_type}")); // refused when the spec is made
        }
    }
    Ok(())
}

fn number<T: Native>(column: &mut Column, value: T) {
    column.push(value);
}

fn fixed<const WIDTH: usize>(payload: &[u8], data_type: &Type) -> Step<[u8; WIDTH]> {
    match payload.try_into() {
        Ok(bytes) => Ok(bytes),
        Err(_) => {
            let bytes = if WIDTH == 1 { "byte" } else { "bytes" };
            let message = format!("{data_type} is {WIDTH} {bytes}, the payload has {}", payload.len());
            fault(payload.len().min(WIDTH), Reason::Length, message)
        }
    }
}

fn utf8(payload: &[u8]) -> Step<&str> {
    std::str::from_utf8(payload).or_else(|error| fault(error.valid_up_to(), Reason::Utf8, "the payload is not valid UTF-8"))
}

fn converted(value: i64, from: TimeUnit, to: TimeUnit) -> Step<i64> {
    let scaled = i128::from(value) * i128::from(per_second(to)) / i128::from(per_second(from));
    i64::try_from(scaled).or_else(|_| fault(0, Reason::Range, format!("{value} is beyond the range of the column's unit")))
}
