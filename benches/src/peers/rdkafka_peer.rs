//! librdkafka: one thread polling, arrow-json decoding; and its batch queue into raw columns.

use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_json::ReaderBuilder;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::two_decoders::Decoders;
use crate::Outcome;
use crate::arguments::Peer;
use crate::sums::{self, Sums};

/// Rows in one record batch, arrow-json's own default being 1024.
const BATCH_ROWS: usize = 8192;

/// Everything that librdkafka's documentation names for throughput; the CRC is checked, as kolumn does.
fn config(peer: &Peer) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &peer.brokers)
        .set("group.id", "kolumn-benches")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "false")
        .set("auto.offset.reset", "earliest")
        .set("check.crcs", "true")
        .set("fetch.message.max.bytes", "4194304")
        .set("queued.min.messages", "1000000")
        .set("queued.max.messages.kbytes", "131072");
    config
}

fn consumer(peer: &Peer) -> Outcome<BaseConsumer> {
    let consumer: BaseConsumer = config(peer).create()?;
    let mut list = TopicPartitionList::new();
    for partition in 0..peer.partitions {
        list.add_partition_offset(&peer.topic, partition, Offset::Beginning)?;
    }
    consumer.assign(&list)?;
    Ok(consumer)
}

/// `BaseConsumer::poll` and arrow-json, on one thread.
pub(super) fn json(peer: &Peer) -> Outcome<Vec<RecordBatch>> {
    let consumer = consumer(peer)?;
    let mut decoder = ReaderBuilder::new(sums::schema()).with_batch_size(BATCH_ROWS).build_decoder()?;
    let mut batches = Vec::new();
    let mut buffered = 0;
    let mut rows = 0;
    while rows < peer.rows {
        let Some(message) = consumer.poll(Duration::from_secs(10)) else { return Err("no message in 10 s".into()) };
        let message = message?;
        let payload = message.payload().ok_or("a message without payload")?;
        let read = decoder.decode(payload)?;
        if read != payload.len() {
            return Err("arrow-json did not take the whole payload".into());
        }
        rows += 1;
        buffered += 1;
        if buffered == BATCH_ROWS {
            batches.extend(decoder.flush()?);
            buffered = 0;
        }
    }
    batches.extend(decoder.flush()?);
    Ok(batches)
}

/// `rd_kafka_consume_batch_queue`, librdkafka's fastest way out, into one binary column.
pub(super) fn raw(peer: &Peer) -> Outcome<Sums> {
    let consumer = consumer(peer)?;
    super::batch_queue::read(&consumer, peer.rows)
}

/// `rd_kafka_consume_batch_queue` on one thread, arrow-json on two more.
pub(super) fn json_on_two_threads(peer: &Peer) -> Outcome<Vec<RecordBatch>> {
    let consumer = consumer(peer)?;
    let decoders = Decoders::start();
    super::batch_queue::lines(&consumer, peer.rows, |lines| decoders.send(lines))?;
    decoders.finish()
}
