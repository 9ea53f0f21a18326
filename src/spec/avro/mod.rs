//! What an Avro spec asks for.
//!
//! The reader's schema gives the columns ([`layout`]); writers may have others, which are resolved to it. Text form:
//! `avro[:FILE|:subject=S[,version=N]][,mapped_only][,Path.To.Field=Column]...[;framing=F][,nested=struct][,recursive=raw][,writer=FILE][,writer@ID=FILE]`.

mod layout;
mod references;
mod schema;
mod text;

pub(super) use text::OPTIONS;

use std::path::{Path, PathBuf};

pub(crate) use layout::{Layout, Leaf, MOST_DEPTH, Shape};
pub use schema::AvroSchema;
pub(crate) use schema::{Kind, Logical, Name, NodeId};

use super::subject::Subject;
use super::{Side, Spec, Tombstones};
use crate::error::{Error, Result};
use crate::registry::{Registry, SchemaKind, Version};

#[cfg(test)]
mod tests;

/// An Avro spec under construction; [`Spec::from`] makes it a [`Spec`].
///
/// ```
/// use kolumn::spec::{self, Framing, Spec};
///
/// let schema = r#"{"type": "record", "name": "Order", "fields": [
///     {"name": "symbol", "type": "string"},
///     {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}}
/// ]}"#;
/// let spec: Spec = spec::avro(schema).mapping([("symbol", "Ticker")]).framing(Framing::Confluent).into();
/// # assert_eq!(spec.columns(spec::Side::Value, &Default::default())?[0].name(), "Ticker");
/// # Ok::<(), kolumn::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvroSpec {
    pub(crate) schema: SchemaText,
    pub(crate) writers: Vec<(Option<SchemaId>, SchemaText)>,
    pub(crate) mapping: Vec<(String, String)>,
    pub(crate) mapped_only: bool,
    /// None where nothing is said: see [`Self::framed`].
    pub(super) framing: Option<Framing>,
    pub(crate) nested: Nested,
    pub(crate) recursive: Recursive,
    tombstones: Tombstones,
}

/// A schema as given: as text, in a file that is yet to be read, or by the registry, which is yet to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SchemaText {
    Text(String),
    File { path: PathBuf, text: Option<String> },
    Subject(Subject),
}

/// What lies before the datum and says which schema wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Framing {
    /// `none`: nothing. The writer's schema is the one that is given, else the reader's.
    #[default]
    None,
    /// `confluent`: a zero byte and the schema's id in four bytes. Without a registry, and where no schema is given for the id,
    /// the writer's schema is the one that is given, else the reader's: the id is not looked at.
    Confluent,
    /// `single-object`: the bytes C3 01 and the schema's CRC-64-AVRO fingerprint, little-endian. A fingerprint of none of the
    /// schemas that are given is an error of the record.
    SingleObject,
    /// `guid`: the record's header `__key_schema_id` or `__value_schema_id` holds the byte 01 and the 16 bytes of the schema's GUID. Where
    /// there is no such header the same stands before the datum, or what `confluent` has there.
    Guid,
    /// `glue`: the bytes 03 00, or 03 05 where the datum is compressed by zlib, and the schema's UUID. As `confluent` otherwise.
    Glue,
}

/// What becomes of records within records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Nested {
    /// Their fields are columns beside the others, named by the path joined by `__`.
    #[default]
    Flatten,
    /// They are struct columns.
    Struct,
}

/// What becomes of a record that contains itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Recursive {
    /// It is an error of the spec.
    #[default]
    Fail,
    /// Where it recurs there is a binary column with the writer's bytes of it.
    Raw,
}

/// How a framing names a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SchemaId {
    /// The number that a registry of Confluent's API gave it.
    Id(u32),
    /// Its CRC-64-AVRO fingerprint.
    Fingerprint(u64),
    /// Its UUID: in AWS Glue, or as the GUID of a registry of Confluent's API.
    Uuid([u8; 16]),
}

/// Columns from Avro: `schema` is the reader's schema as JSON.
pub fn avro(schema: impl Into<String>) -> AvroSpec {
    AvroSpec::of(SchemaText::Text(schema.into()))
}

