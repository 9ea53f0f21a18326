//! What the properties say about the columns of keys and values.

use super::Type;
use crate::error::{Error, Result};

/// Key or value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The record's key.
    Key,
    /// The record's value.
    Value,
}

impl Side {
    /// `key` or `value`, as property names and errors have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Value => "value",
        }
    }

    /// The column's name where nothing else is said.
    pub fn default_column(self) -> &'static str {
        match self {
            Self::Key => "KafkaKey",
            Self::Value => "KafkaValue",
        }
    }
}

/// What the properties say about one side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SideNames {
    /// `deephaven.{key,value}.column.name`.
    pub column_name: Option<String>,
    /// `deephaven.{key,value}.column.type`.
    pub column_type: Option<String>,
    /// `{key,value}.deserializer`: the class name, from which a type can be inferred.
    pub deserializer: Option<String>,
}

/// What the properties say about the columns of keys and values, for specs that leave name or type to them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    /// About the key.
    pub key: SideNames,
    /// About the value.
    pub value: SideNames,
}

impl Names {
    /// Takes from the properties what concerns columns. `property` looks a property up by name.
    pub fn from_properties(property: impl Fn(&str) -> Option<String>) -> Self {
        let side = |side: Side| SideNames {
            column_name: property(&format!("deephaven.{}.column.name", side.name())),
            column_type: property(&format!("deephaven.{}.column.type", side.name())),
            deserializer: property(&format!("{}.deserializer", side.name())),
        };
        Self { key: side(Side::Key), value: side(Side::Value) }
    }

    fn of(&self, side: Side) -> &SideNames {
        match side {
            Side::Key => &self.key,
            Side::Value => &self.value,
        }
    }

    /// The name of a single column whose spec names none.
    pub(crate) fn column(&self, side: Side) -> String {
        self.of(side).column_name.clone().unwrap_or_else(|| side.default_column().to_owned())
    }

    /// The type of a single column whose spec names none: the declared one, else the deserializer's.
    pub(crate) fn column_type(&self, side: Side, column: &str) -> Result<Type> {
        let names = self.of(side);
        if let Some(text) = &names.column_type {
            let key = format!("deephaven.{}.column.type", side.name());
            return Type::read(text).map_err(|reason| Error::InvalidProperty { key, value: text.clone(), reason });
        }
        match &names.deserializer {
            Some(class) => deserialized(class).ok_or_else(|| Error::InvalidProperty {
                key: format!("{}.deserializer", side.name()),
                value: class.clone(),
                reason: format!(
                    "Deserializer type {class} not supported; say the type by deephaven.{}.column.type or in the spec",
                    side.name()
                ),
            }),
            None => Err(Error::UnknownColumnType { column: column.to_owned(), side: side.name() }),
        }
    }
}

/// The type that a deserializer of Apache Kafka's Java client produces.
fn deserialized(class: &str) -> Option<Type> {
    let name = class.strip_prefix("org.apache.kafka.common.serialization.").unwrap_or(class);
    Some(match name.strip_suffix("Deserializer")? {
        "Boolean" => Type::Bool,
        "Short" => Type::Int16,
        "Integer" => Type::Int32,
        "Long" => Type::Int64,
        "Float" => Type::Float32,
        "Double" => Type::Float64,
        "String" => Type::Utf8,
        "UUID" => Type::Uuid,
        "ByteArray" | "ByteBuffer" | "Bytes" => Type::Binary,
        _ => return None,
    })
}
