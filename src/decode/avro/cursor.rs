//! The bytes of a datum, taken one value at a time.

use crate::decode::varint::zigzag;
use crate::decode::{Reason, Step, fault};

/// Items without bytes, such as nulls in an array, that a datum may have beyond its length.
pub(super) const FREE_ITEMS: usize = 4096;

/// A position in a payload, and what may still be read behind it.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Array and map items that may still come. Items may take no bytes at all, so their number is a number from the wire.
    items: usize,
    /// How deeply types that contain themselves may still be entered.
    depth: usize,
}

/// Array and map items that follow each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    pub(super) items: usize,
    /// Where the block ends, if it says so.
    pub(super) end: Option<usize>,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize, depth: usize) -> Self {
        Self { bytes, at, items: bytes.len().saturating_add(FREE_ITEMS), depth }
    }

    /// As [`Self::new`], for a datum of which a part has been read, with what [`Self::items`] said of it.
    pub(super) fn resumed(bytes: &'a [u8], at: usize, items: usize, depth: usize) -> Self {
        Self { bytes, at, items, depth }
    }

    /// How many items may still come.
    pub(super) fn items(&self) -> usize {
        self.items
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    pub(super) fn between(&self, start: usize, end: usize) -> &'a [u8] {
        self.bytes.get(start..end).unwrap_or_default()
    }

    #[inline]
    fn byte(&mut self) -> Step<u8> {
        match self.bytes.get(self.at) {
            Some(byte) => {
                self.at += 1;
                Ok(*byte)
            }
            None => self.truncated("a byte is"),
        }
    }

    #[cold]
    fn truncated<T>(&self, what: &str) -> Step<T> {
        fault(self.bytes.len(), Reason::Truncated, format!("the payload ends where {what} expected"))
    }

    #[inline]
    pub(super) fn take(&mut self, length: usize) -> Step<&'a [u8]> {
        match self.at.checked_add(length).and_then(|end| Some((end, self.bytes.get(self.at..end)?))) {
            Some((end, taken)) => {
                self.at = end;
                Ok(taken)
            }
            None => {
                fault(self.at, Reason::Truncated, format!("{length} bytes are expected, the payload has {} more", self.left()))
            }
        }
    }

    #[inline]
    pub(super) fn array<const WIDTH: usize>(&mut self) -> Step<[u8; WIDTH]> {
        match self.bytes.get(self.at..).and_then(|rest| rest.first_chunk()) {
            Some(taken) => {
                self.at += WIDTH;
                Ok(*taken)
            }
            None => {
                fault(self.at, Reason::Truncated, format!("{WIDTH} bytes are expected, the payload has {} more", self.left()))
            }
        }
    }

    #[inline]
    pub(super) fn boolean(&mut self) -> Step<bool> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            other => fault(self.at - 1, Reason::Range, format!("a boolean is the byte 0 or 1, not {other}")),
        }
    }

    /// A zigzag varint of at most ten bytes.
    #[inline]
    pub(super) fn long(&mut self) -> Step<i64> {
        // Most are of one byte.
        if let Some(byte @ 0..=0x7f) = self.bytes.get(self.at) {
            self.at += 1;
            return Ok(zigzag(u64::from(*byte)));
        }
        let start = self.at;
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(zigzag(value));
            }
        }
        fault(start, Reason::Range, "a number has more than 64 bits")
    }

    /// A zigzag varint of at most five bytes.
    #[inline]
    pub(super) fn int(&mut self) -> Step<i32> {
        let start = self.at;
        let value = self.long()?;
        match i32::try_from(value) {
            Ok(value) if self.at - start <= 5 => Ok(value),
            _ => fault(start, Reason::Range, "an int has more than 32 bits"),
        }
    }

    /// Bytes behind their length.
    #[inline]
    pub(super) fn bytes(&mut self) -> Step<&'a [u8]> {
        let start = self.at;
        let length = self.long()?;
        match usize::try_from(length) {
            Ok(length) if length <= self.left() => self.take(length),
            Ok(length) => {
                let message = format!("a length of {length} is beyond the payload's end, {} bytes on", self.left());
                fault(start, Reason::Truncated, message)
            }
            Err(_) => fault(start, Reason::Length, format!("a length is negative: {length}")),
        }
    }

    #[inline]
    pub(super) fn string(&mut self) -> Step<&'a str> {
        let bytes = self.bytes()?;
        let start = self.at - bytes.len();
        std::str::from_utf8(bytes)
            .or_else(|error| fault(start + error.valid_up_to(), Reason::Utf8, "the string is not valid UTF-8"))
    }

    /// The number of a union's branch or an enum's symbol.
    #[inline]
    pub(super) fn choice(&mut self, of: usize, what: &str) -> Step<usize> {
        let start = self.at;
        let choice = self.long()?;
        match usize::try_from(choice) {
            Ok(choice) if choice < of => Ok(choice),
            _ => fault(start, Reason::Range, format!("{what} {choice} does not exist, the schema has {of}")),
        }
    }

    /// The next block of an array or map; `None` where it ends.
    pub(super) fn block(&mut self) -> Step<Option<Block>> {
        let start = self.at;
        let count = self.long()?;
        if count == 0 {
            return Ok(None);
        }
        let end = if count < 0 {
            let at = self.at;
            let size = self.long()?;
            match usize::try_from(size) {
                Ok(size) if size <= self.left() => Some(self.at + size),
                _ => return fault(at, Reason::Length, format!("a block of {size} bytes, the payload has {} more", self.left())),
            }
        } else {
            None
        };
        match usize::try_from(count.unsigned_abs()) {
            Ok(items) if items <= self.items => {
                self.items -= items;
                Ok(Some(Block { items, end }))
            }
            _ => fault(start, Reason::Limit, format!("{} items are more than the payload can hold", count.unsigned_abs())),
        }
    }

    /// Checks that a block ended where it said.
    pub(super) fn end_of(&self, block: Block) -> Step {
        match block.end {
            Some(end) if end != self.at => {
                fault(self.at, Reason::Length, format!("a block ends here, by its size it ends at byte {end}"))
            }
            _ => Ok(()),
        }
    }

    /// Goes to the end of a block without a look at its items.
    pub(super) fn jump(&mut self, end: usize) {
        self.at = end;
    }

    /// Does what may come back to itself, so many levels deep at most.
    pub(super) fn deeper<T>(&mut self, then: impl FnOnce(&mut Self) -> Step<T>) -> Step<T> {
        let Some(depth) = self.depth.checked_sub(1) else {
            return fault(self.at, Reason::Limit, "the datum is nested more deeply than the limit");
        };
        self.depth = depth;
        let done = then(self);
        self.depth += 1;
        done
    }
}
