//! Defaults, declared or the type's.

use prost_reflect::{FieldDescriptor, Kind, Value};

use super::layout::Absent;

/// A field's default as the wire would have it.
pub(super) fn default(field: &FieldDescriptor) -> Option<Absent> {
    let zigzag = |value: i64| (value.wrapping_shl(1) ^ (value >> 63)).cast_unsigned();
    Some(match (field.default_value(), field.kind()) {
        (Value::Bool(value), _) => Absent::Number(u64::from(value)),
        (Value::I32(value), Kind::Sint32) => Absent::Number(zigzag(i64::from(value))),
        (Value::I32(value), Kind::Sfixed32) => Absent::Number(u64::from(value.cast_unsigned())),
        (Value::I32(value) | Value::EnumNumber(value), _) => Absent::Number(i64::from(value).cast_unsigned()),
        (Value::I64(value), Kind::Sint64) => Absent::Number(zigzag(value)),
        (Value::I64(value), _) => Absent::Number(value.cast_unsigned()),
        (Value::U32(value), _) => Absent::Number(u64::from(value)),
        (Value::U64(value), _) => Absent::Number(value),
        (Value::F32(value), _) => Absent::Number(u64::from(value.to_bits())),
        (Value::F64(value), _) => Absent::Number(value.to_bits()),
        (Value::String(value), _) => Absent::Bytes(value.into_bytes()),
        (Value::Bytes(value), _) => Absent::Bytes(value.to_vec()),
        _ => return None,
    })
}
