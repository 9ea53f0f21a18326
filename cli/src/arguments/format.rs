//! Formats of rows, and which one is meant where none is named.

use std::path::Path;

use clap::ValueEnum;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Aligned text for people; long values are cut
    Table,
    /// Comma separated values with a header line
    Csv,
    /// One JSON object per line
    Jsonl,
    /// Arrow IPC stream
    Arrow,
    /// Parquet, compressed with snappy
    Parquet,
    /// No rows; with --stats, only the figures
    None,
}

impl Format {
    /// The format that a file's name asks for.
    pub(crate) fn of_file(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "txt" => Some(Self::Table),
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" | "json" => Some(Self::Jsonl),
            "arrow" | "arrows" | "ipc" => Some(Self::Arrow),
            "parquet" | "pq" => Some(Self::Parquet),
            _ => None,
        }
    }

    /// Whether the bytes would garble a terminal.
    pub(crate) fn is_binary(self) -> bool {
        matches!(self, Self::Arrow | Self::Parquet)
    }
}

/// The format for `file`, or where there is none for stdout: what was asked for, else what the file's name says, else a table on a
/// terminal and JSON lines elsewhere.
pub(crate) fn choose_format(asked: Option<Format>, file: Option<&Path>, stdout_is_terminal: bool) -> Result<Format, String> {
    if let Some(format) = asked {
        if format.is_binary() && file.is_none() && stdout_is_terminal {
            return Err(format!("{format:?} is no text for a terminal; give a file with -O, or redirect the output"));
        }
        return Ok(format);
    }
    match file {
        Some(path) => Format::of_file(path).ok_or_else(|| {
            format!("the name of {} does not say its format; add -f jsonl, csv, table, arrow or parquet", path.display())
        }),
        None if stdout_is_terminal => Ok(Format::Table),
        None => Ok(Format::Jsonl),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_says_its_format() {
        for (name, expected) in [
            ("orders.csv", Some(Format::Csv)),
            ("a.b/orders.PARQUET", Some(Format::Parquet)),
            ("orders.arrows", Some(Format::Arrow)),
            ("orders.ndjson", Some(Format::Jsonl)),
            ("orders", None),
            ("orders.bin", None),
        ] {
            assert_eq!(Format::of_file(Path::new(name)), expected, "{name}");
        }
    }

    #[test]
    fn what_was_asked_for_wins_over_the_name_and_the_name_over_the_default() {
        let file = Path::new("orders.csv");
        assert_eq!(choose_format(Some(Format::Jsonl), Some(file), false), Ok(Format::Jsonl));
        assert_eq!(choose_format(None, Some(file), true), Ok(Format::Csv));
        assert_eq!(choose_format(None, None, true), Ok(Format::Table));
        assert_eq!(choose_format(None, None, false), Ok(Format::Jsonl));
    }

    #[test]
    fn binary_formats_are_kept_off_terminals_only() {
        assert!(choose_format(Some(Format::Arrow), None, true).is_err());
        assert_eq!(choose_format(Some(Format::Arrow), None, false), Ok(Format::Arrow));
        assert_eq!(choose_format(Some(Format::Parquet), Some(Path::new("x")), true), Ok(Format::Parquet));
    }

    #[test]
    fn a_name_that_says_nothing_is_refused_with_what_to_do() {
        assert!(choose_format(None, Some(Path::new("orders")), false).is_err_and(|reason| reason.contains("-f jsonl")));
    }
}
