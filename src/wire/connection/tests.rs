use futures_util::FutureExt;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::metadata_response::MetadataResponseBroker;
use kafka_protocol::messages::{ApiVersionsResponse, FetchRequest, FetchResponse, MetadataRequest, MetadataResponse};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::*;
use crate::config::SecurityProtocol;
use crate::metrics::Metrics;
use crate::wire::PoolLimits;
use crate::wire::testing::{Asked, Network, Reply, all_versions, frame, next_request, response_frame};

const SECOND: Duration = Duration::from_secs(1);

fn settings() -> WireSettings {
    WireSettings {
        client_id: "tests".into(),
        protocol: SecurityProtocol::Plaintext,
        connect_timeout: 10 * SECOND,
        connect_timeout_max: 30 * SECOND,
        patience: Arc::default(),
        request_timeout: 30 * SECOND,
        max_idle: Some(60 * SECOND),
        max_frame: 100 << 20,
        login: None,
        metrics: Metrics::new(),
    }
}

async fn open(network: &Network) -> Result<Connection> {
    Connection::open(&network.transport(), "kafka", 9092, &settings()).await
}

async fn opened(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Connection {
    let network = Network::default();
    network.broker("kafka:9092", script);
    open(&network).await.expect("opens")
}

/// A connection and the broker's end of its stream, versions negotiated.
async fn pair(capacity: usize) -> (Connection, DuplexStream) {
    struct Once(std::sync::Mutex<Option<DuplexStream>>);
    impl Transport for Once {
        fn connect(&self, _: &str, _: u16) -> futures_util::future::BoxFuture<'static, io::Result<Box<dyn Stream>>> {
            let stream = self.0.lock().expect("unpoisoned").take().expect("one connection");
            Box::pin(async move { Ok(Box::new(stream) as Box<dyn Stream>) })
        }
    }
    let (client, mut server) = tokio::io::duplex(capacity);
    let transport: Arc<dyn Transport> = Arc::new(Once(Some(client).into()));
    let settings = settings();
    let answer = async {
        let asked = next_request(&mut server, "kafka:9092").await.expect("ApiVersions");
        let bytes = response_frame(asked.correlation, asked.version, &all_versions());
        server.write_all(&bytes).await.expect("the client reads");
    };
    let (connection, ()) = tokio::join!(Connection::open(&transport, "kafka", 9092, &settings), answer);
    (connection.expect("opens"), server)
}

fn metadata() -> MetadataResponse {
    let broker = MetadataResponseBroker::default().with_node_id(1.into()).with_port(9092);
    MetadataResponse::default().with_brokers(vec![broker])
}

fn records(text: &'static [u8]) -> FetchResponse {
    let partition = PartitionData::default().with_records(Some(Bytes::from_static(text))).with_aborted_transactions(None);
    FetchResponse::default().with_responses(vec![FetchableTopicResponse::default().with_partitions(vec![partition])])
}

fn hostile(bytes: &'static [u8]) -> impl Fn(&Asked) -> Reply + Send + Sync {
    move |asked| Reply::Bytes(frame(&[&asked.correlation.to_be_bytes(), bytes].concat()))
}

#[tokio::test(start_paused = true)]
async fn versions_are_negotiated_and_the_best_common_one_is_used() {
    let mut connection = opened(|asked| {
        assert_eq!(asked.version, 13);
        asked.answer(&metadata())
    })
    .await;
    assert_eq!(connection.broker(), "kafka:9092");
    assert_eq!(connection.version_of::<FetchRequest>(), Ok(17));
    assert_eq!(connection.call(&MetadataRequest::default()).await, Ok(metadata()));
    assert!(connection.is_usable());
}

