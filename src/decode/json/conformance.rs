//! A table of documents, all cases of JSONTestSuite and some more: `y` must be read, `n` must not, `i` is for us to decide.
//!
//! Each case is a value. It is judged where it is wanted (`json`, and as an item of a list), for what no column asks for is skipped by
//! its extent alone.

use crate::decode::Reason;
use crate::decode::tests::decode;

const READ: &[&str] = &[
    "[]",
    "[ ]",
    "{}",
    "{ }",
    "[[]   ]",
    "[\"\"]",
    "[false]",
    "[true]",
    "[null]",
    "[1\n]",
    " [1]",
    "[2] ",
    "[1,null,null,null,2]",
    "[123e65]",
    "[0e+1]",
    "[0e1]",
    "[ 4]",
    "[20e1]",
    "[-0]",
    "[-123]",
    "[-1]",
    "[1E22]",
    "[1E-2]",
    "[1E+2]",
    "[123e45]",
    "[123.456e78]",
    "[1e-2]",
    "[1e+2]",
    "[123]",
    "[123.456789]",
    "[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]",
    "{\"asd\":\"sdf\", \"dfg\":\"fgh\"}",
    "{\"a\":\"b\",\"a\":\"c\"}",
    "{\"a\":\"b\",\"a\":\"b\"}",
    "{\"\":0}",
    "{\"foo\\u0000bar\": 42}",
    "{ \"min\": -1.0e+28, \"max\": 1.0e+28 }",
    "{\"x\":[{\"id\": \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}]}",
    "{\"a\":[]}",
    "{\n\"a\": \"b\"\n}",
    "[\"\\u0060\\u012a\\u12AB\"]",
    "[\"\\uD801\\udc37\"]",
    "[\"\\ud83d\\ude39\\ud83d\\udc8d\"]",
    "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]",
    "[\"\\\\u0000\"]",
    "[\"\\\"\"]",
    "[\"a/*b*/c/*d//e\"]",
    "[\"\\\\a\"]",
    "[\"\\\\n\"]",
    "[\"\\u0012\"]",
    "[\"\\uFFFF\"]",
    "[\"asd\"]",
    "[ \"asd\"]",
    "[\"\\uDBFF\\uDFFF\"]",
    "[\"new\\u00A0line\"]",
    "[\"\u{10ffff}\"]",
    "[\"\u{ffff}\"]",
    "[\"\\u0000\"]",
    "[\"\\u002c\"]",
    "[\"π\"]",
    "[\"\u{1bfff}\"]",
    "[\"asd \"]",
    "\" \"",
    "[\"\\uD834\\uDd1e\"]",
    "[\"\\u0821\"]",
    "[\"\u{2028}\u{2029}\"]",
    "[\"\\u0061\\u30af\\u30EA\\u30b9\"]",
    "[\"new\\u000Aline\"]",
    "[\"\u{7f}\"]",
    "[\"\\uA66D\"]",
    "[\"\\u005C\"]",
    "[\"⍂㈴⍂\"]",
    "[\"\\u200B\"]",
    "[\"\\u2064\"]",
    "[\"\\uFDD0\"]",
    "[\"\\uFFFE\"]",
    "[\"\\u0022\"]",
    "[\"€𝄞\"]",
    "[\"aa\u{7f}a\"]",
    "false",
    "42",
    "-0.1",
    "null",
    "\"asd\"",
    "true",
    "\"\"",
    "[\"a\"]\n",
    "[true]",
    " [] ",
    "[null, 1, \"1\", {}]",
    "{\"asd\":\"sdf\"}",
    "{\"x\":[{\"id\": \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}], \"id\": \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}",
    "{\"title\":\"\\u041f\\u043e\\u043b\\u0442\\u043e\\u0440\\u0430 \\u0417\\u0435\\u043c\\u043b\\u0435\\u043a\\u043e\\u043f\\u0430\" }",
    "[\"\\u0123\"]",
    "[\"\u{2028}\"]",
    "[\"\u{2029}\"]",
    "[\"\\uDBFF\\uDFFE\"]",
    "[\"\\uD83F\\uDFFE\"]",
    "[\"a\u{7f}a\"]",
];

