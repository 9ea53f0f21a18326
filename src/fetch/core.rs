//! The state machine: what it knows, and what it is told.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::broker::BrokerState;
use super::identity::{Identity, Meeting};
use super::partition::PartitionState;
use super::planted::{Defect, Planted};
use super::ticket::{Action, Asked, FetchTicket};
use crate::cluster::{Backoff, TopicView};
use crate::position::{Offset, Partition};

/// How fetches are made.
#[derive(Debug, Clone)]
pub(crate) struct FetchSettings {
    pub(crate) min_bytes: i32,
    pub(crate) max_wait: Duration,
    pub(crate) max_bytes: i32,
    pub(crate) max_partition_bytes: i32,
    pub(crate) read_committed: bool,
    /// Requests under way to one broker; 0 for as many as the way to it is worth.
    pub(crate) in_flight: usize,
    pub(crate) retry: Backoff,
    /// Where this client is, so that the leader can name the closest replica; empty for nowhere.
    pub(crate) rack: String,
    /// How long a follower is read from before the leader is asked again.
    pub(crate) follower_lease: Duration,
}

/// One topic's partitions that one lane owns: where each is, and what to ask next.
#[derive(Debug)]
pub(crate) struct FetchCore {
    pub(super) topic: Arc<str>,
    pub(super) identity: Identity,
    pub(super) settings: FetchSettings,
    pub(super) partitions: BTreeMap<Partition, PartitionState>,
    pub(super) brokers: BTreeMap<i32, BrokerState>,
    /// The brokers whose address somebody told.
    pub(super) known: BTreeSet<i32>,
    /// The leader epochs in which partitions were given away: whoever assigns them again has looked at no older ones.
    given_away: BTreeMap<Partition, i32>,
    /// What is to be done and no answer is the reason for.
    pub(super) actions: VecDeque<Action>,
    /// Never given twice, so that a partition that comes back is not mistaken for what it was.
    next_generation: u64,
    pub(super) rng: fastrand::Rng,
    pub(super) planted: Planted,
}

impl FetchCore {
    pub(crate) fn new(topic: Arc<str>, settings: FetchSettings, seed: u64) -> Self {
        Self {
            topic,
            identity: Identity::default(),
            settings,
            partitions: BTreeMap::new(),
            brokers: BTreeMap::new(),
            known: BTreeSet::new(),
            given_away: BTreeMap::new(),
            actions: VecDeque::new(),
            next_generation: 0,
            rng: fastrand::Rng::with_seed(seed),
            planted: Planted::default(),
        }
    }

    /// Reads `partition` from `position` on, up to `stop`. What was known of it is forgotten. `last_epoch` is that of the last batch
    /// before the position, -1 where it is not known; that the log is still that one was seen to.
    pub(crate) fn assign(&mut self, partition: Partition, position: Offset, last_epoch: i32, stop: Option<Offset>) {
        let generation = self.generation();
        let mut state = PartitionState::new(position, last_epoch, stop, generation);
        state.validated = self.given_away.remove(&partition);
        self.partitions.insert(partition, state);
    }

    /// Asks for `partition` no more.
    pub(crate) fn remove(&mut self, partition: Partition) {
        if let Some(state) = self.partitions.remove(&partition)
            && state.leadership.epoch >= 0
        {
            self.given_away.insert(partition, state.leadership.epoch);
        }
    }

    /// Says where `partition` ends.
    pub(crate) fn set_stop(&mut self, partition: Partition, stop: Offset) {
        if let Some(state) = self.partitions.get_mut(&partition) {
            state.stop = Some(stop);
        }
    }

    /// Takes over who leads what. What was asked of a leader that is none any more is forgotten: it may never answer.
    ///
    /// Metadata of another topic of the same name ends all asking until [`Self::restart`].
    pub(crate) fn topic_view(&mut self, view: &TopicView) {
        match self.identity.meet(view.topic_id) {
            Meeting::Same => {}
            Meeting::Former => return,
            Meeting::Other if self.planted.has(Defect::RecreatedTopicAdopted) => self.identity.adopt(view.topic_id),
            Meeting::Other => return self.abandon(),
        }
        if self.identity.is_replaced() {
            return;
        }
        self.known = view.brokers.keys().copied().collect();
        for (partition, state) in &mut self.partitions {
            if let Some(found) = view.partitions.get(partition)
                && state.learn_leader(found.leader, found.leader_epoch, self.planted)
            {
                self.next_generation += 1;
                state.start_anew(self.next_generation);
            }
        }
    }

    /// Takes over who leads one partition, from a view that [`FetchCore::topic_view`] has seen: ten thousand assignments must not walk
    /// ten thousand partitions each.
    pub(crate) fn partition_view(&mut self, partition: Partition, view: &TopicView) {
        if self.identity.is_replaced() || self.identity.meet(view.topic_id) != Meeting::Same {
            return;
        }
        if let (Some(state), Some(found)) = (self.partitions.get_mut(&partition), view.partitions.get(&partition))
            && state.learn_leader(found.leader, found.leader_epoch, self.planted)
        {
            self.next_generation += 1;
            state.start_anew(self.next_generation);
        }
    }

