//! The same rows under fewer columns, in another order, with other names: columns are shared, never copied.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{Schema, SchemaRef};

use crate::error::{Error, Result};

/// Which columns are seen, and as what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lens {
    schema: SchemaRef,
    /// For each column seen, its index in what is looked at; all of them where that is the same.
    columns: Vec<usize>,
}

impl Lens {
    /// All columns of `schema`, as they are.
    pub(super) fn all(schema: &SchemaRef) -> Self {
        Self { schema: Arc::clone(schema), columns: (0..schema.fields().len()).collect() }
    }

    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Only these columns, in this order.
    pub(super) fn select<S: AsRef<str>>(&self, names: impl IntoIterator<Item = S>) -> Result<Self> {
        let chosen: Vec<usize> = names.into_iter().map(|name| self.index(name.as_ref())).collect::<Result<_>>()?;
        let fields: Vec<_> = chosen.iter().filter_map(|at| self.schema.fields().get(*at)).map(Arc::clone).collect();
        let columns = chosen.iter().filter_map(|at| self.columns.get(*at)).copied().collect();
        Self { schema: Arc::new(Schema::new(fields)), columns }.without_duplicates("select")
    }

    /// These columns under other names: `(old, new)`.
    pub(super) fn rename<A: AsRef<str>, B: Into<String>>(&self, names: impl IntoIterator<Item = (A, B)>) -> Result<Self> {
        let mut fields: Vec<_> = self.schema.fields().iter().map(Arc::clone).collect();
        for (old, new) in names {
            let at = self.index(old.as_ref())?;
            if let Some(field) = fields.get_mut(at) {
                *field = Arc::new(field.as_ref().clone().with_name(new));
            }
        }
        Self { schema: Arc::new(Schema::new(fields)), columns: self.columns.clone() }.without_duplicates("rename")
    }

    fn index(&self, name: &str) -> Result<usize> {
        self.schema.fields().iter().position(|field| field.name() == name).ok_or_else(|| {
            let known: Vec<&str> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
            Error::UnknownColumn { column: name.to_owned(), known: known.join(", ") }
        })
    }

    fn without_duplicates(self, operation: &'static str) -> Result<Self> {
        let mut names: Vec<&String> = self.schema.fields().iter().map(|field| field.name()).collect();
        names.sort_unstable();
        let twice = names.windows(2).find_map(|pair| match pair {
            [left, right] if left == right => Some((*left).clone()),
            _ => None,
        });
        match twice {
            Some(column) => Err(Error::DuplicateColumn { column, first: operation, second: operation }),
            None => Ok(self),
        }
    }

    /// `batch`, seen through the lens.
    pub(super) fn look(&self, batch: &RecordBatch) -> RecordBatch {
        if Arc::ptr_eq(&self.schema, batch.schema_ref()) {
            return batch.clone();
        }
        let columns = self.columns.iter().filter_map(|at| batch.columns().get(*at)).map(Arc::clone).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let seen = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options);
        debug_assert!(seen.is_ok(), "{seen:?}");
        // Cannot happen: every batch of a table has the table's columns.
        seen.unwrap_or_else(|_| RecordBatch::new_empty(Arc::clone(&self.schema)))
    }
}
