//! Tables of a topic that is being written to: updates, rings, blinks, budgets.

use std::time::Duration;

use crate::common::{append_numbered, assert_numbered, assert_spans, consume, empty, live, numbered, until, until_rows, within};
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use futures_util::StreamExt;
use kolumn::{Stop, Table, TableType, Updates};
use kolumn_test_broker::{ApiKey, BatchBuilder, TestCluster};

/// Writes so many rounds of 100 records to each partition, the next when the consumption asks for more.
fn write_while_it_reads(cluster: &TestCluster, partitions: i32, rounds: i64) {
    for round in 0..rounds {
        for partition in 0..partitions {
            append_numbered(cluster, partition, round * 100..(round + 1) * 100, 33);
        }
        cluster.wait_for_requests(ApiKey::Fetch, cluster.count(ApiKey::Fetch) + 1, Duration::from_millis(20));
    }
}

fn rows(batches: &[RecordBatch]) -> Vec<(i32, i64, i64)> {
    let mut rows = Vec::new();
    for batch in batches {
        let partitions = batch["KafkaPartition"].as_primitive::<Int32Type>().values();
        let offsets = batch["KafkaOffset"].as_primitive::<Int64Type>().values();
        let numbers = batch["n"].as_primitive::<Int64Type>().values();
        rows.extend((0..batch.num_rows()).map(|row| (partitions[row], offsets[row], numbers[row])));
    }
    rows
}

/// A copy of the table kept by its updates, and all rows that were ever added.
async fn replay(mut updates: Updates, most: usize) -> (Vec<(i32, i64, i64)>, Vec<(i32, i64, i64)>) {
    let (mut held, mut all) = (Vec::new(), Vec::new());
    let mut last = None;
    while let Some(update) = within(updates.next()).await {
        assert!(last < Some(update.cycle()), "cycle {} after {last:?}", update.cycle());
        last = Some(update.cycle());
        assert_eq!(update.missed(), 0);
        held.drain(..update.removed());
        let added = rows(update.added());
        assert_eq!(added.len(), update.added_rows());
        held.extend_from_slice(&added);
        all.extend(added);
        assert!(held.len() <= most);
        for (partition, position) in update.positions().iter() {
            assert!(position.account.adds_up(), "partition {partition}: {position:?}");
        }
    }
    (held, all)
}

/// That the rows are the numbers `0..count` of each partition, once each and in order.
fn assert_each_once(rows: &[(i32, i64, i64)], partitions: i32, count: i64) {
    for partition in 0..partitions {
        let of: Vec<_> = rows.iter().filter(|row| row.0 == partition).map(|row| (row.1, row.2)).collect();
        assert!(of == (0..count).map(|number| (number, number)).collect::<Vec<_>>(), "partition {partition}");
    }
    assert_eq!(rows.len() as i64, i64::from(partitions) * count);
}

async fn written_live(cluster: &TestCluster, table_type: TableType, partitions: i32) -> (Table, Vec<(i32, i64, i64)>) {
    let table = consume(cluster).lanes(2).until(Stop::At(3_000)).table(table_type);
    let table = within(table.into_future()).await.expect("a table");
    let most = if let TableType::Ring(rows) = table_type { rows } else { usize::MAX };
    let updates = table.updates();
    write_while_it_reads(cluster, partitions, 30);
    let (held, all) = replay(updates, most).await;
    assert_eq!(held, rows(table.snapshot().batches()), "what the updates say is what the snapshot holds");
    if most == usize::MAX {
        assert_each_once(&all, partitions, 3_000);
    }
    let spans: Vec<_> = (0..partitions).map(|partition| (partition, 0, 3_000)).collect();
    assert_spans(&table.snapshot(), &spans);
    (table, all)
}

#[tokio::test]
async fn the_updates_of_an_append_table_replay_to_its_snapshot() {
    let (table, _) = written_live(&empty(3), TableType::Append, 3).await;
    assert_numbered(&table.snapshot(), 3, 3_000);
}

