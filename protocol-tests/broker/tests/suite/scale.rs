//! Ten thousand partitions on three nodes: what it costs must not grow with those that are idle.

use crate::client::{Client, by_id, fetch};
use kafka_protocol::messages::FetchRequest;
use kolumn_test_broker::{ApiKey, BatchBuilder, TestCluster, kafka_protocol};
use std::time::Duration;

const PARTITIONS: i32 = 10_000;
const ROUNDS: u64 = 300;

/// All partitions that a node leads, from their beginning, in a session that is to be made.
fn everything(cluster: &TestCluster, node: i32) -> FetchRequest {
    let mut request = fetch("t", 0, 0).with_session_epoch(0);
    let one = request.topics[0].partitions[0].clone();
    request.topics[0].partitions = led_by(node).map(|partition| one.clone().with_partition(partition)).collect();
    by_id(request, cluster, 17)
}

fn led_by(node: i32) -> impl Iterator<Item = i32> {
    (0..PARTITIONS).filter(move |partition| partition % 3 + 1 == node)
}

#[test]
fn a_session_of_thousands_of_idle_partitions_speaks_only_of_the_one_that_gets_records() {
    let cluster = TestCluster::builder().nodes(3).topic("t", PARTITIONS).start_blocking().expect("it starts");
    let batch = BatchBuilder::new().values(["v"]).build();
    let mut client = Client::connect(&cluster, 1);
    let first = client.call(17, &everything(&cluster, 1));
    assert_eq!(first.responses[0].partitions.len(), led_by(1).count());
    cluster.clear_requests();
    let mut next = fetch("t", 0, 0).with_session_id(first.session_id).with_max_wait_ms(60_000);
    next.topics.clear();
    for (round, epoch) in (1..=ROUNDS).zip(1..) {
        client.send(17, &next.clone().with_session_epoch(epoch));
        assert!(cluster.wait_for_requests(ApiKey::Fetch, round, Duration::from_secs(10)));
        // Another node's partition, and then one of this node: the fetch that waits is answered for that one alone.
        let partition = i32::try_from(round * 7919 % 3333).expect("a partition") * 3;
        cluster.produce("t", partition + 1, batch.clone());
        let offset = cluster.produce("t", partition, batch.clone());
        let (_, response) = client.receive::<FetchRequest>(17).expect("an answer");
        let told: Vec<i32> = response.responses[0].partitions.iter().map(|one| one.partition_index).collect();
        assert_eq!((response.error_code, told), (0, vec![partition]));
        // It is idle as soon as the client says that it has read it.
        let read = by_id(fetch("t", partition, offset + 1), &cluster, 17);
        next.topics = read.topics;
    }
    let stats = cluster.fetch_stats();
    assert_eq!((stats.partitions_asked, stats.partitions_answered), (ROUNDS - 1, ROUNDS));
    assert_eq!((stats.incremental, stats.partitions_kept), (ROUNDS, led_by(1).count()));
}
