//! Aligned text for people: a header with names and types, then the rows.
//!
//! The width of a column comes from the rows that are there when the header is written; later rows may widen it. Values are cut
//! where they are very long, and what a terminal would act on is shown instead of sent.

use std::io::{self, Write};

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use unicode_width::UnicodeWidthStr;

use crate::output::cell::{Cell, for_terminal};

/// Longer values are cut.
const WIDEST: usize = 60;
/// So many rows are looked at before the header is written.
const SAMPLE_ROWS: usize = 1_000;

/// Writes batches as aligned text.
#[derive(Debug)]
pub(crate) struct TableWriter<W: Write> {
    target: W,
    names: Vec<String>,
    types: Vec<String>,
    widths: Vec<usize>,
    /// Rows that wait for the header.
    waiting: Vec<Vec<Shown>>,
    header_written: bool,
}

#[derive(Debug)]
struct Shown {
    text: String,
    right: bool,
}

impl<W: Write> TableWriter<W> {
    /// A writer to `target`.
    pub(crate) fn new(target: W, schema: &Schema) -> Self {
        let names: Vec<String> = schema.fields().iter().map(|field| for_terminal(field.name().as_bytes(), WIDEST)).collect();
        let types: Vec<String> =
            schema.fields().iter().map(|field| for_terminal(type_name(field.data_type()).as_bytes(), WIDEST)).collect();
        let widths = names.iter().zip(&types).map(|(name, kind)| name.width().max(kind.width())).collect();
        Self { target, names, types, widths, waiting: Vec::new(), header_written: false }
    }

    /// Writes the rows of `batch`, or keeps them until the header can be written.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let cells = Cell::of_batch(batch);
        let mut bytes = Vec::new();
        for row in 0..batch.num_rows() {
            let mut shown = Vec::with_capacity(cells.len());
            for (cell, width) in cells.iter().zip(&mut self.widths) {
                bytes.clear();
                let text = if cell.write(row, &mut bytes) { for_terminal(&bytes, WIDEST) } else { "null".to_owned() };
                *width = (*width).max(text.width());
                shown.push(Shown { text, right: cell.is_number() });
            }
            self.waiting.push(shown);
            if self.header_written || self.waiting.len() >= SAMPLE_ROWS {
                self.write_waiting()?;
            }
        }
        Ok(())
    }

    /// Hands on what has gathered, the header first.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if !self.waiting.is_empty() {
            self.write_waiting()?;
        }
        self.target.flush()
    }

    /// Ends the output; a table without rows is its header.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.write_waiting()?;
        self.target.flush()?;
        Ok(self.target)
    }

    fn write_waiting(&mut self) -> io::Result<()> {
        if !self.header_written {
            let shown = |texts: &[String]| -> Vec<Shown> {
                texts.iter().map(|text| Shown { text: text.clone(), right: false }).collect()
            };
            line(&mut self.target, &self.widths, &shown(&self.names))?;
            line(&mut self.target, &self.widths, &shown(&self.types))?;
            self.header_written = true;
        }
        for row in self.waiting.drain(..) {
            line(&mut self.target, &self.widths, &row)?;
        }
        Ok(())
    }
}

fn line(target: &mut impl Write, widths: &[usize], cells: &[Shown]) -> io::Result<()> {
    let mut text = String::new();
    for (index, (cell, width)) in cells.iter().zip(widths).enumerate() {
        if index > 0 {
            text.push_str("  ");
        }
        let padding = width.saturating_sub(cell.text.width());
        if cell.right {
            text.extend(std::iter::repeat_n(' ', padding));
        }
        text.push_str(&cell.text);
        if !cell.right {
            text.extend(std::iter::repeat_n(' ', padding));
        }
    }
    writeln!(target, "{}", text.trim_end())
}

