use bytes::{Bytes, BytesMut};
use kafka_protocol::indexmap::IndexMap;
use kafka_protocol::protocol::StrBytes;
use kafka_protocol::records::{Compression, Record, RecordBatchDecoder, RecordBatchEncoder, RecordEncodeOptions, TimestampType};
use proptest::prelude::*;

use super::sample::{Batch, Sample};
use super::*;

const LIMIT: usize = 1 << 20;

/// A record, owned.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Owned {
    offset: i64,
    timestamp: i64,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

/// All records of all batches, checked as a lane checks them.
fn read(bytes: &[u8]) -> Result<Vec<Owned>, BatchError> {
    let mut arena = Arena::new(LIMIT);
    let mut all = Vec::new();
    for batch in Walk::new(bytes) {
        let batch = batch?;
        batch.verify()?;
        read_records(&batch, &mut arena, &mut all)?;
    }
    Ok(all)
}

fn read_records(batch: &RawBatch<'_>, arena: &mut Arena, all: &mut Vec<Owned>) -> Result<(), BatchError> {
    let mut records = batch.records(arena)?;
    while let Some(record) = records.next()? {
        let headers: Result<Vec<_>, _> = record.headers.iter().collect();
        all.push(Owned {
            offset: record.offset,
            timestamp: record.timestamp,
            key: record.key.map(<[u8]>::to_vec),
            value: record.value.map(<[u8]>::to_vec),
            headers: headers?.into_iter().map(|header| (header.key.to_vec(), header.value.map(<[u8]>::to_vec))).collect(),
        });
    }
    Ok(())
}

fn expected(batch: &Batch, samples: &[Sample]) -> Vec<Owned> {
    samples
        .iter()
        .map(|sample| Owned {
            offset: batch.base_offset + i64::from(sample.offset_delta),
            timestamp: batch.base_timestamp + sample.timestamp_delta,
            key: sample.key.clone(),
            value: sample.value.clone(),
            headers: sample.headers.clone(),
        })
        .collect()
}

fn some_samples() -> Vec<Sample> {
    vec![
        Sample { key: Some(b"k".to_vec()), value: Some(b"{\"a\":1}".to_vec()), ..Sample::default() },
        Sample { offset_delta: 1, timestamp_delta: -5, key: None, value: None, ..Sample::default() },
        Sample {
            offset_delta: 70,
            timestamp_delta: 100_000,
            key: Some(vec![]),
            value: Some(vec![b'x'; 300]),
            headers: vec![(b"h".to_vec(), Some(b"1".to_vec())), (b"h".to_vec(), None)],
        },
    ]
}

#[test]
fn c13_null_keys_tombstones_empty_values_gaps_and_headers_come_as_they_are() {
    let batch = Batch::at(1_000).samples(&some_samples()).last_offset_delta(75);
    assert_eq!(read(&batch.bytes()), Ok(expected(&batch, &some_samples())));
}

#[test]
fn c14_log_append_time_gives_every_record_the_largest_timestamp() {
    let mut batch = Batch::at(0).samples(&some_samples());
    batch.attributes |= 1 << 3;
    let timestamps: Vec<_> = read(&batch.bytes()).unwrap().iter().map(|record| record.timestamp).collect();
    assert_eq!(timestamps, [2_000; 3]);
}

#[test]
fn c14_negative_and_far_timestamps_are_delivered_and_an_overflow_is_an_error() {
    let with = |base_timestamp, timestamp_delta| {
        let mut batch = Batch::at(0).samples(&[Sample { timestamp_delta, ..Sample::default() }]);
        batch.base_timestamp = base_timestamp;
        read(&batch.bytes()).map(|records| records[0].timestamp)
    };
    assert_eq!(with(-1, 0), Ok(-1));
    assert_eq!(with(0, i64::MIN), Ok(i64::MIN));
    assert_eq!(with(i64::MAX - 1, 1), Ok(i64::MAX));
    assert_eq!(with(i64::MAX, 1), Err(BatchError::OutOfRange { what: "the timestamp" }));
}

#[test]
fn c10_fewer_or_more_records_than_declared_are_an_error() {
    let with = |record_count| {
        let mut batch = Batch::at(0).samples(&some_samples());
        batch.record_count = record_count;
        read(&batch.bytes())
    };
    assert!(with(3).is_ok());
    assert!(matches!(with(2), Err(BatchError::Trailing { .. })));
    assert_eq!(with(4), Err(BatchError::UnexpectedEnd { what: "the record length" }));
    assert!(matches!(with(-1), Err(BatchError::Length { what: "the record count", value: -1, .. })));
    assert!(matches!(with(i32::MAX), Err(BatchError::Length { what: "the record count", .. })));
}

