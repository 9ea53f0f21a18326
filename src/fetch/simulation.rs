//! The core against a model of a cluster that moves leaders, answers late, cuts, refuses and loses, with a driver that rewinds.
//!
//! Every piece of records that the core hands on must go on where the last one ended, and hold exactly what the log holds there. When
//! the faults stop, everything must arrive.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::time::{Duration, Instant};

use fastrand::Rng;
use kafka_protocol::messages::fetch_response::PartitionData;
use kafka_protocol::messages::{FetchRequest, FetchResponse};

use super::sample::*;
use super::*;
use crate::record::sample::{Batch, Sample};
use crate::record::{Arena, Walk};

const BROKERS: i32 = 3;
const PARTITIONS: i32 = 5;
const STEPS: usize = 3_000;
const SEEDS: u64 = 40;

/// What a partition's leader has, and who that is.
struct Log {
    batches: Vec<(Range<i64>, Vec<u8>)>,
    /// The offsets that have a record: the others are compaction's.
    offsets: Vec<i64>,
    end: i64,
    leader: i32,
    epoch: i32,
    /// Answered in a way that the core forgives only once without progress.
    strained: bool,
}

impl Log {
    fn new(rng: &mut Rng) -> Self {
        Self { batches: vec![], offsets: vec![], end: 0, leader: rng.i32(1..=BROKERS), epoch: 0, strained: false }
    }

    fn append(&mut self, rng: &mut Rng) {
        let base = self.end + if rng.u8(..) < 20 { rng.i64(1..50) } else { 0 };
        let mut delta = 0;
        let mut samples = Vec::new();
        for _ in 0..rng.usize(0..12) {
            delta += if rng.u8(..) < 40 { rng.i32(1..5) } else { 0 };
            samples.push(Sample { offset_delta: delta, value: Some(vec![b'x'; rng.usize(0..30)]), ..Sample::default() });
            delta += 1;
        }
        let last = samples.last().map_or(0, |last| last.offset_delta) + rng.i32(0..3);
        self.offsets.extend(samples.iter().map(|sample| base + i64::from(sample.offset_delta)));
        self.end = base + i64::from(last) + 1;
        self.batches.push((base..self.end, Batch::at(base).samples(&samples).last_offset_delta(last).bytes()));
    }

    /// As a broker answers: whole batches from the one that holds `position` on, the last one perhaps in part.
    fn read(&mut self, position: i64, rng: &mut Rng) -> (Vec<u8>, i64) {
        let first = self.batches.partition_point(|(range, _)| range.end <= position);
        // Now and then a batch too many in front, as a stale index would give.
        let first = first - usize::from(first > 0 && first < self.batches.len() && rng.u8(..) < 20);
        let mut bytes = Vec::new();
        let wanted = rng.usize(2..8);
        for (_, batch) in self.batches.iter().skip(first).take(wanted) {
            bytes.extend(batch);
        }
        let mut high_watermark = self.end;
        let cut = rng.u8(..);
        if cut < 100 {
            if let Some((_, next)) = self.batches.get(first + wanted) {
                bytes.extend(&next[..rng.usize(0..next.len())]);
            }
        } else if cut < 110 && !self.strained {
            bytes.truncate(rng.usize(0..60).min(bytes.len())); // less than one batch
            self.strained = true;
        } else if cut < 120 && !self.strained {
            high_watermark = position.max(self.end - 10); // as before the last batches came
            self.strained = true;
        }
        (bytes, high_watermark)
    }

    fn records_within(&self, range: Range<i64>) -> &[i64] {
        let place = |offset| self.offsets.partition_point(|present| *present < offset);
        &self.offsets[place(range.start)..place(range.end)]
    }
}

struct UnderWay {
    ticket: FetchTicket,
    /// None is a connection that is lost before the answer.
    response: Option<FetchResponse>,
}

/// What a lane does with what it gets.
#[derive(Default)]
struct Reader {
    position: i64,
    /// Handed on by the core, not in the table yet.
    pending: VecDeque<Range<i64>>,
    held: bool,
}

impl Reader {
    fn expected(&self) -> i64 {
        self.pending.back().map_or(self.position, |last| last.end)
    }
}

