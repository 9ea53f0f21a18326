//! A partition that has two cores to itself: one thread reads, the other decodes. Whatever happens, the table is what one thread makes.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::{
    self, account, assert_numbered, complete, consume, empty, failing, live, number, numbered, numbered_batch, until, until_rows,
    within,
};
use bytes::Bytes;
use futures_util::StreamExt;
use kolumn::error::BatchError;
use kolumn::{Consume, Error, Stop, TableType};
use kolumn_test_broker::{ApiKey, Record, Response, TestCluster, Verdict};

/// Rows of the topic: answers of several hundred kilobytes each, dozens of them.
const ROWS: i64 = 300_000;
const BATCH: i64 = 5_000;

/// With two lanes allowed and one partition there are a thread that reads and one that decodes, on any machine.
fn both(cluster: &TestCluster) -> Consume {
    consume(cluster).lanes(2).property("max.partition.fetch.bytes", "400000")
}

/// Turns a bit in the first batch of the nth answer that has records.
fn damage_answer(cluster: &TestCluster, nth: usize) {
    let answers = AtomicUsize::new(0);
    let edit = Verdict::edit(move |response: &mut Response| {
        let Response::Fetch(response) = response else { return };
        for partition in response.responses.iter_mut().flat_map(|topic| &mut topic.partitions) {
            let Some(records) = partition.records.as_mut().filter(|records| !records.is_empty()) else { continue };
            if answers.fetch_add(1, Ordering::Relaxed) == nth {
                let mut bytes = records.to_vec();
                bytes.get_mut(100).into_iter().for_each(|byte| *byte ^= 1);
                *records = Bytes::from(bytes);
            }
        }
    });
    cluster.on(move |request| if request.api == ApiKey::Fetch { edit.clone() } else { Verdict::Pass });
}

#[tokio::test]
async fn rows_come_once_and_in_order() {
    let cluster = numbered(1, 1, ROWS, BATCH);
    let table = complete(both(&cluster).until(Stop::End)).await;
    assert_numbered(&table.snapshot(), 1, ROWS);
    assert!(table.status().budget_used <= table.status().budget_limit);
}

#[tokio::test]
async fn c8_what_is_queued_behind_a_damaged_batch_is_fetched_again_with_it() {
    for nth in [0, 1, 4, 7] {
        let cluster = numbered(1, 1, ROWS, BATCH);
        damage_answer(&cluster, nth);
        let table = complete(both(&cluster).until(Stop::End)).await;
        assert_numbered(&table.snapshot(), 1, ROWS);
        let seen = table.status().partitions[0].last_error.clone();
        assert!(matches!(seen, Some(Error::Batch { reason: BatchError::Crc { .. }, .. })), "{seen:?}");
    }
}

#[tokio::test]
async fn c8_a_batch_that_is_damaged_for_good_ends_it_with_the_rows_before_it_and_none_behind() {
    let cluster = numbered(1, 1, 100_000, BATCH);
    let damaged = (100_000..105_000)
        .fold(kolumn_test_broker::BatchBuilder::new(), |batch, number| batch.record(Record::new(format!(r#"{{"n":{number}}}"#))));
    cluster.produce("t", 0, damaged.crc_xor(1).build());
    for first in (105_000..200_000).step_by(5_000) {
        cluster.produce("t", 0, numbered_batch(first..first + 5_000));
    }
    let (table, error) = failing(both(&cluster)).await;
    assert!(matches!(error, Error::Batch { offset: 100_000, .. }), "{error}");
    assert_numbered(&table.snapshot(), 1, 100_000);
}

#[tokio::test]
async fn c22_a_full_budget_holds_it_and_what_was_queued_is_not_lost() {
    let cluster = numbered(1, 1, ROWS, BATCH);
    let consume = both(&cluster).memory_budget(1 << 20).until(Stop::End).table(TableType::Blink);
    let table = within(consume.into_future()).await.expect("a table");
    let mut updates = table.updates();
    let mut next = 0;
    while let Some(update) = within(updates.next()).await {
        for batch in update.added() {
            let found = arrow_array::cast::AsArray::as_primitive::<arrow_array::types::Int64Type>(&batch["n"]);
            for number in found.values() {
                assert_eq!(*number, next);
                next += 1;
            }
        }
    }
    assert_eq!(next, ROWS);
}

#[tokio::test]
async fn it_stops_before_the_offset_and_at_the_row_that_it_is_told() {
    let cluster = numbered(1, 1, ROWS, BATCH);
    for stop in [1, 4_999, 5_000, 123_456] {
        let table = complete(both(&cluster).until(Stop::At(stop))).await;
        assert_numbered(&table.snapshot(), 1, stop);
        let limit = u64::try_from(stop).expect("positive");
        let table = complete(both(&cluster).limit(limit)).await;
        assert_eq!((table.snapshot().rows(), account(&table).next), (usize::try_from(stop).expect("small"), stop));
    }
}

#[tokio::test]
async fn b5_rows_that_the_log_lost_are_withdrawn_though_answers_lie_ready() {
    let cluster = numbered(1, 1, ROWS, BATCH);
    let table = live(
        both(&cluster)
            .property("kolumn.on.truncation", "withdraw")
            .property("retry.backoff.ms", "5")
            .property("retry.backoff.max.ms", "20")
            .property("metadata.max.age.ms", "50"),
    )
    .await;
    until_rows(&table, 50_000).await;
    // While it reads, the end of the log is replaced by another.
    cluster.kill(1);
    cluster.log("t", 0).truncate(20_000);
    for first in (20_000..400_000).step_by(5_000) {
        cluster.produce("t", 0, numbered_batch(first..first + 5_000));
    }
    cluster.restart(1);
    until("the new log", || table.snapshot().positions().get(0).is_some_and(|position| position.next == 400_000)).await;
    assert_numbered(&table.snapshot(), 1, 400_000);
}

#[tokio::test]
async fn closing_in_the_middle_leaves_whole_offsets() {
    let cluster = numbered(1, 1, ROWS, BATCH);
    for rows in [1, 40_000, 90_000] {
        let table = live(both(&cluster)).await;
        until("some rows", || table.snapshot().rows() >= rows).await;
        within(table.close()).await.expect("it closes");
        let rows = account(&table).next;
        assert_numbered(&table.snapshot(), 1, rows);
    }
}

#[tokio::test]
async fn a_decoder_that_fails_fails_at_its_record() {
    let cluster = empty(1);
    for first in (0..100_000).step_by(5_000) {
        cluster.produce("t", 0, numbered_batch(first..first + 5_000));
    }
    cluster.produce("t", 0, common::values(0..1).record(Record::new("no JSON")).build());
    for first in (100_002..200_002).step_by(5_000) {
        cluster.produce("t", 0, numbered_batch(first..first + 5_000));
    }
    let consume = both(&cluster).value(number()).on_error(kolumn::OnError::Fail);
    let (table, error) = failing(consume).await;
    assert!(matches!(error, Error::Undecodable { offset: 100_001, .. }), "{error}");
    assert_eq!(account(&table).next, 100_001);
}
