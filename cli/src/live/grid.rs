//! A page of a table: the rows that fit on the screen, counted back from the newest.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;

use crate::live::filter::Filter;
use crate::output::cell::{Cell, for_terminal};

/// Longer values are cut.
const WIDEST: usize = 40;
/// With a filter, so many rows are searched at most for one page: a key shall never hang.
const SEARCH_ROWS: usize = 100_000;

/// The batches of a table, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows {
    batches: Arc<[RecordBatch]>,
    rows: usize,
}

impl Rows {
    /// The rows of `batches`, oldest first.
    pub(crate) fn new(batches: impl Into<Arc<[RecordBatch]>>) -> Self {
        let batches = batches.into();
        let rows = batches.iter().map(RecordBatch::num_rows).sum();
        Self { batches, rows }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    /// At most `height` rows, oldest first, that end `back` rows before the newest; of the rows that `filter` lets through.
    pub(crate) fn page(&self, filter: Option<&Filter>, back: usize, height: usize, bytes: BytesAs) -> Page {
        let mut skip = back;
        let mut searched = 0;
        let mut page = Page::default();
        'batches: for batch in self.batches.iter().rev() {
            if filter.is_none() && skip >= batch.num_rows() {
                skip -= batch.num_rows();
                continue;
            }
            let columns = Columns::new(batch, bytes);
            for row in (0..batch.num_rows()).rev() {
                if page.rows.len() >= height {
                    break 'batches;
                }
                if let Some(filter) = filter {
                    searched += 1;
                    if searched > SEARCH_ROWS {
                        page.search_cut = true;
                        break 'batches;
                    }
                    if !filter.matches(|column, text| columns.text(column, row, text)) {
                        continue;
                    }
                }
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                page.rows.push(columns.row(row));
            }
        }
        page.rows.reverse();
        page
    }
}

/// Rows as they are shown.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// The rows, oldest first.
    pub(crate) rows: Vec<Vec<Shown>>,
    /// Whether a filter gave up before the page was full.
    pub(crate) search_cut: bool,
}

/// A value as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Its text, safe for a terminal.
    pub(crate) text: String,
    /// What it is.
    pub(crate) kind: Kind,
}

/// How a value is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// From the right.
    Number,
    /// From the left.
    Text,
    /// As something that is not there.
    Null,
}

/// How columns of bytes are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BytesAs {
    /// As in the other formats.
    Base64,
    /// As text with escapes, for people who look for what is wrong in it.
    Escaped,
}

struct Columns<'a> {
    batch: &'a RecordBatch,
    cells: Vec<Cell<'a>>,
    bytes: BytesAs,
}

impl<'a> Columns<'a> {
    fn new(batch: &'a RecordBatch, bytes: BytesAs) -> Self {
        Self { batch, cells: Cell::of_batch(batch), bytes }
    }

    /// Appends the text of a value; says false for a null.
    fn text(&self, column: usize, row: usize, out: &mut Vec<u8>) -> bool {
        let (Some(cell), Some(array)) = (self.cells.get(column), self.batch.columns().get(column)) else { return false };
        if self.bytes == BytesAs::Escaped && *array.data_type() == DataType::Binary && array.is_valid(row) {
            let bytes = array.as_binary::<i32>().value(row);
            // Enough for any screen; a payload may be many megabytes.
            out.extend(bytes.iter().take(4 * WIDEST * 4).flat_map(|byte| std::ascii::escape_default(*byte)));
            return true;
        }
        cell.write(row, out)
    }

    fn row(&self, row: usize) -> Vec<Shown> {
        let mut bytes = Vec::new();
        self.cells
            .iter()
            .enumerate()
            .map(|(column, cell)| {
                bytes.clear();
                if !self.text(column, row, &mut bytes) {
                    return Shown { text: "null".to_owned(), kind: Kind::Null };
                }
                let width = if self.bytes == BytesAs::Escaped { 4 * WIDEST } else { WIDEST };
                let kind = if cell.is_number() { Kind::Number } else { Kind::Text };
                Shown { text: for_terminal(&bytes, width), kind }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{ArrayRef, BinaryArray, Int64Array, StringArray};

    use super::*;

    fn batch(first: i64, count: i64) -> RecordBatch {
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(first..first + count));
        let names: ArrayRef = Arc::new(StringArray::from_iter(
            (first..first + count).map(|number| (number % 3 != 0).then_some(if number % 2 == 0 { "even" } else { "odd" })),
        ));
        RecordBatch::try_from_iter_with_nullable([("n", numbers, true), ("name", names, true)]).unwrap()
    }

    fn numbers(page: &Page) -> Vec<i64> {
        page.rows.iter().map(|row| row[0].text.parse().unwrap()).collect()
    }

    fn rows() -> Rows {
        Rows::new(vec![batch(0, 4), batch(4, 1), batch(5, 5)])
    }

    fn filter(text: &str) -> Filter {
        Filter::parse(text, &["n".to_owned(), "name".to_owned()]).unwrap()
    }

    #[test]
    fn a_page_ends_with_the_newest_row() {
        assert_eq!(numbers(&rows().page(None, 0, 3, BytesAs::Base64)), [7, 8, 9]);
        assert_eq!(numbers(&rows().page(None, 0, 100, BytesAs::Base64)), (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn a_page_further_back_crosses_batches() {
        assert_eq!(numbers(&rows().page(None, 4, 3, BytesAs::Base64)), [3, 4, 5]);
        assert_eq!(numbers(&rows().page(None, 5, 3, BytesAs::Base64)), [2, 3, 4]);
        assert_eq!(numbers(&rows().page(None, 9, 3, BytesAs::Base64)), [0]);
        assert!(rows().page(None, 10, 3, BytesAs::Base64).rows.is_empty());
    }

    #[test]
    fn a_filter_counts_only_the_rows_that_it_lets_through() {
        assert_eq!(numbers(&rows().page(Some(&filter("even")), 0, 2, BytesAs::Base64)), [4, 8]);
        assert_eq!(numbers(&rows().page(Some(&filter("even")), 1, 2, BytesAs::Base64)), [2, 4]);
        assert_eq!(numbers(&rows().page(Some(&filter("n>=8")), 0, 9, BytesAs::Base64)), [8, 9]);
    }

    #[test]
    fn a_search_without_end_is_cut() {
        let many = Rows::new(vec![batch(0, 150_000)]);
        let page = many.page(Some(&filter("n=1")), 0, 5, BytesAs::Base64);
        assert!(page.rows.is_empty() && page.search_cut);
    }

    #[test]
    fn nulls_and_numbers_are_told_apart_from_text() {
        let page = rows().page(None, 0, 1, BytesAs::Base64);
        assert_eq!(page.rows[0].iter().map(|shown| shown.kind).collect::<Vec<_>>(), [Kind::Number, Kind::Null]);
    }

    #[test]
    fn raw_bytes_are_shown_as_text_with_escapes() {
        let raw: ArrayRef = Arc::new(BinaryArray::from(vec![&b"{\"a\":\xff\n"[..]]));
        let rows = Rows::new(vec![RecordBatch::try_from_iter([("raw", raw)]).unwrap()]);
        assert_eq!(rows.page(None, 0, 1, BytesAs::Escaped).rows[0][0].text, "{\\\"a\\\":\\xff\\n");
        assert_eq!(rows.page(None, 0, 1, BytesAs::Base64).rows[0][0].text, "eyJhIjr/Cg==");
    }
}