struct World {
    rng: Rng,
    now: Instant,
    faults: bool,
    core: FetchCore,
    logs: BTreeMap<i32, Log>,
    readers: BTreeMap<i32, Reader>,
    under_way: Vec<UnderWay>,
    /// Metadata on its way, oldest first: leader and epoch of each partition.
    views: Vec<Vec<(i32, i32, i32)>>,
    pieces: usize,
    discarded: usize,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut settings = settings();
        settings.in_flight = rng.usize(1..4);
        let mut world = Self {
            now: Instant::now(),
            faults: true,
            core: FetchCore::new(TOPIC.into(), settings, seed),
            logs: (0..PARTITIONS).map(|partition| (partition, Log::new(&mut rng))).collect(),
            readers: (0..PARTITIONS).map(|partition| (partition, Reader::default())).collect(),
            under_way: vec![],
            views: vec![],
            pieces: 0,
            discarded: 0,
            rng,
        };
        for partition in 0..PARTITIONS {
            world.core.assign(partition, 0, -1, None);
        }
        world.core.topic_view(&view(&world.truth()));
        world
    }

    fn truth(&self) -> Vec<(i32, i32, i32)> {
        self.logs.iter().map(|(partition, log)| (*partition, log.leader, log.epoch)).collect()
    }

    fn chance(&mut self, of_256: u8) -> bool {
        self.faults && self.rng.u8(..) < of_256
    }

    fn step(&mut self) {
        let partition = self.rng.i32(0..PARTITIONS);
        match self.rng.u8(0..100) {
            0..30 => self.ask(),
            30..60 => self.deliver(),
            60..75 => self.store(partition),
            75..82 => self.logs.get_mut(&partition).unwrap().append(&mut self.rng),
            82..85 => self.move_leader(partition),
            85..91 => self.publish_view(),
            91..93 => self.rewind(partition),
            93..95 => self.hold(partition),
            _ => self.now += Duration::from_millis(self.rng.u64(0..300)),
        }
    }

    fn ask(&mut self) {
        for broker in self.core.brokers(self.now) {
            while let Some((ticket, request)) = self.core.next_request(broker, 12, self.now) {
                let response = if self.chance(15) { None } else { Some(self.serve(broker, &request)) };
                self.under_way.push(UnderWay { ticket, response });
            }
        }
    }

    fn serve(&mut self, broker: i32, request: &FetchRequest) -> FetchResponse {
        if self.chance(5) {
            return FetchResponse::default().with_error_code(-1);
        }
        let mut answers: Vec<PartitionData> = Vec::new();
        for (partition, position) in asked(request) {
            if self.chance(5) {
                continue; // left out
            }
            let refused = if self.chance(5) { Some(*self.rng.choice(&[3, 5, 7, 56, 74, 75, 78, 9_999]).unwrap()) } else { None };
            let log = self.logs.get_mut(&partition).unwrap();
            answers.push(match refused {
                Some(code) => refusal(partition, code),
                None if log.leader != broker => refusal(partition, 6),
                None => {
                    let (bytes, high_watermark) = log.read(position, &mut self.rng);
                    full(partition, bytes).with_high_watermark(high_watermark)
                }
            });
            if self.chance(5) {
                answers.extend(answers.last().cloned()); // twice
            }
        }
        answer(answers).with_throttle_time_ms(if self.chance(5) { 200 } else { 0 })
    }

    fn deliver(&mut self) {
        if self.under_way.is_empty() {
            return;
        }
        let UnderWay { ticket, response } = self.under_way.swap_remove(self.rng.usize(..self.under_way.len()));
        let Some(response) = response else { return self.core.on_failure(&ticket) };
        for action in self.core.on_response(ticket, response, self.now) {
            match action {
                Action::Records(records) => self.receive(&records),
                Action::RefreshMetadata { .. } => self.views.push(self.truth()),
                Action::Watermarks(_) | Action::Trouble { .. } => {}
                other => panic!("{other:?} out of nothing"),
            }
        }
    }

    fn receive(&mut self, records: &PartitionRecords) {
        let reader = self.readers.get_mut(&records.partition).unwrap();
        let log = self.logs.get_mut(&records.partition).unwrap();
        log.strained = false;
        assert_eq!(records.from, reader.expected(), "partition {} goes on where it ended", records.partition);
        assert!(records.next > records.from);
        let mut arena = Arena::new(1 << 20);
        let mut found = Vec::new();
        for batch in Walk::new(&records.records) {
            let batch = batch.unwrap();
            batch.verify().unwrap();
            let mut batch = batch.records(&mut arena).unwrap();
            while let Some(record) = batch.next().unwrap() {
                if record.offset >= records.from {
                    found.push(record.offset);
                }
            }
        }
        assert_eq!(found, log.records_within(records.from..records.next));
        reader.pending.push_back(records.from..records.next);
        self.pieces += 1;
    }

    /// The oldest piece is decoded, and in the table.
    fn store(&mut self, partition: i32) {
        let reader = self.readers.get_mut(&partition).unwrap();
        if let Some(piece) = reader.pending.pop_front() {
            assert_eq!(piece.start, reader.position);
            reader.position = piece.end;
        }
    }

    /// Decoding went wrong: back to the table's position.
    fn rewind(&mut self, partition: i32) {
        let reader = self.readers.get_mut(&partition).unwrap();
        self.discarded += reader.pending.len();
        reader.pending.clear();
        let pause = self.rng.bool();
        self.core.rewind(partition, reader.position, -1, self.now, pause);
    }

    fn hold(&mut self, partition: i32) {
        let reader = self.readers.get_mut(&partition).unwrap();
        reader.held = !reader.held;
        self.core.hold(partition, reader.held);
    }

    fn move_leader(&mut self, partition: i32) {
        let log = self.logs.get_mut(&partition).unwrap();
        log.leader = self.rng.i32(1..=BROKERS);
        log.epoch += 1;
        if self.rng.u8(..) < 60 {
            // An election without a winner for a while.
            let mut view = self.truth();
            view[usize::try_from(partition).unwrap()].1 = -1;
            self.views.push(view);
            self.logs.get_mut(&partition).unwrap().epoch += 1;
        }
        self.views.push(self.truth());
    }

    /// Metadata arrives, in any order, sometimes twice.
    fn publish_view(&mut self) {
        if self.views.is_empty() {
            return;
        }
        let which = self.rng.usize(..self.views.len());
        self.core.topic_view(&view(&self.views[which]));
        if self.rng.bool() {
            self.views.drain(..which);
        }
    }

    /// The faults are over: everything arrives, and then nothing is asked any more.
    fn settle(&mut self) {
        self.faults = false;
        for partition in 0..PARTITIONS {
            let log = &self.logs[&partition];
            self.core.set_stop(partition, log.end);
            self.core.hold(partition, false);
        }
        self.core.topic_view(&view(&self.truth()));
        for _ in 0..2_000 {
            self.ask();
            while !self.under_way.is_empty() {
                self.deliver();
            }
            if self.core.brokers(self.now).is_empty() {
                break;
            }
            if let Some(due) = self.core.timeout(self.now) {
                self.now = due;
            }
        }
        for partition in 0..PARTITIONS {
            while !self.readers[&partition].pending.is_empty() {
                self.store(partition);
            }
            let log = &self.logs[&partition];
            assert_eq!(self.readers[&partition].position, log.end, "partition {partition} arrives");
        }
        assert!(self.core.brokers(self.now).is_empty());
    }
}

#[test]
fn nothing_is_lost_doubled_or_reordered_whatever_brokers_network_and_driver_do() {
    let (mut pieces, mut discarded) = (0, 0);
    for seed in 0..SEEDS {
        let outcome = std::panic::catch_unwind(|| {
            let mut world = World::new(seed);
            for _ in 0..STEPS {
                world.step();
            }
            world.settle();
            (world.pieces, world.discarded)
        });
        let (more, gone) = outcome.unwrap_or_else(|_| panic!("seed {seed}"));
        pieces += more;
        discarded += gone;
    }
    // A simulation in which nothing happens proves nothing.
    assert!(pieces > 50 * usize::try_from(SEEDS).unwrap(), "{pieces} pieces");
    assert!(discarded > usize::try_from(SEEDS).unwrap(), "{discarded} pieces discarded by rewinds");
}
