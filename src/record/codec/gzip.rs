//! gzip: own member headers around raw deflate, so that one inflate state serves every batch.

use std::fmt;

use flate2::{Decompress, FlushDecompress, Status};

use super::super::BatchError;
use super::super::arena::Output;
use super::super::cursor::Cursor;

/// How much room is asked for at a time.
const STEP: usize = 64 << 10;

/// Bits of a member's flags.
const HEADER_CRC: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;

/// The inflate state.
#[derive(Default)]
pub(super) struct Context {
    inflate: Option<Decompress>,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("used", &self.inflate.is_some()).finish()
    }
}

/// Decompresses all members of `input`.
pub(super) fn decompress(input: &[u8], output: &mut Output, context: &mut Context) -> Result<(), BatchError> {
    let inflate = context.inflate.get_or_insert_with(|| Decompress::new(false));
    let mut cursor = Cursor::new(input);
    loop {
        member_header(&mut cursor)?;
        let before = output.filled();
        inflate.reset(false);
        loop {
            let rest = cursor.rest();
            let room = output.room(STEP)?;
            let (read, written) = (inflate.total_in(), inflate.total_out());
            let status = inflate.decompress(rest, room, FlushDecompress::None).map_err(|error| refused(error.to_string()))?;
            let read = usize::try_from(inflate.total_in() - read).unwrap_or(usize::MAX);
            let written = usize::try_from(inflate.total_out() - written).unwrap_or(usize::MAX);
            cursor.take(read, "the gzip data")?;
            output.advance(written);
            match status {
                Status::StreamEnd => break,
                Status::Ok | Status::BufError if read == 0 && written == 0 => return Err(refused("the data ends early")),
                Status::Ok | Status::BufError => {}
            }
        }
        cursor.take(4, "the gzip checksum")?;
        let length = u32::from_le_bytes(cursor.array("the gzip length")?);
        // The length is counted modulo 2^32.
        if u64::from(length) != u64::try_from(output.filled() - before).unwrap_or(u64::MAX) & u64::from(u32::MAX) {
            return Err(refused("the length is not that of the data"));
        }
        if cursor.left() == 0 {
            return Ok(());
        }
    }
}

fn member_header(cursor: &mut Cursor<'_>) -> Result<(), BatchError> {
    let what = "the gzip header";
    let [first, second, method, flags, ..] = cursor.array::<10>(what)?;
    if [first, second, method] != [0x1f, 0x8b, 8] {
        return Err(refused("no gzip header"));
    }
    if flags & EXTRA != 0 {
        let length = u16::from_le_bytes(cursor.array(what)?);
        cursor.take(usize::from(length), what)?;
    }
    for text in [NAME, COMMENT] {
        while flags & text != 0 && cursor.byte(what)? != 0 {}
    }
    if flags & HEADER_CRC != 0 {
        cursor.take(2, what)?;
    }
    Ok(())
}

fn refused(reason: impl Into<String>) -> BatchError {
    BatchError::Decompress { codec: "gzip", reason: reason.into() }
}
