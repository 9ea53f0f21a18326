//! What can be said about a spec as a whole.

use super::{Framing, Zone};

/// What becomes of a null payload, a tombstone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Tombstones {
    /// A row of nulls.
    #[default]
    Rows,
    /// No row: the record counts as filtered.
    Skip,
}

/// The deepest nesting of JSON that is read where nothing else is said.
pub(crate) const DEPTH: usize = 128;

/// What can be said about a spec as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) lenient: bool,
    pub(crate) tombstones: Tombstones,
    pub(crate) zone: Option<Zone>,
    pub(crate) depth: usize,
    /// The most bytes of a payload.
    pub(crate) size: usize,
    /// Of JSON; the other kinds that have framings say theirs themselves. None where nothing is said.
    pub(crate) framing: Option<Framing>,
}

impl Default for Options {
    fn default() -> Self {
        Self { lenient: false, tombstones: Tombstones::Rows, zone: None, depth: DEPTH, size: usize::MAX, framing: None }
    }
}
