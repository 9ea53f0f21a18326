//! The real servers themselves: what the producers write is what the independent consumer reads and what the workload says, also through a
//! kill. The suites build on that.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kolumn_protocol_tests::{
    Codec, Digester, Kafka, NewTopic, Production, ReadRecord, Reading, ServerError, Shape, Workload, Writer, serialized,
};

type Outcome = Result<(), ServerError>;

/// Waits until `happened`, looking again and again; fails after half a minute.
fn until(what: &str, mut happened: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !happened() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what} did not happen");
        std::thread::yield_now();
    }
}

#[test]
fn both_producers_write_what_the_workload_says_with_every_codec() -> Outcome {
    let kafka = Kafka::shared()?;
    for writer in [Writer::Java, Writer::Librdkafka] {
        for codec in Codec::ALL {
            let topic = format!("written-codec-{writer:?}-{codec}");
            kafka.create_topic(&topic, 3)?;
            let workload = Workload {
                headers: 3,
                null_keys_every: 7,
                null_values_every: 11,
                broken_values_every: 13,
                ..Workload::orders(5, 3000, 3)
            };
            let produced = Production::new(writer, &topic, workload.clone()).codec(codec).run(&kafka.bootstrap())?;
            assert_eq!(produced.records, 3000);
            let read = Reading::new(&topic).digests(&kafka.bootstrap())?;
            assert_eq!(read.digests, workload.digests(), "{writer:?}, {codec}");
        }
    }
    Ok(())
}

#[test]
fn every_shape_of_key_and_value_arrives_record_by_record() -> Outcome {
    let kafka = Kafka::shared()?;
    for writer in [Writer::Java, Writer::Librdkafka] {
        for (key, value) in Shape::ALL.into_iter().zip(Shape::ALL.into_iter().rev()) {
            let topic = format!("written-shape-{writer:?}-{key}-{value}");
            kafka.create_topic(&topic, 2)?;
            let workload = Workload { key, value, headers: 4, first: 1_000_000, ..Workload::orders(9, 100, 2) };
            Production::new(writer, &topic, workload.clone()).run(&kafka.bootstrap())?;
            let mut next: BTreeMap<i32, i64> = BTreeMap::new();
            let mut expected: Vec<ReadRecord> = workload
                .iter()
                .map(|record| {
                    let offset = next.entry(record.partition).or_default();
                    *offset += 1;
                    ReadRecord {
                        partition: record.partition,
                        offset: *offset - 1,
                        timestamp: record.timestamp,
                        key: record.key.map(Into::into),
                        value: record.value.map(Into::into),
                        headers: i32::try_from(record.headers.len()).expect("a few headers"),
                    }
                })
                .collect();
            expected.sort_by_key(|record| (record.partition, record.offset));
            assert_eq!(Reading::new(&topic).records(&kafka.bootstrap())?, expected, "{writer:?}, {key} -> {value}");
        }
    }
    Ok(())
}

#[test]
fn a_broker_killed_while_a_producer_writes_serves_everything_once_when_it_is_back() -> Outcome {
    let kafka = Kafka::start()?;
    kafka.create_topic("killed", 4)?;
    let workload = Workload::orders(21, 400_000, 4);
    let mut producing = Production::new(Writer::Java, "killed", workload.clone()).rate(150_000).start(&kafka.bootstrap())?;
    let segment = kafka.data_folder(1)?.join("killed-0/00000000000000000000.log");
    until("the first megabyte", || std::fs::metadata(&segment).is_ok_and(|file| file.len() > 1 << 20));
    kafka.kill(1)?;
    assert!(!producing.is_finished()?, "the producer had written everything before the kill");
    kafka.restart(1)?;
    assert_eq!(producing.wait()?.records, 400_000);
    assert_eq!(Reading::new("killed").digests(&kafka.bootstrap())?.digests, workload.digests());
    Ok(())
}

