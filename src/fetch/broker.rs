//! One broker as the fetch core sees it.

use std::time::{Duration, Instant};

use super::planted::{Defect, Planted};
use super::session::Session;
use crate::position::Partition;

/// A broker that keeps us waiting longer than this for what it has is worth a second request on its way.
const FAR: Duration = Duration::from_millis(2);

/// Requests on their way to a broker that is far, where nobody says how many.
const FAR_IN_FLIGHT: usize = 2;

/// What is under way to a broker, and what it asked for itself.
#[derive(Debug, Default)]
pub(super) struct BrokerState {
    pub(super) in_flight: usize,
    /// What is under way is answered at once, so that more may follow it.
    pub(super) is_pipelined: bool,
    /// Connections that were given up while something was in flight: their answers count no more.
    pub(super) given_up: u64,
    /// KIP-219: not asked before this moment.
    pub(super) throttled_until: Option<Instant>,
    /// The partition that the last request began with: the next begins behind it, so that none is always last.
    pub(super) began_with: Option<Partition>,
    pub(super) empty_answers: u32,
    pub(super) session: Session,
    /// Errors of the session in a row.
    pub(super) session_errors: u32,
    /// How long we stood idle for answers that were there to be had, smoothed.
    idle: Duration,
}

impl BrokerState {
    /// How many requests may be under way; `wanted` is 0 where that is ours to find.
    pub(super) fn limit(&self, wanted: usize) -> usize {
        match wanted {
            0 if self.is_pipelined || self.idle > FAR => FAR_IN_FLIGHT,
            0 => 1,
            wanted => wanted,
        }
    }

    /// An answer was waited for this long, though there was something to read when it was asked for.
    pub(super) fn waited(&mut self, time: Duration) {
        self.idle = (self.idle * 3 + time) / 4;
    }

    /// Nothing that is under way will be answered.
    pub(super) fn give_up(&mut self, planted: Planted) {
        self.in_flight = 0;
        self.given_up += 1;
        if !planted.has(Defect::SessionSurvivesConnection) {
            self.session.lost();
        }
    }
}
