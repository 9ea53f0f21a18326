//! The records of an error table that are decoded again: which they are, and what was kept of each.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, TimestampMillisecondType};
use arrow_array::{Array, RecordBatch};

use crate::error::{Error, Result};
use crate::position::{Offset, Partition};
use crate::record::{RawHeaders, RecordRef};
use crate::spec::Side;
use crate::table::error_schema;

/// Records that could not be decoded, by partition and offset.
#[derive(Debug, Default)]
pub(crate) struct Again {
    /// In the order of their offsets, each once.
    partitions: BTreeMap<Partition, Vec<Wanted>>,
    batches: Vec<RecordBatch>,
}

/// A record, and where its row of the error table is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) offset: Offset,
    batch: usize,
    row: usize,
}

/// What an error table kept of a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept<'a> {
    /// In milliseconds; -1 where it has none.
    pub(super) timestamp: i64,
    /// Of which the payload is; none where the error is about headers.
    pub(super) side: Option<Side>,
    pub(super) side_name: &'a str,
    pub(super) raw: Option<&'a [u8]>,
    pub(super) raw_bytes: Option<i64>,
    pub(super) reason: &'a str,
}

impl Again {
    /// The records of an error table of `topic`.
    pub(crate) fn of(topic: &str, batches: &[RecordBatch]) -> Result<Self> {
        let wrong = |reason: String| Error::NoErrorTable { topic: topic.to_owned(), reason };
        let mut again = Self { partitions: BTreeMap::new(), batches: batches.to_vec() };
        for (at, batch) in batches.iter().enumerate() {
            if batch.schema().fields() != error_schema().fields() {
                return Err(wrong(format!("its columns are not those of an error table: {:?}", batch.schema().fields())));
            }
            let topics = text(batch, "KafkaTopic");
            if let Some(other) = (0..batch.num_rows()).map(topics).find(|found| *found != topic) {
                return Err(wrong(format!("it holds a record of topic {other:?}")));
            }
            let partitions = batch["KafkaPartition"].as_primitive::<Int32Type>().values();
            let offsets = batch["KafkaOffset"].as_primitive::<Int64Type>().values();
            for (row, (partition, offset)) in partitions.iter().zip(offsets).enumerate() {
                again.partitions.entry(*partition).or_default().push(Wanted { offset: *offset, batch: at, row });
            }
        }
        for wanted in again.partitions.values_mut() {
            wanted.sort_by_key(|wanted| wanted.offset);
            wanted.dedup_by_key(|wanted| wanted.offset);
        }
        Ok(again)
    }

    /// The partitions that have some.
    pub(crate) fn partitions(&self) -> Vec<Partition> {
        self.partitions.keys().copied().collect()
    }

    /// The first and the last offset of a partition; none where it has none.
    pub(crate) fn range(&self, partition: Partition) -> Option<(Offset, Offset)> {
        let wanted = self.partitions.get(&partition)?;
        Some((wanted.first()?.offset, wanted.last()?.offset))
    }

    /// The first that is at `from` or behind it, and before `to`.
    pub(crate) fn first_between(&self, partition: Partition, from: Offset, to: Offset) -> Option<Offset> {
        self.between(partition, from, to).first().map(|wanted| wanted.offset)
    }

    /// Those from `from` on that are before `to`.
    pub(super) fn between(&self, partition: Partition, from: Offset, to: Offset) -> &[Wanted] {
        let wanted = self.partitions.get(&partition).map(Vec::as_slice).unwrap_or_default();
        let start = wanted.partition_point(|wanted| wanted.offset < from);
        let end = wanted.partition_point(|wanted| wanted.offset < to);
        wanted.get(start..end).unwrap_or_default()
    }

    /// What was kept of one.
    pub(super) fn kept(&self, wanted: &Wanted) -> Kept<'_> {
        let Some(batch) = self.batches.get(wanted.batch) else {
            return Kept { timestamp: -1, side: None, side_name: "", raw: None, raw_bytes: None, reason: "" };
        };
        let row = wanted.row;
        let timestamps = batch["KafkaTimestamp"].as_primitive::<TimestampMillisecondType>();
        let raw = batch["Raw"].as_binary::<i32>();
        let raw_bytes = batch["RawBytes"].as_primitive::<Int64Type>();
        let side_name = text(batch, "Side")(row);
        Kept {
            timestamp: if timestamps.is_valid(row) { timestamps.value(row) } else { -1 },
            side: [Side::Key, Side::Value].into_iter().find(|side| side.name() == side_name),
            side_name,
            raw: raw.is_valid(row).then(|| raw.value(row)),
            raw_bytes: raw_bytes.is_valid(row).then(|| raw_bytes.value(row)),
            reason: text(batch, "Reason")(row),
        }
    }
}

fn text<'a>(batch: &'a RecordBatch, column: &str) -> impl Fn(usize) -> &'a str {
    let values = batch.column_by_name(column).and_then(|column| column.as_string_opt::<i32>());
    move |row| values.filter(|values| row < values.len()).map_or("", |values| values.value(row))
}

impl<'a> Kept<'a> {
    /// Whether this is the record that was kept, as far as can be told: another may be at its offset when the topic was created again.
    pub(super) fn is_of(&self, record: &RecordRef<'_>) -> bool {
        let payload = match self.side {
            Some(Side::Key) => record.key,
            Some(Side::Value) => record.value,
            None => return record.timestamp == self.timestamp,
        };
        let length = payload.and_then(|payload| i64::try_from(payload.len()).ok());
        let begins_so = payload.unwrap_or_default().starts_with(self.raw.unwrap_or_default());
        record.timestamp == self.timestamp && length == self.raw_bytes && begins_so
    }

    /// The record with the one payload that was kept, where all of that was.
    pub(super) fn record(&self, offset: Offset) -> Option<(Side, RecordRef<'a>)> {
        let kept = self.raw.and_then(|raw| i64::try_from(raw.len()).ok());
        let side = self.side.filter(|_| kept == self.raw_bytes)?;
        let (key, value) = match side {
            Side::Key => (self.raw, None),
            Side::Value => (None, self.raw),
        };
        Some((side, RecordRef { offset, timestamp: self.timestamp, key, value, headers: RawHeaders::default() }))
    }
}
