//! The state machine.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::fetch_response::PartitionData;
use kafka_protocol::messages::{BrokerId, FetchRequest, FetchResponse, TopicName};
use kafka_protocol::protocol::StrBytes;

use super::partition::PartitionState;
use super::refusal::{Refusal, text};
use super::ticket::{Action, Asked, FetchTicket, PartitionRecords, Watermarks};
use crate::cluster::{Backoff, TopicView};
use crate::error::Error;
use crate::position::{Offset, Partition};
use crate::record::Walk;
use crate::wire::error_name;

/// Answers in a row that come early and empty before the broker is left alone for a while.
const EMPTY_ANSWERS: u32 = 100;

/// The longest wait for news that is asked of a broker while one of its partitions is left out of the request: the left out may be
/// asked for again any moment, and a broker answers in order.
const SHORT_WAIT: Duration = Duration::from_millis(50);

/// How fetches are made.
#[derive(Debug, Clone)]
pub(crate) struct FetchSettings {
    pub(crate) min_bytes: i32,
    pub(crate) max_wait: Duration,
    pub(crate) max_bytes: i32,
    pub(crate) max_partition_bytes: i32,
    pub(crate) read_committed: bool,
    /// Requests under way to one broker.
    pub(crate) in_flight: usize,
    pub(crate) retry: Backoff,
}

/// One topic's partitions that one lane owns: where each is, and what to ask next.
#[derive(Debug)]
pub(crate) struct FetchCore {
    topic: Arc<str>,
    settings: FetchSettings,
    partitions: BTreeMap<Partition, PartitionState>,
    brokers: BTreeMap<i32, BrokerState>,
    /// Never given twice, so that a partition that comes back is not mistaken for what it was.
    next_generation: u64,
    rng: fastrand::Rng,
}

#[derive(Debug, Default)]
struct BrokerState {
    in_flight: usize,
    /// Connections that were given up while something was in flight: their answers count no more.
    given_up: u64,
    /// KIP-219: not asked before this moment.
    throttled_until: Option<Instant>,
    /// The partition that the last request began with: the next begins behind it, so that none is always last.
    began_with: Option<Partition>,
    empty_answers: u32,
}

impl FetchCore {
    pub(crate) fn new(topic: Arc<str>, settings: FetchSettings, seed: u64) -> Self {
        Self {
            topic,
            settings,
            partitions: BTreeMap::new(),
            brokers: BTreeMap::new(),
            next_generation: 0,
            rng: fastrand::Rng::with_seed(seed),
        }
    }

    /// Reads `partition` from `position` on, up to `stop`. What was known of it is forgotten.
    pub(crate) fn assign(&mut self, partition: Partition, position: Offset, stop: Option<Offset>) {
        let generation = self.generation();
        self.partitions.insert(partition, PartitionState::new(position, stop, generation));
    }

    /// Asks for `partition` no more.
    pub(crate) fn remove(&mut self, partition: Partition) {
        self.partitions.remove(&partition);
    }

    /// Says where `partition` ends.
    pub(crate) fn set_stop(&mut self, partition: Partition, stop: Offset) {
        if let Some(state) = self.partitions.get_mut(&partition) {
            state.stop = Some(stop);
        }
    }

    /// Takes over who leads what. What was asked of a leader that is none any more is forgotten: it may never answer.
    pub(crate) fn topic_view(&mut self, view: &TopicView) {
        for (partition, state) in &mut self.partitions {
            if let Some(found) = view.partitions.get(partition)
                && state.set_leader(found.leader, found.leader_epoch)
            {
                self.next_generation += 1;
                state.start_anew(self.next_generation);
            }
        }
    }

    /// The connection to `broker` is given up, with whatever is in flight over it: all of it may be asked again.
    pub(crate) fn give_up(&mut self, broker: i32) {
        let Some(state) = self.brokers.get_mut(&broker) else { return };
        state.in_flight = 0;
        state.given_up += 1;
        for partition in self.partitions.values_mut().filter(|partition| partition.leader == Some(broker)) {
            self.next_generation += 1;
            partition.start_anew(self.next_generation);
        }
    }

