//! The progress of a long export, on stderr: rows, rate, share of the offsets, time left.

use std::io::{self, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::figures;

/// An export that is over before this needs no progress.
const PATIENCE: Duration = Duration::from_secs(1);

/// A line on stderr that keeps itself up to date.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// A line where `shown`, else nothing.
    pub(crate) fn new(shown: bool) -> Self {
        Self { bar: shown.then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden())) }
    }

    /// Shows how far it is.
    pub(crate) fn show(&self, how_far: &HowFar) {
        let Some(bar) = &self.bar else { return };
        if how_far.time < PATIENCE {
            return;
        }
        if bar.is_hidden() {
            // Drawn by us alone: no ticker thread writes into what others print.
            bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(5));
            if let Ok(style) = ProgressStyle::with_template("{bar:20} {msg}") {
                bar.set_style(style);
            }
            bar.set_length(1_000);
        }
        bar.set_position(how_far.share().map_or(0, |share| figures::whole(share * 1_000.0)));
        bar.set_message(how_far.text());
    }

    /// Shows a line of text instead of how far it is.
    pub(crate) fn replace(&self, text: String) {
        if let Some(bar) = self.bar.as_ref().filter(|bar| !bar.is_hidden()) {
            bar.set_message(text);
        }
    }

    /// Says something beside it. If stderr cannot be written, there is no place to say so.
    pub(crate) fn say(&self, line: &str) {
        let say = || drop(writeln!(io::stderr(), "{line}"));
        match &self.bar {
            Some(bar) => bar.suspend(say),
            None => say(),
        }
    }

    /// Takes the line away.
    pub(crate) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// How far a consumption is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct HowFar {
    /// Rows so far.
    pub(crate) rows: u64,
    /// Offsets so far.
    pub(crate) done: u64,
    /// Offsets to do in all, where there is an end to them.
    pub(crate) total: Option<u64>,
    /// Time since the start.
    pub(crate) time: Duration,
}

impl HowFar {
    fn share(&self) -> Option<f64> {
        let total = self.total.filter(|total| *total > 0)?;
        Some((self.done as f64 / total as f64).min(1.0))
    }

    /// At the rate so far.
    fn left(&self) -> Option<Duration> {
        let rate = figures::rate(self.done, self.time);
        let left = self.total?.saturating_sub(self.done) as f64 / rate;
        Duration::try_from_secs_f64(left).ok()
    }

    fn text(&self) -> String {
        let mut text = format!(
            "{} rows, {} rows/s",
            figures::grouped(self.rows),
            figures::grouped(figures::whole(figures::rate(self.rows, self.time)))
        );
        if let Some(share) = self.share() {
            text.push_str(&format!(", {:.0} %", share * 100.0));
        }
        if let Some(left) = self.left() {
            text.push_str(&format!(", {} left", figures::clock(left)));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_rate_share_and_time_left_are_told() {
        let half = HowFar { rows: 1_000_000, done: 2_000_000, total: Some(8_000_000), time: Duration::from_secs(10) };
        assert_eq!(half.text(), "1,000,000 rows, 100,000 rows/s, 25 %, 0:30 left");
    }

    #[test]
    fn without_an_end_there_is_no_share() {
        let endless = HowFar { rows: 10, done: 10, total: None, time: Duration::from_secs(1) };
        assert_eq!(endless.text(), "10 rows, 10 rows/s");
    }

    #[test]
    fn nothing_done_promises_no_time() {
        let nothing = HowFar { total: Some(100), time: Duration::from_secs(5), ..HowFar::default() };
        assert_eq!(nothing.text(), "0 rows, 0 rows/s, 0 %");
        let empty = HowFar { total: Some(0), time: Duration::from_secs(5), ..HowFar::default() };
        assert_eq!(empty.share(), None);
    }
}
