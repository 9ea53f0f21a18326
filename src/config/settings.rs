//! The properties as what the library uses.

use std::time::Duration;

use super::hidden::Address;
use super::host_port::HostPort;
use super::known::{Effect, KNOWN, Property};
use super::properties::Properties;
use super::security::Security;
use super::value::Reader;
use crate::error::{Error, Result, nearest};

/// Half an hour: longer than any timeout that makes sense, and far from every overflow.
const LONGEST_WAIT: i64 = 30 * 60 * 1000;

/// Where to start a partition that has no committed offset: `auto.offset.reset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OffsetReset {
    /// At the first offset that the log holds.
    Earliest,
    /// At the end of the log.
    Latest,
    /// Nowhere: it is an error.
    None,
}

/// What happens when the log was cut below what was read of it: `kolumn.on.truncation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnTruncation {
    /// The consumption stops.
    Fail,
    /// The rows that the log lost are withdrawn from the table, and it is read on.
    Withdraw,
}

/// What happens when the topic was deleted and created again: `kolumn.on.recreated.topic`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnRecreatedTopic {
    /// The consumption stops.
    Fail,
    /// The new topic is read from its first offset. The rows of the old one stay.
    Restart,
}

/// The names of the columns that come from Kafka itself; none where the table has no such column.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ColumnNames {
    /// `deephaven.partition.column.name`.
    pub partition: Option<String>,
    /// `deephaven.offset.column.name`.
    pub offset: Option<String>,
    /// `deephaven.timestamp.column.name`.
    pub timestamp: Option<String>,
    /// `deephaven.receivetime.column.name`.
    pub receive_time: Option<String>,
    /// `deephaven.keybytes.column.name`.
    pub key_bytes: Option<String>,
    /// `deephaven.valuebytes.column.name`.
    pub value_bytes: Option<String>,
    /// The column of a key that is one value.
    pub key: SideColumn,
    /// The column of a value that is one value.
    pub value: SideColumn,
}

/// What the properties say about a key or a value that becomes one column.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SideColumn {
    /// `deephaven.{key,value}.column.name`.
    pub name: String,
    /// `deephaven.{key,value}.column.type`, as text.
    pub data_type: Option<String>,
    /// `{key,value}.deserializer`, as text.
    pub deserializer: Option<String>,
}

/// What the library uses, made from [`Properties`]. Each field's documentation names its property; [`KNOWN`] has the defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// `bootstrap.servers`; see [`Self::brokers`].
    pub bootstrap: Vec<HostPort>,
    /// `security.protocol` and `sasl.*`.
    pub security: Security,
    /// `client.id`.
    pub client_id: String,
    /// `client.rack`; empty for none.
    pub rack: String,
    /// `group.id`.
    pub group_id: Option<String>,
    /// `auto.offset.reset`; none where it is not set.
    pub offset_reset: Option<OffsetReset>,
    /// `isolation.level` is `read_committed`.
    pub read_committed: bool,
    /// `check.crcs`.
    pub check_crcs: bool,
    /// `fetch.min.bytes`.
    pub fetch_min_bytes: i32,
    /// `fetch.max.wait.ms`.
    pub fetch_max_wait: Duration,
    /// `fetch.max.bytes`.
    pub fetch_max_bytes: i32,
    /// `max.partition.fetch.bytes`.
    pub fetch_max_partition_bytes: i32,
    /// `kolumn.fetches.in.flight`.
    pub fetches_in_flight: usize,
    /// `receive.message.max.bytes`, at least 1 MiB more than `fetch.max.bytes`.
    pub max_response_bytes: usize,
    /// `request.timeout.ms`.
    pub request_timeout: Duration,
    /// `default.api.timeout.ms`.
    pub api_timeout: Duration,
    /// `kolumn.bootstrap.timeout.ms`.
    pub bootstrap_timeout: Duration,
    /// `socket.connection.setup.timeout.ms`.
    pub connect_timeout: Duration,
    /// `retry.backoff.ms`.
    pub retry_backoff: Duration,
    /// `retry.backoff.max.ms`, at least `retry.backoff.ms`.
    pub retry_backoff_max: Duration,
    /// `reconnect.backoff.ms`.
    pub reconnect_backoff: Duration,
    /// `reconnect.backoff.max.ms`, at least `reconnect.backoff.ms`.
    pub reconnect_backoff_max: Duration,
    /// `metadata.max.age.ms`.
    pub metadata_max_age: Duration,
    /// `deephaven.*.column.*`, `key.deserializer` and `value.deserializer`.
    pub columns: ColumnNames,
    /// `schema.registry.url`.
    pub registry: Option<Address>,
    /// `kolumn.lanes`; none for as many as there are cores.
    pub lanes: Option<usize>,
    /// `kolumn.memory.budget.bytes`.
    pub memory_budget: usize,
    /// `kolumn.cycle.ms`.
    pub cycle: Duration,
    /// `kolumn.chunk.rows`.
    pub chunk_rows: usize,
    /// `kolumn.max.decompressed.batch.bytes`.
    pub max_decompressed_batch: usize,
    /// `kolumn.on.truncation`.
    pub on_truncation: OnTruncation,
    /// `kolumn.on.recreated.topic`.
    pub on_recreated_topic: OnRecreatedTopic,
}

