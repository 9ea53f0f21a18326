//! Rows by the block: what a decoder that works on one column after the other appends at once.
//!
//! Each method appends one row for each item, or none where one of them is not to be had; the caller then does the block's rows one
//! after the other.

use super::Column;
use super::values::{Native, Values};

/// The most rows of a block, one for each bit of a word.
pub(crate) const BLOCK_ROWS: usize = 64;

/// Texts of up to so many bytes are copied without a call.
const SHORT: usize = 16;

impl Column {
    /// Appends numbers that are all there.
    #[inline]
    pub(crate) fn extend<T: Native>(&mut self, numbers: impl ExactSizeIterator<Item = Option<T>>) -> Option<()> {
        let rows = numbers.len();
        self.extend_numbers(numbers)?;
        self.validity.append_n_non_nulls(rows);
        Some(())
    }

    /// Appends numbers or, where the inner item is none, nulls; [`BLOCK_ROWS`] at most.
    #[inline]
    pub(crate) fn extend_nullable<T: Native>(&mut self, numbers: impl ExactSizeIterator<Item = Option<Option<T>>>) -> Option<()> {
        let rows = numbers.len();
        let mut valid = Mask::default();
        self.extend_numbers(numbers.map(|number| {
            let number = number?;
            valid.push(number.is_some());
            Some(number.unwrap_or_default())
        }))?;
        self.append_validity(rows, valid);
        Some(())
    }

    #[inline]
    fn extend_numbers<T: Native>(&mut self, numbers: impl Iterator<Item = Option<T>>) -> Option<()> {
        let vector = T::of(&mut self.values)?;
        let before = vector.len();
        let mut all = true;
        vector.extend(numbers.map(|number| {
            all &= number.is_some();
            number.unwrap_or_default()
        }));
        if all {
            return Some(());
        }
        vector.truncate(before);
        None
    }

    /// Appends booleans or, where the inner item is none, nulls; [`BLOCK_ROWS`] at most.
    pub(crate) fn extend_bools(&mut self, bools: impl ExactSizeIterator<Item = Option<Option<bool>>>) -> Option<()> {
        let Values::Bool(bits) = &mut self.values else { return None };
        let rows = bools.len();
        let (mut values, mut valid) = (Mask::default(), Mask::default());
        for value in bools {
            let value = value?;
            values.push(value == Some(true));
            valid.push(value.is_some());
        }
        bits.append_packed_range(0..rows, &values.word().to_le_bytes());
        self.append_validity(rows, valid);
        Some(())
    }

    /// Appends runs of bytes, null where `valid` says so: valid UTF-8 if `text`. Only for columns of text or bytes of any length.
    pub(crate) fn extend_bytes(&mut self, runs: &[&[u8]], valid: Mask, text: bool) -> Option<()> {
        let Values::Bytes { offsets, data } = &mut self.values else { return None };
        let start = data.len();
        let total: usize = runs.iter().map(|run| run.len()).sum();
        i32::try_from(start.checked_add(total)?).ok()?;
        // Room behind the last byte too, so that short runs are copied without a look at their length.
        data.resize(start + total + SHORT, 0);
        let mut at = start;
        for run in runs {
            copy(data.get_mut(at..)?, run)?;
            at += run.len();
        }
        data.truncate(at);
        if text && !all_utf8(data.get(start..)?, runs) {
            data.truncate(start);
            return None;
        }
        let mut end = i32::try_from(start).ok()?;
        offsets.extend(runs.iter().map(|run| {
            end = end.wrapping_add(run.len() as i32); // all of them together fit
            end
        }));
        self.append_validity(runs.len(), valid);
        Some(())
    }

    /// Appends `rows` structs whose `fields` appends so many rows to each child.
    pub(crate) fn extend_structs(&mut self, rows: usize, fields: impl FnOnce(&mut [Self]) -> Option<()>) -> Option<()> {
        let before = self.len();
        let Values::Struct { children } = &mut self.values else { return None };
        if fields(children).is_none() {
            children.iter_mut().for_each(|child| child.truncate(before));
            return None;
        }
        self.validity.append_n_non_nulls(rows);
        Some(())
    }

    #[inline]
    fn append_validity(&mut self, rows: usize, valid: Mask) {
        if valid.nulls() == 0 {
            self.validity.append_n_non_nulls(rows);
            return;
        }
        let start = self.validity.len();
        self.validity.append_n_nulls(rows);
        let Some(bits) = self.validity.as_slice_mut().and_then(|bits| bits.get_mut(start / 8..)) else { return };
        let word = u128::from(valid.word()) << (start % 8);
        bits.iter_mut().zip(word.to_le_bytes()).for_each(|(byte, more)| *byte |= more);
    }
}

/// A bit for each row of a block, which are pushed one after the other; no row beyond the last is null.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mask {
    bits: u64,
    rows: u32,
}

impl Mask {
    #[inline]
    pub(crate) fn push(&mut self, bit: bool) {
        debug_assert!(self.rows < 64);
        self.bits |= u64::from(bit) << (self.rows & 63);
        self.rows += 1;
    }

    /// The bits, and zeros beyond the last row.
    #[inline]
    fn word(self) -> u64 {
        self.bits
    }

    #[inline]
    fn nulls(self) -> u32 {
        self.rows - self.bits.count_ones()
    }
}

/// Copies `run` to the front of `to`, and perhaps what is behind it too.
#[inline(always)]
fn copy(to: &mut [u8], run: &[u8]) -> Option<()> {
    let (head, tail) = (run.first_chunk::<8>(), run.last_chunk::<8>());
    match (head, tail) {
        (Some(head), Some(tail)) if run.len() <= SHORT => {
            *to.first_chunk_mut()? = *head;
            to.get_mut(run.len() - 8..)?.first_chunk_mut().map(|to| *to = *tail)
        }
        (None, _) if run.len() >= 4 => {
            let (head, tail) = (run.first_chunk::<4>()?, run.last_chunk::<4>()?);
            *to.first_chunk_mut()? = *head;
            to.get_mut(run.len() - 4..)?.first_chunk_mut().map(|to| *to = *tail)
        }
        (None, _) => {
            to.iter_mut().zip(run).for_each(|(to, from)| *to = *from);
            Some(())
        }
        _ => {
            to.get_mut(..run.len())?.copy_from_slice(run);
            Some(())
        }
    }
}

/// Whether each of `runs`, which lie side by side in `together`, is UTF-8.
fn all_utf8(together: &[u8], runs: &[&[u8]]) -> bool {
    together.is_ascii() || runs.iter().all(|run| std::str::from_utf8(run).is_ok())
}
