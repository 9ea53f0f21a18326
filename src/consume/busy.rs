//! How long a thread has worked, as others see it.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Measures a future that is all that its thread does: while it is polled the thread works, in between it sleeps.
#[derive(Debug)]
pub(super) struct Busy {
    origin: Instant,
    /// Nanoseconds of work until the poll that is under way.
    worked: AtomicU64,
    /// When that began, in nanoseconds since the origin; 0 where none is.
    since: AtomicU64,
}

impl Busy {
    pub(super) fn new() -> Self {
        Self { origin: Instant::now(), worked: AtomicU64::new(0), since: AtomicU64::new(0) }
    }

    /// Runs the future, measured.
    pub(super) async fn measure<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        poll_fn(|context| {
            let began = self.now().max(1);
            self.since.store(began, Ordering::Relaxed);
            let polled = future.as_mut().poll(context);
            self.since.store(0, Ordering::Relaxed);
            self.worked.fetch_add(self.now().saturating_sub(began), Ordering::Relaxed);
            polled
        })
        .await
    }

    /// How long it has worked until now. A poll that ends at this very moment may be left out or be in it twice.
    pub(super) fn worked(&self) -> Duration {
        let since = self.since.load(Ordering::Relaxed);
        let under_way = if since == 0 { 0 } else { self.now().saturating_sub(since) };
        Duration::from_nanos(self.worked.load(Ordering::Relaxed).saturating_add(under_way))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_thread_works_while_its_future_is_polled_and_not_while_it_waits() {
        let busy = Busy::new();
        let seen = busy
            .measure(async {
                let begun = Instant::now();
                while begun.elapsed() < Duration::from_millis(2) {
                    std::hint::spin_loop();
                }
                busy.worked()
            })
            .await;
        assert!(seen >= Duration::from_millis(2), "the poll that is under way counts");
        let worked = busy.worked();
        let (waiting, waits) = tokio::sync::oneshot::channel::<()>();
        let asked = busy.measure(waits);
        std::thread::spawn(move || {
            std::thread::park_timeout(Duration::from_millis(50));
            drop(waiting);
        });
        assert!(asked.await.is_err());
        assert!(busy.worked() >= worked);
        assert!(busy.worked() < busy.origin.elapsed(), "it slept for a while");
    }
}
