//! What an append table takes of memory, against what Arrow needs for the same columns.

use std::process::Command;

use arrow_array::Array;
use bytes::{Bytes, BytesMut};
use kolumn::TableType;
use kolumn::spec::{self, Spec, Type, column};
use kolumn::stages::{Assembly, Feed};
use kolumn_protocol_tests::Workload;

use crate::Outcome;
use crate::arguments::Memory;
use crate::batch_walk;
use crate::figures::{Figures, Goal};
use crate::measure::resident_bytes;

/// What a table may take of what Arrow needs.
const GOAL: f64 = 1.15;
const LANES: usize = 2;
/// Records of the batches that a busy producer writes.
const BATCH_RECORDS: usize = 500;
const DISTINCT: usize = 40_000;
/// More than any answer has.
const FRAME_BYTES: usize = 8 << 20;
/// Answers of a lane in each cycle.
const ANSWERS: usize = 4;

/// Tables that were filled by answers of many rows, and of few: the most rows of an answer, and the rows of the table.
const CASES: [(&str, usize, usize); 2] = [
    ("a busy topic: answers of up to 30 000 rows", 30_000, 10_000_000),
    ("a quiet topic: answers of up to 200 rows", 200, 4_000_000),
];

pub(super) fn measure() -> Outcome<Figures> {
    let columns = ["resident bytes per row", "bytes per row that Arrow needs", "ratio", "ratio that the table counts itself"];
    let mut figures = Figures::new("tables: memory of an append table of JSON orders, 5 of 10 fields", &columns);
    for (name, answer_rows, rows) in CASES {
        let output = Command::new(std::env::current_exe()?)
            .args(["memory", "--answer-rows", &answer_rows.to_string(), "--rows", &rows.to_string()])
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let numbers: Vec<f64> = text.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        let [rows, resident, needed, counted] = numbers[..] else {
            return Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)).into());
        };
        let cells = [
            format!("{:.1}", resident / rows),
            format!("{:.1}", needed / rows),
            format!("{:.3}", resident / needed),
            format!("{:.3}", counted / needed),
        ];
        figures.line(name, cells, Goal::at_most(format!("at most {GOAL} x"), [(resident / needed, GOAL)]));
    }
    Ok(figures)
}

/// Fills a table as lanes do, and prints its rows, the memory that the process has gained, what Arrow needs, and what the table counts.
pub(crate) fn run(arguments: &Memory) -> Outcome {
    let spec = value();
    let batches = batches(arguments.answer_rows)?;
    let (feed, table) = Feed::table(Assembly::schema(&spec)?, TableType::Append, LANES as i32);
    let before = resident_bytes();
    std::thread::scope(|scope| {
        let lanes = (0..LANES).map(|lane| {
            let (assembly, feed, batches) = (Assembly::new(&feed, &spec), &feed, &batches);
            scope.spawn(move || {
                let fed = assembly.map_err(Into::into).and_then(|assembly| fill(assembly, feed, lane, batches, arguments));
                fed.map_err(|error: Box<dyn std::error::Error>| error.to_string())
            })
        });
        let lanes: Vec<_> = lanes.collect();
        lanes.into_iter().try_for_each(|lane| lane.join().map_err(|_| "a lane panicked".to_owned())?)
    })?;
    feed.cycle();
    let resident = resident_bytes().saturating_sub(before);
    let snapshot = table.snapshot();
    if snapshot.rows() < arguments.rows {
        return Err(format!("{} of {} rows are in the table", snapshot.rows(), arguments.rows).into());
    }
    let mut needed = 0;
    for column in snapshot.batches().iter().flat_map(|batch| batch.columns()) {
        needed += column.to_data().get_slice_memory_size()?;
    }
    println!("{} {resident} {needed} {}", snapshot.rows(), table.status().bytes_held);
    Ok(())
}

fn value() -> Spec {
    spec::json([
        column("Symbol", Type::Utf8),
        column("Side", Type::Utf8),
        column("Price", Type::Float64),
        column("Qty", Type::Int64),
        column("Tstamp", Type::Timestamp(spec::TimeUnit::Nanosecond)),
    ])
}

/// One lane's partition, in answers of all sizes.
fn fill(mut assembly: Assembly, feed: &Feed, lane: usize, batches: &[(Bytes, usize)], arguments: &Memory) -> Outcome {
    let mut random = fastrand::Rng::with_seed(lane as u64);
    let mut batches = batches.iter().cycle();
    let mut left = arguments.rows / LANES;
    // Answers come in buffers of a pool.
    let mut answer = BytesMut::with_capacity(FRAME_BYTES);
    for answers in 1.. {
        let wanted = random.usize(1..=arguments.answer_rows);
        answer.clear();
        let first = assembly.position(lane as i32);
        let mut rows = 0;
        for (batch, records) in batches.by_ref() {
            // A batch names its first offset, which its checksum does not cover.
            answer.extend_from_slice(&(first + rows as i64).to_be_bytes());
            answer.extend_from_slice(batch.get(8..).unwrap_or_default());
            rows += records;
            if rows >= wanted {
                break;
            }
        }
        let records = answer.freeze();
        assembly.answer(lane as i32, records.clone())?;
        answer = records.try_into_mut().map_err(|_| "the answer is still held")?;
        if answers % ANSWERS == 0 {
            feed.cycle();
        }
        left = left.saturating_sub(rows);
        if left == 0 {
            break;
        }
    }
    Ok(())
}

/// Batches, and how many records each has.
fn batches(answer_rows: usize) -> Outcome<Vec<(Bytes, usize)>> {
    let workload = Workload::orders(1, DISTINCT as u64, 1);
    let mut random = fastrand::Rng::with_seed(1);
    let mut batches = Vec::new();
    let mut first = 0;
    while first < DISTINCT {
        let records =
            if answer_rows < BATCH_RECORDS { random.usize(1..=answer_rows) } else { BATCH_RECORDS }.min(DISTINCT - first);
        batches.push((batch_walk::batch(&workload, first..first + records)?, records));
        first += records;
    }
    Ok(batches)
}
