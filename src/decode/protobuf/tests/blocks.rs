//! What blocks do, and when they are given up.

use super::super::Protobuf;
use super::super::fuzzing::same_both_ways;
use super::*;
use crate::decode::blocks::ByBlocks;

const SCHEMA: &str = r#"syntax = "proto3"; message M {
    int32 a = 1; optional string b = 2; S s = 3; oneof o { int32 c = 4; S d = 5; } repeated int32 r = 6; repeated string t = 7;
    E e = 8; bool f = 300; map<int32, int32> m = 301; }
    message S { int32 x = 1; optional double y = 2; T t = 3; } message T { bytes z = 1; } enum E { ZERO = 0; ONE = 1; }"#;

/// Whether a block of the payloads is done as one, flat and as structs; the rows are the same in any case.
fn done(payloads: &[&[u8]]) -> bool {
    let payloads: Vec<Option<&[u8]>> = payloads.iter().copied().cycle().take(16.max(payloads.len())).map(Some).collect();
    let flat = same_both_ways(&protobuf(SCHEMA), &payloads);
    let structs = same_both_ways(&protobuf(SCHEMA).nested(Nested::Struct), &payloads);
    assert_eq!(flat, structs);
    same_both_ways(&protobuf(SCHEMA).flatten(true).enum_numbers(true), &payloads);
    flat
}

const FULL: &[u8] = &[
    8, 5, 18, 1, b'b', 26, 17, 8, 1, 17, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 26, 4, 10, 2, 0, 0xff, 32, 9, 50, 2, 1, 2, 58, 1, b't',
    58, 0, 64, 1, 0xe0, 0x12, 1, 0xea, 0x12, 4, 8, 1, 16, 2,
];

#[test]
fn payloads_in_the_order_of_the_numbers_are_done_whatever_they_leave_out() {
    assert!(done(&[FULL]));
    assert!(done(&[&[]]));
    assert!(done(&[FULL, &[], &[26, 0], &[26, 2, 26, 0], &[42, 2, 8, 3], &[18, 0], &[48, 1, 50, 1, 2, 48, 3]]));
}

#[test]
fn numbers_of_every_width_are_the_same_in_blocks() {
    for length in 1..=11 {
        for (more, last) in [(0x80, 0), (0x81, 1), (0xff, 0x7f), (0xaa, 0x55), (0xff, 0x01), (0xff, 0x02)] {
            let mut payload = vec![8];
            payload.extend(std::iter::repeat_n(more, length - 1));
            payload.push(last);
            let good = length < 10 || length == 10 && last < 2;
            assert_eq!(done(&[&payload]), good, "{payload:?} at the end");
            // With bytes behind it, which are no part of it.
            payload.extend([18, 8, b'a', b'b', b'c', b'd', b'e', b'f', b'g', b'h']);
            assert_eq!(done(&[&payload]), good, "{payload:?}");
        }
    }
}

#[test]
fn unknown_fields_behind_the_others_are_skipped() {
    assert!(done(&[FULL, &[8, 5, 0xf8, 0x12, 1, 0xfb, 0x12, 0xfc, 0x12]]));
    assert!(done(&[&[26, 4, 8, 1, 32, 1]]), "in a message as well");
}

