//! What a Protobuf spec asks for.
//!
//! Text form: `protobuf:FILE[,message=NAME][,include=PATH]...[;framing=F][,nested=struct][,recursive=raw][,flatten][,enums=number][,defaults]`.

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
use schema::ProtoSchema;

use super::{Framing, Nested, Recursive, Spec, Tombstones};
use crate::error::{Error, Result};

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
    schema: ProtoSchema,
    imports: BTreeMap<String, String>,
    message: Option<String>,
    include: Vec<String>,
    pub(crate) framing: Framing,
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

impl ProtobufSpec {
    fn of(schema: ProtoSchema) -> Self {
        Self {
            schema,
            imports: BTreeMap::new(),
            message: None,
            include: Vec::new(),
            framing: Framing::default(),
            nested: Nested::default(),
            recursive: Recursive::default(),
            flatten: false,
            enum_numbers: false,
            defaults: false,
            tombstones: Tombstones::default(),
        }
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

    /// Says what lies before the message: nothing, which is the default, or Confluent's frame, in the record's header for
    /// [`Framing::Guid`]. Its message indexes must name the message of the spec: in the schema that the frame names where a registry
    /// is asked for it, else in the spec's own.
    #[must_use]
    pub fn framing(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
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

    pub(super) fn read_files<E>(&mut self, read: impl FnMut(&Path) -> Result<String, E>) -> Result<(), E> {
        self.schema.read_files(&mut self.imports, read)
    }

    /// The columns, and what the decoder needs to know.
    pub(crate) fn layout(&self) -> Result<ProtobufLayout> {
        if !matches!(self.framing, Framing::None | Framing::Confluent | Framing::Guid) {
            return Err(self.invalid("option framing", "Protobuf has the framings none, confluent and guid"));
        }
        let schema =
            self.schema.message(&self.imports, self.message.as_deref()).map_err(|reason| self.invalid("the schema", reason))?;
        build::layout(&schema, self).map_err(|misfit| {
            let place = if misfit.path.is_empty() { "the message".to_owned() } else { format!("field {}", misfit.path) };
            self.invalid(place, misfit.reason)
        })
    }

    fn invalid(&self, place: impl Into<String>, reason: impl Into<String>) -> Error {
        // A schema that is given as text would bury the reason.
        let spec = match &self.schema {
            ProtoSchema::File { .. } => self.to_string(),
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
