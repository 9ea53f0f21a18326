use std::sync::atomic::{AtomicBool, Ordering};

use kafka_protocol::messages::{
    ApiKey, MetadataRequest, MetadataResponse, SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeResponse,
};
use tokio::time::advance;

use super::*;
use crate::config::{Properties, Settings};
use crate::wire::testing::{Asked, Network, Reply};

const HOUR: Duration = Duration::from_secs(3600);

/// What a broker of the script answers to a login; everything else is metadata.
fn answer(asked: &Asked, lifetime_ms: i64) -> Reply {
    if asked.is(ApiKey::SaslHandshake) {
        return asked.answer(&SaslHandshakeResponse::default());
    }
    if asked.is(ApiKey::SaslAuthenticate) {
        let request: SaslAuthenticateRequest = asked.request();
        assert_eq!(request.auth_bytes, b"\0alice\0secret"[..]);
        return asked.answer(&SaslAuthenticateResponse::default().with_session_lifetime_ms(lifetime_ms));
    }
    asked.answer(&MetadataResponse::default())
}

async fn open(network: &Network) -> Result<Connection> {
    let properties = Properties::from([
        ("security.protocol", "SASL_PLAINTEXT"),
        ("sasl.mechanism", "PLAIN"),
        ("sasl.username", "alice"),
        ("sasl.password", "secret"),
    ]);
    let settings = Settings::from_properties(&properties).expect("valid");
    let settings = WireSettings::new(&settings, None, None).expect("a password");
    Connection::open(&network.transport(), "kafka", 9092, &settings).await
}

/// The APIs that were asked, by their numbers.
fn keys(network: &Network) -> Vec<i16> {
    network.seen().iter().map(|asked| asked.key).collect()
}

async fn ask(connection: &mut Connection) -> Result<MetadataResponse> {
    connection.call(&MetadataRequest::default()).await
}

