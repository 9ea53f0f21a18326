//! The wire format's edge cases, one by one, and every limit at the limit and one beyond.

use super::*;

const NUMBERS: &str = r#"syntax = "proto3"; message M {
    int32 i = 1; uint64 u = 2; bool b = 3; string s = 4; fixed32 f = 5; fixed64 g = 6; sint64 z = 7; repeated int64 r = 8;
    repeated fixed32 rf = 9; repeated bool rb = 10; repeated string rs = 11; bytes y = 12; N n = 13; repeated double rd = 14;
    map<int32, int32> m = 15; }
    message N { int32 x = 1; N2 n = 2; } message N2 { int32 y = 1; int32 z = 2; }"#;

fn of(column: &str, payload: &[u8]) -> Result<String, (Reason, String)> {
    text(protobuf(NUMBERS), column, payload)
}

fn reason(payload: &[u8]) -> Reason {
    of("i", payload).unwrap_err().0
}

#[test]
fn varints_may_be_longer_than_need_be_up_to_ten_bytes() {
    for zeros in 0..=8 {
        let mut payload = vec![0x08, 0x85];
        payload.extend(std::iter::repeat_n(0x80, zeros));
        payload.push(0);
        let found = of("i", &payload);
        assert_eq!(found.as_deref(), Ok("5"), "{zeros}");
    }
    let eleven = [&[0x08, 0x85][..], &[0x80; 9], &[0]].concat();
    assert_eq!(reason(&eleven), Reason::Range);
    assert_eq!(of("u", &[&[0x10][..], &[0xff; 9], &[1]].concat()).as_deref(), Ok("18446744073709551615"));
    assert_eq!(reason(&[&[0x10][..], &[0xff; 9], &[2]].concat()), Reason::Range, "a bit beyond 64");
    assert_eq!(reason(&[&[0x10][..], &[0xff; 9]].concat()), Reason::Truncated);
    // Tags and lengths are varints, too.
    assert_eq!(of("i", &[0x88, 0x80, 0x00, 5]).as_deref(), Ok("5"));
    assert_eq!(of("s", &[0x22, 0x82, 0x80, 0x00, b'h', b'i']).as_deref(), Ok("hi"));
}

#[test]
fn numbers_wider_than_their_type_lose_their_upper_bits() {
    let one_beyond = [0x81, 0x80, 0x80, 0x80, 0x10]; // 2^32 + 1
    assert_eq!(of("i", &[&[0x08][..], &one_beyond].concat()).as_deref(), Ok("1"));
    assert_eq!(of("b", &[0x18, 2]).as_deref(), Ok("true"));
    assert_eq!(of("b", &[&[0x18][..], &[0x80, 0x80, 0x80, 0x80, 0x10]].concat()).as_deref(), Ok("true"), "of 64 bits");
    assert_eq!(of("z", &[&[0x38][..], &[0xff; 9], &[1]].concat()).as_deref(), Ok("-9223372036854775808"));
    assert_eq!(of("z", &[&[0x38, 0xfe][..], &[0xff; 8], &[1]].concat()).as_deref(), Ok("9223372036854775807"));
}

#[test]
fn a_known_field_of_another_wire_type_is_an_error() {
    let (field, run) = (|number: u8, wire_type: u8| number << 3 | wire_type, [0_u8; 8]);
    let written = |number: u8, wire_type: u8| match wire_type {
        0 => vec![field(number, 0), 0],
        1 => [&[field(number, 1)][..], &run].concat(),
        2 => vec![field(number, 2), 0],
        3 => vec![field(number, 3), field(number, 4)],
        _ => [&[field(number, 5)][..], &run[..4]].concat(),
    };
    // By number: the wire types that are read.
    let read: [(u8, &[u8]); 15] = [
        (1, &[0]),
        (2, &[0]),
        (3, &[0]),
        (4, &[2]),
        (5, &[5]),
        (6, &[1]),
        (7, &[0]),
        (8, &[0, 2]),
        (9, &[5, 2]),
        (10, &[0, 2]),
        (11, &[2]),
        (12, &[2]),
        (13, &[2]),
        (14, &[1, 2]),
        (15, &[2]),
    ];
    for (number, wire_types) in read {
        for wire_type in [0, 1, 2, 3, 5] {
            let found = of("i", &written(number, wire_type)).map_err(|(reason, _)| reason);
            let expected = if wire_types.contains(&wire_type) { Ok("0".to_owned()) } else { Err(Reason::Type) };
            assert_eq!(found, expected, "field {number}, wire type {wire_type}");
        }
        for wire_type in [4, 6, 7] {
            assert_eq!(reason(&[field(number, wire_type)]), Reason::Syntax, "field {number}, wire type {wire_type}");
        }
    }
}

