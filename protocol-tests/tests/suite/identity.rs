//! Topics that are deleted, created again or gain partitions, and brokers of another cluster: which log it is that is read.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::common::{
    self, append_numbered, assert_adds_up, assert_numbered, consume, live, numbered, numbers, offsets, until, within,
};
use kolumn::table::{EventKind, State};
use kolumn::{Consume, Error, Partitions, Stop, Table, TableType};
use kolumn_test_broker::{ApiKey, Generation, Request, Response, TestCluster, Verdict};

/// Reads on, quickly, and looks at the metadata all the time.
fn hasty(cluster: &TestCluster) -> Consume {
    consume(cluster)
        .property("retry.backoff.ms", "5")
        .property("retry.backoff.max.ms", "20")
        .property("metadata.max.age.ms", "20")
}

async fn read(consume: Consume, rows: usize) -> Table {
    let table = live(consume).await;
    until("the first rows", || table.snapshot().rows() == rows).await;
    table
}

fn aged(generation: Generation, partitions: i32) -> TestCluster {
    let builder = TestCluster::builder().topic("t", partitions).generation(generation);
    let cluster = builder.start_blocking().expect("the cluster starts");
    for partition in 0..partitions {
        append_numbered(&cluster, partition, 0..100, 10);
    }
    cluster
}

fn has_event(table: &Table, wanted: impl Fn(&EventKind) -> bool) -> bool {
    table.status().events.iter().any(|event| wanted(&event.what))
}

fn generations(table: &Table) -> BTreeMap<i32, u32> {
    table.snapshot().positions().iter().map(|(partition, position)| (partition, position.generation)).collect()
}

/// Lets the topic be another one with longer logs than before, between two looks of any client.
fn replace(cluster: &TestCluster, partitions: i32, rows: i64) {
    cluster.kill(1);
    cluster.recreate_topic("t");
    for partition in 0..partitions {
        append_numbered(cluster, partition, 5000..5000 + rows, 10);
    }
    cluster.restart(1);
}

#[tokio::test]
async fn b13_a_topic_that_was_created_again_ends_the_consumption_although_the_old_position_is_valid_in_it() {
    // 2.8 is the last whose fetches are by name.
    for generation in [Generation::V2_8, Generation::V3_9, Generation::V4] {
        let cluster = aged(generation, 2);
        let table = read(hasty(&cluster), 200).await;
        let before = cluster.topic_id("t");
        replace(&cluster, 2, 300);
        let error = within(table.finished()).await.expect_err("another topic");
        let expected = Error::RecreatedTopic { topic: "t".into(), expected: before, found: cluster.topic_id("t") };
        assert_eq!(error, expected, "{generation:?}");
        assert_numbered(&table.snapshot(), 2, 100);
        assert!(has_event(&table, |what| matches!(what, EventKind::TopicRecreated { restarted: false, .. })));
    }
}

#[tokio::test]
async fn b13_a_topic_that_was_created_again_is_read_from_its_first_offset_where_that_is_asked_for() {
    for generation in [Generation::V2_8, Generation::V3_9, Generation::V4] {
        let cluster = aged(generation, 2);
        let table = read(hasty(&cluster).property("kolumn.on.recreated.topic", "restart"), 200).await;
        replace(&cluster, 2, 300);
        until("the rows of the new topic", || table.snapshot().rows() == 800).await;
        let old = (0..100).map(|number| (number, Some(number)));
        let both: Vec<_> = old.chain((0..300).map(|number| (number, Some(5000 + number)))).collect();
        assert_eq!(numbers(&table.snapshot()), BTreeMap::from([(0, both.clone()), (1, both)]), "{generation:?}");
        assert_eq!(generations(&table), BTreeMap::from([(0, 1), (1, 1)]));
        assert_adds_up(&table.snapshot());
        assert_eq!(table.status().state, State::Running);
        within(table.close()).await.expect("it closes");
    }
}

