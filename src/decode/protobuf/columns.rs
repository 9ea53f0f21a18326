//! The columns of a message.

use crate::decode::Column;

/// What the fields of one message are appended to: columns, or the items of the lists that they hold, or the items of those.
#[derive(Debug)]
pub(super) struct Columns<'a> {
    columns: &'a mut [Column],
    /// How many lists deep.
    level: usize,
}

impl<'a> Columns<'a> {
    pub(super) fn new(columns: &'a mut [Column]) -> Self {
        Self { columns, level: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.columns.len()
    }

    #[inline]
    pub(super) fn at(&mut self, index: usize) -> Option<&mut Column> {
        let mut column = self.columns.get_mut(index)?;
        for _ in 0..self.level {
            column = column.open_items()?;
        }
        Some(column)
    }

    /// Some of the columns.
    #[inline]
    pub(super) fn part(&mut self, first: usize, width: usize) -> Columns<'_> {
        let columns = self.columns.get_mut(first..first + width).unwrap_or_default();
        Columns { columns, level: self.level }
    }

    /// The items of the columns' lists.
    pub(super) fn items(&mut self) -> Columns<'_> {
        Columns { columns: self.columns, level: self.level + 1 }
    }

    /// The same columns.
    pub(super) fn again(&mut self) -> Columns<'_> {
        Columns { columns: self.columns, level: self.level }
    }

    pub(super) fn each(&mut self, mut what: impl FnMut(&mut Column)) {
        (0..self.len()).for_each(|index| {
            if let Some(column) = self.at(index) {
                what(column);
            }
        });
    }

    pub(super) fn append_nulls(&mut self) {
        self.each(Column::append_null);
    }
}
