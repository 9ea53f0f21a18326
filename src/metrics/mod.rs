//! What a consumption has done and is doing, in numbers.
//!
//! [`Table::metrics`](crate::Table::metrics) gives them at any moment, as values and as text for Prometheus. [`METRICS`] is the list of
//! their names, which stay what they are; `docs/observability.md` is written from it. Counting costs a few additions for each request,
//! and nothing for a record.
//!
//! # What is traced
//!
//! Events of the `tracing` crate, under the targets `kolumn::*`, with these fields wherever they apply: `broker` (`host:port`, or the
//! number of a node), `topic`, `partition`, `offset`, `error`. `docs/observability.md` lists them. No event comes with every fetch, except
//! at the level `TRACE`.

mod broker;
mod histogram;
mod names;
mod partition;
mod prometheus;
mod registry;
mod schemas;
mod snapshot;

#[cfg(test)]
mod document;
#[cfg(test)]
mod tests;

pub use broker::{ApiSnapshot, BrokerSnapshot};
pub use histogram::LatencySnapshot;
pub use names::{Kind, METRICS, Metric, Unit};
pub use partition::PartitionSnapshot;
pub use schemas::SchemaSnapshot;
pub use snapshot::MetricsSnapshot;

pub(crate) use broker::{BrokerMetrics, OpenConnection};
pub(crate) use partition::{AnswerClock, PartitionMetrics, PartitionPlace};
pub(crate) use registry::Metrics;
pub(crate) use schemas::SchemaMetrics;
