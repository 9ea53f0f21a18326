//! Snappy: bare blocks as librdkafka writes them, and the framing of snappy-java ("xerial") as the Java producer does.

use super::super::BatchError;
use super::super::arena::Output;
use super::super::cursor::Cursor;

/// How snappy-java's framing begins; two version words follow.
const MAGIC: &[u8] = b"\x82SNAPPY\0";

/// The length of the framing's header.
const HEADER: usize = 16;

/// More than what a byte of a block can become: an element of 3 bytes gives at most 64.
const EXPANSION: usize = 22;

/// Decompresses all of `input`.
pub(super) fn decompress(input: &[u8], output: &mut Output) -> Result<(), BatchError> {
    if !input.starts_with(MAGIC) {
        return block(input, output);
    }
    let mut cursor = Cursor::new(input);
    while cursor.left() > 0 {
        if cursor.rest().starts_with(MAGIC) {
            cursor.take(HEADER, "the snappy header")?;
            continue;
        }
        let length = i32::from_be_bytes(cursor.array("the length of a snappy block")?);
        let length = usize::try_from(length).map_err(|_| refused("a block has a negative length"))?;
        block(cursor.take(length, "a snappy block")?, output)?;
    }
    Ok(())
}

fn block(input: &[u8], output: &mut Output) -> Result<(), BatchError> {
    let length = snap::raw::decompress_len(input).map_err(|error| refused(error.to_string()))?;
    if length > input.len().saturating_mul(EXPANSION) {
        return Err(refused("a block claims more than it can hold"));
    }
    if length > output.limit().saturating_sub(output.filled()) {
        return Err(output.too_large());
    }
    if length == 0 && input.len() <= 1 {
        return Ok(()); // the decoder takes an empty block for an error
    }
    let written =
        snap::raw::Decoder::new().decompress(input, output.room(length)?).map_err(|error| refused(error.to_string()))?;
    output.advance(written);
    Ok(())
}

fn refused(reason: impl Into<String>) -> BatchError {
    BatchError::Decompress { codec: "snappy", reason: reason.into() }
}
