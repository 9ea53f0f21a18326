//! The specification's rules of schema resolution, one by one.

use super::*;

fn resolved(writer: &str, reader: &str, payload: &[u8]) -> String {
    row(avro(reader).writer_schema(writer), payload).join(", ")
}

fn unresolved(writer: &str, reader: &str) -> String {
    misfit(avro(reader).writer_schema(writer))
}

fn fields_of(fields: &str) -> String {
    format!(r#"{{"type": "record", "name": "R", "fields": [{fields}]}}"#)
}

#[test]
fn numbers_are_promoted_and_never_narrowed() {
    let types = ["int", "long", "float", "double"];
    for (from, writer) in types.iter().enumerate() {
        let payload = match *writer {
            "float" => 1.5_f32.to_le_bytes().to_vec(),
            "double" => 1.5_f64.to_le_bytes().to_vec(),
            _ => vec![5],
        };
        for (to, reader) in types.iter().enumerate() {
            let (writer, reader) = (format!("\"{writer}\""), format!("\"{reader}\""));
            if from <= to {
                let expected = match (from, to) {
                    (0 | 1, 0 | 1) => "-3",
                    (0 | 1, _) => "-3.0",
                    _ => "1.5",
                };
                assert_eq!(resolved(&writer, &reader, &payload), expected, "{writer} to {reader}");
            } else {
                assert!(unresolved(&writer, &reader).contains("does not resolve"), "{writer} to {reader}");
            }
        }
    }
}

#[test]
fn strings_and_bytes_are_each_other() {
    assert_eq!(resolved("\"string\"", "\"bytes\"", &[4, b'a', b'b']), "6162");
    assert_eq!(resolved("\"bytes\"", "\"string\"", &[4, b'a', b'b']), "ab");
    let error = refused(avro("\"string\"").writer_schema("\"bytes\""), &[2, 0xff]);
    assert_eq!((error.reason, error.position), (Reason::Utf8, 1));
    assert!(unresolved("\"int\"", "\"string\"").contains("the writer's int does not resolve to the reader's string"));
}

#[test]
fn fields_are_reordered_removed_and_filled_by_defaults() {
    let writer =
        fields_of(r#"{"name": "a", "type": "int"}, {"name": "gone", "type": "string"}, {"name": "b", "type": "string"}"#);
    let reader = fields_of(
        r#"{"name": "b", "type": "string"}, {"name": "c", "type": ["null", "int"], "default": null},
           {"name": "a", "type": "double"}, {"name": "d", "type": "string", "default": "dé"},
           {"name": "e", "type": {"type": "record", "name": "E", "fields": [
               {"name": "x", "type": "long", "default": -7}, {"name": "y", "type": "bytes", "default": "\u00ff\u0000"}]},
            "default": {"x": 8}}"#,
    );
    assert_eq!(resolved(&writer, &reader, &[2, 2, b'g', 2, b'z']), "z, null, 1.0, dé, 8, ff00");
}

#[test]
fn a_field_that_is_missing_without_default_is_named() {
    let inner = |fields: &str| {
        fields_of(&format!(r#"{{"name": "in", "type": {{"type": "record", "name": "I", "fields": [{fields}]}}}}"#))
    };
    let (writer, reader) = (inner(r#"{"name": "x", "type": "int"}"#), inner(r#"{"name": "y", "type": "int"}"#));
    let refusal = unresolved(&writer, &reader);
    assert!(refusal.contains("field in.y: I of the writer lacks the field, and it has no default"), "{refusal}");
    let refusal = unresolved(&writer, &inner(r#"{"name": "x", "type": "string"}"#));
    assert!(refusal.contains("field in.x: the writer's int does not resolve to the reader's string"), "{refusal}");
}

#[test]
fn a_field_is_found_by_the_readers_aliases() {
    let writer = fields_of(r#"{"name": "old", "type": "int"}"#);
    let reader = fields_of(r#"{"name": "new", "aliases": ["older", "old"], "type": "int"}"#);
    assert_eq!(resolved(&writer, &reader, &[2]), "1");
    // What has the name itself goes before what has it as an alias.
    let writer = fields_of(r#"{"name": "a", "type": "int"}, {"name": "b", "type": "int"}"#);
    let reader = fields_of(r#"{"name": "b", "aliases": ["a"], "type": "int"}"#);
    assert_eq!(resolved(&writer, &reader, &[2, 4]), "2");
}

#[test]
fn top_records_may_have_any_name_and_nested_ones_have_theirs_or_an_alias() {
    let nested = |top: &str, name: &str, more: &str| {
        format!(
            r#"{{"type": "record", "name": "{top}", "fields": [{{"name": "n", "type":
                {{"type": "record", "name": "{name}"{more}, "fields": [{{"name": "x", "type": "int"}}]}}}}]}}"#
        )
    };
    assert_eq!(resolved(&nested("A", "one.N", ""), &nested("B", "two.N", ""), &[2]), "1");
    assert_eq!(resolved(&nested("A", "M", ""), &nested("B", "N", r#", "aliases": ["M"]"#), &[2]), "1");
    let refusal = unresolved(&nested("A", "M", ""), &nested("B", "N", ""));
    assert!(refusal.contains("field n: the writer's record M does not resolve to the reader's record N"), "{refusal}");
}

#[test]
fn enums_resolve_by_symbol_and_default() {
    let writer = r#"{"type": "enum", "name": "E", "symbols": ["A", "B", "C"]}"#;
    let plain = r#"{"type": "enum", "name": "E", "symbols": ["C", "A"]}"#;
    let defaulted = r#"{"type": "enum", "name": "E", "symbols": ["C", "A"], "default": "C"}"#;
    assert_eq!(resolved(writer, plain, &[0]), "A");
    assert_eq!(resolved(writer, plain, &[4]), "C");
    assert_eq!(resolved(writer, defaulted, &[2]), "C");
    let error = refused(avro(plain).writer_schema(writer), &[2]);
    assert_eq!(error.reason, Reason::Schema);
    assert!(unresolved(writer, r#"{"type": "enum", "name": "F", "symbols": ["A"]}"#).contains("enum E does not resolve"));
}

#[test]
fn fixed_types_resolve_by_name_and_size() {
    let fixed = |name: &str, size: u8| format!(r#"{{"type": "fixed", "name": "{name}", "size": {size}}}"#);
    assert_eq!(resolved(&fixed("a.F", 2), &fixed("b.F", 2), &[1, 2]), "0102");
    assert!(unresolved(&fixed("F", 2), &fixed("G", 2)).contains("fixed F of 2 bytes"));
    assert!(unresolved(&fixed("F", 2), &fixed("F", 3)).contains("does not resolve"));
}

#[test]
fn unions_resolve_by_the_branch_that_was_written() {
    assert_eq!(resolved("\"int\"", r#"["null", "long"]"#, &[2]), "1");
    assert_eq!(resolved("\"null\"", r#"["null", "long"]"#, &[]), "null");
    assert_eq!(resolved(r#"["null", "int"]"#, r#"["double", "null"]"#, &[2, 2]), "1.0");
    assert_eq!(resolved(r#"["null", "int"]"#, r#"["double", "null"]"#, &[0]), "null");
    assert_eq!(resolved(r#"["string", "int"]"#, "\"long\"", &[2, 2]), "1");
    let error = refused(avro("\"long\"").writer_schema(r#"["string", "int"]"#), &[0, 0]);
    assert_eq!((error.reason, error.position), (Reason::Schema, 1));
    assert!(error.message.contains("the writer's string does not resolve to the reader's long"));
    assert!(unresolved(r#"["string", "null"]"#, "\"long\"").contains("does not resolve"));
    assert!(unresolved("\"null\"", "\"long\"").contains("the writer's null does not resolve to the reader's long"));
}

#[test]
fn decimals_resolve_at_equal_scale_to_as_many_digits_or_more() {
    let decimal = |precision: u8, scale: u8| {
        format!(r#"{{"type": "bytes", "logicalType": "decimal", "precision": {precision}, "scale": {scale}}}"#)
    };
    assert_eq!(resolved(&decimal(4, 2), &decimal(9, 2), &[4, 1, 0]), "2.56");
    assert!(unresolved(&decimal(9, 2), &decimal(4, 2)).contains("decimal(9,2)"));
    assert!(unresolved(&decimal(9, 2), &decimal(9, 3)).contains("does not resolve"));
    let fixed = r#"{"type": "fixed", "name": "D", "size": 2, "logicalType": "decimal", "precision": 4, "scale": 2}"#;
    assert_eq!(resolved(fixed, &decimal(4, 2), &[1, 0]), "2.56");
    assert_eq!(resolved("\"bytes\"", &decimal(4, 2), &[4, 1, 0]), "2.56");
}

#[test]
fn timestamps_of_another_unit_are_converted_and_other_meanings_refused() {
    let long = |name: &str| format!(r#"{{"type": "long", "logicalType": "{name}"}}"#);
    let value = |value: i64| datum("\"long\"", Value::Long(value));
    assert_eq!(resolved(&long("timestamp-millis"), &long("timestamp-micros"), &value(-3)), "-3000");
    assert_eq!(resolved(&long("timestamp-nanos"), &long("timestamp-micros"), &value(-1)), "-1");
    assert_eq!(resolved(&long("timestamp-millis"), "\"long\"", &value(5)), "5");
    assert_eq!(resolved("\"int\"", &long("timestamp-millis"), &value(5)), "5");
    let spec = avro(long("timestamp-nanos")).writer_schema(long("timestamp-millis"));
    assert_eq!(refused(spec, &value(i64::MAX)).reason, Reason::Range);
    let millis = r#"{"type": "int", "logicalType": "time-millis"}"#;
    assert_eq!(resolved(millis, &long("time-micros"), &value(86_399_999)), "23:59:59.999");
    assert!(unresolved(&long("timestamp-millis"), &long("local-timestamp-millis")).contains("does not resolve"));
    assert!(unresolved(r#"{"type": "int", "logicalType": "date"}"#, &long("timestamp-millis")).contains("int (date)"));
}

/// The column of a field that the writer has not, with the default value, as text.
fn default_of(schema: &str, default: &str) -> String {
    let writer = fields_of(r#"{"name": "a", "type": "int"}"#);
    let reader = fields_of(&format!(r#"{{"name": "d", "type": {schema}, "default": {default}}}"#));
    let spec = avro(reader).writer_schema(writer).nested(crate::spec::Nested::Struct);
    row(spec, &[2]).join(", ")
}

#[test]
fn every_type_has_defaults() {
    for (schema, default, expected) in [
        ("\"null\"", "null", ""),
        ("\"boolean\"", "true", "true"),
        ("\"int\"", "-2147483648", "-2147483648"),
        ("\"long\"", "9223372036854775807", "9223372036854775807"),
        ("\"float\"", "0.1", "0.1"),
        ("\"float\"", "\"Infinity\"", "inf"),
        ("\"double\"", "1", "1.0"),
        ("\"double\"", "\"NaN\"", "NaN"),
        ("\"string\"", "\"dé\"", "dé"),
        ("\"bytes\"", r#""\u00ff\u0000a""#, "ff0061"),
        (r#"{"type": "fixed", "name": "F", "size": 2}"#, r#""\u00ff\u0001""#, "ff01"),
        (r#"{"type": "enum", "name": "E", "symbols": ["A", "B"]}"#, "\"B\"", "B"),
        (r#"{"type": "array", "items": ["null", "int"]}"#, "[1, null, -2]", "[1, , -2]"),
        (r#"{"type": "array", "items": "int"}"#, "[]", "[]"),
        (r#"{"type": "map", "values": {"type": "array", "items": "string"}}"#, r#"{"k": ["x"], "l": []}"#, "{k: [x], l: []}"),
        (
            r#"{"type": "record", "name": "I", "fields": [{"name": "x", "type": "int"},
               {"name": "y", "type": {"type": "record", "name": "J", "fields": [{"name": "z", "type": "long", "default": 4}]}}]}"#,
            r#"{"x": 1, "y": {}}"#,
            "{x: 1, y: {z: 4}}",
        ),
        (r#"["null", "int"]"#, "null", "null"),
        (r#"["int", "null"]"#, "7", "7"),
        // By newer specifications a default may be of any branch.
        (r#"["null", "int"]"#, "7", "7"),
        (r#"["int", "string"]"#, "\"s\"", "{int: , string: s}"),
        (r#"{"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}"#, r#""\u0001\u0000""#, "2.56"),
        (r#"{"type": "int", "logicalType": "date"}"#, "1", "1970-01-02"),
        (r#"{"type": "long", "logicalType": "timestamp-millis"}"#, "-5", "-5"),
        (
            r#"{"type": "string", "logicalType": "uuid"}"#,
            "\"123e4567-e89b-12d3-a456-426614174000\"",
            "123e4567e89b12d3a456426614174000",
        ),
    ] {
        if expected.is_empty() {
            // A null has no column: one of another field stands for the record.
            let reader =
                fields_of(&format!(r#"{{"name": "a", "type": "int"}}, {{"name": "d", "type": {schema}, "default": {default}}}"#));
            assert_eq!(resolved(&fields_of(r#"{"name": "a", "type": "int"}"#), &reader, &[2]), "1");
        } else {
            assert_eq!(default_of(schema, default), expected, "{schema}, {default}");
        }
    }
}

#[test]
fn a_default_of_another_type_is_refused_where_it_is_needed() {
    for (schema, default) in [
        ("\"boolean\"", "1"),
        ("\"int\"", "2147483648"),
        ("\"int\"", "1.5"),
        ("\"long\"", "9223372036854775808"),
        ("\"float\"", "\"1.5\""),
        ("\"string\"", "5"),
        ("\"string\"", "null"),
        ("\"bytes\"", "\"Ā\""),
        (r#"{"type": "fixed", "name": "F", "size": 2}"#, "\"abc\""),
        (r#"{"type": "enum", "name": "E", "symbols": ["A"]}"#, "\"B\""),
        (r#"{"type": "array", "items": "int"}"#, r#"["x"]"#),
        (r#"{"type": "map", "values": "int"}"#, "[]"),
        (r#"{"type": "record", "name": "I", "fields": [{"name": "x", "type": "int"}]}"#, "{}"),
        (r#"["int", "string"]"#, "null"),
    ] {
        let writer = fields_of(r#"{"name": "a", "type": "int"}"#);
        let reader = fields_of(&format!(r#"{{"name": "d", "type": {schema}, "default": {default}}}"#));
        let refusal = unresolved(&writer, &reader);
        assert!(refusal.contains("at the schema") || refusal.contains("default value"), "{schema}, {default}: {refusal}");
    }
}

#[test]
fn a_default_is_not_looked_at_where_the_writer_has_the_field() {
    let writer = fields_of(r#"{"name": "d", "type": "int"}"#);
    let reader = fields_of(r#"{"name": "d", "type": "long", "default": 3}"#);
    assert_eq!(resolved(&writer, &reader, &[10]), "5");
}

#[test]
fn items_and_values_resolve_as_types_by_themselves_do() {
    let array = |items: &str| format!(r#"{{"type": "array", "items": {items}}}"#);
    let map = |values: &str| format!(r#"{{"type": "map", "values": {values}}}"#);
    assert_eq!(resolved(&array("\"int\""), &array("\"double\""), &[4, 2, 3, 0]), "[1.0, -2.0]");
    assert_eq!(resolved(&array(r#"["int", "null"]"#), &array(r#"["null", "long"]"#), &[4, 2, 0, 4, 0]), "[, 2]");
    assert_eq!(resolved(&map("\"bytes\""), &map("\"string\""), &[2, 2, b'k', 2, b'v', 0]), "{k: v}");
    let inner = |fields: &str| array(&fields_of(fields));
    let (one, two) = (r#"{"name": "a", "type": "int"}"#, r#"{"name": "b", "type": "long", "default": 9}"#);
    assert_eq!(resolved(&inner(one), &inner(&format!("{two}, {one}")), &[2, 2, 0]), "[{b: 9, a: 1}]");
    assert!(unresolved(&array("\"string\""), &array("\"int\"")).contains("the writer's string does not resolve"));
    assert!(unresolved(&array("\"int\""), &map("\"int\"")).contains("does not resolve"));
    assert!(unresolved(&map("\"int\""), &fields_of(one)).contains("does not resolve"));
    // A map's key and a record's field are not each other.
    assert!(unresolved(&fields_of(one), &map("\"int\"")).contains("does not resolve"));
}

#[test]
fn named_types_resolve_by_the_readers_aliases_with_and_without_namespace() {
    let enumeration = |name: &str, more: &str| format!(r#"{{"type": "enum", "name": "{name}", "symbols": ["A", "B"]{more}}}"#);
    let fixed = |name: &str, more: &str| format!(r#"{{"type": "fixed", "name": "{name}", "size": 1{more}}}"#);
    for aliases in [r#", "aliases": ["Old"]"#, r#", "aliases": ["x.y.Other", "some.Old"]"#] {
        assert_eq!(resolved(&enumeration("some.Old", ""), &enumeration("some.New", aliases), &[2]), "B");
        assert_eq!(resolved(&fixed("some.Old", ""), &fixed("some.New", aliases), &[7]), "07");
    }
    // It is the reader who knows what things were called.
    assert!(unresolved(&enumeration("Old", r#", "aliases": ["New"]"#), &enumeration("New", "")).contains("does not resolve"));
    assert!(unresolved(&fixed("Old", r#", "aliases": ["New"]"#), &fixed("New", "")).contains("does not resolve"));
}

#[test]
fn unions_of_many_take_the_branch_of_the_same_type_else_the_first_that_fits() {
    let union = r#"["null", "double", "long", "string"]"#;
    let shown = |chosen: &str, value: &str| {
        let field = |name: &str| if name == chosen { format!("{name}: {value}") } else { format!("{name}: ") };
        format!("{{{}}}", ["double", "long", "string"].map(field).join(", "))
    };
    assert_eq!(resolved("\"long\"", union, &[2]), shown("long", "1"));
    // An int is no long, and may become a double, which comes first.
    assert_eq!(resolved("\"int\"", union, &[2]), shown("double", "1.0"));
    assert_eq!(resolved("\"bytes\"", union, &[2, b'x']), shown("string", "x"));
    assert_eq!(resolved(r#"["string", "null", "long"]"#, union, &[4, 2]), shown("long", "1"));
    assert_eq!(resolved(r#"["string", "null", "long"]"#, union, &[2]), "null");
    // A branch that fits none is an error of the records that hold it.
    let writer = r#"["string", "boolean"]"#;
    assert_eq!(resolved(writer, union, &[0, 2, b'a']), shown("string", "a"));
    assert_eq!(refused(avro(union).writer_schema(writer), &[2, 1]).reason, Reason::Schema);
    assert!(unresolved("\"boolean\"", union).contains("the writer's boolean does not resolve"));
    let records = |one: &str, other: &str| {
        let record =
            |name: &str| format!(r#"{{"type": "record", "name": "{name}", "fields": [{{"name": "x", "type": "int"}}]}}"#);
        format!("[{}, {}]", record(one), record(other))
    };
    // Records are told apart by name, in whichever order.
    assert_eq!(resolved(&records("A", "B"), &records("B", "A"), &[2, 6]), "{B: {x: 3}, A: }");
}

#[test]
fn a_schema_of_types_that_contain_each_other_many_times_is_refused_and_not_built() {
    let mut schema = String::new();
    for level in 0..12 {
        let inner = if level == 0 {
            "\"int\"".to_owned()
        } else {
            format!(r#"{{"type": "record", "name": "L{level}", "fields": [{schema}]}}"#)
        };
        let again = if level == 0 { "\"int\"".to_owned() } else { format!("\"L{level}\"") };
        schema = (0..8)
            .map(|field| format!(r#"{{"name": "f{field}", "type": {}}}"#, if field == 0 { &inner } else { &again }))
            .collect::<Vec<_>>()
            .join(",");
    }
    assert!(misfit(avro(fields_of(&schema))).contains("more than 10000 columns"));
}
