//! What the registry's answers hold.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::fault::RegistryFault;
use super::schema::SchemaKind;

/// More of what a registry says is not shown.
const LONGEST_MESSAGE: usize = 300;

/// One schema as it is answered, before its references are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) id: Option<u32>,
    pub(super) guid: Option<Uuid>,
    pub(super) version: Option<i32>,
    pub(super) kind: SchemaKind,
    pub(super) text: Arc<str>,
    pub(super) references: Vec<Pointer>,
}

/// A reference as it is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pointer {
    pub(super) name: Arc<str>,
    pub(super) subject: Arc<str>,
    pub(super) version: i32,
}

/// Reads the answer with a schema.
pub(super) fn schema(body: &[u8]) -> Result<Answer, RegistryFault> {
    let value = json(body)?;
    let text = value.get("schema").and_then(Value::as_str).ok_or_else(|| malformed("it has no text named schema"))?;
    let references = match value.get("references") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(references)) => references.iter().map(pointer).collect::<Result<_, _>>()?,
        Some(_) => return Err(malformed("references is no list")),
    };
    let number = |name: &str| value.get(name).and_then(Value::as_i64);
    Ok(Answer {
        id: number("id").and_then(|id| u32::try_from(id).ok()),
        guid: value.get("guid").and_then(Value::as_str).and_then(|guid| guid.parse().ok()),
        version: number("version").and_then(|version| i32::try_from(version).ok()),
        kind: SchemaKind::of(value.get("schemaType").and_then(Value::as_str)),
        text: text.into(),
        references,
    })
}

fn pointer(value: &Value) -> Result<Pointer, RegistryFault> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(Arc::from);
    let version = value.get("version").and_then(Value::as_i64).and_then(|version| i32::try_from(version).ok());
    match (text("name"), text("subject"), version) {
        (Some(name), Some(subject), Some(version)) => Ok(Pointer { name, subject, version }),
        _ => Err(malformed("a reference lacks name, subject or version")),
    }
}

/// Reads the answer with the names of the subjects.
pub(super) fn names(body: &[u8]) -> Result<Vec<String>, RegistryFault> {
    let no_list = || malformed("it is no list of names");
    let value = json(body)?;
    let names = value.as_array().ok_or_else(no_list)?.iter().map(|name| name.as_str().map(str::to_owned));
    names.collect::<Option<_>>().ok_or_else(no_list)
}

/// What an answer means that is no success.
pub(super) fn fault(status: u16, body: &[u8]) -> RegistryFault {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let message = value.get("message").and_then(Value::as_str).unwrap_or_default();
    let message: String = message.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_MESSAGE).collect();
    let code = value.get("error_code").and_then(Value::as_u64).and_then(|code| u32::try_from(code).ok());
    match (status, code) {
        (401 | 403, _) => RegistryFault::Denied { status, message },
        // A 404 without a code of the registry's comes from something else: a proxy, or a wrong path in the address.
        (404, Some(code @ 40400..=40499)) => RegistryFault::NotFound { code, message },
        (404, _) if value.get("error_code").is_some() => RegistryFault::NotFound { code: 404, message },
        (429 | 500..=599, _) => RegistryFault::Unavailable { status, message },
        _ => RegistryFault::Refused { status, message },
    }
}

fn json(body: &[u8]) -> Result<Value, RegistryFault> {
    serde_json::from_slice(body)
        .map_err(|error| malformed(&format!("no JSON at line {}, column {}", error.line(), error.column())))
}

fn malformed(reason: &str) -> RegistryFault {
    RegistryFault::Malformed(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_without_a_type_is_of_avro_and_what_it_refers_to_is_read() {
        let body = br#"{"schema":"\"string\"","id":7,"version":2,"guid":"0198d3a1-5e3a-7c44-8a4c-9a3b1f0e6d21",
            "references":[{"name":"a.B","subject":"b","version":3}]}"#;
        let answer = schema(body).expect("a schema");
        assert_eq!((answer.id, answer.version, &answer.kind, &*answer.text), (Some(7), Some(2), &SchemaKind::Avro, "\"string\""));
        assert!(answer.guid.is_some());
        assert_eq!(answer.references, [Pointer { name: "a.B".into(), subject: "b".into(), version: 3 }]);
        let other = schema(br#"{"schema":"x","schemaType":"XSD"}"#).expect("a schema");
        assert_eq!(other.kind, SchemaKind::Other("XSD".into()));
    }

    #[test]
    fn what_is_no_answer_is_a_fault_and_never_a_panic() {
        for body in [
            &b""[..],
            b"{",
            b"[]",
            b"{}",
            b"null",
            br#"{"schema":1}"#,
            br#"{"schema":"x","references":1}"#,
            br#"{"schema":"x","references":[{"name":"a","subject":"b","version":99999999999}]}"#,
            b"\xff\xfe",
            b"<html>",
        ] {
            assert!(matches!(schema(body), Err(RegistryFault::Malformed(_))), "{body:?}");
        }
        assert!(schema("[".repeat(100_000).as_bytes()).is_err(), "a nesting that would need a deep stack");
        assert!(names(br#"["a",1]"#).is_err() && names(b"{}").is_err());
        assert_eq!(names(br#"["a","b"]"#), Ok(vec!["a".to_owned(), "b".to_owned()]));
    }

    #[test]
    fn statuses_and_codes_mean_what_confluent_says() {
        let body = |code: u32| format!(r#"{{"error_code":{code},"message":"no\nway"}}"#).into_bytes();
        let message = || "no way".to_owned();
        for code in [40401, 40402, 40403] {
            assert_eq!(fault(404, &body(code)), RegistryFault::NotFound { code, message: message() });
        }
        assert!(matches!(fault(404, b"<html>"), RegistryFault::Refused { status: 404, .. }), "a wrong path is no missing schema");
        assert_eq!(fault(401, &body(401)), RegistryFault::Denied { status: 401, message: message() });
        assert_eq!(fault(403, &body(40301)), RegistryFault::Denied { status: 403, message: message() });
        for status in [429, 500, 503, 599] {
            assert_eq!(fault(status, &body(50001)), RegistryFault::Unavailable { status, message: message() });
        }
        assert!(matches!(fault(422, b""), RegistryFault::Refused { .. }));
        assert!(matches!(fault(302, b""), RegistryFault::Refused { .. }));
    }
}
