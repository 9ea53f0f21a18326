//! Records whose schemas a registry has: looked up while they are read, whatever the registry does meanwhile.

use std::collections::BTreeMap;

use crate::common::registry::{Reply, Schemas, TestRegistry};
use crate::common::{
    self, assert_accounted, assert_adds_up, assert_numbered, complete, empty, live, numbers, until, until_rows, within,
};
use arrow_array::cast::AsArray;
use kolumn::spec::{self, Framing};
use kolumn::table::{PartitionState, State};
use kolumn::{Consume, Offsets, OnUnavailable, Stop, Table};
use kolumn_test_broker::{BatchBuilder, Record, TestCluster};

const READER: &str = r#"{"type": "record", "name": "R", "fields": [{"name": "n", "type": "long"}]}"#;

/// The schema of an id: those of odd ones are narrower, those of even ones have a field that nobody asks for.
fn writer(id: u32) -> &'static str {
    match id % 2 {
        1 => r#"{"type": "record", "name": "R", "fields": [{"name": "n", "type": "int"}]}"#,
        _ => r#"{"type": "record", "name": "R", "fields": [{"name": "x", "type": "boolean"}, {"name": "n", "type": "long"}]}"#,
    }
}

fn varint(number: i64) -> Vec<u8> {
    let mut left = ((number << 1) ^ (number >> 63)) as u64;
    let mut bytes = Vec::new();
    while left >= 0x80 {
        bytes.push(left as u8 | 0x80);
        left >>= 7;
    }
    bytes.push(left as u8);
    bytes
}

/// A number as the writer of that schema writes it, behind the frame.
fn framed(id: u32, number: i64) -> Vec<u8> {
    let mut payload = [&[0][..], &id.to_be_bytes()].concat();
    if id.is_multiple_of(2) {
        payload.push(1);
    }
    payload.extend(varint(number));
    payload
}

/// One batch of numbers, all of one schema.
fn batch(id: u32, numbers: std::ops::Range<i64>) -> bytes::Bytes {
    BatchBuilder::new().values(numbers.map(|number| framed(id, number))).build()
}

fn consume(cluster: &TestCluster, registry: &TestRegistry) -> Consume {
    kolumn::consume("t")
        .brokers(cluster.bootstrap())
        .property("schema.registry.url", registry.url.clone())
        .property("kolumn.registry.retries", "1")
        .property("kolumn.registry.retry.backoff.ms", "1")
        .property("kolumn.registry.retry.backoff.max.ms", "1")
        .value(spec::avro(READER).framing(Framing::Confluent))
        .offsets(Offsets::Beginning)
}

/// Offset, code and reason of the errors of each partition.
fn errors(table: &Table) -> BTreeMap<i32, Vec<(i64, String, String)>> {
    let mut found: BTreeMap<i32, Vec<(i64, String, String)>> = BTreeMap::new();
    for batch in table.errors().snapshot().batches() {
        let partitions = batch["KafkaPartition"].as_primitive::<arrow_array::types::Int32Type>();
        let offsets = batch["KafkaOffset"].as_primitive::<arrow_array::types::Int64Type>();
        let (codes, reasons) = (batch["Code"].as_string::<i32>(), batch["Reason"].as_string::<i32>());
        for row in 0..batch.num_rows() {
            let error = (offsets.value(row), codes.value(row).to_owned(), reasons.value(row).to_owned());
            found.entry(partitions.value(row)).or_default().push(error);
        }
    }
    found
}

fn partition(table: &Table, partition: i32) -> kolumn::table::PartitionStatus {
    let status = table.status();
    status.partitions.into_iter().find(|status| status.partition == partition).expect("it is read")
}

fn awaits(table: &Table, number: i32) -> bool {
    matches!(partition(table, number).state, PartitionState::AwaitingSchema { .. })
}

