//! One partition as the fetch core sees it.

use std::time::Instant;

use super::epochs::{Change, Leadership};
use super::planted::{Defect, Planted};
use super::replica::Replica;
use crate::position::Offset;

/// Where a partition is, and whether it can be asked for.
#[derive(Debug)]
pub(super) struct PartitionState {
    /// The next offset to ask for. It runs ahead of the table's position, and falls back to it on trouble.
    pub(super) position: Offset,
    /// The epoch of the last batch before the position; -1 where it is not known.
    pub(super) last_epoch: i32,
    /// Nothing is asked for at or beyond this offset.
    pub(super) stop: Option<Offset>,
    pub(super) leadership: Leadership,
    pub(super) replica: Replica,
    /// There is a leader epoch that no broker has compared the last epoch with.
    pub(super) unvalidated: bool,
    /// The leader epoch in which the log was compared before it was assigned, where that is known.
    pub(super) validated: Option<i32>,
    /// Another one with every rewind and leader; answers to earlier generations are discarded.
    pub(super) generation: u64,
    /// The broker whose answer is awaited.
    pub(super) in_flight: Option<i32>,
    /// The table has no room.
    pub(super) held: bool,
    /// Whoever drives the core was told of trouble that it has to decide about. Until then nothing is asked.
    pub(super) answer_awaited: bool,
    /// It is a partition of a topic that is gone.
    pub(super) is_gone: bool,
    /// Not asked for before this moment.
    pub(super) not_before: Option<Instant>,
    /// Failures in a row, for the backoff.
    pub(super) failures: u32,
    /// Answers in a row that made no progress though there is something to read.
    pub(super) stalls: u32,
    /// The last answer left something to read.
    pub(super) has_more: bool,
}

impl PartitionState {
    pub(super) fn new(position: Offset, last_epoch: i32, stop: Option<Offset>, generation: u64) -> Self {
        Self {
            position,
            last_epoch,
            stop,
            leadership: Leadership::UNKNOWN,
            replica: Replica::default(),
            unvalidated: false,
            validated: None,
            generation,
            in_flight: None,
            held: false,
            answer_awaited: false,
            is_gone: false,
            not_before: None,
            failures: 0,
            stalls: 0,
            has_more: false,
        }
    }

    /// Whether there is anything left to ask for.
    pub(super) fn is_unfinished(&self) -> bool {
        !self.is_gone && self.stop.is_none_or(|stop| self.position < stop)
    }

    /// Who is asked for it, or was and has not answered.
    pub(super) fn source(&self, now: Instant) -> Option<i32> {
        self.in_flight.or_else(|| self.replica.source(self.leadership.leader, now))
    }

    /// Whether `broker` could be asked for it, if not for a moment.
    fn is_due(&self, broker: i32, now: Instant, planted: Planted) -> bool {
        let is_idle = self.in_flight.is_none() || planted.has(Defect::AskedTwice);
        is_idle && self.source(now) == Some(broker) && !self.answer_awaited && self.is_unfinished()
    }

    fn must_wait(&self, now: Instant) -> bool {
        self.held || self.not_before.is_some_and(|moment| moment > now)
    }

    pub(super) fn can_be_asked(&self, broker: i32, now: Instant, planted: Planted) -> bool {
        self.is_due(broker, now, planted) && !self.must_wait(now)
    }

    /// Whether it is left out of a request to `broker` for a reason that may pass any moment.
    pub(super) fn is_left_out(&self, broker: i32, now: Instant, planted: Planted) -> bool {
        self.is_due(broker, now, planted) && self.must_wait(now)
    }

    /// Forgets what is in flight.
    pub(super) fn start_anew(&mut self, generation: u64) {
        self.generation = generation;
        self.in_flight = None;
        self.stalls = 0;
    }

    /// Takes a leader from metadata, and says whether it is another.
    pub(super) fn learn_leader(&mut self, leader: Option<i32>, epoch: i32, planted: Planted) -> bool {
        let is_first = self.leadership == Leadership::UNKNOWN;
        let change = self.leadership.learn(leader, epoch, planted);
        // What an assignment begins with was validated by whoever assigned it, as of the epoch that was known then.
        let is_later = !is_first || self.validated.is_some_and(|validated| epoch > validated);
        self.unvalidated |= change != Change::None && is_later;
        if change == Change::Leader {
            self.turn_to_leader();
        }
        change == Change::Leader
    }

    /// Follows the hint of a broker that leads no more, if it is news.
    pub(super) fn follow_hint(&mut self, leader: i32, epoch: i32, planted: Planted) -> bool {
        let moved = self.leadership.follow(leader, epoch, planted);
        if moved {
            self.unvalidated = true;
            self.turn_to_leader();
        }
        moved
    }

    fn turn_to_leader(&mut self) {
        self.replica.clear();
        self.not_before = None;
    }

    /// Whether somebody must say, in place of a broker of this version, that the log is still the one that was read.
    pub(super) fn needs_validation(&self, version: i16) -> bool {
        version < super::request::VALIDATES && self.unvalidated && self.last_epoch >= 0 && self.leadership.epoch >= 0
    }
}
