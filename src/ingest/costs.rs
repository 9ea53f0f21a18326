//! What the way from a socket to columns costs for each batch and each record, counted: nothing.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kafka_protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::{ApiVersionsRequest, FetchRequest, FetchResponse, TopicName};
use kafka_protocol::protocol::StrBytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::*;
use crate::cluster::{Backoff, PartitionView, TopicView};
use crate::config::{MetadataColumns, SecurityProtocol};
use crate::counting::allocations;
use crate::decode::{OnError, decoder};
use crate::fetch::{Action, FetchCore, FetchSettings};
use crate::metrics::Metrics;
use crate::record::sample::Batch;
use crate::spec::{self, Names, Side};
use crate::table::{Allowance, Budget, CycleSettings, Publisher, TableType};
use crate::wire::testing::{all_versions, response_frame};
use crate::wire::{Connection, FramePool, PoolLimits, Request, Transport, WireSettings};

const TOPIC: &str = "orders";

/// The last version that names topics by name.
const VERSION: i16 = 12;

/// What a read gives at most.
const READ: usize = 64 << 10;

/// Answers of one shape; those before the last make buffers and columns as large as they need to be.
const ANSWERS: i32 = 6;

/// A vector that grows from the size of its first piece may double so many times more than one whose first piece was larger.
const DOUBLINGS: u64 = 8;

/// A stream that was recorded: reads are counted, and what is written goes nowhere.
#[derive(Clone)]
struct Tape {
    bytes: Arc<[u8]>,
    at: usize,
    reads: Arc<AtomicUsize>,
}

impl AsyncRead for Tape {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let count = to.remaining().min(READ).min(self.bytes.len() - self.at);
        to.put_slice(&self.bytes[self.at..self.at + count]);
        self.at += count;
        self.reads.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tape {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Transport for Tape {
    fn connect(&self, _: &str, _: u16) -> BoxFuture<'static, io::Result<Box<dyn crate::wire::Stream>>> {
        let tape = self.clone();
        async move { Ok(Box::new(tape) as Box<dyn crate::wire::Stream>) }.boxed()
    }
}

/// An answer: so many batches of so many records.
#[derive(Debug, Clone, Copy)]
struct Shape {
    batches: i64,
    records: i64,
}

impl Shape {
    fn answer(self, at: i64) -> FetchResponse {
        let value = [b'v'; 200];
        let bytes: Vec<u8> = (0..self.batches)
            .flat_map(|batch| {
                let records = vec![value; usize::try_from(self.records).unwrap()];
                Batch::at(at + batch * self.records).records(records).bytes()
            })
            .collect();
        let partition = PartitionData::default()
            .with_high_watermark(1_000_000)
            .with_last_stable_offset(1_000_000)
            .with_log_start_offset(0)
            .with_aborted_transactions(None)
            .with_records(Some(bytes.into()));
        let topic = TopicName(StrBytes::from_static_str(TOPIC));
        let topic = FetchableTopicResponse::default().with_topic(topic).with_partitions(vec![partition]);
        FetchResponse::default().with_responses(vec![topic])
    }

