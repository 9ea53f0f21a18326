//! Records by the block, and when one after the other.

use super::{BadPayload, Column, Step, all_columns};

/// A decoder that does records by the block where it can, and one after the other where it cannot.
pub(super) trait ByBlocks {
    /// Does the first of `payloads` as a block, as far as they can be one. Says how many, and whether they were done; where not, nothing was
    /// appended.
    fn block(&mut self, payloads: &[Option<&[u8]>], headers: &[Option<&[u8]>], columns: &mut [Column]) -> (usize, bool);

    /// Appends one payload's row, or fails and leaves the columns anyhow.
    fn row(&mut self, payload: &[u8], header: Option<&[u8]>, columns: &mut [Column]) -> Step;

    /// Does all payloads one after the other.
    fn one_by_one(
        &mut self,
        payloads: &[Option<&[u8]>],
        headers: &[Option<&[u8]>],
        columns: &mut [Column],
        bad: &mut Vec<BadPayload>,
    ) {
        all_columns(payloads, columns, bad, |index, payload, columns| {
            self.row(payload, headers.get(index).copied().flatten(), columns)
        });
    }

    /// Does all payloads, as [`Decoder::decode_named`](super::Decoder::decode_named) asks.
    fn by_blocks(
        &mut self,
        payloads: &[Option<&[u8]>],
        headers: &[Option<&[u8]>],
        columns: &mut [Column],
        bad: &mut Vec<BadPayload>,
    ) {
        columns.iter_mut().for_each(|column| column.reserve(payloads.len()));
        let mut at = 0;
        while let Some(rest) = payloads.get(at..).filter(|rest| !rest.is_empty()) {
            let headers = headers.get(at..).unwrap_or_default();
            let (rows, done) = self.block(rest, headers, columns);
            if !done {
                let reported = bad.len();
                self.one_by_one(rest.get(..rows).unwrap_or_default(), headers, columns, bad);
                bad.iter_mut().skip(reported).for_each(|bad| bad.index += at);
            }
            at += rows;
        }
    }
}

/// Fewer records are done one after the other: a block costs about as much as so many.
pub(super) const FEWEST: usize = 4;

/// The most records that are done one after the other, after blocks that failed, before a block is tried again.
const MOST_LEFT_OUT: usize = 4096;

/// Whether blocks are worth trying, after how those before went: a topic with a bad record in every block is decoded about as fast
/// as by the plain decoder alone.
#[derive(Debug, Default)]
pub(super) struct Trials {
    /// Records to do before the next trial.
    left_out: usize,
    /// How many there were before the last one.
    before: usize,
}

impl Trials {
    /// Whether to try `rows` records as a block.
    pub(super) fn worth(&mut self, rows: usize) -> bool {
        let worth = rows >= FEWEST && self.left_out == 0;
        self.left_out = self.left_out.saturating_sub(rows);
        worth
    }

    /// A block of `rows` went well.
    pub(super) fn succeeded(&mut self) {
        self.before = 0;
    }

    /// A block of `rows` records failed, and they are being done one after the other.
    pub(super) fn failed(&mut self, rows: usize) {
        self.before = (self.before * 2).max(rows).min(MOST_LEFT_OUT);
        self.left_out = self.before;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_that_fail_again_and_again_are_tried_ever_more_seldom() {
        let mut trials = Trials::default();
        let mut tried = 0;
        for _ in 0..1000 {
            if trials.worth(64) {
                tried += 1;
                trials.failed(64);
            }
        }
        assert!((10..30).contains(&tried), "{tried} of 1000");
        while !trials.worth(64) {}
        trials.succeeded();
        assert!(trials.worth(64) && trials.worth(64));
        trials.failed(64);
        assert_eq!([trials.worth(64), trials.worth(64)], [false, true]);
    }

    #[test]
    fn a_few_records_are_no_block() {
        assert!(!Trials::default().worth(3));
    }
}
