//! Messages of formats 0 and 1, which brokers before 0.11 wrote and newer ones serve as they are stored.
//!
//! A message is an entry of the log of its own; there are no batches. Compressed messages are the value of another, the wrapper,
//! which has the offset of the *last* of them. The offsets within are those of the log in format 0, and relative to each other in
//! format 1, so that only the last one and the wrapper together say where the first one is.
//!
//! A wrapper within a wrapper, and messages of another format than their wrapper's, are written by no producer and no broker, and
//! refused as the Java client refuses them.
//!
//! # References
//!
//! <https://kafka.apache.org/documentation/#messageset>, KIP-31 (relative offsets), KIP-32 (timestamps)

use super::cursor::{Cursor, impossible};
use super::header::UNCOUNTED;
use super::records::{RecordCursor, RecordRef};
use super::{Arena, BatchError, BatchHeader, Codec, RawHeaders};

/// The bytes in front of what the checksum covers.
const UNCHECKED: usize = 16;

/// The bits of the attributes that say how the value is compressed.
const CODEC: u8 = 0x07;

/// The bit of the attributes that says that the broker set the timestamp; in format 1 only.
const LOG_APPEND_TIME: u8 = 1 << 3;

/// The timestamp of a record that has none.
const NO_TIMESTAMP: i64 = -1;

/// What stands at fixed places in front of a message's key.
#[derive(Debug, Clone, Copy)]
struct Head {
    offset: i64,
    length: i32,
    crc: u32,
    magic: i8,
    attributes: u8,
    timestamp: i64,
}

impl Head {
    /// The head of the next message, and a cursor over what is behind it in that message.
    fn read<'a>(cursor: &mut Cursor<'a>) -> Result<(Self, Cursor<'a>), BatchError> {
        let what = "the message header";
        let offset = i64::from_be_bytes(cursor.array(what)?);
        let length = i32::from_be_bytes(cursor.array(what)?);
        let available = cursor.left();
        let whole = usize::try_from(length).ok().and_then(|length| cursor.try_take(length));
        let mut fields = Cursor::new(whole.ok_or_else(|| impossible("the message length", length, available))?);
        let crc = u32::from_be_bytes(fields.array(what)?);
        let magic = i8::from_be_bytes(fields.array(what)?);
        let attributes = fields.byte(what)?;
        let timestamp = match magic {
            0 => NO_TIMESTAMP,
            1 => i64::from_be_bytes(fields.array("the message timestamp")?),
            _ => return Err(BatchError::Magic { magic }),
        };
        Ok((Self { offset, length, crc, magic, attributes, timestamp }, fields))
    }
}

/// One message.
#[derive(Debug, Clone, Copy)]
struct Message<'a> {
    head: Head,
    key: Option<&'a [u8]>,
    value: Option<&'a [u8]>,
}

impl<'a> Message<'a> {
    /// The next message.
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, BatchError> {
        let (head, mut fields) = Head::read(cursor)?;
        let key = nullable(&mut fields, "the key length")?;
        let value = nullable(&mut fields, "the value length")?;
        match fields.left() {
            0 => Ok(Self { head, key, value }),
            left => Err(BatchError::Trailing { left }),
        }
    }

    fn codec(&self) -> Result<Codec, BatchError> {
        match Codec::from_number(self.head.attributes & CODEC)? {
            Codec::Zstd => Err(BatchError::CodecOfFormat { codec: "zstd", magic: self.head.magic }),
            codec => Ok(codec),
        }
    }

    /// The time that the broker gave to the message, and with it to all that are within.
    fn append_timestamp(&self) -> Option<i64> {
        let Head { magic, attributes, timestamp, .. } = self.head;
        (magic == 1 && attributes & LOG_APPEND_TIME != 0).then_some(timestamp)
    }
}

/// The bytes behind a length of 4 bytes, -1 for null.
fn nullable<'a>(cursor: &mut Cursor<'a>, what: &'static str) -> Result<Option<&'a [u8]>, BatchError> {
    let length = i32::from_be_bytes(cursor.array(what)?);
    if length == -1 {
        return Ok(None);
    }
    let available = cursor.left();
    let bytes = usize::try_from(length).ok().and_then(|count| cursor.try_take(count));
    bytes.map(Some).ok_or_else(|| impossible(what, length, available))
}

/// What a message says, in the words of a batch that holds it alone: so whoever only goes from batch to batch need not tell them
/// apart. A wrapper's offset is its last, and no more is known without decompressing it.
pub(super) fn header(bytes: &[u8]) -> Result<BatchHeader, BatchError> {
    let (head, _) = Head::read(&mut Cursor::new(bytes))?;
    let known = if head.magic == 0 { CODEC } else { CODEC | LOG_APPEND_TIME };
    Ok(BatchHeader {
        base_offset: head.offset,
        length: head.length,
        leader_epoch: -1,
        magic: head.magic,
        crc: head.crc,
        attributes: i16::from(head.attributes & known),
        last_offset_delta: 0,
        base_timestamp: head.timestamp,
        max_timestamp: head.timestamp,
        producer_id: -1,
        producer_epoch: -1,
        base_sequence: -1,
        record_count: 1,
    })
}

