//! Tables under slow functions, many threads and hostile sizes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use super::properties::{error_rows, even, settings};
use super::*;

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
