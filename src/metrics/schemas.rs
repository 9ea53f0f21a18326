//! What was asked of a schema registry.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the questions to a registry.
#[derive(Debug, Default)]
pub(crate) struct SchemaMetrics {
    requests: AtomicU64,
    failures: AtomicU64,
}

impl SchemaMetrics {
    pub(crate) fn asked(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    /// With the number of partitions that wait for a schema.
    pub(crate) fn snapshot(&self, partitions_waiting: u64) -> SchemaSnapshot {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        SchemaSnapshot { requests: read(&self.requests), failures: read(&self.failures), partitions_waiting }
    }
}

/// What was asked of the schema registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SchemaSnapshot {
    /// Requests that were sent, to whichever address, those included that were sent again.
    pub requests: u64,
    /// Requests without an answer, or with one that is no schema.
    pub failures: u64,
    /// Partitions whose next record is written with a schema that is not known yet.
    pub partitions_waiting: u64,
}
