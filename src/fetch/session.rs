//! A fetch session with one broker (KIP-227): the broker keeps what is asked for, and is told only what changes.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::planted::{Defect, Planted};
use super::ticket::Asked;
use crate::position::{Offset, Partition};

/// The epoch of a request that begins a session.
const FULL: i32 = 0;

/// The epoch of a request without a session; it ends the one whose id it bears.
const FINAL: i32 = -1;

const FETCH_SESSION_ID_NOT_FOUND: i16 = 70;
const INVALID_FETCH_SESSION_EPOCH: i16 = 71;
const FETCH_SESSION_TOPIC_ID_ERROR: i16 = 106;

/// What the broker keeps, as far as it is known.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// 0 for none.
    id: i32,
    /// The epoch of the next request; 0 asks for all anew.
    epoch: i32,
    partitions: BTreeMap<Partition, Kept>,
    /// The id by which the topic is named; nil where it is by name.
    topic_id: Uuid,
}

/// What a broker keeps of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kept {
    position: Offset,
    leader_epoch: i32,
    last_epoch: i32,
}

impl Kept {
    fn of(asked: &Asked) -> Self {
        Self { position: asked.position, leader_epoch: asked.leader_epoch, last_epoch: asked.last_epoch }
    }
}

/// What a request says of the session.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) id: i32,
    pub(super) epoch: i32,
    /// The partitions to name.
    pub(super) named: Vec<Asked>,
    pub(super) forgotten: Vec<Partition>,
}

impl Terms {
    /// Whether the answer holds only what is new.
    pub(super) fn is_incremental(&self) -> bool {
        self.epoch > FULL
    }
}

/// Whether an error of a whole answer is of the session and not of what was asked.
pub(super) fn is_session_error(code: i16) -> bool {
    matches!(code, FETCH_SESSION_ID_NOT_FOUND | INVALID_FETCH_SESSION_EPOCH | FETCH_SESSION_TOPIC_ID_ERROR)
}

impl Session {
    /// The terms of a request for `asked` and nothing else. `anew` asks for all in this order, whatever the session has.
    pub(super) fn ask(&mut self, asked: &[Asked], topic_id: Uuid, anew: bool, planted: Planted) -> Terms {
        let wanted: BTreeMap<Partition, Kept> = asked.iter().map(|asked| (asked.partition, Kept::of(asked))).collect();
        if self.epoch == FULL || anew || self.topic_id != topic_id {
            self.topic_id = topic_id;
            self.partitions = wanted;
            self.epoch = FULL;
            return Terms { id: self.id, epoch: FULL, named: asked.to_vec(), forgotten: Vec::new() };
        }
        let known = |asked: &&Asked| match self.partitions.get(&asked.partition) {
            Some(_) if planted.has(Defect::SessionNotUpdated) => true,
            Some(kept) => *kept == Kept::of(asked),
            None => false,
        };
        let named = asked.iter().filter(|asked| !known(asked)).copied().collect();
        let mut forgotten: Vec<Partition> =
            self.partitions.keys().filter(|partition| !wanted.contains_key(partition)).copied().collect();
        if planted.has(Defect::NothingForgotten) {
            forgotten.clear();
        }
        self.partitions = wanted;
        Terms { id: self.id, epoch: self.epoch, named, forgotten }
    }

    /// The terms of a request without a session; an open one is closed by it.
    pub(super) fn ask_without(&mut self, asked: &[Asked]) -> Terms {
        let id = std::mem::take(&mut self.id);
        self.epoch = FULL;
        self.partitions.clear();
        Terms { id, epoch: FINAL, named: asked.to_vec(), forgotten: Vec::new() }
    }

    /// Takes in what an answer to a request of epoch `epoch` says of the session.
    pub(super) fn answered(&mut self, epoch: i32, error_code: i16, session_id: i32, planted: Planted) {
        if epoch == FINAL {
            return;
        }
        if error_code != 0 {
            if planted.has(Defect::SessionSurvivesItsError) {
                return;
            }
            if error_code == FETCH_SESSION_ID_NOT_FOUND {
                self.id = 0;
            }
            return self.lost();
        }
        if epoch == FULL && session_id != 0 {
            self.id = session_id;
            self.epoch = 1;
        } else if session_id != 0 && session_id == self.id {
            if !planted.has(Defect::SessionEpochStandsStill) {
                self.epoch = self.epoch.checked_add(1).unwrap_or(1);
            }
        } else {
            // The broker keeps no session, or not this one: its cache is full, or it was evicted.
            self.id = 0;
            self.lost();
        }
    }

