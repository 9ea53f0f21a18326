//! What a table keeps: everything, the current cycle, or the last rows.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// What a table keeps.
///
/// Rows leave a table of any type where their log lost them: see [`super::Withdrawal`].
///
/// As text, for [`FromStr`] and back by [`fmt::Display`]: `append`, `blink` (also `stream`), `ring:1000` (also `ring(1000)`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TableType {
    /// All rows.
    Append,
    /// The rows of the current cycle only. One empty cycle follows the last news.
    Blink,
    /// Exactly the last so many rows in arrival order; by partition, so many in each.
    ///
    /// It is then the end of what an append table would hold, as long as no log has lost its end. Where one has, its rows leave the
    /// ring, and those that they had driven out do not come back: the ring holds fewer until others have come.
    Ring(usize),
}

impl fmt::Display for TableType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Append => formatter.write_str("append"),
            Self::Blink => formatter.write_str("blink"),
            Self::Ring(rows) => write!(formatter, "ring:{rows}"),
        }
    }
}

impl FromStr for TableType {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let lower = text.trim().to_ascii_lowercase();
        let wrong =
            |reason: &str| Error::InvalidSpec { spec: text.to_owned(), place: "table type".into(), reason: reason.into() };
        match lower.as_str() {
            "append" => return Ok(Self::Append),
            "blink" | "stream" => return Ok(Self::Blink),
            _ => {}
        }
        let rows = match lower.strip_prefix("ring") {
            Some(rest) => rest.strip_prefix(':').or_else(|| rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'))),
            None => return Err(wrong("it is append, blink or ring:ROWS")),
        };
        match rows.and_then(|rows| rows.trim().parse::<usize>().ok()) {
            Some(rows) if rows > 0 => Ok(Self::Ring(rows)),
            _ => Err(wrong("a ring says how many rows it holds, at least one: ring:1000")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_types_are_read_from_the_text_that_they_print() {
        for table_type in [TableType::Append, TableType::Blink, TableType::Ring(7)] {
            assert_eq!(table_type.to_string().parse(), Ok(table_type));
        }
        assert_eq!("stream".parse(), Ok(TableType::Blink));
        assert_eq!("Ring(12)".parse(), Ok(TableType::Ring(12)));
    }

    #[test]
    fn a_ring_without_rows_is_refused() {
        for text in ["ring", "ring:", "ring:0", "ring:-1", "ring(3", "heap", ""] {
            assert!(text.parse::<TableType>().is_err(), "{text:?}");
        }
    }
}
