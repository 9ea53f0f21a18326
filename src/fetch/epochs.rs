//! Who leads a partition, as of which epoch (KIP-320).

use super::planted::{Defect, Planted};

/// The newest that is known of a partition's leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Leadership {
    pub(super) leader: Option<i32>,
    /// -1 where no broker tells it.
    pub(super) epoch: i32,
}

/// What was new in what somebody said of a partition's leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing, or it is old.
    None,
    /// The same broker leads, in a new epoch: others may have led in between.
    Epoch,
    /// Another leads, or nobody.
    Leader,
}

impl Leadership {
    pub(super) const UNKNOWN: Self = Self { leader: None, epoch: -1 };

    /// Takes what metadata says. A stale answer, of a lower epoch, is ignored.
    pub(super) fn learn(&mut self, leader: Option<i32>, epoch: i32, planted: Planted) -> Change {
        if epoch >= 0 && epoch < self.epoch && !planted.has(Defect::StaleEpochTaken) {
            return Change::None;
        }
        self.set(Self { leader, epoch })
    }

    /// Takes the hint of a broker that leads no more (KIP-951): of a higher epoch, or it is no news.
    pub(super) fn follow(&mut self, leader: i32, epoch: i32, planted: Planted) -> bool {
        let is_news = epoch > self.epoch || planted.has(Defect::StaleHintFollowed);
        leader >= 0 && is_news && self.set(Self { leader: Some(leader), epoch }) != Change::None
    }

    fn set(&mut self, now: Self) -> Change {
        let before = std::mem::replace(self, now);
        if before.leader != now.leader {
            Change::Leader
        } else if before.epoch != now.epoch {
            Change::Epoch
        } else {
            Change::None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: Planted = Planted { defect: None };

    #[test]
    fn b4_what_is_of_a_lower_epoch_is_ignored() {
        let mut known = Leadership::UNKNOWN;
        assert_eq!(known.learn(Some(2), 5, SOUND), Change::Leader);
        assert_eq!(known.learn(Some(1), 4, SOUND), Change::None);
        assert_eq!(known.learn(Some(2), 5, SOUND), Change::None);
        assert_eq!(known.learn(Some(2), 6, SOUND), Change::Epoch);
        assert_eq!(known.learn(None, 6, SOUND), Change::Leader);
        assert_eq!(known.learn(Some(1), -1, SOUND), Change::Leader, "a broker too old to tell epochs");
    }

    #[test]
    fn b1_a_hint_is_followed_only_upwards() {
        let mut known = Leadership { leader: Some(1), epoch: 5 };
        assert!(!known.follow(2, 5, SOUND) && !known.follow(2, 4, SOUND) && !known.follow(-1, 6, SOUND));
        assert!(known.follow(2, 6, SOUND));
        assert_eq!(known, Leadership { leader: Some(2), epoch: 6 });
    }
}
