//! What a Protobuf spec asks for.
//!
//! Text form: `protobuf[:FILE|:subject=S[,version=N]][,message=NAME][,include=PATH]...[;framing=F][,nested=struct][,recursive=raw][,flatten][,enums=number][,defaults]`.

mod build;
mod default;
mod editions;
mod file;
mod include;
mod layout;
mod proto2;
mod schema;
mod text;
mod well_known;

pub(super) use text::OPTIONS;

use std::collections::BTreeMap;
use std::path::Path;

pub use file::ProtobufFile;
pub(crate) use layout::{Absent, Entry, Item, Json, Message, ProtobufLayout, Scalar, Shape};
pub(super) use schema::ProtoSchema;

use super::subject::Subject;
use super::{Framing, Nested, Recursive, Side, Spec, Tombstones};
use crate::error::{Error, Result};
use crate::registry::{Registry, Version};

#[cfg(test)]
mod tests;

/// A Protobuf spec under construction; [`Spec::from`] makes it a [`Spec`].
///
/// ```
/// use kolumn::spec::{self, Framing, Spec};
///
/// let schema = r#"syntax = "proto3"; message Order { string symbol = 1; Price price = 2; } message Price { double last = 1; }"#;
/// let spec: Spec = spec::protobuf(schema).message("Order").framing(Framing::Confluent).into();
/// # assert_eq!(spec.columns(spec::Side::Value, &Default::default())?[1].name(), "price_last");
/// # Ok::<(), kolumn::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtobufSpec {
    pub(super) schema: ProtoSchema,
    pub(super) imports: BTreeMap<String, String>,
    /// What the schema's file imports of those beside it, when it was read.
    beside: BTreeMap<String, String>,
    pub(super) message: Option<String>,
    pub(super) include: Vec<String>,
    /// None where nothing is said: see [`Self::framed`].
    framing: Option<Framing>,
    nested: Nested,
    recursive: Recursive,
    flatten: bool,
    enum_numbers: bool,
    defaults: bool,
    tombstones: Tombstones,
}

/// Columns from Protobuf: `schema` is the text of a `.proto` file. The message is the first of the file.
pub fn protobuf(schema: impl Into<String>) -> ProtobufSpec {
    ProtobufSpec::of(ProtoSchema::Text(schema.into()))
}

/// Columns from Protobuf: `descriptors` is a serialized `FileDescriptorSet` with all imports, as `protoc --include_imports
/// --descriptor_set_out` writes it. The message is the first of the last file.
pub fn protobuf_descriptors(descriptors: impl Into<Vec<u8>>) -> ProtobufSpec {
    ProtobufSpec::of(ProtoSchema::Descriptors(descriptors.into()))
}

/// Columns from Protobuf: the schema is a version of a subject of the schema registry, the latest where [`ProtobufSpec::version`] says
/// no other. The message is the first of it.
///
/// The registry is asked when the consumption starts, or by [`Spec::resolve`]; what the latest is then remains the schema.
///
/// ```
/// use kolumn::spec::{self, Spec};
///
/// let spec: Spec = spec::protobuf_subject("orders-value").message("shop.Order").include("/price/*").into();
/// assert_eq!(spec, Spec::parse("protobuf:subject=orders-value,message=shop.Order,include=/price/*")?);
/// # Ok::<(), kolumn::error::Error>(())
/// ```
pub fn protobuf_subject(subject: impl Into<String>) -> ProtobufSpec {
    ProtobufSpec::of(ProtoSchema::Subject(Subject::of(Some(subject.into()))))
}

/// As [`protobuf_subject`], with the topic's own subject: `TOPIC-key` for keys, `TOPIC-value` for values.
pub fn protobuf_topic_subject() -> ProtobufSpec {
    ProtobufSpec::of(ProtoSchema::Subject(Subject::of(None)))
}

impl ProtobufSpec {
    fn of(schema: ProtoSchema) -> Self {
        Self {
            schema,
            imports: BTreeMap::new(),
            beside: BTreeMap::new(),
            message: None,
            include: Vec::new(),
            framing: None,
            nested: Nested::default(),
            recursive: Recursive::default(),
            flatten: false,
            enum_numbers: false,
            defaults: false,
            tombstones: Tombstones::default(),
        }
    }

    /// Which version of the subject; without it the latest. A schema that is no subject's has none, and is as it is.
    #[must_use]
    pub fn version(mut self, version: impl Into<Version>) -> Self {
        if let ProtoSchema::Subject(subject) = &mut self.schema {
            subject.version = version.into();
        }
        self
    }

    /// Gives the text of a file that the schema imports by `name`. Google's own are known.
    #[must_use]
    pub fn import(mut self, name: impl Into<String>, schema: impl Into<String>) -> Self {
        self.imports.insert(name.into(), schema.into());
        self
    }