/// Columns from Avro: the reader's schema is a version of a subject of the schema registry, the latest where [`AvroSpec::version`] says
/// no other.
///
/// The registry is asked when the consumption starts, or by [`Spec::resolve`]; what the latest is then remains the reader's schema.
///
/// ```
/// use kolumn::spec::{self, Spec};
///
/// let spec: Spec = spec::avro_subject("orders-value").version(3).mapping([("symbol", "Ticker")]).into();
/// assert_eq!(spec, Spec::parse("avro:subject=orders-value,version=3,symbol=Ticker")?);
/// # Ok::<(), kolumn::error::Error>(())
/// ```
pub fn avro_subject(subject: impl Into<String>) -> AvroSpec {
    AvroSpec::of(SchemaText::Subject(Subject::of(Some(subject.into()))))
}

/// As [`avro_subject`], with the topic's own subject: `TOPIC-key` for keys, `TOPIC-value` for values.
pub fn avro_topic_subject() -> AvroSpec {
    AvroSpec::of(SchemaText::Subject(Subject::of(None)))
}

impl AvroSpec {
    fn of(schema: SchemaText) -> Self {
        Self {
            schema,
            writers: Vec::new(),
            mapping: Vec::new(),
            mapped_only: false,
            framing: None,
            nested: Nested::default(),
            recursive: Recursive::default(),
            tombstones: Tombstones::default(),
        }
    }

    /// Which version of the subject; without it the latest. A schema that is no subject's has none, and is as it is.
    #[must_use]
    pub fn version(mut self, version: impl Into<Version>) -> Self {
        if let SchemaText::Subject(subject) = &mut self.schema {
            subject.version = version.into();
        }
        self
    }

    /// Names the columns of fields: paths from the root, joined by dots, and column names.
    ///
    /// As in the reference API, nested fields that a mapping does not name keep the dots of their path in their name.
    #[must_use]
    pub fn mapping<P: Into<String>, C: Into<String>>(mut self, mapping: impl IntoIterator<Item = (P, C)>) -> Self {
        self.mapping.extend(mapping.into_iter().map(|(path, column)| (path.into(), column.into())));
        // Their order says nothing.
        self.mapping.sort();
        self
    }

    /// Whether fields that the mapping does not name are left out.
    #[must_use]
    pub fn mapped_only(mut self, mapped_only: bool) -> Self {
        self.mapped_only = mapped_only;
        self
    }

    /// Says what lies before the datum; by default [`Framing::Confluent`] where there is a registry, else nothing.
    #[must_use]
    pub fn framing(mut self, framing: Framing) -> Self {
        self.framing = Some(framing);
        self
    }

    /// What lies before the datum.
    pub(crate) fn framed(&self) -> Framing {
        let otherwise = if matches!(self.schema, SchemaText::Subject(_)) { Framing::Confluent } else { Framing::None };
        self.framing.unwrap_or(otherwise)
    }

    /// The same where a registry is configured: frames are then its own where nothing else is said.
    pub(super) fn registered(mut self) -> Self {
        self.framing.get_or_insert(Framing::Confluent);
        self
    }

    /// The subject, where the schema is one's.
    pub(super) fn subject(&self) -> Option<&Subject> {
        match &self.schema {
            SchemaText::Subject(subject) => Some(subject),
            _ => None,
        }
    }

    /// Asks for the schema, where it is a subject's.
    pub(super) async fn resolve(&mut self, registry: &Registry, topic: Option<&str>, side: Side) -> Result<()> {
        let SchemaText::Subject(subject) = &mut self.schema else { return Ok(()) };
        subject.ask(registry, topic, side).await?.map_err(|reason| self.invalid("the subject", reason))
    }

    /// Says what becomes of records within records; by default their fields are columns.
    #[must_use]
    pub fn nested(mut self, nested: Nested) -> Self {
        self.nested = nested;
        self
    }

    /// Says what becomes of records that contain themselves; by default they are refused.
    #[must_use]
    pub fn recursive(mut self, recursive: Recursive) -> Self {
        self.recursive = recursive;
        self
    }

    /// The schema that records were written with, where it is not the reader's. Of several the first counts, except for
    /// single-object encoding, whose fingerprints tell them apart.
    #[must_use]
    pub fn writer_schema(mut self, schema: impl Into<String>) -> Self {
        self.writers.push((None, SchemaText::Text(schema.into())));
        self
    }

