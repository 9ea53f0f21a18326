//! Which partitions changed lately: those who wait for news of some need not look at all of them.

use super::TopicRef;
use std::collections::VecDeque;

/// Whoever has seen less than these looks at everything.
const KEPT: usize = 8192;

/// The last changes, each with a number.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    kept: VecDeque<Changed>,
    forgotten: u64,
}

#[derive(Debug, Clone)]
enum Changed {
    Partition(TopicRef, i32),
    /// Leaders, nodes, topics: whatever is not the log of one partition.
    Everything,
}

impl Changes {
    /// The number of the next change.
    pub(crate) fn next(&self) -> u64 {
        self.forgotten + self.kept.len() as u64
    }

    /// The partitions that changed since that number was the next one; nothing where all may have.
    pub(crate) fn since(&self, number: u64) -> Option<Vec<(&TopicRef, i32)>> {
        let skipped = usize::try_from(number.checked_sub(self.forgotten)?).ok()?;
        let changed = self.kept.iter().skip(skipped).map(|changed| match changed {
            Changed::Partition(topic, partition) => Some((topic, *partition)),
            Changed::Everything => None,
        });
        changed.collect()
    }

    pub(super) fn partition(&mut self, topic: TopicRef, partition: i32) {
        self.push(Changed::Partition(topic, partition));
    }

    pub(super) fn everything(&mut self) {
        self.push(Changed::Everything);
    }

    fn push(&mut self, changed: Changed) {
        self.kept.push_back(changed);
        if self.kept.len() > KEPT {
            self.kept.pop_front();
            self.forgotten += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn topic() -> TopicRef {
        TopicRef { name: None, id: Uuid::from_u128(1) }
    }

    #[test]
    fn changes_are_told_from_a_number_on_and_a_change_of_everything_hides_the_others() {
        let mut changes = Changes::default();
        let first = changes.next();
        changes.partition(topic(), 3);
        let second = changes.next();
        changes.partition(topic(), 4);
        let partitions = |number| changes.since(number).map(|all| all.iter().map(|(_, partition)| *partition).collect());
        assert_eq!(partitions(first), Some(vec![3, 4]));
        assert_eq!(partitions(second), Some(vec![4]));
        assert_eq!(partitions(changes.next()), Some(vec![]));
        changes.everything();
        assert!(changes.since(second).is_none());
    }

    #[test]
    fn whoever_has_missed_changes_that_are_forgotten_is_told_so() {
        let mut changes = Changes::default();
        let first = changes.next();
        for _ in 0..=KEPT {
            changes.partition(topic(), 0);
        }
        assert!(changes.since(first).is_none());
        assert_eq!(changes.since(first + 1).map(|all| all.len()), Some(KEPT));
    }
}