#[test]
fn fields_in_any_order_and_numbers_that_come_again_are_done() {
    for payload in [
        &[18, 0, 8, 6][..],              // the other way round
        &[8, 5, 8, 6],                   // twice
        &[8, 5, 18, 1, b'b', 8, 6],      // not one after the other
        &[64, 7],                        // a number without a name
        &[0xc8, 0x12, 1, 0xe0, 0x12, 1], // an unknown field among the others
        &[26, 6, 26, 2, 10, 0, 8, 1],    // within a message
        &[58, 1, b't', 48, 1, 48, 2, 50, 2, 3, 4, 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
    ] {
        assert!(done(&[payload]), "{payload:?}");
        assert!(done(&[FULL, payload, FULL]), "{payload:?} among others");
    }
}

#[test]
fn what_takes_more_than_a_plan_is_given_up() {
    for payload in [
        &[26, 2, 8, 1, 26, 2, 8, 2][..], // to be merged
        &[32, 1, 42, 0],                 // two of a oneof
        &[18, 0, 18, 0],                 // a text, which is to be one even where another comes
        &[58, 0, 8, 1, 58, 0],           // a list in parts
        &[0x88, 0x80, 0, 5],             // a tag longer than need be
        &[8, 0xff],                      // wrong
        &[18, 1, 0xff],
        &[26, 2, 8, 1, 0],
        &[26, 200, 1, 8, 1],
        &[58, 1, 0xff],
        &[0xea, 0x12, 2, 10, 0],
        &[0xea, 0x12, 4, 8, 1, 16, 2, 0xea, 0x12, 4, 8, 1, 16, 3], // one key twice
    ] {
        assert!(!done(&[payload]), "{payload:?}");
        assert!(!done(&[FULL, payload, FULL]), "{payload:?} among others");
    }
}

#[test]
fn the_order_of_a_topic_is_learned() {
    let mut decoder = Protobuf::new(&protobuf(SCHEMA), None).unwrap();
    let mut columns: Vec<Column> = decoder.fields().iter().map(|field| Column::new(field).unwrap()).collect();
    // With an unknown field, which is a list, and one that is not in all of them.
    let payload: &[u8] = &[64, 1, 0xc8, 0x12, 1, 0xc8, 0x12, 1, 26, 6, 26, 2, 10, 0, 8, 1, 18, 1, b'b', 8, 5];
    let fields = [(8, 0), (297, 0), (297, 0), (3, 2), (2, 2), (1, 0)];
    assert_eq!(decoder.block(&[Some(payload); 8], &[], &mut columns), (8, true));
    let plan = decoder.plan.as_mut().unwrap();
    assert!(!plan.learn(&fields), "it is known already");
    assert!(plan.learn(&[(1, 0), (8, 0)]));
    assert!(plan.learn(&fields));
    assert!(!plan.learn(&[(1, 0), (8, 0), (1, 0)]), "this is no order");
    assert_eq!(decoder.block(&[Some(&[58, 0, 8, 5][..]); 8], &[], &mut columns), (8, true));
}

#[test]
fn fields_that_are_left_out_are_skipped_wherever_they_are() {
    for (paths, good) in [(&["/b", "/m"][..], true), (&["/c"], true), (&["/s/y", "/f"], true), (&["/r"], true)] {
        let spec = || paths.iter().fold(protobuf(SCHEMA), |spec, path| spec.include(*path));
        assert_eq!(same_both_ways(&spec(), &[Some(FULL); 8]), good, "{paths:?}");
        let left_out_twice = [&[8, 1, 8, 2][..], FULL].concat();
        assert_eq!(same_both_ways(&spec(), &[Some(&left_out_twice[..]); 8]), good, "{paths:?}");
    }
    // One that is left out takes the place of the other, or the other way round.
    let spec = protobuf(SCHEMA).include("/c");
    assert!(!same_both_ways(&spec, &[Some(&[32, 1, 42, 0][..]); 8]));
}

#[test]
fn a_missing_required_field_is_an_error_of_its_row_alone() {
    let spec = protobuf(
        r#"syntax = "proto2"; message M { required int32 a = 1; optional S s = 2; } message S { required int32 b = 1; }"#,
    );
    let (good, without): (&[u8], &[u8]) = (&[8, 1, 18, 2, 8, 1], &[8, 1]);
    assert!(same_both_ways(&spec, &[Some(good), Some(without), Some(good), Some(without)]), "an absent message lacks nothing");
    assert!(!same_both_ways(&spec, &[Some(good), Some(&[18, 2, 8, 1]), Some(good), Some(good)]));
    assert!(!same_both_ways(&spec, &[Some(good), Some(&[8, 1, 18, 0]), Some(good), Some(good)]));
}

#[test]
fn a_frame_that_is_wrong_is_an_error_of_its_row_alone() {
    let spec = protobuf(SCHEMA).framing(Framing::Confluent);
    let framed = [&[0, 0, 0, 0, 1, 0][..], FULL].concat();
    let other = [&[0, 0, 0, 0, 1, 2, 2][..], FULL].concat();
    let payloads: Vec<Option<&[u8]>> =
        [&framed, &other, &framed, &framed, &framed].iter().map(|payload| Some(&payload[..])).collect();
    assert!(!same_both_ways(&spec, &payloads));
    assert!(same_both_ways(&spec, &payloads[2..].repeat(2)));
}

#[test]
fn a_block_that_is_given_up_leaves_nothing_and_the_next_are_done_when_it_is_worth_it() {
    let mut decoder = Protobuf::new(&protobuf(SCHEMA), None).unwrap();
    let mut columns: Vec<Column> = decoder.fields().iter().map(|field| Column::new(field).unwrap()).collect();
    let (good, wrong) = ([Some(FULL); 4], [Some(FULL), Some(FULL), Some(&[18, 1, 0xff]), Some(FULL)]);
    assert_eq!(decoder.block(&good, &[], &mut columns), (4, true));
    assert_eq!(decoder.block(&wrong, &[], &mut columns), (4, false));
    assert!(columns.iter().all(|column| column.len() == 4));
    assert_eq!(decoder.block(&good, &[], &mut columns), (4, false), "too soon");
    assert_eq!(decoder.block(&good, &[], &mut columns), (4, true));
    assert_eq!(decoder.block(&[None, None, Some(FULL)], &[], &mut columns), (2, false), "nulls");
}
