//! A block of payloads goes through the plan of their message: each step over all of them, before the next.
//!
//! A step predicts its field: it is the next one of a payload, or the payload has none. So a field's kind is looked at once for a block,
//! and its number not at all. What does not keep the order of the numbers, comes more than once, or is wrong is left over in the end: the
//! block is then given up, and the caller does it row by row, which is what says what it means.

use super::columns::Columns;
use super::plan::{Plan, Step, Tag, Work};
use super::wire::{Cursor, MOST_NESTED, Raw, zigzag};
use super::{row, value};
use crate::decode::{BLOCK_ROWS, Column, Mask, Native};
use crate::spec::{Absent, Entry, Item, Message, ProtobufShape as Shape, Scalar};

/// What is left of a message of one payload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    cursor: Cursor<'a>,
    /// Whether the payload has the message at all.
    there: bool,
    /// The oneofs of which a member has been there.
    oneofs: u32,
}

impl<'a> Row<'a> {
    pub(super) const NONE: Self = Row { cursor: Cursor::EMPTY, there: false, oneofs: 0 };

    pub(super) fn new(cursor: Cursor<'a>) -> Self {
        Row { cursor, there: true, oneofs: 0 }
    }

    /// Whether the next field is that of the step. `None` where it must not be, or must.
    #[inline(always)]
    fn takes(&mut self, step: &Step) -> Option<bool> {
        let takes = self.cursor.take_tag(&step.tag);
        if step.oneof == 0 && !step.required {
            return Some(takes);
        }
        self.may(step, takes)
    }

    #[inline(never)]
    fn may(&mut self, step: &Step, takes: bool) -> Option<bool> {
        if !takes {
            return (!step.required || !self.there).then_some(false);
        }
        if self.oneofs & step.oneof != 0 {
            return None;
        }
        self.oneofs |= step.oneof;
        Some(true)
    }
}

