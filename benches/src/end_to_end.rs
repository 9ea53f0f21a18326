//! A topic of JSON orders on a real Apache Kafka, read by each peer in turns.

use std::process::Command;

use kolumn_protocol_tests::{Codec, Kafka, Production, Workload, Writer};

use crate::Outcome;
use crate::arguments::Measure;
use crate::contest::{Contest, Results};
use crate::measure::{Clock, Run};

/// A piece of work, kolumn, and its peers with the goal for each.
type Group = (&'static str, &'static str, &'static [(&'static str, f64)]);

/// What is asked of kolumn where decompression is a part of the work, which costs each peer about as much.
const COMPRESSED: [(&str, &str, f64); 2] = [("lz4", "rdkafka-json", 8.0), ("zstd", "rdkafka-json", 7.0)];

const GROUPS: [Group; 2] = [
    (
        "JSON, 5 of 10 fields",
        "kolumn-json",
        &[
            ("kolumn-one-lane", 1.6),
            ("rdkafka-json", 10.0),
            ("rdkafka-2-json", 5.0),
            ("krafka-json", 5.0),
            ("rskafka-json", 5.0),
            ("polars-json", 18.0),
            ("deephaven-json", 38.0),
        ],
    ),
    (
        "raw payloads",
        "kolumn-raw",
        &[
            ("rdkafka-raw", 2.5),
            ("krafka-raw", 2.5),
            ("rskafka-raw", 2.5),
            ("java-raw", 2.5),
            ("franz-go-raw", 2.5),
            ("socket-raw", 1.2),
            ("socket-2-raw", 0.75),
        ],
    ),
];

const TOPIC: &str = "orders";

pub(crate) fn run(arguments: &Measure) -> Outcome<Vec<Results>> {
    let options = &arguments.end_to_end;
    let codec = codec(&options.codec)?;
    eprintln!("starting Apache Kafka, writing {} orders to {} partitions, codec {codec}", options.topic_rows, options.partitions);
    let kafka = Kafka::start()?;
    kafka.create_topic(TOPIC, options.partitions)?;
    let workload = Workload::orders(1, options.topic_rows, options.partitions);
    Production::new(Writer::Java, TOPIC, workload).codec(codec).batch_bytes(options.batch_kib << 10).run(&kafka.bootstrap())?;

    if options.hold {
        println!(
            "peer NAME --brokers {} --topic {TOPIC} --partitions {} --rows {}",
            kafka.bootstrap(),
            options.partitions,
            options.topic_rows
        );
        eprintln!("Kafka runs until this input ends (Ctrl-D)");
        std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink())?;
        return Ok(Vec::new());
    }
    // Deephaven's server is a download of its own size: it runs where it is asked for.
    let usual = |name: &str| options.peers.is_empty() && name != "deephaven-json";
    let chosen = |name: &str| usual(name) || options.peers.iter().any(|peer| peer == name);
    let mut results = Vec::new();
    for (title, subject, peers) in GROUPS {
        let title = format!("end to end, orders of 193 bytes, {} partitions, codec {codec}: {title}", options.partitions);
        let mut contest = Contest::new(title, Clock::Wall);
        let entrants = std::iter::once((subject, None)).chain(peers.iter().map(|(name, goal)| (*name, Some(*goal))));
        for (name, goal) in entrants.filter(|(name, _)| chosen(name)) {
            let compressed = COMPRESSED.iter().find(|(codec, peer, _)| *codec == options.codec && *peer == name);
            let goal = match name {
                // Lanes take turns where there are more of them than partitions; else they need not.
                "kolumn-one-lane" if options.partitions > 1 => None,
                _ => compressed.map(|(_, _, goal)| *goal).or(goal),
            };
            let brokers = kafka.bootstrap();
            contest = contest.process(name, goal, move || measure(name, &brokers, arguments));
        }
        results.push(contest.run(arguments.rounds, false)?);
    }
    Ok(results)
}

/// Runs a peer as a process of its own.
fn measure(name: &str, brokers: &str, arguments: &Measure) -> Outcome<Run> {
    let options = &arguments.end_to_end;
    let output = Command::new(std::env::current_exe()?)
        .args(["peer", name, "--brokers", brokers, "--topic", TOPIC])
        .args(["--partitions", &options.partitions.to_string(), "--rows", &options.topic_rows.to_string()])
        .args(options.property.iter().flat_map(|pair| ["--property", pair]))
        .output()?;
    let line = String::from_utf8_lossy(&output.stdout);
    match Run::from_line(line.trim()) {
        Some(run) if output.status.success() => Ok(run),
        _ => Err(format!("peer {name} failed: {}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}

fn codec(name: &str) -> Outcome<Codec> {
    Codec::ALL
        .into_iter()
        .find(|codec| codec.to_string() == name)
        .ok_or_else(|| format!("no codec is named {name}; there are none, gzip, snappy, lz4, zstd").into())
}
