//! The client.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::CryptoProvider;
use tokio::sync::watch;
use uuid::Uuid;

use super::answer::{names, schema};
use super::ask::Asker;
use super::cache::Cache;
use super::fault::RegistryFault;
use super::references::{Limits, resolve};
use super::schema::{Key, Schema, Version};
use crate::config::{RegistrySettings, Settings, TlsSettings};
use crate::error::{Error, Result};
use crate::metrics::SchemaMetrics;
use crate::wire::{Transport, carrier};

/// A schema registry. Clones share what they know.
///
/// What is asked for by several at once is asked for once. An id, a GUID or a numbered version that was answered is never asked for
/// again while it is among the `kolumn.registry.cache.schemas` that are kept; one that there is none of, only after
/// `kolumn.registry.negative.cache.ms`.
///
/// ```no_run
/// # async fn example() -> kolumn::Result<()> {
/// use kolumn::registry::{Registry, Version};
///
/// let properties = kolumn::Properties::from([("schema.registry.url", "http://localhost:8081")]);
/// let registry = Registry::new(&properties)?;
/// let schema = registry.version("orders-value", Version::Latest).await?;
/// println!("{}: {}", schema.kind, schema.text);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Registry {
    inner: Arc<Inner>,
}

struct Inner {
    shown: String,
    asker: Asker,
    cache: Cache,
    limits: Limits,
    most_kept: usize,
    negative: Duration,
    latest: Option<Duration>,
    /// How long nobody asks after all retries were in vain.
    unavailable: Duration,
}

impl Registry {
    /// The registry that `schema.registry.url` and the properties beside it name. Nothing is connected to yet.
    ///
    /// # Errors
    /// [`Error::Missing`] without `schema.registry.url`; those of [`Settings::from_properties`] and of TLS.
    pub fn new(properties: &crate::Properties) -> Result<Self> {
        Self::with_crypto_provider(properties, None)
    }

    /// As [`Registry::new`], with cryptography to use instead of the built-in one.
    ///
    /// # Errors
    /// Those of [`Registry::new`].
    pub fn with_crypto_provider(properties: &crate::Properties, provider: Option<Arc<CryptoProvider>>) -> Result<Self> {
        Self::of(&Settings::from_properties(properties)?, provider)?.ok_or_else(|| Error::Missing {
            what: "the address of the schema registry".into(),
            hint: "give schema.registry.url".into(),
        })
    }

    /// The registry of the settings, where they name one.
    pub(crate) fn of(settings: &Settings, provider: Option<Arc<CryptoProvider>>) -> Result<Option<Self>> {
        let over = |registry| Self::over(registry, |tls| carrier(tls, settings.sockets, provider.clone()));
        settings.registry.as_ref().map(over).transpose()
    }

