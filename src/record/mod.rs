//! Batches and records as borrowed slices: header walk, record cursor, codecs, aborted transactions.
//!
//! No clock, no randomness, no I/O, and nothing allocated per record.

mod error;

pub use error::BatchError;
