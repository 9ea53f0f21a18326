//! The messages of a block, and how far each has been read.

use crate::decode::protobuf::plan::{MOST_ONEOFS, Step, Tag};
use crate::decode::tray::Tray;
use crate::decode::{BLOCK_ROWS, Mask};

/// Messages of one kind side by side.
///
/// Positions only ever go forward, so a message that has been read to its very end at last has never been read beyond it. What is read
/// beyond the end meanwhile is of no consequence, but for the extent of what is within: that is compared with the end at once.
#[derive(Debug)]
pub(super) struct Rows {
    /// Where each is read next. Of those that are not there it is the end.
    pub(super) at: [u32; BLOCK_ROWS],
    pub(super) end: [u32; BLOCK_ROWS],
    pub(super) count: usize,
    /// The rows that have the message at all.
    pub(super) there: u64,
    /// Of each oneof the rows in which a member has been there.
    oneofs: [u64; MOST_ONEOFS],
}

impl Rows {
    pub(super) const fn new(count: usize) -> Self {
        Self { at: [0; BLOCK_ROWS], end: [0; BLOCK_ROWS], count, there: 0, oneofs: [0; MOST_ONEOFS] }
    }

    /// The payloads of a block.
    pub(super) fn of(tray: &Tray) -> Self {
        let count = tray.rows();
        Self { at: *tray.begins(), end: *tray.ends(), there: all(count), ..Self::new(count) }
    }

    /// Begins again.
    pub(super) fn restart(&mut self, at: [u32; BLOCK_ROWS]) {
        self.at = at;
        self.oneofs = [0; MOST_ONEOFS];
    }

    /// Sets a row's message.
    #[inline(always)]
    pub(super) fn set(&mut self, row: usize, at: u32, end: u32) {
        if let (Some(place), Some(its_end)) = (self.at.get_mut(row), self.end.get_mut(row)) {
            (*place, *its_end) = (at, end);
            self.there |= 1 << row;
        }
    }

    /// Goes behind the field of that tag where it is the next: `read` is told whether it is, and where its value begins, and says what it
    /// finds there, which comes to `to`, and how long that is. Says which rows have the field.
    #[inline(always)]
    pub(super) fn take<T>(
        &mut self,
        tray: &Tray,
        tag: &Tag,
        to: &mut [T; BLOCK_ROWS],
        mut read: impl FnMut(bool, u32) -> (T, u32),
    ) -> u64 {
        let (tag, count) = (*tag, self.count.min(BLOCK_ROWS));
        let (Some(at), Some(ends), Some(to)) = (self.at.get_mut(..count), self.end.get(..count), to.get_mut(..count)) else {
            return 0;
        };
        let mut found = 0_u64;
        for ((at, end), to) in at.iter_mut().zip(ends).zip(to) {
            let there = is_next(tray, &tag, *at, *end);
            let (value, length) = read(there, at.wrapping_add(tag.length));
            *to = value;
            *at = at.wrapping_add(if there { tag.length.wrapping_add(length) } else { 0 });
            found = found >> 1 | u64::from(there) << (BLOCK_ROWS - 1);
        }
        found.checked_shr((BLOCK_ROWS - count) as u32).unwrap_or(0)
    }

    /// Where each is read next, which whoever reads moves on, and its end.
    #[inline(always)]
    pub(super) fn each(&mut self) -> impl Iterator<Item = (usize, (&mut u32, &u32))> {
        self.at.iter_mut().zip(&self.end).take(self.count).enumerate()
    }

    /// Whether `found` may be the rows that have a field: none where two members of a oneof are there.
    #[inline(always)]
    pub(super) fn may(&mut self, step: &Step, found: u64) -> Option<()> {
        if let Some(before) = step.oneof.and_then(|oneof| self.oneofs.get_mut(oneof)) {
            if *before & found != 0 {
                return None;
            }
            *before |= found;
        }
        Some(())
    }

    /// Whether no message lacks the field, of which `found` have it.
    #[inline(always)]
    pub(super) fn has_required(&self, step: &Step, found: u64) -> bool {
        !step.required || self.there & !found == 0
    }

    /// The row of the first message that has not been read to its very end.
    pub(super) fn first_left(&self) -> Option<usize> {
        self.at.iter().zip(&self.end).take(self.count).position(|(at, end)| at != end)
    }

    /// Whether all have been read to their very ends.
    #[inline(always)]
    pub(super) fn all_at_end(&self) -> bool {
        self.at.iter().zip(&self.end).take(self.count).fold(0, |left, (at, end)| left | (at ^ end)) == 0
    }

    pub(super) fn mask(&self, rows: u64) -> Mask {
        Mask::of(rows, self.count)
    }

    /// The rows that have a value, where some have the field: all that have the message where it is something in its `absence` too.
    #[inline(always)]
    pub(super) fn valid(&self, found: u64, absence: bool) -> u64 {
        if absence { self.there } else { found }
    }
}

/// Whether the tag is the next of a message.
#[inline(always)]
pub(super) fn is_next(tray: &Tray, tag: &Tag, at: u32, end: u32) -> bool {
    (at < end) & tag.begins(tray.word(at))
}

/// A bit for each of so many rows.
#[inline(always)]
pub(super) fn all(count: usize) -> u64 {
    match count {
        64.. => u64::MAX,
        _ => (1 << count) - 1,
    }
}
