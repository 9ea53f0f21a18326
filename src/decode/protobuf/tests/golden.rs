//! Every type with its values, its nulls and its error text.

use super::*;
use crate::spec::Recursive;

const IMPORTS: &str = r#"import "google/protobuf/timestamp.proto"; import "google/protobuf/duration.proto"; import "google/protobuf/any.proto";
    import "google/protobuf/wrappers.proto"; import "google/protobuf/field_mask.proto"; import "google/protobuf/struct.proto";"#;

fn schema(field: &str) -> String {
    format!(
        "syntax = \"proto3\"; {IMPORTS} message M {{ {field}; }} enum E {{ ZERO = 0; ONE = 1; UNO = 1; option allow_alias = true; }}
         message S {{ int32 a = 1; optional string b = 2; }}"
    )
}

/// The column `f` of that declaration: where it is not set, and for payloads.
fn column(field: &str, unset: &str, values: &[(&[u8], &str)]) {
    for (payload, expected) in [(&[][..], unset)].iter().chain(values) {
        let found = text(protobuf(schema(field)), "f", payload).unwrap_or_else(|(_, message)| format!("!{message}"));
        assert_eq!(found, *expected, "{field}: {payload:02x?}");
    }
}

#[test]
fn numbers() {
    let minus_one = [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    let type_error = "!column f, byte 0: field 1 is a run of bytes on the wire, which is not its type";
    for (name, of_minus_one) in [
        ("int32", "-1"),
        ("int64", "-1"),
        ("uint32", "4294967295"),
        ("uint64", "18446744073709551615"),
        ("sint32", "-2147483648"),
        ("sint64", "-9223372036854775808"),
        ("bool", "true"),
    ] {
        let zero = if name == "bool" { "false" } else { "0" };
        column(&format!("{name} f = 1"), zero, &[(&minus_one, of_minus_one), (&[8, 0], zero), (&[10, 0], type_error)]);
        column(&format!("optional {name} f = 1"), "null", &[(&minus_one, of_minus_one), (&[8, 0], zero)]);
        column(&format!("repeated {name} f = 1"), "[]", &[(&[8, 0, 10, 1, 0], &format!("[{zero}, {zero}]"))]);
        column(&format!("oneof o {{ {name} f = 1; }} bool g = 9"), "null", &[(&[8, 0], zero)]);
    }
    let four = [0x0d, 0, 0, 0x80, 0xff];
    let eight = [0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0xbf];
    let varint = "!column f, byte 0: field 1 is a varint on the wire, which is not its type";
    column("fixed32 f = 1", "0", &[(&four, "4286578688"), (&[8, 0], varint)]);
    column("sfixed32 f = 1", "0", &[(&four, "-8388608")]);
    column("float f = 1", "0.0", &[(&four, "-inf"), (&[0x0d, 0, 0, 0, 0x80], "-0.0"), (&[0x0d, 1, 0, 0xc0, 0x7f], "NaN")]);
    column("fixed64 f = 1", "0", &[(&eight, "13830554455654793216")]);
    column("sfixed64 f = 1", "0", &[(&eight, "-4616189618054758400")]);
    column("double f = 1", "0.0", &[(&eight, "-1.0"), (&eight[..8], "!column f, byte 1: 8 bytes are expected, 7 are left")]);
}

#[test]
fn texts_bytes_and_enums() {
    column(
        "string f = 1",
        "",
        &[(&[10, 2, 0xc3, 0xbc], "ü"), (&[10, 1, 0xc3], "!column f, byte 2: the text is not valid UTF-8")],
    );
    column("optional string f = 1", "null", &[(&[10, 0], "")]);
    column("bytes f = 1", "", &[(&[10, 2, 0xff, 0], "ff00")]);
    column("optional bytes f = 1", "null", &[(&[10, 0], "")]);
    column(
        "E f = 1",
        "ZERO",
        &[(&[8, 1], "ONE"), (&[8, 7], "7"), (&[8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], "-1")],
    );
    column("optional E f = 1", "null", &[(&[8, 0], "ZERO")]);
    column("repeated E f = 1", "[]", &[(&[10, 3, 0, 1, 2], "[ZERO, ONE, 2]")]);
}

#[test]
fn well_known_types() {
    let beyond = "!column f, byte 2: a timestamp of 0 seconds and 1000000000 nanos is not possible";
    let nanos = [10, 6, 16, 0x80, 0x94, 0xeb, 0xdc, 3];
    column("google.protobuf.Timestamp f = 1", "null", &[(&[10, 0], "0"), (&[10, 2, 8, 1], "1000000000"), (&nanos, beyond)]);
    let beyond = "!column f, byte 2: a duration of 0 seconds and 1000000000 nanos is not possible";
    column("google.protobuf.Duration f = 1", "null", &[(&nanos, beyond)]);
    column("google.protobuf.Int32Value f = 1", "null", &[(&[10, 0], "0"), (&[10, 2, 8, 5], "5")]);
    column("google.protobuf.BoolValue f = 1", "null", &[(&[10, 2, 8, 1], "true")]);
    column("google.protobuf.FloatValue f = 1", "null", &[(&[10, 5, 0x0d, 0, 0, 0x80, 0x3f], "1.0")]);
    column("google.protobuf.StringValue f = 1", "null", &[(&[10, 3, 10, 1, b'x'], "x"), (&[10, 0], "")]);
    column("google.protobuf.BytesValue f = 1", "null", &[(&[10, 3, 10, 1, 7], "07")]);
    column("repeated google.protobuf.UInt64Value f = 1", "[]", &[(&[10, 2, 8, 5, 10, 0], "[5, 0]")]);
    column("google.protobuf.FieldMask f = 1", "null", &[(&[10, 0], "[]"), (&[10, 6, 10, 1, b'a', 10, 1, b'b'], "[a, b]")]);
    column(
        "google.protobuf.Any f = 1",
        "null",
        &[(&[10, 0], "{type_url: , value: }"), (&[10, 3, 18, 1, 7], "{type_url: , value: 07}")],
    );
}

#[test]
fn messages_lists_and_maps() {
    column("repeated S f = 1", "[]", &[(&[10, 2, 8, 5, 10, 2, 18, 0], "[{a: 5, b: null}, {a: 0, b: }]")]);
    column("map<string, S> f = 1", "{}", &[(&[10, 0], "{: {a: 0, b: null}}")]);
    column("map<bool, google.protobuf.Duration> f = 1", "{}", &[(&[10, 2, 8, 1], "{true: P0D}")]);
    let key = "!column f, byte 2: field 1 is a varint on the wire, which is not its type";
    column("map<string, int32> f = 1", "{}", &[(&[10, 2, 8, 1], key)]);
    column("map<int32, string> f = 1", "{}", &[(&[10, 3, 18, 1, 0xff], "!column f, byte 4: the text is not valid UTF-8")]);
}

/// A value's bytes behind their length and tag.
fn run(tag: u8, bytes: &[u8]) -> Vec<u8> {
    [&[tag, u8::try_from(bytes.len()).unwrap()], bytes].concat()
}

#[test]
fn json_messages_are_their_text() {
    let number = |number: f64| [&[0x11][..], &number.to_le_bytes()].concat();
    let value = |bytes: &[u8], expected: &str| column("google.protobuf.Value f = 1", "null", &[(&run(10, bytes), expected)]);
    value(&[8, 0], "null");
    for (double, expected) in
        [(1.0, "1"), (-0.0, "-0"), (0.1, "0.1"), (1e300, "1e300"), (-2.5e-9, "-2.5e-9"), (1e15, "1000000000000000")]
    {
        value(&number(double), expected);
    }
    value(&number(f64::NAN), "!column f, byte 2: NaN in a google.protobuf.Value is no JSON");
    value(&number(f64::NEG_INFINITY), "!column f, byte 2: -inf in a google.protobuf.Value is no JSON");
    value(&run(26, "\"\\\n\u{1}ü".as_bytes()), r#""\"\\\n\u0001ü""#);
    value(&[26, 1, 0xff], "!column f, byte 4: the text is not valid UTF-8");
    value(&[32, 1], "true");
    value(&[32, 0], "false");
    value(&[], "!column f, byte 2: a google.protobuf.Value of no kind is no JSON");
    value(&[42, 0], "{}");
    value(&[50, 0], "[]");
    value(&[32, 1, 8, 0], "null"); // the last one counts
    value(&[24, 1], "!column f, byte 2: field 3 is a varint on the wire, which is not its type");
    let member = |key: u8, value: &[u8]| run(10, &[run(10, &[key]), run(18, value)].concat());
    let members = [member(b'a', &[32, 1]), member(b'b', &[8, 0]), member(b'a', &run(42, &member(b'c', &[32, 0])))].concat();
    column("google.protobuf.Struct f = 1", "null", &[(&run(10, &members), r#"{"b":null,"a":{"c":false}}"#), (&[10, 0], "{}")]);
    let items = [run(10, &[8, 0]), run(10, &run(50, &run(10, &number(2.0))))].concat();
    column("google.protobuf.ListValue f = 1", "null", &[(&run(10, &items), "[null,[2]]")]);
    // Two occurrences merge: the members of both, the items one behind the other.
    let twice = [run(10, &member(b'x', &[32, 1])), run(10, &member(b'y', &[32, 0]))].concat();
    column("google.protobuf.Struct f = 1", "null", &[(&twice, r#"{"x":true,"y":false}"#)]);
    let unset = [10, 2, 10, 0];
    column(
        "google.protobuf.Struct f = 1",
        "null",
        &[(&unset, "!column f, byte 4: a google.protobuf.Value of no kind is no JSON")],
    );
}

#[test]
fn lists_beside_each_other_are_of_one_length() {
    let schema = r#"syntax = "proto3"; message M { repeated S s = 1; W w = 2; map<string, S> m = 3; }
        message S { int32 a = 1; optional int32 b = 2; repeated T t = 3; } message T { int32 c = 1; } message W { repeated T t = 1; }"#;
    let of = |column: &str, payload: &[u8]| text(protobuf(schema).flatten(true), column, payload).map_err(|(_, message)| message);
    let payload = [10, 2, 8, 5, 10, 10, 16, 6, 26, 2, 8, 7, 26, 2, 8, 8, 10, 0];
    for (column, expected) in [("s_a", "[5, 0, 0]"), ("s_b", "[null, 6, null]"), ("s_t_c", "[[], [7, 8], []]"), ("w_t_c", "null")]
    {
        assert_eq!(of(column, &payload).as_deref(), Ok(expected), "{column}");
        let unset = if column == "w_t_c" { "null" } else { "[]" };
        assert_eq!(of(column, &[]).as_deref(), Ok(unset), "{column}");
    }
    assert_eq!(of("w_t_c", &[18, 0]).as_deref(), Ok("[]"));
    let entries = [26, 7, 10, 1, b'k', 18, 2, 8, 1, 26, 3, 10, 1, b'l', 26, 7, 10, 1, b'k', 18, 2, 16, 2];
    for (column, expected) in
        [("m_key", "[l, k]"), ("m_value_a", "[0, 0]"), ("m_value_b", "[null, 2]"), ("m_value_t_c", "[[], []]")]
    {
        assert_eq!(of(column, &entries).as_deref(), Ok(expected), "{column}");
    }
    // An error in the middle takes the items with it.
    assert_eq!(
        of("s_a", &[10, 2, 8, 5, 10, 4, 26, 2, 10, 0]).unwrap_err(),
        "column s_t_c, byte 8: field 1 is a run of bytes on the wire, which is not its type"
    );
    assert_eq!(
        of("m_key", &[26, 2, 8, 1]).unwrap_err(),
        "column m_key, byte 2: field 1 is a varint on the wire, which is not its type"
    );
}

#[test]
fn a_bad_payload_among_good_ones_leaves_their_lists_alone() {
    let schema = r#"syntax = "proto3"; message M { repeated S s = 1; } message S { int32 a = 1; repeated T t = 2; } message T { string c = 1; }"#;
    let spec = Spec::from(protobuf(schema).flatten(true));
    let mut decoder = decoder(&spec, Side::Value, &Names::default()).unwrap();
    let mut columns: Vec<Column> = decoder.fields().iter().map(|field| Column::new(field).unwrap()).collect();
    let good: &[u8] = &[10, 7, 8, 1, 18, 3, 10, 1, b'x'];
    let wrong: &[u8] = &[10, 7, 8, 1, 18, 3, 10, 1, b'x', 10, 5, 18, 3, 10, 1, 0xff];
    let mut bad = Vec::new();
    decoder.decode(&[Some(good), Some(wrong), Some(good)], &mut columns, &mut bad);
    assert_eq!(bad.len(), 1);
    let shown: Vec<String> = columns
        .iter_mut()
        .flat_map(|column| {
            let array = column.finish().unwrap();
            let options = FormatOptions::default().with_null("null");
            (0..3).map(|row| ArrayFormatter::try_new(&array, &options).unwrap().value(row).to_string()).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(shown, ["[1]", "null", "[1]", "[[x]]", "null", "[[x]]"]);
}

#[test]
fn recursive_messages_are_the_bytes_of_all_occurrences() {
    let schema = r#"syntax = "proto3"; message M { int32 a = 1; M m = 2; repeated M r = 3; }"#;
    let of = |column: &str, payload: &[u8]| text(protobuf(schema).recursive(Recursive::Raw), column, payload);
    assert_eq!(of("m", &[8, 1]).as_deref(), Ok("null"));
    assert_eq!(of("m", &[18, 2, 8, 1, 18, 2, 8, 2]).as_deref(), Ok("08010802"));
    assert_eq!(of("r", &[26, 2, 8, 1, 26, 0]).as_deref(), Ok("[0801, ]"));
}

#[test]
fn editions_decode_as_their_features_say() {
    let schema = r#"edition = "2023"; message M {
        int32 e = 1; int32 i = 2 [features.field_presence = IMPLICIT]; string n = 3 [features.field_presence = LEGACY_REQUIRED];
        S d = 4 [features.message_encoding = DELIMITED]; Shut c = 5; Free o = 6; int32 t = 7 [default = 9]; }
        message S { int32 x = 1; } enum Shut { option features.enum_type = CLOSED; A = 3; } enum Free { Z = 0; }"#;
    let of = |column: &str, payload: &[u8]| {
        let payload = [&[26, 0][..], payload].concat();
        text(protobuf(schema), column, &payload).map_err(|(reason, _)| reason)
    };
    for (column, expected) in [("e", "null"), ("i", "0"), ("n", ""), ("d_x", "null"), ("c", "null"), ("o", "null"), ("t", "null")]
    {
        assert_eq!(of(column, &[]).as_deref(), Ok(expected), "{column}");
    }
    assert_eq!(of("d_x", &[0x23, 8, 5, 0x24]).as_deref(), Ok("5"));
    assert_eq!(of("d_x", &[0x22, 2, 8, 5]), Err(Reason::Type));
    assert_eq!((of("c", &[40, 7]).as_deref(), of("c", &[40, 3]).as_deref()), (Ok("null"), Ok("A")));
    assert_eq!(of("o", &[48, 7]).as_deref(), Ok("7"));
    assert_eq!(text(protobuf(schema).defaults(true), "t", &[26, 0]).as_deref(), Ok("9"));
    assert_eq!(text(protobuf(schema), "e", &[]).unwrap_err().0, Reason::Null);
}
