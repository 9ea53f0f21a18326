//! The log of one partition: what it holds, how far it may be read, and what a fetch gets of it.

mod epochs;
mod producers;
mod storage;
mod transactions;

pub(crate) use producers::Sequence;
pub(crate) use storage::{Located, Storage};
pub use transactions::Aborted;

use crate::batch::{BatchHeader, assign};
use bytes::{Bytes, BytesMut};
use epochs::Epochs;
use producers::Producers;
use transactions::Transactions;

/// One partition's log.
#[derive(Debug)]
pub(crate) struct PartitionLog {
    storage: Storage,
    log_start: i64,
    log_end: i64,
    /// Where set, the high watermark stays below this, as if replicas lagged.
    pub(crate) high_watermark_limit: Option<i64>,
    /// Where set, the last stable offset stays below this, as if a transaction were open.
    pub(crate) last_stable_limit: Option<i64>,
    /// Where set, what a read_committed fetch says instead of the transactions that were aborted.
    pub(crate) aborted_override: Option<Vec<Aborted>>,
    pub(crate) epochs: Epochs,
    pub(crate) producers: Producers,
    transactions: Transactions,
}

/// What a fetch gets of one partition.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) parts: Vec<Bytes>,
    pub(crate) len: usize,
    /// The offset behind the last batch of the chunk, cut or whole.
    pub(crate) upper: i64,
}

impl PartitionLog {
    pub(crate) fn new() -> Self {
        Self {
            storage: Storage::empty(),
            log_start: 0,
            log_end: 0,
            high_watermark_limit: None,
            last_stable_limit: None,
            aborted_override: None,
            epochs: Epochs::default(),
            producers: Producers::default(),
            transactions: Transactions::default(),
        }
    }

    pub(crate) fn log_start(&self) -> i64 {
        self.log_start
    }

    pub(crate) fn log_end(&self) -> i64 {
        self.log_end
    }

    pub(crate) fn high_watermark(&self) -> i64 {
        self.high_watermark_limit.map_or(self.log_end, |limit| limit.min(self.log_end))
    }

    pub(crate) fn last_stable(&self) -> i64 {
        [self.last_stable_limit, self.transactions.first_open()].into_iter().flatten().fold(self.high_watermark(), i64::min)
    }

    /// Whether batches can be appended: a repeating log is only read.
    pub(crate) fn is_appendable(&self) -> bool {
        matches!(self.storage, Storage::Stored(_))
    }

    /// Appends one batch at the end: base offset and leader epoch are assigned, all else stays as it is.
    pub(crate) fn append(&mut self, mut batch: BytesMut, leader_epoch: i32) -> i64 {
        let base_offset = self.log_end;
        assign(&mut batch, base_offset, leader_epoch);
        self.epochs.note(leader_epoch, base_offset);
        self.store(batch.freeze());
        base_offset
    }

    /// Stores one batch as it is, base offset and all; one that starts behind the end leaves a gap.
    pub(crate) fn store(&mut self, batch: Bytes) {
        if let Ok(header) = BatchHeader::read(&batch) {
            self.transactions.observe(&batch, &header);
            self.store_as(header.base_offset, header.last_offset(), header.max_timestamp, batch);
        }
    }

    /// Stores bytes that need not be a batch under these offsets.
    pub(crate) fn store_as(&mut self, base_offset: i64, last_offset: i64, max_timestamp: i64, bytes: Bytes) {
        self.storage.push(base_offset, last_offset, max_timestamp, bytes);
        self.log_end = self.log_end.max(last_offset.saturating_add(1));
    }

    /// Replaces everything by batches that are served over and over.
    pub(crate) fn repeat(&mut self, batches: &[Bytes], rounds: u64) {
        self.storage = Storage::repeating(batches, rounds);
        self.log_start = 0;
        self.log_end = self.storage.end();
        self.transactions = Transactions::default();
    }

    /// Moves the log start; whole batches below it are forgotten, one that reaches across stays whole.
    pub(crate) fn delete_before(&mut self, offset: i64) -> i64 {
        let offset = if offset < 0 { self.high_watermark() } else { offset.min(self.high_watermark()) };
        self.log_start = self.log_start.max(offset);
        self.storage.drop_before(self.log_start);
        self.log_start
    }

    /// Forgets everything from `offset` on, as a follower does that was ahead of an unclean leader.
    pub(crate) fn truncate(&mut self, offset: i64) {
        self.storage.truncate(offset);
        self.log_end = self.log_end.min(offset);
        self.log_start = self.log_start.min(self.log_end);
        self.transactions.truncate(offset);
        self.producers.truncate(offset);
        self.epochs.truncate(offset);
    }

    /// Reads from the batch that holds `from` (or the next one) and below `limit`.
    ///
    /// `max_bytes` cuts the last batch, but the first one is whole when `at_least_one`, and otherwise nothing at all is read where
    /// it would be cut (KIP-74).
    pub(crate) fn read(&self, from: i64, limit: i64, max_bytes: usize, at_least_one: bool) -> Chunk {
        let mut chunk = Chunk { upper: from, ..Chunk::default() };
        for batch in self.storage.from(from) {
            if batch.last_offset >= limit {
                break;
            }
            let room = max_bytes.saturating_sub(chunk.len);
            let first = chunk.len == 0;
            if batch.len() > room && first && !at_least_one {
                break;
            }
            let taken = if first && at_least_one { batch.len() } else { room.min(batch.len()) };
            if taken == 0 {
                break;
            }
            chunk.upper = batch.last_offset.saturating_add(1);
            chunk.len += taken;
            batch.push_into(taken, &mut chunk.parts);
            if taken < batch.len() || chunk.len >= max_bytes {
                break;
            }
        }
        chunk
    }

    /// The aborted transactions that a read_committed fetch of `from..upper` is told of.
    pub(crate) fn aborted(&self, from: i64, upper: i64) -> Vec<Aborted> {
        match &self.aborted_override {
            Some(aborted) => aborted.clone(),
            None => self.transactions.aborted(from, upper),
        }
    }

    /// The batches from the one that holds `from`, in order; of a repeating log at most one round.
    pub(crate) fn batches(&self, from: i64) -> impl Iterator<Item = Located> + '_ {
        self.storage.from(from.max(self.log_start)).take(self.storage.batches_per_round())
    }
}

#[cfg(test)]
mod tests;
