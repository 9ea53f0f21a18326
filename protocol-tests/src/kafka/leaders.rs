//! Who leads and who holds a partition, changed by hand.

use std::net::SocketAddr;

use kafka_protocol::messages::alter_partition_reassignments_request::{ReassignablePartition, ReassignableTopic};
use kafka_protocol::messages::elect_leaders_request::TopicPartitions;
use kafka_protocol::messages::{AlterPartitionReassignmentsRequest, BrokerId, ElectLeadersRequest};

use super::admin::{Admin, check, limit_ms, topic_name};
use super::wire::call;
use crate::error::Result;

/// ELECTION_NOT_NEEDED.
const NOT_NEEDED: i16 = 84;

impl Admin {
    /// Makes the first of a partition's nodes its leader again.
    pub fn elect_preferred(&self, topic: &str, partition: i32) -> Result<()> {
        self.elect(topic, partition, 0)
    }

    fn elect(&self, topic: &str, partition: i32, election: i8) -> Result<()> {
        let wanted = TopicPartitions::default().with_topic(topic_name(topic)).with_partitions(vec![partition]);
        let request = ElectLeadersRequest::default()
            .with_election_type(election)
            .with_topic_partitions(Some(vec![wanted]))
            .with_timeout_ms(limit_ms());
        let answer = self.any(|broker| call(broker, 2, &request))?;
        check("ElectLeaders", topic, answer.error_code, None)?;
        for result in answer.replica_election_results.into_iter().flat_map(|topic| topic.partition_result) {
            if result.error_code != NOT_NEEDED {
                check("ElectLeaders", topic, result.error_code, result.error_message)?;
            }
        }
        Ok(())
    }

    /// Moves a partition to these nodes, and waits until they, and no others, hold it and are in sync.
    pub fn reassign(&self, topic: &str, partition: i32, nodes: &[i32]) -> Result<()> {
        let replicas: Vec<BrokerId> = nodes.iter().copied().map(BrokerId).collect();
        let moved = ReassignablePartition::default().with_partition_index(partition).with_replicas(Some(replicas.clone()));
        let moved = ReassignableTopic::default().with_name(topic_name(topic)).with_partitions(vec![moved]);
        let request = AlterPartitionReassignmentsRequest::default().with_timeout_ms(limit_ms()).with_topics(vec![moved]);
        let answer = self.any(|broker| call(broker, 0, &request))?;
        check("AlterPartitionReassignments", topic, answer.error_code, answer.error_message)?;
        for partition in answer.responses.into_iter().flat_map(|topic| topic.partitions) {
            check("AlterPartitionReassignments", topic, partition.error_code, partition.error_message)?;
        }
        let nodes = |found: &[BrokerId]| {
            let mut sorted = found.to_vec();
            sorted.sort_unstable();
            sorted
        };
        self.until(&format!("the move of {topic}/{partition}"), |broker: SocketAddr| {
            let metadata = self.metadata(broker, Some(topic))?;
            let mut partitions = metadata.topics.iter().flat_map(|topic| &topic.partitions);
            let found = partitions.find(|found| found.partition_index == partition);
            Ok(found.is_some_and(|found| {
                nodes(&found.replica_nodes) == nodes(&replicas) && nodes(&found.isr_nodes) == nodes(&replicas)
            }))
        })
    }
}
