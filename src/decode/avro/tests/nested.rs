//! Lists, maps, structs and unions of many.

use super::*;
use crate::spec::Nested;

#[test]
fn arrays_are_lists_and_their_records_structs() {
    let schema = r#"{"type": "record", "name": "R", "fields": [
        {"name": "legs", "type": {"type": "array", "items": {"type": "record", "name": "Leg", "fields": [
            {"name": "qty", "type": "int"}, {"name": "venue", "type": ["null", "string"]}]}}},
        {"name": "x", "type": "int"}]}"#;
    // Two blocks, the second with its size.
    let payload = [2, 2, 0, 1, 8, 4, 2, 2, b'v', 0, 84];
    let expected = ["[{qty: 1, venue: }, {qty: 2, venue: v}]", "42"];
    assert_eq!(row(avro(schema), &payload), expected);
    assert_eq!(row(avro(schema), &[0, 84]), ["[]", "42"]);
    let mut wrong = payload;
    wrong[4] = 6;
    let error = refused(avro(schema), &wrong);
    assert_eq!((error.reason, error.column.as_deref()), (Reason::Length, Some("legs")));
    assert!(error.message.contains("by its size it ends at byte 8"), "{error}");
}

#[test]
fn of_entries_with_one_key_the_last_counts() {
    let schema = r#"{"type": "map", "values": ["null", "int"]}"#;
    let payload = [4, 2, b'a', 2, 2, 2, b'b', 0, 2, 2, b'a', 2, 6, 0];
    assert_eq!(row(avro(schema), &payload), ["{b: , a: 3}"]);
    let error = refused(avro(schema), &[2, 2, 0xff, 0, 0]);
    assert_eq!((error.reason, error.position, error.column.as_deref()), (Reason::Utf8, 2, Some("KafkaValue")));
}

#[test]
fn records_are_structs_where_they_are_asked_to_be() {
    let spec = avro(ORDER).nested(Nested::Struct);
    let names: Vec<String> = fields(&spec.clone().into());
    assert_eq!(names.len(), 3);
    assert!(names[1].starts_with("customer: Struct("), "{names:?}");
    assert_eq!(row(spec.clone(), &order(Some("Ulm"))), ["42", "{name: Ada, address: {city: Ulm, zip: -7}}", "true"]);
    assert_eq!(row(spec.clone(), &[2, 0, 1]), ["1", "null", "true"]);
    let mapped = spec.mapping([("customer.address", "Home")]).mapped_only(true);
    assert_eq!(row(mapped, &order(None)), ["{Home: {city: , zip: -7}}"]);
}

#[test]
fn a_union_of_many_is_a_struct_of_its_branches_of_which_one_is_there() {
    let schema = r#"["null", "long", "int", {"type": "record", "name": "a.R", "fields": [{"name": "x", "type": "int"}]},
        {"type": "record", "name": "Nothing", "fields": []}, "string"]"#;
    for (payload, expected) in [
        (&[0][..], "null"),
        (&[2, 2], "{long: 1, int: , R: , string: }"),
        (&[4, 2], "{long: , int: 1, R: , string: }"),
        (&[6, 2], "{long: , int: , R: {x: 1}, string: }"),
        (&[8], "{long: , int: , R: , string: }"),
        (&[10, 2, b'z'], "{long: , int: , R: , string: z}"),
    ] {
        assert_eq!(row(avro(schema), payload), [expected], "{payload:?}");
    }
    let promoted = avro(schema).writer_schema("\"int\"");
    assert_eq!(row(promoted, &[2]), ["{long: , int: 1, R: , string: }"]);
    let promoted = avro(r#"["null", "double", "string"]"#).writer_schema("\"bytes\"");
    assert_eq!(row(promoted, &[2, b'z']), ["{double: , string: z}"]);
    assert!(misfit(avro(r#"["null", "double", "string"]"#).writer_schema("\"boolean\"")).contains("does not resolve"));
}

#[test]
fn branches_of_one_short_name_have_their_full_one() {
    let schema = r#"[{"type": "fixed", "name": "a.F", "size": 1}, {"type": "fixed", "name": "b.F", "size": 1}]"#;
    assert_eq!(row(avro(schema), &[2, 7]), ["{a.F: , b.F: 07}"]);
}

#[test]
fn wide_decimals_and_durations_are_exact() {
    let schema = r#"{"type": "bytes", "logicalType": "decimal", "precision": 50, "scale": 3}"#;
    assert_eq!(row(avro(schema), &[4, 0xff, 0x85]), ["-0.123"]);
    let schema = r#"{"type": "fixed", "name": "D", "size": 12, "logicalType": "duration"}"#;
    assert_eq!(
        row(avro(schema), &[1, 0, 0, 0, 2, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]),
        ["{months: 1, days: 2, millis: 4294967295}"]
    );
}

#[test]
fn arrays_of_nothing_are_no_column_and_cost_nothing() {
    let refusal = misfit(avro(r#"{"type": "array", "items": "null"}"#));
    assert!(refusal.contains("an array of nothing but null is no column"), "{refusal}");
    let schema = r#"{"type": "array", "items": {"type": "array", "items": ["null", "int"]}}"#;
    let error = refused(avro(schema), &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0]);
    assert_eq!(error.reason, Reason::Limit);
    assert_eq!(row(avro(schema), &[4, 0, 2, 0, 0, 0]), ["[[], []]"]);
}

#[test]
fn a_recursive_record_in_a_list_is_raw_there() {
    let schema = r#"{"type": "record", "name": "Node", "fields": [
        {"name": "value", "type": "int"}, {"name": "below", "type": {"type": "array", "items": "Node"}}]}"#;
    let spec = avro(schema).recursive(crate::spec::Recursive::Raw);
    assert_eq!(row(spec, &[2, 4, 4, 0, 6, 2, 8, 0, 0, 0]), ["1", "[0400, 0602080000]"]);
}
