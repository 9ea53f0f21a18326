//! How long a connection may take to open: longer after each attempt that took too long (KIP-601).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// No cluster has so many: what metadata makes up beyond that has the first limit.
const MOST_BROKERS: usize = 1000;

/// The brokers that took too long, and how often in a row.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    late: Mutex<BTreeMap<String, u32>>,
}

impl Patience {
    /// How long the next attempt may take.
    pub(super) fn limit(&self, broker: &str, first: Duration, most: Duration) -> Duration {
        let late = self.with(|late| late.get(broker).copied().unwrap_or(0));
        let factor = 1_u32.checked_shl(late).unwrap_or(u32::MAX);
        first.saturating_mul(factor).min(most).max(first)
    }

    /// An attempt took too long.
    pub(super) fn took_too_long(&self, broker: &str) {
        self.with(|late| {
            if late.len() < MOST_BROKERS || late.contains_key(broker) {
                let count = late.entry(broker.to_owned()).or_default();
                *count = count.saturating_add(1).min(u32::BITS - 1);
            }
        });
    }

    /// A connection was opened.
    pub(super) fn opened(&self, broker: &str) {
        self.with(|late| late.remove(broker));
    }

    /// A panic elsewhere leaves the map whole.
    fn with<T>(&self, change: impl FnOnce(&mut BTreeMap<String, u32>) -> T) -> T {
        change(&mut self.late.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_doubles_with_each_attempt_that_took_too_long_and_begins_anew_after_one_that_did_not() {
        let (first, most) = (Duration::from_secs(10), Duration::from_secs(30));
        let patience = Patience::default();
        let limit = |broker| patience.limit(broker, first, most).as_secs();
        assert_eq!(limit("a:1"), 10);
        patience.took_too_long("a:1");
        assert_eq!((limit("a:1"), limit("b:1")), (20, 10));
        for _ in 0..100 {
            patience.took_too_long("a:1");
        }
        assert_eq!(limit("a:1"), 30);
        patience.opened("a:1");
        assert_eq!(limit("a:1"), 10);
    }
}
