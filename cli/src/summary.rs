//! The summary of a consumption, for people and for scripts.

use std::time::Duration;

use kolumn::position::Span;
use serde::Serialize;

use crate::arguments::StatsFormat;
use crate::figures;

/// What came of a consumption. The names of the fields are those of the JSON, and stay.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Summary {
    /// The topic.
    pub(crate) topic: String,
    /// Offsets that became a row.
    pub(crate) rows: u64,
    /// Offsets that are in the error table.
    pub(crate) errors: u64,
    /// Offsets left out on purpose.
    pub(crate) filtered: u64,
    /// Offsets of control records.
    pub(crate) control: u64,
    /// Offsets that the log does not hold.
    pub(crate) gaps: u64,
    /// All offsets: the sum of the five.
    pub(crate) offsets: u64,
    /// Rows that were written and that the log lost afterwards (an unclean election); they are not in `rows`.
    pub(crate) withdrawn: u64,
    /// Error rows of which the same is true.
    pub(crate) withdrawn_errors: u64,
    /// Bytes of batches, as they are stored.
    pub(crate) bytes: u64,
    /// Bytes of batches as brokers sent them, those sent again included.
    pub(crate) fetched_bytes: u64,
    /// From the table's beginning to its end.
    pub(crate) seconds: f64,
    /// Rows in that time.
    pub(crate) rows_per_second: f64,
    /// The most memory that the process had resident; null where the system does not say.
    pub(crate) memory_peak_bytes: Option<u64>,
    /// Each partition.
    pub(crate) partitions: Vec<PartitionSummary>,
}

/// What came of one partition: `rows + errors + filtered + control + gaps = next - first`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct PartitionSummary {
    /// The partition.
    pub(crate) partition: i32,
    /// The first offset read.
    pub(crate) first: i64,
    /// The offset after the last.
    pub(crate) next: i64,
    /// Offsets that became a row.
    pub(crate) rows: u64,
    /// Offsets that are in the error table.
    pub(crate) errors: u64,
    /// Offsets left out on purpose.
    pub(crate) filtered: u64,
    /// Offsets of control records.
    pub(crate) control: u64,
    /// Offsets that the log does not hold.
    pub(crate) gaps: u64,
    /// The end of the log as last seen; null where it was not.
    pub(crate) end: Option<i64>,
}

/// Bytes that a consumption has moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Moved {
    /// Bytes of batches, as they are stored.
    pub(crate) bytes: u64,
    /// Bytes of batches as brokers sent them, those sent again included.
    pub(crate) fetched_bytes: u64,
}

impl Summary {
    /// Sums up the partitions, each with the end of its log.
    pub(crate) fn new(
        topic: &str,
        partitions: &[(Span, Option<i64>)],
        moved: Moved,
        time: Duration,
        memory: Option<u64>,
    ) -> Self {
        let sum = |of: fn(&Span) -> u64| partitions.iter().map(|(span, _)| of(span)).fold(0, u64::saturating_add);
        let rows = sum(|span| span.rows);
        Self {
            topic: topic.to_owned(),
            rows,
            errors: sum(|span| span.errors),
            filtered: sum(|span| span.filtered),
            control: sum(|span| span.control),
            gaps: sum(|span| span.gaps),
            offsets: sum(|span| u64::try_from(span.next.saturating_sub(span.first)).unwrap_or(0)),
            withdrawn: 0,
            withdrawn_errors: 0,
            bytes: moved.bytes,
            fetched_bytes: moved.fetched_bytes,
            seconds: (time.as_secs_f64() * 1e6).round() / 1e6,
            rows_per_second: (figures::rate(rows, time) * 10.0).round() / 10.0,
            memory_peak_bytes: memory,
            partitions: partitions
                .iter()
                .map(|(span, end)| PartitionSummary {
                    partition: span.partition,
                    first: span.first,
                    next: span.next,
                    rows: span.rows,
                    errors: span.errors,
                    filtered: span.filtered,
                    control: span.control,
                    gaps: span.gaps,
                    end: *end,
                })
                .collect(),
        }
    }

    /// With the rows and error rows that were written, and that the log lost afterwards.
    pub(crate) fn with_withdrawn(self, rows: u64, errors: u64) -> Self {
        Self { withdrawn: rows, withdrawn_errors: errors, ..self }
    }

    /// The summary as it was asked for.
    pub(crate) fn text(&self, format: StatsFormat) -> String {
        match format {
            StatsFormat::Json => serde_json::to_string(self).unwrap_or_default(),
            StatsFormat::Text => self.for_people(),
        }
    }

