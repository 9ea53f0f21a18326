//! Against `serde_json`: any document it reads, kolumn reads alike; and no bytes make the decoder panic.

use std::fmt::Write;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use proptest::prelude::*;
use serde_json::Value;

use crate::decode::Reason;
use crate::decode::tests::decode;
use crate::spec::{self, Type};

/// A JSON value as text, with escapes, white space and duplicates; names are few, so that they meet.
pub(super) fn any_text() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        (-100_i64..100).prop_map(|number| number.to_string()),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(|number| format!("{number:e}")),
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?",
        any_string(),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec((any_space(), inner.clone(), any_space()), 0..5).prop_map(|elements| {
                let texts: Vec<String> =
                    elements.into_iter().map(|(before, text, after)| format!("{before}{text}{after}")).collect();
                format!("[{}]", texts.join(","))
            }),
            any_object(inner),
        ]
    })
}

pub(super) fn any_object(inner: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let name = prop_oneof![
        prop::sample::select(vec!["\"a\"", "\"b\"", "\"c\"", "\"0\"", "\"1\"", "\"\\u0061\"", "\"\""]).prop_map(str::to_owned),
        any_string(),
    ];
    prop::collection::vec((any_space(), name, any_space(), inner, any_space()), 0..6).prop_map(|members| {
        let texts: Vec<String> =
            members.into_iter().map(|(one, name, two, text, three)| format!("{one}{name}{two}:{text}{three}")).collect();
        format!("{{{}}}", texts.join(","))
    })
}

fn any_string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-c \"\\\\/äß€😀\u{1}\n]{0,12}".prop_map(|text| serde_json::to_string(&text).unwrap().trim_matches('"').to_owned()),
        any::<char>().prop_map(|character| {
            let mut escaped = String::new();
            character.encode_utf16(&mut [0; 2]).iter().for_each(|unit| write!(escaped, "\\u{unit:04x}").unwrap());
            escaped
        }),
        prop::sample::select(vec!["\\/", "\\b", "\\f", "\\t"]).prop_map(str::to_owned),
    ];
    // What a trimmed quote left behind must not end the text: a backslash in front of it was trimmed of its quote.
    prop::collection::vec(piece, 0..4)
        .prop_map(|pieces| format!("\"{}\"", pieces.concat()))
        .prop_filter("a text", |text| serde_json::from_str::<String>(text).is_ok())
}

fn any_space() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "", "", " ", "\n\t", "\r "])
}

const POINTERS: [&str; 8] = ["/a", "/b", "/a/b", "/a/b/c", "/a/0", "/b/1/a", "/", "/c/0/0"];

fn columns(data_type: &str) -> String {
    let columns: Vec<String> =
        POINTERS.iter().enumerate().map(|(index, pointer)| format!("c{index}:{data_type}=\"{pointer}\"")).collect();
    format!("json:{}", columns.join(","))
}

/// What `serde_json` has at each pointer.
fn oracle(document: &str) -> Vec<Option<Value>> {
    let tree: Value = serde_json::from_str(document).unwrap();
    POINTERS.iter().map(|pointer| tree.pointer(pointer).filter(|value| !value.is_null()).cloned()).collect()
}

fn integer(value: &Value) -> Option<i64> {
    // Integers written with points or exponents are floats to the oracle: only those that a double holds exactly are compared.
    value.as_i64().or_else(|| value.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 9e15).map(|float| float as i64))
}

/// Types whose values the oracle can tell without a doubt.
fn any_nested() -> impl Strategy<Value = Type> {
    prop::sample::select(vec![Type::Json, Type::Utf8, Type::Bool, Type::Json]).prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(|value| Type::map(Type::Utf8, value)),
            prop::collection::btree_map(prop::sample::select(vec!["a", "b", "c", "0", ""]), inner, 1..4)
                .prop_map(Type::structure),
        ]
    })
}

/// The oracle's value as the type asks for it; `None` where it does not fit.
fn as_asked(data_type: &Type, value: &Value) -> Option<Value> {
    if value.is_null() {
        return Some(Value::Null);
    }
    match data_type {
        Type::Json => Some(value.clone()),
        Type::Utf8 => value.is_string().then(|| value.clone()),
        Type::Bool => value.is_boolean().then(|| value.clone()),
        Type::List(item) => value.as_array()?.iter().map(|value| as_asked(item, value)).collect::<Option<_>>().map(Value::Array),
        Type::Map(_, inner) => {
            let members = value.as_object()?.iter().map(|(key, value)| Some((key.clone(), as_asked(inner, value)?)));
            members.collect::<Option<_>>().map(Value::Object)
        }
        Type::Struct(fields) => {
            let object = value.as_object()?;
            let field = |(name, data_type): &(String, Type)| {
                Some((name.clone(), as_asked(data_type, object.get(name).unwrap_or(&Value::Null))?))
            };
            fields.iter().map(field).collect::<Option<_>>().map(Value::Object)
        }
        other => panic!("{other}"),
    }
}

