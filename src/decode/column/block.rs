//! Rows by the block: what a decoder that works on one column after the other appends at once.
//!
//! Each method appends one row for each item, or none where one of them is not to be had; the caller then does the block's rows one
//! after the other.

use super::Column;
use super::values::{Native, Values, end};

/// The most rows of a block, one for each bit of a word.
pub(crate) const BLOCK_ROWS: usize = 64;

/// Room behind what is to be copied into a column, so that copies may be of one width.
const SPARE: usize = 64;

/// Texts of up to so many bytes are copied without a call.
const SHORT: usize = 16;

impl Column {
    /// Appends `rows` booleans, null where `valid` says so.
    pub(crate) fn extend_bits(&mut self, rows: usize, values: Mask, valid: Mask) -> Option<()> {
        let Values::Bool(bits) = &mut self.values else { return None };
        bits.append_packed_range(0..rows, &values.word().to_le_bytes());
        self.append_validity(rows, valid);
        Some(())
    }

    /// Appends runs of bytes, null where `valid` says so: valid UTF-8 if `text`. Only for columns of text or bytes of any length.
    pub(crate) fn extend_bytes(&mut self, runs: &[&[u8]], valid: Mask, text: bool) -> Option<()> {
        let mut lengths = Lengths::default();
        for run in runs {
            lengths.push(u32::try_from(run.len()).ok()?, true);
        }
        lengths.valid = valid;
        self.extend_copied(&lengths, text, |to| {
            let mut rest = to;
            for run in runs {
                copy(rest, run)?;
                rest = rest.get_mut(run.len()..)?;
            }
            Some(())
        })
    }

    /// Appends payloads, null where there is none; nothing where together they are too many. Only for columns of bytes of any length.
    pub(crate) fn extend_payloads(&mut self, payloads: &[Option<&[u8]>]) -> Option<()> {
        let Values::Bytes { offsets, data } = &mut self.values else { return None };
        let total = payloads.iter().flatten().try_fold(data.len(), |total, payload| total.checked_add(payload.len()))?;
        i32::try_from(total).ok()?;
        data.reserve(total - data.len());
        let mut all = true;
        offsets.extend(payloads.iter().map(|payload| {
            all &= payload.is_some();
            data.extend_from_slice(payload.unwrap_or_default());
            i32::try_from(data.len()).unwrap_or(i32::MAX) // all of them together fit
        }));
        if all {
            self.validity.append_n_non_nulls(payloads.len());
        } else {
            payloads.iter().for_each(|payload| self.validity.append(payload.is_some()));
        }
        Some(())
    }

    /// Appends runs of bytes of these lengths: `copy` puts them side by side to the front of what it is given, which has room for
    /// [`SPARE`] bytes more. Text must be UTF-8. Only for columns of text or bytes of any length.
    #[inline]
    pub(crate) fn extend_copied(
        &mut self,
        lengths: &Lengths,
        text: bool,
        copy: impl FnOnce(&mut [u8]) -> Option<()>,
    ) -> Option<()> {
        let Values::Bytes { offsets, data } = &mut self.values else { return None };
        let (start, total) = (data.len(), lengths.total());
        let end = start.checked_add(total)?;
        let mut offset = i32::try_from(end).ok()? - i32::try_from(total).ok()?;
        data.resize(end + SPARE, 0);
        let copied = copy(data.get_mut(start..)?);
        data.truncate(end);
        if copied.is_none() || (text && !all_utf8(data.get(start..)?, lengths.ends())) {
            data.truncate(start);
            return None;
        }
        offsets.extend(lengths.each().iter().map(|length| {
            offset = offset.wrapping_add(length.cast_signed()); // all of them together fit
            offset
        }));
        self.append_validity(lengths.rows, lengths.valid);
        Some(())
    }

    /// Appends numbers, null where `valid` says so; [`BLOCK_ROWS`] at most.
    #[inline]
    pub(crate) fn extend_valid<T: Native>(&mut self, numbers: impl ExactSizeIterator<Item = T>, valid: Mask) -> Option<()> {
        let rows = numbers.len();
        T::of(&mut self.values)?.extend(numbers);
        self.append_validity(rows, valid);
        Some(())
    }

