//! What a cycle costs: by the size of the table, by its type, and by how many follow it.

use std::sync::Arc;

use arrow_array::RecordBatch;
use futures_util::{FutureExt, StreamExt};
use kolumn::stages::Feed;
use kolumn::{TableType, Updates};

use super::orders;
use crate::Outcome;
use crate::arguments::Measure;
use crate::contest::median;
use crate::figures::{Figures, Goal};
use crate::measure::Stopwatch;

const NEWS: usize = 1000;
/// Cycles of one round.
const CYCLES: usize = 2000;
const PARTITIONS: i32 = 4;
/// How much more than that of a small table a cycle of a large one may cost.
const GOAL: f64 = 1.5;

/// A table, and what is to be done with it.
struct Case {
    name: String,
    feed: Feed,
    updates: Vec<Updates>,
    /// Seconds of CPU and on the wall of a cycle, of each round.
    rounds: Vec<(f64, f64)>,
}

impl Case {
    fn new(name: impl Into<String>, feed: Feed, updates: Vec<Updates>) -> Self {
        Self { name: name.into(), feed, updates, rounds: Vec::new() }
    }

    /// Rows that are there before what counts, in cycles as those that count.
    fn fill(&mut self, news: &[RecordBatch], rows: usize) -> Outcome {
        let all: usize = news.iter().map(RecordBatch::num_rows).sum();
        (0..rows / all).try_for_each(|_| self.cycle(news))
    }

    fn cycle(&mut self, news: &[RecordBatch]) -> Outcome {
        for (partition, batch) in (0..).zip(news) {
            self.feed.append(partition, batch.clone())?;
        }
        self.feed.cycle();
        Ok(())
    }

    fn round(&mut self, news: &[RecordBatch]) -> Outcome {
        let mut watch = Stopwatch::default();
        for _ in 0..CYCLES {
            watch.measure(|| self.cycle(news))?;
            self.read();
        }
        let (cpu, wall) = watch.seconds();
        self.rounds.push((cpu / CYCLES as f64, wall / CYCLES as f64));
        Ok(())
    }

    /// The subscribers read what there is.
    fn read(&mut self) {
        for updates in &mut self.updates {
            while updates.next().now_or_never().flatten().is_some() {}
        }
    }

    /// Microseconds of CPU for a cycle.
    fn micros(&self) -> f64 {
        median(self.rounds.iter().map(|(cpu, _)| cpu * 1e6))
    }

    fn cells(&self) -> [String; 3] {
        let least = self.rounds.iter().map(|(cpu, _)| cpu * 1e6).fold(f64::INFINITY, f64::min);
        let most = self.rounds.iter().map(|(cpu, _)| cpu * 1e6).fold(0.0, f64::max);
        let rate = NEWS as f64 / median(self.rounds.iter().map(|(_, wall)| *wall)) / 1e6;
        [
            format!("{:.1} ({least:.1} to {most:.1})", self.micros()),
            format!("{:.2}", self.micros() / NEWS as f64 * 1e3),
            format!("{rate:.0}"),
        ]
    }
}

const COLUMNS: [&str; 3] = ["us of CPU for a cycle, median (min to max)", "ns per row", "M rows/s"];

fn play(cases: &mut [Case], news: &[RecordBatch], rounds: usize) -> Outcome {
    for round in 0..=rounds {
        for case in cases.iter_mut() {
            case.round(news)?;
            if round == 0 {
                case.rounds.clear(); // it fills caches and pools
            }
        }
    }
    Ok(())
}

