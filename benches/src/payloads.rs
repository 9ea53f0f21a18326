//! Payloads side by side in one buffer, as a fetched frame has them.

use std::ops::Range;

use arrow_array::ArrayRef;
use kolumn::decode::{Column, decoder};
use kolumn::spec::{Names, Side, Spec};

use crate::Outcome;
use crate::measure::Stopwatch;
use crate::sums::Sums;

/// Rows of the batches that columns become.
pub(crate) const BATCH_ROWS: usize = 8192;
/// Payloads that are not the same: a few megabytes of them, as a fetch brings. They come again and again until there are enough rows.
const DISTINCT: usize = 32_768;
/// Payloads that a lane gives to a decoder at a time.
pub(crate) const BLOCK_ROWS: usize = 64;

#[derive(Debug)]
pub(crate) struct Payloads {
    bytes: Vec<u8>,
    places: Vec<Range<usize>>,
    rows: usize,
}

impl Payloads {
    /// `rows` payloads, of which the first are these.
    pub(crate) fn new(rows: usize, payloads: impl Iterator<Item = Vec<u8>>) -> Self {
        let mut all = Self { bytes: Vec::new(), places: Vec::new(), rows };
        for payload in payloads.take(DISTINCT.min(rows)) {
            all.bytes.extend([0; 8]); // what a batch has between two values
            let start = all.bytes.len();
            all.bytes.extend(payload);
            all.places.push(start..all.bytes.len());
        }
        all
    }

    /// The bytes of all payloads.
    pub(crate) fn bytes(&self) -> usize {
        (self.mean() * self.rows as f64) as usize
    }

    /// The mean length of a payload.
    pub(crate) fn mean(&self) -> f64 {
        self.places.iter().map(ExactSizeIterator::len).sum::<usize>() as f64 / self.places.len() as f64
    }

    /// As many payloads at a time as become one batch.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = Vec<Option<&[u8]>>> {
        let chunks = self.places.chunks(BATCH_ROWS).cycle().take(self.rows.div_ceil(BATCH_ROWS));
        chunks.map(|places| places.iter().map(|place| self.bytes.get(place.clone())).collect())
    }
}

/// kolumn's decoder of `spec`, over blocks as a lane has them, into the columns of orders.
pub(crate) fn into_columns(watch: &mut Stopwatch, payloads: &Payloads, spec: &Spec) -> Outcome<Sums> {
    into_columns_of(watch, payloads, spec, |sums, columns| sums.add_order_columns(columns))
}

/// As [`into_columns`], into others, which `add` adds to the sums.
pub(crate) fn into_columns_of(
    watch: &mut Stopwatch,
    payloads: &Payloads,
    spec: &Spec,
    add: impl Fn(&mut Sums, &[ArrayRef]),
) -> Outcome<Sums> {
    let mut decoder = decoder(spec, Side::Value, &Names::default())?;
    let mut columns: Vec<Column> = decoder.fields().iter().map(Column::new).collect::<Result<_, _>>()?;
    let mut bad = Vec::new();
    let mut sums = Sums::default();
    for chunk in payloads.chunks() {
        let arrays = watch.measure(|| {
            for block in chunk.chunks(BLOCK_ROWS) {
                decoder.decode(block, &mut columns, &mut bad);
            }
            columns.iter_mut().map(Column::finish).collect::<Result<Vec<_>, _>>()
        })?;
        add(&mut sums, &arrays);
    }
    match bad.first() {
        None => Ok(sums),
        Some(bad) => Err(format!("{bad:?}").into()),
    }
}
