//! Numbers, and what is made of them.

use super::rows::Rows;
use super::varint;
use crate::decode::protobuf::plan::{Names, Tag};
use crate::decode::protobuf::wire::zigzag;
use crate::decode::tray::Tray;
use crate::decode::{BLOCK_ROWS, Column, Lengths, Mask, Native};
use crate::spec::Scalar;

/// The bits of a field's values, zeros where there is none, and which rows have one.
pub(super) struct Found<'r> {
    pub(super) bits: &'r mut [u64; BLOCK_ROWS],
    pub(super) rows: u64,
}

impl<'r> Found<'r> {
    /// The field of that wire type, into a room for its bits.
    pub(super) fn read(tray: &Tray, tag: &Tag, rows: &mut Rows, bits: &'r mut [u64; BLOCK_ROWS]) -> Option<Self> {
        let rows = match tag.wire_type {
            0 => varints(tray, tag, rows, bits)?,
            1 => fixed(tray, tag, rows, bits, u64::MAX, 8),
            5 => fixed(tray, tag, rows, bits, 0xffff_ffff, 4),
            _ => return None,
        };
        Some(Self { bits, rows })
    }

    /// Sets what the rows are that do not have one.
    #[inline(always)]
    fn default(&mut self, absent: Option<u64>) {
        let Some(absent) = absent.filter(|absent| *absent != 0) else { return };
        for (row, bits) in self.bits.iter_mut().enumerate() {
            if self.rows >> row & 1 == 0 {
                *bits = absent;
            }
        }
    }

    /// Appends the numbers to a column.
    #[expect(clippy::cast_possible_wrap, clippy::cast_possible_truncation, reason = "the bits of the declared type")]
    pub(super) fn append(mut self, scalar: &Scalar, absent: Option<u64>, rows: &Rows, column: &mut Column) -> Option<()> {
        self.default(absent);
        let valid = rows.mask(rows.valid(self.rows, absent.is_some()));
        let bits = self.bits.get(..rows.count)?;
        if *scalar == Scalar::Bool {
            let values = bits.iter().rev().fold(0, |all, bits| all << 1 | u64::from(*bits != 0));
            return column.extend_bits(rows.count, rows.mask(values), valid);
        }
        fn all<T: Native>(bits: &[u64], column: &mut Column, valid: Mask, convert: impl Fn(u64) -> T) -> Option<()> {
            column.extend_valid(bits.iter().map(|bits| convert(*bits)), valid)
        }
        match scalar {
            Scalar::Int32 | Scalar::EnumNumber | Scalar::SFixed32 => all(bits, column, valid, |bits| bits as i32),
            Scalar::SInt32 => all(bits, column, valid, |bits| zigzag(bits & 0xffff_ffff) as i32),
            Scalar::UInt32 | Scalar::Fixed32 => all(bits, column, valid, |bits| bits as u32),
            Scalar::Int64 | Scalar::SFixed64 => all(bits, column, valid, |bits| bits as i64),
            Scalar::SInt64 => all(bits, column, valid, zigzag),
            Scalar::UInt64 | Scalar::Fixed64 => all(bits, column, valid, |bits| bits),
            Scalar::Float => all(bits, column, valid, |bits| f32::from_bits(bits as u32)),
            Scalar::Double => all(bits, column, valid, f64::from_bits),
            Scalar::Bool | Scalar::String | Scalar::Bytes | Scalar::Enum(..) => None,
        }
    }

