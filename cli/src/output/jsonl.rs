//! JSON lines: one object per row, every column in it.
//!
//! 64-bit integers are exact numbers, decimals strings, timestamps RFC 3339, binary base64; NaN and the infinities are strings; nulls
//! are `null`, never left out; a struct is an object, a list an array, a map with text keys an object and any other a list of
//! `{"key","value"}`.

use std::io::{self, Write};

use arrow_array::cast::AsArray;
use arrow_array::{Array, GenericListArray, OffsetSizeTrait, RecordBatch};
use arrow_buffer::{ArrowNativeType, NullBuffer};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{DataType, Field, Fields};

use crate::output::text::{Scalar, Shape, WriteRow, scalar};

/// The writer of one column's values as JSON; the type was matched when it was made.
pub(crate) struct Encoder<'a> {
    nulls: Option<NullBuffer>,
    write: WriteRow<'a>,
}

impl Encoder<'_> {
    /// Appends the value in `row`.
    pub(crate) fn write(&self, row: usize, out: &mut Vec<u8>) {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            out.extend_from_slice(b"null");
        } else {
            (self.write)(row, out);
        }
    }
}

/// The writer of `array`'s values as JSON.
pub(crate) fn encoder<'a>(array: &'a dyn Array, field: &Field) -> Encoder<'a> {
    let nulls = array.logical_nulls();
    let write: WriteRow<'a> = match array.data_type() {
        DataType::List(item) => list(array.as_list::<i32>(), item),
        DataType::LargeList(item) => list(array.as_list::<i64>(), item),
        DataType::FixedSizeList(item, size) => {
            let items = encoder(array.as_fixed_size_list().values().as_ref(), item);
            let size = usize::try_from(*size).unwrap_or(0);
            Box::new(move |row, out| sequence(out, &items, row * size..(row + 1) * size))
        }
        DataType::Struct(fields) => object(array, fields),
        DataType::Map(entries, _) => map(array, entries),
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let values = encoder(dictionary.values().as_ref(), field);
            let keys = dictionary.normalized_keys();
            Box::new(move |row, out| match keys.get(row) {
                Some(key) => values.write(*key, out),
                None => out.extend_from_slice(b"null"),
            })
        }
        _ => match scalar(array, field) {
            Some(scalar) => leaf(scalar),
            None => foreign(array),
        },
    };
    Encoder { nulls, write }
}

fn leaf(scalar: Scalar<'_>) -> WriteRow<'_> {
    match scalar.shape {
        Shape::Literal => Box::new(move |row, out| scalar.write(row, out)),
        Shape::Float => Box::new(move |row, out| {
            let start = out.len();
            scalar.write(row, out);
            if !out.last().is_some_and(u8::is_ascii_digit) {
                out.insert(start, b'"');
                out.push(b'"');
            }
        }),
        Shape::Plain => Box::new(move |row, out| {
            out.push(b'"');
            scalar.write(row, out);
            out.push(b'"');
        }),
        Shape::Text => Box::new(move |row, out| {
            out.push(b'"');
            let start = out.len();
            scalar.write(row, out);
            escape(out, start);
            out.push(b'"');
        }),
    }
}

/// Types that kolumn does not make itself, as Arrow shows them.
fn foreign(array: &dyn Array) -> WriteRow<'_> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(array, &options).ok();
    Box::new(move |row, out| {
        let text = formatter.as_ref().and_then(|formatter| formatter.value(row).try_to_string().ok());
        string(out, text.as_deref().unwrap_or("?"));
    })
}

fn list<'a, O: OffsetSizeTrait>(array: &'a GenericListArray<O>, item: &Field) -> WriteRow<'a> {
    let items = encoder(array.values().as_ref(), item);
    let offsets = array.value_offsets();
    Box::new(move |row, out| {
        let bounds = offsets.get(row).zip(offsets.get(row + 1));
        let range = bounds.map_or(0..0, |(first, next)| first.as_usize()..next.as_usize());
        sequence(out, &items, range);
    })
}

