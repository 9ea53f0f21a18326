//! The builder that ties it all together: a topic, specs, where to start, and out comes a table.
//!
//! ```no_run
//! use kolumn::spec::{self, Type, column};
//! use kolumn::{Offsets, TableType};
//!
//! # async fn example() -> kolumn::Result<()> {
//! let orders = kolumn::consume("orders")
//!     .brokers("localhost:9092")
//!     .key(spec::simple("Account", Type::Utf8))
//!     .value(spec::json([
//!         column("OrderId", Type::Int64).at("/order_id"),
//!         column("Symbol", Type::Utf8).at("/symbol"),
//!         column("Price", Type::Float64).at("/px/last"),
//!     ]))
//!     .offsets(Offsets::Beginning)
//!     .table(TableType::Append)
//!     .await?;
//! println!("{} rows", orders.snapshot().rows());
//! orders.close().await?;
//! # Ok(())
//! # }
//! ```

mod answers;
mod balance;
mod busy;
mod control;
mod identity;
mod lanes;
mod plan;
mod questions;
mod replay;
mod start;
mod supervision;
mod truncation;
mod views;

#[cfg(test)]
mod tests;

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::CryptoProvider;

use crate::cluster::{Cluster, TopicInfo};
use crate::config::{MetadataColumns, OnUnavailable, Properties, Settings};
use crate::decode::OnError;
use crate::error::{Error, Result};
use crate::position::{Partitions, Start, Stop};
use crate::spec::Spec;
use crate::table::{PartitionedTable, Snapshot, Table, TableType, Updates};
use crate::wire::{TokenSource, WireSettings};
use plan::Draft;

/// Begins to describe a consumption of `topic`. Nothing is opened before the description is awaited.
pub fn consume(topic: impl Into<String>) -> Consume {
    Consume {
        topic: topic.into(),
        properties: Properties::new(),
        key: None,
        value: None,
        partitions: Partitions::All,
        start: Start::default(),
        stop: Stop::Never,
        limit: None,
        on_error: OnError::Collect,
        metadata: None,
        error_table: None,
        errors: None,
        crypto_provider: None,
        tokens: None,
    }
}

/// The topics of a cluster whose name `wanted` takes, with their partitions, leaders and offsets.
///
/// # Errors
///
/// Those of the properties, [`Error::NoBroker`] and its like, [`Error::Timeout`] after `default.api.timeout.ms`.
///
/// # Cancel safety
///
/// Dropping the future ends the question.
pub async fn topics(properties: &Properties, wanted: impl Fn(&str) -> bool + Send + 'static) -> Result<Vec<TopicInfo>> {
    let settings = Settings::from_properties(properties)?;
    let wire = WireSettings::new(&settings, None, None)?;
    control::ask(settings, wire, async move |cluster: &mut Cluster| cluster.topics(wanted).await).await
}

/// What is to be consumed, and how; see [`consume`].
///
/// [`Consume::table`] makes it a table, which is awaited.
#[derive(Clone)]
#[must_use = "nothing happens before a table is asked for and awaited"]
pub struct Consume {
    topic: String,
    properties: Properties,
    key: Option<Spec>,
    value: Option<Spec>,
    partitions: Partitions,
    start: Start,
    stop: Stop,
    limit: Option<u64>,
    on_error: OnError,
    metadata: Option<MetadataColumns>,
    error_table: Option<TableType>,
    errors: Option<Snapshot>,
    crypto_provider: Option<Arc<CryptoProvider>>,
    tokens: Option<Arc<dyn TokenSource>>,
}

impl fmt::Debug for Consume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consume")
            .field("topic", &self.topic)
            .field("properties", &self.properties)
            .field("key", &self.key)
            .field("value", &self.value)
            .field("partitions", &self.partitions)
            .field("start", &self.start)
            .field("stop", &self.stop)
            .field("limit", &self.limit)
            .field("on_error", &self.on_error)
            .field("metadata", &self.metadata)
            .field("error_table", &self.error_table)
            .field("errors", &self.errors.as_ref().map(Snapshot::rows))
            .field("crypto_provider", &self.crypto_provider.is_some())
            .field("token_source", &self.tokens.is_some())
            .finish()
    }
}

impl Consume {
    /// The brokers to begin with, `host:port`, separated by commas. Property `bootstrap.servers`.
    pub fn brokers(self, brokers: impl Into<String>) -> Self {
        self.property("bootstrap.servers", brokers)
    }

