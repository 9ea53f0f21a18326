//! Records whose schemas are in a registry: written by Confluent's own serializers through a real registry to a real Kafka, read into one
//! table, and compared value by value with what the writers say of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::cells::{Place, assert_written, complaints, rows};
use crate::common::{assert_adds_up, complete, live, until, until_rows, within};
use kolumn::spec::{Framing, Nested, Type, avro, column, json, protobuf};
use kolumn::table::{PartitionState, PartitionStatus};
use kolumn::{Consume, Offsets, Spec, Stop, Table};
use kolumn_protocol_tests::{Kafka, RegistryFront, SchemaRegistry, SchemaWriting, ServerError, Written, WrittenRecord};
use serde_json::Value;

type Outcome = Result<(), ServerError>;

const RECORDS: u64 = 400;

fn topic(name: &str) -> Result<&'static Kafka, ServerError> {
    let kafka = Kafka::shared()?;
    kafka.create_topic(name, 3)?;
    Ok(kafka)
}

/// All of `scenario` in a topic of its name, through the shared registry.
fn write(writing: &SchemaWriting, topic_name: &str) -> Result<Written, ServerError> {
    writing.run(&topic(topic_name)?.bootstrap(), &SchemaRegistry::shared()?.url())
}

/// A consumption of the topic from its beginning, which asks a registry.
fn consume(topic: &str, registry: &str, key: impl Into<Spec>, value: impl Into<Spec>) -> Consume {
    kolumn::consume(topic)
        .brokers(Kafka::shared().expect("it runs").bootstrap())
        .property("schema.registry.url", registry)
        .property("kolumn.registry.retry.backoff.ms", "20")
        .property("kolumn.registry.retry.backoff.max.ms", "100")
        .key(key)
        .value(value)
        .offsets(Offsets::Beginning)
}

/// The table of what was written, which is all of it and nothing else.
async fn assert_read(consume: Consume, written: &Written) -> Table {
    let table = complete(consume.until(Stop::End)).await;
    assert_eq!(complaints(&table), [""; 0]);
    assert_written(&table.snapshot(), &[written]);
    assert_adds_up(&table.snapshot());
    table
}

fn text<'a>(readers: &'a Value, name: &str) -> &'a str {
    readers[name].as_str().expect("the scenario tells its readers' schemas")
}

fn avro_given(written: &Written, side: &str, framing: Framing) -> Spec {
    avro(text(&written.readers, side)).framing(framing).nested(Nested::Struct).into()
}

fn protobuf_given(written: &Written, side: &str, framing: Framing) -> Spec {
    let readers = &written.readers;
    protobuf(text(readers, "file"))
        .import("common.proto", readers["imports"]["common.proto"].as_str().expect("an import"))
        .message(text(readers, side))
        .framing(framing)
        .nested(Nested::Struct)
        .into()
}

