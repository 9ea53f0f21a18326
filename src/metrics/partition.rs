//! What was fetched of one partition.

use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::position::{Offset, Partition};

/// When a broker last answered a fetch of one lane. In a fetch session (KIP-227) an answer is one for all partitions that are asked for,
/// and names only those that have news.
#[derive(Debug)]
pub(crate) struct AnswerClock {
    began: Instant,
    milliseconds: AtomicU64,
}

impl AnswerClock {
    /// A clock that begins with an answer.
    pub(crate) fn new(now: Instant) -> Arc<Self> {
        Arc::new(Self { began: now, milliseconds: AtomicU64::new(0) })
    }

    /// The broker has answered.
    pub(crate) fn answered(&self, now: Instant) {
        let since = now.saturating_duration_since(self.began).as_millis();
        self.milliseconds.store(u64::try_from(since).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn age(&self, now: Instant) -> Duration {
        let answered = Duration::from_millis(self.milliseconds.load(Ordering::Relaxed));
        now.saturating_duration_since(self.began).saturating_sub(answered)
    }
}

/// Counts what is fetched of one partition.
#[derive(Debug)]
pub(crate) struct PartitionMetrics {
    /// Of the broker that answers for it.
    clock: Mutex<Option<Arc<AnswerClock>>>,
    leader: AtomicI32,
    leader_epoch: AtomicI32,
    replica: AtomicI32,
    bytes: AtomicU64,
    refetches: AtomicU64,
    moves: AtomicU64,
}

impl Default for PartitionMetrics {
    fn default() -> Self {
        Self {
            clock: Mutex::default(),
            leader: AtomicI32::new(-1),
            leader_epoch: AtomicI32::new(-1),
            replica: AtomicI32::new(-1),
            bytes: AtomicU64::new(0),
            refetches: AtomicU64::new(0),
            moves: AtomicU64::new(0),
        }
    }
}

impl PartitionMetrics {
    /// Who leads it; none where nobody does, -1 where the epoch is not known.
    pub(crate) fn led(&self, leader: Option<i32>, epoch: i32) {
        self.leader.store(leader.unwrap_or(-1), Ordering::Relaxed);
        self.leader_epoch.store(epoch, Ordering::Relaxed);
    }

    /// A broker, whose clock this is, answered for it with so many bytes of batches.
    pub(crate) fn fetched(&self, broker: i32, clock: &Arc<AnswerClock>, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        if self.replica.swap(broker, Ordering::Relaxed) != broker {
            *self.clock.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(clock));
        }
    }

    /// The bytes of batches that were fetched so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Another lane goes on with it.
    pub(crate) fn moved(&self) {
        self.moves.fetch_add(1, Ordering::Relaxed);
    }

    /// What was fetched is fetched again: it was damaged, or there was no room for it.
    pub(crate) fn refetched(&self) {
        self.refetches.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn snapshot(&self, place: &PartitionPlace, now: Instant) -> PartitionSnapshot {
        let node = |id: &AtomicI32| Some(id.load(Ordering::Relaxed)).filter(|id| *id >= 0);
        let clock = self.clock.lock().unwrap_or_else(PoisonError::into_inner).clone();
        PartitionSnapshot {
            partition: place.partition,
            position: place.position,
            high_watermark: place.high_watermark,
            lag: place.lag,
            fetch_age: clock.map(|clock| clock.age(now)),
            bytes: self.bytes.load(Ordering::Relaxed),
            records: place.records,
            refetches: self.refetches.load(Ordering::Relaxed),
            moves: self.moves.load(Ordering::Relaxed),
            leader: node(&self.leader),
            leader_epoch: node(&self.leader_epoch),
            replica: node(&self.replica),
        }
    }
}

/// Where a partition's table is, which its metrics do not count themselves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PartitionPlace {
    pub(crate) partition: Partition,
    pub(crate) position: Offset,
    pub(crate) high_watermark: Option<Offset>,
    pub(crate) lag: Option<u64>,
    pub(crate) records: u64,
}

/// How the reading of one partition goes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartitionSnapshot {
    /// Its number.
    pub partition: Partition,
    /// The offset after the last that is in the table, visible or not.
    pub position: Offset,
    /// The offset after the last that the brokers' majority has, when last heard.
    pub high_watermark: Option<Offset>,
    /// How many offsets can be read and are not in the table.
    pub lag: Option<u64>,
    /// How long ago a broker last answered for it; none before the first answer. A healthy partition has less than
    /// `fetch.max.wait.ms` and the way to the broker.
    pub fetch_age: Option<Duration>,
    /// Bytes of batches that were fetched, those included that were fetched again.
    pub bytes: u64,
    /// Records that became rows or error rows: fewer after a truncation.
    pub records: u64,
    /// How often something was fetched again: it was damaged, or the table had no room for it.
    pub refetches: u64,
    /// How often it changed lanes, because one had more to do than it could.
    pub moves: u64,
    /// The number of the broker that leads it; none while there is none.
    pub leader: Option<i32>,
    /// The leader's epoch, where brokers tell it.
    pub leader_epoch: Option<i32>,
    /// The number of the broker that answered last: the leader, or a replica that is closer (KIP-392).
    pub replica: Option<i32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_of_a_fetch_is_counted_from_the_last_answer_of_its_broker_whether_it_named_the_partition_or_not() {
        let began = Instant::now();
        let metrics = PartitionMetrics::default();
        let place = PartitionPlace { partition: 3, position: 7, high_watermark: Some(9), lag: Some(2), records: 6 };
        let at = |seconds| began + Duration::from_secs(seconds);
        let fresh = metrics.snapshot(&place, at(1));
        assert_eq!((fresh.fetch_age, fresh.leader, fresh.replica), (None, None, None));
        let clock = AnswerClock::new(began);
        metrics.led(Some(2), 5);
        metrics.fetched(1, &clock, 100);
        assert_eq!(metrics.snapshot(&place, at(2)).fetch_age, Some(Duration::from_secs(2)));
        metrics.fetched(1, &clock, 100);
        metrics.refetched();
        clock.answered(at(7));
        let seen = metrics.snapshot(&place, at(10));
        assert_eq!(seen.fetch_age, Some(Duration::from_secs(3)));
        assert_eq!((seen.bytes, seen.records, seen.refetches), (200, 6, 1));
        assert_eq!((seen.leader, seen.leader_epoch, seen.replica), (Some(2), Some(5), Some(1)));
        assert_eq!((seen.partition, seen.position, seen.lag), (3, 7, Some(2)));
    }

    #[test]
    fn the_broker_that_answers_now_is_the_one_whose_answers_count() {
        let began = Instant::now();
        let metrics = PartitionMetrics::default();
        let place = PartitionPlace { partition: 0, position: 0, high_watermark: None, lag: None, records: 0 };
        let (old, new) = (AnswerClock::new(began), AnswerClock::new(began));
        metrics.fetched(1, &old, 0);
        metrics.fetched(2, &new, 0);
        old.answered(began + Duration::from_secs(9));
        let seen = metrics.snapshot(&place, began + Duration::from_secs(10));
        assert_eq!((seen.replica, seen.fetch_age), (Some(2), Some(Duration::from_secs(10))));
    }
}
