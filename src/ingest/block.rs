//! Up to 64 records on their way to the decoders: slices side by side, and what lies between them in the log.

use crate::position::{Offset, Span};
use crate::record::{RawHeaders, RecordRef};

/// Records in a block. Small enough that the payloads of a block stay in the first cache, large enough that a dispatch per block costs
/// nothing per record.
pub(super) const BLOCK_ROWS: usize = 64;

/// Up to [`BLOCK_ROWS`] records of one partition, in offset order.
///
/// It keeps what became of the offsets between a record and the one before, so that a block can be cut at any record with every offset
/// accounted for.
#[derive(Debug)]
pub(super) struct Block<'a> {
    len: usize,
    offsets: [Offset; BLOCK_ROWS],
    timestamps: [i64; BLOCK_ROWS],
    keys: [Option<&'a [u8]>; BLOCK_ROWS],
    values: [Option<&'a [u8]>; BLOCK_ROWS],
    /// Where a column asks for them; none otherwise.
    headers: Vec<RawHeaders<'a>>,
    with_headers: bool,
    /// Where something lies between two records, which in most logs is nowhere.
    between: Vec<Between>,
    /// The offset after everything that was seen.
    next: Offset,
    gaps: u64,
    filtered: u64,
}

/// What became of the offsets before the record at this index, back to the one before it.
#[derive(Debug, Clone, Copy)]
struct Between {
    at: usize,
    gaps: u64,
    filtered: u64,
}

impl<'a> Block<'a> {
    /// A block whose first offset is `next`, with the records' headers or without.
    pub(super) fn new(next: Offset, with_headers: bool) -> Self {
        Self {
            len: 0,
            offsets: [0; BLOCK_ROWS],
            timestamps: [0; BLOCK_ROWS],
            keys: [None; BLOCK_ROWS],
            values: [None; BLOCK_ROWS],
            headers: Vec::new(),
            with_headers,
            between: Vec::new(),
            next,
            gaps: 0,
            filtered: 0,
        }
    }

    /// Adds a record. There must be room: [`Block::is_full`].
    ///
    /// Part of the loop over the records: as a call it would take the record, written in halves, out of memory in wholes, and wait for it.
    #[inline(always)]
    pub(super) fn push(&mut self, record: &RecordRef<'a>) {
        debug_assert!(!self.is_full());
        let at = self.len;
        if record.offset != self.next || (self.gaps | self.filtered) != 0 {
            self.come_to(record.offset);
        }
        self.offsets[at] = record.offset;
        self.timestamps[at] = record.timestamp;
        self.keys[at] = record.key;
        self.values[at] = record.value;
        if self.with_headers {
            self.headers.push(record.headers);
        }
        self.len += 1;
        self.next = record.offset + 1;
    }

    /// The next record is that at `offset`: what lies before it is written down.
    #[cold]
    fn come_to(&mut self, offset: Offset) {
        self.gap_to(offset);
        let (gaps, filtered) = (std::mem::take(&mut self.gaps), std::mem::take(&mut self.filtered));
        self.between.push(Between { at: self.len, gaps, filtered });
    }

    /// Leaves out the record at `offset` on purpose.
    pub(super) fn filter(&mut self, offset: Offset) {
        self.gap_to(offset);
        self.filtered += 1;
        self.next = offset + 1;
    }

    /// Says that the log holds nothing between what was seen and `offset`.
    pub(super) fn gap_to(&mut self, offset: Offset) {
        self.gaps += distance(self.next, offset);
        self.next = self.next.max(offset);
    }

    /// The offset after everything that was seen.
    pub(super) fn next(&self) -> Offset {
        self.next
    }

    pub(super) fn is_full(&self) -> bool {
        self.len == BLOCK_ROWS
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn offsets(&self) -> &[Offset] {
        &self.offsets[..self.len]
    }

    pub(super) fn timestamps(&self) -> &[i64] {
        &self.timestamps[..self.len]
    }

    pub(super) fn keys(&self) -> &[Option<&'a [u8]>] {
        &self.keys[..self.len]
    }

    pub(super) fn values(&self) -> &[Option<&'a [u8]>] {
        &self.values[..self.len]
    }

    /// One for each record, unread; none without a column that asks for them.
    pub(super) fn headers(&self) -> &[RawHeaders<'a>] {
        &self.headers
    }

    /// Accounts for the first `records` of the block in `span`, each a row except those whose index is in `failed` (ascending); for
    /// all of the block, what came after its last record too. The block is empty afterwards.
    pub(super) fn account(&mut self, records: usize, failed: &[usize], span: &mut Span) {
        let failed = failed.partition_point(|index| *index < records) as u64;
        for between in self.between.iter().take_while(|between| between.at < records) {
            span.gaps += between.gaps;
            span.filtered += between.filtered;
        }
        span.rows += records as u64 - failed;
        span.errors += failed;
        if records == self.len {
            span.gaps += self.gaps;
            span.filtered += self.filtered;
            span.next = self.next;
        } else if let Some(last) = records.checked_sub(1) {
            span.next = self.offsets[last] + 1;
        }
        self.headers.clear();
        self.between.clear();
        (self.len, self.gaps, self.filtered) = (0, 0, 0);
    }
}

/// Offsets from `from` to `to`, none where `to` is not beyond.
pub(super) fn distance(from: Offset, to: Offset) -> u64 {
    u64::try_from(to.saturating_sub(from)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::RawHeaders;

    fn record(offset: Offset) -> RecordRef<'static> {
        RecordRef { offset, timestamp: 0, key: None, value: Some(b"v"), headers: RawHeaders::default() }
    }

    /// Offsets 0, 1, gap 2..5, 5, tombstone 6, 7, gap 8..10.
    fn block() -> Block<'static> {
        let mut block = Block::new(0, false);
        for offset in [0, 1, 5] {
            block.push(&record(offset));
        }
        block.filter(6);
        block.push(&record(7));
        block.gap_to(10);
        block
    }

    #[test]
    fn a_whole_block_accounts_for_every_offset_up_to_its_end() {
        let mut span = Span::empty(3, 0);
        block().account(4, &[1], &mut span);
        assert_eq!(span, Span { next: 10, rows: 3, errors: 1, filtered: 1, gaps: 5, ..Span::empty(3, 0) });
        assert!(span.adds_up());
    }

    #[test]
    fn a_block_cut_at_any_record_adds_up() {
        for records in 0..=4 {
            let mut span = Span::empty(0, 0);
            block().account(records, &[0], &mut span);
            assert!(span.adds_up(), "cut at {records}: {span:?}");
            assert_eq!(span.next, [0, 1, 2, 6, 10][records]);
        }
    }
}
