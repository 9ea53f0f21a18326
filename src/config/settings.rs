//! The properties as what the library uses.

use std::time::Duration;

use super::check::check;
use super::columns::ColumnNames;
use super::host_port::HostPort;
use super::policy::{AddressFamily, OffsetReset, OnRecreatedTopic, OnTruncation};
use super::properties::Properties;
use super::registry::RegistrySettings;
use super::security::Security;
use super::value::Reader;
use crate::error::{Error, Result};

/// As good as for ever, and far from every overflow.
const FOR_EVER: Duration = Duration::from_millis(i32::MAX as u64);

/// Less would ask the brokers without a pause.
const SHORTEST_METADATA_AGE: Duration = Duration::from_millis(10);

/// What sockets to brokers are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SocketSettings {
    /// `broker.address.family`.
    pub family: AddressFamily,
    /// `receive.buffer.bytes`; none for the operating system's choice.
    pub receive_buffer: Option<u32>,
    /// `send.buffer.bytes`; none for the operating system's choice.
    pub send_buffer: Option<u32>,
    /// `socket.keepalive.enable`.
    pub keepalive: bool,
    /// `socket.nagle.disable`.
    pub nodelay: bool,
}

impl Default for SocketSettings {
    /// The defaults of the properties.
    fn default() -> Self {
        Self { family: AddressFamily::Any, receive_buffer: None, send_buffer: None, keepalive: true, nodelay: true }
    }
}

/// What the library uses, made from [`Properties`]. Each field's documentation names its property; [`KNOWN`](super::KNOWN) has the defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// `bootstrap.servers`; see [`Self::brokers`].
    pub bootstrap: Vec<HostPort>,
    /// `security.protocol`, `ssl.*` and `sasl.*`.
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
    /// `socket.connection.setup.timeout.max.ms`, at least `socket.connection.setup.timeout.ms`.
    pub connect_timeout_max: Duration,
    /// `connections.max.idle.ms`; none for never.
    pub connections_max_idle: Option<Duration>,
    /// `broker.address.family` and what else a socket is given.
    pub sockets: SocketSettings,
    /// `retry.backoff.ms`.
    pub retry_backoff: Duration,
    /// `retry.backoff.max.ms`, at least `retry.backoff.ms`.
    pub retry_backoff_max: Duration,
    /// `reconnect.backoff.ms`.
    pub reconnect_backoff: Duration,
    /// `reconnect.backoff.max.ms`, at least `reconnect.backoff.ms`.
    pub reconnect_backoff_max: Duration,
    /// `metadata.max.age.ms`, at least 10 ms.
    pub metadata_max_age: Duration,
    /// `metadata.recovery.rebootstrap.trigger.ms`; none where `metadata.recovery.strategy` is `none`.
    pub rebootstrap: Option<Duration>,
    /// `kolumn.wait.for.topic.ms`.
    pub wait_for_topic: Duration,
    /// `deephaven.*.column.*`, `key.deserializer` and `value.deserializer`.
    pub columns: ColumnNames,
    /// The schema registry; none without `schema.registry.url`.
    pub registry: Option<RegistrySettings>,
    /// `kolumn.lanes`; none for as many as there are cores.
    pub lanes: Option<usize>,
    /// `kolumn.lanes.balance.ms`; none for never.
    pub lane_balance: Option<Duration>,
    /// `kolumn.memory.budget.bytes`.
    pub memory_budget: usize,
    /// `kolumn.cycle.ms`.
    pub cycle: Duration,
    /// `kolumn.chunk.rows`.
    pub chunk_rows: usize,
    /// `kolumn.error.raw.bytes`.
    pub error_raw_bytes: usize,
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
    /// [`Error::UnknownProperty`] (with `kolumn.lenient.config=true` a warning); [`Error::InvalidProperty`] for a value that a
    /// property cannot have, and for a property that cannot have a meaning here.
    pub fn from_properties(properties: &Properties) -> Result<Self> {
        let reader = Reader::new(properties);
        check(properties, &reader, reader.boolean("kolumn.lenient.config")?)?;
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
        let fetch_max_bytes: i32 = reader.number("fetch.max.bytes")?;
        let max_response: usize = reader.number("receive.message.max.bytes")?;
        let room = usize::try_from(fetch_max_bytes).unwrap_or(usize::MAX).saturating_add(1 << 20);
        let connect_timeout = reader.milliseconds("socket.connection.setup.timeout.ms")?;
        // Without any pause, a broker that is down would be asked without end.
        let pause = |name| reader.milliseconds(name).map(|pause| pause.max(Duration::from_millis(1)));
        let retry_backoff = pause("retry.backoff.ms")?;
        let reconnect_backoff = pause("reconnect.backoff.ms")?;
        reader.checked("builtin.features")?;
        Ok(Self {
            bootstrap: reader.parsed("bootstrap.servers", HostPort::list)?,
            security: Security::read(reader)?,
            client_id: reader.text("client.id").unwrap_or_default().to_owned(),
            rack: reader.text("client.rack").unwrap_or_default().to_owned(),
            group_id: reader.filled("group.id"),
            offset_reset: reader.parsed("auto.offset.reset", OffsetReset::read)?,
            read_committed: reader.one_of("isolation.level", &[("read_committed", true), ("read_uncommitted", false)])?,
            check_crcs: reader.boolean("check.crcs")?,
            fetch_min_bytes: reader.number("fetch.min.bytes")?,
            fetch_max_wait: reader.milliseconds("fetch.max.wait.ms")?,
            fetch_max_bytes,
            fetch_max_partition_bytes: reader.number("max.partition.fetch.bytes")?,
            fetches_in_flight: reader.number("kolumn.fetches.in.flight")?,
            max_response_bytes: max_response.max(room),
            request_timeout: reader.milliseconds("request.timeout.ms")?,
            api_timeout: reader.milliseconds("default.api.timeout.ms")?,
            bootstrap_timeout: reader.milliseconds("kolumn.bootstrap.timeout.ms")?,
            connect_timeout,
            connect_timeout_max: reader.milliseconds("socket.connection.setup.timeout.max.ms")?.max(connect_timeout),
            connections_max_idle: reader.positive("connections.max.idle.ms")?.map(Duration::from_millis),
            sockets: sockets(reader)?,
            retry_backoff,
            retry_backoff_max: reader.milliseconds("retry.backoff.max.ms")?.max(retry_backoff),
            reconnect_backoff,
            reconnect_backoff_max: reader.milliseconds("reconnect.backoff.max.ms")?.max(reconnect_backoff),
            metadata_max_age: metadata_max_age(reader)?,
            rebootstrap: rebootstrap(reader)?,
            wait_for_topic: reader.milliseconds("kolumn.wait.for.topic.ms")?,
            columns: ColumnNames::read(reader),
            registry: RegistrySettings::read(reader)?,
            lanes: Some(reader.number("kolumn.lanes")?).filter(|lanes| *lanes > 0),
            lane_balance: Some(reader.milliseconds("kolumn.lanes.balance.ms")?).filter(|interval| !interval.is_zero()),
            memory_budget: reader.number("kolumn.memory.budget.bytes")?,
            cycle: reader.milliseconds("kolumn.cycle.ms")?,
            chunk_rows: reader.number("kolumn.chunk.rows")?,
            error_raw_bytes: reader.number("kolumn.error.raw.bytes")?,
            on_truncation: reader.one_of("kolumn.on.truncation", &OnTruncation::NAMES)?,
            on_recreated_topic: reader.one_of("kolumn.on.recreated.topic", &OnRecreatedTopic::NAMES)?,
            max_decompressed_batch: reader.number("kolumn.max.decompressed.batch.bytes")?,
        })
    }
}

