//! What lies before a datum and names its writer's schema.

use std::borrow::Cow;
use std::io::Read;

use crate::decode::{Reason, Step, fault};
use crate::spec::{Framing, SchemaId};

/// The most bytes that a compressed datum may become.
const MOST_INFLATED: u64 = 64 << 20;

/// A datum behind its frame.
#[derive(Debug)]
pub(super) struct Framed<'a> {
    pub(super) id: Option<SchemaId>,
    /// What the datum is read from: the payload, or what was compressed in it.
    pub(super) bytes: Cow<'a, [u8]>,
    /// Where in `bytes` the datum begins.
    pub(super) start: usize,
}

/// Takes a payload's frame off.
pub(super) fn open(framing: Framing, payload: &[u8]) -> Step<Framed<'_>> {
    let behind = |id, start| Ok(Framed { id: Some(id), bytes: Cow::Borrowed(payload), start });
    match framing {
        Framing::None => Ok(Framed { id: None, bytes: Cow::Borrowed(payload), start: 0 }),
        Framing::Confluent => {
            marked(payload, &[0], "the zero byte of Confluent's framing")?;
            behind(SchemaId::Id(u32::from_be_bytes(chunk(payload, 1)?)), 5)
        }
        Framing::SingleObject => {
            marked(payload, &[0xc3, 0x01], "the bytes c3 01 of single-object encoding")?;
            behind(SchemaId::Fingerprint(u64::from_le_bytes(chunk(payload, 2)?)), 10)
        }
        Framing::Glue => {
            marked(payload, &[3], "the byte 03 of AWS Glue's framing")?;
            let [compression] = chunk(payload, 1)?;
            let id = SchemaId::Uuid(chunk(payload, 2)?);
            match compression {
                0 => behind(id, 18),
                5 => Ok(Framed { id: Some(id), bytes: Cow::Owned(inflate(payload, 18)?), start: 0 }),
                other => fault(1, Reason::Framing, format!("the compression is 00 (none) or 05 (zlib), not {other:02x}")),
            }
        }
    }
}

fn marked(payload: &[u8], mark: &[u8], what: &str) -> Step {
    if payload.is_empty() {
        return fault(0, Reason::Empty, format!("the payload is empty, {what} is expected"));
    }
    match mark.iter().enumerate().find(|(at, byte)| payload.get(*at) != Some(byte)) {
        None => Ok(()),
        Some((at, _)) => match payload.get(at) {
            Some(found) => fault(at, Reason::Framing, format!("{what} is expected, not {found:02x}")),
            None => fault(at, Reason::Truncated, format!("the payload ends within {what}")),
        },
    }
}

fn chunk<const WIDTH: usize>(payload: &[u8], at: usize) -> Step<[u8; WIDTH]> {
    match payload.get(at..).and_then(|rest| rest.first_chunk()) {
        Some(chunk) => Ok(*chunk),
        None => fault(payload.len(), Reason::Truncated, "the payload ends within the header that names its schema"),
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
