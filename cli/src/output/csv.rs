//! Comma separated values, as RFC 4180 has them, with `\n` between the lines.
//!
//! A null is an empty field and an empty text `""`, so that they stay apart. Nested values are their JSON text.

use std::io::{self, Write};

use arrow_array::RecordBatch;
use arrow_schema::Schema;

use crate::output::cell::Cell;

const FLUSH_BYTES: usize = 1 << 16;

/// Writes batches as CSV.
#[derive(Debug)]
pub(crate) struct CsvWriter<W: Write> {
    target: W,
    buffer: Vec<u8>,
}

impl<W: Write> CsvWriter<W> {
    /// A writer to `target`; the header line is the first output.
    pub(crate) fn new(target: W, schema: &Schema) -> Self {
        let mut buffer = Vec::new();
        for (index, field) in schema.fields().iter().enumerate() {
            if index > 0 {
                buffer.push(b',');
            }
            let start = buffer.len();
            buffer.extend_from_slice(field.name().as_bytes());
            quote(&mut buffer, start);
        }
        buffer.push(b'\n');
        Self { target, buffer }
    }

    /// Writes the rows of `batch`.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let cells: Vec<Cell<'_>> = Cell::of_batch(batch);
        for row in 0..batch.num_rows() {
            for (index, cell) in cells.iter().enumerate() {
                if index > 0 {
                    self.buffer.push(b',');
                }
                let start = self.buffer.len();
                if cell.write(row, &mut self.buffer) {
                    quote(&mut self.buffer, start);
                }
            }
            self.buffer.push(b'\n');
            if self.buffer.len() >= FLUSH_BYTES {
                self.target.write_all(&self.buffer)?;
                self.buffer.clear();
            }
        }
        Ok(())
    }

    /// Hands on what has gathered.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.target.write_all(&self.buffer)?;
        self.buffer.clear();
        self.target.flush()
    }

    /// Ends the output.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.flush()?;
        Ok(self.target)
    }
}

/// Quotes what was written from `start` on, where it needs quotes.
fn quote(out: &mut Vec<u8>, start: usize) {
    let field = out.get(start..).unwrap_or_default();
    let needs = field.is_empty() || field.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'));
    if !needs {
        return;
    }
    let field = out.split_off(start);
    out.push(b'"');
    for byte in field {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::builder::{Int32Builder, ListBuilder};
    use arrow_array::{ArrayRef, Float64Array, Int64Array, StringArray, TimestampNanosecondArray};

    use super::*;

    fn csv(columns: Vec<(&str, ArrayRef)>) -> String {
        let batch =
            RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true))).unwrap();
        let mut writer = CsvWriter::new(Vec::new(), batch.schema_ref());
        writer.write(&batch).unwrap();
        String::from_utf8(writer.finish().unwrap()).unwrap()
    }

    #[test]
    fn a_header_and_a_line_per_row() {
        let text = csv(vec![
            ("id", Arc::new(Int64Array::from(vec![i64::MAX, -1]))),
            ("price", Arc::new(Float64Array::from(vec![0.1, f64::NAN]))),
            ("at", Arc::new(TimestampNanosecondArray::from(vec![0, 1]).with_timezone("UTC"))),
        ]);
        assert_eq!(
            text,
            "id,price,at\n9223372036854775807,0.1,1970-01-01T00:00:00.000000000Z\n-1,NaN,1970-01-01T00:00:00.000000001Z\n"
        );
    }

    #[test]
    fn null_and_empty_stay_apart() {
        assert_eq!(csv(vec![("x", Arc::new(StringArray::from(vec![None, Some(""), Some("a")])))]), "x\n\n\"\"\na\n");
    }

    #[test]
    fn what_would_break_a_line_is_quoted() {
        let text = csv(vec![("a,b", Arc::new(StringArray::from(vec!["x,y", "say \"hi\"", "two\nlines"])))]);
        assert_eq!(text, "\"a,b\"\n\"x,y\"\n\"say \"\"hi\"\"\"\n\"two\nlines\"\n");
    }

    #[test]
    fn nested_values_are_json() {
        let mut list = ListBuilder::new(Int32Builder::new());
        list.append_value([Some(1), None]);
        list.append_null();
        assert_eq!(csv(vec![("l", Arc::new(list.finish()))]), "l\n\"[1,null]\"\n\n");
    }

    #[test]
    fn a_table_without_rows_is_its_header() {
        assert_eq!(csv(vec![("x", Arc::new(Int64Array::from(Vec::<i64>::new())))]), "x\n");
    }
}
