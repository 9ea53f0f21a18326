//! Avro schemas as the decoder needs them: physical type and logical type apart, references resolved.

use std::collections::HashMap;
use std::fmt;

use apache_avro::Schema as Parsed;
use apache_avro::rabin::Rabin;
use apache_avro::schema::{Aliases, InnerDecimalSchema, Name as ParsedName, UuidSchema};
use arrow_schema::TimeUnit;
use serde_json::Value as Json;

use super::references::inlined;
use crate::error::{Error, Result};

/// An Avro schema, parsed and checked.
#[derive(Clone)]
pub struct AvroSchema {
    nodes: Vec<Node>,
    root: NodeId,
    fingerprint: u64,
}

/// A type in its schema. Types that contain themselves do so by this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct NodeId(usize);

/// One type of a schema.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) logical: Option<Logical>,
}

/// What lies on the wire.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Array(NodeId),
    Map(NodeId),
    Union(Vec<NodeId>),
    Record { name: Name, fields: Vec<Field> },
    Enum { name: Name, symbols: Vec<String>, default: Option<String> },
    Fixed { name: Name, size: usize },
}

/// What the bytes on the wire mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Logical {
    Decimal { precision: usize, scale: usize },
    BigDecimal,
    Uuid,
    Date,
    Time(TimeUnit),
    Timestamp { unit: TimeUnit, local: bool },
    Duration,
}

/// The name of a record, enum or fixed, and what it is also known as.
#[derive(Debug, Clone)]
pub(crate) struct Name {
    /// With its namespace.
    pub(crate) full: String,
    /// Without.
    pub(crate) short: String,
    /// Other short names.
    pub(crate) aliases: Vec<String>,
}

impl Name {
    fn of(name: &ParsedName, aliases: &Aliases) -> Self {
        let aliases = aliases.iter().flatten().map(|alias| alias.name().to_owned()).collect();
        Self { full: name.fullname(None), short: name.name().to_owned(), aliases }
    }

    /// Whether a writer's type of that name is this type of the reader's.
    pub(crate) fn answers_to(&self, writer: &Self) -> bool {
        self.short == writer.short || self.aliases.contains(&writer.short)
    }
}

/// A field of a record.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) default: Option<Json>,
    pub(crate) node: NodeId,
}

impl AvroSchema {
    /// Reads a schema from its JSON.
    ///
    /// Fails with [`Error::InvalidSpec`] where the text is no Avro schema.
    pub fn parse(text: &str) -> Result<Self> {
        Self::read(text).map_err(|reason| Error::InvalidSpec { spec: "avro".into(), place: "the schema".into(), reason })
    }

