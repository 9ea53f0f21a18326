//! Messages field by field, where their order is not known.

use super::rows::{Rows, is_next};
use super::varint;
use crate::decode::BLOCK_ROWS;
use crate::decode::protobuf::plan::{Plan, Step, Tag, Work};
use crate::decode::protobuf::wire::{Cursor, Raw, Segment};
use crate::decode::tray::Tray;

/// A field, and where what is behind its tag begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    number: u32,
    wire_type: u8,
    value: u32,
}

impl Head {
    #[inline(always)]
    fn read(tray: &Tray, at: u32) -> Option<Self> {
        let first = tray.byte(at);
        let (tag, length) = if first < 0x80 { (u64::from(first), 1) } else { varint::long(tray, at)? };
        let wire_type = (tag & 7) as u8; // three bits
        let number = u32::try_from(tag).ok()? >> 3;
        (number > 0).then_some(Self { number, wire_type, value: at + length })
    }

    /// Where the field ends; none where it does not, or where it is none.
    #[inline(always)]
    fn end(self, tray: &Tray, end: u32, depth: usize) -> Option<u32> {
        let at = self.value;
        let behind = match self.wire_type {
            0 => {
                let word = tray.word(at);
                let length = if varint::is_long(word) { varint::long(tray, at)?.1 } else { varint::extent(word).1 };
                at + length
            }
            1 => at + 8,
            2 => {
                let (length, bytes) = varint::length(tray, at)?;
                at + bytes + length
            }
            5 => at + 4,
            3 => group(tray, self.number, at, end, depth)?.1,
            _ => return None,
        };
        (behind <= end).then_some(behind)
    }
}

/// Where what is in a group ends whose beginning has been read, and where the group ends.
#[inline(never)]
pub(super) fn group(tray: &Tray, number: u32, at: u32, end: u32, depth: usize) -> Option<(u32, u32)> {
    let bytes = tray.bytes(at, end)?;
    let mut cursor = Cursor::new(Segment { bytes, at: 0 });
    let Raw::Group(inner) = cursor.value(number, 3, depth).ok()? else { return None };
    Some((at + u32::try_from(inner.bytes.len()).ok()?, at + u32::try_from(cursor.position()).ok()?))
}

/// A field that is left out, or that nobody knows. Which rows had it is for oneofs alone.
pub(super) fn pass(tray: &Tray, step: &Step, rows: &mut Rows, depth: usize) -> Option<u64> {
    let again = step.takes_many();
    let mut all = 0;
    loop {
        let found = match step.tag.wire_type {
            0 => pass_varints(tray, &step.tag, rows)?,
            1 => pass_bytes(tray, &step.tag, rows, 8),
            5 => pass_bytes(tray, &step.tag, rows, 4),
            2 => pass_runs(tray, &step.tag, rows)?,
            _ => pass_others(tray, step, rows, depth)?,
        };
        all |= found;
        if !again || found == 0 {
            return Some(all);
        }
    }
}

fn pass_bytes(tray: &Tray, tag: &Tag, rows: &mut Rows, bytes: u32) -> u64 {
    rows.take(tray, tag, &mut [(); BLOCK_ROWS], |_, _| ((), bytes))
}

fn pass_varints(tray: &Tray, tag: &Tag, rows: &mut Rows) -> Option<u64> {
    let mut fine = true;
    let found = rows.take(tray, tag, &mut [(); BLOCK_ROWS], |there, place| {
        let word = tray.word(place);
        if there & varint::is_long(word) {
            let long = varint::long(tray, place);
            fine &= long.is_some();
            return ((), long.map_or(0, |(_, length)| length));
        }
        ((), varint::extent(word).1)
    });
    fine.then_some(found)
}

fn pass_runs(tray: &Tray, tag: &Tag, rows: &mut Rows) -> Option<u64> {
    let mut fine = true;
    let found = rows.take(tray, tag, &mut [(); BLOCK_ROWS], |there, place| {
        let (run, bytes) = varint::run(tray, there, place, &mut fine);
        ((), bytes + run)
    });
    fine.then_some(found)
}

/// Groups, and what is no field at all.
fn pass_others(tray: &Tray, step: &Step, rows: &mut Rows, depth: usize) -> Option<u64> {
    let mut found = 0;
    for (row, (at, end)) in rows.each() {
        if is_next(tray, &step.tag, *at, *end) {
            *at = Head::read(tray, *at)?.end(tray, *end, depth)?;
            found |= 1 << row;
        }
    }
    Some(found)
}

/// Numbers and wire types of the fields between two places, as far as they are some.
pub(super) fn fields(tray: &Tray, mut at: u32, end: u32, depth: usize) -> Vec<(u32, u8)> {
    const MOST: usize = 512;
    let mut fields = Vec::new();
    while at < end
        && fields.len() < MOST
        && let Some(head) = Head::read(tray, at)
        && let Some(behind) = head.end(tray, end, depth)
    {
        fields.push((head.number, head.wire_type));
        at = behind;
    }
    fields
}

/// Where in each row the field of each step is; where there is none, [`NOWHERE`].
pub(super) type Places = Vec<[u32; BLOCK_ROWS]>;
pub(super) const NOWHERE: u32 = u32::MAX;

impl Plan {
    /// Finds the fields of all rows, whatever their order. None where a message is broken, has a field that is not of its type, or one
    /// twice whose earlier value counts too.
    pub(super) fn places(&self, tray: &Tray, rows: &Rows, depth: usize) -> Option<Places> {
        let mut places = vec![[NOWHERE; BLOCK_ROWS]; self.steps.len()];
        let ends = rows.at.iter().zip(&rows.end).take(rows.count).enumerate();
        for (row, (start, end)) in ends {
            let (mut at, end) = (*start, *end);
            let mut last = usize::MAX;
            while at < end {
                let first = tray.byte(at);
                let (head, index) = match self.order.of_byte(first) {
                    Some(index) => (Head { number: u32::from(first >> 3), wire_type: first & 7, value: at + 1 }, Some(index)),
                    None => {
                        let head = Head::read(tray, at)?;
                        (head, self.field_of(tray, at, head)?)
                    }
                };
                let behind = head.end(tray, end, depth)?;
                if let Some(index) = index {
                    let place = places.get_mut(index).and_then(|places| places.get_mut(row))?;
                    if *place == NOWHERE {
                        *place = at;
                    } else {
                        match &self.steps.get(index)?.work {
                            Work::Number { .. } | Work::Name { .. } | Work::Skip { .. } => *place = at, // the last one counts
                            _ if last == index && self.steps.get(index)?.takes_many() => {}
                            _ => return None,
                        }
                    }
                    last = index;
                } else {
                    last = usize::MAX;
                }
                at = behind;
            }
            if at != end {
                return None;
            }
        }
        Some(places)
    }

    /// The step of a field, if it is to be a column. None at all where that takes more than a plan.
    fn field_of(&self, tray: &Tray, at: u32, head: Head) -> Option<Option<usize>> {
        let Some(index) = self.step_of(head.number) else { return Some(None) };
        let step = self.steps.get(index)?;
        if step.is_skip() {
            // It may take the place of another member.
            return Some(step.oneof.map(|_| index));
        }
        let word = tray.word(at);
        let known = step.tag.begins(word) || step.single().is_some_and(|single| single.begins(word));
        known.then_some(Some(index))
    }
}
