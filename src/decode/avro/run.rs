//! A datum goes through its plan.

use super::cursor::Cursor;
use super::decimal;
use super::plan::{Integer, Op, Plan, Read, Width};
use super::skip::Skips;
use crate::decode::text;
use crate::decode::{Column, DecodeError, Reason, Step, fault};

impl Plan {
    /// Appends one row to each column, or fails and leaves columns with or without one.
    pub(super) fn run(&self, cursor: &mut Cursor<'_>, columns: &mut [Column]) -> Step {
        Run { skips: &self.skips, reader_skips: &self.reader_skips }.op(&self.op, cursor, columns)
    }
}

#[derive(Clone, Copy)]
pub(super) struct Run<'p> {
    pub(super) skips: &'p Skips,
    pub(super) reader_skips: &'p Skips,
}

impl Run<'_> {
    pub(super) fn op(self, op: &Op, cursor: &mut Cursor<'_>, columns: &mut [Column]) -> Step {
        match op {
            Op::Skip(node) => self.skips.skip(*node, cursor),
            Op::Fail(reason) => fault(cursor.position(), Reason::Schema, reason.as_ref()),
            Op::Sequence(ops) => ops.iter().try_for_each(|op| self.op(op, cursor, columns)),
            Op::Union(branches) => {
                let branch = cursor.choice(branches.len(), "branch")?;
                branches.get(branch).map_or(Ok(()), |op| self.op(op, cursor, columns))
            }
            Op::Nulls(range) => {
                columns.get_mut(range.clone()).unwrap_or_default().iter_mut().for_each(Column::append_null);
                Ok(())
            }
            Op::Value { column, read } => match columns.get_mut(*column) {
                Some(column) => read.append(cursor, column).map_err(|error| about(column, error)),
                None => Ok(()),
            },
            Op::Raw { column, node } => {
                let start = cursor.position();
                self.skips.skip(*node, cursor)?;
                let Some(column) = columns.get_mut(*column) else { return Ok(()) };
                Ok(column.push_bytes(cursor.between(start, cursor.position()))?)
            }
            Op::Struct { column, inner } => match columns.get_mut(*column) {
                Some(column) => column.push_struct(|fields| self.op(inner, cursor, fields)).map_err(|error| about(column, error)),
                None => Ok(()),
            },
            Op::List { column, item } => match columns.get_mut(*column) {
                Some(column) => {
                    let items = |items: &mut Column| blocks(cursor, |cursor| self.op(item, cursor, std::slice::from_mut(items)));
                    column.push_list(items).map_err(|error| about(column, error))
                }
                None => Ok(()),
            },
            Op::Map { column, value } => match columns.get_mut(*column) {
                Some(column) => {
                    let entries = |keys: &mut Column, values: &mut Column| self.entries(value, cursor, keys, values);
                    column.push_map(entries).map_err(|error| about(column, error))
                }
                None => Ok(()),
            },
            Op::Default { datum, op } => {
                let own = Run { skips: self.reader_skips, reader_skips: self.reader_skips };
                let done = own.op(op, &mut Cursor::new(datum, 0, super::MOST_NESTED), columns);
                done.map_err(|mut error| {
                    error.position = cursor.position();
                    error.message = format!("the default value: {}", error.message);
                    error
                })
            }
        }
    }

    /// The entries of a map. Of several with one key the last counts.
    fn entries(self, value: &Op, cursor: &mut Cursor<'_>, keys: &mut Column, values: &mut Column) -> Step {
        let start = keys.len();
        blocks(cursor, |cursor| {
            keys.push_str(cursor.string()?)?;
            self.op(value, cursor, std::slice::from_mut(values))
        })?;
        let earlier = keys.same_rows(start);
        if !earlier.is_empty() {
            keys.remove_rows(start, &earlier);
            values.remove_rows(start, &earlier);
        }
        Ok(())
    }
}

/// The items of all blocks.
fn blocks<'a>(cursor: &mut Cursor<'a>, mut item: impl FnMut(&mut Cursor<'a>) -> Step) -> Step {
    while let Some(block) = cursor.block()? {
        (0..block.items).try_for_each(|_| item(cursor))?;
        cursor.end_of(block)?;
    }
    Ok(())
}

/// Names the column of an error.
#[cold]
fn about(column: &Column, mut error: Box<DecodeError>) -> Box<DecodeError> {
    error.column = Some(column.field().name().clone());
    error
}

impl Integer {
    #[inline]
    fn read(self, cursor: &mut Cursor<'_>) -> Step<i64> {
        match self {
            Self::Int => cursor.int().map(i64::from),
            Self::Long => cursor.long(),
        }
    }
}