fn sequence(out: &mut Vec<u8>, items: &Encoder<'_>, range: std::ops::Range<usize>) {
    out.push(b'[');
    for (index, item) in range.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        items.write(item, out);
    }
    out.push(b']');
}

fn object<'a>(array: &'a dyn Array, fields: &Fields) -> WriteRow<'a> {
    let members = members(fields, array.as_struct().columns());
    Box::new(move |row, out| write_object(out, &members, row))
}

/// `,"name":` and the writer of the values, for each column.
fn members<'a>(fields: &Fields, columns: &'a [arrow_array::ArrayRef]) -> Vec<(Vec<u8>, Encoder<'a>)> {
    fields.iter().zip(columns).map(|(field, column)| (member(field.name()), encoder(column.as_ref(), field))).collect()
}

fn member(name: &str) -> Vec<u8> {
    let mut prefix = vec![b','];
    string(&mut prefix, name);
    prefix.push(b':');
    prefix
}

fn write_object(out: &mut Vec<u8>, members: &[(Vec<u8>, Encoder<'_>)], row: usize) {
    out.push(b'{');
    for (index, (prefix, values)) in members.iter().enumerate() {
        out.extend_from_slice(prefix.get(usize::from(index == 0)..).unwrap_or(prefix));
        values.write(row, out);
    }
    out.push(b'}');
}

fn map<'a>(array: &'a dyn Array, entries: &Field) -> WriteRow<'a> {
    let array = array.as_map();
    let offsets = array.value_offsets();
    let range = move |row: usize| {
        let bounds = offsets.get(row).zip(offsets.get(row + 1));
        bounds.map_or(0..0, |(first, next)| first.as_usize()..next.as_usize())
    };
    let DataType::Struct(fields) = entries.data_type() else { return foreign(array) };
    let (Some(key), Some(value)) = (fields.first(), fields.get(1)) else { return foreign(array) };
    let keys = encoder(array.keys().as_ref(), key);
    let values = encoder(array.values().as_ref(), value);
    let named = matches!(key.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    Box::new(move |row, out| {
        out.push(if named { b'{' } else { b'[' });
        for (index, entry) in range(row).enumerate() {
            if index > 0 {
                out.push(b',');
            }
            if !named {
                out.extend_from_slice(b"{\"key\":");
            }
            keys.write(entry, out);
            out.extend_from_slice(if named { b":" } else { b",\"value\":" });
            values.write(entry, out);
            if !named {
                out.push(b'}');
            }
        }
        out.push(if named { b'}' } else { b']' });
    })
}

/// Appends `text` as a JSON string.
pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let start = out.len();
    out.extend_from_slice(text.as_bytes());
    escape(out, start);
    out.push(b'"');
}

/// Escapes what a JSON string must escape, in what was written from `start` on. Most texts need nothing.
fn escape(out: &mut Vec<u8>, start: usize) {
    let needs = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\' || *byte == 0x7f;
    let Some(first) = out.get(start..).and_then(|text| text.iter().position(needs)) else { return };
    let tail = out.split_off(start + first);
    for byte in tail {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            // DEL needs no escape by the letter of JSON, but terminals act on it.
            0..=0x1f | 0x7f => {
                let _ = write!(out, "\\u{byte:04x}");
            }
            _ => out.push(byte),
        }
    }
}

/// Rows are handed on when so many bytes have gathered.
const FLUSH_BYTES: usize = 1 << 16;

/// Writes batches as JSON lines.
#[derive(Debug)]
pub(crate) struct JsonlWriter<W: Write> {
    target: W,
    buffer: Vec<u8>,
}

impl<W: Write> JsonlWriter<W> {
    /// A writer to `target`.
    pub(crate) fn new(target: W) -> Self {
        Self { target, buffer: Vec::new() }
    }

    /// Writes the rows of `batch`.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let members = members(batch.schema_ref().fields(), batch.columns());
        for row in 0..batch.num_rows() {
            write_object(&mut self.buffer, &members, row);
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

#[cfg(test)]
mod tests;
