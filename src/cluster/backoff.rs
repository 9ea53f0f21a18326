//! How long to wait before the next attempt.

use std::time::Duration;

/// Exponential backoff with jitter (KIP-580): `initial` doubled with every attempt, at most `max`, then 20 % more or less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Backoff {
    pub(crate) initial: Duration,
    pub(crate) max: Duration,
}

impl Backoff {
    /// The pause after `attempt` failures before it (0 for the first retry).
    ///
    /// Jitter keeps the lanes of many clients from coming back to a broker all at once.
    pub(crate) fn delay(&self, attempt: u32, rng: &mut fastrand::Rng) -> Duration {
        let factor = 1_u32.checked_shl(attempt.min(30)).unwrap_or(u32::MAX);
        let nominal = self.initial.saturating_mul(factor).min(self.max);
        nominal.mul_f64(0.8 + 0.4 * rng.f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_the_maximum_within_a_fifth() {
        let backoff = Backoff { initial: Duration::from_millis(100), max: Duration::from_secs(1) };
        let mut rng = fastrand::Rng::with_seed(1);
        for (attempt, nominal) in [(0, 100), (1, 200), (2, 400), (3, 800), (4, 1000), (40, 1000), (u32::MAX, 1000)] {
            for _ in 0..100 {
                let delay = backoff.delay(attempt, &mut rng).as_millis();
                assert!((nominal * 8 / 10..=nominal * 12 / 10).contains(&delay), "attempt {attempt}: {delay} ms");
            }
        }
    }
}
