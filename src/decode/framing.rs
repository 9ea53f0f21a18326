//! What lies before a payload, or in a header of its record, and names its schema.

use std::borrow::Cow;
use std::io::Read;

use super::{Reason, Step, fault};
use crate::registry::framing::{Frame, FrameFault, GlueCompression, open_glue, open_id, open_id_or_guid, open_single_object};
use crate::spec::{Framing, SchemaId};

/// The most bytes that a compressed payload may become.
const MOST_INFLATED: u64 = 64 << 20;

/// A payload behind its frame.
#[derive(Debug)]
pub(super) struct Framed<'a> {
    pub(super) id: Option<SchemaId>,
    /// What it is read from: the payload, or what was compressed in it.
    pub(super) bytes: Cow<'a, [u8]>,
    /// Where in `bytes` it begins.
    pub(super) start: usize,
    /// What the record's header holds behind the id, where it is there.
    pub(super) in_header: Option<&'a [u8]>,
}

/// Takes a payload's frame off. `header` is the value of the record's header that names a schema; it is looked at for [`Framing::Guid`]
/// alone.
#[inline]
pub(super) fn open<'a>(framing: Framing, payload: &'a [u8], header: Option<&'a [u8]>) -> Step<Framed<'a>> {
    let (opened, what) = match framing {
        Framing::None => return Ok(Framed { id: None, bytes: Cow::Borrowed(payload), start: 0, in_header: None }),
        Framing::Confluent => (open_id(payload), "the zero byte of Confluent's framing"),
        Framing::Guid => match header {
            Some(header) => return named(payload, header),
            None => (open_id_or_guid(payload), "a header with the schema's GUID, or the byte 01 or 00 of Confluent's framing,"),
        },
        Framing::SingleObject => (open_single_object(payload), "the bytes c3 01 of single-object encoding"),
        Framing::Glue => (open_glue(payload), "the byte 03 of AWS Glue's framing"),
    };
    match opened {
        Ok((Frame::Glue(id, GlueCompression::Zlib), start)) => {
            let id = Some(SchemaId::Uuid(id.into_bytes()));
            Ok(Framed { id, bytes: Cow::Owned(inflate(payload, start)?), start: 0, in_header: None })
        }
        Ok((frame, start)) => Ok(Framed { id: Some(id(frame)), bytes: Cow::Borrowed(payload), start, in_header: None }),
        Err(broken) => refused(broken, what),
    }
}

/// A payload whose record's header names the schema.
fn named<'a>(payload: &'a [u8], header: &'a [u8]) -> Step<Framed<'a>> {
    match open_id_or_guid(header) {
        Ok((frame, length)) => {
            let in_header = Some(header.get(length..).unwrap_or_default());
            Ok(Framed { id: Some(id(frame)), bytes: Cow::Borrowed(payload), start: 0, in_header })
        }
        Err(broken) => {
            let what = match broken {
                FrameFault::Other { found, .. } => format!("it begins with {found:02x}"),
                _ => format!("it has {} bytes", header.len()),
            };
            fault(0, Reason::Framing, format!("the header that names the schema holds 01 and a GUID, or 00 and an id; {what}"))
        }
    }
}

fn id(frame: Frame) -> SchemaId {
    match frame {
        Frame::Id(id) => SchemaId::Id(id),
        Frame::Guid(id) | Frame::Glue(id, _) => SchemaId::Uuid(id.into_bytes()),
        Frame::Fingerprint(fingerprint) => SchemaId::Fingerprint(fingerprint),
    }
}

#[cold]
fn refused<T>(broken: FrameFault, what: &str) -> Step<T> {
    match broken {
        FrameFault::Empty => fault(0, Reason::Empty, format!("the payload is empty, {what} is expected")),
        FrameFault::Other { position, found } => fault(position, Reason::Framing, format!("{what} is expected, not {found:02x}")),
        FrameFault::Truncated { length } => {
            fault(length, Reason::Truncated, format!("the payload ends within {what} that names its schema"))
        }
        FrameFault::Compression(other) => {
            fault(1, Reason::Framing, format!("the compression is 00 (none) or 05 (zlib), not {other:02x}"))
        }
    }
}

fn inflate(payload: &[u8], start: usize) -> Step<Vec<u8>> {
    let mut inflated = Vec::new();
    let compressed = payload.get(start..).unwrap_or_default();
    let mut reader = flate2::read::ZlibDecoder::new(compressed);
    match reader.by_ref().take(MOST_INFLATED + 1).read_to_end(&mut inflated) {
        Ok(_) if u64::try_from(inflated.len()).unwrap_or(u64::MAX) > MOST_INFLATED => {
            fault(start, Reason::Limit, format!("the datum becomes more than {} MiB", MOST_INFLATED >> 20))
        }
        Ok(_) => {
            let used = usize::try_from(reader.total_in()).unwrap_or(usize::MAX).min(compressed.len());
            if used < compressed.len() {
                return fault(start + used, Reason::Trailing, "bytes are left over behind the compressed datum");
            }
            Ok(inflated)
        }
        Err(error) => fault(start, Reason::Syntax, format!("the compressed datum cannot be read: {error}")),
    }
}
