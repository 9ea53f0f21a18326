//! `Struct`, `Value` and `ListValue` as the text of what they hold.

use std::collections::HashMap;

use super::wire::{Cursor, Raw, Segment, deeper, utf8};
use crate::decode::{Reason, Step, fault};
use crate::spec::ProtobufJson as Json;

/// Writes what the occurrences of a message, which merge, hold. `depth` is how deeply messages may be nested around and in it.
pub(super) fn write(json: Json, occurrences: &[Raw<'_>], out: &mut Vec<u8>, depth: usize) -> Step {
    let depth = deeper(depth, occurrences)?;
    match json {
        Json::Struct => object(occurrences, out, depth),
        Json::Value => value(occurrences, out, depth),
        Json::List => list(occurrences, out, depth),
    }
}

/// The values of one field of a message, which is of runs of bytes.
fn runs<'a>(number: u32, occurrences: &[Raw<'a>], depth: usize) -> Step<Vec<Raw<'a>>> {
    let mut runs = Vec::new();
    for segment in occurrences.iter().filter_map(Raw::segment) {
        let mut cursor = Cursor::new(segment);
        while !cursor.is_empty() {
            let start = cursor.position();
            match cursor.field(depth)? {
                (found, raw @ Raw::Bytes(_)) if found == number => runs.push(raw),
                (found, raw) if found == number => return wrong(start, found, &raw),
                _ => {}
            }
        }
    }
    Ok(runs)
}

fn wrong<T>(at: usize, number: u32, raw: &Raw<'_>) -> Step<T> {
    fault(at, Reason::Type, format!("field {number} is {} on the wire, which is not its type", raw.wire_type()))
}

fn object(occurrences: &[Raw<'_>], out: &mut Vec<u8>, depth: usize) -> Step {
    let mut members = Vec::new();
    let mut last = HashMap::new();
    for entry in runs(1, occurrences, depth)? {
        let (key, member) = member(&entry, deeper(depth, &[entry])?)?;
        last.insert(key, members.len());
        members.push((key, member));
    }
    out.push(b'{');
    let mut first = true;
    for (index, (key, member)) in members.iter().enumerate() {
        if last.get(key) != Some(&index) {
            continue;
        }
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        text(key, out)?;
        out.push(b':');
        write(Json::Value, member, out, depth.saturating_sub(1))?;
    }
    out.push(b'}');
    Ok(())
}

/// Key and value of an entry.
fn member<'a>(entry: &Raw<'a>, depth: usize) -> Step<(&'a str, Vec<Raw<'a>>)> {
    let (mut key, mut member) = ("", Vec::new());
    let Some(segment) = entry.segment() else { return Ok((key, member)) };
    let mut cursor = Cursor::new(segment);
    while !cursor.is_empty() {
        let start = cursor.position();
        match cursor.field(depth)? {
            (1, Raw::Bytes(segment)) => key = utf8(segment)?,
            (2, raw @ Raw::Bytes(_)) => member.push(raw),
            (number @ (1 | 2), raw) => return wrong(start, number, &raw),
            _ => {}
        }
    }
    if member.is_empty() {
        // A value without a kind, as one that is written.
        member.push(Raw::Bytes(Segment { bytes: &[], at: segment.at + segment.bytes.len() }));
    }
    Ok((key, member))
}

fn list(occurrences: &[Raw<'_>], out: &mut Vec<u8>, depth: usize) -> Step {
    out.push(b'[');
    for (index, item) in runs(1, occurrences, depth)?.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(Json::Value, std::slice::from_ref(item), out, depth)?;
    }
    out.push(b']');
    Ok(())
}

/// The kinds of a value, which are the members of a oneof: the last one counts.
fn value(occurrences: &[Raw<'_>], out: &mut Vec<u8>, depth: usize) -> Step {
    let mut kind = 0;
    let mut raws: Vec<Raw<'_>> = Vec::new();
    let mut at = 0;
    for segment in occurrences.iter().filter_map(Raw::segment) {
        at = segment.at;
        let mut cursor = Cursor::new(segment);
        while !cursor.is_empty() {
            let start = cursor.position();
            let (number, raw) = cursor.field(depth)?;
            match (number, &raw) {
                (1 | 4, Raw::Varint(_)) | (2, Raw::Fixed64(_)) | (5 | 6, Raw::Bytes(_)) => {}
                (3, Raw::Bytes(segment)) => drop(utf8(*segment)?),
                (1..=6, other) => return wrong(start, number, other),
                _ => continue,
            }
            if kind != number || number < 5 {
                raws.clear();
            }
            kind = number;
            raws.push(raw);
        }
    }
    match (kind, raws.as_slice()) {
        (1, _) => out.extend_from_slice(b"null"),
        (2, [Raw::Fixed64(bits)]) => return number(at, f64::from_bits(*bits), out),
        (3, [Raw::Bytes(segment)]) => return text(utf8(*segment)?, out),
        (4, [Raw::Varint(bits)]) => out.extend_from_slice(if *bits == 0 { b"false" } else { b"true" }),
        (5, members) => return write(Json::Struct, members, out, depth),
        (6, items) => return write(Json::List, items, out, depth),
        _ => return fault(at, Reason::Null, "a google.protobuf.Value of no kind is no JSON"),
    }
    Ok(())
}

/// The shortest text that reads as the same number.
fn number(at: usize, number: f64, out: &mut Vec<u8>) -> Step {
    if !number.is_finite() {
        return fault(at, Reason::Range, format!("{number} in a google.protobuf.Value is no JSON"));
    }
    let text = format!("{number:?}");
    out.extend_from_slice(text.strip_suffix(".0").unwrap_or(&text).as_bytes());
    Ok(())
}

fn text(text: &str, out: &mut Vec<u8>) -> Step {
    serde_json::to_writer(out, text).or_else(|error| fault(0, Reason::Format, error.to_string()))
}
