//! What each verb does.

pub(crate) mod consume;
pub(crate) mod decode;
pub(crate) mod demo;
pub(crate) mod pages;
pub(crate) mod perf;
pub(crate) mod topics;
