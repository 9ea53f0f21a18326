//! What the suites against the in-process broker share.

#![allow(dead_code, unreachable_pub)] // each suite uses a part of it

pub mod codecs;
pub mod formats;
pub mod raw;
pub mod registry;

use std::collections::BTreeMap;
use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use futures_util::StreamExt;
use kolumn::spec::{self, Type, column};
use kolumn::{Consume, Error, Offsets, PartitionedTable, Snapshot, Span, Spec, Stop, Table, TableType};
use kolumn_test_broker::{BatchBuilder, Record, TestCluster};

/// How long anything may take before a test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A cluster with one topic, `t`, and `rows` numbered JSON records in each of its partitions, in batches of `batch`.
pub fn numbered(nodes: usize, partitions: i32, rows: i64, batch: i64) -> TestCluster {
    let cluster = TestCluster::builder().nodes(nodes).topic("t", partitions).start_blocking().expect("the cluster starts");
    for partition in 0..partitions {
        append_numbered(&cluster, partition, 0..rows, batch);
    }
    cluster
}

/// Appends records whose value is `{"n":<number>}` and whose timestamp is the number.
pub fn append_numbered(cluster: &TestCluster, partition: i32, numbers: std::ops::Range<i64>, batch: i64) {
    let mut first = numbers.start;
    while first < numbers.end {
        let last = (first + batch).min(numbers.end);
        cluster.produce("t", partition, numbered_batch(first..last));
        first = last;
    }
}

