//! Reads batches and, slowly and plainly, their records.

use super::cursor::Cursor;
use super::header::{BatchHeader, Codec, HEADER_LEN, crc_of};

/// Why a batch cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// The bytes end inside a field.
    #[error("the bytes end inside {what}")]
    End {
        /// The field.
        what: &'static str,
    },
    /// A variable-length number is too long.
    #[error("{what} is a variable-length number of too many bytes")]
    Varint {
        /// The field.
        what: &'static str,
    },
    /// A length or a count that cannot be.
    #[error("{what} is {value}, which cannot be")]
    Length {
        /// The field.
        what: &'static str,
        /// Its value.
        value: i64,
    },
    /// Not message format 2.
    #[error("message format {magic} is not read here")]
    Magic {
        /// The magic byte.
        magic: i8,
    },
    /// The checksum does not match.
    #[error("the CRC-32C is {actual:#010x}, the batch says {expected:#010x}")]
    Crc {
        /// What the batch says.
        expected: u32,
        /// What its bytes give.
        actual: u32,
    },
    /// The batch is compressed and nobody decompressed it.
    #[error("the records are compressed by codec {codec}; pass a decompressor")]
    Compressed {
        /// The codec's number.
        codec: u8,
    },
    /// Bytes follow the last record or the fields of a record.
    #[error("{count} bytes follow {what}")]
    Trailing {
        /// What ended.
        what: &'static str,
        /// How many bytes follow.
        count: usize,
    },
}

/// One whole batch.
#[derive(Debug, Clone, Copy)]
pub struct RawBatch<'a> {
    /// Its header.
    pub header: BatchHeader,
    /// Its bytes, header included.
    pub bytes: &'a [u8],
}

/// A record that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // the names are those of the format
pub struct ReadRecord {
    pub offset: i64,
    pub timestamp: i64,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

/// The whole batches in `bytes`, in order; a batch that is cut ends them silently, one that cannot be read with an error.
pub fn batches(bytes: &[u8]) -> Batches<'_> {
    Batches { rest: bytes }
}

/// See [`batches`].
#[derive(Debug, Clone)]
pub struct Batches<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Batches<'a> {
    type Item = Result<RawBatch<'a>, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        let header = BatchHeader::read(self.rest).ok()?;
        let whole = header
            .total_len()
            .and_then(|total| if header.magic == 2 { Ok(total) } else { Err(BatchError::Magic { magic: header.magic }) });
        match whole {
            Err(error) => {
                self.rest = &[];
                Some(Err(error))
            }
            Ok(total) => {
                let (bytes, rest) = self.rest.split_at_checked(total)?;
                self.rest = rest;
                Some(Ok(RawBatch { header, bytes }))
            }
        }
    }
}

impl RawBatch<'_> {
    /// Compares the checksum.
    pub fn verify(&self) -> Result<(), BatchError> {
        let actual = crc_of(self.bytes);
        if actual == self.header.crc { Ok(()) } else { Err(BatchError::Crc { expected: self.header.crc, actual }) }
    }

    /// The records of an uncompressed batch.
    pub fn records(&self) -> Result<Vec<ReadRecord>, BatchError> {
        if self.header.codec() != Ok(Codec::None) {
            return Err(BatchError::Compressed { codec: (self.header.attributes & 7) as u8 });
        }
        self.records_of(self.bytes.get(HEADER_LEN..).unwrap_or_default())
    }

    /// The records of a batch whose records section the caller decompressed.
    pub fn records_of(&self, section: &[u8]) -> Result<Vec<ReadRecord>, BatchError> {
        let mut cursor = Cursor::new(section);
        let mut records = Vec::new();
        for _ in 0..self.header.record_count {
            records.push(self.record(&mut cursor)?);
        }
        match cursor.remaining() {
            0 => Ok(records),
            count => Err(BatchError::Trailing { what: "the last record", count }),
        }
    }

    fn record(&self, section: &mut Cursor<'_>) -> Result<ReadRecord, BatchError> {
        const LENGTH: &str = "the record length";
        let length = section.varlong(LENGTH)?;
        let length = usize::try_from(length).map_err(|_| BatchError::Length { what: LENGTH, value: length })?;
        let mut cursor = Cursor::new(section.take(length, "a record")?);
        cursor.take(1, "the record attributes")?;
        let timestamp = cursor.varlong("the timestamp delta")?;
        let offset = cursor.varlong("the offset delta")?;
        let key = cursor.nullable("the key")?.map(<[u8]>::to_vec);
        let value = cursor.nullable("the value")?.map(<[u8]>::to_vec);
        let mut headers = Vec::new();
        for _ in 0..cursor.varlong("the header count")? {
            let name = cursor.nullable("a header key")?.ok_or(BatchError::Length { what: "a header key", value: -1 })?;
            headers.push((name.to_vec(), cursor.nullable("a header value")?.map(<[u8]>::to_vec)));
        }
        if cursor.remaining() > 0 {
            return Err(BatchError::Trailing { what: "the fields of a record", count: cursor.remaining() });
        }
        Ok(ReadRecord {
            offset: self.header.base_offset.wrapping_add(offset),
            timestamp: if self.header.is_log_append_time() {
                self.header.max_timestamp
            } else {
                self.header.base_timestamp.wrapping_add(timestamp)
            },
            key,
            value,
            headers,
        })
    }
}

#[cfg(test)]
mod tests;
