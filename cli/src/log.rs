//! The log, on stderr; while the live view has the screen, kept until it is given back.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::arguments::Talk;

/// What is kept while the live view is open; older lines are dropped.
const KEPT_BYTES: usize = 64 << 10;

/// The rooms whose warnings say what [`crate::trouble`] says.
const TOLD_AS_TROUBLE: [&str; 3] = ["kolumn::cluster", "kolumn::consume", "kolumn::ingest"];

/// Where log lines go.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    kept: Arc<Mutex<Option<Vec<u8>>>>,
}

impl Log {
    /// Starts the log, as loud as the flags say.
    pub(crate) fn start(talk: Talk) -> Self {
        let log = Self::default();
        let level = level(talk);
        // Other crates' logs are of interest only where everything is.
        let others = if talk.verbose > 2 { level } else { level.min(LevelFilter::WARN) };
        let mut filter = Targets::new().with_target("kolumn", level).with_default(others);
        if level == LevelFilter::WARN {
            // Trouble that may pass is told in one line of its own, with since when and what is done about it.
            filter = filter.with_targets(TOLD_AS_TROUBLE.map(|target| (target, LevelFilter::ERROR)));
        }
        let colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && io::stderr().is_terminal();
        let layer = tracing_subscriber::fmt::layer().with_writer(log.clone()).with_ansi(colours);
        // Only a test could have started another one.
        let _ = tracing_subscriber::registry().with(filter).with(layer).try_init();
        log
    }

    /// Keeps lines back until [`Log::release`].
    pub(crate) fn hold(&self) {
        *self.kept() = Some(Vec::new());
    }

    /// Writes what was kept back, and from now on at once.
    pub(crate) fn release(&self) {
        if let Some(lines) = self.kept().take() {
            // If stderr cannot be written, there is no place to say so.
            let _ = io::stderr().write_all(&lines);
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<Vec<u8>>> {
        self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn level(talk: Talk) -> LevelFilter {
    match (talk.quiet, talk.verbose) {
        (true, _) => LevelFilter::ERROR,
        (false, 0) => LevelFilter::WARN,
        (false, 1) => LevelFilter::INFO,
        (false, 2) => LevelFilter::DEBUG,
        (false, _) => LevelFilter::TRACE,
    }
}

/// Writes one line of the log.
#[derive(Debug)]
pub(crate) struct Line(Log);

impl<'a> MakeWriter<'a> for Log {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line(self.clone())
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.0.kept();
        let Some(lines) = kept.as_mut() else {
            drop(kept);
            return io::stderr().write(bytes);
        };
        lines.extend_from_slice(bytes);
        if lines.len() > KEPT_BYTES {
            let excess = lines.len() - KEPT_BYTES;
            let end = lines.iter().skip(excess).position(|byte| *byte == b'\n').map_or(lines.len(), |place| excess + place + 1);
            lines.drain(..end);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(quiet: bool, verbose: u8) -> Talk {
        Talk { quiet, verbose }
    }

    #[test]
    fn each_v_is_louder_and_quiet_leaves_errors() {
        assert_eq!(level(talk(true, 2)), LevelFilter::ERROR);
        assert_eq!(
            [0, 1, 2, 3, 9].map(|verbose| level(talk(false, verbose))),
            [LevelFilter::WARN, LevelFilter::INFO, LevelFilter::DEBUG, LevelFilter::TRACE, LevelFilter::TRACE]
        );
    }

    #[test]
    fn what_is_kept_back_stays_short_and_begins_with_a_whole_line() {
        let log = Log::default();
        log.hold();
        for number in 0..10_000 {
            writeln!(log.make_writer(), "line {number}").unwrap();
        }
        let kept = log.kept().take().unwrap();
        let text = String::from_utf8(kept).unwrap();
        assert!(text.len() <= KEPT_BYTES && text.starts_with("line ") && text.ends_with("line 9999\n"));
    }
}
