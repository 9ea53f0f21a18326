//! What a lane counts of its partitions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use kafka_protocol::messages::FetchResponse;

use crate::cluster::TopicView;
use crate::metrics::{AnswerClock, Metrics, PartitionMetrics};
use crate::position::Partition;

/// The counters of a lane's partitions, looked up once.
pub(super) struct Meters {
    metrics: Arc<Metrics>,
    partitions: BTreeMap<Partition, Arc<PartitionMetrics>>,
    /// When each broker last answered this lane.
    clocks: BTreeMap<i32, Arc<AnswerClock>>,
}

impl Meters {
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        Self { metrics, partitions: BTreeMap::new(), clocks: BTreeMap::new() }
    }

    /// The partition is the lane's.
    pub(super) fn assigned(&mut self, partition: Partition, view: Option<&TopicView>) {
        let metrics = &self.metrics;
        let meter = self.partitions.entry(partition).or_insert_with(|| metrics.partition(partition));
        note_leader(meter, partition, view);
    }

    /// Who leads what has become known.
    pub(super) fn led(&self, view: &TopicView) {
        for (partition, meter) in &self.partitions {
            note_leader(meter, *partition, Some(view));
        }
    }

    /// A broker answered. Says how many bytes of batches it sent.
    pub(super) fn answered(&mut self, broker: i32, response: &FetchResponse, now: Instant) -> u64 {
        let clock = self.clocks.entry(broker).or_insert_with(|| AnswerClock::new(now));
        clock.answered(now);
        let mut all = 0_u64;
        for partition in response.responses.iter().flat_map(|topic| &topic.partitions) {
            let bytes = partition.records.as_ref().map_or(0, |records| records.len() as u64);
            all = all.saturating_add(bytes);
            if let Some(meter) = self.partitions.get(&partition.partition_index) {
                meter.fetched(broker, clock, bytes);
            }
        }
        all
    }

    /// What was fetched of a partition is to be fetched again.
    pub(super) fn refetched(&self, partition: Partition) {
        if let Some(meter) = self.partitions.get(&partition) {
            meter.refetched();
        }
    }
}

fn note_leader(meter: &PartitionMetrics, partition: Partition, view: Option<&TopicView>) {
    if let Some(found) = view.and_then(|view| view.partitions.get(&partition)) {
        meter.led(found.leader, found.leader_epoch);
    }
}
