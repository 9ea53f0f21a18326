//! What all nodes of the cluster know: one state, shared, as if replication were instant.

mod changes;
mod node;
mod replica;
mod topic;

pub(crate) use changes::Changes;
pub(crate) use node::Node;
pub(crate) use replica::{Extent, Follower};
pub use topic::TopicSettings;
pub(crate) use topic::{PartitionState, Topic, TopicRef};

use crate::api::{SessionLimits, Sessions};
use crate::requests::Requests;
use crate::sasl::SaslState;
use crate::tls::Acceptor;
use crate::{fault::Hooks, settings::Settings};
use kafka_protocol::messages::TopicName;
use kafka_protocol::protocol::StrBytes;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use uuid::Uuid;

/// What the connections, the nodes and the handles share.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    changes: watch::Sender<u64>,
    sessions: Mutex<BTreeMap<i32, Sessions>>,
    session_limits: Mutex<SessionLimits>,
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
            sessions: Mutex::default(),
            session_limits: Mutex::new(settings.sessions),
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
        let result = {
            let state = &mut *self.state();
            state.changes.everything();
            change(state)
        };
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
        result
    }

    /// As [`Shared::change`], where nothing changes but the log of one partition.
    pub(crate) fn change_log<R>(&self, topic: &str, partition: i32, change: impl FnOnce(&mut State) -> R) -> R {
        let result = {
            let state = &mut *self.state();
            if let Some(topic) = state.topics.get(topic) {
                state.changes.partition(topic.reference(), partition);
            }
            change(state)
        };
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
        result
    }

    /// The fetch sessions of a node.
    pub(crate) fn with_sessions<R>(&self, node: i32, use_them: impl FnOnce(&mut Sessions) -> R) -> R {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        use_them(sessions.entry(node).or_default())
    }

    /// How many fetch sessions a node keeps.
    pub(crate) fn session_limits(&self) -> SessionLimits {
        *self.session_limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_session_limits(&self, change: impl FnOnce(&mut SessionLimits)) {
        change(&mut self.session_limits.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Wakes at every change after this call.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

/// The state of the cluster.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// What connections are accepted with from now on; none for plaintext.
    pub(crate) tls: Option<Acceptor>,
    pub(crate) cluster_id: String,
    pub(crate) nodes: BTreeMap<i32, Node>,
    pub(crate) topics: BTreeMap<String, Topic>,
    pub(crate) committed: HashMap<(String, String, i32), Committed>,
    /// What happened to the logs lately.
    pub(crate) changes: Changes,
    names: HashMap<Uuid, String>,
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

    /// What a request calls a topic: a name, or an id with the name that it has now.
    pub(crate) fn topic_ref(&self, name: &TopicName, id: Uuid, by_id: bool) -> TopicRef {
        if !by_id {
            return TopicRef { name: Some(name.clone()), id: Uuid::nil() };
        }
        let name = self.names.get(&id).and_then(|name| self.topics.get(name)).map(|topic| topic.name.clone());
        TopicRef { name, id }
    }

    /// The name of the topic with this id.
    pub(crate) fn name_of(&self, id: Uuid) -> Option<&str> {
        self.names.get(&id).map(String::as_str)
    }

    /// Forgets a topic and what it holds.
    pub(crate) fn delete_topic(&mut self, name: &str) -> Option<Topic> {
        let topic = self.topics.remove(name)?;
        self.names.remove(&topic.id);
        Some(topic)
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
        self.names.insert(id, name.to_owned());
        let known = TopicName(StrBytes::from(name.to_owned()));
        self.topics.insert(name.to_owned(), Topic::new(known, id, settings));
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
            let mut replicas = topic.settings.nodes.clone();
            if replicas.is_empty() {
                replicas.extend((0..replication).filter_map(|next| ids.get((first + next) % ids.len().max(1))));
            }
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
