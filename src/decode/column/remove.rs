//! Rows that leave a column again: the cold path of bad records.

use std::ops::Range;

use super::Column;
use super::values::{Values, each_native, end};

impl Column {
    /// Takes out the rows at `start + index` for each of `indexes`, which ascend.
    pub fn remove_rows(&mut self, start: usize, indexes: &[usize]) {
        let rows = self.len();
        let Some(first) = indexes.first().map(|index| start + index).filter(|first| *first < rows) else { return };
        self.keep(first, &kept_rows(first, rows, start, indexes));
    }

    /// Keeps the rows before `first`, and of those from there on the ones in `kept`, which ascend.
    fn keep(&mut self, first: usize, kept: &[usize]) {
        self.values.keep(first, kept);
        let valid: Vec<bool> = kept.iter().map(|row| self.validity.is_valid(*row)).collect();
        self.validity.truncate(first);
        valid.into_iter().for_each(|valid| self.validity.append(valid));
    }
}

/// The rows from `first` on that stay.
fn kept_rows(first: usize, rows: usize, start: usize, indexes: &[usize]) -> Vec<usize> {
    let mut gone = indexes.iter().map(|index| start + index).peekable();
    (first..rows)
        .filter(|row| {
            while gone.next_if(|next| next < row).is_some() {}
            gone.next_if_eq(row).is_none()
        })
        .collect()
}

impl Values {
    /// Keeps the rows before `first`, and of those from there on the ones in `kept`, which ascend.
    fn keep(&mut self, first: usize, kept: &[usize]) {
        each_native!(self, vector => {
                let tail: Vec<_> = kept.iter().filter_map(|row| vector.get(*row).copied()).collect();
                vector.truncate(first);
                vector.extend(tail);
            },
            Self::Bool(bits) => {
                let tail: Vec<bool> = kept.iter().map(|row| bits.get_bit(*row)).collect();
                bits.truncate(first);
                bits.append_slice(&tail);
            }
            Self::Bytes { offsets, data } => {
                let tail: Vec<Vec<u8>> = kept.iter().map(|row| run(offsets, data, *row).to_vec()).collect();
                self.truncate(first);
                let Self::Bytes { offsets, data } = self else { return };
                for run in tail {
                    data.extend_from_slice(&run);
                    offsets.push(i32::try_from(data.len()).unwrap_or(i32::MAX)); // shorter than it was, so it fits
                }
            }
            Self::Fixed { width, data } => {
                let tail: Vec<u8> = kept.iter().filter_map(|row| data.get(row * *width..(row + 1) * *width)).flatten().copied().collect();
                data.truncate(first * *width);
                data.extend(tail);
            }
            Self::List { offsets, child } => {
                let items: Vec<usize> = kept.iter().flat_map(|row| bounds(offsets, *row)).collect();
                let lengths: Vec<usize> = kept.iter().map(|row| bounds(offsets, *row).len()).collect();
                offsets.truncate(first + 1);
                let mut end = end(offsets);
                child.keep(end, &items);
                for length in lengths {
                    end += length;
                    offsets.push(i32::try_from(end).unwrap_or(i32::MAX)); // fewer than they were, so it fits
                }
            }
            Self::Struct { children } => children.iter_mut().for_each(|child| child.keep(first, kept)),
        );
    }
}

fn run<'a>(offsets: &[i32], data: &'a [u8], row: usize) -> &'a [u8] {
    data.get(bounds(offsets, row)).unwrap_or_default()
}

/// What belongs to a row.
fn bounds(offsets: &[i32], row: usize) -> Range<usize> {
    let bound = |index: usize| offsets.get(index).and_then(|offset| usize::try_from(*offset).ok());
    bound(row).zip(bound(row + 1)).map_or(0..0, |(from, to)| from..to)
}
