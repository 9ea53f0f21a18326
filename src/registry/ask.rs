//! One question to the registry: at whichever address answers, again after a pause where none does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::answer::fault;
use super::fault::RegistryFault;
use crate::config::{BearerToken, RegistryCredentials, RegistrySettings, Secret, TlsSettings};
use crate::error::{Error, Result};
use crate::metrics::SchemaMetrics;
use crate::wire::http::{Url, connect, exchange};
use crate::wire::{Oidc, Tokens, Transport};

/// What the registry's answers are in.
const ACCEPT: &str = "application/vnd.schemaregistry.v1+json, application/json";

/// The addresses of a registry and who we are to it.
pub(super) struct Asker {
    places: Vec<Place>,
    /// The address that answered last.
    preferred: AtomicUsize,
    token: Option<Tokens>,
    /// Headers that go with a token.
    extra: Vec<(&'static str, String)>,
    connect_timeout: Duration,
    read_timeout: Duration,
    retries: u32,
    backoff: Duration,
    backoff_max: Duration,
    /// The most bytes of an answer.
    limit: usize,
    /// What went wrong last, until something goes right.
    trouble: watch::Sender<Option<Arc<str>>>,
    metrics: Arc<SchemaMetrics>,
}

struct Place {
    url: Url,
    shown: String,
    authorization: Option<Secret>,
    transport: Arc<dyn Transport>,
}

impl Asker {
    pub(super) fn new(
        settings: &RegistrySettings,
        mut transport: impl FnMut(Option<&TlsSettings>) -> Result<Arc<dyn Transport>>,
    ) -> Result<Self> {
        let basic = |user: &str| Secret::new(format!("Basic {}", STANDARD.encode(user)));
        let (mut everywhere, mut token, mut extra) = (None, None, Vec::new());
        match &settings.credentials {
            RegistryCredentials::Url => {}
            RegistryCredentials::Basic(user) => everywhere = Some(basic(user.expose())),
            RegistryCredentials::Bearer { token: source, cluster, pool } => {
                extra.extend(cluster.clone().map(|cluster| ("target-sr-cluster", cluster)));
                extra.extend(pool.clone().map(|pool| ("confluent-identity-pool-id", pool)));
                match source {
                    BearerToken::Static(token) => everywhere = Some(Secret::new(format!("Bearer {}", token.expose()))),
                    BearerToken::Oidc(oidc) => {
                        let timeouts = (settings.connect_timeout, settings.read_timeout);
                        let source = Oidc::new(oidc, timeouts, &mut transport).map_err(of_the_registry)?;
                        let pauses = (settings.retry_backoff, settings.retry_backoff_max);
                        token = Some(Tokens::with(Arc::new(source), settings.connect_timeout + settings.read_timeout, pauses));
                    }
                }
            }
        }
        let mut places = Vec::new();
        for address in &settings.urls {
            let (user, bare) = apart(address.expose());
            let invalid = |reason: &str| Error::InvalidProperty {
                key: "schema.registry.url".into(),
                value: address.to_string(),
                reason: reason.into(),
            };
            let url = Url::parse(&bare).map_err(invalid)?;
            if url.path.contains('?') {
                return Err(invalid("it has a query, and what is asked for goes behind it"));
            }
            let of_address = user.map(|user| basic(&decoded(&user)));
            places.push(Place {
                transport: transport(url.https.then_some(&settings.tls))?,
                shown: format!("{}://{}", if url.https { "https" } else { "http" }, url.host_header()),
                authorization: everywhere.clone().or(of_address),
                url,
            });
        }
        Ok(Self {
            places,
            preferred: AtomicUsize::new(0),
            token,
            extra,
            connect_timeout: settings.connect_timeout,
            read_timeout: settings.read_timeout,
            retries: settings.retries,
            backoff: settings.retry_backoff,
            backoff_max: settings.retry_backoff_max,
            // A character of a schema may be six of JSON.
            limit: settings.schema_max_bytes.saturating_mul(6).saturating_add(64 << 10),
            trouble: watch::Sender::new(None),
            metrics: Arc::default(),
        })
    }

    /// The body of the answer to a question; `what` it is about is for the error.
    ///
    /// # Errors
    /// [`Error::Registry`]: at once where the answer is certain, else after all retries.
    pub(super) async fn ask(&self, path: &str, what: &str) -> Result<Bytes> {
        let mut pause = self.backoff;
        let mut attempt = 0;
        loop {
            let (place, fault) = match self.round(path).await {
                Ok(body) => {
                    self.trouble.send_if_modified(|trouble| trouble.take().is_some());
                    return Ok(body);
                }
                Err(failed) => failed,
            };
            let passes = fault.passes();
            let error = Error::Registry { registry: place, what: what.to_owned(), fault };
            if passes {
                self.trouble.send_replace(Some(error.to_string().into()));
            }
            if !passes || attempt == self.retries {
                return Err(error);
            }
            tracing::debug!(what, %error, ?pause, "asked again after a pause");
            sleep(pause).await;
            pause = pause.saturating_mul(2).min(self.backoff_max);
            attempt += 1;
        }
    }

