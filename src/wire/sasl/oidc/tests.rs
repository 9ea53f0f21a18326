use std::io;
use std::sync::Mutex;

use futures_util::future::BoxFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::*;
use crate::config::{Address, Properties, Settings};
use crate::wire::transport::Stream;

const SECRET: &str = "a secret: \u{e4}&=";

/// A provider that answers with these bytes, whatever it is asked, and keeps the questions.
#[derive(Clone)]
struct Provider {
    answer: Arc<Vec<u8>>,
    asked: Arc<Mutex<Vec<String>>>,
    silent: bool,
}

impl Provider {
    fn new(answer: &str) -> Self {
        Self { answer: Arc::new(answer.as_bytes().to_vec()), asked: Arc::default(), silent: false }
    }

    fn json(status: &str, json: &str) -> Self {
        Self::new(&format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{json}", json.len()))
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("unpoisoned").clone()
    }
}

impl Transport for Provider {
    fn connect(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Box<dyn Stream>>> {
        assert_eq!((host, port), ("idp.example", 8443));
        let (client, server) = tokio::io::duplex(1 << 16);
        tokio::spawn(serve(server, self.clone()));
        Box::pin(async move { Ok(Box::new(client) as Box<dyn Stream>) })
    }
}

async fn serve(mut stream: DuplexStream, provider: Provider) {
    let mut question = Vec::new();
    let body = |question: &[u8]| question.windows(4).position(|window| window == b"\r\n\r\n").map(|at| question.len() - at - 4);
    while body(&question).is_none_or(|length| length < "grant_type=client_credentials".len()) {
        let mut bytes = [0; 1024];
        let count = stream.read(&mut bytes).await.expect("reads");
        question.extend_from_slice(&bytes[..count]);
    }
    provider.asked.lock().expect("unpoisoned").push(String::from_utf8(question).expect("text"));
    if provider.silent {
        return std::future::pending().await;
    }
    let _ = stream.write_all(&provider.answer).await;
}

fn oidc(provider: &Provider, more: &[(&str, &str)]) -> Oidc {
    let mut properties = Properties::from([
        ("security.protocol", "SASL_PLAINTEXT"),
        ("sasl.mechanism", "OAUTHBEARER"),
        ("sasl.oauthbearer.method", "oidc"),
        ("sasl.oauthbearer.client.id", "me"),
        ("sasl.oauthbearer.client.secret", SECRET),
        ("sasl.oauthbearer.token.endpoint.url", "https://idp.example:8443/token"),
    ]);
    properties.extend(more.iter().copied());
    let settings = Settings::from_properties(&properties).expect("valid").security.sasl.expect("SASL");
    let crate::config::SaslCredentials::Oidc(credentials) = &settings.credentials else { panic!("{settings:?}") };
    let provider = provider.clone();
    let timeouts = (settings.connect_timeout, settings.read_timeout);
    Oidc::new(credentials, timeouts, move |_| Ok(Arc::new(provider))).expect("an address")
}

async fn reason(provider: &Provider) -> String {
    oidc(provider, &[]).token().await.map(drop).expect_err("no token").to_string()
}

#[tokio::test(start_paused = true)]
async fn the_provider_is_asked_with_id_and_secret_and_its_token_is_taken() {
    let jwt = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(r#"{"sub":"client-7","exp":4102444800}"#));
    let provider = Provider::json("200 OK", &format!(r#"{{"access_token":"{jwt}","token_type":"Bearer","expires_in":3600}}"#));
    let token = oidc(&provider, &[("sasl.oauthbearer.scope", "kafka read&write")]).token().await.expect("a token");
    assert_eq!((token.value().expose(), token.owner()), (jwt.as_str(), Some("client-7")));
    assert_eq!(token.lifetime(), Duration::from_secs(3600));
    let asked = provider.asked().pop().expect("it was asked");
    assert!(asked.starts_with("POST /token HTTP/1.1\r\nhost: idp.example:8443\r\n"), "{asked}");
    assert!(asked.contains(&format!("authorization: Basic {}\r\n", STANDARD.encode(format!("me:{SECRET}")))), "{asked}");
    assert!(asked.ends_with("\r\n\r\ngrant_type=client_credentials&scope=kafka+read%26write"), "{asked}");
}

#[tokio::test(start_paused = true)]
async fn id_and_secret_are_encoded_for_urls_where_that_is_asked_for() {
    let provider = Provider::json("200 OK", r#"{"access_token":"opaque"}"#);
    let token = oidc(&provider, &[("sasl.oauthbearer.header.urlencode", "true")]).token().await.expect("a token");
    assert_eq!((token.owner(), token.lifetime()), (Some("me"), UNTOLD));
    let asked = provider.asked().pop().expect("it was asked");
    assert!(asked.contains(&STANDARD.encode("me:a+secret%3A+%C3%A4%26%3D")), "{asked}");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_refuses_is_told_with_its_words_and_without_the_secret() {
    let json = format!(r#"{{"error":"invalid_client","error_description":"unknown {SECRET}"}}"#);
    let reason = reason(&Provider::json("401 Unauthorized", &json)).await;
    assert_eq!(
        reason,
        "https://idp.example:8443: it refuses with status 401 invalid_client: unknown [hidden]; are id and secret right?"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_no_answer_is_an_error_and_bounded() {
    let endless = format!("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n{}", "x".repeat(LIMIT + 1));
    for (answer, words) in [
        ("", "connection closed before message completed"),
        ("SSH-2.0-OpenSSH_9.6\r\n\r\n", "invalid HTTP version"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "no JSON with an access_token"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "no JSON with an access_token"),
        ("HTTP/1.1 302 Found\r\nLocation: http://evil/\r\nContent-Length: 0\r\n\r\n", "status 302"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{", "end of file"),
        (endless.as_str(), "more than 262144 bytes"),
    ] {
        let reason = reason(&Provider::new(answer)).await;
        assert!(reason.contains(words), "{words}: {reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_does_not_answer_costs_its_timeout_and_no_more() {
    let provider = Provider { silent: true, ..Provider::new("") };
    let begin = tokio::time::Instant::now();
    assert!(reason(&provider).await.contains("it did not answer within 10 s"));
    assert_eq!(begin.elapsed(), Duration::from_secs(10));
}

#[test]
fn an_address_that_is_none_is_refused_without_a_secret() {
    let settings = OidcSettings {
        endpoint: Address::new("https://me:hunter2@idp/token"),
        client_id: "me".into(),
        client_secret: crate::config::Secret::new("x"),
        scope: None,
        urlencode: false,
        tls: TlsSettings::default(),
    };
    let error = Oidc::new(&settings, (UNTOLD, UNTOLD), |_| unreachable!()).map(drop).expect_err("it holds a user");
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
}