#[tokio::test]
async fn b13_the_new_topic_may_be_created_again_and_have_more_partitions_or_fewer() {
    let cluster = aged(Generation::V4, 2);
    let table = read(hasty(&cluster).property("kolumn.on.recreated.topic", "restart"), 200).await;
    for (count, rows) in [(3, 250), (1, 260)] {
        cluster.kill(1);
        cluster.delete_topic("t");
        cluster.create_topic("t", count);
        append_numbered(&cluster, 0, 0..rows, 10);
        cluster.restart(1);
        let mut expected = BTreeMap::from([(0, rows), (1, 0), (2, 0)]);
        expected.retain(|partition, _| *partition < count);
        until("the new topic", || {
            let snapshot = table.snapshot();
            expected.iter().all(|(at, next)| snapshot.positions().get(*at).is_some_and(|position| position.next == *next))
        })
        .await;
    }
    assert!(has_event(&table, |what| *what == EventKind::PartitionsGone { partitions: vec![1, 2] }));
    append_numbered(&cluster, 0, 260..300, 10);
    until("more rows", || table.snapshot().rows() == 200 + 250 + 300).await;
    assert_eq!(generations(&table)[&0], 2);
    assert_adds_up(&table.snapshot());
}

#[tokio::test]
async fn b13_what_has_an_end_in_the_old_topic_ends_with_it() {
    let cluster = aged(Generation::V4, 1);
    let consume = hasty(&cluster).property("kolumn.on.recreated.topic", "restart").until(Stop::At(500));
    let table = read(consume, 100).await;
    replace(&cluster, 1, 600);
    let error = within(table.finished()).await.expect_err("another topic");
    assert!(matches!(error, Error::RecreatedTopic { .. }), "{error}");
    assert_numbered(&table.snapshot(), 1, 100);
}

#[tokio::test]
async fn b13_without_topic_ids_leader_epochs_that_begin_anew_tell_it() {
    // Metadata of 2.4 has epochs and no ids.
    for (policy, restarts) in [("fail", false), ("restart", true)] {
        let cluster = aged(Generation::V2_4, 1);
        for _ in 0..5 {
            cluster.log("t", 0).move_leader(1);
        }
        let table = read(hasty(&cluster).property("kolumn.on.recreated.topic", policy), 100).await;
        replace(&cluster, 1, 300);
        if restarts {
            until("the rows of the new topic", || table.snapshot().rows() == 400).await;
            assert_eq!(generations(&table), BTreeMap::from([(0, 1)]));
        } else {
            let error = within(table.finished()).await.expect_err("another topic");
            assert!(matches!(error, Error::RecreatedTopic { .. }), "{error}");
            assert_numbered(&table.snapshot(), 1, 100);
        }
    }
}

#[tokio::test]
async fn b14_brokers_that_do_not_know_the_id_for_a_moment_are_asked_again() {
    for code in [100, 103] {
        let cluster = numbered(1, 1, 100, 10);
        let table = read(hasty(&cluster).until(Stop::At(200)), 100).await;
        cluster.next(ApiKey::Fetch, 3, Verdict::PartitionError("t".into(), 0, code));
        append_numbered(&cluster, 0, 100..200, 10);
        within(table.finished()).await.expect("it is complete");
        assert_numbered(&table.snapshot(), 1, 200);
    }
}

#[tokio::test]
async fn b14_an_answer_with_another_id_that_is_not_said_again_changes_nothing() {
    let cluster = numbered(1, 2, 100, 10);
    let table = read(hasty(&cluster).until(Stop::At(300)), 200).await;
    cluster.create_topic("other", 1);
    let id = cluster.topic_id("other");
    let other = Verdict::edit(move |response| {
        if let Response::Metadata(metadata) = response {
            metadata.topics.iter_mut().for_each(|topic| topic.topic_id = id);
        }
    });
    for round in 0..4 {
        cluster.next(ApiKey::Metadata, 2, other.clone());
        let seen = cluster.count(ApiKey::Metadata);
        within(cluster.until_requests(ApiKey::Metadata, seen + 4)).await;
        cluster.clear_hooks();
        let more = 100 + round * 50;
        (0..2).for_each(|partition| append_numbered(&cluster, partition, more..more + 50, 10));
    }
    within(table.finished()).await.expect("it is complete");
    assert_numbered(&table.snapshot(), 2, 300);
}

