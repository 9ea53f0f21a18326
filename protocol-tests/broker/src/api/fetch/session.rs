//! One fetch session (KIP-227): what its client asked for and was told last, so that neither has to be said again.

use super::answer::{FetchAnswer, Fetched};
use super::look::Look;
use super::read::{Asked, Reading};
use crate::state::{Changes, TopicRef};
use kafka_protocol::messages::TopicName;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// What names a partition within a session: its topic's id, or the name where ids are not spoken.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Id(Uuid, i32),
    Name(TopicName, i32),
}

impl Key {
    pub(super) fn of(topic: &TopicRef, partition: i32) -> Self {
        match &topic.name {
            Some(name) if topic.id.is_nil() => Self::Name(name.clone(), partition),
            _ => Self::Id(topic.id, partition),
        }
    }

    /// As a session names the partition that speaks ids or does not.
    fn spoken(topic: &TopicRef, partition: i32, by_id: bool) -> Self {
        match &topic.name {
            Some(name) if !by_id => Self::Name(name.clone(), partition),
            _ => Self::Id(topic.id, partition),
        }
    }
}

/// A partition of a session.
#[derive(Debug)]
struct Cached {
    topic: TopicRef,
    asked: Asked,
    /// What the client was told last.
    high_watermark: i64,
    log_start: i64,
}

impl Cached {
    /// The client is told this; true where there may be more to tell although nothing changes.
    fn told(&mut self, fetched: &Fetched) -> bool {
        // After an error the partition is told again when it is over.
        self.high_watermark = if fetched.data.error_code == 0 { fetched.data.high_watermark } else { -1 };
        self.log_start = fetched.data.log_start_offset;
        fetched.more || fetched.is_urgent()
    }
}

/// A session. Partitions are answered in the order in which they came, and go to the back when they brought something.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) epoch: i32,
    pub(super) by_id: bool,
    places: HashMap<Key, u64>,
    partitions: BTreeMap<u64, Cached>,
    next_place: u64,
    /// The places that may have something to say; of the others nothing has changed since it was said that there is nothing.
    awake: BTreeSet<u64>,
    seen: u64,
    committed: bool,
}

impl Session {
    pub(super) fn new(by_id: bool) -> Self {
        Self {
            epoch: 1,
            by_id,
            places: HashMap::new(),
            partitions: BTreeMap::new(),
            next_place: 0,
            awake: BTreeSet::new(),
            seen: 0,
            committed: false,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.partitions.len()
    }

    /// A partition that the client asks for, or asks for otherwise than before.
    pub(super) fn want(&mut self, topic: &TopicRef, asked: Asked) {
        let key = Key::of(topic, asked.partition);
        let known = self.places.get(&key).copied();
        match known.and_then(|place| Some((place, self.partitions.get_mut(&place)?))) {
            Some((place, cached)) => {
                cached.asked = asked;
                self.awake.insert(place);
            }
            None => {
                let cached = Cached { topic: topic.clone(), asked, high_watermark: -1, log_start: -1 };
                self.put(key, cached);
            }
        }
    }

    pub(super) fn forget(&mut self, topic: &TopicRef, partition: i32) {
        if let Some(place) = self.places.remove(&Key::of(topic, partition)) {
            self.partitions.remove(&place);
            self.awake.remove(&place);
        }
    }

    fn put(&mut self, key: Key, cached: Cached) {
        let place = self.next_place;
        self.next_place += 1;
        self.places.insert(key, place);
        self.partitions.insert(place, cached);
        self.awake.insert(place);
    }

    /// Learns what changed; true where some of it may concern its partitions.
    pub(super) fn absorb(&mut self, changes: &Changes) -> bool {
        let news = match changes.since(self.seen) {
            None => {
                self.awake.extend(self.partitions.keys());
                true
            }
            Some(changed) => {
                let keys = changed.iter().map(|(topic, partition)| Key::spoken(topic, *partition, self.by_id));
                let places: Vec<u64> = keys.filter_map(|key| self.places.get(&key).copied()).collect();
                self.awake.extend(&places);
                !places.is_empty()
            }
        };
        self.seen = changes.next();
        news
    }

    /// The answer as of now, and by place what it says of each partition that may have something to say.
    pub(super) fn look(&mut self, reading: &Reading<'_>) -> (Look, Vec<u64>) {
        if self.committed != reading.committed {
            self.committed = reading.committed;
            self.awake.extend(self.partitions.keys());
        }
        if let Some(place) = reading.forced().and_then(|(topic, partition)| self.place_of(topic, partition)) {
            self.awake.insert(place);
        }
        if reading.fails_all() {
            self.awake.extend(self.partitions.keys());
        }
        let mut look = Look::new(reading, self.partitions.is_empty());
        let mut places = Vec::with_capacity(self.awake.len());
        for place in &self.awake {
            let Some(cached) = self.partitions.get_mut(place) else { continue };
            if cached.topic.name.is_none() {
                cached.topic = reading.state.topic_ref(&TopicName::default(), cached.topic.id, true);
            }
            look.add(reading, &cached.topic, &cached.asked);
            places.push(*place);
        }
        (look, places)
    }

    /// The answer to the request that made the session: it tells of all its partitions.
    pub(super) fn begin(&mut self, look: Look) -> FetchAnswer {
        self.seen = look.seen;
        let mut answer = FetchAnswer { node_endpoints: look.node_endpoints, ..FetchAnswer::default() };
        for (topic, fetched) in look.partitions {
            let place = self.places.get(&Key::of(&topic, fetched.data.partition_index)).copied();
            if let Some((place, cached)) = place.and_then(|place| Some((place, self.partitions.get_mut(&place)?)))
                && !cached.told(&fetched)
            {
                self.awake.remove(&place);
            }
            answer.push(&topic, fetched);
        }
        answer
    }

    /// Keeps of an answer what the client does not know yet, and takes that as told.
    pub(super) fn tell(&mut self, look: Look, places: Vec<u64>) -> FetchAnswer {
        let mut answer = FetchAnswer { node_endpoints: look.node_endpoints, ..FetchAnswer::default() };
        for (place, (topic, fetched)) in places.into_iter().zip(look.partitions) {
            let Some(cached) = self.partitions.get_mut(&place) else { continue };
            let (data, bytes) = (&fetched.data, fetched.chunk.len);
            let known = cached.high_watermark == data.high_watermark && cached.log_start == data.log_start_offset;
            let tells = bytes > 0 || !known || fetched.is_urgent();
            if !cached.told(&fetched) {
                self.awake.remove(&place);
            }
            if tells {
                if bytes > 0 {
                    self.move_to_back(place);
                }
                answer.push(&topic, fetched);
            }
        }
        answer
    }

    fn move_to_back(&mut self, place: u64) {
        let awake = self.awake.remove(&place);
        if let Some(cached) = self.partitions.remove(&place) {
            let last = self.next_place;
            self.put(Key::of(&cached.topic, cached.asked.partition), cached);
            if !awake {
                self.awake.remove(&last);
            }
        }
    }

    fn place_of(&self, topic: &str, partition: i32) -> Option<u64> {
        let named = |cached: &&Cached| cached.topic.name.as_ref().is_some_and(|name| name.as_str() == topic);
        let found = self.partitions.iter().find(|(_, cached)| cached.asked.partition == partition && named(cached));
        found.map(|(place, _)| *place)
    }
}
