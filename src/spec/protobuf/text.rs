//! Protobuf specs as text: what of it is their own.

use std::fmt;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

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

    /// A spec with a descriptor set in base64.
    pub(in crate::spec) fn read_descriptors(text: &str) -> Result<Self, String> {
        let bytes = BASE64.decode(text).map_err(|error| format!("the descriptor set is no base64: {error}"))?;
        Ok(Self::of(ProtoSchema::Descriptors(bytes)))
    }

    /// The same with the subject of this name.
    pub(in crate::spec) fn subject_named(mut self, name: String) -> Self {
        if let ProtoSchema::Subject(subject) = &mut self.schema {
            subject.name = Some(name);
        }
        self
    }

    /// Takes what may follow the schema.
    pub(in crate::spec) fn part(self, name: &str, value: String) -> Result<Self, String> {
        match name {
            "message" => Ok(self.message(value)),
            "include" => Ok(self.include(value)),
            other => Err(format!("{other:?} is neither message= nor include=; options follow a semicolon")),
        }
    }

    /// Takes an option; `None` where it is none of Protobuf's.
    pub(in crate::spec) fn option(&mut self, name: &str, value: Option<&str>) -> Option<Result<(), String>> {
        match (name, value) {
            ("framing", Some("none")) => self.framing = Some(Framing::None),
            ("framing", Some("confluent")) => self.framing = Some(Framing::Confluent),
            ("framing", Some("guid")) => self.framing = Some(Framing::Guid),
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
            (import, text) if import.starts_with("import@") => match (import.strip_prefix("import@"), text) {
                (Some(name), Some(text)) if !name.is_empty() && text.contains([';', '{']) => {
                    self.imports.insert(name.to_owned(), text.to_owned());
                }
                _ => {
                    let reason = "an import is its name and its text; files are found beside the schema's own";
                    return Some(Err(reason.into()));
                }
            },
            _ => return None,
        }
        Some(Ok(()))
    }

    /// The options that are not as they are by default, but for the imports.
    pub(in crate::spec) fn options(&self) -> Vec<String> {
        let options = [
            (self.framing == Some(Framing::None), "framing=none"),
            (self.framing == Some(Framing::Confluent), "framing=confluent"),
            (self.framing == Some(Framing::Guid), "framing=guid"),
            (self.nested == Nested::Struct, "nested=struct"),
            (self.recursive == Recursive::Raw, "recursive=raw"),
            (self.flatten, "flatten"),
            (self.enum_numbers, "enums=number"),
            (self.defaults, "defaults"),
        ];
        options.into_iter().filter(|(given, _)| *given).map(|(_, option)| option.to_owned()).collect()
    }

    /// The options that give schemas.
    pub(in crate::spec) fn schemas(&self) -> Vec<String> {
        self.imports.iter().map(|(name, text)| format!("import@{}={}", Quoted(name), Quoted(text))).collect()
    }
}

impl fmt::Display for ProtobufSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        match &self.schema {
            ProtoSchema::Text(text) => write!(f, "protobuf:{}", Quoted(text))?,
            ProtoSchema::File { path, .. } => write!(f, "protobuf:{}", Quoted(&path.to_string_lossy()))?,
            ProtoSchema::Descriptors(bytes) => {
                write!(f, "protobuf:descriptors={}", Quoted(&BASE64.encode(bytes)))?;
            }
            ProtoSchema::Subject(subject) => {
                f.write_str("protobuf")?;
                parts.extend(subject.parts());
            }
        }
        parts.extend(self.message.iter().map(|message| format!("message={}", Quoted(message))));
        parts.extend(self.include.iter().map(|path| format!("include={}", Quoted(path))));
        let colon = matches!(self.schema, ProtoSchema::Subject(_));
        parts.iter().enumerate().try_for_each(|(index, part)| write!(f, "{}{part}", if colon && index == 0 { ':' } else { ',' }))
    }
}
