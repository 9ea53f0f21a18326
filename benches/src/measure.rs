//! Wall time and CPU time of a piece of work.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::Outcome;
use crate::sums::Sums;

/// What one run of one peer came to.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) seconds: f64,
    /// User and system time of all threads of the process in that time.
    pub(crate) cpu_seconds: f64,
    /// Peak resident memory of a peer that is a process of its own.
    pub(crate) peak_bytes: Option<u64>,
    pub(crate) sums: Sums,
}

/// Which time counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    /// CPU time: for the work of one thread, so that whatever else the machine does stays out of it.
    Cpu,
    /// What passes on the wall: where threads or processes work together.
    Wall,
}

/// Adds up the time of what is measured; what happens between, such as making sums, is not.
#[derive(Debug, Default)]
pub(crate) struct Stopwatch {
    wall: Duration,
    cpu: Duration,
}

impl Stopwatch {
    /// Does `work`, whose time counts.
    pub(crate) fn measure<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (cpu, wall) = (cpu_time(), Instant::now());
        let done = work();
        self.wall += wall.elapsed();
        self.cpu += cpu_time().saturating_sub(cpu);
        done
    }

    /// CPU seconds, and seconds on the wall.
    pub(crate) fn seconds(&self) -> (f64, f64) {
        (self.cpu.as_secs_f64(), self.wall.as_secs_f64())
    }
}

impl Run {
    /// A run in this process; `work` says by the stopwatch which part of it counts.
    pub(crate) fn inside(work: impl FnOnce(&mut Stopwatch) -> Outcome<Sums>) -> Outcome<Self> {
        let mut watch = Stopwatch::default();
        let sums = work(&mut watch)?;
        Ok(Self { seconds: watch.wall.as_secs_f64(), cpu_seconds: watch.cpu.as_secs_f64(), peak_bytes: None, sums })
    }

    /// A run that has this process to itself, from the first byte asked for to the last column closed. What is kept until then is summed
    /// up afterwards, which is not the peer's work.
    pub(crate) fn alone<T>(work: impl FnOnce() -> Outcome<T>, sums: impl FnOnce(T) -> Sums) -> Outcome<Self> {
        let run = Self::inside(|watch| watch.measure(work).map(sums))?;
        Ok(Self { peak_bytes: Some(peak_bytes()), ..run })
    }

    pub(crate) fn rows_per_second(&self, clock: Clock) -> f64 {
        let seconds = match clock {
            Clock::Cpu => self.cpu_seconds,
            Clock::Wall => self.seconds,
        };
        self.sums.rows as f64 / seconds
    }

    pub(crate) fn cpu_seconds_per_million(&self) -> f64 {
        self.cpu_seconds / (self.sums.rows as f64 / 1e6)
    }

    /// As one line, for the process that started this one.
    pub(crate) fn to_line(&self) -> String {
        format!("{} {} {} {}", self.seconds, self.cpu_seconds, self.peak_bytes.unwrap_or(0), self.sums.to_line())
    }

    pub(crate) fn from_line(line: &str) -> Option<Self> {
        let mut words = line.splitn(4, ' ');
        Some(Self {
            seconds: words.next()?.parse().ok()?,
            cpu_seconds: words.next()?.parse().ok()?,
            peak_bytes: words.next()?.parse().ok(),
            sums: Sums::from_line(words.next()?)?,
        })
    }
}

/// User and system time of all threads of this process so far.
pub(crate) fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

fn peak_bytes() -> u64 {
    status_bytes("VmHWM:")
}

/// What of this process is in memory now.
pub(crate) fn resident_bytes() -> u64 {
    status_bytes("VmRSS:")
}

fn status_bytes(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) * 1024
}
