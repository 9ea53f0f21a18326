//! What all nodes of the cluster know: one state, shared, as if replication were instant.

mod node;
mod topic;

pub(crate) use node::Node;
pub use topic::TopicSettings;
pub(crate) use topic::{PartitionState, Topic};

use crate::requests::Requests;
use crate::sasl::SaslState;
use crate::{fault::Hooks, settings::Settings};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use uuid::Uuid;

/// What the connections, the nodes and the handles share.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    changes: watch::Sender<u64>,
    pub(crate) hooks: Hooks,
    pub(crate) requests: Requests,
    pub(crate) sasl: SaslState,
    pub(crate) settings: Settings,
}

impl Shared {
    pub(crate) fn new(settings: Settings, state: State) -> Arc<Self> {
        let (changes, _) = watch::channel(0);
        Arc::new(Self {
            state: Mutex::new(state),
            changes,
            hooks: Hooks::default(),
            requests: Requests::default(),
            sasl: SaslState::default(),
            settings,
        })
    }

    /// The state, to look at.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes whoever waits for something of it.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let result = change(&mut self.state());
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
        result
    }

    /// Wakes at every change after this call.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

/// The state of the cluster.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) cluster_id: String,
    pub(crate) nodes: BTreeMap<i32, Node>,
    pub(crate) topics: BTreeMap<String, Topic>,
    pub(crate) committed: HashMap<(String, String, i32), Committed>,
    next_producer_id: i64,
    topics_created: u64,
}

/// An offset that a group committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Committed {
    pub(crate) offset: i64,
    pub(crate) leader_epoch: i32,
    pub(crate) metadata: Option<String>,
}

impl State {
    pub(crate) fn alive(&self) -> impl Iterator<Item = i32> + '_ {
        self.nodes.iter().filter(|(_, node)| node.alive).map(|(id, _)| *id)
    }

    pub(crate) fn partition(&self, topic: &str, partition: i32) -> Option<&PartitionState> {
        self.topics.get(topic)?.partition(partition)
    }

    pub(crate) fn partition_mut(&mut self, topic: &str, partition: i32) -> Option<&mut PartitionState> {
        self.topics.get_mut(topic)?.partition_mut(partition)
    }

    pub(crate) fn new_producer_id(&mut self) -> i64 {
        self.next_producer_id += 1;
        self.next_producer_id
    }

    /// Creates a topic with an id that was never used before; one of this name must not exist.
    pub(crate) fn create_topic(&mut self, name: &str, settings: TopicSettings) {
        self.topics_created += 1;
        let id = Uuid::from_u128((u128::from(u64::from_be_bytes(*b"kolumn-t")) << 64) | u128::from(self.topics_created));
        let count = settings.partitions;
        self.topics.insert(name.to_owned(), Topic::new(id, settings));
        self.add_partitions(name, count);
    }

    /// Lets a topic have `total` partitions; never fewer than it has.
    pub(crate) fn add_partitions(&mut self, name: &str, total: i32) {
        let ids: Vec<i32> = self.nodes.keys().copied().collect();
        let alive: Vec<i32> = self.alive().collect();
        let Some(topic) = self.topics.get_mut(name) else { return };
        let replication = topic.settings.replication.clamp(1, ids.len().max(1));
        for partition in topic.count()..total {
            let first = usize::try_from(partition).unwrap_or_default();
            let replicas: Vec<i32> =
                (0..replication).filter_map(|next| ids.get((first + next) % ids.len().max(1))).copied().collect();
            topic.push(replicas, &alive);
        }
    }

    /// After a node died or came back: each partition whose leader is gone gets another in-sync one, if there is one.
    pub(crate) fn elect(&mut self) {
        let alive: Vec<i32> = self.alive().collect();
        for partition in self.topics.values_mut().flat_map(Topic::partitions_mut) {
            partition.elect(&alive);
        }
    }
}
