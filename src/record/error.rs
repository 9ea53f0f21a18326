//! Why a batch of records cannot be read.

/// Why a batch of records cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// The checksum (CRC-32C, of messages of formats 0 and 1 CRC-32) does not match the bytes.
    #[error("the checksum is {actual:#010x}, the batch says {expected:#010x}; the log or the network damaged it")]
    Crc {
        /// What the batch says.
        expected: u32,
        /// What its bytes give.
        actual: u32,
    },
    /// The batch has a format that is not read.
    #[error("message format {magic} is not supported; formats 0, 1 and 2 are")]
    Magic {
        /// The magic byte.
        magic: i8,
    },
    /// The batch is compressed by a codec that does not exist.
    #[error("codec {codec} is unknown")]
    Codec {
        /// The codec's number.
        codec: u8,
    },
    /// A message is compressed by a codec that its format does not have.
    #[error("{codec} in message format {magic}: only newer formats have it")]
    CodecOfFormat {
        /// The codec's name.
        codec: &'static str,
        /// The magic byte.
        magic: i8,
    },
    /// A compressed message is within a compressed message.
    #[error("a compressed message of format {magic} holds another, which no producer or broker writes")]
    NestedCompression {
        /// The magic byte.
        magic: i8,
    },
    /// A compressed message holds messages of another format than its own.
    #[error("a compressed message of format {outer} holds one of format {inner}, which no producer or broker writes")]
    MixedFormats {
        /// The magic byte of the compressed message.
        outer: i8,
        /// That of the message in it.
        inner: i8,
    },
    /// A length or a count contradicts the bytes present.
    #[error("{what} is {value}, which cannot be with {available} bytes left")]
    Length {
        /// The field.
        what: &'static str,
        /// Its value.
        value: i64,
        /// The bytes that are left.
        available: usize,
    },
    /// The bytes end inside a field.
    #[error("the bytes end inside {what}")]
    UnexpectedEnd {
        /// The field.
        what: &'static str,
    },
    /// A variable-length number has too many bytes.
    #[error("{what} is a variable-length number of too many bytes")]
    Varint {
        /// The field.
        what: &'static str,
    },
    /// An offset or a timestamp leaves the range of 64 bits, or an offset its batch.
    #[error("{what} is out of range")]
    OutOfRange {
        /// The field.
        what: &'static str,
    },
    /// Decompression failed.
    #[error("{codec} decompression failed: {reason}")]
    Decompress {
        /// The codec's name.
        codec: &'static str,
        /// What the codec said.
        reason: String,
    },
    /// The batch decompresses to more than the limit.
    #[error("the batch decompresses to more than {limit} bytes (kolumn.max.decompressed.batch.bytes)")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// Bytes are left over behind the last record.
    #[error("{left} bytes are left over behind the last record")]
    Trailing {
        /// How many.
        left: usize,
    },
}
