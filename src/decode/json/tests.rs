//! The rows of "JSON" in semantics.md, and the golden values and errors of every type.

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};

use crate::decode::tests::{decode, refused, shown};
use crate::decode::{BadPayload, Reason, decoder};
use crate::spec::{Names, Side, Spec};

/// The value of a column `a` of this type, where the document is `{"a":value}`.
fn value(data_type: &str, value: &str) -> String {
    shown(&format!("json:a:{data_type}"), format!(r#"{{"a":{value}}}"#).as_bytes())
}

/// The error of the same; positions count from the value.
fn wrong(data_type: &str, value: &str) -> (Reason, isize, String) {
    let error = refused(&format!("json:a:{data_type}"), format!(r#"{{"a":{value}}}"#).as_bytes());
    (error.reason, error.position as isize - 5, error.message)
}

fn int64s(array: &ArrayRef) -> Vec<Option<i64>> {
    array.as_primitive::<Int64Type>().iter().collect()
}

fn one(spec: &str, payload: &str) -> (Vec<ArrayRef>, Vec<BadPayload>) {
    decode(spec, &[Some(payload.as_bytes())])
}

#[test]
fn every_type_has_its_values() {
    for (data_type, text, expected) in [
        ("bool", "true", "true"),
        ("bool", "false", "false"),
        ("int8", "-128", "-128"),
        ("int16", "32767", "32767"),
        ("int32", "-2147483648", "-2147483648"),
        ("int64", "9223372036854775807", "9223372036854775807"),
        ("int64", "1.0", "1"),
        ("int64", "1e3", "1000"),
        ("int64", "-0", "0"),
        ("int64", "-0.0", "0"),
        ("uint8", "255", "255"),
        ("uint16", "65535", "65535"),
        ("uint32", "4294967295", "4294967295"),
        ("uint64", "18446744073709551615", "18446744073709551615"),
        ("float64", "166.1554", "166.1554"),
        ("float64", "5", "5.0"),
        ("float64", "-0", "-0.0"),
        ("float64", "-1.5E+3", "-1500.0"),
        ("float32", "0.1", "0.1"),
        ("utf8", r#""BUY""#, "BUY"),
        ("utf8", r#""""#, ""),
        ("utf8", r#""zwölf \u00fc \ud83d\ude00 \"\\\/\b\f\n\r\t""#, "zwölf ü 😀 \"\\/\u{8}\u{c}\n\r\t"),
        ("char", r#""€""#, "€"),
        ("char", r#""\u20ac""#, "€"),
        ("binary", r#""AP8=""#, "00ff"),
        ("binary", r#""""#, ""),
        ("uuid", r#""123e4567-e89b-12d3-a456-426614174000""#, "123e4567e89b12d3a456426614174000"),
        ("timestamp(ms)", "1795264496123", "1795264496123"),
        ("timestamp(ms)", "1795264496123.999", "1795264496123"),
        ("timestamp(ms)", "1.795264496123e12", "1795264496123"),
        ("timestamp(ms)", r#""2026-11-21T12:34:56.123999Z""#, "1795264496123"),
        ("timestamp(ms)", r#""2026-11-21T12:34:56\u002e123Z""#, "1795264496123"),
        ("timestamp(ns)", r#""2026-11-21 14:34:56.123456789+0200""#, "1795264496123456789"),
        ("timestamp(ns,number=s)", "1795264496", "1795264496000000000"),
        ("timestamp(ns,number=s)", "1.5", "1500000000"),
        ("timestamp(s,number=ns)", "1795264496123456789", "1795264496"),
        ("timestamp", r#""1970-01-01T00:00:00.000000001Z""#, "1"),
        ("date32", r#""2026-11-21""#, "2026-11-21"),
        ("time(s)", r#""12:34:56.9""#, "12:34:56"),
        ("time(ms)", r#""12:34:56.789""#, "12:34:56.789"),
        ("time(us)", "1000000", "00:00:01"),
        ("time(ns)", r#""23:59:59.999999999""#, "23:59:59.999999999"),
        ("decimal(18,4)", "12.5", "12.5000"),
        ("decimal(18,4)", r#""-12.3456""#, "-12.3456"),
        ("decimal(18,4)", "1e3", "1000.0000"),
        ("json", r#"{"b" : [1, 2.50, "x\u00e9"], "c": null}"#, r#"{"b" : [1, 2.50, "x\u00e9"], "c": null}"#),
        ("json", r#""text""#, r#""text""#),
        ("json", "1.50", "1.50"),
        ("json", "[]", "[]"),
    ] {
        assert_eq!(value(data_type, text), expected, "{data_type} {text}");
    }
}

#[test]
fn null_and_missing_are_null_for_every_type() {
    for data_type in [
        "bool",
        "int8",
        "uint64",
        "float32",
        "float64",
        "utf8",
        "char",
        "binary",
        "uuid",
        "timestamp(ms)",
        "timestamp",
        "date32",
        "time(ns)",
        "decimal(9,2)",
        "json",
    ] {
        assert_eq!(value(data_type, "null"), "null", "{data_type}");
        for document in ["{}", " { } ", r#"{"b":1}"#] {
            assert_eq!(shown(&format!("json:a:{data_type}"), document.as_bytes()), "null", "{data_type} {document}");
        }
    }
}

#[test]
fn every_type_has_its_errors_with_position_and_reason() {
    for (data_type, text, reason, position, message) in [
        ("bool", "1", Reason::Type, 0, "bool is asked for, found the number 1"),
        ("bool", "\"true\"", Reason::Type, 0, "bool is asked for, found the text \"true\""),
        ("bool", "tru", Reason::Syntax, 0, "a value is expected, found \"tru\""),
        ("int64", "\"abc\"", Reason::Type, 0, "int64 is asked for, found the text \"abc\""),
        ("int64", "\"12\"", Reason::Type, 0, "int64 is asked for, found the text \"12\""),
        ("int64", "true", Reason::Type, 0, "int64 is asked for, found true"),
        ("int64", "[1]", Reason::Type, 0, "int64 is asked for, found an array"),
        ("int64", "{}", Reason::Type, 0, "int64 is asked for, found an object"),
        ("int64", "1.5", Reason::Precision, 0, "1.5 is no integer, int64 is asked for"),
        ("int64", "1e-1", Reason::Precision, 0, "1e-1 is no integer, int64 is asked for"),
        ("int64", "9223372036854775808", Reason::Range, 0, "9223372036854775808 is beyond the range of int64"),
        ("int8", "128", Reason::Range, 0, "128 is beyond the range of int8"),
        ("uint8", "-1", Reason::Range, 0, "-1 is beyond the range of uint8"),
        ("uint32", "4294967296", Reason::Range, 0, "4294967296 is beyond the range of uint32"),
        ("int64", "007", Reason::Syntax, 1, "the number's end behind its leading zero is expected, found the number 07"),
        ("int64", "12x", Reason::Syntax, 2, "the number's end is expected, found \"x\""),
        ("int64", "+1", Reason::Syntax, 0, "a value is expected, found \"+1\""),
        ("int64", "-", Reason::Syntax, 1, "a digit is expected, found \"}\""),
        ("float64", "1.", Reason::Syntax, 2, "a digit behind the point is expected, found \"}\""),
        ("float64", "NaN", Reason::Syntax, 0, "a value is expected, found \"NaN\""),
        ("float64", "\"NaN\"", Reason::Type, 0, "float64 is asked for, found the text \"NaN\""),
        ("float64", "1e400", Reason::Range, 0, "1e400 is beyond the range of float64"),
        ("float32", "1e39", Reason::Range, 0, "1e39 is beyond the range of float32"),
        ("utf8", "5", Reason::Type, 0, "utf8 is asked for, found the number 5"),
        ("utf8", "\"a\nb\"", Reason::Syntax, 2, "the control character 0x0a in a text must be escaped"),
        ("utf8", r#""ab\x""#, Reason::Syntax, 3, "\"\\\\x\" is no escape"),
        ("utf8", r#""ab\u12g4""#, Reason::Syntax, 3, "\"\\\\u12g4\" is no escape"),
        ("utf8", r#""ab\ud800""#, Reason::Utf8, 3, "a lone surrogate is no character; the option lenient puts U+FFFD for it"),
        ("utf8", r#""\udc00\ud800""#, Reason::Utf8, 1, "a lone surrogate is no character; the option lenient puts U+FFFD for it"),
        ("json", r#"["\ud800"]"#, Reason::Utf8, 2, "a lone surrogate is no character; the option lenient puts U+FFFD for it"),
        ("char", "\"ab\"", Reason::Format, 0, "char is asked for, found the text \"ab\""),
        ("char", "\"\"", Reason::Format, 0, "char is asked for, found the text \"\""),
        ("char", "5", Reason::Type, 0, "char is asked for, found the number 5"),
        ("uuid", "\"123e4567\"", Reason::Format, 9, "'-' is expected, the text ends"),
        ("timestamp(ms)", "\"2026-13-21T12:34:56Z\"", Reason::Range, 6, "13 is no month"),
        ("timestamp(ms)", "\"2026-11-21T24:00:00Z\"", Reason::Range, 12, "24 is no hour"),
        ("timestamp(ms)", "\"2026-11-21T23:59:60Z\"", Reason::Range, 18, "60 is no second"),
        ("timestamp(ms)", "\"1795264496123\"", Reason::Format, 5, "'-' is expected, found \"264496123\""),
        ("timestamp(ms)", "1e30", Reason::Range, 0, "1e30 is beyond the range of the column's unit"),
        ("timestamp(ms)", "true", Reason::Type, 0, "timestamp(ms) is asked for, found true"),
        (
            "timestamp(ns)",
            "\"2262-04-11T23:47:17Z\"",
            Reason::Range,
            0,
            "\"2262-04-11T23:47:17Z\" is beyond the range of timestamp(ns)",
        ),
        (
            "timestamp",
            "1795264496",
            Reason::Type,
            0,
            "the number 1795264496 has no declared unit; declare it by the type, as in timestamp(ms)",
        ),
        ("date32", "\"2026-02-30\"", Reason::Range, 9, "2026-02 has no day 30"),
        ("date32", "20778", Reason::Type, 0, "date32 is asked for, found the number 20778"),
        ("time(ms)", "\"24:00:00\"", Reason::Range, 1, "24 is no hour"),
        ("time(s)", "86400", Reason::Range, 0, "the number 86400 is no time of day"),
        ("time(s)", "-1", Reason::Range, 0, "the number -1 is no time of day"),
        ("decimal(9,2)", "1.005", Reason::Precision, 0, "1.005 has more than the 2 decimals of decimal(9,2)"),
        ("decimal(4,2)", "100", Reason::Range, 0, "100 is beyond the range of decimal(4,2)"),
        ("decimal(9,2)", "\"12,5\"", Reason::Format, 0, "decimal(9,2) is asked for, found the text \"12,5\""),
        ("decimal(9,2)", "true", Reason::Type, 0, "decimal(9,2) is asked for, found true"),
        ("json", "[1,]", Reason::Syntax, 3, "a value is expected, found \"]\""),
        ("json", "{\"a\" 1}", Reason::Syntax, 5, "':' is expected, found the number 1"),
        ("json", "[01]", Reason::Syntax, 2, "the number's end behind its leading zero is expected, found the number 1"),
        ("json", "[1 2]", Reason::Syntax, 3, "',' or ']' is expected, found the number 2"),
        ("json", "{1:2}", Reason::Syntax, 1, "a name in double quotes is expected, found the number 1:2"),
    ] {
        assert_eq!(wrong(data_type, text), (reason, position, message.to_owned()), "{data_type} {text}");
    }
    let (reason, position, message) = wrong("binary", "\"A_8=\"");
    assert_eq!((reason, position), (Reason::Format, 2), "{message}");
    assert_eq!(wrong("binary", "\"AP8\"").0, Reason::Format);
}

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
fn pointers_lead_into_objects_and_arrays() {
    let document = r#"{"a":{"b":{"c":1}},"l":[10,[20,21],{"x":30}],"o":{"0":40,"-":50},"a/b":60,"m~n":70,"":80,"a.b":90}"#;
    for (path, expected) in [
        ("/a/b/c", Some(1)),
        ("/l/0", Some(10)),
        ("/l/1/1", Some(21)),
        ("/l/2/x", Some(30)),
        ("/l/3", None),
        ("/l/00", None),
        ("/l/-", None),
        ("/l/x", None),
        ("/o/0", Some(40)),
        ("/o/-", Some(50)),
        ("/a~1b", Some(60)),
        ("/m~0n", Some(70)),
        ("/", Some(80)),
        ("a.b", Some(90)),
        ("/a/b/c/d", None),
        ("/l/0/x", None),
        ("/nowhere/at/all", None),
    ] {
        let (arrays, bad) = one(&format!("json:v:int64={path}"), document);
        assert_eq!((bad.len(), int64s(&arrays[0])), (0, vec![expected]), "{path}");
    }
}

#[test]
fn columns_may_share_a_place_and_lie_within_one_another() {
    let spec = r#"json:all:json="",l:json=/l,first:int64=/l/0,again:float64=/l/0"#;
    let (arrays, bad) = one(spec, r#" {"l":[5, "x"],"y":1} "#);
    assert_eq!(bad, []);
    assert_eq!(arrays[0].as_string::<i32>().value(0), r#"{"l":[5, "x"],"y":1}"#);
    assert_eq!(arrays[1].as_string::<i32>().value(0), r#"[5, "x"]"#);
    assert_eq!((int64s(&arrays[2]), arrays[3].as_primitive::<Float64Type>().value(0)), (vec![Some(5)], 5.0));
    let (arrays, bad) = one(spec, r#"{"l":null}"#);
    assert!(bad.is_empty() && arrays[1].is_null(0) && arrays[2].is_null(0) && arrays[3].is_null(0));
}

#[test]
fn the_inside_of_objects_on_the_way_is_judged_and_what_is_beside_them_is_not() {
    let error = refused("json:b:int64=/a/b", br#"{"a":{"b":1 "c":2}}"#);
    assert_eq!((error.reason, error.position), (Reason::Syntax, 12));
    assert_eq!(shown("json:b:int64=/a/b", br#"{"a":[1,,2]}"#), "null", "an array is no way to a name");
    let error = refused("json:b:int64=/a/1", br#"{"a":[1,2 3]}"#);
    assert_eq!((error.reason, error.position), (Reason::Syntax, 10));
}

#[test]
fn the_depth_is_limited_where_it_is_judged() {
    let nested = |levels: usize| format!(r#"{{"a":{}1{}}}"#, "[".repeat(levels), "]".repeat(levels));
    let (arrays, bad) = one("json:a:json", &nested(127));
    assert!(bad.is_empty() && !arrays[0].is_null(0));
    let error = refused("json:a:json", nested(128).as_bytes());
    assert_eq!((error.reason, error.position), (Reason::Limit, 5 + 127));
    assert_eq!(refused("json:a:json;depth=2", br#"{"a":[[1]]}"#).reason, Reason::Limit);
    assert_eq!(shown("json:a:json;depth=3", br#"{"a":[[1]]}"#), "[[1]]");
    assert_eq!(shown("json:a:json=/x/a;depth=2", br#"{"x":{"a":1}}"#), "1");
    assert_eq!(refused("json:a:json=/x/a;depth=2", br#"{"x":{"a":[]}}"#).reason, Reason::Limit);
}

#[test]
fn lenient_converts_what_converts_exactly() {
    for (data_type, text, expected) in [
        ("int64", r#""12""#, "12"),
        ("int64", r#""\u0031e1""#, "10"),
        ("float64", r#""1.5""#, "1.5"),
        ("float64", r#""NaN""#, "NaN"),
        ("float32", r#""-Infinity""#, "-inf"),
        ("bool", r#""true""#, "true"),
        ("utf8", "1.50", "1.50"),
        ("utf8", "true", "true"),
        ("utf8", r#""a\ud800b""#, "a\u{fffd}b"),
        ("utf8", r#""\ude00\ud83d""#, "\u{fffd}\u{fffd}"),
        ("json", r#"["\ud800","\ud83d\ude00"]"#, r#"["\ufffd","\ud83d\ude00"]"#),
        ("timestamp(ms)", r#""1795264496123""#, "1795264496123"),
        ("decimal(9,2)", "1.005", "1.00"),
        ("decimal(9,2)", "1.015", "1.02"),
        ("binary", r#""AP8""#, "00ff"),
        ("binary", r#""_w==""#, "ff"),
        ("uuid", r#""123e4567e89b12d3a456426614174000""#, "123e4567e89b12d3a456426614174000"),
    ] {
        assert_eq!(value(&format!("{data_type}=/a;lenient"), text), expected, "{data_type} {text}");
    }
    for (data_type, text, reason) in [
        ("int64", r#""abc""#, Reason::Format),
        ("int64", r#"" 12""#, Reason::Format),
        ("int64", r#""1.5""#, Reason::Precision),
        ("int64", r#""""#, Reason::Format),
        ("int64", "1.5", Reason::Precision),
        ("int64", "true", Reason::Type),
        ("bool", "1", Reason::Type),
        ("bool", r#""yes""#, Reason::Type),
        ("utf8", "[1]", Reason::Type),
        ("timestamp", r#""1795264496123""#, Reason::Format),
    ] {
        assert_eq!(wrong(&format!("{data_type}=/a;lenient"), text).0, reason, "{data_type} {text}");
    }
}

#[test]
fn a_zone_makes_timestamps_without_offset_readable() {
    assert_eq!(value("timestamp(s);zone=UTC", r#""1970-01-01T00:00:01""#), "1");
    assert_eq!(value("timestamp(s);zone=+01:00", r#""1970-01-01T01:00:01""#), "1");
    let (reason, position, message) = wrong("timestamp(s)", r#""1970-01-01T00:00:01""#);
    assert_eq!((reason, position), (Reason::Format, 20));
    assert!(message.contains("zone=UTC"), "{message}");
}

#[test]
fn a_column_declared_not_null_refuses_null_and_missing() {
    let error = refused("json:a:int64!", br#"{"a":null}"#);
    assert_eq!((error.reason, error.position, error.column.as_deref()), (Reason::Null, 5, Some("a")));
    let error = refused("json:a:int64!", br#"{"b":1}"#);
    assert_eq!((error.reason, error.position, error.column.as_deref()), (Reason::Null, 7, Some("a")));
    assert_eq!(shown("json:a:int64!", br#"{"a":null,"a":1}"#), "1");
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
fn floats_and_decimals_are_exact() {
    let (arrays, _) = one("json:d:float64=/a,f:float32=/a,x:decimal(38,10)=/a", r#"{"a":0.1}"#);
    assert_eq!(arrays[0].as_primitive::<Float64Type>().value(0), 0.1);
    assert_eq!(arrays[1].as_primitive::<Float32Type>().value(0), 0.1_f32);
    assert_eq!(arrays[2].as_primitive::<Decimal128Type>().value(0), 1_000_000_000);
}

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
fn a_payload_at_the_size_limit_is_read_and_one_byte_beyond_is_an_error() {
    assert_eq!(shown("json:a:int8;size=7", br#"{"a":1}"#), "1");
    let error = refused("json:a:int8;size=7", br#"{"a":1} "#);
    assert_eq!((error.reason, error.position), (Reason::Limit, 7));
    assert!(error.message.contains("8 bytes, the limit is 7"), "{}", error.message);
}

#[test]
fn of_several_spellings_the_one_that_comes_last_counts() {
    let spec = "json:p:int64=/px|price|/q/p";
    for (document, expected) in [
        (r#"{"px":1}"#, "1"),
        (r#"{"price":2}"#, "2"),
        (r#"{"q":{"p":3}}"#, "3"),
        (r#"{"px":1,"price":2}"#, "2"),
        (r#"{"price":2,"px":1}"#, "1"),
        (r#"{"price":2,"px":1,"q":{}}"#, "1"),
        (r#"{"px":"no int","price":2}"#, "2"),
        (r#"{"q":{"p":"no int"},"price":2}"#, "2"),
        (r#"{"q":{"p":3},"px":1,"q":{}}"#, "1"),
        (r#"{"px":1,"price":null}"#, "null"),
        (r#"{"q":3}"#, "null"),
    ] {
        assert_eq!(shown(spec, document.as_bytes()), expected, "{document}");
    }
    assert_eq!(refused(spec, br#"{"px":1,"price":"no int"}"#).reason, Reason::Type);
    assert_eq!(refused("json:p:int64!=/px|/price", b"{}").reason, Reason::Null);
    assert_eq!(shown("json:p:list<int8>=/px|/price", br#"{"px":[1,2],"price":[3]}"#), "[3]");
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
fn pointers_go_through_arrays_and_names_with_escapes() {
    let document = br#"{"items":[{"price":1},{"price":2}],"a/b":{"m~n":3},"0":{"1":4}}"#;
    for (pointer, expected) in [
        ("/items/0/price", "1"),
        ("/items/1/price", "2"),
        ("/items/2/price", "null"),
        ("/items/00/price", "null"),
        ("/a~1b/m~0n", "3"),
        ("/0/1", "4"),
    ] {
        assert_eq!(shown(&format!("json:p:int64={pointer}"), document), expected, "{pointer}");
    }
}