    /// The stream of a broker that gives such answers, one after the other.
    fn tape(self) -> Tape {
        let (_, version) = <ApiVersionsRequest as Request>::VERSIONS;
        let mut bytes = response_frame(0, version, &all_versions());
        for answer in 0..ANSWERS {
            let at = i64::from(answer) * self.batches * self.records;
            bytes.extend(response_frame(answer + 1, VERSION, &self.answer(at)));
        }
        Tape { bytes: bytes.into(), at: 0, reads: Arc::default() }
    }
}

/// What the last answer cost.
#[derive(Debug, PartialEq, Eq)]
struct Cost {
    /// Allocations from the question to the walked batches.
    fetching: u64,
    /// Allocations from there to the chunk in the table.
    decoding: u64,
    /// Reads of the stream.
    reads: usize,
    /// As few as that could be, the length being read by itself.
    fewest_reads: usize,
}

fn settings() -> WireSettings {
    WireSettings {
        client_id: "tests".into(),
        protocol: SecurityProtocol::Plaintext,
        connect_timeout: Duration::from_secs(10),
        connect_timeout_max: Duration::from_secs(30),
        patience: Arc::default(),
        request_timeout: Duration::from_secs(30),
        max_idle: None,
        max_frame: 100 << 20,
        login: None,
        metrics: Metrics::new(),
    }
}

fn core() -> FetchCore {
    let retry = Backoff { initial: Duration::from_millis(100), max: Duration::from_secs(1) };
    let settings = FetchSettings {
        min_bytes: 1,
        max_wait: Duration::from_millis(500),
        max_bytes: 8 << 20,
        max_partition_bytes: 2 << 20,
        read_committed: false,
        in_flight: 1,
        rack: String::new(),
        follower_lease: Duration::from_secs(300),
        retry,
    };
    let mut core = FetchCore::new(TOPIC.into(), settings, 1);
    core.assign(0, 0, -1, None);
    let leader = PartitionView { leader: Some(1), leader_epoch: 0, error: 0 };
    core.topic_view(&TopicView {
        topic: TOPIC.into(),
        topic_id: Default::default(),
        partitions: [(0, leader)].into(),
        brokers: Default::default(),
        cluster_id: None,
    });
    core
}

/// An assembler of one raw column, and the table that it fills.
fn assembler() -> (Assembler, crate::table::Table) {
    let topic: Arc<str> = TOPIC.into();
    let names = Names::default();
    let key = decoder(&spec::ignore(), Side::Key, &names).unwrap();
    let value = decoder(&spec::raw("Value"), Side::Value, &names).unwrap();
    let rows = Rows::new(&topic, &MetadataColumns::none(), key, value, false).unwrap();
    let budget = Budget::new(64 << 20);
    let publisher = Publisher::new(Arc::clone(&topic), CycleSettings::default(), budget.clone());
    let table = publisher.plain(
        schema(&MetadataColumns::none(), &[], &spec::raw("Value").columns(Side::Value, &names).unwrap()).unwrap(),
        TableType::Append,
    );
    publisher.start_partition(0, 0);
    let settings = AssemblySettings {
        topic,
        check_crc: true,
        on_error: OnError::Collect,
        skip_tombstones: false,
        chunk_rows: 65_536,
        chunk_bytes: 32 << 20,
        decompressed_limit: 1 << 20,
        by_partition: false,
        error_raw_bytes: 0,
        again: None,
    };
    (Assembler::new(settings, rows, publisher, budget, Allowance::new(None)), table)
}

async fn cost(shape: Shape) -> Cost {
    let tape = shape.tape();
    let reads = Arc::clone(&tape.reads);
    let transport: Arc<dyn Transport> = Arc::new(tape);
    let mut connection = Connection::open(&transport, "kafka", 9092, &settings()).await.unwrap();
    let (mut core, (mut assembler, _table), pool) = (core(), assembler(), FramePool::new(PoolLimits::default()));
    let mut cost = Cost { fetching: 0, decoding: 0, reads: 0, fewest_reads: 0 };
    for answer in 0..ANSWERS {
        let (began, read) = (allocations(), reads.load(Ordering::Relaxed));
        let (ticket, request) = core.next_request(1, VERSION, Instant::now()).expect("there is more to read");
        connection.send(&request, VERSION).await.unwrap();
        let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
        let (_, response) = connection.receive::<FetchRequest>(&pool, deadline).await.unwrap();
        let actions = core.on_response(ticket, response, Instant::now());
        let walked = allocations();
        let mut bytes = 0;
        for action in actions {
            let Action::Records(records) = action else { continue };
            bytes += records.records.len();
            assembler.decode(&records, End::default(), 0).unwrap();
        }
        assembler.seal().unwrap();
        let rows = i64::from(answer + 1) * shape.batches * shape.records;
        assert_eq!(assembler.position(0), Some(rows), "all of the answer is in the table");
        cost = Cost {
            fetching: walked - began,
            decoding: allocations() - walked,
            reads: reads.load(Ordering::Relaxed) - read,
            fewest_reads: 1 + bytes.div_ceil(READ),
        };
    }
    cost
}

#[tokio::test]
async fn nothing_is_allocated_for_a_batch_or_a_record_between_the_socket_and_the_table() {
    let few = cost(Shape { batches: 4, records: 1000 }).await;
    for shape in [Shape { batches: 400, records: 10 }, Shape { batches: 4000, records: 1 }, Shape { batches: 4, records: 500 }] {
        let cost = cost(shape).await;
        assert_eq!(cost.fetching, few.fetching, "{shape:?}");
        assert!(cost.decoding.abs_diff(few.decoding) <= DOUBLINGS, "{shape:?}: {cost:?}, {few:?}");
    }
    assert!(few.fetching + few.decoding < 100, "{few:?}");
}

#[tokio::test]
async fn an_answer_is_read_in_as_few_reads_as_the_stream_allows() {
    for shape in [Shape { batches: 4, records: 1000 }, Shape { batches: 4000, records: 1 }] {
        let cost = cost(shape).await;
        assert!(cost.reads <= cost.fewest_reads + 1, "{shape:?}: {cost:?}");
    }
}
