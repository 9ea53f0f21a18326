//! What holds for every sequence of chunks, cycles, logs that lose their end and topics that are created again: all tables are at every
//! moment what a list of rows would be.

use arrow_array::BooleanArray;
use proptest::prelude::*;

use super::properties::{error_rows, settings};
use super::*;

const PARTITIONS: Partition = 3;

/// Partition, offset, and a number that no other row has, not even one of the same partition and offset.
type Row = (Partition, Offset, i64);

#[derive(Debug, Clone)]
enum Act {
    /// What becomes of the offsets that follow: a row, an error row, filtered, control, a gap.
    Append(Partition, Vec<u8>),
    Cycle,
    /// So many offsets back.
    Truncate(Partition, Offset),
    Restart(Partition, Offset),
    Subscribe(Option<usize>),
    Read(usize),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let partition = || 0..PARTITIONS;
    let fates = prop_oneof![prop::collection::vec(Just(0_u8), 1..20), prop::collection::vec(0..5_u8, 1..20)];
    let act = prop_oneof![
        8 => (partition(), fates).prop_map(|(partition, fates)| Act::Append(partition, fates)),
        4 => Just(Act::Cycle),
        3 => (partition(), 0..30_i64).prop_map(|(partition, back)| Act::Truncate(partition, back)),
        1 => (partition(), 0..30_i64).prop_map(|(partition, at)| Act::Restart(partition, at)),
        1 => prop::option::of(1..4_usize).prop_map(Act::Subscribe),
        2 => (0..8_usize).prop_map(Act::Read),
    ];
    prop::collection::vec(act, 1..60)
}

fn table_type() -> impl Strategy<Value = TableType> {
    prop_oneof![Just(TableType::Append), Just(TableType::Blink), (1..40_usize).prop_map(TableType::Ring)]
}

fn batch(of: &[Row]) -> RecordBatch {
    let partitions: ArrayRef = Arc::new(Int32Array::from_iter_values(of.iter().map(|row| row.0)));
    let offsets: ArrayRef = Arc::new(Int64Array::from_iter_values(of.iter().map(|row| row.1)));
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(of.iter().map(|row| row.2)));
    RecordBatch::try_from_iter([("Partition", partitions), ("Offset", offsets), ("Number", numbers)]).unwrap()
}

/// The rows of a table of ours, or of the error table, whose rows have no number.
fn rows_of(batches: &[RecordBatch]) -> Vec<Row> {
    let mut rows = Vec::new();
    for batch in batches {
        assert!(batch.num_rows() > 0);
        let partitions = batch.column(0).as_primitive::<Int32Type>().values();
        let offsets = batch.column(1).as_primitive::<Int64Type>().values();
        let numbers = batch.column(2).as_primitive_opt::<Int64Type>();
        rows.extend((0..batch.num_rows()).map(|at| (partitions[at], offsets[at], numbers.map_or(-1, |of| of.value(at)))));
    }
    rows
}

fn even(batch: &RecordBatch) -> crate::error::Result<BooleanArray> {
    Ok(batch.column(2).as_primitive::<Int64Type>().iter().map(|number| number.map(|number| number % 2 == 0)).collect())
}

/// A table as a list of rows, each with its generation.
#[derive(Debug)]
struct List {
    table_type: TableType,
    only: Option<Partition>,
    even: bool,
    errors: bool,
    /// Of a filtered table: what it filters.
    of: Option<usize>,
    /// What a merge of filtered rings holds depends on what these dropped before they were seen: then only its updates are looked at.
    unknown: bool,
    rows: Vec<(Row, u32)>,
}

impl List {
    fn cycle(&mut self, added: &[(Row, u32, bool)]) {
        if self.table_type == TableType::Blink {
            self.rows.clear();
        }
        let is_here = |row: &Row| self.only.is_none_or(|only| only == row.0) && (!self.even || row.2 % 2 == 0);
        let added = added.iter().filter(|(row, _, error)| *error == self.errors && is_here(row));
        self.rows.extend(added.map(|(row, generation, _)| (*row, *generation)));
        if let TableType::Ring(most) = self.table_type {
            self.rows.drain(..self.rows.len().saturating_sub(most));
        }
    }

