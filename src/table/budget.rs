//! How many bytes may be on their way to a reader.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// The bytes that may be on their way from a broker to a reader, shared by all lanes of a consumption.
///
/// What a table holds for good is not on its way: a charge ends when its rows are visible and every subscriber has let go of them.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    account: Arc<Account>,
}

#[derive(Debug)]
struct Account {
    limit: usize,
    used: AtomicUsize,
    /// Woken at each release; shared with the shares of this budget.
    released: Arc<Notify>,
}

impl Budget {
    pub(crate) fn new(bytes: usize) -> Self {
        Self::with(bytes, Arc::new(Notify::new()))
    }

    fn with(limit: usize, released: Arc<Notify>) -> Self {
        Self { account: Arc::new(Account { limit, used: AtomicUsize::new(0), released }) }
    }

    /// A budget of its own whose releases wake the waiters of this one too.
    pub(super) fn share(&self, bytes: usize) -> Self {
        Self::with(bytes, Arc::clone(&self.account.released))
    }

    /// Takes `bytes`, until the charge is dropped. Never blocks, and may overshoot: whoever charges has the bytes already.
    pub(crate) fn charge(&self, bytes: usize) -> Charge {
        self.account.used.fetch_add(bytes, Ordering::AcqRel);
        Charge { account: Arc::clone(&self.account), bytes }
    }

    pub(crate) fn used(&self) -> usize {
        self.account.used.load(Ordering::Acquire)
    }

    pub(crate) fn limit(&self) -> usize {
        self.account.limit
    }

    /// Whether anything may be added. A budget in which nothing is used always has room, or nothing could ever go on.
    pub(crate) fn has_room(&self) -> bool {
        let used = self.used();
        used == 0 || used < self.limit()
    }

    /// Waits until there is room. Cancel safe.
    pub(crate) async fn room(&self) {
        loop {
            let released = self.released();
            tokio::pin!(released);
            // Registered before the look, so that a release between look and wait is not missed.
            released.as_mut().enable();
            if self.has_room() {
                return;
            }
            released.await;
        }
    }

    /// Waits for the next release, here or in a share. Cancel safe.
    pub(super) fn released(&self) -> tokio::sync::futures::Notified<'_> {
        self.account.released.notified()
    }
}

/// Bytes taken from a [`Budget`], given back when dropped.
#[derive(Debug)]
pub(crate) struct Charge {
    account: Arc<Account>,
    bytes: usize,
}

impl Charge {
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.account.used.fetch_sub(self.bytes, Ordering::AcqRel);
        if self.bytes > 0 {
            self.account.released.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charge_is_given_back_when_it_is_dropped() {
        let budget = Budget::new(100);
        let first = budget.charge(60);
        let second = budget.charge(60);
        assert_eq!((budget.used(), budget.has_room()), (120, false));
        drop(first);
        assert!(budget.has_room());
        assert_eq!(second.bytes(), 60);
    }

    #[test]
    fn an_unused_budget_has_room_however_small_it_is() {
        let budget = Budget::new(0);
        assert!(budget.has_room());
        let _charge = budget.charge(1);
        assert!(!budget.has_room());
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_room_is_woken_by_a_release() {
        let budget = Budget::new(10);
        let charge = budget.charge(10);
        let waiting = tokio::spawn({
            let budget = budget.clone();
            async move { budget.room().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(charge);
        waiting.await.expect("room");
    }
}
