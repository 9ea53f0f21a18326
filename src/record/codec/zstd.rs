//! Zstandard: frames straight into the arena, without a window of their own.
//!
//! Producers write frames without a content size. So the room is guessed from the compressed length and doubled until the frames
//! fit; as the arena keeps its size, that happens for the first batches only.
//!
//! # References
//!
//! RFC 8878, section 3.1

use std::fmt;

use structured_zstd::decoding::FrameDecoder;
use structured_zstd::decoding::errors::FrameDecoderError;

use super::super::BatchError;
use super::super::arena::Output;
use super::super::cursor::Cursor;

/// The first guess: so many times the compressed length.
const GUESS: usize = 4;

const MAGIC: u32 = 0xfd2f_b528;
const SKIPPABLE: std::ops::RangeInclusive<u32> = 0x184d_2a50..=0x184d_2a5f;

/// The most that one block gives.
const BLOCK: usize = 128 << 10;

/// The decoder's state: entropy tables and scratch memory.
#[derive(Default)]
pub(super) struct Context {
    decoder: Option<Box<FrameDecoder>>,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("used", &self.decoder.is_some()).finish()
    }
}

/// Decompresses all frames of `input`.
pub(super) fn decompress(input: &[u8], output: &mut Output, context: &mut Context) -> Result<(), BatchError> {
    let decoder = context.decoder.get_or_insert_with(|| Box::new(FrameDecoder::new()));
    let mut wanted = input.len().saturating_mul(GUESS);
    loop {
        let limit = output.limit();
        let room = output.room(wanted)?;
        let error = match decoder.decode_all(input, room) {
            Ok(written) => {
                output.advance(written);
                return Ok(());
            }
            Err(error) => error,
        };
        // Not every way of running out of room is told as such (a sequence that crosses the end is an error of its block), so
        // any error is tried again with more room while the blocks that are there could need it.
        let most = most(input)?;
        if most <= room.len() {
            return Err(refused(error.to_string()));
        }
        let too_small = matches!(error, FrameDecoderError::TargetTooSmall);
        if room.len() > limit || too_small && decoder.content_size() > u64::try_from(limit).unwrap_or(u64::MAX) {
            return Err(BatchError::TooLarge { limit });
        }
        wanted = room.len().saturating_mul(2).min(most);
    }
}

/// The most that the blocks in `input` can give, by their headers.
fn most(input: &[u8]) -> Result<usize, BatchError> {
    let mut cursor = Cursor::new(input);
    let mut most = 0_usize;
    while cursor.left() > 0 {
        match u32::from_le_bytes(cursor.array("the zstd header")?) {
            MAGIC => most = most.saturating_add(frame(&mut cursor)?),
            magic if SKIPPABLE.contains(&magic) => {
                let length = u32::from_le_bytes(cursor.array("the zstd header")?);
                cursor.take(usize::try_from(length).unwrap_or(usize::MAX), "a skippable zstd frame")?;
            }
            _ => return Err(refused("no zstd frame")),
        }
    }
    Ok(most)
}

fn frame(cursor: &mut Cursor<'_>) -> Result<usize, BatchError> {
    let descriptor = cursor.byte("the zstd header")?;
    let single_segment = descriptor & 1 << 5 != 0;
    let dictionary_id = match descriptor & 3 {
        3 => 4,
        length => usize::from(length),
    };
    let content_size = match descriptor >> 6 {
        0 => usize::from(single_segment),
        power => 1 << power,
    };
    cursor.take(usize::from(!single_segment) + dictionary_id + content_size, "the zstd header")?;
    let mut most = 0_usize;
    loop {
        let [low, middle, high] = cursor.array("the header of a zstd block")?;
        let header = usize::from(low) | usize::from(middle) << 8 | usize::from(high) << 16;
        let size = header >> 3;
        let (body, gives) = match header >> 1 & 3 {
            0 => (size, size),
            1 => (1, size),
            2 => (size, BLOCK),
            _ => return Err(refused("a block has a type that is not known")),
        };
        cursor.take(body, "a zstd block")?;
        most = most.saturating_add(gives.min(BLOCK));
        if header & 1 != 0 {
            break;
        }
    }
    if descriptor & 1 << 2 != 0 {
        cursor.take(4, "the zstd checksum")?;
    }
    Ok(most)
}

fn refused(reason: impl Into<String>) -> BatchError {
    BatchError::Decompress { codec: "zstd", reason: reason.into() }
}