#[tokio::test]
async fn the_updates_of_a_ring_replay_to_exactly_the_last_rows() {
    for held in [1, 250, 100_000] {
        let (table, all) = written_live(&empty(3), TableType::Ring(held), 3).await;
        let snapshot = rows(table.snapshot().batches());
        assert_eq!(snapshot, all[all.len().saturating_sub(held)..]);
        assert_eq!(snapshot.len(), held.min(9_000));
        // Of one partition the order of arrival is known: the last rows are those with the last offsets.
        let (table, _) = written_live(&empty(1), TableType::Ring(held), 1).await;
        let first = 3_000_i64.saturating_sub_unsigned(held as u64).max(0);
        assert_eq!(rows(table.snapshot().batches()), (first..3_000).map(|at| (0, at, at)).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_blink_table_shows_every_row_once_and_is_empty_in_the_end() {
    let (table, _) = written_live(&empty(3), TableType::Blink, 3).await;
    assert_eq!(table.snapshot().rows(), 0);
}

#[tokio::test]
async fn a_blink_table_is_empty_one_cycle_after_the_last_news() {
    let cluster = numbered(1, 1, 10, 10);
    let table = within(consume(&cluster).table(TableType::Blink).into_future()).await.expect("a table");
    let mut updates = table.updates();
    let (mut seen, mut held) = (0, 0);
    while (seen, held) != (10, 0) {
        let update = within(updates.next()).await.expect("an update");
        assert_eq!(update.removed(), held, "each cycle takes the rows of the one before");
        held = update.added_rows();
        seen += held;
    }
    assert_eq!(table.snapshot().rows(), 0);
    assert_spans(&table.snapshot(), &[(0, 0, 10)]);
}

#[tokio::test]
async fn who_subscribes_late_gets_what_there_is_and_then_every_cycle() {
    let cluster = empty(2);
    let table = within(consume(&cluster).until(Stop::At(2_000)).table(TableType::Append).into_future()).await.expect("a table");
    let mut late = Vec::new();
    for round in 0..20 {
        late.push(table.updates());
        for partition in 0..2 {
            append_numbered(&cluster, partition, round * 100..(round + 1) * 100, 50);
        }
        until_rows(&table, usize::try_from(round).expect("small") * 200 + 1).await;
    }
    within(table.finished()).await.expect("complete");
    late.push(table.updates());
    for updates in late {
        let (held, _) = replay(updates, usize::MAX).await;
        assert_each_once(&held, 2, 2_000);
    }
    assert_numbered(&table.snapshot(), 2, 2_000);
}

#[tokio::test]
async fn a_record_of_a_quiet_topic_is_visible_without_waiting_for_more() {
    let cluster = empty(3);
    // The broker would answer without records only after half an hour.
    let quiet = consume(&cluster).property("fetch.max.wait.ms", "1800000").lanes(1);
    let table = live(quiet).await;
    for number in 0..5 {
        let partition = i32::try_from(number % 3).expect("small");
        let at = number / 3;
        append_numbered(&cluster, partition, at..at + 1, 1);
        until_rows(&table, usize::try_from(number).expect("small") + 1).await;
    }
    assert_spans(&table.snapshot(), &[(0, 0, 2), (1, 0, 2), (2, 0, 1)]);
}

/// About 20 MB of records in each of two partitions.
fn large() -> TestCluster {
    let cluster = empty(2);
    let padding = "x".repeat(1_000);
    for partition in 0..2 {
        for first in (0..20_000).step_by(50) {
            let value = |number: i64| format!(r#"{{"n":{number},"text":"{padding}"}}"#);
            cluster.produce("t", partition, BatchBuilder::new().values((first..first + 50).map(value)).build());
        }
    }
    cluster
}

/// With a budget of 1 MiB and fetches of 128 KiB.
fn frugal(cluster: &TestCluster) -> kolumn::Consume {
    let text = kolumn::spec::column("text", kolumn::spec::Type::Utf8);
    let number = kolumn::spec::column("n", kolumn::spec::Type::Int64);
    consume(cluster)
        .value(kolumn::spec::json([number, text]))
        .memory_budget(1 << 20)
        .property("fetch.max.bytes", "131072")
        .property("max.partition.fetch.bytes", "131072")
        .lanes(2)
        .until(Stop::End)
}

#[tokio::test]
async fn c22_a_subscriber_that_does_not_read_stops_the_fetch_at_the_budget_and_loses_nothing() {
    let cluster = large();
    for table_type in [TableType::Append, TableType::Blink, TableType::Ring(10)] {
        let table = within(frugal(&cluster).table(table_type).into_future()).await.expect("a table");
        let slow = table.updates();
        let mut lossy = table.updates_lossy(1);
        while table.status().budget_used < table.status().budget_limit {
            within(lossy.next()).await.expect("it goes on until the budget is full");
        }
        let status = table.status();
        // Whoever fetches when the budget becomes full has its answer and the next one under way.
        assert!(status.budget_used < (1 << 20) + 8 * 131_072, "{status:?}");
        let read: i64 = status.partitions.iter().map(|partition| partition.position).sum();
        assert!(read < 20_000, "{read} of 40000 records were read while nobody took them");
        let (_, all) = replay(slow, usize::MAX).await;
        if !matches!(table_type, TableType::Ring(_)) {
            assert_each_once(&all, 2, 20_000);
        }
        within(table.finished()).await.expect("complete");
        assert_spans(&table.snapshot(), &[(0, 0, 20_000), (1, 0, 20_000)]);
        drop(lossy);
        assert_eq!(table.status().budget_used, 0);
    }
}

#[tokio::test]
async fn a_lossy_subscriber_is_told_how_much_it_missed_and_slows_nobody() {
    let cluster = large();
    let table = within(frugal(&cluster).table(TableType::Append).into_future()).await.expect("a table");
    let mut lossy = table.updates_lossy(2);
    within(table.finished()).await.expect("complete");
    let (mut seen, mut missed) = (0, 0);
    while let Some(update) = within(lossy.next()).await {
        seen += update.added_rows() as u64;
        missed += update.missed();
    }
    assert_eq!(seen + missed, 40_000);
    assert!(missed > 0);
    assert_numbered(&table.snapshot(), 2, 20_000);
}

#[tokio::test]
async fn an_update_that_is_held_keeps_its_bytes_on_the_budget_until_it_is_dropped() {
    let cluster = large();
    let table = within(frugal(&cluster).table(TableType::Blink).into_future()).await.expect("a table");
    let mut updates = table.updates();
    // The first cycle may only say where the partitions begin.
    let mut held = within(updates.next()).await.expect("the first cycle");
    while held.added_rows() == 0 {
        held = within(updates.next()).await.expect("the first rows");
    }
    // Nobody asks for more: what comes now stays on the budget, with what is held.
    until("a full budget", || table.status().budget_used >= table.status().budget_limit).await;
    let rows = held.added_rows();
    assert!(rows > 0 && rows < 20_000, "{rows}");
    drop(held);
    let mut rest = 0;
    while let Some(update) = within(updates.next()).await {
        rest += update.added_rows();
    }
    assert_eq!(rows + rest, 40_000);
    assert_spans(&table.snapshot(), &[(0, 0, 20_000), (1, 0, 20_000)]);
}
