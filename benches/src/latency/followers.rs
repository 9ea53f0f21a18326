//! Who sees the rows.

use std::io::Write;
use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use futures_util::StreamExt;
use kolumn::spec::{self, Type, column};
use kolumn::{MetadataColumns, Offsets, TableType};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::delays::{Delays, now};
use crate::Outcome;
use crate::arguments::Follow;
use crate::measure::cpu_time;

/// An append table of seven columns, and a subscriber in the embedder's runtime.
pub(super) fn kolumn(follow: &Follow, cycle: Option<Duration>) -> Outcome<Delays> {
    tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
        let mut consume = kolumn::consume(&follow.topic)
            .brokers(&follow.brokers)
            .value(spec::json([
                column("Symbol", Type::Utf8),
                column("Side", Type::Utf8),
                column("Price", Type::Float64),
                column("Qty", Type::Int64),
                column("Tstamp", Type::Timestamp(spec::TimeUnit::Nanosecond)),
                column("Number", Type::Int64),
                column("Due", Type::Int64),
            ]))
            .metadata(MetadataColumns::none())
            .offsets(Offsets::Beginning);
        if let Some(cycle) = cycle {
            consume = consume.cycle(cycle);
        }
        let (_table, mut updates) = consume.table(TableType::Append).with_updates().await?;
        ready()?;
        let mut delays = Delays::default();
        let begun = cpu_time();
        while delays.rows() < follow.rows {
            let update = updates.next().await.ok_or("the updates ended")?;
            let now = now();
            for batch in update.added() {
                let numbers = |name| batch.column_by_name(name).map(|column| column.as_primitive::<Int64Type>().values());
                let (Some(numbers), Some(dues)) = (numbers("Number"), numbers("Due")) else { return Err("no columns".into()) };
                for (number, due) in numbers.iter().zip(dues.iter()) {
                    if number.cast_unsigned() >= follow.warm_up {
                        delays.saw(*due, now);
                    }
                }
            }
        }
        delays.cpu_seconds = cpu_time().saturating_sub(begun).as_secs_f64();
        Ok(delays)
    })
}

/// librdkafka, whose messages are looked at and not decoded.
pub(super) fn rdkafka(follow: &Follow) -> Outcome<Delays> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &follow.brokers)
        .set("group.id", "kolumn-benches")
        .set("enable.auto.commit", "false")
        .set("check.crcs", "true");
    let consumer: BaseConsumer = config.create()?;
    let mut list = TopicPartitionList::new();
    for partition in 0..follow.partitions {
        list.add_partition_offset(&follow.topic, partition, Offset::Beginning)?;
    }
    consumer.assign(&list)?;
    ready()?;
    let mut delays = Delays::default();
    let begun = cpu_time();
    while delays.rows() < follow.rows {
        let Some(message) = consumer.poll(Duration::from_secs(30)) else { return Err("no message in 30 s".into()) };
        let message = message?;
        let now = now();
        let payload = message.payload().ok_or("a message without payload")?;
        let [number, due] = last_two(payload).ok_or("a message without its moment")?;
        if number.cast_unsigned() >= follow.warm_up {
            delays.saw(due, now);
        }
    }
    delays.cpu_seconds = cpu_time().saturating_sub(begun).as_secs_f64();
    Ok(delays)
}

/// The numbers of the last two fields.
fn last_two(payload: &[u8]) -> Option<[i64; 2]> {
    let text = std::str::from_utf8(payload).ok()?.strip_suffix('}')?;
    let (text, due) = text.rsplit_once(':')?;
    let number = text.rsplit(':').next()?.split(',').next()?;
    Some([number.parse().ok()?, due.parse().ok()?])
}

/// Says that whatever is produced from now on is seen.
fn ready() -> Outcome {
    println!("ready");
    Ok(std::io::stdout().flush()?)
}
