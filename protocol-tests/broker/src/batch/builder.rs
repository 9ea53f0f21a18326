//! Builds batches: sound ones, and ones that lie.

use super::cursor::put_varlong;
use super::header::{CONTROL, Codec, LOG_APPEND_TIME, TRANSACTIONAL, crc_of};
use bytes::Bytes;

/// The timestamp of records that say none: a fixed moment, so that a test sees the same bytes each time.
const DEFAULT_TIMESTAMP: i64 = 1_700_000_000_000;

/// One record to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    offset_delta: Option<i32>,
    timestamp: Option<i64>,
    key: Option<Bytes>,
    value: Option<Bytes>,
    headers: Vec<(Bytes, Option<Bytes>)>,
}

impl Record {
    /// A record without key and with this value.
    pub fn new(value: impl AsRef<[u8]>) -> Self {
        Self { value: Some(Bytes::copy_from_slice(value.as_ref())), ..Self::default() }
    }

    /// A record without key and without value.
    pub fn null() -> Self {
        Self::default()
    }

    /// With this key.
    #[must_use]
    pub fn key(mut self, key: impl AsRef<[u8]>) -> Self {
        self.key = Some(Bytes::copy_from_slice(key.as_ref()));
        self
    }

    /// With this header behind those that it has.
    #[must_use]
    pub fn header(mut self, key: impl AsRef<[u8]>, value: Option<&[u8]>) -> Self {
        self.headers.push((Bytes::copy_from_slice(key.as_ref()), value.map(Bytes::copy_from_slice)));
        self
    }

    /// With this timestamp in milliseconds since the epoch; the batch's by default.
    #[must_use]
    pub fn timestamp(mut self, milliseconds: i64) -> Self {
        self.timestamp = Some(milliseconds);
        self
    }

    /// At this distance from the base offset; one after the record before it by default. Gaps are what compaction leaves.
    #[must_use]
    pub fn offset_delta(mut self, delta: i32) -> Self {
        self.offset_delta = Some(delta);
        self
    }

    fn write(&self, out: &mut Vec<u8>, scratch: &mut Vec<u8>, offset_delta: i32, timestamp_delta: i64) {
        scratch.clear();
        scratch.push(0);
        put_varlong(scratch, timestamp_delta);
        put_varlong(scratch, i64::from(offset_delta));
        put_nullable(scratch, self.key.as_deref());
        put_nullable(scratch, self.value.as_deref());
        put_varlong(scratch, self.headers.len() as i64);
        for (key, value) in &self.headers {
            put_nullable(scratch, Some(key));
            put_nullable(scratch, value.as_deref());
        }
        put_varlong(out, scratch.len() as i64);
        out.extend_from_slice(scratch);
    }
}

fn put_nullable(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        None => put_varlong(out, -1),
        Some(bytes) => {
            put_varlong(out, bytes.len() as i64);
            out.extend_from_slice(bytes);
        }
    }
}

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marker {
    /// Its records never happened.
    Abort,
    /// Its records count.
    Commit,
    /// A type that nobody knows, by its number.
    Other(i16),
}

/// Builds one batch of message format 2.
///
/// ```
/// use kolumn_test_broker::{BatchBuilder, Record, batches};
///
/// let batch = BatchBuilder::new()
///     .values(["first", "second"])
///     .record(Record::new("third").key("k").header("trace", Some(b"7")).offset_delta(5))
///     .build();
/// let header = batches(&batch).next().unwrap().unwrap().header;
/// assert_eq!((header.record_count, header.last_offset_delta), (3, 5));
/// ```
#[derive(Debug, Clone)]
pub struct BatchBuilder {
    base_offset: i64,
    leader_epoch: i32,
    magic: i8,
    attributes: i16,
    timestamp: i64,
    max_timestamp: Option<i64>,
    producer: (i64, i16, i32),
    records: Vec<Record>,
    payload: Option<Bytes>,
    last_offset_delta: Option<i32>,
    record_count: Option<i32>,
    length: Option<i32>,
    crc_xor: u32,
}

impl Default for BatchBuilder {
    fn default() -> Self {
        Self {
            base_offset: 0,
            leader_epoch: 0,
            magic: 2,
            attributes: 0,
            timestamp: DEFAULT_TIMESTAMP,
            max_timestamp: None,
            producer: (-1, -1, -1),
            records: Vec::new(),
            payload: None,
            last_offset_delta: None,
            record_count: None,
            length: None,
            crc_xor: 0,
        }
    }
}

impl BatchBuilder {
    /// An empty, uncompressed batch at offset 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// The marker that ends the transaction of a producer.
    pub fn marker(marker: Marker, producer_id: i64, producer_epoch: i16) -> Self {
        let kind: i16 = match marker {
            Marker::Abort => 0,
            Marker::Commit => 1,
            Marker::Other(kind) => kind,
        };
        let mut key = [0_u8; 4];
        key[2..].copy_from_slice(&kind.to_be_bytes());
        let mut batch = Self::new().producer(producer_id, producer_epoch, -1).record(Record::new([0_u8; 6]).key(key));
        batch.attributes |= CONTROL | TRANSACTIONAL;
        batch
    }

    /// With this record behind those that it has.
    #[must_use]
    pub fn record(mut self, record: Record) -> Self {
        self.records.push(record);
        self
    }

    /// With records of these values, without keys.
    #[must_use]
    pub fn values<V: AsRef<[u8]>>(mut self, values: impl IntoIterator<Item = V>) -> Self {
        self.records.extend(values.into_iter().map(Record::new));
        self
    }

