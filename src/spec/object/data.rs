//! Descriptions as data: a type's name, a list of one for an array of that, or an object with `type` and what belongs to it.
//!
//! ```json
//! {"type": "object", "fields": [
//!     {"name": "id", "type": "long", "allow_missing": false},
//!     {"name": "tags", "type": "array", "element": "string"},
//!     {"name": "at", "type": "instant(ms)", "aliases": ["ts"]}
//! ]}
//! ```

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Allow, Field, Members, Misplaced, Repeated, Scalar, Shape, Typed, Value};
use crate::error::nearest;
use crate::spec::Type;

/// A description before it was looked at.
#[derive(Debug, Clone)]
pub(in crate::spec) enum ValueData {
    Name(String),
    Array(Vec<Self>),
    Full(Box<Full>),
}

/// Whatever a value or a field may say.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::spec) struct Full {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    case_sensitive: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repeated: Option<Repeated>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    data_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_string: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_int: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_decimal: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_bool: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_object: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_array: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_missing: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_null: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_missing: Option<Given>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_null: Option<Given>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_unknown_fields: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_unknown_types: Option<bool>,
    // Last, for TOML has tables behind values.
    #[serde(skip_serializing_if = "Option::is_none")]
    element: Option<ValueData>,
    #[serde(skip_serializing_if = "Option::is_none")]
    elements: Option<Vec<ValueData>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<Fields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<ValueData>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<ValueData>,
    #[serde(skip_serializing_if = "Option::is_none")]
    type_field: Option<ValueData>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shared_fields: Option<Fields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    objects: Option<Fields>,
}

/// Named values in order, as a list of objects with `name`, or as an object.
#[derive(Debug, Clone, Default)]
struct Fields(Vec<(String, ValueData)>);

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged, expecting = "a default is a text, a number or a boolean")]
enum Given {
    Text(String),
    Bool(bool),
    Integer(i64),
    Float(f64),
}

impl From<Given> for String {
    fn from(given: Given) -> Self {
        match given {
            Given::Text(text) => text,
            Given::Bool(value) => value.to_string(),
            Given::Integer(value) => value.to_string(),
            Given::Float(value) => value.to_string(),
        }
    }
}

