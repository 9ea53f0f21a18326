//! One topic and who leads its partitions.

use super::Follower;
use crate::log::PartitionLog;
use kafka_protocol::messages::TopicName;
use std::collections::BTreeMap;
use uuid::Uuid;

/// How a topic is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicSettings {
    pub(crate) partitions: i32,
    pub(crate) replication: usize,
    pub(crate) nodes: Vec<i32>,
    pub(crate) internal: bool,
    pub(crate) log_append_time: bool,
    pub(crate) max_message_bytes: usize,
}

impl TopicSettings {
    /// This many partitions, each on one node; create time; batches of up to 1 MiB from producers.
    pub fn new(partitions: i32) -> Self {
        Self {
            partitions,
            replication: 1,
            nodes: Vec::new(),
            internal: false,
            log_append_time: false,
            max_message_bytes: 1_048_588,
        }
    }

    /// Each partition on this many nodes, so that another one leads when a node is killed.
    #[must_use]
    pub fn replication(mut self, nodes: usize) -> Self {
        self.replication = nodes;
        self
    }

    /// Each partition on these nodes, led by the first of them.
    #[must_use]
    pub fn on(mut self, nodes: impl IntoIterator<Item = i32>) -> Self {
        self.nodes = nodes.into_iter().collect();
        self
    }

    /// One that metadata calls internal.
    #[must_use]
    pub fn internal(mut self) -> Self {
        self.internal = true;
        self
    }

    /// Producers' records get the broker's time (`message.timestamp.type=LogAppendTime`).
    #[must_use]
    pub fn log_append_time(mut self) -> Self {
        self.log_append_time = true;
        self
    }

    /// The largest batch that a producer may send (`max.message.bytes`).
    #[must_use]
    pub fn max_message_bytes(mut self, bytes: usize) -> Self {
        self.max_message_bytes = bytes;
        self
    }
}

impl From<i32> for TopicSettings {
    fn from(partitions: i32) -> Self {
        Self::new(partitions)
    }
}

/// A topic as a request means it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct TopicRef {
    /// None where no topic has the id.
    pub(crate) name: Option<TopicName>,
    /// Nil where the request named it.
    pub(crate) id: Uuid,
}

#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) name: TopicName,
    pub(crate) id: Uuid,
    pub(crate) settings: TopicSettings,
    partitions: Vec<PartitionState>,
}

impl Topic {
    pub(super) fn new(name: TopicName, id: Uuid, settings: TopicSettings) -> Self {
        Self { name, id, settings, partitions: Vec::new() }
    }

    pub(crate) fn reference(&self) -> TopicRef {
        TopicRef { name: Some(self.name.clone()), id: self.id }
    }

    pub(super) fn push(&mut self, replicas: Vec<i32>, alive: &[i32]) {
        let leader = replicas.iter().copied().find(|node| alive.contains(node));
        let in_sync = replicas.iter().copied().filter(|node| alive.contains(node)).collect();
        self.partitions.push(PartitionState {
            leader,
            leader_epoch: 0,
            replicas,
            in_sync,
            followers: BTreeMap::new(),
            preferred: None,
            log: PartitionLog::new(),
        });
    }

    pub(crate) fn count(&self) -> i32 {
        i32::try_from(self.partitions.len()).unwrap_or(i32::MAX)
    }

    pub(crate) fn partition(&self, partition: i32) -> Option<&PartitionState> {
        self.partitions.get(usize::try_from(partition).ok()?)
    }

    pub(crate) fn partition_mut(&mut self, partition: i32) -> Option<&mut PartitionState> {
        self.partitions.get_mut(usize::try_from(partition).ok()?)
    }

    pub(crate) fn partitions(&self) -> impl Iterator<Item = (i32, &PartitionState)> {
        (0_i32..).zip(&self.partitions)
    }

    pub(super) fn partitions_mut(&mut self) -> impl Iterator<Item = &mut PartitionState> {
        self.partitions.iter_mut()
    }
}

#[derive(Debug)]
pub(crate) struct PartitionState {
    pub(crate) leader: Option<i32>,
    pub(crate) leader_epoch: i32,
    pub(crate) replicas: Vec<i32>,
    pub(crate) in_sync: Vec<i32>,
    /// The followers that are not as their leader.
    pub(crate) followers: BTreeMap<i32, Follower>,
    /// Where set, the leader sends every consumer there, whatever its rack.
    pub(crate) preferred: Option<i32>,
    pub(crate) log: PartitionLog,
}

impl PartitionState {
    /// Lets a node lead, in a new epoch that begins at the log's end. One that is no replica takes the place of the leader, or of the
    /// first replica.
    pub(crate) fn lead(&mut self, node: i32) {
        if !self.replicas.contains(&node) {
            let old = self.leader.or(self.replicas.first().copied());
            self.replicas.retain(|replica| Some(*replica) != old);
            self.in_sync.retain(|replica| Some(*replica) != old);
            self.replicas.insert(0, node);
        }
        self.followers.remove(&node);
        if !self.in_sync.contains(&node) {
            self.in_sync.push(node);
        }
        self.leader = Some(node);
        self.new_epoch();
    }

    pub(crate) fn new_epoch(&mut self) {
        self.leader_epoch += 1;
        let end = self.log.log_end();
        self.log.epochs.begin(self.leader_epoch, end);
    }

    pub(super) fn elect(&mut self, alive: &[i32]) {
        self.in_sync = self.replicas.iter().copied().filter(|node| alive.contains(node)).collect();
        if self.leader.is_some_and(|leader| alive.contains(&leader)) {
            return;
        }
        match self.in_sync.first().copied() {
            Some(next) => self.lead(next),
            None => self.without_leader(),
        }
    }

    /// Nobody leads: an epoch of its own, as the controller has it, in which nothing is written.
    pub(crate) fn without_leader(&mut self) {
        if self.leader.take().is_some() {
            self.leader_epoch += 1;
        }
    }
}
