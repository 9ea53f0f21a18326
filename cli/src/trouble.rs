//! What a cluster in trouble is told of: one line when it lasts, one every now and then, one when it is over.

use std::time::Duration;

use crate::figures;

/// Trouble that is over before this is not worth a line.
const PATIENCE: Duration = Duration::from_secs(1);
/// While it lasts, it is told again so often.
const AGAIN: Duration = Duration::from_secs(30);

/// What a consumption waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wait {
    /// What does not work, broker included.
    pub(crate) why: String,
    /// What is done about it.
    pub(crate) next: String,
    /// How long that has been so.
    pub(crate) time: Duration,
}

/// The trouble of one consumption. Times are since its start.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    now: Option<Lasting>,
}

#[derive(Debug)]
struct Lasting {
    since: Duration,
    /// When it was last seen.
    last: Duration,
    why: String,
    next: String,
    /// When it was last told.
    told: Option<Duration>,
}

impl Trouble {
    /// What is seen now, and the line to be written, if one is due. `silence` is for how long the partition that was answered longest ago
    /// was not: while one broker is away, the others' answers do not mean that all is well.
    pub(crate) fn observe(
        &mut self,
        now: Duration,
        wait: Option<&Wait>,
        silence: impl FnOnce() -> Option<Duration>,
    ) -> Option<String> {
        if let Some(wait) = wait {
            let began = now.saturating_sub(wait.time);
            let lasting = self.now.get_or_insert_with(|| Lasting {
                since: began,
                last: now,
                why: String::new(),
                next: String::new(),
                told: None,
            });
            lasting.since = lasting.since.min(began);
            lasting.last = now;
            lasting.why.clone_from(&wait.why);
            lasting.next.clone_from(&wait.next);
        } else if let Some(lasting) = &self.now
            && silence().is_none_or(|silence| silence < now.saturating_sub(lasting.last))
        {
            return self.over(now);
        }
        let lasting = self.now.as_mut()?;
        let due = lasting.told.map_or(lasting.since + PATIENCE, |told| told + AGAIN);
        if now < due {
            return None;
        }
        lasting.told = Some(now);
        self.line(now)
    }

    /// What is the matter, in a line that says for how long; none where nothing is, or not for long.
    pub(crate) fn line(&self, now: Duration) -> Option<String> {
        let lasting = self.now.as_ref()?;
        let time = now.saturating_sub(lasting.since);
        (time >= PATIENCE).then(|| format!("in trouble for {}: {}; {}", seconds(time), lasting.why, lasting.next))
    }

    /// It is over: the line that says so, where the trouble was told.
    pub(crate) fn over(&mut self, now: Duration) -> Option<String> {
        let lasting = self.now.take()?;
        lasting.told?;
        Some(format!("all well again after {}", seconds(now.saturating_sub(lasting.since))))
    }
}

fn seconds(time: Duration) -> String {
    match time.as_secs() {
        seconds @ ..120 => format!("{seconds} s"),
        _ => figures::clock(time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn wait(milliseconds: u64) -> Wait {
        Wait { why: "cannot connect to a:1".into(), next: "connecting again".into(), time: at(milliseconds) }
    }

    #[test]
    fn trouble_that_lasts_is_told_once_and_then_every_half_minute() {
        let mut trouble = Trouble::default();
        let mut told = Vec::new();
        for tick in 0..=350 {
            let now = at(5_000 + tick * 200);
            if let Some(line) = trouble.observe(now, Some(&wait(tick * 200)), || None) {
                told.push((now.as_millis(), line));
            }
        }
        assert_eq!(
            told,
            [
                (6_000, "in trouble for 1 s: cannot connect to a:1; connecting again".to_owned()),
                (36_000, "in trouble for 31 s: cannot connect to a:1; connecting again".to_owned()),
                (66_000, "in trouble for 61 s: cannot connect to a:1; connecting again".to_owned()),
            ]
        );
    }

    #[test]
    fn its_end_is_told_where_it_was_told_and_only_then() {
        let mut trouble = Trouble::default();
        assert_eq!(trouble.observe(at(1_000), Some(&wait(100)), || None), None);
        assert_eq!(trouble.observe(at(1_200), None, || None), None, "a hiccup");
        assert!(trouble.observe(at(4_000), Some(&wait(2_000)), || None).is_some());
        assert_eq!(trouble.observe(at(14_000), None, || None).as_deref(), Some("all well again after 12 s"));
        assert_eq!(trouble.observe(at(14_200), None, || None), None);
    }

    #[test]
    fn while_a_partition_is_not_answered_it_is_not_over_though_others_are() {
        let mut trouble = Trouble::default();
        assert!(trouble.observe(at(3_000), Some(&wait(1_500)), || None).is_some());
        assert_eq!(trouble.observe(at(3_400), None, || Some(at(1_900))), None);
        assert!(trouble.line(at(3_400)).is_some());
        assert_eq!(trouble.observe(at(4_000), Some(&wait(100)), || None), None, "the same trouble: told already");
        assert_eq!(trouble.observe(at(9_000), None, || Some(at(100))).as_deref(), Some("all well again after 7 s"));
    }

    #[test]
    fn long_times_are_told_as_a_clock() {
        assert_eq!((seconds(at(119_999)).as_str(), seconds(at(120_000)).as_str()), ("119 s", "2:00"));
    }
}
