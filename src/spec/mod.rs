//! What the user asks for: how a key and a value become columns.
//!
//! ```
//! use kolumn::spec::{self, Spec, Type, column};
//!
//! let built = spec::json([
//!     column("OrderId", Type::Int64).at("/order_id"),
//!     column("Price", Type::Float64).at("/px/last"),
//! ]);
//! assert_eq!(built, Spec::parse("json:OrderId:int64=/order_id,Price:double=/px/last")?);
//! # Ok::<(), kolumn::error::Error>(())
//! ```

mod avro;
mod data;
mod data_type;
mod json;
mod names;
pub mod object;
mod options;
mod pointer;
mod protobuf;
mod subject;
mod text;
mod type_text;
mod zone;

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

pub use arrow_schema::TimeUnit;
use arrow_schema::{FieldRef, Schema, SchemaRef};

pub use avro::{AvroSchema, AvroSpec, Framing, Nested, Recursive, SchemaId, avro, avro_subject, avro_topic_subject};
pub(crate) use avro::{Kind as AvroKind, Layout, Leaf, Logical, MOST_DEPTH, Name as AvroName, NodeId, Shape};
pub use data_type::Type;

pub(crate) use json::Otherwise;
pub use json::{JsonColumn, column};
pub use names::{Names, Side, SideNames};
pub(crate) use object::ObjectSpec;
pub use object::object;
pub(crate) use options::Options;
pub use options::Tombstones;
pub(crate) use pointer::Pointer;
pub(crate) use protobuf::{Absent, Entry, Item, Json as ProtobufJson, Message, ProtobufLayout, Scalar, Shape as ProtobufShape};
pub use protobuf::{ProtobufFile, ProtobufSpec, protobuf, protobuf_descriptors, protobuf_subject, protobuf_topic_subject};
pub use zone::Zone;

use self::object::Misplaced;
use crate::error::{Error, Result};
use crate::registry::Registry;
use subject::Subject;

#[cfg(test)]
mod tests;

/// How a key or a value becomes columns.
///
/// Built by [`simple`], [`json()`], [`object()`], [`avro()`], [`protobuf()`], [`raw`], [`ignore`], [`from_properties`], or read from text by [`Spec::parse`]. What is wrong
/// with it is found when it is first used, before any socket is opened; the error names the place.
///
/// As data (serde) it is one object: `kind`, what belongs to that kind, and the options. The page `docs/specs.md` has the three forms side
/// by side.
///
/// ```
/// use kolumn::spec::Spec;
///
/// let data = r#"{"kind": "json", "tombstones": "skip", "columns": [{"name": "price", "type": "float64", "path": "/px"}]}"#;
/// assert_eq!(serde_json::from_str::<Spec>(data)?, Spec::parse("json:price:float64=/px;tombstones=skip").unwrap());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    pub(crate) kind: Kind,
    pub(crate) options: Options,
}

/// The kinds of specs. A name or type that is `None` is left to the properties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Ignore,
    Raw { name: Option<String> },
    Simple { name: Option<String>, data_type: Option<Type> },
    Json { columns: Vec<JsonColumn> },
    Object(Box<ObjectSpec>),
    Avro(AvroSpec),
    Protobuf(Box<ProtobufSpec>),
}

/// One column: numbers as Kafka's serializers write them (big-endian), text as UTF-8.
pub fn simple(name: impl Into<String>, data_type: Type) -> Spec {
    Spec::of(Kind::Simple { name: Some(name.into()), data_type: Some(data_type) })
}

/// One column of this type, named by `deephaven.{key,value}.column.name`, else `KafkaKey` or `KafkaValue`.
pub fn simple_type(data_type: Type) -> Spec {
    Spec::of(Kind::Simple { name: None, data_type: Some(data_type) })
}

/// One column of this name, typed by `deephaven.{key,value}.column.type`, else by `{key,value}.deserializer`.
pub fn simple_name(name: impl Into<String>) -> Spec {
    Spec::of(Kind::Simple { name: Some(name.into()), data_type: None })
}

/// One column, named and typed by the properties: `deephaven.{key,value}.column.{name,type}`, `{key,value}.deserializer`.
pub fn from_properties() -> Spec {
    Spec::of(Kind::Simple { name: None, data_type: None })
}

