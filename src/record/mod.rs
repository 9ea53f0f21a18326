//! Batches and records as borrowed slices: header walk, record cursor, codecs, aborted transactions.
//!
//! No clock, no randomness, no I/O, and nothing allocated per record. [`Walk`] finds whole batches in what a broker sent,
//! [`RawBatch::verify`] checks one, [`RawBatch::records`] gives its records, decompressed into an [`Arena`] where they are
//! compressed. Messages of formats 0 and 1 go the same way, each as a batch of its own. Every number that comes with the bytes is
//! compared with the bytes present before it is used.
//!
//! # References
//!
//! <https://kafka.apache.org/documentation/#recordbatch>, <https://kafka.apache.org/documentation/#messageset>

mod aborted;
mod arena;
mod codec;
mod cursor;
mod error;
mod header;
mod headers;
mod message;
mod records;
mod walk;

#[cfg(test)]
mod fixtures;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(feature = "stages")]
pub(crate) mod stages;
#[cfg(test)]
mod tests;

pub(crate) use aborted::AbortedTransactions;
pub(crate) use arena::Arena;
pub(crate) use codec::Codec;
pub use error::BatchError;
pub(crate) use header::BatchHeader;
pub(crate) use headers::{Header, RawHeaders};
pub(crate) use records::{BatchRecords, RecordCursor, RecordRef};
pub(crate) use walk::{RawBatch, Walk};
