//! Results as Markdown: for each contest a table with ratio, median, minimum and maximum, and CPU seconds.

use std::fmt::Write;

use crate::contest::Results;
use crate::measure::{Clock, Run};

/// What was measured, where and when.
pub(crate) fn heading(rounds: usize) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let command: Vec<String> = std::env::args().skip(1).collect();
    format!(
        "# kolumn and its peers\n\n\
         `cargo run --release -p kolumn-benches -- {}`\n\n\
         Measured on {}, {cores} cores of {}, {}. Peers run in turns, {rounds} rounds, on the same data, and come to the same sums. Figures are of the median run; \
         the ratio is how many times as fast as the peer kolumn (the first row) is. Where one thread does the work its CPU time is measured, so that whatever \
         else the machine does stays out of it; where threads or processes work together it is the time on the wall, and the CPU ratio says how many times less CPU \
         time kolumn takes.\n",
        command.join(" "),
        today(),
        processor(),
        kernel(),
    )
}

/// The table of one contest.
pub(crate) fn table(results: &Results) -> String {
    let Some(subject) = results.peers.first() else { return String::new() };
    let (unit, more) = match results.clock {
        Clock::Cpu => ("M rows per CPU second", ""),
        Clock::Wall => ("M rows/s", " CPU s per M rows | CPU ratio | peak MB |"),
    };
    let lines = "---|".repeat(6 + more.matches('|').count());
    let mut text = format!(
        "\n## {}\n\n| | ratio | goal | {unit}, median (min to max) | ns per row | MB/s |{more}\n|{lines}\n",
        results.title
    );
    for (index, peer) in results.peers.iter().enumerate() {
        let rate = peer.rate(results.clock);
        let rates: Vec<f64> = peer.runs.iter().map(|run| run.rows_per_second(results.clock) / 1e6).collect();
        let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
        let most = rates.iter().copied().fold(0.0, f64::max);
        let rows = peer.runs.first().map_or(0, |run| run.sums.rows) as f64;
        let other = |text: String| if index == 0 { String::new() } else { text };
        let _ = write!(
            text,
            "| {} | {} | {} | {:.2} ({least:.2} to {most:.2}) | {:.1} | {} |",
            peer.name,
            other(format!("{:.2} x", subject.rate(results.clock) / rate)),
            peer.goal.map(|goal| format!("{goal} x")).unwrap_or_default(),
            rate / 1e6,
            1e9 / rate,
            results.bytes.map(|bytes| format!("{:.0}", bytes as f64 / rows * rate / 1e6)).unwrap_or_default(),
        );
        if !more.is_empty() {
            let cpu = peer.cpu_seconds_per_million();
            let ratio = other(format!("{:.2} x", cpu / subject.cpu_seconds_per_million()));
            let peak = peer.runs.iter().filter_map(peak).max().map(|bytes| (bytes >> 20).to_string()).unwrap_or_default();
            let _ = write!(text, " {cpu:.3} | {ratio} | {peak} |");
        }
        text.push('\n');
    }
    text
}

fn peak(run: &Run) -> Option<u64> {
    run.peak_bytes
}

fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let named = |name: &str| text.lines().find_map(|line| Some(line.strip_prefix(name)?.split_once(':')?.1.trim().to_owned()));
    let model = named("model name").unwrap_or_else(|| "an unknown processor".into());
    // Virtual machines hide the rest of the name; family and model say which it is.
    match (named("cpu family"), named("model\t")) {
        (Some(family), Some(number)) => format!("{model} (family {family}, model {number})"),
        _ => model,
    }
}

fn kernel() -> String {
    std::fs::read_to_string("/proc/sys/kernel/osrelease")
        .map_or_else(|_| "an unknown system".into(), |release| format!("Linux {}", release.trim()))
}

/// The date, UTC.
fn today() -> String {
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (mut year, mut day) = (1970, seconds / 86_400);
    loop {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = if leap { 366 } else { 365 };
        if day < days {
            let february = if leap { 29 } else { 28 };
            let mut month = 1;
            for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
                if day < length {
                    break;
                }
                day -= length;
                month += 1;
            }
            return format!("{year}-{month:02}-{:02}", day + 1);
        }
        day -= days;
        year += 1;
    }
}
