//! Tables by partition, and what is made of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::{self, append_numbered, assert_numbered, assert_spans, consume, numbered, offsets, rows, until_rows, within};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{BooleanArray, Int64Array, RecordBatch};
use futures_util::StreamExt;
use kolumn::{Consume, Error, PartitionedTable, Result, Stop, Table, TableType};

async fn by_partition(consume: Consume, table_type: TableType) -> PartitionedTable {
    within(consume.table(table_type).by_partition().into_future()).await.expect("a partitioned table")
}

/// Every row whose number is even.
fn even(batch: &RecordBatch) -> Result<BooleanArray> {
    Ok(batch["n"].as_primitive::<Int64Type>().iter().map(|number| number.map(|number| number % 2 == 0)).collect())
}

fn column(table: &Table, name: &str) -> Vec<i64> {
    let arrays = table.snapshot().column(name).expect("the column");
    arrays.iter().flat_map(|array| array.as_primitive::<Int64Type>().values().to_vec()).collect()
}

#[tokio::test]
async fn each_partition_is_a_table_of_its_own_with_its_rows_and_no_others() {
    let cluster = numbered(2, 5, 1_000, 70);
    let tables = by_partition(consume(&cluster).lanes(2).until(Stop::End), TableType::Append).await;
    within(tables.finished()).await.expect("complete");
    assert_eq!(tables.keys(), [0, 1, 2, 3, 4]);
    for key in tables.keys() {
        let table = tables.get(key).expect("a constituent");
        assert_eq!(offsets(&table.snapshot(), key), (0..1_000).collect::<Vec<_>>());
        assert_spans(&table.snapshot(), &[(key, 0, 1_000)]);
    }
    assert!(tables.get(5).is_none());
    assert_eq!(rows(&tables), 5_000);
    let cycles: Vec<u64> = tables.snapshots().values().map(kolumn::Snapshot::cycle).collect();
    assert!(cycles.windows(2).all(|pair| pair[0] == pair[1]), "{cycles:?}");
}

#[tokio::test]
async fn a_ring_by_partition_holds_so_many_rows_of_each() {
    let cluster = numbered(1, 3, 1_000, 70);
    let tables = by_partition(consume(&cluster).until(Stop::End), TableType::Ring(10)).await;
    within(tables.finished()).await.expect("complete");
    for (key, table) in tables.constituents() {
        assert_eq!(offsets(&table.snapshot(), key), (990..1_000).collect::<Vec<_>>());
        assert_spans(&table.snapshot(), &[(key, 0, 1_000)]);
    }
}

#[tokio::test]
async fn merged_the_partitions_are_one_table_again_those_that_come_later_too() {
    let cluster = numbered(1, 2, 500, 70);
    let tables = by_partition(consume(&cluster).property("metadata.max.age.ms", "20"), TableType::Append).await;
    let merged = tables.merge();
    until_rows(&merged, 1_000).await;
    let late = tables.merge();
    assert_eq!(late.snapshot().rows(), merged.snapshot().rows());
    cluster.add_partitions("t", 4);
    append_numbered(&cluster, 3, 0..500, 70);
    append_numbered(&cluster, 2, 0..500, 70);
    until_rows(&merged, 2_000).await;
    until_rows(&late, 2_000).await;
    assert_numbered(&merged.snapshot(), 4, 500);
    assert_numbered(&late.snapshot(), 4, 500);
    assert_eq!(merged.table_type(), TableType::Append);
}

#[tokio::test]
async fn a_merge_of_rings_is_a_ring_of_all_and_a_merge_of_blinks_a_blink() {
    let cluster = numbered(1, 3, 1_000, 70);
    let rings = by_partition(consume(&cluster).until(Stop::End), TableType::Ring(10)).await;
    let ring = rings.merge();
    let blinks = by_partition(consume(&cluster), TableType::Blink).await;
    let blink = blinks.merge();
    let mut updates = blink.updates();
    within(rings.finished()).await.expect("complete");
    assert_eq!((ring.table_type(), ring.snapshot().rows()), (TableType::Ring(10), 10));
    assert_spans(&ring.snapshot(), &[(0, 0, 1_000), (1, 0, 1_000), (2, 0, 1_000)]);
    let (mut seen, mut held) = (0, 0);
    while (seen, held) != (3_000, 0) {
        let update = within(updates.next()).await.expect("an update");
        held = held - update.removed() + update.added_rows();
        seen += update.added_rows();
    }
    assert_eq!(blink.table_type(), TableType::Blink);
    assert_eq!(blink.snapshot().rows(), 0);
}

