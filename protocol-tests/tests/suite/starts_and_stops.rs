//! Where a consumption starts, and where it stops by itself.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::common::{
    append_numbered, assert_numbered, assert_spans, complete, consume, live, number, numbered, numbered_batch, numbers, offsets,
    rows, until, until_rows, within,
};
use bytes::Bytes;
use futures_util::StreamExt;
use kolumn::table::State;
use kolumn::{Consume, Error, Offsets, OnError, Partitions, Start, Stop, TableType};
use kolumn_test_broker::{BatchBuilder, Record, TestCluster};

fn start_at(cluster: &TestCluster, start: impl Into<Start>) -> Consume {
    consume(cluster).offsets(start)
}

fn stored(cluster: &TestCluster) -> Consume {
    start_at(cluster, Offsets::Stored).property("group.id", "readers").until(Stop::End)
}

/// A numbered record with a timestamp of its own.
fn at_time(number: i64, timestamp: i64) -> Bytes {
    BatchBuilder::new().record(Record::new(format!(r#"{{"n":{number}}}"#)).timestamp(timestamp)).build()
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_millis()).expect("before the end of time")
}

#[tokio::test]
async fn the_beginning_is_the_first_offset_that_the_log_still_holds() {
    let cluster = numbered(1, 1, 100, 10);
    cluster.log("t", 0).delete_records(35);
    let table = complete(start_at(&cluster, Offsets::Beginning).until(Stop::End)).await;
    assert_eq!(offsets(&table.snapshot(), 0), (35..100).collect::<Vec<_>>());
    assert_spans(&table.snapshot(), &[(0, 35, 100)]);
}

#[tokio::test]
async fn from_the_end_there_is_only_what_comes_after_the_table_came_to_be() {
    let cluster = numbered(1, 2, 100, 10);
    let table = live(start_at(&cluster, Offsets::End)).await;
    append_numbered(&cluster, 0, 100..130, 10);
    append_numbered(&cluster, 1, 100..105, 10);
    until_rows(&table, 35).await;
    assert_eq!(offsets(&table.snapshot(), 0), (100..130).collect::<Vec<_>>());
    assert_eq!(offsets(&table.snapshot(), 1), (100..105).collect::<Vec<_>>());
    assert_spans(&table.snapshot(), &[(0, 100, 130), (1, 100, 105)]);
}

#[tokio::test]
async fn stored_starts_at_the_offset_that_the_group_committed() {
    let cluster = numbered(1, 2, 100, 10);
    cluster.commit("readers", "t", 0, 41);
    cluster.commit("readers", "t", 1, 100);
    let table = complete(stored(&cluster)).await;
    assert_eq!(offsets(&table.snapshot(), 0), (41..100).collect::<Vec<_>>());
    assert_spans(&table.snapshot(), &[(0, 41, 100), (1, 100, 100)]);
}

#[tokio::test]
async fn stored_without_a_commit_starts_where_the_reset_policy_says() {
    let cluster = numbered(1, 2, 100, 10);
    cluster.commit("readers", "t", 0, 60);
    let table = complete(stored(&cluster).property("auto.offset.reset", "earliest")).await;
    assert_spans(&table.snapshot(), &[(0, 60, 100), (1, 0, 100)]);
    let table = complete(stored(&cluster).property("auto.offset.reset", "latest")).await;
    assert_spans(&table.snapshot(), &[(0, 60, 100), (1, 100, 100)]);
    let table = complete(stored(&cluster)).await;
    assert_spans(&table.snapshot(), &[(0, 60, 100), (1, 100, 100)]);
}

#[tokio::test]
async fn stored_without_a_commit_and_without_a_policy_is_an_error_that_names_the_partition() {
    let cluster = numbered(1, 2, 100, 10);
    cluster.commit("readers", "t", 0, 60);
    let refused = within(stored(&cluster).property("auto.offset.reset", "none").table(TableType::Append).into_future()).await;
    match refused {
        Err(Error::Missing { what, .. }) => assert_eq!(what, "a committed offset of t/1"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_committed_offset_that_the_log_no_longer_holds_follows_the_reset_policy() {
    let cluster = numbered(1, 1, 100, 10);
    cluster.commit("readers", "t", 0, 5);
    cluster.log("t", 0).delete_records(20);
    let table = complete(stored(&cluster).property("auto.offset.reset", "earliest")).await;
    assert_spans(&table.snapshot(), &[(0, 20, 100)]);
    let table = complete(stored(&cluster).property("auto.offset.reset", "latest")).await;
    assert_spans(&table.snapshot(), &[(0, 100, 100)]);
    let refused = within(stored(&cluster).table(TableType::Append).into_future()).await;
    let expected = Error::OffsetOutOfRange { topic: "t".into(), partition: 0, offset: 5, first: 20, next: 100 };
    assert_eq!(refused.err(), Some(expected));
}

#[tokio::test]
async fn without_a_group_stored_is_the_end() {
    let cluster = numbered(1, 1, 100, 10);
    let table = complete(start_at(&cluster, Offsets::Stored).until(Stop::End)).await;
    assert_spans(&table.snapshot(), &[(0, 100, 100)]);
}

#[tokio::test]
async fn an_offset_starts_in_the_middle_of_a_batch_and_the_last_n_are_counted_from_the_end() {
    let cluster = numbered(1, 2, 100, 30);
    let table = complete(start_at(&cluster, Offsets::At(47)).until(Stop::End)).await;
    assert_eq!(offsets(&table.snapshot(), 1), (47..100).collect::<Vec<_>>());
    assert_spans(&table.snapshot(), &[(0, 47, 100), (1, 47, 100)]);
    let table = complete(start_at(&cluster, Offsets::Last(3)).until(Stop::End)).await;
    assert_eq!(offsets(&table.snapshot(), 0), [97, 98, 99]);
    assert_spans(&table.snapshot(), &[(0, 97, 100), (1, 97, 100)]);
    let table = complete(start_at(&cluster, Offsets::Last(u64::MAX)).until(Stop::End)).await;
    assert_numbered(&table.snapshot(), 2, 100);
    let table = complete(start_at(&cluster, Offsets::Last(0)).until(Stop::End)).await;
    assert_spans(&table.snapshot(), &[(0, 100, 100), (1, 100, 100)]);
}

#[tokio::test]
async fn a_timestamp_starts_at_the_first_record_that_is_not_older() {
    let cluster = numbered(1, 1, 100, 30);
    let table = complete(start_at(&cluster, Offsets::Timestamp(42)).until(Stop::End)).await;
    assert_spans(&table.snapshot(), &[(0, 42, 100)]);
    let table = complete(start_at(&cluster, Offsets::Timestamp(100)).until(Stop::End)).await;
    assert_spans(&table.snapshot(), &[(0, 100, 100)]);
    let table = complete(start_at(&cluster, Offsets::Timestamp(i64::MIN)).until(Stop::End)).await;
    assert_spans(&table.snapshot(), &[(0, 0, 100)]);
}

#[tokio::test]
async fn partitions_may_start_each_somewhere_else_and_those_not_named_are_not_sought() {
    let cluster = numbered(1, 5, 100, 30);
    cluster.commit("readers", "t", 3, 71);
    let start = [(0, Offsets::Beginning), (1, Offsets::At(7)), (2, Offsets::Last(1)), (4, Offsets::Timestamp(50))];
    let table = complete(start_at(&cluster, start).property("group.id", "readers").until(Stop::End)).await;
    assert_spans(&table.snapshot(), &[(0, 0, 100), (1, 7, 100), (2, 99, 100), (3, 71, 100), (4, 50, 100)]);
    let start = Start { default: Offsets::Last(2), partitions: BTreeMap::from([(1, Offsets::End)]) };
    let table = complete(start_at(&cluster, start).until(Stop::End)).await;
    assert_spans(&table.snapshot(), &[(0, 98, 100), (1, 100, 100), (2, 98, 100), (3, 98, 100), (4, 98, 100)]);
}

#[tokio::test]
async fn a_list_of_partitions_is_read_once_each_and_the_others_are_not_touched() {
    let cluster = numbered(2, 5, 100, 30);
    let table = complete(consume(&cluster).partitions([3, 1, 3]).until(Stop::End)).await;
    assert_eq!(numbers(&table.snapshot()).into_keys().collect::<Vec<_>>(), [1, 3]);
    assert_spans(&table.snapshot(), &[(1, 0, 100), (3, 0, 100)]);
}

#[tokio::test]
async fn stop_at_the_end_means_the_end_as_of_the_start() {
    let cluster = numbered(1, 2, 100, 10);
    let table = live(consume(&cluster).until(Stop::End)).await;
    append_numbered(&cluster, 0, 100..200, 10);
    within(table.finished()).await.expect("complete");
    assert_numbered(&table.snapshot(), 2, 100);
    assert_eq!(table.status().state, State::Complete);
}

#[tokio::test]
async fn stop_at_the_end_of_an_empty_topic_is_complete_at_once_in_every_type_of_table() {
    let cluster = TestCluster::builder().topic("t", 3).start_blocking().expect("the cluster starts");
    for table_type in [TableType::Append, TableType::Blink, TableType::Ring(5)] {
        let table = within(consume(&cluster).until(Stop::End).table(table_type).into_future()).await.expect("a table");
        within(table.finished()).await.expect("complete");
        assert_eq!(table.snapshot().rows(), 0);
        assert_spans(&table.snapshot(), &[(0, 0, 0), (1, 0, 0), (2, 0, 0)]);
    }
}

#[tokio::test]
async fn offsets_to_stop_at_are_exclusive_and_may_be_in_the_middle_of_a_batch_or_already_passed() {
    let cluster = numbered(1, 3, 100, 30);
    let ends = BTreeMap::from([(0, 44), (1, 90)]);
    let table = complete(consume(&cluster).until(Stop::AtEach(ends))).await;
    assert_eq!(offsets(&table.snapshot(), 0), (0..44).collect::<Vec<_>>());
    assert_spans(&table.snapshot(), &[(0, 0, 44), (1, 0, 90), (2, 0, 0)]);
    let table = complete(start_at(&cluster, Offsets::At(50)).until(Stop::At(10))).await;
    assert_spans(&table.snapshot(), &[(0, 50, 50), (1, 50, 50), (2, 50, 50)]);
}

#[tokio::test]
async fn an_offset_to_stop_at_that_is_not_written_yet_is_waited_for() {
    let cluster = numbered(1, 1, 100, 30);
    let table = live(consume(&cluster).until(Stop::At(105))).await;
    until_rows(&table, 100).await;
    append_numbered(&cluster, 0, 100..110, 10);
    within(table.finished()).await.expect("complete");
    assert_numbered(&table.snapshot(), 1, 105);
}

#[tokio::test]
async fn a_time_in_the_past_stops_before_the_first_record_that_is_not_older() {
    let cluster = numbered(1, 2, 100, 30);
    let table = complete(consume(&cluster).until(Stop::Timestamp(44))).await;
    assert_numbered(&table.snapshot(), 2, 44);
}

#[tokio::test]
async fn a_time_in_the_past_that_no_record_has_reached_stops_at_the_end_of_the_log() {
    let cluster = numbered(1, 2, 100, 30);
    cluster.produce("t", 0, at_time(100, 5_000));
    let table = complete(consume(&cluster).until(Stop::Timestamp(1_000))).await;
    assert_numbered(&table.snapshot(), 2, 100);
    let table = complete(consume(&cluster).until(Stop::Timestamp(i64::MIN))).await;
    assert_spans(&table.snapshot(), &[(0, 0, 0), (1, 0, 0)]);
}

#[tokio::test]
async fn a_time_in_the_future_is_waited_for_in_the_records() {
    let cluster = numbered(1, 1, 100, 30);
    let future = now() + 3_600_000;
    let table = live(consume(&cluster).until(Stop::Timestamp(future))).await;
    until_rows(&table, 100).await;
    cluster.produce("t", 0, at_time(100, future - 1));
    cluster.produce("t", 0, at_time(101, future));
    cluster.produce("t", 0, at_time(102, future - 1));
    within(table.finished()).await.expect("complete");
    assert_numbered(&table.snapshot(), 1, 101);
}

#[tokio::test]
async fn a_time_that_the_clock_passes_ends_where_the_log_ends_then() {
    let cluster = numbered(1, 2, 100, 30);
    let table = complete(consume(&cluster).until(Stop::Timestamp(now() + 50))).await;
    assert_numbered(&table.snapshot(), 2, 100);
}

#[tokio::test]
async fn a_time_at_the_end_of_time_is_only_never_reached() {
    let cluster = numbered(1, 1, 100, 30);
    for stop in [Stop::Timestamp(i64::MAX), Stop::After(Duration::MAX)] {
        let table = live(consume(&cluster).until(stop)).await;
        until_rows(&table, 100).await;
        within(table.close()).await.expect("closed");
        assert_numbered(&table.snapshot(), 1, 100);
    }
}

#[tokio::test]
async fn a_consumption_that_may_last_so_long_is_complete_when_that_time_is_over() {
    let cluster = numbered(1, 2, 100, 30);
    for time in [Duration::ZERO, Duration::from_millis(30)] {
        let table = complete(consume(&cluster).until(Stop::After(time))).await;
        assert_eq!(table.status().state, State::Complete);
        for (partition, position) in table.snapshot().positions().iter() {
            assert!(position.account.adds_up(), "partition {partition}: {position:?}");
        }
    }
}

#[tokio::test]
async fn a_limit_is_exact_over_lanes_and_partitions() {
    let cluster = numbered(2, 5, 2_000, 70);
    for limit in [0, 1, 64, 1_234, 9_999, 10_000] {
        let table = complete(consume(&cluster).lanes(3).limit(limit)).await;
        assert_limited(&table.snapshot(), limit);
    }
}

#[tokio::test]
async fn a_limit_of_no_rows_is_complete_at_once_even_where_there_is_nothing() {
    let cluster = TestCluster::builder().topic("t", 2).start_blocking().expect("the cluster starts");
    let table = complete(consume(&cluster).limit(0)).await;
    assert_spans(&table.snapshot(), &[(0, 0, 0), (1, 0, 0)]);
}

#[tokio::test]
async fn a_bad_record_behind_the_last_row_that_was_asked_for_fails_nothing() {
    let cluster = TestCluster::builder().topic("t", 1).start_blocking().expect("the cluster starts");
    cluster.produce("t", 0, numbered_batch(0..200));
    cluster.produce("t", 0, BatchBuilder::new().values(["bad"]).build());
    for limit in [1, 63, 64, 65, 199, 200] {
        let table = complete(consume(&cluster).limit(limit).on_error(OnError::Fail)).await;
        assert_limited(&table.snapshot(), limit);
    }
    let cluster = TestCluster::builder().topic("t", 1).start_blocking().expect("the cluster starts");
    let values = [r#"{"n":0}"#, r#"{"n":1}"#, "bad", r#"{"n":3}"#];
    cluster.produce("t", 0, BatchBuilder::new().values(values).build());
    let table = complete(consume(&cluster).limit(2).on_error(OnError::Fail)).await;
    assert_numbered(&table.snapshot(), 1, 2);
}

#[tokio::test]
async fn a_limit_counts_rows_and_not_the_bad_records_among_them() {
    let cluster = TestCluster::builder().topic("t", 4).start_blocking().expect("the cluster starts");
    for partition in 0..4 {
        for _ in 0..40 {
            let value = |number: i64| if number % 3 == 0 { "bad".to_owned() } else { format!(r#"{{"n":{number}}}"#) };
            cluster.produce("t", partition, BatchBuilder::new().values((0..90).map(value)).build());
        }
    }
    for limit in [1, 5, 777, 9_599] {
        let table = complete(consume(&cluster).lanes(3).limit(limit)).await;
        assert_limited(&table.snapshot(), limit);
        let errors: u64 = table.snapshot().positions().iter().map(|(_, position)| position.account.errors).sum();
        assert_eq!(table.errors().snapshot().rows() as u64, errors);
    }
}

#[tokio::test]
async fn a_limit_and_an_end_end_at_what_comes_first() {
    let cluster = numbered(1, 2, 100, 30);
    let table = complete(consume(&cluster).limit(1_000).until(Stop::End)).await;
    assert_numbered(&table.snapshot(), 2, 100);
    let table = complete(consume(&cluster).limit(10).until(Stop::End)).await;
    assert_limited(&table.snapshot(), 10);
}

#[tokio::test]
async fn a_limit_is_reached_by_what_comes_later() {
    let cluster = numbered(1, 1, 100, 30);
    let table = live(consume(&cluster).limit(104)).await;
    until_rows(&table, 100).await;
    append_numbered(&cluster, 0, 100..120, 5);
    within(table.finished()).await.expect("complete");
    assert_numbered(&table.snapshot(), 1, 104);
}

fn assert_limited(snapshot: &kolumn::Snapshot, limit: u64) {
    assert_eq!(snapshot.rows() as u64, limit);
    let mut counted = 0;
    for (partition, position) in snapshot.positions().iter() {
        assert!(position.account.adds_up(), "partition {partition}: {position:?}");
        counted += position.account.rows;
    }
    assert_eq!(counted, limit);
}

#[tokio::test]
async fn b15_partitions_that_the_topic_gains_are_read_from_offset_0_wherever_the_others_started() {
    let cluster = numbered(2, 2, 100, 30);
    let table = live(start_at(&cluster, Offsets::End).property("metadata.max.age.ms", "20")).await;
    cluster.add_partitions("t", 4);
    append_numbered(&cluster, 3, 0..50, 10);
    append_numbered(&cluster, 1, 100..110, 10);
    until_rows(&table, 60).await;
    let snapshot = table.snapshot();
    assert_eq!(offsets(&snapshot, 3), (0..50).collect::<Vec<_>>());
    assert_eq!(offsets(&snapshot, 1), (100..110).collect::<Vec<_>>());
    assert_spans(&snapshot, &[(0, 100, 100), (1, 100, 110), (2, 0, 0), (3, 0, 50)]);
}

#[tokio::test]
async fn b15_partitions_that_the_topic_gains_become_constituents() {
    let cluster = numbered(1, 1, 100, 30);
    let consume = consume(&cluster).property("metadata.max.age.ms", "20").table(TableType::Append).by_partition();
    let tables = within(consume.into_future()).await.expect("a table");
    let mut changes = tables.changes();
    assert_eq!(within(changes.next()).await, Some(0));
    cluster.add_partitions("t", 2);
    append_numbered(&cluster, 1, 0..25, 10);
    assert_eq!(within(changes.next()).await, Some(1));
    let gained = tables.get(1).expect("the new constituent");
    until_rows(&gained, 25).await;
    until_rows(&tables.get(0).expect("the first constituent"), 100).await;
    assert_eq!(rows(&tables), 125);
    assert_spans(&gained.snapshot(), &[(1, 0, 25)]);
}

#[tokio::test]
async fn b15_a_list_of_partitions_and_an_end_leave_out_what_the_topic_gains() {
    let cluster = numbered(1, 1, 100, 30);
    let only = consume(&cluster).property("metadata.max.age.ms", "20").partitions(Partitions::These(vec![0]));
    let table = live(only).await;
    let ending = live(consume(&cluster).property("metadata.max.age.ms", "20").until(Stop::At(200))).await;
    cluster.add_partitions("t", 2);
    cluster.produce("t", 1, numbered_batch(0..10));
    // Two refreshes that begin after the partition was there: the second begins when the first has been dealt with.
    let seen = cluster.count(kolumn_test_broker::ApiKey::Metadata);
    within(cluster.until_requests(kolumn_test_broker::ApiKey::Metadata, seen + 6)).await;
    append_numbered(&cluster, 0, 100..200, 50);
    until_rows(&table, 200).await;
    within(ending.finished()).await.expect("complete");
    assert_numbered(&table.snapshot(), 1, 200);
    assert_numbered(&ending.snapshot(), 1, 200);
}

#[tokio::test]
async fn a_spec_by_properties_starts_as_well() {
    let cluster = TestCluster::builder().topic("t", 1).start_blocking().expect("the cluster starts");
    cluster.produce("t", 0, BatchBuilder::new().values([7_i64.to_be_bytes(), 8_i64.to_be_bytes()]).build());
    let consume = kolumn::consume("t")
        .brokers(cluster.bootstrap())
        .property("value.deserializer", "org.apache.kafka.common.serialization.LongDeserializer")
        .property("deephaven.value.column.name", "n")
        .offsets(Offsets::Beginning)
        .until(Stop::End);
    let table = complete(consume).await;
    assert_eq!(numbers(&table.snapshot())[&0], [(0, Some(7)), (1, Some(8))]);
    assert_spans(&table.snapshot(), &[(0, 0, 2)]);
    assert!(number().validate().is_ok());
}

#[tokio::test]
async fn e4_what_starts_from_the_positions_of_a_snapshot_begins_at_the_next_row_and_has_none_twice() {
    let cluster = numbered(2, 3, 2000, 70);
    // Whoever is killed has the last snapshot that it stored, rows and positions together, whatever was on its way.
    let killed = live(start_at(&cluster, Offsets::Beginning)).await;
    until("some rows", || killed.snapshot().rows() > 0).await;
    let stored = killed.snapshot();
    drop(killed);
    let positions: BTreeMap<i32, Offsets> =
        stored.positions().iter().map(|(partition, position)| (partition, Offsets::At(position.next))).collect();
    let rest = complete(start_at(&cluster, positions.clone()).until(Stop::End)).await.snapshot();
    for partition in 0..3 {
        let (before, after) = (offsets(&stored, partition), offsets(&rest, partition));
        assert_eq!(after.first().map_or(2000, |first| *first), i64::try_from(before.len()).expect("few"));
        assert_eq!(before.into_iter().chain(after).collect::<Vec<_>>(), (0..2000).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_reset_by_duration_starts_at_the_first_record_that_is_not_older() {
    let cluster = TestCluster::builder().topic("t", 1).start_blocking().expect("the cluster starts");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after the epoch").as_millis();
    let now = i64::try_from(now).expect("a time");
    for (number, age) in [7200, 5400, 1800, 60].into_iter().enumerate() {
        let record = Record::new(format!(r#"{{"n":{number}}}"#)).timestamp(now - age * 1000);
        cluster.produce("t", 0, BatchBuilder::new().timestamp(now - age * 1000).record(record).build());
    }
    let begin = |reset: &str| {
        let consume = consume(&cluster).offsets(Offsets::Stored).until(Stop::End);
        complete(consume.property("auto.offset.reset", reset))
    };
    assert_eq!(offsets(&begin("by_duration:PT1H").await.snapshot(), 0), [2, 3]);
    assert_eq!(offsets(&begin("by_duration:P1D").await.snapshot(), 0), [0, 1, 2, 3]);
    assert_eq!(offsets(&begin("by_duration:PT1S").await.snapshot(), 0), [0i64; 0]);
}