#[test]
fn field_numbers_go_from_1_to_what_a_tag_of_32_bits_holds() {
    assert_eq!(reason(&[0, 0]), Reason::Syntax);
    assert_eq!(reason(&[2, 0]), Reason::Syntax);
    assert_eq!(of("i", &[0xf8, 0xff, 0xff, 0xff, 0x0f, 0]).as_deref(), Ok("0"), "2^29 - 1");
    assert_eq!(reason(&[0x80, 0x80, 0x80, 0x80, 0x10, 0]), Reason::Syntax, "2^29");
    let schema = r#"syntax = "proto3"; message M { int32 last = 536870911; }"#;
    assert_eq!(text(protobuf(schema), "last", &[0xf8, 0xff, 0xff, 0xff, 0x0f, 7]).as_deref(), Ok("7"));
}

#[test]
fn what_is_cut_off_anywhere_is_an_error() {
    let whole = [
        &[0x08, 0x85, 0x00, 0x22, 2, b'h', b'i', 0x2d, 1, 0, 0, 0, 0x31, 1, 0, 0, 0, 0, 0, 0, 0][..],
        &[0x6a, 4, 0x08, 1, 0x12, 0, 0x42, 2, 1, 2, 0x7a, 2, 8, 1, 0xfb, 7, 8, 1, 0xfc, 7],
    ]
    .concat();
    assert_eq!(of("i", &whole).as_deref(), Ok("5"));
    let good_ends = [0, 3, 7, 12, 21, 27, 31, 35];
    for end in 0..whole.len() {
        let cut = of("i", &whole[..end]).map_err(|(reason, _)| reason);
        assert_eq!(cut.is_ok(), good_ends.contains(&end), "{end}: {cut:?}");
        assert!(cut.is_ok() || cut == Err(Reason::Truncated), "{end}: {cut:?}");
    }
}

#[test]
fn lengths_beyond_the_end_are_errors_whatever_they_say() {
    for length in [&[3][..], &[0xff, 0xff, 0xff, 0xff, 0x07], &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]] {
        for tag in [0x22, 0x62, 0x6a, 0x42, 0x7a, 0xa2] {
            let tag: &[u8] = if tag == 0xa2 { &[0xa2, 0x06] } else { &[tag] };
            assert_eq!(reason(&[tag, length, b"hi"].concat()), Reason::Truncated, "{tag:?} {length:?}");
        }
    }
    // A field of a message ends with the message, though the payload goes on.
    assert_eq!(reason(&[0x6a, 1, 0x08, 0x08, 5]), Reason::Truncated);
    assert_eq!(reason(&[0x6a, 3, 0x12, 2, 0x08, 0x08, 5]), Reason::Truncated);
}

