//! A column under construction.
//!
//! A decoder appends one row per payload to each of its columns; a bad row is cut off again by [`Column::truncate`] or
//! [`Column::remove_rows`]. The values lie in plain vectors ([`values::Values`]), which a decoder of whole blocks may fill
//! directly, and become an Arrow array without a copy in [`Column::finish`].
//!
//! A list, a struct and a map have columns as children ([`nested`]); their rows are cut, removed and counted with the parent's.
//!
//! A new kind of column is a new kind of [`values::Values`], with its arms in `values`, `finish` and `remove`.

use arrow_array::ArrayRef;
use arrow_buffer::NullBufferBuilder;
use arrow_schema::FieldRef;

use super::{DecodeError, Reason};
use crate::error::{Error, Result};

mod block;
mod finish;
mod lent;
mod nested;
mod remove;
mod rows;
mod text;
mod values;

pub(crate) use block::{BLOCK_ROWS, Lengths, Mask};
use lent::Lent;
pub(crate) use values::Native;
use values::Values;

#[cfg(test)]
mod tests;

/// The most rows that capacity is kept ready for; beyond it vectors grow as rows come.
const ROWS_HINT_LIMIT: usize = 1 << 16;
/// The most bytes of text that capacity is kept ready for.
const BYTES_HINT_LIMIT: usize = 4 << 20;

/// A column under construction: values, validity, offsets, for one Arrow field.
#[derive(Debug)]
pub struct Column {
    field: FieldRef,
    values: Values,
    validity: NullBufferBuilder,
    /// Rows and text bytes of the last array, as a guess at the next.
    hint: (usize, usize),
    /// The memory of arrays that soon come back; none where they are kept for long.
    lent: Option<Lent>,
}

/// A column's text or items have grown to what Arrow's 32-bit offsets can address: 2 GiB of text, or as many items of lists.
///
/// It does not come to this where the caller finishes columns in time: see [`Column::room`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnFull;

impl From<ColumnFull> for Box<DecodeError> {
    fn from(_: ColumnFull) -> Self {
        Self::new(DecodeError {
            column: None,
            position: 0,
            reason: Reason::Limit,
            message: "the column's text or items would exceed 2 GiB in one chunk; choose a smaller kolumn.chunk.rows".into(),
        })
    }
}

impl Column {
    /// An empty column for `field`. A type that kolumn does not produce is an [`Error::Columns`].
    pub fn new(field: &FieldRef) -> Result<Self> {
        let values = Values::new(field.data_type()).ok_or_else(|| Error::Columns {
            what: "a new column",
            reason: format!("{}: no column of type {}", field.name(), field.data_type()),
        })?;
        Ok(Self { field: FieldRef::clone(field), values, validity: NullBufferBuilder::new(0), hint: (0, 0), lent: None })
    }

    /// A column whose arrays are dropped soon: their memory is used again.
    pub(crate) fn lending(field: &FieldRef) -> Result<Self> {
        Ok(Self { lent: Some(Lent::default()), ..Self::new(field)? })
    }

    /// The field that the finished array belongs to.
    pub fn field(&self) -> &FieldRef {
        &self.field
    }

