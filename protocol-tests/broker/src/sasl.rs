//! SASL as a broker speaks it: who may log in, for how long, and what it says wrongly on request.

mod scram;

use crate::api::{Request, Response};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{SaslAuthenticateResponse, SaslHandshakeResponse};
use kafka_protocol::protocol::StrBytes;
use scram::{Credentials, Hash, Server};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many iterations have the passwords of SCRAM: the least that Kafka allows.
const ITERATIONS: u32 = 4096;

type Accepts = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// What listeners demand of clients before they serve them; see [`crate::Builder::sasl`].
///
/// ```
/// use kolumn_test_broker::{Sasl, TestCluster};
///
/// let sasl = Sasl::new(["SCRAM-SHA-256"]).user("alice", "secret");
/// let cluster = TestCluster::builder().sasl(sasl).start_blocking()?;
/// assert_eq!(cluster.logins().succeeded, 0);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct Sasl {
    mechanisms: Vec<String>,
    users: BTreeMap<String, User>,
    token: Option<Accepts>,
    told: Option<Duration>,
    enforced: Option<Duration>,
}

#[derive(Clone)]
struct User {
    password: String,
    sha256: Credentials,
    sha512: Credentials,
}

impl Sasl {
    /// These mechanisms, of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER, and nobody who may use them.
    pub fn new<const N: usize>(mechanisms: [&str; N]) -> Self {
        Self { mechanisms: mechanisms.iter().map(ToString::to_string).collect(), ..Self::default() }
    }

    /// A user for PLAIN and SCRAM. The password is hashed as it is, as Kafka does it.
    pub fn user(mut self, name: &str, password: &str) -> Self {
        let credentials = |hash| Credentials::new(hash, password, format!("salt of {name}").as_bytes(), ITERATIONS);
        let user = User { password: password.to_owned(), sha256: credentials(Hash::Sha256), sha512: credentials(Hash::Sha512) };
        self.users.insert(name.to_owned(), user);
        self
    }

    /// Which tokens OAUTHBEARER accepts.
    pub fn token(mut self, accepts: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.token = Some(Arc::new(accepts));
        self
    }

    /// How long a session lasts: told to the client, and a request after it closes the connection.
    pub fn session(mut self, lifetime: Duration) -> Self {
        (self.told, self.enforced) = (Some(lifetime), Some(lifetime));
        self
    }

    /// How long a session really lasts, whatever the client is told.
    pub fn enforced_session(mut self, lifetime: Duration) -> Self {
        self.enforced = Some(lifetime);
        self
    }
}

impl fmt::Debug for Sasl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let users: Vec<&String> = self.users.keys().collect();
        f.debug_struct("Sasl").field("mechanisms", &self.mechanisms).field("users", &users).finish_non_exhaustive()
    }
}

/// What a broker says wrongly in a login.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SaslFault {
    /// SCRAM: it does not know the password, and claims to.
    WrongSignature,
    /// SCRAM: its nonce is not one that extends the client's.
    ForeignNonce,
    /// SCRAM: it asks for so many iterations.
    Iterations(u64),
    /// It answers the client's first message with this.
    Challenge(Vec<u8>),
    /// It refuses with this code and text; `{sent}` in it is what the client sent, without its NULs.
    Refuse(i16, String),
    /// It refuses logins that renew a session, with this code.
    RefuseRenewal(i16),
}

/// How many logins there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Logins {
    /// First logins of a connection that succeeded.
    pub succeeded: u64,
    /// Logins that renewed the session of a connection.
    pub renewed: u64,
    /// Logins that were refused.
    pub refused: u64,
    /// Connections that were closed because their session had ended.
    pub expired: u64,
}

/// What all connections share.
#[derive(Debug, Default)]
pub(crate) struct SaslState {
    succeeded: AtomicU64,
    renewed: AtomicU64,
    refused: AtomicU64,
    expired: AtomicU64,
    fault: Mutex<Option<SaslFault>>,
    passwords: Mutex<BTreeMap<String, String>>,
}

