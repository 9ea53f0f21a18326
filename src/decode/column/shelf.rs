//! Memory of arrays that were dropped, for the arrays to come.
//!
//! A table that keeps its rows for one cycle gives some MiB to the allocator for each answer, and takes as many from it: the system
//! takes the pages away, and gives them back one fault at a time. The bytes of a column that recycles come back here instead.

use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use arrow_buffer::Buffer;
use bytes::Bytes;

/// Smaller arrays are cheaper from the allocator.
const SMALL: usize = 64 << 10;

/// No more than this lies on a shelf.
const KEPT_BYTES: usize = 64 << 20;

/// After how many arrays what was never used meanwhile is given back.
const REVIEW: u32 = 64;

/// The vectors of one column that no array uses.
#[derive(Clone, Default)]
pub(crate) struct Shelf(Arc<Mutex<Free>>);

#[derive(Default)]
struct Free {
    vectors: Vec<Vec<u8>>,
    /// The fewest that lay here since the last review, and how many arrays there were.
    fewest: usize,
    arrays: u32,
}

impl Shelf {
    /// The array of `data`, which comes back when its last slice is dropped; what the column goes on with takes its place.
    pub(super) fn lend(&self, data: &mut Vec<u8>) -> Buffer {
        if data.len() < SMALL {
            // A large vector must not be held for few bytes.
            let copied = Buffer::from_vec(data.as_slice().to_vec());
            data.clear();
            return copied;
        }
        if data.len() < data.capacity() / 2 {
            data.shrink_to_fit();
        }
        let bytes = mem::replace(data, self.take());
        Bytes::from_owner(Lent { bytes, home: Arc::downgrade(&self.0) }).into()
    }

    /// A vector to fill: the largest that there is, or a new one.
    fn take(&self) -> Vec<u8> {
        let mut free = lock(&self.0);
        free.fewest = free.fewest.min(free.vectors.len());
        free.arrays += 1;
        if free.arrays >= REVIEW {
            let surplus = mem::take(&mut free.fewest);
            let left = free.vectors.len() - surplus.min(free.vectors.len());
            free.vectors.truncate(left);
            (free.fewest, free.arrays) = (left, 0);
        }
        let largest = free.vectors.iter().enumerate().max_by_key(|(_, vector)| vector.capacity()).map(|(at, _)| at);
        largest.map(|at| free.vectors.swap_remove(at)).unwrap_or_default()
    }

    /// The bytes of all that no array uses.
    #[cfg(test)]
    fn kept(&self) -> usize {
        lock(&self.0).kept()
    }
}

impl Free {
    fn kept(&self) -> usize {
        self.vectors.iter().map(Vec::capacity).sum()
    }
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shelf").field("kept", &lock(&self.0).kept()).finish()
    }
}

/// A panic elsewhere leaves the shelf whole: vectors are put and taken in one step.
fn lock(free: &Mutex<Free>) -> MutexGuard<'_, Free> {
    free.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The bytes of an array.
struct Lent {
    bytes: Vec<u8>,
    home: Weak<Mutex<Free>>,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(home) = self.home.upgrade() else { return };
        let mut bytes = mem::take(&mut self.bytes);
        bytes.clear();
        let mut free = lock(&home);
        if free.kept().saturating_add(bytes.capacity()) <= KEPT_BYTES {
            free.vectors.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(shelf: &Shelf, column: &mut Vec<u8>, bytes: usize) -> Buffer {
        column.resize(bytes, 7);
        shelf.lend(column)
    }

    #[test]
    fn the_memory_of_an_array_comes_back_with_its_last_slice() {
        let (shelf, mut column) = (Shelf::default(), Vec::new());
        let buffer = array(&shelf, &mut column, 1 << 20);
        let place = buffer.as_ptr();
        let slice = buffer.slice_with_length(10, 20);
        drop(buffer);
        assert_eq!(shelf.kept(), 0);
        drop(slice);
        assert_eq!(shelf.kept(), 1 << 20);
        let other = array(&shelf, &mut column, 1 << 20);
        let again = array(&shelf, &mut column, 1 << 20);
        assert!(other.as_ptr() != place && again.as_ptr() == place, "the vector that came back is filled next");
        assert_eq!(again.as_slice(), [7; 1 << 20]);
    }

    #[test]
    fn few_bytes_do_not_hold_a_large_vector() {
        let (shelf, mut column) = (Shelf::default(), Vec::with_capacity(1 << 20));
        assert_eq!(array(&shelf, &mut column, 1000).capacity(), 1000);
        assert_eq!((column.capacity(), column.len()), (1 << 20, 0));
        let larger = array(&shelf, &mut column, 200 << 10);
        assert_eq!(column.capacity(), 0);
        drop(larger);
        assert_eq!(shelf.kept(), 200 << 10);
    }

    #[test]
    fn no_more_is_kept_than_the_limit_and_what_nobody_uses_is_given_back() {
        let (shelf, mut column) = (Shelf::default(), Vec::new());
        let all: Vec<_> = (0..80).map(|_| array(&shelf, &mut column, 1 << 20)).collect();
        drop(all);
        assert_eq!(shelf.kept(), KEPT_BYTES);
        for _ in 0..3 * REVIEW {
            drop(array(&shelf, &mut column, 1 << 20));
        }
        assert!(shelf.kept() <= 2 << 20, "{}", shelf.kept());
    }

    #[test]
    fn an_array_outlives_its_column() {
        let (shelf, mut column) = (Shelf::default(), Vec::new());
        let buffer = array(&shelf, &mut column, 1 << 20);
        drop((shelf, column));
        assert!(buffer.iter().all(|byte| *byte == 7));
    }
}
