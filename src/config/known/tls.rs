//! TLS: `ssl.*`.

use super::property::{Property, nothing, refused, used};

const NO_CLASSES: &str = "classes of Java cannot run here";
const OPENSSL: &str = "it is OpenSSL's, and TLS here is rustls: pass a provider to the program instead";

pub(super) const PROPERTIES: &[Property] = &[
    used(
        "enable.ssl.certificate.verification",
        &[],
        Some("true"),
        "Whether the broker's certificate is checked at all; false lets anybody pass for the broker.",
    )
    .boolean(),
    used(
        "ssl.endpoint.identification.algorithm",
        &[],
        Some("https"),
        "Whether the certificate must be of the host that is connected to: https; none or empty for no such check.",
    )
    .form("https, none or empty"),
    used(
        "ssl.ca.location",
        &[],
        None,
        "A PEM file, or a directory of them, with the authorities to trust; probe or nothing for those of the system. It is read again where it has changed when a connection is opened, as are the other files.",
    )
    .form("a path or probe"),
    used("ssl.ca.pem", &[], None, "The authorities to trust, as PEM text."),
    used(
        "ssl.certificate.location",
        &[],
        None,
        "A PEM file with this client's certificate and those between it and its authority.",
    ),
    used("ssl.certificate.pem", &[], None, "This client's certificate and those between it and its authority, as PEM text."),
    used(
        "ssl.key.location",
        &[],
        None,
        "A PEM file with the private key of this client's certificate: RSA, ECDSA or Ed25519; where it is not given, the key is looked for beside the certificate.",
    ),
    used("ssl.key.pem", &[], None, "The private key of this client's certificate, as PEM text.").hidden(),
    used("ssl.key.password", &[], None, "The password of the private key, where that is encrypted as PKCS#8.").hidden(),
    used("ssl.keystore.location", &[], None, "A PEM file with this client's private key and certificates.")
        .differs("Stores of Java (JKS) and PKCS#12 are not read: the error says by which command they become PEM."),
    used("ssl.keystore.type", &[], None, "What the key store is.").form("PEM"),
    used("ssl.keystore.certificate.chain", &[], None, "The same as ssl.certificate.pem, by its name in Java."),
    used("ssl.keystore.key", &[], None, "The same as ssl.key.pem, by its name in Java.").hidden(),
    nothing("ssl.keystore.password", &[], "a PEM file has none, and its key's is ssl.key.password").hidden(),
    used("ssl.truststore.location", &[], None, "A PEM file with the authorities to trust, by its name in Java.")
        .differs("Stores of Java (JKS) and PKCS#12 are not read: the error says by which command they become PEM."),
    used("ssl.truststore.type", &[], None, "What the trust store is.").form("PEM"),
    used("ssl.truststore.certificates", &[], None, "The same as ssl.ca.pem, by its name in Java."),
    nothing("ssl.truststore.password", &[], "a PEM file has none").hidden(),
    used("ssl.protocol", &[], Some("TLSv1.3"), "The highest version of TLS.").form("TLSv1.2 or TLSv1.3"),
    used("ssl.enabled.protocols", &[], Some("TLSv1.2,TLSv1.3"), "The versions of TLS that may be spoken; older ones never are.")
        .form("some of TLSv1.2, TLSv1.3, separated by commas"),
    used(
        "ssl.cipher.suites",
        &[],
        None,
        "The cipher suites that may be used, by their names in TLS or OpenSSL; nothing for all that the provider has.",
    )
    .form("names, separated by commas or colons"),
    used(
        "https.ca.location",
        &[],
        None,
        "A PEM file, or a directory of them, with the authorities to trust of an OpenID Connect provider; probe or nothing for those of the system.",
    ),
    used("https.ca.pem", &[], None, "The authorities to trust of an OpenID Connect provider, as PEM text."),
    refused("ssl.crl.location", &[], "lists of revoked certificates are not read, and ignoring one would trust what it revokes")
        .unless(&[""]),
    refused("ssl.curves.list", &[], "the groups for the key exchange are those of the TLS provider: pass another to the program")
        .unless(&[""]),
    refused("ssl.sigalgs.list", &[], "the signature algorithms are those of the TLS provider: pass another to the program")
        .unless(&[""]),
    refused("ssl.provider", &[], NO_CLASSES).unless(&[""]),
    refused("ssl.engine.factory.class", &[], "classes of Java cannot run here: pass a TLS provider to the program").unless(&[""]),
    refused("ssl.engine.location", &[], OPENSSL).unless(&[""]),
    nothing("ssl.engine.id", &[], "it names the engine of ssl.engine.location, which is refused"),
    refused("ssl.providers", &[], OPENSSL).unless(&["", "default"]),
    nothing("ssl.keymanager.algorithm", &[], "it chooses among implementations in Java"),
    nothing("ssl.trustmanager.algorithm", &[], "it chooses among implementations in Java"),
    nothing("ssl.secure.random.implementation", &[], "random numbers come from the operating system"),
    nothing("ssl.ca.certificate.stores", &[], "it is for Windows, where librdkafka reads these stores if no CA is given"),
    refused("ssl_key", &[], "it is set by a call of librdkafka's: use ssl.key.location or ssl.key.pem"),
    refused("ssl_certificate", &[], "it is set by a call of librdkafka's: use ssl.certificate.location or ssl.certificate.pem"),
    refused("ssl_ca", &[], "it is set by a call of librdkafka's: use ssl.ca.location or ssl.ca.pem"),
    refused("ssl_engine_callback_data", &[], "it is set by a call of librdkafka's, for OpenSSL"),
    refused("ssl.certificate.verify_cb", &[], "it is a callback of librdkafka's, which no text can give"),
];