    /// A property by its name in Kafka's Java client, librdkafka, the reference API or kolumn. An unknown one is an error when the
    /// table is awaited.
    pub fn property(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.properties.set(key, value);
        self
    }

    /// Many properties at once, as [`Consume::property`]; also a file in Java's form, by [`Properties::parse`].
    pub fn properties<K: Into<String>, V: Into<String>>(mut self, properties: impl IntoIterator<Item = (K, V)>) -> Self {
        for (key, value) in properties {
            self.properties.set(key, value);
        }
        self
    }

    /// How keys become columns. Default: as the properties say (`deephaven.key.column.type`, `key.deserializer`), else ignored.
    pub fn key(mut self, spec: impl Into<Spec>) -> Self {
        self.key = Some(spec.into());
        self
    }

    /// How values become columns. Default: as the properties say (`deephaven.value.column.type`, `value.deserializer`).
    pub fn value(mut self, spec: impl Into<Spec>) -> Self {
        self.value = Some(spec.into());
        self
    }

    /// Which partitions are read. Default: all, and those that the topic gains later.
    pub fn partitions(mut self, partitions: impl Into<Partitions>) -> Self {
        self.partitions = partitions.into();
        self
    }

    /// Where to start, for all partitions or for each. Default: [`crate::Offsets::Stored`], as in the reference API.
    pub fn offsets(mut self, start: impl Into<Start>) -> Self {
        self.start = start.into();
        self
    }

    /// Where to stop. Default: never.
    pub fn until(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    /// Stop when this many rows are in the table. Exact: no row more.
    pub fn limit(mut self, rows: u64) -> Self {
        self.limit = Some(rows);
        self
    }

    /// What becomes of a record that cannot be decoded. Default: [`OnError::Collect`], into the error table.
    pub fn on_error(mut self, on_error: OnError) -> Self {
        self.on_error = on_error;
        self
    }

    /// What becomes of records whose schema the registry cannot be asked for. Default: their partition waits. Property
    /// `kolumn.registry.on.unavailable`.
    pub fn on_registry_unavailable(self, what: OnUnavailable) -> Self {
        self.property("kolumn.registry.on.unavailable", what.name())
    }

    /// The metadata columns. Default: as the `deephaven.*.column.name` properties say.
    pub fn metadata(mut self, columns: MetadataColumns) -> Self {
        self.metadata = Some(columns);
        self
    }

    /// How many undecodable records the error table holds. Default: a ring of the last 100 000; the positions count all of them.
    pub fn error_table(mut self, table_type: TableType) -> Self {
        self.error_table = Some(table_type);
        self
    }

    /// Who gives the tokens of OAUTHBEARER (`sasl.mechanism`). Without it the properties say where they come from.
    pub fn token_source(mut self, source: impl TokenSource) -> Self {
        self.tokens = Some(Arc::new(source));
        self
    }

    /// The cryptography of TLS. Default: what the process has installed as the default of [`crate::rustls`], else graviola, in pure
    /// Rust.
    ///
    /// graviola needs AES, AVX2 and ADX on x86-64, and AES, PMULL and SHA2 on aarch64; on an older processor TLS is an error without
    /// another provider. [`topics`] follows the default of the process.
    pub fn crypto_provider(mut self, provider: Arc<CryptoProvider>) -> Self {
        self.crypto_provider = Some(provider);
        self
    }

    /// The threads that read and decode. Default: one for each core that the process may use, at most one for each partition.
    /// Property `kolumn.lanes`.
    pub fn lanes(self, lanes: usize) -> Self {
        self.property("kolumn.lanes", lanes.to_string())
    }

    /// The bytes that may be on their way to a reader. Default 256 MiB. Property `kolumn.memory.budget.bytes`.
    pub fn memory_budget(self, bytes: usize) -> Self {
        self.property("kolumn.memory.budget.bytes", bytes.to_string())
    }

    /// The least time between two cycles. Default 10 ms. Property `kolumn.cycle.ms`.
    pub fn cycle(self, least: Duration) -> Self {
        self.property("kolumn.cycle.ms", least.as_millis().to_string())
    }

    /// The most bytes of a payload that its row of the error table keeps. Default 64 KiB. Property `kolumn.error.raw.bytes`.
    pub fn error_raw_limit(self, bytes: usize) -> Self {
        self.property("kolumn.error.raw.bytes", bytes.to_string())
    }

    /// Decodes the records of an error table again, once the cause is mended: a corrected spec, a registry that answers again. It is an
    /// append table with the columns of this description (metadata, key and value), and has an error table of its own for those that
    /// still fail.
    ///
    /// ```no_run
    /// # async fn example(orders: kolumn::Consume, mended: kolumn::Spec) -> kolumn::Result<()> {
    /// let table = orders.clone().table(kolumn::TableType::Append).await?;
    /// // ... and later:
    /// let again = orders.value(mended).replay(&table.errors().snapshot()).await?;
    /// again.finished().await?;
    /// println!("{} mended, {} not", again.snapshot().rows(), again.errors().snapshot().rows());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Each record is fetched again by its offset, with both sides and its headers: what the error table cut off does not matter. Of each
    /// partition the log is read from the first to the last of them; the records between count as filtered, and batches that hold
    /// none of them are not even decompressed. It ends by itself. Which partitions, where to start and to stop is said by the error rows,
    /// and by nothing else.
    ///
    /// A record that the log does not hold any more is decoded from the raw bytes that its error row kept, if these are complete and
    /// all columns come from that side (the other is ignored, no column is made of headers or the other's length). Otherwise it is
    /// an error row again, of code `lost` and with what was kept; so is one in whose place there is another record.
    ///
    /// What is wrong with `errors` is an error when the table is awaited: [`Error::NoErrorTable`].
    pub fn replay(mut self, errors: &Snapshot) -> ConsumeTable {
        self.errors = Some(errors.clone());
        self.table(TableType::Append)
    }

    /// One table for all partitions.
    pub fn table(self, table_type: TableType) -> ConsumeTable {
        ConsumeTable { consume: self, table_type }
    }
}

/// A description of one table; await it.
///
/// The table exists when the future is ready: the brokers were reached, the topic exists, the positions are known.
///
/// # Errors
///
/// Everything that can be known before is an error here, before or after the first socket: an unknown property, a spec that contradicts
/// itself, two columns of one name, brokers that cannot be reached, an unknown topic or partition, an offset that the log does not hold.
/// All of it within the time limit `default.api.timeout.ms`.
///
/// # Cancel safety
///
/// Dropping the future stops what it has begun.
#[derive(Debug, Clone)]
#[must_use = "nothing happens before it is awaited"]
pub struct ConsumeTable {
    consume: Consume,
    table_type: TableType,
}

impl ConsumeTable {
    /// One table for each partition, those included that the topic gains later.
    pub fn by_partition(self) -> ConsumePartitioned {
        ConsumePartitioned { consume: self.consume, table_type: self.table_type }
    }

