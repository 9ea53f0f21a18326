//! Logs that lose what was read of them: its rows leave every table, in updates of their own, and what came instead is read.

use crate::common::{account, append_numbered, consume, empty, live, numbered, numbers, offsets, until, within};
use arrow_array::BooleanArray;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use futures_util::StreamExt;
use kolumn::{Consume, MetadataColumns, Snapshot, Table, TableType, Updates};
use kolumn_test_broker::{BatchBuilder, TestCluster};

fn withdrawing(cluster: &TestCluster) -> Consume {
    consume(cluster).property("kolumn.on.truncation", "withdraw")
}

/// The log of partition 0 ends at `offset`, and goes on with these numbers.
fn replace(cluster: &TestCluster, offset: i64, with: std::ops::Range<i64>) {
    cluster.log("t", 0).elect_unclean(1, offset);
    append_numbered(cluster, 0, with, 10);
}

/// The numbers of a table's rows, in the order of the rows.
fn values(batches: &[arrow_array::RecordBatch]) -> Vec<i64> {
    batches.iter().flat_map(|batch| batch["n"].as_primitive::<Int64Type>().values().to_vec()).collect()
}

fn shown(snapshot: &Snapshot) -> Vec<i64> {
    values(snapshot.batches())
}

/// Follows the updates until there are `rows` rows of which the last is `last`; where each withdrawal began, and how many rows went.
async fn follow(updates: &mut Updates, rows: usize, last: i64) -> (Vec<i64>, Vec<(i64, usize)>) {
    let (mut copy, mut withdrawn) = (Vec::new(), Vec::new());
    while copy.len() != rows || copy.last() != Some(&last) {
        let update = within(updates.next()).await.expect("the table lives");
        copy.drain(..update.removed());
        if let Some(gone) = update.withdrawn() {
            assert_eq!((update.removed(), update.added_rows(), gone.partition()), (0, 0, 0));
            assert_eq!(update.positions().get(0).map(|position| position.next), Some(gone.from()));
            withdrawn.push((gone.from(), gone.rows()));
            gone.ranges().iter().rev().for_each(|range| drop(copy.drain(range.clone())));
        }
        copy.extend(values(update.added()));
    }
    (copy, withdrawn)
}

fn even(batch: &arrow_array::RecordBatch) -> kolumn::Result<BooleanArray> {
    Ok(batch["n"].as_primitive::<Int64Type>().iter().map(|number| number.map(|number| number % 2 == 0)).collect())
}

#[tokio::test]
async fn b5_rows_that_the_log_lost_leave_the_table_and_what_is_derived_from_it_in_an_update_of_their_own() {
    let cluster = numbered(1, 1, 100, 10);
    let table = live(withdrawing(&cluster)).await;
    let filtered = table.filter(even).expect("a filter");
    until("the first rows", || table.snapshot().rows() == 100).await;
    let before = table.snapshot();
    let (mut updates, mut of_filtered) = (table.updates(), filtered.updates());
    replace(&cluster, 60, 1000..1020);
    let (copy, withdrawn) = follow(&mut updates, 80, 1019).await;
    assert_eq!(copy, (0..60).chain(1000..1020).collect::<Vec<_>>());
    assert_eq!(withdrawn, [(60, 40)]);
    let (copy, withdrawn) = follow(&mut of_filtered, 40, 1018).await;
    assert_eq!((copy, withdrawn), ((0..60).chain(1000..1020).step_by(2).collect::<Vec<_>>(), vec![(60, 20)]));
    assert_eq!(shown(&before), (0..100).collect::<Vec<_>>(), "a snapshot stays as it was");
    assert_eq!(offsets(&table.snapshot(), 0), (0..80).collect::<Vec<_>>());
    let account = account(&table);
    assert_eq!((account.next, account.rows), (80, 80));
}

#[tokio::test]
async fn b5_without_a_column_of_offsets_it_is_known_all_the_same_which_rows_go() {
    let cluster = numbered(1, 1, 100, 10);
    let table = live(withdrawing(&cluster).metadata(MetadataColumns::none())).await;
    until("the first rows", || table.snapshot().rows() == 100).await;
    replace(&cluster, 55, 1000..1010);
    until("the rows of the new log", || account(&table).next == 65).await;
    until("them to be seen", || shown(&table.snapshot()).last() == Some(&1009)).await;
    assert_eq!(shown(&table.snapshot()), (0..55).chain(1000..1010).collect::<Vec<_>>());
}

