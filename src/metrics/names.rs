//! The names of all metrics: they stay what they are from version to version.

use std::time::Duration;

use self::Kind::{Counter, Gauge};
use self::Unit::{Bytes, Number, Seconds};
use super::broker::{ApiSnapshot, BrokerSnapshot};
use super::partition::PartitionSnapshot;
use super::snapshot::MetricsSnapshot;

/// How a metric behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// It only grows, until the consumption ends.
    Counter,
    /// It goes up and down.
    Gauge,
    /// It counts durations in buckets.
    Histogram,
}

/// What a metric is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unit {
    /// Things that are counted, or a number such as an offset.
    Number,
    /// Bytes.
    Bytes,
    /// Seconds.
    Seconds,
}

/// One metric.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// What it is measured in.
    pub unit: Unit,
    /// What tells its values apart.
    pub labels: &'static [&'static str],
    /// What it says.
    pub doc: &'static str,
    pub(super) source: Source,
}

/// Where the values of a metric come from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    Broker(fn(&BrokerSnapshot) -> Option<Value>),
    Api(fn(&ApiSnapshot) -> Option<Value>),
    ApiLatency,
    Partition(fn(&PartitionSnapshot) -> Option<Value>),
    Whole(fn(&MetricsSnapshot) -> Option<Value>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value {
    Count(u64),
    Signed(i64),
    Time(Duration),
}

const BROKER: &[&str] = &["broker"];
const API: &[&str] = &["broker", "api"];
const PARTITION: &[&str] = &["topic", "partition"];
const TOPIC: &[&str] = &["topic"];

const fn metric(
    name: &'static str,
    kind: Kind,
    unit: Unit,
    labels: &'static [&'static str],
    doc: &'static str,
    source: Source,
) -> Metric {
    Metric { name, kind, unit, labels, doc, source }
}

const fn broker(
    name: &'static str,
    kind: Kind,
    unit: Unit,
    doc: &'static str,
    read: fn(&BrokerSnapshot) -> Option<Value>,
) -> Metric {
    metric(name, kind, unit, BROKER, doc, Source::Broker(read))
}

const fn api(name: &'static str, doc: &'static str, read: fn(&ApiSnapshot) -> Option<Value>) -> Metric {
    metric(name, Counter, Number, API, doc, Source::Api(read))
}

const fn partition(
    name: &'static str,
    kind: Kind,
    unit: Unit,
    doc: &'static str,
    read: fn(&PartitionSnapshot) -> Option<Value>,
) -> Metric {
    metric(name, kind, unit, PARTITION, doc, Source::Partition(read))
}

const fn whole(name: &'static str, unit: Unit, doc: &'static str, read: fn(&MetricsSnapshot) -> Option<Value>) -> Metric {
    metric(name, Gauge, unit, TOPIC, doc, Source::Whole(read))
}

fn count(count: u64) -> Option<Value> {
    Some(Value::Count(count))
}

fn node(node: Option<i32>) -> Option<Value> {
    Some(Value::Signed(node.unwrap_or(-1).into()))
}

