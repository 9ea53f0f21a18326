//! Editions as text and in descriptor sets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use prost_reflect::{DescriptorPool, DynamicMessage, Value};
use protox::prost::Message as _;

use super::super::proto2::proto2;
use super::*;

const SCHEMA: &str = r#"// an edition
edition = "2023";
package e;
import "google/protobuf/timestamp.proto";
option features.field_presence = IMPLICIT;
option features.enum_type = CLOSED;
message M {
  reserved 7, 100 to 200; reserved gone, "was";
  int32 implicit = 1;
  int32 explicit = 2 [features.field_presence = EXPLICIT];
  string needed = 3 [features.field_presence = LEGACY_REQUIRED];
  Inner group = 4 [features.message_encoding = DELIMITED];
  Inner plain = 5;
  map<string, Inner> map = 6;
  oneof choice { int32 one = 8; string two = 9; }
  Open open = 10;
  repeated Inner.Closed closed = 11 [features = { repeated_field_encoding: EXPANDED }];
  google.protobuf.Timestamp at = 12;
  message Inner {
    option features.field_presence = EXPLICIT;
    int32 x = 1 [default = 5];
    enum Closed { C = 0; reserved D; }
  }
  extensions 1000 to max;
}
enum Open { option features.enum_type = OPEN; O = 0; }
service S { rpc Call(M) returns (M) { option deprecated = true; } rpc Other(M) returns (M); }
extend M { int32 extra = 1000; }
"#;

/// What the columns depend on, in words.
fn facts(spec: &ProtobufSpec) -> String {
    let layout = spec.layout().unwrap();
    let mut facts = Vec::new();
    for entry in &layout.message.entries {
        let unset = if entry.absent.is_some() { "" } else { "?" };
        let required = if entry.required { "!" } else { "" };
        let delimited = if entry.delimited { " delimited" } else { "" };
        let shape = match &entry.shape {
            Shape::One(Item::Scalar(Scalar::Enum(_, closed))) | Shape::List(Item::Scalar(Scalar::Enum(_, closed))) => {
                if *closed {
                    " closed"
                } else {
                    " open"
                }
            }
            _ => "",
        };
        facts.push(format!("{}{unset}{required}{delimited}{shape}", entry.name));
    }
    facts.join(", ")
}

const FACTS: &str = "implicit, explicit?, needed?!, group? delimited, plain?, map?, open open, closed? closed, at?, one?, two?";

fn sorted(facts: &str) -> Vec<&str> {
    let mut facts: Vec<&str> = facts.split(", ").collect();
    facts.sort_unstable();
    facts
}

#[test]
fn a_file_of_an_edition_says_by_its_features_what_others_say_by_their_syntax() {
    assert_eq!(sorted(&facts(&protobuf(SCHEMA).nested(Nested::Struct))), sorted(FACTS));
    let newer =
        SCHEMA.replace("2023", "2024").replace("message Inner", "export message Inner").replace("enum Open", "local enum Open");
    assert_eq!(sorted(&facts(&protobuf(newer).nested(Nested::Struct))), sorted(FACTS));
    let error = columns(protobuf(SCHEMA.replace("2023", "2031"))).unwrap_err().to_string();
    assert!(error.contains("edition \"2031\" is not known; 2023 and 2024 are"), "{error}");
}

/// A descriptor as protoc writes it of an edition.
fn descriptor(edition: i32) -> DynamicMessage {
    let text = proto2(SCHEMA).unwrap().unwrap();
    let mut pool = DescriptorPool::global();
    let file = protox::file::File::from_source("e.proto", &text).unwrap();
    pool.add_file_descriptor_proto(file.file_descriptor_proto().clone()).unwrap();
    let whole = pool.get_file_by_name("e.proto").unwrap().encode_to_vec();
    let google = DescriptorPool::global();
    let mut file =
        DynamicMessage::decode(google.get_message_by_name("google.protobuf.FileDescriptorProto").unwrap(), &*whole).unwrap();
    file.set_field_by_name("syntax", Value::String("editions".into()));
    file.set_field_by_name("edition", Value::EnumNumber(edition));
    file
}

