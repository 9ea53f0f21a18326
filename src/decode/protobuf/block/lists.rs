//! Fields that come as often as they like: lists, and the entries of maps.

use super::rows::{Rows, all, is_next};
use super::{varint, walk};
use crate::decode::protobuf::plan::Tag;
use crate::decode::protobuf::wire::zigzag;
use crate::decode::tray::Tray;
use crate::decode::{BLOCK_ROWS, Column, Mask, Native};
use crate::spec::Scalar;

/// The runs of bytes of a field of all rows, one after the other, and how many each row has.
pub(super) struct Runs {
    /// From where to where.
    pub(super) places: Vec<(u32, u32)>,
    pub(super) counts: [u32; BLOCK_ROWS],
}

impl Runs {
    /// None where one is broken or goes beyond the end of what it is in.
    pub(super) fn read(tray: &Tray, (tag, number): (&Tag, u32), rows: &mut Rows, depth: usize) -> Option<(Self, u64)> {
        let mut runs = Self { places: Vec::with_capacity(rows.count), counts: [0; BLOCK_ROWS] };
        let (mut found, mut fine) = (0, true);
        for ((row, (at, end)), count) in rows.each().zip(&mut runs.counts) {
            while is_next(tray, tag, *at, *end) {
                let (from, to, behind) = if tag.wire_type == 3 {
                    let from = *at + tag.length;
                    let (to, behind) = walk::group(tray, number, from, *end, depth)?;
                    (from, to, behind)
                } else {
                    let (length, bytes) = varint::length(tray, *at + tag.length)?;
                    let from = *at + tag.length + bytes;
                    (from, from + length, from + length)
                };
                fine &= behind <= *end;
                runs.places.push((from, to));
                *at = behind;
                *count += 1;
                found |= 1 << row;
            }
        }
        fine.then_some((runs, found))
    }

    pub(super) fn counts(&self, rows: &Rows) -> &[u32] {
        self.counts.get(..rows.count).unwrap_or_default()
    }

    /// Appends them as texts or bytes.
    pub(super) fn append(&self, tray: &Tray, text: bool, column: &mut Column) -> Option<()> {
        let mut runs: Vec<&[u8]> = Vec::with_capacity(BLOCK_ROWS);
        for places in self.places.chunks(BLOCK_ROWS) {
            runs.clear();
            for (from, to) in places {
                runs.push(tray.bytes(*from, *to)?);
            }
            column.extend_bytes(&runs, Mask::of(all(runs.len()), runs.len()), text)?;
        }
        Some(())
    }

    /// Them as messages, by the block.
    pub(super) fn messages(&self) -> impl Iterator<Item = Rows> {
        self.places.chunks(BLOCK_ROWS).map(|places| {
            let mut rows = Rows::new(places.len());
            for (row, (from, to)) in places.iter().enumerate() {
                rows.set(row, *from, *to);
            }
            rows
        })
    }
}

/// Appends lists of numbers, packed or one by one, and says which rows have some.
#[expect(clippy::cast_possible_wrap, clippy::cast_possible_truncation, reason = "the bits of the declared type")]
pub(super) fn numbers(
    tray: &Tray,
    (packed, scalar, single): (&Tag, &Scalar, &Tag),
    rows: &mut Rows,
    column: &mut Column,
) -> Option<u64> {
    let of = Numbers { tray, packed, single };
    match scalar {
        Scalar::Int32 | Scalar::EnumNumber => of.varints(rows, column, |bits| bits as i32),
        Scalar::SInt32 => of.varints(rows, column, |bits| zigzag(bits & 0xffff_ffff) as i32),
        Scalar::UInt32 => of.varints(rows, column, |bits| bits as u32),
        Scalar::Int64 => of.varints(rows, column, |bits| bits as i64),
        Scalar::SInt64 => of.varints(rows, column, zigzag),
        Scalar::UInt64 => of.varints(rows, column, |bits| bits),
        Scalar::SFixed32 => of.fixed(rows, column, i32::from_le_bytes),
        Scalar::Fixed32 => of.fixed(rows, column, u32::from_le_bytes),
        Scalar::Float => of.fixed(rows, column, f32::from_le_bytes),
        Scalar::SFixed64 => of.fixed(rows, column, i64::from_le_bytes),
        Scalar::Fixed64 => of.fixed(rows, column, u64::from_le_bytes),
        Scalar::Double => of.fixed(rows, column, f64::from_le_bytes),
        Scalar::Bool | Scalar::String | Scalar::Bytes | Scalar::Enum(..) => None,
    }
}

