//! Fetched bytes of one partition, through batches, records and decoders, to chunks of a table.

mod again;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::again::Again;
use super::block::{Block, distance};
use super::errors::{Bad, ErrorRows, side_name};
use super::metadata::Origin;
use super::rows::{Failure, Rows};
use crate::decode::{OnError, Reason};
use crate::error::{Error, Result};
use crate::fetch::PartitionRecords;
use crate::position::{Offset, Partition, Span};
use crate::record::{AbortedTransactions, Arena, BatchError, BatchHeader, BatchRecords, RawBatch, RecordCursor, Walk};
use crate::spec::{SchemaId, Side};
use crate::table::{Allowance, Budget, Chunk, Publisher};

/// What is brought into the cache before it is known how large records are.
const FIRST_BLOCK_BYTES: usize = 8 << 10;

/// More does not stay in the first cache until it is read.
const MOST_WARMED: usize = 24 << 10;

const CACHE_LINE: usize = 64;

/// How records become rows, the same for every partition of a consumption.
#[derive(Debug, Clone)]
pub(crate) struct AssemblySettings {
    pub(crate) topic: Arc<str>,
    pub(crate) check_crc: bool,
    pub(crate) on_error: OnError,
    /// Leave out records whose value is null.
    pub(crate) skip_tombstones: bool,
    /// Close a chunk at this many rows.
    pub(crate) chunk_rows: usize,
    /// Close a chunk when its rows take this many bytes.
    pub(crate) chunk_bytes: usize,
    /// The largest that one batch may become when it is decompressed.
    pub(crate) decompressed_limit: usize,
    /// One chunk never holds rows of two partitions.
    pub(crate) by_partition: bool,
    /// The most bytes of a payload that the error table keeps.
    pub(crate) error_raw_bytes: usize,
    /// Only these records, which could not be decoded before.
    pub(crate) again: Option<Arc<Again>>,
}

/// Where a partition ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct End {
    /// Before this offset.
    pub(crate) offset: Option<Offset>,
    /// Before the first record whose timestamp (ms) is at least this.
    pub(crate) timestamp: Option<i64>,
}

/// How the decoding of a partition's bytes ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All bytes are decoded.
    Done,
    /// The budget has no room: what is not decoded is to be fetched again.
    Held,
    /// The partition's end is reached.
    Ended,
    /// The consumption's row limit is reached.
    LimitReached,
    /// The schema of the record at the position is asked for: from there on all is to be fetched again when it is there.
    Awaits(SchemaId),
}

/// Decodes what a lane fetches, batch by batch, into the columns of its next chunk.
pub(crate) struct Assembler {
    settings: AssemblySettings,
    publisher: Publisher,
    budget: Budget,
    allowance: Allowance,
    rows: Rows,
    errors: ErrorRows,
    spans: Vec<Span>,
    /// Not here while records borrow from it.
    arena: Option<Arena>,
    failures: Vec<Failure>,
    failed: Vec<usize>,
    /// Makes columns and decoders anew after a panic; where there is nothing that does, the panic goes on.
    fresh: Option<Fresh>,
}

/// Makes columns and decoders.
type Fresh = Box<dyn Fn() -> Result<Rows> + Send>;

impl Assembler {
    pub(crate) fn new(
        settings: AssemblySettings,
        rows: Rows,
        publisher: Publisher,
        budget: Budget,
        allowance: Allowance,
    ) -> Self {
        Self {
            errors: ErrorRows::new(&settings.topic, settings.error_raw_bytes),
            settings,
            publisher,
            budget,
            allowance,
            rows,
            spans: Vec::new(),
            arena: None,
            failures: Vec::new(),
            failed: Vec::new(),
            fresh: None,
        }
    }

    /// A decoder that panics is one partition's trouble from here on: the open chunk is forgotten, and columns and decoders are made
    /// anew.
    pub(crate) fn surviving_panics(mut self, fresh: impl Fn() -> Result<Rows> + Send + 'static) -> Self {
        self.fresh = Some(Box::new(fresh));
        self
    }

