//! The suites against a real Apache Kafka and a real registry.

#[path = "../common/mod.rs"]
mod common;

mod cells;
mod cluster;
mod formats;
mod kafka;
mod kills;
mod registry;
mod security;
mod servers;
mod topics;
mod versions;
