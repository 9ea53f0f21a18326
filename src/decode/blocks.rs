//! When to do records by the block, and when one after the other.

/// Fewer records are done one after the other: a block costs about as much as so many.
const FEWEST: usize = 4;

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
