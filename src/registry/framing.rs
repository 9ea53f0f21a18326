//! How a payload says which schema it was written with.
//!
//! Pure functions over bytes from outside: they look at the first bytes alone, allocate nothing and refuse by `None`.

use uuid::Uuid;

/// The header with the id of the key's schema, where it is not in front of the key.
pub const KEY_SCHEMA_ID: &str = "__key_schema_id";
/// The header with the id of the value's schema, where it is not in front of the value.
pub const VALUE_SCHEMA_ID: &str = "__value_schema_id";

/// How AWS Glue's framing says that what follows is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)] // Glue has these two
pub enum GlueCompression {
    /// 0: it is not.
    None,
    /// 5: by zlib.
    Zlib,
}

/// What names a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Frame {
    /// Confluent's: `00`, four bytes of an id.
    Id(u32),
    /// Confluent's: `01`, sixteen bytes of a GUID.
    Guid(Uuid),
    /// AWS Glue's: `03`, how it is compressed, sixteen bytes of a schema version's id.
    Glue(Uuid, GlueCompression),
    /// Avro's single object: `c3 01`, eight bytes of the schema's fingerprint, the least first.
    Fingerprint(u64),
}

/// Why bytes do not begin with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameFault {
    /// There are no bytes.
    Empty,
    /// They begin otherwise.
    Other {
        /// The first byte that is not the frame's.
        position: usize,
        /// What it is.
        found: u8,
    },
    /// They end within the frame.
    Truncated {
        /// Their number.
        length: usize,
    },
    /// AWS Glue's framing with a compression that it does not have.
    Compression(u8),
}

/// What a frame is and how many bytes it has.
type Opened = Result<(Frame, usize), FrameFault>;

/// Confluent's framing by id.
#[inline]
pub(crate) fn open_id(payload: &[u8]) -> Opened {
    match payload {
        [0, a, b, c, d, ..] => Ok((Frame::Id(u32::from_be_bytes([*a, *b, *c, *d])), 5)),
        _ => Err(fault(payload, &[0])),
    }
}

/// Confluent's framing by whichever the first byte says, id or GUID: what is before a payload, and what a header holds.
pub(crate) fn open_id_or_guid(bytes: &[u8]) -> Opened {
    if bytes.first() != Some(&1) {
        return open_id(bytes);
    }
    match bytes.get(1..).and_then(|rest| rest.first_chunk()) {
        Some(guid) => Ok((Frame::Guid(Uuid::from_bytes(*guid)), 17)),
        None => Err(fault(bytes, &[1])),
    }
}

/// AWS Glue's framing.
pub(crate) fn open_glue(payload: &[u8]) -> Opened {
    let (Some((3, rest)), Some(compression)) = (payload.split_first(), payload.get(1)) else { return Err(fault(payload, &[3])) };
    let compression = match compression {
        0 => GlueCompression::None,
        5 => GlueCompression::Zlib,
        other => return Err(FrameFault::Compression(*other)),
    };
    match rest.get(1..).and_then(|rest| rest.first_chunk()) {
        Some(id) => Ok((Frame::Glue(Uuid::from_bytes(*id), compression), 18)),
        None => Err(fault(payload, &[3])),
    }
}

/// Avro's single object encoding.
pub(crate) fn open_single_object(payload: &[u8]) -> Opened {
    const MARK: [u8; 2] = [0xc3, 1];
    match payload.strip_prefix(&MARK).and_then(|rest| rest.first_chunk()) {
        Some(fingerprint) => Ok((Frame::Fingerprint(u64::from_le_bytes(*fingerprint)), 10)),
        None => Err(fault(payload, &MARK)),
    }
}

/// Where a payload that is no frame of this mark stops to be one.
#[cold]
fn fault(payload: &[u8], mark: &[u8]) -> FrameFault {
    if payload.is_empty() {
        return FrameFault::Empty;
    }
    match mark.iter().zip(payload).position(|(mark, byte)| mark != byte) {
        Some(position) => FrameFault::Other { position, found: payload.get(position).copied().unwrap_or_default() },
        None => FrameFault::Truncated { length: payload.len() },
    }
}

