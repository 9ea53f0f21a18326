//! Default values of a reader's schema, as the datum that would have given them.

use serde_json::Value as Json;

use crate::spec::{AvroKind, AvroSchema, MOST_DEPTH, NodeId};

/// Appends the datum of `value` to `datum`. The error says what does not fit.
pub(super) fn encode(schema: &AvroSchema, id: NodeId, value: &Json, depth: usize, datum: &mut Vec<u8>) -> Result<(), String> {
    if depth > MOST_DEPTH {
        return Err("the default value is nested too deeply".into());
    }
    let refused = || Err(format!("the default value {value} is no {}", schema.describe(id)));
    match (schema.kind(id), value) {
        (AvroKind::Null, Json::Null) => {}
        (AvroKind::Boolean, Json::Bool(value)) => datum.push(u8::from(*value)),
        (AvroKind::Int, Json::Number(number)) => match number.as_i64().filter(|value| i32::try_from(*value).is_ok()) {
            Some(value) => long(value, datum),
            None => return refused(),
        },
        (AvroKind::Long, Json::Number(number)) => match number.as_i64() {
            Some(value) => long(value, datum),
            None => return refused(),
        },
        (AvroKind::Float, value) => match float(value) {
            Some(value) => datum.extend((value as f32).to_le_bytes()), // rounded, as the schema asks for
            None => return refused(),
        },
        (AvroKind::Double, value) => match float(value) {
            Some(value) => datum.extend(value.to_le_bytes()),
            None => return refused(),
        },
        (AvroKind::String, Json::String(text)) => bytes(text.as_bytes(), datum),
        (AvroKind::Bytes, Json::String(text)) => match latin(text) {
            Some(value) => bytes(&value, datum),
            None => return refused(),
        },
        (AvroKind::Fixed { size, .. }, Json::String(text)) => match latin(text).filter(|value| value.len() == *size) {
            Some(value) => datum.extend(value),
            None => return refused(),
        },
        (AvroKind::Enum { symbols, .. }, Json::String(text)) => match symbols.iter().position(|symbol| symbol == text) {
            Some(symbol) => count(symbol, datum),
            None => return refused(),
        },
        (AvroKind::Array(items), Json::Array(values)) => {
            if !values.is_empty() {
                count(values.len(), datum);
                values.iter().try_for_each(|value| encode(schema, *items, value, depth + 1, datum))?;
            }
            datum.push(0);
        }
        (AvroKind::Map(values), Json::Object(entries)) => {
            if !entries.is_empty() {
                count(entries.len(), datum);
                for (key, value) in entries {
                    bytes(key.as_bytes(), datum);
                    encode(schema, *values, value, depth + 1, datum)?;
                }
            }
            datum.push(0);
        }
        (AvroKind::Record { fields, .. }, Json::Object(members)) => {
            for field in fields {
                let Some(value) = members.get(&field.name).or(field.default.as_ref()) else {
                    return Err(format!("the default value {value} lacks {}", field.name));
                };
                encode(schema, field.node, value, depth + 1, datum)?;
            }
        }
        // The first branch by older specifications, any by newer ones.
        (AvroKind::Union(branches), value) => {
            let start = datum.len();
            for (index, branch) in branches.iter().enumerate() {
                count(index, datum);
                match encode(schema, *branch, value, depth + 1, datum) {
                    Ok(()) => return Ok(()),
                    Err(_) => datum.truncate(start),
                }
            }
            return refused();
        }
        _ => return refused(),
    }
    Ok(())
}

fn float(value: &Json) -> Option<f64> {
    match value {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

/// Bytes as JSON has them: a character for each.
fn latin(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect()
}

fn long(value: i64, datum: &mut Vec<u8>) {
    let mut rest = (value << 1 ^ value >> 63).cast_unsigned();
    while rest > 0x7f {
        datum.push(u8::try_from(rest & 0x7f).unwrap_or(0) | 0x80);
        rest >>= 7;
    }
    datum.push(u8::try_from(rest).unwrap_or(0));
}

fn count(value: usize, datum: &mut Vec<u8>) {
    long(i64::try_from(value).unwrap_or(i64::MAX), datum);
}

fn bytes(value: &[u8], datum: &mut Vec<u8>) {
    count(value.len(), datum);
    datum.extend_from_slice(value);
}
