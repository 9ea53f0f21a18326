//! A block of data of one writer's schema goes through its plan: each step over all of them, before the next.
//!
//! So a step's kind is looked at once for a block, the buffers that it fills stay in registers, and the data, whose numbers and lengths
//! each depend on those before, are read side by side. Steps that have no loop here are done datum by datum ([`super::run`]). Where
//! anything is amiss in any datum the block is given up: the caller does it row by row, which is what says what is wrong.

use super::cursor::Cursor;
use super::plan::{Integer, Op, Plan, Read};
use super::run::Run;
use crate::decode::{BLOCK_ROWS, Column, Mask, Native};

impl Plan {
    /// Appends one row to each column for each of the data, at most [`BLOCK_ROWS`]; none where one of them cannot be decoded.
    pub(super) fn run_block(&self, cursors: &mut [Cursor<'_>], columns: &mut [Column]) -> Option<()> {
        let before = columns.first().map_or(0, Column::len);
        let run = Run { skips: &self.skips, reader_skips: &self.reader_skips };
        let done = run.block(&self.op, cursors, columns);
        if done.is_some() && cursors.iter().all(|cursor| cursor.left() == 0) {
            return Some(());
        }
        columns.iter_mut().for_each(|column| column.truncate(before));
        None
    }
}

impl Run<'_> {
    fn block(self, op: &Op, cursors: &mut [Cursor<'_>], columns: &mut [Column]) -> Option<()> {
        match op {
            Op::Skip(node) => self.skips.skip_all(*node, cursors),
            Op::Sequence(ops) => ops.iter().try_for_each(|op| self.block(op, cursors, columns)),
            Op::Nulls(range) => {
                columns.get_mut(range.clone())?.iter_mut().for_each(|column| column.append_nulls(cursors.len()));
                Some(())
            }
            Op::Value { column, read } => read.block(cursors, columns.get_mut(*column)?, None),
            Op::Union(branches) => match branches.as_slice() {
                [Op::Nulls(nulls), Op::Value { column, read }] if *nulls == (*column..*column + 1) => {
                    read.block(cursors, columns.get_mut(*column)?, Some(0))
                }
                [Op::Value { column, read }, Op::Nulls(nulls)] if *nulls == (*column..*column + 1) => {
                    read.block(cursors, columns.get_mut(*column)?, Some(1))
                }
                _ => self.one_by_one(op, cursors, columns),
            },
            Op::Struct { column, inner } => {
                let structs = columns.get_mut(*column)?;
                structs.extend_structs(cursors.len(), |fields| self.block(inner, cursors, fields))
            }
            Op::Fail(_) | Op::Raw { .. } | Op::Default { .. } | Op::List { .. } | Op::Map { .. } => {
                self.one_by_one(op, cursors, columns)
            }
        }
    }

    fn one_by_one(self, op: &Op, cursors: &mut [Cursor<'_>], columns: &mut [Column]) -> Option<()> {
        cursors.iter_mut().try_for_each(|cursor| self.op(op, cursor, columns).ok())
    }
}

impl Read {
    /// Appends a value of each of the data. Where `null` is a number they are of a union of two branches, of which that one is null.
    fn block(&self, cursors: &mut [Cursor<'_>], column: &mut Column, null: Option<usize>) -> Option<()> {
        match self {
            Self::Boolean => bools(cursors, column, null),
            Self::Int => numbers(cursors, column, null, Cursor::try_int),
            Self::Long { from: Integer::Int } => numbers(cursors, column, null, |cursor| cursor.try_int().map(i64::from)),
            Self::Long { from: Integer::Long } => numbers(cursors, column, null, Cursor::try_long),
            Self::Float => numbers(cursors, column, null, |cursor| cursor.try_array().map(f32::from_le_bytes)),
            Self::Double => numbers(cursors, column, null, |cursor| cursor.try_array().map(f64::from_le_bytes)),
            Self::Timestamp { from: Integer::Long, multiply, divide } => numbers(cursors, column, null, |cursor| {
                cursor.try_long()?.checked_mul(*multiply).map(|value| value.div_euclid(*divide))
            }),
            Self::Bytes => runs(cursors, column, null, false, Cursor::try_bytes),
            Self::String => runs(cursors, column, null, true, Cursor::try_bytes),
            Self::Enum(symbols) => runs(cursors, column, null, false, |cursor| {
                let symbol = cursor.choice(symbols.len(), "symbol").ok()?;
                symbols.get(symbol)?.as_ref().map(|text| text.as_bytes())
            }),
            _ => cursors.iter_mut().try_for_each(|cursor| match null {
                Some(null) if cursor.try_null(null)? => {
                    column.append_null();
                    Some(())
                }
                _ => self.append(cursor, column).ok(),
            }),
        }
    }
}

#[inline(always)]
fn numbers<'a, T: Native>(
    cursors: &mut [Cursor<'a>],
    column: &mut Column,
    null: Option<usize>,
    read: impl Fn(&mut Cursor<'a>) -> Option<T>,
) -> Option<()> {
    match null {
        None => column.extend(cursors.iter_mut().map(read)),
        Some(null) => column.extend_nullable(cursors.iter_mut().map(|cursor| nullable(cursor, null, &read))),
    }
}

fn bools(cursors: &mut [Cursor<'_>], column: &mut Column, null: Option<usize>) -> Option<()> {
    let read = |cursor: &mut Cursor<'_>| cursor.boolean().ok();
    column.extend_bools(cursors.iter_mut().map(|cursor| match null {
        None => read(cursor).map(Some),
        Some(null) => nullable(cursor, null, &read),
    }))
}

/// Appends runs of bytes, which must be UTF-8 if `text`.
#[inline(always)]
fn runs<'a, 'r>(
    cursors: &mut [Cursor<'a>],
    column: &mut Column,
    null: Option<usize>,
    text: bool,
    read: impl Fn(&mut Cursor<'a>) -> Option<&'r [u8]>,
) -> Option<()> {
    let mut runs: [&[u8]; BLOCK_ROWS] = [&[]; BLOCK_ROWS];
    let rows = cursors.len();
    let mut valid = Mask::default();
    match null {
        None => {
            for (run, cursor) in runs.iter_mut().zip(cursors) {
                *run = read(cursor)?;
                valid.push(true);
            }
        }
        Some(null) => {
            for (run, cursor) in runs.iter_mut().zip(cursors) {
                let value = nullable(cursor, null, &read)?;
                valid.push(value.is_some());
                *run = value.unwrap_or_default();
            }
        }
    }
    column.extend_bytes(runs.get(..rows)?, valid, text)
}

#[inline(always)]
fn nullable<'a, T>(cursor: &mut Cursor<'a>, null: usize, read: &impl Fn(&mut Cursor<'a>) -> Option<T>) -> Option<Option<T>> {
    if cursor.try_null(null)? { Some(None) } else { read(cursor).map(Some) }
}
