//! The columns of a message.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, TimeUnit};
use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, Syntax, Value};

use super::ProtobufSpec;
use crate::spec::Nested;

/// The deepest nesting of messages that columns are made of.
const MOST_DEPTH: usize = 64;

/// A message as kolumn reads it: the fields that become columns, in the order of the columns.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) entries: Vec<Entry>,
    /// Number and index of the entry, by number.
    pub(crate) numbers: Vec<(u32, usize)>,
    /// Number and oneof of the fields that are left out, whose values clear those of the other members.
    pub(crate) left_out: Vec<(u32, usize)>,
}

/// A field of a message.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The column, or the field of a struct.
    pub(crate) name: String,
    pub(crate) required: bool,
    /// What it is where it is not there; nothing is null.
    pub(crate) absent: Option<Absent>,
    /// The oneof that it is a member of.
    pub(crate) oneof: Option<usize>,
    pub(crate) shape: Shape,
    /// The columns that it fills.
    pub(crate) width: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Absent {
    Number(u64),
    Bytes(Vec<u8>),
}

#[derive(Debug)]
pub(crate) enum Shape {
    One(Item),
    /// A message whose fields are columns beside the others.
    Flat(Message),
    List(Item),
    /// The entry, of key and value.
    Map(Message),
}

/// A value that is one value of a column.
#[derive(Debug)]
pub(crate) enum Item {
    Scalar(Scalar),
    Struct(Message),
    Timestamp,
    Duration,
    /// The value of a message's only field, an entry without presence.
    Only(Box<Message>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar {
    Bool,
    Int32,
    SInt32,
    SFixed32,
    UInt32,
    Fixed32,
    Int64,
    SInt64,
    SFixed64,
    UInt64,
    Fixed64,
    Float,
    Double,
    String,
    Bytes,
    /// Numbers and names, by number, and whether there are no others.
    Enum(Vec<(i32, String)>, bool),
    EnumNumber,
}

/// What cannot become columns, and where.
#[derive(Debug)]
pub(crate) struct Misfit {
    pub(crate) path: String,
    pub(crate) reason: String,
}

/// What the columns of a spec are made of.
#[derive(Debug)]
pub(crate) struct ProtobufLayout {
    pub(crate) fields: Vec<FieldRef>,
    pub(crate) message: Message,
    /// The indexes by which Confluent's framing names the message.
    pub(crate) indexes: Vec<i32>,
    pub(crate) name: String,
}

pub(super) fn layout(descriptor: &MessageDescriptor, spec: &ProtobufSpec) -> Result<ProtobufLayout, Misfit> {
    let include = spec.include.iter().map(|path| Include::read(path)).collect();
    let mut build = Build { spec, include, path: Vec::new(), above: Vec::new(), used: vec![false; spec.include.len()] };
    let (message, fields) = build.message(descriptor, spec.nested == Nested::Flatten)?;
    let unused = build.used.iter().position(|used| !used);
    if let Some(path) = unused.and_then(|index| spec.include.get(index)) {
        return Err(Misfit { path: path.clone(), reason: "the include path names no field that becomes a column".into() });
    }
    let mut names = std::collections::HashSet::new();
    if let Some(twice) = fields.iter().find(|field| !names.insert(field.name().clone())) {
        return Err(Misfit {
            path: twice.name().clone(),
            reason: "two fields become a column of this name; leave one out by include, or read nested messages as structs"
                .into(),
        });
    }
    if fields.is_empty() {
        return Err(Misfit { path: String::new(), reason: format!("the message {} gives no columns", descriptor.full_name()) });
    }
    let indexes = descriptor.path().iter().skip(1).step_by(2).copied().collect();
    Ok(ProtobufLayout { fields, message, indexes, name: descriptor.full_name().to_owned() })
}

/// An include path: of fields, and whether all below is included.
struct Include<'a> {
    fields: Vec<&'a str>,
    below: bool,
}

impl<'a> Include<'a> {
    fn read(path: &'a str) -> Self {
        let mut fields: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
        let below = fields.last() == Some(&"*");
        if below {
            fields.pop();
        }
        Self { fields, below }
    }

