//! Brokers behind TLS: who is trusted, who is let in, and what is said where something is wrong.

mod common;

use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use common::{append_numbered, assert_numbered, complete, consume, live, until, until_rows, within};
use kolumn::rustls::crypto::{GetRandomFailed, SecureRandom};
use kolumn::{Consume, Error, Properties, Stop, Table, TableType};
use kolumn_test_broker::{TestCluster, TlsListener, certificates};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn server() -> TlsListener {
    TlsListener::new(certificates::SERVER, certificates::SERVER_KEY)
}

/// A cluster with these listeners and 1000 numbered rows in each of two partitions.
fn cluster(listener: TlsListener) -> TestCluster {
    let cluster = TestCluster::builder().topic("t", 2).tls(listener).start_blocking().expect("the cluster starts");
    (0..2).for_each(|partition| append_numbered(&cluster, partition, 0..1_000, 100));
    cluster
}

/// A consumption over TLS that trusts the tests' authority.
fn secured(cluster: &TestCluster) -> Consume {
    consume(cluster).property("security.protocol", "SSL").property("ssl.ca.pem", certificates::AUTHORITY)
}

fn with_client(consume: Consume, certificate: &str, key: &str) -> Consume {
    consume.property("ssl.certificate.pem", certificate).property("ssl.key.pem", key)
}

async fn reads_all(consume: Consume) {
    assert_numbered(&complete(consume.until(Stop::End)).await.snapshot(), 2, 1_000);
}

/// The error with which it does not start.
async fn refused(consume: Consume) -> Error {
    within(consume.table(TableType::Append).into_future()).await.map(drop).expect_err("it is refused")
}

/// The text of an error of TLS. Such a one is told at once: there was one connection.
async fn refused_at_once(cluster: &TestCluster, consume: Consume) -> String {
    let before = cluster.connections_accepted();
    match refused(consume).await {
        error @ Error::Tls { .. } => {
            assert_eq!(cluster.connections_accepted() - before, 1, "it was tried again: {error}");
            error.to_string()
        }
        other => panic!("{other:?}"),
    }
}

fn assert_says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is not in: {text}");
    }
}

#[tokio::test]
async fn a_topic_is_read_over_tls_with_what_the_system_does_not_trust() {
    reads_all(secured(&cluster(server()))).await;
}

#[tokio::test]
async fn a_topic_is_read_over_tls_1_2_where_the_broker_speaks_nothing_newer() {
    let cluster = cluster(server().only_tls12());
    reads_all(secured(&cluster)).await;
    reads_all(secured(&cluster).property("ssl.enabled.protocols", "TLSv1.2")).await;
}

#[tokio::test]
async fn answers_of_many_tls_records_are_read_whole_and_in_order() {
    let cluster = TestCluster::builder().topic("t", 4).tls(server()).start_blocking().expect("the cluster starts");
    (0..4).for_each(|partition| append_numbered(&cluster, partition, 0..50_000, 5_000));
    assert_numbered(&complete(secured(&cluster).until(Stop::End)).await.snapshot(), 4, 50_000);
}

#[tokio::test]
async fn topics_are_listed_over_tls() {
    let cluster = cluster(server());
    let pairs = [("bootstrap.servers", cluster.bootstrap()), ("security.protocol", "SSL".into())];
    let mut properties: Properties = pairs.into();
    properties.set("ssl.ca.pem", certificates::AUTHORITY);
    let topics = within(kolumn::topics(&properties, |_| true)).await.expect("topics");
    assert_eq!(topics.len(), 1);
}

#[tokio::test]
async fn a12_a_certificate_of_another_host_is_refused_and_both_names_are_told() {
    let cluster = cluster(TlsListener::new(certificates::WRONG_HOST, certificates::WRONG_HOST_KEY));
    let text = refused_at_once(&cluster, secured(&cluster)).await;
    let address = cluster.address(1).to_string();
    assert_says(&text, &[&address, "CN=another broker", "kafka.example.com, 192.0.2.1", "not of 127.0.0.1"]);
    reads_all(secured(&cluster).property("ssl.endpoint.identification.algorithm", "")).await;
}