fn metadata_max_age(reader: &Reader<'_>) -> Result<Duration> {
    let age: i64 = reader.number("metadata.max.age.ms")?;
    Ok(u64::try_from(age).map_or(FOR_EVER, Duration::from_millis).max(SHORTEST_METADATA_AGE))
}

fn rebootstrap(reader: &Reader<'_>) -> Result<Option<Duration>> {
    let trigger = reader.milliseconds("metadata.recovery.rebootstrap.trigger.ms")?;
    let goes_back = reader.one_of("metadata.recovery.strategy", &[("rebootstrap", true), ("none", false)])?;
    Ok(goes_back.then_some(trigger))
}

fn sockets(reader: &Reader<'_>) -> Result<SocketSettings> {
    Ok(SocketSettings {
        family: reader.one_of("broker.address.family", &AddressFamily::NAMES)?,
        receive_buffer: reader.positive("receive.buffer.bytes")?,
        send_buffer: reader.positive("send.buffer.bytes")?,
        keepalive: reader.boolean("socket.keepalive.enable")?,
        nodelay: reader.boolean("socket.nagle.disable")?,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::known::{Effect, Property};
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
            Property::all().filter(|property| property.effect == Effect::Used).map(|property| property.name).collect();
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
        assert_eq!(settings.columns.metadata.partition.as_deref(), Some("KafkaPartition"));
        assert_eq!(settings.columns.metadata.receive_time, None);
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
        assert_eq!(settings.columns.metadata.offset, None);
        assert_eq!(settings.columns.metadata.key_bytes.as_deref(), Some("Size"));
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
            ("auto.offset.reset", "by_duration:1h"),
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
    fn what_means_never_and_what_means_the_systems_choice_is_none() {
        let settings = settings([
            ("connections.max.idle.ms", "-1"),
            ("socket.receive.buffer.bytes", "0"),
            ("send.buffer.bytes", "4096"),
            ("topic.metadata.refresh.interval.ms", "-1"),
            ("broker.address.family", "V6"),
        ])
        .expect("valid");
        assert_eq!((settings.connections_max_idle, settings.metadata_max_age), (None, FOR_EVER));
        assert_eq!((settings.sockets.receive_buffer, settings.sockets.send_buffer), (None, Some(4096)));
        assert_eq!(settings.sockets.family, AddressFamily::V6);
    }

    #[test]
    fn the_sockets_of_a_default_are_those_of_no_properties() {
        assert_eq!(settings([]).expect("defaults").sockets, SocketSettings::default());
    }

    #[test]
    fn a_pause_of_nothing_counts_as_a_millisecond_and_a_maximum_is_no_less_than_what_it_limits() {
        let settings = settings([
            ("retry.backoff.ms", "0"),
            ("reconnect.backoff.ms", "0"),
            ("reconnect.backoff.max.ms", "0"),
            ("socket.connection.setup.timeout.ms", "60000"),
        ])
        .expect("valid");
        let least = Duration::from_millis(1);
        assert_eq!((settings.retry_backoff, settings.reconnect_backoff, settings.reconnect_backoff_max), (least, least, least));
        assert_eq!(settings.connect_timeout_max, Duration::from_secs(60));
    }
}
