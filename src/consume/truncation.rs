//! Whether the log still is the one that was read: what of it lies before the position, and what to do where it is another (KIP-320).

use super::questions::{Inquiry, LogState, Question};
use super::start::{Assignment, LogBounds};
use super::supervision::{Control, Later, Next};
use crate::cluster::EpochEnd;
use crate::config::OnTruncation;
use crate::error::{Error, Result};
use crate::position::{Offset, Partition, Span};
use crate::table::{Chunk, EventKind};

/// What is to be thought of a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Judgement {
    /// The log holds what was read up to it.
    Sound,
    /// The log holds it, but whoever leads does not know that yet: an election has just been.
    Lagging,
    /// The log lost what was read from `to` on. `epoch` is the last in which both agree; -1 where only the end of the log is known.
    Truncated { to: Offset, epoch: i32 },
    /// Retention took what would come next.
    Overtaken,
}

/// `agreed` is up to where the epochs say that the log is the one that was read, with the epoch; none where they say nothing.
fn judge(position: Offset, first: Offset, next: Offset, agreed: Option<(Offset, i32)>) -> Judgement {
    match agreed {
        Some((to, epoch)) if to < position => Judgement::Truncated { to, epoch },
        Some(_) if position > next => Judgement::Lagging,
        None if position > next => Judgement::Truncated { to: next, epoch: -1 },
        _ if position < first => Judgement::Overtaken,
        _ => Judgement::Sound,
    }
}

impl Control {
    /// The partition is nobody's: asks what the log holds of it, and who it is.
    pub(super) fn inquire(&mut self, partition: Partition, told: Option<EpochEnd>) -> Result<Next> {
        let Some((position, epoch)) = self.publisher.resume_point(partition) else { return Ok(Next::Go) };
        let told = told.filter(|(epoch, end)| *epoch >= 0 && *end >= 0);
        let inquiry = Inquiry { partition, position, epoch, told };
        self.ask(Question::Log { inquiry, era: self.era })
    }

    /// What the log holds is known: the position is good, or the policies say what becomes of it.
    pub(super) fn on_log(&mut self, inquiry: Inquiry, state: LogState) -> Result<Next> {
        let Inquiry { partition, position, epoch, told } = inquiry;
        let LogState { bounds, end, .. } = state;
        let LogBounds { first, next, .. } = bounds;
        let Some(known) = self.publisher.resume_point(partition) else { return Ok(Next::Go) };
        if known != (position, epoch) {
            return self.inquire(partition, told);
        }
        // What is asked for later is truer, where it says anything.
        let told = end.filter(|(epoch, end)| *epoch >= 0 && *end >= 0).or(told);
        let agreed = told.map(|(epoch, end)| {
            // The leader knows no epoch between this one and the one that was read last: what was read of such is not its own.
            let read = self.publisher.epoch_end(partition, epoch).unwrap_or(position);
            (end.min(read).min(position), epoch)
        });
        match judge(position, first, next, agreed) {
            Judgement::Sound => {
                // Where the leader knows no epochs, nothing can be compared: asking for it again would never end.
                let leader_epoch = if told.is_some() { epoch } else { -1 };
                // A broker that goes on refusing what the log holds is not asked without a pause.
                if self.vindicated.insert(partition, position) == Some(position) {
                    self.later(partition, Later::Assign, self.plan.settings.retry_backoff_max);
                    return Ok(Next::Go);
                }
                self.assign_at(partition, position, leader_epoch)
            }
            Judgement::Lagging => {
                self.later(partition, Later::Assign, self.plan.settings.retry_backoff_max);
                Ok(Next::Go)
            }
            Judgement::Truncated { to, epoch } => self.on_truncated(partition, position, to, epoch),
            Judgement::Overtaken => self.on_overtaken(partition, position, bounds),
        }
    }

