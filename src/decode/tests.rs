//! What every decoder does alike, and the simple ones. JSON has tests of its own.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int16Type, Int64Type, TimestampNanosecondType, UInt64Type};
use arrow_array::{Array, ArrayRef};
use arrow_cast::display::array_value_to_string;
use arrow_schema::DataType;
use proptest::prelude::*;

use super::*;
use crate::spec::{Names, Side, Spec};

mod serializers;

pub(super) fn decode(spec: &str, payloads: &[Option<&[u8]>]) -> (Vec<ArrayRef>, Vec<BadPayload>) {
    let spec = Spec::parse(spec).unwrap();
    let mut decoder = decoder(&spec, Side::Value, &Names::default()).unwrap();
    let mut columns: Vec<Column> = decoder.fields().iter().map(|field| Column::new(field).unwrap()).collect();
    let mut bad = Vec::new();
    decoder.decode(payloads, &mut columns, &mut bad);
    let arrays: Vec<ArrayRef> = columns.iter_mut().map(|column| column.finish().unwrap()).collect();
    for (array, field) in arrays.iter().zip(decoder.fields()) {
        assert_eq!(array.len(), payloads.len(), "one row per payload");
        assert_eq!(array.data_type(), field.data_type());
    }
    (arrays, bad)
}

/// The one value, as text; `null` for null, timestamps as their number.
pub(super) fn shown(spec: &str, payload: &[u8]) -> String {
    let (arrays, bad) = decode(spec, &[Some(payload)]);
    assert_eq!(bad, [], "{spec}");
    if arrays[0].is_null(0) {
        return "null".into();
    }
    // Arrow shows no timestamps with the zone UTC without its time zone database: their numbers say as much.
    let array = match arrays[0].data_type() {
        DataType::Timestamp(..) => arrow_cast::cast(&arrays[0], &DataType::Int64).unwrap(),
        _ => ArrayRef::clone(&arrays[0]),
    };
    array_value_to_string(&array, 0).unwrap()
}

pub(super) fn refused(spec: &str, payload: &[u8]) -> DecodeError {
    let (arrays, mut bad) = decode(spec, &[Some(payload)]);
    assert_eq!(bad.len(), 1, "{spec} took {payload:?} for {:?}", arrays[0]);
    assert!(arrays.iter().all(|array| array.is_null(0)));
    bad.remove(0).error
}

#[test]
fn every_simple_type_is_read_as_kafka_serializers_write_it() {
    for (spec, payload, expected) in [
        ("simple:bool", &[1][..], "true"),
        ("simple:bool", &[0], "false"),
        ("simple:int8", &[0xff], "-1"),
        ("simple:int16", &[0x80, 0], "-32768"),
        ("simple:int32", &[0x7f, 0xff, 0xff, 0xff], "2147483647"),
        ("simple:int64", &[0, 0, 0, 0, 0, 0, 1, 2], "258"),
        ("simple:uint8", &[0xff], "255"),
        ("simple:uint16", &[0xff, 0xff], "65535"),
        ("simple:uint32", &[0xff, 0xff, 0xff, 0xff], "4294967295"),
        ("simple:uint64", &[0xff; 8], "18446744073709551615"),
        ("simple:float32", &[0x3f, 0xc0, 0, 0], "1.5"),
        ("simple:float64", &[0xc0, 0, 0, 0, 0, 0, 0, 0], "-2.0"),
        ("simple:utf8", "zwölf".as_bytes(), "zwölf"),
        ("simple:binary", &[0, 0xff], "00ff"),
        ("simple:char", "ß".as_bytes(), "ß"),
        ("simple:uuid", b"123e4567-E89b-12d3-a456-426614174000", "123e4567e89b12d3a456426614174000"),
        ("simple:timestamp(s)", &[0, 0, 0, 0, 0, 0, 0, 1], "1"),
        ("simple:timestamp(ms)", &[0, 0, 0, 0, 0, 0, 0, 1], "1"),
        ("simple:timestamp(us)", &[0xff; 8], "-1"),
        ("simple:timestamp(ns)", &[0, 0, 0, 0, 0, 0, 0, 1], "1"),
        ("simple:timestamp(ns,number=s)", &[0, 0, 0, 0, 0, 0, 0, 1], "1000000000"),
        ("simple:timestamp(s,number=ms)", &[0, 0, 0, 0, 0, 0, 7, 0xff], "2"),
        ("raw", &[1, 2], "0102"),
    ] {
        assert_eq!(shown(spec, payload), expected, "{spec}");
    }
}

#[test]
fn an_empty_payload_is_an_empty_text_or_binary_and_an_error_for_everything_else() {
    assert_eq!(shown("simple:utf8", b""), "");
    assert_eq!(shown("simple:binary", b""), "");
    assert_eq!(shown("raw", b""), "");
    for name in ["bool", "int8", "int64", "uint32", "float64", "uuid", "timestamp(ms)", "char"] {
        let error = refused(&format!("simple:{name}"), b"");
        assert_eq!((error.reason, error.position), (Reason::Empty, 0), "{name}");
    }
}

