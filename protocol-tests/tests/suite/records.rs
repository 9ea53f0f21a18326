//! What a sound log can hold: codecs, nulls, transactions, gaps.

use crate::common::codecs::{CODECS, lz4, zstd};
use crate::common::{
    self, account, assert_numbered, assert_spans, complete, consume, empty, live, number, numbered_batch, numbers, offsets,
    until, values, within,
};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, TimestampMillisecondType};
use arrow_array::{Array, RecordBatch};
use kolumn::config::Properties;
use kolumn::spec::{self, Tombstones, Type};
use kolumn::{Consume, Error, MetadataColumns, Offsets, Stop, Table};
use kolumn_test_broker::{BatchBuilder, Codec, Marker, Record, TestCluster};

/// The whole of `t` up to its present end.
fn to_end(cluster: &TestCluster) -> Consume {
    consume(cluster).until(Stop::End)
}

/// The same, keys and values as they are.
fn raw(cluster: &TestCluster) -> Consume {
    let mut metadata = MetadataColumns::default();
    (metadata.key_bytes, metadata.value_bytes) = (Some("KeyBytes".into()), Some("ValueBytes".into()));
    to_end(cluster).key(spec::raw("key")).value(spec::raw("value")).metadata(metadata)
}

fn batch(table: &Table) -> RecordBatch {
    table.snapshot().to_batch().expect("one batch")
}

fn binary(batch: &RecordBatch, column: &str) -> Vec<Option<Vec<u8>>> {
    batch[column].as_binary::<i32>().iter().map(|value| value.map(<[u8]>::to_vec)).collect()
}

#[tokio::test]
async fn batches_of_every_codec_may_follow_each_other_in_one_log() {
    let cluster = empty(1);
    for round in 0..6 {
        let first = round * 6_000;
        cluster.produce("t", 0, numbered_batch(first..first + 1_000));
        for (at, (codec, compress)) in (1..).zip(CODECS) {
            let from = first + at * 1_000;
            cluster.produce("t", 0, values(from..from + 1_000).compress(codec, compress).build());
        }
    }
    assert_numbered(&complete(to_end(&cluster)).await.snapshot(), 1, 36_000);
}

#[tokio::test]
async fn c13_keys_and_values_may_be_null_or_empty_and_are_told_apart() {
    let cluster = empty(1);
    let records = [Record::null(), Record::new(""), Record::new("v").key(""), Record::null().key("k"), Record::new("v").key("k")];
    cluster.produce("t", 0, records.into_iter().fold(BatchBuilder::new(), BatchBuilder::record).build());
    let table = complete(raw(&cluster)).await;
    let batch = batch(&table);
    let some = |text: &str| Some(text.as_bytes().to_vec());
    assert_eq!(binary(&batch, "key"), [None, None, some(""), some("k"), some("k")]);
    assert_eq!(binary(&batch, "value"), [None, some(""), some("v"), None, some("v")]);
    let lengths = |column: &str| batch[column].as_primitive::<Int32Type>().iter().collect::<Vec<_>>();
    assert_eq!(lengths("KeyBytes"), [None, None, Some(0), Some(1), Some(1)]);
    assert_eq!(lengths("ValueBytes"), [None, Some(0), Some(1), None, Some(1)]);
    assert_spans(&table.snapshot(), &[(0, 0, 5)]);
}

