//! Where payloads go that cannot be decoded: a file, or lines on stderr with what is around the place.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, Int32Builder, Int64Builder, StringBuilder, TimestampMillisecondBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use kolumn::decode::DecodeError;

use super::excerpt::excerpt;
use super::input::{Item, Place};
use crate::arguments::{Format, Talk};
use crate::exit::Failure;
use crate::output::Sink;
use crate::output::cell::for_terminal;

/// Where payloads go that cannot be decoded.
#[derive(Debug)]
pub(super) struct Errors {
    file: Option<PathBuf>,
    sink: Option<Sink>,
    /// Whether rows say which record they are about.
    placed: bool,
    explain: bool,
    count: u64,
    talk: Talk,
}

impl Errors {
    pub(super) fn new(file: Option<&Path>, explain: bool, talk: Talk) -> Self {
        let explain = explain || (file.is_none() && io::stderr().is_terminal());
        Self { file: file.map(Path::to_owned), sink: None, placed: false, explain, count: 0, talk }
    }

    /// Opens the file, where one is wanted. `placed` says whether payloads come with their records.
    pub(super) fn open(&mut self, placed: bool) -> Result<(), Failure> {
        self.placed = placed;
        if let Some(path) = &self.file {
            let format = Format::of_file(path).unwrap_or(Format::Jsonl);
            let empty = rows(&[], placed)?;
            self.sink = Some(Sink::open(format, Some(path), &empty.schema())?);
        }
        Ok(())
    }

    pub(super) fn write(&mut self, item: &Item, error: &DecodeError) -> Result<(), Failure> {
        self.count += 1;
        if let Some(sink) = &mut self.sink {
            sink.write(&rows(&[(item, error)], self.placed)?)?;
            if !self.explain {
                return Ok(());
            }
        }
        // Payload bytes may be part of the message, and act on a terminal.
        let text = for_terminal(error.to_string().as_bytes(), 400);
        let place = match item.place {
            Some(Place { partition, offset, .. }) => format!("partition {partition}, offset {offset}"),
            None => format!("payload {}", item.index),
        };
        let mut line = format!("{place}: {text} ({})\n", error.reason.code());
        if let Some(excerpt) = item.payload.as_ref().filter(|_| self.explain).and_then(|raw| excerpt(raw, error.position)) {
            line.push_str(&excerpt);
            line.push('\n');
        }
        io::stderr().write_all(line.as_bytes()).map_err(|error| Failure::Output(error.to_string()))
    }

    /// Completes the file. `others` payloads were about another side than the one that is decoded.
    pub(super) fn finish(self, others: u64) -> Result<(), Failure> {
        if !self.talk.quiet {
            let mut text = String::new();
            if self.count > 0 && self.sink.is_some() {
                text.push_str(&format!("{} payloads could not be decoded\n", crate::figures::grouped(self.count)));
            }
            if others > 0 {
                let others = crate::figures::grouped(others);
                text.push_str(&format!("{others} errors are of another side: keys are decoded with -k, values with -v\n"));
            }
            // If stderr cannot be written, there is no place to say so.
            let _ = io::stderr().write_all(text.as_bytes());
        }
        self.sink.map_or(Ok(()), Sink::finish)
    }
}

/// The columns that say which record a payload is of.
pub(super) fn place_columns(places: impl Iterator<Item = Option<Place>>) -> [(&'static str, ArrayRef, bool); 3] {
    let (mut partitions, mut offsets) = (Int32Builder::new(), Int64Builder::new());
    let mut timestamps = TimestampMillisecondBuilder::new().with_timezone("UTC");
    for place in places {
        partitions.append_option(place.map(|place| place.partition));
        offsets.append_option(place.map(|place| place.offset));
        timestamps.append_option(place.and_then(|place| place.timestamp));
    }
    [
        ("KafkaPartition", Arc::new(partitions.finish()), true),
        ("KafkaOffset", Arc::new(offsets.finish()), true),
        ("KafkaTimestamp", Arc::new(timestamps.finish()), true),
    ]
}

/// Rows of `--errors`.
fn rows(errors: &[(&Item, &DecodeError)], placed: bool) -> Result<RecordBatch, Failure> {
    let (mut indexes, mut positions) = (Int64Builder::new(), Int64Builder::new());
    let (mut codes, mut columns, mut reasons) = (StringBuilder::new(), StringBuilder::new(), StringBuilder::new());
    let mut raws = BinaryBuilder::new();
    for (item, error) in errors {
        indexes.append_value(item.index);
        codes.append_value(error.reason.code());
        columns.append_option(error.column.as_deref());
        positions.append_option(i64::try_from(error.position).ok());
        reasons.append_value(&error.message);
        raws.append_option(item.payload.as_deref());
    }
    let mut all: Vec<(&str, ArrayRef, bool)> = vec![
        ("index", Arc::new(indexes.finish()), false),
        ("code", Arc::new(codes.finish()), false),
        ("column", Arc::new(columns.finish()), true),
        ("position", Arc::new(positions.finish()), true),
        ("reason", Arc::new(reasons.finish()), false),
        ("raw", Arc::new(raws.finish()), true),
    ];
    if placed {
        all.extend(place_columns(errors.iter().map(|(item, _)| item.place)));
        // What was cut stays cut, and is not taken for a whole payload the next time.
        let cut = errors.iter().map(|(item, _)| Some(item.unusable.is_some()));
        all.push(("truncated", Arc::new(cut.collect::<arrow_array::BooleanArray>()), false));
    }
    RecordBatch::try_from_iter_with_nullable(all).map_err(|error| Failure::Output(error.to_string()))
}
