//! Which offsets a ring holds, so that its positions are exact.

use std::collections::{BTreeMap, VecDeque};

use arrow_buffer::ScalarBuffer;

use super::segment::Origin;
use crate::position::{Offset, Partition};

/// The partition and offset of every row of a ring, in arrival order.
#[derive(Debug, Clone, Default)]
pub(super) struct Holding {
    runs: VecDeque<(Partition, usize)>,
    offsets: BTreeMap<Partition, VecDeque<ScalarBuffer<Offset>>>,
}

impl Holding {
    pub(super) fn add(&mut self, origin: &Origin) {
        let mut start = 0;
        for (partition, rows) in &origin.runs {
            if origin.offsets.len() < start + rows {
                return;
            }
            match self.runs.back_mut() {
                Some((last, held)) if last == partition => *held += rows,
                _ => self.runs.push_back((*partition, *rows)),
            }
            self.offsets.entry(*partition).or_default().push_back(origin.offsets.slice(start, *rows));
            start += rows;
        }
    }

    /// Forgets the first `rows` rows.
    pub(super) fn remove(&mut self, mut rows: usize) {
        while rows > 0 {
            let Some((partition, held)) = self.runs.front_mut() else { return };
            let (partition, taken) = (*partition, rows.min(*held));
            *held -= taken;
            if *held == 0 {
                self.runs.pop_front();
            }
            rows -= taken;
            self.remove_of(partition, taken);
        }
    }

    fn remove_of(&mut self, partition: Partition, mut rows: usize) {
        let Some(buffers) = self.offsets.get_mut(&partition) else { return };
        while rows > 0 {
            let Some(front) = buffers.front_mut() else { break };
            let taken = rows.min(front.len());
            rows -= taken;
            if taken == front.len() {
                buffers.pop_front();
            } else {
                let rest = front.slice(taken, front.len() - taken);
                // A slice would hold on to the memory of all; the copies add up to less than what came.
                *front = if rest.len() < taken { rest.iter().copied().collect() } else { rest };
            }
        }
        if buffers.is_empty() {
            self.offsets.remove(&partition);
        }
    }

    /// The offset of the oldest row of a partition.
    pub(super) fn first(&self, partition: Partition) -> Option<Offset> {
        self.offsets.get(&partition)?.front()?.first().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(runs: &[(Partition, usize)], offsets: &[Offset]) -> Origin {
        Origin { runs: runs.to_vec(), offsets: offsets.to_vec().into() }
    }

    #[test]
    fn the_oldest_offset_of_each_partition_is_known_after_every_removal() {
        let mut holding = Holding::default();
        holding.add(&origin(&[(0, 2), (1, 1)], &[10, 12, 5]));
        holding.add(&origin(&[(1, 2), (0, 1)], &[6, 9, 13]));
        let mut seen = Vec::new();
        for _ in 0..7 {
            seen.push((holding.first(0), holding.first(1)));
            holding.remove(1);
        }
        let at = |zero: Offset, one: Offset| (Some(zero), Some(one));
        assert_eq!(seen, [at(10, 5), at(12, 5), at(13, 5), at(13, 6), at(13, 9), (Some(13), None), (None, None)]);
    }
}