    /// Whether `partition` is left out of requests because its table has no room.
    pub(crate) fn hold(&mut self, partition: Partition, held: bool) {
        if let Some(state) = self.partitions.get_mut(&partition) {
            state.held = held;
        }
    }

    /// Goes back to `position`; what is in flight for `partition` is forgotten.
    pub(crate) fn rewind(&mut self, partition: Partition, position: Offset, now: Instant, pause: bool) {
        let generation = self.generation();
        if let Some(state) = self.partitions.get_mut(&partition) {
            state.position = position;
            state.start_anew(generation);
            state.answer_awaited = false;
            if pause {
                state.not_before = Some(now + self.settings.retry.delay(state.failures, &mut self.rng));
                state.failures = state.failures.saturating_add(1);
            }
        }
    }

    /// The brokers that lead a partition which is not read to its end.
    pub(crate) fn brokers(&self) -> Vec<i32> {
        let mut brokers: Vec<i32> =
            self.partitions.values().filter(|state| state.is_unfinished()).filter_map(|state| state.leader).collect();
        brokers.sort_unstable();
        brokers.dedup();
        brokers
    }

    /// When something can be asked that cannot be asked `now`, by the mere passing of time.
    pub(crate) fn timeout(&self, now: Instant) -> Option<Instant> {
        let partitions = self.partitions.values().filter_map(|state| state.not_before);
        let brokers = self.brokers.values().filter_map(|broker| broker.throttled_until);
        partitions.chain(brokers).filter(|moment| *moment > now).min()
    }

    /// What to ask `broker` now, if anything.
    pub(crate) fn next_request(&mut self, broker: i32, now: Instant) -> Option<(FetchTicket, FetchRequest)> {
        let state = self.brokers.entry(broker).or_default();
        if state.in_flight >= self.settings.in_flight || state.throttled_until.is_some_and(|moment| moment > now) {
            return None;
        }
        state.throttled_until = None;
        let left_out = self.partitions.values().any(|partition| partition.is_left_out(broker, now));
        let wait = if left_out { self.settings.max_wait.min(SHORT_WAIT) } else { self.settings.max_wait };
        let mut asked: Vec<Asked> = self
            .partitions
            .iter_mut()
            .filter(|(_, partition)| partition.can_be_asked(broker, now))
            .map(|(number, partition)| {
                partition.in_flight = true;
                partition.not_before = None;
                Asked {
                    partition: *number,
                    position: partition.position,
                    generation: partition.generation,
                    stalled: partition.stalls > 0,
                }
            })
            .collect();
        if let Some(last) = state.began_with {
            let behind = asked.partition_point(|asked| asked.partition <= last);
            if behind < asked.len() {
                asked.rotate_left(behind);
            }
        }
        state.began_with = Some(asked.first()?.partition);
        state.in_flight += 1;
        let connection = state.given_up;
        // KIP-74 promises a batch larger than the limits to the first partition alone.
        asked.sort_by_key(|asked| !asked.stalled);
        let request = self.request(&asked, wait);
        Some((FetchTicket { broker, connection, sent: now, wait, asked }, request))
    }

    fn request(&self, asked: &[Asked], wait: Duration) -> FetchRequest {
        let partitions = asked
            .iter()
            .map(|asked| {
                FetchPartition::default()
                    .with_partition(asked.partition)
                    .with_current_leader_epoch(-1)
                    .with_fetch_offset(asked.position)
                    .with_last_fetched_epoch(-1)
                    .with_log_start_offset(-1)
                    .with_partition_max_bytes(self.settings.max_partition_bytes)
            })
            .collect();
        let topic = TopicName(StrBytes::from_string(self.topic.to_string()));
        FetchRequest::default()
            .with_replica_id(BrokerId(-1))
            .with_max_wait_ms(i32::try_from(wait.as_millis()).unwrap_or(i32::MAX))
            .with_min_bytes(self.settings.min_bytes)
            .with_max_bytes(self.settings.max_bytes)
            .with_isolation_level(i8::from(self.settings.read_committed))
            .with_session_id(0)
            .with_session_epoch(-1)
            .with_topics(vec![FetchTopic::default().with_topic(topic).with_partitions(partitions)])
    }

