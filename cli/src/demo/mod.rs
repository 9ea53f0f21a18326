//! What the demo shows: orders, made at a pace, produced into an in-process broker.

pub(crate) mod batch;
pub(crate) mod orders;
pub(crate) mod pace;
pub(crate) mod producer;
