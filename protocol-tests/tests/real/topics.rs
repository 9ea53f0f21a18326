//! What happens to a real topic while kolumn reads it: cut, compacted, deleted, made again, throttled.

use std::sync::OnceLock;

use crate::common::raw::{RawRow, consume_raw, digests, rows};
use crate::common::{self, assert_adds_up, complete, live, until, until_rows, within};
use kolumn::{Consume, Error, Stop, Table};
use kolumn_protocol_tests::{Codec, Kafka, NewTopic, Production, Reading, ServerError, Shape, Workload, Writer};

type Outcome = Result<(), ServerError>;

/// A node that is quick to forget: connections, segments, old records.
fn kafka() -> &'static Kafka {
    static KAFKA: OnceLock<Kafka> = OnceLock::new();
    KAFKA.get_or_init(|| {
        Kafka::builder()
            .property("connections.max.idle.ms", "2000")
            .property("log.retention.check.interval.ms", "500")
            .property("log.initial.task.delay.ms", "500")
            .property("log.cleaner.backoff.ms", "300")
            .start()
            .expect("Kafka starts")
    })
}

fn produce(topic: &str, workload: Workload) -> Outcome {
    Production::new(Writer::Java, topic, workload).run(&kafka().bootstrap())?;
    Ok(())
}

/// Metadata every fifth of a second, so that what happens to a topic is seen soon.
fn consume(topic: &str) -> Consume {
    consume_raw(topic, &kafka().bootstrap()).property("metadata.max.age.ms", "200")
}

fn assert_is_the_log(table: &Table, topic: &str) -> Outcome {
    let expected: Vec<RawRow> = Reading::new(topic).records(&kafka().bootstrap())?.into_iter().map(RawRow::from).collect();
    assert_eq!(rows(&table.snapshot()), expected, "{topic}");
    assert_adds_up(&table.snapshot());
    Ok(())
}

#[tokio::test]
async fn b13_a_topic_that_was_created_again_stops_the_consumption_that_read_the_old_one() -> Outcome {
    let admin = kafka().admin();
    admin.create_topic(&NewTopic::new("again", 2))?;
    produce("again", Workload::orders(61, 100, 2))?;
    let table = live(consume("again")).await;
    until_rows(&table, 100).await;
    admin.delete_topic("again")?;
    admin.create_topic(&NewTopic::new("again", 2))?;
    // The old positions are valid in the new log: nothing but the topic's id tells them apart.
    produce("again", Workload::orders(62, 1000, 2))?;
    let error = within(table.finished()).await.expect_err("the topic is another");
    assert!(matches!(error, Error::RecreatedTopic { .. } | Error::DeletedTopic { .. }), "{error}");
    assert_eq!(table.snapshot().rows(), 100, "what was read stays");
    Ok(())
}

#[tokio::test]
async fn b13_a_topic_that_was_created_again_is_read_from_its_beginning_where_that_is_asked_for() -> Outcome {
    let admin = kafka().admin();
    admin.create_topic(&NewTopic::new("anew", 2))?;
    produce("anew", Workload::orders(61, 100, 2))?;
    let table = live(consume("anew").property("kolumn.on.recreated.topic", "restart")).await;
    until_rows(&table, 100).await;
    let before = rows(&table.snapshot());
    admin.delete_topic("anew")?;
    admin.create_topic(&NewTopic::new("anew", 2))?;
    produce("anew", Workload::orders(62, 1000, 2))?;
    until_rows(&table, 1100).await;
    let snapshot = table.snapshot();
    let read: Vec<RawRow> = Reading::new("anew").records(&kafka().bootstrap())?.into_iter().map(RawRow::from).collect();
    let mut found = rows(&snapshot);
    for partition in 0..2 {
        let of = |rows: &[RawRow]| rows.iter().filter(|row| row.partition == partition).cloned().collect::<Vec<_>>();
        let expected = [of(&before), of(&read)].concat();
        assert_eq!(of(&found), expected, "partition {partition}: the old rows, then the new");
    }
    found.dedup();
    assert_eq!(found.len(), 1100);
    for (_, position) in snapshot.positions().iter() {
        assert_eq!(position.generation, 1, "{position:?}");
    }
    assert_adds_up(&snapshot);
    within(table.close()).await.expect("it closes");
    Ok(())
}