    /// The error says what is wrong, without naming where the text came from.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        Self::of(&Parsed::parse_str(text).map_err(|error| error.to_string())?)
    }

    /// As [`Self::read`], with the texts of the schemas whose types it uses, in any order.
    pub(crate) fn resolved(text: &str, references: &[&str]) -> Result<Self, String> {
        if references.is_empty() {
            return Self::read(text);
        }
        Self::of(&Parsed::parse(&inlined(text, references)?).map_err(|error| error.to_string())?)
    }

    fn of(parsed: &Parsed) -> Result<Self, String> {
        let fingerprint = parsed.fingerprint::<Rabin>().bytes;
        let fingerprint =
            fingerprint.try_into().map(u64::from_le_bytes).map_err(|_| "its fingerprint has not 8 bytes".to_owned())?;
        let mut builder = Builder::default();
        let root = builder.node(parsed)?;
        let nodes = builder.nodes.into_iter().collect::<Option<_>>().ok_or("a type of it is declared and not defined")?;
        Ok(Self { nodes, root, fingerprint })
    }

    /// The CRC-64-AVRO fingerprint of the schema's canonical form, as single-object encoding has it.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    pub(crate) fn root(&self) -> NodeId {
        self.root
    }

    /// All types, in the order of [`Self::index`].
    pub(crate) fn ids(&self) -> impl Iterator<Item = NodeId> {
        (0..self.nodes.len()).map(NodeId)
    }

    pub(crate) fn index(id: NodeId) -> usize {
        id.0
    }

    /// A type by its id, which is always one of this schema's.
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    pub(crate) fn kind(&self, id: NodeId) -> &Kind {
        &self.node(id).kind
    }

    /// A type in words, for errors.
    pub(crate) fn describe(&self, id: NodeId) -> String {
        let node = self.node(id);
        let kind = match &node.kind {
            Kind::Null => "null",
            Kind::Boolean => "boolean",
            Kind::Int => "int",
            Kind::Long => "long",
            Kind::Float => "float",
            Kind::Double => "double",
            Kind::Bytes => "bytes",
            Kind::String => "string",
            Kind::Array(_) => "array",
            Kind::Map(_) => "map",
            Kind::Union(_) => "union",
            Kind::Record { name, .. } => return format!("record {}", name.full),
            Kind::Enum { name, .. } => return format!("enum {}", name.full),
            Kind::Fixed { name, size } => {
                let logical = node.logical.map(|logical| format!(" ({logical})")).unwrap_or_default();
                return format!("fixed {} of {size} bytes{logical}", name.full);
            }
        };
        node.logical.map_or_else(|| kind.to_owned(), |logical| format!("{kind} ({logical})"))
    }

    /// The name of a branch of a union: of its record, enum or fixed, else of its type.
    pub(crate) fn branch_name(&self, id: NodeId) -> &str {
        match self.kind(id) {
            Kind::Record { name, .. } | Kind::Enum { name, .. } | Kind::Fixed { name, .. } => &name.short,
            Kind::Null => "null",
            Kind::Boolean => "boolean",
            Kind::Int => "int",
            Kind::Long => "long",
            Kind::Float => "float",
            Kind::Double => "double",
            Kind::Bytes => "bytes",
            Kind::String => "string",
            Kind::Array(_) => "array",
            Kind::Map(_) => "map",
            Kind::Union(_) => "union",
        }
    }
}

impl fmt::Debug for AvroSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AvroSchema({}, {:016x})", self.describe(self.root), self.fingerprint)
    }
}

impl fmt::Display for Logical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit_name = |unit: &TimeUnit| match unit {
            TimeUnit::Second => "seconds",
            TimeUnit::Millisecond => "millis",
            TimeUnit::Microsecond => "micros",
            TimeUnit::Nanosecond => "nanos",
        };
        match self {
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Self::BigDecimal => f.write_str("big-decimal"),
            Self::Uuid => f.write_str("uuid"),
            Self::Date => f.write_str("date"),
            Self::Time(unit) => write!(f, "time-{}", unit_name(unit)),
            Self::Timestamp { unit, local: false } => write!(f, "timestamp-{}", unit_name(unit)),
            Self::Timestamp { unit, local: true } => write!(f, "local-timestamp-{}", unit_name(unit)),
            Self::Duration => f.write_str("duration"),
        }
    }
}

/// The nodes of a schema while it is read; `None` is one that is being defined.
#[derive(Default)]
struct Builder {
    nodes: Vec<Option<Node>>,
    names: HashMap<String, NodeId>,
}

impl Builder {
    fn reserve(&mut self, name: Option<&Name>) -> NodeId {
        let id = NodeId(self.nodes.len());
        self.nodes.push(None);
        if let Some(name) = name {
            self.names.insert(name.full.clone(), id);
        }
        id
    }

    fn define(&mut self, id: NodeId, kind: Kind, logical: Option<Logical>) -> NodeId {
        if let Some(place) = self.nodes.get_mut(id.0) {
            *place = Some(Node { kind, logical });
        }
        id
    }

    fn plain(&mut self, kind: Kind, logical: Option<Logical>) -> NodeId {
        let id = self.reserve(None);
        self.define(id, kind, logical)
    }

    fn fixed(&mut self, fixed: &apache_avro::schema::FixedSchema, logical: Option<Logical>) -> NodeId {
        let name = Name::of(&fixed.name, &fixed.aliases);
        let id = self.reserve(Some(&name));
        self.define(id, Kind::Fixed { name, size: fixed.size }, logical)
    }