    /// The topic that was read is gone: so are the partitions that were assigned up to now.
    fn abandon(&mut self) {
        for state in self.partitions.values_mut() {
            self.next_generation += 1;
            state.start_anew(self.next_generation);
            state.is_gone = true;
        }
    }

    /// Goes over to the topic that `view` describes. What was assigned before the old one was known to be gone is forgotten: offsets
    /// of the one mean nothing in the other.
    pub(crate) fn restart(&mut self, view: &TopicView) {
        if !self.identity.is_replaced() && self.identity.meet(view.topic_id) == Meeting::Other {
            self.abandon();
        }
        self.partitions.retain(|_, state| !state.is_gone);
        self.given_away.clear();
        self.identity.adopt(view.topic_id);
        self.topic_view(view);
    }

    /// The connection to `broker` is given up, with whatever is in flight over it: all of it may be asked again.
    pub(crate) fn give_up(&mut self, broker: i32) {
        let Some(state) = self.brokers.get_mut(&broker) else { return };
        state.give_up(self.planted);
        for partition in self.partitions.values_mut().filter(|partition| partition.in_flight == Some(broker)) {
            self.next_generation += 1;
            partition.start_anew(self.next_generation);
        }
    }

    /// The connection to `broker` broke, or cannot be made. What was read from it as from a follower is read from the leader.
    pub(crate) fn lost(&mut self, broker: i32, now: Instant) {
        self.give_up(broker);
        let until = now + self.settings.follower_lease;
        for state in self.partitions.values_mut().filter(|state| state.replica.follower() == Some(broker)) {
            state.replica.leader_only(until);
        }
    }

    /// Whether `partition` is left out of requests because its table has no room.
    pub(crate) fn hold(&mut self, partition: Partition, held: bool) {
        if let Some(state) = self.partitions.get_mut(&partition) {
            state.held = held;
        }
    }

    /// Goes back to `position`, before which the last batch is of `last_epoch`; what is in flight for `partition` is forgotten.
    pub(crate) fn rewind(&mut self, partition: Partition, position: Offset, last_epoch: i32, now: Instant, pause: bool) {
        let mut generation = self.generation();
        let planted = self.planted;
        if let Some(state) = self.partitions.get_mut(&partition) {
            if planted.has(Defect::RewindKeepsGeneration) {
                generation = state.generation;
            }
            state.position = position;
            if !planted.has(Defect::EpochNotRewound) {
                state.last_epoch = last_epoch;
            }
            state.start_anew(generation);
            state.answer_awaited = false;
            state.has_more = false;
        }
        if pause {
            self.pause(partition, now);
        }
    }

    /// The brokers that a partition which is not read to its end is read from.
    pub(crate) fn brokers(&self, now: Instant) -> Vec<i32> {
        if self.identity.is_replaced() {
            return Vec::new();
        }
        let unfinished = self.partitions.values().filter(|state| state.is_unfinished());
        let mut brokers: Vec<i32> = unfinished.filter_map(|state| state.source(now)).collect();
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

    /// What is to be done without an answer being the reason, one after the other.
    pub(crate) fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// The answer will not come: what was asked may be asked again.
    pub(crate) fn on_failure(&mut self, ticket: &FetchTicket) {
        if self.release(ticket)
            && let Some(broker) = self.brokers.get_mut(&ticket.broker)
            && !self.planted.has(Defect::SessionSurvivesConnection)
        {
            broker.session.lost();
        }
        for asked in &ticket.asked {
            if let Some(state) = self.current(asked) {
                state.in_flight = None;
            }
        }
    }

    pub(super) fn pause(&mut self, partition: Partition, now: Instant) {
        if let Some(state) = self.partitions.get_mut(&partition) {
            state.not_before = Some(now + self.settings.retry.delay(state.failures, &mut self.rng));
            state.failures = state.failures.saturating_add(1);
        }
    }

    /// One request less is under way; false where its connection was given up since.
    pub(super) fn release(&mut self, ticket: &FetchTicket) -> bool {
        let current = self.brokers.get_mut(&ticket.broker).filter(|broker| broker.given_up == ticket.connection);
        current.map(|broker| broker.in_flight = broker.in_flight.saturating_sub(1)).is_some()
    }

    /// The partition as it was asked for, unless it was rewound or given away since.
    pub(super) fn current(&mut self, asked: &Asked) -> Option<&mut PartitionState> {
        let planted = self.planted;
        let state = self.partitions.get_mut(&asked.partition)?;
        (state.generation == asked.generation || planted.has(Defect::LateAnswerTaken)).then_some(state)
    }

    fn generation(&mut self) -> u64 {
        self.next_generation += 1;
        self.next_generation
    }

    pub(super) fn new_generation(&mut self, partition: Partition) {
        let generation = self.generation();
        if let Some(state) = self.partitions.get_mut(&partition) {
            state.start_anew(generation);
        }
    }
}
