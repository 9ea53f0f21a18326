//! Sequence numbers of idempotent producers: each batch once, in order.

use crate::batch::BatchHeader;
use std::collections::{HashMap, VecDeque};

/// As many batches of a producer are remembered, for a retry of any of those that it may have in flight.
const REMEMBERED: usize = 5;

/// What the sequence number of a batch says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sequence {
    /// It is the next one, or the producer is not idempotent.
    Next,
    /// It was appended before, at this offset.
    Duplicate(i64),
    /// Batches are missing before it.
    OutOfOrder,
    /// A newer instance of the producer has written.
    Fenced,
}

/// What is known of the producers of a partition.
#[derive(Debug, Default)]
pub(crate) struct Producers(HashMap<i64, Producer>);

#[derive(Debug)]
struct Producer {
    epoch: i16,
    batches: VecDeque<Written>,
}

#[derive(Debug, Clone, Copy)]
struct Written {
    first: i32,
    last: i32,
    base_offset: i64,
}

impl Producers {
    pub(crate) fn judge(&self, header: &BatchHeader) -> Sequence {
        let Some(producer) = self.0.get(&header.producer_id).filter(|_| is_sequenced(header)) else { return Sequence::Next };
        if header.producer_epoch < producer.epoch {
            return Sequence::Fenced;
        }
        if header.producer_epoch > producer.epoch {
            return if header.base_sequence == 0 { Sequence::Next } else { Sequence::OutOfOrder };
        }
        let last = last_sequence(header);
        if let Some(known) = producer.batches.iter().find(|known| known.first == header.base_sequence && known.last == last) {
            return Sequence::Duplicate(known.base_offset);
        }
        match producer.batches.back() {
            Some(before) if following(before.last, 1) != header.base_sequence => Sequence::OutOfOrder,
            _ => Sequence::Next,
        }
    }

    /// Forgets the batches from `offset` on, so that they may be sent again.
    pub(super) fn truncate(&mut self, offset: i64) {
        self.0.values_mut().for_each(|producer| producer.batches.retain(|batch| batch.base_offset < offset));
        self.0.retain(|_, producer| !producer.batches.is_empty());
    }

    pub(crate) fn appended(&mut self, header: &BatchHeader, base_offset: i64) {
        if !is_sequenced(header) {
            return;
        }
        let fresh = || Producer { epoch: header.producer_epoch, batches: VecDeque::new() };
        let producer = self.0.entry(header.producer_id).or_insert_with(fresh);
        if producer.epoch != header.producer_epoch {
            *producer = fresh();
        }
        producer.batches.push_back(Written { first: header.base_sequence, last: last_sequence(header), base_offset });
        if producer.batches.len() > REMEMBERED {
            producer.batches.pop_front();
        }
    }
}

fn is_sequenced(header: &BatchHeader) -> bool {
    header.producer_id >= 0 && header.base_sequence >= 0
}

fn last_sequence(header: &BatchHeader) -> i32 {
    following(header.base_sequence, header.last_offset_delta)
}

/// Sequence numbers go on at 0 after the greatest one.
fn following(sequence: i32, by: i32) -> i32 {
    let next = i64::from(sequence) + i64::from(by);
    i32::try_from(next % (i64::from(i32::MAX) + 1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::BatchBuilder;

    fn header(epoch: i16, sequence: i32, records: usize) -> BatchHeader {
        let batch = BatchBuilder::new().producer(1, epoch, sequence).values(vec!["v"; records]).build();
        BatchHeader::read(&batch).expect("a header")
    }

    #[test]
    fn a_batch_that_comes_again_is_a_duplicate_and_one_after_a_gap_is_out_of_order() {
        let mut producers = Producers::default();
        producers.appended(&header(0, 0, 3), 100);
        assert_eq!(producers.judge(&header(0, 3, 1)), Sequence::Next);
        assert_eq!(producers.judge(&header(0, 0, 3)), Sequence::Duplicate(100));
        assert_eq!(producers.judge(&header(0, 4, 1)), Sequence::OutOfOrder);
    }

    #[test]
    fn a_newer_epoch_starts_at_zero_and_fences_the_older() {
        let mut producers = Producers::default();
        producers.appended(&header(1, 0, 3), 0);
        assert_eq!(producers.judge(&header(0, 3, 1)), Sequence::Fenced);
        assert_eq!(producers.judge(&header(2, 3, 1)), Sequence::OutOfOrder);
        assert_eq!(producers.judge(&header(2, 0, 1)), Sequence::Next);
    }

    #[test]
    fn a_truncated_batch_can_be_sent_again() {
        let mut producers = Producers::default();
        producers.appended(&header(0, 0, 3), 100);
        producers.appended(&header(0, 3, 1), 103);
        producers.truncate(103);
        assert_eq!(producers.judge(&header(0, 3, 1)), Sequence::Next);
        assert_eq!(producers.judge(&header(0, 0, 3)), Sequence::Duplicate(100));
    }

    #[test]
    fn sequence_numbers_wrap_to_zero() {
        let mut producers = Producers::default();
        producers.appended(&header(0, i32::MAX, 2), 0);
        assert_eq!(producers.judge(&header(0, 1, 1)), Sequence::Next);
    }
}
