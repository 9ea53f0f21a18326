use crate::batch::{BatchBuilder, BatchError, Codec, Marker, Record, assign, batches, stamp};

fn only(bytes: &[u8]) -> super::RawBatch<'_> {
    batches(bytes).next().expect("a batch").expect("a sound one")
}

#[test]
fn records_come_back_with_keys_values_headers_times_and_offsets() {
    let batch = BatchBuilder::new()
        .base_offset(100)
        .timestamp(1000)
        .record(Record::new("value").key("key").timestamp(1007).header("h", Some(b"1")).header("h", None))
        .record(Record::null().timestamp(990).offset_delta(9))
        .build();
    let raw = only(&batch);
    raw.verify().expect("the checksum is right");
    assert_eq!(raw.header.last_offset(), 109);
    assert_eq!(raw.header.max_timestamp, 1007);
    let records = raw.records().expect("records");
    assert_eq!(records.len(), 2);
    assert_eq!((records[0].offset, records[0].timestamp), (100, 1007));
    assert_eq!(records[0].key.as_deref(), Some(b"key".as_slice()));
    assert_eq!(records[0].value.as_deref(), Some(b"value".as_slice()));
    assert_eq!(records[0].headers, [(b"h".to_vec(), Some(b"1".to_vec())), (b"h".to_vec(), None)]);
    assert_eq!((records[1].offset, records[1].timestamp), (109, 990));
    assert_eq!((records[1].key.as_ref(), records[1].value.as_ref()), (None, None));
}

#[test]
fn kafka_protocol_reads_what_the_builder_writes() {
    let mut bytes = BatchBuilder::new()
        .base_offset(7)
        .producer(5, 1, 3)
        .transactional()
        .values(["a", "b"])
        .record(Record::new("c").key("k").header("x", Some(b"y")))
        .build();
    let decoded = kafka_protocol::records::RecordBatchDecoder::decode(&mut bytes).expect("the other reader agrees");
    let offsets: Vec<_> = decoded.records.iter().map(|record| (record.offset, record.sequence, record.transactional)).collect();
    assert_eq!(offsets, [(7, 3, true), (8, 4, true), (9, 5, true)]);
    assert_eq!(decoded.records[2].value.as_deref(), Some(b"c".as_slice()));
    assert_eq!(decoded.records[2].key.as_deref(), Some(b"k".as_slice()));
}

#[test]
fn the_checksum_survives_another_base_offset_and_leader_epoch_and_nothing_else() {
    let mut batch = BatchBuilder::new().values(["a"]).build().to_vec();
    assign(&mut batch, 4711, 12);
    let raw = only(&batch);
    assert_eq!((raw.header.base_offset, raw.header.leader_epoch), (4711, 12));
    raw.verify().expect("not covered");
    let last = batch.len() - 1;
    batch[last] ^= 1;
    assert!(matches!(only(&batch).verify(), Err(BatchError::Crc { .. })));
}

#[test]
fn log_append_time_replaces_the_times_of_all_records() {
    let mut batch = BatchBuilder::new().values(["a", "b"]).build().to_vec();
    stamp(&mut batch, 42);
    let raw = only(&batch);
    raw.verify().expect("the checksum was repaired");
    assert!(raw.header.is_log_append_time());
    assert_eq!(raw.records().expect("records").iter().map(|record| record.timestamp).collect::<Vec<_>>(), [42, 42]);
}

#[test]
fn a_compressed_batch_holds_what_the_closure_made_and_keeps_its_counts() {
    let batch = BatchBuilder::new().values(["a", "b"]).compress(Codec::Zstd, |records| records.iter().rev().copied().collect());
    let bytes = batch.build();
    let raw = only(&bytes);
    assert_eq!((raw.header.codec(), raw.header.record_count, raw.header.last_offset_delta), (Ok(Codec::Zstd), 2, 1));
    assert_eq!(raw.records(), Err(BatchError::Compressed { codec: 4 }));
    let section: Vec<u8> = raw.bytes[61..].iter().rev().copied().collect();
    assert_eq!(raw.records_of(&section).expect("records").len(), 2);
}

#[test]
fn markers_are_control_batches_of_one_record() {
    let bytes = BatchBuilder::marker(Marker::Commit, 9, 2).build();
    let raw = only(&bytes);
    assert!(raw.header.is_control() && raw.header.is_transactional());
    assert_eq!((raw.header.producer_id, raw.header.producer_epoch), (9, 2));
    assert_eq!(raw.records().expect("records")[0].key.as_deref(), Some([0, 0, 0, 1].as_slice()));
}

#[test]
fn an_empty_batch_keeps_its_offsets() {
    let bytes = BatchBuilder::new().base_offset(10).last_offset_delta(4).build();
    let raw = only(&bytes);
    assert_eq!((bytes.len(), raw.header.record_count, raw.header.last_offset()), (61, 0, 14));
    assert_eq!(raw.records(), Ok(Vec::new()));
}

#[test]
fn a_cut_batch_ends_the_walk_at_every_byte_and_a_foreign_format_is_an_error() {
    let first = BatchBuilder::new().values(["a"]).build();
    let second = BatchBuilder::new().base_offset(1).values(["b"]).build();
    let both = [first.as_ref(), second.as_ref()].concat();
    for cut in 0..both.len() {
        let seen = batches(&both[..cut]).inspect(|batch| assert!(batch.is_ok())).count();
        assert_eq!(seen, usize::from(cut >= first.len()));
    }
    let old = BatchBuilder::new().magic(1).values(["a"]).build();
    assert_eq!(batches(&old).map(|batch| batch.err()).collect::<Vec<_>>(), [Some(BatchError::Magic { magic: 1 })]);
}

#[test]
fn lies_are_written_as_they_were_told() {
    let bytes = BatchBuilder::new().values(["a"]).record_count(i32::MAX).crc_xor(1).length(50).build();
    let header = super::BatchHeader::read(&bytes).expect("a header");
    assert_eq!((header.record_count, header.length), (i32::MAX, 50));
    assert_ne!(header.crc, crate::batch::crc_of(&bytes));
}
