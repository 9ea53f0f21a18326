//! krafka, pure Rust: one consumer, and its records into a raw column or to two decoding threads.
//!
//! `krafka-json` or `krafka-raw`, then brokers, topic, partitions and rows; it prints what it came to as one line, as all peers do.

#![allow(dead_code)] // what the peers share has more than this one needs

#[path = "../../../src/measure.rs"]
mod measure;
#[path = "../../../src/sums.rs"]
mod sums;
#[path = "../../../src/peers/two_decoders.rs"]
mod two_decoders;

use std::convert::identity;
use std::time::Duration;

use arrow_array::builder::BinaryBuilder;
use arrow_array::{Array, RecordBatch};
use bytes::Bytes;
use krafka::consumer::{AutoOffsetReset, Consumer};

use measure::Run;
use sums::Sums;
use two_decoders::Decoders;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

const FETCH_BYTES: i32 = 4 << 20;

/// As many as an answer has: what a poll does not give out is fetched again, which would be the setting's loss and not the client's.
const UNLIMITED: i32 = -1;

struct Peer {
    brokers: String,
    topic: String,
    partitions: i32,
    rows: u64,
}

fn main() -> Outcome {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [name, brokers, topic, partitions, rows] = words.as_slice() else {
        return Err("NAME BROKERS TOPIC PARTITIONS ROWS".into());
    };
    let (partitions, rows) = (partitions.parse()?, rows.parse()?);
    let peer = Peer { brokers: brokers.clone(), topic: topic.clone(), partitions, rows };
    let run = match name.as_str() {
        "krafka-json" => Run::alone(|| json(&peer), Sums::of_orders),
        "krafka-raw" => Run::alone(|| raw(&peer), identity),
        other => return Err(format!("no peer is named {other}").into()),
    }?;
    println!("{}", run.to_line());
    Ok(())
}

fn raw(peer: &Peer) -> Outcome<Sums> {
    let mut sums = Sums::default();
    read(peer, |values| {
        let mut column = BinaryBuilder::with_capacity(values.len(), values.len() * 200);
        values.iter().for_each(|value| column.append_value(value));
        let column = column.finish();
        sums.add(column.len(), [column.values().len() as i64]);
        Ok(())
    })?;
    Ok(sums)
}

fn json(peer: &Peer) -> Outcome<Vec<RecordBatch>> {
    let decoders = Decoders::start();
    read(peer, |values| {
        let mut lines = Vec::with_capacity(values.iter().map(|value| value.len() + 1).sum());
        for value in values {
            lines.extend_from_slice(&value);
            lines.push(b'\n');
        }
        decoders.send(lines)
    })?;
    decoders.finish()
}

/// Reads until all rows have been taken.
fn read(peer: &Peer, mut take: impl FnMut(Vec<Bytes>) -> Outcome) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let consumer = Consumer::builder()
            .bootstrap_servers(&peer.brokers)
            .auto_offset_reset(AutoOffsetReset::Earliest)
            .enable_auto_commit(false)
            .fetch_max_bytes(FETCH_BYTES)
            .max_partition_fetch_bytes(FETCH_BYTES)
            .max_poll_records(UNLIMITED)
            .max_buffered_records(0)
            .build()
            .await?;
        consumer.assign(&peer.topic, (0..peer.partitions).collect()).await?;
        let mut rows = 0;
        while rows < peer.rows {
            let records = consumer.poll(Duration::from_secs(10)).await?;
            let values: Vec<Bytes> = records.into_iter().filter_map(|record| record.value).collect();
            if values.is_empty() {
                return Err("no record in 10 s".into());
            }
            rows += values.len() as u64;
            take(values)?;
        }
        Ok(())
    })
}
