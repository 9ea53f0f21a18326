//! Every way of a real broker to ask who is there, and every way to fail at it.

use std::path::PathBuf;
use std::sync::OnceLock;

use crate::common::raw::{consume_raw, digests};
use crate::common::{assert_adds_up, complete, live, until, until_rows, within};
use kolumn::{Consume, Error, Stop, TableType};
use kolumn_protocol_tests::{Certificates, Kafka, Listener, NewTopic, Production, ServerError, Workload, Writer};

type Outcome = Result<(), ServerError>;

const TOPIC: &str = "guarded";
const RECORDS: u64 = 1000;

fn workload() -> Workload {
    Workload::orders(71, RECORDS, 2)
}

/// A secured broker whose topic has been written through its plaintext listener.
fn kafka() -> &'static Kafka {
    static KAFKA: OnceLock<Kafka> = OnceLock::new();
    KAFKA.get_or_init(|| {
        let kafka = Kafka::builder().secured().start().expect("Kafka starts");
        kafka.create_topic(TOPIC, 2).expect("a topic");
        Production::new(Writer::Java, TOPIC, workload()).run(&kafka.bootstrap()).expect("records");
        kafka
    })
}

fn file(name: &str) -> String {
    Certificates::of_user().expect("certificates").file(name).display().to_string()
}

fn text(name: &str) -> String {
    Certificates::of_user().expect("certificates").text(name).expect("a file")
}

/// Reads the topic through a listener.
fn through(listener: Listener, properties: &[(&str, &str)]) -> Consume {
    let address = kafka().listener(1, listener).expect("it is secured");
    let consume = consume_raw(TOPIC, &address).until(Stop::End);
    consume.properties(properties.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())))
}

async fn reads_everything(listener: Listener, properties: &[(&str, &str)]) {
    let table = complete(through(listener, properties)).await;
    assert_eq!(digests(&table.snapshot()), workload().digests(), "{listener:?}, {properties:?}");
    assert_adds_up(&table.snapshot());
}

async fn is_refused(listener: Listener, properties: &[(&str, &str)]) -> Error {
    let refused = within(through(listener, properties).table(TableType::Append).into_future()).await;
    refused.expect_err("it is let in")
}

#[tokio::test]
async fn tls_reads_everything_with_the_authority_as_file_and_as_text() {
    let (ca, pem) = (file("ca.crt"), text("ca.crt"));
    reads_everything(Listener::Tls, &[("security.protocol", "SSL"), ("ssl.ca.location", &ca)]).await;
    reads_everything(Listener::Tls, &[("security.protocol", "ssl"), ("ssl.ca.pem", &pem)]).await;
    let java = [("security.protocol", "SSL"), ("ssl.truststore.type", "PEM"), ("ssl.truststore.location", &ca)];
    reads_everything(Listener::Tls, &java).await;
    reads_everything(Listener::Tls12, &[("security.protocol", "SSL"), ("ssl.ca.location", &ca)]).await;
}

#[tokio::test]
async fn mutual_tls_reads_everything_with_key_and_certificate_in_every_form() {
    let (ca, key, encrypted) = (file("ca.crt"), file("client.key"), file("client-encrypted.key"));
    let (certificate, both) = (file("client.crt"), file("client.pem"));
    let (key_text, certificate_text) = (text("client.key"), text("client.crt"));
    let common = [("security.protocol", "SSL"), ("ssl.ca.location", ca.as_str())];
    for own in [
        vec![("ssl.key.location", key.as_str()), ("ssl.certificate.location", &certificate)],
        vec![("ssl.key.pem", key_text.as_str()), ("ssl.certificate.pem", &certificate_text)],
        vec![("ssl.keystore.type", "PEM"), ("ssl.keystore.location", &both)],
        vec![
            ("ssl.keystore.type", "PEM"),
            ("ssl.keystore.key", &key_text),
            ("ssl.keystore.certificate.chain", &certificate_text),
        ],
        vec![("ssl.key.location", &encrypted), ("ssl.key.password", "key-secret"), ("ssl.certificate.location", &certificate)],
    ] {
        reads_everything(Listener::MutualTls, &[&common[..], &own].concat()).await;
    }
}

