//! Where compressed records are unpacked: one buffer for a lane, used again for every batch.

use super::codec::{Contexts, decompress};
use super::{BatchError, Codec};

/// What is kept whatever the batches need.
const KEPT: usize = 1 << 20;

/// After how many batches the buffer is compared with what they needed.
const REVIEW: u32 = 64;

/// A lane's buffer for decompressed records, and its codecs' states.
#[derive(Debug)]
pub(crate) struct Arena {
    output: Output,
    contexts: Contexts,
}

impl Arena {
    /// An arena that holds at most `limit` decompressed bytes, and nothing yet.
    pub(crate) fn new(limit: usize) -> Self {
        Self { output: Output::new(limit), contexts: Contexts::default() }
    }

    /// How many bytes of memory the buffer has, used or not.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn held(&self) -> usize {
        self.output.bytes.capacity()
    }

    /// Decompresses `input`, in place of what was here.
    pub(super) fn decompress(&mut self, codec: Codec, input: &[u8]) -> Result<&[u8], BatchError> {
        self.output.clear();
        decompress(codec, input, &mut self.output, &mut self.contexts)?;
        self.output.written()
    }
}

/// What a codec writes to: it asks for room, writes, and says how much it wrote.
///
/// The buffer grows with what is written, at most to twice that, so that a length that came over the wire costs nothing. It is
/// never cleared: what has been initialised once stays so.
#[derive(Debug)]
pub(super) struct Output {
    bytes: Vec<u8>,
    filled: usize,
    limit: usize,
    /// The most that a batch needed since the last review, and how many there were.
    peak: usize,
    batches: u32,
}

impl Output {
    fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), filled: 0, limit, peak: 0, batches: 0 }
    }

    /// The most bytes that the buffer may have: one above the limit, so that what is exactly as large as the limit can be told
    /// from what is larger.
    fn cap(&self) -> usize {
        self.limit.saturating_add(1)
    }

    /// Forgets what was written, and gives memory back where the last batches needed much less than there is.
    fn clear(&mut self) {
        self.peak = self.peak.max(self.filled);
        self.filled = 0;
        self.batches += 1;
        if self.batches < REVIEW {
            return;
        }
        let enough = self.peak.saturating_mul(2).max(KEPT);
        if self.bytes.len() > enough.saturating_mul(2) {
            self.bytes.truncate(enough);
            self.bytes.shrink_to_fit();
        }
        self.peak = 0;
        self.batches = 0;
    }

    fn written(&self) -> Result<&[u8], BatchError> {
        match self.bytes.get(..self.filled) {
            Some(written) if self.filled <= self.limit => Ok(written),
            _ => Err(self.too_large()),
        }
    }

    /// How much has been written.
    pub(super) fn filled(&self) -> usize {
        self.filled
    }

    /// The most that may be written.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// The refusal of a batch that needs more than the limit.
    pub(super) fn too_large(&self) -> BatchError {
        BatchError::TooLarge { limit: self.limit }
    }

    /// All the room that there is: at least `wanted` bytes, or as many as the limit leaves, but at least one.
    pub(super) fn room(&mut self, wanted: usize) -> Result<&mut [u8], BatchError> {
        let (_, room) = self.history_and_room(wanted)?;
        Ok(room)
    }

    /// What has been written, and behind it the room of [`Self::room`].
    pub(super) fn history_and_room(&mut self, wanted: usize) -> Result<(&[u8], &mut [u8]), BatchError> {
        if self.filled > self.limit {
            return Err(self.too_large());
        }
        let needed = self.filled.saturating_add(wanted).clamp(self.filled + 1, self.cap());
        if self.bytes.len() < needed {
            let doubled = self.bytes.len().saturating_mul(2).min(self.cap());
            self.bytes.resize(needed.max(doubled), 0);
        }
        let too_large = BatchError::TooLarge { limit: self.limit };
        let (written, room) = self.bytes.split_at_mut_checked(self.filled).ok_or(too_large)?;
        Ok((written, room))
    }

    /// Writes `bytes`.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), BatchError> {
        let too_large = self.too_large();
        self.room(bytes.len())?.get_mut(..bytes.len()).ok_or(too_large)?.copy_from_slice(bytes);
        self.advance(bytes.len());
        Ok(())
    }

    /// Says that the first `count` bytes of the room have been written.
    pub(super) fn advance(&mut self, count: usize) {
        self.filled = self.filled.saturating_add(count).min(self.bytes.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(output: &mut Output, mut count: usize) -> Result<usize, BatchError> {
        output.clear();
        while count > 0 {
            let room = output.room(count.min(4096))?.len().min(count);
            output.advance(room);
            count -= room;
        }
        output.written().map(<[u8]>::len)
    }

    #[test]
    fn exactly_the_limit_fits_and_one_byte_more_does_not() {
        let mut output = Output::new(10_000);
        assert_eq!(write(&mut output, 10_000), Ok(10_000));
        assert_eq!(write(&mut output, 10_001), Err(BatchError::TooLarge { limit: 10_000 }));
        assert_eq!(write(&mut output, 0), Ok(0));
        assert!(output.bytes.len() <= 10_001);
    }

    #[test]
    fn the_buffer_stays_for_batches_of_one_size_and_shrinks_after_a_single_large_one() {
        let mut output = Output::new(64 << 20);
        write(&mut output, 3 << 20).unwrap();
        let held = output.bytes.len();
        for _ in 0..3 * REVIEW {
            write(&mut output, 3 << 20).unwrap();
        }
        assert_eq!(output.bytes.len(), held);
        write(&mut output, 50 << 20).unwrap();
        for _ in 0..2 * REVIEW {
            write(&mut output, 3 << 20).unwrap();
        }
        assert_eq!(output.bytes.len(), 6 << 20);
    }
}
