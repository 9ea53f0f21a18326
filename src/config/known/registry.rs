//! The schema registry: names of Confluent's clients.

use super::LONGEST_WAIT;
use super::property::{Property, nothing, used};

pub(super) const PROPERTIES: &[Property] = &[
    used("schema.registry.url", &[], None, "The schema registry; of several, separated by commas, the next is asked where one does not answer.")
        .form("http:// or https:// addresses, separated by commas"),
    used(
        "basic.auth.credentials.source",
        &["schema.registry.basic.auth.credentials.source"],
        None,
        "Where user and password for the registry are: in schema.registry.url, in basic.auth.user.info, or those of SASL; empty for whichever of the first two is given.",
    )
    .one_of(&["", "URL", "USER_INFO", "SASL_INHERIT"])
    .differs("In Java basic.auth.user.info has no effect without USER_INFO here."),
    used(
        "basic.auth.user.info",
        &["schema.registry.basic.auth.user.info"],
        None,
        "User and password for the registry.",
    )
    .form("user:password")
    .hidden(),
    used(
        "bearer.auth.credentials.source",
        &["schema.registry.bearer.auth.credentials.source"],
        None,
        "Where the registry's bearer token is from: bearer.auth.token, or an OpenID Connect provider; empty for none, or bearer.auth.token where that is given.",
    )
    .one_of(&["", "STATIC_TOKEN", "OAUTHBEARER"]),
    used("bearer.auth.token", &["schema.registry.bearer.auth.token"], None, "The bearer token for the registry.").hidden(),
    used(
        "bearer.auth.issuer.endpoint.url",
        &["schema.registry.bearer.auth.issuer.endpoint.url"],
        None,
        "Where the OpenID Connect provider gives tokens for the registry; what is trusted there is https.ca.location.",
    ),
    used("bearer.auth.client.id", &["schema.registry.bearer.auth.client.id"], None, "The client's id at that provider."),
    used("bearer.auth.client.secret", &["schema.registry.bearer.auth.client.secret"], None, "The client's secret there.").hidden(),
    used("bearer.auth.scope", &["schema.registry.bearer.auth.scope"], None, "The scope that is asked for there."),
    used(
        "bearer.auth.logical.cluster",
        &["schema.registry.bearer.auth.logical.cluster"],
        None,
        "The registry's cluster in Confluent Cloud, which goes with a token.",
    ),
    used(
        "bearer.auth.identity.pool.id",
        &["schema.registry.bearer.auth.identity.pool.id"],
        None,
        "The identity pool in Confluent Cloud, which goes with a token.",
    ),
    used("schema.registry.ssl.endpoint.identification.algorithm", &[], Some("https"), "As ssl.endpoint.identification.algorithm, for the registry.")
        .form("https, none or empty"),
    used("schema.registry.enable.ssl.certificate.verification", &[], Some("true"), "As enable.ssl.certificate.verification, for the registry.")
        .boolean(),
    used("schema.registry.ssl.ca.location", &[], None, "As ssl.ca.location, for the registry.").form("a path or probe"),
    used("schema.registry.ssl.ca.pem", &[], None, "As ssl.ca.pem, for the registry."),
    used("schema.registry.ssl.certificate.location", &[], None, "As ssl.certificate.location, for the registry."),
    used("schema.registry.ssl.certificate.pem", &[], None, "As ssl.certificate.pem, for the registry."),
    used("schema.registry.ssl.key.location", &[], None, "As ssl.key.location, for the registry."),
    used("schema.registry.ssl.key.pem", &[], None, "As ssl.key.pem, for the registry.").hidden(),
    used("schema.registry.ssl.key.password", &[], None, "As ssl.key.password, for the registry.").hidden(),
    used("schema.registry.ssl.keystore.location", &[], None, "As ssl.keystore.location, for the registry."),
    used("schema.registry.ssl.keystore.type", &[], None, "As ssl.keystore.type, for the registry.").form("PEM"),
    used("schema.registry.ssl.keystore.certificate.chain", &[], None, "As ssl.keystore.certificate.chain, for the registry."),
    used("schema.registry.ssl.keystore.key", &[], None, "As ssl.keystore.key, for the registry.").hidden(),
    nothing("schema.registry.ssl.keystore.password", &[], "a PEM file has none, and its key's is schema.registry.ssl.key.password")
        .hidden(),
    used("schema.registry.ssl.truststore.location", &[], None, "As ssl.truststore.location, for the registry."),
    used("schema.registry.ssl.truststore.type", &[], None, "As ssl.truststore.type, for the registry.").form("PEM"),
    used("schema.registry.ssl.truststore.certificates", &[], None, "As ssl.truststore.certificates, for the registry."),
    nothing("schema.registry.ssl.truststore.password", &[], "a PEM file has none").hidden(),
    used("schema.registry.ssl.protocol", &[], Some("TLSv1.3"), "As ssl.protocol, for the registry.").form("TLSv1.2 or TLSv1.3"),
    used("schema.registry.ssl.enabled.protocols", &[], Some("TLSv1.2,TLSv1.3"), "As ssl.enabled.protocols, for the registry.")
        .form("some of TLSv1.2, TLSv1.3, separated by commas"),
    used("schema.registry.ssl.cipher.suites", &[], None, "As ssl.cipher.suites, for the registry.")
        .form("names, separated by commas or colons"),
    used(
        "kolumn.registry.connect.timeout.ms",
        &["schema.registry.http.connect.timeout.ms"],
        Some("10000"),
        "How long a connection to the registry may take to open, TLS included.",
    )
    .number(1, LONGEST_WAIT),
    used(
        "kolumn.registry.read.timeout.ms",
        &["schema.registry.http.read.timeout.ms"],
        Some("30000"),
        "How long the registry may take for an answer.",
    )
    .number(1, LONGEST_WAIT),
    used(
        "kolumn.registry.retries",
        &["schema.registry.max.retries"],
        Some("3"),
        "How often all of the registry's addresses are asked again where none could answer.",
    )
    .number(0, 1000),
    used(
        "kolumn.registry.retry.backoff.ms",
        &["schema.registry.retries.wait.ms"],
        Some("500"),
        "The pause before the registry is asked again; doubled with each.",
    )
    .number(1, LONGEST_WAIT),
    used(
        "kolumn.registry.retry.backoff.max.ms",
        &["schema.registry.retries.max.wait.ms"],
        Some("10000"),
        "The longest such pause, and how long after the last of them a question counts as failed for everybody.",
    )
    .number(1, LONGEST_WAIT),
    used(
        "kolumn.registry.on.unavailable",
        &[],
        Some("wait"),
        "What becomes of records whose schema the registry cannot be asked for: wait holds their partition until it can, error makes them records that cannot be decoded after the retries.",
    )
    .one_of(&["wait", "error"]),
    used(
        "kolumn.registry.negative.cache.ms",
        &[],
        Some("5000"),
        "How long the registry is not asked again for a schema that it said not to have.",
    )
    .number(0, LONGEST_WAIT),
    used(
        "kolumn.registry.latest.refresh.ms",
        &[],
        Some("300000"),
        "How long the latest version of a subject counts as the latest; -1 for ever.",
    )
    .number(-1, LONGEST_WAIT),
    used(
        "kolumn.registry.cache.schemas",
        &[],
        Some("1000"),
        "The most schemas that are kept; the one that came first goes first.",
    )
    .number(1, 1_000_000),
    used(
        "kolumn.registry.schema.max.bytes",
        &[],
        Some("4194304"),
        "The most bytes of a schema, with all that it refers to.",
    )
    .number(1, 1 << 28),
    used("kolumn.registry.references.max", &[], Some("256"), "The most schemas that a schema may refer to, directly or not.")
        .number(0, 10_000),
];
