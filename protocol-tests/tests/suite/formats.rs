//! Message formats 0 and 1, served as an old broker stored them.

use crate::common::formats::{SEGMENTS, entries, expected, segment};
use crate::common::raw::{RawRow, consume_raw, rows};
use crate::common::{assert_spans, complete, empty, within};
use kolumn::error::BatchError;
use kolumn::{Error, Offsets, Snapshot, Stop, TableType};
use kolumn_test_broker::TestCluster;

/// A cluster whose topic `t` holds these bytes of a segment.
fn serving(bytes: &[u8]) -> TestCluster {
    let cluster = empty(1);
    for (base, last, entry) in entries(bytes) {
        cluster.log("t", 0).store_bytes(base, last, entry);
    }
    cluster
}

fn stored(name: &str) -> Vec<u8> {
    std::fs::read(segment(name)).expect("the fixture is there")
}

fn assert_rows(snapshot: &Snapshot, expected: &[RawRow], what: &str) {
    assert_eq!(rows(snapshot), expected, "{what}");
}

#[tokio::test]
async fn c11_messages_of_formats_0_and_1_are_read_as_they_were_written() {
    for name in SEGMENTS {
        let cluster = serving(&stored(name));
        let snapshot = complete(consume_raw("t", &cluster.bootstrap()).until(Stop::End)).await.snapshot();
        let expected = expected(name);
        assert_rows(&snapshot, &expected, name);
        assert_spans(&snapshot, &[(0, 0, i64::try_from(expected.len()).unwrap())]);
    }
}

#[tokio::test]
async fn c11_a_start_and_a_stop_within_a_compressed_message_give_the_rows_between_them() {
    let bytes = stored("mixed");
    let cluster = serving(&bytes);
    let expected = expected("mixed");
    for first in 0..expected.len() {
        let stop = (first + 7).min(expected.len());
        let offset = |at: usize| i64::try_from(at).unwrap();
        let consume = consume_raw("t", &cluster.bootstrap()).offsets(Offsets::At(offset(first)));
        let consume = consume.until(Stop::At(offset(stop)));
        let snapshot = complete(consume).await.snapshot();
        assert_rows(&snapshot, &expected[first..stop], &format!("{first}..{stop}"));
        assert_spans(&snapshot, &[(0, offset(first), offset(stop))]);
    }
}

#[tokio::test]
async fn c2_answers_that_end_within_a_message_lose_and_double_nothing() {
    let cluster = serving(&stored("mixed"));
    for limit in [1, 60, 150, 333, 700] {
        let consume = consume_raw("t", &cluster.bootstrap()).property("max.partition.fetch.bytes", limit.to_string());
        let snapshot = complete(consume.until(Stop::End)).await.snapshot();
        assert_rows(&snapshot, &expected("mixed"), &format!("{limit} bytes an answer"));
    }
}

#[tokio::test]
async fn c8_a_damaged_message_fails_the_consumption_at_its_offset_and_keeps_the_rows_before_it() {
    let mut bytes = stored("format-1-none");
    let at = entries(&bytes).iter().take(5).map(|(.., entry)| entry.len()).sum::<usize>() - 1;
    bytes[at] ^= 1;
    let cluster = serving(&bytes);
    let consume = consume_raw("t", &cluster.bootstrap()).until(Stop::End);
    let table = within(consume.table(TableType::Append).into_future()).await.expect("a table");
    let error = within(table.finished()).await.expect_err("a damaged message");
    assert!(matches!(error, Error::Batch { partition: 0, offset: 4, reason: BatchError::Crc { .. }, .. }), "{error:?}");
    assert_rows(&table.snapshot(), &expected("format-1-none")[..4], "the rows before it");
}

#[tokio::test]
async fn c11_a_format_that_nobody_knows_fails_the_consumption_by_name() {
    let mut bytes = stored("format-1-none");
    bytes[16] = 3;
    let cluster = empty(1);
    cluster.log("t", 0).store_bytes(0, 7, bytes);
    let consume = consume_raw("t", &cluster.bootstrap()).until(Stop::End);
    let table = within(consume.table(TableType::Append).into_future()).await.expect("a table");
    let error = within(table.finished()).await.expect_err("an unknown format");
    assert!(matches!(error, Error::Batch { partition: 0, offset: 0, reason: BatchError::Magic { magic: 3 }, .. }), "{error:?}");
}
