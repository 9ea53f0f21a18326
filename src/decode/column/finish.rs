//! Rows become an Arrow array: the vectors are handed over, not copied.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Decimal256Type, DurationNanosecondType, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{ArrayRef, BinaryArray, BooleanArray, FixedSizeBinaryArray, ListArray, MapArray, PrimitiveArray, StructArray};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, FieldRef, TimeUnit};

use super::text;
use super::values::Values;
use crate::error::Error;

/// The array of `data_type` over `values`. Text is checked to be UTF-8, whoever appended it ([`text`]).
pub(super) fn array(
    data_type: &DataType,
    rows: usize,
    values: Values,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef, ArrowError> {
    use DataType as T;
    match (data_type, values) {
        (T::Boolean, Values::Bool(mut bits)) => Ok(Arc::new(BooleanArray::new(bits.finish(), nulls))),
        (T::Int8, Values::Int8(vector)) => numbers::<Int8Type>(data_type, vector, nulls),
        (T::Int16, Values::Int16(vector)) => numbers::<Int16Type>(data_type, vector, nulls),
        (T::Int32, Values::Int32(vector)) => numbers::<Int32Type>(data_type, vector, nulls),
        (T::Int64, Values::Int64(vector)) => numbers::<Int64Type>(data_type, vector, nulls),
        (T::UInt8, Values::UInt8(vector)) => numbers::<UInt8Type>(data_type, vector, nulls),
        (T::UInt16, Values::UInt16(vector)) => numbers::<UInt16Type>(data_type, vector, nulls),
        (T::UInt32, Values::UInt32(vector)) => numbers::<UInt32Type>(data_type, vector, nulls),
        (T::UInt64, Values::UInt64(vector)) => numbers::<UInt64Type>(data_type, vector, nulls),
        (T::Float32, Values::Float32(vector)) => numbers::<Float32Type>(data_type, vector, nulls),
        (T::Float64, Values::Float64(vector)) => numbers::<Float64Type>(data_type, vector, nulls),
        (T::Decimal128(..), Values::Int128(vector)) => numbers::<Decimal128Type>(data_type, vector, nulls),
        (T::Decimal256(..), Values::Int256(vector)) => numbers::<Decimal256Type>(data_type, vector, nulls),
        (T::Date32, Values::Int32(vector)) => numbers::<Date32Type>(data_type, vector, nulls),
        (T::Time32(TimeUnit::Second), Values::Int32(vector)) => numbers::<Time32SecondType>(data_type, vector, nulls),
        (T::Time32(_), Values::Int32(vector)) => numbers::<Time32MillisecondType>(data_type, vector, nulls),
        (T::Time64(TimeUnit::Microsecond), Values::Int64(vector)) => numbers::<Time64MicrosecondType>(data_type, vector, nulls),
        (T::Time64(_), Values::Int64(vector)) => numbers::<Time64NanosecondType>(data_type, vector, nulls),
        (T::Timestamp(unit, _), Values::Int64(vector)) => match unit {
            TimeUnit::Second => numbers::<TimestampSecondType>(data_type, vector, nulls),
            TimeUnit::Millisecond => numbers::<TimestampMillisecondType>(data_type, vector, nulls),
            TimeUnit::Microsecond => numbers::<TimestampMicrosecondType>(data_type, vector, nulls),
            TimeUnit::Nanosecond => numbers::<TimestampNanosecondType>(data_type, vector, nulls),
        },
        (T::Duration(TimeUnit::Nanosecond), Values::Int64(vector)) => numbers::<DurationNanosecondType>(data_type, vector, nulls),
        (T::Utf8, Values::Bytes { offsets, data }) => Ok(Arc::new(text::array(offsets, data, nulls)?)),
        (T::Binary, Values::Bytes { offsets, data }) => {
            Ok(Arc::new(BinaryArray::try_new(offset_buffer(offsets), Buffer::from_vec(data), nulls)?))
        }
        (T::FixedSizeBinary(width), Values::Fixed { data, .. }) => {
            Ok(Arc::new(FixedSizeBinaryArray::try_new_with_len(*width, Buffer::from_vec(data), nulls, rows)?))
        }
        (other, _) => Err(ArrowError::SchemaError(format!("no column of type {other}"))),
    }
}

/// The array of `data_type` over children, which are finished and stay.
pub(super) fn nested(
    data_type: &DataType,
    rows: usize,
    values: &mut Values,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef, ArrowError> {
    match (data_type, values) {
        (DataType::List(item), Values::List { offsets, child }) => {
            let offsets = offset_buffer(taken(offsets));
            let items = child.finish().map_err(inner)?;
            Ok(Arc::new(ListArray::try_new(FieldRef::clone(item), offsets, items, nulls)?))
        }
        (DataType::Map(entries, ordered), Values::List { offsets, child }) => {
            let offsets = offset_buffer(taken(offsets));
            let pairs = child.finish().map_err(inner)?.as_struct().clone();
            Ok(Arc::new(MapArray::try_new(FieldRef::clone(entries), offsets, pairs, nulls, *ordered)?))
        }
        (DataType::Struct(fields), Values::Struct { children }) => {
            let arrays = children.iter_mut().map(|child| child.finish().map_err(inner)).collect::<Result<Vec<_>, _>>()?;
            Ok(Arc::new(StructArray::try_new_with_length(fields.clone(), arrays, nulls, rows)?))
        }
        (other, _) => Err(ArrowError::SchemaError(format!("no column of type {other}"))),
    }
}

/// An error of a child, which names it.
fn inner(error: Error) -> ArrowError {
    match error {
        Error::Columns { reason, .. } => ArrowError::InvalidArgumentError(reason),
        other => ArrowError::InvalidArgumentError(other.to_string()),
    }
}

fn numbers<T: ArrowPrimitiveType>(
    data_type: &DataType,
    vector: Vec<T::Native>,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef, ArrowError> {
    let array = PrimitiveArray::<T>::try_new(ScalarBuffer::from(vector), nulls)?;
    Ok(Arc::new(array.with_data_type(data_type.clone())))
}

/// The offsets of a chunk, no larger than they need be.
fn taken(offsets: &mut Vec<i32>) -> Vec<i32> {
    let mut taken = std::mem::replace(offsets, vec![0]);
    super::values::shrink(&mut taken);
    taken
}

fn offset_buffer(offsets: Vec<i32>) -> OffsetBuffer<i32> {
    OffsetBuffer::new(ScalarBuffer::from(offsets))
}
