//! A value as bare text, for formats that have no types: scalars as they are, nested values as JSON.

use arrow_array::{Array, RecordBatch};
use arrow_buffer::NullBuffer;
use arrow_schema::Field;

use crate::output::jsonl::{Encoder, encoder};
use crate::output::text::{Scalar, Shape, scalar};

/// The values of one column as bare text.
pub(crate) struct Cell<'a> {
    nulls: Option<NullBuffer>,
    values: Values<'a>,
}

enum Values<'a> {
    Scalar(Scalar<'a>),
    Nested(Encoder<'a>),
}

impl<'a> Cell<'a> {
    /// The values of `array`.
    pub(crate) fn new(array: &'a dyn Array, field: &Field) -> Self {
        let values = scalar(array, field).map_or_else(|| Values::Nested(encoder(array, field)), Values::Scalar);
        Self { nulls: array.logical_nulls(), values }
    }

    /// The columns of `batch`.
    pub(crate) fn of_batch(batch: &'a RecordBatch) -> Vec<Self> {
        batch.schema_ref().fields().iter().zip(batch.columns()).map(|(field, column)| Self::new(column.as_ref(), field)).collect()
    }

    /// Appends the text of the value in `row`; says false, and appends nothing, where it is null.
    pub(crate) fn write(&self, row: usize, out: &mut Vec<u8>) -> bool {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return false;
        }
        match &self.values {
            Values::Scalar(scalar) => scalar.write(row, out),
            Values::Nested(encoder) => encoder.write(row, out),
        }
        true
    }

    /// Whether the values are numbers, which people read from the right.
    pub(crate) fn is_number(&self) -> bool {
        matches!(&self.values, Values::Scalar(scalar) if matches!(scalar.shape, Shape::Literal | Shape::Float))
    }
}

/// `text` without what a terminal would act on, cut to `width` columns with an ellipsis.
pub(crate) fn for_terminal(text: &[u8], width: usize) -> String {
    let mut shown = String::new();
    let mut used = 0;
    for character in String::from_utf8_lossy(text).chars() {
        let piece = match character {
            '\n' => "\\n".to_owned(),
            '\r' => "\\r".to_owned(),
            '\t' => "\\t".to_owned(),
            _ if character.is_control() || is_invisible(character) => format!("\\u{{{:x}}}", u32::from(character)),
            _ => character.to_string(),
        };
        let piece_width = unicode_width::UnicodeWidthStr::width(piece.as_str());
        if used + piece_width > width {
            // Room for the ellipsis.
            while used + 1 > width {
                let Some(last) = shown.pop() else { break };
                used -= unicode_width::UnicodeWidthChar::width(last).unwrap_or(0);
            }
            shown.push('…');
            break;
        }
        shown.push_str(&piece);
        used += piece_width;
    }
    shown
}

/// Marks that turn the direction of what follows, and others that hide text.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_shown_instead() {
        assert_eq!(for_terminal(b"a\x1b[2Jb\nc\x07", 40), "a\\u{1b}[2Jb\\nc\\u{7}");
        assert_eq!(for_terminal("a\u{202e}b\u{9b}c".as_bytes(), 40), "a\\u{202e}b\\u{9b}c");
        assert_eq!(for_terminal(b"\xff", 40), "\u{fffd}");
    }

    #[test]
    fn long_text_is_cut_with_an_ellipsis_to_its_width_in_columns() {
        assert_eq!(for_terminal(b"abcdef", 6), "abcdef");
        assert_eq!(for_terminal(b"abcdefg", 6), "abcde…");
        assert_eq!(for_terminal("日本語テキスト".as_bytes(), 6), "日本…");
        assert_eq!(for_terminal(b"abc", 1), "…");
    }
}
