//! JSON documents in memory into Arrow columns, by each decoder in turns, on one core.

mod columns;
mod data;
mod peers;

use std::fmt::Write;

use self::columns::digest;
use self::data::{Documents, Variant};
use self::peers::{BATCH_ROWS, NAMES, Peer, peer};
use crate::arguments::Json;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

pub(crate) fn run(arguments: &Json) -> Outcome {
    let chosen = |name: &str, among: &[String]| among.is_empty() || among.iter().any(|chosen| chosen == name);
    let mut text = format!(
        "JSON documents in memory into record batches of {BATCH_ROWS} rows, {} documents of each kind (seed {}), one thread, {} rounds; \
         CPU nanoseconds for a document, median (minimum to maximum).\n",
        arguments.rows, arguments.seed, arguments.rounds
    );
    for (name, variant) in Variant::ALL.into_iter().filter(|(name, _)| chosen(name, &arguments.variants)) {
        let documents = Documents::generate(variant, arguments.rows, arguments.seed);
        let names: Vec<&str> = NAMES.into_iter().filter(|peer| chosen(peer, &arguments.peers)).collect();
        let table = compare(name, variant, &documents, &names, arguments.rounds)?;
        eprintln!("{table}");
        text.push_str(&table);
    }
    println!("{text}");
    if let Some(path) = &arguments.report {
        std::fs::write(path, text)?;
    }
    Ok(())
}

fn compare(name: &str, variant: Variant, documents: &Documents, names: &[&str], rounds: usize) -> Outcome<String> {
    let payloads = documents.payloads();
    let mut peers: Vec<(&str, Box<dyn Peer>, Vec<f64>)> = Vec::new();
    let mut expected = None;
    for name in names {
        let Some(mut found) = peer(name, variant)? else { continue };
        // The first time warms up, and shows that the peer comes to what the others come to.
        let mut sum = 0;
        for payloads in payloads.chunks(BATCH_ROWS) {
            sum = digest(&found.decode(payloads)?, sum);
        }
        if *expected.get_or_insert(sum) != sum {
            return Err(format!("{name} comes to other columns than {} does", names[0]).into());
        }
        peers.push((name, found, Vec::new()));
    }
    for _ in 0..rounds {
        // Interleaved, so that whatever else the machine does falls on all of them.
        for (_, peer, times) in &mut peers {
            let began = thread_nanos();
            for payloads in payloads.chunks(BATCH_ROWS) {
                drop(std::hint::black_box(peer.decode(payloads)?));
            }
            times.push((thread_nanos() - began) / payloads.len() as f64);
        }
    }
    let mut text =
        format!("\n{name}, {} bytes\n\n| decoder | ns (min to max) | ratio | GB/s |\n|---|---|---|---|\n", documents.mean());
    let base = peers.first().map_or(f64::NAN, |(_, _, times)| median(times));
    for (name, _, times) in &peers {
        let (least, most) =
            times.iter().fold((f64::INFINITY, 0.0_f64), |(least, most), time| (least.min(*time), most.max(*time)));
        let time = median(times);
        let rate = documents.mean() as f64 / time;
        let _ = writeln!(text, "| {name} | {time:.1} ({least:.1} to {most:.1}) | {:.2} x | {rate:.2} |", base / time);
    }
    Ok(text)
}

/// The CPU time of this thread, which counts nothing that others did in between. Linux brings it up to date every few milliseconds.
fn thread_nanos() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(f64::NAN)
}

fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
