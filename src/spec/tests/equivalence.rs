//! Builders, text and data say the same.

use proptest::prelude::*;

use super::*;
use crate::spec::object::{array_val, int_val, long_val, object_val, string_val};

fn any_type() -> impl Strategy<Value = Type> {
    any_plain_type().prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(|item| Type::list(Type::required(item))),
            (prop::sample::select(vec![Type::Utf8, Type::Int64]), inner.clone()).prop_map(|(key, value)| Type::map(key, value)),
            prop::collection::btree_map(any_name(), inner, 1..4).prop_map(Type::structure),
        ]
    })
}

fn any_plain_type() -> impl Strategy<Value = Type> {
    let unit = prop::sample::select(vec![TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond]);
    prop_oneof![
        prop::sample::select(vec![
            Type::Bool,
            Type::Int64,
            Type::UInt8,
            Type::Float32,
            Type::Utf8,
            Type::Binary,
            Type::Uuid,
            Type::Char
        ]),
        prop::sample::select(vec![Type::Instant, Type::Date32, Type::Json]),
        unit.clone().prop_map(Type::Timestamp),
        unit.prop_map(Type::Time),
        Just(Type::TimestampOf { unit: TimeUnit::Nanosecond, number: TimeUnit::Millisecond }),
        (1_u8..=38)
            .prop_flat_map(|precision| (Just(precision), 0..=i8::try_from(precision).unwrap()))
            .prop_map(|(p, s)| Type::Decimal(p, s)),
        (1_u8..=76)
            .prop_flat_map(|precision| (Just(precision), 0..=i8::try_from(precision).unwrap()))
            .prop_map(|(p, s)| Type::Decimal256(p, s)),
    ]
}

/// Few characters, so that the special ones are frequent.
fn any_name() -> impl Strategy<Value = String> {
    "[ab,:=;\"! /ä@()]{1,6}"
}

fn any_path() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[ab,:=;|!?\" ä]{1,6}", "(/[ab,:=;\" ä]{0,4}){1,3}"]
}

/// Through JSON and TOML and back.
fn as_data(spec: Spec) -> Result<(), TestCaseError> {
    let data = serde_json::to_string(&spec).unwrap();
    prop_assert_eq!(&serde_json::from_str::<Spec>(&data).unwrap(), &spec, "{}", data);
    let data = toml::to_string(&spec).unwrap();
    prop_assert_eq!(&toml::from_str::<Spec>(&data).unwrap(), &spec, "{}", data);
    Ok(())
}

const AVRO: [&str; 3] = [r#"{\"type\": \"long\"}"#, "\"int\"", "[\"null\", {\"type\": \"string\"}]"];

fn any_avro() -> impl Strategy<Value = Spec> {
    let schema = prop_oneof![
        prop::sample::select(&AVRO[..]).prop_map(avro),
        any_file().prop_map(|path| Spec::parse(&format!("avro:\"{}\"", path.replace('"', "\"\"")))).prop_map(|spec| match spec {
            Ok(Spec { kind: Kind::Avro(avro), .. }) => avro,
            other => panic!("{other:?}"),
        }),
        any_subject(avro_topic_subject(), avro_subject, |spec, version| spec.version(version)),
    ];
    let field = prop_oneof![any_name(), Just("subject".to_owned()), Just("version".to_owned())];
    let framing = prop::option::of(prop::sample::select(vec![
        Framing::None,
        Framing::Confluent,
        Framing::Guid,
        Framing::SingleObject,
        Framing::Glue,
    ]));
    let id = prop::option::of(prop_oneof![
        any::<u32>().prop_map(SchemaId::Id),
        any::<u64>().prop_map(SchemaId::Fingerprint),
        any::<[u8; 16]>().prop_map(SchemaId::Uuid)
    ]);
    let writers = prop::collection::vec((id, prop::sample::select(&AVRO[..])), 0..3);
    let mapping = prop::collection::btree_map(field, any_name(), 0..4);
    (schema, mapping, any::<[bool; 4]>(), framing, writers).prop_map(
        |(spec, mapping, [only, nested, raw, skip], framing, writers)| {
            let mut spec = spec.mapping(mapping).mapped_only(only);
            spec = spec.nested(if nested { Nested::Struct } else { Nested::Flatten });
            spec = spec.recursive(if raw { Recursive::Raw } else { Recursive::Fail });
            spec = spec.tombstones(if skip { Tombstones::Skip } else { Tombstones::Rows });
            if let Some(framing) = framing {
                spec = spec.framing(framing);
            }
            for (id, schema) in writers {
                spec = match id {
                    Some(id) => spec.writer_schema_of(id, schema),
                    None => spec.writer_schema(schema),
                };
            }
            spec.into()
        },
    )
}

/// A file's name, which no schema's text is.
fn any_file() -> impl Strategy<Value = String> {
    prop_oneof!["[ab/.][ab,:=\" /.]{0,6}", Just("mapped_only".to_owned()), Just("o.proto".to_owned())]
}

fn any_subject<S: Clone + std::fmt::Debug + 'static>(
    topic: S,
    named: impl Fn(String) -> S + 'static,
    versioned: impl Fn(S, i32) -> S + 'static,
) -> impl Strategy<Value = S> {
    (prop::option::of(any_name()), prop::option::of(1..i32::MAX)).prop_map(move |(name, version)| {
        let spec = name.map_or_else(|| topic.clone(), &named);
        match version {
            Some(version) => versioned(spec, version),
            None => spec,
        }
    })
}