    /// Names the message, with its package.
    #[must_use]
    pub fn message(mut self, name: impl Into<String>) -> Self {
        self.message = Some(name.into());
        self
    }

    /// Leaves out all fields that no include path names: `/a/b` is a field, `/a/*` all below a message.
    #[must_use]
    pub fn include(mut self, path: impl Into<String>) -> Self {
        self.include.push(path.into());
        self
    }

    /// Says what lies before the message: nothing, or Confluent's frame, in the record's header for [`Framing::Guid`]. Its message
    /// indexes must name the message of the spec: in the schema that the frame names where a registry is asked for it, else in the
    /// spec's own. By default [`Framing::Confluent`] where there is a registry, else nothing.
    #[must_use]
    pub fn framing(mut self, framing: Framing) -> Self {
        self.framing = Some(framing);
        self
    }

    /// What lies before the message.
    pub(crate) fn framed(&self) -> Framing {
        let otherwise = if matches!(self.schema, ProtoSchema::Subject(_)) { Framing::Confluent } else { Framing::None };
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
            ProtoSchema::Subject(subject) => Some(subject),
            _ => None,
        }
    }

    /// Asks for the schema, where it is a subject's.
    pub(super) async fn resolve(&mut self, registry: &Registry, topic: Option<&str>, side: Side) -> Result<()> {
        let ProtoSchema::Subject(subject) = &mut self.schema else { return Ok(()) };
        subject.ask(registry, topic, side).await?.map_err(|reason| self.invalid("the subject", reason))
    }

    /// Says what becomes of messages within messages; by default their fields are columns, named by the path joined by `_`.
    #[must_use]
    pub fn nested(mut self, nested: Nested) -> Self {
        self.nested = nested;
        self
    }

    /// Says what becomes of a message that contains itself: the spec is refused, or the column where it recurs is its bytes.
    #[must_use]
    pub fn recursive(mut self, recursive: Recursive) -> Self {
        self.recursive = recursive;
        self
    }

    /// Whether repeated messages, and maps of messages, are lists of one length beside the other columns, one for each of their
    /// fields, and not one list of structs. Not together with [`Nested::Struct`].
    #[must_use]
    pub fn flatten(mut self, flatten: bool) -> Self {
        self.flatten = flatten;
        self
    }

    /// Whether enums are their numbers, as `int32`, and not their names.
    #[must_use]
    pub fn enum_numbers(mut self, numbers: bool) -> Self {
        self.enum_numbers = numbers;
        self
    }

    /// Whether a field that is not set has the default that proto2 declares for it, and is not null.
    #[must_use]
    pub fn defaults(mut self, defaults: bool) -> Self {
        self.defaults = defaults;
        self
    }

    /// Says what becomes of null payloads; by default rows of nulls.
    #[must_use]
    pub fn tombstones(mut self, tombstones: Tombstones) -> Self {
        self.tombstones = tombstones;
        self
    }

    pub(super) fn read_files<E>(&mut self, read: impl FnMut(&Path) -> Result<Vec<u8>, E>) -> Result<(), E> {
        self.schema.read_files(&self.imports, &mut self.beside, read)
    }

    /// The columns, and what the decoder needs to know.
    pub(crate) fn layout(&self) -> Result<ProtobufLayout> {
        if !matches!(self.framed(), Framing::None | Framing::Confluent | Framing::Guid) {
            return Err(self.invalid("option framing", "Protobuf has the framings none, confluent and guid"));
        }
        if let Some(subject @ Subject { schema: None, .. }) = self.subject() {
            return Err(Error::UnresolvedSchema { spec: self.to_string(), subject: subject.to_string() });
        }
        let mut imports = self.beside.clone();
        imports.extend(self.imports.clone());
        let schema =
            self.schema.message(&imports, self.message.as_deref()).map_err(|reason| self.invalid("the schema", reason))?;
        build::layout(&schema, self).map_err(|misfit| {
            let place = if misfit.path.is_empty() { "the message".to_owned() } else { format!("field {}", misfit.path) };
            self.invalid(place, misfit.reason)
        })
    }

    fn invalid(&self, place: impl Into<String>, reason: impl Into<String>) -> Error {
        // A schema that is given as text would bury the reason.
        let spec = match &self.schema {
            ProtoSchema::File { .. } | ProtoSchema::Subject(_) => self.to_string(),
            _ => "protobuf".to_owned(),
        };
        Error::InvalidSpec { spec, place: place.into(), reason: reason.into() }
    }
}

impl From<ProtobufSpec> for Spec {
    fn from(mut protobuf: ProtobufSpec) -> Self {
        let tombstones = std::mem::take(&mut protobuf.tombstones);
        Self::of(super::Kind::Protobuf(Box::new(protobuf))).tombstones(tombstones)
    }
}
