use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMillisecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema, TimeUnit};

use super::*;
use crate::spec::Type;

fn every_type() -> Vec<Type> {
    use Type::*;
    let units = [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond];
    let mut all = vec![
        Bool,
        Int8,
        Int16,
        Int32,
        Int64,
        UInt8,
        UInt16,
        UInt32,
        UInt64,
        Float32,
        Float64,
        Utf8,
        Binary,
        Uuid,
        Char,
        Instant,
        Date32,
        Json,
        Decimal(38, 4),
    ];
    all.extend(units.map(Timestamp));
    all.extend(units.map(Time));
    all
}

/// Row `i` of any column: null for every third, else something made of `i`.
fn push(column: &mut Column, i: u8) {
    if i % 3 == 2 {
        return column.append_null();
    }
    match &column.values {
        Values::Bool(_) => column.push_bool(i.is_multiple_of(2)),
        Values::Int8(_) => column.push(i as i8),
        Values::Int16(_) => column.push(i16::from(i)),
        Values::Int32(_) => column.push(i32::from(i)),
        Values::Int64(_) => column.push(i64::from(i)),
        Values::UInt8(_) => column.push(i),
        Values::UInt16(_) => column.push(u16::from(i)),
        Values::UInt32(_) => column.push(u32::from(i)),
        Values::UInt64(_) => column.push(u64::from(i)),
        Values::Float32(_) => column.push(f32::from(i)),
        Values::Float64(_) => column.push(f64::from(i)),
        Values::Int128(_) => column.push(i128::from(i)),
        Values::Bytes { .. } => column.push_str(&"ä".repeat(usize::from(i))).unwrap(),
        Values::Fixed { .. } => column.push_bytes(&[i; 16]).unwrap(),
    }
}

fn filled(data_type: Type, rows: impl IntoIterator<Item = u8>) -> Column {
    let mut column = Column::new(&data_type.field("c")).unwrap();
    rows.into_iter().for_each(|i| push(&mut column, i));
    column
}

#[test]
fn a_finished_column_has_the_type_of_its_field_and_its_rows() {
    for data_type in every_type() {
        let mut column = filled(data_type, 0..10);
        assert_eq!(column.len(), 10);
        let field = Arc::clone(column.field());
        let array = column.finish().unwrap();
        assert_eq!((array.len(), array.null_count()), (10, 3), "{data_type}");
        assert!(column.is_empty());
        RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![array]).unwrap();
    }
}

#[test]
fn removing_rows_leaves_what_appending_only_the_others_gives() {
    for data_type in every_type() {
        let mut column = filled(data_type, 0..10);
        column.remove_rows(2, &[0, 3, 4, 7]);
        let expected = filled(data_type, [0, 1, 3, 4, 7, 8]).finish().unwrap();
        assert_eq!(&column.finish().unwrap(), &expected, "{data_type}");
    }
}

#[test]
fn removing_no_rows_or_rows_beyond_the_end_changes_nothing() {
    let mut column = filled(Type::Utf8, 0..4);
    column.remove_rows(0, &[]);
    column.remove_rows(4, &[0, 1]);
    assert_eq!(&column.finish().unwrap(), &filled(Type::Utf8, 0..4).finish().unwrap());
}

#[test]
fn truncating_leaves_what_appending_fewer_gives_and_appending_goes_on() {
    for data_type in every_type() {
        let mut column = filled(data_type, 0..10);
        column.truncate(4);
        column.truncate(7);
        push(&mut column, 9);
        let expected = filled(data_type, [0, 1, 2, 3, 9]).finish().unwrap();
        assert_eq!(&column.finish().unwrap(), &expected, "{data_type}");
    }
}

#[test]
fn a_column_without_nulls_has_no_validity_and_a_finished_one_starts_anew() {
    let mut column = filled(Type::Int64, [0, 1]);
    assert!(column.finish().unwrap().nulls().is_none());
    push(&mut column, 4);
    column.append_null();
    let second = column.finish().unwrap();
    let second = second.as_primitive::<Int64Type>();
    assert_eq!(second.iter().collect::<Vec<_>>(), [Some(4), None]);
}

#[test]
fn metadata_columns_of_the_lane_are_columns_too() {
    let field: FieldRef = Arc::new(Field::new("KafkaTimestamp", Type::Timestamp(TimeUnit::Millisecond).data_type(), true));
    let mut column = Column::new(&field).unwrap();
    column.reserve(2);
    column.push_i64(7);
    let array = column.finish().unwrap();
    assert_eq!(array.as_primitive::<TimestampMillisecondType>().value(0), 7);
    assert_eq!(array.data_type(), field.data_type());
}

#[test]
fn a_failed_write_leaves_the_column_as_it_was() {
    let mut column = filled(Type::Utf8, [1]);
    let failed: Result<(), Box<DecodeError>> = column.push_with(|data| {
        data.extend_from_slice(b"half");
        Err(ColumnFull.into())
    });
    assert!(failed.is_err());
    assert_eq!(column.len(), 1);
    column.push_str("x").unwrap();
    assert_eq!(column.finish().unwrap().as_string::<i32>().iter().collect::<Vec<_>>(), [Some("ä"), Some("x")]);
}

#[test]
fn a_type_without_columns_is_refused() {
    let field: FieldRef = Arc::new(Field::new("m", DataType::Null, true));
    assert!(matches!(Column::new(&field), Err(Error::Columns { .. })));
}

#[test]
fn memory_is_counted_and_room_is_what_offsets_can_address() {
    let mut column = Column::new(&Type::Utf8.field("c")).unwrap();
    assert_eq!(column.room(), i32::MAX as usize);
    column.push_str(&"x".repeat(1000)).unwrap();
    assert!(column.bytes() >= 1000);
    assert_eq!(column.room(), i32::MAX as usize - 1000);
    assert_eq!(filled(Type::Int64, [1]).room(), usize::MAX);
}