#[tokio::test]
async fn a12_an_expired_certificate_is_refused_and_the_day_is_told() {
    let cluster = cluster(TlsListener::new(certificates::EXPIRED, certificates::EXPIRED_KEY));
    let text = refused_at_once(&cluster, secured(&cluster)).await;
    assert_says(&text, &["CN=old broker", "expired", "2001-01-01"]);
    let unnamed = secured(&cluster).property("ssl.endpoint.identification.algorithm", "none");
    assert_says(&refused_at_once(&cluster, unnamed).await, &["expired"]);
}

#[tokio::test]
async fn a12_a_certificate_of_the_future_is_refused_and_the_clock_is_named() {
    let cluster = cluster(TlsListener::new(certificates::FUTURE, certificates::FUTURE_KEY));
    let text = refused_at_once(&cluster, secured(&cluster)).await;
    assert_says(&text, &["CN=coming broker", "not valid yet", "2085-01-01", "clock"]);
}

#[tokio::test]
async fn a12_an_unknown_authority_is_refused_and_named() {
    let cluster = cluster(TlsListener::new(certificates::BY_OTHER, certificates::BY_OTHER_KEY));
    let text = refused_at_once(&cluster, secured(&cluster)).await;
    assert_says(&text, &["CN=renewed broker", "CN=kolumn test other", "ssl.ca.location"]);
    reads_all(secured(&cluster).property("ssl.ca.pem", certificates::OTHER_AUTHORITY)).await;
    reads_all(secured(&cluster).property("enable.ssl.certificate.verification", "false")).await;
}

#[tokio::test]
async fn a12_where_no_authority_is_given_those_of_the_system_are_asked() {
    let cluster = cluster(server());
    for consume in [consume(&cluster), consume(&cluster).property("ssl.ca.location", "probe")] {
        let error = refused(consume.property("security.protocol", "SSL")).await;
        assert!(matches!(error, Error::Tls { .. }), "{error:?}");
        let text = error.to_string();
        // A machine may have none.
        let (asked, none) = ("not trusted by the authorities of this system", "this system has no certificates of authorities");
        assert!((text.contains(asked) || text.contains(none)) && text.contains("ssl.ca.location"), "{text}");
    }
}

#[tokio::test]
async fn a12_a_plaintext_broker_behind_a_tls_client_may_pass_and_the_error_asks_for_the_protocol() {
    let cluster = TestCluster::builder().topic("t", 2).start_blocking().expect("the cluster starts");
    match refused(secured(&cluster).property("kolumn.bootstrap.timeout.ms", "500")).await {
        error @ Error::Disconnected { .. } => {
            assert_says(&error.to_string(), &["a plaintext listener does that", "security.protocol"]);
        }
        other => panic!("{other:?}"),
    }
    assert!(cluster.connections_accepted() > 1, "a broker that is starting does the same: it was not tried again");
}

#[tokio::test]
async fn a12_a_peer_that_answers_without_tls_is_told_by_what_it_says() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let broker = listener.local_addr().expect("bound").to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut hello = [0; 64];
            if stream.read(&mut hello).await.is_ok() {
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            }
        }
    });
    let consume = kolumn::consume("t").brokers(broker).value(common::number()).property("security.protocol", "SSL");
    let error = refused(consume.property("ssl.ca.pem", certificates::AUTHORITY)).await;
    assert!(matches!(error, Error::Tls { .. }), "{error:?}");
    assert_says(&error.to_string(), &["HTTP", "security.protocol"]);
}

