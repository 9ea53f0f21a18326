//! kolumn against its peers, side by side in one run.
//!
//! `cargo run --release -p kolumn-benches -- all` runs every program, or name those that you want. In each, kolumn and its peers do the
//! same work in turns and must come to the same sums ([`contest`]); a table shows how many times as fast as each peer kolumn is
//! ([`report`]). `--check` compares these ratios with the last accepted ones ([`accepted`]).
//!
//! | program | work |
//! |---|---|
//! | `avro` | orders of 58 bytes into columns |
//! | `json` | documents of eleven kinds into columns |
//! | `protobuf` | the same orders as Protobuf into columns |
//! | `batch-walk` | batches of a megabyte into records, checksums compared |
//! | `codecs` | decompression, against the C libraries |
//! | `scaling` | eight partitions on one thread and on all cores |
//! | `end-to-end` | a topic on a real Apache Kafka, filled by Kafka's own producer, into columns; each run is a process of its own |

#![deny(unsafe_code)]

mod accepted;
mod arguments;
mod avro;
mod batch_walk;
mod codecs;
mod contest;
mod end_to_end;
mod json;
mod measure;
mod orders;
mod payloads;
mod peers;
mod protobuf;
mod report;
mod scaling;
mod sums;

use clap::Parser;

use arguments::{Arguments, Measure, OnePeer, Program};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let arguments = Arguments::parse();
    match arguments.peer {
        Some(OnePeer::Peer(peer)) => peers::run(&peer),
        None => measure(&arguments.measure),
    }
}

fn measure(arguments: &Measure) -> Outcome {
    let mut text = report::heading(arguments.rounds);
    println!("{text}");
    let mut results = Vec::new();
    for program in Program::chosen(&arguments.programs) {
        let done = match program {
            Program::All => Vec::new(),
            Program::Avro => avro::run(arguments)?,
            Program::BatchWalk => batch_walk::run(arguments)?,
            Program::Codecs => codecs::run(arguments)?,
            Program::Json => json::run(arguments)?,
            Program::Protobuf => protobuf::run(arguments)?,
            Program::Scaling => scaling::run(arguments)?,
            Program::EndToEnd => end_to_end::run(arguments)?,
        };
        for contest in done {
            let table = report::table(&contest);
            println!("{table}");
            text.push_str(&table);
            results.push(contest);
        }
    }
    if let Some(path) = &arguments.report {
        std::fs::write(path, text)?;
    }
    if arguments.accept {
        accepted::accept(&results)?;
    }
    if arguments.check {
        let fallen = accepted::fallen(&results)?;
        if !fallen.is_empty() {
            return Err(format!("ratios have fallen by more than a fifth:\n{}", fallen.join("\n")).into());
        }
    }
    Ok(())
}
