//! The flags of the small verbs.

use std::path::PathBuf;

use clap::ValueEnum;
use clap_complete::Shell;

use crate::arguments::connection::ConnectionArguments;
use crate::arguments::consume::{RangeArguments, SpecArguments};

/// How the summary is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatsFormat {
    /// For people
    Text,
    /// One line with stable names
    Json,
}

/// The topics of a cluster.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  kolumn topics -b localhost:9092
  kolumn topics 'order*' -b localhost:9092 --json")]
pub(crate) struct TopicsArguments {
    /// A name, with * for any characters and ? for one [default: all but the internal ones]
    pub(crate) pattern: Option<String>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
    /// One JSON object per topic and line
    #[arg(long)]
    pub(crate) json: bool,
}

/// How fast a topic is consumed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each stage reads the topic anew, from --offset to its end as of the start:
  walked    records are found and counted, none becomes a row
  raw       values become a binary column, rows are thrown away
  decoded   values become columns by --value, rows are thrown away
  table     the same, kept in a table (a ring of 1000000 rows)

Examples:
  kolumn perf orders -b localhost:9092
  kolumn perf orders -b localhost:9092 -v json:symbol:utf8,price:float64 -c 1000000 --stage decoded,table")]
pub(crate) struct PerfArguments {
    /// The topic
    pub(crate) topic: String,
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
    #[command(flatten)]
    pub(crate) range: RangeArguments,
    #[command(flatten)]
    pub(crate) specs: SpecArguments,
    /// Only these stages
    #[arg(long, value_name = "STAGE,…", value_delimiter = ',')]
    pub(crate) stage: Vec<Stage>,
    /// One JSON object per stage and line
    #[arg(long)]
    pub(crate) json: bool,
}

/// How far records go in `perf`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stage {
    /// Found and counted
    Walked,
    /// A binary column
    Raw,
    /// Columns by --value
    Decoded,
    /// Columns by --value, kept
    Table,
}

/// Which shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  kolumn completions bash > ~/.local/share/bash-completion/completions/kolumn
  kolumn completions zsh > ~/.zfunc/_kolumn
  kolumn completions fish > ~/.config/fish/completions/kolumn.fish")]
pub(crate) struct CompletionsArguments {
    /// The shell
    pub(crate) shell: Shell,
}

/// Which page.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  kolumn man | man -l -
  kolumn man consume | man -l -
  kolumn man --directory /usr/local/share/man/man1")]
pub(crate) struct ManArguments {
    /// The verb whose page is meant [default: the page of kolumn itself]
    pub(crate) verb: Option<String>,
    /// Write all pages into this directory
    #[arg(long, value_name = "DIR", conflicts_with = "verb")]
    pub(crate) directory: Option<PathBuf>,
}
