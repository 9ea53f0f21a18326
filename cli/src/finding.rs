//! Finding out how values become columns, from some of them.
//!
//! JSON objects become columns of their members, text becomes one column of text, anything else one of bytes. What is found is a spec as
//! text, which can be pasted and corrected.

use std::fmt::Write as _;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// More members than this are no columns any more but data.
const MOST_COLUMNS: usize = 200;

/// The spec that fits all `values`; none where there are none.
pub(crate) fn find_out<'a>(values: impl Iterator<Item = &'a [u8]> + Clone) -> Option<String> {
    values.clone().next()?;
    let objects: Option<Vec<Members>> = values.clone().map(|value| serde_json::from_slice(value).ok()).collect();
    if let Some(spec) = objects.and_then(|objects| json(&objects)) {
        return Some(spec);
    }
    let text = values.clone().all(|value| std::str::from_utf8(value).is_ok_and(|text| !text.contains('\0')));
    Some(if text { "simple:utf8" } else { "raw" }.to_owned())
}

fn json(objects: &[Members]) -> Option<String> {
    let mut columns: Vec<(&str, Kind)> = Vec::new();
    for (name, value) in objects.iter().flat_map(|object| &object.0) {
        let kind = Kind::of(value);
        match columns.iter_mut().find(|(known, _)| known == name) {
            Some((_, found)) => *found = found.both(kind),
            None => columns.push((name, kind)),
        }
    }
    if columns.is_empty() || columns.len() > MOST_COLUMNS {
        return None;
    }
    let mut spec = String::from("json:");
    for (index, (name, kind)) in columns.iter().enumerate() {
        if index > 0 {
            spec.push(',');
        }
        let plain =
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')) && !name.is_empty();
        if plain {
            spec.push_str(name);
        } else {
            // What cannot be written cannot be a column; a string takes all.
            let _ = write!(spec, "\"{}\"", name.replace('"', "\"\""));
        }
        spec.push(':');
        spec.push_str(kind.name());
    }
    Some(spec)
}

/// What the values of one member are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Unknown,
    Bool,
    Integer,
    Float,
    Text,
    Json,
}

impl Kind {
    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Unknown,
            Value::Bool(_) => Self::Bool,
            Value::Number(number) if number.is_i64() => Self::Integer,
            Value::Number(_) => Self::Float,
            Value::String(_) => Self::Text,
            Value::Array(_) | Value::Object(_) => Self::Json,
        }
    }

    /// What takes both.
    fn both(self, other: Self) -> Self {
        match (self, other) {
            (one, two) if one == two => one,
            (Self::Unknown, known) | (known, Self::Unknown) => known,
            (Self::Integer, Self::Float) | (Self::Float, Self::Integer) => Self::Float,
            _ => Self::Json,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Integer => "int64",
            Self::Float => "float64",
            Self::Text => "utf8",
            // A member that was only null may turn out to be anything.
            Self::Json | Self::Unknown => "json",
        }
    }
}

/// The members of an object, in their order.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kolumn::spec::Spec;

    fn found(values: &[&str]) -> Option<String> {
        find_out(values.iter().map(|value| value.as_bytes()))
    }

    #[test]
    fn objects_become_columns_in_the_order_of_their_members() {
        let spec = found(&[
            r#"{"symbol":"CRM","price":166,"live":true,"none":null,"meta":{"a":1}}"#,
            r#"{"symbol":"X","price":1.5,"late":7,"meta":{}}"#,
        ]);
        assert_eq!(spec.as_deref(), Some("json:symbol:utf8,price:float64,live:bool,none:json,meta:json,late:int64"));
    }

    #[test]
    fn members_of_mixed_kinds_are_json() {
        assert_eq!(found(&[r#"{"a":1}"#, r#"{"a":"x"}"#]).as_deref(), Some("json:a:json"));
        assert_eq!(found(&[r#"{"a":1}"#, r#"{"a":null}"#]).as_deref(), Some("json:a:int64"));
        assert_eq!(found(&[r#"{"a":18446744073709551615}"#]).as_deref(), Some("json:a:float64"));
    }

    #[test]
    fn what_is_found_is_a_spec_whatever_the_names_are() {
        let spec = found(&[r#"{"a,b":1,"say \"hi\"":2,"with space":3,"x":4}"#]).unwrap();
        assert_eq!(spec, r#"json:"a,b":int64,"say ""hi""":int64,"with space":int64,x:int64"#);
        Spec::parse(&spec).unwrap();
    }

    #[test]
    fn text_and_bytes_are_one_column() {
        assert_eq!(found(&["hello", "{\"a\":1}"]).as_deref(), Some("simple:utf8"));
        assert_eq!(found(&["[1,2]"]).as_deref(), Some("simple:utf8"));
        assert_eq!(found(&["{}"]).as_deref(), Some("simple:utf8"));
        assert_eq!(find_out([&b"\xff\xfe"[..]].into_iter()).as_deref(), Some("raw"));
        assert_eq!(found(&["\0\0\0\u{1}"]).as_deref(), Some("raw"), "numbers are no text");
    }

    #[test]
    fn nothing_tells_nothing() {
        assert_eq!(found(&[]), None);
    }
}
