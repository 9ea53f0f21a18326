//! What columns ought to show, by what prost-reflect reads.

use std::collections::BTreeMap;

use arrow_schema::DataType as T;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage, Value};

use super::super::*;
use super::schemas::{Dialect, Field, Label, Schema, Type};

#[derive(Debug)]
pub(super) struct Mode {
    pub(super) structs: bool,
    pub(super) lists: bool,
    pub(super) numbers: bool,
    pub(super) defaults: bool,
}

impl Mode {
    pub(super) fn any(random: &mut fastrand::Rng) -> Self {
        let structs = random.bool();
        Self { structs, lists: !structs && random.bool(), numbers: random.bool(), defaults: random.bool() }
    }

    pub(super) fn columns(&self, schema: &Schema, message: &DynamicMessage) -> Vec<(String, String)> {
        let mut columns = Vec::new();
        let descriptor = message.descriptor();
        Reading { mode: self, schema }.message(&descriptor, 0, Some(message), "", !self.structs, &mut columns);
        columns
    }

    /// Whether kolumn refuses what prost-reflect reads, for the values that are there.
    pub(super) fn misses(&self, schema: &Schema, message: &DynamicMessage) -> bool {
        misses(schema, 0, message)
    }
}

fn misses(schema: &Schema, index: usize, message: &DynamicMessage) -> bool {
    let whole = |number| message.get_field_by_number(number).and_then(|value| value.as_i64()).unwrap_or(0);
    let nanos = message.get_field_by_number(2).and_then(|value| value.as_i32()).map_or(0, i64::from);
    match message.descriptor().full_name() {
        "google.protobuf.Timestamp" => {
            let total = i128::from(whole(1)) * 1_000_000_000 + i128::from(nanos);
            return !(0..1_000_000_000).contains(&nanos) || i64::try_from(total).is_err();
        }
        "google.protobuf.Duration" => {
            let total = i128::from(whole(1)) * 1_000_000_000 + i128::from(nanos);
            let signs = whole(1) != 0 && nanos != 0 && (whole(1) < 0) != (nanos < 0);
            return nanos.abs() > 999_999_999 || signs || i64::try_from(total).is_err();
        }
        "google.protobuf.Value" => {
            let number = message.get_field_by_number(2).and_then(|value| value.as_f64());
            if (1..=6).all(|kind| !message.has_field_by_number(kind))
                || message.has_field_by_number(2) && !number.unwrap().is_finite()
            {
                return true;
            }
        }
        _ => {}
    }
    schema.messages[index].fields.iter().any(|field| {
        let inner = |of: &Type, value: &Value| match (of, value) {
            (Type::Message(index), Value::Message(message)) => misses(schema, *index, message),
            _ => false,
        };
        let there = message.has_field_by_number(field.number);
        let value = message.get_field_by_number(field.number).unwrap();
        field.label == Label::Required && !there
            || there
                && match (&field.of, value.as_ref()) {
                    (Type::Map(_, of), Value::Map(values)) => values.values().any(|value| inner(of, value)),
                    (of, Value::List(values)) => values.iter().any(|value| inner(of, value)),
                    (of, value) => inner(of, value),
                }
    })
}

struct Reading<'a> {
    mode: &'a Mode,
    schema: &'a Schema,
}