    fn truncate(&mut self, partition: Partition, generation: u32, to: Offset) {
        self.rows.retain(|(row, of)| row.0 != partition || *of != generation || row.1 < to);
    }
}

/// What a subscriber has. Rows that it missed are none.
struct Replay {
    updates: Updates,
    rows: Vec<Option<Row>>,
    lossy: bool,
}

impl Replay {
    fn follow(&mut self, most: usize) {
        for _ in 0..most {
            let Some(update) = next(&mut self.updates) else { return };
            assert!(self.lossy || update.missed() == 0);
            self.rows.extend((0..update.missed()).map(|_| None));
            self.rows.drain(..update.removed());
            if let Some(withdrawn) = update.withdrawn() {
                assert_eq!(update.added_rows(), 0);
                assert!(self.lossy || update.removed() == 0);
                assert!(withdrawn.ranges().iter().all(|range| range.start < range.end));
                assert!(withdrawn.ranges().windows(2).all(|pair| pair[0].end < pair[1].start));
                for gone in withdrawn.ranges().iter().rev() {
                    let gone: Vec<_> = self.rows.drain(gone.clone()).flatten().collect();
                    assert!(gone.iter().all(|row| row.0 == withdrawn.partition() && row.1 >= withdrawn.from()));
                }
            }
            self.rows.extend(rows_of(update.added()).into_iter().map(Some));
        }
    }
}

/// A partition as the log says it is.
#[derive(Debug, Default)]
struct Log {
    generation: u32,
    first: Offset,
    fates: Vec<u8>,
    /// Where chunks begin.
    cuts: Vec<Offset>,
    /// Whether it was cut inside a chunk: then it is not known which of the offsets without row were what.
    mixed: bool,
}

impl Log {
    fn next(&self) -> Offset {
        self.first + self.fates.len() as Offset
    }

    fn count(&self, fates: std::ops::RangeInclusive<u8>) -> u64 {
        self.fates.iter().filter(|fate| fates.contains(fate)).count() as u64
    }
}

struct World {
    publisher: Publisher,
    budget: Budget,
    tables: Vec<(Table, List)>,
    replays: Vec<(usize, Replay)>,
    logs: Vec<Log>,
    pending: Vec<(Row, u32, bool)>,
    is_pending: bool,
    number: i64,
}

impl World {
    fn new(table_type: TableType, error_type: TableType, chunk_rows: usize, parted: bool) -> Self {
        let budget = Budget::new(1 << 20);
        let settings = CycleSettings { error_table: error_type, ..settings(chunk_rows) };
        let publisher = Publisher::new("orders".into(), settings, budget.clone());
        let list = |only: Option<Partition>, even: bool| List {
            table_type,
            only,
            even,
            errors: false,
            of: None,
            unknown: false,
            rows: Vec::new(),
        };
        let mut tables = Vec::new();
        let schema = batch(&[]).schema();
        let errors = if parted {
            let table = publisher.partitioned(schema, table_type);
            (0..PARTITIONS).for_each(|partition| publisher.start_partition(partition, 0));
            publisher.publish();
            let filtered = table.transform(|table| table.filter(even)).unwrap();
            let proxied = table.proxy().map(|batch| Ok(batch.clone())).unwrap().target();
            for partition in 0..PARTITIONS {
                tables.push((table.get(partition).unwrap(), list(Some(partition), false)));
                let of = Some(tables.len() - 1);
                tables.push((filtered.get(partition).unwrap(), List { of, ..list(Some(partition), true) }));
                tables.push((proxied.get(partition).unwrap(), list(Some(partition), false)));
            }
            tables.push((table.merge(), list(None, false)));
            let unknown = matches!(table_type, TableType::Ring(_));
            tables.push((filtered.merge(), List { unknown, ..list(None, true) }));
            tables.push((proxied.filter(|partition| partition == 1).unwrap().merge(), list(Some(1), false)));
            table.errors()
        } else {
            let table = publisher.plain(schema, table_type);
            (0..PARTITIONS).for_each(|partition| publisher.start_partition(partition, 0));
            publisher.publish();
            tables.push((table.clone(), list(None, false)));
            table.errors()
        };
        tables.push((errors, List { table_type: error_type, errors: true, ..list(None, false) }));
        let logs = (0..PARTITIONS).map(|_| Log::default()).collect();
        Self { publisher, budget, tables, replays: Vec::new(), logs, pending: Vec::new(), is_pending: false, number: 0 }
    }