    /// Nobody knows what the broker has: the next request names everything, and closes what is left of the session.
    pub(super) fn lost(&mut self) {
        self.epoch = FULL;
        self.partitions.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(partition: Partition, position: Offset) -> Asked {
        Asked { partition, position, generation: 0, stalled: false, leader_epoch: 3, last_epoch: 2 }
    }

    fn ask(session: &mut Session, wanted: &[Asked]) -> (i32, i32, Vec<Partition>, Vec<Partition>) {
        let terms = session.ask(wanted, Uuid::nil(), false, Planted::default());
        (terms.id, terms.epoch, terms.named.iter().map(|asked| asked.partition).collect(), terms.forgotten)
    }

    fn answered(session: &mut Session, epoch: i32, error: i16, id: i32) {
        session.answered(epoch, error, id, Planted::default());
    }

    #[test]
    fn only_what_changes_is_named_and_what_is_not_wanted_is_forgotten() {
        let mut session = Session::default();
        assert_eq!(ask(&mut session, &[asked(0, 5), asked(1, 5), asked(2, 5)]), (0, 0, vec![0, 1, 2], vec![]));
        answered(&mut session, 0, 0, 77);
        assert_eq!(ask(&mut session, &[asked(0, 5), asked(1, 9)]), (77, 1, vec![1], vec![2]));
        answered(&mut session, 1, 0, 77);
        assert_eq!(ask(&mut session, &[asked(0, 5), asked(1, 9), asked(2, 5)]), (77, 2, vec![2], vec![]));
        answered(&mut session, 2, 0, 77);
        let newer = Asked { last_epoch: 3, ..asked(0, 5) };
        assert_eq!(ask(&mut session, &[newer, asked(1, 9), asked(2, 5)]), (77, 3, vec![0], vec![]));
    }

    #[test]
    fn c19_whatever_goes_wrong_with_a_session_the_next_request_names_everything() {
        let began = || {
            let mut session = Session::default();
            ask(&mut session, &[asked(0, 5)]);
            answered(&mut session, 0, 0, 77);
            ask(&mut session, &[asked(0, 5)]);
            session
        };
        for (error, id, next) in [(70, 0, 0), (71, 0, 77), (106, 0, 77), (-1, 0, 77), (0, 0, 0), (0, 78, 0)] {
            let mut session = began();
            answered(&mut session, 1, error, id);
            assert_eq!(ask(&mut session, &[asked(0, 5)]), (next, 0, vec![0], vec![]), "error {error}, id {id}");
        }
        let mut session = began();
        session.lost();
        assert_eq!(ask(&mut session, &[asked(0, 5)]), (77, 0, vec![0], vec![]), "the connection is lost");
        let mut session = began();
        let terms = session.ask(&[asked(0, 5)], Uuid::from_u128(1), false, Planted::default());
        assert_eq!((terms.epoch, terms.named.len()), (0, 1), "named by id from now on");
    }

    #[test]
    fn a_request_without_a_session_closes_the_one_that_there_is() {
        let mut session = Session::default();
        ask(&mut session, &[asked(0, 5)]);
        answered(&mut session, 0, 0, 77);
        let without = |session: &mut Session| {
            let terms = session.ask_without(&[asked(0, 5)]);
            (terms.id, terms.epoch)
        };
        assert_eq!(without(&mut session), (77, -1));
        assert_eq!(without(&mut session), (0, -1));
        assert_eq!(ask(&mut session, &[asked(0, 5)]), (0, 0, vec![0], vec![]));
    }

    #[test]
    fn the_epoch_goes_on_from_one_behind_the_largest() {
        let mut session = Session { id: 7, epoch: i32::MAX, ..Session::default() };
        answered(&mut session, i32::MAX, 0, 7);
        assert_eq!(session.epoch, 1);
    }
}