fn by_subject(text: String) -> Spec {
    Spec::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A registry before which stands what gives schemas a GUID.
fn with_guids() -> Result<RegistryFront, ServerError> {
    RegistryFront::of(SchemaRegistry::shared()?).guids().start()
}

#[tokio::test]
async fn nine_versions_of_an_avro_schema_with_a_reference_are_one_table_by_the_last_of_them() -> Outcome {
    let written = write(&SchemaWriting::new("avro-evolution", "evolution").numbers(0..RECORDS), "evolution")?;
    let url = SchemaRegistry::shared()?.url();
    let [key, value] = ["key", "value"].map(|side| avro_given(&written, side, Framing::Confluent));
    assert_read(consume("evolution", &url, key, value), &written).await;
    // The same by the schemas that the registry has of the topic.
    let subject = |side: &str| by_subject(format!("avro:subject=evolution-{side};nested=struct"));
    assert_read(consume("evolution", &url, subject("key"), subject("value")), &written).await;
    Ok(())
}

#[tokio::test]
async fn an_older_version_of_the_subject_reads_what_newer_ones_wrote_where_avro_says_so() -> Outcome {
    let writing = SchemaWriting::new("avro-evolution", "older").only(["first", "added", "removed"]).numbers(0..200);
    let written = write(&writing, "older")?;
    let url = SchemaRegistry::shared()?.url();
    let value = by_subject("avro:subject=older-value,version=2;nested=struct".into());
    let key = by_subject("avro:subject=older-key,version=1".into());
    let table = complete(consume("older", &url, key, value).until(Stop::End)).await;
    // What version 2 has, version 3 has not, and there is no default for it: each record of that is an error, for itself.
    let readable = |record: &&WrittenRecord| record.version != "removed" || record.value.is_none();
    let expected: BTreeSet<Place> = written.records.iter().filter(readable).map(WrittenRecord::place).collect();
    assert!(expected.len() < 150, "records of version 3 have values");
    assert_eq!(rows(&table.snapshot()).into_keys().collect::<BTreeSet<_>>(), expected);
    assert_eq!(table.errors().snapshot().rows(), 200 - expected.len());
    assert_adds_up(&table.snapshot());
    Ok(())
}

#[tokio::test]
async fn every_avro_type_that_confluents_writer_has_comes_with_its_value() -> Outcome {
    let written = write(&SchemaWriting::new("avro-logical", "logical").numbers(0..RECORDS), "logical")?;
    let url = SchemaRegistry::shared()?.url();
    let [key, value] = ["key", "value"].map(|side| avro_given(&written, side, Framing::Confluent));
    assert_read(consume("logical", &url, key, value), &written).await;
    let subject = |side: &str| by_subject(format!("avro:subject=logical-{side};nested=struct"));
    assert_read(consume("logical", &url, subject("key"), subject("value")), &written).await;
    Ok(())
}

#[tokio::test]
async fn protobuf_messages_are_found_by_their_writers_indexes_and_imports() -> Outcome {
    for scenario in ["protobuf-orders", "protobuf-nested"] {
        let written = write(&SchemaWriting::new(scenario, scenario).numbers(0..RECORDS), scenario)?;
        let url = SchemaRegistry::shared()?.url();
        let [key, value] = ["key", "value"].map(|side| protobuf_given(&written, side, Framing::Confluent));
        assert_read(consume(scenario, &url, key, value), &written).await;
        let subject = |side: &str| {
            let message = text(&written.readers, side);
            by_subject(format!("protobuf:subject={scenario}-{side},message={message};nested=struct"))
        };
        assert_read(consume(scenario, &url, subject("key"), subject("value")), &written).await;
    }
    Ok(())
}

/// What the JSON topics hold.
fn orders() -> Spec {
    json([
        column("id", Type::Int64),
        column("symbol", Type::Utf8),
        column("price", Type::Float64),
        column("tags", Type::List(Arc::new(Type::Utf8))),
    ])
}

#[tokio::test]
async fn json_with_a_schema_in_the_registry_is_json() -> Outcome {
    let written = write(&SchemaWriting::new("json-orders", "json").numbers(0..RECORDS), "json")?;
    let url = SchemaRegistry::shared()?.url();
    assert_read(consume("json", &url, json([column("account", Type::Utf8)]), orders()), &written).await;
    Ok(())
}

#[tokio::test]
async fn guids_in_headers_name_the_schemas_of_keys_and_values_of_every_kind() -> Outcome {
    let front = with_guids()?;
    for scenario in ["avro-evolution", "avro-logical", "protobuf-orders", "protobuf-nested", "json-orders"] {
        let name = format!("guid-{scenario}");
        let kafka = topic(&name)?;
        let written = SchemaWriting::new(scenario, &name).guids().numbers(0..RECORDS).run(&kafka.bootstrap(), &front.url())?;
        let (key, value) = match scenario.split('-').next() {
            Some("json") => (json([column("account", Type::Utf8)]), orders()),
            Some("avro") => {
                let subject = |side| by_subject(format!("avro:subject={name}-{side};framing=guid,nested=struct"));
                (subject("key"), subject("value"))
            }
            _ => {
                let message = |side| text(&written.readers, side);
                let subject = |side| {
                    by_subject(format!("protobuf:subject={name}-{side},message={};framing=guid,nested=struct", message(side)))
                };
                (subject("key"), subject("value"))
            }
        };
        assert_read(consume(&name, &front.url(), key, value), &written).await;
    }
    assert!(front.asked().iter().any(|asked| asked.starts_with("GET /schemas/guids/")), "{:?}", front.asked());
    Ok(())
}

#[tokio::test]
async fn a_registry_that_wants_a_password_is_given_it() -> Outcome {
    let front = RegistryFront::of(SchemaRegistry::shared()?).login("reader", "s3cret").start()?;
    let kafka = topic("password")?;
    let writing = SchemaWriting::new("avro-evolution", "password").login("reader", "s3cret").numbers(0..90);
    let written = writing.run(&kafka.bootstrap(), &front.url())?;
    let subject = |side: &str| by_subject(format!("avro:subject=password-{side};nested=struct"));
    let with = |password: &str| {
        consume("password", &front.url(), subject("key"), subject("value"))
            .property("basic.auth.credentials.source", "USER_INFO")
            .property("basic.auth.user.info", format!("reader:{password}"))
    };
    assert_read(with("s3cret"), &written).await;
    let refused = within(with("other").table(kolumn::TableType::Append).into_future()).await.expect_err("it is another password");
    assert!(refused.to_string().contains("401") && !refused.to_string().contains("other"), "{refused}");
    Ok(())
}

#[tokio::test]
async fn a_schema_that_the_registry_does_not_know_makes_error_rows_and_their_neighbours_stay() -> Outcome {
    let writing = SchemaWriting::new("avro-logical", "unknown").unknown_every(3).numbers(0..90);
    let written = write(&writing, "unknown")?;
    let url = SchemaRegistry::shared()?.url();
    let [key, value] = ["key", "value"].map(|side| avro_given(&written, side, Framing::Confluent));
    let table = complete(consume("unknown", &url, key, value).until(Stop::End)).await;
    let (lost, kept): (Vec<_>, Vec<_>) = written.records.into_iter().partition(|record| record.version == "unknown");
    assert_written(&table.snapshot(), &[&Written { records: kept, readers: written.readers }]);
    assert_adds_up(&table.snapshot());
    let errors = table.errors().snapshot();
    assert!(!lost.is_empty() && errors.rows() == lost.len(), "{} of {} are errors", errors.rows(), lost.len());
    assert!(complaints(&table)[0].contains("40403"), "the registry's own code is told: {:?}", complaints(&table));
    Ok(())
}

#[tokio::test]
async fn while_the_registry_is_down_records_of_known_schemas_go_on_and_others_wait_until_it_is_back() -> Outcome {
    let registry = SchemaRegistry::start()?;
    let bootstrap = topic("outage")?.bootstrap();
    let writing = || SchemaWriting::new("avro-evolution", "outage");
    let first = writing().only(["first"]).numbers(0..90).run(&bootstrap, &registry.url())?;
    let [key, value] = ["key", "value"].map(|side| avro_given(&first, side, Framing::Confluent));
    let table = live(consume("outage", &registry.url(), key, value)).await;
    until_rows(&table, 90).await;
    let prepared = |versions: &[&str], numbers| {
        writing().only(versions.iter().copied()).numbers(numbers).prepare(&bootstrap, &registry.url())
    };
    let (known, unknown) = (prepared(&["first"], 90..180)?, prepared(&["promoted", "enum"], 180..270)?);
    registry.kill()?;
    let known = known.write()?;
    until_rows(&table, 180).await;
    let unknown = unknown.write()?;
    until("a lag that is told", || table.status().lag() == Some(90)).await;
    let waits = |partition: &PartitionStatus| matches!(&partition.state, PartitionState::AwaitingSchema { registry: place, .. } if registry.url().contains(place.as_str()));
    until("the reason that is told", || table.status().partitions.iter().all(waits)).await;
    assert_eq!(table.snapshot().rows(), 180);
    assert_eq!(table.errors().snapshot().rows(), 0);
    registry.restart()?;
    until_rows(&table, 270).await;
    assert_written(&table.snapshot(), &[&first, &known, &unknown]);
    assert_adds_up(&table.snapshot());
    within(table.close()).await.expect("it ends");
    Ok(())
}
