//! The columns that every record brings with it, whatever its payloads hold.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, TimeUnit};

use crate::config::{ColumnNames, HeaderColumn, MetadataColumns};
use crate::error::{Error, Result};
use crate::position::Partition;
use crate::record::BatchHeader;
use crate::spec::{self, Type};

/// The metadata columns that the properties say.
pub(crate) fn metadata(columns: &ColumnNames) -> Result<MetadataColumns> {
    let Some(text) = &columns.single_headers else { return Ok(columns.metadata.clone()) };
    let single = spec::header_columns(text).map_err(|reason| Error::InvalidProperty {
        key: "kolumn.header.columns".into(),
        value: text.clone(),
        reason,
    })?;
    let add =
        |metadata: MetadataColumns, (name, data_type, header): (String, Type, String)| metadata.header(header, name, data_type);
    Ok(single.into_iter().fold(columns.metadata.clone(), add))
}

impl HeaderColumn {
    /// What the column's type is; the text of one in a spec.
    pub(super) fn column_type(&self) -> Result<Type> {
        Type::read(&self.data_type).map_err(|reason| Error::InvalidSpec {
            spec: self.data_type.clone(),
            place: format!("the column {:?} of the header {:?}", self.name, self.header),
            reason,
        })
    }
}

impl MetadataColumns {
    /// The fields of the columns that are there, in their order.
    pub(crate) fn fields(&self) -> Vec<FieldRef> {
        let field = |kind: Kind| match kind {
            Kind::Header(index) => self.single.get(index).and_then(|column| Some(column.column_type().ok()?.field(&column.name))),
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
            Kind::Header(index) => self
                .single
                .get(index)
                .and_then(|column| column.column_type().ok())
                .map_or(DataType::Null, |found| found.data_type()),
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
    /// Of a record whose batch is gone.
    pub(super) fn unknown(partition: Partition, receive_time_nanos: i64) -> Self {
        Self { partition, receive_time_nanos, leader_epoch: None, timestamp_type: None }
    }

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