#[test]
fn a_stopped_broker_comes_back_on_its_port_with_its_data() -> Outcome {
    let kafka = Kafka::start()?;
    let bootstrap = kafka.bootstrap();
    kafka.create_topic("kept", 1)?;
    let workload = Workload::orders(2, 500, 1);
    Production::new(Writer::Librdkafka, "kept", workload.clone()).run(&bootstrap)?;
    kafka.stop(1)?;
    assert_eq!(kafka.process_id(1)?, None);
    kafka.restart(1)?;
    assert_eq!(kafka.bootstrap(), bootstrap);
    assert_eq!(Reading::new("kept").digests(&bootstrap)?.digests, workload.digests());
    Ok(())
}

#[test]
fn aborted_transactions_are_in_the_log_and_not_among_the_committed() -> Outcome {
    let kafka = Kafka::shared()?;
    for writer in [Writer::Java, Writer::Librdkafka] {
        let topic = format!("written-transactions-{writer:?}");
        kafka.create_topic(&topic, 1)?;
        let workload = Workload::orders(3, 100, 1);
        Production::new(writer, &topic, workload.clone()).transactions(10, 2).run(&kafka.bootstrap())?;
        let all = Reading::new(&topic).digests(&kafka.bootstrap())?.partitions[&0];
        assert_eq!((all.digest.records, all.log_end), (100, 110), "each of the ten transactions ends with a control record");
        // Ten records and a control record each; the second, fourth … transaction is aborted.
        let mut committed = Digester::default();
        for (index, record) in workload.iter().enumerate().filter(|(index, _)| index / 10 % 2 == 0) {
            let offset = i64::try_from(index + index / 10).expect("a small number");
            committed.add(offset, record.timestamp, record.key.as_deref(), record.value.as_deref());
        }
        let read = Reading::new(&topic).committed().digests(&kafka.bootstrap())?;
        assert_eq!(read.digests[&0], committed.finish(), "{writer:?}");
    }
    Ok(())
}

#[test]
fn topics_grow_lose_their_beginning_and_go() -> Outcome {
    let kafka = Kafka::shared()?;
    let admin = kafka.admin();
    admin.create_topic(&NewTopic::new("changing", 1).setting("retention.ms", "-1"))?;
    Production::new(Writer::Java, "changing", Workload::orders(1, 100, 1)).run(&kafka.bootstrap())?;
    admin.grow_topic("changing", 3)?;
    admin.delete_records("changing", 0, 40)?;
    let read = Reading::new("changing").digests(&kafka.bootstrap())?;
    assert_eq!(read.partitions.len(), 3);
    assert_eq!((read.digests[&0].first, read.digests[&0].end), (Some(40), 100));
    admin.delete_topic("changing")?;
    let refused = admin.delete_topic("changing").expect_err("a topic that is gone was deleted again");
    assert!(matches!(refused, ServerError::Refused { code: 3, .. }), "{refused}");
    Ok(())
}

#[test]
fn three_nodes_survive_the_loss_of_a_leader() -> Outcome {
    let kafka = Kafka::builder().nodes(3).heap_mib(192).start()?;
    kafka.create_topic("replicated", 6)?;
    let workload = Workload::orders(8, 60_000, 6);
    let producing = Production::new(Writer::Java, "replicated", workload.clone()).rate(20_000).start(&kafka.bootstrap())?;
    let leader = kafka.admin().leader("replicated", 0)?;
    let node = (1..=3).find(|node| kafka.address(*node).is_ok_and(|address| address == leader)).expect("a node leads");
    let segment = kafka.data_folder(node)?.join("replicated-0/00000000000000000000.log");
    until("the first hundred kilobytes", || std::fs::metadata(&segment).is_ok_and(|file| file.len() > 100_000));
    kafka.kill(node)?;
    assert_eq!(producing.wait()?.records, 60_000);
    assert_eq!(Reading::new("replicated").digests(&kafka.bootstrap())?.digests, workload.digests());
    Ok(())
}

#[test]
fn kafkas_serializers_write_today_what_the_fixture_of_the_simple_decoders_says() -> Outcome {
    assert_eq!(serialized()?, include_str!("../../fixtures/serializers.tsv"));
    Ok(())
}
