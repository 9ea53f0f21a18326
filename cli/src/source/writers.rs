//! The schemas of writers, as a registry has them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kolumn::Properties;
use kolumn::decode::{Lookup, WriterSchemas};
use kolumn::error::Error;
use kolumn::registry::{Registry, RegistryFault};
use kolumn::spec::{SchemaId, Side, Spec};

use crate::exit::Failure;

/// What is known of a registry's schemas. What is looked up and not known is noted, and asked for by [`Writers::ask`].
#[derive(Debug, Clone)]
pub(crate) struct Writers {
    registry: Registry,
    known: Arc<Mutex<HashMap<SchemaId, Lookup>>>,
}

impl Writers {
    /// The registry that the properties name; none where they name none.
    pub(crate) fn of(properties: &Properties) -> Result<Option<Self>, Failure> {
        let named = properties.get("schema.registry.url").is_some_and(|url| !url.is_empty());
        named.then(|| Self::new(properties)).transpose()
    }

    /// The registry that the properties must name.
    pub(crate) fn new(properties: &Properties) -> Result<Self, Failure> {
        Ok(Self { registry: Registry::new(properties)?, known: Arc::default() })
    }

    /// The spec, with its schema as the registry has it.
    pub(crate) async fn resolve(&self, spec: Spec, side: Side, topic: Option<&str>) -> Result<Spec, Failure> {
        Ok(spec.resolve(&self.registry, topic, side).await?)
    }

    /// Asks for what was looked up in vain; says whether there was anything.
    pub(crate) async fn ask(&self) -> Result<bool, Failure> {
        let pending: Vec<SchemaId> =
            self.book().iter().filter(|(_, known)| matches!(known, Lookup::Pending)).map(|(id, _)| *id).collect();
        for id in &pending {
            let asked = match id {
                SchemaId::Id(id) => self.registry.id(*id).await,
                SchemaId::Uuid(guid) => self.registry.guid(uuid::Uuid::from_bytes(*guid)).await,
                SchemaId::Fingerprint(_) => {
                    self.book().insert(*id, Lookup::Failed("the registry knows no fingerprints".into()));
                    continue;
                }
            };
            let lookup = match asked {
                Ok(schema) => Lookup::of(&schema),
                Err(Error::Registry { fault: RegistryFault::NotFound { .. }, .. }) => {
                    Lookup::Failed("the registry does not have it".into())
                }
                Err(error) => return Err(error.into()),
            };
            self.book().insert(*id, lookup);
        }
        Ok(!pending.is_empty())
    }

    fn book(&self) -> MutexGuard<'_, HashMap<SchemaId, Lookup>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WriterSchemas for Writers {
    fn get(&self, id: SchemaId) -> Lookup {
        self.book().entry(id).or_insert(Lookup::Pending).clone()
    }
}