#[tokio::test]
async fn b5_of_rows_of_several_leaders_those_of_the_ones_that_the_log_forgot_go_and_no_others() {
    let cluster = numbered(1, 1, 100, 10);
    cluster.log("t", 0).truncate(100);
    append_numbered(&cluster, 0, 100..150, 10);
    let table = live(withdrawing(&cluster)).await;
    until("the first rows", || table.snapshot().rows() == 150).await;
    let mut updates = table.updates();
    replace(&cluster, 100, 1000..1010);
    let (copy, withdrawn) = follow(&mut updates, 110, 1009).await;
    assert_eq!(copy, (0..100).chain(1000..1010).collect::<Vec<_>>());
    assert_eq!(withdrawn, [(100, 50)]);
}

#[tokio::test]
async fn b5_rings_and_partitions_lose_the_rows_too_and_others_keep_theirs() {
    let cluster = numbered(1, 2, 100, 10);
    let ring = within(withdrawing(&cluster).table(TableType::Ring(50)).into_future()).await.expect("a table");
    let tables = within(withdrawing(&cluster).table(TableType::Append).by_partition().into_future()).await.expect("tables");
    let merged = tables.merge();
    until("all rows", || merged.snapshot().rows() == 200 && ring.snapshot().positions().iter().all(|(_, at)| at.next == 100))
        .await;
    let kept = numbers(&ring.snapshot());
    replace(&cluster, 90, 1000..1003);
    let is_through = |table: &Table| shown(&table.snapshot()).last() == Some(&1002);
    until("the rows of the new log", || is_through(&merged) && is_through(&ring)).await;
    assert_eq!(offsets(&merged.snapshot(), 0), (0..93).collect::<Vec<_>>());
    assert_eq!(offsets(&merged.snapshot(), 1), (0..100).collect::<Vec<_>>());
    assert_eq!(shown(&tables.get(0).expect("partition 0").snapshot()), (0..90).chain(1000..1003).collect::<Vec<_>>());
    assert_eq!(shown(&tables.get(1).expect("partition 1").snapshot()), (0..100).collect::<Vec<_>>());
    let is_left = |row: &&(i64, Option<i64>)| row.0 < 90;
    let of = |partition| kept.get(&partition).into_iter().flatten();
    let mut expected: Vec<_> =
        of(0).filter(is_left).chain(of(1)).map(|(_, number)| number.unwrap_or(-1)).chain(1000..1003).collect();
    let mut found = shown(&ring.snapshot());
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found.len().min(50), expected.len().min(50));
    assert!(found.iter().all(|number| expected.contains(number)), "{found:?}");
}

#[tokio::test]
async fn b5_error_rows_that_the_log_lost_leave_the_error_table() {
    let cluster = empty(1);
    let batch = |texts: [&str; 3]| BatchBuilder::new().values(texts.map(str::to_owned)).build();
    cluster.produce("t", 0, batch([r#"{"n":0}"#, "no", r#"{"n":2}"#]));
    cluster.produce("t", 0, batch([r#"{"n":3}"#, "nor this", r#"{"n":5}"#]));
    let table = live(withdrawing(&cluster)).await;
    until("the first rows", || table.snapshot().rows() == 4 && table.errors().snapshot().rows() == 2).await;
    let mut errors = table.errors().updates();
    replace(&cluster, 3, 100..101);
    until("the row of the new log", || shown(&table.snapshot()) == [0, 2, 100]).await;
    assert_eq!(table.errors().snapshot().rows(), 1);
    let account = account(&table);
    assert_eq!((account.next, account.rows, account.errors), (4, 3, 1));
    let mut withdrawn = 0;
    while withdrawn == 0 {
        let update = within(errors.next()).await.expect("the table lives");
        withdrawn = update.withdrawn().map_or(0, |gone| gone.rows());
    }
    assert_eq!(withdrawn, 1);
}
