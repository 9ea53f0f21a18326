//! One partition of a fetch.

use super::answer::{Fetched, failed};
use crate::api::Effect;
use crate::log::Chunk;
use crate::state::{Extent, PartitionState, State, TopicRef};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::fetch_request::FetchPartition;
use kafka_protocol::messages::fetch_response::{
    AbortedTransaction, EpochEndOffset, LeaderIdAndEpoch, NodeEndpoint, PartitionData,
};
use kafka_protocol::messages::{BrokerId, FetchRequest, ProducerId};
use kafka_protocol::protocol::StrBytes;

/// What is asked of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) partition: i32,
    pub(super) current_leader_epoch: i32,
    pub(super) fetch_offset: i64,
    pub(super) last_fetched_epoch: i32,
    pub(super) max_bytes: i32,
}

impl From<&FetchPartition> for Asked {
    fn from(asked: &FetchPartition) -> Self {
        Self {
            partition: asked.partition,
            current_leader_epoch: asked.current_leader_epoch,
            fetch_offset: asked.fetch_offset,
            last_fetched_epoch: asked.last_fetched_epoch,
            max_bytes: asked.partition_max_bytes,
        }
    }
}

/// What all partitions of a fetch have in common.
pub(super) struct Reading<'a> {
    pub(super) state: &'a State,
    pub(super) node: i32,
    pub(super) version: i16,
    pub(super) request: &'a FetchRequest,
    pub(super) effect: &'a Effect,
    pub(super) committed: bool,
    /// Whether consumers are sent to followers in their rack.
    pub(super) rack_aware: bool,
}

fn told(asked: &Asked, extent: Extent) -> PartitionData {
    PartitionData::default()
        .with_partition_index(asked.partition)
        .with_high_watermark(extent.high_watermark)
        .with_last_stable_offset(extent.last_stable)
        .with_log_start_offset(extent.log_start)
}