    /// The answer will not come: what was asked may be asked again.
    pub(crate) fn on_failure(&mut self, ticket: &FetchTicket) {
        self.release(ticket);
        for asked in &ticket.asked {
            if let Some(state) = self.current(asked) {
                state.in_flight = false;
            }
        }
    }

    /// Takes an answer in: positions move, and what is to be done about it is returned, in the order of the answer.
    pub(crate) fn on_response(&mut self, ticket: FetchTicket, response: FetchResponse, now: Instant) -> Vec<Action> {
        self.release(&ticket);
        let throttle = Duration::from_millis(u64::try_from(response.throttle_time_ms).unwrap_or(0));
        if let Some(broker) = self.brokers.get_mut(&ticket.broker).filter(|_| !throttle.is_zero()) {
            broker.throttled_until = Some(now + throttle);
        }
        let mut actions = Vec::new();
        let mut open: BTreeMap<Partition, Asked> = ticket.asked.iter().map(|asked| (asked.partition, *asked)).collect();
        let mut bytes = 0;
        if response.error_code == 0 {
            let topic = Arc::clone(&self.topic);
            let answers = response.responses.into_iter().filter(|answer| answer.topic.as_str() == &*topic);
            for data in answers.flat_map(|answer| answer.partitions) {
                // What was not asked for, or is there a second time, is not read.
                let Some(asked) = open.remove(&data.partition_index) else { continue };
                bytes += data.records.as_ref().map_or(0, Bytes::len);
                self.on_partition(ticket.broker, &asked, data, now, &mut actions);
            }
        }
        // A throttled broker leaves out everything, and says how long to wait.
        let pause = throttle.is_zero();
        let name = text(response.error_code);
        for asked in open.into_values() {
            if let Some(state) = self.current(&asked) {
                state.in_flight = false;
                if pause {
                    self.pause(asked.partition, now);
                    if response.error_code != 0 {
                        actions.push(Action::RefreshMetadata { partition: asked.partition, reason: name.clone() });
                    }
                }
            }
        }
        self.count_empty(&ticket, bytes, now);
        actions
    }

    fn on_partition(&mut self, broker: i32, asked: &Asked, data: PartitionData, now: Instant, actions: &mut Vec<Action>) {
        let partition = asked.partition;
        let Some(state) = self.current(asked) else { return };
        state.in_flight = false;
        match data.error_code {
            0 => {
                state.failures = 0;
                actions.push(Action::Watermarks(Watermarks {
                    partition,
                    high_watermark: data.high_watermark,
                    last_stable_offset: data.last_stable_offset,
                }));
                self.on_records(asked, data, now, actions);
            }
            code => match Refusal::of(code) {
                Refusal::OutOfRange => {
                    state.answer_awaited = true;
                    actions.push(Action::OutOfRange { partition, position: asked.position });
                }
                Refusal::Damaged if state.stalls == 0 => {
                    state.stalls += 1;
                    self.pause(partition, now);
                }
                Refusal::Damaged => {
                    let hint = "the broker's copy of the log is damaged";
                    self.fail(partition, self.refused(broker, partition, code, hint), actions);
                }
                Refusal::Never(hint) => self.fail(partition, self.refused(broker, partition, code, hint), actions),
                Refusal::NotAuthorized => {
                    let what = format!("fetch from {}/{partition}", self.topic);
                    let error = Error::NotAuthorized { broker: format!("broker {broker}"), what, name: text(code) };
                    self.fail(partition, error, actions);
                }
                Refusal::Later => self.pause(partition, now),
                Refusal::Elsewhere => {
                    self.pause(partition, now);
                    actions.push(Action::RefreshMetadata { partition, reason: text(code) });
                }
            },
        }
    }