impl Width {
    /// The bytes, and where they begin.
    fn read<'a>(self, cursor: &mut Cursor<'a>) -> Step<(&'a [u8], usize)> {
        let bytes = match self {
            Self::Said => cursor.bytes()?,
            Self::Fixed(size) => cursor.take(size)?,
        };
        Ok((bytes, cursor.position() - bytes.len()))
    }
}

impl Read {
    #[inline]
    pub(super) fn append(&self, cursor: &mut Cursor<'_>, column: &mut Column) -> Step {
        match self {
            Self::Boolean => column.push_bool(cursor.boolean()?),
            Self::Int => column.push_i32(cursor.int()?),
            Self::Long { from } => column.push_i64(from.read(cursor)?),
            Self::LongAsFloat { from } => column.push(from.read(cursor)? as f32), // the nearest, as the specification has it
            Self::LongAsDouble { from } => column.push(from.read(cursor)? as f64),
            Self::Float => column.push(f32::from_le_bytes(cursor.array()?)),
            Self::FloatAsDouble => column.push(f64::from(f32::from_le_bytes(cursor.array()?))),
            Self::Double => column.push(f64::from_le_bytes(cursor.array()?)),
            Self::Bytes => column.push_bytes(cursor.bytes()?)?,
            Self::String => column.push_str(cursor.string()?)?,
            Self::Enum(symbols) => {
                let at = cursor.position();
                let symbol = cursor.choice(symbols.len(), "symbol")?;
                match symbols.get(symbol) {
                    Some(Some(text)) => column.push_str(text)?,
                    _ => {
                        let message = format!("the reader's enum has not the writer's symbol {symbol}, and no default");
                        return fault(at, Reason::Schema, message);
                    }
                }
            }
            Self::Fixed(size) => column.push_bytes(cursor.take(*size)?)?,
            Self::Decimal { width, precision } => {
                let (bytes, at) = width.read(cursor)?;
                column.push(decimal::narrow(bytes, *precision, at)?);
            }
            Self::WideDecimal { width, precision } => {
                let (bytes, at) = width.read(cursor)?;
                column.push(decimal::wide(bytes, *precision, at)?);
            }
            Self::Duration => {
                let parts: [[u8; 4]; 3] = [cursor.array()?, cursor.array()?, cursor.array()?];
                column.push_struct(|fields| {
                    fields.iter_mut().zip(parts).for_each(|(field, part)| field.push(u32::from_le_bytes(part)));
                    Ok::<_, Box<DecodeError>>(())
                })?;
            }
            Self::BigDecimal => {
                let outer = cursor.bytes()?;
                let start = cursor.position() - outer.len();
                let mut inner = Cursor::new(outer, 0, 1);
                let unscaled = inner.bytes().map_err(|error| moved(error, start))?;
                let scale = inner.long().map_err(|error| moved(error, start))?;
                if inner.left() > 0 {
                    return fault(start + inner.position(), Reason::Trailing, "bytes are left over behind a big decimal's scale");
                }
                column.push_str(&decimal::text(unscaled, scale, start)?)?;
            }
            Self::UuidText => {
                let text = cursor.bytes()?;
                let start = cursor.position() - text.len();
                column.push_bytes(&text::uuid(text, false).map_err(|error| moved(error, start))?)?;
            }
            Self::UuidBytes => {
                let at = cursor.position();
                let bytes = cursor.bytes()?;
                if bytes.len() != 16 {
                    return fault(at, Reason::Length, format!("a uuid is 16 bytes, not {}", bytes.len()));
                }
                column.push_bytes(bytes)?;
            }
            Self::Uuid => column.push_bytes(&cursor.array::<16>()?)?,
            Self::Time { from, multiply, day, narrow } => {
                let at = cursor.position();
                let value = from.read(cursor)?;
                if !(0..*day).contains(&value) {
                    return fault(at, Reason::Range, format!("{value} is no time of day"));
                }
                let value = value * multiply; // less than a day of microseconds
                match (narrow, i32::try_from(value)) {
                    (true, Ok(value)) => column.push_i32(value),
                    _ => column.push_i64(value),
                }
            }
            Self::Timestamp { from, multiply, divide } => {
                let at = cursor.position();
                let value = from.read(cursor)?;
                match value.checked_mul(*multiply) {
                    Some(value) => column.push_i64(value.div_euclid(*divide)),
                    None => return fault(at, Reason::Range, format!("{value} is beyond the range of the column's unit")),
                }
            }
        }
        Ok(())
    }
}

/// An error within a value that begins at `start`.
#[cold]
fn moved(mut error: Box<DecodeError>, start: usize) -> Box<DecodeError> {
    error.position += start;
    error
}
