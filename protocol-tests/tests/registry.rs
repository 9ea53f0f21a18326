//! The schema registry's client over real sockets, against a registry that answers as it is told.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use kolumn::Error;
use kolumn::Properties;
use kolumn::registry::{Registry, RegistryFault, SchemaKind, Version};
use serde_json::json;

/// What the registry does with a question.
enum Reply {
    Says(u16, String),
    /// A part of an answer, then the end of the connection.
    BreaksOff,
    /// An answer that has no end.
    Endless,
    /// None, and the connection stays open until the client ends it.
    Silent,
}

/// A registry on the loopback interface; its thread ends with the test's process.
struct TestRegistry {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl TestRegistry {
    /// Answers each path, the number of questions before it beside it, as the script says.
    fn start(script: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let (script, questions) = (Arc::new(script), Arc::clone(&asked));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (script, questions) = (Arc::clone(&script), Arc::clone(&questions));
                thread::spawn(move || serve(stream, &*script, &questions));
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("unpoisoned").clone()
    }

    fn client(&self, more: &[(&str, &str)]) -> Registry {
        client(&self.url, more)
    }
}

fn serve(mut stream: TcpStream, script: &dyn Fn(&str, usize) -> Reply, asked: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().expect("a second handle")).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    while lines.next().is_some_and(|line| !line.is_empty()) {}
    let before = {
        let mut asked = asked.lock().expect("unpoisoned");
        asked.push(path.clone());
        asked.len() - 1
    };
    // The client may be gone.
    let _gone = match script(&path, before) {
        Reply::Says(status, body) => write!(stream, "HTTP/1.1 {status} x\r\nContent-Length: {}\r\n\r\n{body}", body.len()),
        Reply::BreaksOff => write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{{\"schema\":"),
        Reply::Endless => {
            let _gone = write!(stream, "HTTP/1.1 200 OK\r\n\r\n{{\"schema\":\"");
            while stream.write_all(&[b'x'; 1 << 16]).is_ok() {}
            Ok(())
        }
        Reply::Silent => {
            while lines.next().is_some() {}
            Ok(())
        }
    };
}

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
    let registry = server.client(&[]);
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
    let registry = server.client(&[("kolumn.registry.read.timeout.ms", "200")]);
    assert_eq!(&*registry.id(1).await.expect("recovered").text, "\"int\"");
    assert_eq!(server.asked(), vec!["/schemas/ids/1"; 4]);
}

#[tokio::test]
async fn an_answer_without_end_or_that_is_no_json_is_an_error_and_not_held_in_memory() {
    let server =
        TestRegistry::start(|path, _| if path.ends_with('1') { Reply::Endless } else { Reply::Says(200, "<html>".into()) });
    let registry = server.client(&[("kolumn.registry.schema.max.bytes", "1000"), ("kolumn.registry.retries", "0")]);
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
