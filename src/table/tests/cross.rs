use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use arrow_array::{BinaryArray, BooleanArray, TimestampMillisecondArray};
use proptest::prelude::*;

use super::*;

fn error_rows(of: &[(Partition, Offset)], raw: &[u8]) -> RecordBatch {
    let count = of.len();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from_iter_values(of.iter().map(|row| row.0))),
        Arc::new(Int64Array::from_iter_values(of.iter().map(|row| row.1))),
        Arc::new(TimestampMillisecondArray::from(vec![None; count]).with_timezone("UTC")),
        Arc::new(StringArray::from(vec!["value"; count])),
        Arc::new(StringArray::from(vec![None::<&str>; count])),
        Arc::new(Int64Array::from(vec![0; count])),
        Arc::new(StringArray::from(vec!["syntax"; count])),
        Arc::new(StringArray::from(vec!["no JSON"; count])),
        Arc::new(BinaryArray::from(vec![Some(raw); count])),
        Arc::new(Int64Array::from(vec![1; count])),
    ];
    RecordBatch::try_new(error_schema(), columns).unwrap()
}

/// Each offset has its own fate: a row, an error, filtered, control, a gap.
fn fated(budget: &Budget, partition: Partition, first: Offset, fates: &[u8]) -> Chunk {
    let next = first + i64::try_from(fates.len()).unwrap();
    let of = |fate: u8| -> Vec<(Partition, Offset)> {
        (first..next).zip(fates).filter(|(_, found)| **found == fate).map(|(offset, _)| (partition, offset)).collect()
    };
    let (good, errors) = (of(0), of(1));
    let span = Span {
        next,
        rows: good.len() as u64,
        errors: errors.len() as u64,
        filtered: of(2).len() as u64,
        control: of(3).len() as u64,
        gaps: of(4).len() as u64,
        ..Span::empty(partition, first)
    };
    let offsets: Vec<Offset> = good.iter().map(|row| row.1).collect();
    let errors = (!errors.is_empty()).then(|| error_rows(&errors, b"x"));
    Chunk::new(rows(&good), vec![span], offsets.into(), errors, budget.charge(1))
}

fn settings(chunk_rows: usize) -> CycleSettings {
    CycleSettings { chunk_rows, ..CycleSettings::default() }
}

fn table_type() -> impl Strategy<Value = TableType> {
    prop_oneof![Just(TableType::Append), Just(TableType::Blink), (1..30_usize).prop_map(TableType::Ring)]
}

fn cycles() -> impl Strategy<Value = Vec<Vec<(Partition, u64)>>> {
    prop::collection::vec(prop::collection::vec((0..3_i32, 0..9_u64), 0..5), 1..20)
}

