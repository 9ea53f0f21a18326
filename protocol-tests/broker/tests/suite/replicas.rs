//! Leaders, followers, epochs, and the versions of Kafka that a cluster can be.

use crate::client::{Client, by_id, fetch, name, only, values};
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::offset_for_leader_epoch_request::{OffsetForLeaderPartition, OffsetForLeaderTopic};
use kafka_protocol::messages::{ApiVersionsRequest, BrokerId, FetchRequest, ListOffsetsRequest, OffsetForLeaderEpochRequest};
use kafka_protocol::protocol::StrBytes;
use kolumn_test_broker::{ApiKey, BatchBuilder, Generation, TestCluster, TopicSettings, kafka_protocol};

/// Three nodes in three racks; each has the topic, and node 1 leads.
fn cluster() -> TestCluster {
    let topic = TopicSettings::new(1).on([1, 2, 3]);
    let builder = TestCluster::builder().nodes(3).rack(1, "r1").rack(2, "r2").rack(3, "r3").rack_aware().topic("t", topic);
    let cluster = builder.start_blocking().expect("it starts");
    produce(&cluster, 10);
    cluster
}

fn produce(cluster: &TestCluster, count: usize) {
    cluster.produce("t", 0, BatchBuilder::new().values(vec!["v"; count]).build());
}

fn near(cluster: &TestCluster, version: i16, rack: &'static str, offset: i64) -> FetchRequest {
    by_id(fetch("t", 0, offset), cluster, version).with_rack_id(StrBytes::from_static_str(rack))
}

#[test]
fn a_leader_sends_a_consumer_to_the_follower_in_its_rack_and_that_follower_serves_it() {
    let cluster = cluster();
    for version in [11, 12, 17] {
        let ask = |node, rack| {
            let response = Client::connect(&cluster, node).call(version, &near(&cluster, version, rack, 0));
            (only(&response).1.len(), response.responses[0].partitions[0].preferred_read_replica.0)
        };
        assert_eq!(ask(1, "r2"), (0, 2));
        assert_eq!(ask(1, "r1"), (10, -1), "the leader itself is there");
        assert_eq!(ask(1, "r9"), (10, -1));
        assert_eq!(ask(1, ""), (10, -1));
        assert_eq!(ask(2, "r2"), (10, -1));
    }
    let response = Client::connect(&cluster, 2).call(10, &fetch("t", 0, 0));
    assert_eq!(only(&response).0, 6, "before version 11 only leaders serve");
}

#[test]
fn a_follower_that_is_dead_behind_or_out_of_sync_is_not_named() {
    let cluster = cluster();
    let named = |offset| {
        let response = Client::connect(&cluster, 1).call(12, &near(&cluster, 12, "r2", offset));
        response.responses[0].partitions[0].preferred_read_replica.0
    };
    cluster.log("t", 0).lag(2, 5);
    assert_eq!((named(5), named(6)), (2, -1));
    cluster.log("t", 0).catch_up(2);
    cluster.log("t", 0).set_in_sync(&[1, 3]);
    assert_eq!(named(0), -1);
    cluster.log("t", 0).set_in_sync(&[1, 2]);
    assert_eq!(named(0), 2);
    cluster.kill(2);
    assert_eq!(named(0), -1);
    cluster.log("t", 0).prefer(2);
    assert_eq!(named(0), 2, "as the test wants it");
    cluster.log("t", 0).prefer(77);
    assert_eq!(named(0), 77);
}

#[test]
fn a_follower_that_lags_serves_what_it_has() {
    let cluster = cluster();
    let log = cluster.log("t", 0);
    log.lag(2, 5);
    let mut client = Client::connect(&cluster, 2);
    let mut ask = |offset| {
        let response = client.call(12, &near(&cluster, 12, "r2", offset));
        let partition = &response.responses[0].partitions[0];
        (partition.error_code, partition.high_watermark, partition.records.as_ref().map_or(0, bytes::Bytes::len) > 0)
    };
    assert_eq!(ask(6), (1, -1, false));
    assert_eq!(ask(5), (0, 5, false));
    log.catch_up(2);
    log.lag_high_watermark(2, 5);
    assert_eq!(ask(6), (0, 5, false), "behind its high watermark but within its log");
    log.catch_up(2);
    log.lag_log_start(2, 3);
    assert_eq!(ask(2), (1, -1, false));
    log.catch_up(2);
    assert_eq!(ask(6), (0, 10, true));
    log.lag_epoch(2, 0);
    let epoch = log.move_leader(3);
    let mut request = near(&cluster, 12, "r2", 0);
    request.topics[0].partitions[0].current_leader_epoch = epoch;
    assert_eq!(only(&client.call(12, &request)).0, 75, "it does not know of the new leader");
}

