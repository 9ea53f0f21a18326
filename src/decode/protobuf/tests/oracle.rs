//! The same messages by prost-reflect.

use proptest::prelude::*;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage, Value};

use super::*;

const SCHEMA: &str = r#"
syntax = "proto3";
message M {
  int32 a = 1; sint32 b = 2; sfixed32 c = 3; uint32 d = 4; fixed32 e = 5;
  int64 f = 6; sint64 g = 7; sfixed64 h = 8; uint64 i = 9; fixed64 j = 10;
  bool k = 11; string l = 12; bytes m = 13; E n = 14;
  optional int32 o = 15; optional string p = 16; optional E q = 17;
  repeated sint64 r = 18; repeated fixed32 s = 19 [packed = false]; repeated string t = 20; repeated bool u = 21;
  repeated E v = 22; repeated S w = 23; S x = 24;
  map<int32, S> y = 25; map<string, sint32> z = 26; map<bool, bytes> aa = 27;
  oneof one { S ab = 28; uint32 ac = 29; string ad = 30; }
}
message S { int32 a = 1; optional uint64 b = 2; repeated int32 c = 3; T d = 4; }
message T { string a = 1; map<uint32, E> b = 2; }
enum E { ZERO = 0; ONE = 1; MINUS = -5; }
"#;

fn descriptor() -> MessageDescriptor {
    let file = protox::file::File::from_source("m.proto", SCHEMA).unwrap();
    let mut pool = prost_reflect::DescriptorPool::new();
    pool.add_file_descriptor_proto(file.file_descriptor_proto().clone()).unwrap();
    pool.get_message_by_name("M").unwrap()
}

/// What the column of a field shows.
fn shown(field: &FieldDescriptor, value: &Value) -> String {
    match value {
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| shown(field, item)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(entries) => {
            let Kind::Message(entry) = field.kind() else { panic!() };
            let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
            let mut pairs: Vec<String> =
                entries.iter().map(|(k, v)| format!("{}: {}", shown(&key, &Value::from(k.clone())), shown(&value, v))).collect();
            pairs.sort();
            format!("{{{}}}", pairs.join(", "))
        }
        Value::Message(message) => row(message),
        Value::Bool(value) => value.to_string(),
        Value::I32(value) => value.to_string(),
        Value::I64(value) => value.to_string(),
        Value::U32(value) => value.to_string(),
        Value::U64(value) => value.to_string(),
        Value::String(value) => format!("{value:?}"),
        Value::Bytes(value) => format!("{:?}", value.as_ref()),
        Value::EnumNumber(number) => {
            let Kind::Enum(names) = field.kind() else { panic!() };
            format!("{:?}", names.get_value(*number).map_or(number.to_string(), |value| value.name().to_owned()))
        }
        other => panic!("{other:?}"),
    }
}

fn row(message: &DynamicMessage) -> String {
    let mut fields: Vec<FieldDescriptor> = message.descriptor().fields().collect();
    fields.sort_by_key(|field| field.path().last().copied());
    let shown = fields.iter().map(|field| {
        let there = message.has_field(field) || !field.supports_presence();
        let value = if there { shown(field, &message.get_field(field)) } else { "null".into() };
        format!("{}={value}", field.name())
    });
    format!("({})", shown.collect::<Vec<_>>().join(" "))
}

/// What a cell shows.
fn cell(array: &dyn Array, index: usize) -> String {
    use arrow_schema::DataType as T;
    if array.is_null(index) {
        return "null".into();
    }
    match array.data_type() {
        T::List(_) => {
            let items = array.as_list::<i32>().value(index);
            format!("[{}]", (0..items.len()).map(|index| cell(&items, index)).collect::<Vec<_>>().join(", "))
        }
        T::Map(..) => {
            let entries = array.as_map().value(index);
            let (keys, values) = (entries.column(0), entries.column(1));
            let mut pairs: Vec<String> =
                (0..entries.len()).map(|index| format!("{}: {}", cell(keys, index), cell(values, index))).collect();
            pairs.sort();
            format!("{{{}}}", pairs.join(", "))
        }
        T::Struct(fields) => {
            let columns = array.as_struct().columns();
            let shown = fields.iter().zip(columns).map(|(field, column)| format!("{}={}", field.name(), cell(column, index)));
            format!("({})", shown.collect::<Vec<_>>().join(" "))
        }
        T::Utf8 => format!("{:?}", array.as_string::<i32>().value(index)),
        T::Binary => format!("{:?}", array.as_binary::<i32>().value(index)),
        _ => ArrayFormatter::try_new(array, &FormatOptions::default()).unwrap().value(index).to_string(),
    }
}