/// The checksum that the message in `bytes` should have.
pub(super) fn checksum(bytes: &[u8]) -> Result<u32, BatchError> {
    let mut cursor = Cursor::new(bytes);
    cursor.take(UNCHECKED, "the message header")?;
    Ok(crc_fast::crc32_iso_hdlc(cursor.rest()))
}

/// A cursor over what one message of the log holds: itself, or those that are compressed within it.
///
/// The offsets rise and end at that of the message in the log.
#[derive(Debug, Clone)]
pub(crate) struct Messages<'a> {
    cursor: Cursor<'a>,
    magic: i8,
    /// What the offsets in the bytes add to.
    base_offset: i64,
    /// The smallest offset that the next record may have.
    lowest: i64,
    /// The largest that any may have.
    highest: i64,
    append_timestamp: Option<i64>,
    /// Not where the message in the log is the record.
    within: bool,
    /// Why there is no next record.
    error: Option<BatchError>,
}

impl<'a> Messages<'a> {
    /// A cursor over what the message in `bytes` holds, decompressed into `arena` where it is compressed.
    pub(super) fn new<'b>(bytes: &'a [u8], arena: &'b mut Arena) -> Result<Messages<'b>, BatchError>
    where
        'a: 'b,
    {
        let outer = Message::read(&mut Cursor::new(bytes))?;
        let codec = outer.codec()?;
        if codec == Codec::None {
            return Ok(Messages {
                cursor: Cursor::new(bytes),
                magic: outer.head.magic,
                base_offset: 0,
                lowest: 0,
                highest: outer.head.offset,
                append_timestamp: None,
                within: false,
                error: None,
            });
        }
        let packed = outer.value.ok_or_else(|| impossible("the length of the compressed messages", -1, bytes.len()))?;
        Messages::within(outer.head.magic, outer.head.offset, outer.append_timestamp(), arena.decompress(codec, packed)?)
    }

    /// A cursor over the messages of `set`, which are within a message of this format and this offset.
    pub(super) fn within(magic: i8, offset: i64, append_timestamp: Option<i64>, set: &'a [u8]) -> Result<Self, BatchError> {
        let cursor = Cursor::new(set);
        let last = last_offset(cursor)?;
        let base_offset = if magic == 1 {
            offset.checked_sub(last).ok_or(BatchError::OutOfRange { what: "the relative offset of a message" })?
        } else {
            0
        };
        Ok(Self { cursor, magic, base_offset, lowest: 0, highest: offset, append_timestamp, within: true, error: None })
    }

    fn read_next(&mut self) -> Result<Option<RecordRef<'a>>, BatchError> {
        if self.cursor.left() == 0 {
            return Ok(None);
        }
        let Message { head, key, value } = Message::read(&mut self.cursor)?;
        if self.within {
            if head.magic != self.magic {
                return Err(BatchError::MixedFormats { outer: self.magic, inner: head.magic });
            }
            if head.attributes & CODEC != 0 {
                return Err(BatchError::NestedCompression { magic: head.magic });
            }
        }
        let offset = self.base_offset.checked_add(head.offset);
        let offset = offset.filter(|offset| (self.lowest..=self.highest).contains(offset));
        let offset = offset.ok_or(BatchError::OutOfRange { what: "the offset of a message" })?;
        self.lowest = offset.saturating_add(1);
        let timestamp = self.append_timestamp.unwrap_or(head.timestamp);
        Ok(Some(RecordRef { offset, timestamp, key, value, headers: RawHeaders::default() }))
    }
}

impl<'a> RecordCursor<'a> for Messages<'a> {
    fn next_good(&mut self) -> Option<RecordRef<'a>> {
        match self.read_next() {
            Ok(record) => record,
            Err(error) => {
                self.error = Some(error);
                None
            }
        }
    }

    fn end(&mut self) -> Result<(), BatchError> {
        self.error.take().map_or(Ok(()), Err)
    }
}

/// The offset of the last of these messages, as it is written there.
fn last_offset(mut cursor: Cursor<'_>) -> Result<i64, BatchError> {
    let mut last = None;
    while cursor.left() > 0 {
        last = Some(i64::from_be_bytes(cursor.array("the offset of a message")?));
        let length = i32::from_be_bytes(cursor.array("the message length")?);
        let available = cursor.left();
        let skipped = usize::try_from(length).ok().and_then(|length| cursor.try_take(length));
        skipped.ok_or_else(|| impossible("the message length", length, available))?;
    }
    last.ok_or(BatchError::UnexpectedEnd { what: "the compressed messages, of which there are none" })
}

/// The fewest bytes of a message of this format, offset and length included.
pub(super) fn smallest(magic: i8) -> usize {
    let timestamp = if magic == 0 { 0 } else { 8 };
    UNCOUNTED + 14 + timestamp
}

#[cfg(test)]
mod tests;
