//! How the columns of a table are named.

use std::fmt::Display;

use arrow_schema::TimeUnit;

use super::value::Reader;

/// Which metadata columns a table has, and how they are named.
///
/// `None` leaves a column out. The defaults are those of the reference API, and so is the order: partition, offset, timestamp, receive
/// time, key bytes, value bytes; then kolumn's own: topic, leader epoch, timestamp type, headers, and one column for each header that
/// is asked for by [`Self::header`].
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
    /// Utf8, the topic. Property `kolumn.topic.column.name`, default none.
    pub topic: Option<String>,
    /// Int32, the leader epoch under which the record was written, null where its batch does not say. Property
    /// `kolumn.leader.epoch.column.name`, default none.
    pub leader_epoch: Option<String>,
    /// Utf8, `CreateTime` or `LogAppendTime`, null for records without timestamps (format 0). Property
    /// `kolumn.timestamp.type.column.name`, default none.
    pub timestamp_type: Option<String>,
    /// `list<struct<key:utf8,value:binary>>`, all headers in their order; a key that is not UTF-8 is null. Headers that do not parse
    /// make the record one that cannot be decoded. Property `kolumn.headers.column.name`, default none.
    pub headers: Option<String>,
    /// Single headers as columns, by [`Self::header`]. Property `kolumn.header.columns`, default none.
    pub(crate) single: Vec<HeaderColumn>,
    /// The unit of the record's timestamp: milliseconds as Kafka has it (the default), or nanoseconds as the reference API has it.
    pub timestamp_unit: TimeUnit,
}

/// A header as a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HeaderColumn {
    pub(crate) name: String,
    /// As specs name it.
    pub(crate) data_type: String,
    /// The header's key.
    pub(crate) header: String,
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
            topic: None,
            leader_epoch: None,
            timestamp_type: None,
            headers: None,
            single: Vec::new(),
            timestamp_unit: TimeUnit::Millisecond,
        }
    }

    /// Adds a column of the header with this key, as a simple spec reads a value of this type; null where the record has none, and of
    /// several the last. A header that the type does not take makes the record one that cannot be decoded.
    ///
    /// The type is a [`crate::spec::Type`] or its text; one that simple specs do not have is a
    /// [`crate::error::Error::InvalidSpec`] when the table is asked for.
    ///
    /// ```
    /// use kolumn::MetadataColumns;
    /// use kolumn::spec::Type;
    ///
    /// let columns = MetadataColumns::default().header("trace-id", "TraceId", Type::Utf8);
    /// assert_eq!(columns, MetadataColumns::default().header("trace-id", "TraceId", "utf8"));
    /// ```
    #[must_use]
    pub fn header(mut self, header: impl Into<String>, column: impl Into<String>, data_type: impl Display) -> Self {
        self.single.push(HeaderColumn { name: column.into(), data_type: data_type.to_string(), header: header.into() });
        self
    }
}

/// How the columns of a table are named where the program does not say it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ColumnNames {
    /// The columns that come from Kafka itself.
    pub metadata: MetadataColumns,
    /// `kolumn.header.columns`, as text.
    pub single_headers: Option<String>,
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
                topic: reader.filled("kolumn.topic.column.name"),
                leader_epoch: reader.filled("kolumn.leader.epoch.column.name"),
                timestamp_type: reader.filled("kolumn.timestamp.type.column.name"),
                headers: reader.filled("kolumn.headers.column.name"),
                ..MetadataColumns::none()
            },
            single_headers: reader.filled("kolumn.header.columns"),
            key: side("deephaven.key.column.name", "deephaven.key.column.type", "key.deserializer"),
            value: side("deephaven.value.column.name", "deephaven.value.column.type", "value.deserializer"),
        }
    }
}
