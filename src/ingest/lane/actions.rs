//! What a lane does about an answer: decode, report, go back.

use std::time::Instant;

use super::{Lane, LaneReport, now};
use crate::error::{BatchError, Error};
use crate::fetch::Action;
use crate::ingest::assembler::Outcome;
use crate::ingest::decoding::Decoded;
use crate::position::Partition;

impl Lane {
    /// Does what the core wants done though nothing was answered.
    pub(super) fn on_pending(&mut self, now: Instant) {
        while let Some(action) = self.core.next_action() {
            self.act(action, now);
        }
    }

    /// Does what an answer asks for beside its records.
    pub(super) fn act(&mut self, action: Action, now: Instant) {
        if may_let_go(&action) {
            self.come_to_rest();
        }
        match action {
            Action::Records(records) => debug_assert!(false, "records of {} come with an answer", records.partition),
            Action::Watermarks(marks) => {
                self.publisher.status().watermarks(marks.partition, marks.high_watermark, marks.last_stable_offset);
            }
            Action::Endpoint(address) => self.on_endpoint(address, now),
            Action::Trouble { partition, error } => {
                tracing::info!(topic = self.publisher.topic(), partition, %error, "no progress");
                self.publisher.status().trouble(Some(partition), error);
            }
            Action::RefreshMetadata { partition, reason } => {
                tracing::info!(topic = self.publisher.topic(), partition, reason, "metadata refresh asked for");
                self.report(LaneReport::RefreshMetadata { reason });
            }
            Action::OutOfRange { partition, position } => {
                self.forget(partition);
                self.report(LaneReport::OutOfRange { partition, position });
            }
            Action::Diverged { partition, position, epoch, end_offset } => {
                self.forget(partition);
                self.report(LaneReport::Diverged { partition, position, epoch, end_offset });
            }
            Action::Validate { partition, position, last_epoch, current_epoch } => {
                self.forget(partition);
                self.report(LaneReport::Validate { partition, position, last_epoch, current_epoch });
            }
            Action::Failed { partition, error } => self.fail(partition, error),
        }
    }

    /// Takes what has been decoded.
    pub(super) fn on_decoded(&mut self) {
        while let Some(decoded) = self.decoding.next() {
            self.on_outcome(decoded);
        }
    }

    /// Waits until nothing is being decoded, and takes it. The thread is blocked for so long: milliseconds, and rarely.
    pub(super) fn come_to_rest(&mut self) {
        while let Some(decoded) = self.decoding.rest() {
            self.on_outcome(decoded);
        }
    }

    fn on_outcome(&mut self, decoded: Decoded) {
        let (partition, outcome) = match decoded {
            Decoded::Partition(partition, outcome) => (partition, outcome),
            Decoded::Sealed(Ok(())) => return,
            Decoded::Sealed(Err(error)) => return self.fail_all(error),
        };
        if !matches!(outcome, Ok(Outcome::Done)) {
            self.decoding.went_back();
        }
        if !self.ends.contains_key(&partition) {
            return;
        }
        match outcome {
            Ok(Outcome::Done) => {
                self.damaged.remove(&partition);
            }
            Ok(Outcome::Held) => {
                self.held.insert(partition);
                self.core.hold(partition, true);
                self.rewind(partition);
            }
            Ok(Outcome::Awaits(id)) => {
                self.damaged.remove(&partition);
                self.await_next_schema(partition, id);
            }
            Ok(Outcome::Ended) => self.ended(partition),
            Ok(Outcome::LimitReached) => {
                self.forget(partition);
                self.report(LaneReport::LimitReached);
            }
            Err(error) => self.on_damage(partition, error),
        }
    }

    /// A damaged batch may be the network's fault: it is fetched once more before the partition fails. Not where rows of it are in
    /// the table already: what is fetched from there on need not hold the damage, which would pass unseen.
    fn on_damage(&mut self, partition: Partition, error: Error) {
        if matches!(error, Error::Panicked { .. }) {
            // What the others had in the open chunk is gone with it.
            self.ends.keys().copied().collect::<Vec<_>>().into_iter().for_each(|other| self.rewind(other));
        }
        let position = self.publisher.position(partition);
        let may_pass = match (&error, position) {
            (Error::Batch { offset, reason, .. }, Some(position)) => {
                // An offset that none can be tells nothing: no row has it.
                let untouched = position <= *offset || *offset < 0 || matches!(reason, BatchError::Crc { .. });
                untouched && self.damaged.get(&partition) != Some(&position)
            }
            _ => false,
        };
        match position {
            Some(position) if may_pass => {
                tracing::warn!(topic = self.publisher.topic(), partition, %error, "damaged batch, fetching it again");
                self.damaged.insert(partition, position);
                self.publisher.status().trouble(Some(partition), error);
                self.rewind(partition);
            }
            _ => self.fail(partition, error),
        }
    }

    /// Goes back to the table's position: what is in flight is forgotten.
    pub(super) fn rewind(&mut self, partition: Partition) {
        if let Some((position, last_epoch)) = self.publisher.resume_point(partition) {
            self.core.rewind(partition, position, last_epoch, now(), false);
            self.meters.refetched(partition);
        }
    }
}

/// Whether an action takes a partition from the lane: what was read of it must be in the table before.
pub(super) fn may_let_go(action: &Action) -> bool {
    matches!(action, Action::OutOfRange { .. } | Action::Diverged { .. } | Action::Validate { .. } | Action::Failed { .. })
}