const REFUSED: &[&str] = &[
    "[1 true]",
    "[\"\": 1]",
    "[\"\"],",
    "[,1]",
    "[1,,2]",
    "[\"x\",,]",
    "[\"x\"]]",
    "[\"\",]",
    "[\"x\"",
    "[x",
    "[3[4]]",
    "[1:2]",
    "[,]",
    "[-]",
    "[   , \"\"]",
    "[\"a\",\n4\n,1,",
    "[1,]",
    "[1,\n1\n,1",
    "[{}",
    "[*]",
    "[fals]",
    "[nul]",
    "[tru]",
    "[++1234]",
    "[+1]",
    "[+Inf]",
    "[-01]",
    "[-1.0.]",
    "[-2.]",
    "[-NaN]",
    "[.-1]",
    "[.2e-3]",
    "[0.1.2]",
    "[0.3e+]",
    "[0.3e]",
    "[0.e1]",
    "[0E+]",
    "[0E]",
    "[0e+]",
    "[0e]",
    "[1.0e+]",
    "[1.0e-]",
    "[1.0e]",
    "[1 000.0]",
    "[1eE2]",
    "[2.e+3]",
    "[2.e-3]",
    "[2.e3]",
    "[9.e+]",
    "[Inf]",
    "[NaN]",
    "[1+2]",
    "[0x1]",
    "[0x42]",
    "[Infinity]",
    "[0e+-1]",
    "[-123.123foo]",
    "[-Infinity]",
    "[-foo]",
    "[- 1]",
    "[-012]",
    "[-.123]",
    "[-1x]",
    "[1ea]",
    "[1.]",
    "[.123]",
    "[1.2a-3]",
    "[1.8011670033376514H-308]",
    "[012]",
    "[\"x\", truth]",
    "{[: \"x\"}",
    "{\"x\", null}",
    "{\"x\"::\"b\"}",
    "{🇨🇭}",
    "{\"a\":\"a\" 123}",
    "{key: 'value'}",
    "{\"a\" b}",
    "{:\"b\"}",
    "{\"a\" \"b\"}",
    "{\"a\":",
    "{\"a\"",
    "{1:1}",
    "{9999E9999:1}",
    "{null:null,null:null}",
    "{\"id\":0,,,,,}",
    "{'a':0}",
    "{\"id\":0,}",
    "{\"a\":\"b\"}/**/",
    "{\"a\":\"b\"}/**//",
    "{\"a\":\"b\"}//",
    "{\"a\":\"b\",,\"c\":\"d\"}",
    "{a: \"b\"}",
    "{\"a\":\"a",
    "{ \"foo\" : \"bar\", \"a\" }",
    "{\"a\":\"b\"}#",
    " ",
    "[\"\\uD800\\\"]",
    "[\"\\uD800\\u\"]",
    "[\"\\uD800\\u1\"]",
    "[\"\\uD800\\u1x\"]",
    "[é]",
    "[\"\\x00\"]",
    "[\"\\\\\\\"]",
    "[\"\\\t\"]",
    "[\"\\🌀\"]",
    "[\"\\\"]",
    "[\"\\u00A\"]",
    "[\"\\uD834\\uDd\"]",
    "[\"\\uD800\\uD800\\x\"]",
    "[\"\\a\"]",
    "[\"\\uqqqq\"]",
    "[\\u0020\"asd\"]",
    "[\\n]",
    "\"",
    "['single quote']",
    "abc",
    "[\"\\",
    "[\"new\nline\"]",
    "[\"\t\"]",
    "\"\\UA66D\"",
    "\"\"x",
    "<.>",
    "[<null>]",
    "[1]x",
    "[1]]",
    "[\"asd]",
    "aå",
    "[True]",
    "1]",
    "{\"x\": true,",
    "[][]",
    "]",
    "{}}",
    "{\"\":",
    "{\"a\":/*comment*/\"b\"}",
    "{\"a\": true} \"x\"",
    "['",
    "[,",
    "[{",
    "[\"a",
    "[\"a\"",
    "{",
    "{]",
    "{,",
    "{[",
    "{\"a",
    "{'a'",
    "[\"\\{[\"\\{[\"\\{[\"\\{",
    "*",
    "{\"a\":\"b\"}#{}",
    "[\\u000A\"\"]",
    "[1",
    "[ false, nul",
    "[ true, fals",
    "[ false, tru",
    "{\"asd\":\"asd\"",
    "å",
    "[\u{2060}]",
    "\u{feff}",
    "[\u{c}]",
    "[\u{a0}]",
    "[1,,]",
    "[\"\u{b}a\"\\f]",
    "[\"\"",
    "[1,",
    "123\0",
    "[１]",
    "{\"a\":\"b\"}/",
    "[\"\\\0\"]",
    "[\"a\0a\"]",
    "[\0]",
    "2@",
];

