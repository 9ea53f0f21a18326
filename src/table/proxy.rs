//! The same column operations on all constituents of a partitioned table.

use std::sync::Arc;

use arrow_array::{BooleanArray, RecordBatch};

use super::partitioned::PartitionedTable;
use crate::error::Result;

/// Column operations on all constituents, present and future; made by [`PartitionedTable::proxy`].
///
/// Each operation is that of [`super::Table`] of the same name; [`Proxy::target`] is the partitioned table that comes of them.
#[derive(Debug, Clone)]
pub struct Proxy {
    target: PartitionedTable,
}

impl Proxy {
    pub(super) fn new(target: PartitionedTable) -> Self {
        Self { target }
    }

    /// [`super::Table::select`] of each constituent.
    ///
    /// # Errors
    ///
    /// As there, before any constituent exists.
    pub fn select<S: AsRef<str>>(&self, columns: impl IntoIterator<Item = S>) -> Result<Self> {
        let columns: Vec<String> = columns.into_iter().map(|name| name.as_ref().to_owned()).collect();
        self.target.transform(move |table| table.select(&columns)).map(Self::new)
    }

    /// [`super::Table::rename`] of each constituent.
    ///
    /// # Errors
    ///
    /// As there, before any constituent exists.
    pub fn rename<A: AsRef<str>, B: Into<String>>(&self, names: impl IntoIterator<Item = (A, B)>) -> Result<Self> {
        let names: Vec<(String, String)> = names.into_iter().map(|(old, new)| (old.as_ref().to_owned(), new.into())).collect();
        self.target.transform(move |table| table.rename(names.clone())).map(Self::new)
    }

    /// [`super::Table::filter`] of each constituent.
    ///
    /// # Errors
    ///
    /// As there, before any constituent exists.
    pub fn filter(&self, predicate: impl Fn(&RecordBatch) -> Result<BooleanArray> + Send + Sync + 'static) -> Result<Self> {
        let predicate = Arc::new(predicate);
        let each = move |table: &super::Table| {
            let predicate = Arc::clone(&predicate);
            table.filter(move |batch| predicate(batch))
        };
        self.target.transform(each).map(Self::new)
    }

    /// [`super::Table::map`] of each constituent.
    ///
    /// # Errors
    ///
    /// As there, before any constituent exists.
    pub fn map(&self, map: impl Fn(&RecordBatch) -> Result<RecordBatch> + Send + Sync + 'static) -> Result<Self> {
        let map = Arc::new(map);
        let each = move |table: &super::Table| {
            let map = Arc::clone(&map);
            table.map(move |batch| map(batch))
        };
        self.target.transform(each).map(Self::new)
    }

    /// The partitioned table that comes of the operations.
    pub fn target(&self) -> PartitionedTable {
        self.target.clone()
    }
}
