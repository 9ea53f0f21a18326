//! Logging in with SASL: who may, who may not, sessions that end, and brokers that lie.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::common::{append_numbered, assert_numbered, complete, consume, until, until_rows, within};
use kolumn::{Consume, Error, Stop, TableType, Token, TokenError};
use kolumn_test_broker::{ApiKey, Builder, Sasl, SaslFault, TestCluster, TlsListener, certificates};

const PASSWORD: &str = "open, =sesame\u{e4}";
const REFUSED: i16 = 58;

fn sasl() -> Sasl {
    let unsigned = |token: &str| token.ends_with('.') || token == "good";
    Sasl::new(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]).user("ali=ce,", PASSWORD).token(unsigned)
}

fn start(builder: Builder, sasl: Sasl, rows: i64) -> TestCluster {
    let cluster = builder.topic("t", 2).sasl(sasl).start_blocking().expect("the cluster starts");
    for partition in 0..2 {
        append_numbered(&cluster, partition, 0..rows, 100);
    }
    cluster
}

fn cluster(sasl: Sasl) -> TestCluster {
    start(TestCluster::builder(), sasl, 500)
}

/// The user, with this mechanism.
fn alice(cluster: &TestCluster, mechanism: &str) -> Consume {
    consume(cluster)
        .property("security.protocol", "SASL_PLAINTEXT")
        .property("sasl.mechanism", mechanism)
        .property("sasl.username", "ali=ce,")
        .property("sasl.password", PASSWORD)
        .property("sasl.oauthbearer.config", "principal=alice extension_a=b")
        .property("enable.sasl.oauthbearer.unsecure.jwt", "true")
}

/// How a consumption fails to start.
async fn refusal(consume: Consume) -> Error {
    within(consume.table(TableType::Append).into_future()).await.map(drop).expect_err("it must not start")
}

fn assert_authentication(error: &Error, words: &str) {
    assert!(matches!(error, Error::Authentication { .. }) && error.to_string().contains(words), "{words}: {error}");
}

#[tokio::test]
async fn every_mechanism_logs_in_and_the_whole_topic_is_read() {
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] {
        let cluster = cluster(sasl());
        let table = complete(alice(&cluster, mechanism).until(Stop::End)).await;
        assert_numbered(&table.snapshot(), 2, 500);
        let logins = cluster.logins();
        assert!(logins.succeeded >= 2 && logins.refused == 0, "{mechanism}: {logins:?}");
        assert_eq!(logins.succeeded, cluster.connections_accepted(), "{mechanism}: each connection logs in once");
    }
}

#[tokio::test]
async fn a13_a_wrong_password_is_told_at_once_and_not_tried_again() {
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
        let cluster = cluster(sasl());
        let error = refusal(alice(&cluster, mechanism).property("sasl.password", "wrong")).await;
        assert_authentication(&error, mechanism);
        assert_authentication(&error, "Authentication failed");
        let logins = cluster.logins();
        assert_eq!((logins.succeeded, logins.refused, cluster.connections_accepted()), (0, 1, 1), "{mechanism}");
    }
}

#[tokio::test]
async fn a13_no_broker_is_tried_twice_where_one_is_down_and_the_others_refuse() {
    let cluster = start(TestCluster::builder().nodes(3), sasl(), 1);
    cluster.kill(2);
    let error = refusal(alice(&cluster, "PLAIN").property("sasl.password", "wrong")).await;
    assert!(error.to_string().contains("Authentication failed"), "{error}");
    assert!(cluster.logins().refused <= 2, "{:?}", cluster.logins());
}

#[tokio::test]
async fn a13_a_mechanism_that_the_broker_does_not_speak_is_told_with_those_that_it_does() {
    let cluster = cluster(Sasl::new(["SCRAM-SHA-512", "OAUTHBEARER"]).user("ali=ce,", PASSWORD));
    let error = refusal(alice(&cluster, "PLAIN")).await;
    assert_authentication(&error, "it speaks SCRAM-SHA-512, OAUTHBEARER");
    assert_eq!(cluster.count(ApiKey::SaslHandshake), 1);
}

#[tokio::test]
async fn a13_a_listener_without_sasl_and_one_with_it_are_told_apart() {
    let plain = TestCluster::builder().topic("t", 1).start_blocking().expect("the cluster starts");
    assert_authentication(&refusal(alice(&plain, "PLAIN")).await, "expects no login");
    let cluster = cluster(sasl());
    let error = refusal(consume(&cluster).property("default.api.timeout.ms", "500")).await;
    assert!(error.to_string().contains("SASL"), "{error}");
}

