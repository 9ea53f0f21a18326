use proptest::prelude::*;

use super::*;
use crate::spec::{Names, Side};

#[test]
fn the_text_of_an_avro_spec_is_what_its_builder_makes() {
    let file = |path: &str| AvroSpec::of(SchemaText::File { path: path.into(), text: None });
    let mut writer = file("new.avsc");
    writer.writers = vec![
        (None, SchemaText::File { path: "old.avsc".into(), text: None }),
        (Some(SchemaId::Id(7)), SchemaText::File { path: "a,b.avsc".into(), text: None }),
        (Some(SchemaId::Fingerprint(0x2a)), SchemaText::Text("\"int\"".into())),
        (Some(SchemaId::Uuid([0x11; 16])), SchemaText::File { path: "u.avsc".into(), text: None }),
    ];
    for (text, expected) in [
        ("avro:order.avsc", file("order.avsc")),
        ("avro:order.avsc;framing=none", file("order.avsc").framing(Framing::None)),
        ("avro:C:/x/order.avsc;framing=confluent", file("C:/x/order.avsc").framing(Framing::Confluent)),
        (
            "avro:o.avsc,mapped_only,a.b=Ticker,\"c,d\"=\"e f\"",
            file("o.avsc").mapped_only(true).mapping([("a.b", "Ticker"), ("c,d", "e f")]),
        ),
        (
            "avro:o.avsc;framing=single-object,nested=struct,recursive=raw",
            file("o.avsc").framing(Framing::SingleObject).nested(Nested::Struct).recursive(Recursive::Raw),
        ),
        (r#"avro:"{""type"":""int""}";framing=glue"#, avro(r#"{"type":"int"}"#).framing(Framing::Glue)),
        ("avro:o.avsc;tombstones=skip", file("o.avsc").tombstones(Tombstones::Skip)),
        (
            "avro:new.avsc;writer=old.avsc,writer@7=\"a,b.avsc\",writer@0x000000000000002a=\"\"\"int\"\"\",writer@11111111-1111-1111-1111-111111111111=u.avsc",
            writer,
        ),
    ] {
        let expected = Spec::from(expected);
        assert_eq!(Spec::parse(text).unwrap(), expected, "{text}");
        assert_eq!(Spec::parse(&expected.to_string()).unwrap(), expected, "{text}");
    }
}

#[test]
fn a_file_is_read_before_the_columns_are_known() {
    let spec = Spec::parse("avro:o.avsc;writer=w.avsc").unwrap();
    let error = spec.columns(Side::Value, &Names::default()).unwrap_err().to_string();
    assert!(error.contains("the file o.avsc has not been read"), "{error}");
    let read = spec
        .clone()
        .read_files(|path| Ok::<_, ()>(format!("\"{}\"", if path == Path::new("o.avsc") { "long" } else { "int" }).into()));
    let columns = read.unwrap().columns(Side::Value, &Names::default()).unwrap();
    assert_eq!(columns[0].data_type(), &arrow_schema::DataType::Int64);
    assert_eq!(spec.read_files(|_| Err("gone")), Err("gone"));
}

#[test]
fn what_is_no_schema_is_refused_with_the_file() {
    let broken = Spec::parse("avro:o.avsc").unwrap().read_files(|_| Ok::<_, ()>("{\"type\": \"recrod\"}".into())).unwrap();
    let error = broken.columns(Side::Value, &Names::default()).unwrap_err().to_string();
    assert!(error.contains("at the schema: o.avsc: ") && error.contains("recrod"), "{error}");
    assert!(AvroSchema::parse("{").is_err());
}

proptest! {
    #[test]
    fn no_text_is_a_schema_that_panics(text in "[\\[{\"a-z:,0-9}\\]]{0,60}") {
        let _ = AvroSchema::read(&text);
    }
}

#[test]
fn types_that_other_schemas_define_are_found_in_whatever_order_these_come() {
    let line = r#"{"type": "record", "name": "Line", "namespace": "shop", "fields": [
        {"name": "price", "type": "money.Price"}, {"name": "unit", "type": "money.Unit"}, {"name": "next", "type": ["null", "Line"]}]}"#;
    let price = r#"{"type": "record", "name": "Price", "namespace": "money", "fields": [
        {"name": "unit", "type": {"type": "enum", "name": "Unit", "symbols": ["A"]}}]}"#;
    let order = r#"{"type": "record", "name": "Order", "namespace": "shop", "fields": [
        {"name": "lines", "type": {"type": "array", "items": "Line"}}, {"name": "unit", "type": {"type": "money.Unit"}}]}"#;
    // What they are in one text.
    let one = AvroSchema::read(
        r#"{"type": "record", "name": "Order", "namespace": "shop", "fields": [
        {"name": "lines", "type": {"type": "array", "items": {"type": "record", "name": "Line", "fields": [
            {"name": "price", "type": {"type": "record", "name": "money.Price", "fields": [
                {"name": "unit", "type": {"type": "enum", "name": "Unit", "symbols": ["A"]}}]}},
            {"name": "unit", "type": "money.Unit"}, {"name": "next", "type": ["null", "Line"]}]}}},
        {"name": "unit", "type": "money.Unit"}]}"#,
    )
    .unwrap();
    let union = format!("[{price}, {line}]");
    for references in [&[price, line][..], &[line, price], &[&union, "\"string\""], &[line, price, price]] {
        let schema = AvroSchema::resolved(order, references).unwrap();
        assert_eq!((schema.fingerprint(), schema.ids().count()), (one.fingerprint(), one.ids().count()));
    }
    let refusal = AvroSchema::resolved(order, &[line]).unwrap_err();
    assert!(refusal.contains("Price"), "{refusal}");
    assert!(AvroSchema::resolved(order, &["{"]).unwrap_err().starts_with("what it refers to: "));
    let other = price.replace("\"A\"", "\"B\"");
    let refusal = AvroSchema::resolved(order, &[line, price, &other]).unwrap_err();
    assert_eq!(refusal, "two of the schemas that it refers to define money.Unit");
}

#[test]
fn types_in_no_namespace_are_found_from_within_one_as_java_does() {
    let bare = r#"{"type": "record", "name": "Bare", "fields": [{"name": "a", "type": "int"}, {"name": "again", "type": ["null", "Bare"]}]}"#;
    let order =
        r#"{"type": "record", "name": "shop.Order", "fields": [{"name": "x", "type": "Bare"}, {"name": "y", "type": "Bare"}]}"#;
    let schema = AvroSchema::resolved(order, &[bare]).unwrap();
    let Kind::Record { fields, .. } = schema.kind(schema.root()) else { panic!("a record") };
    assert_eq!((schema.describe(fields[0].node), fields[0].node), ("record Bare".to_owned(), fields[1].node));
}

#[test]
fn what_is_referred_to_in_a_chain_has_a_limit() {
    let link = |index: usize| {
        format!(r#"{{"type": "record", "name": "R{index}", "fields": [{{"name": "a", "type": "R{}"}}]}}"#, index + 1)
    };
    let last = |index: usize| format!(r#"{{"type": "fixed", "name": "R{index}", "size": 1}}"#);
    let chain = |length: usize| {
        let texts: Vec<String> = (1..length).map(link).chain([last(length)]).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        AvroSchema::resolved(&link(0), &texts)
    };
    assert_eq!(chain(MOST_DEPTH + 1).unwrap().ids().count(), MOST_DEPTH + 2);
    assert!(chain(MOST_DEPTH + 2).unwrap_err().contains("more than 65 deep"));
    assert!(chain(20_000).is_err());
}