    /// Appends the numbers' names to a column.
    pub(super) fn append_names(mut self, names: &Names, absent: Option<u64>, rows: &Rows, column: &mut Column) -> Option<()> {
        self.default(absent);
        let valid = rows.valid(self.rows, absent.is_some());
        let mut lengths = Lengths::default();
        let mut rooms: [&[u8; Names::WIDTH]; BLOCK_ROWS] = [&[0; Names::WIDTH]; BLOCK_ROWS];
        let mut all_known = true;
        for ((row, bits), room) in self.bits.iter().take(rows.count).enumerate().zip(&mut rooms) {
            let there = valid >> row & 1 == 1;
            let known = names.dense(*bits);
            all_known &= known.is_some() | !there;
            let length = match known {
                Some((length, name)) => {
                    *room = name;
                    *length
                }
                None => 0,
            };
            lengths.push(if there { length } else { 0 }, there);
        }
        if all_known {
            return column.extend_copied(&lengths, false, |to| {
                let mut rest = to;
                for (room, length) in rooms.iter().zip(lengths.each()) {
                    *rest.first_chunk_mut()? = **room;
                    rest = rest.get_mut(*length as usize..)?;
                }
                Some(())
            });
        }
        self.append_any_names(names, valid, rows.count, column)
    }

    /// As [`Self::append_names`], also of numbers that have none.
    #[expect(clippy::cast_possible_truncation, reason = "the bits of an enum's number")]
    #[cold]
    fn append_any_names(&self, names: &Names, valid: u64, rows: usize, column: &mut Column) -> Option<()> {
        for (row, bits) in self.bits.iter().take(rows).enumerate() {
            let number = *bits as i32;
            let there = valid >> row & 1 == 1;
            let appended = match names.get(number) {
                Some(name) if there => column.push_str(name),
                None if there && !names.closed => column.push_str(&number.to_string()),
                _ => {
                    column.append_null();
                    Ok(())
                }
            };
            appended.ok()?;
        }
        Some(())
    }
}

fn fixed(tray: &Tray, tag: &Tag, rows: &mut Rows, bits: &mut [u64; BLOCK_ROWS], mask: u64, bytes: u32) -> u64 {
    rows.take(tray, tag, bits, |there, place| {
        let word = tray.word(place) & mask;
        (if there { word } else { 0 }, bytes)
    })
}

#[inline(never)]
fn varints(tray: &Tray, tag: &Tag, rows: &mut Rows, bits: &mut [u64; BLOCK_ROWS]) -> Option<u64> {
    let mut any = 0;
    let found = rows.take(tray, tag, bits, |there, place| {
        let word = tray.word(place);
        let (value, length) = varint::extent(word);
        let value = if there { value } else { 0 };
        any |= value;
        (value, length)
    });
    if !varint::may_be_long(any) {
        varint::all_sevens(bits.get_mut(..rows.count)?, any);
        return Some(found);
    }
    for (bits, at) in bits.iter_mut().zip(&mut rows.at).take(rows.count) {
        if varint::is_long(*bits) {
            let (value, length) = varint::long(tray, *at - 8)?; // eight bytes is what it was taken for
            (*bits, *at) = (value, *at - 8 + length);
        } else {
            *bits = varint::sevens(*bits);
        }
    }
    Some(found)
}

const NANOS: i64 = 1_000_000_000;

/// Appends seconds and nanoseconds as nanoseconds; none where one of them is not possible.
#[expect(clippy::cast_possible_wrap, clippy::cast_possible_truncation, reason = "the bits of int64 and int32")]
pub(super) fn times(seconds: &Found<'_>, nanos: &Found<'_>, duration: bool, rows: &Rows, column: &mut Column) -> Option<()> {
    let mut fine = true;
    let mut all = [0; BLOCK_ROWS];
    for ((seconds, nanos), time) in seconds.bits.iter().zip(nanos.bits.iter()).zip(&mut all).take(rows.count) {
        let (seconds, nanos) = (*seconds as i64, i64::from(*nanos as i32));
        // Within what 64 bits of nanoseconds hold, and all the limits of both kinds.
        fine &= (-9_000_000_000..9_000_000_000).contains(&seconds);
        fine &= if duration {
            (nanos.unsigned_abs() < NANOS.unsigned_abs()) & ((seconds == 0) | (nanos == 0) | ((seconds < 0) == (nanos < 0)))
        } else {
            (0..NANOS).contains(&nanos)
        };
        *time = seconds.wrapping_mul(NANOS).wrapping_add(nanos);
    }
    if !fine {
        return None;
    }
    column.extend_valid(all.iter().take(rows.count).copied(), rows.mask(rows.there))
}
