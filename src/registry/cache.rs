//! What was answered, and what is being asked.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Mutex as Turn;
use tokio::time::Instant;

use super::schema::{Key, Schema};
use crate::error::Error;

/// Schemas that are known, failures that are not asked about again for a while, and whose turn it is to ask.
pub(super) struct Cache {
    limit: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    known: Bounded<Known>,
    failed: Bounded<(Error, Instant)>,
    turns: HashMap<Key, Weak<Turn<()>>>,
}

#[derive(Clone)]
struct Known {
    schema: Arc<Schema>,
    /// Until when it counts without being asked for again; none for ever.
    until: Option<Instant>,
}

impl Cache {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, kept: Mutex::default() }
    }

    /// What is known now, without asking.
    pub(super) fn get(&self, key: &Key) -> Option<Result<Arc<Schema>, Error>> {
        let kept = self.kept();
        let now = Instant::now();
        let known = kept.known.entries.get(key);
        let fresh = known.filter(|known| known.until.is_none_or(|until| now < until));
        if let Some(known) = fresh {
            return Some(Ok(Arc::clone(&known.schema)));
        }
        let (error, _) = kept.failed.entries.get(key).filter(|(_, until)| now < *until)?;
        // What was the latest is better than nothing.
        Some(known.map(|known| Arc::clone(&known.schema)).ok_or_else(|| error.clone()))
    }

    /// Whose turn it is to ask for this: all who want it share one.
    pub(super) fn turn(&self, key: &Key) -> Arc<Turn<()>> {
        let mut kept = self.kept();
        if let Some(turn) = kept.turns.get(key).and_then(Weak::upgrade) {
            return turn;
        }
        kept.turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::default();
        kept.turns.insert(key.clone(), Arc::downgrade(&turn));
        turn
    }

    pub(super) fn learn(&self, key: Key, schema: Arc<Schema>, lifetime: Option<Duration>) {
        let until = lifetime.and_then(|lifetime| Instant::now().checked_add(lifetime));
        let mut kept = self.kept();
        kept.failed.forget(&key);
        kept.known.put(key, Known { schema, until }, self.limit);
    }

    /// Keeps why there is none, and gives what was known before.
    pub(super) fn fail(&self, key: Key, error: Error, lifetime: Duration) -> Option<Arc<Schema>> {
        let mut kept = self.kept();
        let before = kept.known.entries.get(&key).map(|known| Arc::clone(&known.schema));
        if let Some(until) = Instant::now().checked_add(lifetime) {
            kept.failed.put(key, (error, until), self.limit);
        }
        before
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A map that forgets what came first.
struct Bounded<T> {
    entries: HashMap<Key, T>,
    order: VecDeque<Key>,
}

impl<T> Default for Bounded<T> {
    fn default() -> Self {
        Self { entries: HashMap::new(), order: VecDeque::new() }
    }
}

impl<T> Bounded<T> {
    fn put(&mut self, key: Key, value: T, limit: usize) {
        if self.entries.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
        }
        while self.entries.len() > limit
            && let Some(first) = self.order.pop_front()
        {
            self.entries.remove(&first);
        }
    }

    fn forget(&mut self, key: &Key) {
        if self.entries.remove(key).is_some() {
            self.order.retain(|other| other != key);
        }
    }
}
