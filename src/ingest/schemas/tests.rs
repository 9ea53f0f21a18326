use std::sync::atomic::{AtomicU8, Ordering};

use super::*;
use crate::config::OnUnavailable;
use crate::decode::WriterSchema;
use crate::registry::tests::{Reply, Scripted};

const PROPERTIES: &[(&str, &str)] = &[
    ("kolumn.registry.retries", "0"),
    ("kolumn.registry.retry.backoff.ms", "1000"),
    ("kolumn.registry.retry.backoff.max.ms", "1000"),
    ("kolumn.registry.negative.cache.ms", "5000"),
];

/// A registry that is asked beside the test.
fn served(scripted: &Scripted, on_unavailable: OnUnavailable, more: &[(&str, &str)]) -> Schemas {
    let registry = scripted.registry(&[PROPERTIES, more].concat());
    let schemas = Schemas::new(registry, on_unavailable);
    let serving = schemas.clone();
    tokio::spawn(async move { serving.serve().await });
    schemas
}

fn int() -> Reply {
    Reply::Says(200, r#"{"schema": "\"int\""}"#.into())
}

fn missing() -> Reply {
    Reply::Says(404, r#"{"error_code":40403,"message":"Schema not found"}"#.into())
}

/// What there is to be known of an id once nobody needs to wait for it.
async fn answered(schemas: &Schemas, id: u32) -> Lookup {
    let mut news = schemas.news();
    let id = SchemaId::Id(id);
    loop {
        match schemas.get(id) {
            Lookup::Pending => news.changed().await.expect("it goes on"),
            lookup => return lookup,
        }
    }
}

fn reason(lookup: Lookup) -> String {
    match lookup {
        Lookup::Failed(reason) => reason.to_string(),
        other => panic!("{other:?}"),
    }
}

fn is_known(lookup: &Lookup) -> bool {
    matches!(lookup, Lookup::Known(_))
}

#[tokio::test(start_paused = true)]
async fn a_schema_that_many_look_up_is_asked_for_once_and_is_the_same_to_all() {
    let scripted = Scripted::new(|_, _, _| int());
    let schemas = served(&scripted, OnUnavailable::Wait, &[]);
    for _ in 0..100 {
        assert!(matches!(schemas.clone().get(SchemaId::Id(7)), Lookup::Pending));
    }
    assert!(schemas.waits_for(SchemaId::Id(7)).is_some_and(|why| why.contains("not answered yet")));
    let known = |lookup| match lookup {
        Lookup::Known(WriterSchema::Avro(schema)) => schema,
        other => panic!("{other:?}"),
    };
    let (first, second) = (known(answered(&schemas, 7).await), known(schemas.get(SchemaId::Id(7))));
    assert!(Arc::ptr_eq(&first, &second) && schemas.waits_for(SchemaId::Id(7)).is_none());
    assert_eq!(scripted.asked(), ["a /schemas/ids/7"]);
}

#[tokio::test(start_paused = true)]
async fn an_id_that_there_is_none_of_is_a_failure_at_once_and_is_asked_for_again_after_its_time() {
    let scripted = Scripted::new(|_, _, before| if before == 0 { missing() } else { int() });
    let schemas = served(&scripted, OnUnavailable::Wait, &[]);
    assert!(reason(answered(&schemas, 7).await).contains("Schema not found"));
    tokio::time::advance(Duration::from_millis(4_999)).await;
    assert!(matches!(schemas.get(SchemaId::Id(7)), Lookup::Failed(_)));
    assert_eq!(scripted.asked().len(), 1);
    tokio::time::advance(Duration::from_millis(1)).await;
    assert!(matches!(schemas.get(SchemaId::Id(7)), Lookup::Pending), "nobody is told what may be wrong now");
    assert!(is_known(&answered(&schemas, 7).await));
}

#[tokio::test(start_paused = true)]
async fn every_answer_is_seen_by_somebody_however_short_it_counts() {
    let scripted = Scripted::new(|_, _, _| missing());
    let schemas = served(&scripted, OnUnavailable::Wait, &[("kolumn.registry.negative.cache.ms", "0")]);
    for asked in 1..=5 {
        reason(answered(&schemas, 7).await);
        assert_eq!(scripted.asked().len(), asked);
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_asked_for_is_waited_for_with_the_reason_and_asked_again_after_pauses() {
    // Nobody there, an answer that it is not the moment, and one that we may not ask.
    let scripted = Scripted::new(|_, _, before| match before {
        0 => Reply::Refused,
        1 => Reply::Says(503, r#"{"error_code":50301,"message":"in repair"}"#.into()),
        2 => Reply::Says(401, r#"{"error_code":401,"message":"who are you"}"#.into()),
        _ => int(),
    });
    let schemas = served(&scripted, OnUnavailable::Wait, &[("kolumn.registry.negative.cache.ms", "1000")]);
    let began = Instant::now();
    let mut news = schemas.news();
    let mut reasons = Vec::new();
    while matches!(schemas.get(SchemaId::Id(7)), Lookup::Pending) {
        news.changed().await.expect("it goes on");
        reasons.extend(schemas.waits_for(SchemaId::Id(7)));
    }
    for part in ["http://a", "in repair", "who are you"] {
        assert!(reasons.iter().any(|reason| reason.contains(part) && reason.contains("schema 7")), "{part}: {reasons:?}");
    }
    assert_eq!((scripted.asked().len(), began.elapsed()), (4, Duration::from_secs(3)));
}

#[tokio::test(start_paused = true)]
async fn by_policy_what_cannot_be_asked_for_is_a_failure_until_it_can_and_nobody_waits_meanwhile() {
    let down = Arc::new(AtomicU8::new(1));
    let is_down = Arc::clone(&down);
    let scripted = Scripted::new(move |_, _, _| if is_down.load(Ordering::Relaxed) == 1 { Reply::Refused } else { int() });
    let schemas = served(&scripted, OnUnavailable::Error, &[("kolumn.registry.retries", "2")]);
    let began = Instant::now();
    assert!(reason(answered(&schemas, 7).await).contains("schema 7"));
    assert_eq!((scripted.asked().len(), began.elapsed()), (3, Duration::from_secs(2)), "after the retries");
    down.store(0, Ordering::Relaxed);
    tokio::time::advance(Duration::from_secs(1)).await;
    let mut news = schemas.news();
    assert!(matches!(schemas.get(SchemaId::Id(7)), Lookup::Failed(_)), "it is asked again beside those who look");
    while !is_known(&schemas.get(SchemaId::Id(7))) {
        news.changed().await.expect("it goes on");
    }
    assert_eq!(scripted.asked().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn as_many_answers_are_kept_as_are_allowed_and_none_goes_before_it_was_seen() {
    let scripted = Scripted::new(|_, path, _| if path.ends_with('9') { missing() } else { int() });
    let schemas = served(&scripted, OnUnavailable::Wait, &[("kolumn.registry.cache.schemas", "3")]);
    for id in 0..50 {
        schemas.get(SchemaId::Id(id));
    }
    let mut news = schemas.news();
    while (0..50).any(|id| schemas.waits_for(SchemaId::Id(id)).is_some()) {
        news.changed().await.expect("it goes on");
    }
    assert_eq!(schemas.book().entries.len(), 50, "all are awaited");
    for id in 0..50 {
        assert!(!matches!(schemas.get(SchemaId::Id(id)), Lookup::Pending), "{id}");
    }
    assert_eq!(scripted.asked().len(), 50);
    answered(&schemas, 50).await;
    let book = schemas.book();
    assert_eq!((book.entries.len(), book.order.len()), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn schemas_that_may_not_be_read_hold_up_no_other() {
    let scripted = Scripted::new(|_, path, _| match path {
        "/schemas/ids/1000" => int(),
        _ => Reply::Says(403, r#"{"error_code":40301,"message":"not yours"}"#.into()),
    });
    let schemas = served(&scripted, OnUnavailable::Wait, &[]);
    for id in 0..100 {
        schemas.get(SchemaId::Id(id));
    }
    assert!(is_known(&answered(&schemas, 1000).await));
    assert!((0..100).all(|id| schemas.waits_for(SchemaId::Id(id)).is_some()));
}
