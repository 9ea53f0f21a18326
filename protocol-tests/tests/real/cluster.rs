//! Three real nodes that come and go while kolumn reads: leaders move, die, and come back with another log.
//!
//! Each test has a cluster of its own, one at a time.

use crate::common::raw::{RawRow, consume_raw, digests, rows};
use crate::common::{self, assert_adds_up, live, until, until_rows, within};
use kolumn::{Error, Offsets, Stop, Table};
use kolumn_protocol_tests::{Codec, Kafka, NewTopic, Production, Reading, ServerError, Workload, Writer};
use tokio::sync::{Mutex, MutexGuard};

type Outcome = Result<(), ServerError>;

/// Three nodes at a time are enough for one machine.
async fn one_at_a_time() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::const_new(());
    ONE.lock().await
}

fn three_nodes() -> Result<Kafka, ServerError> {
    Kafka::builder().nodes(3).heap_mib(192).property("unclean.leader.election.enable", "false").start()
}

/// The number of the node that leads a partition.
fn leader(kafka: &Kafka, topic: &str, partition: i32) -> Result<i32, ServerError> {
    let leader = kafka.admin().leader(topic, partition)?;
    Ok((1..=3).find(|node| kafka.address(*node).is_ok_and(|address| address == leader)).expect("one of the nodes leads"))
}

/// That the table holds what an independent consumer reads, and what the workload says.
fn assert_is_the_log(table: &Table, kafka: &Kafka, topic: &str, workload: &Workload) -> Outcome {
    let snapshot = table.snapshot();
    let found = digests(&snapshot);
    assert_eq!(found, Reading::new(topic).digests(&kafka.bootstrap())?.digests);
    assert_eq!(found, workload.digests());
    assert_adds_up(&snapshot);
    Ok(())
}

#[tokio::test]
async fn b1_a_rolling_restart_under_load_loses_nothing_and_doubles_nothing() -> Outcome {
    let _one = one_at_a_time().await;
    let kafka = three_nodes()?;
    kafka.create_topic("rolling", 6)?;
    let workload = Workload::orders(51, 400_000, 6);
    let table = live(consume_raw("rolling", &kafka.bootstrap())).await;
    let producing = Production::new(Writer::Java, "rolling", workload.clone()).rate(20_000).start(&kafka.bootstrap())?;
    until_rows(&table, 10_000).await;
    for node in 1..=3 {
        kafka.stop(node)?;
        kafka.restart(node)?;
    }
    assert_eq!(producing.wait()?.records, 400_000);
    until_rows(&table, 400_000).await;
    within(table.close()).await.expect("it closes");
    assert_is_the_log(&table, &kafka, "rolling", &workload)
}

#[tokio::test]
async fn a1_the_kill_of_one_leader_after_the_other_loses_nothing_and_doubles_nothing() -> Outcome {
    let _one = one_at_a_time().await;
    let kafka = three_nodes()?;
    kafka.create_topic("killed", 6)?;
    let workload = Workload::orders(52, 300_000, 6);
    let table = live(consume_raw("killed", &kafka.bootstrap())).await;
    let producing = Production::new(Writer::Java, "killed", workload.clone())
        .codec(Codec::Lz4)
        .rate(20_000)
        .property("acks", "all")
        .start(&kafka.bootstrap())?;
    until_rows(&table, 10_000).await;
    for partition in [0, 3] {
        let node = leader(&kafka, "killed", partition)?;
        kafka.kill(node)?;
        until("another leader", || leader(&kafka, "killed", partition).is_ok_and(|now| now != node)).await;
        kafka.restart(node)?;
    }
    assert_eq!(producing.wait()?.records, 300_000);
    until_rows(&table, 300_000).await;
    within(table.close()).await.expect("it closes");
    assert_is_the_log(&table, &kafka, "killed", &workload)
}

#[tokio::test]
async fn b1_partitions_that_are_moved_to_other_nodes_are_read_on_there() -> Outcome {
    let _one = one_at_a_time().await;
    let kafka = three_nodes()?;
    kafka.admin().create_topic(&NewTopic::new("moved", 2).assignment([vec![1], vec![2]]))?;
    let workload = Workload::orders(53, 200_000, 2);
    let table = live(consume_raw("moved", &kafka.bootstrap())).await;
    let producing = Production::new(Writer::Java, "moved", workload.clone()).rate(30_000).start(&kafka.bootstrap())?;
    until_rows(&table, 20_000).await;
    kafka.admin().reassign("moved", 0, &[3])?;
    kafka.admin().reassign("moved", 1, &[1, 3])?;
    kafka.admin().elect_preferred("moved", 1)?;
    assert_eq!(producing.wait()?.records, 200_000);
    until_rows(&table, 200_000).await;
    within(table.close()).await.expect("it closes");
    assert_is_the_log(&table, &kafka, "moved", &workload)
}

