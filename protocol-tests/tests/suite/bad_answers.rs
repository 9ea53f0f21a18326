//! Answers that are cut, corrupted, refused, late, doubled or no answers at all: each is got over, and every row is there once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::common::{self, assert_numbered, consume, number, numbered, until, whole, within};
use kolumn::{Consume, Error, Offsets, Stop, Table, TableType};
use kolumn_test_broker::{ApiKey, HEADER_LEN, Response, TestCluster, Verdict};

/// A consumption that does not wait long before it tries again: these tests run into the wall hundreds of times.
fn hasty(cluster: &TestCluster) -> Consume {
    consume(cluster)
        .lanes(1)
        .property("reconnect.backoff.ms", "1")
        .property("retry.backoff.ms", "1")
        .property("fetch.max.wait.ms", "10")
        .until(Stop::End)
}

async fn complete(consume: Consume) -> Table {
    common::complete(consume).await
}

/// A verdict that changes the first records that are sent, and a counter of how often records were sent.
fn first_records(edit: impl Fn(&mut Vec<u8>) + Send + Sync + 'static) -> (Verdict, Arc<AtomicU32>) {
    let edited = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&edited);
    let verdict = Verdict::edit(move |response| {
        let Response::Fetch(answer) = response else { return };
        for data in answer.responses.iter_mut().flat_map(|topic| &mut topic.partitions) {
            let Some(records) = data.records.as_mut().filter(|records| !records.is_empty()) else { continue };
            if count.fetch_add(1, Ordering::Relaxed) == 0 {
                let mut bytes = records.to_vec();
                edit(&mut bytes);
                *records = bytes.into();
            }
        }
    });
    (verdict, edited)
}

#[tokio::test]
async fn a3_a_fetch_answer_that_is_cut_at_any_byte_is_fetched_again() {
    let cluster = numbered(1, 2, 6, 3);
    complete(hasty(&cluster)).await;
    let length = cluster.requests_of(ApiKey::Fetch).iter().map(|request| request.response_bytes).max().expect("a fetch");
    for at in 0..length {
        cluster.clear_hooks();
        cluster.clear_requests();
        cluster.next(ApiKey::Fetch, 1, Verdict::CutAt(at));
        let table = complete(hasty(&cluster)).await;
        assert_numbered(&table.snapshot(), 2, 6);
        assert!(cluster.count(ApiKey::Fetch) >= 2, "cut at {at}: nothing was fetched again");
    }
    assert!(length > 400, "{length} bytes are less than two partitions with two batches each");
}

#[tokio::test]
async fn an_answer_to_any_question_of_the_start_that_is_cut_is_asked_for_again() {
    let cluster = numbered(1, 1, 6, 3);
    for api in [ApiKey::ApiVersions, ApiKey::Metadata, ApiKey::ListOffsets] {
        for at in [0, 1, 4, 7, 8, 9, 20, 40] {
            cluster.clear_hooks();
            cluster.next(api, 1, Verdict::CutAt(at));
            assert_numbered(&complete(hasty(&cluster)).await.snapshot(), 1, 6);
        }
    }
}

#[tokio::test]
async fn a3_records_with_any_one_byte_corrupted_are_found_and_fetched_again() {
    let cluster = numbered(1, 1, 6, 3);
    let batch = cluster.log("t", 0).batches()[0].len();
    assert!(batch > HEADER_LEN);
    // The base offset, the first eight bytes, is outside of every checksum that Kafka has; here it then lies beyond the log's end.
    for at in 0..batch {
        let (verdict, edited) = first_records(move |bytes| bytes[at] ^= 0x55);
        cluster.clear_hooks();
        cluster.on(move |request| if request.api == ApiKey::Fetch { verdict.clone() } else { Verdict::Pass });
        let table = complete(hasty(&cluster)).await;
        assert_numbered(&table.snapshot(), 1, 6);
        // No checksum covers the leader epoch either; it decides about nothing here.
        let harmless = (12..16).contains(&at);
        assert!(harmless || edited.load(Ordering::Relaxed) >= 2, "byte {at} was corrupted and nobody noticed");
    }
}

