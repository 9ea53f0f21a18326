//! Arrow IPC stream.

use std::io::Write;

use arrow_array::RecordBatch;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, Schema};

/// Writes batches as an Arrow IPC stream.
pub(crate) struct ArrowWriter<W: Write> {
    stream: StreamWriter<W>,
}

impl<W: Write> std::fmt::Debug for ArrowWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ArrowWriter").finish_non_exhaustive()
    }
}

impl<W: Write> ArrowWriter<W> {
    /// A writer to `target`; the schema is the first output.
    pub(crate) fn new(target: W, schema: &Schema) -> Result<Self, ArrowError> {
        Ok(Self { stream: StreamWriter::try_new(target, schema)? })
    }

    /// Writes `batch` as one message.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        self.stream.write(batch)
    }

    /// Hands on what has gathered.
    pub(crate) fn flush(&mut self) -> Result<(), ArrowError> {
        self.stream.flush()
    }

    /// Ends the stream.
    pub(crate) fn finish(mut self) -> Result<W, ArrowError> {
        self.stream.finish()?;
        self.stream.into_inner()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array};
    use arrow_ipc::reader::StreamReader;

    use super::*;

    #[test]
    fn what_is_written_reads_back_with_its_schema() {
        let column: ArrayRef = Arc::new(Int64Array::from(vec![Some(i64::MAX), None]));
        let batch = RecordBatch::try_from_iter_with_nullable([("x", column, true)]).unwrap();
        let mut writer = ArrowWriter::new(Vec::new(), batch.schema_ref()).unwrap();
        writer.write(&batch).unwrap();
        writer.write(&batch.slice(1, 1)).unwrap();
        let bytes = writer.finish().unwrap();
        let read: Vec<RecordBatch> = StreamReader::try_new(&bytes[..], None).unwrap().map(Result::unwrap).collect();
        assert_eq!(read, [batch.clone(), batch.slice(1, 1)]);
    }

    #[test]
    fn a_stream_without_rows_has_its_schema() {
        let schema = Schema::new(vec![arrow_schema::Field::new("x", arrow_schema::DataType::Utf8, true)]);
        let bytes = ArrowWriter::new(Vec::new(), &schema).unwrap().finish().unwrap();
        let mut reader = StreamReader::try_new(&bytes[..], None).unwrap();
        assert_eq!(*reader.schema(), schema);
        assert!(reader.next().is_none());
    }
}
