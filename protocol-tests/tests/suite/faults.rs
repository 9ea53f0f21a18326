//! Nodes that die, fall silent, move or forget, while a table is filled from them: it goes on, with nothing lost and nothing twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::common::{append_numbered, assert_adds_up, assert_numbered, consume, numbered, until, within};
use futures_util::StreamExt;
use kolumn::table::State;
use kolumn::{Error, Stop, Table, TableType, Updates};
use kolumn_test_broker::{ApiKey, TestCluster, TopicSettings, Verdict};

const MILLION: i64 = 1_000_000;

/// A million rows in four partitions on two nodes, each partition on so many of them.
fn million(replicas: usize) -> TestCluster {
    let topic = TopicSettings::new(4).replication(replicas);
    let cluster = TestCluster::builder().nodes(2).topic("t", topic).start_blocking().expect("the cluster starts");
    for partition in 0..4 {
        append_numbered(&cluster, partition, 0..MILLION / 4, 5000);
    }
    cluster
}

/// A table of the whole million that has stopped in the middle: its budget is full of updates that are not read.
async fn in_the_middle(cluster: &TestCluster) -> (Table, Updates) {
    let consume = consume(cluster).memory_budget(1 << 20).until(Stop::End);
    let table = within(consume.table(TableType::Append).into_future()).await.expect("a table");
    let mut updates = table.updates();
    let mut rows = 0;
    while rows < 200_000 {
        rows += within(updates.next()).await.expect("more rows").added_rows();
    }
    (table, updates)
}

/// Reads updates to their end, and returns how many rows they brought.
async fn drain(updates: &mut Updates) -> usize {
    let mut rows = 0;
    while let Some(update) = updates.next().await {
        rows += update.added_rows();
    }
    rows
}

#[tokio::test]
async fn a_node_killed_and_restarted_in_the_middle_of_a_million_rows_loses_and_doubles_none() {
    let cluster = million(1);
    let (table, mut updates) = in_the_middle(&cluster).await;
    cluster.kill(1);
    assert!(table.snapshot().rows() < 500_000, "the kill was not in the middle");
    let looking = async {
        // Metadata says that nobody leads the partitions of the dead node; the other node's come to their end.
        until("the end of the other node's partitions", || {
            let snapshot = table.snapshot();
            [1, 3].iter().all(|at| snapshot.positions().get(*at).is_some_and(|position| position.next == MILLION / 4))
        })
        .await;
        assert!(table.status().partitions.iter().any(|partition| partition.position < MILLION / 4));
        cluster.restart(1);
    };
    within(async { tokio::join!(drain(&mut updates), looking) }).await;
    within(table.finished()).await.expect("it is complete");
    assert_numbered(&table.snapshot(), 4, MILLION / 4);
}

#[tokio::test]
async fn a16_a_node_that_comes_back_on_another_port_is_found_by_metadata() {
    let cluster = million(1);
    let (table, mut updates) = in_the_middle(&cluster).await;
    cluster.restart_on_new_port(2);
    within(drain(&mut updates)).await;
    within(table.finished()).await.expect("it is complete");
    assert_numbered(&table.snapshot(), 4, MILLION / 4);
}

#[tokio::test]
async fn when_a_leader_dies_its_follower_is_read_on() {
    let cluster = million(2);
    let (table, mut updates) = in_the_middle(&cluster).await;
    cluster.kill(2);
    within(drain(&mut updates)).await;
    within(table.finished()).await.expect("it is complete");
    assert_numbered(&table.snapshot(), 4, MILLION / 4);
}

#[tokio::test]
async fn a_leader_that_moves_back_and_forth_is_followed() {
    let cluster = million(2);
    let (table, mut updates) = in_the_middle(&cluster).await;
    for partition in 0..4 {
        cluster.log("t", partition).move_leader(1 + partition % 2);
        cluster.log("t", partition).move_leader(2 - partition % 2);
    }
    within(updates.next()).await.expect("more rows");
    for partition in 0..4 {
        cluster.log("t", partition).move_leader(1);
    }
    within(drain(&mut updates)).await;
    within(table.finished()).await.expect("it is complete");
    assert_numbered(&table.snapshot(), 4, MILLION / 4);
}

#[tokio::test]
async fn b2_a_partition_without_a_leader_is_read_on_when_it_has_one_again() {
    let cluster = numbered(1, 2, 100, 10);
    let table = within(consume(&cluster).until(Stop::At(300)).table(TableType::Append).into_future()).await.expect("a table");
    until("the first rows", || table.snapshot().rows() == 200).await;
    let asked = cluster.count(ApiKey::Metadata);
    cluster.log("t", 1).remove_leader();
    // The pending fetches are answered: NOT_LEADER for one, rows for the other.
    append_numbered(&cluster, 0, 100..300, 10);
    append_numbered(&cluster, 1, 100..300, 10);
    until("metadata without the leader", || cluster.count(ApiKey::Metadata) > asked + 1).await;
    cluster.log("t", 1).move_leader(1);
    within(table.finished()).await.expect("it is complete");
    assert_numbered(&table.snapshot(), 2, 300);
}

