//! What payloads are that name their schemas, with a registry to ask; and replays once a registry answers again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::common::registry::{Reply, TestRegistry};
use crate::common::{complete, empty, within};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use kolumn::infer::{Content, Payload, infer};
use kolumn::registry::Registry;
use kolumn::spec::{Side, Spec};
use kolumn::{Error, Offsets, Properties, Stop};
use kolumn_test_broker::BatchBuilder;
use serde_json::json;

const ORDER: &str =
    r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"long"},{"name":"symbol","type":"string"}]}"#;

fn schema(text: &str, kind: Option<&str>) -> Reply {
    let mut answer = json!({ "schema": text, "id": 7, "version": 1 });
    if let Some(kind) = kind {
        answer["schemaType"] = kind.into();
    }
    Reply::Says(200, answer.to_string())
}

fn none() -> Reply {
    Reply::Says(404, json!({"error_code": 40403, "message": "none"}).to_string())
}

fn client(server: &TestRegistry) -> Registry {
    let properties = Properties::from([
        ("schema.registry.url", server.url.as_str()),
        ("kolumn.registry.retries", "0"),
        ("kolumn.registry.retry.backoff.ms", "1"),
    ]);
    Registry::new(&properties).expect("an address")
}

/// Avro of `id` and `symbol` behind the id.
fn framed(id: u32, body: &[u8]) -> Vec<u8> {
    [&[0][..], &id.to_be_bytes(), body].concat()
}

fn orders() -> Vec<Vec<u8>> {
    (0_u8..8).map(|at| framed(7, &[at * 2, 6, b'C', b'R', b'M'])).collect()
}

fn payloads(bytes: &[Vec<u8>]) -> Vec<Payload<'_>> {
    bytes.iter().map(|bytes| Payload::new(Some(bytes), None)).collect()
}

#[tokio::test]
async fn avro_of_a_subject_is_read_by_the_subject() {
    let server = TestRegistry::start(|path, _| match path {
        "/schemas/ids/7" | "/subjects/orders-value/versions/latest" => schema(ORDER, None),
        _ => none(),
    });
    let orders = orders();
    let found = infer(Side::Value).look_with(payloads(&orders), "orders", &client(&server)).await.expect("answers");
    assert_eq!(found.content.to_string(), "AVRO, behind the schema's id 7");
    assert_eq!(found.spec, Spec::parse("avro").expect("a spec"));
    assert!(found.notes[0].contains("subject orders-value"), "{:?}", found.notes);
}

#[tokio::test]
async fn without_a_subject_the_schema_of_the_payloads_is_taken() {
    let server = TestRegistry::start(|path, _| if path == "/schemas/ids/7" { schema(ORDER, None) } else { none() });
    let orders = orders();
    let found = infer(Side::Value).look_with(payloads(&orders), "other", &client(&server)).await.expect("answers");
    let columns = found.spec.schema(Side::Value).expect("columns");
    let names: Vec<&str> = columns.fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, ["id", "symbol"]);
    assert!(found.notes[0].contains("there is no subject other-value"), "{:?}", found.notes);
    // What is written down reads the same.
    assert_eq!(Spec::parse(&found.spec.to_string()).expect("a spec").schema(Side::Value).expect("columns"), columns);
}

#[tokio::test]
async fn json_schema_is_json_behind_its_id() {
    let server =
        TestRegistry::start(|path, _| if path.starts_with("/schemas/ids/") { schema("{}", Some("JSON")) } else { none() });
    let documents: Vec<Vec<u8>> = (0..8).map(|at| framed(3, format!("{{\"a\":{at}}}").as_bytes())).collect();
    let found = infer(Side::Value).look_with(payloads(&documents), "t", &client(&server)).await.expect("answers");
    assert_eq!((found.content.to_string().as_str(), found.columns.len()), ("JSON, behind the schema's id 3", 1));
    assert_eq!(found.unfit, Some(0), "{:?}", found.notes);
}

#[tokio::test]
async fn numbers_that_look_like_ids_stay_numbers_unless_the_registry_knows_the_ids() {
    let numbers: Vec<Vec<u8>> = (0_i64..40).map(|at| ((7 << 24) + at).to_be_bytes().to_vec()).collect();
    let unknown = TestRegistry::start(|_, _| none());
    let found = infer(Side::Value).look_with(payloads(&numbers), "t", &client(&unknown)).await.expect("answers");
    assert_eq!((found.spec.to_string().as_str(), found.content), ("simple:int64", Content::Number(8)));
    let known = TestRegistry::start(|path, _| if path == "/schemas/ids/7" { schema(ORDER, None) } else { none() });
    let found = infer(Side::Value).look_with(payloads(&numbers), "t", &client(&known)).await.expect("answers");
    assert_eq!(found.content.to_string(), "AVRO, behind the schema's id 7");
}

#[tokio::test]
async fn a_registry_that_does_not_answer_is_an_error_and_text_does_not_ask_it() {
    let server = TestRegistry::start(|_, _| Reply::Refuses);
    let orders = orders();
    let refused = infer(Side::Value).look_with(payloads(&orders), "t", &client(&server)).await;
    assert!(matches!(refused, Err(Error::Registry { .. })), "{refused:?}");
    let text = [b"hello".to_vec()];
    let found = infer(Side::Value).look_with(payloads(&text), "t", &client(&server)).await.expect("nothing to ask");
    assert_eq!(found.spec.to_string(), "simple:utf8");
}

#[tokio::test]
async fn what_failed_because_the_registry_did_not_answer_is_decoded_again_when_it_does() {
    let answers = Arc::new(AtomicBool::new(false));
    let open = Arc::clone(&answers);
    let server = TestRegistry::start(move |path, _| match path {
        "/schemas/ids/7" if open.load(Ordering::SeqCst) => schema(ORDER, None),
        _ => none(),
    });
    let cluster = empty(1);
    cluster.produce("t", 0, BatchBuilder::new().values(orders()).build());
    let spec = Spec::parse(&format!("avro:\"{}\";framing=confluent", ORDER.replace('"', "\"\""))).expect("a spec");
    let description = kolumn::consume("t")
        .brokers(cluster.bootstrap())
        .property("schema.registry.url", &server.url)
        .value(spec)
        .offsets(Offsets::Beginning)
        .until(Stop::End);
    let table = complete(description.clone()).await;
    let errors = table.errors().snapshot();
    assert_eq!((table.snapshot().rows(), errors.rows()), (0, 8));
    let batch = errors.to_batch().expect("one batch");
    assert_eq!(batch["Code"].as_string::<i32>().value(0), "schema");

    answers.store(true, Ordering::SeqCst);
    for trimmed in [false, true] {
        if trimmed {
            // What the log does not hold any more waits for the schema too.
            cluster.log("t", 0).delete_records(8);
        }
        let again = within(description.clone().replay(&errors).into_future()).await.expect("a table");
        within(again.finished()).await.expect("complete");
        let batch = again.snapshot().to_batch().expect("one batch");
        assert_eq!(batch["id"].as_primitive::<Int64Type>().values(), &[0, 1, 2, 3, 4, 5, 6, 7], "trimmed: {trimmed}");
        assert_eq!(again.errors().snapshot().rows(), 0);
    }
}
