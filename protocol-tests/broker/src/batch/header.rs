//! The 61 bytes before the records of a batch.

use super::BatchError;
use super::cursor::Cursor;
use bytes::Bytes;

/// How many bytes the header of a batch has.
pub const HEADER_LEN: usize = 61;

/// From here to the end the CRC covers a batch.
const CRC_FROM: usize = 21;

/// The bit of the attributes that says `LogAppendTime`.
pub(super) const LOG_APPEND_TIME: i16 = 1 << 3;
/// The bit of the attributes that says that the batch belongs to a transaction.
pub(super) const TRANSACTIONAL: i16 = 1 << 4;
/// The bit of the attributes that says that the batch is a transaction marker.
pub(super) const CONTROL: i16 = 1 << 5;

/// The compression codecs, by their numbers in the attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// Not compressed.
    None = 0,
    /// gzip.
    Gzip = 1,
    /// Snappy, raw (librdkafka) or framed (Java).
    Snappy = 2,
    /// An lz4 frame.
    Lz4 = 3,
    /// A zstd frame.
    Zstd = 4,
}

/// The header of a batch, field by field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // the names are those of the format
pub struct BatchHeader {
    pub base_offset: i64,
    pub length: i32,
    pub leader_epoch: i32,
    pub magic: i8,
    pub crc: u32,
    pub attributes: i16,
    pub last_offset_delta: i32,
    pub base_timestamp: i64,
    pub max_timestamp: i64,
    pub producer_id: i64,
    pub producer_epoch: i16,
    pub base_sequence: i32,
    pub record_count: i32,
}

impl BatchHeader {
    /// Reads the header at the start of `bytes`; nothing behind it is looked at.
    pub fn read(bytes: &[u8]) -> Result<Self, BatchError> {
        const WHAT: &str = "the batch header";
        let mut cursor = Cursor::new(bytes);
        Ok(Self {
            base_offset: i64::from_be_bytes(cursor.array(WHAT)?),
            length: i32::from_be_bytes(cursor.array(WHAT)?),
            leader_epoch: i32::from_be_bytes(cursor.array(WHAT)?),
            magic: i8::from_be_bytes(cursor.array(WHAT)?),
            crc: u32::from_be_bytes(cursor.array(WHAT)?),
            attributes: i16::from_be_bytes(cursor.array(WHAT)?),
            last_offset_delta: i32::from_be_bytes(cursor.array(WHAT)?),
            base_timestamp: i64::from_be_bytes(cursor.array(WHAT)?),
            max_timestamp: i64::from_be_bytes(cursor.array(WHAT)?),
            producer_id: i64::from_be_bytes(cursor.array(WHAT)?),
            producer_epoch: i16::from_be_bytes(cursor.array(WHAT)?),
            base_sequence: i32::from_be_bytes(cursor.array(WHAT)?),
            record_count: i32::from_be_bytes(cursor.array(WHAT)?),
        })
    }

    /// How many bytes the whole batch has, header included.
    pub fn total_len(&self) -> Result<usize, BatchError> {
        usize::try_from(self.length)
            .ok()
            .and_then(|length| length.checked_add(12))
            .filter(|total| *total >= HEADER_LEN)
            .ok_or(BatchError::Length { what: "the batch length", value: i64::from(self.length) })
    }

    /// The last offset that the batch covers.
    pub fn last_offset(&self) -> i64 {
        self.base_offset.saturating_add(i64::from(self.last_offset_delta))
    }

    /// The codec, or its number where there is none of that number.
    pub fn codec(&self) -> Result<Codec, u8> {
        match (self.attributes & 7) as u8 {
            0 => Ok(Codec::None),
            1 => Ok(Codec::Gzip),
            2 => Ok(Codec::Snappy),
            3 => Ok(Codec::Lz4),
            4 => Ok(Codec::Zstd),
            other => Err(other),
        }
    }

    /// Whether the records bear the broker's time.
    pub fn is_log_append_time(&self) -> bool {
        self.attributes & LOG_APPEND_TIME != 0
    }

    /// Whether the batch belongs to a transaction.
    pub fn is_transactional(&self) -> bool {
        self.attributes & TRANSACTIONAL != 0
    }

    /// Whether the batch is a transaction marker.
    pub fn is_control(&self) -> bool {
        self.attributes & CONTROL != 0
    }
}

/// The CRC-32C that a whole batch should bear.
pub(crate) fn crc_of(batch: &[u8]) -> u32 {
    let covered = batch.get(CRC_FROM..).unwrap_or_default();
    crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32Iscsi, covered) as u32
}

/// Writes the base offset and the leader epoch into a batch; the CRC covers neither.
pub(crate) fn assign(batch: &mut [u8], base_offset: i64, leader_epoch: i32) {
    put(batch, 0, &base_offset.to_be_bytes());
    put(batch, 12, &leader_epoch.to_be_bytes());
}

/// Makes a batch one of `LogAppendTime`, as a broker does, and repairs the CRC.
pub(crate) fn stamp(batch: &mut [u8], now_ms: i64) {
    if let Ok(header) = BatchHeader::read(batch) {
        put(batch, 21, &(header.attributes | LOG_APPEND_TIME).to_be_bytes());
        put(batch, 35, &now_ms.to_be_bytes());
        let crc = crc_of(batch);
        put(batch, 17, &crc.to_be_bytes());
    }
}

/// The first 16 bytes of a batch that is served at another place: new base offset, old length, new leader epoch.
pub(crate) fn moved_head(batch: &[u8], base_offset: i64, leader_epoch: i32) -> Bytes {
    let mut head = [0_u8; 16];
    put(&mut head, 0, batch.get(..16).unwrap_or_default());
    assign(&mut head, base_offset, leader_epoch);
    Bytes::copy_from_slice(&head)
}

fn put(batch: &mut [u8], at: usize, field: &[u8]) {
    if let Some(place) = batch.get_mut(at..at + field.len()) {
        place.copy_from_slice(field);
    }
}
