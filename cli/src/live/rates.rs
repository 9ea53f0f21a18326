//! Rates per second over the last minute, from totals seen at any moments.

use std::collections::VecDeque;
use std::time::Duration;

const SECONDS: usize = 60;

/// A total that grows, as a rate per second: now, and each of the last seconds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rates {
    /// Totals at moments, the last two seconds and one before, oldest first.
    recent: VecDeque<(Duration, u64)>,
    /// What each full second added, oldest first.
    seconds: VecDeque<u64>,
    /// Where the current second began.
    second: Option<(u64, u64)>,
}

impl Rates {
    /// Takes in that the total was `total` at `at` since the start.
    pub(crate) fn observe(&mut self, at: Duration, total: u64) {
        let (mut second, mut base) = *self.second.get_or_insert((at.as_secs(), total));
        while second < at.as_secs() {
            // A pause of more than a second goes to its first second; the others stay empty.
            self.seconds.push_back(total.saturating_sub(base));
            base = total;
            second += 1;
            if self.seconds.len() > SECONDS {
                self.seconds.pop_front();
            }
            if at.as_secs() - second > 2 * SECONDS as u64 {
                second = at.as_secs() - SECONDS as u64;
            }
        }
        self.second = Some((second, base));
        self.recent.push_back((at, total));
        while self.recent.get(1).is_some_and(|(moment, _)| at.saturating_sub(*moment) >= Duration::from_secs(2)) {
            self.recent.pop_front();
        }
    }

    /// Per second, over the last two seconds.
    pub(crate) fn now(&self) -> f64 {
        let (Some((first, before)), Some((last, total))) = (self.recent.front(), self.recent.back()) else { return 0.0 };
        crate::figures::rate(total.saturating_sub(*before), last.saturating_sub(*first))
    }

    /// What each of the last `count` full seconds added, oldest first.
    pub(crate) fn history(&self, count: usize) -> Vec<u64> {
        self.seconds.iter().skip(self.seconds.len().saturating_sub(count)).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn the_rate_is_that_of_the_last_two_seconds() {
        let mut rates = Rates::default();
        for step in 0..=100 {
            rates.observe(at(step * 100), step * step.min(50) * 100);
        }
        // From step 50 on, 5000 per step of a tenth of a second.
        assert!((rates.now() - 50_000.0).abs() < 1.0, "{}", rates.now());
    }

    #[test]
    fn each_full_second_has_what_it_added() {
        let mut rates = Rates::default();
        for step in 0..35 {
            rates.observe(at(step * 100), step * 10);
        }
        assert_eq!(rates.history(10), [100, 100, 100]);
        assert_eq!(rates.history(2), [100, 100]);
    }

    #[test]
    fn a_pause_leaves_empty_seconds() {
        let mut rates = Rates::default();
        rates.observe(at(0), 0);
        rates.observe(at(3_500), 70);
        assert_eq!(rates.history(10), [70, 0, 0]);
    }

    #[test]
    fn a_very_long_pause_costs_nothing_and_the_history_stays_short() {
        let mut rates = Rates::default();
        rates.observe(at(0), 0);
        rates.observe(Duration::from_secs(1 << 40), 1);
        assert!(rates.history(1_000).len() <= SECONDS);
        assert!(rates.now() < 1.0);
    }

    #[test]
    fn nothing_seen_is_no_rate() {
        let mut rates = Rates::default();
        assert!(rates.now().abs() < f64::EPSILON);
        rates.observe(at(10), 1_000);
        assert!(rates.now().abs() < f64::EPSILON);
    }
}