    /// Walks the batch headers, moves the position, and hands the bytes on.
    fn on_records(&mut self, asked: &Asked, data: PartitionData, now: Instant, actions: &mut Vec<Action>) {
        let partition = asked.partition;
        let Some(records) = data.records.filter(|records| !records.is_empty()) else {
            if let Some(state) = self.partitions.get_mut(&partition) {
                state.stalls = 0;
            }
            return;
        };
        let mut walk = Walk::new(&records);
        let mut next = asked.position;
        let mut whole = 0;
        let mut damaged = false;
        let mut beyond = false;
        // A broker sends nothing beyond its high watermark: a base offset there is damaged (no checksum covers it), or the log grew
        // between the broker's look at the one and at the other. Either way the same question gives another answer, once.
        let limit = if asked.stalled || data.high_watermark < 0 { Offset::MAX } else { data.high_watermark };
        while let Some(batch) = walk.next() {
            match batch.and_then(|batch| batch.header.next_offset()) {
                Ok(after) if after > limit => {
                    beyond = true;
                    break;
                }
                // A batch that ends below the position is a stale answer's, or the first of a compacted log: not an error.
                Ok(after) => next = next.max(after),
                Err(_) => {
                    damaged = true;
                    break;
                }
            }
            whole = walk.consumed();
        }
        if damaged {
            whole = records.len(); // whoever decodes it, says what is wrong
        }
        let Some(state) = self.partitions.get_mut(&partition) else { return };
        if next > asked.position || damaged {
            state.position = next;
            state.stalls = 0;
            let aborted = data.aborted_transactions.unwrap_or_default();
            actions.push(Action::Records(PartitionRecords {
                partition,
                from: asked.position,
                next,
                records: records.slice(..whole),
                aborted: aborted.iter().map(|entry| (entry.producer_id.0, entry.first_offset)).collect(),
            }));
            return;
        }
        // A broker sends the first batch whole, however large (KIP-74): bytes without progress twice will be so for ever.
        state.stalls += 1;
        if state.stalls >= 2 {
            let error =
                Error::NoProgress { topic: self.topic.to_string(), partition, offset: asked.position, bytes: records.len() };
            self.fail(partition, error, actions);
        } else if !beyond {
            self.pause(partition, now);
        }
    }

    /// The partition is left alone until somebody says where to go on.
    fn fail(&mut self, partition: Partition, error: Error, actions: &mut Vec<Action>) {
        if let Some(state) = self.partitions.get_mut(&partition) {
            state.answer_awaited = true;
        }
        actions.push(Action::Failed { partition, error });
    }

    fn refused(&self, broker: i32, partition: Partition, code: i16, hint: &'static str) -> Error {
        let what = format!("fetch from {}/{partition}", self.topic);
        Error::Refused { broker: format!("broker {broker}"), what, code, name: error_name(code), hint }
    }

    /// A broker that answers early and empty again and again is left alone for a moment.
    fn count_empty(&mut self, ticket: &FetchTicket, bytes: usize, now: Instant) {
        let early = now.saturating_duration_since(ticket.sent) * 2 < ticket.wait;
        let pause = self.settings.retry.max;
        let Some(broker) = self.brokers.get_mut(&ticket.broker) else { return };
        if bytes > 0 || !early {
            broker.empty_answers = 0;
            return;
        }
        broker.empty_answers += 1;
        if broker.empty_answers >= EMPTY_ANSWERS {
            broker.empty_answers = 0;
            broker.throttled_until = Some(broker.throttled_until.unwrap_or(now).max(now + pause));
        }
    }

    fn pause(&mut self, partition: Partition, now: Instant) {
        if let Some(state) = self.partitions.get_mut(&partition) {
            state.not_before = Some(now + self.settings.retry.delay(state.failures, &mut self.rng));
            state.failures = state.failures.saturating_add(1);
        }
    }

    fn release(&mut self, ticket: &FetchTicket) {
        if let Some(broker) = self.brokers.get_mut(&ticket.broker).filter(|broker| broker.given_up == ticket.connection) {
            broker.in_flight = broker.in_flight.saturating_sub(1);
        }
    }

    /// The partition as it was asked for, unless it was rewound or given away since.
    fn current(&mut self, asked: &Asked) -> Option<&mut PartitionState> {
        self.partitions.get_mut(&asked.partition).filter(|state| state.generation == asked.generation)
    }

    fn generation(&mut self) -> u64 {
        self.next_generation += 1;
        self.next_generation
    }
}
