//! Topics, records and group offsets from the test's side.

use super::{Log, TestCluster};
use crate::batch::batches;
use crate::state::{Committed, TopicSettings};
use bytes::Bytes;
use uuid::Uuid;

impl TestCluster {
    /// Creates a topic: a number of partitions, or [`TopicSettings`].
    ///
    /// # Panics
    /// Where there is one of this name.
    #[track_caller]
    pub fn create_topic(&self, name: &str, settings: impl Into<TopicSettings>) {
        let settings = settings.into();
        let created = self.shared.change(|state| {
            let new = !state.topics.contains_key(name);
            if new {
                state.create_topic(name, settings);
            }
            new
        });
        assert!(created, "the cluster has a topic {name} already");
    }

    /// Deletes a topic and what it holds.
    #[track_caller]
    pub fn delete_topic(&self, name: &str) {
        let deleted = self.shared.change(|state| state.delete_topic(name));
        assert!(deleted.is_some(), "the cluster has no topic {name}");
    }

    /// Deletes a topic and creates it again, empty, with another topic id, in one step that no client can look between.
    #[track_caller]
    pub fn recreate_topic(&self, name: &str) {
        let recreated = self.shared.change(|state| {
            let old = state.delete_topic(name)?;
            let count = old.count();
            state.create_topic(name, TopicSettings { partitions: count, ..old.settings });
            Some(())
        });
        assert!(recreated.is_some(), "the cluster has no topic {name}");
    }

    /// Lets a topic have this many partitions. Fewer than it has change nothing.
    #[track_caller]
    pub fn add_partitions(&self, topic: &str, total: i32) {
        self.topic_id(topic);
        self.shared.change(|state| state.add_partitions(topic, total));
    }

    /// The id of a topic.
    #[track_caller]
    pub fn topic_id(&self, name: &str) -> Uuid {
        let id = self.shared.state().topics.get(name).map(|topic| topic.id);
        id.unwrap_or_else(|| panic!("the cluster has no topic {name}"))
    }

    /// The names of all topics.
    pub fn topics(&self) -> Vec<String> {
        self.shared.state().topics.keys().cloned().collect()
    }

    /// The log of a partition.
    #[track_caller]
    pub fn log(&self, topic: &str, partition: i32) -> Log<'_> {
        let exists = self.shared.state().partition(topic, partition).is_some();
        assert!(exists, "the cluster has no partition {topic}/{partition}");
        Log::new(self, topic, partition)
    }

    /// Appends batches as a producer would: they get the next offsets and the leader epoch, and are otherwise stored as they are.
    /// Returns the first offset.
    ///
    /// # Panics
    /// Where the bytes are not whole batches of message format 2: [`Log::store_bytes`] takes anything.
    #[track_caller]
    pub fn produce(&self, topic: &str, partition: i32, batch: impl Into<Bytes>) -> i64 {
        self.log(topic, partition).produce(batch)
    }

    /// What a group committed of a partition.
    pub fn committed(&self, group: &str, topic: &str, partition: i32) -> Option<i64> {
        let key = (group.to_owned(), topic.to_owned(), partition);
        self.shared.state().committed.get(&key).map(|committed| committed.offset)
    }

    /// Commits an offset for a group.
    pub fn commit(&self, group: &str, topic: &str, partition: i32, offset: i64) {
        let key = (group.to_owned(), topic.to_owned(), partition);
        let committed = Committed { offset, leader_epoch: -1, metadata: None };
        self.shared.change(|state| state.committed.insert(key, committed));
    }
}

/// Splits bytes into whole batches.
#[track_caller]
pub(super) fn split(bytes: &Bytes) -> Vec<Bytes> {
    let mut whole = Vec::new();
    let mut seen = 0;
    for batch in batches(bytes) {
        let batch = batch.unwrap_or_else(|error| panic!("what is produced must be batches: {error}"));
        seen += batch.bytes.len();
        whole.push(bytes.slice_ref(batch.bytes));
    }
    assert!(
        seen == bytes.len() && seen > 0,
        "what is produced must be whole batches; the last {} bytes are not",
        bytes.len() - seen
    );
    whole
}
