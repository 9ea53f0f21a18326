//! Specs as data: what text and builders say, for files in JSON, TOML and the like.
//!
//! One object: `kind`, what belongs to that kind, and the options. Types, zones and defaults are written as in text. Whatever the
//! format, it is first a tree ([`node`]) and then read key by key ([`fields`]), so that every error names its place.

mod fields;
mod node;
mod schema;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use self::fields::{Fields, Misplaced, wrong};
use self::node::Node;
use self::schema::{Entries, put};
use super::object::{self, ValueData};
use super::options::DEPTH;
use super::{Framing, JsonColumn, Kind, ObjectSpec, Options, Otherwise, Spec, Tombstones, Type, Zone};
use crate::error::{Error, nearest};

const KINDS: [&str; 8] = ["ignore", "raw", "simple", "from_properties", "json", "object", "avro", "protobuf"];

/// The spec as a tree.
fn tree(spec: &Spec) -> Node {
    let mut entries = Entries::new();
    let kind = match &spec.kind {
        Kind::Ignore => "ignore",
        Kind::Raw { .. } => "raw",
        Kind::Simple { name: None, data_type: None } => "from_properties",
        Kind::Simple { .. } => "simple",
        Kind::Json { .. } => "json",
        Kind::Object(_) => "object",
        Kind::Avro(_) => "avro",
        Kind::Protobuf(_) => "protobuf",
    };
    put(&mut entries, "kind", Node::text(kind));
    let Options { lenient, tombstones, zone, depth, size, framing } = spec.options;
    let options = [
        ("lenient", lenient.then_some(Node::Bool(true))),
        ("tombstones", (tombstones == Tombstones::Skip).then(|| Node::text("skip"))),
        ("zone", zone.map(Node::text)),
        ("depth", (depth != DEPTH).then(|| Node::size(depth))),
        ("size", (size != usize::MAX).then(|| Node::size(size))),
        ("framing", framing.map(|framing| Node::text(framing.name()))),
    ];
    let given = options.into_iter().filter_map(|(key, node)| Some((key.to_owned(), node?)));
    entries.extend(given);
    // What is nested comes last, for TOML has tables behind values.
    match &spec.kind {
        Kind::Ignore => {}
        Kind::Raw { name } => entries.extend(name.iter().map(|name| ("name".to_owned(), Node::text(name)))),
        Kind::Simple { name, data_type } => {
            entries.extend(name.iter().map(|name| ("name".to_owned(), Node::text(name))));
            entries.extend(data_type.iter().map(|data_type| ("type".to_owned(), Node::text(data_type))));
        }
        Kind::Json { columns } => put(&mut entries, "columns", Node::List(columns.iter().map(column_tree).collect())),
        Kind::Object(object) => match &**object {
            ObjectSpec::File { path, .. } => put(&mut entries, "file", Node::text(path.display())),
            ObjectSpec::Value(value) => {
                let text = serde_json::to_string(&ValueData::of(value)).unwrap_or_default();
                put(&mut entries, "value", serde_json::from_str(&text).unwrap_or(Node::Null));
            }
        },
        Kind::Avro(avro) => schema::put_avro(&mut entries, avro),
        Kind::Protobuf(protobuf) => schema::put_protobuf(&mut entries, protobuf),
    }
    Node::Map(entries)
}

fn column_tree(column: &JsonColumn) -> Node {
    let mut entries = Entries::new();
    put(&mut entries, "name", Node::text(&column.name));
    put(&mut entries, "type", Node::text(&column.data_type));
    match column.paths.as_slice() {
        [] => {}
        [one] => put(&mut entries, "path", Node::text(one)),
        several => put(&mut entries, "path", Node::texts(several)),
    }
    let both = column.missing == column.null;
    let apart = [("allow_missing", "on_missing", &column.missing), ("allow_null", "on_null", &column.null)];
    let given = if both { vec![("not_null", "default", &column.missing)] } else { apart.to_vec() };
    for (allow, value, otherwise) in given {
        match otherwise {
            Otherwise::Null => {}
            Otherwise::Error => put(&mut entries, allow, Node::Bool(both)),
            Otherwise::Value(text) => put(&mut entries, value, Node::text(text)),
        }
    }
    Node::Map(entries)
}

