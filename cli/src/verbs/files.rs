//! Where the rows of a consumption go: which columns, into which file.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Int32Array, RecordBatch};
use arrow_schema::SchemaRef;
use kolumn::Error;

use crate::arguments::Format;
use crate::exit::Failure;
use crate::output::Sink;
use crate::output::target::partition_file;
use crate::source::{Change, Request, Seen};

/// Which columns are written.
#[derive(Debug)]
pub(super) struct Selection {
    indexes: Option<Vec<usize>>,
    /// The column that tells the partition, where rows go to a file for each.
    partition: Option<usize>,
}

impl Selection {
    /// The columns named, in this order; all where none is. A split's own column is none that anybody asked for.
    pub(super) fn new(schema: &SchemaRef, names: &[String], split: Option<&Split>) -> Result<Self, Failure> {
        let hidden = split.filter(|split| split.hidden).map(|split| split.column.as_str());
        let known = || schema.fields().iter().map(|field| field.name().as_str()).filter(|name| Some(*name) != hidden);
        let index = |name: &str| {
            schema.index_of(name).ok().filter(|_| Some(name) != hidden).ok_or_else(|| {
                let known = known().collect::<Vec<_>>().join(", ");
                Failure::Library(Error::UnknownColumn { column: name.to_owned(), known })
            })
        };
        let indexes = match (names, hidden) {
            ([], None) => None,
            ([], Some(_)) => Some(known().map(index).collect::<Result<_, _>>()?),
            (names, _) => Some(names.iter().map(|name| index(name)).collect::<Result<_, _>>()?),
        };
        let partition = split.and_then(|split| schema.index_of(&split.column).ok());
        Ok(Self { indexes, partition })
    }

    /// The schema of what is written.
    pub(super) fn schema(&self, schema: &SchemaRef) -> Result<SchemaRef, Failure> {
        match &self.indexes {
            Some(indexes) => schema.project(indexes).map(Into::into).map_err(|error| Failure::Output(error.to_string())),
            None => Ok(SchemaRef::clone(schema)),
        }
    }

    fn of(&self, batch: &RecordBatch) -> Result<RecordBatch, Failure> {
        match &self.indexes {
            Some(indexes) => batch.project(indexes).map_err(|error| Failure::Output(error.to_string())),
            None => Ok(batch.clone()),
        }
    }
}

/// How one table is written as one for each partition.
///
/// The rows of a blink table are seen by who listens from the first cycle on. One table can be listened to from there; those of
/// partitions come to be one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Split {
    column: String,
    hidden: bool,
}

/// The columns that every record brings with it, but for the partition.
const OTHER_METADATA: [&str; 5] = ["offset", "timestamp", "receivetime", "keybytes", "valuebytes"];

impl Split {
    /// Makes `request` one for a single table that tells each row's partition.
    pub(super) fn prepare(request: &mut Request) -> Self {
        const NAME: &str = "deephaven.partition.column.name";
        request.by_partition = false;
        let named = request.properties.get(NAME).unwrap_or("KafkaPartition").to_owned();
        if request.metadata && !named.is_empty() {
            return Self { column: named, hidden: false };
        }
        let column = "__kolumn_partition".to_owned();
        request.properties.set(NAME, &column);
        if !request.metadata {
            for other in OTHER_METADATA {
                request.properties.set(format!("deephaven.{other}.column.name"), "");
            }
            request.metadata = true;
        }
        Self { column, hidden: true }
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
    /// Prepares to write to `file`, or with one for each partition to files named after it; without one, to stdout.
    pub(super) fn open(format: Format, file: Option<&Path>, by_partition: bool, schema: SchemaRef) -> Result<Self, Failure> {
        let each = by_partition.then_some(file).flatten();
        let one = if each.is_some() { None } else { Some(Sink::open(format, file, &schema)?) };
        Ok(Self { format, schema, one, pattern: each.map(Path::to_owned).unwrap_or_default(), each: BTreeMap::new() })
    }

    fn of(&mut self, partition: i32) -> Result<&mut Sink, Failure> {
        if let Some(sink) = &mut self.one {
            return Ok(sink);
        }
        match self.each.entry(partition) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                Ok(entry.insert(Sink::open(self.format, Some(&partition_file(&self.pattern, partition)), &self.schema)?))
            }
        }
    }

    /// Writes new rows, so that they can be seen.
    pub(super) fn write(&mut self, change: &Change, columns: &Selection) -> Result<(), Failure> {
        for batch in &change.added {
            let told = columns.partition.and_then(|index| batch.columns().get(index)?.as_primitive_opt::<Int32Type>());
            match (told, change.partition) {
                (Some(partitions), None) if self.one.is_none() => {
                    for (partition, rows) in runs(partitions) {
                        self.of(partition)?.write(&columns.of(&batch.slice(rows.start, rows.len()))?)?;
                    }
                }
                (_, partition) => self.of(partition.unwrap_or(0))?.write(&columns.of(batch)?)?,
            }
        }
        self.each.values_mut().chain(&mut self.one).try_for_each(Sink::flush)
    }

    /// Ends all outputs; a partition without rows has a file without rows.
    pub(super) fn finish(mut self, seen: &Seen) -> Result<(), Failure> {
        for partition in &seen.partitions {
            self.of(partition.span.partition)?;
        }
        for sink in self.each.into_values().chain(self.one) {
            sink.finish()?;
        }
        Ok(())
    }
}

