use super::*;

mod data;
mod equivalence;

fn refusal(text: &str) -> String {
    match Spec::parse(text) {
        Ok(spec) => panic!("{text} was read as {spec:?}"),
        Err(error) => error.to_string(),
    }
}

fn names(pairs: &[(&str, &str)]) -> Names {
    Names::from_properties(|key| pairs.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned()))
}

#[test]
fn the_specs_of_the_command_line_page_are_read() {
    for (text, expected) in [
        ("ignore", ignore()),
        ("raw", Spec::of(Kind::Raw { name: None })),
        ("raw:Bytes", raw("Bytes")),
        ("simple:long", simple_type(Type::Int64)),
        ("simple:utf8:Account", simple("Account", Type::Utf8)),
        ("simple::Account", simple_name("Account")),
        ("from_properties", from_properties()),
        (
            "json:price:float64,symbol:utf8=/instrument/symbol,ts:timestamp(ms)=/ts",
            json([
                column("price", Type::Float64),
                column("symbol", Type::Utf8).at("/instrument/symbol"),
                column("ts", Type::Timestamp(TimeUnit::Millisecond)).at("/ts"),
            ]),
        ),
        (
            "json:price:float64,qty:int64;lenient,tombstones=skip",
            json([column("price", Type::Float64), column("qty", Type::Int64)]).lenient(true).tombstones(Tombstones::Skip),
        ),
        ("json:price:float64;framing=guid", json([column("price", Type::Float64)]).framing(Framing::Guid)),
        ("json:price:float64;lenient,framing=none", json([column("price", Type::Float64)]).lenient(true).framing(Framing::None)),
        (r#"json:"a,b":utf8"#, json([column("a,b", Type::Utf8)])),
        (r#"json:"a""b":utf8="/x;y""#, json([column("a\"b", Type::Utf8).at("/x;y")])),
        (
            " json : d : decimal(18,4) = /d , t : timestamp(ns,number=s) ! ; zone=+02:00 , depth=3",
            json([
                column("d", Type::Decimal(18, 4)).at("/d"),
                column("t", Type::TimestampOf { unit: TimeUnit::Nanosecond, number: TimeUnit::Second }).not_null(),
            ])
            .zone(Zone::read("+02:00").unwrap())
            .depth(3),
        ),
    ] {
        assert_eq!(Spec::parse(text).unwrap(), expected, "{text}");
    }
}

#[test]
fn a_spec_that_is_wrong_says_where_and_what() {
    for (text, parts) in [
        ("", &["character 1", "no kind of spec"][..]),
        ("jsno:a:utf8", &["character 1", "did you mean \"json\"?"]),
        ("json", &["character 5", "columns are missing"]),
        ("json:", &["character 6", "name is missing"]),
        ("json:a", &["character 6", "\"a\" has no type"]),
        ("json:a:utf8,", &["character 13", "name is missing"]),
        ("json:a:utf9", &["column \"a\", character 8", "did you mean \"utf8\"?"]),
        ("json:a:utf8,a:int64", &["column \"a\"", "a second column has this name"]),
        ("json:a:utf8=/x~2", &["column \"a\"", "does not parse", "character 3"]),
        ("json:a:utf8=", &["character 13", "path is missing"]),
        ("json:a b:utf8", &["character 6", "double quotes"]),
        ("json:\"a:utf8", &["character 6", "closing quote is missing"]),
        ("json:a:utf8;lenien", &["character 13", "did you mean \"lenient\"?"]),
        ("json:a:utf8;lenient=1", &["takes no value"]),
        ("json:a:utf8;zone", &["lacks its value"]),
        ("json:a:utf8;zone=Mars", &["is no zone"]),
        ("json:a:utf8;tombstones=drop", &["rows or skip"]),
        ("json:a:utf8;depth=x", &["is no number"]),
        ("json:a:utf8=/a/b/c;depth=2", &["column \"a\"", "3 levels deep, the limit is 2"]),
        ("json:a:utf8:b", &["character 12", "left over"]),
        ("json:a:list<itn64>", &["column \"a\", character 13", "did you mean \"int64\"?"]),
        ("json:a:struct<x:int64;y:utf8>", &["column \"a\""]),
        ("simple:list<int64>", &["no form for list<int64>"]),
        ("simple", &["type is missing"]),
        ("simple:date32", &["no form for date32"]),
        ("simple:Instant", &["unit must be declared"]),
        ("simple:utf8;lenient", &["option lenient", "json specs only"]),
        ("ignore;tombstones=skip", &["does not look at its payloads"]),
        ("avro:", &["character 6", "subject= or a field is missing"]),
        ("avro:o.avsc,x", &["character 13", "not mapped"]),
        ("avro:o.avsc;nested=x", &["nested=flatten or nested=struct"]),
        ("avro:o.avsc;writer@x=y", &["names no schema"]),
        ("avro:o.avsc;lenient", &["json specs only"]),
        ("json:a:utf8;framing=glue", &["none, confluent or guid"]),
        ("json:a:utf8;framing", &["lacks its value"]),
        ("simple:int64;framing=none", &["avro, protobuf, json and object specs only"]),
        ("@spec.json", &["a spec in a file is read by the command line"]),
    ] {
        let error = refusal(text);
        for part in parts {
            assert!(error.contains(part), "{text}: {error}");
        }
        assert!(error.starts_with(&format!("spec {text:?}")), "{error}");
    }
}

#[test]
fn two_columns_of_one_name_are_refused_when_built_in_rust_too() {
    let error = json([column("a", Type::Utf8), column("a", Type::Int64).at("/b")]).columns(Side::Value, &Names::default());
    assert!(matches!(error, Err(Error::InvalidSpec { place, .. }) if place == "column \"a\""));
}

#[test]
fn without_type_information_the_failure_has_the_text_of_the_reference_api() {
    let error = from_properties().columns(Side::Key, &Names::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Unable to find the type for column 'KafkaKey' (key_spec). Please explicitly set the data type in the constructor, or through the kafka configuration 'deephaven.key.column.type' or 'key.deserializer'."
    );
    let error = from_properties().columns(Side::Value, &Names::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Unable to find the type for column 'KafkaValue' (value_spec). Please explicitly set the data type in the constructor, or through the kafka configuration 'deephaven.value.column.type' or 'value.deserializer'."
    );
}

#[test]
fn names_and_types_come_from_the_properties_where_the_spec_leaves_them() {
    let properties = names(&[
        ("deephaven.key.column.name", "Account"),
        ("deephaven.key.column.type", "long"),
        ("key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer"),
        ("value.deserializer", "org.apache.kafka.common.serialization.StringDeserializer"),
    ]);
    let key = from_properties().columns(Side::Key, &properties).unwrap();
    assert_eq!(key, [Type::Int64.field("Account")], "a declared type wins over the deserializer's");
    let value = from_properties().columns(Side::Value, &properties).unwrap();
    assert_eq!(value, [Type::Utf8.field("KafkaValue")]);
    let value = simple("Own", Type::Int16).columns(Side::Key, &properties).unwrap();
    assert_eq!(value, [Type::Int16.field("Own")], "the spec wins over the properties");
    let raw = Spec::parse("raw").unwrap().columns(Side::Key, &properties).unwrap();
    assert_eq!(raw, [Type::Binary.field("Account")]);
}

#[test]
fn every_deserializer_of_the_reference_table_gives_its_type() {
    for (class, expected) in [
        ("Short", Type::Int16),
        ("Integer", Type::Int32),
        ("Long", Type::Int64),
        ("Float", Type::Float32),
        ("Double", Type::Float64),
        ("ByteArray", Type::Binary),
        ("UUID", Type::Uuid),
        ("ByteBuffer", Type::Binary),
        ("Bytes", Type::Binary),
        ("String", Type::Utf8),
    ] {
        let class = format!("org.apache.kafka.common.serialization.{class}Deserializer");
        let fields = from_properties().columns(Side::Value, &names(&[("value.deserializer", &class)])).unwrap();
        assert_eq!(fields, [expected.field("KafkaValue")], "{class}");
    }
    let error = from_properties().columns(Side::Value, &names(&[("value.deserializer", "com.example.OrderDeserializer")]));
    assert!(error.unwrap_err().to_string().contains("Deserializer type com.example.OrderDeserializer not supported"));
    let error = from_properties().columns(Side::Value, &names(&[("deephaven.value.column.type", "lnog")])).unwrap_err();
    assert!(error.to_string().contains("deephaven.value.column.type=lnog") && error.to_string().contains("\"long\""), "{error}");
}

#[test]
fn a_schema_is_known_before_any_connection() {
    let schema = Spec::parse("json:a:list<int8>,b:decimal(50,2)").unwrap().schema(Side::Value).unwrap();
    assert_eq!(schema.fields().to_vec(), [Type::list(Type::Int8).field("a"), Type::Decimal256(50, 2).field("b")]);
    assert_eq!(simple_type(Type::Utf8).schema(Side::Key).unwrap().field(0).name(), "KafkaKey");
    assert!(matches!(from_properties().schema(Side::Key), Err(Error::UnknownColumnType { .. })));
    assert!(ignore().schema(Side::Value).unwrap().fields().is_empty());
}
