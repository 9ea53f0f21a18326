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

/// The spans of each column's values.
#[derive(Debug)]
pub(super) struct Spans {
    columns: Vec<[Span; BLOCK]>,
}

impl Spans {
    pub(super) fn new(columns: usize) -> Self {
        Self { columns: vec![[Span::NONE; BLOCK]; columns] }
    }

    pub(super) fn clear(&mut self) {
        self.columns.iter_mut().for_each(|rows| *rows = [Span::NONE; BLOCK]);
    }

    /// Forgets the values of a column.
    pub(super) fn clear_column(&mut self, column: usize) {
        self.columns.get_mut(column).into_iter().for_each(|rows| *rows = [Span::NONE; BLOCK]);
    }

    /// Forgets the values of a row.
    pub(super) fn clear_row(&mut self, row: usize) {
        for rows in &mut self.columns {
            if let Some(span) = rows.get_mut(row) {
                *span = Span::NONE;
            }
        }
    }

    #[inline]
    pub(super) fn rows_mut(&mut self, column: usize) -> Option<&mut [Span; BLOCK]> {
        self.columns.get_mut(column)
    }

    /// Notes a value; `false` where the row has one already.
    #[inline]
    pub(super) fn set(&mut self, column: usize, row: usize, span: Span) -> bool {
        match self.columns.get_mut(column).and_then(|rows| rows.get_mut(row)) {
            Some(known) if known.is_none() => {
                *known = span;
                true
            }
            _ => false,
        }
    }

    #[inline]
    pub(super) fn rows(&self, column: usize) -> &[Span; BLOCK] {
        const NOTHING: &[Span; BLOCK] = &[Span::NONE; BLOCK];
        self.columns.get(column).unwrap_or(NOTHING)
    }
}