impl Settings {
    /// The settings that the properties say, defaults elsewhere.
    ///
    /// # Errors
    /// [`Error::UnknownProperty`] (with `kolumn.lenient.config=true` a warning), [`Error::InvalidProperty`].
    pub fn from_properties(properties: &Properties) -> Result<Self> {
        let reader = Reader::new(properties);
        check_names(properties, reader.boolean("kolumn.lenient.config")?)?;
        Self::read(&reader)
    }

    /// The bootstrap brokers.
    ///
    /// # Errors
    /// [`Error::Missing`] where there are none.
    pub fn brokers(&self) -> Result<&[HostPort]> {
        if self.bootstrap.is_empty() {
            let hint = "give host:port by brokers(…), bootstrap.servers, -b or KOLUMN_BROKERS".into();
            return Err(Error::Missing { what: "the address of a broker".into(), hint });
        }
        Ok(&self.bootstrap)
    }

    fn read(reader: &Reader<'_>) -> Result<Self> {
        const BYTES: i64 = i32::MAX as i64;
        let fetch_max_bytes: i32 = reader.number("fetch.max.bytes", 1024..=BYTES)?;
        let max_response: usize = reader.number("receive.message.max.bytes", 1024..=BYTES)?;
        let room = usize::try_from(fetch_max_bytes).unwrap_or(usize::MAX).saturating_add(1 << 20);
        let retry_backoff = reader.milliseconds("retry.backoff.ms", 1..=LONGEST_WAIT)?;
        let reconnect_backoff = reader.milliseconds("reconnect.backoff.ms", 1..=LONGEST_WAIT)?;
        Ok(Self {
            bootstrap: reader.parsed("bootstrap.servers", HostPort::list)?,
            security: Security::read(reader)?,
            client_id: reader.text("client.id").unwrap_or_default().to_owned(),
            rack: reader.text("client.rack").unwrap_or_default().to_owned(),
            group_id: reader.filled("group.id"),
            offset_reset: reader.parsed("auto.offset.reset", offset_reset)?,
            read_committed: reader.parsed("isolation.level", isolation_level)?,
            check_crcs: reader.boolean("check.crcs")?,
            fetch_min_bytes: reader.number("fetch.min.bytes", 0..=BYTES)?,
            fetch_max_wait: reader.milliseconds("fetch.max.wait.ms", 0..=LONGEST_WAIT)?,
            fetch_max_bytes,
            fetch_max_partition_bytes: reader.number("max.partition.fetch.bytes", 1..=BYTES)?,
            fetches_in_flight: reader.number("kolumn.fetches.in.flight", 1..=16)?,
            max_response_bytes: max_response.max(room),
            request_timeout: reader.milliseconds("request.timeout.ms", 1..=LONGEST_WAIT)?,
            api_timeout: reader.milliseconds("default.api.timeout.ms", 1..=LONGEST_WAIT)?,
            bootstrap_timeout: reader.milliseconds("kolumn.bootstrap.timeout.ms", 1..=LONGEST_WAIT)?,
            connect_timeout: reader.milliseconds("socket.connection.setup.timeout.ms", 1..=LONGEST_WAIT)?,
            retry_backoff,
            retry_backoff_max: reader.milliseconds("retry.backoff.max.ms", 1..=LONGEST_WAIT)?.max(retry_backoff),
            reconnect_backoff,
            reconnect_backoff_max: reader.milliseconds("reconnect.backoff.max.ms", 1..=LONGEST_WAIT)?.max(reconnect_backoff),
            metadata_max_age: reader.milliseconds("metadata.max.age.ms", 10..=BYTES)?,
            columns: columns(reader),
            registry: reader.filled("schema.registry.url").map(Address::new),
            lanes: Some(reader.number("kolumn.lanes", 0..=1024)?).filter(|lanes| *lanes > 0),
            memory_budget: reader.number("kolumn.memory.budget.bytes", (1 << 20)..=i64::MAX)?,
            cycle: reader.milliseconds("kolumn.cycle.ms", 0..=60_000)?,
            chunk_rows: reader.number("kolumn.chunk.rows", 1..=16_777_216)?,
            on_truncation: reader.parsed("kolumn.on.truncation", on_truncation)?,
            on_recreated_topic: reader.parsed("kolumn.on.recreated.topic", on_recreated_topic)?,
            max_decompressed_batch: reader.number("kolumn.max.decompressed.batch.bytes", 1024..=BYTES)?,
        })
    }
}

