//! Rows that are made of rows: lists, structs and maps.
//!
//! The caller of each method appends to the children and this row is what it appended; where it fails, parent and children are as
//! before. So a decoder of a nested format calls itself with the child, whatever the format.

use super::values::{Values, end};
use super::{Column, ColumnFull};

impl Column {
    /// Appends a list of the items that `items` appends to the column's child. Where it fails the column is as before.
    pub fn push_list<E: From<ColumnFull>>(&mut self, items: impl FnOnce(&mut Self) -> Result<(), E>) -> Result<(), E> {
        let Values::List { offsets, child } = &mut self.values else {
            self.wrong_kind();
            return Ok(());
        };
        let appended = items(child).and_then(|()| i32::try_from(child.len()).map_err(|_| ColumnFull.into()));
        match appended {
            Ok(end) => {
                offsets.push(end);
                self.validity.append_non_null();
                Ok(())
            }
            Err(error) => {
                child.truncate(end(offsets));
                Err(error)
            }
        }
    }

    /// The items of a list that is yet to be closed by [`Column::close_items`], behind those of the rows before it: for lists of several
    /// columns that grow together. `None` where this is no column of lists.
    pub(crate) fn open_items(&mut self) -> Option<&mut Self> {
        match &mut self.values {
            Values::List { child, .. } => Some(child),
            _ => None,
        }
    }

    /// How many items the rows have: the first of [`Column::open_items`].
    pub(crate) fn closed_items(&self) -> usize {
        match &self.values {
            Values::List { offsets, .. } => end(offsets),
            _ => 0,
        }
    }

    /// Appends the list of the items that are open. Where it fails they are gone.
    pub(crate) fn close_items(&mut self) -> Result<(), ColumnFull> {
        self.push_list(|_| Ok(()))
    }

    /// Takes the items away that are open.
    pub(crate) fn drop_items(&mut self) {
        let closed = self.closed_items();
        if let Some(items) = self.open_items() {
            items.truncate(closed);
        }
    }

    /// Appends a map of the entries whose keys and values `entries` appends to the two columns that it is given: as many keys as
    /// values, and no null key. Two entries with one key are two entries: see [`Column::same_rows`]. Where it fails the column is
    /// as before.
    pub fn push_map<E: From<ColumnFull>>(
        &mut self,
        entries: impl FnOnce(&mut Self, &mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.push_list(|pairs| {
            let before = pairs.len();
            let Values::Struct { children } = &mut pairs.values else {
                pairs.wrong_kind();
                return Ok(());
            };
            let [keys, values] = children.as_mut_slice() else { return Ok(()) };
            let appended = entries(keys, values);
            debug_assert!(appended.is_err() || keys.len() == values.len(), "{} keys, {} values", keys.len(), values.len());
            let rows = keys.len().min(values.len());
            let rows = if appended.is_ok() { rows } else { before };
            keys.truncate(rows);
            values.truncate(rows);
            pairs.validity.append_n_non_nulls(rows - before);
            appended
        })
    }

    /// Appends a struct of the values that `fields` appends to the column's children, in the order of the type's fields: one to
    /// each. A child that it appends nothing to gets a null. Where it fails the column is as before.
    pub fn push_struct<E: From<ColumnFull>>(&mut self, fields: impl FnOnce(&mut [Self]) -> Result<(), E>) -> Result<(), E> {
        let row = self.len();
        let Values::Struct { children } = &mut self.values else {
            self.wrong_kind();
            return Ok(());
        };
        let appended = fields(children);
        let rows = row + usize::from(appended.is_ok());
        for child in children {
            debug_assert!(appended.is_err() || child.len() <= rows, "{} values for a field of one row", child.len() - row);
            child.truncate(rows);
            if child.len() < rows {
                child.append_null();
            }
        }
        if appended.is_ok() {
            self.validity.append_non_null();
        }
        appended
    }

    /// The items of lists, `levels` lists down: the column itself for none. `None` where there are not so many.
    pub(crate) fn items_at(&mut self, levels: usize) -> Option<&mut Self> {
        let mut here = self;
        for _ in 0..levels {
            let Values::List { child, .. } = &mut here.values else { return None };
            here = child;
        }
        Some(here)
    }

    /// Makes a list of the items that were appended since the last one. Where it fails they remain until [`Self::abandon_list`].
    pub(crate) fn end_list(&mut self) -> Result<(), ColumnFull> {
        let Values::List { offsets, child } = &mut self.values else {
            self.wrong_kind();
            return Ok(());
        };
        offsets.push(i32::try_from(child.len()).map_err(|_| ColumnFull)?);
        self.validity.append_non_null();
        Ok(())
    }

    /// Drops the items that were appended since the last list.
    pub(crate) fn abandon_list(&mut self) {
        if let Values::List { offsets, child } = &mut self.values {
            child.truncate(end(offsets));
        }
    }

    /// Of the rows from `start` on, those that are followed by a row with the same value, counted from `start`, in ascending order:
    /// what [`Column::remove_rows`] takes so that of equal keys the last stays. Nested values are not compared.
    pub fn same_rows(&self, start: usize) -> Vec<usize> {
        const FEW: usize = 16;
        if matches!(self.values, Values::List { .. } | Values::Struct { .. }) {
            return Vec::new();
        }
        let rows = self.len().saturating_sub(start);
        let value = |row: usize| (self.validity.is_valid(start + row), self.values.identity(start + row));
        if rows <= FEW {
            return (0..rows).filter(|row| (row + 1..rows).any(|later| value(*row) == value(later))).collect();
        }
        let mut last = std::collections::HashMap::with_capacity(rows);
        let mut same: Vec<usize> = (0..rows).filter_map(|row| last.insert(value(row), row)).collect();
        same.sort_unstable();
        same
    }

    /// Whether two of these rows hold the same value; nested values are not compared, and none of the rows may be null.
    pub(crate) fn has_same(&self, rows: std::ops::Range<usize>) -> bool {
        const FEW: usize = 16;
        if rows.len() > FEW {
            let mut seen = std::collections::HashSet::with_capacity(rows.len());
            return !rows.into_iter().all(|row| seen.insert(self.values.identity(row)));
        }
        rows.clone().any(|row| (row + 1..rows.end).any(|other| self.values.same(row, other)))
    }
}
