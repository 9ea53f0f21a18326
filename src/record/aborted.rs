//! Which data a reader of committed records must not see.
//!
//! A broker that was asked for committed records sends those of aborted transactions too, with a list of who began one where.
//! The rule is that of the Java client (`CompletedFetch.consumeAbortedTransactionsUpTo`): a transaction of the list begins at
//! the first batch that reaches its first offset, and ends at its producer's abort marker.

use std::collections::{HashSet, VecDeque};

use super::cursor::Cursor;
use super::records::Records;
use super::{BatchError, Codec, RawBatch, RecordCursor};

/// `type` in the key of a control record that aborts a transaction.
const ABORT: i16 = 0;

/// The aborted transactions of one partition's answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct AbortedTransactions {
    /// Those that have not begun yet, by first offset.
    ahead: VecDeque<(i64, i64)>,
    /// The producers whose transaction has begun and not ended.
    open: HashSet<i64>,
}

impl AbortedTransactions {
    /// Takes the list of `(producer_id, first_offset)` in any order, duplicates included.
    pub(crate) fn new(list: Vec<(i64, i64)>) -> Self {
        let mut ahead: Vec<_> = list.into_iter().map(|(producer, first)| (first, producer)).collect();
        ahead.sort_unstable();
        ahead.dedup();
        Self { ahead: ahead.into(), open: HashSet::new() }
    }

    /// Whether `batch` is data of an aborted transaction. Every batch is shown in order, control batches too.
    ///
    /// A control batch is never data. One whose marker cannot be read, or is of a type not known, ends nothing.
    pub(crate) fn filters(&mut self, batch: &RawBatch<'_>) -> bool {
        let header = &batch.header;
        let next = header.next_offset().unwrap_or(i64::MAX);
        while let Some(&(first, producer)) = self.ahead.front()
            && first < next
        {
            self.ahead.pop_front();
            self.open.insert(producer);
        }
        if header.is_control() {
            if marker(batch) == Ok(Some(ABORT)) {
                self.open.remove(&header.producer_id);
            }
            return false;
        }
        header.is_transactional() && self.open.contains(&header.producer_id)
    }
}

/// The type of the marker in a control batch; none where the batch is empty or compressed, which no broker writes.
fn marker(batch: &RawBatch<'_>) -> Result<Option<i16>, BatchError> {
    if batch.header.codec()? != Codec::None {
        return Ok(None);
    }
    let Some(record) = Records::new(&batch.header, batch.body()?)?.next()? else { return Ok(None) };
    let mut key = Cursor::new(record.key.unwrap_or_default());
    key.take(2, "the version of the control record")?;
    key.array("the type of the control record").map(i16::from_be_bytes).map(Some)
}

#[cfg(test)]
mod tests {
    use super::super::Walk;
    use super::super::sample::Batch;
    use super::*;

    fn filtered(list: Vec<(i64, i64)>, batches: &[Batch]) -> Vec<i64> {
        let bytes: Vec<u8> = batches.iter().flat_map(Batch::bytes).collect();
        let mut aborted = AbortedTransactions::new(list);
        let walk = Walk::new(&bytes).map(Result::unwrap);
        walk.filter(|batch| aborted.filters(batch)).map(|batch| batch.header.base_offset).collect()
    }

    fn data(offset: i64, producer: i64) -> Batch {
        Batch::at(offset).records(["x"]).transactional(producer)
    }

    fn aborts(offset: i64, producer: i64) -> Batch {
        Batch::marker(offset, producer, 0)
    }

    fn commits(offset: i64, producer: i64) -> Batch {
        Batch::marker(offset, producer, 1)
    }

    #[test]
    fn only_the_producer_that_aborted_is_filtered_and_only_until_its_marker() {
        let log = [data(0, 1), data(1, 2), Batch::at(2).records(["plain"]), data(3, 1), aborts(4, 1), data(5, 1), commits(6, 2)];
        assert_eq!(filtered(vec![(1, 0)], &log), [0, 3]);
    }

    #[test]
    fn a_second_aborted_transaction_of_the_same_producer_begins_at_its_own_offset() {
        let log = [data(0, 1), aborts(1, 1), data(2, 1), commits(3, 1), data(4, 1), aborts(5, 1), data(6, 1)];
        assert_eq!(filtered(vec![(1, 0), (1, 4)], &log), [0, 4]);
    }

    #[test]
    fn c16_the_list_may_be_unordered_hold_duplicates_and_name_producers_that_are_not_there() {
        let log = [data(0, 1), aborts(1, 1), data(2, 1), commits(3, 1), data(4, 1), aborts(5, 1), data(6, 1)];
        assert_eq!(filtered(vec![(9, 3), (1, 4), (1, 0), (1, 4), (1, 0)], &log), [0, 4]);
    }

    #[test]
    fn a_transaction_that_began_before_the_answer_is_filtered_from_its_first_batch() {
        assert_eq!(filtered(vec![(1, 3)], &[data(50, 1), aborts(51, 1), data(52, 1)]), [50]);
    }

    #[test]
    fn c16_a_marker_without_data_and_data_without_a_marker_at_the_end_are_no_trouble() {
        assert_eq!(filtered(vec![(1, 2)], &[aborts(0, 1), aborts(1, 7), data(2, 1), data(3, 1)]), [2, 3]);
    }

    #[test]
    fn c15_a_commit_marker_one_of_unknown_type_and_an_empty_control_batch_end_nothing() {
        let empty = Batch::marker(3, 1, 0).without_records();
        let log = [data(0, 1), commits(1, 1), Batch::marker(2, 1, 5), empty, data(4, 1)];
        assert_eq!(filtered(vec![(1, 0)], &log), [0, 4]);
    }

    #[test]
    fn without_a_list_nothing_is_filtered() {
        assert_eq!(filtered(vec![], &[data(0, 1), aborts(1, 1), data(2, 2)]), [0_i64; 0]);
    }
}
