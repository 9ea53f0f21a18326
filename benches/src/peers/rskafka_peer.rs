//! rskafka, pure Rust: one task for each partition, and its records into a raw column or to two decoding threads.

use std::sync::Arc;

use arrow_array::builder::BinaryBuilder;
use arrow_array::{Array, RecordBatch};
use rskafka::client::ClientBuilder;
use rskafka::client::partition::{PartitionClient, UnknownTopicHandling};
use tokio::sync::mpsc;

use super::two_decoders::Decoders;
use crate::Outcome;
use crate::arguments::Peer;
use crate::sums::Sums;

const FETCH_BYTES: std::ops::Range<i32> = 1..4 << 20;

const WAIT_MS: i32 = 100;

/// Answers that lie ready for whoever takes them.
const QUEUE: usize = 4;

pub(super) fn raw(peer: &Peer) -> Outcome<Sums> {
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

pub(super) fn json(peer: &Peer) -> Outcome<Vec<RecordBatch>> {
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
fn read(peer: &Peer, mut take: impl FnMut(Vec<Vec<u8>>) -> Outcome) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (sender, mut receiver) = mpsc::channel(QUEUE);
    for partition in 0..peer.partitions {
        let (brokers, topic, sender) = (peer.brokers.clone(), peer.topic.clone(), sender.clone());
        runtime.spawn(async move {
            let ended = async {
                let client = ClientBuilder::new(brokers.split(',').map(str::to_owned).collect()).build().await?;
                let client = client.partition_client(topic, partition, UnknownTopicHandling::Error).await?;
                values(&Arc::new(client), &sender).await
            };
            if let Err(error) = ended.await {
                eprintln!("partition {partition}: {error}");
            }
        });
    }
    drop(sender);
    let mut rows = 0;
    while rows < peer.rows {
        let values = receiver.blocking_recv().ok_or("the partitions ended before all rows were read")?;
        rows += values.len() as u64;
        take(values)?;
    }
    runtime.shutdown_background();
    Ok(())
}

/// All values of a partition, as far as somebody takes them.
async fn values(client: &PartitionClient, sender: &mpsc::Sender<Vec<Vec<u8>>>) -> Result<(), rskafka::client::error::Error> {
    let mut next = 0;
    loop {
        let (records, _) = client.fetch_records(next, FETCH_BYTES, WAIT_MS).await?;
        let Some(last) = records.last() else { continue };
        next = last.offset + 1;
        let values = records.into_iter().filter_map(|record| record.record.value).collect();
        if sender.send(values).await.is_err() {
            return Ok(());
        }
    }
}
