//! Views, answers and a core for tests.

use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_protocol::messages::fetch_response::{AbortedTransaction, FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::{FetchRequest, FetchResponse, ProducerId, TopicName};
use kafka_protocol::protocol::StrBytes;

use super::*;
use crate::cluster::{Backoff, PartitionView, TopicView};

pub(super) const TOPIC: &str = "orders";
pub(super) const MAX_WAIT: Duration = Duration::from_millis(500);

pub(super) fn settings() -> FetchSettings {
    FetchSettings {
        min_bytes: 1,
        max_wait: MAX_WAIT,
        max_bytes: 8 << 20,
        max_partition_bytes: 2 << 20,
        read_committed: false,
        in_flight: 1,
        rack: String::new(),
        follower_lease: Duration::from_secs(300),
        retry: Backoff { initial: Duration::from_millis(100), max: Duration::from_secs(1) },
    }
}

pub(super) fn core() -> FetchCore {
    FetchCore::new(TOPIC.into(), settings(), 1)
}

/// Metadata: partition, leader (-1 for none), leader epoch.
pub(super) fn view(partitions: &[(i32, i32, i32)]) -> TopicView {
    let partition = |&(partition, leader, leader_epoch): &(i32, i32, i32)| {
        (partition, PartitionView { leader: (leader >= 0).then_some(leader), leader_epoch, error: 0 })
    };
    TopicView {
        topic: TOPIC.into(),
        topic_id: Default::default(),
        partitions: partitions.iter().map(partition).collect(),
        brokers: Default::default(),
        cluster_id: None,
    }
}

/// A core that reads these partitions, all led by broker 1, from offset 0.
pub(super) fn reading(partitions: impl IntoIterator<Item = i32>) -> FetchCore {
    let mut core = core();
    let mut leaders = Vec::new();
    for partition in partitions {
        core.assign(partition, 0, -1, None);
        leaders.push((partition, 1, 0));
    }
    core.topic_view(&view(&leaders));
    core
}

/// Partition and offset of all that a request asks for, in its order.
pub(super) fn asked(request: &FetchRequest) -> Vec<(i32, i64)> {
    let partitions = request.topics.iter().flat_map(|topic| &topic.partitions);
    partitions.map(|partition| (partition.partition, partition.fetch_offset)).collect()
}

pub(super) fn empty(partition: i32) -> PartitionData {
    PartitionData::default()
        .with_partition_index(partition)
        .with_high_watermark(1_000_000)
        .with_last_stable_offset(1_000_000)
        .with_log_start_offset(0)
}

pub(super) fn refusal(partition: i32, code: i16) -> PartitionData {
    empty(partition).with_error_code(code).with_high_watermark(-1).with_last_stable_offset(-1).with_log_start_offset(-1)
}

pub(super) fn full(partition: i32, records: impl Into<Bytes>) -> PartitionData {
    empty(partition).with_records(Some(records.into()))
}

pub(super) fn aborting(data: PartitionData, list: &[(i64, i64)]) -> PartitionData {
    let entry = |&(producer, first): &(i64, i64)| {
        AbortedTransaction::default().with_producer_id(ProducerId(producer)).with_first_offset(first)
    };
    data.with_aborted_transactions(Some(list.iter().map(entry).collect()))
}

pub(super) fn answer(partitions: Vec<PartitionData>) -> FetchResponse {
    answer_about(TOPIC, partitions)
}

pub(super) fn answer_about(topic: &'static str, partitions: Vec<PartitionData>) -> FetchResponse {
    let topic = TopicName(StrBytes::from_static_str(topic));
    FetchResponse::default().with_responses(vec![FetchableTopicResponse::default().with_topic(topic).with_partitions(partitions)])
}

pub(super) fn after(start: Instant, milliseconds: u64) -> Instant {
    start + Duration::from_millis(milliseconds)
}
