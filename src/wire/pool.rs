//! Buffers for frames, used again and again.
//!
//! A fresh allocation of some MiB for each response costs more than reading it (the pages are mapped, zeroed and unmapped each
//! time). A frame is handed out as [`Bytes`] that own their buffer: when the last slice of it is dropped, the buffer comes back.

use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

/// Smaller frames are cheaper from the allocator, and must not keep a large buffer busy.
const SMALL: usize = 16 * 1024;

/// What a frame gets before any byte of it has arrived, whatever its length says.
const FIRST: usize = 256 * 1024;

/// What a pool keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PoolLimits {
    /// At most this many buffers that nobody uses.
    pub(crate) buffers: usize,
    /// At most this many bytes in them.
    pub(crate) bytes: usize,
    /// A buffer that nobody used for this long is given back to the allocator.
    pub(crate) idle: Duration,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self { buffers: 4, bytes: 64 << 20, idle: Duration::from_secs(10) }
    }
}

/// Buffers for the frames of one lane. Clones share them.
#[derive(Clone)]
pub(crate) struct FramePool {
    shelf: Arc<Mutex<Shelf>>,
}

struct Shelf {
    limits: PoolLimits,
    free: Vec<Free>,
    /// When a buffer was last taken: the drop of a frame has no clock.
    now: Option<Instant>,
}

struct Free {
    bytes: Vec<u8>,
    since: Option<Instant>,
}

impl FramePool {
    /// An empty pool.
    pub(crate) fn new(limits: PoolLimits) -> Self {
        Self { shelf: Arc::new(Mutex::new(Shelf { limits, free: Vec::new(), now: None })) }
    }

    /// A pool that keeps nothing, for connections that see small responses only.
    pub(crate) fn none() -> Self {
        Self::new(PoolLimits { buffers: 0, bytes: 0, idle: Duration::ZERO })
    }

    /// The bytes in buffers that nobody uses.
    pub(crate) fn kept(&self) -> usize {
        lock(&self.shelf).free.iter().map(|free| free.bytes.capacity()).sum()
    }

    /// A buffer for a frame of `size` bytes: the best fit, else the largest there is (it grows), else a new one.
    pub(super) fn take(&self, size: usize, now: Instant) -> Buffer {
        let mut shelf = lock(&self.shelf);
        shelf.now = Some(now);
        let idle = shelf.limits.idle;
        shelf.free.retain(|free| free.since.is_none_or(|since| now.duration_since(since) < idle));
        if size <= SMALL {
            return Buffer { bytes: Vec::new(), size, home: None };
        }
        let fit = |free: &Free| (free.bytes.capacity() < size, free.bytes.capacity().abs_diff(size));
        let best = shelf.free.iter().enumerate().min_by_key(|(_, free)| fit(free)).map(|(index, _)| index);
        let bytes = best.map(|index| shelf.free.swap_remove(index).bytes).unwrap_or_default();
        Buffer { bytes, size, home: Some(Arc::clone(&self.shelf)) }
    }
}

impl fmt::Debug for FramePool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FramePool").field("kept", &self.kept()).finish_non_exhaustive()
    }
}

/// A panic elsewhere leaves the shelf whole: buffers are put and taken in one step.
fn lock(shelf: &Mutex<Shelf>) -> MutexGuard<'_, Shelf> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The buffer of one frame, filled as its bytes arrive; goes back to its pool when dropped.
pub(super) struct Buffer {
    bytes: Vec<u8>,
    size: usize,
    home: Option<Arc<Mutex<Shelf>>>,
}

impl Buffer {
    /// How many bytes have yet to arrive.
    pub(super) fn missing(&self) -> usize {
        self.size.saturating_sub(self.bytes.len())
    }

    /// How many bytes have arrived.
    pub(super) fn arrived(&self) -> usize {
        self.bytes.len()
    }

    /// Where the next bytes go, with room for some. Grows by what has arrived so far, never by what a length claims.
    pub(super) fn room(&mut self) -> &mut Vec<u8> {
        if self.bytes.len() == self.bytes.capacity() {
            let step = self.bytes.len().max(FIRST);
            self.bytes.reserve_exact(self.missing().min(step));
        }
        &mut self.bytes
    }

