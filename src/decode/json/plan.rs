//! What a column asks for, made ready.

use super::keys::Keys;
use super::value::Reader;
use crate::decode::{Column, Reason, Step, fault};
use crate::spec::{JsonColumn, Options, Otherwise, Type};

/// How the values of a type are read.
#[derive(Debug)]
pub(super) enum Plan {
    /// A value without parts.
    Value(Type),
    List(Box<Self>),
    Struct(Box<Members>),
    /// The type of the names, and how the values are read.
    Map(Type, Box<Self>),
    /// A value within another that is never null.
    NotNull(Box<Self>),
}

/// The members of an object that are the fields of a struct. A key leads to the index of its field.
#[derive(Debug)]
pub(super) struct Members {
    pub(super) keys: Keys,
    pub(super) fields: Vec<Plan>,
    /// The fields that must be there, with their names.
    pub(super) required: Vec<(usize, String)>,
}

impl Plan {
    pub(super) fn new(data_type: &Type) -> Self {
        match data_type {
            Type::List(item) => Self::List(Box::new(Self::new(item))),
            Type::Map(key, value) => Self::Map(key.as_ref().clone(), Box::new(Self::new(value))),
            Type::Struct(fields) => {
                let mut keys = Keys::default();
                fields.iter().enumerate().for_each(|(index, (name, _))| keys.declare(name.as_bytes(), index));
                let required = fields.iter().enumerate().filter(|(_, (_, data_type))| matches!(data_type, Type::NotNull(_)));
                let required = required.map(|(index, (name, _))| (index, name.clone())).collect();
                let fields = fields.iter().map(|(_, data_type)| Self::new(data_type)).collect();
                Self::Struct(Box::new(Members { keys, fields, required }))
            }
            Type::NotNull(inner) => Self::NotNull(Box::new(Self::new(inner))),
            other => Self::Value(other.clone()),
        }
    }
}

/// What a column asks for.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) plan: Plan,
    missing: Instead,
    null: Instead,
    /// Whether missing or null is anything but null.
    pub(super) minds_null: bool,
    /// Whether the field has several spellings, and at which node the value was found.
    pub(super) aliases: bool,
    pub(super) source: usize,
}

/// What stands for a value that is not there.
#[derive(Debug)]
enum Instead {
    Null,
    Error,
    /// A JSON value.
    Value(Vec<u8>),
}

/// Why a value is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absence {
    Missing,
    Null,
}

impl Absence {
    /// What says what stands for it.
    pub(super) fn option(self) -> &'static str {
        match self {
            Self::Missing => "on_missing",
            Self::Null => "on_null",
        }
    }
}

impl Instead {
    fn new(otherwise: &Otherwise, data_type: &Type) -> Self {
        match otherwise {
            Otherwise::Null => Self::Null,
            Otherwise::Error => Self::Error,
            Otherwise::Value(text) => Self::Value(default_value(data_type, text)),
        }
    }
}

impl Target {
    pub(super) fn new(column: &JsonColumn) -> Self {
        Self {
            plan: Plan::new(&column.data_type),
            missing: Instead::new(&column.missing, &column.data_type),
            null: Instead::new(&column.null, &column.data_type),
            minds_null: column.missing != Otherwise::Null || column.null != Otherwise::Null,
            aliases: column.paths.len() > 1,
            source: 0,
        }
    }

    /// Appends what stands for a value that is not there, `at` the place where it should be or is null.
    pub(super) fn append_absent(&mut self, absence: Absence, options: Options, column: &mut Column, at: usize) -> Step {
        let instead = if absence == Absence::Missing { &self.missing } else { &self.null };
        match instead {
            Instead::Null => column.append_null(),
            Instead::Error => {
                let what = if absence == Absence::Missing { "missing" } else { "null" };
                return fault(at, Reason::Null, format!("the value is {what}, and the column is declared not-null"));
            }
            Instead::Value(text) => {
                let end = Reader::new(text, options).append(&mut self.plan, column, options.depth, 0)?;
                if end < text.len() {
                    return fault(end, Reason::Trailing, "there is more than one value");
                }
            }
        }
        Ok(())
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
