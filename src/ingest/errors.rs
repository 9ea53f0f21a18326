//! Rows for the error table: the records that could not be decoded, with all that is needed to find and mend them.

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, Int32Builder, Int64Builder, StringBuilder, TimestampMillisecondBuilder};
use arrow_array::{ArrayRef, RecordBatch};

use crate::decode::DecodeError;
use crate::error::{Error, Result};
use crate::position::{Offset, Partition};
use crate::spec::Side;
use crate::table::error_schema;

/// The raw bytes kept of one payload: more than enough to see what is wrong, and a bound on what a topic full of garbage costs.
const RAW_LIMIT: usize = 64 << 10;

/// Rows for the error table under construction.
#[derive(Debug, Default)]
pub(super) struct ErrorRows {
    partition: Int32Builder,
    offset: Int64Builder,
    timestamp: TimestampMillisecondBuilder,
    side: StringBuilder,
    column: StringBuilder,
    position: Int64Builder,
    code: StringBuilder,
    reason: StringBuilder,
    raw: BinaryBuilder,
    raw_bytes: Int64Builder,
    rows: usize,
}

impl ErrorRows {
    pub(super) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Bytes held by the payloads, roughly.
    pub(super) fn bytes(&self) -> usize {
        self.raw.values_slice().len() + self.rows * 128
    }

    pub(super) fn append(
        &mut self,
        partition: Partition,
        offset: Offset,
        timestamp: i64,
        side: Side,
        raw: Option<&[u8]>,
        error: &DecodeError,
    ) {
        self.partition.append_value(partition);
        self.offset.append_value(offset);
        self.timestamp.append_option((timestamp != -1).then_some(timestamp));
        self.side.append_value(side.name());
        self.column.append_option(error.column.as_deref());
        self.position.append_option(i64::try_from(error.position).ok());
        self.code.append_value(error.reason.code());
        self.reason.append_value(&error.message);
        self.raw.append_option(raw.map(|bytes| bytes.get(..RAW_LIMIT).unwrap_or(bytes)));
        self.raw_bytes.append_option(raw.and_then(|bytes| i64::try_from(bytes.len()).ok()));
        self.rows += 1;
    }

    /// Gives out the rows; none where there are none.
    pub(super) fn finish(&mut self) -> Result<Option<RecordBatch>> {
        if self.is_empty() {
            return Ok(None);
        }
        self.rows = 0;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.partition.finish()),
            Arc::new(self.offset.finish()),
            Arc::new(self.timestamp.finish().with_timezone("UTC")),
            Arc::new(self.side.finish()),
            Arc::new(self.column.finish()),
            Arc::new(self.position.finish()),
            Arc::new(self.code.finish()),
            Arc::new(self.reason.finish()),
            Arc::new(self.raw.finish()),
            Arc::new(self.raw_bytes.finish()),
        ];
        RecordBatch::try_new(error_schema(), columns)
            .map(Some)
            .map_err(|error| Error::Columns { what: "closing a chunk of the error table", reason: error.to_string() })
    }
}