fn even(batch: &RecordBatch) -> crate::error::Result<BooleanArray> {
    Ok(batch.column(1).as_primitive::<Int64Type>().iter().map(|offset| offset.map(|offset| offset % 2 == 0)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn positions_name_exactly_what_is_held_and_account_for_every_offset(
        chunks in prop::collection::vec((0..3_i32, prop::collection::vec(0..5_u8, 1..12), any::<bool>()), 1..40),
        table_type in table_type(),
        chunk_rows in 8..64_usize,
    ) {
        let writer = Writer::with(settings(chunk_rows), 1 << 20);
        let table = writer.plain(table_type, &[(0, 0), (1, 0), (2, 0)]);
        writer.cycle();
        let mut bad = Vec::new();
        let mut replay = Copy::of(&table);
        for (partition, fates, with_cycle) in &chunks {
            let first = writer.publisher.position(*partition).unwrap();
            bad.extend((first..).zip(fates).filter(|(_, fate)| **fate == 1).map(|(offset, _)| (*partition, offset)));
            writer.publisher.append(fated(&writer.budget, *partition, first, fates)).unwrap();
            if !with_cycle {
                continue;
            }
            writer.cycle();
            let shown = shown(&table);
            replay.follow();
            prop_assert_eq!(&replay.rows, &shown);
            let snapshot = table.snapshot();
            for (partition, position) in snapshot.positions().iter() {
                let ours: Vec<Offset> = shown.iter().filter(|row| row.0 == partition).map(|row| row.1).collect();
                prop_assert!(position.account.adds_up());
                prop_assert_eq!(Some(position.next), writer.publisher.position(partition));
                prop_assert!(ours.iter().all(|offset| (position.first..position.next).contains(offset)));
                if matches!(table_type, TableType::Ring(_)) && position.account.rows > ours.len() as u64 {
                    prop_assert_eq!(position.first, ours.first().copied().unwrap_or(position.next));
                }
            }
        }
        writer.cycle();
        let errors = table.errors().snapshot();
        let found: Vec<_> = errors.batches().iter().flat_map(|batch| {
            let partitions = batch.column(0).as_primitive::<Int32Type>().values().to_vec();
            partitions.into_iter().zip(batch.column(1).as_primitive::<Int64Type>().values().to_vec())
        }).collect();
        prop_assert_eq!(found, bad);
    }

    #[test]
    fn a_merged_table_is_at_every_cycle_what_a_plain_table_would_be(table_type in table_type(), cycles in cycles(), made_at in 0..6_usize, chunk_rows in 8..64_usize) {
        let (plain, parted) = (Writer::with(settings(chunk_rows), 1 << 20), Writer::with(settings(chunk_rows), 1 << 20));
        let table = plain.plain(table_type, &[(0, 0), (1, 0)]);
        let tables = parted.partitioned(table_type, &[(0, 0), (1, 0)]);
        plain.cycle();
        parted.cycle();
        let mut merged = None;
        for (at, cycle) in cycles.into_iter().enumerate() {
            if at == made_at {
                let made = tables.merge();
                let copy = Copy::of(&made);
                merged = Some((made, copy));
            }
            if at == 3 {
                plain.start(2, 0);
                parted.start(2, 0);
            }
            for run in cycle.into_iter().filter(|run| run.0 < 2 || at >= 3) {
                plain.append(&[run]);
                parted.append(&[run]);
            }
            plain.cycle();
            parted.cycle();
            if let Some((merged, copy)) = &mut merged {
                copy.follow();
                let mut ours = shown(merged);
                prop_assert_eq!(&copy.rows, &ours);
                let mut theirs = shown(&table);
                if made_at > 0 {
                    ours.sort_unstable();
                    theirs.sort_unstable();
                    if matches!(table_type, TableType::Ring(_)) {
                        prop_assert_eq!(ours.len(), theirs.len());
                        continue;
                    }
                }
                prop_assert_eq!(ours, theirs);
                for ((_, ours), (_, theirs)) in merged.snapshot().positions().iter().zip(table.snapshot().positions().iter()) {
                    prop_assert_eq!(ours.account, theirs.account);
                    prop_assert_eq!((ours.first, ours.next), (theirs.first, theirs.next));
                }
            }
        }
    }

    #[test]
    fn derived_tables_are_at_every_cycle_what_the_operation_makes_of_their_base(table_type in table_type(), cycles in cycles(), made_at in 0..10_usize, chunk_rows in 8..64_usize) {
        let writer = Writer::with(settings(chunk_rows), 1 << 20);
        let table = writer.plain(table_type, &[(0, 0), (1, 0), (2, 0)]);
        writer.cycle();
        let mut made = None;
        for (at, cycle) in cycles.into_iter().enumerate() {
            if at == made_at {
                let filtered = table.filter(even).unwrap();
                let mapped = filtered.map(|batch| Ok(batch.clone())).unwrap();
                let copy = Copy::of(&filtered);
                made = Some((filtered, mapped, copy));
            }
            for run in cycle {
                writer.append(&[run]);
            }
            writer.cycle();
            if let Some((filtered, mapped, copy)) = &mut made {
                let expected: Vec<_> = shown(&table).into_iter().filter(|row| row.1 % 2 == 0).collect();
                prop_assert_eq!(&shown(filtered), &expected);
                prop_assert_eq!(&shown(mapped), &expected);
                copy.follow();
                prop_assert_eq!(&copy.rows, &expected);
                for ((_, theirs), (_, ours)) in table.snapshot().positions().iter().zip(filtered.snapshot().positions().iter()) {
                    prop_assert!(ours.account.adds_up());
                    prop_assert_eq!(ours.account.rows + ours.account.filtered, theirs.account.rows);
                }
            }
        }
    }
}

#[test]
fn a_ring_keeps_only_the_memory_of_its_rows() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Ring(10), &[(0, 0)]);
    writer.append(&[(0, 60_000)]);
    writer.cycle();
    assert_eq!(shown(&table).len(), 10);
    let bytes: usize = table.snapshot().batches().iter().map(RecordBatch::get_array_memory_size).sum();
    assert!(bytes < 8192, "{bytes} bytes for ten rows");
}

