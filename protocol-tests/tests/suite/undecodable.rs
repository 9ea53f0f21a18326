//! Records that cannot be decoded, under each policy.

use std::collections::BTreeMap;

use crate::common::{self, account, assert_numbered, assert_spans, complete, consume, empty, failing, numbers, within};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, TimestampMillisecondType};
use arrow_array::{Array, RecordBatch};
use futures_util::StreamExt;
use kolumn::decode::Reason;
use kolumn::spec::{self, Type, column};
use kolumn::table::{State, error_schema};
use kolumn::{Consume, Error, OnError, Stop, Table, TableType};
use kolumn_test_broker::{BatchBuilder, Record, TestCluster};

/// A row of the error table.
#[derive(Debug, PartialEq, Eq)]
struct ErrorRow {
    partition: i32,
    offset: i64,
    timestamp: Option<i64>,
    side: String,
    column: Option<String>,
    position: Option<i64>,
    code: String,
    raw: Option<Vec<u8>>,
    raw_bytes: Option<i64>,
}

fn error_rows(table: &Table) -> Vec<ErrorRow> {
    let snapshot = table.errors().snapshot();
    assert_eq!(*snapshot.schema(), error_schema());
    snapshot.batches().iter().flat_map(rows_of).collect()
}

fn rows_of(batch: &RecordBatch) -> Vec<ErrorRow> {
    let partitions = batch["KafkaPartition"].as_primitive::<Int32Type>();
    let int64 = |name: &str| batch[name].as_primitive::<Int64Type>().clone();
    let (offsets, positions, raw_bytes) = (int64("KafkaOffset"), int64("Position"), int64("RawBytes"));
    let timestamps = batch["KafkaTimestamp"].as_primitive::<TimestampMillisecondType>();
    let text = |name: &str| batch[name].as_string::<i32>().clone();
    let (sides, columns, codes, reasons) = (text("Side"), text("Column"), text("Code"), text("Reason"));
    let raw = batch["Raw"].as_binary::<i32>();
    let optional = |array: &arrow_array::Int64Array, row: usize| array.is_valid(row).then(|| array.value(row));
    (0..batch.num_rows())
        .map(|row| {
            assert!(!reasons.value(row).is_empty());
            ErrorRow {
                partition: partitions.value(row),
                offset: offsets.value(row),
                timestamp: timestamps.is_valid(row).then(|| timestamps.value(row)),
                side: sides.value(row).to_owned(),
                column: columns.is_valid(row).then(|| columns.value(row).to_owned()),
                position: optional(&positions, row),
                code: codes.value(row).to_owned(),
                raw: raw.is_valid(row).then(|| raw.value(row).to_vec()),
                raw_bytes: optional(&raw_bytes, row),
            }
        })
        .collect()
}