impl Reading<'_> {
    /// Reads a partition; `at_least_one`: its first batch may be longer than all limits.
    pub(super) fn partition(&self, topic: &TopicRef, asked: &Asked, room: usize, at_least_one: bool) -> Fetched {
        let forced = match self.effect {
            Effect::Fail(code) => Some(*code),
            Effect::FailOne(name, partition, code) => {
                let is_meant = topic.name.as_ref().is_some_and(|topic| topic.as_str() == name) && asked.partition == *partition;
                is_meant.then_some(*code)
            }
            _ => None,
        };
        if let Some(code) = forced {
            return failed(asked.partition, code);
        }
        match self.try_partition(topic, asked, room, at_least_one) {
            Ok(fetched) => fetched,
            Err((error, partition)) => {
                let mut fetched = failed(asked.partition, error.code());
                let hinted = matches!(error, ResponseError::NotLeaderOrFollower | ResponseError::FencedLeaderEpoch);
                if let (true, true, Some(partition)) = (self.version >= 16, hinted, partition) {
                    // KIP-951: who leads, so that nobody has to ask for it.
                    fetched.data.current_leader = LeaderIdAndEpoch::default()
                        .with_leader_id(BrokerId(partition.leader.unwrap_or(-1)))
                        .with_leader_epoch(partition.leader_epoch);
                }
                fetched
            }
        }
    }

    /// Says where the leader listens that an answer names.
    pub(super) fn hint(&self, fetched: &Fetched, node_endpoints: &mut Vec<NodeEndpoint>) {
        let leader = fetched.data.current_leader.leader_id;
        let Some(node) = self.state.nodes.get(&leader.0).filter(|node| node.alive) else { return };
        if !node_endpoints.iter().any(|told| told.node_id == leader) {
            let endpoint = NodeEndpoint::default()
                .with_node_id(leader)
                .with_host(StrBytes::from(node.advertised_host.clone()))
                .with_port(i32::from(node.advertised_port))
                .with_rack(node.rack.clone().map(StrBytes::from));
            node_endpoints.push(endpoint);
        }
    }

    /// The one partition that must fail.
    pub(super) fn forced(&self) -> Option<(&str, i32)> {
        match self.effect {
            Effect::FailOne(topic, partition, _) => Some((topic, *partition)),
            _ => None,
        }
    }

    /// Whether all partitions must fail.
    pub(super) fn fails_all(&self) -> bool {
        matches!(self.effect, Effect::Fail(_))
    }

    fn try_partition(
        &self,
        topic: &TopicRef,
        asked: &Asked,
        room: usize,
        at_least_one: bool,
    ) -> Result<Fetched, (ResponseError, Option<&PartitionState>)> {
        let name = topic.name.as_ref().ok_or((ResponseError::UnknownTopicId, None))?;
        let found = self.state.topics.get(name.as_str()).ok_or((ResponseError::UnknownTopicOrPartition, None))?;
        let partition = found.partition(asked.partition).ok_or((ResponseError::UnknownTopicOrPartition, None))?;
        if !topic.id.is_nil() && topic.id != found.id {
            return Err((ResponseError::InconsistentTopicId, None));
        }
        // Since version 11 a follower may be asked too.
        let served = partition.serves(self.node, asked.current_leader_epoch, self.version < 11);
        served.map_err(|error| (error, Some(partition)))?;
        if let Some(preferred) = self.preferred(partition, asked.fetch_offset) {
            let data = told(asked, partition.extent(self.node)).with_preferred_read_replica(BrokerId(preferred));
            return Ok(Fetched { data, chunk: Chunk::default(), more: true });
        }
        let read = self.read(partition, asked, room, at_least_one);
        read.map_err(|error| (error, Some(partition)))
    }

    /// The follower that the consumer had better ask: one in its rack (KIP-392), as `RackAwareReplicaSelector` has it.
    fn preferred(&self, partition: &PartitionState, offset: i64) -> Option<i32> {
        if self.version < 11 || partition.leader != Some(self.node) {
            return None;
        }
        if partition.preferred.is_some() {
            return partition.preferred;
        }
        let rack = self.request.rack_id.as_str();
        let is_near =
            |node: i32| self.state.nodes.get(&node).is_some_and(|node| node.alive && node.rack.as_deref() == Some(rack));
        if !self.rack_aware || rack.is_empty() || is_near(self.node) {
            return None;
        }
        let followers = partition.in_sync.iter().copied().filter(|node| *node != self.node && is_near(*node));
        let extents = followers.map(|node| (partition.extent(node), node));
        let fit = extents.filter(|(extent, _)| (extent.log_start..=extent.log_end).contains(&offset));
        fit.max_by_key(|(extent, node)| (extent.log_end, *node)).map(|(_, node)| node)
    }

    fn read(&self, partition: &PartitionState, asked: &Asked, room: usize, at_least_one: bool) -> Result<Fetched, ResponseError> {
        let log = &partition.log;
        let extent = partition.extent(self.node);
        let mut data = told(asked, extent);
        if asked.last_fetched_epoch >= 0 {
            let (epoch, end) = log.epochs.end_of(asked.last_fetched_epoch, extent.log_end);
            if epoch < 0 {
                return Err(ResponseError::OffsetOutOfRange);
            }
            if epoch < asked.last_fetched_epoch || end < asked.fetch_offset {
                data.diverging_epoch = EpochEndOffset::default().with_epoch(epoch).with_end_offset(end);
                return Ok(Fetched { data, chunk: Chunk::default(), more: true });
            }
        }
        if asked.fetch_offset < extent.log_start || asked.fetch_offset > extent.log_end {
            return Err(ResponseError::OffsetOutOfRange);
        }
        let limit = if self.committed { extent.last_stable } else { extent.high_watermark };
        let max_bytes = room.min(usize::try_from(asked.max_bytes).unwrap_or_default());
        let chunk = log.read(asked.fetch_offset, limit, max_bytes, at_least_one);
        data.aborted_transactions = self.committed.then(|| {
            let aborted = log.aborted(asked.fetch_offset, chunk.upper.max(asked.fetch_offset + 1));
            let told = aborted.into_iter().map(|one| {
                AbortedTransaction::default().with_producer_id(ProducerId(one.producer_id)).with_first_offset(one.first_offset)
            });
            told.collect()
        });
        Ok(Fetched { data, chunk, more: asked.fetch_offset < limit })
    }
}
