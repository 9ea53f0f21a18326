//! SASL: `sasl.*`.

use super::property::{Property, later, nothing, refused, secret};

const KERBEROS: &str = "it is for sasl.mechanism=GSSAPI, which is refused";
const NO_CLASSES: &str = "classes of Java cannot run here: give the program's own token callback";
const BROKER_SIDE: &str = "it says how a broker checks a token, which a client does not";

pub(super) const PROPERTIES: &[Property] = &[
    later("sasl.mechanism", &["sasl.mechanisms"]),
    later("sasl.username", &[]),
    secret("sasl.password", &[]),
    secret("sasl.jaas.config", &[]),
    later("sasl.oauthbearer.method", &[]),
    later("sasl.oauthbearer.client.credentials.client.id", &["sasl.oauthbearer.client.id"]),
    secret("sasl.oauthbearer.client.credentials.client.secret", &["sasl.oauthbearer.client.secret"]),
    secret("sasl.oauthbearer.config", &[]),
    later("sasl.oauthbearer.scope", &[]),
    later("sasl.oauthbearer.extensions", &[]),
    later("sasl.oauthbearer.token.endpoint.url", &[]),
    later("sasl.oauthbearer.header.urlencode", &[]).boolean(),
    later("sasl.oauthbearer.grant.type", &[]),
    later("sasl.login.connect.timeout.ms", &[]),
    later("sasl.login.read.timeout.ms", &[]),
    later("sasl.login.refresh.buffer.seconds", &[]).number(0, 3600),
    later("sasl.login.refresh.min.period.seconds", &[]).number(0, 900),
    later("sasl.login.refresh.window.factor", &[]),
    later("sasl.login.refresh.window.jitter", &[]),
    later("sasl.login.retry.backoff.max.ms", &[]),
    later("sasl.login.retry.backoff.ms", &[]),
    later("enable.sasl.oauthbearer.unsecure.jwt", &[]).boolean(),
    refused("sasl.client.callback.handler.class", &[], NO_CLASSES).unless(&[""]),
    refused("sasl.login.callback.handler.class", &[], NO_CLASSES).unless(&[""]),
    refused("sasl.login.class", &[], NO_CLASSES).unless(&[""]),
    refused("sasl.oauthbearer.jwt.retriever.class", &[], NO_CLASSES)
        .unless(&["", "org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever"]),
    refused("sasl.oauthbearer.jwt.validator.class", &[], NO_CLASSES)
        .unless(&["", "org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator"]),
    refused("oauthbearer_token_refresh_cb", &[], "it is a callback of librdkafka's: give the program's own token callback"),
    refused(
        "sasl.oauthbearer.metadata.authentication.type",
        &[],
        "tokens of Azure's machines are not asked for: give the program's own token callback",
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

const ASSERTION: &str =
    "a token is asked for with a client's secret, not with a signed assertion (RFC 7523): give the program's own token callback";
const ASSERTION_DETAIL: &str = "it is a detail of a signed assertion, and the file of its key is refused";
