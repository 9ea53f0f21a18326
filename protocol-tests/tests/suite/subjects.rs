//! Tables whose columns are those of a subject of the registry.

use crate::common::registry::{Reply, Schemas, TestRegistry};
use crate::common::{complete, empty, live, until_rows};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use kolumn::registry::RegistryFault;
use kolumn::spec::Spec;
use kolumn::{Consume, Error, Offsets, Stop, Table};
use kolumn_test_broker::{BatchBuilder, Record, TestCluster};
use serde_json::json;

const PRICE: &str = r#"{"type": "record", "name": "money.Price", "fields": [{"name": "last", "type": "double"}]}"#;
const ORDER: &str = r#"{"type": "record", "name": "shop.Order", "fields": [
    {"name": "id", "type": "long"}, {"name": "price", "type": "money.Price"}]}"#;
/// As it was before: narrower, in another order, and with a field that is no longer there.
const OLD_ORDER: &str = r#"{"type": "record", "name": "shop.Order", "fields": [
    {"name": "price", "type": "money.Price"}, {"name": "gone", "type": "string"}, {"name": "id", "type": "int"}]}"#;

/// `t-value` has two versions of an order, which refer to a price; `t-key` a message of Protobuf.
fn schemas() -> Schemas {
    let schemas = Schemas::default();
    let references = json!([{"name": "money.Price", "subject": "price", "version": 1}]);
    let version = |id: i32, version: i32, text: &str| {
        json!({"id": id, "version": version, "schema": text, "references": references}).to_string()
    };
    for (path, body) in [
        ("/subjects/price/versions/1?deleted=true", json!({"id": 1, "version": 1, "schema": PRICE}).to_string()),
        ("/subjects/t-value/versions/1", version(2, 1, OLD_ORDER)),
        ("/subjects/t-value/versions/latest", version(3, 2, ORDER)),
        ("/schemas/ids/2", version(2, 1, OLD_ORDER)),
        ("/schemas/ids/3", version(3, 2, ORDER)),
    ] {
        schemas.answer(path, &body);
    }
    let account = r#"syntax = "proto3"; package shop; message Other { int32 x = 1; } message Account { string name = 1; }"#;
    let account = json!({"id": 4, "version": 1, "schemaType": "PROTOBUF", "schema": account}).to_string();
    schemas.answer("/subjects/t-key/versions/latest", &account);
    schemas.answer("/schemas/ids/4", &account);
    schemas
}

fn price(last: f64) -> [u8; 8] {
    last.to_le_bytes()
}

/// An order of fewer than 64, by either version.
fn order(number: u8, old: bool) -> Vec<u8> {
    let (id, last) = ([number * 2], price(f64::from(number) / 2.0));
    if old { [&[0, 0, 0, 0, 2][..], &last, &[4], b"xx", &id].concat() } else { [&[0, 0, 0, 0, 3][..], &id, &last].concat() }
}

/// An account with the name `a`, of the second message of its schema.
const ACCOUNT: &[u8] = &[0, 0, 0, 0, 4, 2, 2, 0x0a, 1, b'a'];

fn produce(cluster: &TestCluster, numbers: std::ops::Range<u8>) {
    for number in numbers {
        let record = Record::new(order(number, number % 3 == 0)).key(ACCOUNT);
        cluster.produce("t", 0, BatchBuilder::new().record(record).build());
    }
}

fn consume(cluster: &TestCluster, registry: &TestRegistry, value: &str) -> Consume {
    kolumn::consume("t")
        .brokers(cluster.bootstrap())
        .property("schema.registry.url", registry.url.clone())
        .property("kolumn.registry.retries", "1")
        .property("kolumn.registry.retry.backoff.ms", "1")
        .property("kolumn.registry.retry.backoff.max.ms", "1")
        .value(Spec::parse(value).expect("a spec"))
        .offsets(Offsets::Beginning)
}

fn columns(table: &Table) -> Vec<String> {
    table.schema().fields().iter().map(|field| field.name().clone()).filter(|name| !name.starts_with("Kafka")).collect()
}

