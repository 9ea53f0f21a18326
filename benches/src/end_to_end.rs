//! A topic of JSON orders on a real Apache Kafka, read by each peer in turns.

use std::collections::BTreeMap;
use std::process::Command;

use kolumn_protocol_tests::{Codec, Kafka, Production, Workload, Writer};

use crate::arguments::EndToEnd;
use crate::measure::Run;
use crate::report::{PeerRuns, table};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Peers into columns of orders, the baseline first, and peers into raw columns.
const GROUPS: [(&str, &[&str]); 2] =
    [("JSON, 5 of 10 fields", &["rdkafka-json", "kolumn-json"]), ("raw payloads", &["rdkafka-raw", "kolumn-raw"])];

const TOPIC: &str = "orders";

pub(crate) fn run(arguments: &EndToEnd) -> Outcome {
    let codec = codec(&arguments.codec)?;
    eprintln!("starting Apache Kafka, writing {} orders to {} partitions, codec {codec}", arguments.rows, arguments.partitions);
    let kafka = Kafka::start()?;
    kafka.create_topic(TOPIC, arguments.partitions)?;
    let workload = Workload::orders(1, arguments.rows, arguments.partitions);
    Production::new(Writer::Java, TOPIC, workload).codec(codec).batch_bytes(1 << 20).run(&kafka.bootstrap())?;

    let chosen = |name: &str| arguments.peers.is_empty() || arguments.peers.iter().any(|peer| peer == name);
    let mut runs: BTreeMap<&str, Vec<Run>> = BTreeMap::new();
    for round in 1..=arguments.rounds {
        // Interleaved, so that whatever else the machine does falls on all of them.
        for name in GROUPS.iter().flat_map(|(_, peers)| *peers).copied().filter(|name| chosen(name)) {
            let run = measure(name, &kafka.bootstrap(), arguments)?;
            eprintln!(
                "round {round}: {name}: {:.2} M rows/s, {:.2} CPU s per M rows",
                run.rows_per_second() / 1e6,
                run.cpu_seconds_per_million()
            );
            runs.entry(name).or_default().push(run);
        }
    }

    let mut text = format!(
        "Apache Kafka and its readers on the same {} cores, {} JSON orders of about 193 bytes, {} partitions, codec {codec}, {} rounds; median (minimum to maximum).\n",
        std::thread::available_parallelism()?,
        arguments.rows,
        arguments.partitions,
        arguments.rounds,
    );
    for (title, peers) in GROUPS {
        let group: Vec<PeerRuns> = peers
            .iter()
            .filter_map(|name| runs.get(name).map(|runs| PeerRuns { name: (*name).to_owned(), runs: runs.clone() }))
            .collect();
        same_sums(&group)?;
        if let Some(baseline) = group.first().map(|peer| peer.name.clone()) {
            text.push_str(&table(title, &group, &baseline));
        }
    }
    println!("{text}");
    if let Some(path) = &arguments.report {
        std::fs::write(path, text)?;
    }
    Ok(())
}

/// Runs a peer as a process of its own.
fn measure(name: &str, brokers: &str, arguments: &EndToEnd) -> Outcome<Run> {
    let output = Command::new(std::env::current_exe()?)
        .args(["peer", name, "--brokers", brokers, "--topic", TOPIC])
        .args(["--partitions", &arguments.partitions.to_string(), "--rows", &arguments.rows.to_string()])
        .output()?;
    let line = String::from_utf8_lossy(&output.stdout);
    match Run::from_line(line.trim()) {
        Some(run) if output.status.success() => Ok(run),
        _ => Err(format!("peer {name} failed: {}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}

/// Whoever comes to other sums has not done the work.
fn same_sums(group: &[PeerRuns]) -> Outcome {
    let mut all = group.iter().flat_map(|peer| peer.runs.iter().map(move |run| (&peer.name, run.sums)));
    let Some((first, expected)) = all.next() else { return Ok(()) };
    match all.find(|(_, sums)| *sums != expected) {
        Some((name, sums)) => Err(format!("{name} came to {sums:?}, {first} to {expected:?}").into()),
        None => Ok(()),
    }
}

fn codec(name: &str) -> Outcome<Codec> {
    Codec::ALL
        .into_iter()
        .find(|codec| codec.to_string() == name)
        .ok_or_else(|| format!("no codec is named {name}; there are none, gzip, snappy, lz4, zstd").into())
}
