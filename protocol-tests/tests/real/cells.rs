//! Rows as JSON, as the writers of `servers/python/confluent` tell them.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, DurationNanosecondType, Float32Type, Float64Type, Int32Type, Int64Type, Time32MillisecondType,
    Time64MicrosecondType, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};
use kolumn::{Snapshot, Table};
use kolumn_protocol_tests::Written;
use serde_json::{Map, Value, json};

/// Where a record is: partition and offset.
pub(crate) type Place = (i32, i64);

/// The columns of every row but those of the record itself.
pub(crate) fn rows(snapshot: &Snapshot) -> BTreeMap<Place, Map<String, Value>> {
    let mut rows = BTreeMap::new();
    for batch in snapshot.batches() {
        let partitions = batch["KafkaPartition"].as_primitive::<Int32Type>();
        let offsets = batch["KafkaOffset"].as_primitive::<Int64Type>();
        let of_the_record = ["KafkaPartition", "KafkaOffset", "KafkaTimestamp"];
        for row in 0..batch.num_rows() {
            let columns = batch.schema_ref().fields().iter().zip(batch.columns());
            let own = columns.filter(|(field, _)| !of_the_record.contains(&field.name().as_str()));
            let cells = own.map(|(field, column)| (field.name().clone(), cell(column, row))).collect();
            let twice = rows.insert((partitions.value(row), offsets.value(row)), cells);
            assert_eq!(twice, None, "partition {} has offset {} twice", partitions.value(row), offsets.value(row));
        }
    }
    rows
}

/// That the table holds each record that was written, with the values that its writer told, and nothing else.
pub(crate) fn assert_written(snapshot: &Snapshot, written: &[&Written]) {
    let mut found = rows(snapshot);
    for record in written.iter().flat_map(|written| &written.records) {
        let place = (record.partition, record.offset);
        let mut row = found.remove(&place).unwrap_or_else(|| panic!("{place:?} is missing"));
        for side in [&record.key, &record.value] {
            let Some(Value::Object(columns)) = side else { continue };
            for (name, expected) in columns {
                let cell = row.remove(name).unwrap_or_else(|| panic!("there is no column {name}"));
                assert_eq!(&cell, expected, "{name} of {place:?}, written with the schema {:?}", record.version);
            }
        }
        // What is left is of a side that was null.
        assert!(row.values().all(Value::is_null), "{place:?} holds {row:?}, which nobody wrote");
    }
    assert!(found.is_empty(), "rows that nobody wrote: {found:?}");
}

/// What the first few errors of a table say.
pub(crate) fn complaints(table: &Table) -> Vec<String> {
    let errors = table.errors().snapshot();
    let said = errors.batches().iter().flat_map(|batch| {
        let columns = ["Side", "Column", "Reason"].map(|name| batch[name].as_string::<i32>().clone());
        (0..batch.num_rows()).map(move |row| columns.each_ref().map(|column| column.value(row)).join(": "))
    });
    said.take(5).collect()
}

/// One value: bytes in hexadecimal digits, decimals as text, times as numbers of their unit, maps as lists of their entries.
fn cell(array: &ArrayRef, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    macro_rules! number {
        ($type:ty) => {
            array.as_primitive::<$type>().value(row)
        };
    }
    let list = |items: &ArrayRef| (0..items.len()).map(|item| cell(items, item)).collect();
    match array.data_type() {
        DataType::Boolean => array.as_boolean().value(row).into(),
        DataType::Int32 => number!(Int32Type).into(),
        DataType::Int64 => number!(Int64Type).into(),
        DataType::UInt32 => number!(UInt32Type).into(),
        DataType::UInt64 => number!(UInt64Type).into(),
        DataType::Float32 => f64::from(number!(Float32Type)).into(),
        DataType::Float64 => reread(number!(Float64Type)),
        DataType::Date32 => number!(Date32Type).into(),
        DataType::Time32(TimeUnit::Millisecond) => number!(Time32MillisecondType).into(),
        DataType::Time64(TimeUnit::Microsecond) => number!(Time64MicrosecondType).into(),
        DataType::Timestamp(TimeUnit::Millisecond, _) => number!(TimestampMillisecondType).into(),
        DataType::Timestamp(TimeUnit::Microsecond, _) => number!(TimestampMicrosecondType).into(),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => number!(TimestampNanosecondType).into(),
        DataType::Duration(TimeUnit::Nanosecond) => number!(DurationNanosecondType).into(),
        DataType::Decimal128(..) => array.as_primitive::<Decimal128Type>().value_as_string(row).into(),
        DataType::Utf8 => array.as_string::<i32>().value(row).into(),
        DataType::Binary => hex(array.as_binary::<i32>().value(row)),
        DataType::FixedSizeBinary(_) => hex(array.as_fixed_size_binary().value(row)),
        DataType::List(_) => list(&array.as_list::<i32>().value(row)),
        DataType::Map(..) => {
            let entries = array.as_map().value(row);
            let entry = |at| json!({"key": cell(entries.column(0), at), "value": cell(entries.column(1), at)});
            (0..entries.len()).map(entry).collect()
        }
        DataType::Struct(fields) => {
            let columns = fields.iter().zip(array.as_struct().columns());
            Value::Object(columns.map(|(field, column)| (field.name().clone(), cell(column, row))).collect())
        }
        other => panic!("no writer writes {other}"),
    }
}

/// A number as it is after it was written and read as JSON, which the reader of the writers' words does not do to the last bit.
fn reread(number: f64) -> Value {
    serde_json::from_str(&Value::from(number).to_string()).expect("what was written is read")
}

fn hex(bytes: &[u8]) -> Value {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
}
