//! Every API in every version, and what Kafka's own brokers were seen to answer.

use crate::client::{Client, by_id, fetch, name, only, values};
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::fetch_response::EpochEndOffset;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::offset_for_leader_epoch_request::{OffsetForLeaderPartition, OffsetForLeaderTopic};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::*;
use kafka_protocol::protocol::StrBytes;
use kolumn_test_broker::{Aborted, BatchBuilder, Marker, TestCluster, TopicSettings, kafka_protocol};
use std::time::{Duration, Instant};

fn cluster() -> TestCluster {
    let cluster = TestCluster::builder().topic("t", 2).start_blocking().expect("it starts");
    cluster.produce("t", 0, BatchBuilder::new().values(["a", "b", "c"]).build());
    cluster
}

fn metadata(topic: &str) -> MetadataRequest {
    MetadataRequest::default().with_topics(Some(vec![MetadataRequestTopic::default().with_name(Some(name(topic)))]))
}

fn list(partition: i32, time: i64) -> ListOffsetsRequest {
    let asked =
        ListOffsetsPartition::default().with_partition_index(partition).with_timestamp(time).with_current_leader_epoch(-1);
    let topic = ListOffsetsTopic::default().with_name(name("t")).with_partitions(vec![asked]);
    ListOffsetsRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![topic])
}

fn produce(acks: i16, batch: bytes::Bytes) -> ProduceRequest {
    let data = PartitionProduceData::default().with_index(1).with_records(Some(batch));
    let topic = TopicProduceData::default().with_name(name("t")).with_partition_data(vec![data]);
    ProduceRequest::default().with_acks(acks).with_timeout_ms(1000).with_topic_data(vec![topic])
}

/// Error code, timestamp and offset.
fn listed(client: &mut Client, request: &ListOffsetsRequest) -> (i16, i64, i64) {
    let response = client.call(7, request);
    let partition = &response.topics[0].partitions[0];
    (partition.error_code, partition.timestamp, partition.offset)
}

#[test]
fn every_version_that_is_told_is_served() {
    let cluster = cluster();
    let mut client = Client::connect(&cluster, 1);
    let told = client.call(3, &ApiVersionsRequest::default()).api_keys;
    let range = |api: ApiKey| {
        let one = told.iter().find(|one| one.api_key == api as i16).unwrap_or_else(|| panic!("{api:?} is told"));
        one.min_version..=one.max_version
    };
    for version in range(ApiKey::ApiVersions) {
        assert_eq!(client.call(version, &ApiVersionsRequest::default()).error_code, 0);
    }
    for version in range(ApiKey::Metadata) {
        let response = client.call(version, &metadata("t"));
        assert_eq!((response.brokers.len(), response.topics[0].partitions.len()), (1, 2), "version {version}");
        assert_eq!(response.topics[0].error_code, 0);
    }
    for version in range(ApiKey::Fetch) {
        let request = by_id(fetch("t", 0, 0), &cluster, version);
        let (error, records) = only(&client.call(version, &request));
        assert_eq!((error, values(&records)), (0, vec!["a".to_owned(), "b".to_owned(), "c".to_owned()]), "version {version}");
    }
    for version in range(ApiKey::ListOffsets) {
        let response = client.call(version, &list(0, -1));
        assert_eq!(
            (response.topics[0].partitions[0].error_code, response.topics[0].partitions[0].offset),
            (0, 3),
            "version {version}"
        );
    }
    for (count, version) in (0..).zip(3..=*range(ApiKey::Produce).end()) {
        let response = client.call(version, &produce(-1, BatchBuilder::new().values(["v"]).build()));
        let partition = &response.responses[0].partition_responses[0];
        assert_eq!((partition.error_code, partition.base_offset), (0, count), "version {version}");
    }
    for version in range(ApiKey::InitProducerId) {
        let response =
            client.call(version, &InitProducerIdRequest::default().with_producer_epoch(-1).with_producer_id(ProducerId(-1)));
        assert!(response.error_code == 0 && response.producer_id.0 > 0);
    }
    for version in range(ApiKey::FindCoordinator) {
        let key = StrBytes::from_static_str("group");
        let request = FindCoordinatorRequest::default();
        let request = if version < 4 { request.with_key(key) } else { request.with_coordinator_keys(vec![key]) };
        let response = client.call(version, &request);
        let node = if version < 4 { response.node_id } else { response.coordinators[0].node_id };
        assert_eq!(node, 1);
    }
    offsets_of_groups(&mut client, range(ApiKey::OffsetCommit), range(ApiKey::OffsetFetch));
    for version in range(ApiKey::OffsetForLeaderEpoch) {
        let asked = OffsetForLeaderPartition::default().with_partition(0).with_leader_epoch(0).with_current_leader_epoch(-1);
        let topic = OffsetForLeaderTopic::default().with_topic(name("t")).with_partitions(vec![asked]);
        let response = client.call(version, &OffsetForLeaderEpochRequest::default().with_topics(vec![topic]));
        assert_eq!(response.topics[0].partitions[0].end_offset, 3);
    }
    for version in range(ApiKey::CreateTopics) {
        let topic = CreatableTopic::default()
            .with_name(name(&format!("new-{version}")))
            .with_num_partitions(1)
            .with_replication_factor(1);
        assert_eq!(client.call(version, &CreateTopicsRequest::default().with_topics(vec![topic])).topics[0].error_code, 0);
    }
    for (count, version) in (2..).zip(range(ApiKey::CreatePartitions)) {
        let topic = CreatePartitionsTopic::default().with_name(name("new-7")).with_count(count);
        assert_eq!(client.call(version, &CreatePartitionsRequest::default().with_topics(vec![topic])).results[0].error_code, 0);
    }
    for version in range(ApiKey::DeleteRecords) {
        let asked = DeleteRecordsPartition::default().with_partition_index(1).with_offset(i64::from(version));
        let topic = DeleteRecordsTopic::default().with_name(name("t")).with_partitions(vec![asked]);
        let response = client.call(version, &DeleteRecordsRequest::default().with_topics(vec![topic]));
        assert_eq!(response.topics[0].partitions.iter().map(|one| one.low_watermark).collect::<Vec<_>>(), [i64::from(version)]);
    }
    for version in range(ApiKey::DeleteTopics) {
        let topic = name(&format!("new-{}", version + 1));
        let request = DeleteTopicsRequest::default();
        let request = if version < 6 {
            request.with_topic_names(vec![topic])
        } else {
            request.with_topics(vec![DeleteTopicState::default().with_name(Some(topic))])
        };
        assert_eq!(client.call(version, &request).responses[0].error_code, 0, "version {version}");
    }
    assert_eq!(cluster.topics(), ["t"]);
}

