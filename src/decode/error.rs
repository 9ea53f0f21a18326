//! Why a payload could not be decoded.

use std::fmt;

use crate::spec::SchemaId;

/// Why a payload could not be decoded: the column, the position in the payload's bytes, and the reason as a code and as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// The name of the column, where the error is about one.
    pub column: Option<String>,
    /// The position in the payload, in bytes from its start.
    pub position: usize,
    /// The kind of error.
    pub reason: Reason,
    /// The error in words: what was found and what was expected.
    pub message: String,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(column) = &self.column {
            write!(f, "column {column}, ")?;
        }
        write!(f, "byte {}: {}", self.position, self.message)
    }
}

impl std::error::Error for DecodeError {}

/// The kind of a decode error. [`Reason::code`] is its stable name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The payload is empty and the spec has no reading of that.
    Empty,
    /// The payload's length is not that of the type.
    Length,
    /// The payload breaks the grammar of its format.
    Syntax,
    /// The payload ends too early.
    Truncated,
    /// Bytes are left over behind the payload's value.
    Trailing,
    /// The value has another type than the column.
    Type,
    /// The value is outside the range of the column's type.
    Range,
    /// The value cannot be represented exactly by the column's type.
    Precision,
    /// The value's text has not the form that the column's type asks for.
    Format,
    /// A text is not valid UTF-8, or holds a lone surrogate.
    Utf8,
    /// A value is missing in a column declared not-null.
    Null,
    /// A field is not known to the spec, is there more than once, or is the one that names a type and is not there.
    Field,
    /// The payload is nested more deeply, or is longer, than the limit.
    Limit,
    /// The payload has not the header that its framing asks for.
    Framing,
    /// A record that is decoded again is not in the log any more.
    Lost,
    /// The schema that wrote the payload is not known, or does not resolve to the reader's.
    Schema,
    /// The schema that wrote the payload has been asked for and is not known yet: later the payload may be decoded.
    Pending(SchemaId),
}

impl Reason {
    /// The stable name of this kind, as the error table shows it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Length => "length",
            Self::Syntax => "syntax",
            Self::Truncated => "truncated",
            Self::Trailing => "trailing",
            Self::Type => "type",
            Self::Range => "range",
            Self::Precision => "precision",
            Self::Format => "format",
            Self::Utf8 => "utf8",
            Self::Null => "null",
            Self::Field => "field",
            Self::Limit => "limit",
            Self::Framing => "framing",
            Self::Lost => "lost",
            Self::Schema => "schema",
            Self::Pending(_) => "pending",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Reason;

    #[test]
    fn the_page_on_errors_has_every_code() {
        const PAGE: &str = include_str!("../../docs/errors.md");
        let all = [
            Reason::Empty,
            Reason::Length,
            Reason::Syntax,
            Reason::Truncated,
            Reason::Trailing,
            Reason::Type,
            Reason::Range,
            Reason::Precision,
            Reason::Format,
            Reason::Utf8,
            Reason::Null,
            Reason::Field,
            Reason::Limit,
            Reason::Framing,
            Reason::Schema,
            Reason::Lost,
        ];
        for reason in all {
            assert!(PAGE.contains(&format!("| `{}` | `{reason:?}` |", reason.code())), "{reason:?}");
        }
    }
}