#[test]
fn a_single_row_after_a_larger_chunk_in_each_cycle_does_not_keep_them_from_compaction() {
    let writer = Writer::with(settings(65_536), 1 << 30);
    let table = writer.plain(TableType::Append, &[(0, 0), (1, 0)]);
    for _ in 0..3000 {
        writer.append(&[(0, 64)]);
        writer.append(&[(1, 1)]);
        writer.cycle();
    }
    let chunks = table.snapshot().batches().len();
    assert!(chunks < 200, "{chunks} chunks of 195 000 rows");
}

#[test]
fn small_chunks_between_large_ones_are_compacted_as_well() {
    let writer = Writer::with(settings(64), 1 << 30);
    let table = writer.plain(TableType::Append, &[(0, 0), (1, 0)]);
    for _ in 0..100 {
        for _ in 0..10 {
            writer.append(&[(0, 1)]);
            writer.cycle();
        }
        writer.append(&[(1, 20)]);
        writer.cycle();
    }
    let chunks = table.snapshot().batches().len();
    assert!(chunks <= 500, "{chunks} chunks");
}

/// Whether `work` ends by itself.
fn ends(work: impl FnOnce() + Send + 'static) -> bool {
    let (done, wait) = mpsc::channel();
    std::thread::spawn(move || {
        work();
        let _ = done.send(());
    });
    wait.recv_timeout(Duration::from_secs(10)).is_ok()
}

#[test]
fn a_function_may_make_tables_while_it_runs() {
    assert!(ends(|| {
        let writer = Writer::new();
        let table = writer.plain(TableType::Append, &[(0, 0)]);
        let other = table.clone();
        let _filtered = table
            .filter(move |batch| {
                let made = other.filter(even)?;
                drop(made.updates());
                other.snapshot();
                even(batch)
            })
            .unwrap();
        writer.append(&[(0, 2)]);
        writer.cycle();
    }));
}

fn slow_function(meanwhile: impl Fn(&Writer, &Table) + Send + 'static) -> bool {
    ends(move || {
        let writer = Writer::new();
        let table = writer.plain(TableType::Append, &[(0, 0)]);
        let (entered, wait_entered) = mpsc::channel();
        let (leave, wait_leave) = mpsc::channel::<()>();
        let wait_leave = Mutex::new(wait_leave);
        let is_armed = Arc::new(AtomicBool::new(false));
        let armed = Arc::clone(&is_armed);
        let slow = table
            .filter(move |batch| {
                if armed.load(Ordering::Relaxed) {
                    entered.send(()).unwrap();
                    wait_leave.lock().unwrap().recv().unwrap();
                }
                even(batch)
            })
            .unwrap();
        is_armed.store(true, Ordering::Relaxed);
        writer.append(&[(0, 2)]);
        std::thread::scope(|scope| {
            scope.spawn(|| writer.cycle());
            wait_entered.recv().unwrap();
            meanwhile(&writer, &table);
            leave.send(()).unwrap();
        });
        drop(slow);
    })
}

#[test]
fn a_slow_function_does_not_hold_up_lanes() {
    assert!(slow_function(|writer, _| writer.append(&[(0, 1)])));
}

#[test]
fn a_slow_function_does_not_hold_up_snapshots_and_new_subscribers() {
    assert!(slow_function(|_, table| drop((table.snapshot(), table.updates(), table.errors().snapshot()))));
}

#[test]
fn a_slow_function_does_not_hold_up_the_status() {
    assert!(slow_function(|_, table| drop(table.status())));
}

