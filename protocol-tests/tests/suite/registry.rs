//! The schema registry's client over real sockets, against a registry that answers as it is told.

use std::net::TcpListener;

use crate::common::registry::{Reply, TestRegistry};
use kolumn::Error;
use kolumn::Properties;
use kolumn::registry::{Registry, RegistryFault, SchemaKind, Version};
use serde_json::json;

fn client(url: &str, more: &[(&str, &str)]) -> Registry {
    let mut properties = Properties::from([
        ("schema.registry.url", url),
        ("kolumn.registry.retry.backoff.ms", "1"),
        ("kolumn.registry.retry.backoff.max.ms", "1"),
    ]);
    for (name, value) in more {
        properties.set(*name, *value);
    }
    Registry::new(&properties).expect("an address")
}

fn schema(text: &str) -> Reply {
    Reply::Says(200, json!({ "schema": text }).to_string())
}

fn fault<T: std::fmt::Debug>(result: kolumn::Result<T>) -> RegistryFault {
    match result {
        Err(Error::Registry { fault, .. }) => fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn schemas_and_what_they_refer_to_come_over_real_sockets() {
    let server = TestRegistry::start(|path, _| match path {
        "/schemas/ids/1" => Reply::Says(
            200,
            json!({"schema": "import \"a.proto\";", "schemaType": "PROTOBUF",
                "references": [{"name": "a.proto", "subject": "a", "version": 2}]})
            .to_string(),
        ),
        "/subjects/a/versions/2?deleted=true" => schema("message A {}"),
        "/subjects/orders-value/versions/latest" => {
            Reply::Says(200, json!({"subject": "orders-value", "id": 9, "version": 4, "schema": "\"int\""}).to_string())
        }
        _ => Reply::Says(404, json!({"error_code": 40401, "message": "Subject not found"}).to_string()),
    });
    let registry = client(&server.url, &[]);
    let first = registry.id(1).await.expect("known");
    assert_eq!((&first.kind, &*first.references[0].text), (&SchemaKind::Protobuf, "message A {}"));
    let latest = registry.version("orders-value", Version::Latest).await.expect("known");
    assert_eq!((latest.id, latest.version), (Some(9), Some(4)));
    let missing = registry.version("nothing", Version::Number(1)).await;
    assert_eq!(fault(missing), RegistryFault::NotFound { code: 40401, message: "Subject not found".into() });
}

#[tokio::test]
async fn a_registry_that_fails_in_each_way_and_recovers_is_asked_until_it_does() {
    let server = TestRegistry::start(|_, before| match before {
        0 => Reply::Says(500, "oops".into()),
        1 => Reply::BreaksOff,
        2 => Reply::Silent,
        _ => schema("\"int\""),
    });
    let registry = client(&server.url, &[("kolumn.registry.read.timeout.ms", "200")]);
    assert_eq!(&*registry.id(1).await.expect("recovered").text, "\"int\"");
    assert_eq!(server.asked(), vec!["/schemas/ids/1"; 4]);
}

#[tokio::test]
async fn an_answer_without_end_or_that_is_no_json_is_an_error_and_not_held_in_memory() {
    let server =
        TestRegistry::start(|path, _| if path.ends_with('1') { Reply::Endless } else { Reply::Says(200, "<html>".into()) });
    let registry = client(&server.url, &[("kolumn.registry.schema.max.bytes", "1000"), ("kolumn.registry.retries", "0")]);
    assert!(matches!(fault(registry.id(1).await), RegistryFault::Unreachable(reason) if reason.contains("more than")));
    assert!(matches!(fault(registry.id(2).await), RegistryFault::Malformed(_)));
}

#[tokio::test]
async fn a_registry_that_is_gone_does_not_keep_what_is_known_from_being_known_and_another_answers_the_rest() {
    let gone = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        format!("http://{}", listener.local_addr().expect("bound"))
    };
    let server = TestRegistry::start(|_, before| if before == 0 { schema("x") } else { Reply::BreaksOff });
    let registry = client(&format!("{gone},{}", server.url), &[("kolumn.registry.retries", "0")]);
    registry.id(1).await.expect("the second answers");
    assert!(fault(registry.id(2).await).passes());
    assert_eq!(&*registry.id(1).await.expect("still known").text, "x");
}