/// One batch of numbered records.
pub fn numbered_batch(numbers: std::ops::Range<i64>) -> bytes::Bytes {
    let first = numbers.start;
    let record = |number: i64| Record::new(format!(r#"{{"n":{number}}}"#)).timestamp(number);
    numbers.map(record).fold(BatchBuilder::new().timestamp(first), BatchBuilder::record).build()
}

/// The spec of numbered records.
pub fn number() -> Spec {
    spec::json([column("n", Type::Int64)])
}

/// A consumption of `t` from the beginning.
pub fn consume(cluster: &TestCluster) -> Consume {
    kolumn::consume("t").brokers(cluster.bootstrap()).value(number()).offsets(Offsets::Beginning)
}

/// The whole of `t` up to its present end, as an append table that is complete.
pub async fn whole(cluster: &TestCluster) -> Table {
    let table = within(consume(cluster).until(Stop::End).table(TableType::Append).into_future()).await.expect("a table");
    within(table.finished()).await.expect("the table is complete");
    table
}

/// The same, of any description.
pub async fn complete(consume: Consume) -> Table {
    let table = within(consume.table(TableType::Append).into_future()).await.expect("a table");
    within(table.finished()).await.expect("the table is complete");
    table
}

/// What the future comes to; a test that waits for ever says so instead.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it takes too long")
}

/// Reads updates until the table has at least so many rows in all.
pub async fn until_rows(table: &Table, rows: usize) {
    within(async {
        let mut updates = table.updates();
        let mut held = 0;
        while let Some(update) = updates.next().await {
            held = held + update.added_rows() - update.removed();
            if held >= rows {
                return;
            }
        }
        panic!("the updates ended at {held} of {rows} rows: {:?}", table.status());
    })
    .await;
}

/// The numbers of each partition, in the order of the rows, with their offsets.
pub fn numbers(snapshot: &Snapshot) -> BTreeMap<i32, Vec<(i64, Option<i64>)>> {
    let mut found: BTreeMap<i32, Vec<(i64, Option<i64>)>> = BTreeMap::new();
    for batch in snapshot.batches() {
        let partitions = batch["KafkaPartition"].as_primitive::<Int32Type>();
        let offsets = batch["KafkaOffset"].as_primitive::<Int64Type>();
        let numbers = batch["n"].as_primitive::<Int64Type>();
        for row in 0..batch.num_rows() {
            let number = arrow_array::Array::is_valid(numbers, row).then(|| numbers.value(row));
            found.entry(partitions.value(row)).or_default().push((offsets.value(row), number));
        }
    }
    found
}

/// That every offset of every partition is accounted for, and that each partition ends at `next`.
pub fn assert_accounted(snapshot: &Snapshot, next: i64) {
    for (partition, position) in snapshot.positions().iter() {
        assert!(position.account.adds_up(), "partition {partition}: {position:?}");
        assert_eq!(position.account.next, next, "partition {partition}: {position:?}");
    }
}

/// That the table holds the numbers `0..rows` of each of `partitions`, once each and in order, and accounts for all.
pub fn assert_numbered(snapshot: &Snapshot, partitions: i32, rows: i64) {
    let found = numbers(snapshot);
    let expected: Vec<(i64, Option<i64>)> = (0..rows).map(|number| (number, Some(number))).collect();
    for partition in 0..partitions {
        let rows = found.get(&partition).map_or(&[][..], Vec::as_slice);
        if rows != expected {
            let wrong = rows.iter().zip(&expected).position(|(found, expected)| found != expected);
            panic!(
                "partition {partition}: {} rows, {} expected, the first that differs is {wrong:?}",
                rows.len(),
                expected.len()
            );
        }
    }
    assert_accounted(snapshot, rows);
}

/// The sum of a partitioned table's rows.
pub fn rows(table: &PartitionedTable) -> usize {
    table.constituents().values().map(|constituent| constituent.snapshot().rows()).sum()
}

/// That the table accounts for exactly these offsets, each of them once: partition, first, next.
pub fn assert_spans(snapshot: &Snapshot, expected: &[(i32, i64, i64)]) {
    let mut spans = Vec::new();
    for (partition, position) in snapshot.positions().iter() {
        assert!(position.account.adds_up(), "partition {partition}: {position:?}");
        spans.push((partition, position.account.first, position.account.next));
    }
    assert_eq!(spans, expected);
}

/// The offsets of the rows of one partition, in the order of the rows.
pub fn offsets(snapshot: &Snapshot, partition: i32) -> Vec<i64> {
    numbers(snapshot).remove(&partition).unwrap_or_default().into_iter().map(|(offset, _)| offset).collect()
}

/// A table of this description that goes on until it is told not to.
pub async fn live(consume: Consume) -> Table {
    within(consume.table(TableType::Append).into_future()).await.expect("a table")
}

/// The error that ends the consumption, and the table that it leaves.
pub async fn failing(consume: Consume) -> (Table, Error) {
    let table = within(consume.table(TableType::Append).into_future()).await.expect("a table");
    let error = within(table.finished()).await.expect_err("it fails");
    (table, error)
}

/// A builder of a batch of numbered records.
pub fn values(numbers: std::ops::Range<i64>) -> BatchBuilder {
    BatchBuilder::new().values(numbers.map(|number| format!(r#"{{"n":{number}}}"#)))
}

/// A cluster with the topic `t` of so many partitions, with nothing in it.
pub fn empty(partitions: i32) -> TestCluster {
    TestCluster::builder().topic("t", partitions).start_blocking().expect("the cluster starts")
}

/// What the table says of its partition 0, which adds up.
pub fn account(table: &Table) -> Span {
    let account = table.snapshot().positions().get(0).expect("partition 0").account;
    assert!(account.adds_up(), "{account:?}");
    account
}

/// That every offset of every partition is accounted for.
pub fn assert_adds_up(snapshot: &Snapshot) {
    for (partition, position) in snapshot.positions().iter() {
        assert!(position.account.adds_up(), "partition {partition}: {position:?}");
        assert_eq!(position.next, position.account.next, "partition {partition}: {position:?}");
    }
}

/// Looks again and again until it has happened; a test that waits for ever says so instead.
pub async fn until(what: &str, mut happened: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !happened() {
        assert!(begun.elapsed() < PATIENCE, "{what} did not happen");
        tokio::task::yield_now().await;
    }
}
