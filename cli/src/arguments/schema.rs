//! The flags of `schema`.

use std::time::Duration;

use clap::ValueEnum;
use kolumn::position::Partitions;

use crate::arguments::connection::ConnectionArguments;
use crate::arguments::duration::parse_duration;
use crate::arguments::partitions::parse_partitions;

/// What a topic holds.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Looks at some records, and says what keys and values are: payloads behind a registry's schema id (with -r the registry says of
which kind), JSON objects and the types of their members, text, numbers of 1, 2, 4 or 8 bytes, or bytes. On stdout is the spec that
reads them, ready to paste; what it rests upon, and what is not sure, is said on stderr.

Examples:
  kolumn schema orders -b localhost:9092
  kolumn schema orders -b localhost:9092 --side value --as json > orders.json
  kolumn consume orders -b localhost:9092 -v @orders.json
  kolumn schema orders -b localhost:9092 -r http://localhost:8081 --from end -n 10
  kolumn schema orders -b localhost:9092 --as rust")]
pub(crate) struct SchemaArguments {
    /// The topic
    pub(crate) topic: String,
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
    /// Partitions like 0,2,4-7 [default: all]
    #[arg(short, long, value_name = "LIST", value_parser = parse_partitions, help_heading = "Sample")]
    pub(crate) partitions: Option<Partitions>,
    /// Which records of each partition
    #[arg(long, value_name = "WHERE", default_value = "both", help_heading = "Sample")]
    pub(crate) from: From,
    /// So many records of each partition
    #[arg(short = 'n', long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..), help_heading = "Sample")]
    pub(crate) records: u64,
    /// No more records when these have so many bytes
    #[arg(long, value_name = "BYTES", default_value_t = 32 << 20, help_heading = "Sample")]
    pub(crate) bytes: usize,
    /// No more records after this time
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_duration, help_heading = "Sample")]
    pub(crate) time: Duration,
    /// Only the spec of keys or of values, bare
    #[arg(long, help_heading = "Output")]
    pub(crate) side: Option<SideArgument>,
    /// How the spec is written
    #[arg(long = "as", value_name = "FORM", default_value = "text", help_heading = "Output")]
    pub(crate) form: Form,
}

/// Which records of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum From {
    /// The oldest
    Beginning,
    /// The newest
    End,
    /// Half of them the oldest, half the newest
    Both,
}

/// Keys or values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SideArgument {
    /// Keys
    Key,
    /// Values
    Value,
}

/// How a spec is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// As flags of the command line
    Text,
    /// As data, in JSON
    Json,
    /// As data, in TOML
    Toml,
    /// As the Rust that builds it
    Rust,
}