#[tokio::test]
async fn b12_a_topic_that_is_deleted_ends_the_consumption_and_its_rows_stay() -> Outcome {
    let admin = kafka().admin();
    admin.create_topic(&NewTopic::new("gone", 1))?;
    produce("gone", Workload::orders(63, 50, 1))?;
    let table = live(consume("gone")).await;
    until_rows(&table, 50).await;
    admin.delete_topic("gone")?;
    let error = within(table.finished()).await.expect_err("there is nothing to read any more");
    assert!(matches!(error, Error::DeletedTopic { .. }), "{error}");
    assert_eq!(table.snapshot().rows(), 50);
    Ok(())
}

/// A consumption that has stopped for want of a reader is overtaken by what `overtake` does to its log, and then read on.
async fn overtaken(topic: &str, overtake: impl AsyncFnOnce() -> Outcome) -> Outcome {
    const RECORDS: i64 = 200_000;
    // Retention goes by the time of the records, and the workload's are of the future.
    let wanted = NewTopic::new(topic, 1)
        .setting("message.timestamp.type", "LogAppendTime")
        .setting("segment.bytes", "1048576")
        .setting("retention.ms", "-1");
    kafka().admin().create_topic(&wanted)?;
    produce(topic, Workload { value: Shape::Order, ..Workload::orders(64, 200_000, 1) })?;
    let consume = consume(topic)
        .property("auto.offset.reset", "earliest")
        .property("fetch.max.bytes", "262144")
        .memory_budget(1 << 20)
        .until(Stop::End);
    let table = within(consume.table(kolumn::TableType::Append).into_future()).await.expect("a table");
    let mut updates = table.updates();
    // Nobody reads: the fetch stops.
    until("a fetch that waits for its reader", || table.status().budget_used >= 1 << 20).await;
    overtake().await?;
    while within(futures_util::StreamExt::next(&mut updates)).await.is_some() {}
    within(table.finished()).await.expect("it goes on behind what is gone");
    let snapshot = table.snapshot();
    let account = snapshot.positions().get(0).expect("partition 0").account;
    let rows_and_gaps = i64::try_from(account.rows + account.gaps).expect("a count");
    assert!(account.gaps > 0 && rows_and_gaps == RECORDS, "{account:?}");
    assert_adds_up(&snapshot);
    let offsets: Vec<i64> = rows(&snapshot).iter().map(|row| row.offset).collect();
    let holes: i64 =
        offsets.windows(2).map(|pair| pair[1] - pair[0] - 1).chain([RECORDS - 1 - offsets.last().expect("rows")]).sum();
    assert_eq!(u64::try_from(holes), Ok(account.gaps), "the holes are as large as the account says");
    let lost = |event: &kolumn::table::Event| matches!(event.what, kolumn::table::EventKind::OffsetsLost { .. });
    assert!(table.status().events.iter().any(lost), "{:?}", table.status().events);
    Ok(())
}

#[tokio::test]
async fn b6_records_deleted_under_a_slow_reader_are_counted_to_the_last() -> Outcome {
    overtaken("overtaken", async || kafka().admin().delete_records("overtaken", 0, 190_000)).await
}

