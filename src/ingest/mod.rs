//! The lane: fetched bytes, through records and decoders, to the table, for the partitions that it owns.

mod again;
mod assembler;
mod block;
mod decoding;
mod errors;
mod headers;
mod lane;
mod link;
mod metadata;
mod meters;
mod rows;
mod schemas;
#[cfg(feature = "stages")]
pub(crate) mod stages;

#[cfg(test)]
mod costs;

pub(crate) use again::Again;
pub(crate) use assembler::{Assembler, AssemblySettings, End, panic_message};
pub(crate) use lane::{Lane, LaneCommand, LaneReport, LaneSettings};
pub(crate) use metadata::metadata;
pub(crate) use rows::{Rows, schema};
pub(crate) use schemas::Schemas;
