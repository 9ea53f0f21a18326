//! Bytes to columns.
//!
//! A decoder takes payloads in blocks and appends one row for each to its columns. A payload that it cannot decode is a row of
//! nulls, reported by index: the caller decides what becomes of it. That is the whole seam between the plain decoders and any
//! faster ones, which must give the same columns and the same reports for every input.

mod error;

pub use error::{DecodeError, Reason};
