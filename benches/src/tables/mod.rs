//! Tables by themselves: what a row takes, what a snapshot costs, and what a cycle.

mod cycles;
mod memory;
mod snapshots;

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampNanosecondArray};
use kolumn_protocol_tests::{SYMBOLS, Workload};

use crate::Outcome;
use crate::arguments::Measure;
use crate::figures::Figures;

pub(crate) use memory::run as memory;

pub(crate) fn run(arguments: &Measure) -> Outcome<Vec<Figures>> {
    Ok(vec![
        memory::measure()?,
        snapshots::measure()?,
        cycles::sizes(arguments)?,
        cycles::kinds(arguments)?,
        cycles::subscribers(arguments)?,
    ])
}

/// So many rows of the columns that the JSON order has.
fn orders(rows: usize) -> Outcome<RecordBatch> {
    let workload = Workload::orders(1, rows as u64, 1);
    let stamps: Vec<i64> = (0..rows).map(|row| workload.record(row as u64).timestamp * 1_000_000).collect();
    let columns: [(&str, ArrayRef); 5] = [
        ("Symbol", Arc::new(StringArray::from_iter_values((0..rows).map(|row| SYMBOLS[row % SYMBOLS.len()])))),
        ("Side", Arc::new(StringArray::from_iter_values((0..rows).map(|row| if row % 3 == 0 { "SELL" } else { "BUY" })))),
        ("Price", Arc::new(Float64Array::from_iter_values((0..rows).map(|row| row as f64 / 100.0)))),
        ("Qty", Arc::new(Int64Array::from_iter_values(0..rows as i64))),
        ("Tstamp", Arc::new(TimestampNanosecondArray::from(stamps))),
    ];
    Ok(RecordBatch::try_from_iter(columns)?)
}
