//! The error table: the records that could not be decoded, as an ordinary table.

use std::sync::{Arc, LazyLock};

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let time = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        Field::new("KafkaPartition", DataType::Int32, false),
        Field::new("KafkaOffset", DataType::Int64, false),
        Field::new("KafkaTimestamp", time, true),
        Field::new("Side", DataType::Utf8, false),
        Field::new("Column", DataType::Utf8, true),
        Field::new("Position", DataType::Int64, true),
        Field::new("Code", DataType::Utf8, false),
        Field::new("Reason", DataType::Utf8, false),
        Field::new("Raw", DataType::Binary, true),
        Field::new("RawBytes", DataType::Int64, true),
    ]))
});

/// The columns of an error table.
///
/// | column | type | what |
/// |---|---|---|
/// | `KafkaPartition`, `KafkaOffset`, `KafkaTimestamp` | int32, int64, timestamp(ms, UTC) | the record |
/// | `Side` | utf8 | `key` or `value` |
/// | `Column` | utf8, nullable | the column that could not be filled |
/// | `Position` | int64, nullable | the byte of the payload at which it went wrong |
/// | `Code`, `Reason` | utf8 | why, for programs and for people |
/// | `Raw`, `RawBytes` | binary, int64, nullable | the payload's beginning, and its whole length |
pub fn error_schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
}