#[tokio::test]
async fn subjects_of_both_sides_give_the_columns_and_every_version_is_read_into_them() {
    let cluster = empty(1);
    produce(&cluster, 0..40);
    let registry = schemas().serve();
    let consume = consume(&cluster, &registry, "avro").key(Spec::parse("protobuf:message=shop.Account").expect("a spec"));
    let table = complete(consume.until(Stop::End)).await;
    assert_eq!(columns(&table), ["name", "id", "price__last"]);
    let rows = table.snapshot().to_batch().expect("rows");
    let ids: Vec<i64> = rows["id"].as_primitive::<Int64Type>().values().to_vec();
    assert_eq!(ids, (0..40).collect::<Vec<_>>());
    let prices = rows["price__last"].as_primitive::<Float64Type>();
    assert!(prices.values().iter().zip(&ids).all(|(price, id)| price * 2.0 == *id as f64));
    assert!(rows["name"].as_string::<i32>().iter().all(|name| name == Some("a")));
    let mut asked = registry.asked();
    asked.sort();
    asked.dedup();
    let of_subjects = asked.iter().filter(|path| path.starts_with("/subjects/t-")).count();
    assert_eq!(of_subjects, 2, "{asked:?}");
}

#[tokio::test]
async fn the_latest_version_is_that_of_the_start_and_a_later_one_is_read_into_its_columns() {
    let cluster = empty(1);
    produce(&cluster, 0..3);
    let schemas = schemas();
    let registry = schemas.serve();
    let table =
        live(consume(&cluster, &registry, "avro:price.last=Last").property("kolumn.registry.latest.refresh.ms", "0")).await;
    until_rows(&table, 3).await;
    let wide = r#"{"type": "record", "name": "shop.Order", "fields": [{"name": "new", "type": "int"}, {"name": "id", "type": "long"},
        {"name": "price", "type": {"type": "record", "name": "P", "aliases": ["Price"], "fields": [{"name": "last", "type": "float"}]}}]}"#;
    let later = json!({"id": 9, "version": 3, "schema": wide}).to_string();
    schemas.answer("/subjects/t-value/versions/latest", &later);
    schemas.answer("/schemas/ids/9", &later.replace("\\\"P\\\"", "\\\"Price\\\""));
    let payload = [&[0, 0, 0, 0, 9, 2, 6][..], &1.5_f32.to_le_bytes()].concat();
    cluster.produce("t", 0, BatchBuilder::new().record(Record::new(payload)).build());
    until_rows(&table, 4).await;
    assert_eq!(columns(&table), ["id", "Last"]);
    let rows = table.snapshot().to_batch().expect("rows");
    assert_eq!(rows["id"].as_primitive::<Int64Type>().values().to_vec(), [0, 1, 2, 3]);
    assert_eq!(rows["Last"].as_primitive::<Float64Type>().value(3), 1.5);
}

#[tokio::test]
async fn what_is_wrong_with_a_subject_ends_the_start_with_its_name() {
    let (cluster, schemas) = (empty(1), schemas());
    schemas.answer(
        "/subjects/json/versions/latest",
        &json!({"id": 5, "version": 1, "schemaType": "JSON", "schema": "{}"}).to_string(),
    );
    let registry = schemas.serve();
    let error = async |spec: &str| consume(&cluster, &registry, spec).table(kolumn::TableType::Append).await.expect_err(spec);
    let missing = error("avro:subject=none").await;
    assert!(matches!(&missing, Error::Registry { what, fault: RegistryFault::NotFound { .. }, .. } if what.contains("\"none\"")));
    assert!(missing.to_string().contains(&registry.url), "{missing}");
    let version = error("avro:subject=t-value,version=7").await;
    assert!(matches!(&version, Error::Registry { what, .. } if what == "subject \"t-value\", version 7"), "{version}");
    for (spec, place, part) in [
        ("avro:subject=json", "the schema", "subject \"json\", version 1 is no Avro schema, the registry says JSON"),
        (
            "protobuf:subject=t-value",
            "the schema",
            "subject \"t-value\", version 2 is no Protobuf schema, the registry says AVRO",
        ),
        ("avro:nothing=Price", "field nothing", "the schema has no such field"),
        ("protobuf:subject=t-key,message=No", "the schema", "no message is named No; the file has shop.Other, shop.Account"),
    ] {
        let error = error(spec).await;
        let Error::InvalidSpec { place: at, reason, .. } = &error else { panic!("{spec}: {error:?}") };
        assert!(at == place && reason.contains(part), "{spec}: {error}");
    }
    schemas.ill(Some(Reply::Refuses));
    let down = error("avro").await;
    assert!(matches!(&down, Error::Registry { fault: RegistryFault::Unreachable(_), .. }), "{down}");
}
