//! Where the records of an error table are read again.

use super::plan::Plan;
use super::start::{Assignment, Bounds};
use crate::ingest::{Again, End};
use crate::position::{Offsets, Partition, Partitions, Start, Stop};

/// Which partitions have such records, and from where to where they are.
pub(super) fn range(again: &Again) -> (Partitions, Start, Stop) {
    let found = again.partitions();
    let ranges = || found.iter().filter_map(|partition| Some((*partition, again.range(*partition)?)));
    let start = Start {
        default: Offsets::Beginning,
        partitions: ranges().map(|(partition, (first, _))| (partition, Offsets::At(first))).collect(),
    };
    let stop = Stop::AtEach(ranges().map(|(partition, (_, last))| (partition, last.saturating_add(1))).collect());
    // Where there are none all partitions end at once.
    let partitions = if found.is_empty() { Partitions::All } else { Partitions::These(found.clone()) };
    (partitions, start, stop)
}

/// Each partition from the first to the last of the records that its log still holds.
pub(super) fn assignments(plan: &Plan, again: &Again, bounds: &Bounds, partitions: &[Partition]) -> Vec<Assignment> {
    let assignment = |&partition: &Partition| {
        let log = bounds.of(plan, partition);
        let (position, end) = match again.range(partition) {
            None => (log.first, log.first),
            Some((_, last)) => match again.first_between(partition, log.first, log.next) {
                Some(first) => (first, last.saturating_add(1).min(log.next)),
                None => (last.saturating_add(1), last.saturating_add(1)),
            },
        };
        Assignment { partition, position, leader_epoch: -1, end: End { offset: Some(end), timestamp: None } }
    };
    partitions.iter().map(assignment).collect()
}
