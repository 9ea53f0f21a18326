//! What the cluster answers, or does not: when it is asked again, and when what it says is final.

use std::time::Duration;

use tokio::time::Instant;

use super::questions::Answer;
use super::supervision::{Control, Later, Next};
use crate::cluster::Notice;
use crate::error::{Error, Result};
use crate::ingest::End as PartitionEnd;
use crate::table::EventKind;

/// What was refused is asked for again after so many of the longest retry pauses.
const SLOW: u32 = 30;

impl Control {
    pub(super) fn on_answer(&mut self, answer: Answer) -> Result<Next> {
        match answer {
            Answer::View(view) => {
                self.last_refresh = Instant::now();
                let outcome = match view {
                    Ok(view) => self.on_view(view),
                    Err(error) => self.on_no_view(error),
                };
                let pause = self.refresh_pause();
                self.refresh_at = Some(self.last_refresh + pause);
                outcome
            }
            Answer::Log { era, .. } if era != self.era => Ok(Next::Go),
            Answer::Log { inquiry, state: Ok(state), .. } => {
                self.on_view(state.view.clone())?;
                if self.identity.is_doubtful() || self.turnover.is_some() {
                    // Which topic it is comes first; then the partition is given to its lane anew.
                    return Ok(Next::Go);
                }
                self.on_log(inquiry, state)
            }
            Answer::Log { inquiry, state: Err(error), .. } => {
                let partition = inquiry.partition;
                self.publisher.status().trouble(Some(partition), error.clone());
                let pause =
                    if matches!(error, Error::NotAuthorized { .. }) { self.slow() } else { self.plan.settings.retry_backoff_max };
                self.later(partition, Later::Inquire(inquiry.told), pause);
                self.on_no_view(error)
            }
            Answer::EndsAt { time, ends: Ok(ends) } => {
                for (partition, offset) in ends {
                    // One that has reached its end meanwhile has none any more.
                    if let Some(end) = self.unfinished.get_mut(&partition) {
                        *end = PartitionEnd { offset: Some(offset), timestamp: Some(time) };
                        self.lanes.set_end(partition, *end);
                    }
                }
                Ok(Next::Go)
            }
            Answer::EndsAt { ends: Err(error), .. } => {
                tracing::warn!(topic = &*self.plan.topic, %error, "cannot ask where the partitions end; trying again");
                self.publisher.status().trouble(None, error);
                self.clock_stop = Some(Instant::now() + self.plan.settings.retry_backoff_max);
                Ok(Next::Go)
            }
            Answer::Notice(notice) => {
                let what = match notice {
                    Notice::Rebootstrapped => EventKind::Rebootstrapped,
                    Notice::OtherCluster { broker, expected, found } => EventKind::OtherClusterSeen { broker, expected, found },
                };
                self.publisher.status().event_once(None, what);
                Ok(Next::Go)
            }
        }
    }

    /// Metadata did not come, or says that there is nothing to read.
    fn on_no_view(&mut self, error: Error) -> Result<Next> {
        self.attempts = self.attempts.saturating_add(1);
        if self.attempts == 1 {
            tracing::warn!(topic = &*self.plan.topic, %error, "metadata refresh failed");
        } else {
            tracing::debug!(topic = &*self.plan.topic, attempt = self.attempts, %error, "metadata refresh failed again");
        }
        let status = self.publisher.status();
        status.trouble(None, error.clone());
        // Long enough for a broker that has just started to know what the others know.
        let least = self.plan.settings.retry_backoff_max * 5;
        match error {
            Error::UnknownTopic { topic, .. } => {
                let gone = self.missing.confirmed(least.max(self.plan.settings.wait_for_topic));
                if gone {
                    status.event(None, EventKind::TopicDeleted);
                    return Err(Error::DeletedTopic { topic });
                }
                if self.missing.is_new() {
                    status.event(None, EventKind::TopicMissing);
                }
            }
            Error::OtherCluster { .. } if self.strangers.confirmed(least) => return Err(error),
            Error::NotAuthorized { .. } if !std::mem::replace(&mut self.refused, true) => {
                status.event(None, EventKind::NotAuthorized { error });
            }
            _ => {}
        }
        Ok(Next::Go)
    }

    /// Metadata came: what was doubted because of its absence is not.
    pub(super) fn metadata_came(&mut self) {
        self.missing.dispel();
        self.strangers.dispel();
        if std::mem::take(&mut self.refused) {
            self.publisher.status().event(None, EventKind::AuthorizedAgain);
        }
    }

    /// How long until metadata is asked for by itself.
    fn refresh_pause(&mut self) -> Duration {
        if self.refused {
            return self.slow();
        }
        let settled = !self.missing.is_open()
            && !self.strangers.is_open()
            && !self.regressed.is_open()
            && !self.identity.is_doubtful()
            // An election: nobody else will say when it is over.
            && self.leaderless.is_empty();
        if settled && self.attempts == 0 {
            return self.plan.settings.metadata_max_age;
        }
        let attempt = self.attempts;
        self.attempts = attempt.saturating_add(1);
        self.retry.delay(attempt, &mut self.rng)
    }

    /// The answer was an old one: another is asked for soon.
    pub(super) fn refresh_was_stale(&mut self) {
        self.attempts = self.attempts.max(1);
    }

    pub(super) fn refresh_worked(&mut self) {
        if self.leaderless.is_empty() && !self.identity.is_doubtful() && !self.regressed.is_open() {
            self.attempts = 0;
        }
    }

    pub(super) fn slow(&self) -> Duration {
        self.plan.settings.retry_backoff_max * SLOW
    }
}
