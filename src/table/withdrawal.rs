//! Rows that leave a table because the log lost them.

use std::ops::Range;

use super::origin::Log;
use crate::position::{Offset, Partition, Span};

/// What a log lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) log: Log,
    /// Rows from this offset on go.
    pub(super) from: Offset,
    /// What had become of the offsets that are lost.
    pub(super) lost: Span,
    /// What became of those before.
    pub(super) left: Span,
}

/// The rows that an update takes out of a table, because the log no longer has the offsets that they came from.
///
/// A leader that was elected although it had not got all of the log (an unclean election) makes the rest go away for everybody; other
/// records come in their place. The rows that were read of it leave the table in an update of their own, which adds nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    pub(super) cut: Cut,
    pub(super) ranges: Vec<Range<usize>>,
}

impl Withdrawal {
    /// The partition whose log lost its end.
    pub fn partition(&self) -> Partition {
        self.cut.log.partition
    }

    /// The first offset that is lost: whoever keeps rows of this partition elsewhere gives up those from here on.
    pub fn from(&self) -> Offset {
        self.cut.from
    }

    /// What had become of the offsets that are lost, whatever this table still held of them: its `rows` left the tables that keep all
    /// rows, its `errors` the error table.
    pub fn lost(&self) -> Span {
        self.cut.lost
    }

    /// Which rows of this table go, as places in the table before this update: in order, none empty, no two that touch.
    pub fn ranges(&self) -> &[Range<usize>] {
        &self.ranges
    }

    /// How many rows of this table go.
    pub fn rows(&self) -> usize {
        self.ranges.iter().map(ExactSizeIterator::len).sum()
    }
}
