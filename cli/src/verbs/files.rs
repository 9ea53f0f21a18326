//! Where the rows of a consumption go: which columns, into which file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use kolumn::Error;

use crate::arguments::Format;
use crate::exit::Failure;
use crate::output::Sink;
use crate::output::target::partition_file;
use crate::source::{Change, Seen};

/// Which columns are written.
#[derive(Debug)]
pub(super) struct Selection {
    indexes: Option<Vec<usize>>,
}

impl Selection {
    pub(super) fn new(schema: &SchemaRef, names: &[String]) -> Result<Self, Failure> {
        if names.is_empty() {
            return Ok(Self { indexes: None });
        }
        let index = |name: &String| {
            schema.index_of(name).map_err(|_| {
                let known = schema.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>().join(", ");
                Failure::Library(Error::UnknownColumn { column: name.clone(), known })
            })
        };
        Ok(Self { indexes: Some(names.iter().map(index).collect::<Result<_, _>>()?) })
    }

    pub(super) fn schema(&self, schema: &SchemaRef) -> Result<SchemaRef, Failure> {
        match &self.indexes {
            Some(indexes) => schema.project(indexes).map(Into::into).map_err(|error| Failure::Output(error.to_string())),
            None => Ok(SchemaRef::clone(schema)),
        }
    }

    pub(super) fn of(&self, batch: &RecordBatch) -> Result<RecordBatch, Failure> {
        match &self.indexes {
            Some(indexes) => batch.project(indexes).map_err(|error| Failure::Output(error.to_string())),
            None => Ok(batch.clone()),
        }
    }
}

/// Where rows go: one place, or a file for each partition.
#[derive(Debug)]
pub(super) struct Files {
    format: Format,
    schema: SchemaRef,
    one: Option<Sink>,
    pattern: PathBuf,
    each: BTreeMap<i32, Sink>,
}

impl Files {
    pub(super) fn open(format: Format, file: Option<&Path>, by_partition: bool, schema: SchemaRef) -> Result<Self, Failure> {
        let each = by_partition.then_some(file).flatten();
        let one = if each.is_some() { None } else { Some(Sink::open(format, file, &schema)?) };
        Ok(Self { format, schema, one, pattern: each.map(Path::to_owned).unwrap_or_default(), each: BTreeMap::new() })
    }

    pub(super) fn of(&mut self, partition: Option<i32>) -> Result<&mut Sink, Failure> {
        if let Some(sink) = &mut self.one {
            return Ok(sink);
        }
        let partition = partition.unwrap_or(0);
        match self.each.entry(partition) {
            std::collections::btree_map::Entry::Occupied(entry) => Ok(entry.into_mut()),
            std::collections::btree_map::Entry::Vacant(entry) => {
                Ok(entry.insert(Sink::open(self.format, Some(&partition_file(&self.pattern, partition)), &self.schema)?))
            }
        }
    }

    pub(super) fn write(&mut self, change: &Change, columns: &Selection) -> Result<(), Failure> {
        let sink = self.of(change.partition)?;
        for batch in &change.added {
            sink.write(&columns.of(batch)?)?;
        }
        sink.flush()
    }

    /// Ends all outputs; a partition without rows has a file without rows.
    pub(super) fn finish(mut self, seen: &Seen) -> Result<(), Failure> {
        for partition in &seen.partitions {
            self.of(Some(partition.span.partition))?;
        }
        for sink in self.each.into_values().chain(self.one) {
            sink.finish()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array};
    use kolumn::Span;

    use super::*;
    use crate::source::PartitionSeen;

    fn batch() -> RecordBatch {
        let (a, b): (ArrayRef, ArrayRef) = (Arc::new(Int64Array::from(vec![1, 2])), Arc::new(Int64Array::from(vec![3, 4])));
        RecordBatch::try_from_iter([("a", a), ("b", b)]).unwrap()
    }

    #[test]
    fn columns_are_selected_in_the_order_asked_for() {
        let batch = batch();
        let selection = Selection::new(&batch.schema(), &["b".to_owned(), "a".to_owned()]).unwrap();
        let selected = selection.of(&batch).unwrap();
        assert_eq!(selected.schema(), selection.schema(&batch.schema()).unwrap());
        assert_eq!(selected.schema().field(0).name(), "b");
    }

    #[test]
    fn a_column_that_is_not_there_is_wrong_usage_and_the_others_are_named() {
        let failure = Selection::new(&batch().schema(), &["c".to_owned()]).unwrap_err();
        assert_eq!(failure.exit_code(), 2);
        assert!(failure.to_string().contains("a, b"), "{failure}");
    }

    #[test]
    fn each_partition_has_a_file_even_without_rows() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("orders.jsonl");
        let batch = batch();
        let selection = Selection::new(&batch.schema(), &[]).unwrap();
        let mut files = Files::open(Format::Jsonl, Some(&path), true, batch.schema()).unwrap();
        files.write(&Change { partition: Some(1), added: vec![batch] }, &selection).unwrap();
        let empty = |partition| PartitionSeen { span: Span::empty(partition, 0), end: None, problem: None };
        files.finish(&Seen { partitions: vec![empty(0), empty(1)], ..Seen::default() }).unwrap();
        let read = |name: &str| std::fs::read_to_string(directory.path().join(name)).unwrap();
        assert_eq!(read("orders-0.jsonl"), "");
        assert_eq!(read("orders-1.jsonl"), "{\"a\":1,\"b\":3}\n{\"a\":2,\"b\":4}\n");
        assert!(!path.exists());
    }
}
