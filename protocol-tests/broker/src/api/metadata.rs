//! Metadata (3): the nodes that are alive, and who leads which partition.

use crate::state::{Shared, State, Topic};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::metadata_response::{MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic};
use kafka_protocol::messages::{BrokerId, MetadataRequest, MetadataResponse, TopicName};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

pub(super) fn handle(shared: &Shared, request: &MetadataRequest, version: i16) -> MetadataResponse {
    create_missing(shared, request);
    let state = shared.state();
    let topics = match &request.topics {
        // Version 0 has no null: an empty list is all topics.
        Some(asked) if version > 0 || !asked.is_empty() => {
            asked.iter().map(|topic| one(&state, topic.name.as_ref(), topic.topic_id)).collect()
        }
        _ => state.topics.iter().map(|(name, topic)| describe(name, topic)).collect(),
    };
    let brokers = state.nodes.iter().filter(|(_, node)| node.alive).map(|(id, node)| {
        MetadataResponseBroker::default()
            .with_node_id(BrokerId(*id))
            .with_host(StrBytes::from(node.advertised_host.clone()))
            .with_port(i32::from(node.advertised_port))
            .with_rack(node.rack.clone().map(StrBytes::from))
    });
    let response = MetadataResponse::default()
        .with_brokers(brokers.collect())
        .with_controller_id(BrokerId(state.alive().next().unwrap_or(-1)))
        .with_topics(topics);
    if version >= 2 { response.with_cluster_id(Some(StrBytes::from(state.cluster_id.clone()))) } else { response }
}

fn one(state: &State, name: Option<&TopicName>, id: Uuid) -> MetadataResponseTopic {
    match name {
        Some(name) => match state.topics.get(name.as_str()) {
            Some(topic) => describe(name, topic),
            None => MetadataResponseTopic::default()
                .with_name(Some(name.clone()))
                .with_error_code(ResponseError::UnknownTopicOrPartition.code()),
        },
        None => match state.name_of(id).and_then(|name| Some((name, state.topics.get(name)?))) {
            Some((name, topic)) => describe(name, topic),
            None => MetadataResponseTopic::default().with_topic_id(id).with_error_code(ResponseError::UnknownTopicId.code()),
        },
    }
}

fn describe(name: &str, topic: &Topic) -> MetadataResponseTopic {
    let partitions = topic.partitions().map(|(index, partition)| {
        let error = if partition.leader.is_some() { 0 } else { ResponseError::LeaderNotAvailable.code() };
        let offline = partition.replicas.iter().filter(|node| !partition.in_sync.contains(node));
        MetadataResponsePartition::default()
            .with_error_code(error)
            .with_partition_index(index)
            .with_leader_id(BrokerId(partition.leader.unwrap_or(-1)))
            .with_leader_epoch(partition.leader_epoch)
            .with_replica_nodes(partition.replicas.iter().copied().map(BrokerId).collect())
            .with_isr_nodes(partition.in_sync.iter().copied().map(BrokerId).collect())
            .with_offline_replicas(offline.copied().map(BrokerId).collect())
    });
    MetadataResponseTopic::default()
        .with_name(Some(TopicName(StrBytes::from(name.to_owned()))))
        .with_topic_id(topic.id)
        .with_is_internal(topic.settings.internal)
        .with_partitions(partitions.collect())
}

fn create_missing(shared: &Shared, request: &MetadataRequest) {
    let (Some(partitions), true) = (shared.settings.auto_create, request.allow_auto_topic_creation) else { return };
    let names = request.topics.iter().flatten().filter_map(|topic| topic.name.as_ref());
    let missing: Vec<&str> = {
        let state = shared.state();
        names.map(|name| name.as_str()).filter(|name| !state.topics.contains_key(*name)).collect()
    };
    if !missing.is_empty() {
        shared.change(|state| missing.iter().for_each(|name| state.create_topic(name, partitions.into())));
    }
}
