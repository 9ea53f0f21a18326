//! The loops of a block: one value of each datum, or what is walked over.
//!
//! A loop goes on where a value is not what it takes it for, and says so in the end. In front of a value there may be the branch of a
//! union of two, one of which is null: `null` says which, and the value is at the byte `AT`, 1 then and 0 else. What is null is not looked
//! at, without a jump.

use std::hint::select_unpredictable;

use crate::decode::tray::{Tray, Window};
use crate::decode::varint::{self, MORE};
use crate::decode::{BLOCK_ROWS, Column, Lengths, Mask, Native};

/// No step goes so many bytes on: no payload of a block is as long.
const MOST_BYTES: usize = 1 << 15;

/// What is walked over without more than a look at it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Simple {
    /// So many bytes.
    Bytes(usize),
    Boolean,
    Int,
    Long,
    /// Bytes behind their length.
    Run,
    /// One of so many choices.
    Choice(usize),
}

/// A value as it is found: its bits, how many bytes it has, and whether it is one.
type Found<T> = (T, u32, bool);

/// Where the loops leave what they find.
#[derive(Debug)]
pub(super) struct Room {
    words: [u64; BLOCK_ROWS],
    texts: Texts,
    lengths: Lengths,
    /// How wide the texts of a column were so far.
    widths: [Width; BLOCK_ROWS],
}

impl Default for Room {
    fn default() -> Self {
        Self {
            words: [0; BLOCK_ROWS],
            texts: Texts { bytes: [0; MOST_TEXT + WIDEST], ends: [0; BLOCK_ROWS] },
            lengths: Lengths::default(),
            widths: [Width::Word; BLOCK_ROWS],
        }
    }
}

/// Short texts side by side.
#[derive(Debug)]
struct Texts {
    bytes: [u8; MOST_TEXT + WIDEST],
    ends: [u32; BLOCK_ROWS],
}

/// More than the texts of a block have together where each has a length of one byte.
const MOST_TEXT: usize = BLOCK_ROWS * 128;
const WIDEST: usize = 64;

/// Texts are copied by one width, since lengths that differ would be mispredicted branches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Width {
    /// 16 bytes.
    Word,
    /// 32 bytes.
    Two,
    /// 64 bytes.
    Four,
    /// Each by its own.
    Any,
}

impl Width {
    /// The width for lengths that have these bits on the wire.
    fn of(bits: u8) -> Self {
        match bits {
            _ if bits & 0x81 != 0 => Self::Any, // of more than a byte, or negative
            0x40.. => Self::Four,
            0x20.. => Self::Two,
            _ => Self::Word,
        }
    }
}

