//! Editions, which the descriptor library does not know.
//!
//! A file of an edition is given to the library as proto2, which forbids nothing that editions allow. What its features say instead, of
//! presence, enums and groups, is read from the options, where the library keeps them.
//!
//! References: <https://protobuf.dev/editions/features/>.

use std::collections::BTreeSet;

use prost_reflect::{
    DescriptorPool, DynamicMessage, EnumDescriptor, FieldDescriptor, FileDescriptor, MessageDescriptor, Syntax, Value,
};
use protox::prost::Message as _;

/// Editions by their name in `.proto` text and number in descriptors. Their defaults are the same in all that columns depend on.
const KNOWN: [(&str, i32); 2] = [("2023", 1000), ("2024", 1001)];

const IMPLICIT: i32 = 2;
const LEGACY_REQUIRED: i32 = 3;
const CLOSED: i32 = 2;
const DELIMITED: i32 = 2;

/// Checks that an edition that is named in text is known.
pub(super) fn known(name: &str) -> Result<(), String> {
    if KNOWN.iter().any(|(known, _)| *known == name) {
        return Ok(());
    }
    Err(format!("edition {name:?} is not known; {} are", KNOWN.map(|(known, _)| known).join(" and ")))
}

/// The files of a schema that are of an edition, by name.
#[derive(Debug, Default)]
pub(super) struct Editions {
    files: BTreeSet<String>,
}

impl Editions {
    pub(super) fn add(&mut self, file: &str) {
        self.files.insert(file.to_owned());
    }

    /// Reads a `FileDescriptorSet`.
    pub(super) fn pool(&mut self, descriptors: &[u8]) -> Result<DescriptorPool, String> {
        let wrong = |error: &dyn std::fmt::Display| format!("the descriptor set: {error}");
        let google = DescriptorPool::global();
        let Some(set) = google.get_message_by_name("google.protobuf.FileDescriptorSet") else {
            return DescriptorPool::decode(descriptors).map_err(|error| wrong(&error));
        };
        // Dynamic, so that options that nobody knows stay.
        let mut set = DynamicMessage::decode(set, descriptors).map_err(|error| wrong(&error))?;
        let mut of_editions = false;
        if let Some(Value::List(files)) = set.get_field_by_name_mut("file") {
            for file in files {
                let Value::Message(file) = file else { continue };
                of_editions |= self.rewrite(file)?;
            }
        }
        let rewritten = of_editions.then(|| set.encode_to_vec());
        DescriptorPool::decode(rewritten.as_deref().unwrap_or(descriptors)).map_err(|error| wrong(&error))
    }

    /// Reads a `FileDescriptorProto`, as a descriptor of a file of that name that the library can read.
    pub(super) fn file(&mut self, name: &str, descriptor: &[u8]) -> Result<Vec<u8>, String> {
        let google = DescriptorPool::global();
        let Some(file) = google.get_message_by_name("google.protobuf.FileDescriptorProto") else {
            return Ok(descriptor.to_vec());
        };
        let mut file = DynamicMessage::decode(file, descriptor).map_err(|error| format!("{name}: the descriptor: {error}"))?;
        file.set_field_by_name("name", Value::String(name.to_owned()));
        self.rewrite(&mut file)?;
        Ok(file.encode_to_vec())
    }

    /// Makes a file of an edition one of proto2; whether it is of one.
    fn rewrite(&mut self, file: &mut DynamicMessage) -> Result<bool, String> {
        let text = |file: &DynamicMessage, field| match file.get_field_by_name(field).as_deref() {
            Some(Value::String(text)) => text.clone(),
            _ => String::new(),
        };
        if text(file, "syntax") != "editions" {
            return Ok(false);
        }
        let name = text(file, "name");
        let number = match file.get_field_by_name("edition").as_deref() {
            Some(Value::EnumNumber(number)) => *number,
            _ => 0,
        };
        if !KNOWN.iter().any(|(_, known)| *known == number) {
            let known = KNOWN.map(|(known, _)| known).join(" and ");
            return Err(format!("{name}: the edition of number {number} is not known; {known} are"));
        }
        file.set_field_by_name("syntax", Value::String("proto2".into()));
        file.clear_field_by_name("edition");
        self.add(&name);
        Ok(true)
    }

    fn has(&self, file: &FileDescriptor) -> bool {
        self.files.contains(file.name())
    }

    /// Whether a field that is not set differs from one that has its default.
    pub(super) fn presence(&self, field: &FieldDescriptor) -> bool {
        let implicit = || {
            field.containing_oneof().is_none()
                && field.kind().as_message().is_none()
                && self.of_field(field, "field_presence") == Some(IMPLICIT)
        };
        field.supports_presence() && !(self.has(&field.parent_file()) && implicit())
    }

    pub(super) fn required(&self, field: &FieldDescriptor) -> bool {
        field.is_required()
            || (self.has(&field.parent_file())
                && !field.is_list()
                && self.of_field(field, "field_presence") == Some(LEGACY_REQUIRED))
    }

    /// Whether a message stands between the marks of a group, and not behind its length.
    pub(super) fn delimited(&self, field: &FieldDescriptor) -> bool {
        let entry = field.is_map() || field.parent_message().is_map_entry();
        field.is_group()
            || (self.has(&field.parent_file())
                && field.kind().as_message().is_some()
                && !entry
                && self.of_field(field, "message_encoding") == Some(DELIMITED))
    }

    /// Whether an enum has no other numbers than its own.
    pub(super) fn closed(&self, descriptor: &EnumDescriptor) -> bool {
        let file = descriptor.parent_file();
        if !self.has(&file) {
            return file.syntax() == Syntax::Proto2;
        }
        let own = feature(&descriptor.options(), "enum_type");
        own.or_else(|| above(descriptor.parent_message(), &file, "enum_type")) == Some(CLOSED)
    }

    fn of_field(&self, field: &FieldDescriptor, name: &str) -> Option<i32> {
        feature(&field.options(), name)
            .or_else(|| field.containing_oneof().and_then(|oneof| feature(&oneof.options(), name)))
            .or_else(|| above(Some(field.parent_message().clone()), &field.parent_file(), name))
    }
}

/// What the messages that something is declared in say, the innermost first, and then the file.
fn above(mut message: Option<MessageDescriptor>, file: &FileDescriptor, name: &str) -> Option<i32> {
    while let Some(descriptor) = message {
        if let Some(found) = feature(&descriptor.options(), name) {
            return Some(found);
        }
        message = descriptor.parent_message();
    }
    feature(&file.options(), name)
}

/// A feature, if these options set it.
fn feature(options: &DynamicMessage, name: &str) -> Option<i32> {
    let features = options.get_field_by_name("features")?;
    let features = features.as_message()?;
    if !features.has_field_by_name(name) {
        return None;
    }
    features.get_field_by_name(name)?.as_enum_number()
}