/// A type by the name that specs use for it.
pub(crate) fn type_name(kind: &arrow_schema::DataType) -> String {
    use arrow_schema::{DataType, TimeUnit};
    let unit = |unit: &TimeUnit| match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    };
    match kind {
        DataType::Boolean => "bool".to_owned(),
        DataType::Timestamp(precision, _) => format!("timestamp({})", unit(precision)),
        DataType::Time32(precision) | DataType::Time64(precision) => format!("time({})", unit(precision)),
        DataType::Duration(precision) => format!("duration({})", unit(precision)),
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => format!("decimal({precision},{scale})"),
        DataType::FixedSizeBinary(size) => format!("binary({size})"),
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            format!("list<{}>", type_name(item.data_type()))
        }
        DataType::Struct(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|field| format!("{}:{}", field.name(), type_name(field.data_type()))).collect();
            format!("struct<{}>", fields.join(","))
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => {
                let sides: Vec<String> = fields.iter().map(|field| type_name(field.data_type())).collect();
                format!("map<{}>", sides.join(","))
            }
            other => format!("map<{}>", type_name(other)),
        },
        DataType::Dictionary(_, value) => type_name(value),
        other => other.to_string().to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float64Array, Int64Array, StringArray, TimestampMillisecondArray};
    use arrow_schema::{DataType, Field, Fields, TimeUnit};

    use super::*;

    fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true))).unwrap()
    }

    fn text(batches: &[RecordBatch]) -> String {
        let mut writer = TableWriter::new(Vec::new(), batches[0].schema_ref());
        for batch in batches {
            writer.write(batch).unwrap();
            writer.flush().unwrap();
        }
        String::from_utf8(writer.finish().unwrap()).unwrap()
    }

    #[test]
    fn columns_are_aligned_with_numbers_to_the_right() {
        let batch = batch(vec![
            ("symbol", Arc::new(StringArray::from(vec![Some("CRM"), None]))),
            ("price", Arc::new(Float64Array::from(vec![166.25, 7.5]))),
            ("at", Arc::new(TimestampMillisecondArray::from(vec![0, 1]).with_timezone("UTC"))),
        ]);
        assert_eq!(
            text(&[batch]),
            "symbol  price    at\n\
             utf8    float64  timestamp(ms)\n\
             CRM      166.25  1970-01-01T00:00:00.000Z\n\
             null        7.5  1970-01-01T00:00:00.001Z\n"
        );
    }

    #[test]
    fn the_header_comes_once_and_later_rows_follow_it() {
        let first = batch(vec![("x", Arc::new(Int64Array::from(vec![1])))]);
        let second = batch(vec![("x", Arc::new(Int64Array::from(vec![1_000_000])))]);
        assert_eq!(text(&[first, second]), "x\nint64\n    1\n1000000\n");
    }

    #[test]
    fn a_table_without_rows_is_its_header() {
        assert_eq!(text(&[batch(vec![("x", Arc::new(Int64Array::from(Vec::<i64>::new())))])]), "x\nint64\n");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal_and_long_values_are_cut() {
        let long = "y".repeat(100);
        let shown = text(&[batch(vec![("x", Arc::new(StringArray::from(vec!["a\x1b[31m", &long])))])]);
        assert!(!shown.contains('\x1b'), "{shown}");
        assert!(shown.lines().all(|line| line.chars().count() <= WIDEST));
        assert!(shown.contains('…'));
    }

    #[test]
    fn types_have_the_names_that_specs_use() {
        let item = Arc::new(Field::new("item", DataType::Int64, true));
        let fields = Fields::from(vec![Field::new("a", DataType::Int32, true), Field::new("b", DataType::Utf8, true)]);
        for (kind, name) in [
            (DataType::Boolean, "bool"),
            (DataType::UInt64, "uint64"),
            (DataType::Utf8, "utf8"),
            (DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())), "timestamp(ns)"),
            (DataType::Decimal128(18, 4), "decimal(18,4)"),
            (DataType::List(item), "list<int64>"),
            (DataType::Struct(fields.clone()), "struct<a:int32,b:utf8>"),
            (DataType::Map(Arc::new(Field::new("entries", DataType::Struct(fields), false)), false), "map<int32,utf8>"),
            (DataType::Date32, "date32"),
        ] {
            assert_eq!(type_name(&kind), name);
        }
    }
}
