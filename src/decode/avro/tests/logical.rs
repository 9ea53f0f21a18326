//! Every type: its column, values, and what is refused.

use super::*;

fn typed(schema: &str) -> String {
    let spec = Spec::from(avro(schema));
    spec.columns(Side::Value, &Names::default()).unwrap()[0].data_type().to_string()
}

/// The wire form of a long.
fn long(value: i64) -> Vec<u8> {
    datum("\"long\"", Value::Long(value))
}

fn bytes(value: &[u8]) -> Vec<u8> {
    datum("\"bytes\"", Value::Bytes(value.to_vec()))
}

fn logical(physical: &str, logical: &str) -> String {
    format!(r#"{{"type": "{physical}", "logicalType": "{logical}"}}"#)
}

#[test]
fn every_primitive_type_has_its_column() {
    for (schema, data_type, payload, expected) in [
        ("\"boolean\"", "Boolean", vec![1], "true"),
        ("\"int\"", "Int32", long(-3), "-3"),
        ("\"long\"", "Int64", long(1 << 40), "1099511627776"),
        ("\"float\"", "Float32", 1.5_f32.to_le_bytes().to_vec(), "1.5"),
        ("\"double\"", "Float64", (-0.1_f64).to_le_bytes().to_vec(), "-0.1"),
        ("\"string\"", "Utf8", bytes("zwölf".as_bytes()), "zwölf"),
        ("\"bytes\"", "Binary", bytes(&[0, 0xff]), "00ff"),
        (r#"{"type": "enum", "name": "E", "symbols": ["A", "B"]}"#, "Utf8", vec![2], "B"),
        (r#"{"type": "fixed", "name": "F", "size": 3}"#, "FixedSizeBinary(3)", vec![1, 2, 3], "010203"),
        (r#"["string", "null"]"#, "Utf8", vec![2], "null"),
        (r#"["int"]"#, "Int32", vec![0, 2], "1"),
    ] {
        assert_eq!(typed(schema), data_type, "{schema}");
        assert_eq!(row(avro(schema), &payload), [expected], "{schema}");
    }
}

#[test]
fn times_and_timestamps_have_their_units() {
    for (physical, name, data_type, value, expected) in [
        ("int", "date", "Date32", 20_000, "2024-10-04"),
        ("int", "date", "Date32", -1, "1969-12-31"),
        ("int", "time-millis", "Time32(ms)", 45_296_789, "12:34:56.789"),
        ("long", "time-micros", "Time64(µs)", 45_296_789_012, "12:34:56.789012"),
        ("long", "timestamp-millis", "Timestamp(ms, \"UTC\")", -5, "-5"),
        ("long", "timestamp-micros", "Timestamp(µs, \"UTC\")", i64::MAX, "9223372036854775807"),
        ("long", "timestamp-nanos", "Timestamp(ns, \"UTC\")", 7, "7"),
        ("long", "local-timestamp-millis", "Timestamp(ms)", 7, "7"),
        ("long", "local-timestamp-micros", "Timestamp(µs)", 7, "7"),
        ("long", "local-timestamp-nanos", "Timestamp(ns)", i64::MIN, "-9223372036854775808"),
    ] {
        let schema = logical(physical, name);
        assert_eq!(typed(&schema), data_type, "{name}");
        assert_eq!(row(avro(schema), &long(value)), [expected], "{name}");
    }
}

#[test]
fn a_time_is_within_its_day() {
    for (physical, name, day) in [("int", "time-millis", 86_400_000), ("long", "time-micros", 86_400_000_000)] {
        let schema = logical(physical, name);
        row(avro(schema.clone()), &long(day - 1));
        for value in [day, -1] {
            let error = refused(avro(schema.clone()), &long(value));
            assert_eq!((error.reason, error.position), (Reason::Range, 0));
            assert_eq!(error.message, format!("{value} is no time of day"));
        }
    }
}

#[test]
fn decimals_are_bytes_or_fixed() {
    let on_bytes = r#"{"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}"#;
    let on_fixed = r#"{"type": "fixed", "name": "D", "size": 8, "logicalType": "decimal", "precision": 9, "scale": 2}"#;
    assert_eq!((typed(on_bytes), typed(on_fixed)), ("Decimal128(9, 2)".into(), "Decimal128(9, 2)".into()));
    for (value, expected) in [(0, "0.00"), (-1, "-0.01"), (999_999_999, "9999999.99"), (-12_345, "-123.45")] {
        assert_eq!(row(avro(on_fixed), &i64::to_be_bytes(value)), [expected]);
        assert_eq!(row(avro(on_bytes), &bytes(&i64::to_be_bytes(value))), [expected]);
    }
    assert_eq!(row(avro(on_bytes), &bytes(&[0x85])), ["-1.23"]);
    assert_eq!(row(avro(on_bytes), &bytes(&[])), ["0.00"]);
    let error = refused(avro(on_bytes), &bytes(&1_000_000_000_i64.to_be_bytes()));
    assert_eq!(error.to_string(), "column KafkaValue, byte 1: the decimal has more than 9 digits");
}

#[test]
fn a_decimal_of_more_digits_than_arrow_has_is_its_bytes() {
    let schema = r#"{"type": "bytes", "logicalType": "decimal", "precision": 80, "scale": 2}"#;
    assert_eq!(typed(schema), "Binary");
    assert_eq!(row(avro(schema), &bytes(&[1, 2])), ["0102"]);
}

#[test]
fn a_fixed_that_is_long_takes_no_room_where_it_is_null() {
    let fixed = |size: usize| format!(r#"["null", {{"type": "fixed", "name": "F", "size": {size}}}]"#);
    assert_eq!((typed(&fixed(4096)), typed(&fixed(4097))), ("FixedSizeBinary(4096)".into(), "Binary".into()));
    let payload = [&[2][..], &[7; 4097]].concat();
    assert_eq!(row(avro(fixed(4097)), &payload), ["07".repeat(4097)]);
    assert_eq!(row(avro(fixed(1 << 40)), &[0]), ["null"]);
}

#[test]
fn a_big_decimal_is_its_exact_text() {
    let schema = logical("bytes", "big-decimal");
    assert_eq!(typed(&schema), "Utf8");
    assert_eq!(row(avro(schema.clone()), &bytes(&[bytes(&[0x30, 0x39]), long(2)].concat())), ["123.45"]);
    let error = refused(avro(schema.clone()), &bytes(&[bytes(&[1]), long(0), vec![0]].concat()));
    assert_eq!((error.reason, error.position), (Reason::Trailing, 4));
    assert_eq!(refused(avro(schema), &bytes(&[8, 1])).position, 1);
}

#[test]
fn a_uuid_is_text_or_sixteen_bytes() {
    let id = "123e4567-e89b-12d3-a456-426614174000";
    let raw = uuid::Uuid::parse_str(id).unwrap().into_bytes();
    let on_text = logical("string", "uuid");
    let on_fixed = r#"{"type": "fixed", "name": "U", "size": 16, "logicalType": "uuid"}"#;
    let expected = [id.replace('-', "")];
    assert_eq!(row(avro(on_text.clone()), &bytes(id.as_bytes())), expected);
    assert_eq!(row(avro(on_fixed), &raw), expected);
    let spec = Spec::from(avro(on_fixed));
    let field = &spec.columns(Side::Value, &Names::default()).unwrap()[0];
    assert_eq!(field.metadata().get("ARROW:extension:name").map(String::as_str), Some("arrow.uuid"));
    let error = refused(avro(on_text), &bytes(b"123e4567-x89b-12d3-a456-426614174000"));
    assert_eq!((error.reason, error.position), (Reason::Format, 10));
}

#[test]
fn a_logical_type_that_does_not_fit_its_type_is_not_there() {
    assert_eq!(typed(&logical("string", "date")), "Utf8");
    assert_eq!(typed(&logical("long", "no-such-type")), "Int64");
    assert_eq!(typed(r#"{"type": "bytes", "logicalType": "decimal", "precision": 2, "scale": 3}"#), "Binary");
}
