//! kolumn on a real Apache Kafka: what independent producers wrote becomes the rows that an independent consumer read.
//!
//! kolumn works on threads of its own, so a test that blocks on a server holds it up nowhere.

use std::collections::BTreeMap;

use crate::common::raw::{RawRow, consume_raw, digests, rows};
use crate::common::{assert_adds_up, complete, until_rows, within};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use kolumn::spec::{self, Type, column};
use kolumn::{Offsets, Properties, Snapshot, Stop, Table, TableType};
use kolumn_protocol_tests::{
    Codec, FIRST_TIMESTAMP_MS, Kafka, NewTopic, Order, Production, ReadRecord, Reading, ServerError, Shape, Workload, Writer,
};

type Outcome = Result<(), ServerError>;

/// What an independent consumer reads of the topic, as rows.
fn read(records: Vec<ReadRecord>) -> Vec<RawRow> {
    records.into_iter().map(RawRow::from).collect()
}

/// That two lists of rows are the same, or which row is the first that is not.
fn assert_same(found: &[RawRow], expected: &[RawRow], what: &str) {
    if found != expected {
        let at = found.iter().zip(expected).take_while(|(found, expected)| found == expected).count();
        let (found_row, expected_row) = (found.get(at), expected.get(at));
        panic!("{what}: {} rows for {}, row {at}: {found_row:?} for {expected_row:?}", found.len(), expected.len());
    }
}

/// The whole topic as it is now, raw.
async fn whole(topic: &str, kafka: &Kafka) -> Table {
    complete(consume_raw(topic, &kafka.bootstrap()).until(Stop::End)).await
}

