//! What all connections of a consumption need to log in.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::{SaslAuthenticateResponse, SaslHandshakeResponse};

use super::mechanism::{Mechanism, MechanismError, Step};
use super::msk::MskIam;
use super::oauthbearer::OAuthBearer;
use super::oidc::Oidc;
use super::plain::Plain;
use super::scram::{Hash, Scram, prepared};
use super::token::{TokenSource, Tokens};
use super::unsecured::Unsecured;
use crate::config::{AwsCredentials, SaslCredentials, SaslMechanism, SaslSettings, Secret, TlsSettings};
use crate::error::Error;
use crate::wire::{Transport, error_name};

/// A reason of a broker's is cut to this.
const LONGEST_REASON: usize = 300;

/// Who we say we are, and what proves it.
pub(crate) struct Login {
    mechanism: SaslMechanism,
    settings: SaslSettings,
    proof: Proof,
}

enum Proof {
    Password(Passwords),
    Token(Box<Tokens>),
    Aws(AwsCredentials),
}

/// User and password as given, and as SASLprep makes them where that is something else.
struct Passwords {
    given: (String, Secret),
    prepared: Option<(String, Secret)>,
    form: AtomicU8,
}

/// Which form is sent.
const GIVEN: u8 = 0;
const PREPARED: u8 = 1;
/// It was accepted: there is no need to try the other.
const ACCEPTED: u8 = 2;

impl Login {
    /// What the settings say, with the program's source of tokens where they want one. `transport` makes the way to an OpenID Connect
    /// provider, with TLS or without.
    ///
    /// # Errors
    /// [`Error::Missing`] where they want a source and there is none; [`Error::InvalidProperty`], and those of `transport`.
    pub(crate) fn new(
        settings: &SaslSettings,
        source: Option<Arc<dyn TokenSource>>,
        transport: impl FnOnce(Option<&TlsSettings>) -> Result<Arc<dyn Transport>, Error>,
    ) -> Result<Self, Error> {
        let tokens = |source: Arc<dyn TokenSource>| Proof::Token(Box::new(Tokens::new(source, settings)));
        let proof = match &settings.credentials {
            SaslCredentials::Password { username, password } => {
                let scram = settings.mechanism != SaslMechanism::Plain;
                Proof::Password(Passwords {
                    given: (username.clone(), password.clone()),
                    prepared: prepared(username, password).filter(|_| scram),
                    form: AtomicU8::new(GIVEN),
                })
            }
            SaslCredentials::TokenSource => tokens(source.ok_or_else(|| Error::Missing {
                what: "where the tokens of OAUTHBEARER come from".into(),
                hint: "give token_source(…), sasl.oauthbearer.method=oidc, or for development enable.sasl.oauthbearer.unsecure.jwt=true"
                    .into(),
            })?),
            SaslCredentials::Aws(credentials) => Proof::Aws(credentials.clone()),
            SaslCredentials::Unsecured(unsecured) => tokens(Arc::new(Unsecured(unsecured.clone()))),
            SaslCredentials::Oidc(oidc) => {
                let timeouts = (settings.connect_timeout, settings.read_timeout);
                tokens(Arc::new(Oidc::new(oidc, timeouts, transport)?))
            }
        };
        Ok(Self { mechanism: settings.mechanism, settings: settings.clone(), proof })
    }

