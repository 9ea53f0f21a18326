//! Lists, structs and maps.

use super::*;

#[test]
fn lists_structs_and_maps_are_columns() {
    for (data_type, text, expected) in [
        ("list<int64>", "[1, 2,null , 3e0]", "[1, 2, , 3]"),
        ("list<int64>", "[ ]", "[]"),
        ("list<list<utf8>>", r#"[[],["a"],null]"#, "[[], [a], ]"),
        ("struct<x:int64,y:utf8>", r#"{"y":"b","z":[{}],"x":1}"#, "{x: 1, y: b}"),
        ("struct<x:int64,y:utf8>", "{ }", "{x: , y: }"),
        ("struct<\"a b\":list<struct<c:bool>>>", r#"{"a b":[{"c":true},{}]}"#, "{a b: [{c: true}, {c: }]}"),
        ("map<utf8,float64>", r#"{"one":1,"t\u0077o":null}"#, "{one: 1.0, two: }"),
        ("map<utf8,list<int8>>", r#"{"":[1],"b":[]}"#, "{: [1], b: []}"),
        ("map<int32,bool>", r#"{"1":true,"-2":false}"#, "{1: true, -2: false}"),
        ("map<bool,int8>", r#"{"true":1}"#, "{true: 1}"),
        ("map<utf8,int8>", "{}", "{}"),
        ("decimal(76,2)", "1234567890123456789012345678901234567890123.5", "1234567890123456789012345678901234567890123.50"),
        (
            "decimal256(76,0)",
            r#""-99999999999999999999999999999999999999999999999999""#,
            "-99999999999999999999999999999999999999999999999999",
        ),
        ("list<json>", r#"[{"a" : 1}, 2]"#, r#"[{"a" : 1}, 2]"#),
    ] {
        assert_eq!(value(data_type, text), expected, "{data_type} {text}");
    }
}

#[test]
fn nested_values_have_their_errors_with_position() {
    for (data_type, text, reason, position, message) in [
        ("list<int64>", "1", Reason::Type, 0, "a list is asked for, found the number 1"),
        ("list<int64>", "[1,\"a\"]", Reason::Type, 3, "int64 is asked for, found the text \"a\""),
        ("list<int64>", "[1,]", Reason::Syntax, 3, "a value is expected"),
        ("list<int64>", "[1 2]", Reason::Syntax, 3, "',' or ']' is expected"),
        ("struct<x:int8>", "[]", Reason::Type, 0, "a struct is asked for, found an array"),
        ("struct<x:int8>", r#"{"x":300}"#, Reason::Range, 5, "beyond the range of int8"),
        ("struct<x:int8,y:int8>", r#"{"y":300,"x":400}"#, Reason::Range, 5, "300"),
        ("struct<x:int8>", r#"{"x":300 "y":1}"#, Reason::Syntax, 9, "',' or '}' is expected"),
        ("map<utf8,int8>", "true", Reason::Type, 0, "a map is asked for, found true"),
        ("map<int8,int8>", r#"{"a":1}"#, Reason::Format, 1, "int8 is asked for, found the text \"a\""),
        ("map<utf8,int8>", r#"{"a" 1}"#, Reason::Syntax, 5, "':' is expected"),
        ("map<utf8,int8>", r#"{a:1}"#, Reason::Syntax, 1, "a name in double quotes is expected"),
    ] {
        let (found, at, words) = wrong(data_type, text);
        assert_eq!((found, at), (reason, position), "{data_type} {text}: {words}");
        assert!(words.contains(message), "{data_type} {text}: {words}");
    }
}

#[test]
fn of_members_with_one_name_the_last_counts_within_nested_values_too() {
    for (data_type, text, expected) in [
        ("struct<x:int8>", r#"{"x":1,"x":2}"#, "{x: 2}"),
        ("struct<x:int8>", r#"{"x":"no int","x":2}"#, "{x: 2}"),
        ("struct<x:int8>", r#"{"x":1,"\u0078":null}"#, "{x: }"),
        ("struct<x:list<int8>,y:int8>", r#"{"x":[1,2],"y":1,"x":[3]}"#, "{x: [3], y: 1}"),
        ("map<utf8,int8>", r#"{"a":1,"b":2,"\u0061":3}"#, "{b: 2, a: 3}"),
        ("map<utf8,int8>", r#"{"a":"no int","a":3}"#, "{a: 3}"),
        ("map<int8,int8>", r#"{"1":1,"1.0":3}"#, "{1: 3}"),
    ] {
        assert_eq!(value(data_type, text), expected, "{data_type} {text}");
    }
    assert_eq!(wrong("struct<x:int8>", r#"{"x":1,"x":"no int"}"#).0, Reason::Type);
    assert_eq!(wrong("map<utf8,int8>", r#"{"a":1,"a":"no int"}"#).0, Reason::Type);
    assert_eq!(shown("json:a:list<int8>", br#"{"a":[1],"a":["no int"],"a":[2,3]}"#), "[2, 3]");
}

#[test]
fn a_bad_nested_payload_leaves_its_neighbours_whole() {
    let good = br#"{"a":[{"x":1,"m":{"k":[1]}}]}"#;
    let payloads =
        [Some(&good[..]), Some(br#"{"a":[{"x":1,"m":{"k":[1,2,"#), None, Some(br#"{"a":[{"m":{"k":["no"]}}]}"#), Some(good)];
    let (arrays, bad) = decode("json:a:list<struct<x:int8,m:map<utf8,list<int8>>>>", &payloads);
    assert_eq!(bad.iter().map(|bad| bad.index).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(arrays[0].logical_null_count(), 3);
    assert_eq!(&arrays[0].slice(0, 1), &arrays[0].slice(4, 1));
}

#[test]
fn a_nested_value_at_the_depth_limit_is_read_and_one_beyond_is_an_error() {
    let spec = "json:a:list<list<int8>>;depth=3";
    assert_eq!(shown(spec, br#"{"a":[[1]]}"#), "[[1]]");
    let spec = "json:a:list<json>;depth=3";
    assert_eq!(shown(spec, br#"{"a":[[1]]}"#), "[[1]]");
    let error = refused(spec, br#"{"a":[[[1]]]}"#);
    assert_eq!((error.reason, error.position), (Reason::Limit, 7));
    let error = Spec::parse("json:a:list<list<list<int8>>>;depth=3").unwrap_err().to_string();
    assert!(error.contains("its pointer and type go 4 levels deep, the limit is 3"), "{error}");
}

#[test]
fn what_is_declared_not_null_within_a_value_is_there() {
    for (data_type, text, expected) in [
        ("struct<a:int64!,b:utf8>", r#"{"a":1}"#, "{a: 1, b: }"),
        ("struct<a:int64!,b:utf8>", r#"{"a":null,"a":1}"#, "{a: 1, b: }"),
        ("list<int64!>", "[1]", "[1]"),
        ("map<utf8,int64!>", r#"{"a":null,"a":1}"#, "{a: 1}"),
        ("list<struct<a:int8!>!>", r#"[{"a":1}]"#, "[{a: 1}]"),
        ("struct<a:int64!>", "null", "null"),
    ] {
        assert_eq!(value(data_type, text), expected, "{data_type} {text}");
    }
    for (data_type, text, position, message) in [
        ("struct<a:int64!,b:utf8>", r#"{"b":"x"}"#, 8, "the field \"a\" is missing, and is declared not-null"),
        ("struct<a:int64!>", "{}", 1, "the field \"a\" is missing, and is declared not-null"),
        ("struct<a:int64!>", r#"{"a":null}"#, 5, "the value is null, and is declared not-null"),
        ("list<int64!>", "[1,null]", 3, "the value is null, and is declared not-null"),
        ("map<utf8,int64!>", r#"{"a":null}"#, 5, "the value is null, and is declared not-null"),
        ("list<struct<a:int8!>>", "[{}]", 2, "the field \"a\" is missing, and is declared not-null"),
    ] {
        assert_eq!(wrong(data_type, text), (Reason::Null, position, message.to_owned()), "{data_type} {text}");
    }
}
