//! The flags of `demo`.

use std::num::NonZeroU64;
use std::time::Duration;

use crate::arguments::duration::parse_duration;
use crate::arguments::table::{TableArgument, parse_table};

/// A broker, a producer and a table, in one process.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The orders go through a real socket and the real client: nothing is short-circuited.

Examples:
  kolumn demo
  kolumn demo --rate max --partitions 8
  kolumn demo --rows 1000000                     stops by itself
  kolumn demo --for 1m --port 9092               other clients may connect: kolumn topics -b localhost:9092")]
pub(crate) struct DemoArguments {
    /// Orders per second, or max
    #[arg(long, value_name = "N", default_value = "100000", value_parser = parse_rate)]
    pub(crate) rate: Rate,
    /// Partitions of the topic
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(i32).range(1..=1000))]
    pub(crate) partitions: i32,
    /// Stop after N orders
    #[arg(long, value_name = "N")]
    pub(crate) rows: Option<NonZeroU64>,
    /// Stop after this time
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) duration: Option<Duration>,
    /// The kind of table: append, blink, ring:N
    #[arg(short, long, value_name = "TYPE", default_value = "ring:100000", value_parser = parse_table)]
    pub(crate) table: TableArgument,
    /// The broker's port; 0 is any free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) port: u16,
    /// The seed of the orders: the same seed makes the same ones
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

/// How fast orders are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rate {
    /// So many per second.
    PerSecond(NonZeroU64),
    /// As fast as they are consumed.
    Max,
}

fn parse_rate(text: &str) -> Result<Rate, String> {
    if text == "max" {
        return Ok(Rate::Max);
    }
    text.parse().map(Rate::PerSecond).map_err(|_| format!("{text:?} is no rate; write orders per second like 1000, or max"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_positive_number_or_max() {
        assert_eq!(parse_rate("max"), Ok(Rate::Max));
        assert_eq!(parse_rate("1000").ok(), NonZeroU64::new(1000).map(Rate::PerSecond));
        for text in ["0", "-1", "fast", ""] {
            assert!(parse_rate(text).is_err(), "{text}");
        }
    }
}
