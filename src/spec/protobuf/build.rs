//! The columns of a message.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, TimeUnit};
use prost_reflect::{EnumDescriptor, EnumValueDescriptor, FieldDescriptor, Kind, MessageDescriptor};

use super::default::default;
use super::editions::Editions;
use super::include::Include;
use super::layout::{Absent, Entry, Item, Json, LeftOut, Message, Misfit, ProtobufLayout, Scalar, Shape};
use super::schema::Schema;
use super::well_known::WellKnown;
use super::{ProtobufSpec, Recursive};
use crate::spec::Nested;

/// The deepest nesting of messages that columns are made of.
const MOST_DEPTH: usize = 64;
/// The most columns, those within columns counted.
const MOST_COLUMNS: usize = 10_000;

pub(super) fn layout(schema: &Schema, spec: &ProtobufSpec) -> Result<ProtobufLayout, Misfit> {
    let descriptor = &schema.message;
    let include = spec.include.iter().map(|path| Include::read(path)).collect();
    let mut build = Build {
        spec,
        editions: &schema.editions,
        include,
        path: Vec::new(),
        above: Vec::new(),
        used: vec![false; spec.include.len()],
        columns: 0,
    };
    if spec.flatten && spec.nested == Nested::Struct {
        return build
            .misfit("the option flatten makes lists of messages columns, nested=struct structs: only one of the two can be");
    }
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

struct Build<'a> {
    spec: &'a ProtobufSpec,
    editions: &'a Editions,
    include: Vec<Include<'a>>,
    /// Which include paths led to a column.
    used: Vec<bool>,
    path: Vec<String>,
    /// The messages that this one is within.
    above: Vec<String>,
    columns: usize,
}

/// What a field becomes, and its columns; nothing where it is a message without columns.
type Made<T> = Result<Option<(T, Vec<FieldRef>)>, Misfit>;

