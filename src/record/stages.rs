//! Batches and codecs by themselves, for `benches/`.

use super::{Arena, BatchError, BatchRecords, Codec, RecordCursor, RecordRef, Walk};

/// The most that a batch may become.
const LIMIT: usize = 256 << 20;

/// What a lane has for the batches of its partitions.
#[derive(Debug)]
pub struct Batches(Arena);

/// One record.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Its offset.
    pub offset: i64,
    /// Its timestamp in milliseconds.
    pub timestamp: i64,
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its value.
    pub value: Option<&'a [u8]>,
}

impl Default for Batches {
    fn default() -> Self {
        Self(Arena::new(LIMIT))
    }
}

impl Batches {
    /// Compares the checksums of the batches in `bytes` and shows their records to `see`, as a lane does.
    ///
    /// Fails at the first batch or record that a lane would refuse.
    pub fn walk(&mut self, bytes: &[u8], mut see: impl FnMut(Record<'_>)) -> Result<(), BatchError> {
        for batch in Walk::new(bytes) {
            let batch = batch?;
            batch.verify()?;
            match batch.records(&mut self.0)? {
                BatchRecords::Batch(records) => all(records, &mut see)?,
                BatchRecords::Messages(messages) => all(messages, &mut see)?,
            }
        }
        Ok(())
    }

    /// Decompresses the records of a batch, which are compressed by the codec of this number.
    ///
    /// Fails where there is no such codec, or the bytes are not its.
    pub fn decompress(&mut self, codec: u8, bytes: &[u8]) -> Result<&[u8], BatchError> {
        self.0.decompress(Codec::from_number(codec)?, bytes)
    }
}

#[inline(always)]
fn all<'a>(mut records: impl RecordCursor<'a>, see: &mut impl FnMut(Record<'_>)) -> Result<(), BatchError> {
    while let Some(RecordRef { offset, timestamp, key, value, .. }) = records.next_good() {
        see(Record { offset, timestamp, key, value });
    }
    records.end()
}
