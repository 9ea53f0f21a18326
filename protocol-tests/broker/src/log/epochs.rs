//! Which leader epoch began at which offset (KIP-101, KIP-320).

/// Epochs with the offset at which each began, ascending.
#[derive(Debug)]
pub(crate) struct Epochs(Vec<(i32, i64)>);

impl Default for Epochs {
    fn default() -> Self {
        Self(vec![(0, 0)])
    }
}

impl Epochs {
    /// A new leader begins at `start`.
    pub(crate) fn begin(&mut self, epoch: i32, start: i64) {
        self.0.retain(|(_, begun)| *begun < start || *begun == 0 && start > 0);
        self.0.push((epoch, start));
    }

    /// A batch of this epoch is appended at `start`. A test may append where nobody leads, in an epoch that no leader began.
    pub(crate) fn note(&mut self, epoch: i32, start: i64) {
        if self.0.last().is_some_and(|(latest, _)| *latest < epoch) {
            self.begin(epoch, start);
        }
    }

    /// Where the latest epoch began.
    pub(crate) fn begun(&self) -> i64 {
        self.0.last().map_or(0, |(_, begun)| *begun)
    }

    pub(super) fn truncate(&mut self, offset: i64) {
        let first = self.0.first().copied();
        self.0.retain(|(_, begun)| *begun < offset);
        if self.0.is_empty() {
            self.0.extend(first.map(|(epoch, _)| (epoch, 0)));
        }
    }

    /// The greatest epoch not above `epoch` and the offset at which it ended; (-1, -1) for an epoch of the future.
    pub(crate) fn end_of(&self, epoch: i32, log_end: i64) -> (i32, i64) {
        match self.0.last() {
            Some((latest, _)) if *latest == epoch => (epoch, log_end),
            Some((latest, _)) if *latest < epoch => (-1, -1),
            _ => {
                let at = self.0.partition_point(|(begun, _)| *begun <= epoch);
                let end = self.0.get(at).map_or(log_end, |(_, start)| *start);
                let found = at.checked_sub(1).and_then(|before| self.0.get(before)).map_or(epoch, |(found, _)| *found);
                (found, end)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_ends_where_the_next_one_began() {
        let mut epochs = Epochs::default();
        epochs.begin(2, 10);
        epochs.begin(5, 30);
        assert_eq!(epochs.end_of(0, 40), (0, 10));
        assert_eq!(epochs.end_of(1, 40), (0, 10));
        assert_eq!(epochs.end_of(2, 40), (2, 30));
        assert_eq!(epochs.end_of(5, 40), (5, 40));
        assert_eq!(epochs.end_of(6, 40), (-1, -1));
    }

    #[test]
    fn an_epoch_without_records_leaves_no_trace_once_the_next_one_begins() {
        let mut epochs = Epochs::default();
        epochs.begin(1, 10);
        epochs.begin(2, 10);
        assert_eq!(epochs.end_of(1, 20), (0, 10));
    }
}