fn offsets_of_groups(client: &mut Client, commit: std::ops::RangeInclusive<i16>, fetch: std::ops::RangeInclusive<i16>) {
    let group = || GroupId(StrBytes::from_static_str("group"));
    for version in commit {
        let asked = OffsetCommitRequestPartition::default().with_partition_index(0).with_committed_offset(i64::from(version));
        let topic = OffsetCommitRequestTopic::default().with_name(name("t")).with_partitions(vec![asked]);
        let request = OffsetCommitRequest::default().with_group_id(group()).with_topics(vec![topic]);
        assert_eq!(client.call(version, &request).topics[0].partitions[0].error_code, 0, "version {version}");
    }
    for version in fetch {
        let request = OffsetFetchRequest::default();
        if version < 8 {
            let topic = OffsetFetchRequestTopic::default().with_name(name("t")).with_partition_indexes(vec![0, 1]);
            let response = client.call(version, &request.with_group_id(group()).with_topics(Some(vec![topic])));
            let offsets = response.topics[0].partitions.iter().map(|one| one.committed_offset);
            assert_eq!(offsets.collect::<Vec<_>>(), [9, -1], "version {version}");
        } else {
            let topic = OffsetFetchRequestTopics::default().with_name(name("t")).with_partition_indexes(vec![0, 1]);
            let asked = OffsetFetchRequestGroup::default().with_group_id(group()).with_topics(Some(vec![topic]));
            let response = client.call(version, &request.with_groups(vec![asked]));
            let offsets = response.groups[0].topics[0].partitions.iter().map(|one| one.committed_offset);
            assert_eq!(offsets.collect::<Vec<_>>(), [9, -1], "version {version}");
        }
    }
}

#[test]
fn a_client_too_new_for_api_versions_gets_an_answer_in_version_0_and_goes_on() {
    let cluster = TestCluster::builder().versions(ApiKey::ApiVersions, 0..=2).start_blocking().expect("it starts");
    let mut client = Client::connect(&cluster, 1);
    client.send(4, &ApiVersionsRequest::default());
    let (_, response) = client.receive::<ApiVersionsRequest>(0).expect("an answer in version 0");
    assert_eq!(response.error_code, 35);
    assert!(response.api_keys.iter().any(|one| one.api_key == 18 && one.max_version == 2));
    assert_eq!(client.call(2, &ApiVersionsRequest::default()).error_code, 0);
}

