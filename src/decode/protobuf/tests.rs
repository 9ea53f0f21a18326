//! Wire edge cases one by one, and prost-reflect as the oracle.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, types};
use arrow_cast::display::{ArrayFormatter, FormatOptions};

use crate::decode::{BadPayload, Column, Decoder, Reason, decoder};
use crate::spec::{Framing, Names, Nested, ProtobufSpec, Side, Spec, protobuf};

mod blocks;
mod edges;
mod golden;
mod oracle;

const SCHEMA: &str = r#"
syntax = "proto3";
package t;
import "google/protobuf/timestamp.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/field_mask.proto";
message Other { int32 x = 1; }
message M {
  int32 a = 1;
  optional string s = 2;
  repeated int32 r = 3;
  Sub sub = 4;
  oneof choice { int64 left = 5; Sub right = 6; }
  map<string, int32> m = 7;
  Color color = 8;
  google.protobuf.Timestamp ts = 9;
  google.protobuf.Duration d = 10;
  google.protobuf.Int64Value w = 11;
  google.protobuf.FieldMask mask = 12;
  repeated Sub subs = 13;
  uint64 u = 14;
  bytes b = 15;
  sint32 z = 16;
}
message Sub { int32 x = 1; string y = 2; }
enum Color { RED = 0; BLUE = 3; }
"#;

fn decoded(spec: impl Into<Spec>, payload: &[u8]) -> (Vec<(String, ArrayRef)>, Vec<BadPayload>) {
    read(decoder(&spec.into(), Side::Value, &Names::default()).unwrap().as_mut(), payload)
}

fn read(decoder: &mut dyn Decoder, payload: &[u8]) -> (Vec<(String, ArrayRef)>, Vec<BadPayload>) {
    let mut columns: Vec<Column> = decoder.fields().iter().map(|field| Column::new(field).unwrap()).collect();
    let mut bad = Vec::new();
    decoder.decode(&[Some(payload), None], &mut columns, &mut bad);
    let named = columns.iter_mut().map(|column| (column.field().name().clone(), column.finish().unwrap())).collect();
    (named, bad)
}

/// The one column that `include` names, as text; the error where there is one.
fn text(spec: ProtobufSpec, column: &str, payload: &[u8]) -> Result<String, (Reason, String)> {
    let (columns, mut bad) = decoded(spec, payload);
    if let Some(BadPayload { error, .. }) = bad.pop() {
        return Err((error.reason, error.to_string()));
    }
    let (_, array) = columns.iter().find(|(name, _)| name == column).unwrap();
    assert!(array.is_null(1), "a tombstone is a row of nulls");
    if array.is_null(0) {
        return Ok("null".into());
    }
    if let Some(timestamps) = array.as_primitive_opt::<types::TimestampNanosecondType>() {
        return Ok(timestamps.value(0).to_string()); // its text needs a table of zones
    }
    Ok(ArrayFormatter::try_new(array, &FormatOptions::default().with_null("null")).unwrap().value(0).to_string())
}

fn spec() -> ProtobufSpec {
    protobuf(SCHEMA).message("t.M")
}

#[test]
fn columns_are_named_and_ordered_as_the_reference_does() {
    let (columns, _) = decoded(spec(), &[]);
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let expected = "a s r sub_x sub_y left right_x right_y m color ts d w mask subs u b z";
    assert_eq!(names.join(" "), expected);
}