/// All metrics.
pub const METRICS: &[Metric] = &[
    api("kolumn.broker.requests", "Requests that were sent.", |api| count(api.requests)),
    api("kolumn.broker.answers", "Answers that could be read; they may say no nevertheless.", |api| count(api.answers)),
    api("kolumn.broker.request.failures", "Requests without an answer that could be read.", |api| count(api.failures)),
    metric(
        "kolumn.broker.request.latency",
        Kind::Histogram,
        Seconds,
        API,
        "From a request's first byte sent to its answer's last received. A fetch waits at the broker for news, up to fetch.max.wait.ms.",
        Source::ApiLatency,
    ),
    broker("kolumn.broker.sent", Counter, Bytes, "Bytes of requests.", |broker| count(broker.bytes_sent)),
    broker("kolumn.broker.received", Counter, Bytes, "Bytes of answers.", |broker| count(broker.bytes_received)),
    broker("kolumn.broker.connections.opened", Counter, Number, "Connections that were opened.", |broker| {
        count(broker.connections_opened)
    }),
    broker("kolumn.broker.connections.open", Gauge, Number, "Connections that are open.", |broker| {
        count(broker.connections_open)
    }),
    broker("kolumn.broker.connections.lost", Counter, Number, "Connections that an error ended.", |broker| {
        count(broker.connections_lost)
    }),
    broker("kolumn.broker.connect.failures", Counter, Number, "Attempts to connect that came to nothing.", |broker| {
        count(broker.connect_failures)
    }),
    broker("kolumn.broker.logins", Counter, Number, "Logins and re-authentications that were accepted.", |broker| {
        count(broker.logins)
    }),
    broker("kolumn.broker.login.failures", Counter, Number, "Logins and re-authentications that were refused.", |broker| {
        count(broker.login_failures)
    }),
    broker("kolumn.broker.throttles", Counter, Number, "How often the broker asked for rest (KIP-219).", |broker| {
        count(broker.throttles)
    }),
    broker("kolumn.broker.throttle.time", Counter, Seconds, "How long the broker asked to be left alone.", |broker| {
        Some(Value::Time(broker.throttle_time))
    }),
    broker(
        "kolumn.broker.throttle.last",
        Gauge,
        Seconds,
        "How long the broker asked to be left alone the last time.",
        |broker| broker.last_throttle.map(Value::Time),
    ),
    partition("kolumn.partition.position", Gauge, Number, "The offset after the last that is in the table.", |partition| {
        Some(Value::Signed(partition.position))
    }),
    partition(
        "kolumn.partition.high.watermark",
        Gauge,
        Number,
        "The offset after the last that the brokers' majority has, when last heard.",
        |partition| partition.high_watermark.map(Value::Signed),
    ),
    partition("kolumn.partition.lag", Gauge, Number, "Offsets that can be read and are not in the table.", |partition| {
        partition.lag.map(Value::Count)
    }),
    partition(
        "kolumn.partition.fetch.age",
        Gauge,
        Seconds,
        "How long ago a broker last answered for the partition.",
        |partition| partition.fetch_age.map(Value::Time),
    ),
    partition(
        "kolumn.partition.received",
        Counter,
        Bytes,
        "Bytes of batches that were fetched, those included that were fetched again.",
        |partition| count(partition.bytes),
    ),
    partition(
        "kolumn.partition.records",
        Gauge,
        Number,
        "Records that became rows or error rows; fewer after a truncation.",
        |partition| count(partition.records),
    ),
    partition(
        "kolumn.partition.refetches",
        Counter,
        Number,
        "How often something was fetched again: it was damaged, its schema was not known yet, or the table had no room for it.",
        |partition| count(partition.refetches),
    ),
    partition(
        "kolumn.partition.moves",
        Counter,
        Number,
        "How often it changed lanes, because one had more to do than it could.",
        |partition| count(partition.moves),
    ),
    partition(
        "kolumn.partition.leader",
        Gauge,
        Number,
        "The number of the broker that leads; -1 while none does.",
        |partition| node(partition.leader),
    ),
    partition("kolumn.partition.leader.epoch", Gauge, Number, "The leader's epoch; -1 where it is not known.", |partition| {
        node(partition.leader_epoch)
    }),
    partition(
        "kolumn.partition.replica",
        Gauge,
        Number,
        "The number of the broker that answered last: the leader, or a replica that is closer (KIP-392).",
        |partition| node(partition.replica),
    ),
    metric(
        "kolumn.registry.requests",
        Counter,
        Number,
        TOPIC,
        "Requests to the schema registry, those included that were sent again.",
        Source::Whole(|all| all.schemas.map(|schemas| Value::Count(schemas.requests))),
    ),
    metric(
        "kolumn.registry.request.failures",
        Counter,
        Number,
        TOPIC,
        "Requests to the schema registry without an answer, or with one that is no schema.",
        Source::Whole(|all| all.schemas.map(|schemas| Value::Count(schemas.failures))),
    ),
    whole("kolumn.registry.partitions.waiting", Number, "Partitions that wait for the schema of their next record.", |all| {
        all.schemas.map(|schemas| Value::Count(schemas.partitions_waiting))
    }),
    whole("kolumn.table.held", Bytes, "Memory that the tables hold, roughly.", |all| count(all.bytes_held)),
    whole("kolumn.budget.used", Bytes, "Bytes on their way to a reader.", |all| count(all.budget_used)),
    whole("kolumn.budget.limit", Bytes, "How many these may be before the fetch waits.", |all| count(all.budget_limit)),
];
