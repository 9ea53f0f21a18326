//! The live view: a full screen with the newest rows and what there is to know about them.

pub(crate) mod draw;
pub(crate) mod filter;
pub(crate) mod grid;
pub(crate) mod latency;
pub(crate) mod model;
pub(crate) mod palette;
pub(crate) mod rates;
pub(crate) mod run;
pub(crate) mod screen;
