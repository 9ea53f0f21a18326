//! Which columns a reader's schema gives, and where in it they come from.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use arrow_schema::{DataType, Field as ArrowField, FieldRef, Fields, TimeUnit};

use super::schema::{AvroSchema, Kind, Logical, NodeId};
use super::{AvroSpec, Nested, Recursive};

/// The most columns, those within columns counted, that a schema may give.
const MOST_COLUMNS: usize = 10_000;
/// The longest fixed of which every row, nulls too, takes its whole length.
const MOST_FIXED: usize = 4096;
/// How deeply types may lie within each other.
pub(crate) const MOST_DEPTH: usize = 64;

/// The columns of a schema.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) fields: Vec<FieldRef>,
    pub(crate) shape: Shape,
}

/// What becomes of the values of one type of the reader's schema. Columns are counted within the innermost struct, list or map.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    /// No column asks for it.
    Skip,
    /// A column of one value.
    Leaf { column: usize, leaf: Leaf },
    /// A column with the bytes of the datum as they are.
    Raw { column: usize },
    /// A record whose fields are columns beside the others.
    Fields(Vec<Self>),
    /// A record as a column, its fields within.
    Struct { column: usize, fields: Vec<Self> },
    /// An array.
    List { column: usize, item: Box<Self> },
    /// A map. Its keys are the first column within, its values the second.
    Map { column: usize, value: Box<Self> },
    /// A union of one type, and perhaps null, which is null in all of `columns`.
    Optional { branch: usize, inner: Box<Self>, columns: Range<usize> },
    /// A union of many types: a struct with a column for each, of which one is there.
    Branches { column: usize, branches: Vec<Self> },
}

/// The columns of single values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaf {
    Bool,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Enum,
    Fixed(usize),
    Decimal { precision: u8, scale: i8 },
    BigDecimal,
    Uuid,
    Date,
    Time(TimeUnit),
    Timestamp { unit: TimeUnit, local: bool },
    Duration,
}

/// What is wrong with a schema as columns: where, and what.
#[derive(Debug)]
pub(crate) struct Misfit {
    pub(crate) path: String,
    pub(crate) reason: String,
}

/// The columns of `schema` as `spec` wants them. `root` names the column of a schema that is no record.
pub(crate) fn layout(schema: &AvroSchema, spec: &AvroSpec, root: &str) -> Result<Layout, Misfit> {
    let mapping: BTreeMap<String, String> = spec.mapping.iter().cloned().collect();
    let mut builder = Builder {
        schema,
        flatten: spec.nested == Nested::Flatten,
        recursive: spec.recursive,
        mapped_only: spec.mapped_only,
        mapping: &mapping,
        met: HashSet::new(),
        open: Vec::new(),
        columns: 0,
    };
    let mut fields = Vec::new();
    let shape = builder.root(root, &mut fields)?;
    let misfit = |path: &str, reason: String| Misfit { path: path.to_owned(), reason };
    if let Some(path) = mapping.keys().find(|path| !builder.met.contains(*path)) {
        return Err(misfit(path, "the mapping names it, and the schema has no such field".into()));
    }
    if fields.is_empty() {
        return Err(misfit("", "the schema gives no columns".into()));
    }
    let mut names = HashSet::new();
    if let Some(twice) = fields.iter().find(|field| !names.insert(field.name().as_str())) {
        return Err(misfit(twice.name(), "a second column has this name; map one of them to another".into()));
    }
    Ok(Layout { fields, shape })
}

/// Where a type stands.
#[derive(Clone)]
struct Place {
    /// From the root, with dots. `None` within arrays, maps and unions of many, where mapping does not reach.
    path: Option<String>,
    /// The name of its column where the mapping says none.
    name: String,
    /// Whether records give their fields as columns of their own here.
    flat: bool,
    /// Whether a column that it is part of is asked for.
    wanted: bool,
    depth: usize,
}