    /// The summary in one line.
    pub(crate) fn line(&self) -> String {
        let mut text = format!(
            "{}: {} rows in {:.1} s, {} rows/s",
            self.topic,
            figures::grouped(self.rows),
            self.seconds,
            figures::grouped(figures::whole(self.rows_per_second)),
        );
        for (count, what) in [
            (self.errors, "errors"),
            (self.filtered, "filtered"),
            (self.control, "control"),
            (self.gaps, "gaps"),
            (self.withdrawn, "withdrawn"),
            (self.withdrawn_errors, "errors withdrawn"),
        ] {
            if count > 0 {
                text.push_str(&format!(", {} {what}", figures::grouped(count)));
            }
        }
        text
    }

    fn for_people(&self) -> String {
        let mut text = self.line();
        text.push_str(&format!("\n{} offsets", figures::grouped(self.offsets)));
        if self.bytes > 0 {
            text.push_str(&format!(", {} of batches", figures::bytes(self.bytes)));
        }
        if self.fetched_bytes > 0 {
            text.push_str(&format!(", {} fetched", figures::bytes(self.fetched_bytes)));
        }
        if let Some(memory) = self.memory_peak_bytes {
            text.push_str(&format!(", memory peak {}", figures::bytes(memory)));
        }
        text.push_str(&format!(
            "\n{:>9}  {:>14}  {:>14}  {:>14}  {:>8}  {:>8}  {:>8}  {:>8}  {:>14}",
            "partition", "first", "next", "rows", "errors", "filtered", "control", "gaps", "end"
        ));
        for line in &self.partitions {
            text.push_str(&format!(
                "\n{:>9}  {:>14}  {:>14}  {:>14}  {:>8}  {:>8}  {:>8}  {:>8}  {:>14}",
                line.partition,
                line.first,
                line.next,
                line.rows,
                line.errors,
                line.filtered,
                line.control,
                line.gaps,
                line.end.map_or_else(|| "–".to_owned(), |end| end.to_string()),
            ));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary() -> Summary {
        let first =
            Span { partition: 0, first: 10, next: 20, rows: 5, errors: 1, filtered: 1, control: 1, gaps: 2, leader_epoch: 4 };
        let second = Span {
            partition: 3,
            first: 0,
            next: 1_000,
            rows: 1_000,
            errors: 0,
            filtered: 0,
            control: 0,
            gaps: 0,
            leader_epoch: -1,
        };
        let moved = Moved { bytes: 200_000, fetched_bytes: 210_000 };
        Summary::new("orders", &[(first, Some(25)), (second, None)], moved, Duration::from_millis(500), Some(1 << 20))
    }

    #[test]
    fn the_json_is_one_line_with_stable_names() {
        assert_eq!(
            summary().text(StatsFormat::Json),
            "{\"topic\":\"orders\",\"rows\":1005,\"errors\":1,\"filtered\":1,\"control\":1,\"gaps\":2,\"offsets\":1010,\"withdrawn\":0,\"withdrawn_errors\":0,\
             \"bytes\":200000,\"fetched_bytes\":210000,\"seconds\":0.5,\"rows_per_second\":2010.0,\"memory_peak_bytes\":1048576,\
             \"partitions\":[\
             {\"partition\":0,\"first\":10,\"next\":20,\"rows\":5,\"errors\":1,\"filtered\":1,\"control\":1,\"gaps\":2,\"end\":25},\
             {\"partition\":3,\"first\":0,\"next\":1000,\"rows\":1000,\"errors\":0,\"filtered\":0,\"control\":0,\"gaps\":0,\"end\":null}]}"
        );
    }

    #[test]
    fn the_parts_add_up_to_the_offsets() {
        let summary = summary();
        assert_eq!(summary.rows + summary.errors + summary.filtered + summary.control + summary.gaps, summary.offsets);
    }

    #[test]
    fn the_line_for_people_names_only_what_there_was() {
        assert_eq!(summary().line(), "orders: 1,005 rows in 0.5 s, 2,010 rows/s, 1 errors, 1 filtered, 1 control, 2 gaps");
        let less = summary().with_withdrawn(7, 0).line();
        assert!(less.ends_with(", 2 gaps, 7 withdrawn"), "{less}");
        let nothing = Summary::new("orders", &[], Moved::default(), Duration::ZERO, None);
        assert_eq!(nothing.line(), "orders: 0 rows in 0.0 s, 0 rows/s");
    }

    #[test]
    fn people_see_each_partition() {
        let text = summary().text(StatsFormat::Text);
        assert_eq!(text.lines().count(), 5, "{text}");
        assert!(text.contains("memory peak 1.0 MiB") && text.contains("1,010 offsets"), "{text}");
    }
}
