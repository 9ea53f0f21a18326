//! Rows under construction: metadata, key and value columns side by side, and the decoders that fill them.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_buffer::ScalarBuffer;
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};

use super::block::{BLOCK_ROWS, Block};
use super::headers::{self, HeaderReader};
use super::metadata::{Kind, Origin};
use crate::config::MetadataColumns;
use crate::decode::{BadPayload, Column, DecodeError, Decoder};
use crate::error::{Error, Result};
use crate::registry::framing::{KEY_SCHEMA_ID, VALUE_SCHEMA_ID};
use crate::spec::Side;

/// Columns of one lane (or, by partition, of one of its partitions) between two chunks.
pub(crate) struct Rows {
    schema: SchemaRef,
    kinds: Vec<Kind>,
    timestamp_nanos: bool,
    topic: Arc<str>,
    /// Of each single header that is a column.
    headers: Vec<HeaderReader>,
    key: Box<dyn Decoder>,
    value: Box<dyn Decoder>,
    /// Metadata, then key, then value columns: the order of the schema.
    columns: Vec<Column>,
    /// The offset of each row, where the table has no column of it: a snapshot must always know what it holds.
    offsets: Column,
    rows: usize,
    bad: Vec<BadPayload>,
    failed: Vec<usize>,
}

/// A payload of a block that could not be decoded.
pub(super) struct Failure {
    pub(super) index: usize,
    /// None where a column is made of headers.
    pub(super) side: Option<Side>,
    pub(super) error: DecodeError,
}

impl Rows {
    /// Where `short_lived`, the rows are of a table that keeps them for no longer than a cycle: the memory of their columns is used again.
    pub(crate) fn new(
        topic: &Arc<str>,
        metadata: &MetadataColumns,
        key: Box<dyn Decoder>,
        value: Box<dyn Decoder>,
        short_lived: bool,
    ) -> Result<Self> {
        let schema = schema(metadata, key.fields(), value.fields())?;
        let column = if short_lived { Column::lending } else { Column::new };
        let columns = schema.fields().iter().map(column).collect::<Result<_>>()?;
        Ok(Self {
            kinds: metadata.kinds(),
            topic: Arc::clone(topic),
            headers: metadata.single.iter().map(HeaderReader::new).collect::<Result<_>>()?,
            timestamp_nanos: metadata.timestamp_unit == arrow_schema::TimeUnit::Nanosecond,
            key,
            value,
            columns,
            offsets: Column::lending(&Arc::new(Field::new("offset", DataType::Int64, false)))?,
            schema,
            rows: 0,
            bad: Vec::new(),
            failed: Vec::new(),
        })
    }

    pub(super) fn len(&self) -> usize {
        self.rows
    }

    /// Bytes of the rows. The columns may hold more, where they use memory again.
    pub(super) fn used(&self) -> usize {
        self.columns.iter().map(Column::used).sum::<usize>() + self.offsets.used()
    }

    /// Bytes that the columns hold.
    pub(super) fn bytes(&self) -> usize {
        self.columns.iter().map(Column::bytes).sum::<usize>() + self.offsets.bytes()
    }

    /// Whether a column is made of headers, or a schema is named by one.
    pub(super) fn asks_for_headers(&self) -> bool {
        self.kinds.iter().any(|kind| matches!(kind, Kind::Headers | Kind::Header(_)))
            || self.key.looks_at_schema_headers()
            || self.value.looks_at_schema_headers()
    }

    /// Whether all columns can be filled with the payload of this side alone.
    pub(super) fn needs_only(&self, side: Side) -> bool {
        let (other, length) = match side {
            Side::Key => (&self.value, Kind::ValueBytes),
            Side::Value => (&self.key, Kind::KeyBytes),
        };
        other.fields().is_empty() && !self.asks_for_headers() && !self.kinds.contains(&length)
    }

    /// Appends a row for each record of the block. Payloads that could not be decoded are rows of nulls in their side's columns, and
    /// are reported: the caller takes these rows out, or leaves them.
    pub(super) fn append(&mut self, block: &Block<'_>, origin: &Origin, failures: &mut Vec<Failure>) {
        let (metadata, payload) = self.columns.split_at_mut(self.kinds.len());
        for (kind, column) in self.kinds.iter().zip(metadata) {
            match *kind {
                Kind::Headers => headers::append_all(column, block.headers(), &mut self.bad),
                Kind::Header(index) => {
                    if let Some(reader) = self.headers.get_mut(index) {
                        reader.append(column, block.headers(), &mut self.bad);
                    }
                }
                kind => {
                    append_metadata(kind, column, block, origin, &self.topic, self.timestamp_nanos);
                    continue;
                }
            }
            // Headers belong to neither side; the error names the header.
            failures.extend(self.bad.drain(..).map(|bad| Failure { index: bad.index, side: None, error: bad.error }));
        }
        if !self.kinds.contains(&Kind::Offset) {
            self.offsets.reserve(block.len()); // after a chunk, as much as that had
            self.offsets.push_slice(block.offsets());
        }
        let (key, value) = payload.split_at_mut(self.key.fields().len());
        for (side, decoder, columns, payloads) in
            [(Side::Key, &mut self.key, key, block.keys()), (Side::Value, &mut self.value, value, block.values())]
        {
            if decoder.looks_at_schema_headers() {
                let header = if side == Side::Key { KEY_SCHEMA_ID } else { VALUE_SCHEMA_ID };
                let mut names = [None; BLOCK_ROWS];
                headers::last_values(header.as_bytes(), block.headers(), &mut names, &mut self.bad);
                decoder.decode_named(payloads, &names, columns, &mut self.bad);
            } else {
                decoder.decode(payloads, columns, &mut self.bad);
            }
            failures.extend(self.bad.drain(..).map(|bad| Failure { index: bad.index, side: Some(side), error: bad.error }));
        }
        self.rows += block.len();
    }

