//! A table of peers: median, minimum and maximum rows per second, CPU, memory, and the ratio to the first.

use std::fmt::Write;

use crate::measure::Run;

/// The runs of one peer.
#[derive(Debug)]
pub(crate) struct PeerRuns {
    pub(crate) name: String,
    pub(crate) runs: Vec<Run>,
}

/// A Markdown table of `peers`; ratios are to the peer named `baseline`.
pub(crate) fn table(title: &str, peers: &[PeerRuns], baseline: &str) -> String {
    let base = peers.iter().find(|peer| peer.name == baseline);
    let base_rate = base.map_or(f64::NAN, |peer| median(peer.runs.iter().map(Run::rows_per_second)));
    let base_cpu = base.map_or(f64::NAN, |peer| median(peer.runs.iter().map(Run::cpu_seconds_per_million)));
    let mut text = format!(
        "\n{title}\n\n| peer | M rows/s (min to max) | ratio | CPU s per M rows | CPU ratio | peak MB |\n|---|---|---|---|---|---|\n"
    );
    for peer in peers {
        let rates: Vec<f64> = peer.runs.iter().map(|run| run.rows_per_second() / 1e6).collect();
        let rate = median(rates.iter().copied());
        let cpu = median(peer.runs.iter().map(Run::cpu_seconds_per_million));
        let peak = peer.runs.iter().map(|run| run.peak_bytes).max().unwrap_or(0) >> 20;
        let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
        let most = rates.iter().copied().fold(0.0, f64::max);
        let _ = writeln!(
            text,
            "| {} | {rate:.2} ({least:.2} to {most:.2}) | {:.2} x | {cpu:.2} | {:.2} x | {peak} |",
            peer.name,
            rate * 1e6 / base_rate,
            base_cpu / cpu,
        );
    }
    text
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
