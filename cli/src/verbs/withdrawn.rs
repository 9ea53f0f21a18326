//! Rows that were written, and that the log lost afterwards: what is written cannot be taken back, so it is said.

use crate::figures::grouped;
use crate::source::Lost;

/// How many rows were written that the log lost afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Withdrawn {
    pub(super) rows: u64,
    pub(super) errors: u64,
}

impl Withdrawn {
    /// Counts the rows among what a log lost; what to say of it, where there are any.
    pub(super) fn count_rows(&mut self, lost: &Lost) -> Option<String> {
        self.rows += lost.rows;
        line("rows", lost.rows, lost)
    }

    /// The same of error rows.
    pub(super) fn count_errors(&mut self, lost: &Lost) -> Option<String> {
        self.errors += lost.errors;
        line("error rows", lost.errors, lost)
    }
}

fn line(what: &str, count: u64, lost: &Lost) -> Option<String> {
    (count > 0).then(|| {
        let (partition, from) = (lost.partition, lost.from);
        format!(
            "partition {partition}: the log lost its end: {} {what} from offset {from} on are written and no longer in it",
            grouped(count)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b5_rows_that_are_written_and_withdrawn_are_counted_and_told_in_a_line() {
        let mut withdrawn = Withdrawn::default();
        let lost = Lost { partition: 3, from: 1200, rows: 5700, errors: 0 };
        assert_eq!(
            withdrawn.count_rows(&lost).as_deref(),
            Some("partition 3: the log lost its end: 5,700 rows from offset 1200 on are written and no longer in it")
        );
        assert_eq!(withdrawn.count_errors(&lost), None);
        assert_eq!(withdrawn.count_rows(&Lost { rows: 0, errors: 2, ..lost }), None);
        assert!(withdrawn.count_errors(&Lost { rows: 0, errors: 2, ..lost }).is_some_and(|line| line.contains("2 error rows")));
        assert_eq!(withdrawn, Withdrawn { rows: 5700, errors: 2 });
    }
}
