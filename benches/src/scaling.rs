//! Decoding eight partitions on one thread and on as many as there are cores: nothing is shared, so nothing may be lost.

use std::thread;

use arrow_array::ArrayRef;
use kolumn::decode::{Column, decoder};
use kolumn::spec::{Names, Side, Spec};

use crate::Outcome;
use crate::arguments::Measure;
use crate::avro;
use crate::contest::{Contest, Results};
use crate::measure::{Clock, Stopwatch};
use crate::payloads::{BLOCK_ROWS, Payloads};
use crate::sums::Sums;

const PARTITIONS: usize = 8;
/// What must be left of each core.
const GOAL: f64 = 0.9;

pub(crate) fn run(arguments: &Measure) -> Outcome<Vec<Results>> {
    let payloads = avro::payloads(arguments.rows / PARTITIONS);
    let cores = thread::available_parallelism()?.get();
    let spec = avro::spec();
    let contest = Contest::new(format!("scaling, Avro orders of {PARTITIONS} partitions"), Clock::Wall)
        .subject(&format!("kolumn, threads: {cores}"), |watch| decode(watch, &payloads, &spec, cores))
        .peer("kolumn, threads: 1", GOAL * cores as f64, |watch| decode(watch, &payloads, &spec, 1));
    Ok(vec![contest.run(arguments.rounds, true)?])
}

fn decode(watch: &mut Stopwatch, payloads: &Payloads, spec: &Spec, threads: usize) -> Outcome<Sums> {
    let chunks: Vec<Vec<Option<&[u8]>>> = payloads.chunks().collect();
    let partitions: Vec<Vec<ArrayRef>> = watch
        .measure(|| {
            thread::scope(|scope| {
                let chunks = &chunks;
                let lane = |lane: usize| {
                    let own = (lane..PARTITIONS).step_by(threads);
                    scope.spawn(move || own.map(|_| partition(chunks, spec)).collect::<Result<Vec<_>, _>>())
                };
                let lanes: Vec<_> = (0..threads).map(lane).collect();
                lanes
                    .into_iter()
                    .map(|lane| lane.join().map_err(|_| "a thread panicked")?.map_err(Into::into))
                    .collect::<Outcome<Vec<_>>>()
            })
        })?
        .into_iter()
        .flatten()
        .flatten()
        .collect();
    let mut sums = Sums::default();
    partitions.iter().for_each(|columns| sums.add_order_columns(columns));
    Ok(sums)
}

/// The batches of one partition, each of which becomes the columns of a chunk.
fn partition(chunks: &[Vec<Option<&[u8]>>], spec: &Spec) -> kolumn::Result<Vec<Vec<ArrayRef>>> {
    let mut decoder = decoder(spec, Side::Value, &Names::default())?;
    let mut columns: Vec<Column> = decoder.fields().iter().map(Column::new).collect::<Result<_, _>>()?;
    let mut bad = Vec::new();
    let batch = |chunk: &Vec<Option<&[u8]>>| {
        chunk.chunks(BLOCK_ROWS).for_each(|block| decoder.decode(block, &mut columns, &mut bad));
        columns.iter_mut().map(Column::finish).collect()
    };
    chunks.iter().map(batch).collect()
}