#[test]
fn offsets_that_do_not_rise_or_leave_the_batch_are_an_error() {
    let with = |deltas: [i32; 3], last| {
        let samples = deltas.map(|offset_delta| Sample { offset_delta, ..Sample::default() });
        read(&Batch::at(10).samples(&samples).last_offset_delta(last).bytes())
            .map(|records| records.iter().map(|record| record.offset).collect::<Vec<_>>())
    };
    let refused = Err(BatchError::OutOfRange { what: "the offset delta" });
    assert_eq!(with([0, 1, 2], 2), Ok(vec![10, 11, 12]));
    assert_eq!(with([3, 5, 9], 20), Ok(vec![13, 15, 19]));
    assert_eq!(with([0, 1, 1], 2), refused);
    assert_eq!(with([1, 0, 2], 2), refused);
    assert_eq!(with([-1, 0, 1], 2), refused);
    assert_eq!(with([0, 1, 3], 2), refused);
}

#[test]
fn c10_a_record_length_that_is_too_long_negative_or_too_short_is_an_error() {
    let with = |length: u8| {
        let mut batch = Batch::at(0).records(["abc"]);
        batch.body[0] = length; // zigzag
        read(&batch.bytes())
    };
    assert!(with(18).is_ok());
    assert_eq!(with(20), Err(BatchError::Length { what: "the record length", value: 10, available: 9 }));
    assert_eq!(with(1), Err(BatchError::Length { what: "the record length", value: -1, available: 9 }));
    assert!(with(16).is_err());
    assert!(with(0).is_err());
}

#[test]
fn a_batch_that_compaction_emptied_has_no_records_and_a_next_offset() {
    let bytes = Batch::at(40).last_offset_delta(9).bytes();
    assert_eq!(read(&bytes), Ok(vec![]));
    assert_eq!(Walk::new(&bytes).next().unwrap().unwrap().header.next_offset(), Ok(50));
}

#[test]
fn every_truncation_gives_whole_batches_only() {
    let (first, second) = (Batch::at(0).samples(&some_samples()), Batch::at(100).samples(&some_samples()));
    let bytes = [first.bytes(), second.bytes()].concat();
    let all = [expected(&first, &some_samples()), expected(&second, &some_samples())].concat();
    for cut in 0..bytes.len() {
        let whole = if cut < first.bytes().len() { 0 } else { 3 };
        assert_eq!(read(&bytes[..cut]).as_deref(), Ok(&all[..whole]), "cut at {cut}");
    }
}

#[test]
fn every_flipped_byte_is_an_error_or_changes_no_record() {
    let batch = Batch::at(1 << 40).samples(&some_samples());
    let bytes = batch.bytes();
    let all = expected(&batch, &some_samples());
    for place in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[place] ^= 1 << bit;
            match (place, read(&damaged)) {
                // The base offset is outside the checksum: the fetch core compares it with the position.
                (0..8, Ok(records)) => {
                    assert!(records.iter().map(|record| &record.value).eq(all.iter().map(|record| &record.value)))
                }
                // A length that grew makes the batch a truncated tail.
                (8..12, Ok(records)) => assert!(records.is_empty()),
                (_, Ok(records)) => assert_eq!(records, all, "byte {place}, bit {bit}"),
                (_, Err(_)) => {}
            }
        }
    }
}

#[test]
fn damaged_records_under_a_right_checksum_never_panic() {
    let batch = Batch::at(0).samples(&some_samples());
    for place in 0..batch.body.len() {
        for value in 0..=u8::MAX {
            let mut damaged = batch.clone();
            damaged.body[place] = value;
            let _either = read(&damaged.bytes());
        }
    }
}

fn oracle_record(
    offset: i64,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    timestamp: i64,
    headers: &[(String, Option<Vec<u8>>)],
) -> Record {
    let headers: IndexMap<_, _> =
        headers.iter().map(|(key, value)| (StrBytes::from_string(key.clone()), value.clone().map(Bytes::from))).collect();
    Record {
        transactional: false,
        control: false,
        delete_horizon: false,
        partition_leader_epoch: 3,
        producer_id: -1,
        producer_epoch: -1,
        timestamp_type: TimestampType::Creation,
        offset,
        // The encoder makes a batch of each record whose sequence does not follow the one before.
        sequence: i32::try_from(offset & 0x7fff_ffff).unwrap(),
        timestamp,
        key: key.map(Bytes::from),
        value: value.map(Bytes::from),
        headers,
    }
}

