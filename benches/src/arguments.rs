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
    /// Fills an append table and says what it takes, as a process of its own (what tables starts).
    #[command(hide = true)]
    Memory(Memory),
    /// Follows a topic and says how late each row is seen, as a process of its own (what latency starts).
    #[command(hide = true)]
    Follow(Follow),
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
    /// Compare the ratios with `benches/accepted.toml`, and warn of those that have fallen by more than a fifth. What was compiled in
    /// another profile is not compared.
    #[arg(long, conflicts_with = "accept")]
    pub(crate) check: bool,
    /// Write the ratios into `benches/accepted.toml`, as those of the profile that this was compiled in.
    #[arg(long)]
    pub(crate) accept: bool,
    #[command(flatten)]
    pub(crate) end_to_end: EndToEnd,
    #[command(flatten)]
    pub(crate) latency: Latency,
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
    /// The inner loops by themselves, without peers; not part of all.
    Loops,
    /// Eight partitions on one thread and on all cores.
    Scaling,
    /// Tables by themselves: memory per row, snapshots, cycles.
    Tables,
    /// A topic of JSON orders on a real Apache Kafka, into Arrow columns and into raw columns.
    EndToEnd,
    /// From an independent producer's call until a subscriber sees the row, on a real Apache Kafka.
    Latency,
}

impl Program {
    /// The programs that are asked for, each once, in the order in which they are listed.
    pub(crate) fn chosen(asked: &[Self]) -> Vec<Self> {
        let all = asked.contains(&Self::All);
        let listed = Self::value_variants().iter().copied().filter(|program| *program != Self::All);
        listed.filter(|program| asked.contains(program) || all && *program != Self::Loops).collect()
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
    /// Largest batch that the producer makes, in KiB.
    #[arg(long, default_value_t = 1024)]
    pub(crate) batch_kib: u32,
    /// A property that kolumn is to be tried with, as key=value.
    #[arg(long)]
    pub(crate) property: Vec<String>,
    /// Run no peer: keep the topic until the input ends, and say how one is run by hand (under a profiler, say).
    #[arg(long)]
    pub(crate) hold: bool,
    /// Peers to run: kolumn-json, kolumn-one-lane, rdkafka-json, rdkafka-2-json, krafka-json, rskafka-json, polars-json,
    /// deephaven-json, kolumn-raw, rdkafka-raw, krafka-raw, rskafka-raw, java-raw, franz-go-raw, socket-raw, socket-2-raw; default all
    /// but Deephaven.
    #[arg(long, value_delimiter = ',')]
    pub(crate) peers: Vec<String>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Latency")]
pub(crate) struct Latency {
    /// Rows that the producer sends in each second.
    #[arg(long, value_delimiter = ',', default_values_t = [10, 1_000, 100_000])]
    pub(crate) rates: Vec<u64>,
    /// How long it sends at each rate, in each round.
    #[arg(long, default_value_t = 10)]
    pub(crate) seconds: u64,
    /// Who follows the topic: kolumn, kolumn-1ms, rdkafka, deephaven; default all but Deephaven.
    #[arg(long, value_delimiter = ',')]
    pub(crate) followers: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Memory {
    /// The most rows of an answer that a lane decodes at once.
    #[arg(long)]
    pub(crate) answer_rows: usize,
    /// Rows that the table is to hold.
    #[arg(long)]
    pub(crate) rows: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Follow {
    /// Who follows.
    pub(crate) name: String,
    #[arg(long)]
    pub(crate) brokers: String,
    #[arg(long)]
    pub(crate) topic: String,
    #[arg(long)]
    pub(crate) partitions: i32,
    /// Rows that are seen before those that count.
    #[arg(long)]
    pub(crate) warm_up: u64,
    /// Rows that count.
    #[arg(long)]
    pub(crate) rows: u64,
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
    /// A property that kolumn is to be tried with, as key=value.
    #[arg(long)]
    pub(crate) property: Vec<String>,
}
