//! Batches, records, messages and compressed bytes as a hostile broker sends them.

use super::cursor::Cursor;
use super::message::Messages;
use super::records::Records;
use super::{AbortedTransactions, Arena, BatchError, BatchHeader, Codec, RecordCursor, Walk};

/// The most that anything may become when it is decompressed.
const LIMIT: usize = 1 << 20;

/// Walks over a partition's records, decompresses and reads every batch; checksums are not compared, or nothing would get far.
///
/// # Panics
/// Where the walk gives bytes that it did not have, or a record is outside its batch.
pub fn batches(bytes: &[u8]) {
    let mut arena = Arena::new(LIMIT);
    let mut aborted = AbortedTransactions::new(vec![(1, 0), (2, 0), (1, 1 << 20)]);
    let mut walk = Walk::new(bytes);
    let mut total = 0;
    while let Some(Ok(batch)) = walk.next() {
        total += batch.bytes.len();
        assert_eq!(walk.consumed(), total);
        let _either = batch.verify();
        aborted.filters(&batch);
        let next = batch.header.next_offset();
        if let Ok(mut records) = batch.records(&mut arena) {
            read(|| records.next(), next.expect("records have been checked against it"));
        }
        assert!(arena.held() <= LIMIT + 1);
    }
    assert!(walk.consumed() <= bytes.len());
}

/// Reads the bytes as the records of a batch. The first 20 bytes: what the header says (count, last delta, base offset, timestamp type).
///
/// # Panics
/// Where a record is outside its batch.
pub fn records(input: &[u8]) {
    let Some((head, body)) = header(input) else { return };
    let Ok(mut records) = Records::new(&head, body) else { return };
    let next = head.next_offset().expect("it has been checked");
    read(|| RecordCursor::next(&mut records), next);
}

/// Reads the bytes as what is within a compressed message. The first 9 bytes: format and timestamp type, and the message's offset.
///
/// # Panics
/// Where a record is behind the message.
pub fn messages(input: &[u8]) {
    let mut cursor = Cursor::new(input);
    let (Ok(flags), Ok(offset)) = (cursor.byte("flags"), cursor.array("offset").map(i64::from_be_bytes)) else { return };
    let append_timestamp = (flags & 2 != 0).then_some(77);
    let magic = i8::from(flags & 1 != 0);
    let Ok(mut messages) = Messages::within(magic, offset, append_timestamp, cursor.rest()) else { return };
    read(|| messages.next(), offset.saturating_add(1));
}

/// Decompresses the bytes. First byte: the codec.
///
/// # Panics
/// Where more comes out, or is allocated, than is allowed.
pub fn decompress(input: &[u8]) {
    if let [codec, rest @ ..] = input {
        let _either = decompressed(*codec, rest);
    }
}

/// What becomes of compressed bytes, for targets that compare it with what others say; `Err(true)` where it is too large.
///
/// # Panics
/// As [`decompress`].
pub fn decompressed(codec: u8, bytes: &[u8]) -> Result<Vec<u8>, bool> {
    let codec = Codec::from_number(codec % 5).expect("a codec");
    let mut arena = Arena::new(LIMIT);
    let result = match arena.decompress(codec, bytes) {
        Ok(output) => Ok(output.to_vec()),
        Err(error) => Err(matches!(error, BatchError::TooLarge { .. })),
    };
    assert!(result.as_ref().is_ok_and(|output| output.len() <= LIMIT) || result.is_err());
    assert!(arena.held() <= LIMIT + 1);
    result
}

fn header(input: &[u8]) -> Option<(BatchHeader, &[u8])> {
    let mut cursor = Cursor::new(input);
    let record_count = i32::from_be_bytes(cursor.array("count").ok()?);
    let last_offset_delta = i32::from_be_bytes(cursor.array("last delta").ok()?);
    let base_offset = i64::from_be_bytes(cursor.array("base offset").ok()?);
    let attributes = i16::from_be_bytes(cursor.array("attributes").ok()?);
    let head = BatchHeader {
        base_offset,
        length: 0,
        leader_epoch: 0,
        magic: 2,
        crc: 0,
        attributes,
        last_offset_delta,
        base_timestamp: 1 << 40,
        max_timestamp: 1 << 41,
        producer_id: -1,
        producer_epoch: -1,
        base_sequence: -1,
        record_count,
    };
    Some((head, cursor.rest()))
}

/// Reads records and their headers to the end or the first error.
fn read<'a>(mut next: impl FnMut() -> Result<Option<super::RecordRef<'a>>, BatchError>, end: i64) {
    let mut last = None;
    while let Ok(Some(record)) = next() {
        assert!(record.offset < end && last.is_none_or(|last| last < record.offset), "{record:?} after {last:?}, before {end}");
        last = Some(record.offset);
        let _headers = record.headers.iter().count();
    }
}