/// Columns from JSON documents.
pub fn json(columns: impl IntoIterator<Item = JsonColumn>) -> Spec {
    Spec::of(Kind::Json { columns: columns.into_iter().collect() })
}

/// One binary column with the payload as it is.
pub fn raw(name: impl Into<String>) -> Spec {
    Spec::of(Kind::Raw { name: Some(name.into()) })
}

/// No columns.
pub fn ignore() -> Spec {
    Spec::of(Kind::Ignore)
}

/// Reads columns of headers, `column:type=header` with commas between them: name, type and header of each. Says what is wrong.
pub(crate) fn header_columns(text: &str) -> Result<Vec<(String, Type, String)>, String> {
    let spec = Spec::parse(&format!("json:{text}")).map_err(|error| match error {
        Error::InvalidSpec { place, reason, .. } => format!("{place} (behind json:): {reason}"),
        other => other.to_string(),
    })?;
    let Kind::Json { columns } = spec.kind else { return Ok(Vec::new()) };
    if spec.options != Options::default() {
        return Err("columns of headers have no options".into());
    }
    let header = |column: JsonColumn| {
        let JsonColumn { name, data_type, mut paths, missing, null } = column;
        if paths.len() > 1 || (missing, null) != Default::default() {
            return Err(format!("column {name:?}: a header has one name, and neither ! nor a default"));
        }
        let header = paths.pop().unwrap_or_else(|| name.clone());
        Ok((name, data_type, header))
    };
    columns.into_iter().map(header).collect()
}

impl Spec {
    fn of(kind: Kind) -> Self {
        Self { kind, options: Options::default() }
    }

    /// Reads a spec from text, as the command line has it: `ignore`, `raw:Name`, `simple:int64:Name`,
    /// `json:price:float64,ts:timestamp(ms)=/ts;lenient`, `avro:order.avsc`. [`std::fmt::Display`] writes it back.
    pub fn parse(text: &str) -> Result<Self> {
        text::parse(text)
    }

    /// Reads the files that the spec names, the schemas of Avro and Protobuf, by `read`: parsing a spec touches no file. A spec that names
    /// none is as before.
    ///
    /// Fails as `read` does.
    pub fn read_files<E>(mut self, read: impl FnMut(&Path) -> Result<Vec<u8>, E>) -> Result<Self, E> {
        match &mut self.kind {
            Kind::Avro(avro) => avro.read_files(read)?,
            Kind::Protobuf(protobuf) => protobuf.read_files(read)?,
            Kind::Object(object) => object.read_files(read)?,
            _ => {}
        }
        Ok(self)
    }

    /// Asks `registry` for the schema, where the spec takes it from a subject: the columns are known then. `topic` is whose subject is
    /// meant where the spec names none. What was asked for is not asked for again. Avro's and Protobuf's framing is
    /// [`Framing::Confluent`] from now on, where the spec says nothing of it.
    ///
    /// A consumption does so when it starts.
    ///
    /// Cancel safety: the spec is gone, and nothing else.
    ///
    /// # Errors
    /// [`Error::Registry`]; [`Error::InvalidSpec`] where the subject cannot be one.
    pub async fn resolve(self, registry: &Registry, topic: Option<&str>, side: Side) -> Result<Self> {
        let mut spec = self.registered();
        match &mut spec.kind {
            Kind::Avro(avro) => avro.resolve(registry, topic, side).await?,
            Kind::Protobuf(protobuf) => protobuf.resolve(registry, topic, side).await?,
            _ => {}
        }
        Ok(spec)
    }

    /// The same where a registry is configured.
    pub(crate) fn registered(mut self) -> Self {
        self.kind = match self.kind {
            Kind::Avro(avro) => Kind::Avro(avro.registered()),
            Kind::Protobuf(protobuf) => Kind::Protobuf(Box::new(protobuf.registered())),
            other => other,
        };
        self
    }

    /// Whether a registry has to be asked for the schema before the columns are known: see [`Self::resolve`].
    pub fn is_unresolved(&self) -> bool {
        self.subject().is_some_and(|subject| subject.schema.is_none())
    }

    fn subject(&self) -> Option<&Subject> {
        match &self.kind {
            Kind::Avro(avro) => avro.subject(),
            Kind::Protobuf(protobuf) => protobuf.subject(),
            _ => None,
        }
    }

