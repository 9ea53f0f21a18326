//! The command line of the benchmarks.

use clap::{Args, Parser, Subcommand};

/// kolumn against its peers, side by side in one run.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// A topic of JSON orders on a real Apache Kafka, into Arrow columns and into raw columns.
    EndToEnd(EndToEnd),
    /// One run of one peer, as a process of its own (what end-to-end starts).
    #[command(hide = true)]
    Peer(Peer),
}

#[derive(Debug, Args)]
pub(crate) struct EndToEnd {
    /// Orders in the topic.
    #[arg(long, default_value_t = 3_000_000)]
    pub(crate) rows: u64,
    /// Partitions of the topic.
    #[arg(long, default_value_t = 4)]
    pub(crate) partitions: i32,
    /// none, gzip, snappy, lz4 or zstd.
    #[arg(long, default_value = "none")]
    pub(crate) codec: String,
    /// Runs of each peer.
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: usize,
    /// Peers to run; default all: kolumn-json, rdkafka-json, kolumn-raw, rdkafka-raw.
    #[arg(long, value_delimiter = ',')]
    pub(crate) peers: Vec<String>,
    /// Write the report as Markdown to this file too.
    #[arg(long)]
    pub(crate) report: Option<std::path::PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Peer {
    /// Which peer.
    pub(crate) name: String,
    #[arg(long)]
    pub(crate) brokers: String,
    #[arg(long)]
    pub(crate) topic: String,
    #[arg(long)]
    pub(crate) partitions: i32,
    /// Rows to read.
    #[arg(long)]
    pub(crate) rows: u64,
}
