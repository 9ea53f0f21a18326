//! The topics of a cluster.

use kolumn::Properties;

use crate::exit::Failure;

/// A topic of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TopicSeen {
    /// Its name.
    pub(crate) name: String,
    /// Whether it is the cluster's own.
    pub(crate) internal: bool,
    /// Its partitions.
    pub(crate) partitions: Vec<TopicPartition>,
}

/// A partition of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TopicPartition {
    /// Its number.
    pub(crate) partition: i32,
    /// The first offset, where the broker told it.
    pub(crate) first: Option<i64>,
    /// The offset after the last, where the broker told it.
    pub(crate) next: Option<i64>,
    /// The broker that leads it, if any does.
    pub(crate) leader: Option<i32>,
    /// The brokers that hold it.
    pub(crate) replicas: Vec<i32>,
    /// Those of them that are in sync.
    pub(crate) in_sync: Vec<i32>,
}

/// The topics of a cluster whose name `wanted` takes.
pub(crate) async fn topics(
    properties: &Properties,
    wanted: impl Fn(&str) -> bool + Send + 'static,
) -> Result<Vec<TopicSeen>, Failure> {
    let topics = kolumn::topics(properties, wanted).await?.into_iter();
    let seen = topics.map(|topic| TopicSeen {
        name: topic.name,
        internal: topic.internal,
        partitions: topic
            .partitions
            .into_iter()
            .map(|partition| TopicPartition {
                partition: partition.partition,
                first: partition.first,
                next: partition.next,
                leader: partition.leader,
                replicas: partition.replicas,
                in_sync: partition.in_sync,
            })
            .collect(),
    });
    Ok(seen.collect())
}