#[tokio::test]
async fn a_proxy_does_to_every_constituent_what_is_done_to_it() {
    let cluster = numbered(1, 2, 500, 70);
    let tables = by_partition(consume(&cluster).property("metadata.max.age.ms", "20"), TableType::Append).await;
    let proxy = tables.proxy().filter(even).expect("a filter").rename([("n", "Number")]).expect("a name");
    let target = proxy.select(["Number"]).expect("a column").target();
    let mut changes = target.changes();
    cluster.add_partitions("t", 3);
    append_numbered(&cluster, 2, 0..500, 70);
    for _ in 0..3 {
        let key = within(changes.next()).await.expect("a key");
        let table = target.get(key).expect("its table");
        until_rows(&table, 250).await;
        assert_eq!(column(&table, "Number"), (0..250).map(|at| at * 2).collect::<Vec<_>>(), "partition {key}");
        assert_eq!(table.schema().fields().len(), 1);
        let account = table.snapshot().positions().get(key).expect("its partition").account;
        assert!(account.adds_up(), "{account:?}");
    }
}

#[tokio::test]
async fn a_transformation_sees_every_constituent_once_also_those_that_come_later() {
    let cluster = numbered(1, 2, 300, 70);
    let tables = by_partition(consume(&cluster).property("metadata.max.age.ms", "20"), TableType::Append).await;
    let doubled = tables
        .transform(|table| {
            table.map(|batch| {
                let doubled: Int64Array = batch["n"].as_primitive::<Int64Type>().unary(|number| number * 2);
                let mut columns = batch.columns().to_vec();
                columns[batch.schema().index_of("n").expect("the column")] = Arc::new(doubled);
                RecordBatch::try_new(batch.schema(), columns)
                    .map_err(|error| Error::Columns { what: "doubling", reason: error.to_string() })
            })
        })
        .expect("a transformation");
    let mut changes = doubled.changes();
    for key in [0, 1] {
        assert_eq!(within(changes.next()).await, Some(key));
    }
    cluster.add_partitions("t", 3);
    append_numbered(&cluster, 2, 0..300, 70);
    assert_eq!(within(changes.next()).await, Some(2));
    for (key, table) in doubled.constituents() {
        until_rows(&table, 300).await;
        assert_eq!(column(&table, "n"), (0..300).map(|at| at * 2).collect::<Vec<_>>(), "partition {key}");
        assert_spans(&table.snapshot(), &[(key, 0, 300)]);
    }
}

#[tokio::test]
async fn a_filter_of_keys_leaves_partitions_out() {
    let cluster = numbered(1, 4, 300, 70);
    let tables = by_partition(consume(&cluster).until(Stop::End), TableType::Append).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let odd = tables.filter(move |key| {
        count.fetch_add(1, Ordering::Relaxed);
        key % 2 == 1
    });
    let odd = odd.expect("a filter");
    within(tables.finished()).await.expect("complete");
    assert_eq!(odd.keys(), [1, 3]);
    assert_eq!(asked.load(Ordering::Relaxed), 4);
    assert_spans(&odd.merge().snapshot(), &[(1, 0, 300), (3, 0, 300)]);
    assert_eq!(rows(&tables), 1_200);
}

#[tokio::test]
async fn what_is_derived_from_a_table_is_transformed_once_and_follows_it() {
    let cluster = numbered(1, 2, 500, 70);
    let table = common::live(consume(&cluster)).await;
    let filtered = table.filter(even).expect("a filter");
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    let mapped = filtered.map(move |batch| {
        count.fetch_add(batch.num_rows(), Ordering::Relaxed);
        Ok(batch.clone())
    });
    let mapped = mapped.expect("a map");
    until_rows(&mapped, 500).await;
    append_numbered(&cluster, 1, 500..600, 10);
    until_rows(&mapped, 550).await;
    assert_eq!(seen.load(Ordering::Relaxed), 550, "each row is mapped once");
    let even: Vec<i64> = (0..600).filter(|number| number % 2 == 0).collect();
    assert_eq!(offsets(&mapped.snapshot(), 1), even);
    assert_spans(&mapped.snapshot(), &[(0, 0, 500), (1, 0, 600)]);
}

#[tokio::test]
async fn a_function_that_fails_ends_its_table_and_no_other() {
    let cluster = numbered(1, 1, 500, 70);
    let table = common::live(consume(&cluster)).await;
    until_rows(&table, 500).await;
    let failing = table.map(|batch| {
        let numbers = batch["n"].as_primitive::<Int64Type>();
        match numbers.iter().flatten().find(|number| *number >= 500) {
            Some(number) => Err(Error::Columns { what: "testing", reason: format!("{number} is too large") }),
            None => Ok(batch.clone()),
        }
    });
    let failing = failing.expect("a map");
    let mut updates = failing.updates();
    append_numbered(&cluster, 0, 500..600, 100);
    until_rows(&table, 600).await;
    while within(updates.next()).await.is_some() {}
    within(table.close()).await.expect("the consumption goes on without it");
    let error = within(failing.finished()).await.expect_err("it failed");
    assert_eq!(error, Error::Columns { what: "testing", reason: "500 is too large".into() });
    assert_eq!(failing.snapshot().rows(), 500);
    assert_numbered(&table.snapshot(), 1, 600);
}
