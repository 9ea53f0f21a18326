//! How records are asked for: in every version, in sessions, from the closest replica, by hints, and twice at once on a long way.

use std::time::Duration;

use crate::common::{append_numbered, assert_numbered, complete, consume, live, numbered, until, until_rows, whole, within};
use kolumn::{Stop, Table};
use kolumn_test_broker::{ApiKey, Builder, TestCluster, TopicSettings, Verdict};

const ROWS: i64 = 2_000;

/// A cluster with `ROWS` numbered records in each of four partitions.
fn started(builder: Builder) -> TestCluster {
    let cluster = builder.start_blocking().expect("the cluster starts");
    (0..4).for_each(|partition| append_numbered(&cluster, partition, 0..ROWS, 100));
    cluster
}

fn replicated(nodes: usize) -> Builder {
    TestCluster::builder().nodes(nodes).topic("t", TopicSettings::new(4).replication(nodes))
}

/// Reads with answers of a batch or two, so that there are many.
async fn in_small_pieces(cluster: &TestCluster, in_flight: &str) -> Table {
    let consume = consume(cluster).lanes(1).until(Stop::End);
    complete(consume.property("max.partition.fetch.bytes", "4096").property("kolumn.fetches.in.flight", in_flight)).await
}

#[tokio::test]
async fn every_version_of_a_fetch_reads_the_same() {
    for version in 4..=17 {
        let cluster = started(TestCluster::builder().topic("t", 4).versions(ApiKey::Fetch, 4..=version));
        assert_numbered(&whole(&cluster).await.snapshot(), 4, ROWS);
        let used = cluster.requests_of(ApiKey::Fetch);
        assert!(used.iter().all(|request| request.version == version), "version {version}");
    }
}

#[tokio::test]
async fn a_broker_that_is_far_has_two_requests_on_their_way_or_as_many_as_somebody_wants() {
    for (round_trip, in_flight, expected) in [(20, "0", 2), (20, "1", 1), (20, "4", 4)] {
        let latency = Duration::from_millis(round_trip);
        let cluster = started(TestCluster::builder().topic("t", 4).latency(latency));
        assert_numbered(&in_small_pieces(&cluster, in_flight).await.snapshot(), 4, ROWS);
        assert_eq!(cluster.most_in_flight(), expected, "{round_trip} ms away, {in_flight} wanted");
    }
}

#[tokio::test]
async fn c19_in_a_session_only_the_partitions_that_move_are_named() {
    let cluster = TestCluster::builder().topic("t", 100).start_blocking().expect("the cluster starts");
    let table = live(consume(&cluster).lanes(1).property("kolumn.fetches.in.flight", "1")).await;
    until("a session", || cluster.fetch_stats().incremental > 0).await;
    let before = cluster.fetch_stats();
    for round in 0..20 {
        append_numbered(&cluster, 7, round * 10..(round + 1) * 10, 10);
        until_rows(&table, usize::try_from((round + 1) * 10).unwrap()).await;
    }
    let after = cluster.fetch_stats();
    assert_eq!((after.full, after.sessionless, after.refused), (before.full, 0, 0));
    let (asked, answered) =
        (after.partitions_asked - before.partitions_asked, after.partitions_answered - before.partitions_answered);
    assert!(asked <= 25 && answered <= 25, "{asked} asked, {answered} answered");
}

#[tokio::test]
async fn c19_sessions_that_are_evicted_or_refused_cost_a_full_fetch_and_no_row() {
    for slots in [0, 1] {
        let cluster = started(TestCluster::builder().topic("t", 4).fetch_session_slots(slots));
        let table = live(consume(&cluster).lanes(2)).await;
        for round in 1..=10 {
            cluster.evict_fetch_sessions(1);
            for code in [70, 71, 106] {
                cluster.next(ApiKey::Fetch, 1, Verdict::Error(code));
            }
            let begin = ROWS + (round - 1) * 10;
            (0..4).for_each(|partition| append_numbered(&cluster, partition, begin..begin + 10, 5));
            until_rows(&table, usize::try_from(4 * (begin + 10)).unwrap()).await;
        }
        assert_numbered(&table.snapshot(), 4, ROWS + 100);
    }
}

