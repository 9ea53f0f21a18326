//! What the suites are made of: real servers, independent producers and readers, and data that can be told in advance.
//!
//! ```no_run
//! use kolumn_protocol_tests::{Codec, Kafka, Production, Reading, Workload, Writer};
//!
//! let kafka = Kafka::start()?;
//! kafka.create_topic("orders", 4)?;
//! let workload = Workload::orders(1, 1_000_000, 4);
//! Production::new(Writer::Java, "orders", workload.clone()).codec(Codec::Lz4).run(&kafka.bootstrap())?;
//! let read = Reading::new("orders").digests(&kafka.bootstrap())?;
//! assert_eq!(read.digests, workload.digests());
//! # Ok::<(), kolumn_protocol_tests::ServerError>(())
//! ```
//!
//! Everything that is fetched or built once is in the [`Cache`]; the logs of servers of failed tests are in `target/servers`.

mod cache;
mod digest;
mod error;
mod kafka;
mod producer;
mod program;
mod python;
mod reader;
mod registry;
mod schemas;
mod server;
mod workload;

use std::path::PathBuf;

pub use cache::Cache;
pub use digest::{Digest, Digester};
pub use error::{Result, ServerError};
pub use kafka::{Admin, Certificates, Installation, Kafka, KafkaBuilder, Listener, NEWEST, NewTopic, OldKafka};
pub use producer::{Codec, Produced, Producing, Production, Writer, serialized};
pub use reader::{PartitionRead, ReadRecord, ReadTopic, Reading};
pub use registry::{FrontBuilder, RegistryFront, SchemaRegistry};
pub use schemas::{PreparedWriter, SchemaWriting, Written, WrittenRecord};
pub use workload::{FIRST_TIMESTAMP_MS, Generated, Order, SYMBOLS, Shape, VENUES, Workload};

/// Fetches and builds everything that the real-server suites need; nothing happens where it is there.
///
/// # Errors
/// What is missing on this machine, with how to install it.
pub fn prepare() -> Result<()> {
    Installation::of(NEWEST)?;
    producer::java_classes(&Installation::of(NEWEST)?)?;
    python::interpreter()?;
    registry::installation()?;
    Ok(())
}

/// The folder of the servers' recipes: `protocol-tests/servers`.
fn servers_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("servers")
}

/// Where servers run and leave their logs: beside what cargo builds.
fn runs_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/servers")
}

/// A short name for a content: what is built from it is built again when it changes.
fn fingerprint(content: &[u8]) -> String {
    let mut crc = flate2::Crc::new();
    crc.update(content);
    format!("{:08x}", crc.sum())
}
