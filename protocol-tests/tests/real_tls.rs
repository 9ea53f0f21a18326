//! kolumn on the TLS listeners of a real Apache Kafka: what Java's TLS says and does, and what becomes of it here.

mod common;

use common::raw::{consume_raw, digests};
use common::{assert_adds_up, complete, within};
use kolumn::{Consume, Error, Stop, TableType};
use kolumn_protocol_tests::{Certificates, Kafka, Listener, Production, Reading, ServerError, Workload, Writer};

type Outcome = Result<(), ServerError>;

/// A secured Kafka with a topic of 20 000 rows, and its certificates.
fn secured() -> Result<(Kafka, Certificates), ServerError> {
    let kafka = Kafka::builder().secured().start()?;
    kafka.create_topic("secured", 3)?;
    Production::new(Writer::Java, "secured", Workload::orders(77, 20_000, 3)).run(&kafka.bootstrap())?;
    Ok((kafka, Certificates::of_user()?))
}

fn consume(kafka: &Kafka, certificates: &Certificates, listener: Listener) -> Result<Consume, ServerError> {
    let consume = consume_raw("secured", &kafka.listener(1, listener)?).property("security.protocol", "SSL");
    Ok(consume.property("ssl.ca.location", certificates.file("ca.crt").display().to_string()).until(Stop::End))
}

fn with_client(consume: Consume, certificates: &Certificates, key: &str) -> Consume {
    let path = |name| certificates.file(name).display().to_string();
    let consume = consume.property("ssl.certificate.location", path("client.crt")).property("ssl.key.location", path(key));
    consume.property("ssl.key.password", "key-secret")
}

async fn assert_reads_all(kafka: &Kafka, consume: Consume) -> Outcome {
    let snapshot = complete(consume).await.snapshot();
    assert_eq!(snapshot.rows(), 20_000);
    assert_eq!(digests(&snapshot), Reading::new("secured").digests(&kafka.bootstrap())?.digests);
    assert_adds_up(&snapshot);
    Ok(())
}

async fn refusal(consume: Consume) -> Error {
    within(consume.table(TableType::Append).into_future()).await.map(drop).expect_err("it is refused")
}

#[tokio::test]
async fn a12_every_tls_listener_of_a_real_kafka_is_read_or_refused_with_the_reason() -> Outcome {
    let (kafka, certificates) = secured()?;
    let to = |listener| consume(&kafka, &certificates, listener);
    assert_reads_all(&kafka, to(Listener::Tls)?).await?;
    assert_reads_all(&kafka, to(Listener::Tls12)?).await?;
    assert_reads_all(&kafka, with_client(to(Listener::MutualTls)?, &certificates, "client.key")).await?;
    assert_reads_all(&kafka, with_client(to(Listener::MutualTls)?, &certificates, "client-encrypted.key")).await?;
    assert_reads_all(&kafka, to(Listener::WrongName)?.property("ssl.endpoint.identification.algorithm", "")).await?;
    assert_reads_all(&kafka, to(Listener::Expired)?.property("enable.ssl.certificate.verification", "false")).await?;

    let stranger = certificates.file("stranger.crt").display().to_string();
    for (consume, words) in [
        (to(Listener::Expired)?, ["expired", "CN=localhost"]),
        (to(Listener::WrongName)?, ["other.example", "not of localhost"]),
        (to(Listener::Tls)?.property("ssl.ca.location", stranger), ["CN=kolumn-test-ca", "ssl.ca.location"]),
        (to(Listener::MutualTls)?, ["client certificate", "ssl.keystore.location"]),
        (to(Listener::Tls12)?.property("ssl.enabled.protocols", "TLSv1.3"), ["in common", "ssl.enabled.protocols"]),
    ] {
        let error = refusal(consume).await;
        assert!(matches!(error, Error::Tls { .. }), "{error:?}");
        let text = error.to_string();
        assert!(words.iter().all(|word| text.contains(word)), "{words:?}: {text}");
    }
    Ok(())
}

#[tokio::test]
async fn a12_plaintext_and_tls_that_are_mistaken_for_each_other_are_told() -> Outcome {
    let (kafka, certificates) = secured()?;
    let plaintext = consume_raw("secured", &kafka.listener(1, Listener::Tls)?).property("kolumn.bootstrap.timeout.ms", "2000");
    let text = refusal(plaintext).await.to_string();
    assert!(text.contains("TLS"), "{text}");
    let tls = consume_raw("secured", &kafka.bootstrap()).property("security.protocol", "SSL");
    let tls = tls.property("ssl.ca.location", certificates.file("ca.crt").display().to_string());
    let text = refusal(tls.property("kolumn.bootstrap.timeout.ms", "2000")).await.to_string();
    assert!(text.contains("is security.protocol right"), "{text}");
    Ok(())
}
