//! The records of an error table, decoded again.

use crate::common::{self, account, assert_spans, complete, consume, empty, failing, numbers, within};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMillisecondType};
use arrow_array::{Array, RecordBatch};
use kolumn::config::MetadataColumns;
use kolumn::spec::{self, Type, column};
use kolumn::{Consume, Error, OnError, Snapshot, Spec, Stop, Table, TableType};
use kolumn_test_broker::{BatchBuilder, Record, TestCluster};

/// Numbers are texts in every tenth record, which a strict spec refuses and a lenient one takes.
fn value(number: i64) -> String {
    if number % 10 == 9 { format!(r#"{{"n":"{number}"}}"#) } else { format!(r#"{{"n":{number}}}"#) }
}

fn every_tenth(partitions: i32, batches: i64) -> TestCluster {
    let cluster = empty(partitions);
    for partition in 0..partitions {
        for batch in 0..batches {
            let numbers = batch * 100..(batch + 1) * 100;
            let record = |number: i64| Record::new(value(number)).key(number.to_be_bytes()).timestamp(number);
            cluster.produce("t", partition, numbers.map(record).fold(BatchBuilder::new(), BatchBuilder::record).build());
        }
    }
    cluster
}

fn lenient() -> Spec {
    common::number().lenient(true)
}

fn to_end(cluster: &TestCluster) -> Consume {
    consume(cluster).until(Stop::End)
}

async fn errors_of(consume: Consume) -> Snapshot {
    complete(consume).await.errors().snapshot()
}

async fn replay(consume: Consume, errors: &Snapshot) -> Table {
    let table = within(consume.replay(errors).into_future()).await.expect("a table");
    within(table.finished()).await.expect("the table is complete");
    table
}

/// Offset, side, code and reason of each row of an error table.
fn reasons(table: &Table) -> Vec<(i64, String, String, String)> {
    let row = |batch: &RecordBatch, row: usize| {
        let text = |name: &str| batch[name].as_string::<i32>().value(row).to_owned();
        (batch["KafkaOffset"].as_primitive::<Int64Type>().value(row), text("Side"), text("Code"), text("Reason"))
    };
    let snapshot = table.errors().snapshot();
    snapshot.batches().iter().flat_map(|batch| (0..batch.num_rows()).map(move |at| row(batch, at))).collect()
}

fn lost(table: &Table) -> Vec<i64> {
    reasons(table).into_iter().filter(|(_, _, code, _)| code == "lost").map(|(offset, ..)| offset).collect()
}

#[tokio::test]
async fn with_a_mended_spec_the_bad_records_and_no_others_become_rows() {
    let cluster = every_tenth(3, 10);
    let orders = to_end(&cluster).key(spec::simple("key", Type::Int64)).lanes(2);
    let errors = errors_of(orders.clone()).await;
    assert_eq!(errors.rows(), 300);
    let table = replay(orders.value(lenient()), &errors).await;
    let expected: Vec<_> = (0..1_000).filter(|number| number % 10 == 9).map(|number| (number, Some(number))).collect();
    let found = numbers(&table.snapshot());
    assert_eq!(found.len(), 3);
    assert!(found.values().all(|found| *found == expected));
    let batch = table.snapshot().to_batch().expect("one batch");
    let keys = batch["key"].as_primitive::<Int64Type>();
    let times = batch["KafkaTimestamp"].as_primitive::<TimestampMillisecondType>();
    assert_eq!((keys.values(), times.values()), (batch["n"].as_primitive::<Int64Type>().values(), keys.values()));
    assert_eq!(table.errors().snapshot().rows(), 0);
    assert_spans(&table.snapshot(), &[(0, 9, 1_000), (1, 9, 1_000), (2, 9, 1_000)]);
    for (_, position) in table.snapshot().positions().iter() {
        assert_eq!((position.account.rows, position.account.filtered, position.account.gaps), (100, 891, 0));
    }
}

#[tokio::test]
async fn what_still_fails_is_in_the_error_table_of_the_replay_which_can_be_replayed_again() {
    let cluster = empty(1);
    cluster.produce("t", 0, BatchBuilder::new().values([r#"{"n":"1"}"#, r#"{"n":2}"#, "{oops", r#"{"n":"4"}"#]).build());
    let errors = errors_of(to_end(&cluster)).await;
    assert_eq!(errors.rows(), 3);
    let table = replay(to_end(&cluster).value(lenient()), &errors).await;
    assert_eq!(numbers(&table.snapshot())[&0], [(0, Some(1)), (3, Some(4))]);
    let left = reasons(&table);
    assert_eq!((left.len(), left[0].0, left[0].2.as_str()), (1, 2, "syntax"));
    let again = replay(to_end(&cluster).value(spec::simple("text", Type::Utf8)), &table.errors().snapshot()).await;
    let batch = again.snapshot().to_batch().expect("one batch");
    assert_eq!(batch["text"].as_string::<i32>().value(0), "{oops");
    assert_eq!((again.snapshot().rows(), reasons(&again)), (1, vec![]));
}

#[tokio::test]
async fn what_the_error_table_cut_off_is_fetched_again() {
    let cluster = empty(1);
    let long = format!(r#"{{"n":"5","text":"{}"}}"#, "x".repeat(200_000));
    cluster.produce("t", 0, BatchBuilder::new().values([long]).build());
    let errors = errors_of(to_end(&cluster).error_raw_limit(10)).await;
    let batch = errors.to_batch().expect("one batch");
    assert_eq!(batch["Raw"].as_binary::<i32>().value(0), b"{\"n\":\"5\",\"");
    assert!(batch["Truncated"].as_boolean().value(0));
    let table = replay(to_end(&cluster).value(lenient()), &errors).await;
    assert_eq!(numbers(&table.snapshot())[&0], [(0, Some(5))]);
}

#[tokio::test]
async fn metadata_and_headers_are_those_of_the_record() {
    let cluster = empty(1);
    let record = |number: i64| Record::new(value(number)).header("h", Some(number.to_string().as_bytes()));
    cluster.produce("t", 0, (0..20).map(record).fold(BatchBuilder::new(), BatchBuilder::record).build());
    let mut metadata = MetadataColumns::default().header("h", "h", "utf8");
    metadata.value_bytes = Some("bytes".into());
    let orders = to_end(&cluster).metadata(metadata);
    let errors = errors_of(orders.clone()).await;
    let table = replay(orders.value(lenient()), &errors).await;
    let batch = table.snapshot().to_batch().expect("one batch");
    let headers: Vec<_> = batch["h"].as_string::<i32>().iter().flatten().collect();
    assert_eq!(headers, ["9", "19"]);
    assert_eq!(batch["bytes"].as_primitive::<arrow_array::types::Int32Type>().values(), &[9, 10]);
}

#[tokio::test]
async fn of_what_retention_took_the_raw_bytes_are_decoded_where_nothing_else_is_needed() {
    let cluster = every_tenth(1, 3);
    let errors = errors_of(to_end(&cluster)).await;
    assert_eq!(cluster.log("t", 0).delete_records(150), 150);
    let table = replay(to_end(&cluster).value(lenient()), &errors).await;
    let expected: Vec<_> = (0..300).filter(|number| number % 10 == 9).map(|number| (number, Some(number))).collect();
    assert_eq!(numbers(&table.snapshot())[&0], expected);
    let batch = table.snapshot().to_batch().expect("one batch");
    assert_eq!(batch["KafkaTimestamp"].as_primitive::<TimestampMillisecondType>().value(0), 9);
    assert_eq!(reasons(&table), []);
    assert_spans(&table.snapshot(), &[(0, 9, 300)]);
}

#[tokio::test]
async fn of_what_retention_took_the_rest_is_told_and_loses_nothing_that_was_kept() {
    let cluster = every_tenth(1, 3);
    let keyed = to_end(&cluster).key(spec::simple("key", Type::Int64));
    let errors = errors_of(keyed.clone()).await;
    cluster.log("t", 0).delete_records(150);
    let table = replay(keyed.clone().value(lenient()), &errors).await;
    let expected: Vec<_> = (150..300).filter(|number| number % 10 == 9).map(|number| (number, Some(number))).collect();
    assert_eq!(numbers(&table.snapshot())[&0], expected);
    assert_eq!(lost(&table), (0..150).filter(|number| number % 10 == 9).collect::<Vec<_>>());
    let (_, side, _, reason) = reasons(&table).remove(0);
    assert_eq!(side, "value");
    assert!(reason.starts_with("the log does not hold the record any more; it could not be decoded because: "), "{reason}");
    assert_spans(&table.snapshot(), &[(0, 9, 300)]);
    assert_eq!((account(&table).rows, account(&table).errors), (15, 15));
    let batch = table.errors().snapshot().to_batch().expect("one batch");
    assert_eq!(batch["Raw"].as_binary::<i32>().value(0), value(9).as_bytes());

    // Truncated raw bytes are no payload.
    let cut = errors_of(to_end(&cluster).error_raw_limit(4)).await;
    cluster.log("t", 0).delete_records(300);
    let table = replay(to_end(&cluster).value(lenient()), &cut).await;
    assert_eq!(lost(&table), (150..300).filter(|number| number % 10 == 9).collect::<Vec<_>>());
    assert_spans(&table.snapshot(), &[(0, 159, 300)]);
}

#[tokio::test]
async fn what_compaction_took_is_told_where_it_was() {
    let before = every_tenth(1, 2);
    let keyed = |cluster: &TestCluster| to_end(cluster).key(spec::simple("key", Type::Int64));
    let errors = errors_of(keyed(&before)).await;
    // The same topic, of which only these offsets are left: within a batch, in a batch of its own, and none in a third.
    let after = empty(1);
    for (base, left, last) in [(0, &[0, 19, 20, 39, 41][..], 79), (80, &[99], 99), (100, &[101, 155, 158], 189)] {
        let mut batch = BatchBuilder::new().base_offset(base).last_offset_delta((last - base) as i32);
        for number in left {
            let record = Record::new(value(*number)).key(number.to_be_bytes()).timestamp(*number);
            batch = batch.record(record.offset_delta((number - base) as i32));
        }
        after.log("t", 0).store(batch.build());
    }
    let table = replay(keyed(&after).value(lenient()), &errors).await;
    assert_eq!(numbers(&table.snapshot())[&0], [(19, Some(19)), (39, Some(39)), (99, Some(99))]);
    let expected: Vec<i64> = (0..200).filter(|number| number % 10 == 9 && ![19, 39, 99].contains(number)).collect();
    assert_eq!(lost(&table), expected);
    assert_spans(&table.snapshot(), &[(0, 9, 200)]);
    assert_eq!((account(&table).rows, account(&table).errors, account(&table).filtered), (3, 17, 5));
}

#[tokio::test]
async fn another_record_in_the_place_of_one_is_not_taken_for_it() {
    let before = every_tenth(1, 1);
    let errors = errors_of(to_end(&before)).await;
    let after = empty(1);
    let other = |number: i64| match number {
        9 => Record::new(value(9)).timestamp(9),           // the same
        19 => Record::new(value(19)).timestamp(20),        // at another time
        29 => Record::new("{\"n\":\"30\"}").timestamp(29), // of another value
        39 => Record::null().timestamp(39),
        _ => Record::new(value(number)).timestamp(number),
    };
    after.produce("t", 0, (0..50).map(other).fold(BatchBuilder::new(), BatchBuilder::record).build());
    let table = replay(to_end(&after).value(lenient()), &errors).await;
    let rows = numbers(&table.snapshot()).remove(&0).expect("rows");
    // What the log no longer has at all is decoded from what was kept.
    assert_eq!(rows, [9, 49, 59, 69, 79, 89, 99].map(|number| (number, Some(number))));
    assert_eq!(lost(&table), [19, 29, 39]);
    assert!(reasons(&table).iter().all(|(.., reason)| reason.starts_with("another record is at this offset now")));
    assert_spans(&table.snapshot(), &[(0, 9, 100)]);
}

#[tokio::test]
async fn of_a_log_that_is_empty_everything_is_told() {
    let before = every_tenth(2, 1);
    let keyed = |cluster: &TestCluster| to_end(cluster).key(spec::simple("key", Type::Int64));
    let errors = errors_of(keyed(&before)).await;
    let after = empty(2);
    let table = replay(keyed(&after), &errors).await;
    assert_eq!((table.snapshot().rows(), lost(&table).len()), (0, 20));
    assert_spans(&table.snapshot(), &[(0, 9, 100), (1, 9, 100)]);
}

#[tokio::test]
async fn without_errors_the_table_is_empty_and_complete() {
    let cluster = common::numbered(1, 2, 100, 10);
    let errors = errors_of(to_end(&cluster)).await;
    let table = replay(to_end(&cluster), &errors).await;
    assert_eq!((table.snapshot().rows(), table.errors().snapshot().rows()), (0, 0));
}

#[tokio::test]
async fn what_is_no_error_table_of_the_topic_is_refused() {
    let cluster = every_tenth(1, 1);
    let table = complete(to_end(&cluster)).await;
    let refused = |consume: Consume, errors: Snapshot| async move { within(consume.replay(&errors).into_future()).await };
    let error = refused(to_end(&cluster), table.snapshot()).await.expect_err("rows are no errors");
    assert!(matches!(&error, Error::NoErrorTable { topic, .. } if topic == "t"), "{error:?}");
    let other = kolumn::consume("other").brokers(cluster.bootstrap()).value(lenient());
    let error = refused(other, table.errors().snapshot()).await.expect_err("another topic");
    assert!(error.to_string().contains("it holds a record of topic \"t\""), "{error}");
}

#[tokio::test]
async fn a_row_limit_and_the_policy_for_errors_hold_for_a_replay_too() {
    let cluster = every_tenth(1, 3);
    let errors = errors_of(to_end(&cluster)).await;
    let table = replay(to_end(&cluster).value(lenient()).limit(3), &errors).await;
    assert_eq!(numbers(&table.snapshot())[&0], [9, 19, 29].map(|number| (number, Some(number))));
    let strict = to_end(&cluster).on_error(OnError::Fail);
    let table = within(strict.replay(&errors).into_future()).await.expect("a table");
    let error = within(table.finished()).await.expect_err("still bad");
    assert!(matches!(error, Error::Undecodable { offset: 9, .. }), "{error:?}");
    cluster.log("t", 0).delete_records(300);
    let table = replay(to_end(&cluster).value(lenient()).limit(3), &errors).await;
    assert_eq!(numbers(&table.snapshot())[&0], [9, 19, 29].map(|number| (number, Some(number))));
    let (_, error) = failing(to_end(&every_tenth(1, 1)).on_error(OnError::Fail)).await;
    assert!(matches!(error, Error::Undecodable { .. }));
}

#[tokio::test]
async fn a_replay_by_partition_has_a_table_for_each() {
    let cluster = every_tenth(3, 1);
    let errors = errors_of(to_end(&cluster)).await;
    let tables = within(to_end(&cluster).value(lenient()).replay(&errors).by_partition().into_future()).await.expect("tables");
    within(tables.finished()).await.expect("complete");
    assert!(tables.constituents().values().all(|table| table.snapshot().rows() == 10));
    assert_eq!(tables.constituents().len(), 3);
}

#[tokio::test]
async fn a_replay_survives_a_broker_that_goes_away_for_a_while() {
    let cluster = every_tenth(1, 200);
    let errors = errors_of(to_end(&cluster).error_table(TableType::Append)).await;
    assert_eq!(errors.rows(), 2_000);
    cluster.next(kolumn_test_broker::ApiKey::Fetch, 2, kolumn_test_broker::Verdict::Close);
    let small = to_end(&cluster).value(lenient()).property("max.partition.fetch.bytes", "20000");
    let table = replay(small, &errors).await;
    assert_eq!(numbers(&table.snapshot())[&0].len(), 2_000);
    assert_spans(&table.snapshot(), &[(0, 9, 20_000)]);
}

#[tokio::test]
async fn an_error_about_a_header_is_of_no_side() {
    let cluster = empty(1);
    let record = Record::new(r#"{"n":1}"#).header("h", Some(b"12"));
    cluster.produce("t", 0, BatchBuilder::new().record(record).build());
    let typed = |text: &str| to_end(&cluster).metadata(MetadataColumns::default().header("h", "h", text));
    let errors = errors_of(typed("int64")).await;
    let batch = errors.to_batch().expect("one batch");
    assert_eq!(batch["Side"].as_string::<i32>().value(0), "header");
    assert!(batch["Raw"].is_null(0) && batch["RawBytes"].is_null(0) && !batch["Truncated"].as_boolean().value(0));
    let table = replay(typed("int16"), &errors).await;
    assert_eq!(numbers(&table.snapshot())[&0], [(0, Some(1))]);
    let plain = spec::json([column("n", Type::Int64)]);
    cluster.log("t", 0).delete_records(1);
    assert_eq!(lost(&replay(to_end(&cluster).value(plain), &errors).await), [0]);
}
