//! What a consumption costs: in memory, in connections, in threads; and that it costs no more after a thousand reconnects.
//!
//! Memory is counted by the allocator of this whole process, the broker's included, so the tests take turns.

mod common;

use std::collections::BTreeSet;

use common::{append_numbered, assert_numbered, consume, live, numbered, until, within};
use kolumn_test_broker::{ApiKey, TestCluster, Verdict};
use peak_alloc::PeakAlloc;
use tokio::sync::{Mutex, MutexGuard};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

async fn one_at_a_time() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::const_new(());
    ONE.lock().await
}

/// The threads of this process that are kolumn's: lanes and control threads.
fn threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").expect("the threads of this process");
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.trim() == "kolumn" || name.starts_with("kolumn-lane")).count()
}

#[tokio::test]
async fn a1_a_soak_of_reconnects_ends_with_the_connections_threads_and_memory_that_it_began_with() {
    let _one = one_at_a_time().await;
    const RECONNECTS: u64 = 2000;
    let cluster = numbered(3, 6, 60, 20);
    // The broker keeps the sessions of connections that are gone, and its memory counts here.
    cluster.set_fetch_session_slots(12);
    let hasty = consume(&cluster)
        .lanes(2)
        .property("reconnect.backoff.ms", "1")
        .property("reconnect.backoff.max.ms", "2")
        .property("retry.backoff.ms", "1")
        .property("retry.backoff.max.ms", "5")
        .property("fetch.max.wait.ms", "5");
    let table = live(hasty).await;
    until("the first rows", || table.snapshot().rows() == 360).await;
    let settled = |cluster: &TestCluster| cluster.connections() <= 2 * 3 + 3;
    // A round that warms everything up, then the one that counts.
    let mut found = Vec::new();
    for _ in 0..3 {
        let begun = cluster.connections_accepted();
        // Every kind of end that a connection can have, one after the other.
        cluster.on(|request| match (request.api, request.count % 10) {
            (ApiKey::Fetch, 0) => Verdict::Close,
            (ApiKey::Fetch, 2) => Verdict::Reset,
            (ApiKey::Fetch, 4) => Verdict::CutAt(9),
            (ApiKey::Fetch, 6) => Verdict::CorrelationId(-3),
            (ApiKey::Fetch, 8) => Verdict::CloseAfter,
            (ApiKey::Metadata, 5) => Verdict::Close,
            _ => Verdict::Pass,
        });
        until("thousands of reconnects", || cluster.connections_accepted() - begun > RECONNECTS).await;
        cluster.clear_hooks();
        within(cluster.until_requests(ApiKey::Fetch, 50)).await;
        until("connections that are few again", || settled(&cluster)).await;
        cluster.clear_requests();
        found.push((cluster.connections(), threads(), MEMORY.current_usage()));
    }
    let [(_, threads_before, memory_before), .., (connections, threads_after, memory_after)] = found[..] else {
        panic!("three rounds");
    };
    assert!(connections <= 2 * 3 + 3, "{found:?}: one for each lane and node, and those of the control thread");
    assert_eq!(threads_after, threads_before, "{found:?}");
    assert!(memory_after < memory_before + (128 << 10), "{found:?}: the memory grows");
    append_numbered(&cluster, 0, 60..80, 20);
    until("what comes after the soak", || table.snapshot().rows() == 380).await;
    within(table.close()).await.expect("it closes");
    within(cluster.until_connections_fall_to(0)).await;
    until("threads that are gone", || threads() == 0).await;
    drop(table);
    println!("connections, threads and bytes after each {RECONNECTS} reconnects: {found:?}");
}

#[tokio::test]
async fn e5_ten_thousand_partitions_on_three_nodes_cost_one_connection_for_each_lane_and_node_and_bounded_memory() {
    let _one = one_at_a_time().await;
    const PARTITIONS: i32 = 10_000;
    const LANES: usize = 2;
    let cluster = TestCluster::builder().nodes(3).topic("t", PARTITIONS).start_blocking().expect("the cluster starts");
    let busy = [0, 1, 2, 4999, 9999];
    for partition in busy {
        append_numbered(&cluster, partition, 0..1000, 100);
    }
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let table = live(consume(&cluster).lanes(LANES)).await;
    until("the rows of the few that have some", || table.snapshot().rows() == 5000).await;
    let held = MEMORY.current_usage().saturating_sub(before);
    let peak = MEMORY.peak_usage().saturating_sub(before);
    // What comes later comes to the right place.
    cluster.clear_requests();
    for partition in busy {
        append_numbered(&cluster, partition, 1000..1100, 100);
    }
    until("the rows that came later", || table.snapshot().rows() == 5500).await;
    let fetching: BTreeSet<u64> = cluster.requests_of(ApiKey::Fetch).iter().map(|request| request.connection).collect();
    assert!(fetching.len() <= LANES * 3, "{} connections fetch", fetching.len());
    let snapshot = table.snapshot();
    assert_eq!(snapshot.positions().len(), 10_000);
    common::assert_adds_up(&snapshot);
    let stats = cluster.fetch_stats();
    println!(
        "10 000 partitions: {} bytes each held, {} at the peak; {} fetching connections; {stats:?}",
        held / 10_000,
        peak / 10_000,
        fetching.len()
    );
    assert!(peak < 128 << 20, "{peak} bytes at the peak");
    within(table.close()).await.expect("it closes");
}

#[tokio::test]
async fn a_table_that_is_made_and_dropped_again_and_again_leaves_nothing_behind() {
    let _one = one_at_a_time().await;
    let cluster = numbered(2, 4, 60, 20);
    let mut held = Vec::new();
    for _ in 0..4 {
        for _ in 0..25 {
            let table = live(consume(&cluster)).await;
            until("its rows", || table.snapshot().rows() == 240).await;
            assert_numbered(&table.snapshot(), 4, 60);
            drop(table);
        }
        within(cluster.until_connections_fall_to(0)).await;
        until("threads that are gone", || threads() == 0).await;
        cluster.clear_requests();
        held.push(MEMORY.current_usage());
    }
    assert!(held[3] < held[1] + (256 << 10), "{held:?}");
}
