//! The lz4 frame format: own walk over the frame, each block straight into the arena.
//!
//! The header's checksum is skipped like the others; so frames of old Java producers, who computed it wrongly, are read.
//!
//! # References
//!
//! <https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md>

use lz4_flex::block::{DecompressError, decompress_into, decompress_into_with_dict};

use super::super::BatchError;
use super::super::arena::Output;
use super::super::cursor::Cursor;

const MAGIC: u32 = 0x184d_2204;
const SKIPPABLE: std::ops::RangeInclusive<u32> = 0x184d_2a50..=0x184d_2a5f;

/// Bits of the frame's flags.
const DICTIONARY: u8 = 1;
const CONTENT_CHECKSUM: u8 = 1 << 2;
const CONTENT_SIZE: u8 = 1 << 3;
const BLOCK_CHECKSUM: u8 = 1 << 4;
const INDEPENDENT: u8 = 1 << 5;

/// The bit of a block's length that says that it is not compressed.
const STORED: u32 = 1 << 31;

/// How far back a block that is not independent can refer.
const WINDOW: usize = 64 << 10;

/// What one compressed byte can become at most: a match length byte of 255.
const EXPANSION: usize = 255;

/// Decompresses all frames of `input`.
pub(super) fn decompress(input: &[u8], output: &mut Output) -> Result<(), BatchError> {
    let mut cursor = Cursor::new(input);
    loop {
        match u32::from_le_bytes(cursor.array("the lz4 header")?) {
            MAGIC => frame(&mut cursor, output)?,
            magic if SKIPPABLE.contains(&magic) => {
                let length = u32::from_le_bytes(cursor.array("the lz4 header")?);
                cursor.take(usize::try_from(length).unwrap_or(usize::MAX), "a skippable lz4 frame")?;
            }
            _ => return Err(refused("no lz4 frame")),
        }
        if cursor.left() == 0 {
            return Ok(());
        }
    }
}

fn frame(cursor: &mut Cursor<'_>, output: &mut Output) -> Result<(), BatchError> {
    let what = "the lz4 header";
    let [flags, descriptor] = cursor.array(what)?;
    if flags >> 6 != 1 {
        return Err(refused("the frame has a version that is not known"));
    }
    if flags & DICTIONARY != 0 {
        return Err(refused("the frame needs a dictionary"));
    }
    let block_limit = match (descriptor >> 4) & 7 {
        4 => 64 << 10,
        5 => 256 << 10,
        6 => 1 << 20,
        7 => 4 << 20,
        _ => return Err(refused("the frame has a block size that is not known")),
    };
    let content_size = if flags & CONTENT_SIZE == 0 { None } else { Some(u64::from_le_bytes(cursor.array(what)?)) };
    cursor.take(1, what)?; // checksum of the header
    let start = output.filled();
    loop {
        let length = u32::from_le_bytes(cursor.array("the length of an lz4 block")?);
        if length == 0 {
            break;
        }
        let size = usize::try_from(length & !STORED).unwrap_or(usize::MAX);
        if size > block_limit {
            return Err(refused("a block is larger than the frame allows"));
        }
        let block = cursor.take(size, "an lz4 block")?;
        if flags & BLOCK_CHECKSUM != 0 {
            cursor.take(4, "the checksum of an lz4 block")?;
        }
        if length & STORED != 0 {
            output.write(block)?;
        } else {
            let linked = (flags & INDEPENDENT == 0).then_some(start);
            unpack(block, block_limit, linked, output)?;
        }
    }
    if flags & CONTENT_CHECKSUM != 0 {
        cursor.take(4, "the checksum of the lz4 content")?;
    }
    let content = u64::try_from(output.filled() - start).unwrap_or(u64::MAX);
    if content_size.is_some_and(|declared| declared != content) {
        return Err(refused("the length is not that of the content"));
    }
    Ok(())
}

/// Decompresses one block; `linked` is where its frame's output begins, if the block may refer to what came before it.
fn unpack(block: &[u8], block_limit: usize, linked: Option<usize>, output: &mut Output) -> Result<(), BatchError> {
    let most = block_limit.min(block.len().saturating_mul(EXPANSION));
    let limit = output.limit();
    let (history, room) = output.history_and_room(most)?;
    let enough = room.len() >= most;
    let (room, _) = room.split_at_mut(most.min(room.len()));
    let result = match linked {
        None => decompress_into(block, room),
        Some(start) => {
            let window = history.len().saturating_sub(WINDOW).max(start);
            decompress_into_with_dict(block, room, history.get(window..).unwrap_or_default())
        }
    };
    match result {
        Ok(written) => {
            output.advance(written);
            Ok(())
        }
        Err(DecompressError::OutputTooSmall { .. }) if !enough => Err(BatchError::TooLarge { limit }),
        Err(error) => Err(refused(error.to_string())),
    }
}

fn refused(reason: impl Into<String>) -> BatchError {
    BatchError::Decompress { codec: "lz4", reason: reason.into() }
}
