//! Against `simd-json`, which rounds floats correctly and shares no code with the other oracle.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, UInt64Type};
use proptest::prelude::*;
use serde_json::Value as Json;
use simd_json::{OwnedValue, StaticNode};

use super::oracle::{any_object, any_text};
use crate::decode::tests::decode;

const NAMES: [&str; 4] = ["a", "b", "c", "0"];

fn oracle(text: &[u8]) -> Option<Json> {
    simd_json::to_owned_value(&mut text.to_vec()).ok().map(|value| plain(&value))
}

/// The oracle keeps all members of one name; here the last counts.
fn plain(value: &OwnedValue) -> Json {
    match value {
        OwnedValue::Static(StaticNode::Null) => Json::Null,
        OwnedValue::Static(StaticNode::Bool(flag)) => Json::from(*flag),
        OwnedValue::Static(StaticNode::I64(number)) => Json::from(*number),
        OwnedValue::Static(StaticNode::U64(number)) => Json::from(*number),
        OwnedValue::Static(StaticNode::F64(number)) => Json::from(*number),
        OwnedValue::String(text) => Json::from(text.as_str()),
        OwnedValue::Array(items) => Json::from(items.iter().map(plain).collect::<Vec<_>>()),
        OwnedValue::Object(members) => members.iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
    }
}

/// One column for each name, of this type.
fn columns(data_type: &str) -> String {
    let columns: Vec<String> = NAMES.iter().map(|name| format!("{name}:{data_type}")).collect();
    format!("json:{}", columns.join(","))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn values_of_members_are_the_oracle_s(document in any_object(any_text())) {
        // Integers beyond 64 bits are none to the oracle.
        let Some(tree) = oracle(document.as_bytes()) else { return Ok(()) };
        let (arrays, bad) = decode(&columns("json"), &[Some(document.as_bytes())]);
        prop_assert!(bad.is_empty(), "{}: {:?}", document, bad);
        for (array, name) in arrays.iter().zip(NAMES) {
            let found = (!array.is_null(0)).then(|| oracle(array.as_string::<i32>().value(0).as_bytes()).unwrap());
            let expected = tree.get(name).filter(|value| !value.is_null()).cloned();
            prop_assert_eq!(found, expected, "{} {}", document, name);
        }
        for name in NAMES {
            let Some(value) = tree.get(name) else { continue };
            let single = |data_type: &str| {
                let (mut arrays, bad) = decode(&format!("json:{name}:{data_type}"), &[Some(document.as_bytes())]);
                bad.is_empty().then(|| arrays.remove(0))
            };
            if let Some(text) = value.as_str() {
                let found = single("utf8").unwrap();
                prop_assert_eq!(found.as_string::<i32>().value(0), text);
            }
            if let Some(flag) = value.as_bool() {
                prop_assert_eq!(single("bool").unwrap().as_boolean().value(0), flag);
            }
            if let Some(number) = value.as_i64() {
                prop_assert_eq!(single("int64").unwrap().as_primitive::<Int64Type>().value(0), number);
            }
            if let Some(number) = value.as_u64() {
                prop_assert_eq!(single("uint64").unwrap().as_primitive::<UInt64Type>().value(0), number);
            }
            if value.is_f64() {
                let found = single("float64").unwrap().as_primitive::<Float64Type>().value(0);
                prop_assert_eq!(found.to_bits(), value.as_f64().unwrap().to_bits(), "{} {}", document, found);
            }
        }
    }

    #[test]
    fn a_document_with_one_byte_changed_is_read_where_the_oracle_reads_it(
        document in any_object(any_text()),
        at: prop::sample::Index,
        byte in prop_oneof![any::<u8>(), prop::sample::select(b"{}[]\",:0-.e\\u ".to_vec())],
    ) {
        let mut bytes = document.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let (_, bad) = decode(r#"object:{"type":"any"}"#, &[Some(&bytes)]);
        match simd_json::to_owned_value(&mut bytes.clone()) {
            Ok(_) => prop_assert!(bad.is_empty(), "{:?}: {:?}", String::from_utf8_lossy(&bytes), bad),
            // Numbers beyond its integers and floats are no matter of grammar.
            Err(error) if matches!(error.error(), simd_json::ErrorType::InvalidNumber | simd_json::ErrorType::Overflow) => {}
            Err(error) => prop_assert_eq!(bad.len(), 1, "{:?}: {}", String::from_utf8_lossy(&bytes), error),
        }
    }
}