/// The value of a row; raw JSON is read by the oracle.
pub(super) fn shown(data_type: &Type, array: &dyn Array, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    let items = |inner: &Type, array: &dyn Array| (0..array.len()).map(|row| shown(inner, array, row)).collect::<Vec<_>>();
    match data_type {
        Type::Bool => Value::Bool(array.as_boolean().value(row)),
        Type::Int64 => Value::from(array.as_primitive::<Int64Type>().value(row)),
        Type::Utf8 => Value::String(array.as_string::<i32>().value(row).to_owned()),
        Type::Json => serde_json::from_str(array.as_string::<i32>().value(row)).unwrap(),
        Type::List(inner) => Value::Array(items(inner, array.as_list::<i32>().value(row).as_ref())),
        Type::Map(_, inner) => {
            let entries = array.as_map().value(row);
            let names = entries.column(0).as_string::<i32>().iter().map(|key| key.unwrap().to_owned()).collect::<Vec<_>>();
            assert_eq!(names.iter().collect::<std::collections::HashSet<_>>().len(), names.len(), "one entry for a key");
            Value::Object(names.into_iter().zip(items(inner, entries.column(1).as_ref())).collect())
        }
        Type::Struct(fields) => {
            let columns = array.as_struct().columns();
            let field =
                |((name, inner), column): (&(String, Type), &ArrayRef)| (name.clone(), shown(inner, column.as_ref(), row));
            Value::Object(fields.iter().zip(columns).map(field).collect())
        }
        other => panic!("{other}"),
    }
}

