//! What Kafka's own serializers wrote, read back: `protocol-tests/fixtures/serializers.tsv`, which `servers/java/Serialize.java` prints.

use std::collections::BTreeMap;
use std::path::Path;

use arrow_array::types::{
    Int16Type, Int32Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampSecondType, UInt16Type, UInt32Type,
};

use super::*;

/// A value in Java's words and its bytes; null is none.
type Written = (Option<String>, Option<Vec<u8>>);

/// By serializer, in the order of the file.
fn written() -> BTreeMap<String, Vec<Written>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("protocol-tests/fixtures/serializers.tsv");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut found: BTreeMap<String, Vec<Written>> = BTreeMap::new();
    for line in text.lines() {
        let [name, value, bytes] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("not three fields: {line:?}") };
        let given = |field: &str| (field != "null").then(|| field.to_owned());
        found.entry(name.into()).or_default().push((given(value), given(bytes).map(|bytes| unhex(&bytes))));
    }
    found
}

fn unhex(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The column of what a serializer wrote, which has a null for each null and no errors.
fn column(spec: &str, written: &[Written]) -> ArrayRef {
    let payloads: Vec<Option<&[u8]>> = written.iter().map(|(_, bytes)| bytes.as_deref()).collect();
    let (mut arrays, bad) = decode(spec, &payloads);
    assert_eq!(bad, [], "{spec}");
    let array = arrays.remove(0);
    for (row, (value, bytes)) in written.iter().enumerate() {
        assert_eq!((array.is_null(row), bytes.is_none()), (value.is_none(), value.is_none()), "{spec}, row {row}");
    }
    array
}

/// Asserts that the values of a column, in the words that `shown` finds for a row, are those that were written.
fn assert_values(spec: &str, written: &[Written], shown: impl Fn(&ArrayRef, usize) -> String, java: impl Fn(&str) -> String) {
    let array = column(spec, written);
    for (row, value) in written.iter().enumerate().filter_map(|(row, (value, _))| Some((row, value.as_ref()?))) {
        assert_eq!(shown(&array, row), java(value), "{spec}, row {row}: {value}");
    }
    assert!(written.len() > 1, "{spec}: the fixture has values of it");
}

macro_rules! numbers {
    ($type:ty) => {
        |array: &ArrayRef, row: usize| array.as_primitive::<$type>().value(row).to_string()
    };
}

fn same(value: &str) -> String {
    value.to_owned()
}

#[test]
fn integers_are_those_that_kafka_wrote_signed_unsigned_and_as_moments() {
    let written = written();
    let [shorts, ints, longs] = ["Short", "Integer", "Long"].map(|name| &written[name][..]);
    assert_values("simple:int16", shorts, numbers!(Int16Type), same);
    assert_values("simple:uint16", shorts, numbers!(UInt16Type), |value| {
        value.parse::<i16>().unwrap().cast_unsigned().to_string()
    });
    assert_values("simple:int32", ints, numbers!(Int32Type), same);
    assert_values("simple:uint32", ints, numbers!(UInt32Type), |value| value.parse::<i32>().unwrap().cast_unsigned().to_string());
    assert_values("simple:int64", longs, numbers!(Int64Type), same);
    assert_values("simple:uint64", longs, numbers!(UInt64Type), |value| {
        value.parse::<i64>().unwrap().cast_unsigned().to_string()
    });
    assert_values("simple:timestamp(s)", longs, numbers!(TimestampSecondType), same);
    assert_values("simple:timestamp(ms)", longs, numbers!(TimestampMillisecondType), same);
    assert_values("simple:timestamp(us)", longs, numbers!(TimestampMicrosecondType), same);
    assert_values("simple:timestamp(ns)", longs, numbers!(TimestampNanosecondType), same);
    // Fractions of the unit are cut off.
    assert_values("simple:timestamp(s,number=ms)", longs, numbers!(TimestampSecondType), |value| {
        (value.parse::<i64>().unwrap() / 1000).to_string()
    });
}

#[test]
fn floats_are_those_that_kafka_wrote_to_the_bit() {
    let written = written();
    let single = |array: &ArrayRef, row: usize| array.as_primitive::<Float32Type>().value(row).to_bits().to_string();
    let double = |array: &ArrayRef, row: usize| array.as_primitive::<Float64Type>().value(row).to_bits().to_string();
    assert_values("simple:float32", &written["Float"], single, |value| value.parse::<i32>().unwrap().cast_unsigned().to_string());
    assert_values("simple:float64", &written["Double"], double, |value| {
        value.parse::<i64>().unwrap().cast_unsigned().to_string()
    });
}

#[test]
fn texts_are_those_that_kafka_wrote_and_so_are_single_characters() {
    let text = |value: &str| {
        let units: Vec<u16> = unhex(value).chunks(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]])).collect();
        // Java writes a question mark for half of a pair.
        String::from_utf16_lossy(&units).replace('\u{fffd}', "?")
    };
    let shown = |array: &ArrayRef, row: usize| array.as_string::<i32>().value(row).to_owned();
    let written = written();
    let strings = &written["String"];
    // A text that holds the replacement character itself would be taken for half of a pair.
    assert!(strings.iter().flat_map(|(value, _)| value).all(|value| !value.contains("fffd")));
    assert_values("simple:utf8", strings, shown, text);
    let of_one = |value: &Option<String>| value.as_deref().is_none_or(|value| text(value).chars().count() == 1);
    let characters: Vec<Written> = strings.iter().filter(|(value, _)| of_one(value)).cloned().collect();
    assert_values("simple:char", &characters, shown, text);
}

#[test]
fn bools_bytes_and_uuids_are_those_that_kafka_wrote() {
    let written = written();
    assert_values("simple:bool", &written["Boolean"], |array, row| u8::from(array.as_boolean().value(row)).to_string(), same);
    assert_values("simple:uuid", &written["UUID"], |array, row| hex(array.as_fixed_size_binary().value(row)), same);
    let binary = |array: &ArrayRef, row: usize| hex(array.as_binary::<i32>().value(row));
    for name in ["ByteArray", "Bytes", "ByteBuffer"] {
        assert_values("simple:binary", &written[name], binary, same);
        assert_values("raw", &written[name], binary, same);
    }
    let bytes: Vec<Written> =
        written["ByteArray"].iter().filter(|(_, bytes)| bytes.as_ref().is_some_and(|b| b.len() == 1)).cloned().collect();
    assert_values(
        "simple:int8",
        &bytes,
        |array, row| hex(&array.as_primitive::<arrow_array::types::Int8Type>().value(row).to_be_bytes()),
        same,
    );
    assert_values(
        "simple:uint8",
        &bytes,
        |array, row| hex(&[array.as_primitive::<arrow_array::types::UInt8Type>().value(row)]),
        same,
    );
}

#[test]
fn what_the_void_serializer_writes_is_null_whatever_is_read() {
    let written = written();
    for spec in ["simple:bool", "simple:int64", "simple:utf8", "raw"] {
        assert!(column(spec, &written["Void"]).is_null(0));
    }
}