#[test]
fn packed_runs_are_split_empty_mixed_and_whole() {
    assert_eq!(of("r", &[0x42, 0]).as_deref(), Ok("[]"));
    assert_eq!(of("r", &[0x42, 1, 1, 0x08, 9, 0x42, 0, 0x40, 2, 0x42, 2, 3, 4]).as_deref(), Ok("[1, 2, 3, 4]"));
    assert_eq!(of("rf", &[0x4a, 4, 1, 0, 0, 0, 0x4d, 2, 0, 0, 0]).as_deref(), Ok("[1, 2]"));
    assert_eq!(of("rb", &[0x52, 3, 0, 1, 2]).as_deref(), Ok("[false, true, true]"));
    assert_eq!(of("rs", &[0x5a, 0, 0x5a, 1, b'a']).as_deref(), Ok("[, a]"));
    assert_eq!(reason(&[0x4a, 3, 1, 0, 0]), Reason::Truncated, "a third of a number");
    assert_eq!(reason(&[0x4a, 5, 1, 0, 0, 0, 0]), Reason::Truncated);
    assert_eq!(reason(&[0x42, 1, 0x80]), Reason::Truncated, "a varint does not go on behind its run");
    assert_eq!(reason(&[0x72, 7, 0, 0, 0, 0, 0, 0, 0]), Reason::Truncated);
}

#[test]
fn groups_are_skipped_and_must_end_as_they_began() {
    assert_eq!(
        of("i", &[0xfb, 7, 0x08, 9, 0xfb, 7, 0xfc, 7, 0xfc, 7, 8, 5]).as_deref(),
        Ok("5"),
        "in another, of the same number"
    );
    assert_eq!(of("i", &[0x08, 5, 0xfb, 7, 0x22, 1, 0xff, 0xfc, 7]).as_deref(), Ok("5"), "what is in it is not looked into");
    assert_eq!(reason(&[0xfb, 7]), Reason::Truncated, "unterminated");
    assert_eq!(reason(&[0xfb, 7, 0x08]), Reason::Truncated);
    assert_eq!(reason(&[0xfc, 7]), Reason::Syntax, "not begun");
    assert_eq!(reason(&[0xfb, 7, 0x84, 8, 0xfc, 7]), Reason::Syntax, "the end of another");
    assert_eq!(reason(&[0xfb, 7, 0x00, 0xfc, 7]), Reason::Syntax, "field 0 in it");
    assert_eq!(reason(&[0x6a, 2, 0xfb, 7, 0xfc, 7]), Reason::Syntax, "its end is behind the message's");
}

#[test]
fn utf_8_is_checked_in_texts_and_nowhere_else() {
    for wrong in [&[0xff][..], &[0xc3], &[0xed, 0xa0, 0x80], &[0xc0, 0x80], &[0xf5, 0x80, 0x80, 0x80]] {
        let length = u8::try_from(wrong.len()).unwrap();
        assert_eq!(reason(&[&[0x22, length], wrong].concat()), Reason::Utf8, "{wrong:?}");
        assert_eq!(reason(&[&[0x5a, length], wrong].concat()), Reason::Utf8, "{wrong:?} in a list");
        assert_eq!(of("i", &[&[0x62, length], wrong].concat()).as_deref(), Ok("0"), "{wrong:?} in bytes");
        assert_eq!(of("i", &[&[0xa2, 6, length], wrong].concat()).as_deref(), Ok("0"), "{wrong:?} in an unknown field");
    }
    let (_, message) = of("i", &[0x22, 3, b'a', b'b', 0xff]).unwrap_err();
    assert_eq!(message, "column s, byte 4: the text is not valid UTF-8");
}

#[test]
fn of_a_field_the_last_counts_and_messages_merge_at_every_level() {
    let payload = [0x6a, 6, 0x08, 1, 0x12, 2, 0x08, 7, 0x6a, 4, 0x12, 2, 0x10, 8, 0x6a, 2, 0x08, 2];
    for (column, expected) in [("n_x", "2"), ("n_n_y", "7"), ("n_n_z", "8")] {
        assert_eq!(of(column, &payload).as_deref(), Ok(expected), "{column}");
    }
    assert_eq!(of("s", &[0x22, 1, b'a', 0x08, 1, 0x22, 1, b'b']).as_deref(), Ok("b"));
    assert_eq!(of("m", &[0x7a, 4, 8, 1, 16, 1, 0x7a, 4, 8, 2, 16, 2, 0x7a, 4, 8, 1, 16, 3]).as_deref(), Ok("{2: 2, 1: 3}"));
    assert_eq!(of("m", &[0x7a, 6, 16, 1, 8, 1, 16, 2]).as_deref(), Ok("{1: 2}"), "in an entry as well");
}

