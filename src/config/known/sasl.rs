//! SASL: `sasl.*`.

use super::LONGEST_WAIT;
use super::property::{Property, nothing, refused, used};

const KERBEROS: &str = "it is for sasl.mechanism=GSSAPI, which is refused";
const NO_CLASSES: &str = "classes of Java cannot run here: give the program's own token source (Consume::token_source)";
const REFRESH: &str = "a token is asked for when a login needs one and the last has lived 80 % of its life";
const BROKER_SIDE: &str = "it says how a broker checks a token, which a client does not";

pub(super) const PROPERTIES: &[Property] = &[
    used(
        "sasl.mechanism",
        &["sasl.mechanisms"],
        None,
        "How the login is proven; nothing for what the login module of sasl.jaas.config is for.",
    )
    .form("PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER or AWS_MSK_IAM")
    .differs("Kafka's default is GSSAPI, which needs a C library of Kerberos and is refused."),
    used("sasl.username", &[], None, "The user for PLAIN and SCRAM."),
    used("sasl.password", &[], None, "The password for PLAIN and SCRAM.").hidden(),
    used(
        "sasl.jaas.config",
        &[],
        None,
        "A line of JAAS with PlainLoginModule, ScramLoginModule or OAuthBearerLoginModule; properties win over its options.",
    )
    .hidden(),
    used(
        "sasl.oauthbearer.method",
        &[],
        Some("default"),
        "Where tokens come from: oidc asks an OpenID Connect provider, default does so where its address is given, and else asks the program, or makes unsecured tokens.",
    )
    .one_of(&["default", "oidc"]),
    used(
        "sasl.oauthbearer.client.credentials.client.id",
        &["sasl.oauthbearer.client.id"],
        None,
        "The client's id at the OpenID Connect provider.",
    ),
    used(
        "sasl.oauthbearer.client.credentials.client.secret",
        &["sasl.oauthbearer.client.secret"],
        None,
        "The client's secret at the OpenID Connect provider.",
    )
    .hidden(),
    used("sasl.oauthbearer.scope", &[], None, "The scope of the tokens that the OpenID Connect provider is asked for."),
    used("sasl.oauthbearer.extensions", &[], None, "SASL extensions that go with each token.")
        .form("name=value, separated by commas"),
    used("sasl.oauthbearer.token.endpoint.url", &[], None, "Where the OpenID Connect provider gives tokens.").form("a URL"),
    used(
        "sasl.oauthbearer.header.urlencode",
        &[],
        Some("false"),
        "Whether the client's id and secret are encoded for URLs in the request for a token, as RFC 6749 has it and many providers do not.",
    )
    .boolean(),
    used(
        "sasl.oauthbearer.config",
        &[],
        None,
        "Whose the unsecured token is, in librdkafka's form.",
    )
    .form("principal=NAME scope=A,B lifeSeconds=3600 extension_NAME=VALUE")
    .hidden(),
    used(
        "enable.sasl.oauthbearer.unsecure.jwt",
        &[],
        Some("false"),
        "Whether tokens are made here and signed by nobody, for development.",
    )
    .boolean(),
    used("sasl.login.retry.backoff.ms", &[], Some("100"), "The pause after the first failure to get a token; it doubles with each.")
        .number(1, LONGEST_WAIT),
    used("sasl.login.retry.backoff.max.ms", &[], Some("10000"), "The longest pause after a failure to get a token.")
        .number(1, LONGEST_WAIT),
    used(
        "sasl.login.connect.timeout.ms",
        &[],
        Some("10000"),
        "How long a connection to the OpenID Connect provider may take to open.",
    )
    .number(1, LONGEST_WAIT)
    .differs("Java has no limit unless one is given."),
    used("sasl.login.read.timeout.ms", &[], Some("10000"), "How long the OpenID Connect provider may take to answer.")
        .number(1, LONGEST_WAIT)
        .differs("Java has no limit unless one is given."),
    used("kolumn.aws.access.key.id", &[], None, "The access key for AWS_MSK_IAM; nothing for AWS_ACCESS_KEY_ID of the environment."),
    used(
        "kolumn.aws.secret.access.key",
        &[],
        None,
        "The secret key for AWS_MSK_IAM; nothing for AWS_SECRET_ACCESS_KEY of the environment.",
    )
    .hidden(),
    used(
        "kolumn.aws.session.token",
        &[],
        None,
        "The session's token for AWS_MSK_IAM; nothing for AWS_SESSION_TOKEN of the environment.",
    )
    .hidden(),
    used(
        "kolumn.aws.region",
        &[],
        None,
        "The region for AWS_MSK_IAM; nothing for AWS_REGION or AWS_DEFAULT_REGION of the environment, and else that in the broker's name.",
    ),
    refused("sasl.oauthbearer.grant.type", &[], "only client_credentials is spoken: for others give the program's own token source")
        .unless(&["", "client_credentials"]),
    nothing("sasl.login.refresh.buffer.seconds", &[], REFRESH).number(0, 3600),
    nothing("sasl.login.refresh.min.period.seconds", &[], REFRESH).number(0, 900),
    nothing("sasl.login.refresh.window.factor", &[], REFRESH),
    nothing("sasl.login.refresh.window.jitter", &[], REFRESH),
    refused("sasl.client.callback.handler.class", &[], NO_CLASSES)
        .unless(&["", "software.amazon.msk.auth.iam.IAMClientCallbackHandler"]),
    refused("sasl.login.callback.handler.class", &[], NO_CLASSES).unless(&[
        "",
        "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler",
        "org.apache.kafka.common.security.oauthbearer.secured.OAuthBearerLoginCallbackHandler",
    ]),
    refused("sasl.login.class", &[], NO_CLASSES).unless(&[""]),
    refused("sasl.oauthbearer.jwt.retriever.class", &[], NO_CLASSES)
        .unless(&["", "org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever"]),
    refused("sasl.oauthbearer.jwt.validator.class", &[], NO_CLASSES)
        .unless(&["", "org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator"]),
    refused("oauthbearer_token_refresh_cb", &[], "it is a callback of librdkafka's: give the program's own token source (Consume::token_source)"),
    refused(
        "sasl.oauthbearer.metadata.authentication.type",
        &[],
        "tokens of Azure's machines are not asked for: give the program's own token source (Consume::token_source)",
    )
    .one_of(&["none", "azure_imds"])
    .unless(&["none"]),
    refused("sasl.oauthbearer.assertion.file", &[], ASSERTION).unless(&[""]),
    refused("sasl.oauthbearer.assertion.private.key.file", &[], ASSERTION).unless(&[""]),
    refused("sasl.oauthbearer.assertion.private.key.pem", &[], ASSERTION).unless(&[""]).hidden(),
    refused("sasl.oauthbearer.assertion.template.file", &["sasl.oauthbearer.assertion.jwt.template.file"], ASSERTION)
        .unless(&[""]),
    nothing("sasl.oauthbearer.assertion.private.key.passphrase", &[], ASSERTION_DETAIL).hidden(),
    nothing("sasl.oauthbearer.assertion.algorithm", &[], ASSERTION_DETAIL).one_of(&["RS256", "ES256"]),
    nothing("sasl.oauthbearer.assertion.claim.aud", &[], ASSERTION_DETAIL),
    nothing("sasl.oauthbearer.assertion.claim.exp.seconds", &[], ASSERTION_DETAIL).number(0, i32::MAX as i64),
    nothing("sasl.oauthbearer.assertion.claim.iss", &[], ASSERTION_DETAIL),
    nothing("sasl.oauthbearer.assertion.claim.jti.include", &[], ASSERTION_DETAIL).boolean(),
    nothing("sasl.oauthbearer.assertion.claim.nbf.seconds", &[], ASSERTION_DETAIL).number(0, i32::MAX as i64),
    nothing("sasl.oauthbearer.assertion.claim.sub", &[], ASSERTION_DETAIL),
    nothing("sasl.oauthbearer.clock.skew.seconds", &[], BROKER_SIDE),
    nothing("sasl.oauthbearer.expected.audience", &[], BROKER_SIDE),
    nothing("sasl.oauthbearer.expected.issuer", &[], BROKER_SIDE),
    nothing("sasl.oauthbearer.jwks.endpoint.refresh.ms", &[], BROKER_SIDE),
    nothing("sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", &[], BROKER_SIDE),
    nothing("sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", &[], BROKER_SIDE),
    nothing("sasl.oauthbearer.jwks.endpoint.url", &[], BROKER_SIDE),
    nothing(
        "sasl.oauthbearer.scope.claim.name",
        &[],
        "the token is handed to the broker as it is, whatever its claims are called",
    ),
    nothing("sasl.oauthbearer.sub.claim.name", &[], "the token is handed to the broker as it is, whatever its claims are called"),
    nothing("sasl.kerberos.service.name", &[], KERBEROS),
    nothing("sasl.kerberos.principal", &[], KERBEROS),
    nothing("sasl.kerberos.keytab", &[], KERBEROS),
    nothing("sasl.kerberos.kinit.cmd", &[], KERBEROS),
    nothing("sasl.kerberos.min.time.before.relogin", &[], KERBEROS),
    nothing("sasl.kerberos.ticket.renew.jitter", &[], KERBEROS),
    nothing("sasl.kerberos.ticket.renew.window.factor", &[], KERBEROS),
];

const ASSERTION: &str = "a token is asked for with a client's secret, not with a signed assertion (RFC 7523): give the program's own token source (Consume::token_source)";
const ASSERTION_DETAIL: &str = "it is a detail of a signed assertion, and the file of its key is refused";
