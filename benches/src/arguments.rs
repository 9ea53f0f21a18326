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
    /// JSON documents in memory into Arrow columns.
    Json(Json),
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
pub(crate) struct Json {
    /// Documents of each kind.
    #[arg(long, default_value_t = 200_000)]
    pub(crate) rows: usize,
    /// Runs of each decoder.
    #[arg(long, default_value_t = 7)]
    pub(crate) rounds: usize,
    /// What the documents are made from.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Kinds of documents; default all: iso, epoch, spaced, sparse, shuffled, wide, nested, escapes, foreign, hostile.
    #[arg(long, value_delimiter = ',')]
    pub(crate) variants: Vec<String>,
    /// Decoders; default all. The first of them is what the others are compared with.
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
