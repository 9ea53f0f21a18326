//! The `kolumn` command: Kafka topics as live tables, on a terminal or a pipe.

#![forbid(unsafe_code)]

mod arguments;
mod calendar;
mod exit;
mod figures;
mod live;
mod memory;
mod output;

fn main() {}
