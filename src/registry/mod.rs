//! The schema registry: which schema a record was written with.
//!
//! [`framing`] recognises how a payload names its schema; [`Registry`] asks for it, by the interface of Confluent's registry, which
//! Apicurio, Karapace and Redpanda have too. What an id stands for never changes, so it is asked for once and kept.

mod answer;
mod ask;
mod cache;
mod client;
mod fault;
pub mod framing;
mod references;
mod schema;

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;

#[cfg(test)]
pub(crate) mod tests;

pub use client::Registry;
pub use fault::RegistryFault;
pub use schema::{Reference, Schema, SchemaKind, Version};
