//! A description, checked: everything that can be known before a socket is opened.

use std::sync::Arc;
use std::time::Duration;

use arrow_schema::{Schema, SchemaRef};
use rustls::crypto::CryptoProvider;

use super::{Consume, replay};
use crate::config::{MetadataColumns, Settings, SideColumn};
use crate::decode;
use crate::decode::OnError;
use crate::error::{Error, Result};
use crate::ingest::{self, Again, Rows, Schemas};
use crate::position::{Partitions, Start, Stop};
use crate::registry::Registry;
use crate::spec::{self, Names, Side, SideNames, Spec};
use crate::table::TableType;
use crate::wire::{Transport, WireSettings, transport};

/// A consumption that can begin.
pub(super) struct Plan {
    pub(super) topic: Arc<str>,
    pub(super) settings: Settings,
    pub(super) crypto_provider: Option<Arc<CryptoProvider>>,
    pub(super) wire: WireSettings,
    pub(super) key: Spec,
    pub(super) value: Spec,
    pub(super) names: Names,
    /// What decoders look the schemas of writers up in.
    pub(super) schemas: Option<Schemas>,
    pub(super) metadata: MetadataColumns,
    pub(super) registry: Option<Registry>,
    pub(super) schema: SchemaRef,
    pub(super) partitions: Partitions,
    pub(super) start: Start,
    pub(super) stop: Stop,
    pub(super) limit: Option<u64>,
    pub(super) on_error: OnError,
    pub(super) table_type: TableType,
    pub(super) error_table: Option<TableType>,
    pub(super) by_partition: bool,
    /// Only the records of an error table.
    pub(super) again: Option<Arc<Again>>,
}

/// A consumption that can begin when the registry was asked for the schemas that its specs name.
pub(super) struct Draft(Plan);

impl Draft {
    /// Fails where something is wrong that can be known now.
    pub(super) fn new(consume: Consume, table_type: TableType, by_partition: bool) -> Result<Self> {
        let settings = Settings::from_properties(&consume.properties)?;
        let again = consume.errors.as_ref().map(|errors| Again::of(&consume.topic, errors.batches())).transpose()?.map(Arc::new);
        let (partitions, start, stop) = match &again {
            Some(again) => replay::range(again),
            None => (consume.partitions, consume.start, consume.stop),
        };
        let wire = WireSettings::new(&settings, consume.tokens, consume.crypto_provider.clone())?;
        let names = names(&settings);
        let key = consume.key.unwrap_or_else(|| {
            if names.key.column_type.is_some() || names.key.deserializer.is_some() {
                spec::from_properties()
            } else {
                spec::ignore()
            }
        });
        let value = consume.value.unwrap_or_else(spec::from_properties);
        let metadata = consume.metadata.map_or_else(|| ingest::metadata(&settings.columns), Ok)?;
        let registry = Registry::of(&settings, consume.crypto_provider.clone())?;
        let framed = |spec: Spec| if registry.is_some() { spec.registered() } else { spec };
        let (key, value) = (framed(key), framed(value));
        let unresolved = |spec: &Spec| spec.is_unresolved();
        for (spec, side) in [(&key, Side::Key), (&value, Side::Value)] {
            if !unresolved(spec) {
                decode::decoder(spec, side, &names)?;
                continue;
            }
            spec.validate()?;
            if registry.is_none() {
                return Err(Error::Missing {
                    what: format!(
                        "the address of the schema registry, which has the schema of the {}'s spec {spec},",
                        side.name()
                    ),
                    hint: "give schema.registry.url, or the schema's file".into(),
                });
            }
        }
        let schemas = registry.clone().zip(settings.registry.as_ref());
        let schemas = schemas.map(|(registry, settings)| Schemas::new(registry, settings.on_unavailable));
        let plan = Plan {
            topic: consume.topic.into(),
            schemas,
            settings,
            crypto_provider: consume.crypto_provider,
            wire,
            key,
            value,
            names,
            metadata,
            registry,
            schema: SchemaRef::new(Schema::empty()),
            partitions,
            start,
            stop,
            limit: consume.limit,
            on_error: consume.on_error,
            table_type,
            error_table: consume.error_table,
            by_partition,
            again,
        };
        if ![&plan.key, &plan.value].into_iter().any(unresolved) {
            // Two columns of one name are known now.
            plan.columns()?;
        }
        Ok(Self(plan))
    }

    /// Asks this registry, and not the one of the properties.
    #[cfg(test)]
    pub(super) fn ask(&mut self, registry: Registry) {
        let settings = self.0.settings.registry.as_ref();
        self.0.schemas = settings.map(|settings| Schemas::new(registry.clone(), settings.on_unavailable));
        self.0.registry = Some(registry);
    }

    /// How its brokers are connected to.
    pub(super) fn transport(&self) -> Result<Arc<dyn Transport>> {
        transport(&self.0.settings, self.0.crypto_provider.clone())
    }

    pub(super) fn topic(&self) -> &str {
        &self.0.topic
    }

    /// How long the start may take.
    pub(super) fn limit(&self) -> Duration {
        self.0.settings.api_timeout.saturating_add(self.0.settings.wait_for_topic)
    }

    /// The plan, with the schemas that the registry has.
    ///
    /// Cancel safety: nothing is lost.
    pub(super) async fn settle(self) -> Result<Plan> {
        let Self(mut plan) = self;
        if let Some(registry) = &plan.registry {
            let topic = Some(&*plan.topic);
            let (key, value) = (plan.key.clone(), plan.value.clone());
            (plan.key, plan.value) =
                tokio::try_join!(key.resolve(registry, topic, Side::Key), value.resolve(registry, topic, Side::Value))?;
        }
        plan.schema = plan.columns()?;
        Ok(plan)
    }
}

impl Plan {
    fn columns(&self) -> Result<SchemaRef> {
        let key = decode::decoder(&self.key, Side::Key, &self.names)?;
        let value = decode::decoder(&self.value, Side::Value, &self.names)?;
        ingest::schema(&self.metadata, key.fields(), value.fields())
    }

    /// Fresh columns and decoders, for one lane.
    pub(super) fn rows(&self) -> Result<Rows> {
        self.fresh_rows()()
    }

    /// Makes fresh columns and decoders, whenever a lane needs them.
    pub(super) fn fresh_rows(&self) -> impl Fn() -> Result<Rows> + Send + 'static {
        let (key, value, names, metadata) = (self.key.clone(), self.value.clone(), self.names.clone(), self.metadata.clone());
        let topic = Arc::clone(&self.topic);
        let schemas = self.schemas.clone();
        let short_lived = self.table_type == TableType::Blink;
        move || {
            let decoder = |spec: &Spec, side: Side| match &schemas {
                Some(schemas) => decode::decoder_with_registry(spec, side, &names, Box::new(schemas.clone())),
                None => decode::decoder(spec, side, &names),
            };
            let key = decoder(&key, Side::Key)?;
            let value = decoder(&value, Side::Value)?;
            Rows::new(&topic, &metadata, key, value, short_lived)
        }
    }
}

fn names(settings: &Settings) -> Names {
    let side = |column: &SideColumn| SideNames {
        column_name: Some(column.name.clone()),
        column_type: column.data_type.clone(),
        deserializer: column.deserializer.clone(),
    };
    Names { key: side(&settings.columns.key), value: side(&settings.columns.value) }
}