#[tokio::test]
async fn a3_any_one_corrupted_byte_of_a_fetch_answers_frame_hurts_nothing_but_the_connection() {
    let cluster = numbered(1, 1, 6, 3);
    complete(hasty(&cluster)).await;
    let fetches = cluster.requests_of(ApiKey::Fetch);
    let length = fetches.iter().map(|request| request.response_bytes).max().expect("a fetch");
    let records: usize = cluster.log("t", 0).batches().iter().map(bytes::Bytes::len).sum();
    // Up to the records; what no checksum covers in there is looked at above. Behind them are three bytes of empty tags.
    for at in (0..length - records - 3).chain(length - 3..length) {
        for bits in [0x01, 0x80] {
            cluster.clear_hooks();
            cluster.next(ApiKey::Fetch, 1, Verdict::CorruptAt(at, bits));
            let consume = hasty(&cluster).property("request.timeout.ms", "200").property("retry.backoff.max.ms", "20");
            let table = within(consume.table(TableType::Append).into_future()).await.expect("a table");
            match within(table.finished()).await {
                Ok(()) => assert_numbered(&table.snapshot(), 1, 6),
                // An error code that means the end, or a position that is out of the log: told, and nothing wrong in the table.
                Err(Error::NotAuthorized { .. } | Error::OffsetOutOfRange { .. }) => common::assert_adds_up(&table.snapshot()),
                Err(error) => panic!("byte {at}, bits {bits:#04x}: {error}"),
            }
        }
    }
}

#[tokio::test]
async fn b10_error_codes_that_may_pass_pass() {
    // UNKNOWN_TOPIC_OR_PARTITION, LEADER_NOT_AVAILABLE, NOT_LEADER, REQUEST_TIMED_OUT, REPLICA_NOT_AVAILABLE, NETWORK_EXCEPTION,
    // KAFKA_STORAGE_ERROR, fenced and unknown epochs, OFFSET_NOT_AVAILABLE, THROTTLING_QUOTA_EXCEEDED,
    // UNKNOWN_TOPIC_ID, UNKNOWN_SERVER_ERROR, and two that nobody knows.
    for code in [3, 5, 6, 7, 9, 13, 56, 74, 75, 78, 89, 100, -1, 9999, i16::MIN] {
        let cluster = numbered(1, 2, 60, 20);
        cluster.next(ApiKey::Fetch, 3, Verdict::Error(code));
        assert_numbered(&complete(hasty(&cluster)).await.snapshot(), 2, 60);
        assert!(cluster.count(ApiKey::Fetch) > 3, "error {code} was not got over by asking again");
    }
}

#[tokio::test]
async fn a_broker_that_cannot_read_its_log_is_asked_once_more() {
    let cluster = numbered(1, 2, 60, 20);
    cluster.next(ApiKey::Fetch, 1, Verdict::Error(2));
    assert_numbered(&complete(hasty(&cluster)).await.snapshot(), 2, 60);
    cluster.next(ApiKey::Fetch, 2, Verdict::Error(2));
    let table = within(hasty(&cluster).table(TableType::Append).into_future()).await.expect("a table");
    let error = within(table.finished()).await.expect_err("it cannot be read");
    assert!(matches!(error, Error::Refused { code: 2, .. }), "{error}");
    assert_numbered(&table.snapshot(), 2, 0);
}

#[tokio::test]
async fn an_error_of_one_partition_holds_up_no_other() {
    let cluster = numbered(1, 3, 60, 20);
    cluster.next(ApiKey::Fetch, u32::MAX, Verdict::PartitionError("t".into(), 1, 6));
    let table = within(hasty(&cluster).table(TableType::Append).into_future()).await.expect("a table");
    until("the end of the others", || table.snapshot().rows() == 120).await;
    cluster.clear_hooks();
    within(table.finished()).await.expect("it is complete");
    assert_numbered(&table.snapshot(), 3, 60);
}

