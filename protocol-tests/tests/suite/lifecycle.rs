//! How a consumption ends, and what it asks of the program around it.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use crate::common::{self, append_numbered, assert_numbered, consume, live, number, numbered, until_rows, within};
use futures_util::StreamExt;
use kolumn::table::State;
use kolumn::{Offsets, Properties, Stop, TableType};
use kolumn_test_broker::{ApiKey, TestCluster, Verdict};

fn assert_adds_up(snapshot: &kolumn::Snapshot) {
    for (partition, position) in snapshot.positions().iter() {
        assert!(position.account.adds_up(), "partition {partition}: {position:?}");
    }
}

#[tokio::test]
async fn close_ends_the_threads_and_the_connections_and_the_table_stays() {
    let cluster = numbered(3, 6, 1_000, 100);
    let table = live(consume(&cluster).lanes(3)).await;
    until_rows(&table, 6_000).await;
    let mut updates = table.updates();
    within(table.close()).await.expect("closed");
    within(cluster.until_connections_fall_to(0)).await;
    assert_numbered(&table.snapshot(), 6, 1_000);
    assert_eq!(table.status().state, State::Closed);
    while within(updates.next()).await.is_some() {}
    within(table.close()).await.expect("closed is closed");
    within(table.finished()).await.expect("closed is finished");
    assert_eq!(within(table.updates().next()).await.map(|update| update.added_rows()), Some(6_000));
    append_numbered(&cluster, 0, 1_000..1_010, 10);
    assert_numbered(&table.snapshot(), 6, 1_000);
}

#[tokio::test]
async fn close_in_the_middle_leaves_a_table_in_which_every_offset_is_accounted_for() {
    let cluster = numbered(2, 4, 30_000, 500);
    for rows in [1, 5_000, 50_000] {
        let table = live(consume(&cluster).lanes(2).property("max.partition.fetch.bytes", "20000")).await;
        until_rows(&table, rows).await;
        within(table.close()).await.expect("closed");
        assert_adds_up(&table.snapshot());
        let counted: u64 = table.snapshot().positions().iter().map(|(_, position)| position.account.rows).sum();
        assert_eq!(table.snapshot().rows() as u64, counted);
    }
    within(cluster.until_connections_fall_to(0)).await;
}

#[tokio::test]
async fn e2_the_last_handle_that_is_dropped_ends_the_consumption_and_no_other_does() {
    let cluster = numbered(2, 2, 100, 10);
    let table = live(consume(&cluster)).await;
    let updates = table.updates();
    let errors = table.errors();
    let other = table.clone();
    drop(table);
    drop(errors);
    append_numbered(&cluster, 0, 100..200, 10);
    until_rows(&other, 300).await;
    drop(other);
    assert!(cluster.connections() > 0, "the updates are a handle too");
    drop(updates);
    within(cluster.until_connections_fall_to(0)).await;
}

#[tokio::test]
async fn a_constituent_is_a_handle_of_its_partitioned_table() {
    let cluster = numbered(2, 2, 100, 10);
    let tables = within(consume(&cluster).table(TableType::Append).by_partition().into_future()).await.expect("a table");
    let mut changes = tables.changes();
    let first = within(changes.next()).await.expect("a key");
    let constituent = tables.get(first).expect("its table");
    drop((tables, changes));
    append_numbered(&cluster, first, 100..200, 10);
    until_rows(&constituent, 200).await;
    common::assert_spans(&constituent.snapshot(), &[(first, 0, 200)]);
    drop(constituent);
    within(cluster.until_connections_fall_to(0)).await;
}

#[tokio::test]
async fn a_complete_consumption_closes_its_connections_while_its_table_is_held() {
    let cluster = numbered(2, 4, 1_000, 100);
    let table = common::complete(consume(&cluster).until(Stop::End)).await;
    within(cluster.until_connections_fall_to(0)).await;
    assert_numbered(&table.snapshot(), 4, 1_000);
    assert_eq!(table.status().state, State::Complete);
}