/// The same, not even UTF-8.
const REFUSED_BYTES: &[&[u8]] = &[
    b"[\"\xff\"]",
    b"[\"\xe0\xff\"]",
    b"[\"\xc0\xaf\"]",
    b"[\"\xed\xa0\x80\"]",
    b"[\"\xf4\x90\x80\x80\"]",
    b"[\"\0\"]",
    b"[\xff]",
    b"[1\xe5]",
    b"[a\xe5]",
    b"[123\xe5]",
    b"[1e1\xe5]",
    b"[0\xe5]\n",
    b"[1e\xe5]",
    b"{\"\xb9\":\"0\",}",
    b"[\"\\u\xe5\"]",
    b"[\"\\\xe5\"]",
    b"\xef\xbb{}",
    b"\xe5",
    b"\xe9",
    // And these, which the standard leaves open.
    b"[\"\xe6\x97\xa5\xd1\x88\xfa\"]",
    b"[\"\xe9\"]",
    b"[\"\x81\"]",
    b"[\"\xf4\xbf\xbf\xbf\"]",
    b"[\"\xfc\x83\xbf\xbf\xbf\xbf\"]",
    b"[\"\xfc\x80\x80\x80\x80\x80\"]",
    b"\xff\xfe[\0\"\0\xe9\0\"\0]\0",
    b"\0[\0\"\0\xe9\0\"\0]",
    b"[\0\"\0\xe9\0\"\0]\0",
];

