//! Wall time and CPU time of one process.

use std::time::Instant;

use crate::sums::Sums;

/// What one run of a peer came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    /// From the first byte asked for to the last column closed.
    pub(crate) seconds: f64,
    /// User and system time of the whole process in that time.
    pub(crate) cpu_seconds: f64,
    /// Peak resident memory.
    pub(crate) peak_bytes: u64,
    pub(crate) sums: Sums,
}

impl Run {
    /// Runs `work`, and measures it.
    pub(crate) fn of(
        work: impl FnOnce() -> Result<Sums, Box<dyn std::error::Error>>,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let before = cpu_seconds();
        let began = Instant::now();
        let sums = work()?;
        let seconds = began.elapsed().as_secs_f64();
        Ok(Self { seconds, cpu_seconds: cpu_seconds() - before, peak_bytes: peak_bytes(), sums })
    }

    pub(crate) fn rows_per_second(&self) -> f64 {
        self.sums.rows as f64 / self.seconds
    }

    pub(crate) fn cpu_seconds_per_million(&self) -> f64 {
        self.cpu_seconds / (self.sums.rows as f64 / 1e6)
    }

    pub(crate) fn to_line(self) -> String {
        format!("{} {} {} {}", self.seconds, self.cpu_seconds, self.peak_bytes, self.sums.to_line())
    }

    pub(crate) fn from_line(line: &str) -> Option<Self> {
        let mut words = line.splitn(4, ' ');
        Some(Self {
            seconds: words.next()?.parse().ok()?,
            cpu_seconds: words.next()?.parse().ok()?,
            peak_bytes: words.next()?.parse().ok()?,
            sums: Sums::from_line(words.next()?)?,
        })
    }
}

/// User and system time of this process so far, from `/proc`, whose clock ticks a hundred times a second.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the process, in brackets, may hold blanks.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) * 1024
}