struct Numbers<'t> {
    tray: &'t Tray,
    packed: &'t Tag,
    single: &'t Tag,
}

impl Numbers<'_> {
    #[inline(always)]
    fn varints<T: Native>(&self, rows: &mut Rows, column: &mut Column, convert: impl Fn(u64) -> T) -> Option<u64> {
        let one = |at: u32| {
            let word = self.tray.word(at);
            if varint::is_long(word) {
                return varint::long(self.tray, at);
            }
            let (bytes, length) = varint::extent(word);
            Some((varint::sevens(bytes), length))
        };
        let many = |items: &mut Vec<T>, mut from: u32, to: u32| {
            while from < to {
                let word = self.tray.word(from);
                if to - from >= 8 && varint::all_short(word) {
                    items.extend(word.to_le_bytes().map(|byte| convert(u64::from(byte))));
                    from += 8;
                    continue;
                }
                let (value, length) = one(from)?;
                items.push(convert(value));
                from += length;
            }
            (from == to).then_some(())
        };
        self.lists(rows, column, many, |at| one(at).map(|(value, length)| (convert(value), length)))
    }

    #[inline(always)]
    fn fixed<T: Native, const WIDTH: usize>(
        &self,
        rows: &mut Rows,
        column: &mut Column,
        convert: impl Fn([u8; WIDTH]) -> T,
    ) -> Option<u64> {
        let many = |items: &mut Vec<T>, from: u32, to: u32| {
            let (numbers, rest) = self.tray.bytes(from, to)?.as_chunks::<WIDTH>();
            items.extend(numbers.iter().map(|number| convert(*number)));
            rest.is_empty().then_some(())
        };
        let one = |at: u32| {
            let number = self.tray.word(at).to_le_bytes();
            Some((convert(*number.first_chunk()?), WIDTH as u32))
        };
        self.lists(rows, column, many, one)
    }

    /// `many` appends the numbers from one place to another, `one` says what the number is at a place, and how long.
    #[inline(always)]
    fn lists<T: Native>(
        &self,
        rows: &mut Rows,
        column: &mut Column,
        many: impl Fn(&mut Vec<T>, u32, u32) -> Option<()>,
        one: impl Fn(u32) -> Option<(T, u32)>,
    ) -> Option<u64> {
        let (mut counts, mut found) = ([0; BLOCK_ROWS], 0);
        let valid = rows.mask(rows.there);
        let count = rows.count;
        column.extend_number_lists(valid, |items| {
            for ((row, (at, end)), count) in rows.each().zip(&mut counts) {
                let before = items.len();
                while *at < *end {
                    let word = self.tray.word(*at);
                    if self.packed.begins(word) {
                        let (length, bytes) = varint::length(self.tray, *at + self.packed.length)?;
                        let from = *at + self.packed.length + bytes;
                        *at = from + length;
                        if *at > *end {
                            return None;
                        }
                        many(items, from, *at)?;
                    } else if self.single.begins(word) {
                        let from = *at + self.single.length;
                        let (number, length) = one(from)?;
                        items.push(number);
                        *at = from + length;
                    } else {
                        break;
                    }
                    found |= 1 << row;
                }
                *count = u32::try_from(items.len() - before).ok()?;
            }
            counts.get(..count)
        })?;
        Some(found)
    }
}
