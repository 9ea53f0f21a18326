//! Who and where.

use super::LONGEST_WAIT;
use super::property::{Property, nothing, refused, used};

pub(super) const PROPERTIES: &[Property] = &[
    used(
        "bootstrap.servers",
        &["metadata.broker.list"],
        None,
        "Brokers to begin with; the others are learned from them. Needed.",
    )
    .form("host:port,…"),
    used("client.id", &[], Some("kolumn"), "The name that brokers see in their logs, quotas and metrics.")
        .differs("Java's default is made of the group's name and a number, librdkafka's is rdkafka."),
    used("client.rack", &[], Some(""), "Where this client is: a broker that knows a closer replica names it, and it is read there (KIP-392)."),
    used("security.protocol", &[], Some("PLAINTEXT"), "How brokers are spoken to.")
        .one_of(&["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]),
    used(
        "metadata.max.age.ms",
        &["topic.metadata.refresh.interval.ms"],
        Some("300000"),
        "How often to look for new partitions and leaders where nothing else asks for it; -1 for never.",
    )
    .number(-1, LONGEST_WAIT)
    .differs("librdkafka's metadata.max.age.ms is the age at which its cache forgets, 900000; of the two names, the one given last counts. Less than 10 counts as 10."),
    used(
        "metadata.recovery.strategy",
        &[],
        Some("rebootstrap"),
        "What to do when none of the known brokers can be reached: rebootstrap asks bootstrap.servers again, none does not (KIP-899).",
    )
    .one_of(&["rebootstrap", "none"]),
    used(
        "metadata.recovery.rebootstrap.trigger.ms",
        &[],
        Some("300000"),
        "How long no broker may answer a look-up before bootstrap.servers are asked again (KIP-1102).",
    )
    .number(0, LONGEST_WAIT),
    nothing("topic.metadata.refresh.fast.interval.ms", &[], "a leader that is missing is looked for by retry.backoff.ms")
        .number(1, 60_000),
    nothing("topic.metadata.refresh.fast.cnt", &[], "librdkafka does not use it any more").number(0, 1000),
    nothing("topic.metadata.refresh.sparse", &[], "only the topic that is read is asked for").boolean(),
    nothing("topic.metadata.propagation.max.ms", &[], "a topic that is not known yet is asked for again within default.api.timeout.ms")
        .number(0, 3_600_000),
    refused("topic.blacklist", &[], "kolumn reads the one topic that is named, so there is nothing to leave out: take it out")
        .unless(&[""]),
    nothing(
        "exclude.internal.topics",
        &[],
        "it is about subscriptions by pattern, and kolumn reads the topic that is named",
    )
    .boolean(),
    super::property::warned(
        "allow.auto.create.topics",
        &[],
        "kolumn never creates a topic: one that does not exist is an error",
    )
    .boolean()
    .unless(&["false"]),
    refused("api.version.request", &[], "kolumn asks every broker which versions it speaks, and speaks to none that cannot answer")
        .boolean()
        .unless(&["true"]),
    nothing("api.version.request.timeout.ms", &[], "request.timeout.ms bounds that question as every other").number(1, 300_000),
    nothing("api.version.fallback.ms", &[], "it is for brokers before 0.10, and kolumn speaks to none before 2.1")
        .number(0, 604_800_000),
    nothing("broker.version.fallback", &[], "it is for brokers before 0.10, and kolumn speaks to none before 2.1"),
];