/// Bytes behind their length and tag.
fn run(tag: u8, bytes: &[u8]) -> Vec<u8> {
    let mut run = vec![tag];
    let mut length = bytes.len();
    while length >= 0x80 {
        run.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    run.push(u8::try_from(length).unwrap());
    [run, bytes.to_vec()].concat()
}

#[test]
fn unknown_messages_nest_as_deep_as_they_like_and_json_to_a_depth_of_a_hundred() {
    let nested = (0..5000).fold(Vec::new(), |inner, _| run(0x0a, &inner));
    assert_eq!(text(protobuf(r#"syntax = "proto3"; message M { int32 a = 2; }"#), "a", &nested).as_deref(), Ok("0"));
    let schema = r#"syntax = "proto3"; import "google/protobuf/struct.proto"; message M { google.protobuf.ListValue l = 1; }"#;
    // A list and a value for each level, in the list of the field.
    let of = |levels: usize| {
        let list = (0..levels).fold(Vec::new(), |inner, _| run(0x0a, &run(0x32, &inner)));
        text(protobuf(schema), "l", &run(0x0a, &list)).map_err(|(reason, _)| reason)
    };
    assert_eq!(of(0).as_deref(), Ok("[]"));
    assert_eq!(of(2).as_deref(), Ok("[[[]]]"));
    assert_eq!(of(49), Ok("[".repeat(50) + &"]".repeat(50)), "99 messages deep");
    assert_eq!(of(50), Err(Reason::Limit));
    assert_eq!(of(5000), Err(Reason::Limit));
}

#[test]
fn timestamps_and_durations_have_their_ranges() {
    let schema = r#"syntax = "proto3"; import "google/protobuf/timestamp.proto"; import "google/protobuf/duration.proto";
        message M { google.protobuf.Timestamp t = 1; google.protobuf.Duration d = 2; }"#;
    let varint = |value: i64| {
        let mut rest = value.cast_unsigned();
        let mut bytes = Vec::new();
        while rest >= 0x80 {
            bytes.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
            rest >>= 7;
        }
        bytes.push(u8::try_from(rest).unwrap());
        bytes
    };
    let of = |tag: u8, column: &str, seconds: i64, nanos: i64| {
        let inner = [&[8][..], &varint(seconds), &[16], &varint(nanos)].concat();
        let payload = [&[tag, u8::try_from(inner.len()).unwrap()][..], &inner].concat();
        text(protobuf(schema), column, &payload).map_err(|(reason, _)| reason)
    };
    let timestamp = |seconds, nanos| of(10, "t", seconds, nanos);
    assert_eq!(timestamp(0, 999_999_999).as_deref(), Ok("999999999"));
    assert_eq!(timestamp(0, 1_000_000_000), Err(Reason::Range));
    assert_eq!(timestamp(-1, 0).as_deref(), Ok("-1000000000"));
    assert_eq!(timestamp(0, -1), Err(Reason::Range));
    assert_eq!(timestamp(9_223_372_036, 854_775_807).as_deref(), Ok("9223372036854775807"));
    assert_eq!(timestamp(9_223_372_036, 854_775_808), Err(Reason::Range), "beyond 64 bits of nanoseconds");
    assert_eq!(timestamp(-9_223_372_037, 145_224_192).as_deref(), Ok("-9223372036854775808"));
    assert_eq!(timestamp(-9_223_372_037, 145_224_191), Err(Reason::Range));
    assert_eq!(timestamp(253_402_300_800, 0), Err(Reason::Range), "the year 10000");
    let duration = |seconds, nanos| of(18, "d", seconds, nanos).is_ok();
    assert!(duration(0, 999_999_999) && duration(0, -999_999_999) && duration(-1, -1) && duration(-1, 0));
    assert!(!duration(0, 1_000_000_000) && !duration(0, -1_000_000_000) && !duration(1, -1) && !duration(-1, 1));
    assert!(!duration(9_223_372_037, 0) && !duration(315_576_000_001, 0) && !duration(i64::MIN, 0));
}