    /// Decodes `fetched`, whose records go on at the table's position of the partition.
    ///
    /// Whatever it answers, all that was decoded is in the table or in the open chunk, and [`Assembler::seal`] brings the table's
    /// position to the first offset that was not decoded.
    ///
    /// # Errors
    ///
    /// A damaged batch ([`Error::Batch`]), a record that cannot be decoded under [`OnError::Fail`]. What was before it is kept. After
    /// [`Error::Panicked`] the open chunk is forgotten: every partition goes on at its table's position.
    pub(crate) fn decode(&mut self, fetched: &PartitionRecords, end: End, receive_time_nanos: i64) -> Result<Outcome> {
        let partition = fetched.partition;
        let Some(position) = self.publisher.position(partition) else { return Ok(Outcome::Ended) };
        if fetched.from > position {
            // Booked as a gap, what lies between would be lost without a word.
            return Err(Error::NotContiguous { partition, expected: position, found: fetched.from });
        }
        if self.settings.by_partition && !self.spans.is_empty() {
            self.seal()?;
        }
        let mut unit = Unit { partition, end, receive_time_nanos, span: Span::empty(partition, position) };
        let mut aborted = AbortedTransactions::new(fetched.aborted.clone());
        let mut outcome = Outcome::Done;
        let again = self.settings.again.clone();
        // What others take meanwhile is seen at the next chunk: nothing is asked for each batch that another thread may hold.
        let mut has_room = self.publisher.has_room(partition);
        let mut decoded_bytes = Decoded { publisher: self.publisher.clone(), bytes: 0 };
        for batch in Walk::new(&fetched.records) {
            let batch = batch.map_err(|reason| self.batch_error(partition, unit.span.next, reason))?;
            if !has_room {
                outcome = Outcome::Held;
                break;
            }
            let decoded = match self.fresh {
                None => self.batch(&mut unit, &batch, &mut aborted),
                Some(_) => match catch_unwind(AssertUnwindSafe(|| self.batch(&mut unit, &batch, &mut aborted))) {
                    Ok(decoded) => decoded,
                    Err(panic) => return Err(self.start_over(&unit, batch.header.base_offset, panic.as_ref())),
                },
            };
            let decoded = match (decoded, &again) {
                // What is wanted beyond the end is not in the log.
                (Ok(Outcome::Ended), Some(again)) => match self.lose(&mut unit, again, Offset::MAX) {
                    Ok(Outcome::Done) => Ok(Outcome::Ended),
                    other => other,
                },
                (decoded, _) => decoded,
            };
            if unit.span.next > unit.span.first {
                // Also of a batch that was taken in part: an offset within it is beyond the end of the epoch before.
                unit.span.leader_epoch = batch.header.leader_epoch.max(-1);
            }
            self.keep(&mut unit);
            outcome = decoded?;
            if !matches!(outcome, Outcome::Awaits(_)) {
                decoded_bytes.bytes += batch.bytes.len() as u64;
            }
            if outcome != Outcome::Done {
                break;
            }
            if self.rows.len() >= self.settings.chunk_rows || self.rows.used() >= self.settings.chunk_bytes {
                self.seal()?;
                has_room = self.publisher.has_room(partition);
            }
        }
        Ok(outcome)
    }

    /// A panic left columns and decoders in whatever state: they are made anew, and what is not in the table is forgotten.
    fn start_over(&mut self, unit: &Unit, base: Offset, panic: &(dyn Any + Send)) -> Error {
        let forgotten = self.spans.iter().map(|span| span.rows).sum::<u64>() + unit.span.rows;
        self.allowance.put_back(forgotten);
        self.spans.clear();
        self.errors = ErrorRows::new(&self.settings.topic, self.settings.error_raw_bytes);
        self.arena = None;
        match self.fresh.as_ref().map(|fresh| fresh()) {
            Some(Ok(rows)) => self.rows = rows,
            Some(Err(error)) => return error,
            None => {}
        }
        Error::Panicked {
            what: format!("{}/{}, the batch at offset {base}:", self.settings.topic, unit.partition),
            reason: panic_message(panic),
        }
    }

    /// The table's position.
    #[cfg(test)]
    pub(super) fn position(&self, partition: Partition) -> Option<Offset> {
        self.publisher.position(partition)
    }

    /// Closes the open chunk and appends it to its table: from here on its rows are the table's, and its position has moved.
    pub(crate) fn seal(&mut self) -> Result<()> {
        if self.spans.is_empty() {
            return Ok(());
        }
        // Memory that is much larger than its rows is not given out with them.
        let bytes = self.rows.bytes().min(2 * self.rows.used()) + self.errors.bytes();
        let (batch, offsets) = self.rows.finish()?;
        let errors = self.errors.finish()?;
        let spans = std::mem::take(&mut self.spans);
        self.publisher.append(Chunk::new(batch, spans, offsets, errors, self.budget.charge(bytes)))
    }

