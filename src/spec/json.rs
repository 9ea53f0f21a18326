//! The columns of a JSON spec.

use super::Type;
use super::pointer::Pointer;

/// A column of a JSON spec: a name, a type, and where in the document its value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonColumn {
    pub(crate) name: String,
    pub(crate) data_type: Type,
    pub(crate) path: Option<String>,
    pub(crate) required: bool,
}

/// A column read from the member of the root with the column's own name.
pub fn column(name: impl Into<String>, data_type: Type) -> JsonColumn {
    JsonColumn { name: name.into(), data_type, path: None, required: false }
}

impl JsonColumn {
    /// Says where the value is: a JSON pointer (`/instrument/symbol`, `/legs/0/price`), the name of a member of the root where
    /// it does not begin with `/`, or the whole document where it is empty. A pointer that does not parse is an error of the
    /// spec, before any socket is opened.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Makes a missing or null value an error of the record (`!` behind the type, in text).
    #[must_use]
    pub fn not_null(mut self) -> Self {
        self.required = true;
        self
    }

    pub(crate) fn pointer(&self) -> Result<Pointer, String> {
        self.path.as_ref().map_or_else(|| Ok(Pointer::member(&self.name)), |path| Pointer::read(path))
    }
}
