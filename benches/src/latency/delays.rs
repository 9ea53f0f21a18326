//! How late each row was, all of them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

/// The delays of rows, to the microsecond.
#[derive(Debug, Clone, Default)]
pub(super) struct Delays {
    /// Microseconds, and how many rows were so late.
    micros: BTreeMap<u64, u64>,
    rows: u64,
    /// What the process worked for them.
    pub(super) cpu_seconds: f64,
}

impl Delays {
    /// A row that was due at `due` is seen at `now`, both in nanoseconds since 1970.
    pub(super) fn saw(&mut self, due: i64, now: i64) {
        let micros = u64::try_from((now - due) / 1000).unwrap_or(0);
        *self.micros.entry(micros).or_default() += 1;
        self.rows += 1;
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (micros, rows) in &other.micros {
            *self.micros.entry(*micros).or_default() += rows;
        }
        self.rows += other.rows;
        self.cpu_seconds += other.cpu_seconds;
    }

    /// The milliseconds that `part` of the rows came within.
    pub(super) fn quantile(&self, part: f64) -> f64 {
        let most = (self.rows as f64 * part).ceil() as u64;
        let mut rows = 0;
        let reached = self.micros.iter().find(|(_, count)| {
            rows += **count;
            rows >= most
        });
        reached.map_or(f64::NAN, |(micros, _)| *micros as f64 / 1000.0)
    }

    pub(super) fn cpu_micros_per_row(&self) -> f64 {
        self.cpu_seconds * 1e6 / self.rows as f64
    }

    pub(super) fn told(&self) -> String {
        let [median, late, longest] = [0.5, 0.99, 1.0].map(|part| self.quantile(part));
        format!("median {median:.2} ms, 99th percentile {late:.2} ms, longest {longest:.2} ms")
    }

    /// As lines, for the process that started this one.
    pub(super) fn to_text(&self) -> String {
        let mut text = format!("{}\n", self.cpu_seconds);
        for (micros, rows) in &self.micros {
            let _ = writeln!(text, "{micros} {rows}");
        }
        text
    }

    pub(super) fn from_text(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let mut delays = Self { cpu_seconds: lines.next()?.trim().parse().ok()?, ..Self::default() };
        for line in lines {
            let (micros, rows) = line.split_once(' ')?;
            let rows: u64 = rows.trim().parse().ok()?;
            *delays.micros.entry(micros.parse().ok()?).or_default() += rows;
            delays.rows += rows;
        }
        Some(delays)
    }
}

/// Nanoseconds since 1970, by the clock that all processes of the machine have.
pub(super) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}
