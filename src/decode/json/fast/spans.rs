//! Where the values of a block's documents are.

use super::page::BLOCK;

/// From where to where a value is on its page, quotes not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    start: u16,
    end: u16,
}

impl Span {
    /// No value.
    pub(super) const NONE: Self = Self { start: u16::MAX, end: 0 };

    /// A null.
    pub(super) const NULL: Self = Self { start: u16::MAX, end: 1 };

    #[inline(always)]
    pub(super) fn new(start: u16, end: u16) -> Self {
        Self { start, end }
    }

    /// Whether there is no value, or null.
    #[inline]
    pub(super) fn is_absent(self) -> bool {
        self.start == u16::MAX
    }

    #[inline]
    fn is_none(self) -> bool {
        self == Self::NONE
    }

    #[inline(always)]
    pub(super) fn start(self) -> u16 {
        self.start
    }

    #[inline(always)]
    pub(super) fn end(self) -> u16 {
        self.end
    }
}

/// The spans of each lane's values: of one in each row, or of the items of lists, 64 by 64.
#[derive(Debug)]
pub(super) struct Spans {
    lanes: Vec<Vec<[Span; BLOCK]>>,
}

impl Spans {
    pub(super) fn new(lanes: usize) -> Self {
        Self { lanes: vec![vec![[Span::NONE; BLOCK]]; lanes] }
    }

    /// Forgets the values of all rows.
    pub(super) fn clear(&mut self) {
        self.lanes.iter_mut().filter_map(|lane| lane.first_mut()).for_each(|rows| *rows = [Span::NONE; BLOCK]);
    }

    /// Forgets the values of a lane's rows.
    pub(super) fn clear_lane(&mut self, lane: usize) {
        self.rows_mut(lane).into_iter().for_each(|rows| *rows = [Span::NONE; BLOCK]);
    }

    /// Forgets the values of a row, in the lanes that are of no list.
    pub(super) fn clear_row(&mut self, row: usize, lists: &[Option<usize>]) {
        for (lane, _) in self.lanes.iter_mut().zip(lists).filter(|(_, list)| list.is_none()) {
            lane.first_mut().and_then(|rows| rows.get_mut(row)).into_iter().for_each(|span| *span = Span::NONE);
        }
    }

    /// Makes room for an item, which has no value yet.
    #[inline]
    pub(super) fn renew(&mut self, lane: usize, item: usize) {
        let Some(lane) = self.lanes.get_mut(lane) else { return };
        if lane.len() <= item / BLOCK {
            lane.push([Span::NONE; BLOCK]);
        }
        if let Some(span) = lane.get_mut(item / BLOCK).and_then(|chunk| chunk.get_mut(item % BLOCK)) {
            *span = Span::NONE;
        }
    }

    #[inline]
    pub(super) fn rows_mut(&mut self, lane: usize) -> Option<&mut [Span; BLOCK]> {
        self.lanes.get_mut(lane)?.first_mut()
    }

    /// Notes a value of a row or item; `false` where there is one already.
    #[inline]
    pub(super) fn set(&mut self, lane: usize, row: usize, span: Span) -> bool {
        match self.lanes.get_mut(lane).and_then(|lane| lane.get_mut(row / BLOCK)?.get_mut(row % BLOCK)) {
            Some(known) if known.is_none() => {
                *known = span;
                true
            }
            _ => false,
        }
    }

    #[inline]
    pub(super) fn rows(&self, lane: usize) -> &[Span; BLOCK] {
        self.chunk(lane, 0)
    }

    #[inline]
    pub(super) fn chunk(&self, lane: usize, chunk: usize) -> &[Span; BLOCK] {
        const NOTHING: &[Span; BLOCK] = &[Span::NONE; BLOCK];
        self.lanes.get(lane).and_then(|lane| lane.get(chunk)).unwrap_or(NOTHING)
    }
}
