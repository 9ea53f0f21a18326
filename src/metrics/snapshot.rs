//! All metrics at one moment.

use std::sync::Arc;

use super::broker::BrokerSnapshot;
use super::partition::PartitionSnapshot;
use super::prometheus;
use super::schemas::SchemaSnapshot;

/// The metrics of one consumption at one moment: totals since its start, and what is now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetricsSnapshot {
    /// The topic.
    pub topic: Arc<str>,
    /// The brokers that were connected to, or were tried, in the order of their addresses.
    pub brokers: Vec<BrokerSnapshot>,
    /// The partitions that are read, in order.
    pub partitions: Vec<PartitionSnapshot>,
    /// What was asked of the schema registry, where there is one.
    pub schemas: Option<SchemaSnapshot>,
    /// Memory that the tables hold, roughly.
    pub bytes_held: u64,
    /// Bytes on their way to a reader: in chunks that are not visible yet and in updates that were not dropped yet.
    pub budget_used: u64,
    /// How many these may be before the fetch waits.
    pub budget_limit: u64,
}

impl MetricsSnapshot {
    /// Everything in Prometheus' text format (version 0.0.4), under the names of [`METRICS`](super::METRICS): dots become underscores,
    /// the unit is put behind, and `_total` behind a counter. Several consumptions in one process need a scrape each.
    pub fn prometheus(&self) -> String {
        prometheus::text(self)
    }
}
