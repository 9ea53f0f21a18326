//! The producer of the demo: orders as batches into the broker's logs, and a retention that keeps the broker small.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use kolumn_test_broker::TestCluster;

use crate::arguments::now_milliseconds;
use crate::demo::batch::OpenBatch;
use crate::demo::orders::Orders;
use crate::demo::pace::Pace;
use crate::exit::Failure;

/// The topic of the demo.
pub(crate) const TOPIC: &str = "orders";
/// Between two looks at the clock.
const TICK: Duration = Duration::from_millis(2);
/// What the broker keeps for clients that come later.
const RETAINED_BYTES: usize = 64 << 20;

/// The producer, while it runs.
#[derive(Debug)]
pub(crate) struct Producer {
    shared: Arc<Shared>,
    thread: Option<thread::JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    stop: AtomicBool,
    made: AtomicU64,
    /// How far each partition was consumed: what is behind may be forgotten.
    consumed: Vec<AtomicI64>,
}

impl Producer {
    /// Starts to produce into `cluster`.
    pub(crate) fn start(cluster: Arc<TestCluster>, orders: Orders, pace: Pace, partitions: i32) -> Result<Self, Failure> {
        let consumed = (0..partitions).map(|_| AtomicI64::new(0)).collect();
        let shared = Arc::new(Shared { stop: AtomicBool::new(false), made: AtomicU64::new(0), consumed });
        let theirs = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("producer".to_owned())
            .spawn(move || produce(&cluster, orders, pace, &theirs))
            .map_err(|error| Failure::Other(format!("cannot start the producer: {error}")))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Tells that `partition` was consumed up to `offset`.
    pub(crate) fn consumed(&self, partition: i32, offset: i64) {
        if let Some(consumed) = usize::try_from(partition).ok().and_then(|partition| self.shared.consumed.get(partition)) {
            consumed.store(offset, Ordering::Relaxed);
        }
    }

    /// Makes no more, and returns when all that were made are counted: they can be consumed a moment earlier.
    pub(crate) fn stop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It looks at the flag at each tick.
            let _ = thread.join();
        }
    }

    /// How many orders were produced.
    pub(crate) fn made(&self) -> u64 {
        self.shared.made.load(Ordering::Relaxed)
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn produce(cluster: &TestCluster, mut orders: Orders, pace: Pace, shared: &Shared) {
    let start = Instant::now();
    let mut made = 0;
    let mut logs: Vec<Retained> = shared.consumed.iter().map(|_| Retained::default()).collect();
    let mut open: Vec<OpenBatch> = shared.consumed.iter().map(|_| OpenBatch::default()).collect();
    let mut payload = Vec::new();
    while !shared.stop.load(Ordering::Relaxed) {
        let full = forget(cluster, &mut logs, &shared.consumed);
        let Some(due) = pace.due(made, start.elapsed()) else { return };
        if due == 0 || full {
            thread::sleep(TICK);
            continue;
        }
        for _ in 0..due {
            let hash = orders.write_next(&mut payload);
            let partition = usize::try_from(hash).unwrap_or(0) % open.len().max(1);
            if let Some(records) = open.get_mut(partition) {
                records.push(&payload);
            }
        }
        for ((partition, records), log) in (0_i32..).zip(&mut open).zip(&mut logs) {
            let Some((batch, count)) = records.close(now_milliseconds()) else { continue };
            let bytes = batch.len();
            let base = cluster.produce(TOPIC, partition, batch);
            log.push(base.saturating_add(i64::from(count)), bytes);
        }
        made += due;
        shared.made.store(made, Ordering::Relaxed);
    }
}

/// Lets the broker forget what was consumed and is more than it shall keep; says whether it holds too much all the same.
fn forget(cluster: &TestCluster, logs: &mut [Retained], consumed: &[AtomicI64]) -> bool {
    let share = RETAINED_BYTES / logs.len().max(1);
    let mut full = false;
    for ((partition, log), consumed) in (0_i32..).zip(logs).zip(consumed) {
        if let Some(before) = log.forget(share, consumed.load(Ordering::Relaxed)) {
            cluster.log(TOPIC, partition).delete_records(before);
        }
        full |= log.bytes > 2 * share;
    }
    full
}

/// The batches of one partition that the broker holds.
#[derive(Debug, Default)]
struct Retained {
    /// The offset after each, and its bytes, oldest first.
    batches: VecDeque<(i64, usize)>,
    bytes: usize,
}

impl Retained {
    fn push(&mut self, next: i64, bytes: usize) {
        self.batches.push_back((next, bytes));
        self.bytes += bytes;
    }

    /// Forgets batches that were consumed, as long as more than `share` bytes are there; says up to where.
    fn forget(&mut self, share: usize, consumed: i64) -> Option<i64> {
        let mut before = None;
        while self.bytes > share {
            let Some((next, bytes)) = self.batches.front().copied().filter(|(next, _)| *next <= consumed) else { break };
            self.batches.pop_front();
            self.bytes -= bytes;
            before = Some(next);
        }
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retained() -> Retained {
        let mut log = Retained::default();
        for batch in 1..=10 {
            log.push(batch * 100, 1_000);
        }
        log
    }

    #[test]
    fn only_what_was_consumed_is_forgotten() {
        let mut log = retained();
        assert_eq!(log.forget(0, 350), Some(300));
        assert_eq!((log.bytes, log.batches.len()), (7_000, 7));
        assert_eq!(log.forget(0, 350), None);
    }

    #[test]
    fn what_is_within_the_share_is_kept_for_others() {
        let mut log = retained();
        assert_eq!(log.forget(4_500, 1_000), Some(600));
        assert_eq!(log.bytes, 4_000);
    }

    #[test]
    fn the_broker_gets_all_orders_once_and_in_order() {
        let cluster = Arc::new(TestCluster::builder().topic(TOPIC, 3).start_blocking().unwrap());
        let pace = Pace::new(crate::arguments::demo::Rate::Max, Some(5_000));
        let producer = Producer::start(Arc::clone(&cluster), Orders::new(1), pace, 3).unwrap();
        let deadline = Instant::now() + Duration::from_secs(30);
        while producer.made() < 5_000 && Instant::now() < deadline {
            thread::yield_now();
        }
        let mut stored: Vec<Vec<u8>> = Vec::new();
        for partition in 0..3 {
            for batch in cluster.log(TOPIC, partition).batches() {
                for raw in kolumn_test_broker::batches(&batch) {
                    let records = raw.unwrap().records().unwrap();
                    stored.extend(records.into_iter().map(|record| record.value.unwrap().to_vec()));
                }
            }
        }
        let mut made = Orders::new(1).some(5_000);
        assert!(stored != made, "three partitions do not keep the order of the whole");
        stored.sort();
        made.sort();
        assert!(stored == made);
    }
}
