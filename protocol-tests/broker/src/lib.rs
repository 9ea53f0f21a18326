//! A Kafka cluster inside the process, for tests: real sockets, batches served byte for byte as they were stored, and faults on
//! request.
//!
//! It is no mock of one client's expectations: librdkafka and Kafka's own clients produce to it and consume from it. It decodes with
//! code of its own, so that it can be the judge of a client that decodes with another.
//!
//! ```
//! use kolumn_test_broker::{ApiKey, BatchBuilder, Record, TestCluster, Verdict};
//!
//! let cluster = TestCluster::builder().nodes(3).topic("orders", 4).start_blocking()?;
//! println!("bootstrap.servers={}", cluster.bootstrap());
//!
//! // Records, as a producer would send them.
//! let batch = BatchBuilder::new().values(["a", "b"]).record(Record::new("c").key("k")).build();
//! assert_eq!(cluster.produce("orders", 0, batch.clone()), 0);
//! assert_eq!(cluster.produce("orders", 0, batch), 3);
//! assert_eq!(cluster.log("orders", 0).high_watermark(), 6);
//!
//! // The next two fetches break off after 20 bytes; every answer of node 2 bears an error.
//! cluster.next(ApiKey::Fetch, 2, Verdict::CutAt(20));
//! cluster.on(|request| if request.node == 2 { Verdict::Error(6) } else { Verdict::Pass });
//!
//! // Node 1 dies and comes back on the same port.
//! cluster.kill(1);
//! assert_eq!(cluster.log("orders", 0).leader(), None);
//! cluster.restart(1);
//! assert_eq!(cluster.log("orders", 0).leader(), Some(1));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # What it serves
//! ApiVersions, Metadata, Produce (acks 0, 1, all; idempotent), Fetch 4 to 17 (by name and by id, with sessions), ListOffsets,
//! OffsetForLeaderEpoch, InitProducerId, FindCoordinator, OffsetCommit, OffsetFetch, CreateTopics, DeleteTopics, DeleteRecords,
//! CreatePartitions, SaslHandshake and SaslAuthenticate (PLAIN, SCRAM, OAUTHBEARER); in the clear or over TLS. Not: members of groups,
//! transactions from producers (batches of transactions can be put into a log, and are served as Kafka serves them), old message
//! formats.
//!
//! # What is simpler than in Kafka
//! All nodes share one state, so that nothing ever lags; where it should, [`Log::set_high_watermark`], [`Log::lag`] and hooks say so.
//! Whatever is asked of [`TestCluster`] happens in one step.

#![forbid(unsafe_code)]

mod api;
mod batch;
pub mod certificates;
mod cluster;
mod connection;
mod delay;
mod fault;
mod frame;
mod generation;
mod log;
mod port;
mod requests;
mod sasl;
mod server;
mod settings;
mod state;
mod tls;

pub use api::{FetchStats, Request, Response};
pub use batch::{
    BatchBuilder, BatchError, BatchHeader, Batches, Codec, HEADER_LEN, Marker, RawBatch, ReadRecord, Record, batches,
};
pub use cluster::{Builder, Log, TestCluster};
pub use fault::{EditBytes, EditResponse, RequestInfo, Verdict};
pub use generation::Generation;
pub use kafka_protocol;
pub use kafka_protocol::messages::ApiKey;
pub use log::Aborted;
pub use requests::{ConnectionRecord, RequestRecord};
pub use sasl::{Logins, Sasl, SaslFault};
pub use state::TopicSettings;
pub use tls::TlsListener;
