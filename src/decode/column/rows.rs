//! Rows that come many at a time, from decoders of whole blocks.

use super::values::{Native, Values};
use super::{Column, ColumnFull};

impl Column {
    /// Appends numbers, at most 64; those whose bit in `valid` is not set are null.
    #[inline]
    pub(crate) fn push_rows<T: Native>(&mut self, numbers: impl ExactSizeIterator<Item = T>, valid: u64) {
        let rows = numbers.len();
        match T::of(&mut self.values) {
            Some(vector) => {
                vector.extend(numbers);
                self.push_validity(rows, valid);
            }
            None => {
                debug_assert!(false, "column {} of type {} cannot store numbers", self.field.name(), self.field.data_type());
                self.append_nulls(rows);
            }
        }
    }

    /// Appends booleans, as [`Self::push_rows`] does numbers.
    pub(crate) fn push_bools(&mut self, bools: impl ExactSizeIterator<Item = bool>, valid: u64) {
        let rows = bools.len();
        match &mut self.values {
            Values::Bool(bits) => {
                bools.for_each(|bool| bits.append(bool));
                self.push_validity(rows, valid);
            }
            _ => {
                debug_assert!(false, "column {} of type {} cannot store booleans", self.field.name(), self.field.data_type());
                self.append_nulls(rows);
            }
        }
    }

    /// Appends texts, at most 64: each is from one position to another of a run of bytes. Nulls are as with [`Self::push_rows`].
    ///
    /// Where there is no room for all of them none is appended.
    #[inline]
    pub(crate) fn push_texts<'a>(
        &mut self,
        texts: impl ExactSizeIterator<Item = (&'a [u8], usize, usize)> + Clone,
        valid: u64,
    ) -> Result<(), ColumnFull> {
        let rows = texts.len();
        let Values::Bytes { offsets, data } = &mut self.values else {
            debug_assert!(false, "column {} of type {} cannot store texts", self.field.name(), self.field.data_type());
            self.append_nulls(rows);
            return Ok(());
        };
        let more: usize = texts.clone().map(|(_, from, to)| to.saturating_sub(from)).sum();
        if i32::try_from(data.len() + more).is_err() {
            return Err(ColumnFull);
        }
        data.reserve(more + MOVED);
        offsets.extend(texts.map(|(bytes, from, to)| {
            let end = data.len() + to.saturating_sub(from);
            // Most texts are short: a move of one width is cheaper than one of the right width.
            match bytes.get(from..).and_then(|rest| rest.first_chunk::<MOVED>()) {
                Some(moved) if to <= from + MOVED => {
                    data.extend_from_slice(moved);
                    data.truncate(end);
                }
                _ => data.extend_from_slice(bytes.get(from..to).unwrap_or_default()),
            }
            i32::try_from(end).unwrap_or(i32::MAX) // all of them fit
        }));
        self.push_validity(rows, valid);
        Ok(())
    }

    /// Appends `rows` structs of the rows that `fields` appends to the children, as many to each. Those whose bit in `valid` is not set are
    /// null, and there are at most 64; where there are no such bits none is null. Where it fails the column is as before.
    pub(crate) fn push_structs(
        &mut self,
        rows: usize,
        valid: Option<u64>,
        fields: impl FnOnce(&mut [Self]) -> Result<(), ColumnFull>,
    ) -> Result<(), ColumnFull> {
        let before = self.len();
        let Values::Struct { children } = &mut self.values else {
            debug_assert!(false, "column {} of type {} cannot store structs", self.field.name(), self.field.data_type());
            self.append_nulls(rows);
            return Ok(());
        };
        if let Err(full) = fields(children) {
            children.iter_mut().for_each(|child| child.truncate(before));
            return Err(full);
        }
        match valid {
            Some(valid) => self.push_validity(rows, valid),
            None => self.validity.append_n_non_nulls(rows),
        }
        Ok(())
    }

    /// Appends lists, at most 64, of so many of the items that `items` appends to the child. Nulls are as with [`Self::push_rows`]. Where
    /// it fails the column is as before.
    pub(crate) fn push_lists(
        &mut self,
        lengths: impl ExactSizeIterator<Item = usize>,
        valid: u64,
        items: impl FnOnce(&mut Self) -> Result<(), ColumnFull>,
    ) -> Result<(), ColumnFull> {
        let rows = lengths.len();
        let Values::List { offsets, child } = &mut self.values else {
            debug_assert!(false, "column {} of type {} cannot store lists", self.field.name(), self.field.data_type());
            self.append_nulls(rows);
            return Ok(());
        };
        let before = child.len();
        let appended = items(child);
        if appended.is_err() || i32::try_from(child.len()).is_err() {
            child.truncate(before);
            return Err(ColumnFull);
        }
        let mut end = before;
        offsets.extend(lengths.map(|length| {
            end += length;
            i32::try_from(end).unwrap_or(i32::MAX) // all of them fit
        }));
        self.push_validity(rows, valid);
        Ok(())
    }

    /// Says which of the last rows are null.
    #[inline]
    fn push_validity(&mut self, rows: usize, valid: u64) {
        if rows == 0 {
            return;
        }
        let (mut left, mut valid) = (rows.min(64), valid);
        while left > 0 {
            // Runs of the one, and of the other.
            let there = (valid.trailing_ones() as usize).min(left);
            self.validity.append_n_non_nulls(there);
            left -= there;
            valid = valid.checked_shr(u32::try_from(there).unwrap_or(64)).unwrap_or(0);
            let absent = (valid.trailing_zeros() as usize).min(left);
            self.validity.append_n_nulls(absent);
            left -= absent;
            valid = valid.checked_shr(u32::try_from(absent).unwrap_or(64)).unwrap_or(0);
        }
    }
}

/// What is moved of a short text.
const MOVED: usize = 16;
