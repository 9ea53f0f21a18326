//! The flags of `decode`.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::arguments::connection::ConnectionArguments;
use crate::arguments::consume::OutputArguments;

/// A spec over payloads, without a broker.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each payload that cannot be decoded is a line on stderr with its number (from 0), column, position, reason and code, or a row of
--errors. Its row is left out. On a terminal, and with --explain, the bytes around the position are shown with a marker. An empty line
is an empty payload; with --input hex the word null is a null one. With --input errors the payloads are those of a file that --errors
of consume or decode wrote (jsonl): what a mended spec makes of them.

Examples:
  echo '{\"symbol\":\"CRM\",\"price\":166.25}' | kolumn decode -v json:symbol:utf8,price:float64
  printf '%s\\n' 000000000000002a null | kolumn decode --input hex -k simple:int64
  kolumn decode -v json:price:float64 payloads.jsonl --errors bad.jsonl -f csv
  kolumn decode -v 'json:price:float64;lenient' --input errors bad.jsonl --explain
  kolumn decode -v avro --topic orders -r http://localhost:8081 --input hex payloads.txt
  kolumn decode -v json payloads.jsonl                             the columns found in the first payloads")]
pub(crate) struct DecodeArguments {
    /// Files with payloads; - or none is stdin
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Decode payloads as values with this spec
    #[arg(short, long, value_name = "SPEC", required_unless_present = "key")]
    pub(crate) value: Option<String>,
    /// Decode payloads as keys with this spec
    #[arg(short, long, value_name = "SPEC", conflicts_with = "value")]
    pub(crate) key: Option<String>,
    /// The topic whose subject has the schema, where the spec names none (TOPIC-value, with -k TOPIC-key)
    #[arg(long, value_name = "TOPIC")]
    pub(crate) topic: Option<String>,
    /// Show the bytes around the position of each error [default: on a terminal without --errors]
    #[arg(long)]
    pub(crate) explain: bool,
    /// How payloads are written
    #[arg(long, value_name = "HOW", default_value = "lines")]
    pub(crate) input: Input,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
}

/// How payloads are written in files and on stdin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Input {
    /// One per line, as it is
    Lines,
    /// One per line in hexadecimal; null is a null payload
    Hex,
    /// One per line in base64
    Base64,
    /// Each file whole
    File,
    /// The payloads of a file that --errors wrote, one row per line
    Errors,
}