fn any_protobuf() -> impl Strategy<Value = Spec> {
    const PROTO: [&str; 2] = ["syntax = \"proto3\"; message M { int32 a = 1; }", "message M {}"];
    let schema = prop_oneof![
        prop::sample::select(&PROTO[..]).prop_map(protobuf),
        any_file().prop_map(|path| Spec::parse(&format!("protobuf:\"{}\"", path.replace('"', "\"\"")))).prop_map(
            |spec| match spec {
                Ok(Spec { kind: Kind::Protobuf(protobuf), .. }) => *protobuf,
                other => panic!("{other:?}"),
            }
        ),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(protobuf_descriptors),
        any_subject(protobuf_topic_subject(), protobuf_subject, |spec, version| spec.version(version)),
    ];
    let framing = prop::option::of(prop::sample::select(vec![Framing::None, Framing::Confluent, Framing::Guid]));
    let imports = prop::collection::btree_map(any_name(), prop::sample::select(&PROTO[..]), 0..3);
    let include = prop::collection::vec(any_name(), 0..3);
    (schema, prop::option::of(any_name()), include, imports, framing, any::<[bool; 6]>()).prop_map(
        |(spec, message, include, imports, framing, [nested, numbers, defaults, skip, raw, flatten])| {
            let mut spec = message.into_iter().fold(spec, |spec, message| spec.message(message));
            spec = include.into_iter().fold(spec, |spec, path| spec.include(path));
            spec = imports.into_iter().fold(spec, |spec, (name, text)| spec.import(name, text));
            spec = framing.into_iter().fold(spec, |spec, framing| spec.framing(framing));
            spec = spec.nested(if nested { Nested::Struct } else { Nested::Flatten });
            spec = spec.tombstones(if skip { Tombstones::Skip } else { Tombstones::Rows });
            spec = spec.recursive(if raw { Recursive::Raw } else { Recursive::Fail });
            spec.enum_numbers(numbers).defaults(defaults).flatten(flatten).into()
        },
    )
}

fn any_object() -> impl Strategy<Value = Spec> {
    let value = prop_oneof![Just(int_val()), Just(long_val().strict()), Just(string_val())];
    let value = value.prop_recursive(3, 10, 3, |inner| {
        prop_oneof![inner.clone().prop_map(array_val), prop::collection::btree_map(any_name(), inner, 1..4).prop_map(object_val)]
    });
    let file = any_file().prop_map(|path| Spec::of(Kind::Object(Box::new(ObjectSpec::File { path: path.into(), read: None }))));
    prop_oneof![value.prop_map(object), file]
}

fn any_otherwise() -> impl Strategy<Value = Otherwise> {
    let special = prop::sample::select(vec!["missing:1", "null:", "a!null", "?", "\"", "x?y"]).prop_map(str::to_owned);
    let value = prop_oneof![any_path(), special].prop_map(Otherwise::Value);
    prop_oneof![Just(Otherwise::Null), Just(Otherwise::Error), value]
}

fn any_json() -> impl Strategy<Value = Spec> {
    let column = (any_type(), prop::collection::vec(any_path(), 0..3), any_otherwise(), any_otherwise());
    let columns = prop::collection::btree_map(any_name(), column, 1..5);
    let zone = prop::option::of(prop::sample::select(vec!["UTC", "+02:00", "-05:30", "Europe/Berlin"]));
    (columns, any::<bool>(), any::<bool>(), zone, 8_usize..200, prop::option::of(0_usize..1 << 40)).prop_map(
        |(columns, lenient, skip, zone, depth, size)| {
            let columns = columns.into_iter().map(|(name, (data_type, paths, missing, null))| JsonColumn {
                name,
                data_type,
                paths,
                missing,
                null,
            });
            let mut spec = json(columns).lenient(lenient).depth(depth).size(size.unwrap_or(usize::MAX));
            spec = spec.tombstones(if skip { Tombstones::Skip } else { Tombstones::Rows });
            zone.into_iter().fold(spec, |spec, zone| spec.zone(Zone::read(zone).unwrap()))
        },
    )
}

fn any_plain() -> impl Strategy<Value = Spec> {
    let simple_types = vec![Type::Timestamp(TimeUnit::Microsecond), Type::Utf8, Type::Uuid, Type::Bool];
    (any_name(), prop::sample::select(simple_types), any::<bool>(), 0..7).prop_map(|(name, data_type, skip, kind)| {
        let spec = match kind {
            0 => simple(name, data_type),
            1 => simple_name(name),
            2 => simple_type(data_type),
            3 => raw(name),
            4 => Spec::of(Kind::Raw { name: None }),
            5 => from_properties(),
            _ => return ignore(),
        };
        spec.tombstones(if skip { Tombstones::Skip } else { Tombstones::Rows })
    })
}

fn any_spec() -> impl Strategy<Value = Spec> {
    prop_oneof![any_plain(), any_json(), any_object(), any_avro(), any_protobuf()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn a_spec_of_any_kind_is_the_same_built_as_text_and_as_data(spec in any_spec().prop_filter("a valid one", |spec| spec.validate().is_ok())) {
        let text = spec.to_string();
        let read = Spec::parse(&text);
        prop_assert_eq!(read.as_ref().ok(), Some(&spec), "{}: {:?}", text, read);
        as_data(spec)?;
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "(json|simple|raw|ignore|avro|protobuf|object)?[:;=,\"a-f()/~!é ]{0,20}") {
        let _ = Spec::parse(&text);
    }
}
