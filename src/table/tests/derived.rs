//! Tables made from tables.

use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_array::BooleanArray;

use super::*;
use crate::error::{Error, Result};

/// Rows of even offset.
fn even(batch: &RecordBatch) -> Result<BooleanArray> {
    let offsets = batch.column(1).as_primitive::<Int64Type>();
    Ok(offsets.iter().map(|offset| offset.map(|offset| offset % 2 == 0)).collect())
}

#[test]
fn select_and_rename_show_the_same_rows_and_copy_nothing() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Append, &[(0, 0)]);
    let narrow = table.select(["Text", "Offset"]).and_then(|table| table.rename([("Text", "Words")])).expect("columns");
    let mut updates = narrow.updates();
    writer.append(&[(0, 3)]);
    writer.cycle();
    let names = |schema: &SchemaRef| schema.fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
    let (all, snapshot) = (table.snapshot(), narrow.snapshot());
    assert_eq!(
        (names(snapshot.schema()), names(&narrow.schema())),
        (vec!["Words".into(), "Offset".into()], vec!["Words".into(), "Offset".into()])
    );
    assert!(Arc::ptr_eq(snapshot.batches()[0].column(0), all.batches()[0].column(2)));
    assert_eq!(snapshot.column("Words").expect("a column").len(), 1);
    next(&mut updates);
    let update = next(&mut updates).expect("the cycle");
    assert_eq!((update.added_rows(), names(update.schema())), (3, vec!["Words".into(), "Offset".into()]));
    assert!(matches!(table.select(["Word"]), Err(Error::UnknownColumn { known, .. }) if known == "Partition, Offset, Text"));
    assert!(matches!(table.rename([("Text", "Offset")]), Err(Error::DuplicateColumn { .. })));
    assert!(matches!(snapshot.column("Text"), Err(Error::UnknownColumn { .. })));
    let none: [&str; 0] = [];
    assert_eq!(table.select(none).expect("no columns").snapshot().batches()[0].num_rows(), 3);
}

#[test]
fn a_filtered_table_is_the_filter_of_the_table_at_every_cycle() {
    for table_type in [TableType::Append, TableType::Blink, TableType::Ring(1), TableType::Ring(9), TableType::Ring(40)] {
        let writer = Writer::new();
        let table = writer.plain(table_type, &[(0, 0), (1, 0)]);
        let mut random = fastrand::Rng::with_seed(7);
        let mut derived: Vec<(Table, Copy)> = Vec::new();
        for cycle in 0..200 {
            if cycle % 40 == 0 {
                let filtered = table.filter(even).expect("a filter");
                let twice = filtered.filter(even).expect("a filter of a filter");
                derived.extend([filtered, twice].map(|table| (table.clone(), Copy::of(&table))));
            }
            for _ in 0..random.usize(0..3) {
                writer.append(&[(random.i32(0..2), random.u64(0..9)), (0, random.u64(0..3))]);
            }
            writer.cycle();
            let expected: Vec<_> = shown(&table).into_iter().filter(|row| row.1 % 2 == 0).collect();
            for (filtered, copy) in &mut derived {
                assert_eq!(shown(filtered), expected, "{table_type}");
                copy.follow();
                assert_eq!(copy.rows, expected);
                assert_eq!(filtered.snapshot().positions(), table.snapshot().positions());
            }
        }
    }
}

#[test]
fn a_mapped_table_has_as_many_rows_and_each_batch_is_mapped_once() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let writer = Writer::new();
    let table = writer.plain(TableType::Ring(5), &[(0, 0)]);
    writer.append(&[(0, 2)]);
    writer.cycle();
    let doubled = table
        .map(|batch| {
            CALLS.fetch_add(1, Ordering::Relaxed);
            let offsets = batch.column(1).as_primitive::<Int64Type>();
            let doubled: ArrayRef = Arc::new(offsets.unary::<_, Int64Type>(|offset| offset * 2));
            Ok(RecordBatch::try_from_iter([("Double", doubled)]).expect("a column"))
        })
        .expect("a map");
    for _ in 0..3 {
        writer.append(&[(0, 2)]);
        writer.cycle();
        doubled.snapshot().batches();
    }
    assert_eq!(CALLS.load(Ordering::Relaxed), 1 + 1 + 3, "once without rows, once for what there was, once for each chunk");
    let batch = doubled.snapshot().to_batch().expect("a batch");
    assert_eq!(batch.column(0).as_primitive::<Int64Type>().values(), &[6, 8, 10, 12, 14]);
}

#[tokio::test]
async fn a_function_that_fails_ends_its_own_table_only() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Append, &[(0, 0)]);
    let broken =
        table.filter(|batch| if batch.num_rows() > 1 { panic!("too many") } else { even(batch) }).expect("a filter of nothing");
    let child = broken.filter(even).expect("a filter");
    let mut updates = child.updates();
    let mut copy = Copy::of(&table);
    for count in [1, 2, 1] {
        writer.append(&[(0, count)]);
        writer.cycle();
    }
    copy.follow();
    assert_eq!(copy.rows, run(0, 0, 4));
    assert_eq!((shown(&broken), shown(&child)), (run(0, 0, 1), run(0, 0, 1)));
    assert_eq!(updates.next().await.map(|update| update.added_rows()), Some(0));
    assert_eq!(updates.next().await.map(|update| update.added_rows()), Some(1));
    assert!(updates.next().await.is_none());
    writer.publisher.finish(End::Complete);
    assert!(matches!(broken.finished().await, Err(Error::Columns { reason, .. }) if reason.contains("too many")));
    assert_eq!(table.finished().await, Ok(()));
}

#[test]
fn a_map_that_loses_rows_or_changes_columns_is_refused() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Append, &[(0, 0)]);
    let short = table.map(|batch| Ok(batch.slice(0, batch.num_rows().min(1)))).expect("fine without rows");
    let other = table
        .map(|batch| Ok(if batch.num_rows() == 0 { batch.clone() } else { batch.project(&[0]).expect("a column") }))
        .expect("fine without rows");
    writer.append(&[(0, 2)]);
    writer.cycle();
    assert_eq!((shown(&short), shown(&other), shown(&table).len()), (vec![], vec![], 2));
    assert!(matches!(table.status().last_error, Some(Error::Columns { .. })));
    assert!(table.filter(|_| Ok(vec![true].into())).is_err(), "two rows are there already");
    assert!(short.filter(even).is_err(), "nothing would ever flow into it");
}
