use super::TestCluster;
use crate::{ApiKey, BatchBuilder, Log};

fn one_batch() -> bytes::Bytes {
    BatchBuilder::new().values(["a", "b", "c"]).build()
}

#[test]
fn producing_assigns_offsets_and_returns_the_first_one() {
    let cluster = TestCluster::builder().topic("t", 2).start_blocking().expect("it starts");
    assert_eq!(cluster.produce("t", 0, one_batch()), 0);
    assert_eq!(cluster.produce("t", 0, one_batch()), 3);
    assert_eq!(cluster.produce("t", 1, [one_batch(), one_batch()].concat()), 0);
    let log: Log<'_> = cluster.log("t", 1);
    assert_eq!((log.log_end(), log.batches().len()), (6, 2));
}

#[test]
#[should_panic(expected = "whole batches")]
fn what_is_no_batch_cannot_be_produced() {
    let cluster = TestCluster::builder().topic("t", 1).start_blocking().expect("it starts");
    cluster.produce("t", 0, one_batch().slice(..70));
}

#[test]
#[should_panic(expected = "no partition t/7")]
fn asking_for_a_partition_that_is_not_there_is_the_tests_own_mistake() {
    let cluster = TestCluster::builder().topic("t", 1).start_blocking().expect("it starts");
    cluster.log("t", 7);
}

#[test]
fn partitions_are_spread_over_the_nodes_and_move_when_one_with_replicas_dies() {
    let settings = crate::TopicSettings::new(3).replication(2);
    let cluster =
        TestCluster::builder().nodes(3).topic("single", 3).topic("double", settings).start_blocking().expect("it starts");
    let leaders = |topic| (0..3).map(|partition| cluster.log(topic, partition).leader()).collect::<Vec<_>>();
    assert_eq!(leaders("single"), [Some(1), Some(2), Some(3)]);
    cluster.kill(2);
    assert_eq!(leaders("single"), [Some(1), None, Some(3)]);
    assert_eq!(leaders("double"), [Some(1), Some(3), Some(3)]);
    assert_eq!(cluster.log("double", 1).leader_epoch(), 1);
    cluster.restart(2);
    assert_eq!(leaders("single"), [Some(1), Some(2), Some(3)]);
    assert_eq!(leaders("double"), [Some(1), Some(3), Some(3)], "leadership stays where it went");
}

#[test]
fn a_topic_created_again_is_empty_has_the_same_partitions_and_another_id() {
    let cluster = TestCluster::builder().topic("t", 2).start_blocking().expect("it starts");
    cluster.produce("t", 1, one_batch());
    let before = cluster.topic_id("t");
    cluster.add_partitions("t", 5);
    cluster.recreate_topic("t");
    assert_ne!(cluster.topic_id("t"), before);
    assert_eq!((cluster.log("t", 1).log_end(), cluster.log("t", 4).log_end()), (0, 0));
}

#[test]
fn a_killed_node_refuses_connections_and_comes_back_on_its_port_and_a_dropped_cluster_frees_it() {
    let cluster = TestCluster::builder().nodes(2).start_blocking().expect("it starts");
    let address = cluster.address(2);
    std::net::TcpStream::connect(address).expect("it listens");
    cluster.kill(2);
    let refused = std::net::TcpStream::connect(address).expect_err("it does not listen");
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    cluster.restart(2);
    assert_eq!(cluster.address(2), address);
    std::net::TcpStream::connect(address).expect("it listens again");
    drop(cluster);
    std::net::TcpListener::bind(address).expect("the port is free");
}

#[tokio::test]
async fn a_cluster_on_the_callers_runtime_frees_its_ports_when_it_is_stopped() {
    let cluster = TestCluster::builder().start().await.expect("it starts");
    let address = cluster.address(1);
    tokio::net::TcpStream::connect(address).await.expect("it listens");
    cluster.stop().await;
    std::net::TcpListener::bind(address).expect("the port is free");
}

#[test]
fn waiting_for_requests_that_never_come_ends_at_the_limit() {
    let cluster = TestCluster::builder().start_blocking().expect("it starts");
    assert!(!cluster.wait_for_requests(ApiKey::Fetch, 1, std::time::Duration::from_millis(1)));
    assert!(cluster.wait_for_requests(ApiKey::Fetch, 0, std::time::Duration::from_millis(1)));
}

#[tokio::test]
async fn a_test_on_the_same_runtime_can_wait_for_requests_and_for_connections_that_end() {
    let cluster = TestCluster::builder().start().await.expect("it starts");
    let address = cluster.address(1);
    let client = tokio::spawn(async move {
        let mut stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
        // ApiVersions, version 0, correlation id 1, no client id.
        let request = [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff];
        tokio::io::AsyncWriteExt::write_all(&mut stream, &request).await.expect("it reads");
        stream
    });
    cluster.until_requests(ApiKey::ApiVersions, 1).await;
    assert_eq!(cluster.connections(), 1);
    drop(client.await.expect("a stream"));
    cluster.until_connections_fall_to(0).await;
    assert_eq!(cluster.connections_accepted(), 1);
}
