//! The command line of the benchmarks.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// kolumn against its peers, side by side in one run.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) peer: Option<OnePeer>,
    #[command(flatten)]
    pub(crate) measure: Measure,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OnePeer {
    /// One run of one peer, as a process of its own (what end-to-end starts).
    #[command(hide = true)]
    Peer(Peer),
}

#[derive(Debug, Args)]
pub(crate) struct Measure {
    /// What to measure.
    #[arg(required = true)]
    pub(crate) programs: Vec<Program>,
    /// Runs of each peer that count.
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
    /// Rows that each run decodes.
    #[arg(long, default_value_t = 400_000)]
    pub(crate) rows: usize,
    /// Write the report as Markdown to this file too.
    #[arg(long)]
    pub(crate) report: Option<PathBuf>,
    /// Compare the ratios with `benches/accepted.toml`, and warn of those that have fallen by more than a fifth.
    #[arg(long)]
    pub(crate) check: bool,
    /// Write the ratios into `benches/accepted.toml`.
    #[arg(long)]
    pub(crate) accept: bool,
    #[command(flatten)]
    pub(crate) end_to_end: EndToEnd,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Program {
    /// All of them.
    All,
    /// Avro orders of 58 bytes into columns.
    Avro,
    /// JSON documents of eleven kinds into columns.
    Json,
    /// The same orders as Protobuf into columns.
    Protobuf,
    /// Batches of a megabyte into records, checksums compared.
    BatchWalk,
    /// Decompression, against the C libraries.
    Codecs,
    /// Eight partitions on one thread and on all cores.
    Scaling,
    /// A topic of JSON orders on a real Apache Kafka, into Arrow columns and into raw columns.
    EndToEnd,
}

impl Program {
    /// The programs that are asked for, each once, in the order in which they are listed.
    pub(crate) fn chosen(asked: &[Self]) -> Vec<Self> {
        let all = asked.contains(&Self::All);
        let listed = Self::value_variants().iter().copied().filter(|program| *program != Self::All);
        listed.filter(|program| all || asked.contains(program)).collect()
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "End to end")]
pub(crate) struct EndToEnd {
    /// Orders in the topic.
    #[arg(long, default_value_t = 3_000_000)]
    pub(crate) topic_rows: u64,
    /// Partitions of the topic.
    #[arg(long, default_value_t = 4)]
    pub(crate) partitions: i32,
    /// none, gzip, snappy, lz4 or zstd.
    #[arg(long, default_value = "none")]
    pub(crate) codec: String,
    /// Peers to run: kolumn-json, kolumn-one-lane, rdkafka-json, rdkafka-2-json, rskafka-json, polars-json, deephaven-json, kolumn-raw,
    /// rdkafka-raw, rskafka-raw, java-raw, franz-go-raw; default all but Deephaven.
    #[arg(long, value_delimiter = ',')]
    pub(crate) peers: Vec<String>,
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