/// What the standard leaves to us, and what became of it as `json` and as `float64`.
const DECIDED: &[(&str, Option<Reason>, Option<Reason>)] = &[
    ("123.456e-789", None, None), // rounds to zero
    (
        "0.4e00669999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999969999999006",
        None,
        Some(Reason::Range),
    ),
    ("-1e+9999", None, Some(Reason::Range)),
    ("1.5e+9999", None, Some(Reason::Range)),
    ("-123123e100000", None, Some(Reason::Range)),
    ("123123e-10000000", None, None),
    ("-123123123123123123123123123123", None, None),
    ("100000000000000000000", None, None),
    (r#""\uDADA""#, Some(Reason::Utf8), Some(Reason::Type)),
    (r#""\uD888\u1234""#, Some(Reason::Utf8), Some(Reason::Type)),
    (r#""\uD800\n""#, Some(Reason::Utf8), Some(Reason::Type)),
    (r#""\uDd1ea""#, Some(Reason::Utf8), Some(Reason::Type)),
    (r#""\uD800\uD800\n""#, Some(Reason::Utf8), Some(Reason::Type)),
    (r#""\uDFAA""#, Some(Reason::Utf8), Some(Reason::Type)),
    (r#""\ud800""#, Some(Reason::Utf8), Some(Reason::Type)),
    (r#""\ud800abc""#, Some(Reason::Utf8), Some(Reason::Type)),
    (r#""\uDd1e\uD834""#, Some(Reason::Utf8), Some(Reason::Type)),
    (r#"{"\uDFAA":0}"#, Some(Reason::Utf8), Some(Reason::Type)),
    (
        "0.4e00669999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999969999999006",
        None,
        Some(Reason::Range),
    ),
    ("123123e100000", None, Some(Reason::Range)),
    ("123e-10000000", None, None),
    ("-237462374673276894279832749832423479823246327846", None, None),
];

/// The error of a value in a column of this type.
fn error(data_type: &str, value: &[u8]) -> Option<Reason> {
    let document = [b"{\"a\":", value, b"}"].concat();
    error_of(&format!("json:a:{data_type}"), &document)
}

fn error_of(spec: &str, document: &[u8]) -> Option<Reason> {
    let (_, mut bad) = decode(spec, &[Some(document)]);
    bad.pop().map(|bad| bad.error.reason)
}

#[test]
fn y_what_must_be_read_is_read() {
    for value in READ {
        assert_eq!(error("json", value.as_bytes()), None, "{value}");
        assert_eq!(error("list<json>", format!("[{value},{value}]").as_bytes()), None, "{value}");
        assert_eq!(error("map<utf8,json>", format!("{{\"k\":{value}}}").as_bytes()), None, "{value}");
        assert_eq!(error("struct<k:json,l:json>", format!("{{\"k\":{value},\"m\":{value}}}").as_bytes()), None, "{value}");
    }
}

#[test]
fn n_what_must_not_be_read_is_an_error() {
    for value in REFUSED {
        assert!(error("json", value.as_bytes()).is_some(), "{value}");
        // An item that is blank is no item.
        assert!(value.trim().is_empty() || error("list<json>", format!("[{value}]").as_bytes()).is_some(), "{value}");
        assert!(error("struct<k:json>", format!("{{\"k\":{value}}}").as_bytes()).is_some(), "{value}");
    }
    for bytes in REFUSED_BYTES {
        assert!(error("json", bytes).is_some(), "{bytes:?}");
        assert!(error("list<utf8>", bytes).is_some(), "{bytes:?}");
    }
    for document in ["[".repeat(100_000), "[{\"\":".repeat(50_000)] {
        assert!(whole(document.as_bytes()).is_some());
        assert!(error("json", document.as_bytes()).is_some());
    }
}

/// The error of a whole document that may be anything.
fn whole(document: &[u8]) -> Option<Reason> {
    error_of(r#"object:{"type":"any"}"#, document)
}

#[test]
fn whole_documents_are_read_or_not_as_their_values_are() {
    for document in READ {
        assert_eq!(whole(document.as_bytes()), None, "{document}");
        // The items of an array, by the parts of a description.
        assert_eq!(error_of(r#"object:["any"]"#, format!("[{document},{document}]").as_bytes()), None, "{document}");
    }
    for document in REFUSED.iter().filter(|document| !document.trim_start_matches('\u{feff}').trim().is_empty()) {
        assert!(whole(document.as_bytes()).is_some(), "{document}");
    }
    for document in REFUSED_BYTES {
        assert!(whole(document).is_some(), "{document:?}");
    }
    for (document, json, _) in DECIDED {
        assert_eq!(whole(document.as_bytes()), *json, "{document}");
    }
    assert_eq!(whole(b"\xef\xbb\xbf{}"), None, "a byte order mark is allowed before the document");
    assert_eq!(whole(b"\xef\xbb\xbf\xef\xbb\xbf{}"), Some(Reason::Syntax));
    assert_eq!(whole(b" "), None, "a blank document is a missing value");
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(whole(deep(128).as_bytes()), None);
    assert_eq!(whole(deep(129).as_bytes()), Some(Reason::Limit));
    assert_eq!(whole(deep(500).as_bytes()), Some(Reason::Limit));
}

#[test]
fn i_what_is_left_to_us_is_decided() {
    for (value, json, float) in DECIDED {
        assert_eq!(error("json", value.as_bytes()), *json, "{value}");
        assert_eq!(error("float64", value.as_bytes()), *float, "{value}");
        assert_eq!(error("list<float64>", format!("[{value}]").as_bytes()), *float, "{value}");
    }
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(error("json", deep(127).as_bytes()), None, "with the root 128 levels");
    assert_eq!(error("json", deep(128).as_bytes()), Some(Reason::Limit));
    assert_eq!(error("json", deep(500_000).as_bytes()), Some(Reason::Limit));
    let open = "[".repeat(100_000);
    assert_eq!(error("json", open.as_bytes()), Some(Reason::Truncated), "the document ends too early, which comes first");
}
