//! Rows for the error table: the records that could not be decoded, with all that is needed to find and mend them.

use std::sync::Arc;

use arrow_array::builder::{
    BinaryBuilder, BooleanBuilder, Int32Builder, Int64Builder, StringBuilder, TimestampMillisecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};

use crate::decode::DecodeError;
use crate::error::{Error, Result};
use crate::position::{Offset, Partition};
use crate::spec::Side;
use crate::table::error_schema;

/// What of a record could not be decoded: a side, or none where a column is made of headers.
pub(super) fn side_name(side: Option<Side>) -> &'static str {
    side.map_or(HEADER, Side::name)
}

const HEADER: &str = "header";

/// A record that could not be decoded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bad<'a> {
    pub(super) partition: Partition,
    pub(super) offset: Offset,
    /// In milliseconds; -1 where it has none.
    pub(super) timestamp: i64,
    pub(super) side: &'a str,
    pub(super) raw: Option<&'a [u8]>,
    /// The length of the payload, which may be more than there is of it.
    pub(super) raw_bytes: Option<i64>,
    pub(super) error: &'a DecodeError,
}

/// Rows for the error table under construction.
#[derive(Debug)]
pub(super) struct ErrorRows {
    topic_name: Arc<str>,
    /// The most bytes kept of one payload: a bound on what a topic full of garbage costs.
    raw_limit: usize,
    partition: Int32Builder,
    offset: Int64Builder,
    timestamp: TimestampMillisecondBuilder,
    topic: StringBuilder,
    side: StringBuilder,
    column: StringBuilder,
    position: Int64Builder,
    code: StringBuilder,
    reason: StringBuilder,
    raw: BinaryBuilder,
    raw_bytes: Int64Builder,
    truncated: BooleanBuilder,
    rows: usize,
}

impl ErrorRows {
    pub(super) fn new(topic: &Arc<str>, raw_limit: usize) -> Self {
        Self {
            topic_name: Arc::clone(topic),
            raw_limit,
            partition: Int32Builder::new(),
            offset: Int64Builder::new(),
            timestamp: TimestampMillisecondBuilder::new(),
            topic: StringBuilder::new(),
            side: StringBuilder::new(),
            column: StringBuilder::new(),
            position: Int64Builder::new(),
            code: StringBuilder::new(),
            reason: StringBuilder::new(),
            raw: BinaryBuilder::new(),
            raw_bytes: Int64Builder::new(),
            truncated: BooleanBuilder::new(),
            rows: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Bytes held by the payloads, roughly.
    pub(super) fn bytes(&self) -> usize {
        self.raw.values_slice().len() + self.rows * 128
    }

    pub(super) fn append(&mut self, bad: Bad<'_>) {
        let Bad { partition, offset, timestamp, side, raw, raw_bytes, error } = bad;
        let kept = raw.map(|bytes| bytes.get(..self.raw_limit).unwrap_or(bytes));
        let kept_bytes = kept.and_then(|bytes| i64::try_from(bytes.len()).ok());
        self.partition.append_value(partition);
        self.offset.append_value(offset);
        self.timestamp.append_option((timestamp != -1).then_some(timestamp));
        self.topic.append_value(&self.topic_name);
        self.side.append_value(side);
        self.column.append_option(error.column.as_deref());
        self.position.append_option(i64::try_from(error.position).ok());
        self.code.append_value(error.reason.code());
        self.reason.append_value(&error.message);
        self.raw.append_option(kept);
        self.raw_bytes.append_option(raw_bytes);
        self.truncated.append_value(raw_bytes > kept_bytes);
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
            Arc::new(self.topic.finish()),
            Arc::new(self.side.finish()),
            Arc::new(self.column.finish()),
            Arc::new(self.position.finish()),
            Arc::new(self.code.finish()),
            Arc::new(self.reason.finish()),
            Arc::new(self.raw.finish()),
            Arc::new(self.raw_bytes.finish()),
            Arc::new(self.truncated.finish()),
        ];
        RecordBatch::try_new(error_schema(), columns)
            .map(Some)
            .map_err(|error| Error::Columns { what: "closing a chunk of the error table", reason: error.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;

    use super::*;
    use crate::decode::Reason;

    #[test]
    fn raw_bytes_are_kept_up_to_the_limit_and_what_is_cut_is_marked() {
        let error = DecodeError { column: None, position: 0, reason: Reason::Syntax, message: "no".into() };
        let mut rows = ErrorRows::new(&"t".into(), 4);
        let payloads: [Option<&[u8]>; 4] = [Some(b"1234"), Some(b"12345"), Some(b""), None];
        for raw in payloads {
            let raw_bytes = raw.map(|raw| raw.len() as i64);
            rows.append(Bad { partition: 0, offset: 1, timestamp: -1, side: "value", raw, raw_bytes, error: &error });
        }
        let batch = rows.finish().unwrap().unwrap();
        let raw: Vec<Option<&[u8]>> = batch["Raw"].as_binary::<i32>().iter().collect();
        assert_eq!(raw, [Some(&b"1234"[..]), Some(b"1234"), Some(b""), None]);
        let bytes: Vec<Option<i64>> = batch["RawBytes"].as_primitive::<Int64Type>().iter().collect();
        assert_eq!(bytes, [Some(4), Some(5), Some(0), None]);
        let cut: Vec<Option<bool>> = batch["Truncated"].as_boolean().iter().collect();
        assert_eq!(cut, [Some(false), Some(true), Some(false), Some(false)]);
        assert!(rows.is_empty() && rows.finish().unwrap().is_none());
    }
}