impl SaslState {
    pub(crate) fn logins(&self) -> Logins {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Logins {
            succeeded: count(&self.succeeded),
            renewed: count(&self.renewed),
            refused: count(&self.refused),
            expired: count(&self.expired),
        }
    }

    pub(crate) fn set_fault(&self, fault: Option<SaslFault>) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    pub(crate) fn set_password(&self, user: &str, password: &str) {
        self.passwords.lock().unwrap_or_else(PoisonError::into_inner).insert(user.to_owned(), password.to_owned());
    }

    fn fault(&self) -> Option<SaslFault> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn password(&self, user: &str) -> Option<String> {
        self.passwords.lock().unwrap_or_else(PoisonError::into_inner).get(user).cloned()
    }
}

/// What becomes of a request before it is handled.
pub(crate) enum Gate {
    /// It is handled.
    Pass,
    /// It is of the login, and this answers it.
    Answer(Response),
    /// It may not be asked: the connection is closed.
    Close,
}

/// How far a connection's login is.
#[derive(Default)]
pub(crate) struct SaslConnection {
    mechanism: Option<String>,
    exchange: Option<Server>,
    user: Option<String>,
    ends: Option<Instant>,
    /// The token was refused, and the client may say that it has understood.
    doomed: bool,
    /// After the answer the connection is closed.
    pub(crate) over: bool,
}

impl SaslConnection {
    /// Whether a request may be asked now.
    pub(crate) fn ask(&mut self, sasl: Option<&Sasl>, state: &SaslState, request: &Request, version: i16) -> Gate {
        let Some(sasl) = sasl else { return Gate::Pass };
        match request {
            Request::SaslHandshake(request) => Gate::Answer(Response::SaslHandshake(self.shake(sasl, state, &request.mechanism))),
            Request::SaslAuthenticate(request) => {
                let mut answer = self.authenticate(sasl, state, &request.auth_bytes);
                if version == 0 {
                    answer.session_lifetime_ms = 0;
                }
                self.over = answer.error_code != 0;
                Gate::Answer(Response::SaslAuthenticate(answer))
            }
            Request::ApiVersions(_) => Gate::Pass,
            _ if self.user.is_none() || self.mechanism.is_some() => Gate::Close,
            _ if self.ends.is_some_and(|end| Instant::now() >= end) => {
                state.expired.fetch_add(1, Ordering::Relaxed);
                Gate::Close
            }
            _ => Gate::Pass,
        }
    }

    fn shake(&mut self, sasl: &Sasl, state: &SaslState, mechanism: &str) -> SaslHandshakeResponse {
        let mechanisms = sasl.mechanisms.iter().map(|name| StrBytes::from_string(name.clone())).collect();
        let response = SaslHandshakeResponse::default().with_mechanisms(mechanisms);
        let refused = |code: ResponseError| {
            state.refused.fetch_add(1, Ordering::Relaxed);
            response.clone().with_error_code(code.code())
        };
        if self.user.is_some() && sasl.told.is_none() && sasl.enforced.is_none() {
            return refused(ResponseError::IllegalSaslState);
        }
        if let (Some(_), Some(SaslFault::RefuseRenewal(code))) = (&self.user, state.fault()) {
            state.refused.fetch_add(1, Ordering::Relaxed);
            self.over = true;
            return response.with_error_code(code);
        }
        if !sasl.mechanisms.iter().any(|name| name == mechanism) {
            self.over = true;
            return refused(ResponseError::UnsupportedSaslMechanism);
        }
        self.mechanism = Some(mechanism.to_owned());
        self.exchange = None;
        response
    }