#[tokio::test]
async fn records_of_many_writers_are_resolved_to_the_readers_schema_and_each_id_is_asked_for_once() {
    let (cluster, schemas) = (empty(4), Schemas::default());
    for id in 1..=9 {
        schemas.id(id, None, writer(id));
    }
    for partition in 0..4 {
        for number in 0..300 {
            // Ids that change with every record, and such that stay for a while.
            let id = if number < 150 { 1 + number % 9 } else { 1 + (number / 20) % 9 };
            cluster.produce("t", partition, batch(u32::try_from(id).expect("small"), number..number + 1));
        }
    }
    for lanes in [1, 4] {
        let registry = schemas.serve();
        let table = complete(consume(&cluster, &registry).until(Stop::End).lanes(lanes)).await;
        assert_numbered(&table.snapshot(), 4, 300);
        assert_eq!(errors(&table), BTreeMap::new());
        let mut asked = registry.asked();
        asked.sort();
        assert_eq!(asked, (1..=9).map(|id| format!("/schemas/ids/{id}")).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn ids_that_there_is_no_schema_of_or_none_that_fits_are_error_rows_and_later_ids_go_on() {
    let (cluster, schemas) = (empty(1), Schemas::default());
    schemas.id(1, None, writer(1));
    schemas.id(3, None, "{");
    schemas.id(5, None, r#"{"type": "record", "name": "R", "fields": [{"name": "m", "type": "int"}]}"#);
    schemas.id(7, Some("JSON"), "{}");
    schemas.id(9, Some("PROTOBUF"), "syntax = \"proto3\"; message R {}");
    for (offset, id) in [1, 3, 1, 5, 1, 7, 1, 9, 1, 11, 1].into_iter().enumerate() {
        let number = i64::try_from(offset).expect("small");
        cluster.produce("t", 0, batch(id, number..number + 1));
    }
    let registry = schemas.serve();
    let table = complete(consume(&cluster, &registry).until(Stop::End)).await;
    let rows: Vec<_> = numbers(&table.snapshot()).remove(&0).expect("rows").into_iter().map(|(offset, _)| offset).collect();
    assert_eq!(rows, [0, 2, 4, 6, 8, 10]);
    let errors = errors(&table).remove(&0).expect("errors");
    let expected = [
        (1, "schema 3: it cannot be read"),
        (3, "schema (5), field n: R of the writer lacks the field"),
        (5, "schema 7: it is of JSON"),
        (7, "schema 9 is of Protobuf, not of Avro"),
        (9, "schema 11: there is none (40403) Schema not found"),
    ];
    assert_eq!(errors.len(), expected.len(), "{errors:?}");
    for ((offset, code, reason), (at, part)) in errors.iter().zip(expected) {
        assert_eq!((*offset, code.as_str()), (at, "schema"));
        assert!(reason.contains(part), "{reason}");
    }
    assert_accounted(&table.snapshot(), 11);
}

#[tokio::test]
async fn a_record_of_an_unknown_schema_holds_its_partition_while_the_registry_is_down_and_the_others_are_read() {
    let (cluster, schemas) = (empty(2), Schemas::default());
    schemas.id(1, None, writer(1));
    schemas.id(2, None, writer(2));
    let registry = schemas.serve();
    cluster.produce("t", 0, batch(1, 0..100));
    cluster.produce("t", 1, batch(1, 0..100));
    let table = live(consume(&cluster, &registry).lanes(1)).await;
    until_rows(&table, 200).await;
    schemas.ill(Some(Reply::Says(503, r#"{"error_code": 50301, "message": "in repair"}"#.into())));
    cluster.produce("t", 0, batch(1, 100..170));
    cluster.produce("t", 0, batch(2, 170..200));
    cluster.produce("t", 1, batch(1, 100..200));
    until_rows(&table, 370).await;
    until("the reason is told", || match partition(&table, 0).state {
        PartitionState::AwaitingSchema { schema, registry: place, why, .. } => {
            assert_eq!((schema.as_str(), place.as_str()), ("2", registry.url.as_str()));
            why.contains("503 in repair")
        }
        _ => false,
    })
    .await;
    let held = partition(&table, 0);
    assert_eq!((held.position, held.lag()), (170, Some(30)));
    // It is asked again meanwhile: a question on its way is neither answered nor failed.
    until("the only answer was to the first question", || {
        let counted = table.metrics().schemas.expect("there is a registry");
        (counted.partitions_waiting, counted.requests - counted.failures) == (1, 1)
    })
    .await;
    let State::Waiting { why, .. } = table.status().state else { panic!("{:?}", table.status()) };
    for part in ["partition 0", "schema 2", &registry.url, "in repair"] {
        assert!(why.contains(part), "{why}");
    }
    // The schemas that are known go on decoding.
    cluster.produce("t", 1, batch(1, 200..250));
    until_rows(&table, 420).await;
    schemas.ill(None);
    until_rows(&table, 450).await;
    until("it reads again", || partition(&table, 0).state == PartitionState::Reading).await;
    assert_eq!(table.status().state, State::Running);
    assert_eq!(errors(&table), BTreeMap::new());
    let found = numbers(&table.snapshot());
    for (partition, rows) in [(0, 200), (1, 250)] {
        assert_eq!(found[&partition], (0..rows).map(|number| (number, Some(number))).collect::<Vec<_>>());
    }
    assert_adds_up(&table.snapshot());
    within(table.close()).await.expect("closed");
}

#[tokio::test]
async fn by_policy_records_of_unknown_schemas_are_error_rows_while_the_registry_is_down() {
    let (cluster, schemas) = (empty(1), Schemas::default());
    schemas.id(1, None, writer(1));
    schemas.id(2, None, writer(2));
    let registry = schemas.serve();
    cluster.produce("t", 0, batch(1, 0..10));
    let consume = consume(&cluster, &registry).on_registry_unavailable(OnUnavailable::Error);
    let table = live(consume).await;
    until_rows(&table, 10).await;
    schemas.ill(Some(Reply::Refuses));
    cluster.produce("t", 0, batch(2, 10..20));
    cluster.produce("t", 0, batch(1, 20..30));
    until_rows(&table, 20).await;
    let failed = errors(&table).remove(&0).expect("errors");
    assert_eq!(failed.iter().map(|(offset, ..)| *offset).collect::<Vec<_>>(), (10..20).collect::<Vec<_>>());
    for (_, code, reason) in &failed {
        assert!(code == "schema" && reason.contains("schema 2") && reason.contains(&registry.url), "{code}: {reason}");
    }
    schemas.ill(None);
    // The registry is asked again beside the decoding, which does not wait for it.
    let mut next = 30;
    until("the schema is known", || {
        cluster.produce("t", 0, batch(2, next..next + 1));
        next += 1;
        numbers(&table.snapshot())[&0].iter().any(|(offset, _)| *offset >= 30)
    })
    .await;
    until("all is read", || partition(&table, 0).position == next).await;
    assert_adds_up(&table.snapshot());
    within(table.close()).await.expect("closed");
}

#[tokio::test]
async fn a_registry_that_dies_and_returns_in_the_middle_of_a_topic_costs_no_record_under_any_number_of_lanes() {
    let ill = [Reply::Refuses, Reply::BreaksOff, Reply::Says(500, String::new())];
    for (lanes, reply) in [1, 2, 8].into_iter().zip(ill) {
        let (cluster, schemas) = (empty(4), Schemas::default());
        for id in 1..=6 {
            schemas.id(id, None, writer(id));
        }
        let registry = schemas.serve();
        for partition in 0..4 {
            for (id, first) in [(1, 0), (2, 100), (1, 200), (3, 300), (4, 400), (5, 500), (6, 600)] {
                cluster.produce("t", partition, batch(id, first..first + 100));
            }
        }
        schemas.ill_after(3, reply.clone());
        let table = live(consume(&cluster, &registry).until(Stop::End).lanes(lanes)).await;
        let waits = |number: i32| awaits(&table, number) && partition(&table, number).position == 400;
        until("all wait", || (0..4).all(waits)).await;
        // None of them asks for what it has not come to yet.
        assert!(!registry.asked().iter().any(|path| path.ends_with("/5")));
        schemas.ill_after(5, reply);
        schemas.ill(None);
        until("all wait again", || (0..4).all(|number| awaits(&table, number) && partition(&table, number).position == 600))
            .await;
        schemas.ill(None);
        within(table.finished()).await.expect("complete");
        assert_numbered(&table.snapshot(), 4, 700);
        assert_eq!(errors(&table), BTreeMap::new());
    }
}

#[tokio::test]
async fn a_partition_that_waits_for_a_schema_ends_where_the_end_is_before_the_record() {
    let (cluster, schemas) = (empty(1), Schemas::default());
    schemas.id(1, None, writer(1));
    cluster.produce("t", 0, batch(1, 0..50));
    cluster.produce("t", 0, batch(2, 50..60));
    let registry = schemas.serve();
    schemas.ill(None);
    let ends = Stop::AtEach([(0, 50)].into());
    let table = complete(consume(&cluster, &registry).until(ends)).await;
    assert_numbered(&table.snapshot(), 1, 50);
    assert_eq!(registry.asked(), ["/schemas/ids/1"], "nothing behind the end is asked for");
}

#[tokio::test]
async fn a_limit_of_rows_is_exact_though_a_schema_behind_it_is_not_known() {
    let (cluster, schemas) = (empty(1), Schemas::default());
    schemas.id(1, None, writer(1));
    cluster.produce("t", 0, BatchBuilder::new().values((0..50).map(|n| framed(if n < 20 { 1 } else { 2 }, n))).build());
    let registry = schemas.serve();
    let table = live(consume(&cluster, &registry).limit(20)).await;
    within(table.finished()).await.expect("complete");
    assert_numbered_rows(&table, 20);
}

fn assert_numbered_rows(table: &Table, rows: i64) {
    let found = numbers(&table.snapshot()).remove(&0).unwrap_or_default();
    assert_eq!(found, (0..rows).map(|number| (number, Some(number))).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_table_whose_partitions_wait_for_schemas_can_be_closed() {
    let (cluster, schemas) = (empty(2), Schemas::default());
    schemas.ill(Some(Reply::Silent));
    cluster.produce("t", 0, batch(1, 0..10));
    cluster.produce("t", 1, batch(2, 0..10));
    let registry = schemas.serve();
    let table = live(consume(&cluster, &registry).lanes(2)).await;
    until("both wait", || awaits(&table, 0) && awaits(&table, 1)).await;
    within(table.close()).await.expect("closed");
    assert_eq!(table.snapshot().rows(), 0);
}

const GUID: [u8; 16] = [0x0f, 1, 2, 3, 4, 5, 0x46, 7, 0x88, 9, 10, 11, 12, 13, 14, 15];
const GUID_PATH: &str = "/schemas/guids/0f010203-0405-4607-8809-0a0b0c0d0e0f";

/// What a header or a frame with that GUID begins with.
fn by_guid(rest: &[u8]) -> Vec<u8> {
    [&[1][..], &GUID, rest].concat()
}

#[tokio::test]
async fn a_schema_may_be_named_by_guid_in_a_header_and_where_there_is_none_by_the_frame_before_the_payload() {
    let (cluster, schemas) = (empty(1), Schemas::default());
    schemas.id(2, None, writer(2));
    schemas
        .answer(GUID_PATH, &serde_json::json!({"schema": writer(1), "guid": "0f010203-0405-4607-8809-0a0b0c0d0e0f"}).to_string());
    let by_id = framed(2, 0)[..5].to_vec();
    let header = |value: Option<&[u8]>, payload: Vec<u8>| Record::new(payload).header("__value_schema_id", value);
    let records = [
        header(Some(&by_guid(&[])), varint(0)),
        Record::new(framed(2, 1)),
        // An older header does not count, nor does that of the key, nor one without a value.
        header(Some(b"x"), varint(2)).header("__value_schema_id", Some(&by_guid(&[]))).header("__key_schema_id", Some(b"y")),
        header(None, framed(2, 3)),
        header(Some(&by_id), [vec![1], varint(4)].concat()),
        Record::new(by_guid(&varint(5))),
        header(Some(&by_guid(&[])[..16]), varint(6)),
        header(Some(b""), varint(7)),
        header(Some(&[2; 17]), varint(8)),
        Record::new(varint(9)),
        header(Some(&by_guid(&[])), varint(10)),
    ];
    cluster.produce("t", 0, records.into_iter().fold(BatchBuilder::new(), BatchBuilder::record).build());
    let registry = schemas.serve();
    let guid = || consume(&cluster, &registry).value(spec::avro(READER).framing(Framing::Guid)).until(Stop::End);
    let table = complete(guid()).await;
    let rows: Vec<_> = numbers(&table.snapshot()).remove(&0).expect("rows");
    assert_eq!(rows, [0, 1, 2, 3, 4, 5, 10].map(|number| (number, Some(number))));
    let errors = errors(&table).remove(&0).expect("errors");
    assert_eq!(errors.iter().map(|(at, ..)| *at).collect::<Vec<_>>(), [6, 7, 8, 9]);
    assert!(errors.iter().all(|(_, code, _)| code == "framing"), "{errors:?}");
    assert!(errors[2].2.contains("it begins with 02"), "{errors:?}");
    let mut asked = registry.asked();
    asked.sort();
    assert_eq!(asked, [GUID_PATH, "/schemas/ids/2"]);
}

#[tokio::test]
async fn the_message_of_a_protobuf_record_is_the_one_that_its_indexes_name_in_the_writers_schema() {
    let (cluster, schemas) = (empty(1), Schemas::default());
    let own = r#"syntax = "proto3"; package p; message R { int64 n = 1; }"#;
    // The message has another place there, and the file imports one that the registry has.
    let turned = r#"syntax = "proto3"; package p; import "o.proto"; message Other { message R { int64 n = 1; } } message R { int64 n = 1; o.O o = 2; }"#;
    schemas.id(1, Some("PROTOBUF"), own);
    let references = serde_json::json!([{"name": "o.proto", "subject": "o", "version": 1}]);
    let second = serde_json::json!({"schema": turned, "schemaType": "PROTOBUF", "references": references});
    schemas.answer("/schemas/ids/2", &second.to_string());
    schemas.answer(
        "/subjects/o/versions/1?deleted=true",
        &serde_json::json!({"schema": "syntax = \"proto3\"; package o; message O {}"}).to_string(),
    );
    schemas.answer(GUID_PATH, &second.to_string());
    schemas.id(3, Some("PROTOBUF"), "syntax = \"proto3\"; import \"gone.proto\";");
    schemas.id(4, None, writer(4));
    let framed = |id: u8, indexes: &[u8], number: i64| [&[0, 0, 0, 0, id], indexes, &[8], &plain(number)[..]].concat();
    let named = |indexes: &[u8], number: i64| {
        Record::new([&[8], &plain(number)[..]].concat()).header("__value_schema_id", Some(&by_guid(indexes)))
    };
    let records = [
        Record::new(framed(1, &[0], 0)),
        Record::new(framed(2, &[2, 2], 1)),
        Record::new(framed(2, &[0], 2)),
        Record::new(framed(2, &[4, 0, 0], 3)),
        Record::new(framed(2, &[2, 4], 4)),
        Record::new(framed(3, &[0], 5)),
        Record::new(framed(4, &[0], 6)),
        Record::new(framed(9, &[0], 7)),
        named(&[2, 2], 8),
        named(&[0], 9),
        named(&[2, 2], 10),
        Record::new(framed(1, &[0], 11)),
    ];
    cluster.produce("t", 0, records.into_iter().fold(BatchBuilder::new(), BatchBuilder::record).build());
    let registry = schemas.serve();
    let spec = spec::protobuf(own).framing(Framing::Guid);
    let table = complete(consume(&cluster, &registry).value(spec).until(Stop::End)).await;
    let rows: Vec<_> = numbers(&table.snapshot()).remove(&0).expect("rows");
    assert_eq!(rows, [0, 1, 8, 10, 11].map(|number| (number, Some(number))));
    let errors = errors(&table).remove(&0).expect("errors");
    let expected = [
        (2, "a message p.Other of schema 2, not p.R"),
        (3, "a message p.Other.R of schema 2, not p.R"),
        (4, "schema 2 has no message [2]"),
        (5, "schema 3: it cannot be read"),
        (6, "schema 4 is of Avro, not of Protobuf"),
        (7, "schema 9: there is none"),
        (9, "a message p.Other of schema 0f010203-0405-4607-8809-0a0b0c0d0e0f, not p.R"),
    ];
    assert_eq!(errors.len(), expected.len(), "{errors:?}");
    for ((offset, code, reason), (at, part)) in errors.iter().zip(expected) {
        assert_eq!((*offset, code.as_str()), (at, "schema"));
        assert!(reason.contains(part), "{reason}");
    }
}

/// A number of Protobuf.
fn plain(number: i64) -> Vec<u8> {
    assert!((0..128).contains(&number));
    vec![number as u8]
}

#[tokio::test]
async fn json_behind_a_registrys_frame_is_read_beside_json_without_and_no_schema_is_asked_for() {
    let (cluster, schemas) = (empty(1), Schemas::default());
    let payload = |n: i64| match n % 3 {
        0 => format!(r#"{{"n":{n}}}"#).into_bytes(),
        1 => [b"\0\0\0\0\x07", format!(r#" {{"n":{n}}}"#).as_bytes()].concat(),
        _ => by_guid(format!(r#"{{"n":{n}}}"#).as_bytes()),
    };
    cluster.produce("t", 0, BatchBuilder::new().values((0..100).map(payload)).build());
    cluster.produce("t", 0, BatchBuilder::new().values([b"\0\0\0\0\x07{\"n\":x}".to_vec()]).build());
    let registry = schemas.serve();
    let table = complete(consume(&cluster, &registry).value(common::number()).until(Stop::End)).await;
    assert_numbered_rows(&table, 100);
    let errors = table.errors().snapshot();
    let position = errors.batches()[0]["Position"].as_primitive::<arrow_array::types::Int64Type>().value(0);
    assert_eq!(position, 10, "in the whole payload");
    assert_eq!(registry.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn answers_that_lie_ready_behind_a_record_of_an_unknown_schema_are_read_again_after_it() {
    let (cluster, schemas) = (empty(1), Schemas::default());
    const ROWS: i64 = 15_000;
    for id in 1..=12 {
        schemas.id(id, None, writer(id));
        let first = ROWS * i64::from(id - 1);
        // Large enough for the thread beside the lane, and in several answers.
        cluster.produce("t", 0, batch(id, first..first + ROWS));
    }
    let registry = schemas.serve();
    let consume = consume(&cluster, &registry).property("max.partition.fetch.bytes", "400000").lanes(4).until(Stop::End);
    let table = complete(consume).await;
    assert_numbered(&table.snapshot(), 1, 12 * ROWS);
    assert_eq!(errors(&table), BTreeMap::new());
    let mut asked = registry.asked();
    asked.dedup();
    assert_eq!(asked.len(), 12, "{asked:?}");
}
