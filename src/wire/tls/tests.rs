use std::time::Duration;

use kolumn_test_broker::{TestCluster, TlsListener, certificates};

use super::*;
use crate::config::{Properties, Settings};
use crate::error::Error;
use crate::wire::{Connection, WireSettings};

fn settings<const N: usize>(pairs: [(&str, &str); N]) -> Settings {
    let mut properties = Properties::from([("security.protocol", "SSL"), ("ssl.ca.pem", certificates::AUTHORITY)]);
    properties.extend(pairs);
    Settings::from_properties(&properties).expect("valid")
}

fn cluster(listener: TlsListener) -> TestCluster {
    TestCluster::builder().tls(listener).start_blocking().expect("the cluster starts")
}

fn server() -> TlsListener {
    TlsListener::new(certificates::SERVER, certificates::SERVER_KEY)
}

/// A connection to the first broker, versions negotiated.
async fn open<const N: usize>(cluster: &TestCluster, pairs: [(&str, &str); N]) -> Result<Connection> {
    let settings = settings(pairs);
    let transport = crate::wire::transport(&settings, None)?;
    let address = cluster.address(1);
    Connection::open(
        &transport,
        &address.ip().to_string(),
        address.port(),
        &WireSettings::new(&settings, None, None).expect("no login"),
    )
    .await
}

async fn refusal<const N: usize>(cluster: &TestCluster, pairs: [(&str, &str); N]) -> String {
    match open(cluster, pairs).await.map(drop) {
        Err(error @ Error::Tls { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_broker_is_spoken_to_over_tls_by_address_and_by_name() {
    let cluster = cluster(server());
    open(&cluster, []).await.expect("by address");
    let settings = settings([]);
    let transport = crate::wire::transport(&settings, None).expect("valid");
    let port = cluster.address(1).port();
    Connection::open(&transport, "localhost", port, &WireSettings::new(&settings, None, None).expect("no login"))
        .await
        .expect("by name");
}

#[tokio::test]
async fn only_the_versions_and_suites_that_were_asked_for_are_spoken() {
    let old = cluster(server().only_tls12());
    open(&old, [("ssl.enabled.protocols", "TLSv1.2"), ("ssl.cipher.suites", "ECDHE-ECDSA-AES256-GCM-SHA384")])
        .await
        .expect("TLS 1.2");
    let text = refusal(&old, [("ssl.enabled.protocols", "TLSv1.3")]).await;
    assert!(text.contains("no TLS version or cipher suite in common"), "{text}");
    let text = refusal(&old, [("ssl.cipher.suites", "TLS_AES_128_GCM_SHA256"), ("ssl.enabled.protocols", "TLSv1.2")]).await;
    assert!(text.contains("ssl.cipher.suites"), "{text}");
}

#[tokio::test]
async fn a_broker_whose_own_certificate_is_trusted_needs_no_authority() {
    let cluster = cluster(TlsListener::new(certificates::SELF_SIGNED, certificates::SELF_SIGNED_KEY));
    open(&cluster, [("ssl.ca.pem", certificates::SELF_SIGNED)]).await.expect("it is trusted by itself");
    let text = refusal(&cluster, []).await;
    assert!(text.contains("self-signed broker"), "{text}");
}

#[tokio::test]
async fn a_certificate_without_alternative_names_is_told_as_such() {
    let cluster = cluster(TlsListener::new(certificates::NO_NAMES, certificates::NO_NAMES_KEY));
    let text = refusal(&cluster, []).await;
    assert!(text.contains("no subject alternative name") && text.contains("127.0.0.1"), "{text}");
}

#[tokio::test]
async fn a_peer_that_accepts_and_says_nothing_is_given_up_within_the_time_to_connect() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let port = listener.local_addr().expect("bound").port();
    let settings = settings([]);
    let wire = WireSettings {
        connect_timeout: Duration::from_millis(100),
        ..WireSettings::new(&settings, None, None).expect("no login")
    };
    let transport = crate::wire::transport(&settings, None).expect("valid");
    let error = Connection::open(&transport, "127.0.0.1", port, &wire).await.map(drop).expect_err("it says nothing");
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
}

#[tokio::test]
async fn every_form_of_a_private_key_is_read() {
    let cluster = cluster(server().require_client_certificate(certificates::AUTHORITY));
    for key in [certificates::CLIENT_KEY, certificates::CLIENT_KEY_SEC1, certificates::CLIENT_KEY_ENCRYPTED] {
        let identity =
            [("ssl.certificate.pem", certificates::CLIENT), ("ssl.key.pem", key), ("ssl.key.password", certificates::PASSWORD)];
        open(&cluster, identity).await.expect("a client certificate");
    }
    let rsa = [("ssl.certificate.pem", certificates::CLIENT_RSA), ("ssl.key.pem", certificates::CLIENT_RSA_KEY)];
    open(&cluster, rsa).await.expect("RSA in PKCS#1");
    let both = format!("{}{}", certificates::CLIENT_KEY, certificates::CLIENT);
    open(&cluster, [("ssl.certificate.pem", &both)]).await.expect("key and certificate in one");
}

#[test]
fn a_key_that_cannot_be_used_says_why_and_what_to_do() {
    let reason = |chain: &str, key: &str, password: &str| {
        let settings = settings([("ssl.certificate.pem", chain), ("ssl.key.pem", key), ("ssl.key.password", password)]);
        let text = Tls::new(&settings.security.tls, None).expect_err("no key").to_string();
        assert!(!text.contains("hunter2"), "{text}");
        text
    };
    assert!(reason(certificates::CLIENT, certificates::CLIENT_KEY_ENCRYPTED, "").contains("ssl.key.password"));
    assert!(reason(certificates::CLIENT, certificates::CLIENT_KEY_ENCRYPTED, "hunter2").contains("is ssl.key.password right?"));
    assert!(reason(certificates::CLIENT, certificates::CLIENT_KEY_LEGACY, "hunter2").contains("openssl pkcs8"));
    let text = reason(certificates::CLIENT, certificates::SERVER_KEY, "");
    assert!(text.contains("is not that of the certificate O=kolumn,CN=reader"), "{text}");
    assert!(reason(certificates::CLIENT, certificates::CLIENT, "").contains("no private key"));
    assert!(reason(certificates::CLIENT_KEY, certificates::CLIENT_KEY, "").contains("no certificate"));
}

#[test]
fn authorities_that_cannot_be_read_say_where() {
    let reason = |location: &str| {
        let settings =
            Settings::from_properties(&Properties::from([("security.protocol", "SSL"), ("ssl.ca.location", location)]));
        Tls::new(&settings.expect("valid").security.tls, None).expect_err("no authority").to_string()
    };
    let text = reason("/no/such/ca.pem");
    assert!(text.starts_with("TLS: cannot read /no/such/ca.pem"), "{text}");
    let key = certificates::path("server.key");
    assert!(reason(&key.display().to_string()).contains("holds no certificate"));
}

#[test]
fn a_directory_of_authorities_is_read_whole() {
    let directory = certificates::path("");
    let given = [crate::config::Pem::File(directory)];
    let mut files = files::Files::default();
    let found = authority::Authorities::read(&given, &mut files).expect("a directory of PEM files and others");
    assert!(found.certificates.len() > 5 && !files.have_changed());
}
