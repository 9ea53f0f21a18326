//! All topics with their partitions, leaders and offsets.

use std::collections::BTreeMap;

use super::client::{Cluster, name_of};
use super::offsets::OffsetQuery;
use crate::error::Result;
use crate::position::{Offset, Partition};

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopicInfo {
    /// Its name.
    pub name: String,
    /// Its partitions, by number.
    pub partitions: Vec<PartitionInfo>,
    /// Whether it is Kafka's own, such as `__consumer_offsets`.
    pub internal: bool,
}

/// A partition of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartitionInfo {
    /// Its number.
    pub partition: Partition,
    /// The broker that leads it; none while an election is under way.
    pub leader: Option<i32>,
    /// The brokers that hold it.
    pub replicas: Vec<i32>,
    /// Those of them that are in sync.
    pub in_sync: Vec<i32>,
    /// The first offset that its log holds; none where it has no leader to ask.
    pub first: Option<Offset>,
    /// The offset after the last.
    pub next: Option<Offset>,
}

impl Cluster {
    /// All topics whose name `wanted` takes.
    ///
    /// # Errors
    ///
    /// Those of [`Cluster::offsets`].
    pub(crate) async fn topics(&mut self, wanted: impl Fn(&str) -> bool) -> Result<Vec<TopicInfo>> {
        let response = self.metadata(None).await?;
        let mut topics = Vec::new();
        for topic in &response.topics {
            let Some(name) = name_of(topic).filter(|name| topic.error_code == 0 && wanted(name)) else { continue };
            let mut partitions: Vec<PartitionInfo> = topic
                .partitions
                .iter()
                .map(|partition| PartitionInfo {
                    partition: partition.partition_index,
                    leader: (partition.leader_id.0 >= 0).then_some(partition.leader_id.0),
                    replicas: partition.replica_nodes.iter().map(|node| node.0).collect(),
                    in_sync: partition.isr_nodes.iter().map(|node| node.0).collect(),
                    first: None,
                    next: None,
                })
                .collect();
            partitions.sort_by_key(|partition| partition.partition);
            let led: Vec<Partition> =
                partitions.iter().filter(|partition| partition.leader.is_some()).map(|partition| partition.partition).collect();
            let first = self.bound(&name, &led, OffsetQuery::Earliest).await?;
            let next = self.bound(&name, &led, OffsetQuery::Latest { read_committed: false }).await?;
            for partition in &mut partitions {
                partition.first = first.get(&partition.partition).copied();
                partition.next = next.get(&partition.partition).copied();
            }
            topics.push(TopicInfo { name, partitions, internal: topic.is_internal });
        }
        topics.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(topics)
    }

    async fn bound(&mut self, topic: &str, partitions: &[Partition], query: OffsetQuery) -> Result<BTreeMap<Partition, Offset>> {
        let queries: Vec<_> = partitions.iter().map(|partition| (*partition, query)).collect();
        self.offsets(topic, &queries).await
    }
}
