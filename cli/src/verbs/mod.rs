//! What each verb does.

pub(crate) mod decode;
pub(crate) mod pages;
