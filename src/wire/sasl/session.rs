//! How long a login lasts (KIP-368).

use std::time::Duration;

use tokio::time::Instant;

/// The part of a session's life after which it is renewed; somewhere between, so that many clients do not come at once.
const RENEWAL: std::ops::Range<f64> = 0.85..0.95;

/// A session whose end the broker has told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Session {
    half: Instant,
    renewal: Instant,
    end: Instant,
}

impl Session {
    /// A session that began at `begin` and lasts so many milliseconds; none where it lasts for ever. `chance` is from 0 to 1.
    pub(crate) fn new(begin: Instant, lifetime_ms: i64, chance: f64) -> Option<Self> {
        let lifetime = u64::try_from(lifetime_ms).ok().filter(|lifetime| *lifetime > 0).map(Duration::from_millis)?;
        let renewal = lifetime.mul_f64(RENEWAL.start + (RENEWAL.end - RENEWAL.start) * chance);
        // A moment that the clock cannot tell is never reached.
        Some(Self {
            half: begin.checked_add(lifetime / 2)?,
            renewal: begin.checked_add(renewal)?,
            end: begin.checked_add(lifetime)?,
        })
    }

    /// Whether it is to be renewed before a request to which the broker may take `wait` to answer.
    ///
    /// An answer that comes after the end may find the connection closed. So a long wait across the end has the session renewed early,
    /// but not in its first half: brokers take no more than one login a second.
    pub(crate) fn is_due(&self, now: Instant, wait: Duration) -> bool {
        let crosses = now.checked_add(wait).is_none_or(|answer| answer >= self.end);
        now >= self.renewal || (crosses && now >= self.half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn a14_a_session_is_renewed_between_85_and_95_percent_of_its_life() {
        let begin = Instant::now();
        for (chance, percent) in [(0.0, 85), (0.5, 90), (1.0, 95)] {
            let session = Session::new(begin, 100_000, chance).expect("it ends");
            let renewal = begin + Duration::from_secs(percent);
            assert!(!session.is_due(renewal - Duration::from_millis(10), Duration::ZERO));
            assert!(session.is_due(renewal + Duration::from_millis(10), Duration::ZERO));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a14_a_long_poll_across_the_end_has_the_session_renewed_before_but_not_in_its_first_half() {
        let begin = Instant::now();
        let session = Session::new(begin, 60_000, 1.0).expect("it ends");
        assert!(!session.is_due(begin, 5 * MINUTE));
        assert!(session.is_due(begin + MINUTE / 2, MINUTE / 2));
        assert!(!session.is_due(begin + MINUTE / 2, MINUTE / 3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_without_an_end_is_never_renewed() {
        for lifetime in [0, -1, i64::MIN] {
            assert_eq!(Session::new(Instant::now(), lifetime, 0.5), None, "{lifetime}");
        }
        let endless = Session::new(Instant::now(), i64::MAX, 1.0);
        assert!(endless.is_none_or(|session| !session.is_due(Instant::now(), 1000 * MINUTE)));
    }
}