/// The spec that a tree is.
fn spec(node: Node) -> Result<Spec, Misplaced> {
    let mut fields = Fields::of("", node)?;
    let named = fields.needed("kind")?;
    let kind = match named.as_str() {
        "ignore" => Kind::Ignore,
        "raw" => Kind::Raw { name: fields.text("name")? },
        "from_properties" => Kind::Simple { name: None, data_type: None },
        "simple" => simple(&mut fields)?,
        "json" => {
            let columns = fields.objects("columns")?.unwrap_or_default();
            Kind::Json { columns: columns.into_iter().map(column).collect::<Result<_, _>>()? }
        }
        "object" => Kind::Object(Box::new(object(&mut fields)?)),
        "avro" => Kind::Avro(schema::avro(&mut fields)?),
        "protobuf" => Kind::Protobuf(Box::new(schema::protobuf(&mut fields)?)),
        other => {
            let hint = nearest(other, KINDS).map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
            return wrong("kind", format!("{other:?} is no kind of spec{hint}; there are {}", KINDS.join(", ")));
        }
    };
    let zone = fields.text("zone")?.map(|text| Zone::read(&text)).transpose();
    let framed = matches!(kind, Kind::Json { .. } | Kind::Object(_));
    let framing = if framed { fields.text("framing")?.map(|text| Framing::of_json(&text)).transpose() } else { Ok(None) };
    let options = Options {
        lenient: fields.flag("lenient")?,
        tombstones: match fields.text("tombstones")?.as_deref() {
            None | Some("rows") => Tombstones::Rows,
            Some("skip") => Tombstones::Skip,
            Some(other) => return wrong("tombstones", format!("tombstones are \"rows\" or \"skip\", not {other:?}")),
        },
        zone: zone.or_else(|reason| wrong("zone", reason))?,
        depth: fields.size("depth")?.unwrap_or(DEPTH),
        size: fields.size("size")?.unwrap_or(usize::MAX),
        framing: framing.or_else(|reason| wrong("framing", reason))?,
    };
    fields.end(&format!("a spec of kind {named}"))?;
    let spec = Spec { kind, options };
    match spec.validate() {
        Ok(()) => Ok(spec),
        Err(Error::InvalidSpec { place, reason, .. }) => wrong(place, reason),
        Err(other) => wrong("the spec", other.to_string()),
    }
}

fn simple(fields: &mut Fields) -> Result<Kind, Misplaced> {
    let name = fields.text("name")?;
    let data_type = fields.text("type")?.map(|text| read_type(fields.place("type"), &text)).transpose()?;
    if name.is_none() && data_type.is_none() {
        return wrong("type", "it is missing; a spec of kind from_properties takes it from the properties");
    }
    Ok(Kind::Simple { name, data_type })
}

fn object(fields: &mut Fields) -> Result<ObjectSpec, Misplaced> {
    match (fields.take("value"), fields.text("file")?) {
        (Some(_), Some(_)) => wrong("file", "the description is given as well, in value"),
        (None, Some(path)) => Ok(ObjectSpec::File { path: path.into(), read: None }),
        (None, None) => wrong("value", "it is missing; it describes the JSON value"),
        (Some(node), None) => {
            let data = ValueData::deserialize(node).or_else(|error| wrong("value", error.to_string()))?;
            let value = data.value();
            Ok(ObjectSpec::Value(value.map_err(|object::Misplaced { place, reason }| Misplaced { place, reason })?))
        }
    }
}

fn column(mut fields: Fields) -> Result<JsonColumn, Misplaced> {
    let name = fields.needed("name")?;
    fields.named(&name);
    let data_type = fields.needed("type")?;
    let data_type = read_type(fields.place("type"), &data_type)?;
    let paths = match fields.texts("path")? {
        Some(paths) if paths.is_empty() => return wrong(fields.place("path"), "the list of paths is empty"),
        paths => paths.unwrap_or_default(),
    };
    let mut column = JsonColumn { name, data_type, paths, missing: Otherwise::Null, null: Otherwise::Null };
    if let Some(value) = value(&mut fields, "default")? {
        column = column.default_value(value);
    }
    if let Some(value) = value(&mut fields, "on_missing")? {
        column = column.on_missing(value);
    }
    if let Some(value) = value(&mut fields, "on_null")? {
        column = column.on_null(value);
    }
    let required = fields.flag("not_null")?;
    let (missing, null) = (fields.said("allow_missing")?, fields.said("allow_null")?);
    fields.end("a column")?;
    Ok(column.allow_missing(missing.unwrap_or(!required)).allow_null(null.unwrap_or(!required)))
}

/// What stands for a value that is not there, as text.
fn value(fields: &mut Fields, key: &'static str) -> Result<Option<String>, Misplaced> {
    Ok(Some(match fields.take(key) {
        None => return Ok(None),
        Some(Node::Text(text)) => text,
        Some(Node::Bool(value)) => value.to_string(),
        Some(Node::Integer(value)) => value.to_string(),
        Some(Node::Large(value)) => value.to_string(),
        Some(Node::Float(value)) => value.to_string(),
        Some(other) => {
            return wrong(fields.place(key), format!("a text, a number or a boolean is expected, not {}", other.what()));
        }
    }))
}

fn read_type(place: String, text: &str) -> Result<Type, Misplaced> {
    Type::read(text).or_else(|reason| wrong(place, reason))
}

/// As the object that [`Spec`] describes.
impl Serialize for Spec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        tree(self).serialize(serializer)
    }
}

/// Refuses what [`Spec::parse`] refuses, and keys that nobody knows; the error names the place.
impl<'de> Deserialize<'de> for Spec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let node = Node::deserialize(deserializer)?;
        spec(node).map_err(|Misplaced { place, reason }| <D::Error as serde::de::Error>::custom(format!("{place}: {reason}")))
    }
}

/// As its text.
impl Serialize for Type {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Type {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::read(&text).map_err(<D::Error as serde::de::Error>::custom)
    }
}