fn bytes_or_null() -> impl Strategy<Value = Option<Vec<u8>>> {
    proptest::option::of(proptest::collection::vec(any::<u8>(), 0..200))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.min(128), ..ProptestConfig::default() })]

    #[test]
    fn what_the_encoder_of_kafka_protocol_writes_is_read(
        base in 0..i64::from(i32::MAX - 1000),
        records in proptest::collection::vec(
            (bytes_or_null(), bytes_or_null(), -1_000_000_i64..2_000_000_000_000,
             proptest::collection::btree_map("[a-z]{0,5}", bytes_or_null(), 0..3)), 1..20),
    ) {
        let records: Vec<Record> = (base..).zip(records)
            .map(|(offset, (key, value, timestamp, headers))| {
                oracle_record(offset, key, value, timestamp, &headers.into_iter().collect::<Vec<_>>())
            })
            .collect();
        let mut bytes = BytesMut::new();
        let options = RecordEncodeOptions { version: 2, compression: Compression::None };
        RecordBatchEncoder::encode(&mut bytes, &records, &options).unwrap();
        prop_assert_eq!(Walk::new(&bytes).count(), 1);
        let ours = read(&bytes).unwrap();
        prop_assert_eq!(ours.len(), records.len());
        for (ours, theirs) in ours.iter().zip(&records) {
            let headers: Vec<_> = theirs.headers.iter()
                .map(|(key, value)| (key.as_bytes().to_vec(), value.as_ref().map(|value| value.to_vec()))).collect();
            prop_assert_eq!(ours, &Owned {
                offset: theirs.offset,
                timestamp: theirs.timestamp,
                key: theirs.key.as_ref().map(|key| key.to_vec()),
                value: theirs.value.as_ref().map(|value| value.to_vec()),
                headers,
            });
        }
    }

    #[test]
    fn what_the_decoder_of_kafka_protocol_reads_is_read_the_same(
        base in 0..i64::MAX / 2,
        gaps in proptest::collection::vec(1..100, 1..20),
        values in proptest::collection::vec((bytes_or_null(), bytes_or_null(), -1000..1000_i64), 20),
    ) {
        let mut offset_delta = -1;
        let samples: Vec<_> = gaps.into_iter().zip(values).map(|(gap, (key, value, timestamp_delta))| {
            offset_delta += gap;
            Sample { offset_delta, timestamp_delta, key, value, headers: vec![] }
        }).collect();
        let batch = Batch::at(base).samples(&samples);
        let theirs = RecordBatchDecoder::decode(&mut Bytes::from(batch.bytes())).unwrap();
        let ours = read(&batch.bytes()).unwrap();
        prop_assert_eq!(&ours, &expected(&batch, &samples));
        prop_assert_eq!(ours.len(), theirs.records.len());
        for (ours, theirs) in ours.iter().zip(&theirs.records) {
            prop_assert_eq!((ours.offset, ours.timestamp), (theirs.offset, theirs.timestamp));
            prop_assert_eq!(ours.key.as_deref(), theirs.key.as_deref());
            prop_assert_eq!(ours.value.as_deref(), theirs.value.as_deref());
        }
    }

    #[test]
    fn compressed_batches_give_the_records_of_the_plain_one(
        values in proptest::collection::vec(bytes_or_null(), 1..30), codec in 1..5_i16,
    ) {
        let samples: Vec<_> = (0..).zip(values).map(|(offset_delta, value)| Sample { offset_delta, value, ..Sample::default() }).collect();
        let plain = Batch::at(5).samples(&samples);
        let packed = plain.clone().packed(codec, |body| pack(codec, body));
        let batch = packed.bytes();
        prop_assert_eq!(Walk::new(&batch).next().unwrap().unwrap().header.codec().unwrap() == Codec::None, false);
        prop_assert_eq!(read(&batch).unwrap(), read(&plain.bytes()).unwrap());
    }

    #[test]
    fn any_bytes_at_all_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _either = read(&bytes);
    }

    #[test]
    fn any_body_under_a_right_checksum_never_panics(
        body in proptest::collection::vec(any::<u8>(), 0..300), count in -2..40, last in -2..50, attributes in any::<i16>(),
    ) {
        let mut batch = Batch::at(0);
        (batch.body, batch.record_count, batch.last_offset_delta, batch.attributes) = (body, count, last, attributes);
        let _either = read(&batch.bytes());
    }
}

fn pack(codec: i16, body: &[u8]) -> Vec<u8> {
    use std::io::Write;
    match codec {
        1 => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(body).unwrap();
            encoder.finish().unwrap()
        }
        2 => snap::raw::Encoder::new().compress_vec(body).unwrap(),
        3 => {
            let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
            encoder.write_all(body).unwrap();
            encoder.finish().unwrap()
        }
        _ => structured_zstd::encoding::compress_slice_to_vec(body, structured_zstd::encoding::CompressionLevel::Fastest),
    }
}