    /// Moves what the unit has covered into the open chunk.
    fn keep(&mut self, unit: &mut Unit) {
        if unit.span.next == unit.span.first {
            return;
        }
        debug_assert!(unit.span.adds_up(), "{:?}", unit.span);
        match self.spans.last_mut() {
            // A run is of one leader: a log that loses its end loses what the last ones wrote, and where that began must be known.
            Some(last) if last.partition == unit.partition && last.leader_epoch == unit.span.leader_epoch => {
                last.extend(&unit.span);
            }
            _ => self.spans.push(unit.span),
        }
        unit.span = Span::empty(unit.partition, unit.span.next);
    }

    fn batch(&mut self, unit: &mut Unit, batch: &RawBatch<'_>, aborted: &mut AbortedTransactions) -> Result<Outcome> {
        let base = batch.header.base_offset;
        let next = batch.header.next_offset().map_err(|reason| self.batch_error(unit.partition, base, reason))?;
        // Also of a batch that is left out: a marker in it closes a transaction.
        let is_aborted = aborted.filters(batch);
        if next <= unit.span.next {
            return Ok(Outcome::Done);
        }
        if unit.end.offset.is_some_and(|end| unit.span.next >= end) {
            return Ok(Outcome::Ended);
        }
        if self.settings.check_crc {
            batch.verify().map_err(|reason| self.batch_error(unit.partition, base, reason))?;
        }
        let again = self.settings.again.clone();
        if let Some(again) = &again {
            let outcome = self.lose(unit, again, base)?;
            if outcome != Outcome::Done {
                return Ok(outcome);
            }
        }
        let unwanted = again.as_ref().is_some_and(|again| again.between(unit.partition, unit.span.next, next).is_empty());
        let hidden = match (batch.header.is_control(), is_aborted || unwanted) {
            (true, _) => Some(Hidden::Control),
            (false, true) => Some(Hidden::Filtered),
            (false, false) => None,
        };
        let mut arena = self.arena.take().unwrap_or_else(|| Arena::new(self.settings.decompressed_limit));
        let outcome = match hidden {
            None => match batch.records(&mut arena) {
                Ok(BatchRecords::Batch(records)) => self.records(unit, records, &batch.header),
                Ok(BatchRecords::Messages(messages)) => self.records(unit, messages, &batch.header),
                Err(reason) => Err(self.batch_error(unit.partition, base, reason)),
            },
            Some(hidden) => {
                hidden.count(unit, batch, next, &mut arena).map_err(|reason| self.batch_error(unit.partition, base, reason))
            }
        };
        self.arena = Some(arena);
        match (outcome?, &again) {
            (Outcome::Done, Some(again)) => match self.lose(unit, again, unit.end.offset.unwrap_or(next).min(next))? {
                Outcome::Done => Ok(unit.close(next)),
                outcome => Ok(outcome),
            },
            (Outcome::Done, None) => Ok(unit.close(next)),
            (outcome, _) => Ok(outcome),
        }
    }

