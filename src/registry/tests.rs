use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, advance};

use super::*;
use crate::config::{Properties, Settings};
use crate::error::{Error, Result};
use crate::wire::Transport;
use crate::wire::http::Stream;

/// What a place does with a question.
pub(crate) enum Reply {
    Says(u16, String),
    Silent,
    Refused,
}

type Script = dyn Fn(&str, &str, usize) -> Reply + Send + Sync;

/// Registries that answer as the script says: by host, path and how many questions came before, and keep the questions.
#[derive(Clone)]
pub(crate) struct Scripted {
    script: Arc<Script>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    pub(crate) fn new(script: impl Fn(&str, &str, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self { script: Arc::new(script), asked: Arc::default() }
    }

    pub(crate) fn registry(&self, more: &[(&str, &str)]) -> Registry {
        let mut properties = Properties::from([("schema.registry.url", "http://a")]);
        for (name, value) in more {
            properties.set(*name, *value);
        }
        let settings = Settings::from_properties(&properties).expect("valid").registry.expect("an address");
        Registry::over(&settings, |_| Ok(Arc::new(self.clone()))).expect("a registry")
    }

    /// `host path` of each question.
    pub(crate) fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().expect("unpoisoned");
        asked.iter().map(|question| question.lines().next().unwrap_or_default().to_owned()).collect()
    }
}

impl Transport for Scripted {
    fn connect(&self, host: &str, _port: u16) -> BoxFuture<'static, io::Result<Box<dyn Stream>>> {
        let (client, server) = tokio::io::duplex(1 << 16);
        let (this, host) = (self.clone(), host.to_owned());
        Box::pin(async move {
            if host == "down" {
                this.asked.lock().expect("unpoisoned").push("down".into());
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            tokio::spawn(serve(server, host, this));
            Ok(Box::new(client) as Box<dyn Stream>)
        })
    }
}

async fn serve(mut stream: DuplexStream, host: String, scripted: Scripted) {
    let mut question = Vec::new();
    while !question.ends_with(b"\r\n\r\n") {
        let mut bytes = [0; 1024];
        let count = stream.read(&mut bytes).await.expect("reads");
        question.extend_from_slice(&bytes[..count]);
    }
    let question = String::from_utf8(question).expect("text");
    let path = question.split(' ').nth(1).expect("a path").to_owned();
    let before = {
        let mut asked = scripted.asked.lock().expect("unpoisoned");
        asked.push(format!("{host} {path}\n{question}"));
        asked.len() - 1
    };
    match (scripted.script)(&host, &path, before) {
        Reply::Says(status, body) => {
            let head = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n\r\n", body.len());
            let _gone = stream.write_all(format!("{head}{body}").as_bytes()).await;
        }
        Reply::Silent => std::future::pending().await,
        Reply::Refused => {}
    }
}

pub(crate) fn avro(text: &str) -> Reply {
    Reply::Says(200, serde_json::json!({ "schema": text }).to_string())
}

