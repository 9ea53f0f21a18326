//! Which leader wrote which part of what was read.

use std::collections::VecDeque;

use crate::position::Offset;

/// More than these elections ago nothing is known. A log that loses its end loses what the last few leaders wrote.
const MOST: usize = 64;

/// The leader epochs of what was read of a partition, as a broker keeps them of its log (`leader-epoch-checkpoint`).
#[derive(Debug, Clone, Default)]
pub(super) struct Epochs {
    /// Epochs and their first offsets, both in order.
    begun: VecDeque<(i32, Offset)>,
}

impl Epochs {
    /// What was read from `first` on is of this epoch; a negative one says nothing.
    pub(super) fn note(&mut self, epoch: i32, first: Offset) {
        if epoch < 0 || self.begun.back().is_some_and(|(last, _)| *last >= epoch) {
            return;
        }
        if self.begun.len() >= MOST {
            self.begun.pop_front();
        }
        self.begun.push_back((epoch, first));
    }

    /// The epoch of an offset that was read; -1 where that is not known.
    pub(super) fn at(&self, offset: Offset) -> i32 {
        self.begun.iter().rev().find(|(_, first)| *first <= offset).map_or(-1, |(epoch, _)| *epoch)
    }

    /// The offset after the last that is known to be of `epoch` or an earlier one; none where all that is known is.
    pub(super) fn end(&self, epoch: i32) -> Option<Offset> {
        self.begun.iter().find(|(begun, _)| *begun > epoch).map(|(_, first)| *first)
    }

    /// Forgets what was read from `to` on.
    pub(super) fn truncate(&mut self, to: Offset) {
        while self.begun.back().is_some_and(|(_, first)| *first >= to) {
            self.begun.pop_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_epoch_of_every_offset_is_known_also_after_a_truncation() {
        let mut epochs = Epochs::default();
        for (epoch, first) in [(-1, 0), (3, 10), (3, 15), (5, 20), (9, 30)] {
            epochs.note(epoch, first);
        }
        assert_eq!([9, 10, 19, 20, 29, 30, 99].map(|offset| epochs.at(offset)), [-1, 3, 3, 5, 5, 9, 9]);
        assert_eq!([2, 3, 4, 5, 9].map(|epoch| epochs.end(epoch)), [Some(10), Some(20), Some(20), Some(30), None]);
        epochs.truncate(20);
        assert_eq!((epochs.at(19), epochs.at(25), epochs.end(3)), (3, 3, None));
        epochs.note(7, 20);
        assert_eq!((epochs.at(19), epochs.at(20)), (3, 7));
    }

    #[test]
    fn no_more_epochs_are_kept_than_matter() {
        let mut epochs = Epochs::default();
        (0..1000).for_each(|epoch| epochs.note(epoch, i64::from(epoch) * 10));
        assert_eq!((epochs.begun.len(), epochs.at(9995), epochs.at(10)), (MOST, 999, -1));
    }
}