    pub(super) fn metrics(&self) -> &Arc<SchemaMetrics> {
        &self.metrics
    }

    pub(super) fn trouble(&self) -> watch::Receiver<Option<Arc<str>>> {
        self.trouble.subscribe()
    }

    /// Asks each address until one gives a certain answer.
    async fn round(&self, path: &str) -> Result<Bytes, (String, RegistryFault)> {
        let first = self.preferred.load(Ordering::Relaxed);
        let mut last = (String::new(), RegistryFault::Unreachable("it has no address".into()));
        for (number, place) in self.places.iter().enumerate().cycle().skip(first).take(self.places.len()) {
            self.metrics.asked();
            let asked = self.at(place, path).await;
            if asked.is_err() {
                self.metrics.failed();
            }
            match asked {
                Err(fault) if fault.passes() => last = (place.shown.clone(), fault),
                certain => {
                    self.preferred.store(number, Ordering::Relaxed);
                    return certain.map_err(|fault| (place.shown.clone(), fault));
                }
            }
        }
        Err(last)
    }

    async fn at(&self, place: &Place, path: &str) -> Result<Bytes, RegistryFault> {
        let Some(tokens) = &self.token else {
            return self.once(place, path, place.authorization.as_ref()).await;
        };
        let get = async || tokens.get().await.map_err(|error| RegistryFault::NoToken(error.to_string()));
        let token = get().await?;
        let bearer = |value: &Secret| Secret::new(format!("Bearer {}", value.expose()));
        match self.once(place, path, Some(&bearer(token.value()))).await {
            // It may have been withdrawn before its time.
            Err(RegistryFault::Denied { status: 401, .. }) => {
                tokens.refused(token.value()).await;
                self.once(place, path, Some(&bearer(get().await?.value()))).await
            }
            answered => answered,
        }
    }

    async fn once(&self, place: &Place, path: &str, authorization: Option<&Secret>) -> Result<Bytes, RegistryFault> {
        let late = |what: &str, limit: Duration| RegistryFault::Unreachable(format!("{what} within {} s", limit.as_secs_f64()));
        let stream = timeout(self.connect_timeout, connect(&place.transport, &place.url)).await;
        let stream = stream.map_err(|_| late("it could not be connected to", self.connect_timeout))?;
        let stream = stream.map_err(RegistryFault::Unreachable)?;
        let mut headers =
            vec![("accept", ACCEPT), ("user-agent", concat!("kolumn/", env!("CARGO_PKG_VERSION"))), ("connection", "close")];
        headers.extend(authorization.map(|secret| ("authorization", secret.expose())));
        headers.extend(self.extra.iter().map(|(name, value)| (*name, value.as_str())));
        let url = Url { path: format!("{}{path}", place.url.path.trim_end_matches('/')), ..place.url.clone() };
        let answer = timeout(self.read_timeout, exchange(stream, &url, &headers, None, self.limit)).await;
        let (status, body) =
            answer.map_err(|_| late("it did not answer", self.read_timeout))?.map_err(RegistryFault::Unreachable)?;
        if status.is_success() { Ok(body) } else { Err(self.without_secrets(place, fault(status.as_u16(), &body))) }
    }

    /// Whatever the registry says back of what it was sent.
    fn without_secrets(&self, place: &Place, mut fault: RegistryFault) -> RegistryFault {
        if let RegistryFault::Unavailable { message, .. }
        | RegistryFault::Denied { message, .. }
        | RegistryFault::NotFound { message, .. }
        | RegistryFault::Refused { message, .. } = &mut fault
            && let Some((_, secret)) = place.authorization.as_ref().and_then(|secret| secret.expose().split_once(' '))
        {
            *message = message.replace(secret, "[hidden]");
        }
        fault
    }
}

/// The error names the property of the registry.
fn of_the_registry(error: Error) -> Error {
    match error {
        Error::InvalidProperty { value, reason, .. } => {
            Error::InvalidProperty { key: "bearer.auth.issuer.endpoint.url".into(), value, reason }
        }
        other => other,
    }
}

/// The user that an address names, and the address without it.
fn apart(address: &str) -> (Option<String>, String) {
    let Some((scheme, rest)) = address.split_once("://") else { return (None, address.to_owned()) };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user.to_owned()), format!("{scheme}://{host}{path}")),
        None => (None, address.to_owned()),
    }
}

/// Without the escapes of URLs; what is none stays.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped = escaped.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_of_an_address_is_taken_apart_and_its_escapes_are_undone() {
        assert_eq!(apart("http://me:p%40ss@r:1/x@y"), (Some("me:p%40ss".into()), "http://r:1/x@y".into()));
        assert_eq!(apart("http://r/x@y"), (None, "http://r/x@y".into()));
        assert_eq!(
            (decoded("p%40ss"), decoded("100%"), decoded("%4"), decoded("%+4")),
            ("p@ss".into(), "100%".into(), "%4".into(), "%+4".into())
        );
    }
}