    /// The table together with its updates, subscribed to before the first record is read.
    ///
    /// A blink table forgets its rows with the next cycle. Who subscribes after the table was awaited may come too late for some;
    /// these updates have all of them.
    pub fn with_updates(self) -> ConsumeUpdates {
        ConsumeUpdates { consume: self.consume, table_type: self.table_type }
    }
}

impl IntoFuture for ConsumeTable {
    type Output = Result<Table>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let draft = Draft::new(self.consume, self.table_type, false)?;
            match control::launch(draft).await? {
                Handle::Plain(table, _) => Ok(table),
                Handle::Partitioned(_) => Err(Error::Closed),
            }
        })
    }
}

/// A description of a table and its updates; await it. See [`ConsumeTable`] for errors and cancel safety.
#[derive(Debug, Clone)]
#[must_use = "nothing happens before it is awaited"]
pub struct ConsumeUpdates {
    consume: Consume,
    table_type: TableType,
}

impl IntoFuture for ConsumeUpdates {
    type Output = Result<(Table, Updates)>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let draft = Draft::new(self.consume, self.table_type, false)?;
            match control::launch(draft).await? {
                Handle::Plain(table, updates) => Ok((table, updates)),
                Handle::Partitioned(_) => Err(Error::Closed),
            }
        })
    }
}

/// A description of a partitioned table; await it. See [`ConsumeTable`] for errors and cancel safety.
#[derive(Debug, Clone)]
#[must_use = "nothing happens before it is awaited"]
pub struct ConsumePartitioned {
    consume: Consume,
    table_type: TableType,
}

impl IntoFuture for ConsumePartitioned {
    type Output = Result<PartitionedTable>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let draft = Draft::new(self.consume, self.table_type, true)?;
            match control::launch(draft).await? {
                Handle::Partitioned(table) => Ok(table),
                Handle::Plain(..) => Err(Error::Closed),
            }
        })
    }
}

/// What a consumption hands out.
enum Handle {
    Plain(Table, Updates),
    Partitioned(PartitionedTable),
}
