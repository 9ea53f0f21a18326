//! Texts and bytes.

use super::rows::Rows;
use super::varint;
use crate::decode::protobuf::plan::{Tag, Width};
use crate::decode::tray::Tray;
use crate::decode::{BLOCK_ROWS, Column, Lengths};

/// The most bytes of a block's short texts.
const MOST_TEXT: usize = BLOCK_ROWS * WIDEST;
/// A short text has fewer bytes.
const WIDEST: usize = 64;

/// Where short texts are put side by side.
#[derive(Debug)]
pub(super) struct Texts {
    bytes: Box<[u8; MOST_TEXT + WIDEST]>,
    ends: [u32; BLOCK_ROWS],
}

impl Default for Texts {
    fn default() -> Self {
        Self { bytes: Box::new([0; MOST_TEXT + WIDEST]), ends: [0; BLOCK_ROWS] }
    }
}

/// What is to become of a field's runs of bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Runs<'s> {
    pub(super) tag: &'s Tag,
    /// What they are where they are not there.
    pub(super) absent: Option<&'s [u8]>,
    /// Whether they must be UTF-8.
    pub(super) text: bool,
}

impl Runs<'_> {
    /// Appends them, and says which rows have one. `width` is what they had last.
    pub(super) fn append(
        self,
        tray: &Tray,
        rows: &mut Rows,
        texts: &mut Texts,
        width: &mut Width,
        column: &mut Column,
    ) -> Option<u64> {
        if self.absent.is_some_and(|absent| !absent.is_empty()) {
            return self.append_any(tray, rows, column);
        }
        let before = rows.at;
        loop {
            let (found, bits) = match width {
                Width::Word => short::<16>(tray, self.tag, rows, texts),
                Width::Two => short::<32>(tray, self.tag, rows, texts),
                Width::Four => short::<WIDEST>(tray, self.tag, rows, texts),
                Width::Any => return self.append_any(tray, rows, column),
            };
            let needed = Width::of(bits);
            if needed <= *width {
                let ends = texts.ends.get(..rows.count)?;
                let total = ends.last().map_or(0, |end| *end as usize);
                let valid = rows.mask(rows.valid(found, self.absent.is_some()));
                column.extend_runs(texts.bytes.get(..total)?, ends, valid, self.text)?;
                return Some(found);
            }
            *width = needed;
            rows.at = before;
        }
    }

    /// As [`Self::append`], of any length.
    #[inline(never)]
    fn append_any(self, tray: &Tray, rows: &mut Rows, column: &mut Column) -> Option<u64> {
        let (mut each, mut fine) = ([0; BLOCK_ROWS], true);
        let found = rows.take(tray, self.tag, &mut each, |there, place| {
            let (run, bytes) = varint::run(tray, there, place, &mut fine);
            (if there { run } else { 0 }, bytes + run)
        });
        if !fine {
            return None;
        }
        let valid = rows.valid(found, self.absent.is_some());
        let mut lengths = Lengths::default();
        for (row, length) in each.iter().enumerate().take(rows.count) {
            lengths.push(*length, valid >> row & 1 == 1);
        }
        match self.absent {
            Some(absent) if !absent.is_empty() => {
                let mut runs = Vec::with_capacity(rows.count);
                for (row, (at, length)) in rows.at.iter().zip(lengths.each()).enumerate() {
                    let own = if found >> row & 1 == 1 { tray.bytes(at.checked_sub(*length)?, *at)? } else { absent };
                    runs.push(if rows.there >> row & 1 == 1 { own } else { &[] });
                }
                column.extend_bytes(&runs, rows.mask(rows.there), self.text)?;
            }
            _ => column.extend_copied(&lengths, self.text, |to| tray.copy_runs_to(&rows.at, &lengths, to))?,
        }
        Some(found)
    }
}

/// Copies runs whose length is of one byte: so many bytes of each, of which the next one overwrites what is too much. Says which rows have
/// one, and which bits the lengths have: with others than are seen in `WIDTH` it was for nothing.
#[inline(never)]
fn short<const WIDTH: usize>(tray: &Tray, tag: &Tag, rows: &mut Rows, texts: &mut Texts) -> (u64, u8) {
    let Texts { bytes, ends } = texts;
    let (mut bits, mut end) = (0, 0_u32);
    let found = rows.take(tray, tag, ends, |there, place| {
        let length = if there { tray.byte(place) } else { 0 };
        bits |= length;
        let to = bytes.get_mut(end as usize & (MOST_TEXT - 1)..).and_then(|rest| rest.first_chunk_mut::<WIDTH>());
        if let Some(to) = to {
            *to = tray.chunk(place.wrapping_add(1));
        }
        end += u32::from(length);
        (end, 1 + u32::from(length))
    });
    (found, bits)
}
