//! Payloads as anybody produces them.

use std::sync::OnceLock;

pub use super::avro::fuzzing::{payload as avro, schema as avro_schema};
use super::json::compare;
pub use super::json::fuzzing::json;
pub use super::protobuf::fuzzing::payload as protobuf;
use super::{Column, Decoder, Lookup, WriterSchemas, decoder, decoder_with_registry};
use crate::registry::{Schema, SchemaKind};
use crate::spec::{self, Framing, Names, SchemaId, Side, Spec};

const SPECS: [&str; 9] = [
    "json:a:int64,b:float64,c:utf8,d:bool,e:timestamp(ms),g:int32=/f/g,h:decimal(10,2),i:date32,j:json,k:uuid,l:time(ns),m:binary",
    "json:a:int64,c:utf8,d:bool,e:timestamp,f:float32;lenient",
    "simple:utf8",
    "simple:int32",
    "simple:float64",
    "simple:uint64",
    "simple:bool",
    "simple:int16",
    "raw",
];

/// Decodes a payload three times beside a null. First byte: the spec.
///
/// # Panics
/// Where there is not one row for each payload, or equal payloads do not give equal rows.
pub fn payload(input: &[u8]) {
    let [choice, payload @ ..] = input else { return };
    static PARSED: OnceLock<Vec<Spec>> = OnceLock::new();
    let specs = PARSED.get_or_init(|| SPECS.iter().map(|spec| Spec::parse(spec).expect(spec)).collect());
    let spec = &specs[usize::from(*choice) % specs.len()];
    decoded(spec, payload);
}

const FAST_SPECS: [&str; 5] = [
    "json:a:int64,b:float64,c:utf8,d:bool,e:timestamp(ms),g:int32=/f/g,h:utf8=/f/h,i:date32,j:float32",
    "json:a:utf8,b:timestamp,c:list<utf8>,f:json,k:uint8,l:decimal(10,2)",
    "json:a:int8,f:struct<g:int64,h:utf8>,b:utf8=/m/y",
    "json:a:utf8!,b:int64?7,c:float64=/c|/d",
    "json:a:list<struct<b:utf8,c:int64>>,d:struct<e:struct<f:utf8>,g:list<float64>,h:list<utf8>>,i:list<bool>",
];

/// Decodes documents of a topic, thrice in a row, by the plain decoder and by the fast way. First byte: the spec. The documents are
/// separated by the byte 255.
///
/// # Panics
/// Where the two do not give the same columns and errors.
pub fn json_fast(input: &[u8]) {
    let [choice, documents @ ..] = input else { return };
    static PARSED: OnceLock<Vec<Spec>> = OnceLock::new();
    let specs = PARSED.get_or_init(|| FAST_SPECS.iter().map(|spec| Spec::parse(spec).expect(spec)).collect());
    let spec = &specs[usize::from(*choice) % specs.len()];
    let once: Vec<Option<&[u8]>> = documents.split(|byte| *byte == 255).map(Some).collect();
    compare(spec, &once.repeat(3), 100);
}

const READERS: [&str; 2] = [
    r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": ["null", "double", "string"], "default": null},
        {"name": "b", "type": {"type": "record", "name": "B", "fields": [{"name": "c", "type": "string", "default": "x"}]}, "default": {}}]}"#,
    r#"syntax = "proto3"; package p; message R { optional double a = 1; B b = 2; message B { string c = 1; repeated int32 d = 2; } }"#,
];

/// A registry that has one schema, under every id.
#[derive(Debug)]
struct OneSchema(Schema);

impl WriterSchemas for OneSchema {
    fn get(&self, _: SchemaId) -> Lookup {
        Lookup::of(&self.0)
    }
}

/// Reads the answers of a registry, a schema's and those of its references, and decodes what somebody wrote with it. First byte: how many
/// answers there are, each ended by a zero byte.
///
/// # Panics
/// As [`payload`] does.
pub fn registry(input: &[u8]) {
    let [count, input @ ..] = input else { return };
    let parts: Vec<&[u8]> = input.splitn(usize::from(count % 4) + 2, |byte| *byte == 0).collect();
    let Some(([body, bodies @ ..], payload)) = parts.split_last().map(|(payload, bodies)| (bodies, *payload)) else { return };
    let Some(schema) = crate::registry::fuzzing::schema(body, bodies.iter().copied()) else { return };
    let spec = match schema.kind {
        SchemaKind::Protobuf => spec::protobuf(READERS[1]).framing(Framing::Confluent).into(),
        _ => Spec::from(spec::avro(READERS[0]).framing(Framing::Confluent)),
    };
    let decoder = decoder_with_registry(&spec, Side::Value, &Names::default(), Box::new(OneSchema(schema)));
    decoded_by(decoder.expect("the spec is good"), &[&[0, 0, 0, 0, 1], payload].concat());
}

/// Decodes a payload three times beside a null.
///
/// # Panics
/// Where there is not one row for each payload, or equal payloads do not give equal rows.
pub(super) fn decoded(spec: &Spec, payload: &[u8]) {
    decoded_by(decoder(spec, Side::Value, &Names::default()).expect("the spec is good"), payload);
}

fn decoded_by(mut decoder: Box<dyn Decoder>, payload: &[u8]) {
    let mut columns: Vec<Column> = decoder.fields().iter().map(|field| Column::new(field).expect("a type")).collect();
    let mut bad = Vec::new();
    decoder.decode(&[Some(payload), None, Some(payload), Some(payload)], &mut columns, &mut bad);
    for column in &mut columns {
        let array = column.finish().expect("a column of four rows");
        assert_eq!(array.len(), 4);
        assert!(array.is_null(1));
        assert_eq!(array.slice(0, 1).as_ref(), array.slice(2, 1).as_ref());
        assert_eq!(array.slice(2, 1).as_ref(), array.slice(3, 1).as_ref());
    }
    assert!([0, 3].contains(&bad.len()), "{bad:?}");
}