    /// The mechanism's name in the handshake.
    pub(crate) fn name(&self) -> &'static str {
        self.mechanism.name()
    }

    /// A fresh exchange with `broker`, whose name is `host`, and the secret that it shows to the broker or proves to know.
    ///
    /// # Errors
    /// [`Error::Token`], [`Error::Authentication`] where the system has no random numbers.
    pub(crate) async fn begin(&self, broker: &str, host: &str) -> Result<Attempt, Error> {
        let (mechanism, secret): (Box<dyn Mechanism>, _) = match &self.proof {
            Proof::Password(passwords) => {
                let (username, password) = passwords.current();
                let scram = |hash| Scram::new(hash, username, password).map_err(|error| self.failed(broker, error.to_string()));
                let mechanism: Box<dyn Mechanism> = match self.mechanism {
                    SaslMechanism::ScramSha256 => Box::new(scram(Hash::Sha256)?),
                    SaslMechanism::ScramSha512 => Box::new(scram(Hash::Sha512)?),
                    _ => Box::new(Plain::new(username, password)),
                };
                (mechanism, password.clone())
            }
            Proof::Token(tokens) => {
                let token = tokens.get().await?;
                let extensions = token.extensions(&self.settings.extensions);
                (Box::new(OAuthBearer::new(token.value(), &extensions)), token.value().clone())
            }
            Proof::Aws(credentials) => {
                if credentials.region_for(host).is_none() {
                    let reason = "the region is not in the broker's name; give AWS_REGION, or kolumn.aws.region";
                    return Err(self.failed(broker, reason.into()));
                }
                let mechanism = Box::new(MskIam::new(host, credentials, SystemTime::now()));
                // The token is what is sent; the key never is.
                (mechanism, credentials.session_token.clone().unwrap_or_else(|| credentials.secret_access_key.clone()))
            }
        };
        Ok(Attempt { mechanism, secret })
    }

    /// The broker has accepted it.
    pub(crate) fn accepted(&self) {
        if let Proof::Password(passwords) = &self.proof {
            passwords.form.fetch_or(ACCEPTED, Ordering::Relaxed);
        }
    }

    /// The broker has not accepted it. Whether there is another form of it, which is sent from now on.
    pub(crate) async fn rejected(&self, secret: &Secret) -> bool {
        match &self.proof {
            Proof::Password(passwords) => passwords.change(),
            Proof::Token(tokens) => {
                tokens.refused(secret).await;
                false
            }
            Proof::Aws(_) => false,
        }
    }

    /// The broker does not know the mechanism, or wants no login.
    pub(crate) fn no_handshake(&self, broker: &str, response: &SaslHandshakeResponse) -> Error {
        let reason = match ResponseError::try_from_code(response.error_code) {
            Some(ResponseError::UnsupportedSaslMechanism) => {
                let theirs: Vec<&str> = response.mechanisms.iter().take(20).map(|name| &**name).collect();
                let theirs = if theirs.is_empty() { "none".to_owned() } else { printable(&theirs.join(", ")) };
                format!("the broker does not speak it; it speaks {theirs} (sasl.mechanism)")
            }
            Some(ResponseError::IllegalSaslState) => {
                "the broker expects no login now; is its listener one for SASL (security.protocol)?".into()
            }
            _ => return passing(broker, response.error_code),
        };
        self.failed(broker, reason)
    }

    /// The broker refuses what the mechanism has sent.
    pub(crate) fn refused(&self, broker: &str, response: &SaslAuthenticateResponse, attempt: &Attempt) -> Error {
        let code = response.error_code;
        let known = ResponseError::try_from_code(code);
        if known.is_none_or(|error| error.is_retriable() || matches!(error, ResponseError::UnknownServerError)) {
            return passing(broker, code);
        }
        let said = response.error_message.as_deref().filter(|text| !text.is_empty());
        let name = error_name(code);
        let reason = match (said, attempt.mechanism.refusal()) {
            (Some(said), Some(refusal)) => format!("{said} ({refusal})"),
            (Some(said), None) => said.to_owned(),
            (None, Some(refusal)) => format!("{refusal} ({name})"),
            (None, None) => name,
        };
        self.failed(broker, attempt.without_secret(&reason))
    }

    /// What the broker said is not what the mechanism allows.
    pub(crate) fn broken(&self, broker: &str, error: &MechanismError, attempt: &Attempt) -> Error {
        self.failed(broker, attempt.without_secret(&error.to_string()))
    }

    pub(crate) fn failed(&self, broker: &str, reason: String) -> Error {
        Error::Authentication { broker: broker.to_owned(), mechanism: self.name().to_owned(), reason }
    }
}

/// The broker cannot say yes or no at the moment.
fn passing(broker: &str, code: i16) -> Error {
    Error::Disconnected { broker: broker.to_owned(), reason: format!("it cannot authenticate now: {}", error_name(code)) }
}

impl Passwords {
    fn current(&self) -> &(String, Secret) {
        let form = self.form.load(Ordering::Relaxed);
        self.prepared.as_ref().filter(|_| form & PREPARED != 0).unwrap_or(&self.given)
    }

    fn change(&self) -> bool {
        let form = self.form.load(Ordering::Relaxed);
        let other = self.prepared.is_some() && form & ACCEPTED == 0;
        if other {
            self.form.store(form ^ PREPARED, Ordering::Relaxed);
        }
        other
    }
}

/// An exchange, and what must not be told of it.
pub(crate) struct Attempt {
    pub(crate) mechanism: Box<dyn Mechanism>,
    pub(crate) secret: Secret,
}

impl Attempt {
    /// One step. A slow one is made on a thread that has nothing else to do: it holds up no lane, however many iterations a broker asks
    /// for. What was begun there is brought to its end also where nobody waits for it any more.
    pub(crate) async fn step(mut self, challenge: Bytes) -> (Self, Result<Step, MechanismError>) {
        if !self.mechanism.is_slow() {
            let step = self.mechanism.step(&challenge);
            return (self, step);
        }
        let secret = self.secret.clone();
        let stepped = tokio::task::spawn_blocking(move || {
            let step = self.mechanism.step(&challenge);
            (self, step)
        });
        match stepped.await {
            Ok(stepped) => stepped,
            Err(_) => (Self { mechanism: Box::new(Ended), secret }, Err(MechanismError::Superfluous)),
        }
    }

    /// A broker's text, fit to be shown: a hostile broker might say back what it was told.
    fn without_secret(&self, text: &str) -> String {
        let secret = self.secret.expose();
        let hidden = text.contains(secret) || inner_base64(secret.as_bytes()).iter().any(|form| text.contains(form));
        if hidden { "[the broker's words hold the secret]".into() } else { printable(text) }
    }
}

/// What there is of a secret in the base64 of anything that holds it, wherever it begins there; nothing that is too short to tell.
fn inner_base64(secret: &[u8]) -> Vec<String> {
    let mut forms = Vec::new();
    for before in 0..3_usize {
        let bytes = [vec![0; before].as_slice(), secret].concat();
        // Characters that hold bits of what is before or behind it are not its own.
        let (begin, end) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
        for encoded in [STANDARD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            forms.extend(encoded.get(begin..end).filter(|inner| inner.len() >= 6).map(str::to_owned));
        }
    }
    forms
}

/// A mechanism that is over.
struct Ended;

impl Mechanism for Ended {
    fn step(&mut self, _: &[u8]) -> Result<Step, MechanismError> {
        Err(MechanismError::Superfluous)
    }
}

/// Without control characters, and not too long.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_REASON).collect()
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("mechanism", &self.mechanism).finish_non_exhaustive()
    }
}
