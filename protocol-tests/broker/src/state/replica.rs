//! What one replica has of a partition: the leader everything, a follower perhaps less.

use super::PartitionState;
use kafka_protocol::ResponseError;

/// How a follower differs from its leader; where nothing is said it does not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Follower {
    pub(crate) log_start: Option<i64>,
    pub(crate) log_end: Option<i64>,
    pub(crate) high_watermark: Option<i64>,
    /// The leader epoch that it knows.
    pub(crate) leader_epoch: Option<i32>,
}

/// The offsets of a replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) log_start: i64,
    pub(crate) log_end: i64,
    pub(crate) high_watermark: i64,
    pub(crate) last_stable: i64,
}

impl PartitionState {
    /// What a node has of it.
    pub(crate) fn extent(&self, node: i32) -> Extent {
        let log = &self.log;
        let lag = self.lag_of(node);
        let log_end = lag.log_end.map_or(log.log_end(), |end| end.min(log.log_end()));
        let high_watermark = lag.high_watermark.unwrap_or(i64::MAX).min(log.high_watermark()).min(log_end);
        let last_stable = log.last_stable().min(high_watermark);
        Extent { log_start: lag.log_start.unwrap_or(log.log_start()), log_end, high_watermark, last_stable }
    }

    /// Whether a node may be asked by a client that knows of this leader epoch; only the leader, or any replica.
    pub(crate) fn serves(&self, node: i32, client_epoch: i32, only_leader: bool) -> Result<(), ResponseError> {
        if !self.replicas.contains(&node) {
            return Err(ResponseError::NotLeaderOrFollower);
        }
        let known = self.lag_of(node).leader_epoch.unwrap_or(self.leader_epoch);
        if client_epoch >= 0 && client_epoch < known {
            return Err(ResponseError::FencedLeaderEpoch);
        }
        if client_epoch > known {
            return Err(ResponseError::UnknownLeaderEpoch);
        }
        if self.leader.is_none() || (only_leader && self.leader != Some(node)) {
            return Err(ResponseError::NotLeaderOrFollower);
        }
        Ok(())
    }

    fn lag_of(&self, node: i32) -> Follower {
        if self.leader == Some(node) { Follower::default() } else { self.followers.get(&node).copied().unwrap_or_default() }
    }
}