#[tokio::test]
async fn a7_a_tls_listener_behind_a_plaintext_client_is_recognised() {
    let cluster = cluster(server());
    match refused(consume(&cluster)).await {
        error @ Error::FrameSize { .. } => assert_says(&error.to_string(), &["looks like TLS", "security.protocol=SSL"]),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a12_a_client_certificate_that_the_broker_asks_for_is_named_and_with_it_the_topic_is_read() {
    for listener in [server(), server().only_tls12()] {
        let cluster = cluster(listener.require_client_certificate(certificates::AUTHORITY));
        let text = refused_at_once(&cluster, secured(&cluster)).await;
        assert_says(&text, &["the broker asks for a client certificate", "ssl.keystore.location"]);
        reads_all(with_client(secured(&cluster), certificates::CLIENT, certificates::CLIENT_KEY)).await;
    }
}

#[tokio::test]
async fn a12_a_client_certificate_that_the_broker_does_not_trust_is_told_with_its_subject() {
    for listener in [server(), server().only_tls12()] {
        let cluster = cluster(listener.require_client_certificate(certificates::AUTHORITY));
        let stranger = with_client(secured(&cluster), certificates::CLIENT_BY_OTHER, certificates::CLIENT_BY_OTHER_KEY);
        let text = refused_at_once(&cluster, stranger).await;
        assert_says(&text, &["does not accept the client certificate CN=stranger"]);
    }
}

#[tokio::test]
async fn certificates_are_read_from_files_by_the_names_of_java_and_of_librdkafka() {
    let cluster = cluster(server().require_client_certificate(certificates::AUTHORITY));
    let path = |file| certificates::path(file).display().to_string();
    let secured = || consume(&cluster).property("security.protocol", "SSL");
    reads_all(
        secured()
            .property("ssl.ca.location", path("authority.pem"))
            .property("ssl.certificate.location", path("client.pem"))
            .property("ssl.key.location", path("client.encrypted.key"))
            .property("ssl.key.password", certificates::PASSWORD),
    )
    .await;
    let directory = tempfile::tempdir().expect("a directory");
    let store = directory.path().join("client.pem");
    write(&store, &format!("{}{}", certificates::CLIENT_KEY, certificates::CLIENT));
    reads_all(
        secured()
            .property("ssl.truststore.type", "PEM")
            .property("ssl.truststore.location", path("authority.pem"))
            .property("ssl.keystore.type", "PEM")
            .property("ssl.keystore.location", store.display().to_string()),
    )
    .await;
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("the file can be written");
}

/// Cuts all connections, so that the next row comes over a new one.
fn cut(cluster: &TestCluster) {
    cluster.restart(1);
}

#[tokio::test]
async fn a12_renewed_certificates_on_disk_are_used_from_the_next_connection_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = |name: &str| directory.path().join(name);
    write(&file("ca.pem"), certificates::AUTHORITY);
    write(&file("client.pem"), &format!("{}{}", certificates::CLIENT_KEY, certificates::CLIENT));
    let cluster = cluster(server().require_client_certificate(certificates::AUTHORITY));
    let consume = consume(&cluster)
        .property("security.protocol", "SSL")
        .property("ssl.ca.location", file("ca.pem").display().to_string())
        .property("ssl.keystore.location", file("client.pem").display().to_string());
    let table = live(consume).await;
    until_rows(&table, 2_000).await;

    let renewed = TlsListener::new(certificates::BY_OTHER, certificates::BY_OTHER_KEY);
    cluster.set_tls(&renewed.require_client_certificate(certificates::OTHER_AUTHORITY));
    write(&file("ca.pem"), certificates::OTHER_AUTHORITY);
    write(&file("client.pem"), &format!("{}{}", certificates::CLIENT_BY_OTHER_KEY, certificates::CLIENT_BY_OTHER));
    cut(&cluster);
    more(&cluster, &table).await;
}

#[tokio::test]
async fn a12_files_that_cannot_be_used_leave_the_certificates_before_in_use() {
    let directory = tempfile::tempdir().expect("a directory");
    let authority = directory.path().join("ca.pem");
    write(&authority, certificates::AUTHORITY);
    let cluster = cluster(server());
    let consume = consume(&cluster).property("security.protocol", "SSL");
    let table = live(consume.property("ssl.ca.location", authority.display().to_string())).await;
    until_rows(&table, 2_000).await;
    write(&authority, "-----BEGIN CERTIFICATE-----\nhalf a fi");
    cut(&cluster);
    more(&cluster, &table).await;
}

#[tokio::test]
async fn a12_a_running_consumption_goes_on_when_the_brokers_certificate_is_mended() {
    let cluster = cluster(server());
    let table = live(secured(&cluster)).await;
    until_rows(&table, 2_000).await;
    cluster.set_tls(&TlsListener::new(certificates::EXPIRED, certificates::EXPIRED_KEY));
    cut(&cluster);
    let accepted = cluster.connections_accepted();
    until("further attempts", || cluster.connections_accepted() > accepted + 3).await;
    cluster.set_tls(&server());
    more(&cluster, &table).await;
}

/// Appends, and waits for it.
async fn more(cluster: &TestCluster, table: &Table) {
    (0..2).for_each(|partition| append_numbered(cluster, partition, 1_000..1_500, 100));
    until_rows(table, 3_000).await;
    assert_numbered(&table.snapshot(), 2, 1_500);
}

/// The built-in random numbers, counted.
#[derive(Debug)]
struct Counted(AtomicUsize);

impl SecureRandom for Counted {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        self.0.fetch_add(1, Ordering::Relaxed);
        rustls_graviola::default_provider().secure_random.fill(bytes)
    }
}