#[tokio::test]
async fn a12_a_missing_client_certificate_is_told_as_such() {
    let error = is_refused(Listener::MutualTls, &[("security.protocol", "SSL"), ("ssl.ca.location", &file("ca.crt"))]).await;
    assert!(matches!(error, Error::Tls { .. }), "{error}");
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[tokio::test]
async fn a12_an_expired_certificate_a_wrong_name_and_a_stranger_are_told_apart() {
    let ca = file("ca.crt");
    let stranger = file("stranger.crt");
    let ours = [("security.protocol", "SSL"), ("ssl.ca.location", ca.as_str())];
    let expired = is_refused(Listener::Expired, &ours).await.to_string();
    assert!(expired.contains("expired"), "{expired}");
    let wrong = is_refused(Listener::WrongName, &ours).await.to_string();
    assert!(wrong.contains("other.example") && wrong.contains("localhost"), "{wrong}");
    let unknown = is_refused(Listener::Tls, &[("security.protocol", "SSL"), ("ssl.ca.location", &stranger)]).await.to_string();
    assert!(unknown.contains("authority") || unknown.contains("issuer"), "{unknown}");
    reads_everything(Listener::WrongName, &[&ours[..], &[("ssl.endpoint.identification.algorithm", "")]].concat()).await;
    reads_everything(Listener::Expired, &[&ours[..], &[("enable.ssl.certificate.verification", "false")]].concat()).await;
    let newest = is_refused(Listener::Tls12, &[&ours[..], &[("ssl.enabled.protocols", "TLSv1.3")]].concat()).await.to_string();
    assert!(newest.contains("ssl.enabled.protocols"), "{newest}");
}

#[tokio::test]
async fn a12_a7_tls_and_plaintext_at_each_other_are_told_as_such() -> Outcome {
    let plain = kafka().address(1)?.to_string();
    let tls = [("security.protocol", "SSL"), ("ssl.ca.location", &file("ca.crt"))];
    let consume = consume_raw(TOPIC, &plain).properties(tls);
    let error = within(consume.table(TableType::Append).into_future()).await.expect_err("no TLS there").to_string();
    assert!(error.contains("TLS") && error.contains("security.protocol"), "{error}");
    let error = is_refused(Listener::Tls, &[]).await.to_string();
    assert!(error.contains("TLS"), "{error}");
    Ok(())
}

#[tokio::test]
async fn every_sasl_mechanism_reads_everything_in_the_clear_and_over_tls() {
    let ca = file("ca.crt");
    let user = [("sasl.username", "alice"), ("sasl.password", "alice-secret")];
    let jaas = "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"alice\" password=\"alice-secret\";";
    let token = [("enable.sasl.oauthbearer.unsecure.jwt", "true"), ("sasl.oauthbearer.config", "principal=alice")];
    for (listener, protocol) in [
        (Listener::Sasl, vec![("security.protocol", "SASL_PLAINTEXT")]),
        (Listener::SaslTls, vec![("security.protocol", "SASL_SSL"), ("ssl.ca.location", &ca)]),
    ] {
        for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
            reads_everything(listener, &[&protocol[..], &user, &[("sasl.mechanism", mechanism)]].concat()).await;
        }
        reads_everything(listener, &[&protocol[..], &[("sasl.mechanism", "SCRAM-SHA-512"), ("sasl.jaas.config", jaas)]].concat())
            .await;
        reads_everything(listener, &[&protocol[..], &token, &[("sasl.mechanisms", "OAUTHBEARER")]].concat()).await;
    }
}

#[tokio::test]
async fn a13_a_wrong_password_or_mechanism_is_an_error_of_the_login_and_not_of_the_network() {
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
        let wrong = [
            ("security.protocol", "SASL_PLAINTEXT"),
            ("sasl.mechanism", mechanism),
            ("sasl.username", "alice"),
            ("sasl.password", "not-the-password"),
        ];
        let begun = std::time::Instant::now();
        let error = is_refused(Listener::Sasl, &wrong).await;
        assert!(matches!(&error, Error::Authentication { mechanism: named, .. } if named == mechanism), "{error}");
        assert!(!error.to_string().contains("not-the-password"), "{error}");
        assert!(begun.elapsed() < std::time::Duration::from_secs(9), "it was tried again and again");
    }
    let unknown = [
        ("security.protocol", "SASL_PLAINTEXT"),
        ("sasl.mechanism", "PLAIN"),
        ("sasl.username", "alice"),
        ("sasl.password", "alice-secret"),
    ];
    let error = is_refused(Listener::Reauthentication, &unknown).await.to_string();
    assert!(error.contains("SCRAM-SHA-256"), "it names what the broker takes: {error}");
}

