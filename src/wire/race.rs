//! Several attempts at the same thing, the first that succeeds wins.

use std::future::Future;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

/// The first success; the next attempt begins when one failed, or when the last begun has not succeeded for `pause` (the idea of
/// RFC 8305, Happy Eyeballs). The errors in the order in which they came where none succeeded.
///
/// Cancel safety: dropping it drops all attempts.
pub(crate) async fn staggered<F, T, E>(attempts: impl IntoIterator<Item = F>, pause: Duration) -> Result<T, Vec<E>>
where
    F: Future<Output = Result<T, E>>,
{
    let mut waiting = attempts.into_iter();
    let mut running = FuturesUnordered::new();
    let mut errors = Vec::new();
    loop {
        let begun = waiting.next().map(|attempt| running.push(attempt)).is_some();
        if running.is_empty() {
            return Err(errors);
        }
        tokio::select! {
            biased;
            Some(outcome) = running.next() => match outcome {
                Ok(success) => return Ok(success),
                Err(error) => errors.push(error),
            },
            () = tokio::time::sleep(pause), if begun => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, sleep};

    use super::*;

    const PAUSE: Duration = Duration::from_millis(250);

    async fn after(milliseconds: u64, outcome: Result<u8, u8>) -> Result<u8, u8> {
        sleep(Duration::from_millis(milliseconds)).await;
        outcome
    }

    #[tokio::test(start_paused = true)]
    async fn a2_a_dead_first_attempt_costs_the_pause_and_not_its_timeout() {
        let begin = Instant::now();
        let outcome = staggered([after(10_000, Err(1)), after(5, Ok(2))], PAUSE).await;
        assert_eq!((outcome, begin.elapsed()), (Ok(2), PAUSE + Duration::from_millis(5)));
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_failure_the_next_attempt_begins_at_once() {
        let begin = Instant::now();
        let outcome = staggered([after(1, Err(1)), after(1, Err(2)), after(1, Ok(3))], PAUSE).await;
        assert_eq!((outcome, begin.elapsed()), (Ok(3), Duration::from_millis(3)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_first_attempt_may_still_win() {
        assert_eq!(staggered([after(300, Ok(1)), after(1000, Ok(2))], PAUSE).await, Ok(1));
    }

    #[tokio::test(start_paused = true)]
    async fn all_errors_are_told_where_none_succeeds() {
        assert_eq!(staggered([after(500, Err(1)), after(1, Err(2))], PAUSE).await, Err(vec![2, 1]));
        assert_eq!(staggered(std::iter::empty::<std::future::Ready<Result<u8, u8>>>(), PAUSE).await, Err(vec![]));
    }
}
