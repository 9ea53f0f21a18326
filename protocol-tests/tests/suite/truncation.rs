//! Logs that are cut below what was read of them: it is found out, said with offsets, and the table never holds what no log does.

use crate::common::{self, append_numbered, assert_adds_up, consume, live, numbered, numbers, until, within};
use kolumn::table::{EventKind, State};
use kolumn::{Consume, Error, Offsets, Stop, Table};
use kolumn_test_broker::{ApiKey, Generation, TestCluster, TopicSettings, Verdict};

/// One partition of 500 rows on a node of this age.
fn aged(generation: Generation) -> TestCluster {
    let topic = TopicSettings::new(1);
    let cluster =
        TestCluster::builder().nodes(1).topic("t", topic).generation(generation).start_blocking().expect("the cluster starts");
    append_numbered(&cluster, 0, 0..500, 50);
    cluster
}

/// Reads on, quickly.
fn hasty(cluster: &TestCluster) -> Consume {
    consume(cluster)
        .property("retry.backoff.ms", "5")
        .property("retry.backoff.max.ms", "20")
        .property("metadata.max.age.ms", "50")
}

/// A table of the first 500 rows, which goes on.
async fn read(consume: Consume) -> Table {
    let table = live(consume).await;
    until("the first rows", || table.snapshot().rows() == 500).await;
    table
}

/// Cuts the log while nobody can fetch, and lets it grow with other numbers.
fn cut(cluster: &TestCluster, to: i64, grow: i64) {
    cluster.kill(1);
    cluster.log("t", 0).truncate(to);
    append_numbered(cluster, 0, 10_000..10_000 + grow, 50);
    cluster.restart(1);
}

fn truncations(table: &Table) -> Vec<(i64, i64, Option<u64>)> {
    let events = table.status().events;
    let found = events.iter().filter_map(|event| match event.what {
        EventKind::Truncated { position, to, withdrawn, .. } => Some((position, to, withdrawn)),
        _ => None,
    });
    found.collect()
}

/// That the table holds the numbers of the log: those up to `cut` as they were, then `grown` new ones.
fn assert_replaced(table: &Table, cut: i64, grown: i64) {
    let old = (0..cut).map(|number| (number, Some(number)));
    let expected: Vec<_> = old.chain((0..grown).map(|number| (cut + number, Some(10_000 + number)))).collect();
    let found = numbers(&table.snapshot()).remove(&0).unwrap_or_default();
    assert!(found == expected, "{} rows, {} expected", found.len(), expected.len());
    assert_adds_up(&table.snapshot());
}

#[tokio::test]
async fn b5_a_log_that_was_cut_ends_the_consumption_by_default_and_the_rows_stay() {
    for generation in [Generation::V2_1, Generation::V2_8, Generation::V4] {
        let cluster = aged(generation);
        let table = read(hasty(&cluster)).await;
        // The log holds the old position again: by offsets alone nobody would notice.
        cut(&cluster, 300, 400);
        let error = within(table.finished()).await.expect_err("another log");
        assert!(
            matches!(error, Error::Truncated { partition: 0, position: 500, diverged: 300, epoch: 0, .. }),
            "{generation:?}: {error}"
        );
        assert_eq!(table.snapshot().rows(), 500);
        assert_eq!(truncations(&table), [(500, 300, None)]);
        assert_eq!(table.status().state, State::Failed);
    }
}