/// The first act of a truncation: twenty records at nodes 2 and 3, of which node 3 has ten, and a reader that has them all.
fn before_the_truncation(topic: &str) -> Result<Kafka, ServerError> {
    let kafka = three_nodes()?;
    let wanted = NewTopic::new(topic, 1)
        .assignment([vec![2, 3]])
        .setting("min.insync.replicas", "1")
        .setting("unclean.leader.election.enable", "true");
    kafka.admin().create_topic(&wanted)?;
    produce(&kafka, topic, 0, 10)?;
    kafka.stop(3)?;
    produce(&kafka, topic, 10, 10)?;
    Ok(kafka)
}

/// The second: node 2 is gone, node 3 leads without the last ten, and has got five others.
fn truncate(kafka: &Kafka, topic: &str) -> Outcome {
    kafka.kill(2)?;
    kafka.restart(3)?;
    let begun = std::time::Instant::now();
    while leader(kafka, topic, 0).ok() != Some(3) {
        assert!(begun.elapsed() < common::PATIENCE, "node 3 does not lead");
        std::thread::yield_now();
    }
    produce(kafka, topic, 1000, 5)?;
    kafka.restart(2)
}

fn produce(kafka: &Kafka, topic: &str, first: u64, records: u64) -> Outcome {
    let workload = Workload { first, ..Workload::orders(54, records, 1) };
    Production::new(Writer::Java, topic, workload).property("acks", "1").run(&kafka.bootstrap())?;
    Ok(())
}

#[tokio::test]
async fn b5_after_an_unclean_election_the_rows_that_the_log_lost_are_withdrawn() -> Outcome {
    let _one = one_at_a_time().await;
    let kafka = before_the_truncation("cut")?;
    let consume = consume_raw("cut", &kafka.bootstrap()).property("kolumn.on.truncation", "withdraw");
    let table = live(consume).await;
    until_rows(&table, 20).await;
    let before = rows(&table.snapshot());
    truncate(&kafka, "cut")?;
    until("the rows of the new log", || table.snapshot().positions().get(0).is_some_and(|at| at.next == 15)).await;
    let found = rows(&table.snapshot());
    let expected: Vec<RawRow> = Reading::new("cut").records(&kafka.bootstrap())?.into_iter().map(RawRow::from).collect();
    assert_eq!(found, expected);
    assert_eq!(found[..10], before[..10]);
    assert_ne!(found[10..], before[10..15]);
    assert_adds_up(&table.snapshot());
    within(table.close()).await.expect("it closes");
    Ok(())
}

#[tokio::test]
async fn b5_after_an_unclean_election_the_consumption_stops_unless_told_otherwise() -> Outcome {
    let _one = one_at_a_time().await;
    let kafka = before_the_truncation("stopped")?;
    let table = live(consume_raw("stopped", &kafka.bootstrap())).await;
    until_rows(&table, 20).await;
    truncate(&kafka, "stopped")?;
    let error = within(table.finished()).await.expect_err("what it has is not in the log");
    assert!(matches!(error, Error::Truncated { partition: 0, position: 20, diverged: 10, .. }), "{error}");
    assert_eq!(table.snapshot().rows(), 20, "what was read stays");
    Ok(())
}

#[tokio::test]
async fn b8_a_reader_in_the_rack_of_a_follower_reads_from_it_and_misses_nothing_when_it_dies() -> Outcome {
    let _one = one_at_a_time().await;
    let kafka = three_nodes()?;
    kafka.admin().create_topic(&NewTopic::new("racks", 1).assignment([vec![1, 2, 3]]))?;
    let workload = Workload::orders(55, 200_000, 1);
    let table = live(consume_raw("racks", &kafka.bootstrap()).property("client.rack", "rack2")).await;
    let producing = Production::new(Writer::Java, "racks", workload.clone()).rate(20_000).start(&kafka.bootstrap())?;
    until_rows(&table, 20_000).await;
    kafka.kill(2)?;
    until_rows(&table, 60_000).await;
    kafka.restart(2)?;
    assert_eq!(producing.wait()?.records, 200_000);
    until_rows(&table, 200_000).await;
    within(table.close()).await.expect("it closes");
    assert_is_the_log(&table, &kafka, "racks", &workload)
}

#[tokio::test]
async fn b6_a_start_in_the_middle_survives_a_leader_change_with_nothing_before_it() -> Outcome {
    let _one = one_at_a_time().await;
    let kafka = three_nodes()?;
    kafka.admin().create_topic(&NewTopic::new("middle", 1).assignment([vec![1, 2]]))?;
    let workload = Workload::orders(56, 10_000, 1);
    Production::new(Writer::Java, "middle", workload).run(&kafka.bootstrap())?;
    let consume = consume_raw("middle", &kafka.bootstrap()).offsets(Offsets::At(4000)).until(Stop::At(10_000));
    kafka.kill(1)?;
    let table = common::complete(consume).await;
    assert_eq!(table.snapshot().rows(), 6000);
    assert_adds_up(&table.snapshot());
    Ok(())
}
