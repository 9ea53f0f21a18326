//! Batches of uncompressed orders, their checksums compared, into records: kolumn's cursor and kafka-protocol's decoder.

use std::ops::Range;

use bytes::Bytes;
use kafka_protocol::records::{Compression, Record, RecordBatchDecoder, RecordBatchEncoder, RecordEncodeOptions, TimestampType};
use kolumn::stages::Batches;
use kolumn_protocol_tests::Workload;

use crate::Outcome;
use crate::arguments::Measure;
use crate::contest::{Contest, Results};
use crate::measure::{Clock, Stopwatch};
use crate::sums::Sums;

/// As many orders of 193 bytes as make a batch of a megabyte.
pub(crate) const BATCH_RECORDS: usize = 4800;
/// Where a batch's header has the number of its records.
const RECORD_COUNT: usize = 57;

pub(crate) fn run(arguments: &Measure) -> Outcome<Vec<Results>> {
    // Two of them again and again: a lane walks over what has just come, not over what lies in memory.
    let distinct = batches(2 * BATCH_RECORDS)?;
    let batches: Vec<Bytes> = distinct.iter().cycle().take(arguments.rows.div_ceil(BATCH_RECORDS)).cloned().collect();
    let contest = Contest::new("batch walk with CRC, records of 193 bytes with keys of 4, 4800 in a batch", Clock::Cpu)
        .bytes(batches.iter().map(Bytes::len).sum())
        .subject("kolumn", |watch| kolumn(watch, &batches))
        .peer("kafka-protocol", 6.0, |watch| kafka_protocol(watch, &batches));
    Ok(vec![contest.run(arguments.rounds, true)?])
}

/// Batches of JSON orders.
pub(crate) fn batches(rows: usize) -> Outcome<Vec<Bytes>> {
    let workload = Workload::orders(1, rows as u64, 1);
    (0..rows).step_by(BATCH_RECORDS).map(|first| batch(&workload, first..(first + BATCH_RECORDS).min(rows))).collect()
}

/// A batch of these records.
pub(crate) fn batch(workload: &Workload, records: Range<usize>) -> Outcome<Bytes> {
    let record = |index: usize| {
        let order = workload.record(index as u64);
        Record {
            transactional: false,
            control: false,
            delete_horizon: false,
            partition_leader_epoch: 0,
            producer_id: -1,
            producer_epoch: -1,
            timestamp_type: TimestampType::Creation,
            offset: index as i64,
            // Where sequences do not rise with the offsets the encoder begins a batch with every record.
            sequence: index as i32,
            timestamp: order.timestamp,
            key: Some(Bytes::copy_from_slice(&(index as u32).to_be_bytes())),
            value: order.value.map(Bytes::from),
            headers: Default::default(),
        }
    };
    let records: Vec<Record> = records.map(record).collect();
    let mut bytes = Vec::new();
    RecordBatchEncoder::encode(&mut bytes, &records, &RecordEncodeOptions { version: 2, compression: Compression::None })?;
    let counted = bytes.get(RECORD_COUNT..).and_then(|rest| rest.first_chunk()).copied().map(u32::from_be_bytes);
    if counted != Some(u32::try_from(records.len())?) {
        return Err(format!("a batch has {counted:?} records instead of {}", records.len()).into());
    }
    Ok(bytes.into())
}

fn kolumn(watch: &mut Stopwatch, batches: &[Bytes]) -> Outcome<Sums> {
    let mut own = Batches::default();
    let mut sums = Sums::default();
    for batch in batches {
        let (mut rows, mut columns) = (0, [0; 4]);
        watch.measure(|| {
            own.walk(batch, |record| {
                rows += 1;
                let ends = [record.offset, record.timestamp, length(record.key), length(record.value)];
                columns.iter_mut().zip(ends).for_each(|(sum, more)| *sum += more);
            })
        })?;
        sums.add(rows, columns);
    }
    Ok(sums)
}

fn length(bytes: Option<&[u8]>) -> i64 {
    bytes.map_or(-1, |bytes| bytes.len() as i64)
}

fn kafka_protocol(watch: &mut Stopwatch, batches: &[Bytes]) -> Outcome<Sums> {
    let mut sums = Sums::default();
    for batch in batches {
        let sets = watch.measure(|| RecordBatchDecoder::decode_all(&mut batch.clone()))?;
        for record in sets.iter().flat_map(|set| &set.records) {
            sums.add(1, [record.offset, record.timestamp, length(record.key.as_deref()), length(record.value.as_deref())]);
        }
    }
    Ok(sums)
}
