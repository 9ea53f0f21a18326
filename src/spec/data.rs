//! Specs as data: what text and builders say, for files in JSON, TOML and the like.
//!
//! One flat object: `kind`, what belongs to that kind, and the options. Types, zones and defaults are written as in text.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::object::{self, ValueData};
use super::options::DEPTH;
use super::{JsonColumn, Kind, ObjectSpec, Options, Spec, Tombstones, Type, Zone};
use crate::error::Error;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    data_type: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    lenient: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tombstones: Option<TombstonesData>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    depth: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    size: Option<usize>,
    // Last, for TOML has tables behind values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    columns: Option<Vec<ColumnData>>,
    /// What an object spec describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<ValueData>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TombstonesData {
    Rows,
    Skip,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnData {
    name: String,
    #[serde(rename = "type")]
    data_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<Paths>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    not_null: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default: Option<Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "a path is a text or a list of texts")]
enum Paths {
    One(String),
    Several(Vec<String>),
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "a default is a text, a number or a boolean")]
enum Value {
    Text(String),
    Bool(bool),
    Integer(i64),
    Float(f64),
}

/// What is wrong, and where in the data.
struct Misplaced {
    place: String,
    reason: String,
}

fn wrong<T>(place: impl Into<String>, reason: impl Into<String>) -> Result<T, Misplaced> {
    Err(Misplaced { place: place.into(), reason: reason.into() })
}

impl Data {
    /// `None` for kinds that are not data yet.
    fn of(spec: &Spec) -> Option<Self> {
        let Options { lenient, tombstones, zone, depth, size } = spec.options;
        let mut value = None;
        let (kind, name, data_type, columns) = match &spec.kind {
            Kind::Ignore => ("ignore", None, None, None),
            Kind::Raw { name } => ("raw", name.clone(), None, None),
            Kind::Simple { name: None, data_type: None } => ("from_properties", None, None, None),
            Kind::Simple { name, data_type } => ("simple", name.clone(), data_type.as_ref().map(Type::to_string), None),
            Kind::Json { columns } => ("json", None, None, Some(columns.iter().map(ColumnData::from).collect())),
            Kind::Object(object) => {
                value = Some(ValueData::of(object.value().ok()?));
                ("object", None, None, None)
            }
            Kind::Avro(_) | Kind::Protobuf(_) => return None,
        };
        Some(Self {
            kind: kind.into(),
            name,
            data_type,
            lenient,
            tombstones: (tombstones == Tombstones::Skip).then_some(TombstonesData::Skip),
            zone: zone.map(|zone| zone.to_string()),
            depth: (depth != DEPTH).then_some(depth),
            size: (size != usize::MAX).then_some(size),
            columns,
            value,
        })
    }
}

impl From<&JsonColumn> for ColumnData {
    fn from(column: &JsonColumn) -> Self {
        let path = match column.paths.as_slice() {
            [] => None,
            [one] => Some(Paths::One(one.clone())),
            several => Some(Paths::Several(several.to_vec())),
        };
        Self {
            name: column.name.clone(),
            data_type: column.data_type.to_string(),
            path,
            not_null: column.required,
            default: column.default.clone().map(Value::Text),
        }
    }
}

impl Data {
    fn spec(self) -> Result<Spec, Misplaced> {
        let refused = [
            ("name", self.name.is_some() && !matches!(self.kind.as_str(), "raw" | "simple")),
            ("type", self.data_type.is_some() && self.kind != "simple"),
            ("columns", self.columns.is_some() && self.kind != "json"),
            ("value", self.value.is_some() && self.kind != "object"),
        ];
        let kind = match self.kind.as_str() {
            "ignore" => Kind::Ignore,
            "raw" => Kind::Raw { name: self.name },
            "from_properties" => Kind::Simple { name: None, data_type: None },
            "simple" if self.name.is_none() && self.data_type.is_none() => {
                return wrong("type", "it is missing; a spec of kind from_properties takes it from the properties");
            }
            "simple" => {
                Kind::Simple { name: self.name, data_type: self.data_type.map(|text| data_type("type", &text)).transpose()? }
            }
            "json" => {
                let columns = self.columns.unwrap_or_default().into_iter().enumerate();
                Kind::Json { columns: columns.map(|(index, column)| column.column(index)).collect::<Result<_, _>>()? }
            }
            "object" => match self.value {
                Some(data) => {
                    let value = data.value().map_err(|object::Misplaced { place, reason }| Misplaced { place, reason })?;
                    Kind::Object(Box::new(ObjectSpec::Value(value)))
                }
                None => return wrong("value", "it is missing; it describes the JSON value"),
            },
            other => {
                return wrong(
                    "kind",
                    format!("{other:?} is no kind of spec; there are ignore, raw, simple, from_properties, json, object"),
                );
            }
        };
        if let Some((place, _)) = refused.iter().find(|(_, refused)| *refused) {
            return wrong(*place, format!("a spec of kind {} has none", self.kind));
        }
        let zone = self.zone.map(|text| Zone::read(&text)).transpose();
        let options = Options {
            lenient: self.lenient,
            tombstones: if let Some(TombstonesData::Skip) = self.tombstones { Tombstones::Skip } else { Tombstones::Rows },
            zone: zone.or_else(|reason| wrong("zone", reason))?,
            depth: self.depth.unwrap_or(DEPTH),
            size: self.size.unwrap_or(usize::MAX),
        };
        let spec = Spec { kind, options };
        match spec.validate() {
            Ok(()) => Ok(spec),
            Err(Error::InvalidSpec { place, reason, .. }) => wrong(place, reason),
            Err(other) => wrong("the spec", other.to_string()),
        }
    }
}

impl ColumnData {
    fn column(self, index: usize) -> Result<JsonColumn, Misplaced> {
        let data_type = data_type(&format!("columns[{index}] {:?}, type", self.name), &self.data_type)?;
        let paths = match self.path {
            None => Vec::new(),
            Some(Paths::One(path)) => vec![path],
            Some(Paths::Several(paths)) if paths.is_empty() => {
                return wrong(format!("columns[{index}] {:?}, path", self.name), "the list of paths is empty");
            }
            Some(Paths::Several(paths)) => paths,
        };
        let default = self.default.map(|value| match value {
            Value::Text(text) => text,
            Value::Bool(value) => value.to_string(),
            Value::Integer(value) => value.to_string(),
            Value::Float(value) => value.to_string(),
        });
        Ok(JsonColumn { name: self.name, data_type, paths, required: self.not_null, default })
    }
}

fn data_type(place: &str, text: &str) -> Result<Type, Misplaced> {
    Type::read(text).or_else(|reason| wrong(place, reason))
}

/// Fails for specs of the kinds avro and protobuf, which are not available as data yet.
impl Serialize for Spec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let data = Data::of(self).ok_or_else(|| {
            <S::Error as serde::ser::Error>::custom("specs of the kinds avro and protobuf are not available as data yet")
        })?;
        data.serialize(serializer)
    }
}

/// Refuses what [`Spec::parse`] refuses; the error names the place.
impl<'de> Deserialize<'de> for Spec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let data = Data::deserialize(deserializer)?;
        data.spec().map_err(|Misplaced { place, reason }| <D::Error as serde::de::Error>::custom(format!("{place}: {reason}")))
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
