//! The one table of properties.

/// What a property does here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// [`Settings`](super::Settings) reads it.
    Used,
    /// Accepted and without effect: kolumn does the thing by itself, or has no such thing.
    None,
    /// Accepted and without effect as long as `security.protocol` is `PLAINTEXT`.
    Security,
}

/// One property that kolumn knows.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Property {
    /// Its name, in the Java client where that has it.
    pub name: &'static str,
    /// Other names for it.
    pub aliases: &'static [&'static str],
    /// Its value where none is given.
    pub default: Option<&'static str>,
    /// What it means, in one sentence; empty for those without effect.
    pub doc: &'static str,
    /// Whether its value is never shown.
    pub secret: bool,
    /// What it does here.
    pub effect: Effect,
}

impl Property {
    /// The property of this name or alias.
    pub fn find(name: &str) -> Option<&'static Self> {
        KNOWN.iter().find(|property| property.name == name || property.aliases.contains(&name))
    }

    /// Whether the value of the property `name` must not be shown; an unknown name that sounds like a secret is one.
    pub fn is_secret(name: &str) -> bool {
        const SOUNDS: [&str; 8] = ["password", "secret", "token", "jaas", "user.info", "credential", "keystore.key", "key.pem"];
        let sounds = |name: &str| SOUNDS.iter().any(|sound| name.contains(sound));
        Self::find(name).map_or_else(|| sounds(&name.to_lowercase()), |property| property.secret)
    }
}

const fn used(
    name: &'static str,
    aliases: &'static [&'static str],
    default: Option<&'static str>,
    doc: &'static str,
) -> Property {
    Property { name, aliases, default, doc, secret: false, effect: Effect::Used }
}