struct Builder<'a> {
    schema: &'a AvroSchema,
    flatten: bool,
    recursive: Recursive,
    mapped_only: bool,
    mapping: &'a BTreeMap<String, String>,
    /// The paths of the mapping that there are.
    met: HashSet<String>,
    /// The records that the type is within.
    open: Vec<NodeId>,
    columns: usize,
}

impl Builder<'_> {
    fn root(&mut self, name: &str, fields: &mut Vec<FieldRef>) -> Result<Shape, Misfit> {
        // The top record's fields are columns whatever becomes of nested ones; so are those of a record or null.
        let place = Place { path: Some(String::new()), name: name.to_owned(), flat: true, wanted: !self.mapped_only, depth: 0 };
        self.shape(self.schema.root(), place, fields)
    }

    fn misfit<T>(&self, place: &Place, reason: impl Into<String>) -> Result<T, Misfit> {
        let path = place.path.clone().filter(|path| !path.is_empty()).unwrap_or_else(|| place.name.clone());
        Err(Misfit { path, reason: reason.into() })
    }

    fn shape(&mut self, id: NodeId, mut place: Place, fields: &mut Vec<FieldRef>) -> Result<Shape, Misfit> {
        let mut descend = place.wanted;
        if let Some(path) = &place.path {
            if self.mapping.contains_key(path) {
                self.met.insert(path.clone());
            }
            let within = if path.is_empty() { String::new() } else { format!("{path}.") };
            descend |= self.mapping.range(within.clone()..).next().is_some_and(|(key, _)| key.starts_with(&within));
        }
        let mapped = place.path.as_ref().and_then(|path| self.mapping.get(path));
        if let Some(name) = mapped {
            place.name.clone_from(name);
        }
        let whole = place.wanted || mapped.is_some();
        if !whole && !descend {
            return Ok(Shape::Skip);
        }
        if place.depth > MOST_DEPTH {
            return self.misfit(&place, format!("types lie more than {MOST_DEPTH} deep in each other"));
        }
        match self.schema.kind(id) {
            Kind::Null => Ok(Shape::Skip),
            Kind::Union(branches) => self.union(branches, place, fields),
            Kind::Record { .. } => self.record(id, place, whole, fields),
            _ if !whole => Ok(Shape::Skip),
            Kind::Array(items) => {
                let mut within = Vec::new();
                let item = self.shape(*items, inner(&place, "item"), &mut within)?;
                let [field] = &within[..] else {
                    return self.misfit(&place, "an array of nothing but null is no column; leave it out by mapped_only");
                };
                let data_type = DataType::List(FieldRef::clone(field));
                let column = self.column(&place, data_type, fields)?;
                Ok(Shape::List { column, item: Box::new(item) })
            }
            Kind::Map(values) => {
                let mut within = vec![Arc::new(ArrowField::new("keys", DataType::Utf8, false))];
                let value = self.shape(*values, inner(&place, "values"), &mut within)?;
                if within.len() != 2 {
                    return self.misfit(&place, "a map of nothing but null is no column; leave it out by mapped_only");
                }
                let shifted = shift(value);
                let entries = ArrowField::new("entries", DataType::Struct(Fields::from(within)), false);
                let column = self.column(&place, DataType::Map(Arc::new(entries), false), fields)?;
                Ok(Shape::Map { column, value: Box::new(shifted) })
            }
            _ => {
                let leaf = self.leaf(id);
                let column = self.column(&place, leaf.data_type(), fields)?;
                if leaf == Leaf::Uuid
                    && let Some(field) = fields.get_mut(column)
                {
                    let name = HashMap::from([("ARROW:extension:name".to_owned(), "arrow.uuid".to_owned())]);
                    *field = Arc::new(field.as_ref().clone().with_metadata(name));
                }
                Ok(Shape::Leaf { column, leaf })
            }
        }
    }

    fn column(&mut self, place: &Place, data_type: DataType, fields: &mut Vec<FieldRef>) -> Result<usize, Misfit> {
        self.columns += 1;
        if self.columns > MOST_COLUMNS {
            return self.misfit(place, format!("the schema gives more than {MOST_COLUMNS} columns"));
        }
        fields.push(Arc::new(ArrowField::new(&place.name, data_type, true)));
        Ok(fields.len() - 1)
    }

    fn record(&mut self, id: NodeId, place: Place, whole: bool, fields: &mut Vec<FieldRef>) -> Result<Shape, Misfit> {
        if self.open.contains(&id) {
            if !whole {
                return Ok(Shape::Skip);
            }
            return match self.recursive {
                Recursive::Raw => Ok(Shape::Raw { column: self.column(&place, DataType::Binary, fields)? }),
                Recursive::Fail => {
                    let what = self.schema.describe(id);
                    self.misfit(&place, format!("{what} contains itself; recursive=raw makes this column its bytes"))
                }
            };
        }
        let Kind::Record { fields: members, .. } = self.schema.kind(id) else { return Ok(Shape::Skip) };
        self.open.push(id);
        let mut shapes = Vec::with_capacity(members.len());
        let mut within = Vec::new();
        for member in members {
            let below = self.member(&place, &member.name, whole);
            shapes.push(self.shape(member.node, below, if place.flat { &mut *fields } else { &mut within })?);
        }
        self.open.pop();
        if place.flat {
            let asked = shapes.iter().any(|shape| !matches!(shape, Shape::Skip));
            return Ok(if asked { Shape::Fields(shapes) } else { Shape::Skip });
        }
        if within.is_empty() {
            return Ok(Shape::Skip);
        }
        let column = self.column(&place, DataType::Struct(Fields::from(within)), fields)?;
        Ok(Shape::Struct { column, fields: shapes })
    }

    /// Where a field of the record at `place` stands.
    fn member(&self, place: &Place, field: &str, whole: bool) -> Place {
        let path = place.path.as_ref().map(|path| if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") });
        let flat = place.flat && self.flatten;
        let name = match &path {
            Some(path) if place.flat => {
                // The reference joins by two underscores, and keeps the dots where there is a mapping that says nothing of the path.
                if self.mapping.is_empty() { path.replace('.', "__") } else { path.clone() }
            }
            _ => field.to_owned(),
        };
        // A mapped record says nothing of its fields where they are columns of their own.
        let wanted = if place.flat { !self.mapped_only } else { whole };
        Place { path, name, flat, wanted, depth: place.depth + 1 }
    }

    fn union(&mut self, branches: &[NodeId], place: Place, fields: &mut Vec<FieldRef>) -> Result<Shape, Misfit> {
        let valued: Vec<usize> =
            (0..branches.len()).filter(|branch| !matches!(self.schema.kind(branches[*branch]), Kind::Null)).collect();
        match valued[..] {
            [] => Ok(Shape::Skip),
            [branch] => {
                let start = fields.len();
                let mut place = place;
                place.depth += 1;
                let inner = self.shape(branches[branch], place, fields)?;
                if start == fields.len() {
                    return Ok(Shape::Skip);
                }
                Ok(Shape::Optional { branch, inner: Box::new(inner), columns: start..fields.len() })
            }
            _ if !place.wanted && place.path.as_ref().is_none_or(|path| !self.mapping.contains_key(path)) => Ok(Shape::Skip),
            _ => {
                let mut within = Vec::new();
                let mut shapes = Vec::with_capacity(branches.len());
                for id in branches {
                    let short = self.schema.branch_name(*id);
                    let shared = branches.iter().filter(|other| self.schema.branch_name(**other) == short).count() > 1;
                    let name = match self.schema.kind(*id) {
                        Kind::Record { name, .. } | Kind::Enum { name, .. } | Kind::Fixed { name, .. } if shared => &name.full,
                        _ => short,
                    };
                    shapes.push(self.shape(*id, inner(&place, name), &mut within)?);
                }
                let column = self.column(&place, DataType::Struct(Fields::from(within)), fields)?;
                Ok(Shape::Branches { column, branches: shapes })
            }
        }
    }

    fn leaf(&self, id: NodeId) -> Leaf {
        let node = self.schema.node(id);
        match node.logical {
            Some(Logical::Decimal { precision, scale }) => {
                if let (Ok(precision @ 1..=76), Ok(scale)) = (u8::try_from(precision), i8::try_from(scale)) {
                    return Leaf::Decimal { precision, scale };
                }
                // More digits than Arrow has: the bytes, which lose nothing.
            }
            Some(Logical::BigDecimal) => return Leaf::BigDecimal,
            Some(Logical::Uuid) => return Leaf::Uuid,
            Some(Logical::Date) => return Leaf::Date,
            Some(Logical::Time(unit)) => return Leaf::Time(unit),
            Some(Logical::Timestamp { unit, local }) => return Leaf::Timestamp { unit, local },
            Some(Logical::Duration) => return Leaf::Duration,
            None => {}
        }
        match node.kind {
            Kind::Boolean => Leaf::Bool,
            Kind::Int => Leaf::Int,
            Kind::Long => Leaf::Long,
            Kind::Float => Leaf::Float,
            Kind::Double => Leaf::Double,
            Kind::String => Leaf::String,
            Kind::Enum { .. } => Leaf::Enum,
            Kind::Fixed { size, .. } => Leaf::Fixed(size),
            _ => Leaf::Bytes,
        }
    }
}