fn split(payload: &[u8], open: fn(&[u8]) -> Opened) -> Option<(Frame, &[u8])> {
    let (frame, length) = open(payload).ok()?;
    Some((frame, payload.get(length..)?))
}

/// Confluent's framing by id: the id and what follows.
pub fn confluent(payload: &[u8]) -> Option<(Frame, &[u8])> {
    split(payload, open_id)
}

/// What a header named [`KEY_SCHEMA_ID`] or [`VALUE_SCHEMA_ID`] holds: a GUID, or an id. Protobuf's message indexes may follow, and are
/// given back.
pub fn header(header: &[u8]) -> Option<(Frame, &[u8])> {
    split(header, open_id_or_guid)
}

/// JSON with a schema of the registry's: the frame, by id or GUID, and the JSON text behind it.
///
/// Only where what follows can be JSON: text never begins with such a byte, so nothing that is JSON already is taken for framed.
pub fn json(payload: &[u8]) -> Option<(Frame, &[u8])> {
    let (frame, rest) = header(payload)?;
    let first = rest.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))?;
    matches!(first, b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n').then_some((frame, rest))
}

/// AWS Glue's framing: the frame and what follows, still compressed where it is.
pub fn glue(payload: &[u8]) -> Option<(Frame, &[u8])> {
    split(payload, open_glue)
}

/// Avro's single object encoding: the frame and the datum.
pub fn single_object(payload: &[u8]) -> Option<(Frame, &[u8])> {
    split(payload, open_single_object)
}

/// Whichever framing the payload has; the first bytes of each differ. A GUID is only looked for in headers: see [`header`].
pub fn any(payload: &[u8]) -> Option<(Frame, &[u8])> {
    confluent(payload).or_else(|| glue(payload)).or_else(|| single_object(payload))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};

    use super::*;

    const ID: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

    fn after(head: &[u8], rest: &[u8]) -> Vec<u8> {
        [head, &ID, rest].concat()
    }

    #[test]
    fn each_framing_is_recognised_with_what_follows() {
        let uuid = Uuid::from_bytes(ID);
        assert_eq!(any(&[0, 0, 0, 1, 2, 9]), Some((Frame::Id(258), &[9][..])));
        assert_eq!(any(&after(&[3, 0], b"x")), Some((Frame::Glue(uuid, GlueCompression::None), &b"x"[..])));
        assert_eq!(any(&after(&[3, 5], b"")), Some((Frame::Glue(uuid, GlueCompression::Zlib), &b""[..])));
        assert_eq!(any(&[0xc3, 1, 1, 0, 0, 0, 0, 0, 0, 0, 7]), Some((Frame::Fingerprint(1), &[7][..])));
        assert_eq!(header(&after(&[1], &[0])), Some((Frame::Guid(uuid), &[0][..])));
        assert_eq!(header(&[0, 0, 0, 0, 7]), Some((Frame::Id(7), &[][..])));
    }

    #[test]
    fn a_byte_too_few_is_no_frame() {
        assert_eq!(confluent(&[0, 0, 0, 1]), None);
        assert_eq!(single_object(&[0xc3, 1, 1, 0, 0, 0, 0, 0, 0]), None);
        let whole = after(&[3, 0], b"");
        assert_eq!((glue(&whole[..17]), glue(&whole).is_some()), (None, true));
        assert_eq!(header(&[1; 16]), None);
        assert_eq!(glue(&after(&[3, 1], b"")), None, "a compression that Glue does not have");
    }

    #[test]
    fn a_frame_before_json_is_taken_off_and_other_bytes_stay() {
        assert_eq!(json(b"\0\0\0\0\x05 {}").map(|(_, rest)| rest), Some(&b" {}"[..]));
        for text in [&b"{}"[..], b"\0\0\0\0\x05", b"\0\0\0\0\x05\x02x", b"\0\0\0\0"] {
            assert_eq!(json(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_refused_or_ends_with_what_follows(payload in proptest::collection::vec(proptest::arbitrary::any::<u8>(), 0..40)) {
            for look in [confluent, glue, single_object, json, header, any] {
                if let Some((_, rest)) = look(&payload) {
                    prop_assert!(payload.ends_with(rest) && rest.len() < payload.len());
                }
            }
        }
    }
}