#[tokio::test]
async fn a18_a_throttled_client_does_not_ask_before_its_time_is_over() {
    const THROTTLE: Duration = Duration::from_millis(300);
    let cluster = numbered(1, 2, 60, 20);
    let asked: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let times = Arc::clone(&asked);
    cluster.on(move |request| {
        if request.api == ApiKey::Fetch {
            times.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
        }
        Verdict::Pass
    });
    cluster.next(ApiKey::Fetch, 2, Verdict::Throttle(THROTTLE));
    assert_numbered(&complete(hasty(&cluster)).await.snapshot(), 2, 60);
    let asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
    // The least time, not the most: a slow machine makes it longer, and never shorter.
    let pauses: Vec<Duration> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(pauses.len() >= 2 && pauses[..2].iter().all(|pause| *pause >= THROTTLE), "{pauses:?}");
}

#[tokio::test]
async fn a5_answers_that_drip_arrive_and_those_of_the_other_node_do_not_wait_for_them() {
    let cluster = numbered(2, 2, 60, 20);
    cluster.on(|request| match (request.api, request.node) {
        (ApiKey::Fetch, 1) => Verdict::Drip(16, Duration::from_millis(2)),
        _ => Verdict::Pass,
    });
    assert_numbered(&complete(hasty(&cluster)).await.snapshot(), 2, 60);
}

#[tokio::test]
async fn a8_answers_that_are_late_doubled_mistaken_or_missing_lose_and_double_no_row() {
    let verdicts = [
        Verdict::Delay(Duration::from_millis(500)),
        Verdict::Twice,
        Verdict::CorrelationId(77),
        Verdict::Skip,
        Verdict::Silence,
        Verdict::StallAt(100),
        Verdict::Close,
        Verdict::Reset,
        Verdict::CloseAfter,
        Verdict::ReplaceBytes("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".into()),
        Verdict::ReplaceBytes(vec![0x15, 3, 3, 0, 2, 2, 22].into()),
        Verdict::ReplaceBody(vec![0xff; 64].into()),
        Verdict::ReplaceBody(bytes::Bytes::new()),
    ];
    for verdict in verdicts {
        let cluster = numbered(1, 3, 600, 50);
        // Small answers, so that there are many; every third of them goes wrong.
        let broken = verdict.clone();
        cluster.on(move |request| match request.api {
            ApiKey::Fetch if request.count % 3 == 1 && request.count < 20 => broken.clone(),
            _ => Verdict::Pass,
        });
        let consume = hasty(&cluster).property("max.partition.fetch.bytes", "1200").property("request.timeout.ms", "200");
        let table = complete(consume).await;
        assert_numbered(&table.snapshot(), 3, 600);
        assert!(cluster.count(ApiKey::Fetch) >= 7, "{verdict:?} was met only {} times", cluster.count(ApiKey::Fetch));
    }
}

#[tokio::test]
async fn a7_a_web_server_on_the_port_is_recognised() {
    let cluster = numbered(1, 1, 6, 3);
    let answer = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nwhat?";
    cluster.next(ApiKey::ApiVersions, u32::MAX, Verdict::ReplaceBytes(answer.into()));
    let consume = kolumn::consume("t").brokers(cluster.bootstrap()).value(number()).offsets(Offsets::Beginning);
    let consume = consume.property("kolumn.bootstrap.timeout.ms", "300");
    let error = within(consume.table(TableType::Append).into_future()).await.expect_err("no broker is there");
    assert!(error.to_string().contains("HTTP"), "{error}");
    cluster.clear_hooks();
    assert_numbered(&whole(&cluster).await.snapshot(), 1, 6);
}
