//! A block of data of one writer's schema goes through its plan: each step over all of them, before the next.
//!
//! So a step's kind is looked at once for a block, the data, whose numbers and lengths each depend on those before, are read side by
//! side, and nothing is looked at but the data: whether a datum ended too early is asked once, at its end ([`Tray`]). Steps that have no
//! loop here, and numbers of more than eight bytes and lengths of more than one, are done datum by datum ([`super::run`]). Where
//! anything is amiss in any datum the block is given up: the caller does it row by row, which is what says what is wrong.

use super::MOST_NESTED;
use super::cursor::{Cursor, FREE_ITEMS};
use super::plan::{Integer, Op, Plan, Read};
use super::run::Run;
use crate::decode::tray::{Tray, Window};
use crate::decode::{BLOCK_ROWS, Column, Lengths, Mask, Native, Step};
use crate::spec::NodeId;

/// A plan of more steps is not done by the block.
const MOST_STEPS: usize = 1 << 16;
/// No step goes so many bytes on: no payload of a block is as long.
const MOST_BYTES: u32 = 1 << 15;

impl Plan {
    /// Appends one row to each column for each of the data; none where one of them cannot be decoded.
    pub(super) fn run_block(&self, tray: &mut Tray, columns: &mut [Column]) -> Option<()> {
        if self.steps > MOST_STEPS {
            return None;
        }
        let before = columns.first().map_or(0, Column::len);
        let run = Run { skips: &self.skips, reader_skips: &self.reader_skips };
        let mut block = Block { run, tray: &mut *tray, lengths: Lengths::default(), items_taken: [0; BLOCK_ROWS] };
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
    /// Of the runs of bytes of the step that is being done.
    lengths: Lengths,
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
            Op::Value { column, read } => self.read(read, columns.get_mut(*column)?, None),
            Op::Union(branches) => match branches.as_slice() {
                [Op::Nulls(nulls), Op::Value { column, read }] if *nulls == (*column..*column + 1) => {
                    self.read(read, columns.get_mut(*column)?, Some(0))
                }
                [Op::Value { column, read }, Op::Nulls(nulls)] if *nulls == (*column..*column + 1) => {
                    self.read(read, columns.get_mut(*column)?, Some(1))
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
        let skipped = match self.run.skips.simple(node) {
            Some(Simple::Bytes(length)) => {
                let length = u32::try_from(length).ok().filter(|length| *length < MOST_BYTES)?;
                self.tray.step().for_each(|(_, at)| go(at, length));
                Some(())
            }
            Some(Simple::Long) => all(self.tray.step().map(|(window, at)| long(window, at))),
            Some(Simple::Run) => all(self.tray.step().map(|(window, at)| run(window, at))),
            None => return self.each(|run, cursor| run.skips.skip(node, cursor)),
        };
        skipped.or_else(|| {
            self.tray.back();
            self.each(|run, cursor| run.skips.skip(node, cursor))
        })
    }

    /// Appends a value of each datum. Where `null` is a number they are of a union of two branches, of which that one is null.
    fn read(&mut self, read: &Read, column: &mut Column, null: Option<u8>) -> Option<()> {
        let tray = &mut *self.tray;
        let done = match read {
            Read::Boolean => bools(tray, column, null),
            Read::Int => numbers(tray, column, null, int),
            Read::Long { from: Integer::Int } => numbers(tray, column, null, |window, at| int(window, at).map(i64::from)),
            Read::Long { from: Integer::Long } if null.is_none() => longs(tray, column),
            Read::Long { from: Integer::Long } => numbers(tray, column, null, long),
            Read::Float => numbers(tray, column, null, |window, at| Some(f32::from_le_bytes(fixed(window, at)))),
            Read::Double => numbers(tray, column, null, |window, at| Some(f64::from_le_bytes(fixed(window, at)))),
            Read::Timestamp { from: Integer::Long, multiply, divide } => numbers(tray, column, null, |window, at| {
                long(window, at)?.checked_mul(*multiply).map(|value| value.div_euclid(*divide))
            }),
            Read::Bytes => runs(tray, &mut self.lengths, column, null, false),
            Read::String => runs(tray, &mut self.lengths, column, null, true),
            _ => return self.append_each(read, column, null),
        };
        done.or_else(|| {
            self.tray.back();
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

/// What is walked over without a look at what it is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Simple {
    /// So many bytes.
    Bytes(usize),
    Long,
    /// Bytes behind their length.
    Run,
}

#[inline(always)]
fn all<T>(mut items: impl Iterator<Item = Option<T>>) -> Option<()> {
    let fine = items.by_ref().fold(true, |fine, item| fine & item.is_some());
    fine.then_some(())
}

/// A number of at most eight bytes.
#[inline(always)]
fn long(window: Window<'_>, at: &mut u32) -> Option<i64> {
    let word = u64::from_le_bytes(window.chunk());
    walk(word, at).then(|| number(word))
}

/// Goes behind the number that `word` begins with; false where it has more than eight bytes.
#[inline(always)]
fn walk(word: u64, at: &mut u32) -> bool {
    let ends = !word & 0x8080_8080_8080_8080;
    go(at, ends.trailing_zeros() / 8 + 1);
    ends != 0
}

/// The number that `word` begins with.
#[inline(always)]
fn number(word: u64) -> i64 {
    let ends = !word & 0x8080_8080_8080_8080;
    // The bytes up to the first that ends a number; of each byte seven bits, side by side.
    let word = word & (ends ^ ends.wrapping_sub(1)) & 0x7f7f_7f7f_7f7f_7f7f;
    let word = (word & 0x007f_007f_007f_007f) | ((word & 0x7f00_7f00_7f00_7f00) >> 1);
    let word = (word & 0x0000_3fff_0000_3fff) | ((word & 0x3fff_0000_3fff_0000) >> 2);
    let word = (word & 0x0000_0000_0fff_ffff) | ((word & 0x0fff_ffff_0000_0000) >> 4);
    (word >> 1).cast_signed() ^ -(word & 1).cast_signed()
}

#[inline(always)]
fn int(window: Window<'_>, at: &mut u32) -> Option<i32> {
    let before = *at;
    let value = long(window, at)?;
    i32::try_from(value).ok().filter(|_| *at - before <= 5)
}

#[inline(always)]
fn fixed<const WIDTH: usize>(window: Window<'_>, at: &mut u32) -> [u8; WIDTH] {
    go(at, WIDTH as u32);
    window.chunk()
}

/// The length of a run of bytes, how many bytes it has itself, and whether that is all of it. Without a branch on it.
#[inline(always)]
fn length<const BYTES: u32>(window: Window<'_>) -> (u32, u32, bool) {
    let first = u32::from(window.byte(0));
    if BYTES == 1 {
        return (first >> 1, 1, first & 0x81 == 0); // an odd one is negative
    }
    let more = first >> 7;
    let wide = (first & 0x7f) | u32::from(window.byte(1)) << 7;
    let raw = if more == 1 { wide } else { first };
    ((raw & 0x3fff) >> 1, 1 + more, raw & 0x4001 == 0)
}

/// Goes behind a run of bytes.
#[inline(always)]
fn run(window: Window<'_>, at: &mut u32) -> Option<u32> {
    let (length, bytes, fine) = length::<2>(window);
    go(at, bytes + length);
    fine.then_some(length)
}

/// Goes on. A block has at most [`MOST_STEPS`], so this does not come to the end of all numbers.
#[inline(always)]
fn go(at: &mut u32, bytes: u32) {
    *at = at.wrapping_add(bytes);
}

/// Numbers of at most eight bytes, all of which are there: the positions first, and then what can be done for several at once.
fn longs(tray: &mut Tray, column: &mut Column) -> Option<()> {
    let mut words = [0; BLOCK_ROWS];
    let fine = tray.step().zip(&mut words).fold(true, |fine, ((window, at), word)| {
        *word = u64::from_le_bytes(window.chunk());
        fine & walk(*word, at)
    });
    if !fine {
        return None;
    }
    column.extend(words.get(..tray.rows())?.iter().map(|word| Some(number(*word))))
}

#[inline(always)]
fn numbers<T: Native>(
    tray: &mut Tray,
    column: &mut Column,
    null: Option<u8>,
    read: impl Fn(Window<'_>, &mut u32) -> Option<T>,
) -> Option<()> {
    match null {
        None => column.extend(tray.step().map(|(window, at)| read(window, at))),
        Some(null) => column.extend_nullable(tray.step().map(|(window, at)| {
            let branch = window.byte(0);
            go(at, 1);
            match branch {
                0 | 2 if branch >> 1 == null => Some(None),
                0 | 2 => read(window.behind(1), at).map(Some),
                _ => None,
            }
        })),
    }
}

fn bools(tray: &mut Tray, column: &mut Column, null: Option<u8>) -> Option<()> {
    let (mut values, mut valid, mut fine) = (Mask::default(), Mask::default(), true);
    let rows = tray.rows();
    tray.step().for_each(|(window, at)| {
        let (there, place) = match null {
            Some(null) => {
                fine &= window.byte(0) & !2 == 0;
                (window.byte(0) >> 1 != null, 1)
            }
            None => (true, 0),
        };
        let value = if there { window.byte(place) } else { 0 };
        fine &= value <= 1;
        values.push(value == 1);
        valid.push(there);
        go(at, u32::from(place == 1) + u32::from(there));
    });
    if fine { column.extend_bits(rows, values, valid) } else { None }
}

/// Appends runs of bytes, which must be UTF-8 if `text`.
fn runs(tray: &mut Tray, lengths: &mut Lengths, column: &mut Column, null: Option<u8>, text: bool) -> Option<()> {
    if !read_lengths::<1>(tray, lengths, null) {
        tray.back();
        if !read_lengths::<2>(tray, lengths, null) {
            return None;
        }
    }
    column.extend_copied(lengths, text, |to| tray.copy_runs(lengths, to))
}

/// Goes behind runs of bytes whose lengths have at most so many bytes, without a branch on which are null. False where a length has
/// more or is none.
#[inline(always)]
fn read_lengths<const BYTES: u32>(tray: &mut Tray, lengths: &mut Lengths, null: Option<u8>) -> bool {
    lengths.clear();
    match null {
        None => tray.step().fold(true, |all, (window, at)| {
            let (run, bytes, fine) = length::<BYTES>(window);
            lengths.push(run, true);
            go(at, bytes + run);
            all & fine
        }),
        Some(null) => tray.step().fold(true, |all, (window, at)| {
            let branch = window.byte(0);
            let there = branch >> 1 != null;
            let (run, bytes, fine) = length::<BYTES>(window.behind(1));
            let (run, bytes) = if there { (run, bytes) } else { (0, 0) };
            lengths.push(run, there);
            go(at, 1 + bytes + run);
            all & (branch & !2 == 0) & (fine | !there)
        }),
    }
}