    /// Converts what converts exactly: strings that hold numbers, numbers for strings, `"true"`; rounds decimals half-even,
    /// and puts U+FFFD for lone surrogates. JSON only; off by default.
    #[must_use]
    pub fn lenient(mut self, lenient: bool) -> Self {
        self.options.lenient = lenient;
        self
    }

    /// Says what becomes of null payloads; by default rows of nulls.
    #[must_use]
    pub fn tombstones(mut self, tombstones: Tombstones) -> Self {
        self.options.tombstones = tombstones;
        self
    }

    /// Says what lies before the payloads. Before JSON the frame of a registry, by id or GUID, is taken off where there is one; by default
    /// so where a registry is configured. For specs of Avro and Protobuf it is as [`AvroSpec::framing`] and [`ProtobufSpec::framing`].
    #[must_use]
    pub fn framing(mut self, framing: Framing) -> Self {
        self.kind = match self.kind {
            Kind::Avro(avro) => Kind::Avro(avro.framing(framing)),
            Kind::Protobuf(protobuf) => Kind::Protobuf(Box::new(protobuf.framing(framing))),
            other => {
                self.options.framing = Some(framing);
                other
            }
        };
        self
    }

    /// The zone of timestamps in text that name none, which are errors otherwise. JSON only.
    #[must_use]
    pub fn zone(mut self, zone: Zone) -> Self {
        self.options.zone = Some(zone);
        self
    }

    /// The deepest nesting that is read, the root counted; by default 128. JSON only.
    #[must_use]
    pub fn depth(mut self, depth: usize) -> Self {
        self.options.depth = depth;
        self
    }

    /// The most bytes of a payload that is read; a longer one is an error. By default whatever a message can hold. JSON only.
    #[must_use]
    pub fn size(mut self, bytes: usize) -> Self {
        self.options.size = bytes;
        self
    }

    /// Whether records whose payload is null become no row.
    pub fn skips_tombstones(&self) -> bool {
        self.options.tombstones == Tombstones::Skip
    }

    /// Whether this side gives no columns.
    pub fn is_ignore(&self) -> bool {
        self.kind == Kind::Ignore
    }

    /// The columns that this spec gives, in order, with what the properties say filled in.
    ///
    /// Fails with [`Error::InvalidSpec`] for whatever is wrong with the spec, [`Error::UnresolvedSchema`] where the registry has to be
    /// asked first, [`Error::UnknownColumnType`] or [`Error::InvalidProperty`] where the properties do not give a type.
    pub fn columns(&self, side: Side, names: &Names) -> Result<Vec<FieldRef>> {
        self.validate()?;
        Ok(match &self.kind {
            Kind::Ignore => Vec::new(),
            Kind::Raw { name } => vec![Type::Binary.field(&name.clone().unwrap_or_else(|| names.column(side)))],
            Kind::Simple { .. } => {
                let (name, data_type) = self.simple_column(side, names)?;
                vec![data_type.field(&name)]
            }
            Kind::Avro(avro) => avro.layout(&avro.reader()?, &names.column(side))?.fields,
            Kind::Protobuf(protobuf) => protobuf.layout()?.fields,
            Kind::Json { columns } => columns.iter().map(|column| column.data_type.field(&column.name)).collect(),
            Kind::Object(object) => object.columns()?.iter().map(|(name, data_type)| data_type.field(name)).collect(),
        })
    }

    /// The Arrow schema of the columns that this spec gives, where the properties say nothing about them. Fails as [`Self::columns`].
    ///
    /// ```
    /// use kolumn::spec::{Side, Spec};
    ///
    /// let schema = Spec::parse("json:id:int64,tags:list<utf8>")?.schema(Side::Value)?;
    /// assert_eq!(schema.field(1).data_type().to_string(), "List(Utf8)");
    /// # Ok::<(), kolumn::error::Error>(())
    /// ```
    pub fn schema(&self, side: Side) -> Result<SchemaRef> {
        Ok(Arc::new(Schema::new(self.columns(side, &Names::default())?)))
    }

