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

/// Confluent's framing by id: the id and what follows.
pub fn confluent(payload: &[u8]) -> Option<(Frame, &[u8])> {
    let (id, rest) = payload.strip_prefix(&[0])?.split_first_chunk()?;
    Some((Frame::Id(u32::from_be_bytes(*id)), rest))
}

/// Confluent's framing by GUID, as it is in a header: the whole of it.
pub fn guid_header(header: &[u8]) -> Option<Frame> {
    let bytes: [u8; 16] = header.strip_prefix(&[1])?.try_into().ok()?;
    Some(Frame::Guid(Uuid::from_bytes(bytes)))
}

/// What a header named [`KEY_SCHEMA_ID`] or [`VALUE_SCHEMA_ID`] holds: a GUID, or an id alone. Protobuf's message indexes may follow the
/// GUID, and are given back.
pub fn header(header: &[u8]) -> Option<(Frame, &[u8])> {
    if let Some(by_id) = confluent(header) {
        return Some(by_id);
    }
    let (guid, rest) = header.split_at_checked(17)?;
    Some((guid_header(guid)?, rest))
}

/// JSON with a schema of the registry's: the frame and the JSON text behind it.
///
/// Only where what follows can be JSON: text never begins with a zero byte, so nothing that is JSON already is taken for framed.
pub fn json(payload: &[u8]) -> Option<(Frame, &[u8])> {
    let (frame, rest) = confluent(payload)?;
    let first = rest.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))?;
    matches!(first, b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n').then_some((frame, rest))
}

/// AWS Glue's framing: the frame and what follows, still compressed where it is.
pub fn glue(payload: &[u8]) -> Option<(Frame, &[u8])> {
    let (compression, rest) = payload.strip_prefix(&[3])?.split_first()?;
    let compression = match compression {
        0 => GlueCompression::None,
        5 => GlueCompression::Zlib,
        _ => return None,
    };
    let (id, rest) = rest.split_first_chunk()?;
    Some((Frame::Glue(Uuid::from_bytes(*id), compression), rest))
}

/// Avro's single object encoding: the frame and the datum.
pub fn single_object(payload: &[u8]) -> Option<(Frame, &[u8])> {
    let (fingerprint, rest) = payload.strip_prefix(&[0xc3, 1])?.split_first_chunk()?;
    Some((Frame::Fingerprint(u64::from_le_bytes(*fingerprint)), rest))
}

/// Whichever framing the payload has; the first bytes of each differ. A GUID is only in headers: see [`header`].
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
        assert_eq!(guid_header(&after(&[1], b"")), Some(Frame::Guid(uuid)));
    }

    #[test]
    fn a_byte_too_few_is_no_frame() {
        assert_eq!(confluent(&[0, 0, 0, 1]), None);
        assert_eq!(single_object(&[0xc3, 1, 1, 0, 0, 0, 0, 0, 0]), None);
        let whole = after(&[3, 0], b"");
        assert_eq!((glue(&whole[..17]), glue(&whole).is_some()), (None, true));
        assert_eq!((header(&[1; 16]), guid_header(&after(&[1], b"x"))), (None, None));
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
