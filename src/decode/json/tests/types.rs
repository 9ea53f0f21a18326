//! Golden values and errors of every type.

use super::*;

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
fn floats_and_decimals_are_exact() {
    let (arrays, _) = one("json:d:float64=/a,f:float32=/a,x:decimal(38,10)=/a", r#"{"a":0.1}"#);
    assert_eq!(arrays[0].as_primitive::<Float64Type>().value(0), 0.1);
    assert_eq!(arrays[1].as_primitive::<Float32Type>().value(0), 0.1_f32);
    assert_eq!(arrays[2].as_primitive::<Decimal128Type>().value(0), 1_000_000_000);
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
    assert_eq!(value("timestamp(s);zone=Europe/Berlin", r#""1970-01-01T01:00:01""#), "1");
    assert_eq!(value("timestamp(s);zone=Europe/Berlin", r#""2026-07-01T02:00:00""#), "1782864000");
    assert_eq!(value("timestamp(s);zone=Europe/Berlin", r#""2026-07-01T00:00:00Z""#), "1782864000");
}
