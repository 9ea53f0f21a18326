//! A broker that lies about lengths: a typed error or none, bounded memory, no panic, and everything is read when it is sane again.
//!
//! The memory is counted by the allocator of this whole process, so there is one test.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{assert_adds_up, assert_numbered, consume, numbered, within};
use kolumn::{Consume, Error, TableType};
use kolumn_test_broker::{ApiKey, TestCluster, Verdict};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What a lie may cost, in bytes. The frames and tables of these tests are some kilobytes, and lengths that are lies reach 2 GiB.
const ALLOWED: usize = 32 << 20;

/// What four bytes of an answer may be replaced by: the largest length, a negative one, and the largest that a varint can tell.
const LIES: [[u8; 5]; 4] = [
    [0x7f, 0xff, 0xff, 0xff, 0xff],
    [0xff, 0xff, 0xff, 0xff, 0xff],
    [0xff, 0xff, 0xff, 0xff, 0x07],
    [0x00, 0x7f, 0xff, 0xff, 0xff],
];

/// Asks again at once, and gives up soon: these tests run into the wall thousands of times.
fn hasty(cluster: &TestCluster) -> Consume {
    consume(cluster)
        .lanes(1)
        .limit(12)
        .property("reconnect.backoff.ms", "1")
        .property("reconnect.backoff.max.ms", "2")
        .property("retry.backoff.ms", "1")
        .property("retry.backoff.max.ms", "2")
        .property("request.timeout.ms", "100")
        .property("kolumn.bootstrap.timeout.ms", "400")
        .property("default.api.timeout.ms", "800")
        .property("fetch.max.wait.ms", "5")
}

/// What becomes of a consumption: its error, if it has one. Whatever is in its table adds up.
async fn outcome(consume: Consume) -> Result<(), Error> {
    let table = within(consume.table(TableType::Append).into_future()).await?;
    // A lie about what there is to read may leave a consumption that waits for it, as it should: then it is closed.
    let finished = tokio::time::timeout(std::time::Duration::from_millis(400), table.finished()).await;
    let snapshot = table.snapshot();
    assert_adds_up(&snapshot);
    match finished {
        Ok(Ok(())) => assert_numbered(&snapshot, 2, 6),
        Ok(Err(error)) => return Err(error),
        Err(_) => within(table.close()).await?,
    }
    Ok(())
}

/// How long the longest answer of an API is.
fn length(cluster: &TestCluster, api: ApiKey) -> usize {
    cluster.requests_of(api).iter().map(|request| request.response_bytes).max().expect("it was asked")
}

#[tokio::test]
async fn a10_lengths_that_lie_cost_no_memory_and_no_panic_and_are_got_over() {
    let cluster = numbered(1, 2, 6, 3);
    outcome(hasty(&cluster)).await.expect("a sane broker");
    let worst = Arc::new(AtomicUsize::new(0));
    for api in [ApiKey::ApiVersions, ApiKey::Metadata, ApiKey::ListOffsets, ApiKey::Fetch] {
        // Answers of versions hold a list of many alike; the first hundred bytes tell all there is to know.
        let end = length(&cluster, api).min(if api == ApiKey::ApiVersions { 40 } else { 260 });
        for at in 0..end {
            for lie in LIES {
                cluster.clear_hooks();
                let edit = Verdict::edit_frame(move |bytes| {
                    for (byte, lied) in bytes.iter_mut().skip(at).zip(lie) {
                        *byte = lied;
                    }
                });
                cluster.next(api, 2, edit);
                MEMORY.reset_peak_usage();
                let before = MEMORY.current_usage();
                let _typed = outcome(hasty(&cluster)).await;
                let cost = MEMORY.peak_usage().saturating_sub(before);
                assert!(cost < ALLOWED, "{api:?}, {lie:02x?} at byte {at}: {cost} bytes");
                worst.fetch_max(cost, Ordering::Relaxed);
            }
        }
        cluster.clear_hooks();
        outcome(hasty(&cluster)).await.expect("the broker is sane again");
    }
    println!("the dearest lie cost {} bytes", worst.load(Ordering::Relaxed));
}