#[test]
fn a_version_that_is_not_told_closes_the_connection() {
    let cluster = TestCluster::builder().topic("t", 1).without(ApiKey::ListOffsets).start_blocking().expect("it starts");
    let mut client = Client::connect(&cluster, 1);
    assert!(client.call(0, &ApiVersionsRequest::default()).api_keys.iter().all(|one| one.api_key != 2));
    client.send(7, &list(0, -1));
    assert_eq!(client.rest(), b"");
}

#[test]
fn metadata_tells_of_unknown_topics_of_leaderless_partitions_and_only_of_nodes_that_live() {
    let cluster = TestCluster::builder().nodes(3).topic("t", 3).rack(1, "east").start_blocking().expect("it starts");
    let mut client = Client::connect(&cluster, 1);
    assert_eq!(client.call(12, &metadata("u")).topics[0].error_code, 3);
    cluster.kill(2);
    let response = client.call(12, &metadata("t"));
    assert_eq!(response.brokers.iter().map(|node| node.node_id.0).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(response.brokers[0].rack.as_deref(), Some("east"));
    let partitions = &response.topics[0].partitions;
    assert_eq!(partitions.iter().map(|one| (one.error_code, one.leader_id.0)).collect::<Vec<_>>(), [(0, 1), (5, -1), (0, 3)]);
    let all = client.call(12, &MetadataRequest::default().with_topics(None));
    assert_eq!(all.topics.len(), 1);
    assert_eq!(all.topics[0].topic_id, cluster.topic_id("t"));
}

#[test]
fn topics_are_created_by_asking_only_where_the_cluster_and_the_client_allow_it() {
    let cluster = TestCluster::builder().auto_create(2).start_blocking().expect("it starts");
    let mut client = Client::connect(&cluster, 1);
    assert_eq!(client.call(4, &metadata("made").with_allow_auto_topic_creation(false)).topics[0].error_code, 3);
    assert_eq!(client.call(4, &metadata("made").with_allow_auto_topic_creation(true)).topics[0].partitions.len(), 2);
}

#[test]
fn offsets_are_listed_at_the_ends_at_the_greatest_time_and_by_time() {
    let cluster = TestCluster::builder().topic("t", 1).start_blocking().expect("it starts");
    let times = [10, 30, 20, 30, 5];
    for time in times {
        cluster.produce("t", 0, BatchBuilder::new().timestamp(time).values(["x", "y"]).build());
    }
    let mut client = Client::connect(&cluster, 1);
    assert_eq!(listed(&mut client, &list(0, -2)), (0, -1, 0));
    assert_eq!(listed(&mut client, &list(0, -1)), (0, -1, 10));
    assert_eq!(listed(&mut client, &list(0, -3)), (0, 30, 2), "the first of equal ones");
    assert_eq!(listed(&mut client, &list(0, 11)), (0, 30, 2));
    assert_eq!(listed(&mut client, &list(0, 31)), (0, -1, -1));
    assert_eq!(listed(&mut client, &list(9, -1)).0, 3);
    cluster.log("t", 0).set_last_stable(4);
    assert_eq!(listed(&mut client, &list(0, -1)), (0, -1, 10));
    assert_eq!(listed(&mut client, &list(0, -1).with_isolation_level(1)), (0, -1, 4));
    cluster.log("t", 0).delete_records(3);
    assert_eq!(listed(&mut client, &list(0, -2)), (0, -1, 3));
}

#[test]
fn a_fetch_outside_the_log_is_out_of_range_and_one_at_its_end_is_empty() {
    let cluster = cluster();
    cluster.log("t", 0).delete_records(1);
    let mut client = Client::connect(&cluster, 1);
    for offset in [0, 4] {
        let response = client.call(12, &fetch("t", 0, offset));
        let partition = &response.responses[0].partitions[0];
        let told = (partition.error_code, partition.high_watermark, partition.last_stable_offset, partition.log_start_offset);
        assert_eq!(told, (1, -1, -1, -1), "at {offset}");
    }
    let response = client.call(12, &fetch("t", 0, 3));
    let partition = &response.responses[0].partitions[0];
    let told = (partition.error_code, partition.high_watermark, partition.last_stable_offset, partition.log_start_offset);
    assert_eq!((told, partition.records.as_deref()), ((0, 3, 3, 1), Some(b"".as_slice())));
    let (_, records) = only(&client.call(12, &fetch("t", 0, 2)));
    assert_eq!(values(&records), ["a", "b", "c"], "an offset inside a batch gets it whole");
}

#[test]
fn a_long_poll_ends_when_enough_bytes_arrive_and_not_before() {
    let cluster = cluster();
    let batch = BatchBuilder::new().values(["d"]).build();
    let mut client = Client::connect(&cluster, 1);
    let enough = i32::try_from(batch.len() * 2).expect("a size");
    client.send(12, &fetch("t", 0, 3).with_max_wait_ms(60_000).with_min_bytes(enough));
    assert!(cluster.wait_for_requests(ApiKey::Fetch, 1, Duration::from_secs(10)));
    cluster.produce("t", 0, batch.clone());
    // One batch is too few bytes. The node has seen it once another connection, served by the same thread, got an answer.
    Client::connect(&cluster, 1).call(12, &metadata("t"));
    cluster.produce("t", 0, batch);
    let (_, response) = client.receive::<FetchRequest>(12).expect("an answer");
    assert_eq!(values(&only(&response).1), ["d", "d"]);
}

#[test]
fn a_long_poll_ends_when_its_time_is_over() {
    let cluster = cluster();
    let mut client = Client::connect(&cluster, 1);
    let begun = Instant::now();
    let (error, records) = only(&client.call(12, &fetch("t", 0, 3).with_max_wait_ms(50)));
    assert_eq!((error, records.len()), (0, 0));
    assert!(begun.elapsed() >= Duration::from_millis(50));
}

#[test]
fn a_long_poll_ends_at_once_with_an_error_when_the_leader_moves() {
    let cluster = TestCluster::builder().nodes(2).topic("t", 1).start_blocking().expect("it starts");
    let mut client = Client::connect(&cluster, 1);
    client.send(12, &fetch("t", 0, 0).with_max_wait_ms(60_000));
    assert!(cluster.wait_for_requests(ApiKey::Fetch, 1, Duration::from_secs(10)));
    cluster.log("t", 0).move_leader(2);
    let (_, response) = client.receive::<FetchRequest>(12).expect("an answer");
    assert_eq!(only(&response).0, 6);
    cluster.produce("t", 0, BatchBuilder::new().values(["x"]).build());
    let (error, records) = only(&Client::connect(&cluster, 2).call(12, &fetch("t", 0, 0)));
    assert_eq!((error, values(&records)), (0, vec!["x".to_owned()]));
}

#[test]
fn the_byte_limits_of_the_request_and_of_the_partition_cut_all_but_the_very_first_batch() {
    let cluster = TestCluster::builder().topic("t", 2).start_blocking().expect("it starts");
    let batch = BatchBuilder::new().values(["0123456789"]).build();
    let length = batch.len();
    for partition in [0, 0, 1, 1] {
        cluster.produce("t", partition, batch.clone());
    }
    let mut client = Client::connect(&cluster, 1);
    let mut sizes = |max_bytes: usize, partition_max_bytes: usize| {
        let limit = |bytes: usize| i32::try_from(bytes).expect("a size");
        let mut request = fetch("t", 0, 0).with_max_bytes(limit(max_bytes));
        let mut second = request.topics[0].partitions[0].clone();
        second.partition = 1;
        request.topics[0].partitions.push(second);
        request.topics[0].partitions.iter_mut().for_each(|one| one.partition_max_bytes = limit(partition_max_bytes));
        let response = client.call(12, &request);
        response.responses[0].partitions.iter().map(|one| one.records.as_ref().map_or(0, bytes::Bytes::len)).collect::<Vec<_>>()
    };
    assert_eq!(sizes(1 << 20, 1 << 20), [length * 2, length * 2]);
    assert_eq!(
        sizes(1 << 20, 1),
        [length, 0],
        "the first batch is whole, an incomplete first one of another partition is left out"
    );
    assert_eq!(sizes(1 << 20, length + 9), [length + 9, length + 9]);
    assert_eq!(sizes(length * 2 + 1, 1 << 20), [length * 2, 0]);
    assert_eq!(sizes(length * 3 + 1, 1 << 20), [length * 2, length + 1]);
    assert_eq!(sizes(0, 0), [length, 0]);
}

#[test]
fn leader_epochs_are_fenced_and_a_truncation_is_told_to_those_who_say_what_they_fetched_last() {
    let cluster = TestCluster::builder().nodes(2).topic("t", 1).start_blocking().expect("it starts");
    for _ in 0..2 {
        cluster.produce("t", 0, BatchBuilder::new().values(vec!["old"; 10]).build());
    }
    assert_eq!(cluster.log("t", 0).truncate(10), 1);
    cluster.produce("t", 0, BatchBuilder::new().values(vec!["new"; 5]).build());
    let mut client = Client::connect(&cluster, 1);
    let mut ask = |offset, current: i32, last: i32| {
        let mut request = fetch("t", 0, offset);
        request.topics[0].partitions[0].current_leader_epoch = current;
        request.topics[0].partitions[0].last_fetched_epoch = last;
        let response = client.call(12, &request);
        let partition = response.responses[0].partitions[0].clone();
        let bytes = partition.records.map_or(0, |records| records.len());
        (partition.error_code, partition.diverging_epoch, bytes > 0)
    };
    let none = EpochEndOffset::default();
    let diverging = EpochEndOffset::default().with_epoch(0).with_end_offset(10);
    assert_eq!(ask(12, 0, -1), (74, none.clone(), false));
    assert_eq!(ask(12, 99, -1), (75, none.clone(), false));
    assert_eq!(ask(20, 1, 0), (0, diverging.clone(), false));
    assert_eq!(ask(12, 1, 0), (0, diverging, false));
    assert_eq!(ask(12, 1, -1), (0, none.clone(), true), "without the last fetched epoch nothing is noticed");
    assert_eq!(ask(20, 1, -1), (1, none.clone(), false));
    assert_eq!(ask(10, 1, 0), (0, none, true));
}

#[test]
fn read_committed_stops_at_the_last_stable_offset_and_is_told_what_was_aborted() {
    let cluster = TestCluster::builder().topic("t", 1).start_blocking().expect("it starts");
    let log = cluster.log("t", 0);
    let data = |id| log.produce(BatchBuilder::new().producer(id, 0, 0).transactional().values(["x"]).build());
    data(7);
    log.produce(BatchBuilder::marker(Marker::Abort, 7, 0).build());
    data(8);
    let mut client = Client::connect(&cluster, 1);
    let response = client.call(12, &fetch("t", 0, 0).with_isolation_level(1));
    let partition = &response.responses[0].partitions[0];
    assert_eq!((partition.high_watermark, partition.last_stable_offset), (3, 2));
    assert_eq!(only(&response).1.len(), 2, "the data and the marker");
    let told = partition.aborted_transactions.as_ref().expect("a list");
    assert_eq!(told.iter().map(|one| (one.producer_id.0, one.first_offset)).collect::<Vec<_>>(), [(7, 0)]);
    let response = client.call(12, &fetch("t", 0, 0));
    assert_eq!(only(&response).1.len(), 3);
    assert_eq!(response.responses[0].partitions[0].aborted_transactions, None);
}

#[test]
fn a_held_high_watermark_hides_records_and_moving_it_wakes_the_clients_that_wait() {
    let cluster = cluster();
    cluster.produce("t", 0, BatchBuilder::new().values(["d"]).build());
    let log = cluster.log("t", 0);
    log.set_high_watermark(3);
    let mut client = Client::connect(&cluster, 1);
    let response = client.call(12, &fetch("t", 0, 0));
    assert_eq!((response.responses[0].partitions[0].high_watermark, values(&only(&response).1).len()), (3, 3));
    assert_eq!(listed(&mut client, &list(0, -1)), (0, -1, 3));
    let (error, records) = only(&client.call(12, &fetch("t", 0, 4)));
    assert_eq!((error, records.len()), (0, 0), "above the high watermark, below the end: wait, as Kafka does");
    cluster.clear_requests();
    client.send(12, &fetch("t", 0, 3).with_max_wait_ms(60_000));
    assert!(cluster.wait_for_requests(ApiKey::Fetch, 1, Duration::from_secs(10)));
    log.set_high_watermark(None);
    assert_eq!(values(&only(&client.receive::<FetchRequest>(12).expect("an answer").1).1), ["d"]);
}

#[test]
fn the_aborted_transactions_can_be_a_lie() {
    let cluster = cluster();
    let lies: Vec<Aborted> =
        [(9, 7), (5, 2), (9, 7)].map(|(producer_id, first_offset)| Aborted { producer_id, first_offset, last_offset: 0 }).into();
    cluster.log("t", 0).set_aborted(lies);
    let response = Client::connect(&cluster, 1).call(12, &fetch("t", 0, 0).with_isolation_level(1));
    let told = response.responses[0].partitions[0].aborted_transactions.as_ref().expect("a list");
    assert_eq!(told.iter().map(|one| (one.producer_id.0, one.first_offset)).collect::<Vec<_>>(), [(9, 7), (5, 2), (9, 7)]);
}

#[test]
fn bytes_that_are_no_batch_are_served_as_they_are() {
    let cluster = TestCluster::builder().topic("t", 1).start_blocking().expect("it starts");
    let log = cluster.log("t", 0);
    log.store_bytes(0, 9, vec![0xab; 100]);
    let mut old = BatchBuilder::new().magic(1).base_offset(10).values(["old"]).build().to_vec();
    old.truncate(64);
    log.store_bytes(10, 10, old.clone());
    let mut client = Client::connect(&cluster, 1);
    let mut bytes = |offset| client.call(12, &fetch("t", 0, offset)).responses[0].partitions[0].records.clone().expect("records");
    assert_eq!(bytes(0), [vec![0xab; 100], old.clone()].concat());
    assert_eq!(bytes(10), old);
}

#[test]
fn a_fetch_that_wants_a_session_is_told_that_there_is_none() {
    let cluster = cluster();
    let mut client = Client::connect(&cluster, 1);
    let response = client.call(12, &fetch("t", 0, 0).with_session_id(5).with_session_epoch(1));
    assert_eq!((response.error_code, response.session_id, response.responses.len()), (70, 0, 0));
    assert_eq!(client.call(12, &fetch("t", 0, 0).with_session_epoch(-1)).error_code, 0);
}

#[test]
fn producing_with_acks_0_stores_the_batch_and_answers_nothing() {
    let cluster = cluster();
    let mut client = Client::connect(&cluster, 1);
    client.send(9, &produce(0, BatchBuilder::new().values(["quiet"]).build()));
    let (_, records) = only(&client.call(12, &fetch("t", 1, 0)));
    assert_eq!(values(&records), ["quiet"], "the next answer is that of the next request");
}

#[test]
fn bad_batches_are_refused_as_kafka_refuses_them() {
    let settings = TopicSettings::new(2).max_message_bytes(200);
    let cluster = TestCluster::builder().topic("t", settings).start_blocking().expect("it starts");
    let mut client = Client::connect(&cluster, 1);
    let mut code = |batch| client.call(9, &produce(1, batch)).responses[0].partition_responses[0].error_code;
    let sound = BatchBuilder::new().values(["v"]);
    assert_eq!(code(sound.build()), 0);
    assert_eq!(code(sound.clone().crc_xor(1).build()), 2);
    assert_eq!(code(sound.build().slice(..65)), 2);
    assert_eq!(code(sound.clone().magic(1).build()), 87);
    assert_eq!(code([sound.build(), sound.build()].concat().into()), 87);
    assert_eq!(code(BatchBuilder::new().values(["v".repeat(500)]).build()), 10);
    let sequenced = |sequence| BatchBuilder::new().producer(5, 0, sequence).values(["s"]).build();
    assert_eq!(code(sequenced(0)), 0);
    assert_eq!(code(sequenced(2)), 45);
    assert_eq!(code(sequenced(0)), 0, "a duplicate is acknowledged again");
    assert_eq!(cluster.log("t", 1).log_end(), 2);
}

#[test]
fn a_topic_of_log_append_time_stamps_what_producers_send() {
    let cluster = TestCluster::builder().topic("t", TopicSettings::new(2).log_append_time()).start_blocking().expect("it starts");
    let mut client = Client::connect(&cluster, 1);
    let response = client.call(9, &produce(1, BatchBuilder::new().timestamp(5).values(["v"]).build()));
    let stamped = response.responses[0].partition_responses[0].log_append_time_ms;
    assert!(stamped > 1_700_000_000_000);
    let (_, records) = only(&client.call(12, &fetch("t", 1, 0)));
    assert_eq!(records[0].timestamp, stamped);
    let stored = &cluster.log("t", 1).batches()[0];
    kolumn_test_broker::batches(stored).next().expect("a batch").expect("whole").verify().expect("a repaired checksum");
}

#[test]
fn requests_of_one_connection_are_answered_in_order_however_many_are_sent() {
    let cluster = cluster();
    let mut client = Client::connect(&cluster, 1);
    let sent: Vec<i32> = (0..20).map(|_| client.send(12, &fetch("t", 0, 0))).collect();
    let received: Vec<i32> = (0..20).map(|_| client.receive::<FetchRequest>(12).expect("an answer").0).collect();
    assert_eq!(sent, received);
}