#[test]
fn a_slow_function_does_not_hold_up_a_selection() {
    assert!(slow_function(|_, table| drop(table.select(["Text"]).unwrap())));
}

#[test]
fn a_slow_function_does_not_hold_up_the_making_of_another_table() {
    assert!(slow_function(|_, table| drop(table.filter(even).unwrap())));
}

#[test]
fn a_slow_function_does_not_hold_up_the_start_of_a_partition() {
    assert!(slow_function(|writer, _| writer.start(1, 0)));
}

#[test]
fn a_table_that_is_being_derived_does_not_hold_up_the_cycles_of_others() {
    assert!(ends(|| {
        let writer = Writer::new();
        let table = writer.plain(TableType::Append, &[(0, 0)]);
        writer.append(&[(0, 2)]);
        writer.cycle();
        let (entered, wait_entered) = mpsc::channel();
        let (leave, wait_leave) = mpsc::channel::<()>();
        let wait_leave = Mutex::new(wait_leave);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                table.filter(move |batch| {
                    if batch.num_rows() == 2 {
                        entered.send(()).unwrap();
                        wait_leave.lock().unwrap().recv().unwrap();
                    }
                    even(batch)
                })
            });
            wait_entered.recv().unwrap();
            writer.append(&[(0, 3)]);
            writer.cycle();
            assert_eq!(table.snapshot().rows(), 5);
            leave.send(()).unwrap();
        });
    }));
}

#[test]
fn tables_made_while_cycles_run_miss_nothing_and_see_nothing_twice() {
    const CYCLES: i64 = 1000;
    let writer = Writer::new();
    let tables = writer.partitioned(TableType::Ring(50), &[(0, 0), (1, 0)]);
    writer.cycle();
    let is_done = || writer.publisher.position(1) == Some(2 * CYCLES);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut made = Vec::new();
                    while !is_done() && made.len() < 30 {
                        let merged = tables.merge();
                        let all = merged.filter(|batch| Ok(vec![true; batch.num_rows()].into())).unwrap();
                        let copies = [Copy::of(&merged), Copy::of(&all)];
                        made.push((merged, all, copies));
                        std::thread::yield_now();
                    }
                    made
                })
            })
            .collect();
        for _ in 0..CYCLES {
            writer.append(&[(0, 1)]);
            writer.append(&[(1, 2)]);
            writer.cycle();
        }
        for (merged, all, mut copies) in readers.into_iter().flat_map(|reader| reader.join().unwrap()) {
            copies.iter_mut().for_each(|copy| {
                copy.follow();
            });
            assert_eq!(shown(&merged), shown(&all));
            assert_eq!(copies[0].rows, shown(&merged));
            assert_eq!(copies[1].rows, shown(&merged));
        }
    });
}

#[test]
fn a_chunk_without_columns_is_rows_all_the_same() {
    let writer = Writer::new();
    let none: SchemaRef = Arc::new(arrow_schema::Schema::empty());
    let table = writer.publisher.plain(Arc::clone(&none), TableType::Ring(5));
    writer.publisher.start_partition(0, 0);
    for first in 0..30 {
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(1));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&none), Vec::new(), &options).unwrap();
        let span = Span { next: first + 1, rows: 1, ..Span::empty(0, first) };
        writer.publisher.append(Chunk::new(batch, vec![span], vec![first].into(), None, writer.budget.charge(1))).unwrap();
        writer.cycle();
    }
    assert_eq!(table.snapshot().rows(), 5);
    assert_eq!(table.snapshot().to_batch().unwrap().num_rows(), 5);
    assert_eq!(table.snapshot().batches().iter().map(RecordBatch::num_rows).sum::<usize>(), 5);
}

#[test]
fn a_selection_of_no_columns_has_rows_all_the_same() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Append, &[(0, 0)]);
    let none = table.select(Vec::<String>::new()).unwrap();
    writer.append(&[(0, 3)]);
    writer.cycle();
    assert_eq!(none.snapshot().batches().iter().map(RecordBatch::num_rows).sum::<usize>(), 3);
}

