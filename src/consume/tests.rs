//! Consumptions of a scripted cluster: what no broker can bring about.

use bytes::Bytes;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
use kafka_protocol::messages::metadata_response::{MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic};
use kafka_protocol::messages::{
    ApiKey, ApiVersionsResponse, FetchRequest, FetchResponse, ListOffsetsRequest, ListOffsetsResponse, MetadataResponse,
    TopicName,
};
use kafka_protocol::protocol::StrBytes;
use tokio::sync::oneshot;

use super::plan::Plan;
use super::*;
use crate::decode::PANICS;
use crate::position::Offsets;
use crate::record::sample::Batch;
use crate::spec;
use crate::table::{EventKind, PartitionState};
use crate::wire::testing::{Asked, Network, Reply};

fn topic() -> TopicName {
    TopicName(StrBytes::from_static_str("t"))
}

/// A broker of the topic `t`, whose partitions hold these values, a batch of each.
fn serving(partitions: Vec<Vec<&'static str>>) -> Network {
    let network = Network::default();
    network.host("a:9092", move |asked| answer(asked, &partitions));
    network
}

fn answer(asked: &Asked, partitions: &[Vec<&'static str>]) -> Reply {
    let values = |partition: i32| partitions.get(usize::try_from(partition).expect("not negative")).expect("a partition");
    let next = |partition: i32| i64::try_from(values(partition).len()).expect("few");
    if asked.is(ApiKey::ApiVersions) {
        let api = |(key, max)| ApiVersion::default().with_api_key(key).with_max_version(max);
        let apis = [(1, 6), (2, 2), (3, 5), (18, 3)].map(api).to_vec();
        return asked.answer(&ApiVersionsResponse::default().with_api_keys(apis));
    }
    if asked.is(ApiKey::Metadata) {
        let broker =
            MetadataResponseBroker::default().with_node_id(1.into()).with_host(StrBytes::from_static_str("a")).with_port(9092);
        let count = i32::try_from(partitions.len()).expect("few");
        let partition = |index| MetadataResponsePartition::default().with_partition_index(index).with_leader_id(1.into());
        let found =
            MetadataResponseTopic::default().with_name(Some(topic())).with_partitions((0..count).map(partition).collect());
        return asked.answer(&MetadataResponse::default().with_brokers(vec![broker]).with_topics(vec![found]));
    }
    if asked.is(ApiKey::ListOffsets) {
        let request: ListOffsetsRequest = asked.request();
        let found = request.topics.iter().flat_map(|topic| &topic.partitions).map(|partition| {
            let offset = if partition.timestamp == -1 { next(partition.partition_index) } else { 0 };
            ListOffsetsPartitionResponse::default().with_partition_index(partition.partition_index).with_offset(offset)
        });
        let found = ListOffsetsTopicResponse::default().with_name(topic()).with_partitions(found.collect());
        return asked.answer(&ListOffsetsResponse::default().with_topics(vec![found]));
    }
    let request: FetchRequest = asked.request();
    let found = request.topics.iter().flat_map(|topic| &topic.partitions).map(|partition| {
        let index = partition.partition;
        let from = usize::try_from(partition.fetch_offset).expect("not negative");
        let batches = values(index).iter().enumerate().skip(from);
        let bytes: Vec<u8> =
            batches.flat_map(|(at, value)| Batch::at(i64::try_from(at).expect("few")).records([value]).bytes()).collect();
        PartitionData::default()
            .with_partition_index(index)
            .with_high_watermark(next(index))
            .with_records(Some(Bytes::from(bytes)))
    });
    let found = FetchableTopicResponse::default().with_topic(topic()).with_partitions(found.collect());
    asked.answer(&FetchResponse::default().with_responses(vec![found]))
}

/// A table of the whole topic, by one lane.
async fn whole(network: &Network, consume: Consume) -> Table {
    let consume = consume.brokers("a:9092").value(spec::raw(PANICS)).offsets(Offsets::Beginning).until(Stop::End).lanes(1);
    let plan = Plan::new(consume, TableType::Append, false).expect("a plan");
    let (ready, started) = oneshot::channel();
    let transport = network.transport();
    control::on_thread(move || control::run(plan, transport, ready)).expect("a thread");
    match started.await.expect("an answer").expect("a table") {
        Handle::Plain(table, _) => table,
        Handle::Partitioned(_) => panic!("by partition"),
    }
}

#[tokio::test]
async fn e3_a_decoder_that_panics_stops_its_partition_and_the_others_come_to_their_end() {
    let network = serving(vec![vec!["a", "b", "boom", "d"], vec!["e", "f", "g"], vec!["h", "i"]]);
    let table = whole(&network, consume("t")).await;
    let error = table.finished().await.expect_err("a partition stopped");
    assert!(matches!(&error, Error::Panicked { what, reason } if what.contains("t/0") && reason == "boom"), "{error}");
    let status = table.status();
    let states: Vec<_> = status.partitions.iter().map(|partition| (partition.position, partition.state.clone())).collect();
    let failed = PartitionState::Failed { error: error.clone() };
    assert_eq!(states[1..], [(3, PartitionState::Ended), (2, PartitionState::Ended)]);
    assert_eq!(states[0].1, failed);
    assert!(states[0].0 <= 2, "nothing of the batch that it panicked at: {}", states[0].0);
    let snapshot = table.snapshot();
    assert_eq!(i64::try_from(snapshot.rows()), Ok(states[0].0 + 5));
    assert!(snapshot.positions().iter().all(|(_, position)| position.account.adds_up()));
    let failed = EventKind::PartitionFailed { error };
    assert!(status.events.iter().any(|event| event.partition == Some(0) && event.what == failed), "{:?}", status.events);
}

#[tokio::test]
async fn e3_rows_that_a_panic_took_with_it_do_not_count_against_the_limit() {
    let network = serving(vec![vec!["a", "b", "boom", "d"], vec!["e", "f", "g"]]);
    let table = whole(&network, consume("t").limit(3)).await;
    table.finished().await.expect("the limit is reached");
    assert_eq!(table.snapshot().rows(), 3);
}