impl Reading<'_> {
    fn own(&self, of: &Type) -> Option<usize> {
        match of {
            Type::Message(index) if !self.schema.messages[*index].name.starts_with("google") => Some(*index),
            _ => None,
        }
    }

    fn message(
        &self,
        descriptor: &MessageDescriptor,
        index: usize,
        message: Option<&DynamicMessage>,
        above: &str,
        flat: bool,
        columns: &mut Vec<(String, String)>,
    ) {
        let mut fields: Vec<FieldDescriptor> = descriptor.fields().collect();
        fields.sort_by_key(|field| field.path().last().copied());
        for field in fields {
            let declared = self.schema.messages[index].fields.iter().find(|declared| declared.number == field.number()).unwrap();
            let name = if above.is_empty() { declared.name.clone() } else { format!("{above}_{}", declared.name) };
            let value = message.and_then(|message| self.value(declared, &field, message));
            let Kind::Message(inner) = field.kind() else {
                columns.push((name, value.map_or("null".into(), |value| self.shown(&field, &declared.of, &value))));
                continue;
            };
            match (self.own(&declared.of), &declared.of) {
                (Some(own), _) if flat && declared.label != Label::Repeated => {
                    let message = value.as_ref().and_then(Value::as_message);
                    self.message(&inner, own, message, &name, true, columns);
                }
                (Some(own), _) if flat && self.mode.lists => {
                    let values = value.as_ref().and_then(Value::as_list);
                    let messages = values.map(|values| values.iter().map(|value| value.as_message().unwrap()).collect());
                    self.lists(&inner, own, messages, &name, columns);
                }
                (None, Type::Map(_, of)) if flat && self.mode.lists && self.own(of).is_some() => {
                    self.map_lists(&inner, of, value.as_ref(), &name, columns);
                }
                _ => columns.push((name, value.map_or("null".into(), |value| self.shown(&field, &declared.of, &value)))),
            }
        }
    }

    /// The value that a column shows; nothing is null.
    fn value(&self, declared: &Field, field: &FieldDescriptor, message: &DynamicMessage) -> Option<Value> {
        let presence = !matches!(declared.label, Label::Plain | Label::Repeated);
        let default = self.mode.defaults && declared.default.is_some();
        (message.has_field(field) || !presence || default).then(|| message.get_field(field).into_owned())
    }

    fn lists(
        &self,
        descriptor: &MessageDescriptor,
        index: usize,
        messages: Option<Vec<&DynamicMessage>>,
        name: &str,
        columns: &mut Vec<(String, String)>,
    ) {
        let mut names = Vec::new();
        self.message(descriptor, index, None, name, true, &mut names);
        let Some(messages) = messages else {
            return columns.extend(names.into_iter().map(|(name, _)| (name, "null".into())));
        };
        let mut items: Vec<Vec<String>> = vec![Vec::new(); names.len()];
        for message in messages {
            let mut row = Vec::new();
            self.message(descriptor, index, Some(message), name, true, &mut row);
            items.iter_mut().zip(row).for_each(|(items, (_, value))| items.push(value));
        }
        columns.extend(names.into_iter().zip(items).map(|((name, _), items)| (name, format!("[{}]", items.join(", ")))));
    }

    /// Lists of keys and values, in any order.
    fn map_lists(
        &self,
        entry: &MessageDescriptor,
        of: &Type,
        value: Option<&Value>,
        name: &str,
        columns: &mut Vec<(String, String)>,
    ) {
        let (key, field) = (entry.map_entry_key_field(), entry.map_entry_value_field());
        let Kind::Message(inner) = field.kind() else { panic!() };
        let own = self.own(of).unwrap();
        let above = format!("{name}_value");
        let mut names = Vec::new();
        self.message(&inner, own, None, &above, true, &mut names);
        let pairs = value.and_then(Value::as_map).map(|pairs| {
            let key_of = Type::Scalar("");
            pairs
                .iter()
                .map(|(k, value)| (self.shown(&key, &key_of, &Value::from(k.clone())), value.as_message().unwrap()))
                .collect::<BTreeMap<_, _>>()
        });
        if names.len() == 1 {
            let shown = pairs.map_or("null".into(), |pairs| {
                let pairs: Vec<String> = pairs
                    .into_iter()
                    .map(|(key, message)| {
                        let mut row = Vec::new();
                        self.message(&inner, own, Some(message), &above, true, &mut row);
                        format!("{key}: {}", row[0].1)
                    })
                    .collect();
                format!("{{{}}}", pairs.join(", "))
            });
            return columns.push((name.into(), shown));
        }
        let key_name = format!("{name}_key");
        columns.push((
            key_name,
            pairs.as_ref().map_or("null".into(), |pairs| format!("[{}]", pairs.keys().cloned().collect::<Vec<_>>().join(", "))),
        ));
        self.lists(&inner, own, pairs.map(|pairs| pairs.into_values().collect()), &above, columns);
    }

    /// What the column of a field shows.
    fn shown(&self, field: &FieldDescriptor, of: &Type, value: &Value) -> String {
        match value {
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(|item| self.shown(field, of, item)).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Map(entries) => {
                let Kind::Message(entry) = field.kind() else { panic!() };
                let Type::Map(_, of) = of else { panic!() };
                let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
                let key_of = Type::Scalar("");
                let mut pairs: Vec<String> = entries
                    .iter()
                    .map(|(k, v)| {
                        format!("{}: {}", self.shown(&key, &key_of, &Value::from(k.clone())), self.shown(&value, of, v))
                    })
                    .collect();
                pairs.sort();
                format!("{{{}}}", pairs.join(", "))
            }
            Value::Message(message) => self.nested(of, message),
            Value::Bool(value) => value.to_string(),
            Value::I32(value) => value.to_string(),
            Value::I64(value) => value.to_string(),
            Value::U32(value) => value.to_string(),
            Value::U64(value) => value.to_string(),
            Value::F32(value) => format!("{:08x}", value.to_bits()),
            Value::F64(value) => format!("{:016x}", value.to_bits()),
            Value::String(value) => canonical(value),
            Value::Bytes(value) => format!("{:?}", value.as_ref()),
            Value::EnumNumber(number) if self.mode.numbers => number.to_string(),
            Value::EnumNumber(number) => {
                let Kind::Enum(names) = field.kind() else { panic!() };
                let closed = match self.schema.dialect {
                    Dialect::Proto2 => true,
                    Dialect::Proto3 => false,
                    Dialect::Edition => *of == Type::Enum(false),
                };
                match names.get_value(*number) {
                    Some(value) => canonical(value.name()),
                    None if closed => "null".into(),
                    None => canonical(&number.to_string()),
                }
            }
        }
    }

    fn nested(&self, of: &Type, message: &DynamicMessage) -> String {
        let Type::Message(index) = of else { panic!() };
        let descriptor = message.descriptor();
        let member = |number| message.get_field_by_number(number).unwrap().into_owned();
        match descriptor.full_name().strip_prefix("google.protobuf.") {
            Some("Timestamp" | "Duration") => {
                (member(1).as_i64().unwrap() * 1_000_000_000 + i64::from(member(2).as_i32().unwrap())).to_string()
            }
            Some("Any") => format!(
                "(type_url={} value={:?})",
                canonical(member(1).as_str().unwrap()),
                member(2).as_bytes().unwrap().as_ref()
            ),
            Some("Struct" | "Value" | "ListValue") => canonical(&json(message).to_string()),
            Some(_) => self.shown(&descriptor.get_field(1).unwrap(), of, &member(1)),
            None => {
                let mut columns = Vec::new();
                self.message(&descriptor, *index, Some(message), "", false, &mut columns);
                let columns: Vec<String> = columns.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
                format!("({})", columns.join(" "))
            }
        }
    }
}

