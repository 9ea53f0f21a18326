//! What a column asks for, made ready.

use super::keys::Keys;
use super::value::Reader;
use crate::decode::{Column, Reason, Step, fault};
use crate::spec::{JsonColumn, Options, Type};

/// How the values of a type are read.
#[derive(Debug)]
pub(super) enum Plan {
    /// A value without parts.
    Value(Type),
    List(Box<Self>),
    Struct(Box<Members>),
    /// The type of the names, and how the values are read.
    Map(Type, Box<Self>),
}

/// The members of an object that are the fields of a struct. A key leads to the index of its field.
#[derive(Debug)]
pub(super) struct Members {
    pub(super) keys: Keys,
    pub(super) fields: Vec<Plan>,
}

impl Plan {
    pub(super) fn new(data_type: &Type) -> Self {
        match data_type {
            Type::List(item) => Self::List(Box::new(Self::new(item))),
            Type::Map(key, value) => Self::Map(key.as_ref().clone(), Box::new(Self::new(value))),
            Type::Struct(fields) => {
                let mut keys = Keys::default();
                fields.iter().enumerate().for_each(|(index, (name, _))| keys.declare(name.as_bytes(), index));
                let fields = fields.iter().map(|(_, data_type)| Self::new(data_type)).collect();
                Self::Struct(Box::new(Members { keys, fields }))
            }
            other => Self::Value(other.clone()),
        }
    }
}

/// What a column asks for.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) plan: Plan,
    pub(super) required: bool,
    /// A JSON value for what is missing or null.
    pub(super) default: Option<Vec<u8>>,
    /// Whether null is anything but null.
    pub(super) minds_null: bool,
    /// Whether the field has several spellings, and at which node the value was found.
    pub(super) aliases: bool,
    pub(super) source: usize,
}

impl Target {
    pub(super) fn new(column: &JsonColumn) -> Self {
        let default = column.default.as_ref().map(|text| default_value(&column.data_type, text));
        Self {
            plan: Plan::new(&column.data_type),
            required: column.required,
            minds_null: column.required || default.is_some(),
            default,
            aliases: column.paths.len() > 1,
            source: 0,
        }
    }

    /// Appends the default.
    pub(super) fn append_default(&mut self, options: Options, column: &mut Column) -> Step {
        let Some(text) = &self.default else { return Ok(()) };
        let end = Reader::new(text, options).append(&mut self.plan, column, options.depth, 0)?;
        if end == text.len() { Ok(()) } else { fault(end, Reason::Trailing, "there is more than one value") }
    }
}

/// The JSON value that a default stands for: a text without quotes where the type's values are texts.
pub(super) fn default_value(data_type: &Type, text: &str) -> Vec<u8> {
    let quoted = || {
        let mut value = vec![b'"'];
        for byte in text.bytes() {
            match byte {
                b'"' | b'\\' => value.extend([b'\\', byte]),
                0..0x20 => value.extend(format!("\\u{byte:04x}").into_bytes()),
                _ => value.push(byte),
            }
        }
        value.push(b'"');
        value
    };
    let plain = text.trim();
    let number = plain.starts_with(|first: char| first == '-' || first.is_ascii_digit()) && plain.parse::<f64>().is_ok();
    match data_type {
        Type::Utf8 | Type::Char | Type::Binary | Type::Uuid | Type::Date32 => quoted(),
        Type::Time(_) | Type::Timestamp(_) | Type::TimestampOf { .. } | Type::Instant if !number => quoted(),
        _ => plain.as_bytes().to_vec(),
    }
}
