//! The columns that every record brings with it, whatever its payloads hold.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, TimeUnit};

use crate::config::MetadataColumns;

impl MetadataColumns {
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
