//! Where a lane's answers are decoded: on its own thread, or beside it.
//!
//! A lane that has cores to itself, because the topic has fewer partitions than there are cores, reads the next answer while a thread
//! beside it decodes the last one. The answers stay in their order, so every partition does. When one does not come to its end, what
//! is queued behind it of the same partition is left out: the lane goes back to the table's position, and fetches it again.

mod beside;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::beside::Beside;
use super::assembler::{Assembler, End, Outcome};
use crate::error::{Error, Result};
use crate::fetch::PartitionRecords;
use crate::position::{Offset, Partition};

/// Answers whose records are together smaller than this are decoded where they were read, if nothing else is being decoded: to wake
/// another thread takes longer.
const WORTH_A_HAND_OVER: usize = 128 << 10;

/// One partition's part of an answer.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) records: PartitionRecords,
    pub(super) end: End,
    pub(super) receive_time: i64,
}

/// What became of a work, or of the chunk that an answer's works were assembled to.
#[derive(Debug)]
pub(super) enum Decoded {
    Partition(Partition, Result<Outcome>),
    /// The answer's rows are in the table, or cannot be.
    Sealed(Result<()>),
}

/// The decoding of a lane's answers.
pub(super) struct Decoding {
    bench: Arc<Mutex<Bench>>,
    beside: Option<Beside>,
    /// What was decoded here and is not yet told.
    done: VecDeque<Decoded>,
    /// Answers that are handed over and not yet sealed.
    under_way: usize,
    /// Counts the outcomes that let the lane go back. What was handed over before the last one may be of no use.
    era: u64,
}

/// What an answer is decoded with, wherever that is.
struct Bench {
    assembler: Assembler,
    /// Partitions whose works of this era and before are left out.
    barred: BTreeMap<Partition, u64>,
    /// The same for all partitions.
    all_barred: Option<u64>,
}

impl Decoding {
    /// On the lane's own thread.
    pub(super) fn here(assembler: Assembler) -> Self {
        let bench = Bench { assembler, barred: BTreeMap::new(), all_barred: None };
        Self { bench: Arc::new(Mutex::new(bench)), beside: None, done: VecDeque::new(), under_way: 0, era: 0 }
    }

    /// On a thread beside the lane's, which keeps `alive` until it has ended.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub(super) fn beside(assembler: Assembler, alive: impl Send + 'static) -> std::io::Result<Self> {
        let mut decoding = Self::here(assembler);
        decoding.beside = Some(Beside::start(Arc::clone(&decoding.bench), alive)?);
        Ok(decoding)
    }

    /// Whether another answer may be submitted. Where not, [`Self::wait`] is to be waited for.
    pub(super) fn has_room(&self) -> bool {
        self.under_way < beside::DEPTH
    }

    /// Decodes an answer's works, now or soon. What becomes of them is told by [`Self::next`].
    pub(super) fn submit(&mut self, works: Vec<Work>) {
        let bytes: usize = works.iter().map(|work| work.records.records.len()).sum();
        match &self.beside {
            Some(beside) if self.under_way > 0 || bytes >= WORTH_A_HAND_OVER => {
                self.under_way += 1;
                beside.submit(works, self.era);
            }
            _ => lock(&self.bench).decode(works, self.era, |decoded| self.done.push_back(decoded)),
        }
    }

    /// As [`Assembler::catch_up`]. Nothing is being decoded meanwhile.
    pub(super) fn catch_up(&self, partition: Partition, position: Offset, end: End, receive_time: i64) -> Result<Outcome> {
        lock(&self.bench).assembler.catch_up(partition, position, end, receive_time)
    }

    /// What has been decoded and not been told.
    pub(super) fn next(&mut self) -> Option<Decoded> {
        if let Some(decoded) = self.done.pop_front() {
            return Some(decoded);
        }
        let decoded = self.beside.as_ref().filter(|_| self.under_way > 0)?.try_next();
        self.told(decoded)
    }

    /// As [`Self::next`], and waits for what is being decoded; none where nothing is. Blocks the thread: milliseconds.
    pub(super) fn rest(&mut self) -> Option<Decoded> {
        if let Some(decoded) = self.done.pop_front() {
            return Some(decoded);
        }
        let decoded = self.beside.as_ref().filter(|_| self.under_way > 0)?.next();
        self.told(decoded)
    }

    /// Returns when [`Self::next`] may have something.
    ///
    /// Cancel safety: safe.
    pub(super) async fn wait(&self) {
        match &self.beside {
            Some(beside) if self.under_way > 0 => beside.wait().await,
            _ => std::future::pending().await,
        }
    }

    /// The lane goes back to the table's position: what is submitted from here on is what it fetches there.
    pub(super) fn went_back(&mut self) {
        self.era += 1;
    }

    fn told(&mut self, decoded: Option<Decoded>) -> Option<Decoded> {
        if matches!(decoded, Some(Decoded::Sealed(_))) {
            self.under_way = self.under_way.saturating_sub(1);
        }
        decoded
    }
}

impl Bench {
    /// Decodes an answer's works, tells what became of each, and brings all of it to the table.
    fn decode(&mut self, works: Vec<Work>, era: u64, mut tell: impl FnMut(Decoded)) {
        for work in works {
            let partition = work.records.partition;
            let bar = self.barred.get(&partition).copied().max(self.all_barred);
            if bar.is_some_and(|bar| era <= bar) {
                continue;
            }
            let mut outcome = self.assembler.decode(&work.records, work.end, work.receive_time);
            // The frame goes back to its pool before anything else.
            drop(work);
            if !matches!(outcome, Ok(Outcome::Done)) {
                match outcome {
                    // What the others had in the open chunk is gone with it.
                    Err(Error::Panicked { .. }) => self.all_barred = Some(era),
                    _ => drop(self.barred.insert(partition, era)),
                }
                // The partition's position in the table must be right wherever the decoding did not go to the end.
                if let Err(error) = self.assembler.seal() {
                    outcome = Err(error);
                }
            }
            tell(Decoded::Partition(partition, outcome));
        }
        tell(Decoded::Sealed(self.assembler.seal()));
    }
}

fn lock(bench: &Mutex<Bench>) -> MutexGuard<'_, Bench> {
    bench.lock().unwrap_or_else(PoisonError::into_inner)
}
