//! Tables whose keys and values are raw bytes, to be held against what somebody else read.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, TimestampMillisecondType};
use arrow_array::{Array, RecordBatch};
use kolumn::{Consume, Offsets, Snapshot, spec};
use kolumn_protocol_tests::{Digest, Digester, ReadRecord};

/// One row of a raw table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRow {
    pub partition: i32,
    pub offset: i64,
    /// -1: none.
    pub timestamp: i64,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
}

/// A consumption of `topic` from its beginning, keys and values as they are.
pub fn consume_raw(topic: &str, bootstrap: &str) -> Consume {
    kolumn::consume(topic).brokers(bootstrap).key(spec::raw("Key")).value(spec::raw("Value")).offsets(Offsets::Beginning)
}

/// The rows, each partition in the table's order.
pub fn rows(snapshot: &Snapshot) -> Vec<RawRow> {
    let mut rows = Vec::new();
    for batch in snapshot.batches() {
        each(batch, |partition, offset, timestamp, key, value| {
            let (key, value) = (key.map(<[u8]>::to_vec), value.map(<[u8]>::to_vec));
            rows.push(RawRow { partition, offset, timestamp, key, value });
        });
    }
    // Stable: within a partition the order stays the table's.
    rows.sort_by_key(|row| row.partition);
    rows
}

/// The digest of each partition's rows, in the table's order; partitions without rows are left out.
pub fn digests(snapshot: &Snapshot) -> BTreeMap<i32, Digest> {
    let mut digesters: BTreeMap<i32, Digester> = BTreeMap::new();
    for batch in snapshot.batches() {
        add(&mut digesters, batch);
    }
    digesters.into_iter().map(|(partition, digester)| (partition, digester.finish())).collect()
}

/// Adds the rows of a batch to the digests of their partitions.
pub fn add(digesters: &mut BTreeMap<i32, Digester>, batch: &RecordBatch) {
    each(batch, |partition, offset, timestamp, key, value| {
        digesters.entry(partition).or_default().add(offset, timestamp, key, value);
    });
}

fn each(batch: &RecordBatch, mut row: impl FnMut(i32, i64, i64, Option<&[u8]>, Option<&[u8]>)) {
    let partitions = batch["KafkaPartition"].as_primitive::<Int32Type>();
    let offsets = batch["KafkaOffset"].as_primitive::<Int64Type>();
    let timestamps = batch["KafkaTimestamp"].as_primitive::<TimestampMillisecondType>();
    let keys = batch["Key"].as_binary::<i32>();
    let values = batch["Value"].as_binary::<i32>();
    for at in 0..batch.num_rows() {
        let key = keys.is_valid(at).then(|| keys.value(at));
        let value = values.is_valid(at).then(|| values.value(at));
        let timestamp = if timestamps.is_valid(at) { timestamps.value(at) } else { -1 };
        row(partitions.value(at), offsets.value(at), timestamp, key, value);
    }
}

/// What an independent consumer read, as a row.
impl From<ReadRecord> for RawRow {
    fn from(record: ReadRecord) -> Self {
        let bytes = |payload: Option<bytes::Bytes>| payload.map(|bytes| bytes.to_vec());
        Self {
            partition: record.partition,
            offset: record.offset,
            timestamp: record.timestamp,
            key: bytes(record.key),
            value: bytes(record.value),
        }
    }
}