#[tokio::test]
async fn every_codec_of_both_producers_becomes_the_rows_that_an_independent_consumer_reads() -> Outcome {
    let kafka = Kafka::shared()?;
    for writer in [Writer::Java, Writer::Librdkafka] {
        for codec in Codec::ALL {
            let topic = format!("codec-{writer:?}-{codec}");
            kafka.create_topic(&topic, 3)?;
            let workload = Workload {
                headers: 3,
                null_keys_every: 7,
                null_values_every: 11,
                broken_values_every: 13,
                ..Workload::orders(5, 3000, 3)
            };
            Production::new(writer, &topic, workload).codec(codec).run(&kafka.bootstrap())?;
            let snapshot = whole(&topic, kafka).await.snapshot();
            let expected = read(Reading::new(&topic).records(&kafka.bootstrap())?);
            assert_eq!(expected.len(), 3000);
            assert_same(&rows(&snapshot), &expected, &topic);
            assert_adds_up(&snapshot);
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_shape_of_key_and_value_is_decoded_to_what_was_written() -> Outcome {
    let kafka = Kafka::shared()?;
    let typed = |name: &str, shape: Shape| match shape {
        Shape::Int32 => spec::simple(name, Type::Int32),
        Shape::Int64 => spec::simple(name, Type::Int64),
        Shape::Float64 => spec::simple(name, Type::Float64),
        Shape::Account | Shape::Order => spec::simple(name, Type::Utf8),
        _ => spec::raw(name),
    };
    for writer in [Writer::Java, Writer::Librdkafka] {
        for (key, value) in Shape::ALL.into_iter().zip(Shape::ALL.into_iter().rev()) {
            let topic = format!("shape-{writer:?}-{key}-{value}");
            kafka.create_topic(&topic, 2)?;
            let workload =
                Workload { key, value, headers: 4, null_keys_every: 17, null_values_every: 19, ..Workload::orders(9, 400, 2) };
            Production::new(writer, &topic, workload).codec(Codec::Lz4).run(&kafka.bootstrap())?;
            let consume = kolumn::consume(&topic)
                .brokers(kafka.bootstrap())
                .key(typed("Key", key))
                .value(typed("Value", value))
                .offsets(Offsets::Beginning);
            let snapshot = complete(consume.until(Stop::End)).await.snapshot();
            let expected = read(Reading::new(&topic).records(&kafka.bootstrap())?);
            assert_eq!(expected.len(), 400);
            assert_same(&typed_rows(&snapshot), &expected, &topic);
            assert_adds_up(&snapshot);
        }
    }
    Ok(())
}

/// The rows of a table whose key and value columns have types, written back as Kafka's serializers write them.
fn typed_rows(snapshot: &Snapshot) -> Vec<RawRow> {
    let mut rows = Vec::new();
    for batch in snapshot.batches() {
        let (keys, values) = (serialized(&batch["Key"]), serialized(&batch["Value"]));
        for (at, (key, value)) in keys.into_iter().zip(values).enumerate() {
            rows.push(RawRow { key, value, ..bare(batch, at) });
        }
    }
    rows.sort_by_key(|row| row.partition);
    rows
}

fn bare(batch: &RecordBatch, at: usize) -> RawRow {
    RawRow {
        partition: batch["KafkaPartition"].as_primitive::<Int32Type>().value(at),
        offset: batch["KafkaOffset"].as_primitive::<Int64Type>().value(at),
        timestamp: batch["KafkaTimestamp"].as_primitive::<arrow_array::types::TimestampMillisecondType>().value(at),
        key: None,
        value: None,
    }
}

fn serialized(array: &ArrayRef) -> Vec<Option<Vec<u8>>> {
    use arrow_schema::DataType;
    let bytes = |at: usize| match array.data_type() {
        DataType::Int32 => array.as_primitive::<Int32Type>().value(at).to_be_bytes().to_vec(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(at).to_be_bytes().to_vec(),
        DataType::Float64 => array.as_primitive::<Float64Type>().value(at).to_be_bytes().to_vec(),
        DataType::Utf8 => array.as_string::<i32>().value(at).as_bytes().to_vec(),
        DataType::Binary => array.as_binary::<i32>().value(at).to_vec(),
        other => panic!("no shape has the type {other}"),
    };
    (0..array.len()).map(|at| array.is_valid(at).then(|| bytes(at))).collect()
}

#[tokio::test]
async fn orders_in_one_four_and_sixty_four_partitions_become_the_columns_that_the_workload_says() -> Outcome {
    const ORDERS: u64 = 20_000;
    let kafka = Kafka::shared()?;
    for (partitions, writer) in [(1, Writer::Librdkafka), (4, Writer::Java), (64, Writer::Java)] {
        let topic = format!("orders-{partitions}");
        kafka.create_topic(&topic, partitions)?;
        let workload = Workload { broken_values_every: 1000, null_values_every: 900, ..Workload::orders(11, ORDERS, partitions) };
        Production::new(writer, &topic, workload.clone()).codec(Codec::Zstd).run(&kafka.bootstrap())?;
        let values = spec::json([
            column("OrderId", Type::Utf8),
            column("Price", Type::Float64),
            column("Qty", Type::Int64),
            column("Seq", Type::Int64).at("/Meta/seq"),
            column("Source", Type::Utf8).at("/Meta/src"),
        ]);
        let consume = kolumn::consume(&topic).brokers(kafka.bootstrap()).value(values).offsets(Offsets::Beginning);
        let table = complete(consume.until(Stop::End)).await;
        let snapshot = table.snapshot();
        let mut seen: BTreeMap<i32, Vec<u64>> = BTreeMap::new();
        let mut tombstones = 0;
        for batch in snapshot.batches() {
            let sequences = batch["Seq"].as_primitive::<Int64Type>();
            for at in 0..batch.num_rows() {
                let row = bare(batch, at);
                let index = u64::try_from(row.offset * i64::from(partitions) + i64::from(row.partition)).expect("an offset");
                seen.entry(row.partition).or_default().push(index);
                if sequences.is_null(at) {
                    assert_eq!(index % 900, 899, "{topic}: the order {index} is null");
                    tombstones += 1;
                    continue;
                }
                let order = Order::at(11, index);
                let found = (
                    batch["OrderId"].as_string::<i32>().value(at),
                    batch["Price"].as_primitive::<Float64Type>().value(at),
                    batch["Qty"].as_primitive::<Int64Type>().value(at),
                    sequences.value(at),
                    batch["Source"].as_string::<i32>().value(at),
                );
                let said = (order.order_id.as_str(), order.price(), order.quantity, order.sequence, order.source.as_str());
                assert_eq!(found, said, "{topic}, {row:?}");
            }
        }
        // A null value has nothing to be broken.
        let is_broken = |index: u64| index % 1000 == 999 && index % 900 != 899;
        assert_eq!(tombstones, ORDERS / 900);
        for partition in 0..partitions {
            let written = (0..ORDERS).filter(|index| workload.partition_of(*index) == partition);
            let good: Vec<u64> = written.filter(|index| !is_broken(*index)).collect();
            assert_eq!(seen.remove(&partition).unwrap_or_default(), good, "{topic}/{partition}");
        }
        assert_errors(&table, &workload, is_broken);
        assert_adds_up(&snapshot);
    }
    Ok(())
}

/// That the error table holds the broken values and nothing else, byte for byte.
fn assert_errors(table: &Table, workload: &Workload, is_broken: impl Fn(u64) -> bool) {
    let errors = table.errors().snapshot();
    let partitions = i64::from(workload.partitions);
    let mut found: Vec<(u64, Vec<u8>)> = Vec::new();
    for batch in errors.batches() {
        let raw = batch["Raw"].as_binary::<i32>();
        for at in 0..batch.num_rows() {
            let row = bare(batch, at);
            let index = u64::try_from(row.offset * partitions + i64::from(row.partition)).expect("an offset");
            assert_eq!(batch["Side"].as_string::<i32>().value(at), "value");
            found.push((index, raw.value(at).to_vec()));
        }
    }
    found.sort();
    let broken = (0..workload.records).filter(|index| is_broken(*index));
    let expected: Vec<(u64, Vec<u8>)> =
        broken.map(|index| (index, workload.record(index).value.expect("a broken value"))).collect();
    assert_eq!(found, expected);
    let counted: u64 = table.snapshot().positions().iter().map(|(_, position)| position.account.errors).sum();
    assert_eq!(counted, expected.len() as u64);
}

#[tokio::test]
async fn three_million_orders_are_the_same_for_kolumn_for_librdkafka_and_for_the_workload() -> Outcome {
    let kafka = Kafka::shared()?;
    kafka.create_topic("millions", 4)?;
    let workload = Workload::orders(31, 3_000_000, 4);
    Production::new(Writer::Java, "millions", workload.clone()).codec(Codec::Lz4).run(&kafka.bootstrap())?;
    let snapshot = whole("millions", kafka).await.snapshot();
    assert_eq!(snapshot.rows(), 3_000_000);
    let found = digests(&snapshot);
    assert_eq!(found, Reading::new("millions").digests(&kafka.bootstrap())?.digests);
    assert_eq!(found, workload.digests());
    assert_adds_up(&snapshot);
    Ok(())
}

#[tokio::test]
async fn aborted_transactions_are_filtered_and_counted_and_markers_are_control() -> Outcome {
    let kafka = Kafka::shared()?;
    for writer in [Writer::Java, Writer::Librdkafka] {
        let topic = format!("transactions-{writer:?}");
        kafka.create_topic(&topic, 2)?;
        Production::new(writer, &topic, Workload::orders(3, 1000, 2)).transactions(50, 4).run(&kafka.bootstrap())?;
        for (isolation, aborted) in [("read_committed", 250), ("read_uncommitted", 0)] {
            let consume = consume_raw(&topic, &kafka.bootstrap()).property("isolation.level", isolation).until(Stop::End);
            let snapshot = complete(consume).await.snapshot();
            let reading = Reading::new(&topic);
            let reading = if aborted > 0 { reading.committed() } else { reading };
            let expected = read(reading.records(&kafka.bootstrap())?);
            assert_eq!(expected.len() as u64, 1000 - aborted);
            assert_same(&rows(&snapshot), &expected, &format!("{topic}, {isolation}"));
            let accounts: Vec<_> = snapshot.positions().iter().map(|(_, position)| position.account).collect();
            assert_eq!(accounts.iter().map(|account| account.filtered).sum::<u64>(), aborted, "{accounts:?}");
            assert_eq!(accounts.iter().map(|account| account.control).sum::<u64>(), 40, "{accounts:?}");
            assert_adds_up(&snapshot);
        }
    }
    Ok(())
}

#[tokio::test]
async fn partitions_that_a_topic_gains_are_read_from_their_first_record() -> Outcome {
    let kafka = Kafka::shared()?;
    kafka.create_topic("growing", 1)?;
    Production::new(Writer::Librdkafka, "growing", Workload::orders(4, 300, 1)).run(&kafka.bootstrap())?;
    let consume = consume_raw("growing", &kafka.bootstrap()).property("metadata.max.age.ms", "100");
    let table = within(consume.table(TableType::Append).into_future()).await.expect("a table");
    until_rows(&table, 300).await;
    kafka.admin().grow_topic("growing", 5)?;
    let more = Workload { first: 300, ..Workload::orders(4, 5000, 5) };
    Production::new(Writer::Java, "growing", more).run(&kafka.bootstrap())?;
    until_rows(&table, 5300).await;
    let expected = read(Reading::new("growing").records(&kafka.bootstrap())?);
    within(table.close()).await.expect("it closes");
    let snapshot = table.snapshot();
    assert_same(&rows(&snapshot), &expected, "growing");
    assert_eq!(snapshot.positions().len(), 5);
    assert_adds_up(&snapshot);
    Ok(())
}

#[tokio::test]
async fn a_start_by_time_begins_with_the_first_record_that_is_not_earlier() -> Outcome {
    let kafka = Kafka::shared()?;
    kafka.create_topic("timed", 3)?;
    Production::new(Writer::Java, "timed", Workload::orders(6, 9000, 3)).codec(Codec::Gzip).run(&kafka.bootstrap())?;
    let all = read(Reading::new("timed").records(&kafka.bootstrap())?);
    for after in [0, 4321, 8999, 9001] {
        let time = FIRST_TIMESTAMP_MS + after;
        let consume = consume_raw("timed", &kafka.bootstrap()).offsets(Offsets::Timestamp(time)).until(Stop::End);
        let snapshot = complete(consume).await.snapshot();
        let expected: Vec<RawRow> = all.iter().filter(|row| row.timestamp >= time).cloned().collect();
        assert_same(&rows(&snapshot), &expected, &format!("from {after} ms on"));
        assert_adds_up(&snapshot);
    }
    Ok(())
}

#[tokio::test]
async fn the_topics_of_a_cluster_are_told_with_leaders_and_offsets() -> Outcome {
    let kafka = Kafka::shared()?;
    kafka.admin().create_topic(&NewTopic::new("told", 3).setting("retention.ms", "-1"))?;
    Production::new(Writer::Java, "told", Workload::orders(8, 900, 3)).run(&kafka.bootstrap())?;
    kafka.admin().delete_records("told", 1, 120)?;
    let properties: Properties = [("bootstrap.servers", kafka.bootstrap())].into_iter().collect();
    let found = within(kolumn::topics(&properties, |name| name == "told")).await.expect("the topics");
    let [topic] = found.as_slice() else { panic!("one topic is of this name: {found:?}") };
    assert!(!topic.internal);
    let offsets: Vec<_> = topic.partitions.iter().map(|partition| (partition.leader, partition.first, partition.next)).collect();
    assert_eq!(offsets, [(Some(1), Some(0), Some(300)), (Some(1), Some(120), Some(300)), (Some(1), Some(0), Some(300))]);
    assert_eq!(topic.partitions.iter().map(|partition| partition.in_sync.clone()).collect::<Vec<_>>(), [[1], [1], [1]]);
    Ok(())
}
