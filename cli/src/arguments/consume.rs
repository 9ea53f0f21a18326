//! The flags of `consume`, and those of them that other verbs share.

use std::path::PathBuf;

use clap::ValueEnum;
use kolumn::position::{Offsets, Partitions, Start, Stop};

use crate::arguments::connection::ConnectionArguments;
use crate::arguments::format::Format;
use crate::arguments::now_milliseconds;
use crate::arguments::offsets::{OffsetArgument, parse_offset, parse_stop};
use crate::arguments::others::StatsFormat;
use crate::arguments::partitions::parse_partitions;
use crate::arguments::table::{TableArgument, parse_table};

/// A topic as a table.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A SPEC says how keys or values become columns:
  ignore    raw    raw:Name    simple:TYPE    simple:TYPE:Name
  json:price:float64,symbol:utf8=/instrument/symbol,ts:timestamp(ms)=/ts
  json:price:float64,qty:int64;lenient,tombstones=skip        options follow the columns after ;
  protobuf:order.proto,message=shop.Order,include=/price/*    protobuf:orders.desc (a descriptor set)
  avro    protobuf    (with -r: subject TOPIC-key or TOPIC-value)    avro:subject=S,version=3,mapped_only,Symbol=Ticker
  json:legs:list<struct<qty:int64,venue:utf8>>,side:utf8?BUY=/side|/dir    ?default, spellings with |, ! for not null
  @spec.json  @spec.toml                                      a file with the same as JSON or TOML
  avro:order.avsc;framing=confluent       avro:order.avsc,mapped_only,price.last=Price;writer=old.avsc
TYPE is one of bool, int8 to int64, uint8 to uint64, float32, float64, utf8, binary, uuid, char, date32,
timestamp(ms), decimal(18,4), list<T>, struct<a:T,b:T>, map<K,V>, json and others, or a name of the reference API such as long, double, Instant.

Examples:
  kolumn consume orders -b localhost:9092
  kolumn consume orders -b localhost:9092 -v 'json:symbol:utf8,price:float64' -c 10 -f jsonl
  kolumn consume orders -b localhost:9092 -o @-1h --until end -O orders.parquet
  kolumn consume orders -b localhost:9092 -t ring:100 -e -f csv          the last 100 rows
  kolumn consume orders -b localhost:9092 --by-partition -O 'orders-{partition}.csv'")]
pub(crate) struct ConsumeArguments {
    /// The topic
    pub(crate) topic: String,
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
    #[command(flatten)]
    pub(crate) range: RangeArguments,
    #[command(flatten)]
    pub(crate) specs: SpecArguments,
    /// The kind of table: append, blink, ring:N [default: blink; for the live view ring:100000]
    ///
    /// A blink or an append table gives its rows away as they come, a ring the rows that it holds when the consumption ends.
    #[arg(short, long, value_name = "TYPE", value_parser = parse_table, help_heading = "Table")]
    pub(crate) table: Option<TableArgument>,
    /// One table per Kafka partition; files carry the partition in their name
    #[arg(long, help_heading = "Table")]
    pub(crate) by_partition: bool,
    /// Only these columns, in this order
    #[arg(long, value_name = "A,B", value_delimiter = ',', help_heading = "Table")]
    pub(crate) select: Vec<String>,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    /// The summary at the end, on stderr [default: text]
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, require_equals = true, default_missing_value = "text", help_heading = "Output")]
    pub(crate) stats: Option<StatsFormat>,
}

/// Which records of the topic.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Range")]
pub(crate) struct RangeArguments {
    /// Partitions like 0,2,4-7 [default: all, and those that come later]
    #[arg(short, long, value_name = "LIST", value_parser = parse_partitions)]
    pub(crate) partitions: Option<Partitions>,
    /// Where to start [default: beginning]
    ///
    /// beginning, end, stored, 42, -100 (the last 100 of each partition), s@TIME; per partition 1:end,3:beginning,5:27 (those not
    /// named: stored); rpk's start, @TIME, @-1h, 100:200 (a range, the end excluded). TIME is in milliseconds since the epoch,
    /// 2026-11-21T08:00:00Z, 2026-11-21, or relative like -1h.
    #[arg(short, long, value_name = "START", allow_hyphen_values = true, value_parser = |text: &str| parse_offset(text, now_milliseconds()))]
    pub(crate) offset: Option<OffsetArgument>,
    /// Where to stop [default: never on a terminal or with -o end, else end]
    ///
    /// end (the offsets as of the start), 42 (an offset, excluded), e@TIME, a duration like 10s, 0:42,1:7 (per partition), never.
    #[arg(long, value_name = "STOP", value_parser = |text: &str| parse_stop(text, now_milliseconds()))]
    pub(crate) until: Option<Stop>,
    /// Stop at the end, the same as --until end
    #[arg(short = 'e', conflicts_with = "until")]
    pub(crate) end: bool,
    /// Stop after N rows
    #[arg(short, long, value_name = "N")]
    pub(crate) count: Option<u64>,
}

impl RangeArguments {
    /// Where to start.
    pub(crate) fn start(&self) -> Start {
        self.offset.as_ref().map_or_else(|| Offsets::Beginning.into(), |offset| offset.start.clone())
    }

    /// Where to stop: by a flag, by a range given to `--offset`, or by where the rows go.
    pub(crate) fn stop(&self, live: bool) -> Stop {
        let range = self.offset.as_ref().and_then(|offset| offset.stop.clone());
        match (&self.until, range) {
            (Some(stop), _) => stop.clone(),
            (None, _) if self.end => Stop::End,
            (None, Some(stop)) => stop,
            // Whoever starts at the end waits for news.
            (None, None) if live || self.start() == Offsets::End.into() => Stop::Never,
            (None, None) => Stop::End,
        }
    }
}

/// How records become columns.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Columns")]
pub(crate) struct SpecArguments {
    /// How keys become columns [default: ignore]
    #[arg(short, long, value_name = "SPEC")]
    pub(crate) key: Option<String>,
    /// How values become columns [default: found out from the first records]
    #[arg(short, long, value_name = "SPEC")]
    pub(crate) value: Option<String>,
    /// Leave out KafkaPartition, KafkaOffset, KafkaTimestamp and their like
    #[arg(long)]
    pub(crate) no_meta: bool,
    /// What becomes of records that cannot be decoded
    #[arg(long, value_name = "WHAT", default_value = "collect")]
    pub(crate) on_error: OnErrorArgument,
}

/// What becomes of records that cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum OnErrorArgument {
    /// Into the error table; see --errors
    #[default]
    Collect,
    /// The consumption ends with exit code 5
    Fail,
    /// A row of nulls
    Null,
}

/// Where rows go.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArguments {
    /// The format of the rows [default: by the file's name; table on a terminal, jsonl on a pipe]
    #[arg(short, long)]
    pub(crate) format: Option<Format>,
    /// A file for the rows, written beside and renamed when complete; - is stdout
    #[arg(short = 'O', long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// A file for the records that could not be decoded (jsonl, or by its name)
    #[arg(long, value_name = "FILE")]
    pub(crate) errors: Option<PathBuf>,
}

impl OutputArguments {
    /// The file for the rows; none for stdout.
    pub(crate) fn file(&self) -> Option<&std::path::Path> {
        self.output.as_deref().filter(|path| path.as_os_str() != "-")
    }
}
