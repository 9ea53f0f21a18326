//! Rows as bytes: one format per file, and the sink that is any one of them.

pub(crate) mod arrow;
pub(crate) mod cell;
pub(crate) mod csv;
pub(crate) mod jsonl;
pub(crate) mod parquet;
pub(crate) mod table;
pub(crate) mod target;
pub(crate) mod text;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::arguments::Format;
use crate::exit::Failure;
use crate::output::target::Target;

/// Where rows go, in one of the formats.
#[derive(Debug)]
pub(crate) struct Sink {
    writer: Writer,
    closed: Arc<AtomicBool>,
}

#[derive(Debug)]
enum Writer {
    Table(table::TableWriter<Target>),
    Csv(csv::CsvWriter<Target>),
    Jsonl(jsonl::JsonlWriter<Target>),
    Arrow(Box<arrow::ArrowWriter<Target>>),
    Parquet(Box<parquet::ParquetWriter<Target>>),
    None,
}

impl Sink {
    /// A sink to `file`, or where there is none to stdout.
    pub(crate) fn open(format: Format, file: Option<&Path>, schema: &SchemaRef) -> Result<Self, Failure> {
        if format == Format::None {
            return Ok(Self { writer: Writer::None, closed: Arc::default() });
        }
        let target = match file {
            Some(path) => Target::file(path)?,
            None => Target::stdout(),
        };
        let closed = target.closed();
        let writer = match format {
            Format::Table => Ok(Writer::Table(table::TableWriter::new(target, schema))),
            Format::Csv => Ok(Writer::Csv(csv::CsvWriter::new(target, schema))),
            Format::Jsonl => Ok(Writer::Jsonl(jsonl::JsonlWriter::new(target))),
            Format::Arrow => arrow::ArrowWriter::new(target, schema)
                .map(|writer| Writer::Arrow(Box::new(writer)))
                .map_err(|error| error.to_string()),
            Format::Parquet => parquet::ParquetWriter::new(target, Arc::clone(schema))
                .map(|writer| Writer::Parquet(Box::new(writer)))
                .map_err(|error| error.to_string()),
            Format::None => Ok(Writer::None),
        };
        match writer {
            Ok(writer) => Ok(Self { writer, closed }),
            Err(reason) => Err(failure(&closed, reason)),
        }
    }

    /// Writes the rows of `batch`.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        let result = match &mut self.writer {
            Writer::Table(writer) => writer.write(batch).map_err(|error| error.to_string()),
            Writer::Csv(writer) => writer.write(batch).map_err(|error| error.to_string()),
            Writer::Jsonl(writer) => writer.write(batch).map_err(|error| error.to_string()),
            Writer::Arrow(writer) => writer.write(batch).map_err(|error| error.to_string()),
            Writer::Parquet(writer) => writer.write(batch).map_err(|error| error.to_string()),
            Writer::None => Ok(()),
        };
        result.map_err(|reason| failure(&self.closed, reason))
    }

    /// Hands on what has gathered, so that a reader of a pipe sees it now. A Parquet file gathers until its row groups are full.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        let result = match &mut self.writer {
            Writer::Table(writer) => writer.flush().map_err(|error| error.to_string()),
            Writer::Csv(writer) => writer.flush().map_err(|error| error.to_string()),
            Writer::Jsonl(writer) => writer.flush().map_err(|error| error.to_string()),
            Writer::Arrow(writer) => writer.flush().map_err(|error| error.to_string()),
            Writer::Parquet(_) | Writer::None => Ok(()),
        };
        result.map_err(|reason| failure(&self.closed, reason))
    }

    /// Ends the output; a file gets its name.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let target = match self.writer {
            Writer::Table(writer) => writer.finish().map_err(|error| error.to_string()),
            Writer::Csv(writer) => writer.finish().map_err(|error| error.to_string()),
            Writer::Jsonl(writer) => writer.finish().map_err(|error| error.to_string()),
            Writer::Arrow(writer) => writer.finish().map_err(|error| error.to_string()),
            Writer::Parquet(writer) => writer.finish().map_err(|error| error.to_string()),
            Writer::None => return Ok(()),
        };
        target.map_err(|reason| failure(&self.closed, reason))?.complete()
    }
}

fn failure(closed: &AtomicBool, reason: String) -> Failure {
    if closed.load(Ordering::Relaxed) { Failure::ClosedPipe } else { Failure::Output(reason) }
}

#[cfg(test)]
mod tests {
    use arrow_array::{ArrayRef, Int64Array};

    use super::*;

    #[test]
    fn every_format_makes_a_file_that_is_there_when_finished() {
        let column: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let batch = RecordBatch::try_from_iter([("x", column)]).unwrap();
        let directory = tempfile::tempdir().unwrap();
        for format in [Format::Table, Format::Csv, Format::Jsonl, Format::Arrow, Format::Parquet] {
            let path = directory.path().join(format!("{format:?}"));
            let mut sink = Sink::open(format, Some(&path), &batch.schema()).unwrap();
            sink.write(&batch).unwrap();
            sink.flush().unwrap();
            assert!(!path.exists());
            sink.finish().unwrap();
            assert!(std::fs::metadata(&path).unwrap().len() > 0, "{format:?}");
        }
    }

    #[test]
    fn no_format_makes_no_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x");
        let schema = Arc::new(arrow_schema::Schema::empty());
        Sink::open(Format::None, Some(&path), &schema).unwrap().finish().unwrap();
        assert!(!path.exists());
    }
}
