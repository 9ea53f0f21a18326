//! How many rows a consumption may still take in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The rows that may still come, shared by all lanes of a consumption; without a limit, all.
#[derive(Debug, Clone)]
pub(crate) struct Allowance {
    left: Option<Arc<AtomicU64>>,
}

impl Allowance {
    pub(crate) fn new(rows: Option<u64>) -> Self {
        Self { left: rows.map(|rows| Arc::new(AtomicU64::new(rows))) }
    }

    /// Takes as many of `rows` as are left, and says how many that was. No row is granted twice.
    pub(crate) fn take(&self, rows: usize) -> usize {
        let Some(left) = &self.left else { return rows };
        let wanted = u64::try_from(rows).unwrap_or(u64::MAX);
        let before = left
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| Some(left.saturating_sub(wanted)))
            .unwrap_or_else(|left| left);
        usize::try_from(before.min(wanted)).unwrap_or(rows)
    }

    /// Gives back rows that were withdrawn from the tables: others may come in their place.
    pub(crate) fn put_back(&self, rows: u64) {
        if let Some(left) = &self.left {
            left.fetch_add(rows, Ordering::AcqRel);
        }
    }

    pub(crate) fn is_used_up(&self) -> bool {
        self.left.as_ref().is_some_and(|left| left.load(Ordering::Acquire) == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allowance_grants_what_is_left_and_no_more() {
        let allowance = Allowance::new(Some(10));
        let other = allowance.clone();
        assert_eq!((allowance.take(0), allowance.take(7), other.take(7), allowance.take(1)), (0, 7, 3, 0));
        assert!(other.is_used_up());
        other.put_back(4);
        assert_eq!((allowance.take(7), other.take(1)), (4, 0));
    }

    #[test]
    fn without_a_limit_everything_is_granted() {
        let allowance = Allowance::new(None);
        assert_eq!(allowance.take(usize::MAX), usize::MAX);
        assert!(!allowance.is_used_up());
    }
}
