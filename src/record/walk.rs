//! From batch to batch through what a broker sent, by headers alone.

use super::cursor::{Cursor, impossible};
use super::header::{HEADER_LEN, UNCHECKED, UNCOUNTED};
use super::message::{self, Messages};
use super::records::{BatchRecords, Records};
use super::{Arena, BatchError, BatchHeader, Codec};

/// The bytes up to and including the magic byte, which all message formats have in common.
const COMMON: usize = 17;

/// One whole batch, header included, not yet checked or decompressed; or one message of format 0 or 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RawBatch<'a> {
    /// The header; of a message, what it says in the words of a header.
    pub(crate) header: BatchHeader,
    /// The whole batch, header included.
    pub(crate) bytes: &'a [u8],
}

impl<'a> RawBatch<'a> {
    /// Compares the checksum. It covers everything from the attributes on (of a message from the magic byte on), compressed records
    /// included.
    pub(crate) fn verify(&self) -> Result<(), BatchError> {
        let actual = if self.is_message() {
            message::checksum(self.bytes)?
        } else {
            let mut cursor = Cursor::new(self.bytes);
            cursor.take(UNCHECKED, "the batch header")?;
            crc_fast::crc32_iscsi(cursor.rest())
        };
        if actual == self.header.crc { Ok(()) } else { Err(BatchError::Crc { expected: self.header.crc, actual }) }
    }

    /// The batch's records. Compressed ones are decompressed into `arena`, which the next call reuses.
    pub(crate) fn records<'b>(&self, arena: &'b mut Arena) -> Result<BatchRecords<'b>, BatchError>
    where
        'a: 'b,
    {
        if self.is_message() {
            self.header.next_offset()?; // as of a batch
            return Messages::new(self.bytes, arena).map(BatchRecords::Messages);
        }
        let body = self.body()?;
        let records = match self.header.codec()? {
            Codec::None => Records::new(&self.header, body),
            codec => Records::new(&self.header, arena.decompress(codec, body)?),
        };
        records.map(BatchRecords::Batch)
    }

    /// Whether it is a message of format 0 or 1.
    fn is_message(&self) -> bool {
        self.header.magic < 2
    }

    /// What follows the header, as it is on the wire.
    pub(super) fn body(&self) -> Result<&'a [u8], BatchError> {
        let mut cursor = Cursor::new(self.bytes);
        cursor.take(HEADER_LEN, "the batch header")?;
        Ok(cursor.rest())
    }
}

/// The whole batches in a partition's bytes, in order; messages of formats 0 and 1 stand between them as batches of their own.
///
/// A broker cuts its answer at the size asked for, so the last batch may be there in part: the walk ends before it without an
/// error. An error is the last item.
#[derive(Debug, Clone)]
pub(crate) struct Walk<'a> {
    cursor: Cursor<'a>,
    total: usize,
    done: bool,
}

impl<'a> Walk<'a> {
    /// A walk over `bytes`, which begin with a batch.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { cursor: Cursor::new(bytes), total: bytes.len(), done: false }
    }

    /// How many bytes the batches given out so far have together.
    pub(crate) fn consumed(&self) -> usize {
        self.total - self.cursor.left()
    }

    /// The next batch; none where the bytes end before its end.
    fn step(&mut self) -> Result<Option<RawBatch<'a>>, BatchError> {
        let Some((&common, _)) = self.cursor.rest().split_first_chunk::<COMMON>() else { return Ok(None) };
        let [_, _, _, _, _, _, _, _, length @ .., _, _, _, _, magic] = common;
        let length = i32::from_be_bytes(length);
        let refused = || impossible("the batch length", length, self.cursor.left());
        let whole = usize::try_from(length).ok().and_then(|length| length.checked_add(UNCOUNTED)).ok_or_else(refused)?;
        if whole < COMMON {
            return Err(refused());
        }
        if self.cursor.left() < whole {
            return Ok(None);
        }
        let magic = i8::from_be_bytes([magic]);
        let smallest = match magic {
            2 => HEADER_LEN,
            0 | 1 => message::smallest(magic),
            _ => return Err(BatchError::Magic { magic }),
        };
        if whole < smallest {
            return Err(refused());
        }
        let mut cursor = self.cursor;
        let bytes = cursor.take(whole, "the batch")?;
        let header = if magic == 2 { BatchHeader::parse(bytes)? } else { message::header(bytes)? };
        self.cursor = cursor;
        Ok(Some(RawBatch { header, bytes }))
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Result<RawBatch<'a>, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let step = self.step().transpose();
        self.done = !matches!(step, Some(Ok(_)));
        step
    }
}

impl std::iter::FusedIterator for Walk<'_> {}

#[cfg(test)]
mod tests {
    use super::super::sample::Batch;
    use super::*;

    fn two() -> Vec<u8> {
        let mut bytes = Batch::at(10).records(["a", "b"]).bytes();
        bytes.extend(Batch::at(20).records(["c"]).bytes());
        bytes
    }

    #[test]
    fn batches_come_in_order_and_consumed_counts_their_bytes() {
        let bytes = two();
        let mut walk = Walk::new(&bytes);
        let bases: Vec<_> = walk.by_ref().map(|batch| batch.unwrap().header.base_offset).collect();
        assert_eq!((bases, walk.consumed()), (vec![10, 20], bytes.len()));
    }

    #[test]
    fn a_tail_cut_at_any_byte_ends_the_walk_before_it() {
        let bytes = two();
        let first = Walk::new(&bytes).next().unwrap().unwrap().bytes.len();
        for cut in 0..bytes.len() {
            let mut walk = Walk::new(&bytes[..cut]);
            let whole = walk.by_ref().map(Result::unwrap).count();
            assert_eq!((whole, walk.consumed()), if cut < first { (0, 0) } else { (1, first) }, "cut at {cut}");
        }
    }

    #[test]
    fn c11_a_message_format_that_is_not_known_is_an_error_and_the_last_item() {
        let mut bytes = two();
        bytes[16] = 3;
        let mut walk = Walk::new(&bytes);
        assert_eq!(walk.next().unwrap().unwrap_err(), BatchError::Magic { magic: 3 });
        assert!(walk.next().is_none());
        assert_eq!(walk.consumed(), 0);
    }

    #[test]
    fn a_length_that_no_batch_can_have_is_an_error() {
        for length in [-1_i32, i32::MIN, 0, 4, 48] {
            let mut bytes = two();
            bytes[8..12].copy_from_slice(&length.to_be_bytes());
            let error = Walk::new(&bytes).next().unwrap().unwrap_err();
            assert!(matches!(error, BatchError::Length { value, .. } if value == i64::from(length)), "{length}: {error}");
        }
    }

    #[test]
    fn a_damaged_byte_is_found_by_the_checksum() {
        let bytes = Batch::at(0).records(["hello"]).bytes();
        assert_eq!(Walk::new(&bytes).next().unwrap().unwrap().verify(), Ok(()));
        for place in UNCHECKED..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[place] ^= 0x10;
            let batch = Walk::new(&damaged).next().unwrap().unwrap();
            assert!(matches!(batch.verify(), Err(BatchError::Crc { .. })), "byte {place}");
        }
    }
}