    fn authenticate(&mut self, sasl: &Sasl, state: &SaslState, sent: &[u8]) -> SaslAuthenticateResponse {
        let outcome = match (self.mechanism.clone(), state.fault()) {
            (None, _) => Err((ResponseError::IllegalSaslState.code(), "no handshake".to_owned())),
            (_, Some(SaslFault::Refuse(code, text))) => {
                let said = String::from_utf8_lossy(sent).replace('\0', " ");
                Err((code, text.replace("{sent}", &said)))
            }
            (Some(_), Some(SaslFault::Challenge(bytes))) => Ok(Turn::Challenge(bytes)),
            (Some(mechanism), fault) => self
                .turn(sasl, state, &mechanism, fault, sent)
                .map_err(|text| (ResponseError::SaslAuthenticationFailed.code(), text)),
        };
        let response = SaslAuthenticateResponse::default();
        match outcome {
            Ok(Turn::Challenge(bytes)) => response.with_auth_bytes(bytes.into()),
            Ok(Turn::Accepted(user, bytes)) => {
                if self.user.as_ref().is_some_and(|before| *before != user) {
                    state.refused.fetch_add(1, Ordering::Relaxed);
                    let text = "Cannot change principals during re-authentication";
                    return response
                        .with_error_code(ResponseError::SaslAuthenticationFailed.code())
                        .with_error_message(Some(StrBytes::from_static_str(text)));
                }
                let counter = if self.user.is_some() { &state.renewed } else { &state.succeeded };
                counter.fetch_add(1, Ordering::Relaxed);
                (self.user, self.mechanism, self.exchange) = (Some(user), None, None);
                self.ends = sasl.enforced.map(|lifetime| Instant::now() + lifetime);
                let lifetime = sasl.told.map_or(0, |lifetime| i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX));
                response.with_auth_bytes(bytes.into()).with_session_lifetime_ms(lifetime)
            }
            Err((code, text)) => {
                state.refused.fetch_add(1, Ordering::Relaxed);
                response.with_error_code(code).with_error_message(Some(StrBytes::from_string(text)))
            }
        }
    }

    fn turn(
        &mut self,
        sasl: &Sasl,
        state: &SaslState,
        mechanism: &str,
        fault: Option<SaslFault>,
        sent: &[u8],
    ) -> Result<Turn, String> {
        const REFUSED: &str = "Authentication failed: Invalid username or password";
        match mechanism {
            "PLAIN" => {
                let text = String::from_utf8_lossy(sent);
                let [_, user, password] = text.split('\0').collect::<Vec<_>>()[..] else { return Err("malformed".into()) };
                let known = sasl.users.get(user).map(|known| state.password(user).unwrap_or(known.password.clone()));
                if known.as_deref() != Some(password) {
                    return Err(REFUSED.into());
                }
                Ok(Turn::Accepted(user.to_owned(), Vec::new()))
            }
            "OAUTHBEARER" if self.doomed => Err("{\"status\":\"invalid_token\"}".into()),
            "OAUTHBEARER" => {
                let text = String::from_utf8_lossy(sent);
                let token = text.split('\u{1}').find_map(|part| part.strip_prefix("auth=Bearer ")).ok_or("malformed")?;
                if !text.starts_with("n,") || !text.ends_with("\u{1}\u{1}") {
                    return Err("malformed".into());
                }
                if sasl.token.as_ref().is_some_and(|accepts| accepts(token)) {
                    return Ok(Turn::Accepted("the owner of the token".into(), Vec::new()));
                }
                self.doomed = true;
                Ok(Turn::Challenge(b"{\"status\":\"invalid_token\"}".to_vec()))
            }
            _ => {
                let hash = if mechanism == "SCRAM-SHA-512" { Hash::Sha512 } else { Hash::Sha256 };
                match self.exchange.take() {
                    None => {
                        let find = |name: &str| {
                            let user = sasl.users.get(name)?;
                            let changed = state.password(name);
                            Some(match (changed, hash) {
                                (Some(password), _) => Credentials::new(hash, &password, b"another salt", ITERATIONS),
                                (None, Hash::Sha256) => user.sha256.clone(),
                                (None, Hash::Sha512) => user.sha512.clone(),
                            })
                        };
                        let (exchange, challenge) = Server::begin(hash, sent, find, fault.as_ref())?;
                        self.exchange = Some(exchange);
                        Ok(Turn::Challenge(challenge))
                    }
                    Some(exchange) => {
                        let (user, signature) = exchange.end(sent, fault.as_ref())?;
                        Ok(Turn::Accepted(user, signature))
                    }
                }
            }
        }
    }
}

enum Turn {
    Challenge(Vec<u8>),
    Accepted(String, Vec<u8>),
}