    /// The frame, once all of it is there.
    pub(super) fn freeze(mut self) -> Bytes {
        if self.home.is_none() {
            return Bytes::from(mem::take(&mut self.bytes));
        }
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let Some(home) = self.home.take() else { return };
        let mut bytes = mem::take(&mut self.bytes);
        bytes.clear();
        let mut shelf = lock(&home);
        let kept: usize = shelf.free.iter().map(|free| free.bytes.capacity()).sum();
        let fits = kept.saturating_add(bytes.capacity()) <= shelf.limits.bytes;
        if bytes.capacity() > 0 && shelf.free.len() < shelf.limits.buffers && fits {
            let since = shelf.now;
            shelf.free.push(Free { bytes, since });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    fn pool() -> FramePool {
        FramePool::new(PoolLimits { buffers: 2, bytes: 8 * MIB, idle: Duration::from_secs(10) })
    }

    fn filled(pool: &FramePool, size: usize, now: Instant) -> Bytes {
        let mut buffer = pool.take(size, now);
        while buffer.missing() > 0 {
            let missing = buffer.missing();
            let room = buffer.room();
            let count = (room.capacity() - room.len()).min(missing);
            room.extend(std::iter::repeat_n(7, count));
        }
        buffer.freeze()
    }

    #[test]
    fn a_buffer_comes_back_when_the_last_slice_of_its_frame_is_dropped() {
        let (pool, now) = (pool(), Instant::now());
        let frame = filled(&pool, MIB, now);
        let slice = frame.slice(10..20);
        drop(frame);
        assert_eq!(pool.kept(), 0);
        let place = slice.as_ptr() as usize - 10;
        drop(slice);
        assert_eq!(pool.kept(), MIB);
        let again = filled(&pool, MIB / 2, now);
        assert_eq!(again.as_ptr() as usize, place, "the same buffer is used again");
        assert_eq!(pool.kept(), 0);
    }

    #[test]
    fn nothing_is_allocated_for_bytes_that_did_not_arrive() {
        let pool = pool();
        let mut buffer = pool.take(100 * MIB, Instant::now());
        assert!(buffer.room().capacity() <= FIRST);
        let arrived = FIRST + 1;
        while buffer.arrived() < arrived {
            buffer.room().push(0);
        }
        assert!(buffer.room().capacity() <= 2 * arrived);
    }

    #[test]
    fn no_more_is_kept_than_the_limits_say() {
        let (pool, now) = (pool(), Instant::now());
        let frames: Vec<_> = (0..3).map(|_| filled(&pool, MIB, now)).collect();
        drop(frames);
        assert_eq!(pool.kept(), 2 * MIB, "two buffers");
        drop(filled(&pool, 9 * MIB, now));
        assert!(pool.kept() <= 8 * MIB, "eight MiB");
    }

    #[test]
    fn a_buffer_that_nobody_uses_is_given_back() {
        let (pool, now) = (pool(), Instant::now());
        drop(filled(&pool, MIB, now));
        drop(filled(&pool, 10, now + Duration::from_secs(9)));
        assert_eq!(pool.kept(), MIB, "a small frame does not take it");
        drop(filled(&pool, 10, now + Duration::from_secs(10)));
        assert_eq!(pool.kept(), 0);
    }

    #[test]
    fn the_best_fit_is_taken_and_where_none_is_large_enough_the_largest_grows() {
        let (pool, now) = (pool(), Instant::now());
        let frames = [filled(&pool, 3 * MIB, now), filled(&pool, MIB, now)];
        drop(frames);
        let small = filled(&pool, MIB, now);
        assert_eq!(pool.kept(), 3 * MIB);
        let large = filled(&pool, 4 * MIB, now);
        assert_eq!((pool.kept(), small.len(), large.len()), (0, MIB, 4 * MIB));
    }

    #[test]
    fn a_frame_outlives_its_pool() {
        let pool = pool();
        let frame = filled(&pool, MIB, Instant::now());
        drop(pool);
        assert!(frame.iter().all(|byte| *byte == 7));
    }
}