/// The same in a set.
fn descriptors(edition: i32) -> Vec<u8> {
    let google = DescriptorPool::global();
    let file = descriptor(edition);
    let timestamp = google.get_file_by_name("google/protobuf/timestamp.proto").unwrap().encode_to_vec();
    let mut set = DynamicMessage::new(google.get_message_by_name("google.protobuf.FileDescriptorSet").unwrap());
    let timestamp = DynamicMessage::decode(prost_reflect::ReflectMessage::descriptor(&file), &*timestamp).unwrap();
    set.set_field_by_name("file", Value::List(vec![Value::Message(timestamp), Value::Message(file)]));
    set.encode_to_vec()
}

#[test]
fn so_does_a_descriptor_set() {
    for edition in [1000, 1001] {
        let spec = protobuf_descriptors(descriptors(edition)).nested(Nested::Struct);
        assert_eq!(sorted(&facts(&spec)), sorted(FACTS), "{edition}");
    }
    let error = columns(protobuf_descriptors(descriptors(1002))).unwrap_err().to_string();
    assert!(error.contains("e.proto: the edition of number 1002 is not known"), "{error}");
}

#[test]
fn so_does_a_descriptor_in_base64_as_registries_have_it() {
    let text = BASE64.encode(descriptor(1000).encode_to_vec());
    assert_eq!(sorted(&facts(&protobuf(text).nested(Nested::Struct))), sorted(FACTS));
    let error = columns(protobuf(BASE64.encode(descriptor(7).encode_to_vec()))).unwrap_err().to_string();
    assert!(error.contains("the edition of number 7 is not known"), "{error}");
}

#[test]
fn the_defaults_of_editions_are_presence_and_open_enums() {
    let schema = r#"edition = "2023"; message M { int32 a = 1; E b = 2; N c = 3; } enum E { Z = 0; } message N { int32 d = 1; }"#;
    assert_eq!(facts(&protobuf(schema).nested(Nested::Struct)), "a?, b? open, c?");
}

#[test]
fn imports_may_be_of_another_syntax() {
    let schema = r#"edition = "2023"; import "old.proto"; import option "gone.proto"; message M { Old old = 1; int32 a = 2; }"#;
    let schema = schema.replace(r#"import option "gone.proto"; "#, "");
    let old = r#"syntax = "proto3"; message Old { int32 a = 1; E e = 2; } enum E { Z = 0; }"#;
    let layout = protobuf(&*schema).import("old.proto", old).layout().unwrap();
    let Shape::Flat(inner) = &layout.message.entries[0].shape else { panic!() };
    assert_eq!(inner.entries[0].absent, Some(Absent::Number(0)));
    assert_eq!(layout.message.entries[1].absent, None);
    let new = r#"edition = "2023"; message New { int32 a = 1; }"#;
    let layout = protobuf(r#"syntax = "proto3"; import "new.proto"; message M { New new = 1; int32 a = 2; }"#);
    let layout = layout.import("new.proto", new).layout().unwrap();
    let Shape::Flat(inner) = &layout.message.entries[0].shape else { panic!() };
    assert_eq!(inner.entries[0].absent, None);
    assert_eq!(layout.message.entries[1].absent, Some(Absent::Number(0)));
}

#[test]
fn broken_text_of_an_edition_is_an_error_and_no_panic() {
    for at in 0..SCHEMA.len() {
        let _ = proto2(&SCHEMA[..at]);
        let _ = proto2(&format!("edition = \"2023\";{}", &SCHEMA[at..]));
    }
    for text in ["edition = \"2023\"", "edition = \"2023\"; }}} message", "edition = \"2023\"; message M { int32 \"é\\é"] {
        assert!(columns(protobuf(text)).is_err(), "{text}");
    }
}