#[test]
fn an_unclean_election_cuts_the_log_and_every_batch_has_the_epoch_of_its_leader() {
    let cluster = cluster();
    let log = cluster.log("t", 0);
    produce(&cluster, 10);
    assert_eq!(log.elect_unclean(3, 10), 2, "one epoch without a leader lies between");
    assert_eq!((log.leader(), log.log_end()), (Some(3), 10));
    produce(&cluster, 5);
    let response = Client::connect(&cluster, 3).call(12, &fetch("t", 0, 0));
    let bytes = response.responses[0].partitions[0].records.clone().expect("records");
    let epochs: Vec<i32> = kolumn_test_broker::batches(&bytes).map(|batch| batch.expect("a batch").header.leader_epoch).collect();
    assert_eq!(epochs, [0, 2]);
    let end_of = |epoch| {
        let asked = OffsetForLeaderPartition::default().with_leader_epoch(epoch).with_current_leader_epoch(2);
        let topic = OffsetForLeaderTopic::default().with_topic(name("t")).with_partitions(vec![asked]);
        let request = OffsetForLeaderEpochRequest::default().with_topics(vec![topic]);
        let response = Client::connect(&cluster, 3).call(4, &request);
        let partition = &response.topics[0].partitions[0];
        (partition.error_code, partition.leader_epoch, partition.end_offset)
    };
    assert_eq!([end_of(0), end_of(1), end_of(2)], [(0, 0, 10), (0, 0, 10), (0, 2, 15)]);
    assert_eq!(end_of(3), (0, -1, -1));
    cluster.recreate_topic("t");
    assert_eq!(cluster.log("t", 0).leader_epoch(), 0);
}

#[test]
fn a_leader_that_does_not_know_its_high_watermark_yet_lists_no_end() {
    let cluster = cluster();
    cluster.log("t", 0).move_leader(2);
    cluster.log("t", 0).set_high_watermark(4);
    let list = |version, time| {
        let asked = ListOffsetsPartition::default().with_timestamp(time).with_current_leader_epoch(-1);
        let topic = ListOffsetsTopic::default().with_name(name("t")).with_partitions(vec![asked]);
        let request = ListOffsetsRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![topic]);
        let response = Client::connect(&cluster, 2).call(version, &request);
        (response.topics[0].partitions[0].error_code, response.topics[0].partitions[0].offset)
    };
    assert_eq!(list(7, -1), (78, -1));
    assert_eq!(list(4, -1), (5, -1));
    assert_eq!(list(7, -2), (0, 0), "where it begins is known");
    cluster.log("t", 0).set_high_watermark(None);
    assert_eq!(list(7, -1), (0, 10));
}

#[test]
fn each_generation_tells_its_versions_and_serves_the_greatest_that_is_known() {
    for generation in Generation::ALL {
        let builder = TestCluster::builder().topic("t", 1).generation(generation).versions(ApiKey::CreateTopics, 2..=2);
        let cluster = builder.start_blocking().expect("it starts");
        produce(&cluster, 1);
        let mut client = Client::connect(&cluster, 1);
        let told = client.call(0, &ApiVersionsRequest::default()).api_keys;
        let range = |api: ApiKey| told.iter().find(|one| one.api_key == api as i16).map(|one| (one.min_version, one.max_version));
        let fetches = match generation {
            Generation::V0_11 => (0, 5),
            Generation::V2_1 => (0, 10),
            Generation::V2_4 => (0, 11),
            Generation::V2_8 => (0, 12),
            Generation::V3_9 => (0, 17),
            _ => (4, 17),
        };
        assert_eq!(range(ApiKey::Fetch), Some(fetches), "{generation:?}");
        assert_eq!(range(ApiKey::CreateTopics), Some((2, 2)));
        assert_eq!(range(ApiKey::CreatePartitions).is_none(), generation == Generation::V0_11);
        let response = client.call(fetches.1, &by_id(fetch("t", 0, 0), &cluster, fetches.1));
        assert_eq!(values(&only(&response).1), ["v"], "{generation:?}");
    }
}
