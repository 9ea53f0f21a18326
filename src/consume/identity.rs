//! Which topic of a name it is, and whether it is there at all.

use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

/// So many answers in a row say it before it is believed: one broker may know less than the others.
const SURE: u32 = 4;

/// Something that brokers say again and again.
#[derive(Debug, Default)]
pub(super) struct Doubt {
    answers: u32,
    since: Option<Instant>,
}

impl Doubt {
    /// It was said again. Whether that was often enough, for at least this long.
    pub(super) fn confirmed(&mut self, least: Duration) -> bool {
        self.answers = self.answers.saturating_add(1);
        let since = *self.since.get_or_insert_with(Instant::now);
        self.answers >= SURE && since.elapsed() >= least
    }

    /// Whether it was said for the first time.
    pub(super) fn is_new(&self) -> bool {
        self.answers == 1
    }

    pub(super) fn is_open(&self) -> bool {
        self.answers > 0
    }

    pub(super) fn dispel(&mut self) {
        *self = Self::default();
    }
}

/// The id of the topic that is read, and those that it had.
#[derive(Debug)]
pub(super) struct Identity {
    id: Uuid,
    former: Vec<Uuid>,
    /// Another id that brokers tell.
    other: Option<(Uuid, Doubt)>,
}

/// What an id in metadata means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meeting {
    /// The topic that is read.
    Same,
    /// The topic that is read, after it was in doubt.
    SameAfterAll,
    /// A topic that was read before: the answer is stale.
    Former,
    /// Perhaps another topic of this name. Nothing is to be read until that is certain.
    Doubtful,
    /// Certainly another topic of this name.
    Other,
}

impl Identity {
    pub(super) fn new(id: Uuid) -> Self {
        Self { id, former: Vec::new(), other: None }
    }

    /// Nil where brokers do not tell it.
    pub(super) fn id(&self) -> Uuid {
        self.id
    }

    /// Whether nobody knows at present which topic it is.
    pub(super) fn is_doubtful(&self) -> bool {
        self.other.is_some()
    }

    /// Takes an id in. A broker that is too old to tell ids tells nil, which says nothing.
    pub(super) fn meet(&mut self, id: Uuid) -> Meeting {
        if id.is_nil() && self.other.is_some() {
            return Meeting::Doubtful;
        }
        if id.is_nil() || id == self.id {
            return if self.other.take().is_some() { Meeting::SameAfterAll } else { Meeting::Same };
        }
        if self.id.is_nil() {
            self.id = id;
            return Meeting::Same;
        }
        if self.former.contains(&id) {
            return Meeting::Former;
        }
        let doubt = match &mut self.other {
            Some((known, doubt)) if *known == id => doubt,
            other => &mut other.insert((id, Doubt::default())).1,
        };
        if doubt.confirmed(Duration::ZERO) { Meeting::Other } else { Meeting::Doubtful }
    }

    /// Goes over to another topic.
    pub(super) fn adopt(&mut self, id: Uuid) {
        self.other = None;
        if id != self.id {
            self.former.push(std::mem::replace(&mut self.id, id));
            self.former.retain(|former| *former != id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Uuid = Uuid::from_u128(1);
    const NEW: Uuid = Uuid::from_u128(2);

    #[test]
    fn b13_another_id_is_believed_when_it_is_told_again_and_again() {
        let mut identity = Identity::new(OLD);
        let told: Vec<_> = (0..4).map(|_| identity.meet(NEW)).collect();
        assert_eq!(told, [Meeting::Doubtful, Meeting::Doubtful, Meeting::Doubtful, Meeting::Other]);
        identity.adopt(NEW);
        assert_eq!((identity.meet(NEW), identity.meet(OLD)), (Meeting::Same, Meeting::Former));
        assert!(!identity.is_doubtful());
    }

    #[test]
    fn b14_a_broker_that_knows_less_than_the_others_makes_no_other_topic() {
        let mut identity = Identity::new(NEW);
        assert_eq!(identity.meet(OLD), Meeting::Doubtful);
        assert!(identity.is_doubtful());
        assert_eq!(identity.meet(Uuid::nil()), Meeting::Doubtful, "nothing was said");
        assert_eq!((identity.meet(NEW), identity.meet(NEW)), (Meeting::SameAfterAll, Meeting::Same));
        let told: Vec<_> = (0..3).map(|_| identity.meet(OLD)).collect();
        assert_eq!(told, [Meeting::Doubtful; 3], "it is counted anew");
    }

    #[test]
    fn an_id_that_is_told_only_later_is_the_topics() {
        let mut identity = Identity::new(Uuid::nil());
        assert_eq!((identity.meet(Uuid::nil()), identity.meet(OLD), identity.meet(NEW)), {
            (Meeting::Same, Meeting::Same, Meeting::Doubtful)
        });
    }

    #[tokio::test(start_paused = true)]
    async fn a_doubt_is_confirmed_by_several_answers_over_some_time() {
        let mut doubt = Doubt::default();
        let least = Duration::from_secs(5);
        assert!(!(0..10).any(|_| doubt.confirmed(least)), "at once");
        tokio::time::sleep(least).await;
        assert!(doubt.confirmed(least));
        doubt.dispel();
        assert!(!doubt.is_open() && !doubt.confirmed(least) && doubt.is_new());
    }
}