proptest! {
    #[test]
    fn raw_text_of_any_place_is_the_oracle_s_value(document in any_object(any_text())) {
        prop_assume!(serde_json::from_str::<Value>(&document).is_ok()); // a number may be beyond the oracle's range
        let (arrays, bad) = decode(&columns("json"), &[Some(document.as_bytes())]);
        prop_assert!(bad.is_empty(), "{document}: {bad:?}");
        for (array, expected) in arrays.iter().zip(oracle(&document)) {
            let text = (!array.is_null(0)).then(|| array.as_string::<i32>().value(0));
            prop_assert_eq!(text.map(|text| serde_json::from_str::<Value>(text).unwrap()), expected, "{}", document);
        }
    }

    #[test]
    fn texts_numbers_and_booleans_are_the_oracle_s_or_an_error_of_type(document in any_object(any_text())) {
        prop_assume!(serde_json::from_str::<Value>(&document).is_ok());
        let expected = oracle(&document);
        for (index, pointer) in POINTERS.iter().enumerate() {
            let expected = expected[index].as_ref();
            let single = |data_type: &str| {
                let (mut arrays, mut bad) = decode(&format!("json:c:{data_type}=\"{pointer}\""), &[Some(document.as_bytes())]);
                let array = arrays.remove(0);
                (array.is_null(0), array, bad.pop().map(|bad| bad.error.reason))
            };

            let (null, array, reason) = single("utf8");
            match expected {
                None => prop_assert!(null && reason.is_none()),
                Some(Value::String(text)) => prop_assert_eq!(array.as_string::<i32>().value(0), text),
                Some(_) => prop_assert_eq!(reason, Some(Reason::Type)),
            }
            let (null, array, reason) = single("bool");
            match expected {
                None => prop_assert!(null && reason.is_none()),
                Some(Value::Bool(value)) => prop_assert_eq!(array.as_boolean().value(0), *value),
                Some(_) => prop_assert_eq!(reason, Some(Reason::Type)),
            }
            let (null, array, reason) = single("float64");
            match expected {
                None => prop_assert!(null && reason.is_none()),
                Some(Value::Number(number)) => {
                    // The oracle's own floats may be off by the last bit without its feature float_roundtrip.
                    let (found, number) = (array.as_primitive::<Float64Type>().value(0), number.as_f64().unwrap());
                    prop_assert!((found - number).abs() <= number.abs() * 1e-15, "{} {}", found, number);
                }
                Some(_) => prop_assert_eq!(reason, Some(Reason::Type)),
            }
            let (null, array, reason) = single("int64");
            match (expected, expected.and_then(integer)) {
                (None, _) => prop_assert!(null && reason.is_none()),
                (_, Some(number)) if reason.is_none() => prop_assert_eq!(array.as_primitive::<Int64Type>().value(0), number),
                (Some(Value::Number(_)), _) => prop_assert!(matches!(reason, None | Some(Reason::Precision | Reason::Range))),
                _ => prop_assert_eq!(reason, Some(Reason::Type)),
            }
        }
    }

    #[test]
    fn nested_values_are_the_oracle_s_or_an_error_as_it_has_them(value in any_text(), data_type in any_nested()) {
        let document = format!("{{\"v\":{value}}}");
        prop_assume!(serde_json::from_str::<Value>(&document).is_ok());
        let tree: Value = serde_json::from_str(&document).unwrap();
        let spec = spec::json([spec::column("v", data_type.clone())]).to_string();
        let (arrays, bad) = decode(&spec, &[Some(document.as_bytes())]);
        match as_asked(&data_type, &tree["v"]) {
            Some(expected) => {
                prop_assert!(bad.is_empty(), "{} {}: {:?}", data_type, document, bad);
                prop_assert_eq!(shown(&data_type, arrays[0].as_ref(), 0), expected, "{} {}", data_type, document);
            }
            None => prop_assert_eq!(bad.len(), 1, "{} {}", data_type, document),
        }
    }

    #[test]
    fn raw_text_with_one_byte_changed_is_valid_where_the_oracle_says_so(
        document in any_object(any_text()), at: prop::sample::Index, byte in prop_oneof![any::<u8>(), prop::sample::select(b"{}[]\",:0-.e\\u ".to_vec())],
    ) {
        let mut bytes = document.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let (_, bad) = decode("json:all:json=\"\"", &[Some(&bytes)]);
        match serde_json::from_slice::<Value>(&bytes) {
            Ok(value) => prop_assert_eq!(bad.is_empty(), value.is_object(), "{:?}: {:?}", String::from_utf8_lossy(&bytes), bad),
            // The oracle has no numbers beyond its floats; that is no matter of grammar.
            Err(error) if error.to_string().contains("out of range") => {}
            Err(error) => prop_assert_eq!(bad.len(), 1, "{:?}: {}", String::from_utf8_lossy(&bytes), error),
        }
    }

    #[test]
    fn what_was_learned_from_other_documents_changes_nothing(
        documents in prop::collection::vec((any_object(any_text()), prop::option::of((any::<prop::sample::Index>(), any::<u8>()))), 1..8),
    ) {
        let payloads: Vec<Vec<u8>> = documents.into_iter().map(|(document, damage)| {
            let mut bytes = document.into_bytes();
            if let Some((at, byte)) = damage {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes
        }).collect();
        for data_type in ["int64", "utf8", "json", "list<json>", "struct<a:utf8,b:struct<c:int8>>", "map<utf8,int64>"] {
            let together: Vec<_> = payloads.iter().map(|payload| Some(payload.as_slice())).collect();
            let (arrays, bad) = decode(&columns(data_type), &together);
            for (row, payload) in together.iter().enumerate() {
                let (alone, mut error) = decode(&columns(data_type), &[*payload]);
                for (array, alone) in arrays.iter().zip(alone) {
                    prop_assert_eq!(&array.slice(row, 1), &alone);
                }
                error.iter_mut().for_each(|bad| bad.index = row);
                prop_assert_eq!(bad.iter().find(|bad| bad.index == row), error.first());
            }
        }
    }

    #[test]
    fn no_truncated_document_is_read_and_none_makes_the_decoder_panic(document in any_object(any_text()), end: prop::sample::Index) {
        let end = end.index(document.trim_end().len());
        for data_type in ["int64", "float32", "utf8", "json", "binary", "timestamp(ns)", "decimal(9,2)", "decimal(60,2)", "list<json>", "struct<a:json,b:list<utf8>>", "map<utf8,int8>"] {
            let (_, bad) = decode(&columns(data_type), &[Some(&document.as_bytes()[..end])]);
            prop_assert_eq!(bad.len(), 1);
            prop_assert!(bad[0].error.position <= end);
        }
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        for data_type in ["int64", "utf8", "json", "timestamp(ms)", "list<list<utf8>>", "struct<a:int8>", "map<utf8,json>"] {
            let (_, bad) = decode(&columns(data_type), &[Some(&bytes)]);
            prop_assert!(bad.iter().all(|bad| bad.error.position <= bytes.len()));
        }
    }
}
