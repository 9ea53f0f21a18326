//! The error table: the records that could not be decoded, as an ordinary table.

use std::sync::{Arc, LazyLock};

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let time = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        Field::new("KafkaPartition", DataType::Int32, false),
        Field::new("KafkaOffset", DataType::Int64, false),
        Field::new("KafkaTimestamp", time, true),
        Field::new("KafkaTopic", DataType::Utf8, false),
        Field::new("Side", DataType::Utf8, false),
        Field::new("Column", DataType::Utf8, true),
        Field::new("Position", DataType::Int64, true),
        Field::new("Code", DataType::Utf8, false),
        Field::new("Reason", DataType::Utf8, false),
        Field::new("Raw", DataType::Binary, true),
        Field::new("RawBytes", DataType::Int64, true),
        Field::new("Truncated", DataType::Boolean, false),
    ]))
});

/// The columns of an error table.
///
/// | column | type | what |
/// |---|---|---|
/// | `KafkaPartition`, `KafkaOffset`, `KafkaTimestamp`, `KafkaTopic` | int32, int64, timestamp(ms, UTC), utf8 | the record |
/// | `Side` | utf8 | `key` or `value`; `header` where the column is made of headers |
/// | `Column` | utf8, nullable | the column that could not be filled |
/// | `Position` | int64, nullable | the byte of the payload at which it went wrong |
/// | `Code`, `Reason` | utf8 | why, for programs ([`crate::decode::Reason::code`]) and for people |
/// | `Raw`, `RawBytes` | binary, int64, nullable | the payload, and its length; null where it is null, or the side is `header` |
/// | `Truncated` | bool | whether `Raw` is only the payload's beginning, as much as `kolumn.error.raw.bytes` keeps |
pub fn error_schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
}