    fn admits(&self, path: &[String]) -> bool {
        let common = self.fields.iter().zip(path).take_while(|(a, b)| **a == b.as_str()).count();
        common == path.len() || (self.below && common == self.fields.len())
    }

    fn covers(&self, path: &[String]) -> bool {
        self.admits(path) && path.len() >= self.fields.len()
    }
}

struct Build<'a> {
    spec: &'a ProtobufSpec,
    include: Vec<Include<'a>>,
    used: Vec<bool>,
    path: Vec<String>,
    above: Vec<String>,
}

impl Build<'_> {
    fn misfit<T>(&self, reason: impl Into<String>) -> Result<T, Misfit> {
        Err(Misfit { path: format!("/{}", self.path.join("/")), reason: reason.into() })
    }

    fn message(&mut self, descriptor: &MessageDescriptor, flat: bool) -> Result<(Message, Vec<FieldRef>), Misfit> {
        if self.above.iter().any(|name| name == descriptor.full_name()) {
            return self.misfit(format!(
                "Cyclical protobuf message descriptor detected: {} contains itself; leave the field out by include",
                descriptor.full_name()
            ));
        }
        if self.above.len() >= MOST_DEPTH {
            return self.misfit(format!("messages are nested more than {MOST_DEPTH} levels deep"));
        }
        self.above.push(descriptor.full_name().to_owned());
        let oneofs: Vec<String> = descriptor.oneofs().map(|oneof| oneof.full_name().to_owned()).collect();
        let mut message = Message { entries: Vec::new(), numbers: Vec::new(), left_out: Vec::new() };
        let mut columns = Vec::new();
        // As they are written down; the iterator is by number.
        let mut fields: Vec<FieldDescriptor> = descriptor.fields().collect();
        fields.sort_by_key(|field| field.path().last().copied());
        for field in fields {
            self.path.push(field.name().to_owned());
            let oneof = field.containing_oneof().and_then(|oneof| oneofs.iter().position(|name| name == oneof.full_name()));
            let admitted = self.include.is_empty() || self.include.iter().any(|include| include.admits(&self.path));
            let made = if admitted { self.field(&field, flat)? } else { None };
            if let Some((shape, made)) = made {
                self.note();
                let entry = Entry {
                    name: if flat { self.path.join("_") } else { field.name().to_owned() },
                    required: field.is_required(),
                    absent: self.absent(&field),
                    oneof,
                    shape,
                    width: made.len(),
                };
                message.numbers.push((field.number(), message.entries.len()));
                message.entries.push(entry);
                columns.extend(made);
            } else if let Some(oneof) = oneof {
                message.left_out.push((field.number(), oneof));
            }
            self.path.pop();
        }
        message.numbers.sort_unstable();
        self.above.pop();
        Ok((message, columns))
    }

    /// Notes which include paths led to this field.
    fn note(&mut self) {
        for (include, used) in self.include.iter().zip(&mut self.used) {
            *used |= include.covers(&self.path);
        }
    }

    /// What a field becomes; nothing where it is a message without columns.
    fn field(&mut self, field: &FieldDescriptor, flat: bool) -> Result<Option<(Shape, Vec<FieldRef>)>, Misfit> {
        let name = if flat { self.path.join("_") } else { field.name().to_owned() };
        let column = |data_type| Arc::new(Field::new(name.clone(), data_type, true));
        if field.is_map() {
            let Kind::Message(entry) = field.kind() else { return self.misfit("a map without entries") };
            let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
            let Some((key_item, key_type)) = self.item(&key)? else { return Ok(None) };
            let Some((value_item, value_type)) = self.item(&value)? else { return Ok(None) };
            let entries = [self.only(&key, key_item, false), self.only(&value, value_item, true)].into_iter().collect();
            let pair = [Arc::new(Field::new("keys", key_type, false)), Arc::new(Field::new("values", value_type, true))];
            let pairs = Field::new("entries", DataType::Struct(pair.into_iter().collect()), false);
            let data_type = DataType::Map(Arc::new(pairs), false);
            let message = Message { entries, numbers: vec![(1, 0), (2, 1)], left_out: Vec::new() };
            return Ok(Some((Shape::Map(message), vec![column(data_type)])));
        }
        if flat
            && !field.is_list()
            && let Kind::Message(inner) = field.kind()
            && !inner.full_name().starts_with("google.protobuf.")
        {
            self.refuse_whole_message()?;
            let (message, columns) = self.message(&inner, true)?;
            return Ok((!columns.is_empty()).then_some((Shape::Flat(message), columns)));
        }
        let Some((item, data_type)) = self.item(field)? else { return Ok(None) };
        Ok(Some(if field.is_list() {
            (Shape::List(item), vec![column(DataType::List(Arc::new(Field::new_list_field(data_type, true))))])
        } else {
            (Shape::One(item), vec![column(data_type)])
        }))
    }

    /// An include path that ends at a message selects the message and none of its fields.
    fn refuse_whole_message(&self) -> Result<(), Misfit> {
        let path = &self.path;
        let whole =
            self.include.iter().any(|include| !include.below && include.fields.len() == path.len() && include.admits(path));
        if whole {
            let all = path.join("/");
            return self.misfit(format!("the include path names a message; /{all}/* includes all of its fields"));
        }
        Ok(())
    }

    fn only(&self, field: &FieldDescriptor, item: Item, message: bool) -> Entry {
        // A map's value that is not written is a message without fields.
        let absent = match item {
            Item::Scalar(_) => default(field),
            _ => message.then(|| Absent::Bytes(Vec::new())),
        };
        Entry { name: field.name().to_owned(), required: false, absent, oneof: None, shape: Shape::One(item), width: 1 }
    }

    fn item(&mut self, field: &FieldDescriptor) -> Result<Option<(Item, DataType)>, Misfit> {
        let scalar = |scalar, data_type| Ok(Some((Item::Scalar(scalar), data_type)));
        match field.kind() {
            Kind::Bool => scalar(Scalar::Bool, DataType::Boolean),
            Kind::Int32 => scalar(Scalar::Int32, DataType::Int32),
            Kind::Sint32 => scalar(Scalar::SInt32, DataType::Int32),
            Kind::Sfixed32 => scalar(Scalar::SFixed32, DataType::Int32),
            Kind::Uint32 => scalar(Scalar::UInt32, DataType::UInt32),
            Kind::Fixed32 => scalar(Scalar::Fixed32, DataType::UInt32),
            Kind::Int64 => scalar(Scalar::Int64, DataType::Int64),
            Kind::Sint64 => scalar(Scalar::SInt64, DataType::Int64),
            Kind::Sfixed64 => scalar(Scalar::SFixed64, DataType::Int64),
            Kind::Uint64 => scalar(Scalar::UInt64, DataType::UInt64),
            Kind::Fixed64 => scalar(Scalar::Fixed64, DataType::UInt64),
            Kind::Float => scalar(Scalar::Float, DataType::Float32),
            Kind::Double => scalar(Scalar::Double, DataType::Float64),
            Kind::String => scalar(Scalar::String, DataType::Utf8),
            Kind::Bytes => scalar(Scalar::Bytes, DataType::Binary),
            Kind::Enum(_) if self.spec.enum_numbers => scalar(Scalar::EnumNumber, DataType::Int32),
            Kind::Enum(descriptor) => scalar(names(&descriptor), DataType::Utf8),
            Kind::Message(descriptor) => self.nested(&descriptor),
        }
    }

    fn nested(&mut self, descriptor: &MessageDescriptor) -> Result<Option<(Item, DataType)>, Misfit> {
        let name = descriptor.full_name();
        match name.strip_prefix("google.protobuf.") {
            Some("Timestamp") => {
                return Ok(Some((Item::Timestamp, DataType::Timestamp(TimeUnit::Nanosecond, Some(Arc::from("UTC"))))));
            }
            Some("Duration") => return Ok(Some((Item::Duration, DataType::Duration(TimeUnit::Nanosecond)))),
            Some("Struct" | "Value" | "ListValue") => {
                return self.misfit(format!("{name} has no column yet; leave the field out by include"));
            }
            Some(
                "DoubleValue" | "FloatValue" | "Int64Value" | "UInt64Value" | "Int32Value" | "UInt32Value" | "BoolValue"
                | "StringValue" | "BytesValue" | "FieldMask",
            ) => {
                let Some(field) = descriptor.get_field(1) else { return self.misfit(format!("{name} lacks its field")) };
                let Some((item, data_type)) = self.item(&field)? else { return Ok(None) };
                let (shape, absent, data_type) = if field.is_list() {
                    (Shape::List(item), None, DataType::List(Arc::new(Field::new_list_field(data_type, true))))
                } else {
                    (Shape::One(item), default(&field), data_type)
                };
                let entry = Entry { name: field.name().to_owned(), required: false, absent, oneof: None, shape, width: 1 };
                let message = Message { entries: vec![entry], numbers: vec![(1, 0)], left_out: Vec::new() };
                return Ok(Some((Item::Only(Box::new(message)), data_type)));
            }
            _ => {}
        }
        if name != "google.protobuf.Any" {
            self.refuse_whole_message()?;
        } else if !self.include.is_empty() {
            // A well-known type is included whole.
            let include = std::mem::take(&mut self.include);
            let made = self.message(descriptor, false);
            self.include = include;
            let (message, fields) = made?;
            return Ok(Some((Item::Struct(message), DataType::Struct(fields.into()))));
        }
        let (message, fields) = self.message(descriptor, false)?;
        Ok((!fields.is_empty()).then(|| (Item::Struct(message), DataType::Struct(fields.into()))))
    }

    /// What a field is where a message does not hold it.
    fn absent(&self, field: &FieldDescriptor) -> Option<Absent> {
        let declared = || self.spec.defaults && field.field_descriptor_proto().default_value.is_some();
        if field.is_list() || field.is_map() || (field.supports_presence() && !declared()) {
            return None;
        }
        default(field)
    }
}

