//! How the columns of a table are named.

use arrow_schema::TimeUnit;

use super::value::Reader;

/// Which metadata columns a table has, and how they are named.
///
/// `None` leaves a column out. The defaults are those of the reference API, and so is the order: partition, offset, timestamp, receive
/// time, key bytes, value bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetadataColumns {
    /// Int32, the partition. Property `deephaven.partition.column.name`, default `KafkaPartition`.
    pub partition: Option<String>,
    /// Int64, the offset. Property `deephaven.offset.column.name`, default `KafkaOffset`.
    pub offset: Option<String>,
    /// Timestamp in UTC, the record's timestamp, null where it has none. Property `deephaven.timestamp.column.name`, default `KafkaTimestamp`.
    pub timestamp: Option<String>,
    /// Timestamp (ns) in UTC, when the response that held the record was read. Property `deephaven.receivetime.column.name`, default none.
    pub receive_time: Option<String>,
    /// Int32, the length of the key, null where there is none. Property `deephaven.keybytes.column.name`, default none.
    pub key_bytes: Option<String>,
    /// Int32, the length of the value, null where there is none. Property `deephaven.valuebytes.column.name`, default none.
    pub value_bytes: Option<String>,
    /// The unit of the record's timestamp: milliseconds as Kafka has it (the default), or nanoseconds as the reference API has it.
    pub timestamp_unit: TimeUnit,
}

impl Default for MetadataColumns {
    fn default() -> Self {
        Self {
            partition: Some("KafkaPartition".into()),
            offset: Some("KafkaOffset".into()),
            timestamp: Some("KafkaTimestamp".into()),
            ..Self::none()
        }
    }
}

impl MetadataColumns {
    /// No metadata columns at all.
    pub fn none() -> Self {
        Self {
            partition: None,
            offset: None,
            timestamp: None,
            receive_time: None,
            key_bytes: None,
            value_bytes: None,
            timestamp_unit: TimeUnit::Millisecond,
        }
    }
}

/// How the columns of a table are named where the program does not say it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ColumnNames {
    /// The columns that come from Kafka itself.
    pub metadata: MetadataColumns,
    /// The column of a key that is one value.
    pub key: SideColumn,
    /// The column of a value that is one value.
    pub value: SideColumn,
}

/// What the properties say about a key or a value that becomes one column.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SideColumn {
    /// `deephaven.{key,value}.column.name`.
    pub name: String,
    /// `deephaven.{key,value}.column.type`, as text.
    pub data_type: Option<String>,
    /// `{key,value}.deserializer`, as text.
    pub deserializer: Option<String>,
}

impl ColumnNames {
    pub(super) fn read(reader: &Reader<'_>) -> Self {
        let side = |name, data_type, deserializer| SideColumn {
            name: reader.text(name).unwrap_or_default().to_owned(),
            data_type: reader.filled(data_type),
            deserializer: reader.filled(deserializer),
        };
        Self {
            metadata: MetadataColumns {
                partition: reader.filled("deephaven.partition.column.name"),
                offset: reader.filled("deephaven.offset.column.name"),
                timestamp: reader.filled("deephaven.timestamp.column.name"),
                receive_time: reader.filled("deephaven.receivetime.column.name"),
                key_bytes: reader.filled("deephaven.keybytes.column.name"),
                value_bytes: reader.filled("deephaven.valuebytes.column.name"),
                ..MetadataColumns::none()
            },
            key: side("deephaven.key.column.name", "deephaven.key.column.type", "key.deserializer"),
            value: side("deephaven.value.column.name", "deephaven.value.column.type", "value.deserializer"),
        }
    }
}
