//! What a snapshot costs, however many rows the table has.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use kolumn::stages::Feed;
use kolumn::{Table, TableType};

use crate::Outcome;
use crate::figures::{Figures, Goal, quantile};

const SNAPSHOTS: usize = 200_000;
const CHUNK_ROWS: usize = 50_000;
/// Nanoseconds that a snapshot may take.
const GOAL: f64 = 1000.0;

pub(super) fn measure() -> Outcome<Figures> {
    let columns = ["median, ns", "99th percentile, ns", "longest, us"];
    let mut figures = Figures::new("tables: a snapshot of one Int64 column", &columns);
    for rows in [10_000, 1_000_000, 100_000_000] {
        // All chunks share their rows: what a snapshot would do with each chunk, it does with these.
        let column: ArrayRef = Arc::new(Int64Array::from_iter_values(0..CHUNK_ROWS.min(rows) as i64));
        let chunk = RecordBatch::try_from_iter([("Qty", column)])?;
        let (mut feed, table) = Feed::table(chunk.schema(), TableType::Append, 1);
        for _ in 0..rows / chunk.num_rows() {
            feed.append(0, chunk.clone())?;
            feed.cycle();
        }
        let mut line = |name: &str, sorted: Vec<f64>| {
            let (median, late) = (quantile(&sorted, 0.5), quantile(&sorted, 0.99));
            let cells = [format!("{median:.0}"), format!("{late:.0}"), format!("{:.1}", quantile(&sorted, 1.0) / 1000.0)];
            let name = format!("{} rows{name}", table.snapshot().rows());
            figures.line(name, cells, Goal::at_most("less than 1 us, also the 99th percentile", [(median, GOAL), (late, GOAL)]));
        };
        line("", times(&table));
        let done = AtomicBool::new(false);
        let beside = std::thread::scope(|scope| {
            let cycles = scope.spawn(|| -> kolumn::Result<()> {
                let news = chunk.slice(0, 1000);
                while !done.load(Ordering::Acquire) {
                    feed.append(0, news.clone())?;
                    feed.cycle();
                    std::thread::sleep(Duration::from_millis(1));
                }
                Ok(())
            });
            let times = times(&table);
            done.store(true, Ordering::Release);
            cycles.join().map_err(|_| "the cycles panicked")??;
            Outcome::Ok(times)
        })?;
        line(" and more, beside 1000 cycles a second", beside);
    }
    Ok(figures)
}

/// Nanoseconds of many snapshots, sorted. A look at the clock is part of each.
fn times(table: &Table) -> Vec<f64> {
    let mut times: Vec<f64> = (0..SNAPSHOTS)
        .map(|_| {
            let begun = Instant::now();
            let snapshot = std::hint::black_box(table.snapshot());
            let time = begun.elapsed();
            drop(snapshot);
            time.as_nanos() as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times
}
