//! Avro specs as text: what of it is their own.

use std::fmt;
use std::path::PathBuf;

use super::{AvroSpec, Framing, Nested, Recursive, SchemaId, SchemaText};
use crate::spec::text::Quoted;

const FRAMINGS: [(&str, Framing); 5] = [
    ("none", Framing::None),
    ("confluent", Framing::Confluent),
    ("guid", Framing::Guid),
    ("single-object", Framing::SingleObject),
    ("glue", Framing::Glue),
];

impl Framing {
    /// Its name in specs.
    pub(in crate::spec) fn name(self) -> &'static str {
        FRAMINGS.iter().find(|(_, framing)| *framing == self).map_or("none", |(name, _)| name)
    }

    /// The framing of that name, for JSON.
    pub(in crate::spec) fn of_json(name: &str) -> Result<Self, String> {
        let found = FRAMINGS.iter().find(|(known, framing)| *known == name && framing.is_of_json());
        found
            .map(|(_, framing)| *framing)
            .ok_or_else(|| "the framing of JSON is none, confluent or guid, as in framing=none".into())
    }

    /// Whether JSON may have it.
    pub(in crate::spec) fn is_of_json(self) -> bool {
        matches!(self, Self::None | Self::Confluent | Self::Guid)
    }
}

/// The names of the options.
pub(in crate::spec) const OPTIONS: [&str; 4] = ["framing", "nested", "recursive", "writer"];

impl SchemaText {
    /// A schema where the text is one, else the name of a file.
    pub(in crate::spec) fn read(text: String) -> Self {
        if text.trim_start().starts_with(['{', '[', '"']) {
            Self::Text(text)
        } else {
            Self::File { path: PathBuf::from(text), text: None }
        }
    }
}

impl AvroSpec {
    pub(in crate::spec) fn read(schema: String) -> Self {
        Self::of(SchemaText::read(schema))
    }

    /// The same with the subject of this name.
    pub(in crate::spec) fn subject_named(mut self, name: String) -> Self {
        if let SchemaText::Subject(subject) = &mut self.schema {
            subject.name = Some(name);
        }
        self
    }

    /// Takes an option; `None` where it is none of Avro's.
    pub(in crate::spec) fn option(&mut self, name: &str, value: Option<&str>) -> Option<Result<(), String>> {
        Some(match (name, value) {
            ("framing", value) => match FRAMINGS.iter().find(|(known, _)| value == Some(*known)) {
                Some((_, framing)) => {
                    self.framing = Some(*framing);
                    Ok(())
                }
                None => Err("the framing is none, confluent, guid, single-object or glue, as in framing=none".into()),
            },
            ("nested", Some("flatten")) => {
                self.nested = Nested::Flatten;
                Ok(())
            }
            ("nested", Some("struct")) => {
                self.nested = Nested::Struct;
                Ok(())
            }
            ("nested", _) => Err("nested records are flattened or structs: nested=flatten or nested=struct".into()),
            ("recursive", Some("fail")) => {
                self.recursive = Recursive::Fail;
                Ok(())
            }
            ("recursive", Some("raw")) => {
                self.recursive = Recursive::Raw;
                Ok(())
            }
            ("recursive", _) => Err("recursive schemas fail or have raw columns: recursive=fail or recursive=raw".into()),
            (writer, value) if writer == "writer" || writer.starts_with("writer@") => {
                let id = writer.strip_prefix("writer@").map(SchemaId::read).transpose();
                match (id, value) {
                    (Err(reason), _) => Err(reason),
                    (_, None | Some("")) => Err("the writer's schema is missing, as in writer=old.avsc".into()),
                    (Ok(id), Some(schema)) => {
                        self.writers.push((id, SchemaText::read(schema.to_owned())));
                        Ok(())
                    }
                }
            }
            _ => return None,
        })
    }

    /// The options that are not as they are by default, but for the writers' schemas.
    pub(in crate::spec) fn options(&self) -> Vec<String> {
        let framing = FRAMINGS.iter().find(|(_, framing)| Some(*framing) == self.framing);
        let mut options: Vec<String> = framing.map(|(name, _)| format!("framing={name}")).into_iter().collect();
        if self.nested == Nested::Struct {
            options.push("nested=struct".into());
        }
        if self.recursive == Recursive::Raw {
            options.push("recursive=raw".into());
        }
        options
    }

    /// The options that give schemas.
    pub(in crate::spec) fn schemas(&self) -> Vec<String> {
        let writer = |(id, schema): &(Option<SchemaId>, SchemaText)| {
            let id = id.map(|id| format!("@{id}")).unwrap_or_default();
            format!("writer{id}={schema}")
        };
        self.writers.iter().map(writer).collect()
    }
}

impl SchemaId {
    /// Reads a number, a UUID, or `0x` and the 16 digits of a fingerprint.
    pub(in crate::spec) fn read(text: &str) -> Result<Self, String> {
        let refused =
            || format!("{text:?} names no schema; it is a registry's number, a UUID, or 0x and a fingerprint's 16 digits");
        if let Some(digits) = text.strip_prefix("0x") {
            let fingerprint = u64::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 16 && !digits.starts_with('+'));
            return fingerprint.map(Self::Fingerprint).ok_or_else(refused);
        }
        let uuid = || text.parse::<uuid::Uuid>().ok().filter(|_| text.len() == 36).map(|uuid| Self::Uuid(*uuid.as_bytes()));
        text.parse().ok().map(Self::Id).or_else(uuid).ok_or_else(refused)
    }
}

impl fmt::Display for SchemaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Fingerprint(fingerprint) => write!(f, "0x{fingerprint:016x}"),
            Self::Uuid(bytes) => write!(f, "{}", uuid::Uuid::from_bytes(*bytes)),
        }
    }
}

impl fmt::Display for SchemaText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => Quoted(text).fmt(f),
            Self::File { path, .. } => Quoted(&path.to_string_lossy()).fmt(f),
            Self::Subject(subject) => subject.fmt(f),
        }
    }
}

impl fmt::Display for AvroSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("avro")?;
        let mut parts = match &self.schema {
            SchemaText::Subject(subject) => subject.parts(),
            // In quotes it is no word of the grammar.
            SchemaText::File { path, .. } if path.as_os_str() == "mapped_only" => vec![format!("{path:?}")],
            given => vec![given.to_string()],
        };
        parts.extend(self.mapped_only.then(|| "mapped_only".to_owned()));
        parts.extend(self.mapping.iter().map(|(path, column)| format!("{}={}", Path(path), Quoted(column))));
        parts.iter().enumerate().try_for_each(|(index, part)| write!(f, "{}{part}", if index == 0 { ':' } else { ',' }))
    }
}

/// A field's path, in quotes where it would be something else.
struct Path<'a>(&'a str);

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if matches!(self.0, "subject" | "version") { write!(f, "{:?}", self.0) } else { Quoted(self.0).fmt(f) }
    }
}
