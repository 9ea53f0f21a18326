//! The counters of one consumption.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use super::broker::{BrokerMetrics, BrokerSnapshot};
use super::partition::{PartitionMetrics, PartitionPlace, PartitionSnapshot};
use super::schemas::{SchemaMetrics, SchemaSnapshot};
use crate::position::Partition;

/// No cluster has so many; what metadata makes up beyond that is counted together.
const MOST_BROKERS: usize = 1000;
const OTHER_BROKERS: &str = "others";

/// Where everything that happens in a consumption is counted.
///
/// Handles are looked up where a connection is opened or a partition is assigned; what happens then is counted without a lock.
#[derive(Default)]
pub(crate) struct Metrics {
    brokers: Mutex<BTreeMap<String, Arc<BrokerMetrics>>>,
    partitions: Mutex<BTreeMap<Partition, Arc<PartitionMetrics>>>,
    schemas: OnceLock<Arc<SchemaMetrics>>,
}

impl Metrics {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The counters of the broker at `host:port`.
    pub(crate) fn broker(&self, address: &str) -> Arc<BrokerMetrics> {
        let mut brokers = lock(&self.brokers);
        let full = brokers.len() >= MOST_BROKERS && !brokers.contains_key(address);
        let name = if full { OTHER_BROKERS } else { address };
        Arc::clone(brokers.entry(name.to_owned()).or_default())
    }

    /// The counters of a partition.
    pub(crate) fn partition(&self, partition: Partition) -> Arc<PartitionMetrics> {
        let mut partitions = lock(&self.partitions);
        Arc::clone(partitions.entry(partition).or_default())
    }

    /// There is a schema registry, whose questions are counted there.
    pub(crate) fn count_schemas(&self, schemas: Arc<SchemaMetrics>) {
        // A consumption has one.
        let _ = self.schemas.set(schemas);
    }

    pub(crate) fn schemas(&self, partitions_waiting: u64) -> Option<SchemaSnapshot> {
        self.schemas.get().map(|schemas| schemas.snapshot(partitions_waiting))
    }

    pub(crate) fn brokers(&self) -> Vec<BrokerSnapshot> {
        lock(&self.brokers).iter().map(|(address, metrics)| metrics.snapshot(address)).collect()
    }

    pub(crate) fn partitions(&self, places: &[PartitionPlace]) -> Vec<PartitionSnapshot> {
        let now = now();
        places.iter().map(|place| self.partition(place.partition).snapshot(place, now)).collect()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// The clock of the lanes, which a simulation may have paused.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// A panic elsewhere leaves the maps whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_broker_has_the_same_counters() {
        let metrics = Metrics::new();
        metrics.broker("a:1").asked(1, 10);
        metrics.broker("a:1").asked(1, 10);
        metrics.broker("b:1").connect_failed();
        let seen: Vec<_> = metrics.brokers().into_iter().map(|broker| (broker.broker, broker.bytes_sent)).collect();
        assert_eq!(seen, [("a:1".to_owned(), 20), ("b:1".to_owned(), 0)]);
    }

    #[test]
    fn brokers_that_are_made_up_do_not_grow_the_counters() {
        let metrics = Metrics::new();
        for port in 0..2 * MOST_BROKERS {
            metrics.broker(&format!("a:{port}")).connect_failed();
        }
        let brokers = metrics.brokers();
        assert_eq!(brokers.len(), MOST_BROKERS + 1);
        assert_eq!(brokers.iter().map(|broker| broker.connect_failures).sum::<u64>(), 2 * MOST_BROKERS as u64);
    }
}
