//! kolumn against its peers, side by side in one run.
//!
//! `cargo run --release -p kolumn-benches -- end-to-end` starts a real Apache Kafka, has Kafka's own producer fill a topic with JSON orders of
//! 193 bytes, and lets each peer read it into Arrow columns, in turns. Each run of a peer is a process of its own, so that its CPU time is
//! its own; all peers must come to the same sums. The rows per second of a peer are those of its median run.
//!
//! `… -- json` decodes JSON documents in memory, of several kinds, by each decoder in turns.

#![deny(unsafe_code)]

mod arguments;
mod end_to_end;
mod json;
mod measure;
mod peers;
mod report;
mod sums;

use clap::Parser;

use arguments::{Arguments, Command};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    match Arguments::parse().command {
        Command::EndToEnd(arguments) => end_to_end::run(&arguments),
        Command::Json(arguments) => json::run(&arguments),
        Command::Peer(arguments) => peers::run(&arguments),
    }
}
