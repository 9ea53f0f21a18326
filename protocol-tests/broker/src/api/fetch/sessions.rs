//! The sessions of a node: made as long as there is room, forgotten when they are in the way.

use super::session::Session;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// How the clients of a node, or of all, fetch.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FetchStats {
    /// Requests that wanted a session to begin.
    pub full: u64,
    /// Requests within a session.
    pub incremental: u64,
    /// Requests that wanted none.
    pub sessionless: u64,
    /// Requests that were refused for their session.
    pub refused: u64,
    /// Partitions that requests named.
    pub partitions_asked: u64,
    /// Partitions that requests gave up.
    pub partitions_forgotten: u64,
    /// Partitions that answers told of.
    pub partitions_answered: u64,
    /// Sessions that were ever made.
    pub sessions_made: u64,
    /// Sessions that made room for others.
    pub sessions_evicted: u64,
    /// Sessions that are kept.
    pub sessions: usize,
    /// Partitions in them.
    pub partitions_kept: usize,
}

impl FetchStats {
    pub(crate) fn add(&mut self, other: &Self) {
        self.full += other.full;
        self.incremental += other.incremental;
        self.sessionless += other.sessionless;
        self.refused += other.refused;
        self.partitions_asked += other.partitions_asked;
        self.partitions_forgotten += other.partitions_forgotten;
        self.partitions_answered += other.partitions_answered;
        self.sessions_made += other.sessions_made;
        self.sessions_evicted += other.sessions_evicted;
        self.sessions += other.sessions;
        self.partitions_kept += other.partitions_kept;
    }
}

/// How many sessions a node keeps, and for how long at least.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionLimits {
    pub(crate) slots: usize,
    pub(crate) eviction: Duration,
}

impl Default for SessionLimits {
    /// As Kafka has them (`max.incremental.fetch.session.cache.slots`, `MIN_INCREMENTAL_FETCH_SESSION_EVICTION_MS`).
    fn default() -> Self {
        Self { slots: 1000, eviction: Duration::from_secs(120) }
    }
}

#[derive(Debug)]
struct Kept {
    session: Arc<Mutex<Session>>,
    size: usize,
    made: Instant,
    used: Instant,
}

/// The sessions of one node.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    kept: HashMap<i32, Kept>,
    last_id: i32,
    pub(super) stats: FetchStats,
}

impl Sessions {
    /// Everything that was counted.
    pub(crate) fn stats(&self) -> FetchStats {
        let partitions_kept = self.kept.values().map(|kept| kept.size).sum();
        FetchStats { sessions: self.kept.len(), partitions_kept, ..self.stats }
    }

    /// Forgets all sessions, as a node does that starts again.
    pub(crate) fn clear(&mut self) {
        self.kept.clear();
    }

    /// Forgets what was counted.
    pub(crate) fn clear_stats(&mut self) {
        self.stats = FetchStats::default();
    }

    pub(super) fn get(&self, id: i32) -> Option<Arc<Mutex<Session>>> {
        self.kept.get(&id).map(|kept| Arc::clone(&kept.session))
    }

    pub(super) fn remove(&mut self, id: i32) {
        self.kept.remove(&id);
    }

    /// A session was used, and has so many partitions now.
    pub(super) fn touch(&mut self, id: i32, size: usize) {
        if let Some(kept) = self.kept.get_mut(&id) {
            (kept.size, kept.used) = (size, Instant::now());
        }
    }

    /// Keeps a session, where there is room or can be made; its id, or 0.
    pub(super) fn keep(&mut self, node: i32, session: Session, limits: SessionLimits) -> i32 {
        let (now, size) = (Instant::now(), session.len());
        if limits.slots == 0 || self.kept.len() >= limits.slots && !self.evict(size, now, limits) {
            return 0;
        }
        self.last_id = self.last_id.wrapping_add(1) & 0xffff;
        let id = (node << 16) | self.last_id;
        self.kept.insert(id, Kept { session: Arc::new(Mutex::new(session)), size, made: now, used: now });
        self.stats.sessions_made += 1;
        id
    }

    /// Makes room: of the session that was not used for longest, where that is long, or of a smaller one that is not new.
    fn evict(&mut self, size: usize, now: Instant, limits: SessionLimits) -> bool {
        let old = |since: Instant| now.duration_since(since) > limits.eviction;
        let stale = self.kept.iter().filter(|(_, kept)| old(kept.used)).min_by_key(|(id, kept)| (kept.used, **id));
        let evicted = stale.or_else(|| {
            let evictable = self.kept.iter().filter(|(_, kept)| old(kept.made) && kept.size <= size);
            evictable.min_by_key(|(id, kept)| (kept.size, **id))
        });
        let Some(id) = evicted.map(|(id, _)| *id) else { return false };
        self.kept.remove(&id);
        self.stats.sessions_evicted += 1;
        true
    }
}
