//! The fixed 61 bytes in front of a batch of format 2.

use super::cursor::Cursor;
use super::{BatchError, Codec};

/// The length of a batch's header.
pub(crate) const HEADER_LEN: usize = 61;

/// The bytes that the header's `length` does not count: base offset and the length itself.
pub(super) const UNCOUNTED: usize = 12;

/// The bytes in front of what the checksum covers.
pub(super) const UNCHECKED: usize = 21;

const LOG_APPEND_TIME: i16 = 1 << 3;
const TRANSACTIONAL: i16 = 1 << 4;
const CONTROL: i16 = 1 << 5;

/// A batch's header, field by field, as it is on the wire; for a message of format 0 or 1, what it says in these words: a batch of one
/// record, of no producer and no known epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BatchHeader {
    /// The offset that the records' deltas add to.
    pub(crate) base_offset: i64,
    /// The bytes of the batch after this field.
    pub(crate) length: i32,
    /// The epoch of the leader that appended the batch.
    pub(crate) leader_epoch: i32,
    /// The message format: 2, or 0 or 1.
    pub(crate) magic: i8,
    /// CRC-32C of all that follows it.
    pub(crate) crc: u32,
    /// Codec, timestamp type, transactional, control.
    pub(crate) attributes: i16,
    /// The last offset less the base offset, as written; compaction may have removed that record.
    pub(crate) last_offset_delta: i32,
    /// The timestamp that the records' deltas add to.
    pub(crate) base_timestamp: i64,
    /// The largest timestamp; with log append time, that of every record.
    pub(crate) max_timestamp: i64,
    /// The producer, or -1.
    pub(crate) producer_id: i64,
    /// The producer's epoch, or -1.
    pub(crate) producer_epoch: i16,
    /// The sequence number of the first record, or -1.
    pub(crate) base_sequence: i32,
    /// How many records the batch holds.
    pub(crate) record_count: i32,
}

impl BatchHeader {
    /// Reads a header from the start of `bytes`.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, BatchError> {
        let what = "the batch header";
        let mut cursor = Cursor::new(bytes);
        Ok(Self {
            base_offset: i64::from_be_bytes(cursor.array(what)?),
            length: i32::from_be_bytes(cursor.array(what)?),
            leader_epoch: i32::from_be_bytes(cursor.array(what)?),
            magic: i8::from_be_bytes(cursor.array(what)?),
            crc: u32::from_be_bytes(cursor.array(what)?),
            attributes: i16::from_be_bytes(cursor.array(what)?),
            last_offset_delta: i32::from_be_bytes(cursor.array(what)?),
            base_timestamp: i64::from_be_bytes(cursor.array(what)?),
            max_timestamp: i64::from_be_bytes(cursor.array(what)?),
            producer_id: i64::from_be_bytes(cursor.array(what)?),
            producer_epoch: i16::from_be_bytes(cursor.array(what)?),
            base_sequence: i32::from_be_bytes(cursor.array(what)?),
            record_count: i32::from_be_bytes(cursor.array(what)?),
        })
    }

    /// How the records are compressed.
    pub(crate) fn codec(&self) -> Result<Codec, BatchError> {
        let [_, low] = self.attributes.to_be_bytes();
        Codec::from_number(low & 0x07)
    }

    /// Whether the batch holds a transaction marker instead of data.
    pub(crate) fn is_control(&self) -> bool {
        self.attributes & CONTROL != 0
    }

    /// Whether the batch is part of a transaction.
    pub(crate) fn is_transactional(&self) -> bool {
        self.attributes & TRANSACTIONAL != 0
    }

    /// Whether the broker set the timestamp of every record, to [`Self::max_timestamp`].
    pub(crate) fn log_append_time(&self) -> bool {
        self.attributes & LOG_APPEND_TIME != 0
    }

    /// The offset after the batch, whatever of it compaction has left.
    ///
    /// Refused: a negative offset or delta, and a sum beyond 64 bits.
    pub(crate) fn next_offset(&self) -> Result<i64, BatchError> {
        if self.base_offset < 0 {
            return Err(BatchError::OutOfRange { what: "the base offset" });
        }
        if self.last_offset_delta < 0 {
            return Err(BatchError::OutOfRange { what: "the last offset delta" });
        }
        let last = self.base_offset.checked_add(i64::from(self.last_offset_delta));
        last.and_then(|last| last.checked_add(1)).ok_or(BatchError::OutOfRange { what: "the last offset" })
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::Batch;
    use super::*;

    fn header() -> BatchHeader {
        BatchHeader::parse(&Batch::at(100).records(["a", "b", "c"]).bytes()).unwrap()
    }

    #[test]
    fn the_next_offset_follows_the_last_even_where_compaction_removed_it() {
        assert_eq!(header().next_offset(), Ok(103));
        let compacted = BatchHeader::parse(&Batch::at(100).last_offset_delta(9).bytes()).unwrap();
        assert_eq!((compacted.record_count, compacted.next_offset()), (0, Ok(110)));
    }

    #[test]
    fn offsets_that_cannot_be_are_refused() {
        let with = |base_offset, last_offset_delta| BatchHeader { base_offset, last_offset_delta, ..header() }.next_offset();
        assert_eq!(with(-1, 0), Err(BatchError::OutOfRange { what: "the base offset" }));
        assert_eq!(with(0, -1), Err(BatchError::OutOfRange { what: "the last offset delta" }));
        assert_eq!(with(i64::MAX - 3, 3), Err(BatchError::OutOfRange { what: "the last offset" }));
        assert_eq!(with(i64::MAX - 4, 3), Ok(i64::MAX));
    }

    #[test]
    fn the_attributes_are_told_apart() {
        let with = |attributes| BatchHeader { attributes, ..header() };
        assert_eq!(with(4).codec(), Ok(Codec::Zstd));
        assert_eq!(with(-1).codec(), Err(BatchError::Codec { codec: 7 }));
        let flags = |header: BatchHeader| (header.log_append_time(), header.is_transactional(), header.is_control());
        assert_eq!(flags(with(1 << 3)), (true, false, false));
        assert_eq!(flags(with(1 << 4)), (false, true, false));
        assert_eq!(flags(with(1 << 5)), (false, false, true));
    }
}
