//! A block of data of one writer's schema goes through its plan: each step over all of them, before the next.
//!
//! So a step's kind is looked at once for a block, the data, whose numbers and lengths each depend on those before, are read side by
//! side, and nothing is looked at but the data: whether a datum ended too early is asked once, at its end ([`Tray`]). Steps that have no
//! loop here, and numbers of more than eight bytes and lengths of more than one, are done datum by datum ([`super::run`]). Where
//! anything is amiss in any datum the block is given up: the caller does it row by row, which is what says what is wrong.

use super::MOST_NESTED;
use super::cursor::{Cursor, FREE_ITEMS};
use super::plan::{Integer, Op, Plan, Read, Width};
use super::run::Run;
use super::steps::{self, Room};
use crate::decode::tray::Tray;
use crate::decode::{BLOCK_ROWS, Column, Step};
use crate::spec::NodeId;

/// A plan of more steps is not done by the block.
const MOST_STEPS: usize = 1 << 16;

/// What blocks are done in.
#[derive(Debug, Default)]
pub(super) struct Bench {
    pub(super) tray: Tray,
    room: Room,
}

impl Plan {
    /// Appends one row to each column for each of the data in the tray; none where one of them cannot be decoded.
    pub(super) fn run_block(&self, bench: &mut Bench, columns: &mut [Column]) -> Option<()> {
        if self.steps > MOST_STEPS {
            return None;
        }
        let before = columns.first().map_or(0, Column::len);
        let run = Run { skips: &self.skips, reader_skips: &self.reader_skips };
        let Bench { tray, room } = bench;
        let mut block = Block { run, tray: &mut *tray, room, items_taken: [0; BLOCK_ROWS] };
        let done = block.op(&self.op, columns);
        if done.is_some() && tray.all_at_end() {
            return Some(());
        }
        columns.iter_mut().for_each(|column| column.truncate(before));
        None
    }
}

struct Block<'p, 't> {
    run: Run<'p>,
    tray: &'t mut Tray,
    room: &'t mut Room,
    /// Of each datum, the items of arrays and maps so far.
    items_taken: [usize; BLOCK_ROWS],
}

impl Op {
    /// How many steps there are.
    pub(super) fn steps(&self) -> usize {
        match self {
            Self::Sequence(ops) => ops.iter().map(Self::steps).sum(),
            Self::Struct { inner, .. } => inner.steps(),
            _ => 1,
        }
    }
}

impl Block<'_, '_> {
    fn op(&mut self, op: &Op, columns: &mut [Column]) -> Option<()> {
        match op {
            Op::Skip(node) => self.skip(*node),
            Op::Sequence(ops) => ops.iter().try_for_each(|op| self.op(op, columns)),
            Op::Nulls(range) => {
                let rows = self.tray.rows();
                columns.get_mut(range.clone())?.iter_mut().for_each(|column| column.append_nulls(rows));
                Some(())
            }
            Op::Value { column, read } => self.read(read, columns, *column, None),
            Op::Union(branches) => match branches.as_slice() {
                [Op::Nulls(nulls), Op::Value { column, read }] if *nulls == (*column..*column + 1) => {
                    self.read(read, columns, *column, Some(0))
                }
                [Op::Value { column, read }, Op::Nulls(nulls)] if *nulls == (*column..*column + 1) => {
                    self.read(read, columns, *column, Some(1))
                }
                _ => self.each(|run, cursor| run.op(op, cursor, columns)),
            },
            Op::Struct { column, inner } => {
                let rows = self.tray.rows();
                columns.get_mut(*column)?.extend_structs(rows, |fields| self.op(inner, fields))
            }
            Op::Fail(_) | Op::Raw { .. } | Op::Default { .. } | Op::List { .. } | Op::Map { .. } => {
                self.each(|run, cursor| run.op(op, cursor, columns))
            }
        }
    }

    /// Does something with one datum after the other.
    fn each(&mut self, mut each: impl FnMut(Run<'_>, &mut Cursor<'_>) -> Step) -> Option<()> {
        self.tray.settle();
        for (row, taken) in self.items_taken.iter_mut().take(self.tray.rows()).enumerate() {
            let (payload, read) = self.tray.payload(row)?;
            let items = payload.len() + FREE_ITEMS;
            let mut cursor = Cursor::resumed(payload, read, items.checked_sub(*taken)?, MOST_NESTED);
            each(self.run, &mut cursor).ok()?;
            *taken = items - cursor.items();
            let read = cursor.position();
            self.tray.went_to(row, read);
        }
        Some(())
    }

    fn skip(&mut self, node: NodeId) -> Option<()> {
        let Some((simple, null)) = self.run.skips.simple(node) else {
            return self.each(|run, cursor| run.skips.skip(node, cursor));
        };
        let places = self.tray.places();
        steps::skip(self.tray, self.room, simple, null).or_else(|| {
            self.tray.return_to(places);
            self.each(|run, cursor| run.skips.skip(node, cursor))
        })
    }

    /// Appends a value of each datum to a column. Where `null` is a number they are of a union of two branches, of which that one is null.
    fn read(&mut self, read: &Read, columns: &mut [Column], place: usize, null: Option<u8>) -> Option<()> {
        let column = columns.get_mut(place)?;
        let (tray, room) = (&mut *self.tray, &mut *self.room);
        let places = tray.places();
        let done = match read {
            Read::Boolean => steps::append_bools(tray, column, null),
            Read::Int => steps::append_ints(tray, room, column, null, |value| value),
            Read::Long { from: Integer::Int } => steps::append_ints(tray, room, column, null, i64::from),
            Read::Long { from: Integer::Long } => steps::append_longs(tray, room, column, null, |value| value),
            Read::LongAsDouble { from: Integer::Int } => steps::append_ints(tray, room, column, null, f64::from),
            Read::LongAsDouble { from: Integer::Long } => steps::append_longs(tray, room, column, null, |value| value as f64),
            Read::Float => steps::append_fixed(tray, column, null, f32::from_le_bytes),
            Read::FloatAsDouble => steps::append_fixed(tray, column, null, |bytes| f64::from(f32::from_le_bytes(bytes))),
            Read::Double => steps::append_fixed(tray, column, null, f64::from_le_bytes),
            Read::Timestamp { from: Integer::Long, multiply, divide } => {
                steps::append_converted(tray, room, column, null, |value| {
                    value.checked_mul(*multiply).map(|value| value.div_euclid(*divide))
                })
            }
            Read::Bytes => steps::append_runs(tray, room, column, place, null, false),
            Read::String => steps::append_runs(tray, room, column, place, null, true),
            Read::Enum(symbols) => steps::append_symbols(tray, column, null, symbols),
            Read::Decimal { width: Width::Said, precision } => steps::append_decimals(tray, column, null, *precision),
            _ => return self.append_each(read, column, null),
        };
        done.or_else(|| {
            self.tray.return_to(places);
            self.append_each(read, column, null)
        })
    }

    fn append_each(&mut self, read: &Read, column: &mut Column, null: Option<u8>) -> Option<()> {
        self.each(|_, cursor| match null {
            Some(null) if cursor.choice(2, "branch")? == usize::from(null) => {
                column.append_null();
                Ok(())
            }
            _ => read.append(cursor, column),
        })
    }
}
