//! The records of one batch, one after the other, as borrowed slices.

use super::cursor::{Cursor, impossible};
use super::message::Messages;
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

/// What gives records one after the other. Whoever reads many is generic over it, and asks once for each batch which it is.
pub(crate) trait RecordCursor<'a> {
    /// The next record; none after the last, and where there is none to be had: [`Self::end`] says which.
    ///
    /// Without an error in what it gives, whoever inlines it has the record in registers.
    fn next_good(&mut self) -> Option<RecordRef<'a>>;

    /// After [`Self::next_good`] gave none: whether that was after the last. After an error the cursor is of no use.
    fn end(&mut self) -> Result<(), BatchError>;

    /// The next record; none after the last. After an error the cursor is of no use.
    #[inline(always)]
    fn next(&mut self) -> Result<Option<RecordRef<'a>>, BatchError> {
        match self.next_good() {
            Some(record) => Ok(Some(record)),
            None => self.end().map(|()| None),
        }
    }

    /// The bytes that have yet to be read, where they lie side by side.
    fn ahead(&self) -> &'a [u8] {
        &[]
    }
}

/// The records of one entry of the log, whatever its format.
#[derive(Debug, Clone)]
pub(crate) enum BatchRecords<'a> {
    /// Those of a batch.
    Batch(Records<'a>),
    /// Those of a message of format 0 or 1.
    Messages(Messages<'a>),
}

impl<'a> BatchRecords<'a> {
    /// The next record; none after the last. After an error the cursor is of no use.
    pub(crate) fn next(&mut self) -> Result<Option<RecordRef<'a>>, BatchError> {
        match self {
            Self::Batch(records) => RecordCursor::next(records),
            Self::Messages(messages) => RecordCursor::next(messages),
        }
    }
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

    /// One record, and the smallest delta that the one after it may have; none where anything is wrong.
    #[inline(always)]
    fn read(&self, cursor: &mut Cursor<'a>) -> Option<(RecordRef<'a>, i64)> {
        let length = cursor.try_varint()?;
        let mut fields = Cursor::new(cursor.try_take(usize::try_from(length).ok()?)?);
        fields.try_take(1)?; // attributes, of which none is in use
        let timestamp_delta = fields.try_varlong()?;
        let offset_delta = i64::from(fields.try_varint()?);
        let key = fields.try_nullable_bytes()?;
        let value = fields.try_nullable_bytes()?;
        let headers = RawHeaders::try_new(fields.try_varint()?, fields.rest())?;
        if offset_delta < self.lowest_delta || offset_delta > self.highest_delta {
            return None;
        }
        let timestamp = match self.append_timestamp {
            Some(timestamp) => timestamp,
            None => self.base_timestamp.checked_add(timestamp_delta)?,
        };
        Some((RecordRef { offset: self.base_offset + offset_delta, timestamp, key, value, headers }, offset_delta + 1))
    }

    /// What is wrong with the record that [`Self::read`] could not read.
    #[cold]
    fn explain(&self) -> BatchError {
        // What is left after the structure, the offset and the headers, is the timestamp.
        self.examine().err().unwrap_or(BatchError::OutOfRange { what: "the timestamp" })
    }

    fn examine(&self) -> Result<(), BatchError> {
        let mut cursor = self.cursor;
        let length = cursor.varint("the record length")?;
        let available = cursor.left();
        let body = usize::try_from(length).ok().and_then(|length| cursor.try_take(length));
        let mut fields = Cursor::new(body.ok_or_else(|| impossible("the record length", length, available))?);
        fields.byte("the record attributes")?;
        fields.varlong("the timestamp delta")?;
        let offset_delta = i64::from(fields.varint("the offset delta")?);
        fields.nullable_bytes("the key length")?;
        fields.nullable_bytes("the value length")?;
        RawHeaders::new(fields.varint("the header count")?, fields.rest())?;
        if offset_delta < self.lowest_delta || offset_delta > self.highest_delta {
            return Err(BatchError::OutOfRange { what: "the offset delta" });
        }
        Ok(())
    }

    #[cold]
    fn finish(&self) -> Result<(), BatchError> {
        match self.cursor.left() {
            0 => Ok(()),
            left => Err(BatchError::Trailing { left }),
        }
    }
}

impl<'a> RecordCursor<'a> for Records<'a> {
    // Inlined, so that the record is taken apart in registers: a third of the time.
    #[inline(always)]
    fn next_good(&mut self) -> Option<RecordRef<'a>> {
        let left = self.left.checked_sub(1)?;
        let mut cursor = self.cursor;
        let (record, next_delta) = self.read(&mut cursor)?;
        self.left = left;
        self.cursor = cursor;
        self.lowest_delta = next_delta;
        Some(record)
    }

    #[cold]
    fn end(&mut self) -> Result<(), BatchError> {
        if self.left == 0 { self.finish() } else { Err(self.explain()) }
    }

    #[inline]
    fn ahead(&self) -> &'a [u8] {
        self.cursor.rest()
    }
}