fn check_names(properties: &Properties, lenient: bool) -> Result<()> {
    for (key, _) in properties.iter() {
        match Property::find(key).map(|property| property.effect) {
            Some(Effect::Used) => {}
            Some(Effect::None) => tracing::debug!(property = key, "has no effect on kolumn"),
            Some(Effect::Security) => tracing::debug!(property = key, "has no effect with security.protocol=PLAINTEXT"),
            None => {
                let names =
                    KNOWN.iter().flat_map(|property| std::iter::once(property.name).chain(property.aliases.iter().copied()));
                let nearest = nearest(key, names);
                if !lenient {
                    return Err(Error::UnknownProperty { key: key.to_owned(), nearest });
                }
                tracing::warn!(property = key, nearest, "unknown property");
            }
        }
    }
    Ok(())
}

fn columns(reader: &Reader<'_>) -> ColumnNames {
    let side = |name, data_type, deserializer| SideColumn {
        name: reader.text(name).unwrap_or_default().to_owned(),
        data_type: reader.filled(data_type),
        deserializer: reader.filled(deserializer),
    };
    ColumnNames {
        partition: reader.filled("deephaven.partition.column.name"),
        offset: reader.filled("deephaven.offset.column.name"),
        timestamp: reader.filled("deephaven.timestamp.column.name"),
        receive_time: reader.filled("deephaven.receivetime.column.name"),
        key_bytes: reader.filled("deephaven.keybytes.column.name"),
        value_bytes: reader.filled("deephaven.valuebytes.column.name"),
        key: side("deephaven.key.column.name", "deephaven.key.column.type", "key.deserializer"),
        value: side("deephaven.value.column.name", "deephaven.value.column.type", "value.deserializer"),
    }
}

/// Also the names that librdkafka has for them.
fn offset_reset(text: &str) -> Result<Option<OffsetReset>, String> {
    match text {
        "" => Ok(None),
        "earliest" | "smallest" | "beginning" => Ok(Some(OffsetReset::Earliest)),
        "latest" | "largest" | "end" => Ok(Some(OffsetReset::Latest)),
        "none" | "error" => Ok(Some(OffsetReset::None)),
        _ => Err("must be earliest, latest or none".into()),
    }
}

fn isolation_level(text: &str) -> Result<bool, String> {
    match text {
        "read_committed" => Ok(true),
        "read_uncommitted" => Ok(false),
        _ => Err("must be read_committed or read_uncommitted".into()),
    }
}

fn on_truncation(text: &str) -> Result<OnTruncation, String> {
    match text {
        "fail" => Ok(OnTruncation::Fail),
        "withdraw" => Ok(OnTruncation::Withdraw),
        _ => Err("must be fail or withdraw".into()),
    }
}

