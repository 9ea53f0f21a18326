//! Which kind of table: `append`, `blink`, `ring:N`.

/// The kind of table to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TableArgument {
    /// All rows.
    Append,
    /// The rows of the current cycle.
    Blink,
    /// The last N rows.
    Ring(usize),
}

/// Reads a kind of table.
pub(crate) fn parse_table(text: &str) -> Result<TableArgument, String> {
    match text {
        "append" => return Ok(TableArgument::Append),
        "blink" | "stream" => return Ok(TableArgument::Blink),
        _ => {}
    }
    text.strip_prefix("ring:")
        .filter(|rows| rows.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|rows| rows.parse().ok())
        .filter(|rows| *rows > 0)
        .map(TableArgument::Ring)
        .ok_or_else(|| format!("{text:?} is no kind of table; write append, blink, or ring:1000 (the last 1000 rows)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_kinds_are_read() {
        assert_eq!(parse_table("append"), Ok(TableArgument::Append));
        assert_eq!(parse_table("blink"), Ok(TableArgument::Blink));
        assert_eq!(parse_table("ring:1000"), Ok(TableArgument::Ring(1000)));
    }

    #[test]
    fn what_is_no_kind_of_table_is_refused() {
        for text in ["", "ring", "ring:", "ring:0", "ring:-1", "ring:+1", "ring:1e3", "Append", "ring:99999999999999999999"] {
            assert!(parse_table(text).is_err(), "{text}");
        }
    }
}
