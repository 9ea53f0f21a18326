//! Metadata that is of no use, leaders that are missing, and access that is refused: the partitions that can be read are read on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::common::{append_numbered, assert_adds_up, assert_numbered, consume, live, numbered, until, within};
use kafka_protocol::messages::MetadataResponse;
use kolumn::table::{EventKind, PartitionState, PartitionStatus};
use kolumn::{Consume, Error, Stop, Table, TableType};
use kolumn_test_broker::{ApiKey, Response, TestCluster, Verdict};

/// Reads on, quickly, and looks at the metadata all the time.
fn hasty(cluster: &TestCluster) -> Consume {
    consume(cluster)
        .property("retry.backoff.ms", "2")
        .property("retry.backoff.max.ms", "10")
        .property("metadata.max.age.ms", "20")
}

async fn read(consume: Consume, rows: usize) -> Table {
    let table = live(consume).await;
    until("the first rows", || table.snapshot().rows() == rows).await;
    table
}

fn partition(table: &Table, partition: usize) -> PartitionStatus {
    table.status().partitions[partition].clone()
}

/// Metadata changed before it is told.
fn edited(edit: impl Fn(&mut MetadataResponse) + Send + Sync + 'static) -> Verdict {
    Verdict::edit(move |response| {
        if let Response::Metadata(metadata) = response {
            edit(metadata);
        }
    })
}

#[tokio::test]
async fn b2_a_partition_that_nobody_leads_says_since_when_and_how_far_it_is_behind_and_the_others_go_on() {
    let cluster = numbered(2, 2, 100, 10);
    let table = read(hasty(&cluster).until(Stop::At(300)), 200).await;
    // Its lag is known when it is left without a leader.
    cluster.log("t", 1).set_high_watermark(100);
    append_numbered(&cluster, 1, 100..300, 10);
    cluster.log("t", 1).remove_leader();
    append_numbered(&cluster, 0, 100..300, 10);
    until("the end of the other", || partition(&table, 0).state == PartitionState::Ended).await;
    until("a partition without a leader", || matches!(partition(&table, 1).state, PartitionState::Leaderless { .. })).await;
    assert_eq!((partition(&table, 1).position, partition(&table, 1).lag()), (100, Some(0)));
    cluster.log("t", 1).set_high_watermark(None);
    cluster.log("t", 1).move_leader(2);
    within(table.finished()).await.expect("it is complete");
    assert_numbered(&table.snapshot(), 2, 300);
    let told = table.status().events.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(told.contains("partition 1 has no leader") && told.contains("partition 1 is led by broker 2"), "{told}");
}

#[tokio::test]
async fn b4_metadata_that_goes_backwards_is_not_followed() {
    let topic = kolumn_test_broker::TopicSettings::new(2).replication(2);
    let cluster = TestCluster::builder().nodes(2).topic("t", topic).start_blocking().expect("the cluster starts");
    (0..2).for_each(|partition| append_numbered(&cluster, partition, 0..100, 10));
    let table = read(hasty(&cluster).until(Stop::At(300)), 200).await;
    // Both tell of the leaders as they were, one after the other.
    for node in [1, 2] {
        cluster.freeze_metadata(node);
        for partition in 0..2 {
            cluster.log("t", partition).move_leader(3 - node);
        }
        let seen = cluster.count(ApiKey::Metadata);
        within(cluster.until_requests(ApiKey::Metadata, seen + 4)).await;
        cluster.thaw_metadata(node);
    }
    (0..2).for_each(|partition| append_numbered(&cluster, partition, 100..300, 10));
    within(table.finished()).await.expect("it is complete");
    assert_numbered(&table.snapshot(), 2, 300);
}

