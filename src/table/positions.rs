//! What a table holds of each partition, and what became of every offset.

use std::collections::BTreeMap;

use crate::position::{Offset, Partition, Span};

/// Where a table stands in one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionPosition {
    /// The first offset that the table holds: where the partition began, for a table that keeps all rows; where the current cycle
    /// began, for a blink table; the oldest row's, for a ring (`next` where it holds none).
    pub first: Offset,
    /// The offset that follows: the next to be read. It goes back where the log lost its end, with the rows that came from there.
    pub next: Offset,
    /// What became of every offset since the partition began, whatever the table still holds. Without the offsets that the log lost.
    pub account: Span,
    /// How often the partition began anew, because the topic was deleted and created again; mostly 0.
    ///
    /// A new generation is another log under the same number. The rows of earlier ones stay, and `first`, `next` and `account` are of
    /// this one alone: a row of an earlier one may well have an offset between them, or beyond.
    pub generation: u32,
}

/// Where a table stands in each of its partitions, as of one cycle.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Positions {
    pub(super) partitions: BTreeMap<Partition, PartitionPosition>,
}

impl Positions {
    /// The position in one partition; none where the table does not have it (yet).
    pub fn get(&self, partition: Partition) -> Option<PartitionPosition> {
        self.partitions.get(&partition).copied()
    }

    /// All partitions, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Partition, PartitionPosition)> + '_ {
        self.partitions.iter().map(|(partition, position)| (*partition, *position))
    }

    /// How many partitions there are.
    pub fn len(&self) -> usize {
        self.partitions.len()
    }

    /// Whether there is no partition.
    pub fn is_empty(&self) -> bool {
        self.partitions.is_empty()
    }
}