/// Runs of rows of one partition.
fn runs(partitions: &Int32Array) -> Vec<(i32, Range<usize>)> {
    let mut runs: Vec<(i32, Range<usize>)> = Vec::new();
    for (row, partition) in partitions.values().iter().enumerate() {
        match runs.last_mut() {
            Some((last, rows)) if last == partition => rows.end = row + 1,
            _ => runs.push((*partition, row..row + 1)),
        }
    }
    runs
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
        let selection = Selection::new(&batch.schema(), &["b".to_owned(), "a".to_owned()], None).unwrap();
        let selected = selection.of(&batch).unwrap();
        assert_eq!(selected.schema(), selection.schema(&batch.schema()).unwrap());
        assert_eq!(selected.schema().field(0).name(), "b");
    }

    #[test]
    fn a_column_that_is_not_there_is_wrong_usage_and_the_others_are_named() {
        let failure = Selection::new(&batch().schema(), &["c".to_owned()], None).unwrap_err();
        assert_eq!(failure.exit_code(), 2);
        assert!(failure.to_string().contains("a, b"), "{failure}");
    }

    #[test]
    fn each_partition_has_a_file_even_without_rows() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("orders.jsonl");
        let batch = batch();
        let selection = Selection::new(&batch.schema(), &[], None).unwrap();
        let mut files = Files::open(Format::Jsonl, Some(&path), true, batch.schema()).unwrap();
        files.write(&Change { partition: Some(1), added: vec![batch], lost: None }, &selection).unwrap();
        let empty = |partition| PartitionSeen { span: Span::empty(partition, 0), end: None, problem: None };
        files.finish(&Seen { partitions: vec![empty(0), empty(1)], ..Seen::default() }).unwrap();
        let read = |name: &str| std::fs::read_to_string(directory.path().join(name)).unwrap();
        assert_eq!(read("orders-0.jsonl"), "");
        assert_eq!(read("orders-1.jsonl"), "{\"a\":1,\"b\":3}\n{\"a\":2,\"b\":4}\n");
        assert!(!path.exists());
    }

    fn mixed() -> RecordBatch {
        let partitions: ArrayRef = Arc::new(Int32Array::from(vec![1, 1, 0, 1]));
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![10, 11, 12, 13]));
        RecordBatch::try_from_iter([("p", partitions), ("n", numbers)]).unwrap()
    }

    #[test]
    fn mixed_rows_go_to_the_file_of_their_partition_without_the_column_that_told_it() {
        let directory = tempfile::tempdir().unwrap();
        let batch = mixed();
        let split = Split { column: "p".into(), hidden: true };
        let selection = Selection::new(&batch.schema(), &[], Some(&split)).unwrap();
        let schema = selection.schema(&batch.schema()).unwrap();
        let mut files = Files::open(Format::Csv, Some(&directory.path().join("{partition}.csv")), true, schema).unwrap();
        files.write(&Change { partition: None, added: vec![batch], lost: None }, &selection).unwrap();
        files.finish(&Seen::default()).unwrap();
        let read = |name: &str| std::fs::read_to_string(directory.path().join(name)).unwrap();
        assert_eq!((read("0.csv").as_str(), read("1.csv").as_str()), ("n\n12\n", "n\n10\n11\n13\n"));
    }

    #[test]
    fn the_column_of_a_split_cannot_be_selected_where_nobody_asked_for_it() {
        let schema = mixed().schema();
        let split = |hidden| Split { column: "p".into(), hidden };
        assert!(Selection::new(&schema, &["p".to_owned()], Some(&split(true))).is_err());
        assert!(Selection::new(&schema, &["p".to_owned()], Some(&split(false))).is_ok());
    }
}
