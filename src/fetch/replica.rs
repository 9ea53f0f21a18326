//! Reading from the closest replica (KIP-392): the leader names a follower, which is read from for a while.

use std::time::Instant;

/// Which replica a partition is read from.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Replica {
    /// The follower, and until when it is read from without asking the leader again.
    follower: Option<(i32, Instant)>,
    /// The leader is asked to send the records itself until then: the follower that it names did not do.
    leader_only: Option<Instant>,
}

impl Replica {
    /// Who is asked, where `leader` leads. Without a leader a follower can still be read from.
    pub(super) fn source(&self, leader: Option<i32>, now: Instant) -> Option<i32> {
        self.follower.filter(|(_, until)| *until > now).map(|(follower, _)| follower).or(leader)
    }

    /// The follower, its lease run out or not.
    pub(super) fn follower(&self) -> Option<i32> {
        self.follower.map(|(follower, _)| follower)
    }

    /// Reads from `follower` until its lease is over.
    pub(super) fn prefer(&mut self, follower: i32, until: Instant) {
        self.follower = Some((follower, until));
    }

    /// Reads from the leader again.
    pub(super) fn clear(&mut self) {
        self.follower = None;
    }

    /// Reads from the leader again, and lets it not name a follower before `until`: it would be the same one.
    pub(super) fn leader_only(&mut self, until: Instant) {
        self.follower = None;
        self.leader_only = Some(until);
    }

    /// Whether the leader must not be told where we are.
    pub(super) fn hides_rack(&self, now: Instant) -> bool {
        self.leader_only.is_some_and(|until| until > now)
    }
}
