//! Wires that take time, connections that are counted, and nodes that hear of nothing new.

use crate::client::{Client, fetch, name};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{ApiVersionsRequest, FetchRequest, MetadataRequest};
use kolumn_test_broker::{ApiKey, TestCluster, TopicSettings, Verdict, kafka_protocol};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

const ROUND_TRIP: Duration = Duration::from_millis(100);

/// ApiVersions, version 0, no client id.
fn question(correlation_id: u8) -> [u8; 14] {
    [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, correlation_id, 0xff, 0xff]
}

async fn answer(stream: &mut TcpStream) -> u8 {
    let length = stream.read_u32().await.expect("an answer");
    let mut body = vec![0; usize::try_from(length).expect("a length")];
    stream.read_exact(&mut body).await.expect("an answer");
    body[3]
}

// A paused clock moves on when a socket has news too, so that nothing takes less time than it should, and some things more.
#[tokio::test(start_paused = true)]
async fn an_answer_takes_the_round_trip_and_two_requests_may_be_under_way() {
    let cluster = TestCluster::builder().latency(ROUND_TRIP).start().await.expect("it starts");
    let mut stream = TcpStream::connect(cluster.address(1)).await.expect("it listens");
    let begun = Instant::now();
    stream.write_all(&question(1)).await.expect("it reads");
    assert_eq!(answer(&mut stream).await, 1);
    assert!(begun.elapsed() >= ROUND_TRIP);
    assert_eq!(cluster.most_in_flight(), 1);
    stream.write_all(&[question(2), question(3)].concat()).await.expect("it reads");
    assert_eq!((answer(&mut stream).await, answer(&mut stream).await), (2, 3));
    assert_eq!(cluster.most_in_flight(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_connection_takes_its_time_too_in_both_directions() {
    let cluster = TestCluster::builder().latency(ROUND_TRIP).start().await.expect("it starts");
    let mut stream = TcpStream::connect(cluster.address(1)).await.expect("it listens");
    cluster.next(ApiKey::ApiVersions, 1, Verdict::Close);
    let begun = Instant::now();
    stream.write_all(&question(1)).await.expect("it reads");
    assert_eq!(stream.read(&mut [0]).await.expect("an end"), 0);
    assert!(begun.elapsed() >= ROUND_TRIP);
    let mut stream = TcpStream::connect(cluster.address(1)).await.expect("it listens");
    cluster.next(ApiKey::ApiVersions, 1, Verdict::Reset);
    stream.write_all(&question(1)).await.expect("it reads");
    let error = stream.read(&mut [0]).await.expect_err("a reset");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    drop(stream);
    cluster.until_connections_fall_to(0).await;
}

#[test]
fn requests_that_are_sent_while_one_waits_are_seen_to_be_in_flight() {
    let cluster = TestCluster::builder().topic("t", 1).start_blocking().expect("it starts");
    let mut client = Client::connect(&cluster, 1);
    client.send(12, &fetch("t", 0, 0).with_max_wait_ms(60_000));
    assert!(cluster.wait_for_requests(ApiKey::Fetch, 1, Duration::from_secs(10)));
    client.send(12, &fetch("t", 0, 0));
    // The first is answered because of this, and what was sent before is there by then.
    cluster.produce("t", 0, kolumn_test_broker::BatchBuilder::new().values(["a"]).build());
    for _ in 0..2 {
        client.receive::<FetchRequest>(12).expect("an answer");
    }
    assert_eq!(cluster.most_in_flight(), 2);
}

#[test]
fn connections_are_counted_by_node_and_client_and_those_that_fetch_apart() {
    let cluster = TestCluster::builder().nodes(2).topic("t", 1).start_blocking().expect("it starts");
    let mut first = Client::connect(&cluster, 1);
    let mut second = Client::connect(&cluster, 1);
    let mut other = Client::connect(&cluster, 2);
    first.call(12, &fetch("t", 0, 0));
    second.call(3, &ApiVersionsRequest::default());
    other.call(12, &fetch("t", 0, 0));
    assert_eq!((cluster.connections_of_node(1), cluster.connections_of_node(2)), (2, 1));
    assert_eq!((cluster.connections_of_client("suite"), cluster.connections_of_client("another")), (3, 0));
    assert_eq!((cluster.most_fetching_connections(1), cluster.most_fetching_connections(2)), (1, 1));
    drop(first);
    while cluster.connections() > 2 {
        std::thread::yield_now();
    }
    second.call(12, &fetch("t", 0, 0));
    assert_eq!(cluster.most_fetching_connections(1), 1, "never two at once");
    let records = cluster.connection_records();
    let counted: Vec<_> = records.iter().map(|record| (record.node, record.open, record.requests, record.fetches)).collect();
    assert_eq!(counted.iter().filter(|(_, open, ..)| *open).count(), 2);
    assert!(counted.contains(&(1, false, 1, 1)) && counted.contains(&(1, true, 2, 1)) && counted.contains(&(2, true, 1, 1)));
}

fn metadata() -> MetadataRequest {
    MetadataRequest::default().with_topics(Some(vec![MetadataRequestTopic::default().with_name(Some(name("t")))]))
}

#[test]
fn a_node_that_is_frozen_tells_of_the_cluster_as_it_was() {
    let topic = TopicSettings::new(1).on([1, 2]);
    let cluster = TestCluster::builder().nodes(2).topic("t", topic).start_blocking().expect("it starts");
    cluster.freeze_metadata(2);
    cluster.log("t", 0).move_leader(2);
    cluster.add_partitions("t", 3);
    let told = |node| {
        let response = Client::connect(&cluster, node).call(12, &metadata());
        let partition = &response.topics[0].partitions[0];
        (partition.leader_id.0, partition.leader_epoch, response.topics[0].partitions.len())
    };
    assert_eq!((told(1), told(2)), ((2, 1, 3), (1, 0, 1)));
    cluster.thaw_metadata(2);
    assert_eq!(told(2), (2, 1, 3));
}

#[test]
fn metadata_can_be_empty_doubled_or_a_call_to_begin_anew() {
    let cluster = TestCluster::builder().nodes(2).topic("t", 1).start_blocking().expect("it starts");
    let mut client = Client::connect(&cluster, 1);
    let mut told = |verdict| {
        cluster.next(ApiKey::Metadata, 1, verdict);
        let response = client.call(13, &metadata());
        let partitions = response.topics.first().map_or(0, |topic| topic.partitions.len());
        (response.error_code, response.brokers.len(), response.topics.len(), partitions)
    };
    assert_eq!(told(Verdict::Pass), (0, 2, 1, 1));
    assert_eq!(told(Verdict::without_nodes()), (0, 0, 1, 1));
    assert_eq!(told(Verdict::without_topics()), (0, 2, 0, 0));
    assert_eq!(told(Verdict::doubled_metadata()), (0, 4, 2, 2));
    assert_eq!(told(Verdict::WholeError(129)), (129, 0, 0, 0));
}

#[test]
fn a_client_is_throttled_by_its_name_and_another_is_not() {
    let cluster = TestCluster::builder().topic("t", 1).start_blocking().expect("it starts");
    cluster.throttle("another", 1, Duration::from_millis(9));
    cluster.throttle("suite", 1, Duration::from_millis(7));
    let mut client = Client::connect(&cluster, 1);
    let mut throttled = || {
        let response = client.call(12, &fetch("t", 0, 0));
        (response.throttle_time_ms, response.responses.len())
    };
    assert_eq!([throttled(), throttled()], [(7, 0), (0, 1)]);
}
