//! What the table types keep.

use super::*;

#[test]
fn appended_rows_are_visible_with_the_cycle_and_not_before() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Append, &[(0, 5)]);
    writer.append(&[(0, 3)]);
    assert_eq!(shown(&table), []);
    assert_eq!(writer.publisher.position(0), Some(8));
    let before = table.snapshot();
    writer.cycle();
    assert_eq!(shown(&table), run(0, 5, 8));
    assert_eq!(held(&table, 0), (5, 8));
    assert_eq!((before.rows(), before.cycle() + 1), (0, table.snapshot().cycle()));
}

#[test]
fn a_plain_table_has_the_partitions_in_order_of_arrival() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Append, &[(0, 0), (1, 100)]);
    writer.append(&[(1, 2), (0, 1)]);
    writer.append(&[(0, 1), (1, 1)]);
    writer.cycle();
    assert_eq!(shown(&table), [(1, 100), (1, 101), (0, 0), (0, 1), (1, 102)]);
    assert_eq!((held(&table, 0), held(&table, 1)), ((0, 2), (100, 103)));
}

#[test]
fn a_blink_table_has_the_rows_of_the_current_cycle_only() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Blink, &[(0, 0), (1, 0)]);
    writer.append(&[(0, 3)]);
    writer.cycle();
    assert_eq!((shown(&table), held(&table, 0)), (run(0, 0, 3), (0, 3)));
    writer.append(&[(0, 2), (1, 1)]);
    writer.cycle();
    assert_eq!(shown(&table), [(0, 3), (0, 4), (1, 0)]);
    assert_eq!((held(&table, 0), held(&table, 1)), ((3, 5), (0, 1)));
    let cycle = table.snapshot().cycle();
    writer.cycle();
    assert_eq!((shown(&table), table.snapshot().cycle()), (vec![], cycle + 1));
    assert_eq!((held(&table, 0), held(&table, 1)), ((5, 5), (1, 1)));
    writer.cycle();
    assert_eq!(table.snapshot().cycle(), cycle + 1, "one empty cycle, and no more");
}

#[test]
fn a_ring_is_the_tail_of_the_append_table_at_every_cycle() {
    for most in [1, 2, 7, 64, 1000] {
        let (append, ring) = (Writer::new(), Writer::new());
        let all = append.plain(TableType::Append, &[(0, 0), (1, 50)]);
        let last = ring.plain(TableType::Ring(most), &[(0, 0), (1, 50)]);
        let mut copy = Copy::of(&last);
        let mut random = fastrand::Rng::with_seed(most as u64);
        for _ in 0..300 {
            for _ in 0..random.usize(0..4) {
                let counts = [(random.i32(0..2), random.u64(0..20)), (random.i32(0..2), random.u64(0..20))];
                append.append(&counts);
                ring.append(&counts);
            }
            append.cycle();
            ring.cycle();
            let all = shown(&all);
            let tail = &all[all.len().saturating_sub(most)..];
            assert_eq!(shown(&last), tail);
            copy.follow();
            assert_eq!(copy.rows, tail);
            for partition in [0, 1] {
                let first = tail.iter().find(|row| row.0 == partition).map(|row| row.1);
                let next = ring.publisher.position(partition).expect("begun");
                assert_eq!(held(&last, partition), (first.unwrap_or(next), next));
            }
        }
    }
}

#[test]
fn a_ring_gives_its_memory_back() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Ring(100), &[(0, 0)]);
    writer.append(&[(0, 100_000)]);
    writer.cycle();
    let first = table.status().bytes_held;
    for _ in 0..50 {
        writer.append(&[(0, 30)]);
        writer.cycle();
        assert_eq!(table.snapshot().rows(), 100);
        assert!(table.status().bytes_held < 100_000, "{}", table.status().bytes_held);
    }
    assert!(first < 100_000, "{first}");
}

#[test]
fn offsets_without_rows_move_the_position_and_are_accounted_for() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Append, &[(3, 10)]);
    let mut copy = Copy::of(&table);
    let span = Span { next: 15, gaps: 3, control: 2, ..Span::empty(3, 10) };
    writer.publisher.append(Chunk::without_rows(&schema(), span)).expect("in its place");
    writer.cycle();
    assert_eq!(held(&table, 3), (10, 15));
    let account = table.snapshot().positions().get(3).expect("begun").account;
    assert_eq!((account.first, account.gaps, account.control, account.rows), (10, 3, 2, 0));
    assert_eq!((copy.follow(), copy.rows.len()), (2, 0));
}

#[test]
fn many_small_chunks_become_few_segments_without_any_row_changed() {
    let settings = CycleSettings { chunk_rows: 512, ..CycleSettings::default() };
    let writer = Writer::with(settings, 1 << 30);
    let table = writer.plain(TableType::Append, &[(0, 0)]);
    let early = (0..3000)
        .map(|number| {
            writer.append(&[(0, 1 + number % 3)]);
            writer.cycle();
            table.snapshot()
        })
        .nth(1500)
        .expect("a snapshot");
    writer.append(&[(0, 1)]);
    writer.cycle();
    let (last, batches) = (writer.publisher.position(0).expect("begun"), table.snapshot().batches().len());
    assert_eq!(shown(&table), run(0, 0, last));
    assert!(batches < 6001 / 64 + 50, "{batches}");
    assert_eq!(read(early.batches()), run(0, 0, early.rows() as i64));
}

#[test]
fn a_chunk_that_is_not_in_its_place_is_refused_whole() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Append, &[(0, 0), (1, 0)]);
    let late = writer.chunk(&[(0, 2)]);
    let later = writer.chunk(&[(1, 1), (0, 2)]);
    let error = crate::error::Error::NotContiguous { partition: 0, expected: 0, found: 2 };
    assert_eq!(writer.publisher.append(later), Err(error));
    assert_eq!((writer.publisher.position(0), writer.publisher.position(1)), (Some(0), Some(0)));
    assert_eq!(writer.publisher.append(late), Ok(()));
    writer.cycle();
    assert_eq!(shown(&table), run(0, 0, 2));
}

#[test]
fn a_chunk_that_contradicts_itself_or_the_table_is_refused() {
    let writer = Writer::new();
    let _table = writer.plain(TableType::Append, &[(0, 0)]);
    let broken = |change: fn(&mut Chunk)| {
        let mut chunk = Chunk::new(
            rows(&run(0, 0, 2)),
            vec![Span { next: 2, rows: 2, ..Span::empty(0, 0) }],
            vec![0, 1].into(),
            None,
            writer.budget.charge(1),
        );
        change(&mut chunk);
        writer.publisher.append(chunk)
    };
    assert!(broken(|chunk| chunk.spans[0].gaps = 1).is_err());
    assert!(broken(|chunk| chunk.spans[0] = Span { next: 2, gaps: 2, ..Span::empty(0, 0) }).is_err());
    assert!(broken(|chunk| chunk.offsets = vec![0].into()).is_err());
    assert!(broken(|chunk| chunk.batch = chunk.batch.project(&[0]).expect("a column")).is_err());
    assert!(broken(|chunk| chunk.spans[0].partition = 9).is_err());
    assert!(broken(|chunk| chunk.errors = Some(RecordBatch::new_empty(schema()))).is_err());
    assert_eq!(writer.publisher.position(0), Some(0));
    assert_eq!(writer.budget.used(), 0);
    assert_eq!(broken(|_| ()), Ok(()));
}