const fn idle(name: &'static str, aliases: &'static [&'static str]) -> Property {
    Property { name, aliases, default: None, doc: "", secret: false, effect: Effect::None }
}

const fn later(name: &'static str, aliases: &'static [&'static str]) -> Property {
    Property { name, aliases, default: None, doc: "", secret: false, effect: Effect::Security }
}

const fn confidential(name: &'static str, aliases: &'static [&'static str], doc: &'static str) -> Property {
    Property { name, aliases, default: None, doc, secret: true, effect: Effect::Used }
}

const fn secret(name: &'static str, aliases: &'static [&'static str]) -> Property {
    Property { name, aliases, default: None, doc: "", secret: true, effect: Effect::Security }
}

/// Every property that is known. The defaults are Kafka's unless the text says otherwise.
pub const KNOWN: &[Property] = &[
    // Who and where.
    used("bootstrap.servers", &["metadata.broker.list"], None, "Brokers to begin with, host:port, separated by commas."),
    used("client.id", &[], Some("kolumn"), "The name that brokers see in their logs and quotas."),
    used("client.rack", &[], Some(""), "Where this client is, to read from the closest replica."),
    used("group.id", &[], None, "The group whose committed offsets the start `stored` means."),
    used("security.protocol", &[], Some("PLAINTEXT"), "How brokers are spoken to: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL."),
    // What to read.
    used(
        "auto.offset.reset",
        &[],
        None,
        "Where to go on when the log does not hold the position, and where to start without a committed offset: earliest, latest or none. Not set: start at the latest, and an offset that the log does not hold is an error.",
    ),
    used(
        "isolation.level",
        &[],
        Some("read_uncommitted"),
        "read_committed leaves out aborted transactions and waits for open ones.",
    ),
    used("check.crcs", &[], Some("true"), "Whether the checksum of each batch is verified."),
    // How much at once. The two limits are kolumn's own: frames of this size stay in the cache and come from a pool.
    used("fetch.min.bytes", &[], Some("1"), "A broker waits until it has this many bytes, or fetch.max.wait.ms have passed."),
    used("fetch.max.wait.ms", &["fetch.wait.max.ms"], Some("500"), "How long a broker waits for fetch.min.bytes."),
    used(
        "fetch.max.bytes",
        &[],
        Some("8388608"),
        "The size of a fetch response over all partitions; one larger batch still comes whole.",
    ),
    used(
        "max.partition.fetch.bytes",
        &["fetch.message.max.bytes"],
        Some("2097152"),
        "The bytes of one partition in a fetch response.",
    ),
    used("receive.message.max.bytes", &[], Some("104857600"), "A response larger than this is refused."),
    // How long.
    used("request.timeout.ms", &["socket.timeout.ms"], Some("30000"), "How long a broker may take to answer."),
    used("default.api.timeout.ms", &[], Some("60000"), "How long a look-up may take, retries included."),
    used("socket.connection.setup.timeout.ms", &[], Some("10000"), "How long a connection may take to open."),
    used("retry.backoff.ms", &[], Some("100"), "The pause before the first retry; it doubles with each."),
    used("retry.backoff.max.ms", &[], Some("1000"), "The longest pause before a retry."),
    used("reconnect.backoff.ms", &[], Some("50"), "The pause before the first attempt to reconnect; it doubles with each."),
    used("reconnect.backoff.max.ms", &[], Some("1000"), "The longest pause before an attempt to reconnect."),
    used(
        "metadata.max.age.ms",
        &["topic.metadata.refresh.interval.ms"],
        Some("300000"),
        "How often to look for new partitions and leaders where nothing else asks for it.",
    ),
    // The reference API's.
    used("key.deserializer", &[], None, "The Java class whose type the key has, for the spec `from_properties`."),
    used("value.deserializer", &[], None, "The Java class whose type the value has, for the spec `from_properties`."),
    used("deephaven.partition.column.name", &[], Some("KafkaPartition"), "The column of the partition; empty for none."),
    used("deephaven.offset.column.name", &[], Some("KafkaOffset"), "The column of the offset; empty for none."),
    used("deephaven.timestamp.column.name", &[], Some("KafkaTimestamp"), "The column of the record's timestamp; empty for none."),
    used("deephaven.receivetime.column.name", &[], Some(""), "The column of the time of receipt; empty for none."),
    used("deephaven.keybytes.column.name", &[], Some(""), "The column of the key's size in bytes; empty for none."),
    used("deephaven.valuebytes.column.name", &[], Some(""), "The column of the value's size in bytes; empty for none."),
    used("deephaven.key.column.name", &[], Some("KafkaKey"), "The column of a key that is one value."),
    used("deephaven.value.column.name", &[], Some("KafkaValue"), "The column of a value that is one value."),
    used("deephaven.key.column.type", &[], None, "The type of a key that is one value."),
    used("deephaven.value.column.type", &[], None, "The type of a value that is one value."),
    used("schema.registry.url", &[], None, "The schema registry."),
    // kolumn's own.
    used("kolumn.lenient.config", &[], Some("false"), "Whether an unknown property is a warning instead of an error."),
    used("kolumn.lanes", &[], Some("0"), "How many threads fetch and decode; 0 for as many as there are cores."),
    used("kolumn.memory.budget.bytes", &[], Some("268435456"), "The bytes in flight and in tables that are not yet taken."),
    used("kolumn.cycle.ms", &[], Some("10"), "The shortest time between two cycles."),
    used("kolumn.chunk.rows", &[], Some("65536"), "The most rows of a chunk; chunks of less than an eighth of it are compacted."),
    used("kolumn.max.decompressed.batch.bytes", &[], Some("134217728"), "A batch that decompresses to more is refused."),
    used("kolumn.fetches.in.flight", &[], Some("1"), "How many fetches a lane has in flight for each broker."),
    used(
        "kolumn.on.truncation",
        &[],
        Some("fail"),
        "What happens when the log turns out to have been cut below what was read (an unclean election): fail stops, withdraw takes the rows that the log lost out of the table and reads on.",
    ),
    used(
        "kolumn.on.recreated.topic",
        &[],
        Some("fail"),
        "What happens when the topic was deleted and created again: fail stops, restart reads the new topic from its first offset, behind the rows of the old one.",
    ),
    used("kolumn.bootstrap.timeout.ms", &[], Some("10000"), "How long the list of brokers is tried before the start fails."),
    // Groups: kolumn keeps the offsets with the tables, and is no member of a group.
    idle("enable.auto.commit", &[]),
    idle("enable.auto.offset.store", &[]),
    idle("auto.commit.interval.ms", &[]),
    idle("auto.commit.enable", &[]),
    idle("session.timeout.ms", &[]),
    idle("heartbeat.interval.ms", &[]),
    idle("max.poll.records", &[]),
    idle("max.poll.interval.ms", &[]),
    idle("group.instance.id", &[]),
    idle("group.protocol", &[]),
    idle("group.remote.assignor", &[]),
    idle("partition.assignment.strategy", &[]),
    idle("coordinator.query.interval.ms", &[]),
    idle("internal.leave.group.on.close", &[]),
    idle("exclude.internal.topics", &[]),
    idle("allow.auto.create.topics", &[]), // never: a look-up must not create what it looks for
    // Buffers, sockets, metrics: kolumn's own ways.
    idle("queued.min.messages", &[]),
    idle("queued.max.messages.kbytes", &[]),
    idle("fetch.error.backoff.ms", &[]),
    idle("fetch.queue.backoff.ms", &[]),
    idle("message.max.bytes", &[]),
    idle("send.buffer.bytes", &["socket.send.buffer.bytes"]),
    idle("receive.buffer.bytes", &["socket.receive.buffer.bytes"]),
    idle("socket.keepalive.enable", &[]),
    idle("socket.nagle.disable", &[]),
    idle("socket.max.fails", &[]),
    idle("socket.connection.setup.timeout.max.ms", &[]),
    idle("connections.max.idle.ms", &[]),
    idle("broker.address.family", &[]),
    idle("broker.address.ttl", &[]),
    idle("client.dns.lookup", &[]),
    idle("api.version.request", &[]),
    idle("api.version.request.timeout.ms", &[]),
    idle("api.version.fallback.ms", &[]),
    idle("broker.version.fallback", &[]),
    idle("max.in.flight.requests.per.connection", &["max.in.flight"]),
    idle("topic.metadata.refresh.fast.interval.ms", &[]),
    idle("topic.metadata.refresh.sparse", &[]),
    idle("topic.metadata.propagation.max.ms", &[]),
    idle("metadata.recovery.strategy", &[]),
    idle("metadata.recovery.rebootstrap.trigger.ms", &[]),
    idle("enable.partition.eof", &[]),
    idle("enable.metrics.push", &[]),
    idle("interceptor.classes", &[]),
    idle("metric.reporters", &[]),
    idle("metrics.num.samples", &[]),
    idle("metrics.recording.level", &[]),
    idle("metrics.sample.window.ms", &[]),
    idle("auto.include.jmx.reporter", &[]),
    idle("statistics.interval.ms", &[]),
    idle("log_level", &[]),
    idle("log.connection.close", &[]),
    idle("debug", &[]),
    // SASL. What it does not know of it has no effect as long as security.protocol has no SASL in it.
    used(
        "sasl.mechanism",
        &["sasl.mechanisms"],
        None,
        "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER; the login module of sasl.jaas.config may say it instead.",
    ),
    used("sasl.username", &[], None, "The user for PLAIN and SCRAM."),
    confidential("sasl.password", &[], "The password for PLAIN and SCRAM."),
    confidential(
        "sasl.jaas.config",
        &[],
        "A line of JAAS with PlainLoginModule, ScramLoginModule or OAuthBearerLoginModule; properties win over its options.",
    ),
    used(
        "sasl.oauthbearer.method",
        &[],
        None,
        "oidc asks an OpenID Connect provider for tokens; default takes them from the program, or makes unsecured ones.",
    ),
    used(
        "sasl.oauthbearer.client.credentials.client.id",
        &["sasl.oauthbearer.client.id"],
        None,
        "The client's id at the OpenID Connect provider.",
    ),
    confidential(
        "sasl.oauthbearer.client.credentials.client.secret",
        &["sasl.oauthbearer.client.secret"],
        "The client's secret at the OpenID Connect provider.",
    ),
    used("sasl.oauthbearer.scope", &[], None, "The scope of the tokens that the OpenID Connect provider is asked for."),
    used("sasl.oauthbearer.extensions", &[], None, "SASL extensions, name=value, separated by commas."),
    used("sasl.oauthbearer.token.endpoint.url", &[], None, "Where the OpenID Connect provider gives tokens."),
    used(
        "sasl.oauthbearer.header.urlencode",
        &[],
        Some("false"),
        "Whether the client's id and secret are encoded for URLs in the header of the request for a token, as RFC 6749 has it.",
    ),
    confidential(
        "sasl.oauthbearer.config",
        &[],
        "An unsecured token, in librdkafka's form: principal=NAME scope=A,B lifeSeconds=3600 extension_NAME=VALUE.",
    ),
    used(
        "enable.sasl.oauthbearer.unsecure.jwt",
        &[],
        Some("false"),
        "Whether the tokens of OAUTHBEARER are made here, signed by nobody: for development.",
    ),
    used(
        "sasl.login.retry.backoff.ms",
        &[],
        Some("100"),
        "The pause after the first failure to get a token; it doubles with each.",
    ),
    used("sasl.login.retry.backoff.max.ms", &[], Some("10000"), "The longest pause after a failure to get a token."),
    used(
        "sasl.login.connect.timeout.ms",
        &[],
        Some("10000"),
        "How long a connection to the OpenID Connect provider may take to open.",
    ),
    used("sasl.login.read.timeout.ms", &[], Some("10000"), "How long the OpenID Connect provider may take to answer."),
    later("sasl.kerberos.service.name", &[]),
    later("sasl.client.callback.handler.class", &[]),
    later("sasl.login.callback.handler.class", &[]),
    later("sasl.login.class", &[]),
    later("enable.ssl.certificate.verification", &[]),
    later("ssl.endpoint.identification.algorithm", &[]),
    later("ssl.ca.location", &[]),
    later("ssl.ca.pem", &[]),
    later("ssl.certificate.location", &[]),
    later("ssl.certificate.pem", &[]),
    later("ssl.key.location", &[]),
    secret("ssl.key.pem", &[]),
    secret("ssl.key.password", &[]),
    later("ssl.keystore.location", &[]),
    later("ssl.keystore.type", &[]),
    later("ssl.keystore.certificate.chain", &[]),
    secret("ssl.keystore.key", &[]),
    secret("ssl.keystore.password", &[]),
    later("ssl.truststore.location", &[]),
    later("ssl.truststore.type", &[]),
    later("ssl.truststore.certificates", &[]),
    secret("ssl.truststore.password", &[]),
    later("ssl.protocol", &[]),
    later("ssl.enabled.protocols", &[]),
    later("ssl.cipher.suites", &[]),
    later("ssl.provider", &[]),
    later("basic.auth.credentials.source", &["schema.registry.basic.auth.credentials.source"]),
    secret("basic.auth.user.info", &["schema.registry.basic.auth.user.info"]),
    later("bearer.auth.credentials.source", &[]),
    secret("bearer.auth.token", &[]),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_name_is_there_twice() {
        let mut seen = BTreeSet::new();
        for property in KNOWN {
            for name in std::iter::once(&property.name).chain(property.aliases) {
                assert!(seen.insert(*name), "{name}");
            }
        }
    }

    #[test]
    fn what_is_used_is_documented_in_a_sentence() {
        for property in KNOWN {
            assert_eq!(property.effect == Effect::Used, property.doc.ends_with('.'), "{}", property.name);
        }
    }

    #[test]
    fn secrets_are_known_by_the_table_and_unknown_ones_by_their_sound() {
        assert!(Property::is_secret("sasl.jaas.config"));
        assert!(Property::is_secret("my.Password"));
        assert!(!Property::is_secret("group.id"));
        assert!(!Property::is_secret("sasl.oauthbearer.token.endpoint.url"), "the table wins over the sound");
    }
}
