//! The time from append to visible: median and 99th percentile of the last seconds.

use std::collections::VecDeque;
use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampMillisecondType, TimestampNanosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, TimeUnit};

/// Samples older than this are forgotten.
const WINDOW: Duration = Duration::from_secs(10);
/// More samples than this do not make the percentiles any better.
const LIMIT: usize = 4_096;

/// Latencies of the last seconds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Latencies {
    samples: VecDeque<(Duration, Duration)>,
}

impl Latencies {
    /// Takes in latencies seen at `at` since the start.
    pub(crate) fn observe(&mut self, at: Duration, latencies: &[Duration]) {
        self.samples.extend(latencies.iter().map(|latency| (at, *latency)));
        while self.samples.len() > LIMIT || self.samples.front().is_some_and(|(moment, _)| at.saturating_sub(*moment) > WINDOW) {
            self.samples.pop_front();
        }
    }

    /// The latency that `percent` of the samples do not exceed; none without samples.
    pub(crate) fn percentile(&self, percent: usize) -> Option<Duration> {
        let mut sorted: Vec<Duration> = self.samples.iter().map(|(_, latency)| *latency).collect();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
        sorted.get(rank).copied()
    }
}

/// The latency of the newest row of each batch, which became visible at `now`; not of records that were there before `started`: how
/// old they are says nothing about kolumn. All times in milliseconds since the epoch.
pub(crate) fn of_rows(batches: &[RecordBatch], started: i64, now: i64, latencies: &mut Vec<Duration>) {
    for batch in batches {
        let Some(timestamps) = batch.column_by_name("KafkaTimestamp") else { return };
        let Some(last) = batch.num_rows().checked_sub(1).filter(|row| timestamps.is_valid(*row)) else { continue };
        let timestamp = match timestamps.data_type() {
            DataType::Timestamp(TimeUnit::Millisecond, _) => timestamps.as_primitive::<TimestampMillisecondType>().value(last),
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                timestamps.as_primitive::<TimestampNanosecondType>().value(last).div_euclid(1_000_000)
            }
            _ => return,
        };
        if timestamp >= started {
            // A producer's clock may run ahead of ours.
            latencies.push(Duration::from_millis(u64::try_from(now.saturating_sub(timestamp)).unwrap_or(0)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, TimestampMillisecondArray};

    use super::*;

    fn batch(timestamps: Vec<Option<i64>>) -> RecordBatch {
        let column: ArrayRef = Arc::new(TimestampMillisecondArray::from(timestamps).with_timezone("UTC"));
        RecordBatch::try_from_iter_with_nullable([("KafkaTimestamp", column, true)]).unwrap()
    }

    #[test]
    fn only_records_of_after_the_start_have_a_latency() {
        let mut latencies = Vec::new();
        let batches = [
            batch(vec![Some(5), Some(1_010)]),
            batch(vec![Some(999)]),
            batch(vec![None]),
            batch(vec![]),
            batch(vec![Some(1_030)]),
        ];
        of_rows(&batches, 1_000, 1_025, &mut latencies);
        assert_eq!(latencies, [milliseconds(15), Duration::ZERO]);
    }

    fn milliseconds(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn percentiles_are_samples_by_nearest_rank() {
        let mut latencies = Latencies::default();
        let samples: Vec<Duration> = (1..=100).rev().map(milliseconds).collect();
        latencies.observe(Duration::ZERO, &samples);
        assert_eq!(latencies.percentile(50), Some(milliseconds(50)));
        assert_eq!(latencies.percentile(99), Some(milliseconds(99)));
        assert_eq!(Latencies::default().percentile(50), None);
    }

    #[test]
    fn old_samples_are_forgotten() {
        let mut latencies = Latencies::default();
        latencies.observe(Duration::ZERO, &[milliseconds(1_000)]);
        latencies.observe(Duration::from_secs(11), &[milliseconds(1)]);
        assert_eq!(latencies.percentile(99), Some(milliseconds(1)));
        latencies.observe(Duration::from_secs(30), &[]);
        assert_eq!(latencies.percentile(99), None);
    }

    #[test]
    fn only_so_many_samples_are_kept() {
        let mut latencies = Latencies::default();
        latencies.observe(Duration::ZERO, &vec![milliseconds(1); 3 * LIMIT]);
        assert_eq!(latencies.samples.len(), LIMIT);
    }
}
