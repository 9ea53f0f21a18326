//! The time from append to visible: median and 99th percentile of the last seconds.

use std::collections::VecDeque;
use std::time::Duration;

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
        while self.samples.len() > LIMIT
            || self.samples.front().is_some_and(|(moment, _)| at.saturating_sub(*moment) > WINDOW)
        {
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

#[cfg(test)]
mod tests {
    use super::*;

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
