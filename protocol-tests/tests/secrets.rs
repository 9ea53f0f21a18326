//! Nothing that kolumn prints holds a secret: every line of the log at its most talkative, every error, every `Debug`, of logins that
//! succeed and of logins that fail, searched for each secret in each form that it has on the way.

mod common;

use std::fmt::Debug;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use common::{append_numbered, consume, within};
use kolumn::config::Settings;
use kolumn::{Consume, Properties, Stop, TableType, Token, TokenError};
use kolumn_test_broker::{Sasl, SaslFault, TestCluster};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tracing_subscriber::fmt::MakeWriter;

const PASSWORD: &str = "correct-horse-battery-staple";
const WRONG: &str = "incorrect-donkey-charger-clip";
const TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZS1pbi10b2tlbiJ9.c2lnbmF0dXJlLW9mLXRva2Vu";
const AWS_SECRET: &str = "secret-access-key-of-AWS";
const AWS_TOKEN: &str = "session-token-of-AWS";
const CLIENT_SECRET: &str = "client-secret-of-the-client";

/// Everything that was printed.
#[derive(Debug, Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("unpoisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Printed {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Printed {
    fn debug(&self, what: &(impl Debug + ?Sized)) {
        let _ = writeln!(self.clone(), "{what:?}\n{what:#?}");
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("unpoisoned")).into_owned()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A secret in each form that it may be printed in.
fn forms(secret: &[u8]) -> Vec<String> {
    let decimal = secret.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let mut forms = vec![STANDARD_NO_PAD.encode(secret), URL_SAFE_NO_PAD.encode(secret), hex(secret), decimal];
    forms.extend(std::str::from_utf8(secret).ok().map(str::to_owned));
    forms
}

/// All secrets, by name.
fn secrets() -> Vec<(&'static str, Vec<u8>)> {
    let mut secrets = vec![
        ("password", PASSWORD.as_bytes().to_vec()),
        ("wrong password", WRONG.as_bytes().to_vec()),
        ("message of PLAIN", format!("\0alice\0{PASSWORD}").into_bytes()),
        ("token", TOKEN.as_bytes().to_vec()),
        ("signature of the token", b"c2lnbmF0dXJlLW9mLXRva2Vu".to_vec()),
        ("message of OAUTHBEARER", format!("n,,\u{1}auth=Bearer {TOKEN}\u{1}\u{1}").into_bytes()),
        ("key of AWS", AWS_SECRET.as_bytes().to_vec()),
        ("token of AWS", AWS_TOKEN.as_bytes().to_vec()),
        ("client secret", CLIENT_SECRET.as_bytes().to_vec()),
        ("header of the provider", format!("me:{CLIENT_SECRET}").into_bytes()),
    ];
    // As the test broker salts them.
    for password in [PASSWORD, WRONG] {
        let (word, salt) = (password.as_bytes(), b"salt of alice");
        secrets.push(("salted", pbkdf2::pbkdf2_hmac_array::<sha2::Sha256, 32>(word, salt, 4096).to_vec()));
        secrets.push(("salted", pbkdf2::pbkdf2_hmac_array::<sha2::Sha512, 64>(word, salt, 4096).to_vec()));
    }
    secrets
}

