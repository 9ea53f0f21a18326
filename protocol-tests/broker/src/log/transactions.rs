//! Which transactions are open and which were aborted, as the batches of the log say.

use crate::batch::{BatchHeader, batches};
use std::collections::BTreeMap;

/// An aborted transaction of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aborted {
    /// Whose it was.
    pub producer_id: i64,
    /// Its first offset in the partition.
    pub first_offset: i64,
    /// The offset of its abort marker.
    pub last_offset: i64,
}

#[derive(Debug, Default)]
pub(super) struct Transactions {
    open: BTreeMap<i64, i64>,
    aborted: Vec<Aborted>,
}

impl Transactions {
    pub(super) fn observe(&mut self, batch: &[u8], header: &BatchHeader) {
        if header.is_control() {
            let first_offset = self.open.remove(&header.producer_id);
            if let (Some(first_offset), true) = (first_offset, is_abort(batch)) {
                let last_offset = header.last_offset();
                self.aborted.push(Aborted { producer_id: header.producer_id, first_offset, last_offset });
            }
        } else if header.is_transactional() {
            self.open.entry(header.producer_id).or_insert(header.base_offset);
        }
    }

    pub(super) fn first_open(&self) -> Option<i64> {
        self.open.values().min().copied()
    }

    pub(super) fn aborted(&self, from: i64, upper: i64) -> Vec<Aborted> {
        self.aborted.iter().filter(|one| one.last_offset >= from && one.first_offset < upper).copied().collect()
    }

    pub(super) fn truncate(&mut self, offset: i64) {
        self.open.retain(|_, first| *first < offset);
        for one in self.aborted.iter().filter(|one| one.last_offset >= offset && one.first_offset < offset) {
            self.open.insert(one.producer_id, one.first_offset);
        }
        self.aborted.retain(|one| one.last_offset < offset);
    }
}

fn is_abort(batch: &[u8]) -> bool {
    let records = batches(batch).next().and_then(Result::ok).and_then(|raw| raw.records().ok());
    records
        .and_then(|records| records.into_iter().next())
        .and_then(|record| record.key)
        .is_some_and(|key| key.get(2..4) == Some(&[0, 0]))
}
