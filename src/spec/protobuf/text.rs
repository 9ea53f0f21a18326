//! Protobuf specs as text: what of it is their own.

use std::fmt;
use std::path::PathBuf;

use super::{ProtoSchema, ProtobufSpec};
use crate::spec::text::Quoted;
use crate::spec::{Framing, Nested, Recursive};

/// The names of the options.
pub(in crate::spec) const OPTIONS: [&str; 6] = ["framing", "nested", "recursive", "flatten", "enums", "defaults"];

impl ProtobufSpec {
    /// A spec with the text of a schema, or the name of its file.
    pub(in crate::spec) fn read(schema: String) -> Self {
        // No file's name has a semicolon, every schema has.
        Self::of(if schema.contains([';', '{']) {
            ProtoSchema::Text(schema)
        } else {
            ProtoSchema::File { path: PathBuf::from(schema), text: None }
        })
    }

    /// Takes what may follow the schema.
    pub(in crate::spec) fn part(self, name: &str, value: Option<String>) -> Result<Self, String> {
        match (name, value) {
            ("message", Some(message)) => Ok(self.message(message)),
            ("include", Some(path)) => Ok(self.include(path)),
            ("message" | "include", None) => Err(format!("{name} lacks its value")),
            (other, _) => Err(format!("{other:?} is neither message= nor include=; options follow a semicolon")),
        }
    }

    /// Takes an option; `None` where it is none of Protobuf's.
    pub(in crate::spec) fn option(&mut self, name: &str, value: Option<&str>) -> Option<Result<(), String>> {
        match (name, value) {
            ("framing", Some("none")) => self.framing = Framing::None,
            ("framing", Some("confluent")) => self.framing = Framing::Confluent,
            ("framing", Some("guid")) => self.framing = Framing::Guid,
            ("framing", _) => return Some(Err("the framing is none, confluent or guid, as in framing=confluent".into())),
            ("nested", Some("flatten")) => self.nested = Nested::Flatten,
            ("nested", Some("struct")) => self.nested = Nested::Struct,
            ("nested", _) => {
                return Some(Err("nested messages are flattened or structs: nested=flatten or nested=struct".into()));
            }
            ("recursive", Some("fail")) => self.recursive = Recursive::Fail,
            ("recursive", Some("raw")) => self.recursive = Recursive::Raw,
            ("recursive", _) => {
                return Some(Err("recursive messages are refused or bytes: recursive=fail or recursive=raw".into()));
            }
            ("flatten", None) => self.flatten = true,
            ("flatten", Some(_)) => return Some(Err("the option flatten takes no value".into())),
            ("enums", Some("number")) => self.enum_numbers = true,
            ("enums", Some("text")) => self.enum_numbers = false,
            ("enums", _) => return Some(Err("enums are text or numbers: enums=text or enums=number".into())),
            ("defaults", None) => self.defaults = true,
            ("defaults", Some(_)) => return Some(Err("the option defaults takes no value".into())),
            _ => return None,
        }
        Some(Ok(()))
    }

    /// The options that are not as they are by default.
    pub(in crate::spec) fn options(&self) -> Vec<String> {
        let options = [
            (self.framing == Framing::Confluent, "framing=confluent"),
            (self.framing == Framing::Guid, "framing=guid"),
            (self.nested == Nested::Struct, "nested=struct"),
            (self.recursive == Recursive::Raw, "recursive=raw"),
            (self.flatten, "flatten"),
            (self.enum_numbers, "enums=number"),
            (self.defaults, "defaults"),
        ];
        options.into_iter().filter(|(given, _)| *given).map(|(_, option)| option.to_owned()).collect()
    }
}

impl fmt::Display for ProtobufSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            ProtoSchema::Text(text) => write!(f, "protobuf:{}", Quoted(text))?,
            ProtoSchema::File { path, .. } => write!(f, "protobuf:{}", Quoted(&path.to_string_lossy()))?,
            ProtoSchema::Descriptors(bytes) => write!(f, "protobuf:<descriptor set of {} bytes>", bytes.len())?,
        }
        if let Some(message) = &self.message {
            write!(f, ",message={}", Quoted(message))?;
        }
        self.include.iter().try_for_each(|path| write!(f, ",include={}", Quoted(path)))
    }
}
