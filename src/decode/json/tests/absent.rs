//! What stands for values that are missing or null.

use super::*;

#[test]
fn a_column_declared_not_null_refuses_null_and_missing() {
    let error = refused("json:a:int64!", br#"{"a":null}"#);
    assert_eq!((error.reason, error.position, error.column.as_deref()), (Reason::Null, 5, Some("a")));
    let error = refused("json:a:int64!", br#"{"b":1}"#);
    assert_eq!((error.reason, error.position, error.column.as_deref()), (Reason::Null, 7, Some("a")));
    assert_eq!(shown("json:a:int64!", br#"{"a":null,"a":1}"#), "1");
}

#[test]
fn a_default_stands_where_the_value_is_missing_or_null() {
    for (data_type, expected) in [
        ("int64?-7", "-7"),
        ("utf8?BUY", "BUY"),
        ("utf8?5", "5"),
        (r#"utf8?"a ""b"", \c""#, r#"a "b", \c"#),
        (r#"utf8?"""#, ""),
        ("bool?true", "true"),
        ("float64?1.5", "1.5"),
        ("timestamp(ms)?1795264496123", "1795264496123"),
        (r#"timestamp(ms)?"2026-11-21T12:34:56.123Z""#, "1795264496123"),
        ("date32?2026-11-21", "2026-11-21"),
        ("list<int8>?[]", "[]"),
        (r#"struct<x:int8>?"{""x"":1}""#, "{x: 1}"),
        ("json?{}", "{}"),
    ] {
        for document in ["{}", r#"{"a":null}"#] {
            assert_eq!(shown(&format!("json:a:{data_type}"), document.as_bytes()), expected, "{data_type}");
            assert_eq!(shown(&format!("json:a:{data_type}=/a|/b"), document.as_bytes()), expected, "{data_type}");
        }
    }
    assert_eq!(shown("json:a:int64?5", br#"{"a":1}"#), "1");
    assert_eq!(refused("json:a:int64?5", br#"{"a":"x"}"#).reason, Reason::Type, "what is wrong is not missing");
    assert!(decode("json:a:int64?5", &[None]).0[0].is_null(0), "a tombstone is a row of nulls");
    for spec in ["json:a:int64?x", "json:a:int8?300", "json:a:list<int8>?5", "json:a:json?{"] {
        let error = decoder(&Spec::parse(spec).unwrap(), Side::Value, &Names::default()).unwrap_err().to_string();
        assert!(error.contains("column \"a\"") && error.contains("its default"), "{error}");
    }
}

#[test]
fn missing_and_null_have_their_own_values_and_errors() {
    for (none, missing, null) in [
        ("?missing:1", "1", "null"),
        ("?null:2", "null", "2"),
        ("?missing:1?null:2", "1", "2"),
        ("!null?missing:1", "1", "refused"),
        ("!missing?null:2", "refused", "2"),
        ("!missing", "refused", "null"),
        ("!null", "null", "refused"),
        ("!?missing:1", "1", "refused"),
        ("!", "refused", "refused"),
    ] {
        let spec = format!("json:a:int64{none}");
        let found = |document: &[u8]| {
            let (arrays, mut bad) = decode(&spec, &[Some(document)]);
            match bad.pop() {
                Some(bad) if bad.error.reason == Reason::Null => "refused".to_owned(),
                Some(bad) => panic!("{bad:?}"),
                None => int64s(&arrays[0])[0].map_or("null".to_owned(), |value| value.to_string()),
            }
        };
        assert_eq!((found(b"{}").as_str(), found(br#"{"a":null}"#).as_str()), (missing, null), "{none}");
        assert_eq!(found(br#"{"a":7}"#), "7");
    }
    assert_eq!(shown(r#"json:a:utf8?"missing:x""#, b"{}"), "missing:x", "a quoted default is what it says");
    let error = decoder(&Spec::parse("json:a:int8?missing:1?null:300").unwrap(), Side::Value, &Names::default()).unwrap_err();
    assert!(error.to_string().contains("its default \"300\""), "{error}");
}
