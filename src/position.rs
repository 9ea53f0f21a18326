//! Where in a log: partitions, offsets, where to start, where to stop, and what became of each offset.

use std::collections::BTreeMap;
use std::time::Duration;

/// The number of a partition within its topic.
pub type Partition = i32;

/// The number of a record within its partition.
pub type Offset = i64;

/// Where to start reading a partition.
///
/// The names are those of the reference API: `SEEK_TO_BEGINNING`, `SEEK_TO_END`, `DONT_SEEK`, or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Offsets {
    /// The first offset that the log still holds.
    Beginning,
    /// Only what is appended from now on.
    End,
    /// The offset committed by `group.id`; without a group or a commit, what `auto.offset.reset` says (default `latest`).
    Stored,
    /// This offset. One that the log does not hold is an error before the table exists.
    At(Offset),
    /// The last `n` offsets of each partition.
    Last(u64),
    /// The first record whose timestamp is at least this many milliseconds since the epoch; the end where there is none.
    Timestamp(i64),
}

/// Where to start: one answer for every partition, and others for some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// For every partition that is not named, those included that the topic gains later (these always start at offset 0).
    pub default: Offsets,
    /// For the partitions named.
    pub partitions: BTreeMap<Partition, Offsets>,
}

impl Start {
    /// Where `partition` starts.
    pub fn of(&self, partition: Partition) -> Offsets {
        self.partitions.get(&partition).copied().unwrap_or(self.default)
    }
}

impl Default for Start {
    fn default() -> Self {
        Offsets::Stored.into()
    }
}

impl From<Offsets> for Start {
    fn from(default: Offsets) -> Self {
        Self { default, partitions: BTreeMap::new() }
    }
}

/// As the reference API has it: a partition that the map does not name is not sought ([`Offsets::Stored`]).
impl<const N: usize> From<[(Partition, Offsets); N]> for Start {
    fn from(partitions: [(Partition, Offsets); N]) -> Self {
        Self { default: Offsets::Stored, partitions: partitions.into_iter().collect() }
    }
}

/// As the reference API has it: a partition that the map does not name is not sought ([`Offsets::Stored`]).
impl From<BTreeMap<Partition, Offsets>> for Start {
    fn from(partitions: BTreeMap<Partition, Offsets>) -> Self {
        Self { default: Offsets::Stored, partitions }
    }
}

/// Which partitions of the topic are read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Partitions {
    /// All, and those that the topic gains later.
    #[default]
    All,
    /// These. One that the topic does not have is an error before the table exists.
    These(Vec<Partition>),
}

impl<const N: usize> From<[Partition; N]> for Partitions {
    fn from(partitions: [Partition; N]) -> Self {
        Self::These(partitions.to_vec())
    }
}

impl From<Vec<Partition>> for Partitions {
    fn from(partitions: Vec<Partition>) -> Self {
        Self::These(partitions)
    }
}

/// Where a consumption ends by itself. The table stays; its updates end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Stop {
    /// Never.
    #[default]
    Never,
    /// At the end of each partition as of the start.
    End,
    /// Before this offset in every partition.
    At(Offset),
    /// Before these offsets; a partition that is not named ends at once.
    AtEach(BTreeMap<Partition, Offset>),
    /// Before the first record whose timestamp is at least this many milliseconds since the epoch. Where there is none yet, the
    /// partition is read on until one arrives or the clock passes that time.
    Timestamp(i64),
    /// When this much time has passed since the table came to be.
    After(Duration),
}

/// What became of a run of offsets of one partition.
///
/// `rows + errors + filtered + control + gaps = next - first`, always: see [`Span::adds_up`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The partition.
    pub partition: Partition,
    /// The first offset of the run.
    pub first: Offset,
    /// The offset after the run.
    pub next: Offset,
    /// Offsets that became a row.
    pub rows: u64,
    /// Offsets that are in the error table.
    pub errors: u64,
    /// Offsets left out on purpose: aborted transactions, tombstones where asked for.
    pub filtered: u64,
    /// Offsets of control records: transaction markers.
    pub control: u64,
    /// Offsets that the log does not hold: compaction, retention.
    pub gaps: u64,
    /// The epoch of the leader that wrote the last batch of the run; -1 where that is not known. Whether the log still is the one
    /// that was read is asked with it (KIP-320).
    pub leader_epoch: i32,
}

impl Span {
    /// An empty run at `offset`.
    pub fn empty(partition: Partition, offset: Offset) -> Self {
        Self { partition, first: offset, next: offset, rows: 0, errors: 0, filtered: 0, control: 0, gaps: 0, leader_epoch: -1 }
    }

    /// Whether every offset of the run is accounted for.
    pub fn adds_up(&self) -> bool {
        let counted = i128::from(self.rows)
            + i128::from(self.errors)
            + i128::from(self.filtered)
            + i128::from(self.control)
            + i128::from(self.gaps);
        i128::from(self.next) - i128::from(self.first) == counted
    }

    /// Takes in the run that follows this one. `later` begins where this one ends, in the same partition.
    pub fn extend(&mut self, later: &Self) {
        debug_assert_eq!((self.partition, self.next), (later.partition, later.first));
        self.next = later.next;
        self.rows += later.rows;
        self.errors += later.errors;
        self.filtered += later.filtered;
        self.control += later.control;
        self.gaps += later.gaps;
        if later.leader_epoch >= 0 {
            self.leader_epoch = later.leader_epoch;
        }
    }
}