    fn records<'a>(&mut self, unit: &mut Unit, mut records: impl RecordCursor<'a>, header: &BatchHeader) -> Result<Outcome> {
        let mut block = Block::new(unit.span.next, self.rows.asks_for_headers());
        let origin = Origin::new(unit.partition, unit.receive_time_nanos, header);
        let again = self.settings.again.clone();
        let mut ended = false;
        let mut damage = None;
        let mut left = records.ahead();
        warm(left, FIRST_BLOCK_BYTES);
        loop {
            let Some(record) = records.next_good() else {
                // What stands before damage is good, and kept.
                damage = records.end().err();
                break;
            };
            if record.offset < unit.span.next {
                continue;
            }
            if unit.ends_before(record.offset, record.timestamp) {
                block.gap_to(unit.end.offset.map_or(record.offset, |end| end.min(record.offset)));
                ended = true;
                break;
            }
            if let Some(again) = &again {
                // A record of its own: the one that is referred to lies in memory, and the others need not.
                let record = record;
                let Some(last) = again.between(unit.partition, block.next(), record.offset + 1).last() else {
                    block.filter(record.offset);
                    continue;
                };
                let here = (last.offset == record.offset).then(|| again.kept(last));
                let is_another = here.as_ref().is_some_and(|kept| !kept.is_of(&record));
                if again.first_between(unit.partition, block.next(), record.offset).is_some() || is_another {
                    let mut outcome = self.block(unit, &origin, &mut block)?;
                    if outcome == Outcome::Done {
                        outcome = self.lose(unit, again, record.offset)?;
                    }
                    if outcome != Outcome::Done {
                        return Ok(outcome);
                    }
                    if let Some(kept) = here.filter(|_| is_another) {
                        unit.span.gaps += distance(unit.span.next, record.offset);
                        unit.span.next = record.offset;
                        self.replaced(unit, &kept);
                    }
                    block = Block::new(unit.span.next, self.rows.asks_for_headers());
                }
                if is_another {
                    continue;
                }
                if here.is_none() {
                    block.filter(record.offset);
                    continue;
                }
            }
            if self.settings.skip_tombstones && record.value.is_none() {
                block.filter(record.offset);
                continue;
            }
            block.push(&record);
            if block.is_full() {
                let outcome = self.block(unit, &origin, &mut block)?;
                if outcome != Outcome::Done {
                    return Ok(outcome);
                }
                let ahead = records.ahead();
                // The next block is about as large as this one.
                warm(ahead, left.len().saturating_sub(ahead.len()));
                left = ahead;
            }
        }
        let outcome = self.block(unit, &origin, &mut block)?;
        match damage {
            _ if outcome != Outcome::Done => Ok(outcome),
            Some(reason) => Err(self.batch_error(unit.partition, header.base_offset, reason)),
            None if ended => Ok(Outcome::Ended),
            None => Ok(Outcome::Done),
        }
    }

    /// Decodes a block into rows, sees to the payloads that could not be decoded, and accounts for its offsets.
    fn block(&mut self, unit: &mut Unit, origin: &Origin, block: &mut Block<'_>) -> Result<Outcome> {
        let start = self.rows.len();
        self.failures.clear();
        self.failed.clear();
        if block.len() > 0 {
            self.rows.append(block, origin, &mut self.failures);
        }
        let mut keep = block.len();
        let mut stopped = None;
        let mut awaited = None;
        if !self.failures.is_empty() {
            if let Some((index, id)) = self.first_pending() {
                (keep, awaited) = (index, Some(id));
                self.failures.retain(|failure| failure.index < index);
            }
            // One record is one error, whichever side failed first.
            self.failures.sort_by_key(|failure| (failure.index, matches!(failure.error.reason, Reason::Pending(_))));
            self.failures.dedup_by_key(|failure| failure.index);
            match self.settings.on_error {
                OnError::Null => self.failures.clear(),
                OnError::Collect => self.failed.extend(self.failures.iter().map(|failure| failure.index)),
                OnError::Fail => {
                    if let Some(failure) = self.failures.first() {
                        keep = failure.index;
                        stopped = Some(self.undecodable(unit.partition, block, failure));
                    }
                    self.failures.clear();
                }
            }
        }
        let good = keep - self.failed.len();
        let granted = self.allowance.take(good);
        if granted < good {
            keep = nth_good(granted, &self.failed);
        }
        if granted < good {
            awaited = None;
        }
        if self.allowance.is_used_up() {
            // What comes after the last row that was asked for does not count, whichever block it is in.
            stopped = None;
        }
        if keep < block.len() || !self.failed.is_empty() {
            self.rows.cut(start, keep, &self.failed);
            for failure in self.failures.iter().take_while(|failure| failure.index < keep) {
                let raw = match failure.side {
                    Some(Side::Key) => block.keys()[failure.index],
                    Some(Side::Value) => block.values()[failure.index],
                    None => None,
                };
                let (offset, timestamp) = (block.offsets()[failure.index], block.timestamps()[failure.index]);
                self.errors.append(Bad {
                    partition: unit.partition,
                    offset,
                    timestamp,
                    side: side_name(failure.side),
                    raw,
                    raw_bytes: raw.and_then(|bytes| i64::try_from(bytes.len()).ok()),
                    error: &failure.error,
                });
            }
        }
        block.account(keep, &self.failed, &mut unit.span);
        match stopped {
            Some(error) => Err(error),
            None if granted < good || self.allowance.is_used_up() => Ok(Outcome::LimitReached),
            None => Ok(awaited.map_or(Outcome::Done, Outcome::Awaits)),
        }
    }

    /// The first record of a block that may be decoded when its schema is there. One whose other side is an error is one already.
    fn first_pending(&self) -> Option<(usize, SchemaId)> {
        let pending = self.failures.iter().filter_map(|failure| match failure.error.reason {
            Reason::Pending(id) => Some((failure.index, id)),
            _ => None,
        });
        let is_lost = |index: usize| {
            let all = self.failures.iter().filter(|failure| failure.index == index);
            self.settings.on_error != OnError::Null
                && all.clone().any(|failure| !matches!(failure.error.reason, Reason::Pending(_)))
        };
        pending.filter(|(index, _)| !is_lost(*index)).min_by_key(|(index, _)| *index)
    }

    fn undecodable(&self, partition: Partition, block: &Block<'_>, failure: &Failure) -> Error {
        Error::Undecodable {
            topic: self.settings.topic.to_string(),
            partition,
            offset: block.offsets()[failure.index],
            side: side_name(failure.side),
            reason: Box::new(failure.error.clone()),
        }
    }

    fn batch_error(&self, partition: Partition, offset: Offset, reason: BatchError) -> Error {
        Error::Batch { topic: self.settings.topic.to_string(), partition, offset, reason }
    }
}

