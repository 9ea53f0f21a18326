//! How many orders are due.

use std::time::Duration;

use crate::arguments::demo::Rate;

/// At once at most so many: a batch for each partition shall stay small enough to be seen soon.
const BURST: u64 = 20_000;

/// A rate and a limit, as the number of orders due at any moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    rate: Rate,
    rows: Option<u64>,
}

impl Pace {
    /// So many a second, and so many in all.
    pub(crate) fn new(rate: Rate, rows: Option<u64>) -> Self {
        Self { rate, rows }
    }

    /// How many orders to make now, when `made` were made and `time` has passed since the start; none when all were made.
    pub(crate) fn due(&self, made: u64, time: Duration) -> Option<u64> {
        let left = self.rows.map_or(u64::MAX, |rows| rows.saturating_sub(made));
        if left == 0 {
            return None;
        }
        let due = match self.rate {
            Rate::Max => BURST,
            Rate::PerSecond(rate) => {
                let until_now = u128::from(rate.get()) * time.as_micros() / 1_000_000;
                u64::try_from(until_now).unwrap_or(u64::MAX).saturating_sub(made)
            }
        };
        Some(due.min(left).min(BURST))
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use super::*;

    fn pace(rate: u64, rows: Option<u64>) -> Pace {
        Pace::new(NonZeroU64::new(rate).map_or(Rate::Max, Rate::PerSecond), rows)
    }

    #[test]
    fn orders_become_due_with_time() {
        assert_eq!(pace(1_000, None).due(0, Duration::from_millis(5)), Some(5));
        assert_eq!(pace(1_000, None).due(5, Duration::from_millis(5)), Some(0));
        assert_eq!(pace(1, None).due(0, Duration::from_millis(999)), Some(0));
    }

    #[test]
    fn what_was_missed_is_made_up_for_in_bursts() {
        assert_eq!(pace(100_000, None).due(0, Duration::from_secs(60)), Some(BURST));
    }

    #[test]
    fn the_last_order_is_the_last() {
        assert_eq!(pace(1_000, Some(3)).due(0, Duration::from_secs(1)), Some(3));
        assert_eq!(pace(1_000, Some(3)).due(3, Duration::from_secs(1)), None);
        assert_eq!(pace(0, Some(3)).due(2, Duration::ZERO), Some(1));
    }
}
