//! The columns that every record brings with it, whatever its payloads hold.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, TimeUnit};

use crate::config::ColumnNames;
use crate::error::{Error, Result};
use crate::position::Partition;
use crate::record::BatchHeader;
use crate::spec::{self, Type};

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
    pub(crate) data_type: Type,
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
    /// several the last. A header that the type does not take makes the record one that cannot be decoded. A type that simple specs
    /// do not have is an [`Error::InvalidSpec`] when the table is asked for.
    ///
    /// ```
    /// use kolumn::MetadataColumns;
    /// use kolumn::spec::Type;
    ///
    /// let columns = MetadataColumns::default().header("trace-id", "TraceId", Type::Utf8);
    /// # let _ = columns;
    /// ```
    #[must_use]
    pub fn header(mut self, header: impl Into<String>, column: impl Into<String>, data_type: Type) -> Self {
        self.single.push(HeaderColumn { name: column.into(), data_type, header: header.into() });
        self
    }

    /// As the properties say.
    pub(crate) fn from_settings(columns: &ColumnNames) -> Result<Self> {
        let single = match &columns.single_headers {
            Some(text) => spec::header_columns(text).map_err(|reason| Error::InvalidProperty {
                key: "kolumn.header.columns".into(),
                value: text.clone(),
                reason,
            })?,
            None => Vec::new(),
        };
        let single = single.into_iter().map(|(name, data_type, header)| HeaderColumn { name, data_type, header }).collect();
        Ok(Self {
            partition: columns.partition.clone(),
            offset: columns.offset.clone(),
            timestamp: columns.timestamp.clone(),
            receive_time: columns.receive_time.clone(),
            key_bytes: columns.key_bytes.clone(),
            value_bytes: columns.value_bytes.clone(),
            topic: columns.topic.clone(),
            leader_epoch: columns.leader_epoch.clone(),
            timestamp_type: columns.timestamp_type.clone(),
            headers: columns.headers.clone(),
            single,
            ..Self::none()
        })
    }

    /// The fields of the columns that are there, in their order.
    pub(crate) fn fields(&self) -> Vec<FieldRef> {
        let field = |kind: Kind| match kind {
            Kind::Header(index) => self.single.get(index).map(|column| column.data_type.field(&column.name)),
            kind => {
                let nullable = !matches!(kind, Kind::Partition | Kind::Offset | Kind::ReceiveTime | Kind::Topic);
                Some(Arc::new(Field::new(self.name(kind)?, self.data_type(kind), nullable)))
            }
        };
        self.kinds().into_iter().filter_map(field).collect()
    }

    /// The kinds of the columns that are there, in their order.
    pub(super) fn kinds(&self) -> Vec<Kind> {
        let single = (0..self.single.len()).map(Kind::Header);
        Kind::ALL.into_iter().filter(|kind| self.name(*kind).is_some()).chain(single).collect()
    }

    fn name(&self, kind: Kind) -> Option<&str> {
        match kind {
            Kind::Partition => &self.partition,
            Kind::Offset => &self.offset,
            Kind::Timestamp => &self.timestamp,
            Kind::ReceiveTime => &self.receive_time,
            Kind::KeyBytes => &self.key_bytes,
            Kind::ValueBytes => &self.value_bytes,
            Kind::Topic => &self.topic,
            Kind::LeaderEpoch => &self.leader_epoch,
            Kind::TimestampType => &self.timestamp_type,
            Kind::Headers => &self.headers,
            Kind::Header(index) => return self.single.get(index).map(|column| column.name.as_str()),
        }
        .as_deref()
    }

    fn data_type(&self, kind: Kind) -> DataType {
        match kind {
            Kind::Partition | Kind::KeyBytes | Kind::ValueBytes | Kind::LeaderEpoch => DataType::Int32,
            Kind::Topic | Kind::TimestampType => DataType::Utf8,
            Kind::Headers => Type::list(Type::structure([("key", Type::Utf8), ("value", Type::Binary)])).data_type(),
            Kind::Header(index) => self.single.get(index).map_or(DataType::Null, |column| column.data_type.data_type()),
            Kind::Offset => DataType::Int64,
            Kind::Timestamp => DataType::Timestamp(self.timestamp_unit, Some("UTC".into())),
            Kind::ReceiveTime => DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
        }
    }
}

/// A metadata column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Partition,
    Offset,
    Timestamp,
    ReceiveTime,
    KeyBytes,
    ValueBytes,
    Topic,
    LeaderEpoch,
    TimestampType,
    Headers,
    /// A single header, by its index.
    Header(usize),
}

impl Kind {
    /// All that there is at most one of, in the order of the columns.
    const ALL: [Self; 10] = [
        Self::Partition,
        Self::Offset,
        Self::Timestamp,
        Self::ReceiveTime,
        Self::KeyBytes,
        Self::ValueBytes,
        Self::Topic,
        Self::LeaderEpoch,
        Self::TimestampType,
        Self::Headers,
    ];
}

/// Where the records of a batch come from: what is the same for all of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    pub(super) partition: Partition,
    pub(super) receive_time_nanos: i64,
    pub(super) leader_epoch: Option<i32>,
    /// As Kafka names it.
    pub(super) timestamp_type: Option<&'static str>,
}

impl Origin {
    pub(super) fn new(partition: Partition, receive_time_nanos: i64, header: &BatchHeader) -> Self {
        let timestamp_type = match (header.magic, header.log_append_time()) {
            (0, _) => None,
            (_, true) => Some("LogAppendTime"),
            (_, false) => Some("CreateTime"),
        };
        let leader_epoch = Some(header.leader_epoch).filter(|epoch| *epoch >= 0);
        Self { partition, receive_time_nanos, leader_epoch, timestamp_type }
    }
}