#[tokio::test]
async fn a13_a_password_that_changes_while_it_runs_is_in_the_status_and_it_goes_on_when_it_is_right_again() {
    let cluster = cluster(sasl());
    let consume = alice(&cluster, "SCRAM-SHA-256").property("reconnect.backoff.max.ms", "200");
    let table = within(consume.table(TableType::Append).into_future()).await.expect("a table");
    until_rows(&table, 1000).await;
    cluster.set_password("ali=ce,", "another");
    cluster.restart(1);
    append_numbered(&cluster, 0, 500..600, 100);
    append_numbered(&cluster, 1, 500..600, 100);
    within(cluster.until_logins(|logins| logins.refused >= 2)).await;
    until("the status to say so", || format!("{:?}", table.status()).contains("Authentication")).await;
    cluster.set_password("ali=ce,", PASSWORD);
    until_rows(&table, 1200).await;
    assert_numbered(&table.snapshot(), 2, 600);
}

#[tokio::test]
async fn a14_a_session_that_ends_is_renewed_on_the_same_connection_and_nothing_is_lost() {
    for mechanism in ["PLAIN", "SCRAM-SHA-512", "OAUTHBEARER"] {
        let cluster = cluster(sasl().session(Duration::from_millis(1000)));
        let consume = alice(&cluster, mechanism).property("fetch.max.wait.ms", "50").lanes(1);
        let table = within(consume.table(TableType::Append).into_future()).await.expect("a table");
        until_rows(&table, 1000).await;
        let connections = cluster.connections_accepted();
        within(cluster.until_logins(|logins| logins.renewed >= 2)).await;
        append_numbered(&cluster, 0, 500..600, 10);
        append_numbered(&cluster, 1, 500..600, 10);
        until_rows(&table, 1200).await;
        assert_numbered(&table.snapshot(), 2, 600);
        assert_eq!(cluster.connections_accepted(), connections, "{mechanism}: no connection more");
        assert_eq!(cluster.logins().expired, 0, "{mechanism}");
    }
}

#[tokio::test]
async fn a14_a_broker_that_refuses_to_renew_is_connected_to_anew_without_a_word() {
    for code in [REFUSED, 34] {
        let cluster = cluster(sasl().session(Duration::from_millis(1000)));
        cluster.sasl_fault(SaslFault::RefuseRenewal(code));
        let consume = alice(&cluster, "SCRAM-SHA-256").property("fetch.max.wait.ms", "50").lanes(1);
        let table = within(consume.table(TableType::Append).into_future()).await.expect("a table");
        until_rows(&table, 1000).await;
        let before = cluster.logins();
        within(cluster.until_logins(|logins| logins.refused >= 1 && logins.succeeded > before.succeeded)).await;
        append_numbered(&cluster, 0, 500..600, 10);
        append_numbered(&cluster, 1, 500..600, 10);
        until_rows(&table, 1200).await;
        assert_numbered(&table.snapshot(), 2, 600);
        assert!(!format!("{:?}", table.status()).contains("Authentication"), "{:?}", table.status());
    }
}

#[tokio::test]
async fn a14_a_broker_that_closes_before_the_end_is_connected_to_again_and_nothing_is_lost() {
    // The client is told an hour, so that it never renews by itself.
    let cluster = cluster(sasl().session(Duration::from_secs(3600)).enforced_session(Duration::from_millis(200)));
    let consume = alice(&cluster, "SCRAM-SHA-256").property("fetch.max.wait.ms", "20");
    let table = within(consume.table(TableType::Append).into_future()).await.expect("a table");
    for round in 5..10 {
        let expired = cluster.logins().expired;
        within(cluster.until_logins(|logins| logins.expired > expired)).await;
        append_numbered(&cluster, 0, round * 100..(round + 1) * 100, 10);
        append_numbered(&cluster, 1, round * 100..(round + 1) * 100, 10);
    }
    until_rows(&table, 2000).await;
    assert_numbered(&table.snapshot(), 2, 1000);
}

#[tokio::test]
async fn a13_a_broker_that_lies_in_a_login_is_refused() {
    for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"] {
        for (fault, words) in [
            (SaslFault::WrongSignature, "does not prove that it knows the password"),
            (SaslFault::ForeignNonce, "its nonce does not extend ours"),
            (SaslFault::Iterations(1), "asks for 1 iterations"),
            (SaslFault::Iterations(u64::MAX), "asks for 18446744073709551615 iterations"),
            (SaslFault::Challenge(vec![0xff; 300]), "it is no UTF-8"),
            (SaslFault::Challenge(vec![b'r'; 60_000]), "it is too long"),
            (SaslFault::Challenge(Vec::new()), "malformed"),
            (SaslFault::Challenge(b"e=unknown-user".to_vec()), "unknown-user"),
        ] {
            let cluster = cluster(sasl());
            cluster.sasl_fault(fault);
            let words = words.replace("its nonce", "nonce");
            assert_authentication(&refusal(alice(&cluster, mechanism)).await, &words);
            assert_eq!(cluster.connections_accepted(), 1);
        }
    }
}