impl Build<'_> {
    fn misfit<T>(&self, reason: impl Into<String>) -> Result<T, Misfit> {
        let path = if self.path.is_empty() { String::new() } else { format!("/{}", self.path.join("/")) };
        Err(Misfit { path, reason: reason.into() })
    }

    fn message(&mut self, descriptor: &MessageDescriptor, flat: bool) -> Result<(Message, Vec<FieldRef>), Misfit> {
        if self.above.len() >= MOST_DEPTH {
            return self
                .misfit(format!("messages are nested more than {MOST_DEPTH} levels deep; leave the field out by include"));
        }
        self.above.push(descriptor.full_name().to_owned());
        let oneofs: Vec<String> = descriptor.oneofs().map(|oneof| oneof.full_name().to_owned()).collect();
        let mut message = Message::default();
        let mut columns = Vec::new();
        // As they are written down; the iterator is by number.
        let mut fields: Vec<FieldDescriptor> = descriptor.fields().collect();
        fields.sort_by_key(|field| field.path().last().copied());
        for field in fields {
            self.path.push(field.name().to_owned());
            let oneof = field.containing_oneof().and_then(|oneof| oneofs.iter().position(|name| name == oneof.full_name()));
            let made = if self.admitted() { self.field(&field, flat)? } else { None };
            if let Some((shape, made)) = made {
                self.note();
                message.push(
                    field.number(),
                    Entry {
                        name: self.name(&field, flat),
                        required: self.editions.required(&field),
                        absent: self.absent(&field),
                        oneof,
                        shape,
                        delimited: self.editions.delimited(&field),
                        first: columns.len(),
                        width: made.len(),
                    },
                );
                columns.extend(made);
            } else {
                message.left_out.push(self.left_out(&field, oneof));
            }
            self.path.pop();
        }
        message.numbers.sort_unstable();
        self.above.pop();
        Ok((message, columns))
    }

    fn left_out(&self, field: &FieldDescriptor, oneof: Option<usize>) -> LeftOut {
        let wire_type = match field.kind() {
            _ if self.editions.delimited(field) => 3,
            Kind::String | Kind::Bytes | Kind::Message(_) => 2,
            _ if field.is_list() => 2,
            Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => 1,
            Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => 5,
            _ => 0,
        };
        LeftOut { number: field.number(), oneof, wire_type, repeated: field.is_list() || field.is_map() }
    }

    fn admitted(&self) -> bool {
        self.include.is_empty() || self.include.iter().any(|include| include.admits(&self.path))
    }

    /// Notes which include paths led to this field.
    fn note(&mut self) {
        for (include, used) in self.include.iter().zip(&mut self.used) {
            *used |= include.covers(&self.path);
        }
    }

    fn name(&self, field: &FieldDescriptor, flat: bool) -> String {
        if flat { self.path.join("_") } else { field.name().to_owned() }
    }

    fn column(&mut self, name: String, data_type: DataType) -> Result<FieldRef, Misfit> {
        self.columns += 1;
        if self.columns > MOST_COLUMNS {
            return self.misfit(format!("the message gives more than {MOST_COLUMNS} columns; leave fields out by include"));
        }
        Ok(Arc::new(Field::new(name, data_type, true)))
    }

    fn field(&mut self, field: &FieldDescriptor, flat: bool) -> Made<Shape> {
        let name = self.name(field, flat);
        if field.is_map() {
            return self.map(field, flat, name);
        }
        if flat
            && (!field.is_list() || self.spec.flatten)
            && let Kind::Message(inner) = field.kind()
            && self.well_known(&inner)?.is_none()
            && !self.recurs(&inner)?
        {
            self.refuse_whole_message()?;
            let (message, columns) = self.message(&inner, true)?;
            return Ok((!columns.is_empty()).then(|| match field.is_list() {
                false => (Shape::Flat(message), columns),
                true => (Shape::Lists { message, map: false }, columns.into_iter().map(list_of).collect()),
            }));
        }
        let Some((item, data_type)) = self.item(field)? else { return Ok(None) };
        let (shape, data_type) = if field.is_list() {
            (Shape::List(item), DataType::List(Arc::new(Field::new_list_field(data_type, true))))
        } else {
            (Shape::One(item), data_type)
        };
        Ok(Some((shape, vec![self.column(name, data_type)?])))
    }

    fn map(&mut self, field: &FieldDescriptor, flat: bool, name: String) -> Made<Shape> {
        let Kind::Message(entry) = field.kind() else { return self.misfit("a map without entries") };
        let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
        let Some((key_item, key_type)) = self.item(&key)? else { return Ok(None) };
        let inner = match value.kind() {
            Kind::Message(inner) if self.well_known(&inner)?.is_none() => Some(inner),
            _ => None,
        };
        if inner.is_some() {
            self.refuse_whole_message()?;
        }
        self.path.push("value".into());
        let made = match inner {
            Some(_) if !self.admitted() => {
                return self.misfit("the include path names no field of the map's values, which are here");
            }
            Some(inner) if flat && self.spec.flatten && !self.recurs(&inner)? => {
                self.refuse_whole_message()?;
                let (message, columns) = self.message(&inner, true)?;
                match columns.as_slice() {
                    [] => return Ok(self.path.pop().and(None)),
                    [only] => Some((Item::Only(Box::new(message)), only.data_type().clone())),
                    _ => {
                        self.note();
                        self.path.pop();
                        return self.lists(&name, (key, key_item, key_type), (value, message, columns));
                    }
                }
            }
            _ => self.item(&value)?,
        };
        if made.is_some() {
            self.note();
        }
        self.path.pop();
        let Some((value_item, value_type)) = made else { return Ok(None) };
        let mut message = Message::default();
        message.push(1, Entry::only(&key, Shape::One(key_item), default(&key)));
        let unset = map_value(&value, &value_item);
        message.push(2, Entry { first: 1, ..Entry::only(&value, Shape::One(value_item), unset) });
        let pair = [Arc::new(Field::new("keys", key_type, false)), Arc::new(Field::new("values", value_type, true))];
        let pairs = Field::new("entries", DataType::Struct(pair.into_iter().collect()), false);
        Ok(Some((Shape::Map(message), vec![self.column(name, DataType::Map(Arc::new(pairs), false))?])))
    }

    /// A map of messages of several columns as lists: of its keys, and of each of the columns.
    fn lists(
        &mut self,
        name: &str,
        (key, key_item, key_type): (FieldDescriptor, Item, DataType),
        (value, inner, columns): (FieldDescriptor, Message, Vec<FieldRef>),
    ) -> Made<Shape> {
        let mut message = Message::default();
        let keys = self.column(format!("{name}_key"), key_type)?;
        let entry = Entry::only(&key, Shape::One(key_item), default(&key));
        message.push(1, Entry { name: keys.name().clone(), ..entry });
        let entry = Entry::only(&value, Shape::Flat(inner), Some(Absent::Bytes(Vec::new())));
        message.push(2, Entry { name: format!("{name}_value"), first: 1, width: columns.len(), ..entry });
        let mut lists = vec![list_of(keys)];
        lists.extend(columns.into_iter().map(list_of));
        Ok(Some((Shape::Lists { message, map: true }, lists)))
    }

    /// An include path that ends at a message selects the message and none of its fields.
    fn refuse_whole_message(&self) -> Result<(), Misfit> {
        if self.include.iter().any(|include| include.ends_at(&self.path)) {
            let all = self.path.join("/");
            return self.misfit(format!("the include path names a message; /{all}/* includes all of its fields"));
        }
        Ok(())
    }

    fn well_known(&self, descriptor: &MessageDescriptor) -> Result<Option<WellKnown>, Misfit> {
        WellKnown::of(descriptor).or_else(|reason| self.misfit(reason))
    }

    /// Whether a message is within itself without an end, and may be: its bytes are the column then.
    fn recurs(&self, descriptor: &MessageDescriptor) -> Result<bool, Misfit> {
        let endless = self.include.is_empty() || self.include.iter().any(|include| include.all_below(&self.path));
        if !endless || !self.above.iter().any(|name| name == descriptor.full_name()) {
            return Ok(false);
        }
        match self.spec.recursive {
            Recursive::Raw => Ok(true),
            Recursive::Fail => self.misfit(format!(
                "Cyclical protobuf message descriptor detected: {} contains itself; leave the field out by include, or \
                 recursive=raw makes this column its bytes",
                descriptor.full_name()
            )),
        }
    }

    fn item(&mut self, field: &FieldDescriptor) -> Result<Option<(Item, DataType)>, Misfit> {
        let (scalar, data_type) = match field.kind() {
            Kind::Bool => (Scalar::Bool, DataType::Boolean),
            Kind::Int32 => (Scalar::Int32, DataType::Int32),
            Kind::Sint32 => (Scalar::SInt32, DataType::Int32),
            Kind::Sfixed32 => (Scalar::SFixed32, DataType::Int32),
            Kind::Uint32 => (Scalar::UInt32, DataType::UInt32),
            Kind::Fixed32 => (Scalar::Fixed32, DataType::UInt32),
            Kind::Int64 => (Scalar::Int64, DataType::Int64),
            Kind::Sint64 => (Scalar::SInt64, DataType::Int64),
            Kind::Sfixed64 => (Scalar::SFixed64, DataType::Int64),
            Kind::Uint64 => (Scalar::UInt64, DataType::UInt64),
            Kind::Fixed64 => (Scalar::Fixed64, DataType::UInt64),
            Kind::Float => (Scalar::Float, DataType::Float32),
            Kind::Double => (Scalar::Double, DataType::Float64),
            Kind::String => (Scalar::String, DataType::Utf8),
            Kind::Bytes => (Scalar::Bytes, DataType::Binary),
            Kind::Enum(_) if self.spec.enum_numbers => (Scalar::EnumNumber, DataType::Int32),
            Kind::Enum(descriptor) => (self.names(&descriptor), DataType::Utf8),
            Kind::Message(descriptor) => return self.nested(&descriptor),
        };
        Ok(Some((Item::Scalar(scalar), data_type)))
    }

    fn names(&self, descriptor: &EnumDescriptor) -> Scalar {
        // As they are written down: of aliases the first counts. The iterator is by number.
        let mut values: Vec<EnumValueDescriptor> = descriptor.values().collect();
        values.sort_by_key(|value| (value.number(), value.path().last().copied()));
        let mut names: Vec<(i32, String)> = values.iter().map(|value| (value.number(), value.name().to_owned())).collect();
        names.dedup_by_key(|(number, _)| *number);
        Scalar::Enum(names, self.editions.closed(descriptor))
    }

    fn nested(&mut self, descriptor: &MessageDescriptor) -> Result<Option<(Item, DataType)>, Misfit> {
        let Some(well_known) = self.well_known(descriptor)? else {
            if self.recurs(descriptor)? {
                return Ok(Some((Item::Raw, DataType::Binary)));
            }
            self.refuse_whole_message()?;
            return self.structure(descriptor);
        };
        Ok(Some(match well_known {
            WellKnown::Timestamp => (Item::Timestamp, DataType::Timestamp(TimeUnit::Nanosecond, Some(Arc::from("UTC")))),
            WellKnown::Duration => (Item::Duration, DataType::Duration(TimeUnit::Nanosecond)),
            WellKnown::Struct => (Item::Json(Json::Struct), DataType::Utf8),
            WellKnown::Value => (Item::Json(Json::Value), DataType::Utf8),
            WellKnown::ListValue => (Item::Json(Json::List), DataType::Utf8),
            WellKnown::Any => {
                // It is included whole.
                let include = std::mem::take(&mut self.include);
                let made = self.structure(descriptor);
                self.include = include;
                return made;
            }
            WellKnown::Only(field) => {
                let Some((item, data_type)) = self.item(&field)? else { return Ok(None) };
                let (shape, absent, data_type) = if field.is_list() {
                    (Shape::List(item), None, DataType::List(Arc::new(Field::new_list_field(data_type, true))))
                } else {
                    (Shape::One(item), default(&field), data_type)
                };
                let mut message = Message::default();
                message.push(1, Entry::only(&field, shape, absent));
                (Item::Only(Box::new(message)), data_type)
            }
        }))
    }

    fn structure(&mut self, descriptor: &MessageDescriptor) -> Result<Option<(Item, DataType)>, Misfit> {
        let (message, fields) = self.message(descriptor, false)?;
        Ok((!fields.is_empty()).then(|| (Item::Struct(message), DataType::Struct(fields.into()))))
    }

    /// What a field is where a message does not hold it.
    fn absent(&self, field: &FieldDescriptor) -> Option<Absent> {
        let declared = || self.spec.defaults && field.field_descriptor_proto().default_value.is_some();
        if field.is_list() || field.is_map() || (self.editions.presence(field) && !declared()) {
            return None;
        }
        default(field)
    }
}

impl Message {
    fn push(&mut self, number: u32, entry: Entry) {
        self.numbers.push((number, self.entries.len()));
        self.entries.push(entry);
    }
}

impl Entry {
    /// A field that is there even where it is not written.
    fn only(field: &FieldDescriptor, shape: Shape, absent: Option<Absent>) -> Self {
        let name = field.name().to_owned();
        Self { name, required: false, absent, oneof: None, shape, delimited: false, first: 0, width: 1 }
    }
}

/// What a map's value is that is not written: the default, or a message without fields.
fn map_value(field: &FieldDescriptor, item: &Item) -> Option<Absent> {
    if matches!(item, Item::Scalar(_)) { default(field) } else { Some(Absent::Bytes(Vec::new())) }
}

fn list_of(field: FieldRef) -> FieldRef {
    let item = Field::new_list_field(field.data_type().clone(), true);
    Arc::new(Field::new(field.name(), DataType::List(Arc::new(item)), true))
}
