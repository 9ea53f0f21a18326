//! Record batches of message format 2: written by [`BatchBuilder`], read by [`batches`] and [`RawBatch::records`].
//!
//! # References
//! <https://kafka.apache.org/documentation/#recordbatch>

mod builder;
mod cursor;
mod header;
mod reader;

pub use builder::{BatchBuilder, Marker, Record};
pub use header::{BatchHeader, Codec, HEADER_LEN};
pub use reader::{BatchError, Batches, RawBatch, ReadRecord, batches};

#[cfg(test)]
pub(crate) use header::crc_of;
pub(crate) use header::{assign, moved_head, stamp};
