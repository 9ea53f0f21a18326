//! Partitioned tables.

use super::*;

fn keys(changes: &mut Changes) -> Vec<Partition> {
    std::iter::from_fn(|| changes.next().now_or_never().flatten()).collect()
}

#[test]
fn each_partition_has_a_table_of_its_own() {
    let writer = Writer::new();
    let table = writer.partitioned(TableType::Ring(3), &[(0, 0), (1, 10)]);
    assert!(table.keys().is_empty());
    writer.append(&[(0, 2), (1, 5), (0, 2)]);
    writer.cycle();
    assert_eq!(table.keys(), [0, 1]);
    let (zero, one) = (table.get(0).expect("partition 0"), table.get(1).expect("partition 1"));
    assert_eq!((shown(&zero), shown(&one)), (run(0, 1, 4), run(1, 12, 15)));
    assert_eq!((held(&zero, 0), held(&one, 1)), ((1, 4), (12, 15)));
    assert_eq!(zero.snapshot().positions().len(), 1);
    assert!(table.get(2).is_none());
    assert_eq!(table.constituents().len(), 2);
}

#[test]
fn the_tables_of_the_partitions_that_are_known_are_there_before_any_row_is() {
    let writer = Writer::new();
    let table = writer.partitioned(TableType::Append, &[(0, 0), (3, 7)]);
    writer.publisher.publish();
    assert_eq!(table.keys(), [0, 3]);
    assert_eq!(held(&table.get(3).expect("partition 3"), 3), (7, 7));
}

#[test]
fn a_partition_that_the_topic_gains_is_a_new_constituent_everywhere() {
    let writer = Writer::new();
    let table = writer.partitioned(TableType::Append, &[(0, 0)]);
    let mut changes = table.changes();
    let merged = table.merge();
    let offsets = table.proxy().select(["Offset"]).expect("a column").target();
    let even = table.filter(|partition| partition % 2 == 0).expect("a filter");
    let mut even_changes = even.changes();
    writer.append(&[(0, 1)]);
    writer.cycle();
    assert_eq!((keys(&mut changes), keys(&mut even_changes)), (vec![0], vec![0]));
    writer.start(1, 0);
    writer.start(2, 0);
    assert_eq!(table.keys(), [0], "not before the cycle");
    writer.append(&[(2, 1), (1, 1)]);
    writer.cycle();
    assert_eq!((table.keys(), offsets.keys(), even.keys()), (vec![0, 1, 2], vec![0, 1, 2], vec![0, 2]));
    assert_eq!((keys(&mut changes), keys(&mut even_changes)), (vec![1, 2], vec![2]));
    assert_eq!(shown(&merged), [(0, 0), (2, 0), (1, 0)], "as in the chunk");
    assert_eq!(offsets.get(1).expect("partition 1").snapshot().schema().fields().len(), 1);
    assert_eq!(shown(&even.merge()), [(0, 0), (2, 0)]);
}

#[test]
fn all_tables_change_in_the_same_cycle() {
    let writer = Writer::new();
    let table = writer.partitioned(TableType::Blink, &[(0, 0), (1, 0)]);
    let merged = table.merge();
    let mut copy = Copy::of(&merged);
    writer.append(&[(0, 2)]);
    writer.append(&[(1, 1)]);
    writer.cycle();
    let counts = |table: &PartitionedTable| {
        table.snapshots().values().map(|snapshot| (snapshot.rows(), snapshot.cycle())).collect::<Vec<_>>()
    };
    assert_eq!((counts(&table), merged.snapshot().rows()), (vec![(2, 1), (1, 1)], 3));
    writer.append(&[(1, 4)]);
    writer.cycle();
    assert_eq!((counts(&table), shown(&merged)), (vec![(0, 2), (4, 2)], run(1, 1, 5)));
    assert_eq!((held(&merged, 0), held(&merged, 1)), ((2, 2), (1, 5)));
    writer.cycle();
    assert_eq!((counts(&table), shown(&merged)), (vec![(0, 3), (0, 3)], vec![]));
    assert_eq!((copy.follow(), copy.rows.len()), (4, 0));
}

#[test]
fn a_merge_of_rings_is_a_ring_of_the_last_rows_of_all() {
    let writer = Writer::new();
    let table = writer.partitioned(TableType::Ring(4), &[(0, 0), (1, 0)]);
    writer.append(&[(0, 3)]);
    writer.append(&[(1, 3)]);
    writer.cycle();
    let merged = table.merge();
    assert_eq!(merged.table_type(), TableType::Ring(4));
    assert_eq!(shown(&merged), [(0, 2), (1, 0), (1, 1), (1, 2)]);
    assert_eq!((held(&merged, 0), held(&merged, 1)), ((2, 3), (0, 3)));
    let mut copy = Copy::of(&merged);
    writer.append(&[(0, 2)]);
    writer.cycle();
    assert_eq!(shown(&merged), [(1, 1), (1, 2), (0, 3), (0, 4)]);
    assert_eq!((held(&merged, 0), held(&merged, 1)), ((3, 5), (1, 3)));
    copy.follow();
    assert_eq!(copy.rows, shown(&merged));
}

#[test]
fn updates_of_a_merge_go_on_when_every_other_handle_is_gone() {
    let writer = Writer::new();
    let table = writer.partitioned(TableType::Append, &[(0, 0)]);
    let mut updates =
        table.proxy().filter(|batch| Ok(vec![true; batch.num_rows()].into())).expect("a filter").target().merge().updates();
    drop(table);
    writer.start(1, 0);
    writer.append(&[(0, 1), (1, 2)]);
    writer.cycle();
    let rows: usize = std::iter::from_fn(|| next(&mut updates)).map(|update| update.added_rows()).sum();
    assert_eq!(rows, 3);
}

#[test]
fn a_transformation_that_fails_is_an_error_at_once_or_leaves_its_constituent_out() {
    let writer = Writer::new();
    let table = writer.partitioned(TableType::Append, &[(0, 0)]);
    writer.cycle();
    assert!(table.proxy().select(["Nothing"]).is_err());
    assert!(table.transform(|_| panic!("no")).is_err());
    let odd = table
        .transform(|table| {
            let wide = table.snapshot().positions().get(1).is_none();
            if wide { Ok(table.clone()) } else { table.select(["Text"]) }
        })
        .expect("partition 0 is fine");
    assert_eq!(odd.keys(), [0]);
    let other = Writer::new();
    let foreign = other.plain(TableType::Append, &[]);
    assert!(table.transform(move |_| Ok(foreign.clone())).is_err());
}

#[test]
fn a_partition_that_nobody_reads_does_not_take_the_room_of_the_others() {
    let writer = Writer::with(CycleSettings::default(), 400);
    let table = writer.partitioned(TableType::Append, &[(0, 0), (1, 0), (2, 0), (3, 0)]);
    writer.cycle();
    let _updates = table.get(0).expect("partition 0").updates();
    writer.append(&[(0, 20)]);
    writer.append(&[(1, 19)]);
    writer.cycle();
    assert_eq!(writer.budget.used(), 200);
    assert!(!writer.publisher.has_room(0));
    assert!(writer.publisher.has_room(1));
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_room_of_one_partition_looks_again() {
    let writer = Writer::with(CycleSettings::default(), 100);
    let _table = writer.partitioned(TableType::Append, &[(0, 0)]);
    writer.append(&[(0, 20)]);
    assert!(!writer.publisher.has_room(0));
    writer.cycle();
    while !writer.publisher.has_room(0) {
        writer.publisher.room().await;
    }
}