#[tokio::test]
async fn b12_a_topic_that_is_deleted_ends_its_consumption_with_an_event_and_the_table_keeps_its_rows() {
    for generation in [Generation::V0_11, Generation::V2_8, Generation::V4] {
        let cluster = aged(generation, 2);
        let table = read(hasty(&cluster), 200).await;
        cluster.delete_topic("t");
        let error = within(table.finished()).await.expect_err("it is gone");
        assert_eq!(error, Error::DeletedTopic { topic: "t".into() }, "{generation:?}");
        assert_numbered(&table.snapshot(), 2, 100);
        assert!(has_event(&table, |what| *what == EventKind::TopicDeleted));
    }
}

#[tokio::test]
async fn b12_a_topic_that_brokers_do_not_know_for_a_moment_is_not_deleted() {
    let cluster = numbered(1, 1, 100, 10);
    let table = read(hasty(&cluster).until(Stop::At(200)), 100).await;
    let unknown = Verdict::edit(|response| {
        if let Response::Metadata(metadata) = response {
            metadata.topics.iter_mut().for_each(|topic| {
                topic.error_code = 3;
                topic.partitions.clear();
            });
        }
    });
    cluster.next(ApiKey::Metadata, 3, unknown);
    cluster.next(ApiKey::Fetch, 2, Verdict::PartitionError("t".into(), 0, 3));
    let seen = cluster.count(ApiKey::Metadata);
    within(cluster.until_requests(ApiKey::Metadata, seen + 4)).await;
    append_numbered(&cluster, 0, 100..200, 10);
    within(table.finished()).await.expect("it is complete");
    assert_numbered(&table.snapshot(), 1, 200);
    assert!(has_event(&table, |what| *what == EventKind::TopicMissing));
}

#[tokio::test]
async fn b12_a_deleted_topic_is_waited_for_where_that_is_asked_for() {
    let cluster = numbered(1, 1, 100, 10);
    let consume = hasty(&cluster).property("kolumn.on.recreated.topic", "restart").property("kolumn.wait.for.topic.ms", "60000");
    let table = read(consume, 100).await;
    cluster.delete_topic("t");
    let seen = cluster.count(ApiKey::Metadata);
    within(cluster.until_requests(ApiKey::Metadata, seen + 20)).await;
    assert!(matches!(table.status().state, State::Waiting { .. }), "{:?}", table.status().state);
    cluster.create_topic("t", 1);
    append_numbered(&cluster, 0, 5000..5050, 10);
    until("the rows of the new topic", || table.snapshot().rows() == 150).await;
}

#[tokio::test]
async fn b11_a_topic_that_is_not_there_is_an_error_with_the_nearest_name_or_waited_for() {
    let cluster = TestCluster::builder().topic("orders", 1).start_blocking().expect("the cluster starts");
    let hasty = |topic: &str| {
        kolumn::consume(topic)
            .brokers(cluster.bootstrap())
            .value(common::number())
            .offsets(kolumn::Offsets::Beginning)
            .property("retry.backoff.max.ms", "100")
    };
    let error = within(hasty("order").table(TableType::Append).into_future()).await.expect_err("no such topic");
    assert_eq!(error, Error::UnknownTopic { topic: "order".into(), nearest: Some("orders".into()) });
    let waiting =
        hasty("t").property("kolumn.wait.for.topic.ms", "60000").until(Stop::End).table(TableType::Append).into_future();
    let creating = async {
        within(cluster.until_requests(ApiKey::Metadata, 20)).await;
        cluster.create_topic("t", 1);
        append_numbered(&cluster, 0, 0..10, 10);
    };
    let (table, ()) = tokio::join!(within(waiting), creating);
    let table = table.expect("a table");
    within(table.finished()).await.expect("it is complete");
}

