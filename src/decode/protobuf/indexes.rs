//! Which message of a schema a payload is.

use crate::decode::protobuf::wire::{Cursor, Segment};
use crate::decode::varint::zigzag;
use crate::decode::{Reason, Step, fault};

/// The most indexes: messages are not nested more deeply.
const MOST: usize = 32;

/// The indexes of a message, as Confluent's framing has them behind the schema's id.
#[derive(Debug, Clone, Copy)]
pub(super) struct Indexes {
    count: usize,
    all: [i32; MOST],
}

impl Indexes {
    /// The first message, which is also written as no index at all.
    const FIRST: Self = Self { count: 1, all: [0; MOST] };

    /// Reads them from `bytes` at `start`, and says where they end.
    #[inline]
    pub(super) fn read(bytes: &[u8], start: usize) -> Step<(Self, usize)> {
        if bytes.get(start) == Some(&0) {
            return Ok((Self::FIRST, start + 1));
        }
        let mut cursor = Cursor::new(Segment { bytes: bytes.get(start..).unwrap_or_default(), at: start });
        let count = zigzag(cursor.varint()?);
        let Some(count) = usize::try_from(count).ok().filter(|count| *count <= MOST) else {
            return fault(start, Reason::Framing, format!("{count} is no number of message indexes"));
        };
        let mut indexes = Self { count, ..Self::FIRST };
        for place in indexes.all.iter_mut().take(count) {
            let index = zigzag(cursor.varint()?);
            let Ok(index) = i32::try_from(index) else {
                return fault(start, Reason::Framing, format!("{index} is no index of a message"));
            };
            *place = index;
        }
        Ok((if count == 0 { Self::FIRST } else { indexes }, cursor.position()))
    }

    pub(super) fn as_slice(&self) -> &[i32] {
        self.all.get(..self.count).unwrap_or_default()
    }
}
