//! Who leads what: brokers, topics, offsets, retry and backoff.
//!
//! The control thread asks these questions, one at a time, over connections of its own: a fetch that waits for news must not hold up a
//! question about the cluster. Every question is asked again while what stands in the way may pass, within a limit; when that is
//! over, the error is what stood in the way last.

mod backoff;
mod client;
mod committed;
mod epochs;
mod metadata;
mod offsets;
mod refusal;
mod topics;
mod view;

pub(crate) use backoff::Backoff;
pub(crate) use client::{Cluster, Notice};
pub(crate) use epochs::EpochEnd;
pub(crate) use metadata::same_cluster;
pub(crate) use offsets::OffsetQuery;
pub use topics::{PartitionInfo, TopicInfo};
#[cfg(test)]
pub(crate) use view::PartitionView;
pub(crate) use view::{BrokerAddress, TopicView};

#[cfg(test)]
mod tests;
