//! The codecs of record batches, each from a slice into the arena.
//!
//! The checksums inside the codecs' own formats are not compared: the batch's CRC-32C covers the compressed bytes and has been
//! compared before. Lengths inside them are bounds that the bytes must keep, never sizes to allocate.

mod gzip;
mod lz4;
mod snappy;
mod zstd;

use super::BatchError;
use super::arena::Output;

/// How a batch's records are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    /// Not at all.
    None,
    /// gzip, RFC 1952.
    Gzip,
    /// Snappy blocks, bare (librdkafka) or in the framing of snappy-java.
    Snappy,
    /// The lz4 frame format.
    Lz4,
    /// Zstandard, RFC 8878.
    Zstd,
}

impl Codec {
    /// The codec with this number in the attributes.
    pub(super) fn from_number(number: u8) -> Result<Self, BatchError> {
        match number {
            0 => Ok(Self::None),
            1 => Ok(Self::Gzip),
            2 => Ok(Self::Snappy),
            3 => Ok(Self::Lz4),
            4 => Ok(Self::Zstd),
            codec => Err(BatchError::Codec { codec }),
        }
    }

    /// The codec's name, as `compression.type` has it.
    #[cfg(test)]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }
}

/// The states of the codecs that have one, made at first use.
#[derive(Debug, Default)]
pub(super) struct Contexts {
    gzip: gzip::Context,
    zstd: zstd::Context,
}

/// Decompresses all of `input`.
pub(super) fn decompress(codec: Codec, input: &[u8], output: &mut Output, contexts: &mut Contexts) -> Result<(), BatchError> {
    match codec {
        Codec::None => output.write(input),
        Codec::Gzip => gzip::decompress(input, output, &mut contexts.gzip),
        Codec::Snappy => snappy::decompress(input, output),
        Codec::Lz4 => lz4::decompress(input, output),
        Codec::Zstd => zstd::decompress(input, output, &mut contexts.zstd),
    }
}

#[cfg(test)]
mod tests;
