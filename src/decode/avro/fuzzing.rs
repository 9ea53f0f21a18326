//! Data and schemas as anybody produces them.

use std::sync::OnceLock;

use super::Avro;
use crate::decode::blocks::ByBlocks;
use crate::decode::fuzzing::decoded;
use crate::decode::{BadPayload, Column, Decoder};
use crate::spec::{AvroSpec, Framing, Kind, Recursive, SchemaId, Spec, avro};

const READER: &str = r#"{"type": "record", "name": "R", "fields": [
    {"name": "a", "type": "double"}, {"name": "b", "type": ["null", "string"], "default": null},
    {"name": "c", "type": {"type": "array", "items": ["null", "int", "string"]}, "default": [1, null]},
    {"name": "d", "type": {"type": "map", "values": {"type": "bytes", "logicalType": "decimal", "precision": 40, "scale": 2}}},
    {"name": "e", "type": {"type": "record", "name": "E", "fields": [
        {"name": "t", "type": {"type": "int", "logicalType": "time-millis"}},
        {"name": "u", "type": {"type": "string", "logicalType": "uuid"}},
        {"name": "v", "type": {"type": "bytes", "logicalType": "big-decimal"}},
        {"name": "w", "type": {"type": "enum", "name": "S", "symbols": ["X", "Y"], "default": "X"}},
        {"name": "again", "type": ["null", "E"]}]}}]}"#;
const WRITER: &str = r#"{"type": "record", "name": "R", "fields": [
    {"name": "gone", "type": {"type": "array", "items": {"type": "map", "values": ["null", "long"]}}},
    {"name": "d", "type": {"type": "map", "values": {"type": "bytes", "logicalType": "decimal", "precision": 30, "scale": 2}}},
    {"name": "e", "type": {"type": "record", "name": "E", "fields": [
        {"name": "again", "type": ["null", "E"]},
        {"name": "w", "type": {"type": "enum", "name": "S", "symbols": ["Y", "Z"]}},
        {"name": "v", "type": {"type": "bytes", "logicalType": "big-decimal"}},
        {"name": "u", "type": {"type": "string", "logicalType": "uuid"}},
        {"name": "t", "type": {"type": "int", "logicalType": "time-millis"}}]}},
    {"name": "a", "type": ["int", "float", "boolean"]}]}"#;

/// What has a loop of its own in a block, as it is and nullable.
const FLAT: &str = r#"{"type": "record", "name": "R", "fields": [
    {"name": "a", "type": ["null", "string"]}, {"name": "b", "type": ["int", "null"]}, {"name": "c", "type": "long"},
    {"name": "d", "type": {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2}},
    {"name": "e", "type": ["null", {"type": "enum", "name": "S", "symbols": ["X", "Y"]}]},
    {"name": "f", "type": ["boolean", "null"]}, {"name": "g", "type": ["null", "double"]}, {"name": "h", "type": "bytes"},
    {"name": "i", "type": ["null", "long"]}, {"name": "j", "type": "float"}, {"name": "k", "type": "string"}]}"#;

/// Decodes a payload three times beside a null. First byte: the spec.
///
/// # Panics
/// Where there is not one row for each payload, or equal payloads do not give equal rows.
pub fn payload(input: &[u8]) {
    let [choice, payload @ ..] = input else { return };
    static SPECS: OnceLock<Vec<Spec>> = OnceLock::new();
    let specs = SPECS.get_or_init(|| {
        let reader = || avro(READER).recursive(Recursive::Raw);
        let mapped = reader().mapping([("e.t", "t"), ("b", "b")]).mapped_only(true);
        let ids = reader().writer_schema_of(SchemaId::Id(1), WRITER);
        [
            reader(),
            reader().nested(crate::spec::Nested::Struct),
            reader().writer_schema(WRITER),
            mapped.clone(),
            mapped.writer_schema(WRITER),
            ids.framing(Framing::Confluent),
            reader().framing(Framing::SingleObject),
            avro(FLAT),
            avro(FLAT).mapping([("c", "c"), ("k", "k")]).mapped_only(true),
        ]
        .map(Spec::from)
        .into()
    });
    let spec = &specs[usize::from(*choice) % specs.len()];
    decoded(spec, payload);
    blocks(spec, payload);
}

/// Decodes a block of the payload, and one in which one is cut.
fn blocks(spec: &Spec, payload: &[u8]) {
    let Kind::Avro(spec) = &spec.kind else { return };
    let mut payloads = [Some(payload); 14];
    payloads[6] = None;
    payloads[10] = payload.get(..payload.len() / 2);
    same_both_ways(spec, &payloads);
}

/// What becomes of payloads by blocks.
///
/// # Panics
/// Where they do not become the same row by row, with the same reports.
pub(super) fn same_both_ways(spec: &AvroSpec, payloads: &[Option<&[u8]>]) -> Vec<BadPayload> {
    let mut decoder = Avro::new(spec, "Value", None).expect("the spec is good");
    let (mut rows, mut row_reports) = (new_columns(&decoder), Vec::new());
    decoder.one_by_one(payloads, &[], &mut rows, &mut row_reports);
    let (mut blocks, mut block_reports) = (new_columns(&decoder), Vec::new());
    decoder.decode(payloads, &mut blocks, &mut block_reports);
    assert_eq!(block_reports, row_reports);
    for (block, row) in blocks.iter_mut().zip(&mut rows) {
        assert_eq!(block.len(), payloads.len());
        assert_eq!(&block.finish().expect("a column"), &row.finish().expect("a column"));
    }
    block_reports
}

fn new_columns(decoder: &Avro) -> Vec<Column> {
    decoder.fields().iter().map(|field| Column::new(field).expect("a type")).collect()
}

/// Reads a schema, and decodes by it what stands behind a zero byte.
///
/// # Panics
/// As [`payload`] does.
pub fn schema(input: &[u8]) {
    let mut parts = input.splitn(2, |byte| *byte == 0);
    let Some(Ok(text)) = parts.next().map(std::str::from_utf8) else { return };
    let spec = Spec::from(avro(text).recursive(Recursive::Raw));
    if crate::decode::decoder(&spec, crate::spec::Side::Value, &crate::spec::Names::default()).is_ok() {
        let payload = parts.next().unwrap_or_default();
        decoded(&spec, payload);
        blocks(&spec, payload);
    }
}