#[tokio::test(start_paused = true)]
async fn a_login_comes_before_everything_but_the_versions() {
    let network = Network::default();
    network.broker("kafka:9092", |asked| answer(asked, 0));
    let mut connection = open(&network).await.expect("opens");
    ask(&mut connection).await.expect("metadata");
    advance(1000 * HOUR).await;
    ask(&mut connection).await.expect("metadata");
    assert_eq!(keys(&network), [17, 36, 3, 3], "without a lifetime it is not renewed");
    assert_eq!(network.seen().iter().map(|asked| asked.version).take(2).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a14_a_session_is_renewed_before_the_first_request_after_85_to_95_percent_of_its_life() {
    let network = Network::default();
    network.broker("kafka:9092", |asked| answer(asked, 3_600_000));
    let mut connection = open(&network).await.expect("opens");
    advance(HOUR * 84 / 100).await;
    ask(&mut connection).await.expect("metadata");
    assert_eq!(keys(&network), [17, 36, 3]);
    advance(HOUR * 12 / 100).await;
    ask(&mut connection).await.expect("metadata");
    assert_eq!(keys(&network), [17, 36, 3, 17, 36, 3]);
    // The new session begins where the old one was renewed.
    advance(HOUR * 84 / 100).await;
    ask(&mut connection).await.expect("metadata");
    assert_eq!(keys(&network).len(), 7);
    assert_eq!(network.connects().len(), 1, "on the same connection");
}

#[tokio::test(start_paused = true)]
async fn a14_a_session_is_not_renewed_while_an_answer_is_awaited() {
    let network = Network::default();
    network.broker("kafka:9092", |asked| answer(asked, 3_600_000));
    let mut connection = open(&network).await.expect("opens");
    connection.send(&MetadataRequest::default(), 12).await.expect("sent");
    advance(HOUR * 96 / 100).await;
    assert!(connection.is_renewal_due(Duration::ZERO));
    connection.send(&MetadataRequest::default(), 12).await.expect("sent");
    for _ in 0..2 {
        let deadline = Instant::now() + HOUR;
        connection.receive::<MetadataRequest>(&FramePool::none(), deadline).await.expect("answered");
    }
    assert_eq!(keys(&network), [17, 36, 3, 3]);
    connection.send(&MetadataRequest::default(), 12).await.expect("sent");
    assert_eq!(keys(&network).get(4..6), Some(&[17, 36][..]), "and is as soon as nothing is");
}

#[tokio::test(start_paused = true)]
async fn a14_a_broker_that_closed_first_is_connected_to_anew_without_an_error() {
    for refusal in [None, Some(58), Some(34)] {
        let network = Network::default();
        let once = AtomicBool::new(true);
        network.broker("kafka:9092", move |asked| {
            let renews = asked.is(ApiKey::SaslHandshake) && asked.correlation > 2;
            match refusal {
                _ if !renews || !once.swap(false, Ordering::Relaxed) => answer(asked, 3_600_000),
                None => Reply::Close,
                Some(code) => asked.answer(&SaslHandshakeResponse::default().with_error_code(code)),
            }
        });
        let mut connection = open(&network).await.expect("opens");
        advance(2 * HOUR).await;
        ask(&mut connection).await.expect("metadata, over another connection");
        assert_eq!(network.connects().len(), 2, "{refusal:?}");
        assert_eq!(keys(&network), [17, 36, 17, 17, 36, 3], "{refusal:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a14_a_password_that_is_no_longer_right_is_told_when_the_session_is_renewed() {
    let network = Network::default();
    let right = Arc::new(AtomicBool::new(true));
    let still = Arc::clone(&right);
    network.broker("kafka:9092", move |asked| match still.load(Ordering::Relaxed) {
        false if asked.is(ApiKey::SaslAuthenticate) => asked.answer(
            &SaslAuthenticateResponse::default()
                .with_error_code(58)
                .with_error_message(Some(StrBytes::from_static_str("no more\u{7} of it"))),
        ),
        _ => answer(asked, 3_600_000),
    });
    let mut connection = open(&network).await.expect("opens");
    right.store(false, Ordering::Relaxed);
    advance(HOUR).await;
    let error = ask(&mut connection).await.expect_err("refused");
    let reason = "no more  of it".to_owned();
    assert_eq!(error, Error::Authentication { broker: "kafka:9092".into(), mechanism: "PLAIN".into(), reason });
    assert_eq!(ask(&mut connection).await, Err(error), "the connection is of no more use");
    assert_eq!(network.connects().len(), 2, "it was tried once more, from the beginning");
}

#[tokio::test(start_paused = true)]
async fn a13_what_a_hostile_broker_says_back_of_the_secret_is_not_told() {
    for words in ["the password is secret", "c2VjcmV0", "AGFsaWNlAHNlY3JldA==", "eHhzZWNyZXR4", "secret"] {
        let network = Network::default();
        network.broker("kafka:9092", move |asked| match asked.is(ApiKey::SaslAuthenticate) {
            true => asked.answer(
                &SaslAuthenticateResponse::default()
                    .with_error_code(58)
                    .with_error_message(Some(StrBytes::from_static_str(words))),
            ),
            false => answer(asked, 0),
        });
        let error = open(&network).await.expect_err("refused");
        let Error::Authentication { reason, .. } = error else { panic!("{error}") };
        assert_eq!(reason, "[the broker's words hold the secret]");
    }
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_cannot_say_yes_or_no_is_not_taken_to_refuse() {
    for code in [-1, 7, 15] {
        let network = Network::default();
        network.broker("kafka:9092", move |asked| match asked.is(ApiKey::SaslAuthenticate) {
            true => asked.answer(&SaslAuthenticateResponse::default().with_error_code(code)),
            false => answer(asked, 0),
        });
        let error = open(&network).await.expect_err("not now");
        assert!(matches!(error, Error::Disconnected { .. }), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_is_dropped_half_way_ends_the_connection() {
    let network = Network::default();
    let begun = Arc::new(AtomicBool::new(false));
    let again = Arc::clone(&begun);
    network.broker("kafka:9092", move |asked| {
        let silent = asked.is(ApiKey::SaslAuthenticate) && again.swap(true, Ordering::Relaxed);
        if silent { Reply::Silence } else { answer(asked, 3_600_000) }
    });
    let mut connection = open(&network).await.expect("opens");
    advance(HOUR).await;
    assert!(tokio::time::timeout(Duration::from_secs(1), ask(&mut connection)).await.is_err());
    assert!(!connection.is_usable());
    assert!(ask(&mut connection).await.is_err());
}
