//! Topics by id, and the hints of who leads that came with later versions of Fetch.

use crate::client::{Client, by_id, fetch, only, values};
use kafka_protocol::messages::fetch_response::LeaderIdAndEpoch;
use kafka_protocol::messages::{BrokerId, FetchRequest};
use kolumn_test_broker::{BatchBuilder, TestCluster, TopicSettings, Verdict, kafka_protocol};

fn cluster() -> TestCluster {
    let topic = TopicSettings::new(1).replication(2);
    let cluster = TestCluster::builder().nodes(2).topic("t", topic).start_blocking().expect("it starts");
    cluster.produce("t", 0, BatchBuilder::new().values(["a"]).build());
    cluster
}

#[test]
fn a_topic_is_fetched_by_its_id_and_an_id_of_no_topic_is_unknown() {
    let cluster = cluster();
    let mut client = Client::connect(&cluster, 1);
    for version in 13..=17 {
        let request = by_id(fetch("t", 0, 0), &cluster, version);
        let response = client.call(version, &request);
        assert_eq!(response.responses[0].topic_id, cluster.topic_id("t"));
        assert_eq!(values(&only(&response).1), ["a"]);
        cluster.recreate_topic("t");
        cluster.produce("t", 0, BatchBuilder::new().values(["a"]).build());
        let response = client.call(version, &request);
        assert_eq!((only(&response).0, response.responses[0].topic_id), (100, request.topics[0].topic_id));
    }
}

#[test]
fn a_scripted_error_of_a_partition_finds_its_topic_by_name_also_where_the_request_has_its_id() {
    let cluster = cluster();
    let mut client = Client::connect(&cluster, 1);
    cluster.next(kolumn_test_broker::ApiKey::Fetch, 1, Verdict::PartitionError("t".into(), 0, 56));
    assert_eq!(only(&client.call(17, &by_id(fetch("t", 0, 0), &cluster, 17))).0, 56);
    cluster.next(kolumn_test_broker::ApiKey::Fetch, 1, Verdict::Error(100));
    let response = client.call(17, &by_id(fetch("t", 0, 0), &cluster, 17));
    assert_eq!((only(&response).0, response.responses[0].topic_id), (100, cluster.topic_id("t")));
}

#[test]
fn from_version_16_an_answer_says_who_leads_and_where_that_node_listens() {
    let cluster = cluster();
    let epoch = cluster.log("t", 0).move_leader(2);
    let mut client = Client::connect(&cluster, 1);
    let mut ask = |version, current_epoch| {
        let mut request: FetchRequest = by_id(fetch("t", 0, 0), &cluster, version);
        request.topics[0].partitions[0].current_leader_epoch = current_epoch;
        let response = client.call(version, &request);
        let leader = response.responses[0].partitions[0].current_leader.clone();
        (only(&response).0, leader, response.node_endpoints)
    };
    let leader = LeaderIdAndEpoch::default().with_leader_id(BrokerId(2)).with_leader_epoch(epoch);
    for version in [16, 17] {
        let (error, told, nodes) = ask(version, epoch - 1);
        assert_eq!((error, told), (74, leader.clone()));
        assert_eq!((nodes.len(), nodes[0].node_id.0), (1, 2));
        assert_eq!(nodes[0].port, i32::from(cluster.address(2).port()));
        assert_eq!(ask(version, epoch + 1), (75, LeaderIdAndEpoch::default(), Vec::new()));
    }
    assert_eq!(ask(15, epoch - 1), (74, LeaderIdAndEpoch::default(), Vec::new()));
}