/// A provider that gives the token to who knows the secret, and says what it was asked to everybody else.
async fn provider() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut question = vec![0; 4096];
            let count = stream.read(&mut question).await.unwrap_or_default();
            let question = String::from_utf8_lossy(&question[..count]).into_owned();
            let header = STANDARD.encode(format!("me:{CLIENT_SECRET}"));
            let (status, body) = if question.contains(&header) {
                ("200 OK", format!(r#"{{"access_token":"{TOKEN}","expires_in":600}}"#))
            } else {
                ("401 Unauthorized", format!(r#"{{"error":"{CLIENT_SECRET}x is not the secret"}}"#))
            };
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    port
}

fn mechanism(name: &str, more: &[(&str, &str)]) -> Properties {
    let mut properties = Properties::from([("security.protocol", "SASL_PLAINTEXT"), ("sasl.mechanism", name)]);
    properties.extend(more.iter().copied());
    properties
}

fn logins(provider: u16) -> Vec<Properties> {
    let endpoint = format!("http://127.0.0.1:{provider}/token");
    let jaas = format!("org.x.ScramLoginModule required username=\"alice\" password=\"{PASSWORD}\";");
    let oidc = |secret: &str| {
        mechanism(
            "OAUTHBEARER",
            &[
                ("sasl.oauthbearer.method", "oidc"),
                ("sasl.oauthbearer.client.id", "me"),
                ("sasl.oauthbearer.client.secret", secret),
                ("sasl.oauthbearer.token.endpoint.url", &endpoint),
            ],
        )
    };
    let mut logins = vec![
        mechanism("SCRAM-SHA-512", &[("sasl.jaas.config", &jaas)]),
        mechanism("OAUTHBEARER", &[]),
        oidc(CLIENT_SECRET),
        oidc(&format!("{CLIENT_SECRET}x")),
        mechanism(
            "AWS_MSK_IAM",
            &[
                ("kolumn.aws.access.key.id", "AKIDEXAMPLE"),
                ("kolumn.aws.secret.access.key", AWS_SECRET),
                ("kolumn.aws.session.token", AWS_TOKEN),
                ("kolumn.aws.region", "eu-west-1"),
            ],
        ),
        // What does not get as far as a socket.
        mechanism("OAUTHBEARER", &[("sasl.oauthbearer.config", PASSWORD), ("enable.sasl.oauthbearer.unsecure.jwt", "true")]),
        mechanism("SCRAM-SHA-256", &[("sasl.jaas.config", PASSWORD)]),
        mechanism("SCRAM-SHA-256", &[("sasl.jaas.config", &jaas.replace("org.x.Scram", PASSWORD))]),
        mechanism("PLAIN", &[("sasl.username", "alice\0"), ("sasl.password", PASSWORD)]),
        mechanism("PLAIN", &[("sasl.username", "alice"), ("sasl.pasword", PASSWORD)]),
    ];
    for name in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
        for password in [PASSWORD, WRONG] {
            logins.push(mechanism(name, &[("sasl.username", "alice"), ("sasl.password", password)]));
        }
    }
    logins
}

/// Consumes, and prints everything that can be printed of it.
async fn print(printed: &Printed, consume: Consume, properties: &Properties) -> bool {
    printed.debug(properties);
    printed.debug(&Settings::from_properties(properties));
    printed.debug(&consume);
    let description = consume.until(Stop::End).table(TableType::Append);
    printed.debug(&description);
    match within(description.into_future()).await {
        Ok(table) => {
            let _ = within(table.finished()).await;
            printed.debug(&table);
            printed.debug(&table.status());
            true
        }
        Err(error) => {
            printed.debug(&error);
            printed.debug(&error.to_string());
            false
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_a_log_an_error_or_a_debug_output_of_any_login() {
    let printed = Printed::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(printed.clone()).finish();
    tracing::subscriber::set_global_default(subscriber).expect("the first");
    let sasl = Sasl::new(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "AWS_MSK_IAM"])
        .user("alice", PASSWORD)
        .token(|token| token == TOKEN)
        .session(Duration::from_millis(600));
    let cluster = TestCluster::builder().topic("t", 1).sasl(sasl).start_blocking().expect("the cluster starts");
    append_numbered(&cluster, 0, 0..10, 10);
    let logins = logins(provider().await);
    let faults = [
        None,
        Some(SaslFault::WrongSignature),
        Some(SaslFault::Challenge(b"e=what".to_vec())),
        Some(SaslFault::Refuse(58, "{sent}".into())),
    ];
    let mut succeeded = 0;
    for fault in faults {
        for properties in &logins {
            let fault = match &fault {
                // A hostile broker says back all that it knows of the client.
                Some(SaslFault::Refuse(code, sent)) => {
                    let secret = match properties.get("sasl.mechanism") {
                        Some("OAUTHBEARER") => TOKEN,
                        Some("AWS_MSK_IAM") => AWS_TOKEN,
                        _ => properties.get("sasl.password").unwrap_or(PASSWORD),
                    };
                    let encoded = STANDARD.encode(format!("it was {secret}."));
                    Some(SaslFault::Refuse(*code, format!("{sent} {secret} {encoded}")))
                }
                other => other.clone(),
            };
            cluster.sasl_fault(fault);
            let source = async || Ok::<_, TokenError>(Token::new(TOKEN, Duration::from_secs(60)).principal("alice"));
            let consume = consume(&cluster)
                .property("kolumn.bootstrap.timeout.ms", "300")
                .property("default.api.timeout.ms", "1000")
                .properties(properties.iter().map(|(key, value)| (key.to_owned(), value.to_owned())))
                .token_source(source);
            succeeded += usize::from(print(&printed, consume, properties).await);
        }
    }
    printed.debug(&Token::new(TOKEN, Duration::from_secs(60)));
    assert!(succeeded >= 6, "the logins that should succeed do: {succeeded}");
    let text = printed.text();
    for expected in ["Authentication", "logged in", "a new token", "[hidden]", "SCRAM-SHA-512"] {
        assert!(text.contains(expected), "the search looks at what it should: {expected}");
    }
    for (name, secret) in secrets() {
        for form in forms(&secret) {
            if let Some(line) = text.lines().find(|line| line.contains(&form)) {
                panic!("{name}: {line}");
            }
        }
    }
}
