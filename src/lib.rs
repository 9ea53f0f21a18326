//! Kafka topics as live columnar tables, in pure Rust.
//!
//! One way for the data, and a room for each station on it; a room imports only from rooms above it in this list:
//!
//! | room | what it knows |
//! |---|---|
//! | [`error`] | what can go wrong, as types |
//! | [`position`] | partitions, offsets, where to start and to stop, what became of each offset |
//! | [`config`] | properties by their Kafka names, as typed settings |
//! | [`metrics`] | what was done and is being done, in numbers |
//! | `wire` | bytes on a socket: frames, transport, version negotiation, one connection |
//! | [`cluster`] | who leads what: brokers, topics, offsets, retry and backoff |
//! | `record` | batches and records as borrowed slices, codecs |
//! | `fetch` | the fetch core: a state machine without clock or socket that says what to ask next |
//! | [`registry`] | the schema registry: how a payload names its schema, and asking for it |
//! | [`spec`] | what the user asks for: how a key and a value become columns |
//! | [`decode`] | bytes to columns |
//! | [`infer`] | the spec that fits payloads of which nothing is known |
//! | [`table`] | chunks, cycles, snapshots, updates |
//! | `ingest` | the lane: fetched bytes, through records and decoders, to a table |
//! | `consume` | the builder that ties it all together |

// But for the kernels of `decode::json::fast::index`, `decode::column::text` and `decode::varint`, and the allocator that counts in tests.
#![deny(unsafe_code)]

pub mod cluster;
pub mod config;
pub mod consume;
pub mod decode;
pub mod error;
pub mod infer;
pub mod metrics;
pub mod position;
pub mod registry;
pub mod spec;
pub mod table;

pub(crate) mod fetch;
pub(crate) mod ingest;
pub(crate) mod record;
pub(crate) mod wire;

#[cfg(test)]
pub(crate) mod counting;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;

/// Stations by themselves, for `benches/`: no part of the interface.
#[cfg(feature = "stages")]
#[doc(hidden)]
pub mod stages {
    pub use crate::ingest::stages::Assembly;
    pub use crate::record::stages::{Batches, Record};
    pub use crate::table::stages::Feed;
}

pub use cluster::{PartitionInfo, TopicInfo};
pub use config::{MetadataColumns, OnUnavailable, Properties};
pub use consume::{Consume, ConsumePartitioned, ConsumeTable, ConsumeUpdates, consume, topics};
pub use decode::OnError;
pub use error::{Error, Result};
pub use position::{Offset, Offsets, Partition, Partitions, Span, Start, Stop};
pub use spec::Spec;
pub use table::{PartitionedTable, Snapshot, Table, TableType, Update, Updates, Withdrawal};
pub use wire::{Token, TokenError, TokenSource};

/// The Arrow crates whose types are in this crate's interface.
pub mod arrow {
    pub use {arrow_array as array, arrow_buffer as buffer, arrow_schema as schema};
}

pub use rustls;

/// The README's Rust is compiled with the other examples.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// And that of the page on JSON.
#[cfg(doctest)]
#[doc = include_str!("../docs/json.md")]
struct JsonPage;

/// So is that of the page about the schema registry.
#[cfg(doctest)]
#[doc = include_str!("../docs/registry.md")]
struct RegistryPage;

/// And that of the page on the object processor.
#[cfg(doctest)]
#[doc = include_str!("../docs/object.md")]
struct ObjectPage;

/// And that of the page on simple specs.
#[cfg(doctest)]
#[doc = include_str!("../docs/simple.md")]
struct SimplePage;

/// And that of the page on records that cannot be decoded.
#[cfg(doctest)]
#[doc = include_str!("../docs/errors.md")]
struct ErrorsPage;

/// So is that of the page about Avro.
#[cfg(doctest)]
#[doc = include_str!("../docs/avro.md")]
struct AvroPage;

/// So is that of the page about specs.
#[cfg(doctest)]
#[doc = include_str!("../docs/specs.md")]
struct SpecsPage;

/// So is that of the page about Protobuf.
#[cfg(doctest)]
#[doc = include_str!("../docs/protobuf.md")]
struct ProtobufPage;
