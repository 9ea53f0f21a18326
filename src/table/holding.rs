//! Which offsets a ring holds, so that its positions are exact.

use std::collections::{BTreeMap, VecDeque};

use super::origin::{Log, Origin};
use super::positions::Positions;
use super::view::View;
use crate::position::Offset;

/// The log and offset of every row of a ring, in arrival order.
#[derive(Debug, Clone, Default)]
pub(super) struct Holding {
    /// Logs and rows.
    runs: VecDeque<(Log, usize)>,
    /// Of each log, the stretches: first offsets and rows.
    stretches: BTreeMap<Log, VecDeque<(Offset, usize)>>,
}

impl Holding {
    pub(super) fn of(view: &View) -> Self {
        let mut holding = Self::default();
        view.history().iter().for_each(|segment| holding.add(&segment.origin));
        holding
    }

    pub(super) fn add(&mut self, origin: &Origin) {
        for stretch in origin.stretches() {
            match self.runs.back_mut() {
                Some((last, held)) if *last == stretch.log => *held += stretch.rows,
                _ => self.runs.push_back((stretch.log, stretch.rows)),
            }
            let of = self.stretches.entry(stretch.log).or_default();
            match of.back_mut() {
                Some((first, rows)) if first.checked_add_unsigned(*rows as u64) == Some(stretch.first) => *rows += stretch.rows,
                _ => of.push_back((stretch.first, stretch.rows)),
            }
        }
    }

    /// Forgets the first `rows` rows.
    pub(super) fn remove(&mut self, mut rows: usize) {
        while rows > 0 {
            let Some((log, held)) = self.runs.front_mut() else { return };
            let (log, taken) = (*log, rows.min(*held));
            *held -= taken;
            if *held == 0 {
                self.runs.pop_front();
            }
            rows -= taken;
            self.remove_of(log, taken);
        }
    }

    fn remove_of(&mut self, log: Log, mut rows: usize) {
        let Some(stretches) = self.stretches.get_mut(&log) else { return };
        while rows > 0 {
            let Some((first, held)) = stretches.front_mut() else { break };
            let taken = rows.min(*held);
            rows -= taken;
            if taken == *held {
                stretches.pop_front();
            } else {
                (*first, *held) = (first.saturating_add_unsigned(taken as u64), *held - taken);
            }
        }
        if stretches.is_empty() {
            self.stretches.remove(&log);
        }
    }

    /// Says of each partition what the first offset is that is held.
    pub(super) fn place(&self, positions: &mut Positions) {
        for (partition, position) in &mut positions.partitions {
            let log = Log { partition: *partition, generation: position.generation };
            position.first = self.first(log).unwrap_or(position.next);
        }
    }

    /// The offset of the oldest row of a log.
    fn first(&self, log: Log) -> Option<Offset> {
        self.stretches.get(&log)?.front().map(|(first, _)| *first)
    }
}

#[cfg(test)]
mod tests {
    use super::super::origin::OriginBuilder;
    use super::*;

    fn log(partition: i32) -> Log {
        Log { partition, generation: 0 }
    }

    fn origin(runs: &[(i32, &[Offset])]) -> Origin {
        let mut builder = OriginBuilder::default();
        runs.iter().for_each(|(partition, offsets)| builder.push_offsets(log(*partition), offsets));
        builder.finish()
    }

    #[test]
    fn the_oldest_offset_of_each_partition_is_known_after_every_removal() {
        let mut holding = Holding::default();
        holding.add(&origin(&[(0, &[10, 12]), (1, &[5])]));
        holding.add(&origin(&[(1, &[6, 9]), (0, &[13])]));
        let mut seen = Vec::new();
        for _ in 0..7 {
            seen.push((holding.first(log(0)), holding.first(log(1))));
            holding.remove(1);
        }
        let at = |zero: Offset, one: Offset| (Some(zero), Some(one));
        assert_eq!(seen, [at(10, 5), at(12, 5), at(13, 5), at(13, 6), at(13, 9), (Some(13), None), (None, None)]);
    }
}
