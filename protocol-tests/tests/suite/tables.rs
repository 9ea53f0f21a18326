//! From a topic on the in-process broker to tables of every type.

use crate::common::{assert_numbered, complete, consume, numbered, whole, within};
use kolumn::Stop;

#[tokio::test]
async fn every_record_of_every_partition_becomes_one_row_in_offset_order() {
    let cluster = numbered(1, 4, 10_000, 700);
    let table = whole(&cluster).await;
    assert_numbered(&table.snapshot(), 4, 10_000);
    assert_eq!(table.snapshot().rows(), 40_000);
    within(table.close()).await.expect("it closes");
}

#[tokio::test]
async fn partitions_of_several_brokers_come_together_in_one_table() {
    let cluster = numbered(3, 7, 3_000, 100);
    assert_numbered(&whole(&cluster).await.snapshot(), 7, 3_000);
}

#[tokio::test]
async fn a_consumption_stops_before_the_offset_that_it_is_told() {
    let cluster = numbered(1, 2, 1_000, 300);
    let table = complete(consume(&cluster).until(Stop::At(451))).await;
    assert_numbered(&table.snapshot(), 2, 451);
}
