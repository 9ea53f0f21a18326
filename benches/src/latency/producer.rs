//! librdkafka as the producer that knows nothing of who follows.

use std::time::{Duration, Instant};

use kolumn_protocol_tests::Workload;
use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};

use super::delays::{Delays, now};
use crate::Outcome;

/// More rows a second than this come in handfuls, one each millisecond: a timer has no shorter steps.
const STEPS: u64 = 1000;

pub(super) struct Producer {
    producer: ThreadedProducer<DefaultProducerContext>,
    rate: u64,
}

impl Producer {
    pub(super) fn new(brokers: &str, rate: u64) -> Outcome<Self> {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", brokers)
            .set("linger.ms", "0")
            // As Kafka's own producer: without a bound requests of a few rows each would pile up before the broker.
            .set("max.in.flight.requests.per.connection", "5")
            .set("queue.buffering.max.messages", "1000000");
        Ok(Self { producer: config.create()?, rate })
    }

    /// Produces rows, the next one or the next handful each time when its moment has come, whatever became of those before. Each row has
    /// its number and the moment at which it was due. `produced` is how late the producer itself was.
    pub(super) fn run(&self, topic: &str, partitions: i32, rows: u64, produced: &mut Delays) -> Outcome {
        let handful = self.rate.div_ceil(STEPS).max(1);
        let step = Duration::from_nanos(1_000_000_000 * handful / self.rate);
        let workload = Workload::orders(1, 1000, partitions);
        let orders: Vec<Vec<u8>> = (0..1000).filter_map(|index| workload.record(index).value).collect();
        // A little later, so that the first moment is not over before it is looked at.
        let (begun, begun_at) = (Instant::now() + step, now() + i64::try_from(step.as_nanos())?);
        let mut payload = Vec::new();
        for number in 0..rows {
            let since = step.saturating_mul(u32::try_from(number / handful)?);
            let due = begun_at + i64::try_from(since.as_nanos())?;
            std::thread::sleep((begun + since).saturating_duration_since(Instant::now()));
            let order =
                orders.get(number as usize % orders.len()).and_then(|order| order.strip_suffix(b"}")).ok_or("no order")?;
            payload.clear();
            payload.extend_from_slice(order);
            payload.extend_from_slice(format!(",\"Number\":{number},\"Due\":{due}}}").as_bytes());
            let partition = i32::try_from(number % u64::try_from(partitions)?)?;
            let record = BaseRecord::<(), _>::to(topic).partition(partition).payload(&payload);
            produced.saw(due, now());
            self.producer.send(record).map_err(|(error, _)| error)?;
        }
        Ok(self.producer.flush(Duration::from_secs(10))?)
    }
}
