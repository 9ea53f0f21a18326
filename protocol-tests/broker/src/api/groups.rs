//! FindCoordinator (10), OffsetCommit (8), OffsetFetch (9): enough of groups to store offsets; there are no members.

use crate::state::{Committed, Shared, State};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic};
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions, OffsetFetchResponseTopic,
    OffsetFetchResponseTopics,
};
use kafka_protocol::messages::{
    BrokerId, FindCoordinatorRequest, FindCoordinatorResponse, OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest,
    OffsetFetchResponse, TopicName,
};
use kafka_protocol::protocol::StrBytes;

/// The first node that is alive coordinates everything.
pub(super) fn find(shared: &Shared, request: &FindCoordinatorRequest, version: i16) -> FindCoordinatorResponse {
    let state = shared.state();
    let node = state.nodes.iter().find(|(_, node)| node.alive);
    let (id, host, port) =
        node.map_or((-1, String::new(), -1), |(id, node)| (*id, node.advertised_host.clone(), i32::from(node.advertised_port)));
    let (id, host) = (BrokerId(id), StrBytes::from(host));
    if version < 4 {
        return FindCoordinatorResponse::default().with_node_id(id).with_host(host).with_port(port);
    }
    let coordinators = request
        .coordinator_keys
        .iter()
        .map(|key| Coordinator::default().with_key(key.clone()).with_node_id(id).with_host(host.clone()).with_port(port));
    FindCoordinatorResponse::default().with_coordinators(coordinators.collect())
}

pub(super) fn commit(shared: &Shared, request: &OffsetCommitRequest) -> OffsetCommitResponse {
    let topics = shared.change(|state| {
        let topics = request.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|partition| {
                let known = state.partition(&topic.name, partition.partition_index).is_some();
                if known {
                    let committed = Committed {
                        offset: partition.committed_offset,
                        leader_epoch: partition.committed_leader_epoch,
                        metadata: partition.committed_metadata.as_ref().map(|text| text.to_string()),
                    };
                    let key = (request.group_id.to_string(), topic.name.to_string(), partition.partition_index);
                    state.committed.insert(key, committed);
                }
                let error = if known { 0 } else { ResponseError::UnknownTopicOrPartition.code() };
                OffsetCommitResponsePartition::default().with_partition_index(partition.partition_index).with_error_code(error)
            });
            OffsetCommitResponseTopic::default().with_name(topic.name.clone()).with_partitions(partitions.collect())
        });
        topics.collect()
    });
    OffsetCommitResponse::default().with_topics(topics)
}

pub(super) fn fetch(shared: &Shared, request: &OffsetFetchRequest, version: i16) -> OffsetFetchResponse {
    let state = shared.state();
    if version < 8 {
        let asked = request
            .topics
            .as_ref()
            .map(|topics| topics.iter().map(|topic| (topic.name.clone(), topic.partition_indexes.clone())).collect());
        let topics = committed_of(&state, &request.group_id, asked).into_iter().map(|(name, partitions)| {
            let partitions = partitions.into_iter().map(|(index, found)| {
                OffsetFetchResponsePartition::default()
                    .with_partition_index(index)
                    .with_committed_offset(found.offset)
                    .with_committed_leader_epoch(found.leader_epoch)
                    .with_metadata(found.metadata.map(StrBytes::from))
            });
            OffsetFetchResponseTopic::default().with_name(name).with_partitions(partitions.collect())
        });
        return OffsetFetchResponse::default().with_topics(topics.collect());
    }
    let groups = request.groups.iter().map(|group| {
        let asked = group
            .topics
            .as_ref()
            .map(|topics| topics.iter().map(|topic| (topic.name.clone(), topic.partition_indexes.clone())).collect());
        let topics = committed_of(&state, &group.group_id, asked).into_iter().map(|(name, partitions)| {
            let partitions = partitions.into_iter().map(|(index, found)| {
                OffsetFetchResponsePartitions::default()
                    .with_partition_index(index)
                    .with_committed_offset(found.offset)
                    .with_committed_leader_epoch(found.leader_epoch)
                    .with_metadata(found.metadata.map(StrBytes::from))
            });
            OffsetFetchResponseTopics::default().with_name(name).with_partitions(partitions.collect())
        });
        OffsetFetchResponseGroup::default().with_group_id(group.group_id.clone()).with_topics(topics.collect())
    });
    OffsetFetchResponse::default().with_groups(groups.collect())
}

type Asked = Vec<(TopicName, Vec<i32>)>;

/// What a group committed of these partitions, or of all that it ever committed; -1 where it committed nothing.
fn committed_of(state: &State, group: &str, asked: Option<Asked>) -> Vec<(TopicName, Vec<(i32, Committed)>)> {
    let asked = asked.unwrap_or_else(|| {
        let mut all = Asked::new();
        for (_, topic, partition) in state.committed.keys().filter(|(of, ..)| of == group) {
            let name = TopicName(StrBytes::from(topic.clone()));
            match all.iter_mut().find(|(known, _)| *known == name) {
                Some((_, partitions)) => partitions.push(*partition),
                None => all.push((name, vec![*partition])),
            }
        }
        all
    });
    let found = asked.into_iter().map(|(name, partitions)| {
        let partitions = partitions.into_iter().map(|partition| {
            let key = (group.to_owned(), name.to_string(), partition);
            let none = || Committed { offset: -1, leader_epoch: -1, metadata: Some(String::new()) };
            (partition, state.committed.get(&key).cloned().unwrap_or_else(none))
        });
        let partitions = partitions.collect();
        (name, partitions)
    });
    found.collect()
}
