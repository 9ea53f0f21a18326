//! All topics with their partitions, leaders and offsets.

use std::collections::BTreeMap;
use std::sync::Arc;

use kafka_protocol::messages::metadata_response::MetadataResponseTopic;

use super::client::Cluster;
use super::metadata::name_of;
use super::offsets::{Asking, OffsetQuery};
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
    /// The first offset that its log holds; none where no leader answers.
    pub first: Option<Offset>,
    /// The offset after the last.
    pub next: Option<Offset>,
}

impl Cluster {
    /// All topics whose name `wanted` takes, in the order of their names.
    ///
    /// A partition whose leader does not answer has no offsets; the others are told all the same.
    ///
    /// # Errors
    ///
    /// [`Error::OtherCluster`](crate::error::Error::OtherCluster), and after `default.api.timeout.ms` what stood in the way last.
    pub(crate) async fn topics(&mut self, wanted: impl Fn(&str) -> bool) -> Result<Vec<TopicInfo>> {
        let response = self.persist("metadata of all topics".into(), async |cluster, _| {
            let (_, response) = cluster.metadata(None).await?;
            Ok(response)
        });
        let response = response.await?;
        let mut topics: Vec<TopicInfo> = response
            .topics
            .iter()
            .filter(|topic| topic.error_code == 0)
            .filter_map(|topic| Some((name_of(topic).filter(|name| wanted(name))?, topic)))
            .map(|(name, topic)| described(name, topic))
            .collect();
        topics.sort_by(|left, right| left.name.cmp(&right.name));
        let first = self.bounds(&topics, OffsetQuery::Earliest).await;
        let next = self.bounds(&topics, OffsetQuery::Latest { read_committed: false }).await;
        for topic in &mut topics {
            let name: Arc<str> = topic.name.as_str().into();
            for partition in &mut topic.partitions {
                let key = (Arc::clone(&name), partition.partition);
                partition.first = first.get(&key).copied();
                partition.next = next.get(&key).copied();
            }
        }
        Ok(topics)
    }

    /// One offset of each partition, as far as its leader tells.
    async fn bounds(&mut self, topics: &[TopicInfo], query: OffsetQuery) -> BTreeMap<(Arc<str>, Partition), Offset> {
        let mut found = BTreeMap::new();
        let mut open: Vec<Asking> = Vec::new();
        for topic in topics {
            let name: Arc<str> = topic.name.as_str().into();
            let led = topic.partitions.iter().filter(|partition| partition.leader.is_some());
            open.extend(led.map(|partition| Asking {
                topic: Arc::clone(&name),
                partition: partition.partition,
                leader: partition.leader,
                leader_epoch: -1,
                query,
            }));
        }
        for (key, answer) in self.ask_leaders(&open).await {
            match answer {
                Ok(offset) => drop(found.insert(key, offset)),
                Err(trouble) => tracing::warn!(topic = &*key.0, partition = key.1, error = %trouble.error(), "offsets not told"),
            }
        }
        found
    }
}

fn described(name: &str, topic: &MetadataResponseTopic) -> TopicInfo {
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
    TopicInfo { name: name.to_owned(), partitions, internal: topic.is_internal }
}
