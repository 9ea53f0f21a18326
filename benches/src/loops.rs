//! The inner loops by themselves, timed by divan: for whoever works on one. Peers have no part in it.

use std::hint::black_box;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, Divan};
use kolumn::decode::{Column, Decoder, decoder, json_decoder_at};
use kolumn::spec::{Names, Side, Spec};
use kolumn::stages::Batches;
use kolumn_protocol_tests::Workload;

use crate::arguments::Measure;
use crate::payloads::{BATCH_ROWS, BLOCK_ROWS};
use crate::{avro, batch_walk};

const JSON: &str = "json:symbol:utf8,side:utf8,price:float64,quantity:int64,id:int64";
/// The ways to decode JSON, as the decoder names them.
const LEVELS: [&str; 6] = ["plain", "scalar", "sse2", "avx2", "avx512", "neon"];

/// Runs all loops; divan prints what it finds.
pub(crate) fn run(arguments: &Measure) {
    Divan::default().sample_count(u32::try_from(arguments.rounds * 20).unwrap_or(u32::MAX)).run_benches();
}

/// A block after another of JSON orders, by each of the ways that this machine knows.
#[divan::bench(args = LEVELS)]
fn json_orders(bencher: Bencher<'_, '_>, level: &str) {
    let spec = Spec::parse(JSON).expect("a spec");
    let Some(decoder) = json_decoder_at(&spec, level).expect("a decoder") else { return };
    let workload = Workload::orders(1, BATCH_ROWS as u64, 1);
    let documents: Vec<Vec<u8>> = (0..BATCH_ROWS as u64).filter_map(|row| workload.record(row).value).collect();
    let payloads: Vec<Option<&[u8]>> = documents.iter().map(|document| Some(document.as_slice())).collect();
    decode(bencher, decoder, &payloads);
}

/// A block after another of Avro orders.
#[divan::bench]
fn avro_orders(bencher: Bencher<'_, '_>) {
    let decoder = decoder(&avro::spec(), Side::Value, &Names::default()).expect("a decoder");
    let payloads = avro::payloads(BATCH_ROWS);
    let chunk = payloads.chunks().next().expect("a chunk");
    decode(bencher, decoder, &chunk);
}

fn decode(bencher: Bencher<'_, '_>, mut decoder: Box<dyn Decoder>, payloads: &[Option<&[u8]>]) {
    let mut columns: Vec<Column> = decoder.fields().iter().map(|field| Column::new(field).expect("a column")).collect();
    let mut bad = Vec::new();
    let bytes: usize = payloads.iter().flatten().map(|payload| payload.len()).sum();
    bencher.counter(ItemsCount::new(payloads.len())).counter(BytesCount::new(bytes)).bench_local(|| {
        for block in payloads.chunks(BLOCK_ROWS) {
            decoder.decode(block, &mut columns, &mut bad);
        }
        columns.iter_mut().for_each(|column| drop(black_box(column.finish())));
        assert!(bad.is_empty(), "{bad:?}");
    });
}

/// A batch of a megabyte: its checksum, and each record's ends.
#[divan::bench]
fn batch_of_a_megabyte(bencher: Bencher<'_, '_>) {
    let workload = Workload::orders(1, batch_walk::BATCH_RECORDS as u64, 1);
    let batch = batch_walk::batch(&workload, 0..batch_walk::BATCH_RECORDS).expect("a batch");
    let mut own = Batches::default();
    bencher.counter(ItemsCount::new(batch_walk::BATCH_RECORDS)).counter(BytesCount::new(batch.len())).bench_local(|| {
        own.walk(&batch, |record| {
            black_box(record);
        })
    });
}