/// Good records with every tenth bad, 1000 in each batch.
fn every_tenth_bad(partitions: i32, batches: i64) -> TestCluster {
    let cluster = empty(partitions);
    for partition in 0..partitions {
        for batch in 0..batches {
            let numbers = batch * 1_000..(batch + 1) * 1_000;
            let value = |number: i64| if number % 10 == 9 { "{".to_owned() } else { format!(r#"{{"n":{number}}}"#) };
            cluster.produce("t", partition, BatchBuilder::new().values(numbers.map(value)).build());
        }
    }
    cluster
}

fn to_end(cluster: &TestCluster) -> Consume {
    consume(cluster).until(Stop::End)
}

#[tokio::test]
async fn e6_every_column_of_the_error_table_says_what_it_should() {
    let cluster = empty(2);
    let bad = [
        (r#"{"n":"12"}"#, Some("n"), 5, Reason::Type),
        (r#"{"n":1.5}"#, Some("n"), 5, Reason::Precision),
        (r#"{"n":9223372036854775808}"#, Some("n"), 5, Reason::Range),
        (r#"{"n":1} x"#, None, 8, Reason::Trailing),
        (r#"{"n":1"#, None, 6, Reason::Truncated),
        ("", None, 0, Reason::Empty),
    ];
    let mut batch = BatchBuilder::new().timestamp(500).record(Record::new(r#"{"n":0}"#));
    for (at, (value, ..)) in (1..).zip(&bad) {
        batch = batch.record(Record::new(value).timestamp(500 + at));
    }
    cluster.produce("t", 1, batch.record(Record::new(r#"{"n":7}"#)).build());
    let table = complete(to_end(&cluster)).await;
    let expected: Vec<ErrorRow> = (1..)
        .zip(&bad)
        .map(|(offset, (value, column, position, reason))| ErrorRow {
            partition: 1,
            offset,
            timestamp: Some(500 + offset),
            side: "value".into(),
            column: column.map(Into::into),
            position: Some(*position),
            code: reason.code().into(),
            raw: Some(value.as_bytes().to_vec()),
            raw_bytes: Some(value.len() as i64),
        })
        .collect();
    assert_eq!(error_rows(&table), expected);
    assert_eq!(numbers(&table.snapshot())[&1], [(0, Some(0)), (7, Some(7))]);
    let account = table.snapshot().positions().get(1).expect("partition 1").account;
    assert_eq!((account.rows, account.errors), (2, 6));
    assert_spans(&table.snapshot(), &[(0, 0, 0), (1, 0, 8)]);
    assert_spans(&table.errors().snapshot(), &[(0, 0, 0), (1, 0, 8)]);
}

#[tokio::test]
async fn a_record_whose_key_and_value_are_both_bad_is_one_error_and_a_bad_key_takes_the_value_with_it() {
    let cluster = empty(1);
    let batch = BatchBuilder::new()
        .record(Record::new(r#"{"n":0}"#).key(0_i64.to_be_bytes()))
        .record(Record::new("bad").key("short"))
        .record(Record::new(r#"{"n":2}"#).key("short"))
        .record(Record::new("bad").key(3_i64.to_be_bytes()))
        .record(Record::new(r#"{"n":4}"#));
    cluster.produce("t", 0, batch.timestamp(-1).build());
    let table = complete(to_end(&cluster).key(spec::simple("key", Type::Int64))).await;
    assert_eq!(numbers(&table.snapshot())[&0], [(0, Some(0)), (4, Some(4))]);
    let account = account(&table);
    assert_eq!((account.rows, account.errors, account.next), (2, 3, 5));
    let rows = error_rows(&table);
    let seen: Vec<_> = rows.iter().map(|row| (row.offset, row.side.as_str(), row.column.as_deref(), row.timestamp)).collect();
    assert_eq!(seen[0], (1, "key", Some("key"), None));
    assert_eq!(seen[1], (2, "key", Some("key"), None));
    assert_eq!((seen[2].0, seen[2].1), (3, "value"));
    assert_eq!(seen.len(), 3);
}

#[tokio::test]
async fn only_the_beginning_of_a_large_payload_is_kept_and_its_whole_length_is_told() {
    let cluster = empty(1);
    let payload = vec![b'x'; 200_000];
    cluster.produce("t", 0, BatchBuilder::new().values([&payload]).build());
    let table = complete(to_end(&cluster)).await;
    let [row] = &error_rows(&table)[..] else { panic!("one error") };
    assert_eq!(row.raw_bytes, Some(200_000));
    let kept = row.raw.as_ref().expect("bytes");
    assert!(kept.len() < 100_000 && payload.starts_with(kept), "{}", kept.len());
    assert_spans(&table.snapshot(), &[(0, 0, 1)]);
}

#[tokio::test]
async fn e6_bad_records_among_good_ones_cost_their_neighbours_nothing() {
    let cluster = every_tenth_bad(3, 20);
    let table = complete(to_end(&cluster).lanes(2)).await;
    let expected: Vec<_> = (0..20_000).filter(|number| number % 10 != 9).map(|number| (number, Some(number))).collect();
    let found = numbers(&table.snapshot());
    for partition in 0..3 {
        assert!(found[&partition] == expected, "partition {partition}");
        let account = table.snapshot().positions().get(partition).expect("the partition").account;
        assert_eq!((account.rows, account.errors), (18_000, 2_000));
    }
    let mut bad: BTreeMap<i32, Vec<i64>> = BTreeMap::new();
    for row in error_rows(&table) {
        bad.entry(row.partition).or_default().push(row.offset);
    }
    let expected: Vec<i64> = (0..20_000).filter(|number| number % 10 == 9).collect();
    assert!(bad.len() == 3 && bad.values().all(|offsets| *offsets == expected));
    assert_spans(&table.snapshot(), &[(0, 0, 20_000), (1, 0, 20_000), (2, 0, 20_000)]);
}

#[tokio::test]
async fn a_topic_of_nothing_but_garbage_is_all_errors_and_a_small_error_table_keeps_the_last_and_counts_all() {
    let cluster = empty(1);
    for _ in 0..10 {
        cluster.produce("t", 0, BatchBuilder::new().values(vec!["garbage"; 1_000]).build());
    }
    let table = complete(to_end(&cluster).error_table(TableType::Ring(50))).await;
    assert_eq!(table.snapshot().rows(), 0);
    let offsets: Vec<i64> = error_rows(&table).iter().map(|row| row.offset).collect();
    assert_eq!(offsets, (9_950..10_000).collect::<Vec<_>>());
    let account = account(&table);
    assert_eq!((account.rows, account.errors, account.next), (0, 10_000, 10_000));
    assert_spans(&table.errors().snapshot(), &[(0, 0, 10_000)]);
}

#[tokio::test]
async fn the_error_table_is_live() {
    let cluster = empty(1);
    let table = common::live(consume(&cluster)).await;
    let mut updates = table.errors().updates();
    cluster.produce("t", 0, BatchBuilder::new().values([r#"{"n":0}"#, "bad"]).build());
    within(async {
        while let Some(update) = updates.next().await {
            if update.added_rows() == 1 {
                return;
            }
        }
        panic!("the updates ended");
    })
    .await;
    assert_eq!(error_rows(&table)[0].offset, 1);
    assert_eq!(table.snapshot().rows(), 1, "what is visible in one table of a cycle is visible in all");
    assert_spans(&table.snapshot(), &[(0, 0, 2)]);
}

#[tokio::test]
async fn e6_where_a_bad_record_is_to_fail_it_does_and_the_rows_before_it_stay() {
    for bad in [0_i64, 1, 63, 64, 65, 500, 999] {
        let cluster = empty(1);
        let value = |number: i64| if number == bad { r#"{"n":"x"}"#.to_owned() } else { format!(r#"{{"n":{number}}}"#) };
        cluster.produce("t", 0, BatchBuilder::new().values((0..600).map(value)).build());
        cluster.produce("t", 0, BatchBuilder::new().values((600..1_000).map(value)).build());
        let (table, error) = failing(consume(&cluster).on_error(OnError::Fail)).await;
        match &error {
            Error::Undecodable { topic, partition: 0, offset, side: "value", reason } => {
                assert_eq!((topic.as_str(), *offset), ("t", bad));
                assert_eq!((reason.column.as_deref(), reason.position, reason.reason), (Some("n"), 5, Reason::Type));
            }
            other => panic!("{other:?}"),
        }
        assert!(error.to_string().contains("on-error=collect"), "{error}");
        assert_numbered(&table.snapshot(), 1, bad);
        let status = table.status();
        assert_eq!((status.state, status.last_error.as_ref()), (State::Failed, Some(&error)));
        assert_eq!(status.partitions[0].last_error.as_ref(), Some(&error));
        assert_eq!(table.errors().snapshot().rows(), 0);
        assert_eq!(within(table.close()).await, Err(error));
    }
}

#[tokio::test]
async fn what_fails_in_one_partition_leaves_whole_what_the_others_have() {
    let cluster = every_tenth_bad(1, 1);
    cluster.add_partitions("t", 3);
    common::append_numbered(&cluster, 1, 0..5_000, 100);
    common::append_numbered(&cluster, 2, 0..5_000, 100);
    let (table, error) = failing(consume(&cluster).on_error(OnError::Fail).lanes(2)).await;
    assert!(matches!(error, Error::Undecodable { partition: 0, offset: 9, .. }), "{error:?}");
    for (partition, position) in table.snapshot().positions().iter() {
        assert!(position.account.adds_up(), "partition {partition}: {position:?}");
        let rows = numbers(&table.snapshot()).remove(&partition).unwrap_or_default();
        assert_eq!(rows, (0..position.account.next).map(|number| (number, Some(number))).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn e6_as_nulls_bad_records_are_rows_and_only_the_bad_side_is_null() {
    let cluster = empty(1);
    let batch = BatchBuilder::new()
        .record(Record::new(r#"{"n":0,"m":0}"#).key(10_i64.to_be_bytes()))
        .record(Record::new(r#"{"n":1,"m":"x"}"#).key(11_i64.to_be_bytes()))
        .record(Record::new(r#"{"n":2,"m":2}"#).key("short"))
        .record(Record::new("bad").key("short"));
    cluster.produce("t", 0, batch.build());
    let value = spec::json([column("n", Type::Int64), column("m", Type::Int64)]);
    let nulls = to_end(&cluster).key(spec::simple("key", Type::Int64)).value(value).on_error(OnError::Null);
    let table = complete(nulls).await;
    let batch = table.snapshot().to_batch().expect("one batch");
    let column = |name: &str| batch[name].as_primitive::<Int64Type>().iter().collect::<Vec<_>>();
    assert_eq!(column("key"), [Some(10), Some(11), None, None]);
    assert_eq!(column("n"), [Some(0), None, Some(2), None]);
    assert_eq!(column("m"), [Some(0), None, Some(2), None]);
    assert_eq!(table.errors().snapshot().rows(), 0);
    let account = account(&table);
    assert_eq!((account.rows, account.errors, account.next), (4, 0, 4));
}

#[tokio::test]
async fn as_nulls_thousands_of_bad_records_are_rows_at_their_offsets() {
    let cluster = every_tenth_bad(2, 10);
    let table = complete(to_end(&cluster).on_error(OnError::Null)).await;
    let expected: Vec<_> = (0..10_000).map(|number| (number, (number % 10 != 9).then_some(number))).collect();
    let found = numbers(&table.snapshot());
    assert!(found[&0] == expected && found[&1] == expected);
    assert_spans(&table.snapshot(), &[(0, 0, 10_000), (1, 0, 10_000)]);
}

#[tokio::test]
async fn by_partition_the_errors_of_all_partitions_are_in_one_error_table() {
    let cluster = every_tenth_bad(3, 2);
    let tables = within(to_end(&cluster).table(TableType::Append).by_partition().into_future()).await.expect("a table");
    within(tables.finished()).await.expect("complete");
    assert_eq!(tables.errors().snapshot().rows(), 600);
    for (partition, constituent) in tables.constituents() {
        let account = constituent.snapshot().positions().get(partition).expect("its partition").account;
        assert_eq!((account.rows, account.errors, account.next), (1_800, 200, 2_000));
        assert!(account.adds_up());
    }
}
