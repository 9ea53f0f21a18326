//! Metadata (3): the nodes that are alive, and who leads which partition.

use super::Context;
use crate::state::{Shared, State, Topic};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::{MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic};
use kafka_protocol::messages::{BrokerId, MetadataRequest, MetadataResponse, TopicName};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

pub(super) fn handle(context: &Context, request: &MetadataRequest, version: i16) -> MetadataResponse {
    create_missing(&context.shared, request);
    let state = context.shared.state();
    // Version 0 has no null: an empty list is all topics.
    let asked = request.topics.as_ref().filter(|asked| version > 0 || !asked.is_empty());
    let response = match state.nodes.get(&context.node).and_then(|node| node.frozen.as_deref()) {
        Some(frozen) => stale(frozen, asked.map(Vec::as_slice)),
        None => match asked {
            Some(asked) => {
                let topics = asked.iter().map(|topic| one(&state, topic.name.as_ref(), topic.topic_id));
                nodes(&state).with_topics(topics.collect())
            }
            None => everything(&state),
        },
    };
    if version >= 2 { response } else { response.with_cluster_id(None) }
}

/// All nodes and all topics.
pub(crate) fn everything(state: &State) -> MetadataResponse {
    nodes(state).with_topics(state.topics.iter().map(|(name, topic)| describe(name, topic)).collect())
}

fn nodes(state: &State) -> MetadataResponse {
    let brokers = state.nodes.iter().filter(|(_, node)| node.alive).map(|(id, node)| {
        MetadataResponseBroker::default()
            .with_node_id(BrokerId(*id))
            .with_host(StrBytes::from(node.advertised_host.clone()))
            .with_port(i32::from(node.advertised_port))
            .with_rack(node.rack.clone().map(StrBytes::from))
    });
    MetadataResponse::default()
        .with_brokers(brokers.collect())
        .with_controller_id(BrokerId(state.alive().next().unwrap_or(-1)))
        .with_cluster_id(Some(StrBytes::from(state.cluster_id.clone())))
}

/// What a node tells that hears of nothing new.
fn stale(frozen: &MetadataResponse, asked: Option<&[MetadataRequestTopic]>) -> MetadataResponse {
    let Some(asked) = asked else { return frozen.clone() };
    let topics = asked.iter().map(|asked| {
        let known = frozen.topics.iter().find(|topic| match &asked.name {
            Some(_) => topic.name == asked.name,
            None => topic.topic_id == asked.topic_id,
        });
        known.cloned().unwrap_or_else(|| unknown(asked.name.as_ref(), asked.topic_id))
    });
    let mut response = frozen.clone();
    response.topics = topics.collect();
    response
}

fn unknown(name: Option<&TopicName>, id: Uuid) -> MetadataResponseTopic {
    let error = if name.is_some() { ResponseError::UnknownTopicOrPartition } else { ResponseError::UnknownTopicId };
    MetadataResponseTopic::default().with_name(name.cloned()).with_topic_id(id).with_error_code(error.code())
}

fn one(state: &State, name: Option<&TopicName>, id: Uuid) -> MetadataResponseTopic {
    let known = name.map(|name| name.as_str()).or_else(|| state.name_of(id));
    match known.and_then(|known| Some((known, state.topics.get(known)?))) {
        Some((known, topic)) => describe(known, topic),
        None => unknown(name, id),
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
