//! TLS: `ssl.*`.

use super::property::{Property, later, nothing, refused, secret};

const NO_CLASSES: &str = "classes of Java cannot run here";
const OPENSSL: &str = "it is OpenSSL's, and TLS here is rustls: pass a provider to the program instead";

pub(super) const PROPERTIES: &[Property] = &[
    later("enable.ssl.certificate.verification", &[]).boolean(),
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
    later("https.ca.location", &[]),
    later("https.ca.pem", &[]),
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
