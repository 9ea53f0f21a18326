//! Documents as anybody produces them, for nested columns and for typed descriptions.

use std::sync::OnceLock;

use crate::decode::fuzzing::decoded;
use crate::decode::{Column, decoder};
use crate::spec::{Names, Side, Spec};

const SPECS: [&str; 9] = [
    r#"object:{"type":"any"}"#,
    "json:a:list<struct<b:int64!,c:list<utf8>>>,d:map<utf8,struct<e:json,f:decimal(20,2)>>,g:list<list<float32>>=/x/0/g|/g",
    "json:a:struct<b:struct<c:int8!,d:map<int32,utf8!>>!,e:timestamp>!null?missing:null,f:utf8?missing:x;zone=Europe/Berlin",
    "json:a:list<struct<b:utf8,c:binary>>,d:map<date32,bool>;lenient",
    r#"object:{"fields":{"id":"long","at":"instant(ms)","on":"local_date","tags":["string"],"sum":"big_integer","rate":"big_decimal",
        "loc":{"type":"tuple","elements":["double",{"type":"double","allow_string":true}]},"ok":{"type":"bool","allow_string":true}}}"#,
    r#"object:{"fields":[{"name":"a","aliases":["b"],"case_sensitive":false,"repeated":"use_first","type":"array","element":
        {"fields":{"c":{"type":"int","allow_decimal":true,"allow_string":true,"on_missing":-1},"d":[{"fields":{"e":"string"}}]}}}]}"#,
    r#"object:{"type":"typed_object","type_field":{"name":"t","aliases":["kind"]},"shared_fields":{"s":"string"},
        "objects":{"x":{"fields":{"a":"int"}},"y":{"type":"object","allow_unknown_fields":false,"fields":{"b":["any"]}}}}"#,
    r#"object:[{"type":"typed_object","type_field":"t","objects":{"x":{"fields":{"a":{"type":"entries","value":["long"]}}},"y":{"fields":{}}}}]"#,
    r#"object:{"type":"entries","key":"int","value":{"fields":{"a":{"type":"double","allow_null":false},"b":{"type":"skip","allow_array":false}}}}"#,
];

/// Decodes a document three times beside a null. First byte: the spec. Where any JSON is asked for, it is read if and only if
/// `serde_json` reads it.
///
/// # Panics
/// Where there is not one row for each payload, equal payloads do not give equal rows, or the two disagree.
pub fn json(input: &[u8]) {
    let [choice, document @ ..] = input else { return };
    static PARSED: OnceLock<Vec<Spec>> = OnceLock::new();
    let specs = PARSED.get_or_init(|| SPECS.iter().map(|spec| Spec::parse(spec).expect(spec)).collect());
    let index = usize::from(*choice) % specs.len();
    decoded(&specs[index], document);
    if index == 0 {
        agrees(&specs[0], document);
    }
}

fn agrees(spec: &Spec, document: &[u8]) {
    // A blank document is a missing value, and before one there may be a mark: neither is JSON.
    let blank = document.iter().all(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t'));
    if blank || document.starts_with(b"\xef\xbb\xbf") {
        return;
    }
    let mut decoder = decoder(spec, Side::Value, &Names::default()).expect("the spec is good");
    let mut columns: Vec<Column> = decoder.fields().iter().map(|field| Column::new(field).expect("a type")).collect();
    let mut bad = Vec::new();
    decoder.decode(&[Some(document)], &mut columns, &mut bad);
    match serde_json::from_slice::<serde_json::Value>(document) {
        Ok(_) => assert!(bad.is_empty(), "{bad:?}"),
        // Numbers beyond its floats and nesting beyond its limit are no matter of grammar.
        Err(error) if error.to_string().contains("out of range") || error.to_string().contains("recursion limit") => {}
        Err(error) => assert!(!bad.is_empty(), "{error}"),
    }
}