/// A place within an array, a map or a union of many.
fn inner(place: &Place, name: &str) -> Place {
    Place { path: None, name: name.to_owned(), flat: false, wanted: true, depth: place.depth + 1 }
}

/// A map's values are counted from the second column, for a reader of values sees no keys: count them from the first.
fn shift(value: Shape) -> Shape {
    match value {
        Shape::Leaf { leaf, .. } => Shape::Leaf { column: 0, leaf },
        Shape::Raw { .. } => Shape::Raw { column: 0 },
        Shape::Struct { fields, .. } => Shape::Struct { column: 0, fields },
        Shape::List { item, .. } => Shape::List { column: 0, item },
        Shape::Map { value, .. } => Shape::Map { column: 0, value },
        Shape::Branches { branches, .. } => Shape::Branches { column: 0, branches },
        Shape::Optional { branch, inner, .. } => Shape::Optional { branch, inner: Box::new(shift(*inner)), columns: 0..1 },
        Shape::Skip | Shape::Fields(_) => value,
    }
}

impl Leaf {
    fn data_type(self) -> DataType {
        match self {
            Self::Bool => DataType::Boolean,
            Self::Int => DataType::Int32,
            Self::Long => DataType::Int64,
            Self::Float => DataType::Float32,
            Self::Double => DataType::Float64,
            Self::Bytes => DataType::Binary,
            Self::String | Self::Enum | Self::BigDecimal => DataType::Utf8,
            Self::Fixed(size) if size > MOST_FIXED => DataType::Binary,
            Self::Fixed(size) => i32::try_from(size).map_or(DataType::Binary, DataType::FixedSizeBinary),
            Self::Decimal { precision: precision @ ..=38, scale } => DataType::Decimal128(precision, scale),
            Self::Decimal { precision, scale } => DataType::Decimal256(precision, scale),
            Self::Uuid => DataType::FixedSizeBinary(16),
            Self::Date => DataType::Date32,
            Self::Time(unit @ (TimeUnit::Second | TimeUnit::Millisecond)) => DataType::Time32(unit),
            Self::Time(unit) => DataType::Time64(unit),
            Self::Timestamp { unit, local: false } => DataType::Timestamp(unit, Some(Arc::from("UTC"))),
            Self::Timestamp { unit, local: true } => DataType::Timestamp(unit, None),
            // Arrow's interval has no months beyond 31 bits, and Parquet has no such interval.
            Self::Duration => {
                let parts = ["months", "days", "millis"];
                DataType::Struct(parts.map(|part| ArrowField::new(part, DataType::UInt32, true)).into_iter().collect())
            }
        }
    }
}
