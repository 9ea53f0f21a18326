//! What each verb does.

pub(crate) mod consume;
pub(crate) mod decode;
pub(crate) mod demo;
mod files;
mod limit;
pub(crate) mod pages;
pub(crate) mod perf;
pub(crate) mod schema;
pub(crate) mod specs;
pub(crate) mod topics;
mod withdrawn;
