//! What subscribers get.

use super::*;

#[test]
fn a_subscriber_gets_what_there_is_and_then_every_cycle_once() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Append, &[(0, 0)]);
    writer.append(&[(0, 3)]);
    writer.cycle();
    let mut updates = table.updates();
    writer.append(&[(0, 2)]);
    writer.append(&[(0, 1)]);
    writer.cycle();
    let first = next(&mut updates).expect("what there is");
    assert_eq!((first.cycle(), read(first.added()), first.removed()), (1, run(0, 0, 3), 0));
    assert_eq!(first.positions().get(0).map(|position| position.next), Some(3));
    let second = next(&mut updates).expect("the cycle");
    assert_eq!((second.cycle(), read(second.added()), second.added_rows()), (2, run(0, 3, 6), 3));
    assert_eq!(second.positions().get(0).map(|position| (position.first, position.next)), Some((0, 6)));
    assert!(next(&mut updates).is_none());
}

#[test]
fn a_copy_kept_by_updates_equals_the_table_whatever_its_type() {
    for table_type in [TableType::Append, TableType::Blink, TableType::Ring(10)] {
        let writer = Writer::new();
        let table = writer.plain(table_type, &[(0, 0)]);
        let mut copies = vec![Copy::of(&table)];
        for number in 0..100 {
            writer.append(&[(0, number % 7)]);
            writer.cycle();
            copies.push(Copy::of(&table));
            for copy in &mut copies {
                copy.follow();
                assert_eq!(copy.rows, shown(&table), "{table_type}");
            }
        }
    }
}

#[test]
fn rows_that_wait_for_a_subscriber_fill_the_budget_and_those_that_are_read_do_not() {
    let writer = Writer::with(CycleSettings::default(), 100);
    let table = writer.plain(TableType::Append, &[(0, 0)]);
    writer.append(&[(0, 9)]);
    writer.cycle();
    assert_eq!(writer.budget.used(), 0, "a table does not count");
    let mut updates = table.updates();
    assert_eq!(next(&mut updates).map(|update| update.added_rows()), Some(9));
    writer.append(&[(0, 10)]);
    assert_eq!(writer.budget.used(), 100, "what is not visible yet counts");
    writer.cycle();
    assert_eq!((writer.budget.used(), writer.publisher.has_room(0)), (100, false));
    let update = next(&mut updates).expect("the cycle");
    assert!(!writer.publisher.has_room(0), "it is still being read");
    drop(update);
    assert!(writer.publisher.has_room(0));
    assert_eq!(writer.budget.used(), 0);
}

#[test]
fn a_dropped_subscriber_gives_the_budget_back() {
    let writer = Writer::with(CycleSettings::default(), 100);
    let table = writer.plain(TableType::Append, &[(0, 0)]);
    let updates = table.updates();
    writer.append(&[(0, 20)]);
    writer.cycle();
    assert_eq!(writer.budget.used(), 200);
    drop(updates);
    assert_eq!(writer.budget.used(), 0);
    let mut updates = table.updates();
    writer.append(&[(0, 20)]);
    writer.cycle();
    let kept = (next(&mut updates), next(&mut updates));
    assert_eq!(writer.budget.used(), 200, "the last is still being read");
    drop(updates);
    assert_eq!(writer.budget.used(), 0, "nobody will ask for another, and {kept:?} may be kept");
}

#[test]
fn a_lossy_subscriber_is_told_what_it_missed_and_slows_nobody() {
    let writer = Writer::with(CycleSettings::default(), 400);
    let table = writer.plain(TableType::Ring(8), &[(0, 0)]);
    let mut updates = table.updates_lossy(2);
    for _ in 0..5 {
        writer.append(&[(0, 4)]);
        writer.cycle();
    }
    assert_eq!(writer.budget.used(), 0);
    let first = next(&mut updates).expect("the last but one");
    assert_eq!((first.cycle(), first.missed(), read(first.added())), (4, 12, run(0, 12, 16)));
    assert_eq!(first.removed(), 8, "those of missed cycles included");
    let second = next(&mut updates).expect("the last");
    assert_eq!((second.missed(), read(second.added())), (0, run(0, 16, 20)));
    assert!(next(&mut updates).is_none());
}