#[tokio::test]
async fn a_password_that_another_server_has_prepared_is_found_out_once() {
    let prepared = Sasl::new(["SCRAM-SHA-256"]).user("alice", "IX");
    let cluster = cluster(prepared);
    let given = alice(&cluster, "SCRAM-SHA-256").property("sasl.username", "alice").property("sasl.password", "\u{2168}");
    let table = complete(given.until(Stop::End)).await;
    assert_numbered(&table.snapshot(), 2, 500);
    let logins = cluster.logins();
    assert_eq!(logins.refused, 1, "{logins:?}");
}

fn tokens(cluster: &TestCluster, token: &'static str, asked: &Arc<AtomicU64>) -> Consume {
    let asked = Arc::clone(asked);
    let source = move || {
        asked.fetch_add(1, Ordering::Relaxed);
        async move { Ok::<_, TokenError>(Token::new(token, Duration::from_secs(600)).extension("traceId", "x")) }
    };
    consume(cluster)
        .property("security.protocol", "SASL_PLAINTEXT")
        .property("sasl.mechanism", "OAUTHBEARER")
        .token_source(source)
}

#[tokio::test]
async fn a_token_is_asked_for_once_for_all_connections() {
    let cluster = cluster(sasl());
    let asked = Arc::default();
    let table = complete(tokens(&cluster, "good", &asked).until(Stop::End)).await;
    assert_numbered(&table.snapshot(), 2, 500);
    assert!(cluster.logins().succeeded >= 2);
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a13_a_token_that_is_refused_is_told_with_what_the_broker_said() {
    let cluster = cluster(sasl());
    let error = refusal(tokens(&cluster, "bad", &Arc::default())).await;
    assert_authentication(&error, "invalid_token");
    assert_eq!(cluster.logins().refused, 1);
}

#[tokio::test]
async fn without_a_source_of_tokens_the_start_fails_before_any_socket() {
    let properties: BTreeMap<_, _> = [("security.protocol", "SASL_PLAINTEXT"), ("sasl.mechanism", "OAUTHBEARER")].into();
    let cluster = cluster(sasl());
    let error = refusal(consume(&cluster).properties(properties)).await;
    assert!(matches!(&error, Error::Missing { what, .. } if what.contains("OAUTHBEARER")), "{error}");
    assert_eq!(cluster.connections_accepted(), 0);
}

#[tokio::test]
async fn a_login_over_tls_reads_the_topic_and_renews_its_session() {
    let tls = TlsListener::new(certificates::SERVER, certificates::SERVER_KEY);
    let cluster = start(TestCluster::builder().tls(tls), sasl().session(Duration::from_millis(1000)), 500);
    let consume = alice(&cluster, "SCRAM-SHA-512")
        .property("security.protocol", "SASL_SSL")
        .property("ssl.ca.pem", certificates::AUTHORITY)
        .property("fetch.max.wait.ms", "50");
    let table = within(consume.table(TableType::Append).into_future()).await.expect("a table");
    until_rows(&table, 1000).await;
    within(cluster.until_logins(|logins| logins.renewed >= 1)).await;
    assert_numbered(&table.snapshot(), 2, 500);
}

#[tokio::test]
async fn a14_a_session_is_renewed_where_several_requests_are_always_in_flight() {
    let cluster = cluster(sasl().session(Duration::from_millis(1000)));
    let consume = alice(&cluster, "SCRAM-SHA-256")
        .property("kolumn.fetches.in.flight", "4")
        .property("fetch.max.wait.ms", "20")
        .property("max.partition.fetch.bytes", "1024")
        .lanes(1);
    let table = within(consume.table(TableType::Append).into_future()).await.expect("a table");
    until_rows(&table, 1000).await;
    let connections = cluster.connections_accepted();
    within(cluster.until_logins(|logins| logins.renewed >= 2)).await;
    append_numbered(&cluster, 0, 500..600, 10);
    append_numbered(&cluster, 1, 500..600, 10);
    until_rows(&table, 1200).await;
    assert_numbered(&table.snapshot(), 2, 600);
    assert_eq!((cluster.connections_accepted(), cluster.logins().expired), (connections, 0));
}
