//! How long something took, in buckets of fixed limits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Limits double from 64 µs (2⁶ µs) to 67 s (2²⁶ µs).
const LIMITS: usize = 21;
const FIRST_POWER: u32 = 6;

/// Counts durations; no lock, and the same memory however many it has seen.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    /// The last counts what took longer than the highest limit.
    buckets: [AtomicU64; LIMITS + 1],
    microseconds: AtomicU64,
}

impl Histogram {
    pub(super) fn record(&self, duration: Duration) {
        let microseconds = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        if let Some(bucket) = self.buckets.get(place(microseconds)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.microseconds.fetch_add(microseconds, Ordering::Relaxed);
    }

    pub(super) fn snapshot(&self) -> LatencySnapshot {
        let mut counts = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed));
        let buckets = (0..).map_while(limit).zip(&mut counts).collect();
        LatencySnapshot {
            buckets,
            longer: counts.next().unwrap_or(0),
            sum: Duration::from_micros(self.microseconds.load(Ordering::Relaxed)),
        }
    }
}

/// The first bucket whose limit is not below this.
fn place(microseconds: u64) -> usize {
    let power = u64::BITS - microseconds.saturating_sub(1).leading_zeros();
    usize::try_from(power.saturating_sub(FIRST_POWER)).unwrap_or(LIMITS).min(LIMITS)
}

fn limit(bucket: usize) -> Option<Duration> {
    let power = u32::try_from(bucket).ok().filter(|_| bucket < LIMITS)? + FIRST_POWER;
    Some(Duration::from_micros(1 << power))
}

/// How long requests took.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LatencySnapshot {
    /// Limits in ascending order, and how many requests took no longer than that, and longer than the limit before.
    pub buckets: Vec<(Duration, u64)>,
    /// How many took longer than the highest limit.
    pub longer: u64,
    /// What all took together.
    pub sum: Duration,
}

impl LatencySnapshot {
    /// How many requests there were.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| count).sum::<u64>().saturating_add(self.longer)
    }

    /// A time that this share of the requests (0.5 for the median) did not exceed: the limit of a bucket, so at most twice the true
    /// value. None where there were no requests, or where it is beyond the highest limit.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let count = self.count();
        let mut below = 0;
        self.buckets
            .iter()
            .find(|(_, count_here)| {
                below += count_here;
                below > 0 && below as f64 >= share.clamp(0.0, 1.0) * count as f64
            })
            .map(|(limit, _)| *limit)
    }

    pub(super) fn add(&mut self, other: &Self) {
        for ((_, count), (_, more)) in self.buckets.iter_mut().zip(&other.buckets) {
            *count = count.saturating_add(*more);
        }
        self.longer = self.longer.saturating_add(other.longer);
        self.sum = self.sum.saturating_add(other.sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_duration_is_counted_in_the_first_bucket_whose_limit_it_does_not_exceed() {
        let histogram = Histogram::default();
        let micros = [0, 1, 64, 65, 128, 129, 67_108_864, 67_108_865, u64::MAX];
        for microseconds in micros {
            histogram.record(Duration::from_micros(microseconds));
        }
        let seen = histogram.snapshot();
        let filled: Vec<_> =
            seen.buckets.iter().filter(|(_, count)| *count > 0).map(|(limit, count)| (limit.as_micros(), *count)).collect();
        assert_eq!(filled, [(64, 3), (128, 2), (256, 1), (67_108_864, 1)]);
        assert_eq!((seen.longer, seen.count(), seen.buckets.len()), (2, 9, LIMITS));
    }

    #[test]
    fn a_quantile_is_the_limit_of_its_bucket() {
        let histogram = Histogram::default();
        assert_eq!(histogram.snapshot().quantile(0.5), None);
        for milliseconds in [1, 1, 1, 100] {
            histogram.record(Duration::from_millis(milliseconds));
        }
        let seen = histogram.snapshot();
        assert_eq!(seen.quantile(0.5), Some(Duration::from_micros(1024)));
        assert_eq!(seen.quantile(0.75), Some(Duration::from_micros(1024)));
        assert_eq!(seen.quantile(0.99), Some(Duration::from_micros(131_072)));
        assert_eq!(seen.sum, Duration::from_millis(103));
    }
}