#[test]
fn an_error_table_of_large_records_stays_within_the_budget() {
    let writer = Writer::with(CycleSettings::default(), 400_000);
    let table = writer.plain(TableType::Append, &[(0, 0)]);
    let raw = vec![7_u8; 10_000];
    for offset in 0..100 {
        let spans = vec![Span { next: offset + 1, errors: 1, ..Span::empty(0, offset) }];
        let bad = Some(error_rows(&[(0, offset)], &raw));
        writer.publisher.append(Chunk::new(rows(&[]), spans, vec![].into(), bad, writer.budget.charge(1))).unwrap();
        writer.cycle();
    }
    let bytes: usize = table.errors().snapshot().batches().iter().map(RecordBatch::get_array_memory_size).sum();
    assert!(bytes <= 400_000, "{bytes} bytes of errors, the budget is 400 000");
}

#[test]
fn a_reader_that_keeps_its_updates_does_not_stop_the_fetch_for_ever() {
    let writer = Writer::with(CycleSettings::default(), 100);
    let table = writer.plain(TableType::Append, &[(0, 0)]);
    writer.cycle();
    let mut updates = table.updates();
    let mut kept = Vec::new();
    for _ in 0..30 {
        writer.append(&[(0, 1)]);
        writer.cycle();
        kept.extend(next(&mut updates));
    }
    kept.extend(next(&mut updates));
    assert!(writer.publisher.has_room(0), "a reader that has read everything holds {} bytes", writer.budget.used());
}

#[test]
fn what_waits_for_a_lossy_reader_stays_within_the_budget() {
    let writer = Writer::with(CycleSettings::default(), 1000);
    let table = writer.plain(TableType::Blink, &[(0, 0)]);
    let mut updates = table.updates_lossy(1_000_000);
    for _ in 0..100 {
        writer.append(&[(0, 50)]);
        writer.cycle();
    }
    writer.cycle();
    let mut held = 0;
    while let Some(update) = next(&mut updates) {
        held += update.added_rows() * 10;
    }
    assert!(held <= 2000, "{held} bytes wait for a lossy reader, the budget is 1000");
}

#[test]
fn everything_is_freed_when_handles_and_writer_are_gone() {
    let writer = Writer::new();
    let tables = writer.partitioned(TableType::Append, &[(0, 0), (1, 0)]);
    writer.cycle();
    let witness = Arc::new(());
    let in_transform = Arc::clone(&witness);
    let in_filter = Arc::clone(&witness);
    let merged = tables
        .transform(move |table| {
            let _ = &in_transform;
            table.select(["Text"])
        })
        .unwrap()
        .merge();
    let filtered = merged
        .filter(move |batch| {
            let _ = &in_filter;
            Ok(vec![true; batch.num_rows()].into())
        })
        .unwrap();
    let updates = filtered.updates();
    writer.append(&[(1, 4)]);
    writer.cycle();
    drop((tables, merged, filtered, updates));
    writer.publisher.finish(End::Closed);
    drop(writer);
    assert_eq!(Arc::strong_count(&witness), 1);
}

#[test]
fn a_slow_reader_of_one_partition_leaves_room_for_the_others() {
    let writer = Writer::with(CycleSettings::default(), 100);
    let tables = writer.partitioned(TableType::Append, &[(0, 0), (1, 0)]);
    writer.cycle();
    let slow = tables.get(0).unwrap().updates();
    while writer.publisher.has_room(0) {
        writer.append(&[(0, 1)]);
        writer.cycle();
    }
    assert!(writer.publisher.has_room(1), "the reader of partition 0 holds {} of 100 bytes", writer.budget.used());
    drop(slow);
    assert!(writer.publisher.has_room(0));
}

#[test]
fn the_present_that_a_late_subscriber_of_a_blink_table_has_not_read_counts() {
    let writer = Writer::with(CycleSettings::default(), 100);
    let table = writer.plain(TableType::Blink, &[(0, 0)]);
    writer.cycle();
    writer.append(&[(0, 20)]);
    writer.cycle();
    let updates = table.updates();
    writer.cycle();
    assert_eq!(table.snapshot().rows(), 0);
    assert_eq!(writer.budget.used(), 200, "the rows are in the queue of {updates:?}");
}
