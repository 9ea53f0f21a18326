//! What a document is, and how errors of several parts of it rank.

use super::*;

#[test]
fn an_error_names_its_column_and_its_place() {
    let error = refused("json:qty:int64,px:float64=/px/last", br#"{"qty":1,"px":{"last":"abc"}}"#);
    assert_eq!(error.to_string(), "column px, byte 22: float64 is asked for, found the text \"abc\"");
}

#[test]
fn a_payload_is_one_object_with_white_space_and_a_byte_order_mark_around_it() {
    for document in ["{\"a\":1}", " \t\r\n{ \"a\" : 1 } \n", "\u{feff}{\"a\":1}", "\u{feff} {\"a\":1}"] {
        assert_eq!(shown("json:a:int64", document.as_bytes()), "1", "{document:?}");
    }
    for (document, reason, position) in [
        ("", Reason::Empty, 0),
        ("  ", Reason::Empty, 2),
        ("\u{feff}", Reason::Empty, 3),
        ("[1]", Reason::Type, 0),
        (" \"a\"", Reason::Type, 1),
        ("5", Reason::Type, 0),
        ("null", Reason::Type, 0),
        ("abc", Reason::Syntax, 0),
        ("{\"a\":1}x", Reason::Trailing, 7),
        ("{\"a\":1} {\"a\":2}", Reason::Trailing, 8),
        ("{\"a\":1}\0", Reason::Trailing, 7),
        ("{", Reason::Truncated, 1),
        ("{\"a", Reason::Truncated, 3),
        ("{\"a\"", Reason::Truncated, 4),
        ("{\"a\":", Reason::Truncated, 5),
        ("{\"a\":1", Reason::Truncated, 6),
        ("{\"a\":1,", Reason::Truncated, 7),
        ("{\"a\":1,}", Reason::Syntax, 7),
        ("{,\"a\":1}", Reason::Syntax, 1),
        ("{\"a\":1 \"b\":2}", Reason::Syntax, 7),
        ("{\"a\" 1}", Reason::Syntax, 5),
        ("{\"a\":1,,\"b\":2}", Reason::Syntax, 7),
        ("{a:1}", Reason::Syntax, 1),
        ("{\"a\":}", Reason::Syntax, 5),
        ("{\"b\":}", Reason::Syntax, 5),
        ("{\"a\":1]", Reason::Syntax, 6),
        ("{\"b\n\":1}", Reason::Syntax, 3),
    ] {
        let error = refused("json:a:int64", document.as_bytes());
        assert_eq!((error.reason, error.position), (reason, position), "{document:?}: {error}");
    }
}

#[test]
fn a_byte_order_mark_is_allowed_before_the_object_and_nowhere_else() {
    assert_eq!(shown("json:a:int8", b"\xef\xbb\xbf {\"a\":1}"), "1");
    for payload in
        [&b" \xef\xbb\xbf{\"a\":1}"[..], b"{\"a\":\xef\xbb\xbf1}", b"{\"a\":1}\xef\xbb\xbf", b"\xef\xbb\xbf\xef\xbb\xbf{}"]
    {
        refused("json:a:int8", payload);
    }
    assert_eq!(refused("json:a:int8", b"\xef\xbb\xbf").reason, Reason::Empty);
}

#[test]
fn values_that_no_column_asks_for_are_skipped_by_extent_and_not_judged() {
    for skipped in [
        "nonsense",
        "01x",
        "\"raw \n control, \\x wrong escape, \\\" quote\"",
        "{not json at all, \"}\": [}{] }",
        "[[[[1,,2]]]]",
        "truefalse",
    ] {
        let document = format!(r#"{{"x":{skipped},"a":7,"y":{skipped}}}"#);
        assert_eq!(shown("json:a:int64", document.as_bytes()), "7", "{document}");
    }
    let invalid = [br#"{"x":"#, &b"\"\xff\""[..], br#","a":7}"#].concat();
    assert_eq!(shown("json:a:int64", &invalid), "7");
    let deep = format!(r#"{{"x":{}1{},"a":7}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(shown("json:a:int64", deep.as_bytes()), "7");
}

#[test]
fn keys_must_be_valid_and_are_compared_without_their_escapes() {
    assert_eq!(shown("json:a:int64", br#"{"\u0061":5}"#), "5");
    assert_eq!(shown(r#"json:"a""b":int64"#, br#"{"a\"b":5}"#), "5");
    assert_eq!(shown("json:ä:int64", r#"{"\u00e4":5}"#.as_bytes()), "5");
    assert_eq!(shown("json:ä:int64", r#"{"ä":5}"#.as_bytes()), "5");
    let error = refused("json:a:int64", b"{\"\xff\":1,\"a\":5}");
    assert_eq!((error.reason, error.position), (Reason::Utf8, 2));
    let error = refused("json:a:int64", br#"{"b\x":1,"a":5}"#);
    assert_eq!((error.reason, error.position), (Reason::Syntax, 3));
}

#[test]
fn invalid_utf8_in_a_text_of_a_column_is_an_error_with_its_position() {
    for data_type in ["utf8", "json"] {
        let error = refused(&format!("json:a:{data_type}"), b"{\"a\":\"abcdefghijkl\xffm\"}");
        assert_eq!((error.reason, error.position), (Reason::Utf8, 18), "{data_type}");
        let error = refused(&format!("json:a:{data_type}"), b"{\"a\":\"\\n\xc3\"}");
        assert_eq!((error.reason, error.position), (Reason::Utf8, 8), "{data_type}");
    }
}

#[test]
fn of_several_members_with_one_name_the_last_counts_whatever_the_earlier_ones_hold() {
    for document in [
        r#"{"a":1,"a":2}"#,
        r#"{"a":"abc","a":2}"#,
        r#"{"a":01x,"a":2}"#,
        r#"{"a":{"a":[}{]},"a":2}"#,
        r#"{"a":99999999999999999999,"b":0,"\u0061":2}"#,
        r#"{"a":null,"a":2}"#,
        "{\"a\":\"\n\",\"a\":1.5,\"a\":2}",
    ] {
        assert_eq!(shown("json:a:int64", document.as_bytes()), "2", "{document}");
    }
    assert_eq!(shown("json:a:int64", br#"{"a":1,"a":null}"#), "null");
    assert_eq!(refused("json:a:int64", br#"{"a":1,"a":"x"}"#).position, 11);
    assert_eq!(refused("json:a:int64", br#"{"a":"x","a":"y"}"#).position, 13, "the error of the one that counts");
}

#[test]
fn of_several_objects_with_one_name_the_last_counts_as_a_whole() {
    let spec = "json:b:int64=/a/b,c:int64=/a/c";
    for (document, b, c) in [
        (r#"{"a":{"b":1,"c":2},"a":{"c":3}}"#, None, Some(3)),
        (r#"{"a":{"b":1,"c":2},"a":5}"#, None, None),
        (r#"{"a":{"b":1,"c":2},"a":null}"#, None, None),
        (r#"{"a":{"b":"wrong"},"a":{"b":4,"b":5}}"#, Some(5), None),
        (r#"{"a":{"b":1,,},"a":{"b":6}}"#, Some(6), None),
        (r#"{"a":{"b":1,"b":2},"a":{"b":3,"b":4,"c":5}}"#, Some(4), Some(5)),
    ] {
        let (arrays, bad) = one(spec, document);
        assert_eq!(bad, [], "{document}");
        assert_eq!((int64s(&arrays[0]), int64s(&arrays[1])), (vec![b], vec![c]), "{document}");
    }
}

#[test]
fn of_several_errors_the_document_s_comes_first_then_the_first_in_the_payload() {
    let error = refused("json:a:int64,b:int64", br#"{"b":"x","a":"y"}"#);
    assert_eq!((error.column.as_deref(), error.position), (Some("b"), 5));
    let error = refused("json:a:int64", br#"{"a":"x","b":1"#);
    assert_eq!((error.reason, error.column), (Reason::Truncated, None));
}

#[test]
fn a_bad_document_leaves_its_neighbours_and_reports_its_index() {
    let payloads: Vec<Option<&[u8]>> =
        vec![Some(br#"{"a":1,"b":"x"}"#), Some(br#"{"b":"y","a":1.5}"#), None, Some(b"{"), Some(br#"{"a":2}"#)];
    let (arrays, bad) = decode("json:a:int64,b:utf8", &payloads);
    assert_eq!(int64s(&arrays[0]), [Some(1), None, None, None, Some(2)]);
    assert_eq!(arrays[1].as_string::<i32>().iter().collect::<Vec<_>>(), [Some("x"), None, None, None, None]);
    assert_eq!(bad.iter().map(|bad| bad.index).collect::<Vec<_>>(), [1, 3]);
}

#[test]
fn documents_of_many_layouts_in_a_row_are_read_alike() {
    let documents = [
        r#"{"a":1,"b":2,"c":3}"#,
        r#"{"a":1,"b":2,"c":3}"#,
        r#"{"c":3,"b":2,"a":1}"#,
        r#"{"b":2}"#,
        r#"{ "a" : 1 , "b" : 2 , "c" : 3 }"#,
        r#"{"a":1,"x":[1],"b":2,"y":{},"c":3}"#,
        r#"{"a":1,"b":2,"c":3}"#,
    ];
    let payloads: Vec<_> = documents.iter().map(|document| Some(document.as_bytes())).collect();
    let (arrays, bad) = decode("json:a:int64,b:int64,c:int64", &payloads);
    assert_eq!(bad, []);
    for (column, array) in arrays.iter().enumerate() {
        let value = Some(column as i64 + 1);
        let sparse = if column == 1 { value } else { None };
        assert_eq!(int64s(array), [value, value, value, sparse, value, value, value]);
    }
}

#[test]
fn a_payload_at_the_size_limit_is_read_and_one_byte_beyond_is_an_error() {
    assert_eq!(shown("json:a:int8;size=7", br#"{"a":1}"#), "1");
    let error = refused("json:a:int8;size=7", br#"{"a":1} "#);
    assert_eq!((error.reason, error.position), (Reason::Limit, 7));
    assert!(error.message.contains("8 bytes, the limit is 7"), "{}", error.message);
}