/// The bytes of batches that were decoded, counted for everybody to see when it is dropped.
struct Decoded {
    publisher: Publisher,
    bytes: u64,
}

impl Drop for Decoded {
    fn drop(&mut self) {
        self.publisher.status().decoded(self.bytes);
    }
}

/// The bytes of one partition on their way, and what has become of their offsets.
struct Unit {
    partition: Partition,
    end: End,
    receive_time_nanos: i64,
    span: Span,
}

impl Unit {
    #[inline(always)]
    fn ends_before(&self, offset: Offset, timestamp: i64) -> bool {
        self.end.offset.is_some_and(|end| offset >= end) || self.end.timestamp.is_some_and(|end| timestamp >= end)
    }

    /// A batch is read to its end: what its records do not cover up to `next` is a gap.
    fn close(&mut self, next: Offset) -> Outcome {
        let (next, outcome) = match self.end.offset {
            Some(end) if end <= next => (end, Outcome::Ended),
            _ => (next, Outcome::Done),
        };
        self.span.gaps += distance(self.span.next, next);
        self.span.next = self.span.next.max(next);
        outcome
    }
}

/// Records that are counted, and not decoded.
#[derive(Debug, Clone, Copy)]
enum Hidden {
    /// Transaction markers.
    Control,
    /// Data of an aborted transaction.
    Filtered,
}

impl Hidden {
    fn count(self, unit: &mut Unit, batch: &RawBatch<'_>, next: Offset, arena: &mut Arena) -> Result<Outcome, BatchError> {
        let span = &mut unit.span;
        let count = u64::try_from(batch.header.record_count).unwrap_or(0);
        let whole = batch.header.base_offset >= span.next && unit.end.offset.is_none_or(|end| next <= end);
        let hidden = if whole && count <= distance(batch.header.base_offset, next) {
            // The header says it all: nothing needs to be decompressed.
            span.gaps += distance(span.next, next) - count;
            span.next = next;
            count
        } else {
            let mut hidden = 0;
            let mut records = batch.records(arena)?;
            while let Some(record) = records.next()? {
                if record.offset < span.next {
                    continue;
                }
                if unit.end.offset.is_some_and(|end| record.offset >= end) {
                    break;
                }
                span.gaps += distance(span.next, record.offset);
                span.next = record.offset + 1;
                hidden += 1;
            }
            hidden
        };
        match self {
            Self::Control => span.control += hidden,
            Self::Filtered => span.filtered += hidden,
        }
        Ok(Outcome::Done)
    }
}

/// Brings bytes that are about to be read into the first cache, all at once. A large batch has left it since its checksum was made,
/// and where a record begins is known only when the length of the one before it has arrived: one wait for the memory after the other.
fn warm(bytes: &[u8], count: usize) {
    let mut all = 0;
    for line in bytes.chunks(CACHE_LINE).take(count.min(MOST_WARMED) / CACHE_LINE) {
        all ^= line.first().copied().unwrap_or_default();
    }
    std::hint::black_box(all);
}

/// The index behind the `good`-th record that did not fail. `failed` is ascending.
fn nth_good(good: usize, failed: &[usize]) -> usize {
    let mut end = good;
    for index in failed {
        if *index >= end {
            break;
        }
        end += 1;
    }
    end
}

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".into())
}
