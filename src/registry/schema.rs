//! A schema as the registry has it.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

/// What a schema is written in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemaKind {
    /// Avro; what a registry means that does not say.
    Avro,
    /// Protobuf.
    Protobuf,
    /// JSON Schema.
    Json,
    /// Another, by the registry's name for it.
    Other(Arc<str>),
}

impl SchemaKind {
    pub(super) fn of(name: Option<&str>) -> Self {
        match name {
            None | Some("AVRO") => Self::Avro,
            Some("PROTOBUF") => Self::Protobuf,
            Some("JSON") => Self::Json,
            Some(other) => Self::Other(other.into()),
        }
    }
}

impl fmt::Display for SchemaKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Avro => "AVRO",
            Self::Protobuf => "PROTOBUF",
            Self::Json => "JSON",
            Self::Other(name) => name,
        })
    }
}

/// A schema, with all that it refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Schema {
    /// The registry's number for it, where that was asked for or told.
    pub id: Option<u32>,
    /// The registry's globally unique id for it, where that was asked for or told.
    pub guid: Option<Uuid>,
    /// The version in the subject that was asked for, where one was.
    pub version: Option<i32>,
    /// What it is written in.
    pub kind: SchemaKind,
    /// Its text.
    pub text: Arc<str>,
    /// All that it refers to, directly or not, each after those that it refers to itself, each name once.
    pub references: Vec<Reference>,
}

/// What a schema refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reference {
    /// The name by which it is referred to: Avro's full name, Protobuf's import path, JSON Schema's URL.
    pub name: Arc<str>,
    /// The subject that it is a version of.
    pub subject: Arc<str>,
    /// The version.
    pub version: i32,
    /// Its text.
    pub text: Arc<str>,
}

/// A version of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums)] // the registry has these two
pub enum Version {
    /// The latest, which is asked for again after `kolumn.registry.latest.refresh.ms`.
    Latest,
    /// This one.
    Number(i32),
}

impl From<i32> for Version {
    fn from(number: i32) -> Self {
        Self::Number(number)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("latest"),
            Self::Number(number) => number.fmt(f),
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Id(u32),
    Guid(Uuid),
    Subject(Arc<str>, Version),
}

impl Key {
    /// Whether its schema may be another one later.
    pub(super) fn changes(&self) -> bool {
        matches!(self, Self::Subject(_, Version::Latest))
    }

    /// The path that is asked.
    pub(super) fn path(&self) -> String {
        match self {
            Self::Id(id) => format!("/schemas/ids/{id}"),
            Self::Guid(guid) => format!("/schemas/guids/{guid}"),
            Self::Subject(subject, version) => format!("/subjects/{}/versions/{version}", encoded(subject)),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "schema {id}"),
            Self::Guid(guid) => write!(f, "schema {guid}"),
            Self::Subject(subject, version) => write!(f, "subject {subject:?}, version {version}"),
        }
    }
}

/// A name as one part of a path (RFC 3986).
pub(super) fn encoded(name: &str) -> String {
    let byte = |byte: u8| match byte {
        b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    name.bytes().map(byte).collect()
}