#[tokio::test]
async fn b4_a_broker_that_does_not_know_all_partitions_yet_takes_none_away() {
    let cluster = numbered(1, 1, 100, 10);
    let table = read(hasty(&cluster), 100).await;
    cluster.add_partitions("t", 2);
    append_numbered(&cluster, 1, 0..100, 10);
    until("the rows of the new partition", || table.snapshot().rows() == 200).await;
    let fewer = edited(|metadata| {
        metadata.topics.iter_mut().for_each(|topic| topic.partitions.retain(|partition| partition.partition_index == 0));
    });
    cluster.next(ApiKey::Metadata, 3, fewer);
    let seen = cluster.count(ApiKey::Metadata);
    within(cluster.until_requests(ApiKey::Metadata, seen + 6)).await;
    append_numbered(&cluster, 1, 100..150, 10);
    until("more rows", || table.snapshot().rows() == 250).await;
    assert_adds_up(&table.snapshot());
}

#[tokio::test]
async fn b16_a_partition_that_may_not_be_read_any_more_is_asked_for_again_and_the_others_go_on() {
    let cluster = numbered(1, 2, 100, 10);
    let table = read(hasty(&cluster).until(Stop::At(300)), 200).await;
    let denied = Arc::new(AtomicBool::new(true));
    let hook = Arc::clone(&denied);
    cluster.on(move |request| match request.api {
        ApiKey::Fetch if hook.load(Ordering::Relaxed) => Verdict::PartitionError("t".into(), 1, 29),
        _ => Verdict::Pass,
    });
    until("the refusal", || matches!(partition(&table, 1).state, PartitionState::Denied { .. })).await;
    append_numbered(&cluster, 0, 100..300, 10);
    append_numbered(&cluster, 1, 100..300, 10);
    until("the end of the other", || partition(&table, 0).state == PartitionState::Ended).await;
    assert!(matches!(partition(&table, 1).last_error, Some(Error::NotAuthorized { .. })));
    denied.store(false, Ordering::Relaxed);
    within(table.finished()).await.expect("it is complete");
    assert_numbered(&table.snapshot(), 2, 300);
    let told = |wanted: fn(&EventKind) -> bool| table.status().events.iter().filter(|event| wanted(&event.what)).count();
    assert_eq!(told(|what| matches!(what, EventKind::NotAuthorized { .. })), 1, "once, however often it is asked for");
    assert_eq!(told(|what| *what == EventKind::AuthorizedAgain), 1);
}

#[tokio::test]
async fn b16_a_topic_that_may_not_be_read_is_an_error_at_the_start() {
    let cluster = numbered(1, 1, 100, 10);
    cluster.next(
        ApiKey::Metadata,
        u32::MAX,
        edited(|metadata| metadata.topics.iter_mut().for_each(|topic| topic.error_code = 29)),
    );
    let error = within(hasty(&cluster).table(TableType::Append).into_future()).await.expect_err("denied");
    assert!(matches!(&error, Error::NotAuthorized { what, .. } if what.contains("\"t\"")), "{error}");
}

#[tokio::test]
async fn b17_metadata_without_the_topic_without_brokers_or_with_two_of_a_number_changes_nothing() {
    let edits: [fn(&mut MetadataResponse); 4] = [
        |metadata| metadata.topics.clear(),
        |metadata| metadata.brokers.clear(),
        |metadata| {
            let mut other = metadata.brokers[0].clone();
            other.port = 1;
            metadata.brokers.push(other);
        },
        |metadata| {
            for topic in &mut metadata.topics {
                let mut other = topic.partitions[0].clone();
                other.leader_id = 2.into();
                other.leader_epoch += 1;
                topic.partitions.push(other);
            }
        },
    ];
    for edit in edits {
        let cluster = numbered(2, 2, 100, 10);
        let table = read(hasty(&cluster).until(Stop::At(200)), 200).await;
        cluster.next(ApiKey::Metadata, 4, edited(edit));
        let seen = cluster.count(ApiKey::Metadata);
        within(cluster.until_requests(ApiKey::Metadata, seen + 3)).await;
        (0..2).for_each(|partition| append_numbered(&cluster, partition, 100..200, 10));
        within(table.finished()).await.expect("it is complete");
        assert_numbered(&table.snapshot(), 2, 200);
    }
}