#[test]
fn a_wrong_length_is_an_error_that_names_both_lengths() {
    for (name, payload, position) in [
        ("bool", &[0, 1][..], 1),
        ("int8", &[1, 2], 1),
        ("int16", &[1], 1),
        ("int32", &[1; 5], 4),
        ("int64", &[1; 6], 6),
        ("float64", &[1; 9], 8),
        ("timestamp(ms)", &[1; 7], 7),
        ("uuid", &[b'a'; 16], 0),
        ("char", b"ab", 0),
    ] {
        let error = refused(&format!("simple:{name}"), payload);
        assert_eq!((error.reason, error.position), (Reason::Length, position), "{name}");
        assert_eq!(error.column.as_deref(), Some("KafkaValue"));
    }
    assert_eq!(
        refused("simple:double:Price", &[1; 6]).to_string(),
        "column Price, byte 6: float64 is 8 bytes, the payload has 6"
    );
}

#[test]
fn invalid_utf8_is_an_error_with_the_position_of_the_first_wrong_byte() {
    for name in ["utf8", "char"] {
        let error = refused(&format!("simple:{name}"), b"ab\xff");
        assert_eq!((error.reason, error.position), (Reason::Utf8, 2), "{name}");
    }
}

#[test]
fn a_bool_is_the_byte_0_or_1_and_nothing_else() {
    let error = refused("simple:bool", &[2]);
    assert_eq!((error.reason, error.message.as_str()), (Reason::Range, "a bool is the byte 0 or 1, not 2"));
}

#[test]
fn a_uuid_that_is_none_and_a_timestamp_out_of_range_are_errors() {
    let error = refused("simple:uuid", b"123e4567-e89b-12d3-a456-42661417400g");
    assert_eq!((error.reason, error.position), (Reason::Format, 35));
    let error = refused("simple:timestamp(ns,number=s)", &i64::MAX.to_be_bytes());
    assert_eq!(error.reason, Reason::Range);
}

#[test]
fn a_bad_payload_is_a_null_row_and_its_neighbours_stay() {
    let good = 7_i64.to_be_bytes();
    let (arrays, bad) = decode("simple:int64", &[Some(&good), Some(&[1]), None, Some(&good)]);
    assert_eq!(arrays[0].as_primitive::<Int64Type>().iter().collect::<Vec<_>>(), [Some(7), None, None, Some(7)]);
    assert_eq!(bad.iter().map(|bad| bad.index).collect::<Vec<_>>(), [1]);
}

#[test]
fn a_null_payload_is_a_row_of_nulls_in_every_spec() {
    for spec in ["raw", "simple:utf8", "simple:int64", "json:a:int64,b:utf8!"] {
        let (arrays, bad) = decode(spec, &[None]);
        assert!(bad.is_empty() && arrays.iter().all(|array| array.is_null(0)), "{spec}");
    }
}

#[test]
fn ignore_has_no_columns_and_no_errors() {
    let spec = Spec::parse("ignore").unwrap();
    let mut decoder = decoder(&spec, Side::Key, &Names::default()).unwrap();
    let mut bad = Vec::new();
    decoder.decode(&[None, Some(b"x")], &mut [], &mut bad);
    assert!(decoder.fields().is_empty() && bad.is_empty());
}

proptest! {
    #[test]
    fn simple_numbers_come_back_as_they_were_written(i: i64, u: u64, d: f64, f: f32, s: i16, t: i64) {
        let one = |spec: &str, bytes: &[u8]| decode(spec, &[Some(bytes)]).0.remove(0);
        prop_assert_eq!(one("simple:long", &i.to_be_bytes()).as_primitive::<Int64Type>().value(0), i);
        prop_assert_eq!(one("simple:uint64", &u.to_be_bytes()).as_primitive::<UInt64Type>().value(0), u);
        prop_assert_eq!(one("simple:double", &d.to_be_bytes()).as_primitive::<Float64Type>().value(0).to_bits(), d.to_bits());
        prop_assert_eq!(one("simple:float", &f.to_be_bytes()).as_primitive::<Float32Type>().value(0).to_bits(), f.to_bits());
        prop_assert_eq!(one("simple:short", &s.to_be_bytes()).as_primitive::<Int16Type>().value(0), s);
        prop_assert_eq!(one("simple:timestamp(ns)", &t.to_be_bytes()).as_primitive::<TimestampNanosecondType>().value(0), t);
    }

    #[test]
    fn no_payload_makes_a_simple_decoder_panic(payload in prop::collection::vec(any::<u8>(), 0..40)) {
        for spec in ["simple:bool", "simple:int32", "simple:float64", "simple:utf8", "simple:uuid", "simple:char", "simple:timestamp(ns,number=s)", "raw"] {
            let (_, bad) = decode(spec, &[Some(&payload)]);
            prop_assert!(bad.iter().all(|bad| bad.error.position <= payload.len()));
        }
    }
}
