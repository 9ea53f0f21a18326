//! What lies before a message and names it.

use super::wire::{Cursor, Segment};
use crate::decode::{Reason, Step, fault};
use crate::spec::{Framing, ProtobufLayout};

/// Takes a payload's frame off, and refuses one of another message.
pub(super) fn open<'a>(framing: Framing, layout: &ProtobufLayout, payload: &'a [u8]) -> Step<Segment<'a>> {
    let whole = Segment { bytes: payload, at: 0 };
    if framing != Framing::Confluent {
        return Ok(whole);
    }
    match payload.first() {
        Some(0) => {}
        Some(other) => {
            let message = format!("the zero byte of Confluent's framing is expected, not {other:02x}");
            return fault(0, Reason::Framing, message);
        }
        None => return fault(0, Reason::Empty, "the payload is empty, the zero byte of Confluent's framing is expected"),
    }
    let mut cursor = Cursor::new(whole);
    cursor.take(1)?;
    let _id: [u8; 4] = cursor.array()?;
    let start = cursor.position();
    let count = zigzag(cursor.varint()?);
    // No index stands for the first message.
    let mut same = if count == 0 { layout.indexes == [0] } else { usize::try_from(count) == Ok(layout.indexes.len()) };
    if count < 0 {
        return fault(start, Reason::Framing, format!("{count} is no number of message indexes"));
    }
    for position in 0..count {
        let index = zigzag(cursor.varint()?);
        let expected = usize::try_from(position).ok().and_then(|position| layout.indexes.get(position));
        same &= expected.is_some_and(|expected| i64::from(*expected) == index);
    }
    if !same {
        let message = format!("the message indexes name another message than {}, whose are {:?}", layout.name, layout.indexes);
        return fault(start, Reason::Schema, message);
    }
    let left = payload.get(cursor.position()..).unwrap_or_default();
    Ok(Segment { bytes: left, at: cursor.position() })
}

#[expect(clippy::cast_possible_wrap, reason = "the bits of the zigzag form")]
fn zigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}
