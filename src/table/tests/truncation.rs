//! What happens to the tables when a log is not the one that was read.

use super::*;

#[test]
fn b5_rows_beyond_a_divergence_are_withdrawn_in_an_update_of_their_own() {
    for table_type in [TableType::Append, TableType::Ring(100), TableType::Blink] {
        let writer = Writer::new();
        let table = writer.plain(table_type, &[(0, 0), (1, 0)]);
        writer.cycle();
        let mut updates = table.updates();
        writer.append(&[(0, 3), (1, 2), (0, 3)]);
        writer.cycle();
        let before = table.snapshot();
        let lost = writer.publisher.truncate(0, 2).expect("a truncation");
        assert_eq!((lost.first, lost.next, lost.rows, lost.errors), (2, 6, 4, 0));
        assert_eq!(shown(&table), [(0, 0), (0, 1), (1, 0), (1, 1)], "{table_type}");
        assert_eq!((held(&table, 0), held(&table, 1)), ((0, 2), (0, 2)));
        assert_eq!(read(before.batches()).len(), 8, "a snapshot stays as it was");
        assert_eq!(writer.publisher.position(0), Some(2));
        let kinds: Vec<_> = std::iter::from_fn(|| next(&mut updates)).collect();
        let [_, added, withdrawn] = &kinds[..] else { panic!("{kinds:?}") };
        assert_eq!((added.added_rows(), added.withdrawn()), (8, None));
        assert_eq!((withdrawn.added_rows(), withdrawn.removed(), withdrawn.cycle()), (0, 0, added.cycle() + 1));
        let said = withdrawn.withdrawn().expect("a withdrawal");
        assert_eq!((said.partition(), said.from(), said.rows(), said.lost()), (0, 2, 4, lost));
        assert_eq!(said.ranges(), [2..3, 5..8]);
        assert_eq!(withdrawn.positions().get(0).map(|position| position.next), Some(2));
        writer.next.lock().expect("next").insert(0, 2);
        writer.append(&[(0, 1)]);
        writer.cycle();
        let kept = if table_type == TableType::Blink { vec![] } else { vec![(0, 0), (0, 1), (1, 0), (1, 1)] };
        assert_eq!(shown(&table), [kept, vec![(0, 2)]].concat());
    }
}

impl Writer {
    /// The log of a partition ends at `to`, and a lane goes on from there.
    fn truncate(&self, partition: Partition, to: Offset) -> Span {
        self.next.lock().expect("next").insert(partition, to);
        self.publisher.truncate(partition, to).expect("a truncation")
    }
}

#[test]
fn what_was_appended_and_is_not_visible_becomes_visible_before_it_is_withdrawn() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Append, &[(0, 0)]);
    let mut updates = table.updates();
    writer.cycle();
    writer.append(&[(0, 5)]);
    assert_eq!(writer.truncate(0, 3).rows, 2);
    let seen: Vec<_> = std::iter::from_fn(|| next(&mut updates))
        .map(|update| (update.added_rows(), update.withdrawn().map(Withdrawal::rows)))
        .collect();
    assert_eq!(seen, [(0, None), (0, None), (5, None), (0, Some(2))]);
    assert_eq!(shown(&table), run(0, 0, 3));
}

#[test]
fn a_truncation_to_the_position_is_none_and_one_beyond_it_an_error() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Append, &[(0, 0)]);
    writer.append(&[(0, 5)]);
    writer.cycle();
    let cycle = table.snapshot().cycle();
    assert_eq!(writer.truncate(0, 5), Span::empty(0, 5));
    let beyond = crate::error::Error::NotContiguous { partition: 0, expected: 5, found: 6 };
    assert_eq!(writer.publisher.truncate(0, 6), Err(beyond));
    assert!(writer.publisher.truncate(1, 0).is_err() && writer.publisher.restart_partition(1, 0).is_err());
    assert_eq!((table.snapshot().cycle(), shown(&table).len()), (cycle, 5));
    writer.publisher.finish(End::Closed);
    assert_eq!(writer.publisher.truncate(0, 2), Err(crate::error::Error::Closed));
    assert_eq!(writer.publisher.restart_partition(0, 2), Err(crate::error::Error::Closed));
}

#[test]
fn a_log_that_lost_more_than_was_read_is_read_from_where_it_ends() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Append, &[(0, 100)]);
    writer.append(&[(0, 5)]);
    writer.cycle();
    assert_eq!(writer.truncate(0, 80).rows, 5);
    assert_eq!((shown(&table), held(&table, 0)), (vec![], (80, 80)));
    writer.append(&[(0, 2)]);
    writer.cycle();
    assert_eq!((shown(&table), held(&table, 0)), (run(0, 80, 82), (80, 82)));
}