    /// Takes out the rows of a block that begins at row `start`: those at `indexes` (ascending), and all from `keep` on.
    pub(super) fn cut(&mut self, start: usize, keep: usize, indexes: &[usize]) {
        self.failed.clear();
        self.failed.extend(indexes.iter().copied().take_while(|index| *index < keep));
        let hidden = (!self.kinds.contains(&Kind::Offset)).then_some(&mut self.offsets);
        for column in self.columns.iter_mut().chain(hidden) {
            column.truncate(start + keep);
            if !self.failed.is_empty() {
                column.remove_rows(start, &self.failed);
            }
        }
        self.rows = start + keep - self.failed.len();
    }

    /// Gives out all rows, and the offset of each.
    pub(super) fn finish(&mut self) -> Result<(RecordBatch, ScalarBuffer<i64>)> {
        let rows = std::mem::take(&mut self.rows);
        let arrays: Vec<ArrayRef> = self.columns.iter_mut().map(Column::finish).collect::<Result<_>>()?;
        let offsets = match self.kinds.iter().position(|kind| *kind == Kind::Offset) {
            Some(at) => arrays.get(at).map(Arc::clone),
            None => Some(self.offsets.finish()?),
        };
        let offsets = offsets
            .as_ref()
            .and_then(|array| array.as_any().downcast_ref::<arrow_array::Int64Array>())
            .map(|array| array.values().clone())
            .unwrap_or_default();
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)
            .map_err(|error| Error::Columns { what: "closing a chunk", reason: error.to_string() })?;
        Ok((batch, offsets))
    }
}

/// The schema of a table: metadata, key and value columns, no two of one name.
pub(crate) fn schema(metadata: &MetadataColumns, key: &[FieldRef], value: &[FieldRef]) -> Result<SchemaRef> {
    let mut fields: Vec<FieldRef> = Vec::new();
    let mut sources: Vec<&'static str> = Vec::new();
    metadata.single.iter().try_for_each(|column| HeaderReader::new(column).map(drop))?;
    let metadata = metadata.fields();
    for (source, group) in [("metadata", metadata.as_slice()), ("key", key), ("value", value)] {
        for field in group {
            if let Some(at) = fields.iter().position(|known| known.name() == field.name()) {
                let first = sources.get(at).copied().unwrap_or("metadata");
                return Err(Error::DuplicateColumn { column: field.name().clone(), first, second: source });
            }
            fields.push(Arc::clone(field));
            sources.push(source);
        }
    }
    Ok(Arc::new(Schema::new(fields)))
}

fn append_metadata(kind: Kind, column: &mut Column, block: &Block<'_>, origin: &Origin, topic: &str, nanos: bool) {
    match kind {
        Kind::Partition => column.push_slice(&[origin.partition; BLOCK_ROWS][..block.len()]),
        Kind::Offset => column.push_slice(block.offsets()),
        Kind::Timestamp => {
            // Kafka's NO_TIMESTAMP is -1; a time that nanoseconds cannot hold is not there either.
            if !nanos && !block.timestamps().contains(&-1) {
                return column.push_slice(block.timestamps());
            }
            for timestamp in block.timestamps() {
                let scaled = if nanos { timestamp.checked_mul(1_000_000) } else { Some(*timestamp) };
                match scaled {
                    Some(scaled) if *timestamp != -1 => column.push_i64(scaled),
                    _ => column.append_null(),
                }
            }
        }
        Kind::ReceiveTime => column.push_slice(&[origin.receive_time_nanos; BLOCK_ROWS][..block.len()]),
        Kind::Topic => append_text(column, Some(topic), block.len()),
        Kind::TimestampType => append_text(column, origin.timestamp_type, block.len()),
        Kind::LeaderEpoch => match origin.leader_epoch {
            Some(epoch) => column.push_slice(&[epoch; BLOCK_ROWS][..block.len()]),
            None => column.append_nulls(block.len()),
        },
        Kind::Headers | Kind::Header(_) => {} // these can fail
        Kind::KeyBytes => append_lengths(column, block.keys()),
        Kind::ValueBytes => append_lengths(column, block.values()),
    }
}

/// The same text for each row. A column never has so many that they would not fit: a chunk ends long before.
fn append_text(column: &mut Column, text: Option<&str>, rows: usize) {
    for _ in 0..rows {
        if text.is_none_or(|text| column.push_str(text).is_err()) {
            column.append_null();
        }
    }
}

fn append_lengths(column: &mut Column, payloads: &[Option<&[u8]>]) {
    for payload in payloads {
        match payload.and_then(|bytes| i32::try_from(bytes.len()).ok()) {
            Some(length) => column.push_i32(length),
            None => column.append_null(),
        }
    }
}
