//! How consumptions end.

use super::*;
use crate::error::Error;

fn stops(writer: &Writer) -> bool {
    writer.publisher.stop_requested().now_or_never().is_some()
}

#[test]
fn dropping_the_last_handle_requests_the_stop_and_no_other_drop_does() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Append, &[(0, 0)]);
    let clone = table.clone();
    let (errors, updates) = (table.errors(), table.updates());
    let derived = table.filter(|batch| Ok(vec![true; batch.num_rows()].into())).expect("a filter");
    assert!(!stops(&writer));
    drop(table);
    drop(clone);
    drop(errors);
    drop(derived);
    writer.append(&[(0, 1)]);
    writer.cycle();
    assert!(!stops(&writer));
    drop(updates);
    assert!(stops(&writer));
}

#[test]
fn a_constituent_alone_keeps_a_partitioned_consumption_going() {
    let writer = Writer::new();
    let table = writer.partitioned(TableType::Append, &[(0, 0)]);
    writer.cycle();
    let constituent = table.get(0).expect("a constituent");
    let target = table.proxy().select(["Offset"]).expect("a column").target();
    drop(table);
    drop(target);
    assert!(!stops(&writer));
    drop(constituent);
    assert!(stops(&writer));
}

#[tokio::test(start_paused = true)]
async fn close_waits_until_the_last_cycle_is_visible() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Append, &[(0, 0)]);
    writer.append(&[(0, 2)]);
    let control = async {
        writer.publisher.stop_requested().await;
        writer.publisher.finish(End::Closed);
    };
    let (closed, ()) = tokio::join!(table.close(), control);
    assert_eq!((closed, table.snapshot().rows(), table.status().state), (Ok(()), 2, State::Closed));
    assert_eq!(table.finished().await, Ok(()));
}

#[tokio::test]
async fn the_end_ends_the_updates_and_the_tables_stay() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Blink, &[(0, 0)]);
    let mut updates = table.updates();
    writer.append(&[(0, 2)]);
    writer.publisher.finish(End::Complete);
    let mut counts = Vec::new();
    while let Some(update) = updates.next().await {
        counts.push((update.removed(), update.added_rows()));
    }
    assert_eq!(counts, [(0, 0), (0, 2), (2, 0)], "a blink table is emptied at the end, too");
    assert_eq!(table.status().state, State::Complete);
    assert_eq!(held(&table, 0), (2, 2));
    let mut late = table.updates();
    assert_eq!(late.next().await.map(|update| update.added_rows()), Some(0));
    assert!(late.next().await.is_none());
    assert_eq!(writer.publisher.append(writer.chunk(&[(0, 1)])), Err(Error::Closed));
}

#[tokio::test]
async fn a_failure_is_told_to_all_who_wait() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Append, &[(0, 0)]);
    let error = Error::UnknownTopic { topic: "orders".into(), nearest: None };
    writer.publisher.finish(End::Failed(error.clone()));
    writer.publisher.finish(End::Complete);
    assert_eq!(table.finished().await, Err(error.clone()));
    assert_eq!(table.close().await, Err(error.clone()));
    assert_eq!((table.status().state, table.status().last_error), (State::Failed, Some(error)));
}

#[tokio::test]
async fn a_publisher_that_is_gone_without_a_word_is_a_failure() {
    let writer = Writer::new();
    let table = writer.plain(TableType::Append, &[(0, 0)]);
    writer.append(&[(0, 2)]);
    drop(writer);
    assert_eq!(table.finished().await, Err(Error::Closed));
    assert_eq!(shown(&table), run(0, 0, 2));
}

#[test]
fn handles_go_from_thread_to_thread() {
    fn goes<T: Send + Sync + 'static>() {}
    goes::<Table>();
    goes::<PartitionedTable>();
    goes::<Proxy>();
    goes::<Snapshot>();
    goes::<Updates>();
    goes::<Changes>();
    goes::<Publisher>();
}

#[test]
fn readers_see_whole_cycles_while_lanes_append_and_cycles_run() {
    const ROWS: u64 = 40;
    let writer = Writer::with(CycleSettings::default(), 1 << 30);
    let table = writer.partitioned(TableType::Append, &[(0, 0), (1, 0)]);
    writer.cycle();
    let merged = table.merge();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let lane = scope.spawn(|| (0..500).for_each(|_| writer.append(&[(0, ROWS / 2), (1, ROWS / 2)])));
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Acquire) {
                writer.cycle();
            }
            writer.cycle();
        });
        let mut copies: Vec<Copy> = Vec::new();
        for number in 0..200 {
            let rows: Vec<usize> = table.snapshots().values().map(Snapshot::rows).collect();
            assert_eq!(rows[0], rows[1], "one cycle for both");
            let snapshot = merged.snapshot();
            let next: i64 = snapshot.positions().iter().map(|(_, position)| position.next).sum();
            assert_eq!(usize::try_from(next), Ok(snapshot.rows()));
            if number % 50 == 0 {
                copies.push(Copy::of(&merged));
            }
        }
        lane.join().expect("no panic");
        done.store(true, std::sync::atomic::Ordering::Release);
        while merged.snapshot().rows() < 500 * 40 {
            std::thread::yield_now();
        }
        for copy in &mut copies {
            copy.follow();
            assert_eq!(copy.rows, shown(&merged));
        }
    });
}