#[tokio::test]
async fn b1_a_leader_that_moves_is_found_by_the_hint_though_all_metadata_is_stale() {
    let cluster = started(replicated(2));
    let table = live(consume(&cluster).property("metadata.max.age.ms", "600000")).await;
    until_rows(&table, usize::try_from(4 * ROWS).unwrap()).await;
    [1, 2].iter().for_each(|node| cluster.freeze_metadata(*node));
    for partition in 0..4 {
        let leader = cluster.log("t", partition).leader().expect("a leader");
        cluster.log("t", partition).move_leader(3 - leader);
        append_numbered(&cluster, partition, ROWS..ROWS + 10, 10);
    }
    until_rows(&table, usize::try_from(4 * (ROWS + 10)).unwrap()).await;
    assert_numbered(&table.snapshot(), 4, ROWS + 10);
}

#[tokio::test]
async fn b9_the_closest_replica_is_read_from_and_when_it_dies_the_leader() {
    let cluster = started(replicated(2).rack(1, "there").rack(2, "here").rack_aware());
    (0..4).filter(|partition| cluster.log("t", *partition).leader() != Some(1)).for_each(|partition| {
        cluster.log("t", partition).move_leader(1);
    });
    let table = live(consume(&cluster).property("client.rack", "here").lanes(1)).await;
    until_rows(&table, usize::try_from(4 * ROWS).unwrap()).await;
    let from_leader = cluster.fetch_stats_of_node(1);
    assert!(from_leader.full + from_leader.sessionless < 5, "the leader is asked whom to ask: {from_leader:?}");
    assert!(cluster.count_of_node(2, ApiKey::Fetch) > 0);
    cluster.kill(2);
    (0..4).for_each(|partition| append_numbered(&cluster, partition, ROWS..ROWS + 10, 10));
    until_rows(&table, usize::try_from(4 * (ROWS + 10)).unwrap()).await;
    assert_numbered(&table.snapshot(), 4, ROWS + 10);
}

#[tokio::test]
async fn b8_a_follower_that_lags_behind_sends_us_back_to_its_leader_and_nothing_is_reset() {
    let cluster = started(replicated(2).rack(1, "there").rack(2, "here").rack_aware());
    (0..4).filter(|partition| cluster.log("t", *partition).leader() != Some(1)).for_each(|partition| {
        cluster.log("t", partition).move_leader(1);
    });
    let table = live(consume(&cluster).property("client.rack", "here").lanes(1)).await;
    until_rows(&table, usize::try_from(4 * ROWS).unwrap()).await;
    for partition in 0..4 {
        // The follower has forgotten where we are, and its leader does not know.
        cluster.log("t", partition).lag(2, 10);
        append_numbered(&cluster, partition, ROWS..ROWS + 10, 10);
    }
    until_rows(&table, usize::try_from(4 * (ROWS + 10)).unwrap()).await;
    assert_numbered(&table.snapshot(), 4, ROWS + 10);
}

#[tokio::test]
async fn c22_a_table_without_room_for_one_partition_does_not_have_it_sent_again_and_again() {
    let cluster = numbered(1, 4, 50_000, 500);
    let consume = consume(&cluster).lanes(1).memory_budget(1 << 20).until(Stop::End);
    let consume = consume.property("kolumn.fetches.in.flight", "1");
    let table = within(consume.table(kolumn::TableType::Append).into_future()).await.expect("a table");
    until_rows(&table, 200_000).await;
    within(table.finished()).await.expect("it is complete");
    assert_numbered(&table.snapshot(), 4, 50_000);
    let stats = cluster.fetch_stats();
    assert!(stats.refused == 0 && stats.full <= 2, "the session is not thrown away: {stats:?}");
}
