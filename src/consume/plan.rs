//! A description, checked: everything that can be known before a socket is opened.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use rustls::crypto::CryptoProvider;

use super::Consume;
use crate::config::{MetadataColumns, Settings, SideColumn};
use crate::decode;
use crate::decode::OnError;
use crate::error::Result;
use crate::ingest::{self, Rows, Schemas};
use crate::position::{Partitions, Start, Stop};
use crate::registry::Registry;
use crate::spec::{self, Names, Side, SideNames, Spec};
use crate::table::TableType;
use crate::wire::WireSettings;

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
    pub(super) schema: SchemaRef,
    pub(super) partitions: Partitions,
    pub(super) start: Start,
    pub(super) stop: Stop,
    pub(super) limit: Option<u64>,
    pub(super) on_error: OnError,
    pub(super) table_type: TableType,
    pub(super) error_table: Option<TableType>,
    pub(super) by_partition: bool,
}

impl Plan {
    pub(super) fn new(consume: Consume, table_type: TableType, by_partition: bool) -> Result<Self> {
        let settings = Settings::from_properties(&consume.properties)?;
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
        let key_fields = decode::decoder(&key, Side::Key, &names)?;
        let value_fields = decode::decoder(&value, Side::Value, &names)?;
        let schema = ingest::schema(&metadata, key_fields.fields(), value_fields.fields())?;
        let registry = Registry::of(&settings, consume.crypto_provider.clone())?;
        let schemas = registry.zip(settings.registry.as_ref());
        let schemas = schemas.map(|(registry, settings)| Schemas::new(registry, settings.on_unavailable));
        Ok(Self {
            topic: consume.topic.into(),
            schemas,
            settings,
            crypto_provider: consume.crypto_provider,
            wire,
            key,
            value,
            names,
            metadata,
            schema,
            partitions: consume.partitions,
            start: consume.start,
            stop: consume.stop,
            limit: consume.limit,
            on_error: consume.on_error,
            table_type,
            error_table: consume.error_table,
            by_partition,
        })
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
        move || {
            let decoder = |spec: &Spec, side: Side| match &schemas {
                Some(schemas) => decode::decoder_with_registry(spec, side, &names, Box::new(schemas.clone())),
                None => decode::decoder(spec, side, &names),
            };
            let key = decoder(&key, Side::Key)?;
            let value = decoder(&value, Side::Value)?;
            Rows::new(&topic, &metadata, key, value)
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