impl Plan {
    /// Appends one row to each column for each of the payloads, at most [`BLOCK_ROWS`]; none where it takes more than a plan to do so.
    pub(super) fn run_block(&self, message: &Message, rows: &mut [Row<'_>], columns: &mut [Column]) -> Option<()> {
        let before = columns.first().map_or(0, Column::len);
        let done = self.block(message, rows, columns, true, MOST_NESTED);
        if done.is_none() {
            columns.iter_mut().for_each(|column| column.truncate(before));
        }
        done
    }

    /// `all` says whether all payloads have the message.
    fn block(&self, message: &Message, rows: &mut [Row<'_>], columns: &mut [Column], all: bool, depth: usize) -> Option<()> {
        for step in &self.steps {
            let Some(entry) = message.entries.get(step.entry) else {
                rows.iter_mut().try_for_each(|row| skip(step, row, depth))?;
                continue;
            };
            let own = columns.get_mut(step.column..step.column + entry.width)?;
            match (&step.work, &entry.shape, own) {
                (Work::Scalar(scalar, absent), _, [column]) => scalars(step, scalar, absent.as_ref(), rows, column, all)?,
                (Work::Flat(plan), Shape::Flat(inner), own) => {
                    let (mut inners, found) = messages(step, rows)?;
                    let all = found == rows.len();
                    if found == 0 {
                        own.iter_mut().for_each(|column| column.append_nulls(rows.len()));
                        continue;
                    }
                    plan.block(inner, inners.get_mut(..rows.len())?, own, all, depth.checked_sub(1)?)?;
                }
                (Work::Struct(plan), Shape::One(Item::Struct(inner)), [column]) => {
                    let (mut inners, found) = messages(step, rows)?;
                    let inners = inners.get_mut(..rows.len())?;
                    let depth = depth.checked_sub(1)?;
                    if found == rows.len() {
                        column.extend_structs(found, |fields| plan.block(inner, inners, fields, true, depth))?;
                        continue;
                    }
                    for inner_row in inners {
                        if !inner_row.there {
                            column.append_null();
                            continue;
                        }
                        let one = std::slice::from_mut(inner_row);
                        column.extend_structs(1, |fields| plan.block(inner, one, fields, true, depth))?;
                    }
                }
                (Work::Entry { unpacked }, _, own) => entries(step, unpacked.as_ref(), entry, rows, own, depth)?,
                _ => return None,
            }
        }
        rows.iter_mut().try_for_each(|row| rest(message, row, depth))
    }
}

/// A field that is left out, as often as it comes.
fn skip(step: &Step, row: &mut Row<'_>, depth: usize) -> Option<()> {
    loop {
        let before = row.cursor;
        if row.cursor.is_empty() {
            return Some(());
        }
        let (number, wire_type) = row.cursor.tag().ok()?;
        if number != step.number {
            row.cursor = before;
            return Some(());
        }
        if row.oneofs & step.oneof != 0 {
            return None;
        }
        row.oneofs |= step.oneof;
        row.cursor.value(number, wire_type, depth).ok()?;
    }
}

/// Fields behind those of the plan, which must be unknown.
fn rest(message: &Message, row: &mut Row<'_>, depth: usize) -> Option<()> {
    while !row.cursor.is_empty() {
        let (number, wire_type) = row.cursor.tag().ok()?;
        let known = message.numbers.binary_search_by_key(&number, |(number, _)| *number).is_ok()
            || message.left_out.iter().any(|(left_out, _)| *left_out == number);
        if known {
            return None;
        }
        row.cursor.value(number, wire_type, depth).ok()?;
    }
    Some(())
}

/// The messages of a field, and how many there are.
fn messages<'a>(step: &Step, rows: &mut [Row<'a>]) -> Option<([Row<'a>; BLOCK_ROWS], usize)> {
    let mut inners = [Row::NONE; BLOCK_ROWS];
    let mut found = 0;
    for (inner, row) in inners.iter_mut().zip(rows) {
        if row.takes(step)? {
            *inner = Row::new(Cursor::new(row.cursor.run()?));
            found += 1;
        }
    }
    Some((inners, found))
}

/// Values of a kind that has no loop of its own.
fn entries(
    step: &Step,
    unpacked: Option<&Tag>,
    entry: &Entry,
    rows: &mut [Row<'_>],
    columns: &mut [Column],
    depth: usize,
) -> Option<()> {
    let many = !matches!(entry.shape, Shape::One(_) | Shape::Flat(_));
    let mut slot: Vec<Raw<'_>> = Vec::new();
    for row in rows {
        if !row.there {
            columns.iter_mut().for_each(Column::append_null);
            continue;
        }
        slot.clear();
        while many || slot.is_empty() {
            let wire_type = if row.takes_again(step, &slot)? {
                step.tag.wire_type
            } else {
                match unpacked {
                    Some(tag) if row.cursor.take_tag(tag) => tag.wire_type,
                    _ => break,
                }
            };
            let raw = row.cursor.value(step.number, wire_type, depth).ok()?;
            if let Shape::One(item) | Shape::List(item) = &entry.shape {
                value::check(item, &raw).ok()?;
            }
            slot.push(raw);
        }
        if entry.required && slot.is_empty() {
            return None;
        }
        row::append(entry, &slot, Columns::new(columns), depth).ok()?;
    }
    Some(())
}

impl<'a> Row<'a> {
    /// As [`Self::takes`], of a field of which some have been taken.
    fn takes_again(&mut self, step: &Step, taken: &[Raw<'a>]) -> Option<bool> {
        if taken.is_empty() && step.oneof != 0 { self.takes(step) } else { Some(self.cursor.take_tag(&step.tag)) }
    }
}

#[expect(clippy::cast_possible_wrap, clippy::cast_possible_truncation, reason = "the bits of the declared type")]
fn scalars(
    step: &Step,
    scalar: &Scalar,
    absent: Option<&Absent>,
    rows: &mut [Row<'_>],
    column: &mut Column,
    all: bool,
) -> Option<()> {
    let bits = match absent {
        Some(Absent::Number(bits)) => Some(*bits),
        _ => None,
    };
    let mut field = Field { step, absent: bits, all, column };
    let varint = |cursor: &mut Cursor<'_>| cursor.try_varint();
    let four = |cursor: &mut Cursor<'_>| cursor.try_array().map(u32::from_le_bytes).map(u64::from);
    let eight = |cursor: &mut Cursor<'_>| cursor.try_array().map(u64::from_le_bytes);
    match scalar {
        Scalar::Bool => bools(step, bits, rows, field.column),
        Scalar::Int32 | Scalar::EnumNumber => field.numbers(rows, varint, |bits| bits as i32),
        Scalar::SInt32 => field.numbers(rows, varint, |bits| zigzag(bits & 0xffff_ffff) as i32),
        Scalar::UInt32 => field.numbers(rows, varint, |bits| bits as u32),
        Scalar::Int64 => field.numbers(rows, varint, |bits| bits as i64),
        Scalar::SInt64 => field.numbers(rows, varint, zigzag),
        Scalar::UInt64 => field.numbers(rows, varint, |bits| bits),
        Scalar::SFixed32 => field.numbers(rows, four, |bits| bits as i32),
        Scalar::Fixed32 => field.numbers(rows, four, |bits| bits as u32),
        Scalar::Float => field.numbers(rows, four, |bits| f32::from_bits(bits as u32)),
        Scalar::SFixed64 => field.numbers(rows, eight, |bits| bits as i64),
        Scalar::Fixed64 => field.numbers(rows, eight, |bits| bits),
        Scalar::Double => field.numbers(rows, eight, f64::from_bits),
        Scalar::String | Scalar::Bytes => {
            let absent = match absent {
                Some(Absent::Bytes(bytes)) => Some(bytes.as_slice()),
                _ => None,
            };
            runs(step, absent, rows, field.column, *scalar == Scalar::String, |cursor| Some(Some(cursor.run()?.bytes)))
        }
        Scalar::Enum(names, closed) => {
            let name = |bits: u64| {
                let found = names.binary_search_by_key(&(bits as i32), |(number, _)| *number).ok();
                let name = found.and_then(|index| names.get(index)).map(|(_, name)| name.as_bytes());
                // The digits of an unknown number are nowhere yet.
                if name.is_none() && !closed { None } else { Some(name) }
            };
            let absent = match bits {
                Some(bits) => name(bits)?,
                None => None,
            };
            runs(step, absent, rows, field.column, false, |cursor| name(cursor.try_varint()?))
        }
    }
}

/// The column of a number.
struct Field<'s, 'c> {
    step: &'s Step,
    absent: Option<u64>,
    all: bool,
    column: &'c mut Column,
}

impl Field<'_, '_> {
    #[inline(always)]
    fn numbers<'a, T: Native>(
        &mut self,
        rows: &mut [Row<'a>],
        read: impl Fn(&mut Cursor<'a>) -> Option<u64>,
        convert: impl Fn(u64) -> T,
    ) -> Option<()> {
        let step = self.step;
        match self.absent.map(&convert) {
            Some(absent) if self.all => self.column.extend(
                rows.iter_mut().map(|row| if row.takes(step)? { read(&mut row.cursor).map(&convert) } else { Some(absent) }),
            ),
            absent => self.column.extend_nullable(rows.iter_mut().map(|row| {
                if row.takes(step)? {
                    read(&mut row.cursor).map(|bits| Some(convert(bits)))
                } else {
                    Some(absent.filter(|_| row.there))
                }
            })),
        }
    }
}

fn bools(step: &Step, absent: Option<u64>, rows: &mut [Row<'_>], column: &mut Column) -> Option<()> {
    column.extend_bools(rows.iter_mut().map(|row| {
        let bits = if row.takes(step)? { Some(row.cursor.try_varint()?) } else { absent.filter(|_| row.there) };
        Some(bits.map(|bits| bits != 0))
    }))
}

/// Texts, bytes and names.
#[inline(always)]
fn runs<'a, 'r>(
    step: &Step,
    absent: Option<&'r [u8]>,
    rows: &mut [Row<'a>],
    column: &mut Column,
    text: bool,
    read: impl Fn(&mut Cursor<'a>) -> Option<Option<&'r [u8]>>,
) -> Option<()>
where
    'a: 'r,
{
    let mut runs: [&[u8]; BLOCK_ROWS] = [&[]; BLOCK_ROWS];
    let mut valid = Mask::default();
    let count = rows.len();
    for (run, row) in runs.iter_mut().zip(rows) {
        let found = if row.takes(step)? { read(&mut row.cursor)? } else { absent.filter(|_| row.there) };
        valid.push(found.is_some());
        *run = found.unwrap_or_default();
    }
    column.extend_bytes(runs.get(..count)?, valid, text)
}
