//! The columns of a JSON spec.

use super::Type;
use super::pointer::Pointer;

/// A column of a JSON spec: a name, a type, and where in the document its value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonColumn {
    pub(crate) name: String,
    pub(crate) data_type: Type,
    /// The spellings of the place; none for the member with the column's name.
    pub(crate) paths: Vec<String>,
    pub(crate) missing: Otherwise,
    pub(crate) null: Otherwise,
}

/// What stands for a value that is not there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Otherwise {
    #[default]
    Null,
    Error,
    /// As [`JsonColumn::default_value`] has it.
    Value(String),
}

impl Otherwise {
    /// An error, where nothing else was said.
    fn refuse(&mut self) {
        if *self == Self::Null {
            *self = Self::Error;
        }
    }

    pub(crate) fn value(&self) -> Option<&str> {
        if let Self::Value(value) = self { Some(value) } else { None }
    }
}

/// A column read from the member of the root with the column's own name.
pub fn column(name: impl Into<String>, data_type: Type) -> JsonColumn {
    JsonColumn { name: name.into(), data_type, paths: Vec::new(), missing: Otherwise::Null, null: Otherwise::Null }
}

impl JsonColumn {
    /// Says where the value is: a JSON pointer (`/instrument/symbol`, `/legs/0/price`), the name of a member of the root where
    /// it does not begin with `/`, or the whole document where it is empty. A pointer that does not parse is an error of the
    /// spec, before any socket is opened.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.paths = vec![path.into()];
        self
    }

    /// Says where else the value may be, as [`Self::at`] has it: a field of several spellings. Where a document has more than one of
    /// them the last counts, as of members with one name. (`=/price|/px`, in text.)
    ///
    /// The first place remains the column's own name where none was given.
    #[must_use]
    pub fn or_at(mut self, path: impl Into<String>) -> Self {
        if self.paths.is_empty() {
            self.paths.push(Pointer::member(&self.name).to_string());
        }
        self.paths.push(path.into());
        self
    }

    /// The value where it is missing or null: a text for types that are read from texts (`utf8`, `char`, `binary` in base64, `uuid`,
    /// dates and times), a JSON value for all others. (`?` and the value behind the type, in text.)
    ///
    /// A null payload remains a row of nulls. A value that the type does not take is an error of the spec, before any socket is
    /// opened.
    #[must_use]
    pub fn default_value(self, value: impl Into<String>) -> Self {
        let value = value.into();
        self.on_missing(value.clone()).on_null(value)
    }

    /// The value where it is missing, as [`Self::default_value`] has it, whatever becomes of null. (`?missing:` and the value, in text.)
    #[must_use]
    pub fn on_missing(mut self, value: impl Into<String>) -> Self {
        self.missing = Otherwise::Value(value.into());
        self
    }

    /// The value where it is null, as [`Self::on_missing`]. (`?null:` and the value, in text.)
    #[must_use]
    pub fn on_null(mut self, value: impl Into<String>) -> Self {
        self.null = Otherwise::Value(value.into());
        self
    }

    /// Whether the value may be missing, as it may by default; else it is an error of the record. (`!missing`, in text.)
    #[must_use]
    pub fn allow_missing(mut self, allow: bool) -> Self {
        match (allow, &self.missing) {
            (false, _) => self.missing.refuse(),
            (true, Otherwise::Error) => self.missing = Otherwise::Null,
            _ => {}
        }
        self
    }

    /// Whether the value may be null, as [`Self::allow_missing`]. (`!null`, in text.)
    #[must_use]
    pub fn allow_null(mut self, allow: bool) -> Self {
        match (allow, &self.null) {
            (false, _) => self.null.refuse(),
            (true, Otherwise::Error) => self.null = Otherwise::Null,
            _ => {}
        }
        self
    }

    /// Makes a missing or null value an error of the record (`!` behind the type, in text), where no default stands for it.
    #[must_use]
    pub fn not_null(self) -> Self {
        self.allow_missing(false).allow_null(false)
    }

    pub(crate) fn pointers(&self) -> Result<Vec<Pointer>, String> {
        if self.paths.is_empty() {
            return Ok(vec![Pointer::member(&self.name)]);
        }
        self.paths.iter().map(|path| Pointer::read(path)).collect()
    }
}
