//! The object processor: the typed description of JSON that the reference API takes, with its names.
//!
//! A [`Value`] says what a JSON value is; its leaves are columns ([`columns`]). Text form: `object:FILE`, or the description itself as
//! JSON behind `object:` ([`data`]).
//!
//! ```
//! use kolumn::spec::object::{array_val, double_val, instant_number_val, long_val, object_val, string_val};
//! use kolumn::spec::{self, Side, TimeUnit};
//!
//! let order = object_val([
//!     ("id", long_val().strict()),
//!     ("at", instant_number_val(TimeUnit::Millisecond)),
//!     ("account", object_val([("name", string_val())])),
//!     ("legs", array_val(object_val([("symbol", string_val()), ("price", double_val())]))),
//! ]);
//! let schema = spec::object(order).schema(Side::Value)?;
//! let columns: Vec<String> = schema.fields().iter().map(|field| format!("{}: {}", field.name(), field.data_type())).collect();
//! assert_eq!(
//!     columns,
//!     ["id: Int64", "at: Timestamp(ns, \"UTC\")", "account_name: Utf8", "legs_symbol: List(Utf8)", "legs_price: List(Float64)"]
//! );
//! # Ok::<(), kolumn::error::Error>(())
//! ```

mod check;
mod columns;
mod data;
mod text;
mod value;

use std::path::{Path, PathBuf};

pub(in crate::spec) use data::ValueData;
pub(crate) use value::{Allow, Members, Scalar, Shape, Typed};
pub use value::{
    Field, Repeated, Value, any_val, array_val, big_decimal_val, big_integer_val, bool_val, byte_val, char_val, double_val,
    entries_val, float_val, instant_number_val, instant_val, int_val, local_date_val, long_val, named_tuple_val,
    object_entries_val, object_val, short_val, skip_val, string_val, tuple_val, type_val, typed_object_val,
};

use super::{Kind, Spec, Type};
use crate::error::{Error, Result};

#[cfg(test)]
mod tests;

/// What an object spec asks for: its description, or the file that it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ObjectSpec {
    Value(Value),
    /// What was read of it, or why it could not be.
    File {
        path: PathBuf,
        read: Option<Result<Value, String>>,
    },
}

/// Columns from JSON by a typed description.
pub fn object(value: impl Into<Value>) -> Spec {
    Spec::of(Kind::Object(Box::new(ObjectSpec::Value(value.into()))))
}

impl ObjectSpec {
    /// The description.
    ///
    /// Fails with [`Error::InvalidSpec`] while the file that it is in was not read, or where it was none.
    pub(crate) fn value(&self) -> Result<&Value> {
        let (path, reason) = match self {
            Self::Value(value) | Self::File { read: Some(Ok(value)), .. } => return Ok(value),
            Self::File { path, read: Some(Err(reason)) } => (path, reason.as_str()),
            Self::File { path, read: None } => (path, "it has not been read; Spec::read_files does so"),
        };
        let place = format!("the file {}", path.display());
        Err(Error::InvalidSpec { spec: self.to_string(), place, reason: reason.into() })
    }

    pub(super) fn read_files<E>(&mut self, mut read: impl FnMut(&Path) -> Result<Vec<u8>, E>) -> Result<(), E> {
        if let Self::File { path, read: found @ None } = self {
            *found = Some(text::description(&read(path)?));
        }
        Ok(())
    }

    /// Names and types of the columns, in order.
    ///
    /// Fails as [`Self::value`] does.
    pub(crate) fn columns(&self) -> Result<Vec<(String, Type)>> {
        Ok(columns::columns(self.value()?))
    }

    /// Refuses what contradicts itself, with the place; a file that was not read is not judged. `depth` is that to which documents are
    /// read.
    pub(super) fn check(&self, depth: usize) -> Result<(), Misplaced> {
        match self.value() {
            Ok(value) => check::check(value, depth),
            Err(_) => Ok(()),
        }
    }
}

/// What is wrong, and where in the description.
#[derive(Debug)]
pub(in crate::spec) struct Misplaced {
    pub(in crate::spec) place: String,
    pub(in crate::spec) reason: String,
}
