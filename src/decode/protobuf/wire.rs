//! The wire format: tags, numbers and runs of bytes.

use crate::decode::{Reason, Step, fault};

/// How deeply messages and groups may be nested.
pub(super) const MOST_NESTED: usize = 100;

/// A run of a payload's bytes that is read as fields or as packed values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment<'a> {
    pub(super) bytes: &'a [u8],
    /// Where it begins in the payload.
    pub(super) at: usize,
}

/// A field's value as it stands on the wire.
#[derive(Debug, Clone, Copy)]
pub(super) enum Raw<'a> {
    Varint(u64),
    Fixed32(u32),
    Fixed64(u64),
    Bytes(Segment<'a>),
    Group(Segment<'a>),
}

impl<'a> Raw<'a> {
    /// The fields of a message.
    pub(super) fn segment(&self) -> Option<Segment<'a>> {
        match self {
            Self::Bytes(segment) | Self::Group(segment) => Some(*segment),
            _ => None,
        }
    }

    pub(super) fn wire_type(&self) -> &'static str {
        match self {
            Self::Varint(_) => "a varint",
            Self::Fixed32(_) => "four bytes",
            Self::Fixed64(_) => "eight bytes",
            Self::Bytes(_) => "a run of bytes",
            Self::Group(_) => "a group",
        }
    }
}

/// A position in a segment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(segment: Segment<'a>) -> Self {
        Self { rest: segment.bytes, at: segment.at }
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    #[inline]
    pub(super) fn varint(&mut self) -> Step<u64> {
        let start = self.at;
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let Some((byte, rest)) = self.rest.split_first() else {
                return fault(self.at, Reason::Truncated, "the payload, or what holds it, ends within a varint");
            };
            (self.rest, self.at) = (rest, self.at + 1);
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && *byte > 1 {
                break;
            }
            value |= bits << shift;
            if *byte < 0x80 {
                return Ok(value);
            }
        }
        fault(start, Reason::Range, "a varint has more than 64 bits")
    }

    pub(super) fn take(&mut self, length: u64) -> Step<Segment<'a>> {
        let taken = usize::try_from(length).ok().and_then(|length| self.rest.split_at_checked(length));
        let Some((bytes, rest)) = taken else {
            let message = format!("a length of {length} is beyond the end, {} bytes are left", self.rest.len());
            return fault(self.at, Reason::Truncated, message);
        };
        let segment = Segment { bytes, at: self.at };
        (self.rest, self.at) = (rest, self.at + bytes.len());
        Ok(segment)
    }

    pub(super) fn array<const WIDTH: usize>(&mut self) -> Step<[u8; WIDTH]> {
        let Some((chunk, rest)) = self.rest.split_first_chunk() else {
            return fault(self.at, Reason::Truncated, format!("{WIDTH} bytes are expected, {} are left", self.rest.len()));
        };
        (self.rest, self.at) = (rest, self.at + WIDTH);
        Ok(*chunk)
    }

    /// The number and wire type of the next field, or of the end of a group.
    fn any_tag(&mut self) -> Step<(u32, u8)> {
        let start = self.at;
        let tag = self.varint()?;
        let wire_type = (tag & 7) as u8; // three bits
        match u32::try_from(tag) {
            Ok(tag) if tag >> 3 > 0 => Ok((tag >> 3, wire_type)),
            _ => fault(start, Reason::Syntax, format!("{} is no number of a field", tag >> 3)),
        }
    }

    /// The number and wire type of the next field.
    pub(super) fn tag(&mut self) -> Step<(u32, u8)> {
        let start = self.at;
        let (number, wire_type) = self.any_tag()?;
        if wire_type == 4 {
            return fault(start, Reason::Syntax, format!("the end of group {number}, which has not begun"));
        }
        Ok((number, wire_type))
    }

    /// The next field; `depth` is how deeply groups may still be nested.
    pub(super) fn field(&mut self, depth: usize) -> Step<(u32, Raw<'a>)> {
        let (number, wire_type) = self.tag()?;
        Ok((number, self.value(number, wire_type, depth)?))
    }

    /// What follows a tag.
    pub(super) fn value(&mut self, number: u32, wire_type: u8, depth: usize) -> Step<Raw<'a>> {
        Ok(match wire_type {
            0 => Raw::Varint(self.varint()?),
            1 => Raw::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => {
                let length = self.varint()?;
                Raw::Bytes(self.take(length)?)
            }
            3 => Raw::Group(self.group(number, depth)?),
            5 => Raw::Fixed32(u32::from_le_bytes(self.array()?)),
            other => return fault(self.at, Reason::Syntax, format!("field {number}: there is no wire type {other}")),
        })
    }

    /// What is in a group, whose beginning has been read.
    fn group(&mut self, number: u32, depth: usize) -> Step<Segment<'a>> {
        let Some(depth) = depth.checked_sub(1) else { return too_deep(self.at) };
        let (all, start) = (self.rest, self.at);
        loop {
            let end = self.at;
            let (inner, wire_type) = self.any_tag()?;
            if wire_type != 4 {
                self.value(inner, wire_type, depth)?;
                continue;
            }
            if inner != number {
                return fault(end, Reason::Syntax, format!("the end of group {inner} within group {number}"));
            }
            return Ok(Segment { bytes: all.get(..end - start).unwrap_or_default(), at: start });
        }
    }
}

#[cold]
fn too_deep<T>(at: usize) -> Step<T> {
    fault(at, Reason::Limit, format!("messages are nested more than {MOST_NESTED} levels deep"))
}

/// How deeply messages may be nested in one that is nested itself.
#[inline]
pub(super) fn deeper(depth: usize, occurrences: &[Raw<'_>]) -> Step<usize> {
    match depth.checked_sub(1) {
        Some(depth) => Ok(depth),
        None => too_deep(occurrences.first().and_then(Raw::segment).map_or(0, |segment| segment.at)),
    }
}

#[inline(always)]
#[expect(clippy::cast_possible_wrap, reason = "the bits of the zigzag form")]
pub(super) fn zigzag(bits: u64) -> i64 {
    (bits >> 1) as i64 ^ -((bits & 1) as i64)
}

pub(super) fn utf8(segment: Segment<'_>) -> Step<&str> {
    std::str::from_utf8(segment.bytes)
        .or_else(|error| fault(segment.at + error.valid_up_to(), Reason::Utf8, "the text is not valid UTF-8"))
}