#[tokio::test]
async fn e1_a_start_that_is_given_up_leaves_nothing_behind() {
    let cluster = numbered(1, 1, 100, 10);
    cluster.on(|_| Verdict::Silence);
    let mut starting = pin!(consume(&cluster).table(TableType::Append).into_future());
    let asked = within(async {
        tokio::select! {
            table = &mut starting => panic!("a silent broker answered: {table:?}"),
            () = cluster.until_requests(ApiKey::ApiVersions, 1) => true,
        }
    });
    assert!(asked.await);
    starting.set(Box::pin(std::future::pending()));
    within(cluster.until_connections_fall_to(0)).await;
    cluster.clear_hooks();
    assert_numbered(&common::whole(&cluster).await.snapshot(), 1, 100);
}

#[tokio::test]
async fn close_does_not_wait_for_a_broker_that_says_nothing() {
    let cluster = numbered(2, 2, 100, 10);
    let table = live(consume(&cluster).property("metadata.max.age.ms", "20")).await;
    until_rows(&table, 200).await;
    cluster.on(|_| Verdict::Silence);
    // From here on nothing is answered; metadata is asked for again all the same.
    let asked = cluster.count(ApiKey::Metadata);
    within(cluster.until_requests(ApiKey::Metadata, asked + 1)).await;
    within(table.close()).await.expect("closed");
    assert_numbered(&table.snapshot(), 2, 100);
}

#[tokio::test]
async fn what_may_last_so_long_is_over_then_though_no_broker_answers() {
    let cluster = numbered(2, 2, 100, 10);
    let short = consume(&cluster).property("metadata.max.age.ms", "20").until(Stop::After(std::time::Duration::from_secs(1)));
    let table = live(short).await;
    until_rows(&table, 200).await;
    cluster.on(|_| Verdict::Silence);
    within(table.finished()).await.expect("complete");
    assert_eq!(table.status().state, State::Complete);
    assert_numbered(&table.snapshot(), 2, 100);
}

/// Wakes a thread that is parked.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The simplest executor there is: it knows nothing of sockets, timers or tokio.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park_timeout(common::PATIENCE),
        }
    }
}

#[test]
fn nothing_of_it_needs_a_runtime_of_the_program_around_it() {
    let cluster = numbered(2, 3, 500, 70);
    let properties = Properties::from([("bootstrap.servers", cluster.bootstrap())]);
    let topics = block_on(kolumn::topics(&properties, |_| true)).expect("the topics");
    assert_eq!((topics.len(), topics[0].partitions.len(), topics[0].partitions[2].next), (1, 3, Some(500)));

    let table = block_on(consume(&cluster).until(Stop::At(600)).table(TableType::Append).into_future()).expect("a table");
    let mut updates = table.updates();
    let mut rows = 0;
    while rows < 1_500 {
        rows += block_on(updates.next()).expect("an update").added_rows();
    }
    for partition in 0..3 {
        append_numbered(&cluster, partition, 500..600, 7);
    }
    while let Some(update) = block_on(updates.next()) {
        rows += update.added_rows();
    }
    assert_eq!(rows, 1_800);
    block_on(table.finished()).expect("complete");
    block_on(table.close()).expect("closed");
    assert_numbered(&table.snapshot(), 3, 600);
}

#[test]
fn errors_need_no_runtime_either() {
    let cluster = TestCluster::builder().topic("t", 1).start_blocking().expect("the cluster starts");
    let unknown = kolumn::consume("u").brokers(cluster.bootstrap()).value(number()).offsets(Offsets::Beginning);
    let error = block_on(unknown.table(TableType::Append).into_future()).expect_err("no such topic");
    assert!(matches!(error, kolumn::Error::UnknownTopic { .. }), "{error:?}");
}

#[test]
fn a_table_may_be_held_and_read_by_many_threads() {
    let cluster = numbered(2, 4, 5_000, 100);
    let table = block_on(consume(&cluster).until(Stop::End).table(TableType::Append).into_future()).expect("a table");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let table = table.clone();
            scope.spawn(move || {
                let mut last = 0;
                while last < 20_000 {
                    let snapshot = table.snapshot();
                    assert!(snapshot.rows() >= last, "rows are only added");
                    last = snapshot.rows();
                    let counted: u64 = snapshot.positions().iter().map(|(_, position)| position.account.rows).sum();
                    assert_eq!(counted, last as u64, "rows and positions are of one cycle");
                    std::thread::yield_now();
                }
            });
        }
    });
    assert_numbered(&table.snapshot(), 4, 5_000);
}