    pub(super) fn over(
        settings: &RegistrySettings,
        transport: impl FnMut(Option<&TlsSettings>) -> Result<Arc<dyn Transport>>,
    ) -> Result<Self> {
        let shown: Vec<_> = settings.urls.iter().map(ToString::to_string).collect();
        let inner = Inner {
            shown: shown.join(","),
            asker: Asker::new(settings, transport)?,
            cache: Cache::new(settings.cached_schemas),
            limits: Limits { bytes: settings.schema_max_bytes, count: settings.references_max },
            most_kept: settings.cached_schemas,
            negative: settings.negative_cache,
            latest: settings.latest_refresh,
            unavailable: settings.retry_backoff_max,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The schema of an id: `/schemas/ids/{id}`.
    ///
    /// Cancel safety: whoever else waits for it asks in its place.
    ///
    /// # Errors
    /// [`Error::Registry`].
    pub async fn id(&self, id: u32) -> Result<Arc<Schema>> {
        self.get(Key::Id(id)).await
    }

    /// The schema of a GUID: `/schemas/guids/{guid}`.
    ///
    /// Cancel safety: whoever else waits for it asks in its place.
    ///
    /// # Errors
    /// [`Error::Registry`].
    pub async fn guid(&self, guid: Uuid) -> Result<Arc<Schema>> {
        self.get(Key::Guid(guid)).await
    }

    /// A version of a subject: `/subjects/{subject}/versions/{version}`. Where the latest cannot be had, what was the latest is given.
    ///
    /// Cancel safety: whoever else waits for it asks in its place.
    ///
    /// # Errors
    /// [`Error::Registry`].
    pub async fn version(&self, subject: &str, version: Version) -> Result<Arc<Schema>> {
        self.get(Key::Subject(subject.into(), version)).await
    }

    /// The names of all subjects: `/subjects`, asked for each time.
    ///
    /// Cancel safety: nothing is lost.
    ///
    /// # Errors
    /// [`Error::Registry`].
    pub async fn subjects(&self) -> Result<Vec<String>> {
        let what = "the subjects";
        names(&self.inner.asker.ask("/subjects", what).await?).map_err(|fault| self.error(what, fault))
    }

    /// Its addresses, without what is secret in them.
    pub(crate) fn place(&self) -> &str {
        &self.inner.shown
    }

    /// What went wrong last, while it does.
    pub(crate) fn trouble(&self) -> watch::Receiver<Option<Arc<str>>> {
        self.inner.asker.trouble()
    }

    /// What counts its questions.
    pub(crate) fn metrics(&self) -> Arc<SchemaMetrics> {
        Arc::clone(self.inner.asker.metrics())
    }

    /// How long nobody asks after all retries were in vain.
    pub(crate) fn pause(&self) -> Duration {
        self.inner.unavailable
    }

    /// How long nobody asks for what there is none of.
    pub(crate) fn negative(&self) -> Duration {
        self.inner.negative
    }

    /// How many schemas are kept.
    pub(crate) fn most_kept(&self) -> usize {
        self.inner.most_kept
    }

    async fn get(&self, key: Key) -> Result<Arc<Schema>> {
        let cache = &self.inner.cache;
        if let Some(known) = cache.get(&key) {
            return known;
        }
        let turn = cache.turn(&key);
        let _turn = turn.lock().await;
        // Somebody may have asked meanwhile.
        if let Some(known) = cache.get(&key) {
            return known;
        }
        match self.ask(&key).await {
            Ok(schema) => {
                let schema = Arc::new(schema);
                let lifetime = if key.changes() { self.inner.latest } else { None };
                cache.learn(key, Arc::clone(&schema), lifetime);
                Ok(schema)
            }
            Err(error) => {
                let passes = matches!(&error, Error::Registry { fault, .. } if fault.passes());
                let lifetime = if passes { self.inner.unavailable } else { self.inner.negative };
                tracing::debug!(%error, "no schema from the registry");
                cache.fail(key, error.clone(), lifetime).ok_or(error)
            }
        }
    }

    async fn ask(&self, key: &Key) -> Result<Schema> {
        let what = key.to_string();
        let body = self.inner.asker.ask(&key.path(), &what).await?;
        let answer = schema(&body).map_err(|fault| self.error(&what, fault))?;
        let references = resolve(&self.inner.asker, &answer, &what, self.inner.limits).await.map_err(|error| match error {
            Error::Registry { registry, what, fault } if registry.is_empty() => self.error(&what, fault),
            other => other,
        })?;
        let (id, guid) = match key {
            Key::Id(id) => (Some(*id), answer.guid),
            Key::Guid(guid) => (answer.id, Some(*guid)),
            Key::Subject(..) => (answer.id, answer.guid),
        };
        Ok(Schema { id, guid, version: answer.version, kind: answer.kind, text: answer.text, references })
    }

    fn error(&self, what: &str, fault: RegistryFault) -> Error {
        Error::Registry { registry: self.inner.shown.clone(), what: what.to_owned(), fault }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("urls", &self.inner.shown).finish_non_exhaustive()
    }
}
