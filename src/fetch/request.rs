//! What is asked next: which partitions, of which broker, in which version, in a session or not.

use std::time::{Duration, Instant};

use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic, ForgottenTopic};
use kafka_protocol::messages::{BrokerId, FetchRequest, TopicName};
use kafka_protocol::protocol::StrBytes;

use super::core::FetchCore;
use super::partition::PartitionState;
use super::planted::Defect;
use super::session::Terms;
use super::ticket::{Action, Asked, FetchTicket};
use crate::position::Partition;

/// The first version with fetch sessions (KIP-227).
const SESSIONS: i16 = 7;

/// The first version that is told the leader epoch (KIP-320).
const LEADER_EPOCHS: i16 = 9;

/// The first version that is told the rack, and names a follower (KIP-392).
pub(super) const RACKS: i16 = 11;

/// The first version that is told the epoch of the last batch, and compares logs by it (KIP-595).
pub(super) const VALIDATES: i16 = 12;

/// The first version that names topics by id (KIP-516).
pub(super) const TOPIC_IDS: i16 = 13;

/// The longest wait for news that is asked of a broker while one of its partitions is left out of the request: the left out may be
/// asked for again any moment, and a broker answers in order.
pub(super) const SHORT_WAIT: Duration = Duration::from_millis(50);

impl FetchCore {
    /// What to ask `broker` now, if anything, where `version` is the highest that it and we speak. The ticket says in which it is.
    ///
    /// A broker answers in order. So a request that it may hold back until there is news is always the only one under way; where
    /// several are, each asks for what is there already, and bids the broker not to wait.
    pub(crate) fn next_request(&mut self, broker: i32, version: i16, now: Instant) -> Option<(FetchTicket, FetchRequest)> {
        if self.identity.is_replaced() {
            return None;
        }
        let version = if self.identity.id().is_nil() { version.min(TOPIC_IDS - 1) } else { version };
        self.hand_over_unvalidated(broker, version, now);
        let planted = self.planted;
        let state = self.brokers.entry(broker).or_default();
        if state.throttled_until.is_some_and(|moment| moment > now) && !planted.has(Defect::ThrottleIgnored) {
            return None;
        }
        state.throttled_until = None;
        let can_be_asked = |state: &PartitionState| state.can_be_asked(broker, now, planted);
        let limit = state.limit(self.settings.in_flight);
        let ready = self.partitions.values().filter(|state| state.has_more && can_be_asked(state)).count();
        if state.in_flight == 0 {
            state.is_pipelined = limit > 1 && ready >= 2;
        } else if !state.is_pipelined || state.in_flight >= limit || ready == 0 {
            return None;
        }
        let is_pipelined = state.is_pipelined;
        let mut order: Vec<Partition> =
            self.partitions.iter().filter(|(_, state)| can_be_asked(state)).map(|(partition, _)| *partition).collect();
        if let Some(last) = state.began_with {
            let behind = order.partition_point(|partition| *partition <= last);
            if behind < order.len() {
                order.rotate_left(behind);
            }
        }
        state.began_with = Some(*order.first()?);
        if is_pipelined {
            let under_way = self.partitions.values().filter(|state| state.has_more && state.in_flight == Some(broker)).count();
            self.take_share(&mut order, (ready + under_way).div_ceil(limit));
        }
        let left_out = self.partitions.values().any(|state| state.is_left_out(broker, now, planted));
        let wait = match self.settings.max_wait {
            _ if is_pipelined => Duration::ZERO,
            wait if left_out => wait.min(SHORT_WAIT),
            wait => wait,
        };
        let hides_rack = order.iter().filter_map(|number| self.partitions.get(number)).any(|state| state.replica.hides_rack(now));
        let mut had_more = false;
        let mut asked: Vec<Asked> = Vec::with_capacity(order.len());
        for number in order {
            let Some(state) = self.partitions.get_mut(&number) else { continue };
            had_more |= state.has_more;
            asked.push(ask(number, state, broker, version, planted.has(Defect::LastEpochNotSent)));
        }
        // KIP-74 promises a batch larger than the limits to the first partition alone.
        asked.sort_by_key(|asked| !asked.stalled);
        let first_counts = asked.first().is_some_and(|first| first.stalled);
        let topic_id = if version >= TOPIC_IDS { self.identity.id() } else { uuid::Uuid::nil() };
        let state = self.brokers.entry(broker).or_default();
        state.in_flight += 1;
        let connection = state.given_up;
        let terms = if version < SESSIONS || is_pipelined {
            state.session.ask_without(&asked)
        } else {
            state.session.ask(&asked, topic_id, first_counts, planted)
        };
        let mut request = self.request(&terms, wait, version);
        if version >= RACKS && !hides_rack {
            request.rack_id = StrBytes::from_string(self.settings.rack.clone());
        }
        let ticket = FetchTicket {
            broker,
            connection,
            version,
            sent: now,
            idle_since: None,
            wait,
            had_more,
            session_epoch: terms.epoch,
            is_incremental: terms.is_incremental(),
            asked,
        };
        Some((ticket, request))
    }