#[tokio::test(start_paused = true)]
async fn a17_a_broker_that_refuses_our_apiversions_is_asked_in_the_version_that_it_names() {
    let network = Network::default();
    let refusal = |asked: &Asked, max: i16| {
        let api = ApiVersion::default().with_api_key(18).with_max_version(max);
        let response = ApiVersionsResponse::default().with_error_code(UNSUPPORTED_VERSION).with_api_keys(vec![api]);
        Reply::Bytes(response_frame(asked.correlation, 0, &response))
    };
    network.host("kafka:9092", move |asked| match asked.version {
        4 => refusal(asked, 1),
        1 => asked.answer(&all_versions()),
        other => panic!("version {other}"),
    });
    assert_eq!(open(&network).await.expect("opens").version_of::<MetadataRequest>(), Ok(13));
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_refuses_without_naming_a_version_is_asked_in_version_0_and_no_more() {
    let network = Network::default();
    let refusal = ApiVersionsResponse::default().with_error_code(UNSUPPORTED_VERSION);
    let answer = refusal.clone();
    network.host("kafka:9092", move |asked| match asked.version {
        0 => asked.answer(&all_versions()),
        _ => Reply::Bytes(response_frame(asked.correlation, 0, &answer)),
    });
    assert!(open(&network).await.is_ok());
    network.host("kafka:9092", move |asked| Reply::Bytes(response_frame(asked.correlation, 0, &refusal)));
    let error = open(&network).await.expect_err("refused for good");
    assert!(matches!(&error, Error::Refused { name, .. } if name == "UNSUPPORTED_VERSION"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a17_a_broker_without_the_api_is_told_apart_by_both_ranges() {
    let network = Network::default();
    network.host("kafka:9092", |asked| asked.answer(&ApiVersionsResponse::default()));
    let mut connection = open(&network).await.expect("opens");
    let error = connection.call(&MetadataRequest::default()).await.expect_err("no metadata");
    assert_eq!(error.to_string(), "kafka:9092 speaks Metadata not at all, kolumn 4..=13");
    assert!(connection.is_usable(), "nothing was sent");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_reached_is_told_with_host_and_reason() {
    let network = Network::default();
    let refused = open(&network).await.expect_err("nobody listens");
    assert_eq!(refused, Error::Connect { broker: "kafka:9092".into(), reason: "connection refused".into() });
    network.unresolved("kafka:9092");
    let unresolved = open(&network).await.expect_err("no address");
    assert_eq!(unresolved, Error::Resolve { host: "kafka".into(), reason: "no such host".into() });
    network.dark("kafka:9092");
    let begin = Instant::now();
    let dark = open(&network).await.expect_err("no answer");
    assert_eq!(dark, Error::Timeout { what: "connecting to kafka:9092".into(), limit: 10 * SECOND });
    assert_eq!(begin.elapsed(), 10 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a7_a_tls_or_http_port_is_recognised_at_the_first_answer() {
    for (bytes, word) in [(&b"HTTP/1.1 400 Bad Request\r\n"[..], "HTTP"), (&[0x15, 3, 3, 0, 2, 2, 80], "TLS")] {
        let network = Network::default();
        network.host("kafka:9092", move |_| Reply::Bytes(bytes.to_vec()));
        let error = open(&network).await.expect_err("not Kafka").to_string();
        assert!(error.contains(word) && error.contains("kafka:9092"), "{error}");
    }
    let network = Network::default();
    network.host("kafka:9092", |_| Reply::Close);
    let error = open(&network).await.expect_err("closed").to_string();
    assert!(error.contains("TLS or SASL"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a8_a_response_to_another_request_ends_the_connection() {
    let mut connection = opened(|asked| Reply::Bytes(response_frame(asked.correlation + 1, asked.version, &metadata()))).await;
    let error = connection.call(&MetadataRequest::default()).await.expect_err("not ours");
    assert!(error.to_string().contains("it answers request 2, not 1"), "{error}");
    assert_eq!(connection.call(&MetadataRequest::default()).await, Err(error), "it stays ended");
}

#[tokio::test(start_paused = true)]
async fn a4_a_silent_broker_costs_the_request_timeout_and_the_connection() {
    let mut connection = opened(|_| Reply::Silence).await;
    let begin = Instant::now();
    let error = connection.call(&MetadataRequest::default()).await.expect_err("silence");
    assert_eq!(error, Error::Timeout { what: "Metadata to kafka:9092".into(), limit: 30 * SECOND });
    assert_eq!(begin.elapsed(), 30 * SECOND);
    assert!(!connection.is_usable());
}

#[tokio::test(start_paused = true)]
async fn a5_a_response_that_drips_byte_by_byte_does_not_outlast_the_deadline() {
    let (mut connection, mut server) = pair(1 << 16).await;
    let drip = async {
        let asked = next_request(&mut server, "kafka:9092").await.expect("a request");
        for byte in response_frame(asked.correlation, asked.version, &metadata()) {
            tokio::time::sleep(SECOND).await;
            if server.write_all(&[byte]).await.is_err() {
                return;
            }
        }
    };
    let begin = Instant::now();
    let request = MetadataRequest::default();
    let error = tokio::select! {
        outcome = connection.call(&request) => outcome.expect_err("too slow"),
        () = drip => panic!("the whole response was sent"),
    };
    assert!(matches!(error, Error::Timeout { .. }), "{error}");
    assert_eq!(begin.elapsed(), 30 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a10_a_bomb_is_refused_with_broker_and_api() {
    let mut connection = opened(hostile(&[0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f])).await;
    let error = connection.call(&MetadataRequest::default()).await.expect_err("a bomb");
    let reason = "a list of 4294967294 elements in the last 0 bytes".to_owned();
    assert_eq!(error, Error::MalformedResponse { broker: "kafka:9092".into(), api: "Metadata", reason });
}

#[tokio::test(start_paused = true)]
async fn a9_a_response_that_is_too_short_or_no_text_is_malformed_and_trailing_bytes_are_not() {
    let mut connection = opened(hostile(&[0, 0, 0])).await;
    let error = connection.call(&MetadataRequest::default()).await.expect_err("too short");
    assert!(matches!(&error, Error::MalformedResponse { reason, .. } if reason.contains("too early")), "{error}");
    // Throttle 0, no brokers, a cluster id of one byte that is no UTF-8, controller, no topics, no error, no tags.
    let mut connection = opened(hostile(&[0, 0, 0, 0, 0, 1, 2, 0xff, 0, 0, 0, 1, 1, 0, 0, 0])).await;
    let error = connection.call(&MetadataRequest::default()).await.expect_err("no text");
    assert!(matches!(&error, Error::MalformedResponse { reason, .. } if reason.contains("utf-8")), "{error}");
    let mut connection = opened(hostile(&[0, 0, 0, 0, 0, 1, 2, b'c', 0, 0, 0, 1, 1, 0, 0, 0, 9, 9, 9])).await;
    assert!(connection.call(&MetadataRequest::default()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a6_a_response_over_the_limit_is_refused_before_it_arrives() {
    let mut connection = opened(|_| Reply::Bytes(vec![0x10, 0, 0, 0])).await;
    let error = connection.call(&MetadataRequest::default()).await.expect_err("too large");
    let expected = Error::FrameSize { broker: "kafka:9092".into(), size: 0x1000_0000, limit: 64 << 20, hint: None };
    assert_eq!(error, expected);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_cut_says_where() {
    let mut connection = opened(|_| Reply::Close).await;
    let error = connection.call(&MetadataRequest::default()).await.expect_err("closed");
    assert!(error.to_string().contains("before it answered Metadata"), "{error}");
    let (mut connection, mut server) = pair(1 << 16).await;
    connection.send(&MetadataRequest::default(), 12).await.expect("sent");
    server.write_all(&[0, 0, 0, 9, 1]).await.expect("written");
    drop(server);
    let outcome = connection.receive::<MetadataRequest>(&FramePool::none(), Instant::now() + SECOND).await;
    let error = outcome.expect_err("cut").to_string();
    assert!(error.contains("in the middle of a Metadata response, after 5 bytes"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn several_requests_in_flight_are_answered_in_order_into_pooled_frames() {
    static TEXT: [u8; 20_000] = [7; 20_000];
    let mut connection = opened(|asked| asked.answer(&records(&TEXT))).await;
    let pool = FramePool::new(PoolLimits::default());
    let first = connection.send(&FetchRequest::default(), 12).await.expect("sent");
    let second = connection.send(&FetchRequest::default(), 12).await.expect("sent");
    assert_eq!(connection.asked.len(), 2);
    let deadline = Instant::now() + SECOND;
    let (correlation, response) = connection.receive::<FetchRequest>(&pool, deadline).await.expect("answered");
    assert_eq!((correlation, &response), (first, &records(&TEXT)));
    let slice = response.responses[0].partitions[0].records.clone().expect("records");
    drop(response);
    assert_eq!(pool.kept(), 0, "the records are a slice of the frame");
    drop(slice);
    assert!(pool.kept() > 20_000);
    let (correlation, _) = connection.receive::<FetchRequest>(&pool, deadline).await.expect("answered");
    assert_eq!((correlation, connection.asked.len()), (second, 0));
}

#[tokio::test(start_paused = true)]
async fn e1_a_receive_that_is_dropped_half_way_loses_nothing() {
    let (mut connection, mut server) = pair(1 << 16).await;
    let sent = connection.send(&MetadataRequest::default(), 12).await.expect("sent");
    let asked = next_request(&mut server, "kafka:9092").await.expect("a request");
    let bytes = response_frame(asked.correlation, asked.version, &metadata());
    let (head, tail) = bytes.split_at(9);
    let pool = FramePool::none();
    let deadline = Instant::now() + 5 * SECOND;
    server.write_all(head).await.expect("written");
    let early = tokio::time::timeout(SECOND, connection.receive::<MetadataRequest>(&pool, deadline)).await;
    assert!(early.is_err(), "it is not all there yet");
    server.write_all(tail).await.expect("written");
    assert_eq!(connection.receive::<MetadataRequest>(&pool, deadline).await, Ok((sent, metadata())));
}

#[tokio::test(start_paused = true)]
async fn e1_a_send_that_is_dropped_half_way_is_finished_by_the_next_use() {
    let (mut connection, mut server) = pair(64).await;
    let large = FetchRequest::default().with_rack_id(StrBytes::from_string("r".repeat(500)));
    assert!(tokio::time::timeout(SECOND, connection.send(&large, 12)).await.is_err(), "the stream is full");
    let broker = async {
        let asked = next_request(&mut server, "kafka:9092").await.expect("the whole request");
        let bytes = response_frame(asked.correlation, asked.version, &records(b"x"));
        server.write_all(&bytes).await.expect("the client reads");
        assert_eq!(asked.request::<FetchRequest>(), large);
    };
    let pool = FramePool::none();
    let (received, ()) = tokio::join!(connection.receive::<FetchRequest>(&pool, Instant::now() + SECOND), broker);
    assert_eq!(received.map(|(_, response)| response), Ok(records(b"x")));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_half_way_ends_the_connection() {
    let mut connection = opened(|asked| asked.answer(&metadata())).await;
    let request = MetadataRequest::default();
    assert!(connection.call(&request).now_or_never().is_none(), "it waits for the answer");
    assert!(!connection.is_usable());
    let error = connection.call(&request).await.expect_err("given up");
    assert!(error.to_string().contains("given up half-way"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_throttle_delays_the_next_call_and_not_this_one() {
    let mut connection = opened(|asked| asked.answer(&metadata().with_throttle_time_ms(2500))).await;
    let begin = Instant::now();
    connection.call(&MetadataRequest::default()).await.expect("answered");
    assert_eq!(begin.elapsed(), Duration::ZERO);
    connection.call(&MetadataRequest::default()).await.expect("answered");
    assert_eq!(begin.elapsed(), Duration::from_millis(2500));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_cannot_be_written_leaves_the_connection_as_it_was() {
    let mut connection = opened(|asked| asked.answer(&metadata())).await;
    let too_long = FetchRequest::default().with_rack_id(StrBytes::from_string("r".repeat(40_000)));
    let error = connection.send(&too_long, 11).await.expect_err("too long for a string");
    assert!(matches!(error, Error::Unencodable { api: "Fetch", .. }), "{error}");
    assert_eq!(connection.call(&MetadataRequest::default()).await, Ok(metadata()));
}

#[tokio::test(start_paused = true)]
async fn a8_a_response_that_nobody_asked_for_is_never_taken_for_another() {
    let (mut connection, mut server) = pair(1 << 16).await;
    server.write_all(&response_frame(1, 12, &metadata())).await.expect("written");
    let pool = FramePool::none();
    assert!(connection.receive::<MetadataRequest>(&pool, Instant::now() + SECOND).await.is_err());
    let mut rest = Vec::new();
    drop(connection);
    server.read_to_end(&mut rest).await.expect("closed");
    assert!(rest.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_client_id_and_the_software_are_told_to_the_broker() {
    let network = Network::default();
    network.host("kafka:9092", |asked| {
        let request: ApiVersionsRequest = asked.request();
        assert_eq!((asked.client_id.as_deref(), request.client_software_name.as_str()), (Some("tests"), "kolumn"));
        asked.answer(&all_versions())
    });
    assert!(open(&network).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_is_exchanged_is_counted_by_broker_and_api_with_latency_and_throttle() {
    let network = Network::default();
    network.broker("kafka:9092", |asked| match asked.key {
        3 => asked.answer(&metadata().with_throttle_time_ms(400)),
        _ => Reply::Close,
    });
    let settings = settings();
    let counted = |settings: &WireSettings| settings.metrics.brokers().pop().expect("one broker");
    let mut connection = Connection::open(&network.transport(), "kafka", 9092, &settings).await.expect("opens");
    connection.call(&MetadataRequest::default()).await.expect("answers");
    let seen = counted(&settings);
    let apis: Vec<_> = seen.apis.iter().map(|api| (api.api, api.requests, api.answers, api.failures)).collect();
    assert_eq!(apis, [("Metadata", 1, 1, 0), ("ApiVersions", 1, 1, 0)]);
    assert_eq!((seen.connections_opened, seen.connections_open, seen.connections_lost), (1, 1, 0));
    assert_eq!((seen.throttles, seen.last_throttle), (1, Some(Duration::from_millis(400))));
    let version = connection.version_of::<FetchRequest>().expect("spoken");
    connection.send(&FetchRequest::default(), version).await.expect("the stream is open");
    let deadline = Instant::now() + SECOND;
    connection.receive::<FetchRequest>(&FramePool::none(), deadline).await.expect_err("closed");
    drop(connection);
    let seen = counted(&settings);
    let fetch = seen.apis.first().expect("the first API");
    assert_eq!((fetch.api, fetch.requests, fetch.answers, fetch.failures), ("Fetch", 1, 0, 1));
    assert_eq!((seen.connections_open, seen.connections_lost), (0, 1));
    let sent: usize = network.seen().iter().map(|asked| asked.body.len()).sum();
    assert!(seen.bytes_sent > sent as u64 && seen.bytes_received > 0);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_to_connect_that_comes_to_nothing_is_counted_and_no_connection() {
    let settings = settings();
    Connection::open(&Network::default().transport(), "kafka", 9092, &settings).await.expect_err("nobody listens");
    let seen = settings.metrics.brokers().pop().expect("it was tried");
    assert_eq!((seen.broker.as_str(), seen.connect_failures, seen.connections_opened), ("kafka:9092", 1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_connection_on_which_nothing_is_asked_becomes_idle_and_a_question_ends_that() {
    let mut connection = opened(|asked| asked.answer(&metadata())).await;
    tokio::time::advance(59 * SECOND).await;
    assert!(!connection.is_idle());
    connection.call(&MetadataRequest::default()).await.expect("answers");
    tokio::time::advance(59 * SECOND).await;
    assert!(!connection.is_idle(), "asked a minute ago");
    tokio::time::advance(SECOND).await;
    assert!(connection.is_idle());
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_took_too_long_to_connect_gets_twice_the_time_up_to_the_maximum() {
    let network = Network::default();
    network.dark("kafka:9092");
    let settings = settings();
    for limit in [10, 20, 30, 30] {
        let began = Instant::now();
        let error = Connection::open(&network.transport(), "kafka", 9092, &settings).await.expect_err("dark");
        assert!(matches!(error, Error::Timeout { limit: told, .. } if told == limit * SECOND), "{error}");
        assert_eq!(began.elapsed().as_secs(), u64::from(limit));
    }
}