    /// The schema of the records that name it so.
    #[must_use]
    pub fn writer_schema_of(mut self, id: SchemaId, schema: impl Into<String>) -> Self {
        self.writers.push((Some(id), SchemaText::Text(schema.into())));
        self
    }

    /// Says what becomes of null payloads; by default rows of nulls.
    #[must_use]
    pub fn tombstones(mut self, tombstones: Tombstones) -> Self {
        self.tombstones = tombstones;
        self
    }

    fn texts(&mut self) -> impl Iterator<Item = &mut SchemaText> {
        std::iter::once(&mut self.schema).chain(self.writers.iter_mut().map(|(_, text)| text))
    }

    /// Reads the files that are named and not read yet.
    pub(super) fn read_files<E>(&mut self, mut read: impl FnMut(&Path) -> Result<Vec<u8>, E>) -> Result<(), E> {
        for schema in self.texts() {
            if let SchemaText::File { path, text: text @ None } = schema {
                // What is no text is no schema either, and refused as such.
                *text = Some(String::from_utf8_lossy(&read(path)?).into_owned());
            }
        }
        Ok(())
    }

    /// The reader's schema.
    pub(crate) fn reader(&self) -> Result<AvroSchema> {
        self.parse("the schema", &self.schema)
    }

    /// The writers' schemas that are given, each with what names it.
    pub(crate) fn writers(&self) -> Result<Vec<(Option<SchemaId>, AvroSchema)>> {
        self.writers.iter().map(|(id, text)| Ok((*id, self.parse("the writer's schema", text)?))).collect()
    }

    fn parse(&self, place: &str, schema: &SchemaText) -> Result<AvroSchema> {
        let text = match schema {
            SchemaText::Subject(subject) => {
                let Some(schema) = &subject.schema else {
                    return Err(Error::UnresolvedSchema { spec: self.to_string(), subject: subject.to_string() });
                };
                if schema.kind != SchemaKind::Avro {
                    let reason = format!("{subject} is no Avro schema, the registry says {}", schema.kind);
                    return Err(self.invalid(place, reason));
                }
                let references: Vec<&str> = schema.references.iter().map(|reference| &*reference.text).collect();
                return AvroSchema::resolved(&schema.text, &references)
                    .map_err(|reason| self.invalid(place, format!("{subject}: {reason}")));
            }
            SchemaText::Text(text) | SchemaText::File { text: Some(text), .. } => text,
            SchemaText::File { path, text: None } => {
                let reason = format!("the file {} has not been read; Spec::read_files does so", path.display());
                return Err(self.invalid(place, reason));
            }
        };
        AvroSchema::read(text).map_err(|reason| match schema {
            SchemaText::Text(_) | SchemaText::Subject(_) => self.invalid(place, reason),
            SchemaText::File { path, .. } => self.invalid(place, format!("{}: {reason}", path.display())),
        })
    }

    /// The columns, the one of a schema that is no record named by `root`.
    pub(crate) fn layout(&self, schema: &AvroSchema, root: &str) -> Result<Layout> {
        let mut paths = std::collections::HashSet::new();
        if let Some((twice, _)) = self.mapping.iter().find(|(path, _)| !paths.insert(path)) {
            return Err(self.invalid(format!("field {twice}"), "the mapping names it twice"));
        }
        layout::layout(schema, self, root).map_err(|misfit| {
            let place = if misfit.path.is_empty() { "the schema".to_owned() } else { format!("field {}", misfit.path) };
            self.invalid(place, misfit.reason)
        })
    }

    /// What is wrong with the spec, with the place.
    pub(crate) fn invalid(&self, place: impl Into<String>, reason: impl Into<String>) -> Error {
        // A schema that is given as text would bury the reason.
        let spec = match &self.schema {
            SchemaText::Text(_) => "avro".to_owned(),
            SchemaText::File { .. } | SchemaText::Subject(_) => self.to_string(),
        };
        Error::InvalidSpec { spec, place: place.into(), reason: reason.into() }
    }
}

impl From<AvroSpec> for Spec {
    fn from(mut avro: AvroSpec) -> Self {
        let tombstones = std::mem::take(&mut avro.tombstones);
        Self::of(super::Kind::Avro(avro)).tombstones(tombstones)
    }
}