    /// Of the partitions that have something to read, so many; those that have nothing as well, at the end.
    fn take_share(&self, order: &mut Vec<Partition>, share: usize) {
        let has_more = |partition: &Partition| self.partitions.get(partition).is_some_and(|state| state.has_more);
        let (mut more, rest): (Vec<Partition>, Vec<Partition>) = order.iter().partition(|partition| has_more(partition));
        more.truncate(share.max(1));
        more.extend(rest);
        *order = more;
    }

    /// Where the broker does not compare logs itself, somebody else must after each change of the leader epoch.
    fn hand_over_unvalidated(&mut self, broker: i32, version: i16, now: Instant) {
        if self.planted.has(Defect::ValidationForgotten) {
            return;
        }
        let due: Vec<Partition> = self
            .partitions
            .iter()
            .filter(|(_, state)| state.needs_validation(version) && state.can_be_asked(broker, now, self.planted))
            .map(|(partition, _)| *partition)
            .collect();
        for partition in due {
            self.new_generation(partition);
            let Some(state) = self.partitions.get_mut(&partition) else { continue };
            state.answer_awaited = true;
            let (position, last_epoch, current_epoch) = (state.position, state.last_epoch, state.leadership.epoch);
            self.actions.push_back(Action::Validate { partition, position, last_epoch, current_epoch });
        }
    }

    fn request(&self, terms: &Terms, wait: Duration, version: i16) -> FetchRequest {
        let by_id = version >= TOPIC_IDS;
        let name = || if by_id { TopicName::default() } else { TopicName(StrBytes::from_string(self.topic.to_string())) };
        let id = if by_id { self.identity.id() } else { uuid::Uuid::nil() };
        let partitions: Vec<FetchPartition> = terms
            .named
            .iter()
            .map(|asked| {
                FetchPartition::default()
                    .with_partition(asked.partition)
                    .with_current_leader_epoch(asked.leader_epoch)
                    .with_fetch_offset(asked.position)
                    .with_last_fetched_epoch(asked.last_epoch)
                    .with_log_start_offset(-1)
                    .with_partition_max_bytes(self.settings.max_partition_bytes)
            })
            .collect();
        let mut request = FetchRequest::default()
            .with_replica_id(BrokerId(-1))
            .with_max_wait_ms(i32::try_from(wait.as_millis()).unwrap_or(i32::MAX))
            .with_min_bytes(self.settings.min_bytes)
            .with_max_bytes(self.settings.max_bytes)
            .with_isolation_level(i8::from(self.settings.read_committed))
            .with_session_id(terms.id)
            .with_session_epoch(terms.epoch);
        if !partitions.is_empty() {
            request.topics = vec![FetchTopic::default().with_topic(name()).with_topic_id(id).with_partitions(partitions)];
        }
        if !terms.forgotten.is_empty() {
            let forgotten = ForgottenTopic::default().with_topic(name()).with_topic_id(id);
            request.forgotten_topics_data = vec![forgotten.with_partitions(terms.forgotten.clone())];
        }
        request
    }
}

/// Marks the partition as asked for.
fn ask(partition: Partition, state: &mut PartitionState, broker: i32, version: i16, hide_last_epoch: bool) -> Asked {
    state.in_flight = Some(broker);
    state.not_before = None;
    Asked {
        partition,
        position: state.position,
        generation: state.generation,
        stalled: state.stalls > 0,
        leader_epoch: if version >= LEADER_EPOCHS { state.leadership.epoch } else { -1 },
        last_epoch: if version >= VALIDATES && !hide_last_epoch { state.last_epoch } else { -1 },
    }
}
