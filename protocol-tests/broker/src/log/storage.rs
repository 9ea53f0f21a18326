//! Where the batches of a log lie: stored one by one, or one round of them that is served again and again.

use crate::batch::{BatchHeader, batches, moved_head};
use bytes::Bytes;
use std::collections::VecDeque;

/// The batches of a log.
#[derive(Debug)]
pub(crate) enum Storage {
    Stored(VecDeque<Entry>),
    Repeating(Repeating),
}

/// One stored batch, or a batch of the round, relative to the round's first offset.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    base_offset: i64,
    last_offset: i64,
    max_timestamp: i64,
    bytes: Bytes,
}

/// A round of batches and how often it is repeated.
#[derive(Debug)]
pub(crate) struct Repeating {
    round: Vec<Entry>,
    offsets_per_round: i64,
    rounds: i64,
}

/// A batch at its place in the log.
#[derive(Debug, Clone)]
pub(crate) struct Located {
    pub(crate) last_offset: i64,
    pub(crate) max_timestamp: i64,
    /// What replaces the first bytes of `bytes`.
    head: Option<Bytes>,
    bytes: Bytes,
}

impl Located {
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Pushes the first `count` bytes, without copying the stored ones.
    pub(crate) fn push_into(&self, count: usize, parts: &mut Vec<Bytes>) {
        let head = self.head.as_ref().map_or(0, Bytes::len);
        if let Some(replaced) = &self.head {
            parts.push(replaced.slice(..count.min(head)));
        }
        if count > head {
            parts.push(self.bytes.slice(head..count.min(self.bytes.len())));
        }
    }

    /// The whole batch, copied where its head is replaced.
    pub(crate) fn whole(&self) -> Bytes {
        match &self.head {
            None => self.bytes.clone(),
            Some(head) => Bytes::from([head.as_ref(), self.bytes.get(head.len()..).unwrap_or_default()].concat()),
        }
    }
}

impl Storage {
    pub(super) fn empty() -> Self {
        Self::Stored(VecDeque::new())
    }

    pub(super) fn repeating(given: &[Bytes], rounds: u64) -> Self {
        let mut round = Vec::new();
        let mut next = 0_i64;
        for bytes in given {
            // Batches that lie in one buffer stay there: this slices, it does not copy.
            for raw in batches(bytes).map_while(Result::ok) {
                let last_offset = next + i64::from(raw.header.last_offset_delta);
                round.push(Entry {
                    base_offset: next,
                    last_offset,
                    max_timestamp: raw.header.max_timestamp,
                    bytes: bytes.slice_ref(raw.bytes),
                });
                next = last_offset + 1;
            }
        }
        let rounds = if next == 0 { 0 } else { i64::try_from(rounds).unwrap_or(i64::MAX).min(i64::MAX / next) };
        Self::Repeating(Repeating { round, offsets_per_round: next, rounds })
    }

    pub(super) fn end(&self) -> i64 {
        match self {
            Self::Stored(entries) => entries.back().map_or(0, |entry| entry.last_offset + 1),
            Self::Repeating(repeating) => repeating.offsets_per_round * repeating.rounds,
        }
    }

    pub(super) fn batches_per_round(&self) -> usize {
        match self {
            Self::Stored(_) => usize::MAX,
            Self::Repeating(repeating) => repeating.round.len(),
        }
    }

    pub(super) fn push(&mut self, base_offset: i64, last_offset: i64, max_timestamp: i64, bytes: Bytes) {
        if let Self::Stored(entries) = self {
            entries.push_back(Entry { base_offset, last_offset, max_timestamp, bytes });
        }
    }

    pub(super) fn drop_before(&mut self, offset: i64) {
        if let Self::Stored(entries) = self {
            while entries.front().is_some_and(|entry| entry.last_offset < offset) {
                entries.pop_front();
            }
        }
    }

    pub(super) fn truncate(&mut self, offset: i64) {
        if let Self::Stored(entries) = self {
            let kept = entries.partition_point(|entry| entry.last_offset < offset);
            entries.truncate(kept);
        }
    }

    /// The batches from the first one that ends at or behind `offset`.
    pub(super) fn from(&self, offset: i64) -> Box<dyn Iterator<Item = Located> + '_> {
        match self {
            Self::Stored(entries) => {
                let at = entries.partition_point(|entry| entry.last_offset < offset);
                Box::new(entries.range(at..).map(|entry| Located {
                    last_offset: entry.last_offset,
                    max_timestamp: entry.max_timestamp,
                    head: None,
                    bytes: entry.bytes.clone(),
                }))
            }
            Self::Repeating(repeating) if repeating.offsets_per_round > 0 => {
                let offset = offset.max(0);
                let first_round = offset / repeating.offsets_per_round;
                let within = offset % repeating.offsets_per_round;
                let at = repeating.round.partition_point(|entry| entry.last_offset < within);
                let rounds = first_round..repeating.rounds;
                Box::new(rounds.flat_map(move |round| {
                    let skipped = if round == first_round { at } else { 0 };
                    repeating.round.iter().skip(skipped).map(move |entry| repeating.locate(entry, round))
                }))
            }
            Self::Repeating(_) => Box::new(std::iter::empty()),
        }
    }
}

impl Repeating {
    fn locate(&self, entry: &Entry, round: i64) -> Located {
        let shift = round * self.offsets_per_round;
        let base_offset = entry.base_offset + shift;
        // Every round gets the leader epoch that its batches were written with: the log has had one leader only.
        let epoch = BatchHeader::read(&entry.bytes).map_or(0, |header| header.leader_epoch);
        Located {
            last_offset: entry.last_offset + shift,
            max_timestamp: entry.max_timestamp,
            head: Some(moved_head(&entry.bytes, base_offset, epoch)),
            bytes: entry.bytes.clone(),
        }
    }
}