fn missing() -> Reply {
    Reply::Says(404, r#"{"error_code":40403,"message":"Schema not found"}"#.into())
}

pub(crate) fn refers(text: &str, to: &[&str]) -> Reply {
    let references: Vec<_> = to.iter().map(|name| serde_json::json!({"name": name, "subject": name, "version": 1})).collect();
    Reply::Says(200, serde_json::json!({"schema": text, "references": references}).to_string())
}

fn fault(result: Result<Arc<Schema>>) -> RegistryFault {
    match result {
        Err(Error::Registry { fault, .. }) => fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_that_many_want_at_once_is_asked_for_once_and_then_known() {
    let scripted = Scripted::new(|_, _, _| avro("\"int\""));
    let registry = scripted.registry(&[]);
    for schema in join_all((0..50).map(|_| registry.id(7))).await {
        let schema = schema.expect("known");
        assert_eq!((schema.id, &*schema.text, &schema.kind), (Some(7), "\"int\"", &SchemaKind::Avro));
    }
    advance(Duration::from_secs(1_000_000)).await;
    registry.clone().id(7).await.expect("known for ever");
    assert_eq!(scripted.asked(), ["a /schemas/ids/7"]);
}

#[tokio::test(start_paused = true)]
async fn who_waits_asks_when_whoever_asked_has_gone() {
    let scripted = Scripted::new(|_, _, before| if before == 0 { Reply::Silent } else { avro("x") });
    let registry = scripted.registry(&[]);
    let first = tokio::spawn({
        let registry = registry.clone();
        async move { registry.id(1).await }
    });
    while scripted.asked().is_empty() {
        tokio::task::yield_now().await;
    }
    let second = tokio::spawn({
        let registry = registry.clone();
        async move { registry.id(1).await }
    });
    tokio::task::yield_now().await;
    first.abort();
    assert_eq!(&*second.await.expect("no panic").expect("answered").text, "x");
}

#[tokio::test(start_paused = true)]
async fn an_id_that_there_is_none_of_is_asked_for_again_after_its_time_and_not_before() {
    let scripted = Scripted::new(|_, _, before| if before == 0 { missing() } else { avro("x") });
    let registry = scripted.registry(&[("kolumn.registry.negative.cache.ms", "1000")]);
    let none = RegistryFault::NotFound { code: 40403, message: "Schema not found".into() };
    assert_eq!(fault(registry.id(9).await), none);
    advance(Duration::from_millis(999)).await;
    assert_eq!(fault(registry.id(9).await), none);
    assert_eq!(scripted.asked().len(), 1);
    advance(Duration::from_millis(1)).await;
    assert_eq!(&*registry.id(9).await.expect("there is one now").text, "x");
    assert_eq!(scripted.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_next_address_is_asked_where_one_is_down_or_ill_and_the_one_that_answers_is_kept() {
    for (ill, urls) in [("down", "http://down,http://b/base/"), ("a", "http://a,http://b/base/")] {
        let scripted = Scripted::new(|host, _, _| if host == "a" { Reply::Says(503, String::new()) } else { avro("x") });
        let registry = scripted.registry(&[("schema.registry.url", urls)]);
        let began = Instant::now();
        registry.id(1).await.expect("the second answers");
        registry.id(2).await.expect("the second answers");
        let asked = scripted.asked();
        assert!(asked[0].starts_with(ill), "{asked:?}");
        assert_eq!(asked[1..], ["b /base/schemas/ids/1", "b /base/schemas/ids/2"]);
        assert_eq!(began.elapsed(), Duration::ZERO, "no pause before another address");
    }
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_recovers_is_asked_again_after_pauses_that_grow() {
    let scripted = Scripted::new(|_, _, before| match before {
        0 => Reply::Says(500, r#"{"error_code":50001,"message":"store"}"#.into()),
        1 => Reply::Says(429, String::new()),
        2 => Reply::Refused,
        _ => avro("x"),
    });
    let registry = scripted.registry(&[("kolumn.registry.retry.backoff.ms", "100")]);
    let began = Instant::now();
    registry.id(1).await.expect("it recovers");
    assert_eq!((scripted.asked().len(), began.elapsed()), (4, Duration::from_millis(100 + 200 + 400)));
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_stays_ill_is_left_alone_for_a_while_and_all_who_wait_are_told() {
    let scripted = Scripted::new(|_, _, _| Reply::Says(500, r#"{"error_code":50001,"message":"store"}"#.into()));
    let registry = scripted.registry(&[("kolumn.registry.retries", "1"), ("kolumn.registry.retry.backoff.max.ms", "1000")]);
    for result in join_all((0..10).map(|_| registry.id(1))).await {
        assert_eq!(fault(result), RegistryFault::Unavailable { status: 500, message: "store".into() });
    }
    assert_eq!(scripted.asked().len(), 2);
    advance(Duration::from_secs(1)).await;
    fault(registry.id(1).await);
    assert_eq!(scripted.asked().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come_ends_at_the_limit() {
    let scripted = Scripted::new(|_, _, _| Reply::Silent);
    let registry = scripted.registry(&[("kolumn.registry.retries", "0"), ("kolumn.registry.read.timeout.ms", "2000")]);
    let began = Instant::now();
    let error = registry.id(1).await.expect_err("silent").to_string();
    assert!(error.contains("http://a") && error.contains("schema 1") && error.contains("within 2 s"), "{error}");
    assert_eq!(began.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_schema_at_the_limit_is_taken_and_one_byte_beyond_is_not() {
    let scripted = Scripted::new(|_, path, _| match path {
        "/schemas/ids/100" => avro(&"\u{1}".repeat(100)),
        "/schemas/ids/101" => avro(&"x".repeat(101)),
        "/schemas/ids/1" => refers(&"x".repeat(60), &["r"]),
        "/schemas/ids/2" => refers(&"x".repeat(61), &["r"]),
        "/schemas/ids/3" => avro(&"x".repeat(1 << 20)),
        _ => avro(&"y".repeat(40)),
    });
    let registry = scripted.registry(&[("kolumn.registry.schema.max.bytes", "100"), ("kolumn.registry.retries", "0")]);
    let large = RegistryFault::TooLarge { limit: 100 };
    assert_eq!(registry.id(100).await.expect("at the limit").text.len(), 100);
    assert_eq!(fault(registry.id(101).await), large);
    assert_eq!(registry.id(1).await.expect("at the limit, with what it refers to").references.len(), 1);
    assert_eq!(fault(registry.id(2).await), large);
    assert!(
        matches!(fault(registry.id(3).await), RegistryFault::Unreachable(reason) if reason.contains("more than")),
        "not read to its end"
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_schema_refers_to_comes_before_it_each_name_once_and_a_circle_ends() {
    let scripted = Scripted::new(|_, path, _| match path {
        "/schemas/ids/1" => refers("root", &["b", "c"]),
        "/subjects/b/versions/1?deleted=true" => refers("B", &["d/e.proto"]),
        "/subjects/c/versions/1?deleted=true" => refers("C", &["d/e.proto", "c"]),
        "/subjects/d%2Fe.proto/versions/1?deleted=true" => refers("D", &["b"]),
        other => panic!("{other}"),
    });
    let schema = scripted.registry(&[]).id(1).await.expect("resolved");
    let found: Vec<_> = schema.references.iter().map(|reference| (&*reference.name, &*reference.text)).collect();
    assert_eq!(found, [("d/e.proto", "D"), ("b", "B"), ("c", "C")]);
    assert_eq!(scripted.asked().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn references_are_limited_in_number_and_depth_at_the_limit_and_one_beyond() {
    let scripted = Scripted::new(|_, path, _| {
        if let Some(count) = path.strip_prefix("/schemas/ids/").and_then(|id| id.parse().ok()).filter(|count| *count < 10) {
            let names: Vec<_> = (0..count).map(|number: usize| format!("leaf{number}")).collect();
            return refers("root", &names.iter().map(String::as_str).collect::<Vec<_>>());
        }
        // The id, then each name, says how many are to follow.
        let left: usize = path.split(['/', '?']).filter_map(|part| part.trim_start_matches('d').parse().ok()).next().unwrap_or(0);
        let left = if path.contains("ids") {
            left - 100
        } else if path.contains("leaf") {
            0
        } else {
            left
        };
        if left == 0 { avro("leaf") } else { refers("x", &[&format!("d{}", left - 1)]) }
    });
    let registry = scripted.registry(&[("kolumn.registry.references.max", "3")]);
    assert_eq!(registry.id(3).await.expect("at the limit").references.len(), 3);
    assert_eq!(fault(registry.id(4).await), RegistryFault::TooManyReferences { limit: 3 });
    let registry = scripted.registry(&[]);
    let deepest = references::DEEPEST;
    let id = |depth: usize| u32::try_from(100 + depth).expect("small");
    assert_eq!(registry.id(id(deepest)).await.expect("at the limit").references.len(), deepest);
    assert_eq!(fault(registry.id(id(deepest + 1)).await), RegistryFault::TooDeep { limit: deepest });
}

#[tokio::test(start_paused = true)]
async fn the_latest_is_followed_after_its_time_or_pinned_and_what_was_the_latest_outlives_the_registry() {
    let script = |_: &str, _: &str, before: usize| match before {
        0 => Reply::Says(200, r#"{"subject":"s","id":5,"version":1,"schema":"one"}"#.into()),
        1 => Reply::Says(200, r#"{"subject":"s","id":6,"version":2,"schema":"two"}"#.into()),
        _ => Reply::Refused,
    };
    let (followed, pinned) = (Scripted::new(script), Scripted::new(script));
    let registry = followed.registry(&[("kolumn.registry.latest.refresh.ms", "1000")]);
    let latest = async |registry: &Registry| registry.version("s", Version::Latest).await.expect("there is one").version;
    assert_eq!(latest(&registry).await, Some(1));
    advance(Duration::from_millis(999)).await;
    assert_eq!(latest(&registry).await, Some(1));
    advance(Duration::from_millis(1)).await;
    assert_eq!(latest(&registry).await, Some(2));
    advance(Duration::from_secs(1)).await;
    assert_eq!(latest(&registry).await, Some(2), "the registry is down");
    let asked = followed.asked().len();
    assert_eq!((latest(&registry).await, followed.asked().len()), (Some(2), asked), "and is left alone for a while");
    let registry = pinned.registry(&[("kolumn.registry.latest.refresh.ms", "-1")]);
    latest(&registry).await;
    advance(Duration::from_secs(1_000_000)).await;
    assert_eq!((latest(&registry).await, pinned.asked().len()), (Some(1), 1));
}

#[tokio::test(start_paused = true)]
async fn as_many_schemas_as_are_allowed_are_kept_and_unknown_ids_push_none_of_them_out() {
    let scripted = Scripted::new(|_, path, _| if path.len() > "/schemas/ids/9".len() { missing() } else { avro("x") });
    let registry = scripted.registry(&[("kolumn.registry.cache.schemas", "2")]);
    for id in [1, 2, 10, 11, 12, 13, 1, 2] {
        let _either = registry.id(id).await;
    }
    assert_eq!(scripted.asked().len(), 6, "1 and 2 are kept");
    for id in [3, 2, 1] {
        registry.id(id).await.expect("there is one");
    }
    assert_eq!(scripted.asked().len(), 8, "1 went for 3");
}

#[tokio::test(start_paused = true)]
async fn who_we_are_is_sent_and_never_shown() {
    let echo =
        || Scripted::new(|_, _, _| Reply::Says(401, r#"{"error_code":401,"message":"bad hunter2 bWU6aHVudGVyMg=="}"#.into()));
    for (properties, sent) in [
        (&[("basic.auth.user.info", "me:hunter2")][..], "authorization: Basic bWU6aHVudGVyMg=="),
        (&[("schema.registry.url", "http://me:hunter%32@a")], "authorization: Basic bWU6aHVudGVyMg=="),
        (&[("bearer.auth.token", "hunter2"), ("bearer.auth.logical.cluster", "lsrc-1")], "authorization: Bearer hunter2"),
    ] {
        let scripted = echo();
        let registry = scripted.registry(properties);
        let error = registry.id(1).await.expect_err("refused");
        let question = scripted.asked.lock().expect("unpoisoned").concat();
        assert!(question.contains(sent), "{question}");
        assert_eq!(question.contains("target-sr-cluster: lsrc-1"), sent.contains("Bearer"));
        assert_eq!(scripted.asked().len(), 1, "a refusal is not asked again");
        let shown = format!("{error} {error:?} {registry:?}");
        assert!(!shown.contains(sent.rsplit(' ').next().expect("a secret")), "{shown}");
        assert!(matches!(error, Error::Registry { fault: RegistryFault::Denied { status: 401, .. }, .. }));
    }
}

#[tokio::test(start_paused = true)]
async fn guids_subjects_and_versions_are_asked_for_by_their_paths() {
    let scripted = Scripted::new(|_, path, _| if path == "/subjects" { Reply::Says(200, r#"["a"]"#.into()) } else { avro("x") });
    let registry = scripted.registry(&[]);
    let guid = uuid::Uuid::from_bytes([7; 16]);
    assert_eq!(registry.guid(guid).await.expect("known").guid, Some(guid));
    registry.version(":.ctx:a b", Version::Number(3)).await.expect("known");
    assert_eq!(registry.subjects().await, Ok(vec!["a".to_owned()]));
    let guid = "a /schemas/guids/07070707-0707-0707-0707-070707070707";
    assert_eq!(scripted.asked(), [guid, "a /subjects/%3A.ctx%3Aa%20b/versions/3", "a /subjects"]);
}

#[test]
fn without_an_address_or_with_one_that_is_none_there_is_no_registry() {
    let new = |url: &str| Registry::new(&Properties::from([("schema.registry.url", url)]));
    assert!(matches!(new(""), Err(Error::Missing { .. })));
    for url in ["ftp://me:hunter2@a", "a:8081", "http://a?x=y"] {
        let error = new(url).expect_err(url).to_string();
        assert!(error.contains("schema.registry.url") && !error.contains("hunter2"), "{error}");
    }
    assert!(new("https://a,http://b").is_ok());
}