#[test]
fn a_ring_does_not_get_back_the_rows_that_the_withdrawn_ones_drove_out() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Ring(4), &[(0, 0)]);
    writer.append(&[(0, 10)]);
    writer.cycle();
    writer.truncate(0, 8);
    assert_eq!((shown(&table), held(&table, 0)), (run(0, 6, 8), (6, 8)));
    writer.append(&[(0, 1)]);
    writer.cycle();
    assert_eq!((shown(&table), held(&table, 0)), (run(0, 6, 9), (6, 9)));
    writer.truncate(0, 2);
    assert_eq!((shown(&table), held(&table, 0)), (vec![], (2, 2)));
    let account = table.snapshot().positions().get(0).expect("begun").account;
    assert_eq!((account.first, account.rows), (0, 2), "of what it no longer holds it is known how much it was");
}

#[test]
fn a_lossy_subscriber_gets_every_withdrawal_and_can_place_it() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Ring(6), &[(0, 0)]);
    let mut updates = table.updates_lossy(1);
    writer.append(&[(0, 4)]);
    writer.cycle();
    writer.append(&[(0, 4)]);
    writer.cycle();
    writer.truncate(0, 7);
    writer.append(&[(0, 2)]);
    writer.cycle();
    writer.append(&[(0, 1)]);
    writer.cycle();
    let withdrawal = next(&mut updates).expect("the withdrawal");
    assert_eq!((withdrawal.missed(), withdrawal.removed(), withdrawal.added_rows()), (8, 2, 0));
    let gone = withdrawal.withdrawn().expect("a withdrawal");
    assert_eq!((gone.ranges().iter().cloned().flatten().collect::<Vec<_>>(), gone.lost().rows), (vec![5], 1));
    let last = next(&mut updates).expect("the last");
    assert_eq!((last.missed(), last.removed(), read(last.added()), last.withdrawn()), (2, 2, run(0, 9, 10), None));
    assert!(next(&mut updates).is_none());
}

#[test]
fn the_rows_that_a_blink_table_keeps_after_a_withdrawal_count_as_long_as_they_are_there() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Blink, &[(0, 0), (1, 0)]);
    writer.cycle();
    writer.append(&[(0, 4), (1, 2)]);
    writer.cycle();
    writer.truncate(0, 1);
    let late = table.updates();
    assert_eq!(writer.budget.used(), 60, "a chunk is charged as a whole");
    drop(late);
    writer.cycle();
    assert_eq!((shown(&table), writer.budget.used()), (vec![], 0));
    writer.append(&[(0, 4)]);
    writer.cycle();
    writer.truncate(0, 1);
    let late = table.updates();
    assert_eq!((shown(&table), writer.budget.used()), (vec![], 0), "{late:?} has nothing to read");
}

#[test]
fn a_topic_that_was_created_again_begins_anew_and_the_rows_stay() {
    let writer = Writer::new();
    let tables = writer.partitioned(TableType::Append, &[(0, 0), (1, 0)]);
    let merged = tables.merge();
    writer.append(&[(0, 3), (1, 1)]);
    writer.publisher.restart_partition(0, 0).expect("a restart");
    writer.next.lock().expect("next").insert(0, 0);
    let position = |table: &Table| {
        let position = table.snapshot().positions().get(0).expect("begun");
        (position.generation, position.first, position.next, position.account.rows)
    };
    let zero = tables.get(0).expect("partition 0");
    assert_eq!((position(&zero), position(&merged)), ((1, 0, 0, 0), (1, 0, 0, 0)));
    writer.append(&[(0, 2)]);
    writer.cycle();
    assert_eq!(shown(&zero), [run(0, 0, 3), run(0, 0, 2)].concat());
    assert_eq!((position(&zero), position(&merged)), ((1, 0, 2, 2), (1, 0, 2, 2)));
    writer.truncate(0, 1);
    assert_eq!(shown(&zero), [run(0, 0, 3), run(0, 0, 1)].concat(), "the rows of the topic before stay");
    assert_eq!(shown(&merged), [run(0, 0, 3), run(1, 0, 1), run(0, 0, 1)].concat());
}

#[test]
fn the_epoch_before_the_position_is_known_after_a_truncation() {
    let writer = Writer::new();
    let _table = writer.plain(TableType::Append, &[(0, 10)]);
    assert_eq!(writer.publisher.resume_point(0), Some((10, -1)));
    for epoch in [4, 4, 7] {
        let mut chunk = writer.chunk(&[(0, 5)]);
        chunk.spans[0].leader_epoch = epoch;
        writer.publisher.append(chunk).expect("in its place");
    }
    assert_eq!(writer.publisher.resume_point(0), Some((25, 7)));
    assert_eq!((writer.publisher.epoch_end(0, 4), writer.publisher.epoch_end(0, 7)), (Some(20), Some(25)));
    writer.truncate(0, 20);
    assert_eq!(writer.publisher.resume_point(0), Some((20, 4)));
    assert_eq!(writer.publisher.resume_point(1), None);
}