#[tokio::test]
async fn a_provider_of_cryptography_that_is_passed_in_is_used() {
    static RANDOM: Counted = Counted(AtomicUsize::new(0));
    let mut provider = rustls_graviola::default_provider();
    provider.secure_random = &RANDOM;
    reads_all(secured(&cluster(server())).crypto_provider(Arc::new(provider))).await;
    assert!(RANDOM.0.load(Ordering::Relaxed) > 0);
}

/// Everything that is logged, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("unpoisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The log of this process: kolumn's threads are not the test's.
fn log() -> Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(|| {
        let log = Log::default();
        let writer = log.clone();
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).init();
        log
    })
    .clone()
}

#[tokio::test]
async fn neither_the_private_key_nor_its_password_is_in_a_log_an_error_or_debug_output() {
    let log = log();
    let cluster = cluster(server().require_client_certificate(certificates::AUTHORITY));
    let with = |key: &str, password: &str| {
        with_client(secured(&cluster), certificates::CLIENT, key).property("ssl.key.password", password)
    };
    reads_all(with(certificates::CLIENT_KEY_ENCRYPTED, certificates::PASSWORD)).await;
    reads_all(with(certificates::CLIENT_KEY, "")).await;
    let mut shown = vec![
        format!("{:?}", with(certificates::CLIENT_KEY, certificates::PASSWORD)),
        format!("{:#?}", with(certificates::CLIENT_KEY_ENCRYPTED, certificates::PASSWORD).table(TableType::Append)),
    ];
    let wrong = format!("{}-wrong", certificates::PASSWORD);
    let damaged = certificates::CLIENT_KEY.replace("MIGH", "M!GH");
    for consume in [
        with(certificates::CLIENT_KEY_ENCRYPTED, &wrong),
        with(certificates::CLIENT_KEY_LEGACY, certificates::PASSWORD),
        with(&damaged, certificates::PASSWORD),
        with(certificates::SERVER_KEY, certificates::PASSWORD),
    ] {
        let error = refused(consume).await;
        assert!(matches!(error, Error::Tls { .. }), "{error:?}");
        shown.push(format!("{error} {error:?}"));
    }
    shown.push(String::from_utf8_lossy(&log.0.lock().expect("unpoisoned")).into_owned());
    assert!(shown.iter().any(|text| text.contains("TLS agreed on")), "nothing was logged");
    let lines =
        [certificates::CLIENT_KEY, certificates::CLIENT_KEY_ENCRYPTED, certificates::CLIENT_KEY_LEGACY, certificates::SERVER_KEY];
    let mut secrets: Vec<&str> =
        lines.iter().flat_map(|key| key.lines()).filter(|line| line.len() > 20 && !line.contains("---")).collect();
    secrets.retain(|line| !line.contains(':'));
    secrets.push(certificates::PASSWORD);
    for text in shown {
        for secret in &secrets {
            assert!(!text.contains(secret), "{secret} is shown");
        }
    }
}