impl Serialize for ValueData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Name(name) => name.serialize(serializer),
            Self::Array(elements) => elements.serialize(serializer),
            Self::Full(full) => full.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ValueData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = ValueData;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a type, a list of one, or an object with type")
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<ValueData, E> {
                Ok(ValueData::Name(name.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<ValueData, A::Error> {
                let mut elements = Vec::new();
                while let Some(element) = items.next_element()? {
                    elements.push(element);
                }
                Ok(ValueData::Array(elements))
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<ValueData, A::Error> {
                Full::deserialize(MapAccessDeserializer::new(members)).map(|full| ValueData::Full(Box::new(full)))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(_, value)| value))
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of objects with name and type, or an object of names and types")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Fields, A::Error> {
                let mut fields = Fields::default();
                while let Some(full) = items.next_element::<Full>()? {
                    let Some(name) = full.name.clone() else {
                        return Err(A::Error::custom(format!("item {} of a list lacks its name", fields.0.len())));
                    };
                    fields.0.push((name, ValueData::Full(Box::new(full))));
                }
                Ok(fields)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Fields, A::Error> {
                let mut fields = Fields::default();
                while let Some(field) = members.next_entry()? {
                    fields.0.push(field);
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// What may be said beside `type`, of values of every type and of fields.
const EVERYWHERE: [&str; 6] = ["type", "name", "aliases", "case_sensitive", "repeated", "allow_missing"];

impl Full {
    /// What was said.
    fn said(&self) -> impl Iterator<Item = &'static str> {
        [
            ("allow_string", self.allow_string.is_some()),
            ("allow_int", self.allow_int.is_some()),
            ("allow_decimal", self.allow_decimal.is_some()),
            ("allow_bool", self.allow_bool.is_some()),
            ("allow_object", self.allow_object.is_some()),
            ("allow_array", self.allow_array.is_some()),
            ("on_missing", self.on_missing.is_some()),
            ("on_null", self.on_null.is_some()),
            ("allow_unknown_fields", self.allow_unknown_fields.is_some()),
            ("allow_unknown_types", self.allow_unknown_types.is_some()),
            ("element", self.element.is_some()),
            ("elements", self.elements.is_some()),
            ("fields", self.fields.is_some()),
            ("key", self.key.is_some()),
            ("value", self.value.is_some()),
            ("type_field", self.type_field.is_some()),
            ("shared_fields", self.shared_fields.is_some()),
            ("objects", self.objects.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, said)| said.then_some(name))
    }
}

const KINDS: [&str; 11] =
    ["array", "tuple", "object", "entries", "typed_object", "any", "skip", "big_integer", "big_decimal", "local_date", "instant"];

fn wrong<T>(place: &str, reason: impl Into<String>) -> Result<T, Misplaced> {
    Err(Misplaced { place: place.to_owned(), reason: reason.into() })
}

impl ValueData {
    pub(in crate::spec) fn of(value: &Value) -> Self {
        Self::Full(Box::new(full(value)))
    }

    /// What is described, where nothing but a value can be.
    pub(in crate::spec) fn value(self) -> Result<Value, Misplaced> {
        self.read("the description")
    }

    fn read(self, place: &str) -> Result<Value, Misplaced> {
        match self {
            Self::Name(name) => named(&name, place),
            Self::Array(elements) => {
                let Ok([element]) = <[Self; 1]>::try_from(elements) else {
                    return wrong(place, "a list is an array, and holds its element; a tuple is written with type and elements");
                };
                Ok(super::array_val(element.read(&format!("{place}, the element"))?))
            }
            Self::Full(full) => {
                if full.name.is_some() || !full.aliases.is_empty() || full.case_sensitive.is_some() || full.repeated.is_some() {
                    return wrong(place, "name, aliases, case_sensitive and repeated are said of fields, and this is none");
                }
                full.value(place)
            }
        }
    }

    fn field(self, name: String, place: &str) -> Result<Field, Misplaced> {
        let place = format!("{place}, field {name:?}");
        let Self::Full(mut full) = self else { return Ok(Field::new(name, self.read(&place)?)) };
        let mut field = Field::new(name, super::skip_val());
        field.aliases = std::mem::take(&mut full.aliases);
        field.ignore_case = full.case_sensitive == Some(false);
        field.repeated = full.repeated.unwrap_or_default();
        field.value = full.value(&place)?;
        Ok(field)
    }
}

impl Fields {
    fn fields(self, place: &str) -> Result<Vec<Field>, Misplaced> {
        self.0.into_iter().map(|(name, value)| value.field(name, place)).collect()
    }
}

/// A value that is nothing but the name of its type.
fn named(name: &str, place: &str) -> Result<Value, Misplaced> {
    let scalar = |scalar| Ok(Value::scalar(scalar));
    match name {
        "any" => Ok(super::any_val()),
        "skip" => Ok(super::skip_val()),
        "big_integer" => scalar(Scalar::BigInteger),
        "big_decimal" => scalar(Scalar::BigDecimal),
        "local_date" => scalar(Scalar::Plain(Type::Date32)),
        "array" | "tuple" | "object" | "entries" | "typed_object" => wrong(place, format!("what belongs to {name} is missing")),
        _ => {
            let unit = name.strip_prefix("instant(").and_then(|rest| rest.strip_suffix(')'));
            if let Some(unit) = unit {
                let units = super::text::UNITS;
                return match units.iter().find(|(known, _)| *known == unit) {
                    Some((_, unit)) => scalar(Scalar::InstantNumber(*unit)),
                    None => wrong(place, format!("{unit:?} is no unit of time; there are s, ms, us, ns")),
                };
            }
            match Type::read(name) {
                Ok(data_type) => scalar(Scalar::Plain(data_type)),
                Err(reason) => {
                    let hint = nearest(name, KINDS).map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
                    wrong(place, format!("{reason}{hint} Beside the types there are {}", KINDS.join(", ")))
                }
            }
        }
    }
}

impl Full {
    fn value(mut self, place: &str) -> Result<Value, Misplaced> {
        let kind = match (self.data_type.take(), &self.fields) {
            (Some(kind), _) => kind,
            (None, Some(_)) => "object".to_owned(),
            (None, None) => return wrong(place, "the type is missing"),
        };
        let own: &[&str] = match kind.as_str() {
            "array" => &["element"],
            "tuple" => &["elements"],
            "object" => &["fields", "allow_unknown_fields"],
            "entries" => &["key", "value"],
            "typed_object" => &["type_field", "shared_fields", "objects", "allow_unknown_types", "on_missing", "on_null"],
            _ => &[
                "allow_string",
                "allow_int",
                "allow_decimal",
                "allow_bool",
                "allow_object",
                "allow_array",
                "on_missing",
                "on_null",
            ],
        };
        if let Some(said) = self.said().find(|said| !own.contains(said)) {
            return wrong(
                place,
                format!("{said} is not said of {kind}; beside {} there are {}", EVERYWHERE.join(", "), own.join(", ")),
            );
        }
        let lacks = |what: &str| Misplaced { place: place.to_owned(), reason: format!("{kind} lacks its {what}") };
        let mut value = match kind.as_str() {
            "array" => {
                let element = self.element.take().ok_or_else(|| lacks("element"))?;
                super::array_val(element.read(&format!("{place}, the element"))?)
            }
            "tuple" => {
                let elements = self.elements.take().ok_or_else(|| lacks("elements"))?;
                let element = |(index, mut element): (usize, ValueData)| {
                    let name = if let ValueData::Full(full) = &mut element { full.name.take() } else { None };
                    Ok((name, element.read(&format!("{place}, element {index}"))?))
                };
                let elements = elements.into_iter().enumerate().map(element).collect::<Result<_, Misplaced>>()?;
                Value::new(Shape::Tuple(elements), Allow::NONE)
            }
            "object" => {
                let fields = self.fields.take().ok_or_else(|| lacks("fields"))?.fields(place)?;
                let refuse_unknown = self.allow_unknown_fields == Some(false);
                Value::new(Shape::Object(Members { fields, refuse_unknown }), Allow::NONE)
            }
            "entries" => {
                let inner = self.value.take().ok_or_else(|| lacks("value"))?.read(&format!("{place}, the value"))?;
                let key = self.key.take().map(|key| key.read(&format!("{place}, the key"))).transpose()?;
                super::entries_val(key.unwrap_or_else(super::string_val), inner)
            }
            "typed_object" => self.typed(place, lacks)?,
            name => named(name, place)?,
        };
        let allow = &mut value.allow;
        for (flag, said) in [
            (&mut allow.string, self.allow_string),
            (&mut allow.int, self.allow_int),
            (&mut allow.decimal, self.allow_decimal),
            (&mut allow.bool, self.allow_bool),
            (&mut allow.object, self.allow_object),
            (&mut allow.array, self.allow_array),
            (&mut value.allow_missing, self.allow_missing),
            (&mut value.allow_null, self.allow_null),
        ] {
            *flag = said.unwrap_or(*flag);
        }
        value.on_missing = self.on_missing.map(String::from);
        value.on_null = self.on_null.map(String::from);
        Ok(value)
    }

    fn typed(&mut self, place: &str, lacks: impl Fn(&str) -> Misplaced) -> Result<Value, Misplaced> {
        let tag = match self.type_field.take().ok_or_else(|| lacks("type_field"))? {
            ValueData::Name(name) => Field::from(name.as_str()),
            ValueData::Full(mut full) => {
                let name = full.name.take().ok_or_else(|| lacks("type_field's name"))?;
                if full.data_type.is_none() {
                    full.data_type = Some("string".into());
                    full.allow_int = Some(full.allow_int.unwrap_or(true));
                }
                ValueData::Full(full).field(name, place)?
            }
            ValueData::Array(_) => return wrong(place, "type_field is a name, or an object with name and aliases"),
        };
        let shared = self.shared_fields.take().unwrap_or_default().fields(place)?;
        let objects = self.objects.take().ok_or_else(|| lacks("objects"))?.0;
        let object = |(name, mut object): (String, ValueData)| {
            if let ValueData::Full(full) = &mut object {
                full.name = None;
            }
            let value = object.read(&format!("{place}, type {name:?}"))?;
            Ok((name, value))
        };
        let objects = objects.into_iter().map(object).collect::<Result<_, Misplaced>>()?;
        let typed = Typed { tag, shared, objects, refuse_unknown: self.allow_unknown_types == Some(false) };
        Ok(Value::new(Shape::Typed(Box::new(typed)), Allow::NONE))
    }
}

/// A value as data, with all that differs from what is so where nothing is said.
fn full(value: &Value) -> Full {
    let mut full = Full {
        allow_missing: (!value.allow_missing).then_some(false),
        allow_null: (!value.allow_null).then_some(false),
        on_missing: value.on_missing.clone().map(Given::Text),
        on_null: value.on_null.clone().map(Given::Text),
        ..Full::default()
    };
    let fields = |fields: &[Field]| Fields(fields.iter().map(|field| (field.name.clone(), of_field(field))).collect());
    let kind = match &value.shape {
        Shape::Scalar(scalar) => {
            let (standard, allow) = (scalar.standard(), value.allow);
            full.allow(allow, standard);
            match scalar {
                Scalar::Plain(data_type) => data_type.to_string(),
                Scalar::InstantNumber(unit) => {
                    let unit = super::text::UNITS.iter().find(|(_, known)| known == unit).map_or("ns", |(name, _)| name);
                    format!("instant({unit})")
                }
                Scalar::BigInteger => "big_integer".into(),
                Scalar::BigDecimal => "big_decimal".into(),
            }
        }
        Shape::Any | Shape::Skip => {
            full.allow(value.allow, super::any_val().allow);
            if value.shape == Shape::Any { "any".into() } else { "skip".into() }
        }
        Shape::Array(element) => {
            full.element = Some(ValueData::of(element));
            "array".into()
        }
        Shape::Tuple(elements) => {
            let element = |(name, element): &(Option<String>, Value)| {
                ValueData::Full(Box::new(Full { name: name.clone(), ..self::full(element) }))
            };
            full.elements = Some(elements.iter().map(element).collect());
            "tuple".into()
        }
        Shape::Object(members) => {
            full.fields = Some(fields(&members.fields));
            full.allow_unknown_fields = members.refuse_unknown.then_some(false);
            "object".into()
        }
        Shape::Entries { key, value } => {
            full.key = (**key != super::string_val()).then(|| ValueData::of(key));
            full.value = Some(ValueData::of(value));
            "entries".into()
        }
        Shape::Typed(typed) => {
            full.type_field = Some(of_field(&typed.tag));
            full.shared_fields = (!typed.shared.is_empty()).then(|| fields(&typed.shared));
            let object = |(name, object): &(String, Value)| {
                let data = ValueData::Full(Box::new(Full { name: Some(name.clone()), ..self::full(object) }));
                (name.clone(), data)
            };
            full.objects = Some(Fields(typed.objects.iter().map(object).collect()));
            full.allow_unknown_types = typed.refuse_unknown.then_some(false);
            "typed_object".into()
        }
    };
    full.data_type = Some(kind);
    full
}

impl Full {
    fn allow(&mut self, allow: Allow, standard: Allow) {
        let said = |allow: bool, standard: bool| (allow != standard).then_some(allow);
        self.allow_string = said(allow.string, standard.string);
        self.allow_int = said(allow.int, standard.int);
        self.allow_decimal = said(allow.decimal, standard.decimal);
        self.allow_bool = said(allow.bool, standard.bool);
        self.allow_object = said(allow.object, standard.object);
        self.allow_array = said(allow.array, standard.array);
    }
}

fn of_field(field: &Field) -> ValueData {
    ValueData::Full(Box::new(Full {
        name: Some(field.name.clone()),
        aliases: field.aliases.clone(),
        case_sensitive: field.ignore_case.then_some(false),
        repeated: (field.repeated != Repeated::Error).then_some(field.repeated),
        ..full(&field.value)
    }))
}
