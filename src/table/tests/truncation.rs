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
