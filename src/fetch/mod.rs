//! The fetch core: what to ask next of which broker, and what an answer means.
//!
//! A state machine without clock, randomness of its own or I/O: time and a seed are arguments, requests and [`Action`]s are returned. A
//! lane drives it. The walk over an answer's batch headers happens here, so that a partition's fetch position has moved, and the next
//! request can leave, before anything is decompressed.

mod answer;
mod batches;
mod broker;
mod core;
mod epochs;
mod identity;
mod partition;
mod planted;
mod refusal;
mod replica;
mod request;
mod session;
mod ticket;

pub(crate) use self::core::{FetchCore, FetchSettings};
pub(crate) use ticket::{Action, FetchTicket, PartitionRecords};

#[cfg(test)]
mod distance;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