#[tokio::test]
async fn headers_do_not_disturb_the_records_that_bear_them() {
    let cluster = empty(1);
    let record = |number: i64| {
        let record = Record::new(format!(r#"{{"n":{number}}}"#)).header("trace", Some(b"1")).header("trace", None);
        (0..number % 5).fold(record, |record, _| record.header("", Some(&[0xff; 300])))
    };
    cluster.produce("t", 0, (0..500).map(record).fold(BatchBuilder::new(), BatchBuilder::record).build());
    assert_numbered(&complete(to_end(&cluster)).await.snapshot(), 1, 500);
}

#[tokio::test]
async fn a_tombstone_is_a_row_of_nulls_or_left_out_where_that_is_asked_for() {
    let cluster = empty(1);
    let record = |number: i64| match number % 3 {
        1 => Record::null().key("k"),
        _ => Record::new(format!(r#"{{"n":{number}}}"#)).key("k"),
    };
    cluster.produce("t", 0, (0..200).map(record).fold(BatchBuilder::new(), BatchBuilder::record).build());
    let expected: Vec<_> = (0..200).map(|number| (number, (number % 3 != 1).then_some(number))).collect();

    let rows = complete(to_end(&cluster)).await;
    assert_eq!(numbers(&rows.snapshot())[&0], expected);
    assert_eq!((account(&rows).rows, account(&rows).filtered), (200, 0));

    let skipped = complete(to_end(&cluster).value(number().tombstones(Tombstones::Skip))).await;
    let kept: Vec<_> = expected.into_iter().filter(|(_, number)| number.is_some()).collect();
    assert_eq!(numbers(&skipped.snapshot())[&0], kept);
    assert_eq!((account(&skipped).rows, account(&skipped).filtered), (133, 67));
    assert_spans(&skipped.snapshot(), &[(0, 0, 200)]);
}

/// Two transactions that overlap, producer 7's aborted and 8's committed, between records of no transaction.
fn transactions() -> TestCluster {
    let cluster = empty(1);
    for batch in [
        values(0..10),
        values(10..20).producer(7, 0, 0).transactional(),
        values(20..30).producer(8, 0, 0).transactional(),
        values(30..40).producer(7, 0, 10).transactional().compress(Codec::Lz4, lz4),
        BatchBuilder::marker(Marker::Abort, 7, 0), // offset 40
        values(41..50).producer(8, 0, 10).transactional(),
        BatchBuilder::marker(Marker::Commit, 8, 0), // offset 50
        values(51..60).producer(7, 0, 20).transactional(),
        BatchBuilder::marker(Marker::Commit, 7, 0), // offset 60
        values(61..70),
    ] {
        cluster.produce("t", 0, batch.build());
    }
    cluster
}

#[tokio::test]
async fn c15_read_committed_leaves_out_aborted_transactions_and_counts_them_and_the_markers() {
    let cluster = transactions();
    let table = complete(to_end(&cluster).property("isolation.level", "read_committed")).await;
    let expected: Vec<i64> = (0..10).chain(20..30).chain(41..50).chain(51..60).chain(61..70).collect();
    assert_eq!(offsets(&table.snapshot(), 0), expected);
    let account = account(&table);
    assert_eq!((account.rows, account.filtered, account.control, account.gaps), (47, 20, 3, 0));
    assert_spans(&table.snapshot(), &[(0, 0, 70)]);
}

#[tokio::test]
async fn read_uncommitted_reads_aborted_transactions_and_leaves_out_only_the_markers() {
    let cluster = transactions();
    let table = complete(to_end(&cluster)).await;
    let account = account(&table);
    assert_eq!((account.rows, account.filtered, account.control, account.gaps), (67, 0, 3, 0));
    assert!(numbers(&table.snapshot())[&0].iter().all(|(offset, number)| Some(*offset) == *number));
    assert_spans(&table.snapshot(), &[(0, 0, 70)]);
}

#[tokio::test]
async fn read_committed_starts_and_stops_inside_of_aborted_batches() {
    let cluster = transactions();
    let committed = consume(&cluster).property("isolation.level", "read_committed");
    for first in 0..70 {
        let last = (first + 17).min(70);
        let table = complete(committed.clone().offsets(Offsets::At(first)).until(Stop::At(last))).await;
        assert_spans(&table.snapshot(), &[(0, first, last)]);
        let visible = |offset: &i64| !matches!(offset, 10..20 | 30..=40 | 50 | 60);
        assert_eq!(offsets(&table.snapshot(), 0), (first..last).filter(visible).collect::<Vec<_>>(), "from {first}");
        assert_eq!(account(&table).gaps, 0, "from {first}");
    }
}

#[tokio::test]
async fn c17_read_committed_ends_where_the_first_open_transaction_begins() {
    let cluster = empty(1);
    cluster.produce("t", 0, values(0..10).build());
    cluster.produce("t", 0, values(10..20).producer(7, 0, 0).transactional().build());
    cluster.produce("t", 0, values(20..30).build());
    let committed = to_end(&cluster).property("isolation.level", "read_committed");
    assert_numbered(&complete(committed.clone()).await.snapshot(), 1, 10);
    assert_numbered(&complete(to_end(&cluster)).await.snapshot(), 1, 30);
    let open = live(committed.until(Stop::At(31))).await;
    common::until_rows(&open, 10).await;
    cluster.produce("t", 0, BatchBuilder::marker(Marker::Commit, 7, 0).build());
    within(open.finished()).await.expect("complete");
    assert_eq!(offsets(&open.snapshot(), 0), (0..30).collect::<Vec<_>>());
    assert_spans(&open.snapshot(), &[(0, 0, 31)]);
}

#[tokio::test]
async fn c16_aborted_transactions_may_be_told_in_any_order_and_twice() {
    let cluster = transactions();
    let mut aborted = cluster.log("t", 0).aborted();
    aborted.extend(aborted.clone());
    aborted.reverse();
    cluster.log("t", 0).set_aborted(aborted);
    let table = complete(to_end(&cluster).property("isolation.level", "read_committed")).await;
    assert_eq!(account(&table).filtered, 20);
    assert_spans(&table.snapshot(), &[(0, 0, 70)]);
}

#[tokio::test]
async fn c7_what_compaction_took_away_is_counted_as_gaps_wherever_it_was() {
    let cluster = empty(1);
    let record = |number: i64| Record::new(format!(r#"{{"n":{number}}}"#));
    // Records missing at the front, in the middle and at the end of a batch.
    let sparse = BatchBuilder::new().record(record(2).offset_delta(2)).record(record(7).offset_delta(7)).last_offset_delta(9);
    cluster.log("t", 0).store(sparse.build());
    // A batch of which nothing but the header is left.
    cluster.log("t", 0).store(BatchBuilder::new().base_offset(10).last_offset_delta(4).build());
    // Batches missing, then one that is whole.
    cluster.log("t", 0).store(values(30..40).base_offset(30).build());
    // And a gap that ends the log.
    cluster.log("t", 0).store(values(40..41).base_offset(40).last_offset_delta(9).build());
    let table = complete(to_end(&cluster)).await;
    let kept: Vec<_> = [2, 7].into_iter().chain(30..41).map(|number| (number, Some(number))).collect();
    assert_eq!(numbers(&table.snapshot())[&0], kept);
    let whole = account(&table);
    assert_eq!((whole.rows, whole.gaps, whole.next), (13, 37, 50));
    // Wherever it is cut, every offset is either a row or a gap.
    for first in 0..50 {
        let last = (first + 9).min(50);
        let table = complete(consume(&cluster).offsets(Offsets::At(first)).until(Stop::At(last))).await;
        assert_spans(&table.snapshot(), &[(0, first, last)]);
        let expected: Vec<_> = kept.iter().copied().filter(|(offset, _)| (first..last).contains(offset)).collect();
        assert_eq!(numbers(&table.snapshot()).remove(&0).unwrap_or_default(), expected, "from {first}");
    }
}

#[tokio::test]
async fn an_end_beyond_which_compaction_took_everything_is_reached_when_something_follows() {
    let cluster = empty(1);
    cluster.produce("t", 0, values(0..10).build());
    let table = live(consume(&cluster).until(Stop::At(15))).await;
    common::until_rows(&table, 10).await;
    cluster.log("t", 0).store(values(20..25).base_offset(20).build());
    within(table.finished()).await.expect("complete");
    assert_eq!(offsets(&table.snapshot(), 0), (0..10).collect::<Vec<_>>());
    assert_spans(&table.snapshot(), &[(0, 0, 15)]);
}

#[tokio::test]
async fn c14_timestamps_are_the_producers_or_the_logs_or_not_there() {
    let cluster = empty(1);
    let record = |number: i64| Record::new(format!(r#"{{"n":{number}}}"#)).timestamp(1_000 + number);
    let records = (0..3).map(record).fold(BatchBuilder::new().timestamp(1_000), BatchBuilder::record);
    cluster.produce("t", 0, records.clone().build());
    cluster.produce("t", 0, records.log_append_time(9_999).build());
    cluster.produce("t", 0, values(0..1).timestamp(-1).build());
    let table = complete(to_end(&cluster)).await;
    let times: Vec<_> = batch(&table)["KafkaTimestamp"].as_primitive::<TimestampMillisecondType>().iter().collect();
    assert_eq!(times, [Some(1_000), Some(1_001), Some(1_002), Some(9_999), Some(9_999), Some(9_999), None]);
    assert_spans(&table.snapshot(), &[(0, 0, 7)]);
}

#[tokio::test]
async fn c3_records_larger_than_every_limit_of_the_fetch_come_whole() {
    let cluster = empty(1);
    let large = |byte: u8| vec![byte; 3_000_000];
    for round in 0..3 {
        cluster.produce("t", 0, BatchBuilder::new().values([large(round)]).build());
        cluster.produce("t", 0, BatchBuilder::new().values(["small"]).build());
        cluster.produce("t", 0, BatchBuilder::new().values([large(round)]).compress(Codec::Zstd, zstd).build());
    }
    let small = raw(&cluster).property("fetch.max.bytes", "1024").property("max.partition.fetch.bytes", "100");
    let table = complete(small).await;
    let found = binary(&batch(&table), "value");
    for (round, three) in (0..).zip(found.chunks(3)) {
        assert!(three[0].as_deref() == Some(&large(round)[..]) && three[2].as_deref() == Some(&large(round)[..]), "{round}");
        assert_eq!(three[1].as_deref(), Some(&b"small"[..]));
    }
    assert_spans(&table.snapshot(), &[(0, 0, 9)]);
}

#[tokio::test]
async fn simple_columns_read_what_kafkas_serializers_write() {
    let cluster = empty(1);
    let records = BatchBuilder::new().pairs((0..100_i32).map(|number| (format!("k{number}"), f64::from(number).to_be_bytes())));
    cluster.produce("t", 0, records.build());
    let properties = Properties::parse(
        "key.deserializer=org.apache.kafka.common.serialization.StringDeserializer\n\
         value.deserializer=org.apache.kafka.common.serialization.DoubleDeserializer\n",
    );
    let properties = properties.expect("they parse");
    let table = complete(
        kolumn::consume("t")
            .properties(properties.iter())
            .brokers(cluster.bootstrap())
            .offsets(Offsets::Beginning)
            .until(Stop::End),
    )
    .await;
    let batch = batch(&table);
    let keys = batch["KafkaKey"].as_string::<i32>();
    let values = batch["KafkaValue"].as_primitive::<arrow_array::types::Float64Type>();
    assert!((0..100).all(|row| keys.value(row) == format!("k{row}") && values.value(row) == row as f64));
    assert_eq!(keys.null_count() + values.null_count(), 0);
    assert_eq!(spec::simple("x", Type::Int64), spec::Spec::parse("simple:int64:x").expect("a spec"));
    assert_spans(&table.snapshot(), &[(0, 0, 100)]);
}

#[tokio::test]
async fn c24_a_batch_larger_than_any_response_that_is_accepted_is_told_with_the_limit_and_read_when_the_limit_is_raised() {
    let cluster = empty(2);
    cluster.produce("t", 0, values(0..3).build());
    let wide = "x".repeat(3 << 20);
    cluster.produce("t", 1, BatchBuilder::new().values([format!(r#"{{"n":1,"wide":"{wide}"}}"#)]).build());
    let narrow = consume(&cluster)
        .property("receive.message.max.bytes", "1048576")
        .property("fetch.max.bytes", "1024")
        .property("reconnect.backoff.max.ms", "50");
    let table = live(narrow).await;
    until(
        "the refusal",
        || matches!(table.status().last_error, Some(Error::FrameSize { size, limit, .. }) if size > 3 << 20 && limit < 3 << 20),
    )
    .await;
    within(table.close()).await.expect("it closes");
    assert_eq!(complete(consume(&cluster).until(Stop::End)).await.snapshot().rows(), 4);
}