    /// The log was cut below what was read of it.
    fn on_truncated(&mut self, partition: Partition, position: Offset, to: Offset, epoch: i32) -> Result<Next> {
        let error = Error::Truncated { topic: self.plan.topic.to_string(), partition, position, diverged: to, epoch };
        self.publisher.status().trouble(Some(partition), error.clone());
        // Without epochs only the end of the log is known, and it may have grown again since it was cut: which rows are still in it,
        // nobody can say.
        if self.plan.settings.on_truncation == OnTruncation::Fail || epoch < 0 {
            let what = EventKind::Truncated { position, to, epoch, withdrawn: None };
            self.publisher.status().event(Some(partition), what);
            return Err(error);
        }
        let lost = self.publisher.truncate(partition, to)?;
        self.allowance.put_back(lost.rows);
        let what = EventKind::Truncated { position, to, epoch, withdrawn: Some(lost.rows) };
        self.publisher.status().event(Some(partition), what);
        let before = self.publisher.resume_point(partition).map_or(-1, |(_, epoch)| epoch);
        self.assign_at(partition, to, before)
    }

    /// Retention took what would come next: the policy says whether that is the end.
    fn on_overtaken(&mut self, partition: Partition, position: Offset, bounds: LogBounds) -> Result<Next> {
        let LogBounds { first, next, reset } = bounds;
        let end = self.unfinished.get(&partition).copied().unwrap_or_default();
        let error = Error::OffsetOutOfRange { topic: self.plan.topic.to_string(), partition, offset: position, first, next };
        self.publisher.status().trouble(Some(partition), error.clone());
        let to = match (reset, self.plan.settings.offset_reset) {
            // What is gone is told by its row.
            _ if self.plan.again.is_some() => first,
            (Some(to), _) => to,
            // What retention took before anything was read, from where nobody named the offset, is a gap.
            (None, None) if self.unnamed.get(&partition) == Some(&position) => {
                self.unnamed.insert(partition, first);
                first
            }
            (None, _) => return Err(error),
        };
        let to = end.offset.map_or(to, |end| to.min(end));
        let lost = first.min(to);
        self.publisher.status().event(Some(partition), EventKind::OffsetsLost { from: position, to: lost, resumed: to });
        let span = Span {
            gaps: u64::try_from(lost - position).unwrap_or(0),
            filtered: u64::try_from(to - lost).unwrap_or(0),
            next: to,
            ..Span::empty(partition, position)
        };
        // The lane does it itself where single records are wanted.
        if self.plan.again.is_none() {
            self.publisher.append(Chunk::without_rows(&self.plan.schema, span))?;
        }
        // What lies before is gone, so there is nothing to compare it with.
        self.assign_at(partition, to, -1)
    }

    /// Gives a partition that is not read to its end to its lane.
    pub(super) fn assign_at(&mut self, partition: Partition, position: Offset, leader_epoch: i32) -> Result<Next> {
        if let Some(end) = self.unfinished.get(&partition).copied() {
            self.lanes.assign(&self.plan, Assignment { partition, position, leader_epoch, end })?;
        }
        Ok(Next::Go)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b7_a_position_beyond_the_end_is_truncated_where_the_epochs_say_so_and_waited_for_where_they_do_not() {
        assert_eq!(judge(20, 0, 15, Some((10, 2))), Judgement::Truncated { to: 10, epoch: 2 });
        assert_eq!(judge(20, 0, 15, Some((20, 3))), Judgement::Lagging);
        assert_eq!(judge(20, 0, 15, None), Judgement::Truncated { to: 15, epoch: -1 });
    }

    #[test]
    fn b5_a_position_that_the_grown_log_holds_again_is_truncated_all_the_same() {
        assert_eq!(judge(20, 0, 30, Some((10, 2))), Judgement::Truncated { to: 10, epoch: 2 });
        assert_eq!(judge(20, 0, 30, Some((20, 2))), Judgement::Sound);
        assert_eq!(judge(20, 0, 30, None), Judgement::Sound);
    }

    #[test]
    fn b6_a_position_before_the_log_start_is_overtaken_and_not_truncated() {
        assert_eq!(judge(20, 25, 30, Some((20, 2))), Judgement::Overtaken);
        assert_eq!(judge(20, 25, 30, None), Judgement::Overtaken);
        assert_eq!(judge(20, 20, 20, None), Judgement::Sound);
    }
}