fn json(message: &DynamicMessage) -> serde_json::Value {
    let member = |number| message.get_field_by_number(number).unwrap().into_owned();
    let inner = |value: &Value| json(value.as_message().unwrap());
    match message.descriptor().full_name() {
        "google.protobuf.Struct" => {
            let members = member(1);
            members.as_map().unwrap().iter().map(|(key, value)| (key.as_str().unwrap().to_owned(), inner(value))).collect()
        }
        "google.protobuf.ListValue" => member(1).as_list().unwrap().iter().map(inner).collect(),
        _ => match (1..=6).find(|kind| message.has_field_by_number(*kind)).unwrap() {
            1 => serde_json::Value::Null,
            2 => serde_json::from_str(&format!("{:?}", member(2).as_f64().unwrap())).unwrap(),
            3 => member(3).as_str().unwrap().into(),
            4 => member(4).as_bool().unwrap().into(),
            kind => inner(&member(kind)),
        },
    }
}

/// A text; of JSON one form for all that mean the same.
fn canonical(text: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(value) => {
            let float = value.as_f64().map(|number| format!("{number:?}"));
            float.unwrap_or_else(|| format!("{:?}", floats(value).to_string()))
        }
        Err(_) => format!("{text:?}"),
    }
}

fn floats(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Number(number) => format!("{:?}", number.as_f64()).into(),
        serde_json::Value::Array(items) => items.into_iter().map(floats).collect(),
        serde_json::Value::Object(members) => {
            members.into_iter().map(|(key, value)| (key, floats(value))).collect::<BTreeMap<_, _>>().into_iter().collect()
        }
        other => other,
    }
}

/// What a cell shows.
pub(super) fn cell(array: &dyn Array, index: usize) -> String {
    if array.is_null(index) {
        return "null".into();
    }
    match array.data_type() {
        T::List(_) => {
            let items = array.as_list::<i32>().value(index);
            format!("[{}]", (0..items.len()).map(|index| cell(&items, index)).collect::<Vec<_>>().join(", "))
        }
        T::Map(..) => {
            let entries = array.as_map().value(index);
            let (keys, values) = (entries.column(0), entries.column(1));
            let mut pairs: Vec<String> =
                (0..entries.len()).map(|index| format!("{}: {}", cell(keys, index), cell(values, index))).collect();
            pairs.sort();
            format!("{{{}}}", pairs.join(", "))
        }
        T::Struct(fields) => {
            let columns = array.as_struct().columns();
            let shown = fields.iter().zip(columns).map(|(field, column)| format!("{}={}", field.name(), cell(column, index)));
            format!("({})", shown.collect::<Vec<_>>().join(" "))
        }
        T::Utf8 => canonical(array.as_string::<i32>().value(index)),
        T::Binary => format!("{:?}", array.as_binary::<i32>().value(index)),
        T::Float32 => format!("{:08x}", array.as_primitive::<types::Float32Type>().value(index).to_bits()),
        T::Float64 => format!("{:016x}", array.as_primitive::<types::Float64Type>().value(index).to_bits()),
        T::Timestamp(..) => array.as_primitive::<types::TimestampNanosecondType>().value(index).to_string(),
        T::Duration(..) => array.as_primitive::<types::DurationNanosecondType>().value(index).to_string(),
        _ => ArrayFormatter::try_new(array, &FormatOptions::default()).unwrap().value(index).to_string(),
    }
}
