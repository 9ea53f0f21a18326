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
    /// Another one with every rewind and leader; answers to earlier generations are discarded.
    pub(super) generation: u64,
    pub(super) in_flight: bool,
    /// The table has no room.
    pub(super) held: bool,
    /// Whoever drives the core was told of trouble that it has to decide about. Until then nothing is asked.
    pub(super) answer_awaited: bool,
    /// Not asked for before this moment.
    pub(super) not_before: Option<Instant>,
    /// Failures in a row, for the backoff.
    pub(super) failures: u32,
    /// Answers in a row that made no progress though there is something to read.
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
            in_flight: false,
            held: false,
            answer_awaited: false,
            not_before: None,
            failures: 0,
            stalls: 0,
        }
    }

    /// Whether there is anything left to ask for.
    pub(super) fn is_unfinished(&self) -> bool {
        self.stop.is_none_or(|stop| self.position < stop)
    }

    /// Whether `broker` could be asked for it, if not for a moment.
    fn is_due(&self, broker: i32) -> bool {
        self.leader == Some(broker) && !self.in_flight && !self.answer_awaited && self.is_unfinished()
    }

    fn must_wait(&self, now: Instant) -> bool {
        self.held || self.not_before.is_some_and(|moment| moment > now)
    }

    pub(super) fn can_be_asked(&self, broker: i32, now: Instant) -> bool {
        self.is_due(broker) && !self.must_wait(now)
    }

    /// Whether it is left out of a request to `broker` for a reason that may pass any moment.
    pub(super) fn is_left_out(&self, broker: i32, now: Instant) -> bool {
        self.is_due(broker) && self.must_wait(now)
    }

    /// Forgets what is in flight.
    pub(super) fn start_anew(&mut self, generation: u64) {
        self.generation = generation;
        self.in_flight = false;
        self.stalls = 0;
    }

    /// Takes a leader from metadata, and says whether it is another. A stale answer, of a lower epoch, is ignored (KIP-320).
    pub(super) fn set_leader(&mut self, leader: Option<i32>, epoch: i32) -> bool {
        if epoch >= 0 && epoch < self.leader_epoch {
            return false;
        }
        let is_other = self.leader != leader;
        if is_other {
            self.not_before = None;
        }
        self.leader = leader;
        self.leader_epoch = epoch;
        is_other
    }
}