#[test]
fn values_become_what_the_wire_says() {
    let good: &[(&str, &[u8], &str)] = &[
        ("a", &[], "0"),
        ("a", &[8, 5, 8, 6], "6"),       // the last one wins
        ("a", &[8, 0x85, 0x80, 0], "5"), // longer than need be
        ("a", &[8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], "-1"),
        ("s", &[], "null"),
        ("s", &[18, 0], ""),
        ("s", &[18, 2, b'h', b'i'], "hi"),
        ("r", &[], "[]"),
        ("r", &[24, 1, 26, 2, 2, 3, 24, 4, 26, 1, 5], "[1, 2, 3, 4, 5]"), // unpacked and packed, split
        ("sub_x", &[], "null"),
        ("sub_x", &[34, 0], "0"),
        ("sub_y", &[34, 3, 18, 1, b'p', 34, 2, 8, 7], "p"), // merged
        ("sub_x", &[34, 3, 18, 1, b'p', 34, 2, 8, 7], "7"),
        ("left", &[40, 1, 50, 0], "null"), // the other of the oneof came last
        ("right_x", &[40, 1, 50, 0], "0"),
        ("right_x", &[50, 0, 40, 1], "null"),
        ("m", &[58, 5, 10, 1, b'k', 16, 1, 58, 5, 10, 1, b'k', 16, 2], "{k: 2}"),
        ("m", &[58, 0], "{: 0}"),
        ("color", &[], "RED"),
        ("color", &[64, 3], "BLUE"),
        ("color", &[64, 9], "9"),
        ("ts", &[74, 4, 8, 1, 16, 5], "1000000005"),
        ("w", &[], "null"),
        ("w", &[90, 0], "0"),
        ("w", &[90, 2, 8, 9], "9"),
        ("mask", &[98, 3, 10, 1, b'f'], "[f]"),
        ("subs", &[106, 2, 8, 1, 106, 3, 18, 1, b'q'], "[{x: 1, y: }, {x: 0, y: q}]"),
        ("u", &[112, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], "18446744073709551615"),
        ("b", &[122, 1, 0xff], "ff"),
        ("z", &[0x80, 1, 1], "-1"),
        ("a", &[0xfb, 7, 8, 9, 0xfc, 7, 8, 1], "1"), // an unknown group is skipped
    ];
    for (column, payload, expected) in good {
        assert_eq!(text(spec(), column, payload).as_deref(), Ok(*expected), "{column} of {payload:?}");
    }
}

#[test]
fn broken_payloads_are_errors_that_name_column_and_place() {
    let bad: &[(&[u8], Reason, &str)] = &[
        (&[8], Reason::Truncated, "byte 1"),
        (&[8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2], Reason::Range, "64 bits"),
        (&[10, 0], Reason::Type, "column a, byte 0"),
        (&[18, 1, 0xff], Reason::Utf8, "column s, byte 2"),
        (&[18, 1, 0xff, 18, 0], Reason::Utf8, "column s"),
        (&[18, 0xff, 0xff, 0xff, 0xff, 0x0f], Reason::Truncated, "4294967295"),
        (&[34, 2, 8], Reason::Truncated, "byte 2"),
        (&[34, 2, 10, 0], Reason::Type, "column sub_x, byte 2"),
        (&[26, 1, 0x80], Reason::Truncated, "column r"),
        (&[12], Reason::Syntax, "has not begun"),
        (&[0xfb, 7, 12], Reason::Syntax, "within group"),
        (&[0xfb, 7], Reason::Truncated, "varint"),
        (&[0, 0], Reason::Syntax, "no number of a field"),
        (&[15], Reason::Syntax, "wire type 7"),
        (&[74, 6, 16, 0x80, 0x94, 0xeb, 0xdc, 3], Reason::Range, "column ts"),
        (&[82, 4, 8, 1, 16, 0xff], Reason::Truncated, "column d"),
    ];
    for (payload, reason, part) in bad {
        let (found, message) = text(spec(), "a", payload).unwrap_err();
        assert_eq!(found, *reason, "{payload:?}: {message}");
        assert!(message.contains(part), "{payload:?}: {message}");
    }
}

#[test]
fn groups_are_read_to_the_depth_of_a_hundred_and_no_deeper() {
    let groups = |levels: usize| [[0xfb, 7].repeat(levels), [0xfc, 7].repeat(levels)].concat();
    assert_eq!(text(spec(), "a", &groups(100)).as_deref(), Ok("0"));
    assert_eq!(text(spec(), "a", &groups(101)).unwrap_err().0, Reason::Limit);
    assert_eq!(text(spec(), "a", &groups(1_000_000)).unwrap_err().0, Reason::Limit);
}