fn on_recreated_topic(text: &str) -> Result<OnRecreatedTopic, String> {
    match text {
        "fail" => Ok(OnRecreatedTopic::Fail),
        "restart" => Ok(OnRecreatedTopic::Restart),
        _ => Err("must be fail or restart".into()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn settings<const N: usize>(pairs: [(&str, &str); N]) -> Result<Settings> {
        Settings::from_properties(&Properties::from(pairs))
    }

    #[test]
    fn every_property_of_the_table_that_is_used_is_read_and_no_other() {
        let properties = Properties::new();
        let reader = Reader::new(&properties);
        reader.boolean("kolumn.lenient.config").expect("has a default");
        Settings::read(&reader).expect("the defaults are valid");
        let used: BTreeSet<_> =
            KNOWN.iter().filter(|property| property.effect == Effect::Used).map(|property| property.name).collect();
        assert_eq!(*reader.asked.borrow(), used);
    }

    #[test]
    fn without_properties_the_defaults_apply_and_only_the_brokers_are_missing() {
        let settings = settings([]).expect("defaults");
        assert_eq!(settings.fetch_max_bytes, 8 << 20);
        assert_eq!(settings.fetch_max_partition_bytes, 2 << 20);
        assert_eq!(settings.fetch_max_wait, Duration::from_millis(500));
        assert_eq!(settings.offset_reset, None);
        assert!(!settings.read_committed && settings.check_crcs);
        assert_eq!(settings.columns.partition.as_deref(), Some("KafkaPartition"));
        assert_eq!(settings.columns.receive_time, None);
        assert_eq!(settings.lanes, None);
        assert!(matches!(settings.brokers(), Err(Error::Missing { .. })));
    }

    #[test]
    fn names_of_librdkafka_mean_the_same() {
        let properties = [
            ("metadata.broker.list", "a:1, b"),
            ("fetch.wait.max.ms", " 7 "),
            ("fetch.message.max.bytes", "4096"),
            ("socket.timeout.ms", "1500"),
            ("auto.offset.reset", "smallest"),
        ];
        let settings = settings(properties).expect("valid");
        assert_eq!(settings.brokers(), Ok([HostPort::new("a", 1), HostPort::new("b", 9092)].as_slice()));
        assert_eq!(settings.fetch_max_wait, Duration::from_millis(7));
        assert_eq!(settings.fetch_max_partition_bytes, 4096);
        assert_eq!(settings.request_timeout, Duration::from_millis(1500));
        assert_eq!(settings.offset_reset, Some(OffsetReset::Earliest));
    }

    #[test]
    fn an_unknown_property_is_an_error_that_names_the_nearest_and_lenient_makes_it_a_warning() {
        let error = settings([("bootstrap.server", "a:1")]).expect_err("unknown");
        assert_eq!(error, Error::UnknownProperty { key: "bootstrap.server".into(), nearest: Some("bootstrap.servers".into()) });
        assert!(settings([("bootstrap.server", "a:1"), ("kolumn.lenient.config", "true")]).is_ok());
    }

    #[test]
    fn an_empty_column_name_takes_the_column_out_and_another_renames_it() {
        let settings =
            settings([("deephaven.offset.column.name", ""), ("deephaven.keybytes.column.name", "Size")]).expect("valid");
        assert_eq!(settings.columns.offset, None);
        assert_eq!(settings.columns.key_bytes.as_deref(), Some("Size"));
    }

    #[test]
    fn values_that_cannot_be_are_refused_with_property_value_and_what_it_should_be() {
        for (key, value) in [
            ("fetch.min.bytes", "-1"),
            ("fetch.min.bytes", "many"),
            ("fetch.max.bytes", "2147483648"),
            ("check.crcs", "yes"),
            ("isolation.level", "serializable"),
            ("auto.offset.reset", "first"),
            ("bootstrap.servers", "a:1,b:nine"),
            ("security.protocol", "TLS"),
            ("request.timeout.ms", "0"),
            ("kolumn.lenient.config", "maybe"),
        ] {
            match settings([(key, value)]) {
                Err(Error::InvalidProperty { key: named, value: shown, reason }) => {
                    assert_eq!((named.as_str(), shown.as_str()), (key, value));
                    assert!(!reason.is_empty());
                }
                other => panic!("{key}={value}: {other:?}"),
            }
        }
    }

    #[test]
    fn an_invalid_value_from_a_file_says_which_line() {
        let properties = Properties::parse_file("kafka.properties", "client.id=x\nfetch.min.bytes=x").expect("parses");
        let text = Settings::from_properties(&properties).expect_err("no number").to_string();
        assert!(text.contains("kafka.properties, line 2"), "{text}");
    }

    #[test]
    fn a_response_limit_below_the_fetch_limit_is_raised_above_it() {
        let settings = settings([("fetch.max.bytes", "52428800"), ("receive.message.max.bytes", "1048576")]).expect("valid");
        assert_eq!(settings.max_response_bytes, 52_428_800 + (1 << 20));
    }

    #[test]
    fn what_changes_nothing_here_is_accepted() {
        assert!(settings([("enable.auto.commit", "true"), ("max.poll.records", "500"), ("ssl.ca.location", "/ca.pem")]).is_ok());
    }
}