/// The same news for small tables and for large ones.
pub(super) fn sizes(arguments: &Measure) -> Outcome<Figures> {
    let news = [orders(NEWS)?];
    let schema = news[0].schema();
    let mut cases = Vec::new();
    for (name, table_type, rows) in [
        // Its segments may not be as large as those of the others, so that none of the news is put together.
        ("a ring of 10^4 rows, never compacted", TableType::Ring(10_000), 20_000),
        ("a ring of 3 x 10^5 rows", TableType::Ring(300_000), 600_000),
        ("a ring of 10^7 rows", TableType::Ring(10_000_000), 11_000_000),
        ("an append table of 10^5 rows and more", TableType::Append, 100_000),
        ("an append table of 10^7 rows and more", TableType::Append, 10_000_000),
    ] {
        let (feed, _) = Feed::table(Arc::clone(&schema), table_type, 1);
        let mut case = Case::new(name, feed, Vec::new());
        case.fill(&news, rows)?;
        cases.push(case);
    }
    play(&mut cases, &news, arguments.rounds)?;
    let mut figures = Figures::new(format!("tables: cycles with {NEWS} new orders each, by the size of the table"), &COLUMNS);
    let goals = [None, None, Some(1), None, Some(3)];
    for (case, goal) in cases.iter().zip(goals) {
        let small = goal.and_then(|small: usize| cases.get(small));
        let goal =
            |small: &Case| Goal::at_most(format!("at most {GOAL} x {}", small.name), [(case.micros() / small.micros(), GOAL)]);
        figures.line(&case.name, case.cells(), small.and_then(goal));
    }
    Ok(figures)
}

/// The same feed for each type of table.
pub(super) fn kinds(arguments: &Measure) -> Outcome<Figures> {
    let batch = orders(NEWS)?;
    let part = NEWS / PARTITIONS as usize;
    let news: Vec<RecordBatch> = (0..PARTITIONS as usize).map(|partition| batch.slice(partition * part, part)).collect();
    let mut cases = Vec::new();
    let types = [("append", TableType::Append), ("ring of 10^6", TableType::Ring(1_000_000)), ("blink", TableType::Blink)];
    for (name, table_type) in types {
        let (feed, table) = Feed::table(batch.schema(), table_type, PARTITIONS);
        let updates = vec![table.updates()];
        cases.push(Case::new(name, feed, updates));
    }
    for (name, table_type) in types {
        let (feed, tables) = Feed::partitioned(batch.schema(), table_type, PARTITIONS);
        let updates = tables.constituents().values().map(|table| table.updates()).collect();
        cases.push(Case::new(format!("partitioned, {name}"), feed, updates));
    }
    for case in &mut cases {
        case.fill(&news, 1_100_000)?;
        case.read();
    }
    play(&mut cases, &news, arguments.rounds)?;
    let title =
        format!("tables: cycles with {NEWS} new orders of {PARTITIONS} partitions each, one subscriber for each table, by type");
    let mut figures = Figures::new(title, &COLUMNS);
    cases.iter().for_each(|case| figures.line(&case.name, case.cells(), None));
    Ok(figures)
}

/// The same table with few and many who follow it.
pub(super) fn subscribers(arguments: &Measure) -> Outcome<Figures> {
    let news = [orders(NEWS)?];
    let mut cases = Vec::new();
    for count in [0, 1, 10, 100, 1000] {
        let (feed, table) = Feed::table(news[0].schema(), TableType::Ring(100_000), 1);
        let updates = (0..count).map(|_| table.updates()).collect();
        let mut case = Case::new(format!("{count} subscribers"), feed, updates);
        case.fill(&news, 200_000)?;
        case.read();
        cases.push(case);
    }
    play(&mut cases, &news, arguments.rounds)?;
    let title = format!("tables: cycles of a ring of 10^5 rows with {NEWS} new orders each, by how many follow it");
    let mut figures = Figures::new(title, &COLUMNS);
    let alone = cases.first().map_or(0.0, Case::micros);
    for case in &cases {
        let each = (case.micros() - alone) / case.updates.len().max(1) as f64;
        figures.line(format!("{}, {:.0} ns for each", case.name, each * 1e3), case.cells(), None);
    }
    Ok(figures)
}
