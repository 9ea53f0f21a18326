//! Partitions that change lanes while they are read.

use crate::common::{self, append_numbered, assert_adds_up, consume, empty, live, numbers, until};
use kolumn::spec::{self, Type, column};
use kolumn::{Spec, Table};

fn moves(table: &Table) -> u64 {
    table.metrics().partitions.iter().map(|partition| partition.moves).sum()
}

/// The number and ten copies of it: decoding takes far longer than fetching.
fn costly() -> Spec {
    let copies = (0..10).map(|copy| column(format!("copy{copy}"), Type::Utf8).at("/text"));
    spec::json(std::iter::once(column("n", Type::Int64)).chain(copies))
}

#[tokio::test]
async fn a_partition_moves_from_a_lane_that_has_too_much_to_one_that_has_time_and_no_row_is_lost_or_out_of_order() {
    let cluster = empty(4);
    // Of two lanes, one has the partitions 0 and 2, the other 1 and 3.
    let mut rows = 0;
    let grow = |rows: &mut i64| {
        for partition in [0, 2] {
            append_numbered(&cluster, partition, *rows..*rows + 50_000, 5_000);
        }
        *rows += 50_000;
    };
    grow(&mut rows);
    let table = live(consume(&cluster).value(costly()).lanes(2).property("kolumn.lanes.balance.ms", "100")).await;
    until("a partition has moved", || {
        let behind = table.status().partitions.iter().filter_map(|partition| partition.lag()).sum::<u64>() < 50_000;
        if behind && moves(&table) == 0 {
            grow(&mut rows);
        }
        moves(&table) > 0
    })
    .await;
    let is_read = |partition: i32| table.snapshot().positions().get(partition).is_some_and(|position| position.next == rows);
    until("all is read", || is_read(0) && is_read(2)).await;
    let snapshot = table.snapshot();
    let expected: Vec<_> = (0..rows).map(|number| (number, Some(number))).collect();
    let found = numbers(&snapshot);
    assert!(found[&0] == expected && found[&2] == expected, "each row once and in order");
    assert_adds_up(&snapshot);
}

#[tokio::test]
async fn partitions_stay_where_they_are_where_that_is_asked_for() {
    let cluster = empty(4);
    for partition in [0, 2] {
        append_numbered(&cluster, partition, 0..100_000, 5_000);
    }
    let table =
        common::complete(consume(&cluster).lanes(2).property("kolumn.lanes.balance.ms", "0").until(kolumn::Stop::End)).await;
    assert_eq!((moves(&table), table.snapshot().rows()), (0, 200_000));
}