    /// With records of these keys and values.
    #[must_use]
    pub fn pairs<K: AsRef<[u8]>, V: AsRef<[u8]>>(mut self, pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        self.records.extend(pairs.into_iter().map(|(key, value)| Record::new(value).key(key)));
        self
    }

    /// At this base offset. A topic assigns its own when the batch is produced, and keeps this one when it is stored.
    #[must_use]
    pub fn base_offset(mut self, offset: i64) -> Self {
        self.base_offset = offset;
        self
    }

    /// With this partition leader epoch; a topic assigns its own when the batch is produced.
    #[must_use]
    pub fn leader_epoch(mut self, epoch: i32) -> Self {
        self.leader_epoch = epoch;
        self
    }

    /// The base timestamp, in milliseconds since the epoch, and that of the records that say none.
    #[must_use]
    pub fn timestamp(mut self, milliseconds: i64) -> Self {
        self.timestamp = milliseconds;
        self
    }

    /// As a broker of `LogAppendTime` leaves it: all records count as written at this time.
    #[must_use]
    pub fn log_append_time(mut self, milliseconds: i64) -> Self {
        self.attributes |= LOG_APPEND_TIME;
        self.max_timestamp = Some(milliseconds);
        self
    }

    /// From an idempotent producer.
    #[must_use]
    pub fn producer(mut self, id: i64, epoch: i16, base_sequence: i32) -> Self {
        self.producer = (id, epoch, base_sequence);
        self
    }

    /// Part of the producer's transaction.
    #[must_use]
    pub fn transactional(mut self) -> Self {
        self.attributes |= TRANSACTIONAL;
        self
    }

    /// Compresses the records that it has so far with the caller's own compressor; those added later are ignored.
    #[must_use]
    pub fn compress(mut self, codec: Codec, compress: impl FnOnce(&[u8]) -> Vec<u8>) -> Self {
        let records = self.records_section();
        self.payload = Some(Bytes::from(compress(&records)));
        self.attributes = (self.attributes & !7) | codec as i16;
        self
    }

    /// Puts these bytes where the records belong, whatever they are.
    #[must_use]
    pub fn payload(mut self, bytes: impl Into<Bytes>) -> Self {
        self.payload = Some(bytes.into());
        self
    }

    /// The last offset delta, where it is not the last record's: compaction removed the tail, or everything.
    #[must_use]
    pub fn last_offset_delta(mut self, delta: i32) -> Self {
        self.last_offset_delta = Some(delta);
        self
    }

    /// A record count that need not be true.
    #[must_use]
    pub fn record_count(mut self, count: i32) -> Self {
        self.record_count = Some(count);
        self
    }

    /// A magic byte that need not be true.
    #[must_use]
    pub fn magic(mut self, magic: i8) -> Self {
        self.magic = magic;
        self
    }

    /// Attributes as they are, unknown codecs and all. The CRC covers them.
    #[must_use]
    pub fn attributes(mut self, attributes: i16) -> Self {
        self.attributes = attributes;
        self
    }

    /// A batch length that need not be true.
    #[must_use]
    pub fn length(mut self, length: i32) -> Self {
        self.length = Some(length);
        self
    }

    /// A wrong checksum: the right one with these bits turned.
    #[must_use]
    pub fn crc_xor(mut self, bits: u32) -> Self {
        self.crc_xor = bits;
        self
    }

    /// The records section, uncompressed.
    pub fn records_section(&self) -> Vec<u8> {
        let (mut out, mut scratch) = (Vec::new(), Vec::new());
        for (record, delta) in self.records.iter().zip(self.deltas()) {
            let timestamp = record.timestamp.map_or(0, |time| time.wrapping_sub(self.timestamp));
            record.write(&mut out, &mut scratch, delta, timestamp);
        }
        out
    }

    /// The bytes of the batch.
    pub fn build(&self) -> Bytes {
        let payload = self.payload.clone().unwrap_or_else(|| Bytes::from(self.records_section()));
        let last_offset_delta = self.last_offset_delta.or_else(|| self.deltas().last()).unwrap_or(0);
        let max_timestamp = self.max_timestamp.unwrap_or_else(|| {
            let written = self.records.iter().map(|record| record.timestamp.unwrap_or(self.timestamp)).max();
            written.unwrap_or(self.timestamp)
        });
        let record_count = self.record_count.unwrap_or_else(|| i32::try_from(self.records.len()).unwrap_or(i32::MAX));
        let length = self.length.unwrap_or_else(|| i32::try_from(payload.len() + 49).unwrap_or(i32::MAX));
        let mut out = Vec::with_capacity(payload.len() + super::HEADER_LEN);
        out.extend_from_slice(&self.base_offset.to_be_bytes());
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(&self.leader_epoch.to_be_bytes());
        out.extend_from_slice(&self.magic.to_be_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.attributes.to_be_bytes());
        out.extend_from_slice(&last_offset_delta.to_be_bytes());
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&max_timestamp.to_be_bytes());
        out.extend_from_slice(&self.producer.0.to_be_bytes());
        out.extend_from_slice(&self.producer.1.to_be_bytes());
        out.extend_from_slice(&self.producer.2.to_be_bytes());
        out.extend_from_slice(&record_count.to_be_bytes());
        out.extend_from_slice(&payload);
        let crc = crc_of(&out) ^ self.crc_xor;
        out[17..21].copy_from_slice(&crc.to_be_bytes());
        Bytes::from(out)
    }

    fn deltas(&self) -> impl Iterator<Item = i32> + '_ {
        self.records.iter().scan(-1_i32, |before, record| {
            *before = record.offset_delta.unwrap_or(before.wrapping_add(1));
            Some(*before)
        })
    }
}
