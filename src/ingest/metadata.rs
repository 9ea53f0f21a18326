//! The columns that every record brings with it, whatever its payloads hold.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, TimeUnit};

use crate::config::ColumnNames;

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

    /// As the properties say.
    pub(crate) fn from_settings(columns: &ColumnNames) -> Self {
        Self {
            partition: columns.partition.clone(),
            offset: columns.offset.clone(),
            timestamp: columns.timestamp.clone(),
            receive_time: columns.receive_time.clone(),
            key_bytes: columns.key_bytes.clone(),
            value_bytes: columns.value_bytes.clone(),
            ..Self::none()
        }
    }

    /// The fields of the columns that are there, in their order.
    pub(crate) fn fields(&self) -> Vec<FieldRef> {
        Kind::ALL
            .into_iter()
            .filter_map(|kind| {
                let name = self.name(kind)?;
                let nullable = !matches!(kind, Kind::Partition | Kind::Offset | Kind::ReceiveTime);
                Some(Arc::new(Field::new(name, self.data_type(kind), nullable)))
            })
            .collect()
    }

    /// The kinds of the columns that are there, in their order.
    pub(super) fn kinds(&self) -> Vec<Kind> {
        Kind::ALL.into_iter().filter(|kind| self.name(*kind).is_some()).collect()
    }

    fn name(&self, kind: Kind) -> Option<&str> {
        match kind {
            Kind::Partition => &self.partition,
            Kind::Offset => &self.offset,
            Kind::Timestamp => &self.timestamp,
            Kind::ReceiveTime => &self.receive_time,
            Kind::KeyBytes => &self.key_bytes,
            Kind::ValueBytes => &self.value_bytes,
        }
        .as_deref()
    }

    fn data_type(&self, kind: Kind) -> DataType {
        match kind {
            Kind::Partition | Kind::KeyBytes | Kind::ValueBytes => DataType::Int32,
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
}

impl Kind {
    const ALL: [Self; 6] = [Self::Partition, Self::Offset, Self::Timestamp, Self::ReceiveTime, Self::KeyBytes, Self::ValueBytes];
}