    /// Name and type of a simple spec's column.
    pub(crate) fn simple_column(&self, side: Side, names: &Names) -> Result<(String, Type)> {
        let Kind::Simple { name, data_type } = &self.kind else {
            return Err(self.invalid("the kind", "this is no simple spec"));
        };
        let name = name.clone().unwrap_or_else(|| names.column(side));
        let data_type = data_type.clone().map_or_else(|| names.column_type(side, &name), Ok)?;
        self.check_simple(&data_type)?;
        Ok((name, data_type))
    }

    fn check_simple(&self, data_type: &Type) -> Result<()> {
        match data_type {
            Type::Instant => {
                Err(self.invalid("the type", "a simple timestamp is a number, so its unit must be declared: timestamp(ms)"))
            }
            Type::Date32
            | Type::Time(_)
            | Type::Decimal(..)
            | Type::Decimal256(..)
            | Type::Json
            | Type::List(_)
            | Type::Struct(_)
            | Type::Map(..)
            | Type::NotNull(_) => Err(self.invalid(
                "the type",
                format!(
                    "simple has no form for {data_type}; it reads bool, integers, floats, utf8, char, binary, uuid and timestamps"
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Refuses what contradicts itself, with the place.
    pub fn validate(&self) -> Result<()> {
        let json_only = [
            ("lenient", self.options.lenient),
            ("zone", self.options.zone.is_some()),
            ("depth", self.options.depth != options::DEPTH),
            ("size", self.options.size != usize::MAX),
            ("framing", self.options.framing.is_some()),
        ];
        if let Some(framing) = self.options.framing.filter(|framing| !framing.is_of_json()) {
            let reason = format!("JSON has the framings none, confluent and guid, not {}", framing.name());
            return Err(self.invalid("option framing", reason));
        }
        match &self.kind {
            Kind::Json { columns } => self.validate_json(columns)?,
            Kind::Object(object) => {
                if self.options.lenient {
                    return Err(self.invalid("option lenient", "each value of an object spec says itself what it allows"));
                }
                self.check_depth()?;
                object.check(self.options.depth).map_err(|Misplaced { place, reason }| self.invalid(place, reason))?;
            }
            kind => {
                if let Some((option, _)) = json_only.iter().find(|(_, given)| *given) {
                    let kinds = if *option == "lenient" { "json" } else { "json and object" };
                    return Err(self.invalid(format!("option {option}"), format!("it has a meaning for {kinds} specs only")));
                }
                if let Kind::Simple { data_type: Some(data_type), .. } = kind {
                    self.check_simple(data_type)?;
                }
                if let Some(subject) = self.subject() {
                    subject.check().map_err(|reason| self.invalid("the subject", reason))?;
                }
                if *kind == Kind::Ignore && self.options.tombstones == Tombstones::Skip {
                    return Err(self.invalid("option tombstones", "a side that is ignored does not look at its payloads"));
                }
            }
        }
        Ok(())
    }

    fn validate_json(&self, columns: &[JsonColumn]) -> Result<()> {
        if columns.is_empty() {
            return Err(self.invalid("the columns", "there are none; name at least one, as in json:price:float64"));
        }
        self.check_depth()?;
        let mut names = HashSet::new();
        for column in columns {
            let place = || format!("column {:?}", column.name);
            if !names.insert(column.name.as_str()) {
                return Err(self.invalid(place(), "a second column has this name; rename one of them"));
            }
            column.data_type.check().map_err(|reason| self.invalid(place(), reason))?;
            let levels = column.data_type.levels();
            for pointer in column.pointers().map_err(|reason| self.invalid(place(), reason))? {
                let deepest = pointer.tokens.len() + levels;
                if deepest > self.options.depth {
                    let what = if levels == 0 { "its pointer goes" } else { "its pointer and type go" };
                    let reason = format!("{what} {deepest} levels deep, the limit is {}", self.options.depth);
                    return Err(self.invalid(place(), reason));
                }
            }
        }
        Ok(())
    }

    fn check_depth(&self) -> Result<()> {
        match self.options.depth {
            0 => Err(self.invalid("option depth", "the root alone has depth 1")),
            _ => Ok(()),
        }
    }

    fn invalid(&self, place: impl Into<String>, reason: impl Into<String>) -> Error {
        Error::InvalidSpec { spec: self.to_string(), place: place.into(), reason: reason.into() }
    }
}