#[tokio::test]
async fn b11_a_partition_that_is_not_there_is_an_error_with_the_number_of_those_that_are_or_waited_for() {
    let cluster = numbered(1, 2, 100, 10);
    let consume = || hasty(&cluster).partitions(Partitions::These(vec![3]));
    let error = within(consume().table(TableType::Append).into_future()).await.expect_err("two partitions");
    assert_eq!(error, Error::UnknownPartition { topic: "t".into(), partition: 3, count: 2 });
    let waiting = consume().property("kolumn.wait.for.topic.ms", "60000").table(TableType::Append).into_future();
    let seen = cluster.count(ApiKey::Metadata);
    let adding = async {
        within(cluster.until_requests(ApiKey::Metadata, seen + 3)).await;
        cluster.add_partitions("t", 4);
        append_numbered(&cluster, 3, 0..20, 10);
    };
    let (table, ()) = tokio::join!(within(waiting), adding);
    let table = table.expect("a table");
    until("its rows", || offsets(&table.snapshot(), 3).len() == 20).await;
}

#[tokio::test]
async fn b15_partitions_that_are_gained_are_told() {
    let cluster = numbered(1, 1, 100, 10);
    let table = read(hasty(&cluster), 100).await;
    cluster.add_partitions("t", 3);
    append_numbered(&cluster, 2, 0..30, 10);
    until("the rows of the new partition", || table.snapshot().rows() == 130).await;
    assert!(has_event(&table, |what| *what == EventKind::PartitionsAdded { partitions: vec![1, 2] }));
}

#[tokio::test]
async fn a19_brokers_that_are_all_of_another_cluster_end_the_consumption() {
    for generation in [Generation::V0_11, Generation::V2_8, Generation::V4] {
        let cluster = aged(generation, 1);
        let table = read(hasty(&cluster), 100).await;
        cluster.kill(1);
        cluster.set_cluster_id("another");
        // A topic of the same name, whose old position is valid. Fetches by id are refused by themselves; those by name find the very
        // same log, so that nothing else gives it away.
        if generation == Generation::V4 {
            cluster.recreate_topic("t");
            append_numbered(&cluster, 0, 0..100, 10);
        }
        append_numbered(&cluster, 0, 5000..5100, 10);
        // Nobody hears of the other cluster before a lane has come to it and has either looked where it is, or read twice.
        let looks = Arc::new(AtomicU32::new(0));
        cluster.on(move |request| {
            let lookup = match request.request {
                Request::Metadata(metadata) => metadata.topics.as_ref().is_none_or(|topics| !topics.is_empty()),
                Request::Fetch(_) => {
                    looks.fetch_add(1, Ordering::Relaxed);
                    false
                }
                _ => false,
            };
            let looked = matches!(request.request, Request::Metadata(_)) && !lookup;
            looks.fetch_add(if looked { 2 } else { 0 }, Ordering::Relaxed);
            if lookup && looks.load(Ordering::Relaxed) < 2 { Verdict::Close } else { Verdict::Pass }
        });
        cluster.restart(1);
        let error = within(table.finished()).await.expect_err("another cluster");
        assert!(matches!(&error, Error::OtherCluster { found, .. } if found == "another"), "{error}");
        assert_numbered(&table.snapshot(), 1, 100);
        assert!(has_event(&table, |what| matches!(what, EventKind::OtherClusterSeen { .. })));
    }
}

#[tokio::test]
async fn a19_one_broker_of_another_cluster_is_left_alone() {
    let cluster = numbered(3, 3, 100, 10);
    let table = read(hasty(&cluster).until(Stop::At(200)), 300).await;
    let strange = Arc::new(AtomicBool::new(true));
    let hook = Arc::clone(&strange);
    let other = Verdict::edit(|response| {
        if let Response::Metadata(metadata) = response {
            metadata.cluster_id = Some("another".to_owned().into());
        }
    });
    cluster.on(move |request| match request.api {
        ApiKey::Metadata if request.node == 2 && hook.load(Ordering::Relaxed) => other.clone(),
        _ => Verdict::Pass,
    });
    // Metadata is asked of the others: their connections go, so that it is asked of anybody.
    let seen = cluster.count(ApiKey::Metadata);
    within(cluster.until_requests(ApiKey::Metadata, seen + 10)).await;
    for partition in 0..3 {
        append_numbered(&cluster, partition, 100..200, 10);
    }
    within(table.finished()).await.expect("it is complete");
    assert_numbered(&table.snapshot(), 3, 200);
}
