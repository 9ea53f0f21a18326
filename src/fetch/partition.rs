//! One partition as the fetch core sees it.

use std::time::Instant;

use crate::position::Offset;

/// Where a partition is, and whether it can be asked for.
#[derive(Debug)]
pub(super) struct PartitionState {
    /// The next offset to ask for. It runs ahead of the table's position, and falls back to it on trouble.
    pub(super) position: Offset,
    /// Nothing is asked for at or beyond this offset.
    pub(super) stop: Option<Offset>,
    pub(super) leader: Option<i32>,
    pub(super) leader_epoch: i32,
    /// Grows with every rewind; answers to earlier generations are discarded.
    pub(super) generation: u64,
    /// The broker that has been asked and has not answered.
    pub(super) in_flight: Option<i32>,
    /// The table has no room.
    pub(super) held: bool,
    /// Not asked for before this moment.
    pub(super) not_before: Option<Instant>,
    /// Failures in a row, for the backoff.
    pub(super) failures: u32,
    /// Answers in a row that had bytes and no whole batch.
    pub(super) stalls: u32,
}

impl PartitionState {
    pub(super) fn new(position: Offset, stop: Option<Offset>, generation: u64) -> Self {
        Self {
            position,
            stop,
            leader: None,
            leader_epoch: -1,
            generation,
            in_flight: None,
            held: false,
            not_before: None,
            failures: 0,
            stalls: 0,
        }
    }

    /// Whether there is anything left to ask for.
    pub(super) fn is_unfinished(&self) -> bool {
        self.stop.is_none_or(|stop| self.position < stop)
    }

    pub(super) fn can_be_asked(&self, broker: i32, now: Instant) -> bool {
        self.leader == Some(broker)
            && self.in_flight.is_none()
            && !self.held
            && self.is_unfinished()
            && self.not_before.is_none_or(|moment| moment <= now)
    }

    /// Takes a leader from metadata. A stale answer, of a lower epoch, is ignored (KIP-320).
    pub(super) fn set_leader(&mut self, leader: Option<i32>, epoch: i32) {
        if epoch >= 0 && epoch < self.leader_epoch {
            return;
        }
        if self.leader != leader {
            self.not_before = None;
        }
        self.leader = leader;
        self.leader_epoch = epoch;
    }

    /// Whether what is in flight was asked of a broker that another one has succeeded.
    pub(super) fn is_asked_elsewhere(&self) -> bool {
        matches!((self.in_flight, self.leader), (Some(asked), Some(leader)) if asked != leader)
    }
}