#[test]
fn the_error_table_has_its_rows_in_the_same_cycle() {
    let writer = Writer::with(CycleSettings { error_table: TableType::Ring(2), ..CycleSettings::default() }, 100);
    let table = writer.plain(TableType::Append, &[(0, 0)]);
    let errors = |offsets: &[i64]| {
        let count = offsets.len();
        let columns: Vec<ArrayRef> = error_schema()
            .fields()
            .iter()
            .map(|field| match field.name().as_str() {
                "KafkaPartition" => Arc::new(Int32Array::from(vec![0; count])) as ArrayRef,
                "KafkaOffset" => Arc::new(Int64Array::from(offsets.to_vec())),
                "Truncated" => Arc::new(arrow_array::BooleanArray::from(vec![false; count])),
                _ if field.is_nullable() => arrow_array::new_null_array(field.data_type(), count),
                _ => Arc::new(StringArray::from(vec!["text"; count])),
            })
            .collect();
        RecordBatch::try_new(error_schema(), columns).expect("the columns of the schema")
    };
    let append = |first: i64, bad: &[i64]| {
        let span = Span { next: first + 4, rows: 4 - bad.len() as u64, errors: bad.len() as u64, ..Span::empty(0, first) };
        let good: Vec<_> = run(0, first, first + 4).into_iter().filter(|row| !bad.contains(&row.1)).collect();
        let offsets = good.iter().map(|row| row.1).collect();
        let chunk = Chunk::new(rows(&good), vec![span], offsets, Some(errors(bad)), writer.budget.charge(1));
        writer.publisher.append(chunk).expect("in its place");
    };
    append(0, &[1]);
    append(4, &[5, 7]);
    assert_eq!(table.errors().snapshot().rows(), 0);
    writer.cycle();
    let snapshot = table.errors().snapshot();
    assert_eq!((shown(&table).len(), snapshot.rows(), snapshot.cycle()), (5, 2, table.snapshot().cycle()));
    let position = snapshot.positions().get(0).expect("begun");
    assert_eq!((position.first, position.next, position.account.errors), (5, 8, 3));
    assert_eq!(*snapshot.schema(), error_schema());
}

#[test]
fn the_status_knows_position_lag_trouble_and_bytes() {
    let writer = Writer::new();
    let table = writer.publisher.plain(schema(), TableType::Append);
    assert_eq!((table.status().state, table.status().lag()), (State::Starting, None));
    writer.start(0, 10);
    writer.start(1, 0);
    writer.append(&[(0, 5)]);
    writer.publisher.status().watermarks(0, 40, -1);
    writer.publisher.status().watermarks(1, 9, 7);
    let status = table.status();
    assert_eq!((status.state.clone(), status.lag()), (State::Running, Some(25 + 7)));
    assert_eq!((status.partitions[0].position, status.partitions[0].lag()), (15, Some(25)));
    assert!(status.budget_used > 0 && status.bytes_held == 0 && status.last_progress.is_some());
    writer.publisher.status().trouble(None, crate::error::Error::Closed);
    let state = table.status().state;
    assert!(matches!(&state, State::Waiting { why, .. } if why == "the consumption has ended"), "{state:?}");
    writer.append(&[(0, 1)]);
    writer.publisher.status().trouble(Some(1), crate::error::Error::Closed);
    writer.cycle();
    let status = table.status();
    assert_eq!(status.state, State::Running);
    assert_eq!(status.partitions[1].last_error, Some(crate::error::Error::Closed));
    assert_eq!((status.cycle, status.budget_used, status.bytes_held > 0), (1, 0, true));
}