#[tokio::test]
async fn b6_what_retention_takes_from_a_slow_reader_is_counted_to_the_last() -> Outcome {
    overtaken("expired", async || {
        kafka().admin().configure_topic("expired", &[("retention.ms", "1000")])?;
        let begun = std::time::Instant::now();
        // A reading that retention overtakes in the middle fails: it is simply done again.
        let reading = || Reading::new("expired").digests(&kafka().bootstrap());
        while !reading().is_ok_and(|read| read.digests.get(&0).is_none_or(|left| left.records <= 20_000)) {
            assert!(begun.elapsed() < common::PATIENCE, "retention does not come");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn c7_a_compacted_topic_with_gaps_and_empty_batches_is_read_to_its_end() -> Outcome {
    let admin = kafka().admin();
    let compacted = NewTopic::new("compacted", 1)
        .setting("cleanup.policy", "compact")
        // Segments are rolled by the time of their records, and the workload's are of the future.
        .setting("message.timestamp.type", "LogAppendTime")
        .setting("segment.ms", "200")
        .setting("min.cleanable.dirty.ratio", "0.001")
        .setting("max.compaction.lag.ms", "500")
        .setting("delete.retention.ms", "100");
    admin.create_topic(&compacted)?;
    // Keys come again and again; each round rolls the segment before it.
    let round = |first: u64| Workload { key: Shape::Account, first, ..Workload::orders(65, 500, 1) };
    for first in [0, 500, 1000] {
        produce("compacted", round(first))?;
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    }
    for first in [1500, 1501] {
        produce("compacted", Workload { records: 1, ..round(first) })?;
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    let count = || Reading::new("compacted").digests(&kafka().bootstrap()).map(|read| read.digests[&0].records);
    let begun = std::time::Instant::now();
    while count()? == 1502 {
        assert!(begun.elapsed() < common::PATIENCE, "the cleaner does not come");
    }
    let table = complete(consume("compacted").until(Stop::End)).await;
    let snapshot = table.snapshot();
    let account = snapshot.positions().get(0).expect("partition 0").account;
    assert_eq!((account.next, account.rows + account.gaps), (1502, 1502), "{account:?}");
    assert!(account.gaps > 0, "{account:?}");
    assert_adds_up(&snapshot);
    Ok(())
}

#[tokio::test]
async fn c3_batches_larger_than_the_fetch_size_are_read_whole() -> Outcome {
    let admin = kafka().admin();
    admin.create_topic(&NewTopic::new("large", 2).setting("max.message.bytes", "16000000"))?;
    let workload = Workload::orders(66, 60_000, 2);
    Production::new(Writer::Java, "large", workload.clone())
        .batch_bytes(4_000_000)
        .linger(std::time::Duration::from_millis(300))
        .property("max.request.size", "8000000")
        .run(&kafka().bootstrap())?;
    let small = consume("large").property("max.partition.fetch.bytes", "1000").property("fetch.max.bytes", "2000");
    let table = complete(small.until(Stop::End)).await;
    assert_eq!(digests(&table.snapshot()), workload.digests());
    assert_adds_up(&table.snapshot());
    Ok(())
}

#[tokio::test]
async fn a11_connections_that_the_broker_closes_for_idleness_are_opened_again() -> Outcome {
    let admin = kafka().admin();
    admin.create_topic(&NewTopic::new("quiet", 1))?;
    produce("quiet", Workload::orders(67, 10, 1))?;
    // Longer than the broker's patience: the control connection rests between two looks at the metadata, and is closed each time.
    let table = live(consume("quiet").property("fetch.max.wait.ms", "2500").property("metadata.max.age.ms", "2500")).await;
    until_rows(&table, 10).await;
    for first in [10, 20] {
        let opened = || table.metrics().brokers.iter().map(|broker| broker.connections_opened).sum::<u64>();
        let before = opened();
        until("connections that were closed and opened again", || opened() > before + 1).await;
        produce("quiet", Workload { first, ..Workload::orders(67, 10, 1) })?;
    }
    until_rows(&table, 30).await;
    assert_is_the_log(&table, "quiet")?;
    within(table.close()).await.expect("it closes");
    Ok(())
}

#[tokio::test]
async fn a18_a_throttled_client_waits_and_gets_everything() -> Outcome {
    let admin = kafka().admin();
    admin.create_topic(&NewTopic::new("throttled", 2))?;
    let workload = Workload::orders(68, 20_000, 2);
    produce("throttled", workload.clone())?;
    admin.limit_fetches("slow-reader", 1_000_000.0)?;
    let consume = consume("throttled").property("client.id", "slow-reader").property("fetch.max.bytes", "524288");
    let table = complete(consume.until(Stop::End)).await;
    assert_eq!(digests(&table.snapshot()), workload.digests());
    assert_adds_up(&table.snapshot());
    Ok(())
}

#[tokio::test]
async fn c19_a_broker_without_room_for_sessions_is_read_all_the_same() -> Outcome {
    let kafka = Kafka::builder().property("max.incremental.fetch.session.cache.slots", "1").start()?;
    kafka.create_topic("sessionless", 8)?;
    let workload = Workload::orders(69, 100_000, 8);
    Production::new(Writer::Java, "sessionless", workload.clone()).codec(Codec::Snappy).run(&kafka.bootstrap())?;
    let table = complete(consume_raw("sessionless", &kafka.bootstrap()).until(Stop::End)).await;
    assert_eq!(digests(&table.snapshot()), workload.digests());
    Ok(())
}
