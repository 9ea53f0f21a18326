//! kolumn against its peers, side by side in one run.
//!
//! `cargo run --release -p kolumn-benches -- all` runs every program, or name those that you want. In each, kolumn and its peers do the
//! same work in turns and must come to the same sums ([`contest`]); a table shows how many times as fast as each peer kolumn is
//! ([`report`]). `--check` compares these ratios with the last accepted ones, and warns of what has fallen by a fifth ([`accepted`]).
//!
//! | program | work |
//! |---|---|
//! | `avro` | orders of 58 bytes into columns |
//! | `json` | documents of eleven kinds into columns |
//! | `protobuf` | the same orders, and messages of other kinds, as Protobuf into columns |
//! | `batch-walk` | batches of a megabyte into records, checksums compared |
//! | `codecs` | decompression, against the C libraries |
//! | `loops` | the inner loops by themselves, without peers, timed by divan; only when named |
//! | `scaling` | eight partitions on one thread and on all cores |
//! | `tables` | tables by themselves: memory per row, snapshots, cycles |
//! | `end-to-end` | a topic on a real Apache Kafka, filled by Kafka's own producer, into columns; each run is a process of its own |
//! | `latency` | from an independent producer's call until a subscriber sees the row, on a real Apache Kafka |
//!
//! The last and `tables` are no contests but [`figures`], each with what it is to be.

#![deny(unsafe_code)]

mod accepted;
mod arguments;
mod avro;
mod batch_walk;
mod codecs;
mod contest;
mod end_to_end;
mod figures;
mod json;
mod latency;
mod loops;
mod measure;
mod orders;
mod payloads;
mod peers;
mod protobuf;
mod report;
mod scaling;
mod sums;
mod tables;

use clap::Parser;

use arguments::{Arguments, Measure, OnePeer, Program};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let arguments = Arguments::parse();
    match arguments.peer {
        Some(OnePeer::Peer(peer)) => peers::run(&peer),
        Some(OnePeer::Memory(memory)) => tables::memory(&memory),
        Some(OnePeer::Follow(follow)) => latency::follow(&follow),
        None => measure(&arguments.measure),
    }
}

fn measure(arguments: &Measure) -> Outcome {
    let mut text = report::heading(arguments.rounds);
    println!("{text}");
    let mut results = Vec::new();
    for program in Program::chosen(&arguments.programs) {
        let figures = match program {
            Program::Tables => tables::run(arguments)?,
            Program::Latency => latency::run(arguments)?,
            Program::Loops => {
                loops::run(arguments);
                Vec::new()
            }
            _ => Vec::new(),
        };
        for figures in figures {
            let table = figures.table();
            println!("{table}");
            text.push_str(&table);
        }
        for contest in run(program, arguments)? {
            let table = report::table(&contest);
            println!("{table}");
            text.push_str(&table);
            results.push((program, contest));
        }
    }
    if let Some(path) = &arguments.report {
        std::fs::write(path, text)?;
    }
    let accepted = accepted::Accepted::read()?;
    if arguments.accept {
        return accepted.accept(results.iter().map(|(_, contest)| contest));
    }
    if arguments.check {
        let fallen = accepted.fallen(results.iter().map(|(_, contest)| contest))?;
        let mut again: Vec<Program> =
            results.iter().filter(|(_, contest)| fallen.names(contest)).map(|(program, _)| *program).collect();
        again.dedup();
        // The machine may have had something else to do: what has fallen is measured once more.
        let mut second = Vec::new();
        for program in again {
            second.extend(run(program, arguments)?);
        }
        print!("{}", fallen.still(&accepted.fallen(&second)?));
    }
    Ok(())
}

fn run(program: Program, arguments: &Measure) -> Outcome<Vec<contest::Results>> {
    match program {
        Program::All | Program::Tables | Program::Latency | Program::Loops => Ok(Vec::new()),
        Program::Avro => avro::run(arguments),
        Program::BatchWalk => batch_walk::run(arguments),
        Program::Codecs => codecs::run(arguments),
        Program::Json => json::run(arguments),
        Program::Protobuf => protobuf::run(arguments),
        Program::Scaling => scaling::run(arguments),
        Program::EndToEnd => end_to_end::run(arguments),
    }
}
