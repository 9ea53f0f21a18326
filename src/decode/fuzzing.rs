//! Payloads as anybody produces them.

use std::sync::OnceLock;

pub use super::avro::fuzzing::{payload as avro, schema as avro_schema};
pub use super::protobuf::fuzzing::payload as protobuf;
use super::{Column, decoder};
use crate::spec::{Names, Side, Spec};

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

/// Decodes a payload three times beside a null.
///
/// # Panics
/// Where there is not one row for each payload, or equal payloads do not give equal rows.
pub(super) fn decoded(spec: &Spec, payload: &[u8]) {
    let mut decoder = decoder(spec, Side::Value, &Names::default()).expect("the spec is good");
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