    fn subscribe(&mut self, limit: Option<usize>) {
        for (at, (table, _)) in self.tables.iter().enumerate() {
            let updates = limit.map_or_else(|| table.updates(), |limit| table.updates_lossy(limit));
            self.replays.push((at, Replay { updates, rows: Vec::new(), lossy: limit.is_some() }));
        }
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Append(partition, fates) => self.append(partition, &fates),
            Act::Cycle => {
                self.publisher.run_cycle();
                self.cycle();
            }
            Act::Truncate(partition, back) => self.truncate(partition, back),
            Act::Restart(partition, at) => {
                self.publisher.restart_partition(partition, at).unwrap();
                // What waited is seen first, and then the new beginning.
                if self.is_pending {
                    self.cycle();
                }
                self.cycle();
                let generation = self.logs[partition as usize].generation + 1;
                self.logs[partition as usize] = Log { generation, first: at, ..Log::default() };
            }
            Act::Subscribe(limit) => self.subscribe(limit),
            Act::Read(most) => self.replays.iter_mut().for_each(|(_, replay)| replay.follow(most)),
        }
    }

    fn append(&mut self, partition: Partition, fates: &[u8]) {
        let log = &mut self.logs[partition as usize];
        let first = log.next();
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for (offset, fate) in (first..).zip(fates) {
            self.number += 1;
            match fate {
                0 => good.push((partition, offset, self.number)),
                1 => bad.push((partition, offset)),
                _ => {}
            }
        }
        let count = |fate: u8| fates.iter().filter(|found| **found == fate).count() as u64;
        let span = Span {
            next: first + fates.len() as Offset,
            rows: count(0),
            errors: count(1),
            filtered: count(2),
            control: count(3),
            gaps: count(4),
            leader_epoch: log.generation as i32 + 1,
            ..Span::empty(partition, first)
        };
        log.cuts.push(first);
        log.fates.extend(fates);
        let offsets = good.iter().map(|row| row.1).collect();
        let errors = (!bad.is_empty()).then(|| error_rows(&bad, b"x"));
        let chunk = Chunk::new(batch(&good), vec![span], offsets, errors, self.budget.charge(10));
        self.publisher.append(chunk).unwrap();
        let generation = log.generation;
        self.pending.extend(good.into_iter().map(|row| (row, generation, false)));
        self.pending.extend(bad.into_iter().map(|(partition, offset)| ((partition, offset, -1), generation, true)));
        self.is_pending = true;
    }

    fn cycle(&mut self) {
        let added = std::mem::take(&mut self.pending);
        self.tables.iter_mut().for_each(|(_, list)| list.cycle(&added));
        self.is_pending = false;
    }

    fn truncate(&mut self, partition: Partition, back: Offset) {
        let log = &mut self.logs[partition as usize];
        let to = (log.next() - back).max(0);
        let at = usize::try_from(to - log.first).unwrap_or(0);
        let rows = log.fates[at..].iter().filter(|fate| **fate == 0).count() as u64;
        let errors = log.fates[at..].iter().filter(|fate| **fate == 1).count() as u64;
        log.mixed |= to > log.first && back > 0 && !log.cuts.contains(&to);
        log.first = log.first.min(to);
        log.fates.truncate(at);
        log.cuts.retain(|cut| *cut < to);
        let generation = log.generation;
        let lost = self.publisher.truncate(partition, to).unwrap();
        assert_eq!((lost.rows, lost.errors), (rows, errors));
        assert!(lost.adds_up());
        if self.is_pending {
            self.cycle();
        }
        self.tables.iter_mut().for_each(|(_, list)| list.truncate(partition, generation, to));
    }

    fn check(&self) {
        if self.is_pending {
            return;
        }
        for (table, list) in self.tables.iter().filter(|(_, list)| !list.unknown) {
            let snapshot = table.snapshot();
            let base = list.of.map_or(list, |of| &self.tables[of].1);
            let held = base.rows.iter().filter(|(row, _)| !list.even || row.2 % 2 == 0);
            let expected: Vec<Row> = held.map(|(row, _)| *row).collect();
            assert_eq!(rows_of(snapshot.batches()), expected, "{list:?}");
            assert_eq!(snapshot.rows(), expected.len());
            for (partition, position) in snapshot.positions().iter() {
                let log = &self.logs[partition as usize];
                let account = position.account;
                assert!(account.adds_up());
                assert_eq!((position.next, position.generation), (log.next(), log.generation));
                assert_eq!((account.first, account.next), (log.first, log.next()));
                assert_eq!((account.rows, account.errors), (log.count(0..=0), log.count(1..=1)));
                if !log.mixed {
                    assert_eq!((account.filtered, account.control), (log.count(2..=2), log.count(3..=3)));
                }
                let ours = base.rows.iter().filter(|(row, of)| row.0 == partition && *of == log.generation);
                let ours: Vec<Offset> = ours.map(|(row, _)| row.1).collect();
                assert!(ours.iter().all(|offset| (position.first..position.next).contains(offset)));
                match list.table_type {
                    TableType::Append => assert_eq!(position.first, log.first),
                    TableType::Ring(_) => assert_eq!(position.first, ours.first().copied().unwrap_or(position.next)),
                    TableType::Blink => {}
                }
            }
        }
        for (partition, log) in (0..).zip(&self.logs) {
            let epoch = if log.fates.is_empty() { -1 } else { log.generation as i32 + 1 };
            assert_eq!(self.publisher.resume_point(partition), Some((log.next(), epoch)));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn tables_are_what_lists_of_rows_would_be_whatever_logs_lose(
        acts in acts(),
        table_type in table_type(),
        error_type in table_type(),
        chunk_rows in 8..64_usize,
        parted in any::<bool>(),
        derived_at in 0..30_usize,
    ) {
        let mut world = World::new(table_type, error_type, chunk_rows, parted);
        world.subscribe(None);
        world.subscribe(Some(2));
        for (at, act) in acts.into_iter().enumerate() {
            if at == derived_at && !world.is_pending {
                let table = world.tables[0].0.clone();
                let only = world.tables[0].1.only;
                let filtered = table.filter(even).unwrap();
                let mapped = filtered.map(|batch| Ok(batch.clone())).unwrap();
                for table in [filtered, mapped] {
                    let of = Some(0);
                    let errors = false;
                    world.tables.push((table, List { table_type, only, even: true, errors, of, unknown: false, rows: Vec::new() }));
                }
            }
            world.act(act);
            world.check();
        }
        world.act(Act::Cycle);
        world.check();
        for (at, replay) in &mut world.replays {
            replay.follow(usize::MAX);
            let shown = rows_of(world.tables[*at].0.snapshot().batches());
            prop_assert_eq!(replay.rows.len(), shown.len());
            prop_assert!(replay.lossy || replay.rows.iter().all(Option::is_some));
            prop_assert!(replay.rows.iter().zip(&shown).all(|(ours, theirs)| ours.is_none_or(|ours| ours == *theirs)));
        }
        world.replays.clear();
        world.act(Act::Cycle);
        prop_assert_eq!(world.budget.used(), 0);
    }
}