/// Reads a value of each datum that is not null, and says which are not; none where one is not of that kind.
#[inline(always)]
fn values<const AT: usize, T: Copy + Default>(
    tray: &mut Tray,
    null: u8,
    to: &mut [T; BLOCK_ROWS],
    read: impl Fn(Window<'_>) -> Found<T>,
) -> Option<Mask> {
    let (mut fine, mut valid, mut bit) = (true, 0_u64, 1_u64);
    tray.walk(to, |window| {
        let (value, bytes, is_one) = read(window);
        if AT == 0 {
            fine &= is_one;
            return (value, bytes);
        }
        let branch = window.byte::<0>();
        let there = branch >> 1 != null;
        fine &= (branch & !2 == 0) & (is_one | !there);
        valid |= bit & u64::from(there).wrapping_neg();
        bit = bit.rotate_left(1);
        (select_unpredictable(there, value, T::default()), 1 + (bytes & u32::from(there).wrapping_neg()))
    });
    let rows = tray.rows();
    fine.then(|| Mask::of(if AT == 0 { u64::MAX } else { valid }, rows))
}

/// The eight bytes that a number of at most as many is in.
#[inline(always)]
fn long<const AT: usize>(window: Window<'_>) -> Found<u64> {
    let word = u64::from_le_bytes(window.chunk::<AT, 8>());
    let ends = !word & MORE;
    (word, ends.trailing_zeros() / 8 + 1, ends != 0)
}

/// As [`long`], of at most five bytes.
#[inline(always)]
fn int<const AT: usize>(window: Window<'_>) -> Found<u64> {
    let (word, bytes, _) = long::<AT>(window);
    (word, bytes, bytes <= 5)
}

#[inline(always)]
fn choice<const AT: usize>(window: Window<'_>, of: usize) -> Found<u8> {
    let byte = window.byte::<AT>();
    (byte >> 1, 1, (byte & 0x81 == 0) & (usize::from(byte >> 1) < of))
}

#[inline(always)]
fn boolean<const AT: usize>(window: Window<'_>) -> Found<u8> {
    let byte = window.byte::<AT>();
    (byte, 1, byte <= 1)
}

/// The length of a run of bytes that has at most so many bytes itself: how many it goes on, and whether that is one.
#[inline(always)]
fn run<const AT: usize, const BYTES: usize>(window: Window<'_>) -> Found<u32> {
    let first = u32::from(window.byte::<AT>());
    if BYTES == 1 {
        return (first >> 1, 1 + (first >> 1), first & 0x81 == 0); // an odd one is negative
    }
    let more = first >> 7;
    let wide = (first & 0x7f) | u32::from(window.chunk::<AT, 2>()[1]) << 7;
    let raw = if more == 1 { wide } else { first };
    let length = (raw & 0x3fff) >> 1;
    (length, 1 + more + length, raw & 0x4001 == 0)
}

/// Walks over a value of each datum, or a null; none where one is not of that kind.
pub(super) fn skip(tray: &mut Tray, room: &mut Room, simple: Simple, null: Option<u8>) -> Option<()> {
    match (simple, null) {
        (Simple::Bytes(bytes), None) if bytes < MOST_BYTES => {
            tray.go(bytes as u32); // few
            Some(())
        }
        (simple, None) => skip_at::<0>(tray, room, simple, 0),
        (simple, Some(null)) => skip_at::<1>(tray, room, simple, null),
    }
}

fn skip_at<const AT: usize>(tray: &mut Tray, room: &mut Room, simple: Simple, null: u8) -> Option<()> {
    let nothing = &mut [(); BLOCK_ROWS];
    let valid = match simple {
        Simple::Bytes(bytes) => {
            let bytes = u32::try_from(bytes).ok().filter(|_| bytes < MOST_BYTES)?;
            values::<AT, ()>(tray, null, nothing, |_| ((), bytes, true))
        }
        Simple::Boolean => values::<AT, ()>(tray, null, nothing, |window| drop_value(boolean::<AT>(window))),
        Simple::Int => {
            let valid = values::<AT, u64>(tray, null, &mut room.words, int::<AT>)?;
            return ints(tray, room).then_some(valid).map(drop);
        }
        Simple::Long => values::<AT, ()>(tray, null, nothing, |window| drop_value(long::<AT>(window))),
        Simple::Choice(of) => values::<AT, ()>(tray, null, nothing, |window| drop_value(choice::<AT>(window, of))),
        Simple::Run => {
            let places = tray.places();
            values::<AT, ()>(tray, null, nothing, |window| drop_value(run::<AT, 1>(window))).or_else(|| {
                tray.return_to(places);
                values::<AT, ()>(tray, null, nothing, |window| drop_value(run::<AT, 2>(window)))
            })
        }
    };
    valid.map(drop)
}

#[inline(always)]
fn drop_value<T>((_, bytes, is_one): Found<T>) -> Found<()> {
    ((), bytes, is_one)
}

/// Makes numbers of the words, and says whether each has at most 32 bits.
fn ints(tray: &Tray, room: &mut Room) -> bool {
    let words = room.words.get_mut(..tray.rows()).unwrap_or_default();
    varint::zigzags(words);
    words.iter().fold(true, |all, word| all & (i64::from(*word as i32) == word.cast_signed()))
}

/// Appends integers of 32 bits.
pub(super) fn append_ints<T: Native>(
    tray: &mut Tray,
    room: &mut Room,
    column: &mut Column,
    null: Option<u8>,
    convert: impl Fn(i32) -> T,
) -> Option<()> {
    let valid = match null {
        None => values::<0, u64>(tray, 0, &mut room.words, int::<0>),
        Some(null) => values::<1, u64>(tray, null, &mut room.words, int::<1>),
    }?;
    if !ints(tray, room) {
        return None;
    }
    column.extend_valid(room.words.get(..tray.rows())?.iter().map(|word| convert(*word as i32)), valid)
}

/// Appends integers of at most eight bytes.
pub(super) fn append_longs<T: Native>(
    tray: &mut Tray,
    room: &mut Room,
    column: &mut Column,
    null: Option<u8>,
    mut convert: impl FnMut(i64) -> T,
) -> Option<()> {
    let valid = match null {
        None => values::<0, u64>(tray, 0, &mut room.words, long::<0>),
        Some(null) => values::<1, u64>(tray, null, &mut room.words, long::<1>),
    }?;
    let words = room.words.get_mut(..tray.rows())?;
    varint::zigzags(words);
    column.extend_valid(words.iter().map(|word| convert(word.cast_signed())), valid)
}

/// As [`append_longs`], of numbers that become others, if they can.
pub(super) fn append_converted(
    tray: &mut Tray,
    room: &mut Room,
    column: &mut Column,
    null: Option<u8>,
    convert: impl Fn(i64) -> Option<i64>,
) -> Option<()> {
    let mut fine = true;
    let before = column.len();
    append_longs(tray, room, column, null, |value| {
        let value = convert(value);
        fine &= value.is_some();
        value.unwrap_or(0)
    })?;
    if !fine {
        column.truncate(before);
        return None;
    }
    Some(())
}

/// Appends values of so many bytes.
pub(super) fn append_fixed<T: Native, const WIDTH: usize>(
    tray: &mut Tray,
    column: &mut Column,
    null: Option<u8>,
    convert: impl Fn([u8; WIDTH]) -> T,
) -> Option<()> {
    let rows = tray.rows();
    let Some(null) = null else {
        let all = Mask::of(u64::MAX, rows);
        return column.extend_valid(tray.look(WIDTH as u32, |window| convert(window.chunk::<0, WIDTH>())), all);
    };
    let mut numbers = [T::default(); BLOCK_ROWS];
    let valid = values::<1, T>(tray, null, &mut numbers, |window| (convert(window.chunk::<1, WIDTH>()), WIDTH as u32, true))?;
    column.extend_valid(numbers.get(..rows)?.iter().copied(), valid)
}

/// Appends booleans.
pub(super) fn append_bools(tray: &mut Tray, column: &mut Column, null: Option<u8>) -> Option<()> {
    let mut bytes = [0; BLOCK_ROWS];
    let valid = match null {
        None => values::<0, u8>(tray, 0, &mut bytes, boolean::<0>),
        Some(null) => values::<1, u8>(tray, null, &mut bytes, boolean::<1>),
    }?;
    let bits = bytes.iter().rev().fold(0, |bits: u64, byte| bits << 1 | u64::from(*byte & 1));
    column.extend_bits(tray.rows(), Mask::of(bits, tray.rows()), valid)
}

/// Appends the texts of an enum's symbols; none where a symbol has none.
pub(super) fn append_symbols(tray: &mut Tray, column: &mut Column, null: Option<u8>, symbols: &[Option<Box<str>>]) -> Option<()> {
    let mut choices = [0; BLOCK_ROWS];
    let valid = match null {
        None => values::<0, u8>(tray, 0, &mut choices, |window| choice::<0>(window, symbols.len())),
        Some(null) => values::<1, u8>(tray, null, &mut choices, |window| choice::<1>(window, symbols.len())),
    }?;
    let mut texts: [&[u8]; BLOCK_ROWS] = [b""; BLOCK_ROWS];
    let rows = tray.rows();
    for (row, (text, choice)) in texts.iter_mut().zip(choices).take(rows).enumerate() {
        if valid.is_set(row) {
            *text = symbols.get(usize::from(choice))?.as_ref()?.as_bytes();
        }
    }
    column.extend_bytes(texts.get(..rows)?, valid, false)
}

/// Appends decimals of so many digits at most, whose bytes are behind their length; none where one has more than 16.
pub(super) fn append_decimals(tray: &mut Tray, column: &mut Column, null: Option<u8>, precision: u8) -> Option<()> {
    let mut decimals = [0; BLOCK_ROWS];
    let valid = match null {
        None => values::<0, i128>(tray, 0, &mut decimals, decimal::<0, 1>),
        Some(null) => values::<1, i128>(tray, null, &mut decimals, decimal::<1, 2>),
    }?;
    let decimals = decimals.get(..tray.rows())?;
    let limit = 10_u128.pow(u32::from(precision.min(38)));
    let fit = decimals.iter().fold(true, |all, decimal| all & (decimal.unsigned_abs() < limit));
    if fit { column.extend_valid(decimals.iter().copied(), valid) } else { None }
}

#[inline(always)]
fn decimal<const AT: usize, const BEHIND: usize>(window: Window<'_>) -> Found<i128> {
    let length = window.byte::<AT>() >> 1;
    let fine = (window.byte::<AT>() & 1 == 0) & (length <= 16);
    let wide = i128::from_be_bytes(window.chunk::<BEHIND, 16>());
    let value = if length == 0 { 0 } else { wide >> (8 * (16_u32.wrapping_sub(u32::from(length)) & 15)) };
    (value, 1 + u32::from(length), fine)
}

/// Appends runs of bytes, which must be UTF-8 if `text`. `place` is which of the columns it is.
pub(super) fn append_runs(
    tray: &mut Tray,
    room: &mut Room,
    column: &mut Column,
    place: usize,
    null: Option<u8>,
    text: bool,
) -> Option<()> {
    let place = place % BLOCK_ROWS;
    let mut width = room.widths.get(place).copied()?;
    let places = tray.places();
    loop {
        let (bits, valid) = match (width, null) {
            (Width::Word, None) => short::<0, 1, 16>(tray, &mut room.texts, 0)?,
            (Width::Word, Some(null)) => short::<1, 2, 16>(tray, &mut room.texts, null)?,
            (Width::Two, None) => short::<0, 1, 32>(tray, &mut room.texts, 0)?,
            (Width::Two, Some(null)) => short::<1, 2, 32>(tray, &mut room.texts, null)?,
            (Width::Four, None) => short::<0, 1, WIDEST>(tray, &mut room.texts, 0)?,
            (Width::Four, Some(null)) => short::<1, 2, WIDEST>(tray, &mut room.texts, null)?,
            (Width::Any, _) => return append_long_runs(tray, room, column, place, null, text),
        };
        let found = Width::of(bits);
        if found <= width {
            let Texts { bytes, ends } = &room.texts;
            let ends = ends.get(..tray.rows())?;
            let total = ends.last().map_or(0, |end| *end as usize);
            return column.extend_runs(bytes.get(..total)?, ends, valid, text);
        }
        tray.return_to(places);
        width = found;
        *room.widths.get_mut(place)? = found;
    }
}

/// Copies runs whose length is of one byte: so many bytes of each, of which the next one overwrites what is too much. Says which bits the
/// lengths have: with others than are seen in `WIDTH` it was for nothing.
#[inline(never)]
fn short<const AT: usize, const BEHIND: usize, const WIDTH: usize>(
    tray: &mut Tray,
    texts: &mut Texts,
    null: u8,
) -> Option<(u8, Mask)> {
    let (mut bits, mut odd, mut end) = (0, 0, 0_u32);
    let (mut valid, mut bit) = (0_u64, 1_u64);
    let Texts { bytes, ends } = texts;
    tray.walk(ends, |window| {
        let mut length = window.byte::<AT>();
        let mut there = 1;
        if AT == 1 {
            let branch = window.byte::<0>();
            odd |= branch & !2;
            there = u8::from(branch >> 1 != null);
            length &= there.wrapping_neg();
            valid |= bit & u64::from(there).wrapping_neg();
            bit = bit.rotate_left(1);
        }
        bits |= length;
        let to = bytes.get_mut(end as usize & (MOST_TEXT - 1)..).and_then(|rest| rest.first_chunk_mut());
        if let Some(to) = to {
            *to = window.chunk::<BEHIND, WIDTH>();
        }
        let length = u32::from(length >> 1);
        end += length;
        (end, AT as u32 + u32::from(there) + length)
    });
    let rows = tray.rows();
    (odd == 0).then(|| (bits, Mask::of(if AT == 0 { u64::MAX } else { valid }, rows)))
}

/// As [`append_runs`], with lengths of up to two bytes.
#[inline(never)]
fn append_long_runs(
    tray: &mut Tray,
    room: &mut Room,
    column: &mut Column,
    place: usize,
    null: Option<u8>,
    text: bool,
) -> Option<()> {
    let mut each = [0; BLOCK_ROWS];
    let valid = match null {
        None => values::<0, u32>(tray, 0, &mut each, run::<0, 2>),
        Some(null) => values::<1, u32>(tray, null, &mut each, run::<1, 2>),
    }?;
    let lengths = &mut room.lengths;
    lengths.clear();
    for (row, length) in each.iter().take(tray.rows()).enumerate() {
        lengths.push(*length, valid.is_set(row));
    }
    if lengths.bound() < WIDEST as u32 {
        *room.widths.get_mut(place)? = Width::Four;
    }
    column.extend_copied(lengths, text, |to| tray.copy_runs(lengths, to))
}
