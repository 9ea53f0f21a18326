//! What holds for every sequence of chunks and cycles.

use arrow_array::{BinaryArray, BooleanArray, TimestampMillisecondArray};
use proptest::prelude::*;

use super::*;

pub(super) fn error_rows(of: &[(Partition, Offset)], raw: &[u8]) -> RecordBatch {
    let count = of.len();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from_iter_values(of.iter().map(|row| row.0))),
        Arc::new(Int64Array::from_iter_values(of.iter().map(|row| row.1))),
        Arc::new(TimestampMillisecondArray::from(vec![None; count]).with_timezone("UTC")),
        Arc::new(StringArray::from(vec!["topic"; count])),
        Arc::new(StringArray::from(vec!["value"; count])),
        Arc::new(StringArray::from(vec![None::<&str>; count])),
        Arc::new(Int64Array::from(vec![0; count])),
        Arc::new(StringArray::from(vec!["syntax"; count])),
        Arc::new(StringArray::from(vec!["no JSON"; count])),
        Arc::new(BinaryArray::from(vec![Some(raw); count])),
        Arc::new(Int64Array::from(vec![1; count])),
        Arc::new(BooleanArray::from(vec![false; count])),
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

pub(super) fn settings(chunk_rows: usize) -> CycleSettings {
    CycleSettings { chunk_rows, ..CycleSettings::default() }
}

fn table_type() -> impl Strategy<Value = TableType> {
    prop_oneof![Just(TableType::Append), Just(TableType::Blink), (1..30_usize).prop_map(TableType::Ring)]
}

fn cycles() -> impl Strategy<Value = Vec<Vec<(Partition, u64)>>> {
    prop::collection::vec(prop::collection::vec((0..3_i32, 0..9_u64), 0..5), 1..20)
}

pub(super) fn even(batch: &RecordBatch) -> crate::error::Result<BooleanArray> {
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