/// The names of an enum. proto2's are closed.
fn names(descriptor: &EnumDescriptor) -> Scalar {
    let mut names: Vec<(i32, String)> = descriptor.values().map(|value| (value.number(), value.name().to_owned())).collect();
    names.sort_by_key(|(number, _)| *number); // stable: of aliases the first counts
    names.dedup_by_key(|(number, _)| *number);
    Scalar::Enum(names, descriptor.parent_file().syntax() == Syntax::Proto2)
}

/// A field's default as the wire would have it.
fn default(field: &FieldDescriptor) -> Option<Absent> {
    let zigzag = |value: i64| (value.wrapping_shl(1) ^ (value >> 63)).cast_unsigned();
    Some(match (field.default_value(), field.kind()) {
        (Value::Bool(value), _) => Absent::Number(u64::from(value)),
        (Value::I32(value), Kind::Sint32) => Absent::Number(zigzag(i64::from(value))),
        (Value::I32(value), Kind::Sfixed32) => Absent::Number(u64::from(value.cast_unsigned())),
        (Value::I32(value) | Value::EnumNumber(value), _) => Absent::Number(i64::from(value).cast_unsigned()),
        (Value::I64(value), Kind::Sint64) => Absent::Number(zigzag(value)),
        (Value::I64(value), _) => Absent::Number(value.cast_unsigned()),
        (Value::U32(value), _) => Absent::Number(u64::from(value)),
        (Value::U64(value), _) => Absent::Number(value),
        (Value::F32(value), _) => Absent::Number(u64::from(value.to_bits())),
        (Value::F64(value), _) => Absent::Number(value.to_bits()),
        (Value::String(value), _) => Absent::Bytes(value.into_bytes()),
        (Value::Bytes(value), _) => Absent::Bytes(value.to_vec()),
        _ => return None,
    })
}