#[tokio::test]
async fn b5_rows_that_the_log_lost_are_withdrawn_and_the_others_read_where_that_is_asked_for() {
    for generation in [Generation::V2_1, Generation::V2_4, Generation::V2_8, Generation::V3_9, Generation::V4] {
        let cluster = aged(generation);
        let table = read(hasty(&cluster).property("kolumn.on.truncation", "withdraw").until(Stop::At(700))).await;
        cut(&cluster, 300, 400);
        within(table.finished()).await.unwrap_or_else(|error| panic!("{generation:?}: {error}"));
        assert_replaced(&table, 300, 400);
        assert_eq!(truncations(&table), [(500, 300, Some(200))], "{generation:?}");
        let text = table.status().events.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(
            text.contains("partition 0: the log was truncated from 500 to 300 (unclean election, epoch 0): 200 rows"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn b5_a_follower_that_had_less_leads_and_the_table_follows_it() {
    let topic = TopicSettings::new(1).replication(2);
    let cluster = TestCluster::builder().nodes(2).topic("t", topic).start_blocking().expect("the cluster starts");
    append_numbered(&cluster, 0, 0..500, 50);
    let table = read(hasty(&cluster).property("kolumn.on.truncation", "withdraw").until(Stop::At(600))).await;
    cluster.log("t", 0).elect_unclean(2, 450);
    until("the withdrawal", || table.snapshot().rows() == 450).await;
    append_numbered(&cluster, 0, 10_000..10_150, 50);
    within(table.finished()).await.expect("it is complete");
    assert_replaced(&table, 450, 150);
}

#[tokio::test]
async fn b5_a_log_that_is_cut_again_and_again_is_followed() {
    let cluster = aged(Generation::V4);
    let table = read(hasty(&cluster).property("kolumn.on.truncation", "withdraw").until(Stop::At(700))).await;
    for (at, to) in [450, 400, 300].into_iter().enumerate() {
        cut(&cluster, to, if to == 300 { 400 } else { 10 });
        until("the withdrawal", || truncations(&table).len() > at).await;
    }
    within(table.finished()).await.expect("it is complete");
    assert_replaced(&table, 300, 400);
}

#[tokio::test]
async fn b5_where_the_log_parted_before_the_table_began_all_rows_go_and_it_reads_from_there() {
    let cluster = aged(Generation::V4);
    let consume = hasty(&cluster).property("kolumn.on.truncation", "withdraw").offsets(Offsets::At(400));
    let table = live(consume.until(Stop::At(600))).await;
    until("the first rows", || table.snapshot().rows() == 100).await;
    cut(&cluster, 300, 300);
    within(table.finished()).await.expect("it is complete");
    let found = numbers(&table.snapshot()).remove(&0).unwrap_or_default();
    let expected: Vec<_> = (0..300).map(|number| (300 + number, Some(10_000 + number))).collect();
    assert_eq!(found, expected);
    assert_adds_up(&table.snapshot());
}

#[tokio::test]
async fn b5_a_limit_counts_the_rows_that_are_left() {
    let cluster = aged(Generation::V4);
    let table = read(hasty(&cluster).property("kolumn.on.truncation", "withdraw").limit(600)).await;
    cut(&cluster, 300, 400);
    within(table.finished()).await.expect("it is complete");
    assert_replaced(&table, 300, 300);
}

#[tokio::test]
async fn b7_a_position_beyond_the_end_of_the_log_is_a_truncation_whatever_the_reset_policy_is() {
    for reset in ["earliest", "latest", "none"] {
        let cluster = aged(Generation::V4);
        let table = read(hasty(&cluster).property("auto.offset.reset", reset)).await;
        cut(&cluster, 300, 0);
        let error = within(table.finished()).await.expect_err("rows of the table are not in the log any more");
        assert!(matches!(error, Error::Truncated { position: 500, diverged: 300, epoch: 0, .. }), "{error}");
        assert_eq!(table.snapshot().rows(), 500);
    }
}

#[tokio::test]
async fn b7_without_epochs_nobody_knows_which_rows_are_lost_so_none_are_withdrawn() {
    for policy in ["fail", "withdraw"] {
        let cluster = aged(Generation::V0_11);
        let table = read(hasty(&cluster).property("kolumn.on.truncation", policy)).await;
        cut(&cluster, 300, 50);
        let error = within(table.finished()).await.expect_err("the log is shorter");
        assert!(matches!(error, Error::Truncated { position: 500, diverged: 350, epoch: -1, .. }), "{error}");
        assert_eq!(table.snapshot().rows(), 500);
    }
}

#[tokio::test]
async fn b7_a_leader_that_is_wrong_about_its_end_is_asked_again_and_nothing_is_lost() {
    let cluster = aged(Generation::V4);
    let table = read(hasty(&cluster).property("auto.offset.reset", "earliest").until(Stop::At(600))).await;
    cluster.next(ApiKey::Fetch, 3, Verdict::PartitionError("t".into(), 0, 1));
    append_numbered(&cluster, 0, 500..600, 50);
    within(table.finished()).await.expect("it is complete");
    common::assert_numbered(&table.snapshot(), 1, 600);
    assert!(truncations(&table).is_empty());
}

#[tokio::test]
async fn b3_epochs_that_the_two_sides_do_not_agree_on_are_asked_about_and_reading_goes_on() {
    for code in [74, 75] {
        for generation in [Generation::V2_1, Generation::V4] {
            let cluster = aged(generation);
            let table = read(hasty(&cluster).until(Stop::At(600))).await;
            cluster.next(ApiKey::Fetch, 2, Verdict::PartitionError("t".into(), 0, code));
            cluster.next(ApiKey::OffsetForLeaderEpoch, 1, Verdict::Error(code));
            cluster.log("t", 0).move_leader(1);
            append_numbered(&cluster, 0, 500..600, 50);
            within(table.finished()).await.expect("it is complete");
            common::assert_numbered(&table.snapshot(), 1, 600);
        }
    }
}

#[tokio::test]
async fn b5_a_new_leader_that_has_everything_costs_a_question_and_no_row() {
    let topic = TopicSettings::new(1).replication(2);
    for generation in [Generation::V2_1, Generation::V4] {
        let builder = TestCluster::builder().nodes(2).topic("t", topic.clone()).generation(generation);
        let cluster = builder.start_blocking().expect("the cluster starts");
        append_numbered(&cluster, 0, 0..500, 50);
        let table = read(hasty(&cluster).until(Stop::At(600))).await;
        cluster.log("t", 0).move_leader(2);
        append_numbered(&cluster, 0, 500..600, 50);
        within(table.finished()).await.expect("it is complete");
        common::assert_numbered(&table.snapshot(), 1, 600);
        // Brokers before 2.7 do not compare logs when they are fetched from.
        assert_eq!(cluster.count(ApiKey::OffsetForLeaderEpoch) > 0, generation == Generation::V2_1);
    }
}

#[tokio::test]
async fn a_truncated_partition_ends_the_consumption_of_the_others_with_its_error() {
    let cluster = numbered(2, 2, 500, 50);
    let table = live(hasty(&cluster)).await;
    until("the first rows", || table.snapshot().rows() == 1000).await;
    cluster.log("t", 1).truncate(100);
    let error = within(table.finished()).await.expect_err("another log");
    assert!(matches!(error, Error::Truncated { partition: 1, diverged: 100, .. }), "{error}");
}
