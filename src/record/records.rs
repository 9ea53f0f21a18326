//! The records of one batch, one after the other, as borrowed slices.

use super::cursor::{Cursor, impossible};
use super::{BatchError, BatchHeader, RawHeaders};

/// The fewest bytes that a record can have: seven fields of one byte.
const SMALLEST_RECORD: usize = 7;

/// One record. Everything in it is a slice of the frame or of the arena.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecordRef<'a> {
    /// The record's offset.
    pub(crate) offset: i64,
    /// The record's timestamp in milliseconds; with log append time, the batch's.
    pub(crate) timestamp: i64,
    /// The key, if there is one.
    pub(crate) key: Option<&'a [u8]>,
    /// The value; none is a tombstone.
    pub(crate) value: Option<&'a [u8]>,
    /// The headers, unread.
    pub(crate) headers: RawHeaders<'a>,
}

/// A cursor over the records of one batch.
///
/// It holds the batch to its word: as many records as the header says, offsets that rise and stay within the batch, and nothing
/// behind the last record.
#[derive(Debug, Clone)]
pub(crate) struct Records<'a> {
    cursor: Cursor<'a>,
    left: usize,
    base_offset: i64,
    /// The smallest offset delta that the next record may have.
    lowest_delta: i64,
    highest_delta: i64,
    base_timestamp: i64,
    append_timestamp: Option<i64>,
}

impl<'a> Records<'a> {
    /// A cursor over `body`, the decompressed records of the batch that `header` heads.
    pub(super) fn new(header: &BatchHeader, body: &'a [u8]) -> Result<Self, BatchError> {
        header.next_offset()?; // no delta up to the last can overflow
        let refused = || impossible("the record count", header.record_count, body.len());
        let left = usize::try_from(header.record_count).map_err(|_| refused())?;
        if left > body.len() / SMALLEST_RECORD {
            return Err(refused());
        }
        Ok(Self {
            cursor: Cursor::new(body),
            left,
            base_offset: header.base_offset,
            lowest_delta: 0,
            highest_delta: i64::from(header.last_offset_delta),
            base_timestamp: header.base_timestamp,
            append_timestamp: header.log_append_time().then_some(header.max_timestamp),
        })
    }

    /// How many records are still to come.
    pub(crate) fn left(&self) -> usize {
        self.left
    }

    /// The next record; none after the last. After an error the cursor is of no use.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<RecordRef<'a>>, BatchError> {
        let Some(left) = self.left.checked_sub(1) else { return self.finish() };
        self.left = left;
        let length = self.cursor.varint("the record length")?;
        let available = self.cursor.left();
        let Some(body) = usize::try_from(length).ok().and_then(|length| self.cursor.take(length, "the record").ok()) else {
            return Err(impossible("the record length", length, available));
        };
        let mut fields = Cursor::new(body);
        fields.byte("the record attributes")?;
        let timestamp_delta = fields.varlong("the timestamp delta")?;
        let offset_delta = i64::from(fields.varint("the offset delta")?);
        let key = fields.nullable_bytes("the key length")?;
        let value = fields.nullable_bytes("the value length")?;
        let count = fields.varint("the header count")?;
        let headers = RawHeaders::new(count, fields.rest())?;
        if offset_delta < self.lowest_delta || offset_delta > self.highest_delta {
            return Err(BatchError::OutOfRange { what: "the offset delta" });
        }
        self.lowest_delta = offset_delta + 1;
        let timestamp = match self.append_timestamp {
            Some(timestamp) => timestamp,
            None => match self.base_timestamp.checked_add(timestamp_delta) {
                Some(timestamp) => timestamp,
                None => return Err(BatchError::OutOfRange { what: "the timestamp" }),
            },
        };
        Ok(Some(RecordRef { offset: self.base_offset + offset_delta, timestamp, key, value, headers }))
    }

    #[cold]
    fn finish(&self) -> Result<Option<RecordRef<'a>>, BatchError> {
        match self.cursor.left() {
            0 => Ok(None),
            left => Err(BatchError::Trailing { left }),
        }
    }
}