#[test]
fn proto2_has_required_fields_groups_closed_enums_and_defaults() {
    let schema = r#"syntax = "proto2";
        message M { required int32 id = 1; optional int32 n = 2 [default = 7]; optional group G = 3 { optional int32 x = 1; }
        optional E e = 4; enum E { A = 1; B = 2; } optional sint64 z = 5 [default = -3]; }"#;
    let (reason, message) = text(protobuf(schema), "id", &[]).unwrap_err();
    assert_eq!((reason, message.contains("column id")), (Reason::Null, true), "{message}");
    assert_eq!(text(protobuf(schema), "n", &[8, 1]).as_deref(), Ok("null"));
    assert_eq!(text(protobuf(schema).defaults(true), "n", &[8, 1]).as_deref(), Ok("7"));
    assert_eq!(text(protobuf(schema).defaults(true), "z", &[8, 1]).as_deref(), Ok("-3"));
    assert_eq!(text(protobuf(schema), "g_x", &[8, 1, 27, 8, 5, 28]).as_deref(), Ok("5"));
    assert_eq!(text(protobuf(schema), "e", &[8, 1, 32, 2]).as_deref(), Ok("B"));
    assert_eq!(text(protobuf(schema), "e", &[8, 1, 32, 9]).as_deref(), Ok("null"));
    assert_eq!(text(protobuf(schema).enum_numbers(true), "e", &[8, 1, 32, 9]).as_deref(), Ok("9"));
}

#[test]
fn confluent_s_message_indexes_must_name_the_message() {
    let framed = || spec().framing(Framing::Confluent);
    assert_eq!(text(framed(), "a", &[0, 0, 0, 0, 9, 2, 2, 8, 5]).as_deref(), Ok("5"), "index 1");
    for other in [&[0, 0, 0, 0, 9, 0, 8, 5][..], &[0, 0, 0, 0, 9, 2, 0, 8, 5], &[0, 0, 0, 0, 9, 4, 2, 0, 8, 5]] {
        assert_eq!(text(framed(), "a", other).unwrap_err().0, Reason::Schema, "{other:?}");
    }
    let first = || protobuf(SCHEMA).framing(Framing::Confluent);
    assert_eq!(text(first(), "x", &[0, 0, 0, 0, 9, 0, 8, 5]).as_deref(), Ok("5"));
    assert_eq!(text(first(), "x", &[0, 0, 0, 0, 9, 2, 0, 8, 5]).as_deref(), Ok("5"));
    assert_eq!(text(first(), "x", &[1]).unwrap_err().0, Reason::Framing);
    assert_eq!(text(first(), "x", &[0, 0, 0, 0, 9, 1]).unwrap_err().0, Reason::Framing);
    assert_eq!(text(first(), "x", &[]).unwrap_err().0, Reason::Empty);
    let endless = [0, 0, 0, 0, 9, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    assert_eq!(text(first(), "x", &endless).unwrap_err().0, Reason::Framing);
}

#[test]
fn a_oneof_s_member_that_is_left_out_clears_the_others() {
    let spec = || spec().include("/left");
    assert_eq!(text(spec(), "left", &[40, 1]).as_deref(), Ok("1"));
    assert_eq!(text(spec(), "left", &[40, 1, 50, 0]).as_deref(), Ok("null"));
}

#[test]
fn nested_messages_may_be_structs() {
    let (columns, bad) = decoded(spec().nested(Nested::Struct), &[34, 2, 8, 7]);
    assert_eq!(bad, []);
    let sub = &columns.iter().find(|(name, _)| name == "sub").unwrap().1;
    assert_eq!(sub.as_struct().column(0).as_primitive::<types::Int32Type>().value(0), 7);
    assert!(columns.iter().find(|(name, _)| name == "right").unwrap().1.is_null(0));
}