    /// The rows so far.
    #[inline]
    pub fn len(&self) -> usize {
        self.validity.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The memory held, in bytes, unused capacity included.
    pub fn bytes(&self) -> usize {
        self.values.bytes() + self.validity.allocated_size()
    }

    /// The bytes that the values take, without unused capacity.
    pub(crate) fn used(&self) -> usize {
        self.values.used()
    }

    /// How many more bytes of text, or items of lists, the column can take before it must be finished; `usize::MAX` where rows have
    /// a fixed width.
    ///
    /// A decoder adds at most as many of either to a column as its payloads have bytes.
    pub fn room(&self) -> usize {
        self.values.room()
    }

    /// Makes room for `rows` more rows, and after [`Self::finish`] for as many as the last array had.
    pub fn reserve(&mut self, rows: usize) {
        let (hint_rows, hint_bytes) = if self.is_empty() { self.hint } else { (0, 0) };
        self.values.reserve(rows.max(hint_rows), hint_bytes);
    }

    /// Appends a null.
    #[inline]
    pub fn append_null(&mut self) {
        self.append_nulls(1);
    }

    /// Appends `rows` nulls.
    pub fn append_nulls(&mut self, rows: usize) {
        self.values.append_nulls(rows);
        self.validity.append_n_nulls(rows);
    }

    /// Drops all rows but the first `rows`.
    pub fn truncate(&mut self, rows: usize) {
        if rows < self.len() {
            self.values.truncate(rows);
            self.validity.truncate(rows);
        }
    }

    /// Appends a boolean.
    #[inline]
    pub fn push_bool(&mut self, value: bool) {
        match &mut self.values {
            Values::Bool(bits) => {
                bits.append(value);
                self.validity.append_non_null();
            }
            _ => self.wrong_kind(),
        }
    }

    /// Appends an `int32`, or a date or time of 32 bits.
    #[inline]
    pub fn push_i32(&mut self, value: i32) {
        self.push(value);
    }

    /// Appends an `int64`, a timestamp, or a time of 64 bits.
    #[inline]
    pub fn push_i64(&mut self, value: i64) {
        self.push(value);
    }

    /// Appends a number of the kind that the column stores.
    #[inline]
    pub(crate) fn push<T: Native>(&mut self, value: T) {
        match T::of(&mut self.values) {
            Some(vector) => {
                vector.push(value);
                self.validity.append_non_null();
            }
            None => self.wrong_kind(),
        }
    }

    /// Appends numbers that are all there.
    pub(crate) fn push_slice<T: Native>(&mut self, numbers: &[T]) {
        match T::of(&mut self.values) {
            Some(vector) => {
                vector.extend_from_slice(numbers);
                self.validity.append_n_non_nulls(numbers.len());
            }
            None => {
                debug_assert!(false, "column {} of type {} cannot store numbers", self.field.name(), self.field.data_type());
                self.append_nulls(numbers.len());
            }
        }
    }

    /// Appends a text.
    #[inline]
    pub fn push_str(&mut self, value: &str) -> Result<(), ColumnFull> {
        self.push_bytes(value.as_bytes())
    }

    /// Appends a run of bytes: of any length to `binary`, valid UTF-8 to `utf8`, of the right width to a fixed-size binary.
    #[inline]
    pub fn push_bytes(&mut self, value: &[u8]) -> Result<(), ColumnFull> {
        self.push_with(|data| {
            data.extend_from_slice(value);
            Ok(())
        })
    }

    /// Appends what `write` appends to the column's bytes. Where it fails the column is as before.
    #[inline]
    pub(crate) fn push_with<E: From<ColumnFull>>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        match &mut self.values {
            Values::Bytes { offsets, data } => {
                let before = data.len();
                let written = write(data).and_then(|()| i32::try_from(data.len()).map_err(|_| ColumnFull.into()));
                match written {
                    Ok(end) => {
                        offsets.push(end);
                        self.validity.append_non_null();
                        Ok(())
                    }
                    Err(error) => {
                        data.truncate(before);
                        Err(error)
                    }
                }
            }
            Values::Fixed { width, data } => {
                let before = data.len();
                let written = write(data);
                if written.is_err() || data.len() != before + *width {
                    debug_assert!(written.is_err(), "a run of {} bytes, not {width}", data.len() - before);
                    data.truncate(before);
                    if written.is_ok() {
                        self.append_null();
                    }
                } else {
                    self.validity.append_non_null();
                }
                written
            }
            _ => {
                self.wrong_kind();
                Ok(())
            }
        }
    }

    /// A value of a kind that the column does not store: a defect of the caller. The row stays a row.
    #[cold]
    fn wrong_kind(&mut self) {
        debug_assert!(false, "column {} of type {} cannot store this value", self.field.name(), self.field.data_type());
        self.append_null();
    }

    /// Takes all rows as an array of the field's type; the column is empty then, and remembers how much it held.
    ///
    /// Fails with [`Error::Columns`] where a decoder put invalid UTF-8 into a text column.
    pub fn finish(&mut self) -> Result<ArrayRef> {
        let rows = self.len();
        let nulls = self.validity.finish();
        let data_type = self.field.data_type();
        let empty = || Values::new(data_type).unwrap_or(Values::Int8(Vec::new()));
        let finished = match &mut self.values {
            Values::List { .. } | Values::Struct { .. } => {
                self.hint = (rows.min(ROWS_HINT_LIMIT), 0);
                // The children stay, for they remember how much they held.
                let finished = finish::nested(data_type, rows, &mut self.values, nulls);
                if finished.is_err() {
                    self.values = empty();
                }
                finished
            }
            _ => {
                let mut values = std::mem::replace(&mut self.values, empty());
                let text = match &values {
                    Values::Bytes { data, .. } | Values::Fixed { data, .. } => data.len(),
                    _ => 0,
                };
                // The next has about as much, and is not to be copied for a little more.
                self.hint = (rows.min(ROWS_HINT_LIMIT), (text + text / 16).min(BYTES_HINT_LIMIT));
                // What is much larger than its rows is not lent: who keeps them would keep all of it.
                let lends = self.lent.is_some() && values.used() >= values.bytes() / 2;
                if !lends {
                    values.give_back();
                }
                let finished = finish::array(data_type, rows, values, nulls);
                if let Some(lent) = &mut self.lent {
                    if let Some(array) = finished.as_ref().ok().filter(|_| lends) {
                        lent.lend(array);
                    }
                    lent.reclaim(&mut self.values);
                }
                finished
            }
        };
        finished.map_err(|error| Error::Columns { what: "finishing a column", reason: format!("{}: {error}", self.field.name()) })
    }
}
