//! What a measurement was limited by: the processor, the partitions, the broker, or somebody else on the machine.

use std::time::Duration;

/// Who worked during a measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Load {
    /// Cores that the machine has.
    pub(crate) cores: f64,
    /// Cores that this process kept busy.
    pub(crate) own: f64,
    /// Cores that others kept busy; none where the system does not say.
    pub(crate) others: Option<f64>,
}

/// A machine is busy when so little of it is idle.
const BUSY: f64 = 0.9;

/// A thread that is at its limit still waits for the other threads now and then.
const FULL: f64 = 0.8;

impl Load {
    /// Of a measurement of this length: the processor time of this process, and the time for which the cores were idle.
    pub(crate) fn new(time: Duration, own: Option<Duration>, idle: Option<Duration>) -> Option<Self> {
        let seconds = time.as_secs_f64();
        let cores = std::thread::available_parallelism().ok()?.get() as f64;
        let own = own.filter(|_| seconds > 0.0)?.as_secs_f64() / seconds;
        let others = idle.map(|idle| (cores - own - idle.as_secs_f64() / seconds).max(0.0));
        Some(Self { cores, own, others })
    }

    /// In a sentence, where records came from so many partitions.
    pub(crate) fn limit(&self, partitions: usize) -> String {
        let Self { cores, own, others } = *self;
        let busy = own + others.unwrap_or(0.0);
        let limit = if busy >= BUSY * cores && others.is_some_and(|others| others > own) {
            "other processes of this machine (is the broker one of them?)"
        } else if busy >= BUSY * cores {
            "the processor"
        } else if own >= FULL * cores.min(partitions as f64) {
            "the number of partitions: each is decoded by one thread at a time"
        } else {
            "the broker, or the way to it"
        };
        let others = others.map_or_else(String::new, |others| format!(", others {others:.1}"));
        format!("limited by {limit}. This process kept {own:.1} of {cores:.0} cores busy{others}.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(own: f64, others: f64, partitions: usize) -> String {
        Load { cores: 4.0, own, others: Some(others) }.limit(partitions)
    }

    #[test]
    fn whoever_keeps_the_cores_busy_is_the_limit() {
        assert_eq!(limit(3.5, 0.3, 12), "limited by the processor. This process kept 3.5 of 4 cores busy, others 0.3.");
        assert!(limit(1.5, 2.4, 12).starts_with("limited by other processes of this machine"));
    }

    #[test]
    fn with_cores_to_spare_it_is_the_partitions_or_the_broker() {
        assert!(limit(0.9, 0.2, 1).starts_with("limited by the number of partitions"));
        assert!(limit(0.3, 0.2, 1).starts_with("limited by the broker"));
        assert!(limit(1.9, 0.2, 12).starts_with("limited by the broker"));
    }

    #[test]
    fn a_system_that_says_less_is_told_of_with_less() {
        let half = Some(Duration::from_millis(500));
        let load = Load::new(Duration::from_secs(1), half, None).expect("a load");
        assert!((load.own - 0.5).abs() < 1e-9 && load.others.is_none());
        assert!(load.limit(1000).ends_with("cores busy."));
        assert_eq!(Load::new(Duration::ZERO, half, None), None);
    }
}