#[tokio::test]
async fn c23_a_node_that_is_silent_holds_up_only_its_own_partitions() {
    let cluster = numbered(3, 3, 100, 10);
    // One lane for all: the silence of one node must not even hold up the lane that waits for it.
    let consume = consume(&cluster).lanes(1).until(Stop::At(5000));
    let table = within(consume.table(TableType::Append).into_future()).await.expect("a table");
    until("the first rows", || table.snapshot().rows() == 300).await;
    cluster.pause(2);
    for partition in 0..3 {
        append_numbered(&cluster, partition, 100..5000, 100);
    }
    until("the end of the others", || table.snapshot().rows() == 10_100).await;
    let snapshot = table.snapshot();
    let next = |partition| snapshot.positions().get(partition).map(|position| position.next);
    assert_eq!((next(0), next(1), next(2)), (Some(5000), Some(100), Some(5000)));
    cluster.resume(2);
    within(table.finished()).await.expect("it is complete");
    assert_numbered(&table.snapshot(), 3, 5000);
}

#[tokio::test]
async fn a4_a_fetch_that_is_never_answered_is_given_up_and_made_again() {
    let cluster = numbered(2, 2, 100, 10);
    let silent = Arc::new(AtomicBool::new(true));
    let hook = Arc::clone(&silent);
    cluster.on(move |request| match request.api {
        ApiKey::Fetch if request.node == 1 && hook.load(Ordering::Relaxed) => Verdict::Silence,
        _ => Verdict::Pass,
    });
    let consume = consume(&cluster).property("request.timeout.ms", "200").until(Stop::End);
    let table = within(consume.table(TableType::Append).into_future()).await.expect("a table");
    until("a table that has waited for too long", || matches!(table.status().last_error, Some(Error::Timeout { .. }))).await;
    silent.store(false, Ordering::Relaxed);
    within(table.finished()).await.expect("it is complete");
    assert_numbered(&table.snapshot(), 2, 100);
}

#[tokio::test]
async fn partitions_that_leave_a_silent_node_do_not_wait_for_its_answer() {
    let topic = TopicSettings::new(2).replication(2);
    let cluster = TestCluster::builder().nodes(2).topic("t", topic).start_blocking().expect("the cluster starts");
    cluster.on(|request| match (request.api, request.node) {
        (ApiKey::Fetch, 1) => Verdict::Silence,
        _ => Verdict::Pass,
    });
    for partition in 0..2 {
        append_numbered(&cluster, partition, 0..100, 10);
    }
    // No time limit comes to the rescue: what was asked of the silent node is not answered and not given up.
    let consume = consume(&cluster).property("request.timeout.ms", "1800000").property("metadata.max.age.ms", "50");
    let table = within(consume.until(Stop::End).table(TableType::Append).into_future()).await.expect("a table");
    until("the rows of the other node", || table.snapshot().rows() == 100).await;
    until("a question to the silent node", || cluster.count_of_node(1, ApiKey::Fetch) > 0).await;
    for partition in 0..2 {
        cluster.log("t", partition).move_leader(2);
    }
    within(table.finished()).await.expect("it is complete");
    assert_numbered(&table.snapshot(), 2, 100);
}

#[tokio::test]
async fn a_table_says_what_it_waits_for_while_no_broker_is_there_and_goes_on_afterwards() {
    let cluster = numbered(2, 2, 500, 50);
    let table = within(consume(&cluster).until(Stop::At(900)).table(TableType::Append).into_future()).await.expect("a table");
    until("the first rows", || table.snapshot().rows() == 1000).await;
    cluster.kill(1);
    cluster.kill(2);
    for partition in 0..2 {
        append_numbered(&cluster, partition, 500..900, 50);
    }
    until("a table that waits", || matches!(table.status().state, State::Waiting { .. })).await;
    assert_eq!(table.snapshot().rows(), 1000, "what is there stays there");
    cluster.restart(2);
    cluster.restart(1);
    within(table.finished()).await.expect("it is complete");
    assert_numbered(&table.snapshot(), 2, 900);
}

#[tokio::test]
async fn a_consumption_is_closed_at_once_while_every_node_is_silent() {
    let cluster = numbered(2, 4, 500, 50);
    let table = within(consume(&cluster).table(TableType::Append).into_future()).await.expect("a table");
    until("the first rows", || table.snapshot().rows() == 2000).await;
    cluster.pause(1);
    cluster.pause(2);
    within(table.close()).await.expect("it closes");
    assert_numbered(&table.snapshot(), 4, 500);
    assert_adds_up(&table.snapshot());
}
