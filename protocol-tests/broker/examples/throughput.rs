//! How fast the test broker serves, so that a benchmark on it can tell when the broker is what it measures.
//!
//! `cargo run --release --example throughput [GIGABYTES] [CLIENTS]`: each client reads a repeating log of its own partition through
//! Fetch version 12 and looks at nothing but the batch headers.

use bytes::{BufMut, BytesMut};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::{ApiKey, FetchRequest, RequestHeader, TopicName};
use kafka_protocol::protocol::{Encodable, StrBytes};
use kolumn_test_broker::{BatchBuilder, TestCluster, kafka_protocol};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Instant;

const VALUE_BYTES: usize = 200;
const RECORDS_PER_BATCH: usize = 500;
const FETCH_BYTES: i32 = 8 << 20;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse::<u64>().ok());
    let gigabytes = arguments.next().unwrap_or(4);
    let clients = arguments.next().unwrap_or(1).clamp(1, 64);
    let cluster = TestCluster::builder().topic("t", clients as i32).start_blocking()?;
    let batch = BatchBuilder::new().values(vec![[b'x'; VALUE_BYTES]; RECORDS_PER_BATCH]).build();
    let rounds = gigabytes * 1_000_000_000 / (batch.len() as u64 * 20 * clients);
    for partition in 0..clients as i32 {
        cluster.log("t", partition).repeat(&vec![batch.clone(); 20], rounds);
    }
    println!(
        "{clients} client(s), batches of {} bytes with {RECORDS_PER_BATCH} records, fetches of {FETCH_BYTES} bytes",
        batch.len()
    );
    let begun = Instant::now();
    let bytes: io::Result<u64> = thread::scope(|scope| {
        let cluster = &cluster;
        let reading: Vec<_> = (0..clients as i32).map(|partition| scope.spawn(move || read(cluster, partition))).collect();
        reading.into_iter().map(|client| client.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))).sum()
    });
    let (bytes, seconds) = (bytes? as f64, begun.elapsed().as_secs_f64());
    let records = (rounds * clients * 20 * RECORDS_PER_BATCH as u64) as f64;
    println!(
        "{:.2} GB in {seconds:.2} s: {:.2} GB/s, {:.2} million records/s",
        bytes / 1e9,
        bytes / 1e9 / seconds,
        records / 1e6 / seconds
    );
    Ok(())
}

/// Reads a partition to its end; the offset after a fetch follows from the base offset of its last batch.
fn read(cluster: &TestCluster, partition: i32) -> io::Result<u64> {
    let end = cluster.log("t", partition).log_end();
    let batch_len = cluster.log("t", partition).batches()[0].len();
    let mut stream = TcpStream::connect(cluster.address(1))?;
    stream.set_nodelay(true)?;
    let (mut offset, mut total, mut frame) = (0, 0, Vec::new());
    while offset < end {
        stream.write_all(&request(partition, offset))?;
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        frame.resize(u32::from_be_bytes(length) as usize, 0);
        stream.read_exact(&mut frame)?;
        total += frame.len() as u64;
        // What is around the records is shorter than a batch.
        let whole = (frame.len() / batch_len) as i64;
        offset += whole * RECORDS_PER_BATCH as i64;
    }
    Ok(total)
}

fn request(partition: i32, offset: i64) -> BytesMut {
    let asked = FetchPartition::default()
        .with_partition(partition)
        .with_fetch_offset(offset)
        .with_current_leader_epoch(-1)
        .with_last_fetched_epoch(-1)
        .with_partition_max_bytes(FETCH_BYTES);
    let topic = FetchTopic::default().with_topic(TopicName(StrBytes::from_static_str("t"))).with_partitions(vec![asked]);
    let fetch = FetchRequest::default().with_max_bytes(FETCH_BYTES).with_min_bytes(1).with_topics(vec![topic]);
    let header = RequestHeader::default().with_request_api_key(ApiKey::Fetch as i16).with_request_api_version(12);
    let mut frame = BytesMut::new();
    frame.put_u32(0);
    header.encode(&mut frame, 2).expect("a header can be encoded");
    fetch.encode(&mut frame, 12).expect("a fetch can be encoded");
    let length = (frame.len() - 4) as u32;
    frame[..4].copy_from_slice(&length.to_be_bytes());
    frame
}