#[tokio::test]
async fn a14_a_session_that_ends_after_three_seconds_is_renewed_while_records_flow() -> Outcome {
    let kafka = kafka();
    kafka.create_topic("renewed", 1)?;
    let address = kafka.listener(1, Listener::Reauthentication)?;
    let login = [
        ("security.protocol", "SASL_PLAINTEXT"),
        ("sasl.mechanism", "SCRAM-SHA-256"),
        ("sasl.username", "alice"),
        ("sasl.password", "alice-secret"),
    ];
    let workload = Workload::orders(72, 10_000, 1);
    let table = live(consume_raw("renewed", &address).properties(login)).await;
    // Ten seconds: three sessions and more.
    let producing = Production::new(Writer::Java, "renewed", workload.clone()).rate(1000).start(&kafka.bootstrap())?;
    until_rows(&table, 10_000).await;
    assert_eq!(producing.wait()?.records, 10_000);
    assert_eq!(digests(&table.snapshot()), workload.digests());
    assert_eq!(table.status().last_error, None, "a renewal is no trouble");
    within(table.close()).await.expect("it closes");
    Ok(())
}

#[tokio::test]
async fn b16_a_topic_that_may_be_seen_and_not_read_is_told_with_topic_and_right() -> Outcome {
    let kafka = kafka();
    kafka.admin().create_topic(&NewTopic::new("forbidden", 1))?;
    Production::new(Writer::Java, "forbidden", Workload::orders(73, 10, 1)).run(&kafka.bootstrap())?;
    kafka.admin().forbid_reading("bob", "forbidden")?;
    let address = kafka.listener(1, Listener::AccessControl)?;
    let login = |user: &str, password: &str| {
        [
            ("security.protocol", "SASL_PLAINTEXT".to_owned()),
            ("sasl.mechanism", "PLAIN".to_owned()),
            ("sasl.username", user.to_owned()),
            ("sasl.password", password.to_owned()),
        ]
    };
    let alice = complete(consume_raw("forbidden", &address).properties(login("alice", "alice-secret")).until(Stop::End)).await;
    assert_eq!(alice.snapshot().rows(), 10);
    let bob = consume_raw("forbidden", &address).properties(login("bob", "bob-secret"));
    let error = match within(bob.table(TableType::Append).into_future()).await {
        Err(error) => error,
        Ok(table) => {
            until("the refusal", || table.status().last_error.is_some()).await;
            table.status().last_error.expect("the refusal")
        }
    };
    assert!(matches!(&error, Error::NotAuthorized { what, .. } if what.contains("forbidden")), "{error}");
    Ok(())
}

#[tokio::test]
async fn a12_a_renewed_authority_on_disk_is_picked_up_with_the_next_connection() -> Outcome {
    let kafka = Kafka::builder().secured().start()?;
    kafka.create_topic(TOPIC, 2)?;
    Production::new(Writer::Java, TOPIC, workload()).run(&kafka.bootstrap())?;
    let folder = tempfile::tempdir().expect("a folder");
    let ca: PathBuf = folder.path().join("ca.crt");
    std::fs::copy(file("ca.crt"), &ca).expect("copies");
    let address = kafka.listener(1, Listener::Tls)?;
    let table = live(
        consume_raw(TOPIC, &address).property("security.protocol", "SSL").property("ssl.ca.location", ca.display().to_string()),
    )
    .await;
    until_rows(&table, 1000).await;
    // The trust moves to somebody else: after a restart of the broker nobody is trusted any more …
    std::fs::copy(file("stranger.crt"), &ca).expect("copies");
    kafka.stop(1)?;
    kafka.restart(1)?;
    until("a refused certificate", || matches!(table.status().last_error, Some(Error::Tls { .. }))).await;
    // … until the file is mended.
    std::fs::copy(file("ca.crt"), &ca).expect("copies");
    let more = Workload { first: RECORDS, ..Workload::orders(71, 500, 2) };
    Production::new(Writer::Java, TOPIC, more).run(&kafka.bootstrap())?;
    until_rows(&table, 1500).await;
    within(table.close()).await.expect("it closes");
    Ok(())
}
