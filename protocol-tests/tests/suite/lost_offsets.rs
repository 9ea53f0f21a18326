//! Logs that lose what was not read yet, or what was: what `auto.offset.reset` says is done, and every offset is accounted for.

use crate::common::{append_numbered, assert_adds_up, consume, numbered, numbers, until, within};
use kolumn::table::EventKind;
use kolumn::{Error, Span, Stop, Table, TableType};
use kolumn_test_broker::{ApiKey, TestCluster, Verdict};

/// A table of 500 rows whose log has then grown to 1000 and lost those before 700, in one step for the table.
async fn overtaken(reset: Option<&str>) -> (TestCluster, Table) {
    let cluster = numbered(1, 1, 500, 50);
    let consume = consume(&cluster).until(Stop::At(1100));
    let consume = match reset {
        Some(reset) => consume.property("auto.offset.reset", reset),
        None => consume,
    };
    let table = within(consume.table(TableType::Append).into_future()).await.expect("a table");
    until("the first rows", || table.snapshot().rows() == 500).await;
    cluster.kill(1);
    append_numbered(&cluster, 0, 500..1000, 50);
    assert_eq!(cluster.log("t", 0).delete_records(700), 700);
    cluster.restart(1);
    (cluster, table)
}

/// The offsets of the table's rows, each with the number that was written at it.
fn offsets(table: &Table) -> Vec<i64> {
    let rows = numbers(&table.snapshot()).remove(&0).unwrap_or_default();
    rows.into_iter()
        .map(|(offset, number)| {
            assert_eq!(number, Some(offset));
            offset
        })
        .collect()
}

/// What became of the offsets, whoever led when.
fn account(table: &Table) -> Span {
    assert_adds_up(&table.snapshot());
    Span { leader_epoch: -1, ..table.snapshot().positions().get(0).expect("the partition").account }
}

/// What the events say of offsets that are gone: from, to, and where reading went on.
fn lost(table: &Table) -> Vec<(i64, i64, i64)> {
    let events = table.status().events;
    let lost = events.iter().filter_map(|event| match event.what {
        EventKind::OffsetsLost { from, to, resumed } => Some((from, to, resumed)),
        _ => None,
    });
    lost.collect()
}

#[tokio::test]
async fn b6_with_earliest_what_the_log_lost_is_a_gap_and_the_rest_is_read() {
    let (cluster, table) = overtaken(Some("earliest")).await;
    until("a table at the end", || account(&table).next == 1000).await;
    append_numbered(&cluster, 0, 1000..1100, 50);
    within(table.finished()).await.expect("it is complete");
    assert_eq!(offsets(&table), (0..500).chain(700..1100).collect::<Vec<_>>());
    let span = Span { rows: 900, gaps: 200, next: 1100, ..Span::empty(0, 0) };
    assert_eq!(account(&table), span);
    assert_eq!(lost(&table), [(500, 700, 700)]);
    let error = table.status().partitions[0].last_error.clone();
    assert!(matches!(error, Some(Error::OffsetOutOfRange { offset: 500, first: 700, next: 1000, .. })), "{error:?}");
}

#[tokio::test]
async fn b6_with_latest_what_is_left_out_is_told_from_what_the_log_lost() {
    let (cluster, table) = overtaken(Some("latest")).await;
    until("a table at the end", || account(&table).next == 1000).await;
    append_numbered(&cluster, 0, 1000..1100, 50);
    within(table.finished()).await.expect("it is complete");
    assert_eq!(offsets(&table), (0..500).chain(1000..1100).collect::<Vec<_>>());
    assert_eq!(account(&table), Span { rows: 600, gaps: 200, filtered: 300, next: 1100, ..Span::empty(0, 0) });
    assert_eq!(lost(&table), [(500, 700, 1000)]);
}

#[tokio::test]
async fn b6_without_a_policy_or_with_none_a_lost_position_is_an_error_and_the_rows_stay() {
    for reset in [None, Some("none")] {
        let (_cluster, table) = overtaken(reset).await;
        let error = within(table.finished()).await.expect_err("the position is lost");
        let expected = Error::OffsetOutOfRange { topic: "t".into(), partition: 0, offset: 500, first: 700, next: 1000 };
        assert_eq!(error, expected);
        assert_eq!(offsets(&table), (0..500).collect::<Vec<_>>());
        assert_eq!(account(&table), Span { rows: 500, next: 500, ..Span::empty(0, 0) });
    }
}

#[tokio::test]
async fn b6_an_end_that_the_log_has_lost_is_reached_by_its_gap() {
    let cluster = numbered(1, 1, 500, 50);
    let consume = consume(&cluster).property("auto.offset.reset", "earliest").until(Stop::At(600));
    let table = within(consume.table(TableType::Append).into_future()).await.expect("a table");
    until("the first rows", || table.snapshot().rows() == 500).await;
    cluster.kill(1);
    append_numbered(&cluster, 0, 500..1000, 50);
    cluster.log("t", 0).delete_records(800);
    cluster.restart(1);
    within(table.finished()).await.expect("it is complete");
    assert_eq!(offsets(&table), (0..500).collect::<Vec<_>>());
    assert_eq!(account(&table), Span { rows: 500, gaps: 100, next: 600, ..Span::empty(0, 0) });
}

#[tokio::test]
async fn b6_a_beginning_that_retention_moves_before_the_first_fetch_is_followed_without_a_policy() {
    let cluster = numbered(1, 1, 500, 50);
    cluster.next(ApiKey::Fetch, u32::MAX, Verdict::Close);
    let table = within(consume(&cluster).until(Stop::At(500)).table(TableType::Append).into_future()).await.expect("a table");
    assert_eq!(cluster.log("t", 0).delete_records(200), 200);
    cluster.clear_hooks();
    within(table.finished()).await.expect("it is complete");
    assert_eq!(offsets(&table), (200..500).collect::<Vec<_>>());
    assert_eq!(account(&table), Span { rows: 300, gaps: 200, next: 500, ..Span::empty(0, 0) });
}