    fn timestamp(&mut self, unit: TimeUnit, local: bool) -> NodeId {
        self.plain(Kind::Long, Some(Logical::Timestamp { unit, local }))
    }

    fn node(&mut self, parsed: &Parsed) -> Result<NodeId, String> {
        Ok(match parsed {
            Parsed::Null => self.plain(Kind::Null, None),
            Parsed::Boolean => self.plain(Kind::Boolean, None),
            Parsed::Int => self.plain(Kind::Int, None),
            Parsed::Long => self.plain(Kind::Long, None),
            Parsed::Float => self.plain(Kind::Float, None),
            Parsed::Double => self.plain(Kind::Double, None),
            Parsed::Bytes => self.plain(Kind::Bytes, None),
            Parsed::String => self.plain(Kind::String, None),
            Parsed::Array(array) => {
                let items = self.node(&array.items)?;
                self.plain(Kind::Array(items), None)
            }
            Parsed::Map(map) => {
                let values = self.node(&map.types)?;
                self.plain(Kind::Map(values), None)
            }
            Parsed::Union(union) => {
                let branches = union.variants().iter().map(|branch| self.node(branch)).collect::<Result<_, _>>()?;
                self.plain(Kind::Union(branches), None)
            }
            Parsed::Record(record) => {
                let name = Name::of(&record.name, &record.aliases);
                let id = self.reserve(Some(&name));
                let mut fields = Vec::new();
                for field in &record.fields {
                    let node = self.node(&field.schema)?;
                    let (name, aliases) = (field.name.clone(), field.aliases.clone());
                    fields.push(Field { name, aliases, default: field.default.clone(), node });
                }
                self.define(id, Kind::Record { name, fields }, None)
            }
            Parsed::Enum(symbols) => {
                let name = Name::of(&symbols.name, &symbols.aliases);
                let id = self.reserve(Some(&name));
                let kind = Kind::Enum { name, symbols: symbols.symbols.clone(), default: symbols.default.clone() };
                self.define(id, kind, None)
            }
            Parsed::Fixed(fixed) => self.fixed(fixed, None),
            Parsed::Decimal(decimal) => {
                let logical = Logical::Decimal { precision: decimal.precision, scale: decimal.scale };
                match &decimal.inner {
                    InnerDecimalSchema::Bytes => self.plain(Kind::Bytes, Some(logical)),
                    InnerDecimalSchema::Fixed(fixed) => self.fixed(fixed, Some(logical)),
                }
            }
            Parsed::BigDecimal => self.plain(Kind::Bytes, Some(Logical::BigDecimal)),
            Parsed::Uuid(UuidSchema::Bytes) => self.plain(Kind::Bytes, Some(Logical::Uuid)),
            Parsed::Uuid(UuidSchema::String) => self.plain(Kind::String, Some(Logical::Uuid)),
            Parsed::Uuid(UuidSchema::Fixed(fixed)) => self.fixed(fixed, Some(Logical::Uuid)),
            Parsed::Date => self.plain(Kind::Int, Some(Logical::Date)),
            Parsed::TimeMillis => self.plain(Kind::Int, Some(Logical::Time(TimeUnit::Millisecond))),
            Parsed::TimeMicros => self.plain(Kind::Long, Some(Logical::Time(TimeUnit::Microsecond))),
            Parsed::TimestampMillis => self.timestamp(TimeUnit::Millisecond, false),
            Parsed::TimestampMicros => self.timestamp(TimeUnit::Microsecond, false),
            Parsed::TimestampNanos => self.timestamp(TimeUnit::Nanosecond, false),
            Parsed::LocalTimestampMillis => self.timestamp(TimeUnit::Millisecond, true),
            Parsed::LocalTimestampMicros => self.timestamp(TimeUnit::Microsecond, true),
            Parsed::LocalTimestampNanos => self.timestamp(TimeUnit::Nanosecond, true),
            Parsed::Duration(fixed) => self.fixed(fixed, Some(Logical::Duration)),
            Parsed::Ref { name } => {
                let name = name.fullname(None);
                return self.names.get(&name).copied().ok_or(format!("the type {name} is used and not defined"));
            }
        })
    }
}
