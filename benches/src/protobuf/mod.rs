//! Protobuf messages into columns: kolumn, which knows the schema at run time only, prost-reflect, which does too and makes values, and
//! a struct of prost's derive macro with Arrow's builders, which a program has that is compiled for it.
//!
//! Whoever makes columns makes a finished batch of them, in the same types; of prost-reflect nobody asks for columns.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Schema};
use kolumn::decode::{Column, decoder};
use kolumn::spec::{Names, Side, Spec};
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};

use crate::Outcome;
use crate::arguments::Measure;
use crate::contest::Results;
use crate::measure::Stopwatch;
use crate::orders::text;
use crate::payloads::{BLOCK_ROWS, Payloads};
use crate::sums::{Sums, hundredths_of_cents};

mod embeddings;
mod fields;
mod lots;
mod orders;
mod shipments;

pub(crate) fn run(arguments: &Measure) -> Outcome<Vec<Results>> {
    let mut results = orders::run(arguments)?;
    results.push(shipments::run(arguments)?);
    results.push(embeddings::run(arguments)?);
    results.push(lots::run(arguments)?);
    Ok(results)
}

/// The first message of a schema.
fn descriptor(schema: &str, name: &str) -> Outcome<MessageDescriptor> {
    let file = protox::file::File::from_source("order.proto", schema)?;
    let mut pool = DescriptorPool::new();
    pool.add_file_descriptor_proto(file.file_descriptor_proto().clone())?;
    pool.get_message_by_name(name).ok_or_else(|| "no message".into())
}

/// kolumn, over blocks as a lane has them.
fn kolumn(watch: &mut Stopwatch, payloads: &Payloads, spec: &Spec) -> Outcome<Sums> {
    let mut decoder = decoder(spec, Side::Value, &Names::default())?;
    let mut columns: Vec<Column> = decoder.fields().iter().map(Column::new).collect::<Result<_, _>>()?;
    let schema = Arc::new(Schema::new(decoder.fields().to_vec()));
    let mut bad = Vec::new();
    let mut sums = Sums::default();
    for chunk in payloads.chunks() {
        let batch = watch.measure(|| -> Outcome<RecordBatch> {
            for block in chunk.chunks(BLOCK_ROWS) {
                decoder.decode(block, &mut columns, &mut bad);
            }
            let columns = columns.iter_mut().map(Column::finish).collect::<Result<_, _>>()?;
            Ok(RecordBatch::try_new(Arc::clone(&schema), columns)?)
        })?;
        add_batch(&mut sums, &batch);
    }
    match bad.first() {
        None => Ok(sums),
        Some(bad) => Err(format!("{bad:?}").into()),
    }
}

/// Values of all fields, of which `leaves` says what they add to the sums, and how many fields are not there.
fn reflect(
    watch: &mut Stopwatch,
    payloads: &Payloads,
    descriptor: &MessageDescriptor,
    leaves: impl Fn(&DynamicMessage, &mut Leaves),
) -> Outcome<Sums> {
    let mut sums = Sums::default();
    for chunk in payloads.chunks() {
        let messages = watch.measure(|| {
            chunk
                .iter()
                .flatten()
                .map(|payload| DynamicMessage::decode(descriptor.clone(), *payload))
                .collect::<Result<Vec<_>, _>>()
        })?;
        for message in &messages {
            let mut all = Leaves::default();
            leaves(message, &mut all);
            all.add_to(&mut sums, 1);
        }
    }
    Ok(sums)
}

/// A struct of prost and builders: `batch` makes one of payloads.
fn generated(
    watch: &mut Stopwatch,
    payloads: &Payloads,
    mut batch: impl FnMut(&[Option<&[u8]>]) -> Outcome<RecordBatch>,
) -> Outcome<Sums> {
    let mut sums = Sums::default();
    for chunk in payloads.chunks() {
        let batch = watch.measure(|| batch(&chunk))?;
        add_batch(&mut sums, &batch);
    }
    Ok(sums)
}

/// What columns add to the sums: columns within columns by themselves, and in the end how many values are null.
#[derive(Debug, Default)]
struct Leaves {
    sums: Vec<i64>,
    nulls: i64,
}

impl Leaves {
    fn add_to(mut self, sums: &mut Sums, rows: usize) {
        self.sums.push(self.nulls);
        sums.add_all(rows, &self.sums);
    }

    fn column(&mut self, column: &ArrayRef) {
        match column.data_type() {
            DataType::List(_) => return self.column(column.as_list::<i32>().values()),
            DataType::Map(..) => {
                let map = column.as_map();
                self.column(map.keys());
                return self.column(map.values());
            }
            DataType::Struct(_) => return column.as_struct().columns().iter().for_each(|column| self.column(column)),
            _ => {}
        }
        self.nulls += column.null_count() as i64;
        self.sums.push(match column.data_type() {
            DataType::Utf8 => column.as_string::<i32>().iter().flatten().map(text).sum(),
            DataType::Float64 => column.as_primitive::<Float64Type>().iter().flatten().map(hundredths_of_cents).sum(),
            DataType::Float32 => {
                column.as_primitive::<Float32Type>().iter().flatten().map(|number| hundredths_of_cents(number.into())).sum()
            }
            _ => column.as_primitive::<Int64Type>().iter().flatten().sum(),
        });
    }
}

fn add_batch(sums: &mut Sums, batch: &RecordBatch) {
    let mut leaves = Leaves::default();
    batch.columns().iter().for_each(|column| leaves.column(column));
    leaves.add_to(sums, batch.num_rows());
}