    /// Appends runs of bytes that lie side by side, each up to where `ends` says, null where `valid` says so. Text must be UTF-8. Only for
    /// columns of text or bytes of any length.
    #[inline]
    pub(crate) fn extend_runs(&mut self, together: &[u8], ends: &[u32], valid: Mask, text: bool) -> Option<()> {
        let Values::Bytes { offsets, data } = &mut self.values else { return None };
        let start = i32::try_from(data.len()).ok()?;
        i32::try_from(together.len()).ok()?.checked_add(start)?;
        if text && !all_utf8(together, ends.iter().copied()) {
            return None;
        }
        data.extend_from_slice(together);
        offsets.extend(ends.iter().map(|end| start.wrapping_add(end.cast_signed()))); // all of them together fit
        self.append_validity(ends.len(), valid);
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

    /// As [`Self::extend_structs`], of at most [`BLOCK_ROWS`], null where `valid` says so.
    pub(crate) fn extend_valid_structs(
        &mut self,
        rows: usize,
        valid: Mask,
        fields: impl FnOnce(&mut [Self]) -> Option<()>,
    ) -> Option<()> {
        let before = self.len();
        let Values::Struct { children } = &mut self.values else { return None };
        if fields(children).is_none() {
            children.iter_mut().for_each(|child| child.truncate(before));
            return None;
        }
        self.append_validity(rows, valid);
        Some(())
    }

    /// Appends lists of so many items each, null where `valid` says so; `items` appends the items of all to the child.
    pub(crate) fn extend_lists(
        &mut self,
        counts: &[u32],
        valid: Mask,
        items: impl FnOnce(&mut Self) -> Option<()>,
    ) -> Option<()> {
        let Values::List { offsets, child } = &mut self.values else { return None };
        let before = end(offsets);
        if items(child).and_then(|()| append_offsets(offsets, counts, child.len())).is_none() {
            child.truncate(before);
            return None;
        }
        self.append_validity(counts.len(), valid);
        Some(())
    }

    /// As [`Self::extend_lists`], of numbers, which `items` puts behind those that are there; it says how many each list has.
    pub(crate) fn extend_number_lists<'c, T: Native>(
        &mut self,
        valid: Mask,
        items: impl FnOnce(&mut Vec<T>) -> Option<&'c [u32]>,
    ) -> Option<()> {
        let Values::List { offsets, child } = &mut self.values else { return None };
        let before = end(offsets);
        let vector = T::of(&mut child.values)?;
        let counts = items(vector);
        let after = vector.len();
        let Some(counts) = counts.filter(|counts| append_offsets(offsets, counts, after).is_some()) else {
            vector.truncate(before);
            return None;
        };
        child.validity.append_n_non_nulls(after - before);
        self.append_validity(counts.len(), valid);
        Some(())
    }

    /// The fields of structs.
    pub(crate) fn fields(&self) -> &[Self] {
        match &self.values {
            Values::Struct { children } => children,
            _ => &[],
        }
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
    /// The first `rows` of these bits.
    #[inline]
    pub(crate) fn of(bits: u64, rows: usize) -> Self {
        let rows = rows.min(BLOCK_ROWS) as u32;
        Self { bits: bits & u64::MAX.checked_shr(64 - rows).unwrap_or(0), rows }
    }

    #[inline]
    pub(crate) fn push(&mut self, bit: bool) {
        debug_assert!(self.rows < 64);
        self.bits |= u64::from(bit) << (self.rows & 63);
        self.rows += 1;
    }

    /// The bit of a row.
    #[inline]
    pub(crate) fn is_set(self, row: usize) -> bool {
        self.bits >> (row & 63) & 1 == 1
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

/// The lengths of a block's runs of bytes, pushed one after the other.
#[derive(Debug)]
pub(crate) struct Lengths {
    each: [u32; BLOCK_ROWS],
    rows: usize,
    total: u64,
    /// The bits of all of them.
    bits: u32,
    valid: Mask,
}

impl Default for Lengths {
    fn default() -> Self {
        Self { each: [0; BLOCK_ROWS], rows: 0, total: 0, bits: 0, valid: Mask::default() }
    }
}

impl Lengths {
    /// Forgets all rows.
    #[inline]
    pub(crate) fn clear(&mut self) {
        (self.rows, self.total, self.bits, self.valid) = (0, 0, 0, Mask::default());
    }

    /// The length of the next row's run; a row that is not there has the length 0.
    #[inline(always)]
    pub(crate) fn push(&mut self, length: u32, there: bool) {
        if let Some(next) = self.each.get_mut(self.rows & (BLOCK_ROWS - 1)) {
            *next = length;
        }
        self.rows += 1;
        self.total += u64::from(length);
        self.bits |= length;
        self.valid.push(there);
    }

    pub(crate) fn each(&self) -> &[u32] {
        self.each.get(..self.rows).unwrap_or_default()
    }

    /// Where each run ends.
    fn ends(&self) -> impl Iterator<Item = u32> {
        self.each().iter().scan(0_u32, |end, length| {
            *end = end.wrapping_add(*length);
            Some(*end)
        })
    }

    /// No length is greater.
    pub(crate) fn bound(&self) -> u32 {
        self.bits
    }

    fn total(&self) -> usize {
        usize::try_from(self.total).unwrap_or(usize::MAX)
    }
}

/// Appends the ends of lists of so many items each, which come to `items` in all; none where they do not.
fn append_offsets(offsets: &mut Vec<i32>, counts: &[u32], items: usize) -> Option<()> {
    let items = i32::try_from(items).ok()?;
    let mut offset = offsets.last().copied()?;
    let before = offsets.len();
    offsets.extend(counts.iter().map(|count| {
        offset = offset.wrapping_add(count.cast_signed());
        offset
    }));
    if offset != items {
        offsets.truncate(before);
        return None;
    }
    Some(())
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

/// Whether each of the runs, which lie side by side, is UTF-8.
fn all_utf8(together: &[u8], ends: impl IntoIterator<Item = u32>) -> bool {
    if together.is_ascii() {
        return true;
    }
    let mut start = 0;
    ends.into_iter().all(|end| {
        let run = together.get(start..end as usize);
        start = end as usize;
        run.is_some_and(|run| std::str::from_utf8(run).is_ok())
    })
}