fn check(payload: &[u8]) {
    let oracle = DynamicMessage::decode(descriptor(), payload);
    let (columns, bad) = decoded(protobuf(SCHEMA).nested(Nested::Struct), payload);
    if let Ok(message) = oracle {
        assert_eq!(bad, [], "{message:?}");
        let shown: Vec<String> = columns.iter().map(|(name, column)| format!("{name}={}", cell(column, 0))).collect();
        assert_eq!(format!("({})", shown.join(" ")), row(&message), "{payload:?}");
    }
}

fn any_value(kind: Kind, levels: u32) -> BoxedStrategy<Value> {
    match kind {
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => any::<i32>().prop_map(Value::I32).boxed(),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => any::<i64>().prop_map(Value::I64).boxed(),
        Kind::Uint32 | Kind::Fixed32 => any::<u32>().prop_map(Value::U32).boxed(),
        Kind::Uint64 | Kind::Fixed64 => any::<u64>().prop_map(Value::U64).boxed(),
        Kind::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Kind::String => ".{0,4}".prop_map(Value::String).boxed(),
        Kind::Bytes => prop::collection::vec(any::<u8>(), 0..4).prop_map(|bytes| Value::Bytes(bytes.into())).boxed(),
        Kind::Enum(_) => prop_oneof![Just(0), Just(1), Just(-5), any::<i32>()].prop_map(Value::EnumNumber).boxed(),
        Kind::Message(message) => any_message(message, levels).prop_map(Value::Message).boxed(),
        other => panic!("{other:?}"),
    }
}

fn any_field(field: &FieldDescriptor, levels: u32) -> BoxedStrategy<Value> {
    if field.is_map() {
        let Kind::Message(entry) = field.kind() else { panic!() };
        let key = any_value(entry.map_entry_key_field().kind(), 0).prop_map(|key| match key {
            Value::I32(key) => MapKey::I32(key),
            Value::U32(key) => MapKey::U32(key),
            Value::Bool(key) => MapKey::Bool(key),
            Value::String(key) => MapKey::String(key),
            other => panic!("{other:?}"),
        });
        let value = any_value(entry.map_entry_value_field().kind(), levels);
        return prop::collection::vec((key, value), 0..3).prop_map(|pairs| Value::Map(pairs.into_iter().collect())).boxed();
    }
    let value = any_value(field.kind(), levels);
    if field.is_list() { prop::collection::vec(value, 0..3).prop_map(Value::List).boxed() } else { value }
}

fn any_message(descriptor: MessageDescriptor, levels: u32) -> BoxedStrategy<DynamicMessage> {
    let fields: Vec<_> =
        descriptor.fields().map(|field| (Just(field.clone()), prop::option::of(any_field(&field, levels + 1)))).collect();
    fields
        .prop_map(move |values| {
            let mut message = DynamicMessage::new(descriptor.clone());
            for (field, value) in values {
                if let Some(value) = value {
                    message.set_field(&field, value);
                }
            }
            message
        })
        .boxed()
}

fn encoded(message: &DynamicMessage) -> Vec<u8> {
    use protox::prost::Message as _;
    message.encode_to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn two_messages_one_behind_the_other_are_what_prost_reflect_merges(
        first in any_message(descriptor(), 0),
        second in any_message(descriptor(), 0),
    ) {
        check(&encoded(&first));
        check(&[encoded(&first), encoded(&second)].concat());
    }

    #[test]
    fn broken_messages_never_panic_and_what_prost_reflect_reads_is_read(
        message in any_message(descriptor(), 0),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut payload = encoded(&message);
        for (at, byte) in edits {
            if !payload.is_empty() {
                let at = at.index(payload.len());
                payload[at] = byte;
            }
        }
        if let Some(cut) = cut {
            payload.truncate(cut.index(payload.len() + 1));
        }
        check(&payload);
    }

    #[test]
    fn any_bytes_are_rows_or_errors(payload in prop::collection::vec(any::<u8>(), 0..64)) {
        check(&payload);
        decoded(spec(), &payload);
        decoded(spec().framing(Framing::Confluent), &payload);
    }
}
