//! What the command line says: verbs and flags, each grammar in its own module.

pub(crate) mod connection;
pub(crate) mod consume;
pub(crate) mod decode;
pub(crate) mod demo;
pub(crate) mod duration;
pub(crate) mod format;
pub(crate) mod offsets;
pub(crate) mod others;
pub(crate) mod partitions;
pub(crate) mod schema;
pub(crate) mod table;
pub(crate) mod time;

use std::time::{SystemTime, UNIX_EPOCH};

use clap::{ArgAction, Parser, Subcommand};

pub(crate) use consume::{ConsumeArguments, OnErrorArgument};
pub(crate) use decode::{DecodeArguments, Input};
pub(crate) use demo::DemoArguments;
pub(crate) use format::{Format, choose_format};
pub(crate) use others::{CompletionsArguments, ManArguments, PerfArguments, StatsFormat, TopicsArguments};
pub(crate) use schema::SchemaArguments;

/// Kafka topics as live columnar tables.
#[derive(Debug, Parser)]
#[command(
    name = "kolumn",
    version,
    about,
    disable_version_flag = true,
    arg_required_else_help = true,
    after_help = "\
Examples:
  kolumn demo                                  a broker, a producer and the live view over it
  kolumn demo --rows 1000000 | tail -n 1       the same without a terminal
  kolumn topics -b localhost:9092              what there is
  kolumn schema orders -b localhost:9092       what a topic holds
  kolumn consume orders -b localhost:9092      a topic, live
  kolumn consume orders -b localhost:9092 -O orders.parquet

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused, 4 not found, 5 undecodable records with
--on-error fail, 130 interrupted."
)]
pub(crate) struct CommandLine {
    /// Print the version
    #[arg(long, action = ArgAction::Version)]
    version: Option<bool>,
    /// What the log and people's text look like.
    #[command(flatten)]
    pub(crate) talk: Talk,
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// How much is said on stderr.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Talk {
    /// Say nothing on stderr but errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Log to stderr: -V what happens, -VV the requests too, -VVV everything
    #[arg(short = 'V', long, action = ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// An in-process broker, a producer of JSON orders, and the table that comes of it
    Demo(DemoArguments),
    /// A topic as a table: live on a terminal, rows on a pipe, a file with -O
    Consume(ConsumeArguments),
    /// Topics with their partitions, offsets, leaders and replicas
    Topics(TopicsArguments),
    /// What a topic holds, and the spec that reads it
    Schema(SchemaArguments),
    /// How fast this machine consumes a topic
    Perf(PerfArguments),
    /// Run a spec over payloads from files or stdin, without any broker
    Decode(DecodeArguments),
    /// Print the completions for a shell
    Completions(CompletionsArguments),
    /// Print the manual page, or write all of them into a directory
    Man(ManArguments),
}

/// The clock, as the argument grammars want it.
pub(crate) fn now_milliseconds() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|since| i64::try_from(since.as_millis()).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests;