#[test]
fn to_know_where_each_row_comes_from_costs_little_beside_the_rows() {
    type Place = fn(i64) -> (Partition, Offset);
    let shapes: [(&str, Place); 4] = [
        ("without gaps", |row| (0, row)),
        ("a marker after each record", |row| (0, row * 2)),
        ("compacted to one in fifty", |row| (0, row * 50)),
        ("four partitions in turn", |row| ((row % 4) as i32, row / 4)),
    ];
    for (shape, place) in shapes {
        let writer = Writer::with(CycleSettings::default(), 1 << 30);
        let table = writer.plain(TableType::Append, &[(0, 0), (1, 0), (2, 0), (3, 0)]);
        for first in (0..200_000).step_by(500) {
            let of: Vec<_> = (first..first + 500).map(place).collect();
            let mut spans: Vec<Span> = Vec::new();
            for (partition, offset) in &of {
                let after = spans.iter().rev().find(|span| span.partition == *partition).map(|span| span.next);
                let begin = after.or(writer.publisher.position(*partition)).expect("begun");
                let span = Span { next: offset + 1, rows: 1, gaps: (offset - begin) as u64, ..Span::empty(*partition, begin) };
                match spans.last_mut() {
                    Some(last) if last.partition == *partition => last.extend(&span),
                    _ => spans.push(span),
                }
            }
            let offsets = of.iter().map(|row| row.1).collect();
            let chunk = Chunk::new(rows(&of), spans, offsets, None, writer.budget.charge(1));
            writer.publisher.append(chunk).expect("in its place");
            writer.cycle();
        }
        let rows: usize = table.snapshot().batches().iter().map(RecordBatch::get_array_memory_size).sum();
        let view = table.member.node.seen();
        let origins: usize = view.segments.iter().map(|segment| segment.origin.bytes() + 150).sum();
        println!(
            "{shape}: {rows} bytes of rows, {origins} bytes to know where they come from, {:.4} for each row",
            origins as f64 / 200_000.0
        );
        assert!(origins * 100 < rows * 15, "{shape}: {origins} bytes for {rows} bytes of rows");
    }
}

#[test]
fn tables_made_while_logs_lose_their_ends_miss_nothing_and_see_nothing_twice() {
    const CYCLES: i64 = 400;
    for table_type in [TableType::Append, TableType::Ring(50)] {
        let writer = Writer::new();
        let tables = writer.partitioned(table_type, &[(0, 0), (1, 0)]);
        writer.cycle();
        let is_done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut made = Vec::new();
                while !is_done.load(std::sync::atomic::Ordering::Relaxed) && made.len() < 30 {
                    let merged = tables.merge();
                    let all = merged.filter(|batch| Ok(vec![true; batch.num_rows()].into())).unwrap();
                    let copies = [Copy::of(&merged), Copy::of(&all)];
                    made.push((merged, all, copies));
                    std::thread::yield_now();
                }
                made
            });
            for cycle in 0..CYCLES {
                writer.append(&[(0, 3)]);
                writer.append(&[(1, 2)]);
                writer.cycle();
                if cycle % 3 == 0 {
                    let partition = (cycle % 2) as i32;
                    writer.truncate(partition, writer.publisher.position(partition).unwrap() - 4.min(cycle));
                }
            }
            is_done.store(true, std::sync::atomic::Ordering::Relaxed);
            for (merged, all, mut copies) in reader.join().unwrap() {
                for copy in &mut copies {
                    copy.follow();
                }
                assert_eq!(shown(&merged), shown(&all));
                assert_eq!(copies[0].rows, shown(&merged));
                assert_eq!(copies[1].rows, shown(&merged));
            }
        });
    }
}

#[test]
fn a_blink_table_is_emptied_although_another_lost_all_its_rows() {
    let writer = Writer::new();
    let tables = writer.partitioned(TableType::Blink, &[(0, 0), (1, 0)]);
    writer.append(&[(0, 2), (1, 2)]);
    writer.cycle();
    writer.truncate(0, 0);
    let one = tables.get(1).expect("partition 1");
    assert_eq!((shown(&tables.get(0).expect("partition 0")), shown(&one)), (vec![], run(1, 0, 2)));
    writer.cycle();
    assert_eq!(shown(&one), []);
}
