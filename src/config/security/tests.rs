use super::*;
use crate::config::{Properties, Settings};

fn security<const N: usize>(pairs: [(&str, &str); N]) -> Result<Security> {
    let mut properties = Properties::from([("security.protocol", "SSL")]);
    properties.extend(pairs);
    Settings::from_properties(&properties).map(|settings| settings.security)
}

fn tls<const N: usize>(pairs: [(&str, &str); N]) -> TlsSettings {
    security(pairs).expect("valid").tls
}

fn file(name: &str) -> Pem {
    Pem::File(name.into())
}

fn text(pem: &str) -> Pem {
    Pem::Text(Secret::new(pem))
}

#[test]
fn without_further_properties_the_system_is_trusted_and_everything_is_checked() {
    assert_eq!(tls([]), TlsSettings::default());
    assert_eq!(tls([("ssl.ca.location", "probe")]), TlsSettings::default());
    assert_eq!(Settings::from_properties(&Properties::new()).expect("defaults").security, Security::default());
}

#[test]
fn each_protocol_is_read_by_its_name_in_any_case() {
    for (name, is_tls, is_sasl) in
        [("plaintext", false, false), ("SSL", true, false), ("sasl_plaintext", false, true), ("SASL_SSL", true, true)]
    {
        let protocol: SecurityProtocol = name.parse().expect("a protocol");
        assert_eq!((protocol.is_tls(), protocol.is_sasl()), (is_tls, is_sasl), "{name}");
    }
}

#[test]
fn authorities_are_taken_by_the_names_of_java_and_of_librdkafka() {
    assert_eq!(tls([("ssl.ca.location", "/ca.pem")]).authorities, [file("/ca.pem")]);
    assert_eq!(tls([("ssl.ca.pem", "PEM")]).authorities, [text("PEM")]);
    assert_eq!(tls([("ssl.truststore.type", "PEM"), ("ssl.truststore.location", "/t")]).authorities, [file("/t")]);
    assert_eq!(tls([("ssl.truststore.type", "pem"), ("ssl.truststore.certificates", "PEM")]).authorities, [text("PEM")]);
}

#[test]
fn the_clients_certificate_is_taken_by_the_names_of_java_and_of_librdkafka() {
    let identity = |chain, key, password: Option<&str>| Some(TlsIdentity { chain, key, password: password.map(Secret::new) });
    let librdkafka = tls([("ssl.certificate.location", "/c"), ("ssl.key.location", "/k"), ("ssl.key.password", "p")]);
    assert_eq!(librdkafka.identity, identity(file("/c"), file("/k"), Some("p")));
    let texts = tls([("ssl.certificate.pem", "C"), ("ssl.key.pem", "K")]);
    assert_eq!(texts.identity, identity(text("C"), text("K"), None));
    let java = tls([("ssl.keystore.type", "PEM"), ("ssl.keystore.location", "/both.pem")]);
    assert_eq!(java.identity, identity(file("/both.pem"), file("/both.pem"), None));
    let java = tls([("ssl.keystore.type", "PEM"), ("ssl.keystore.certificate.chain", "C"), ("ssl.keystore.key", "K")]);
    assert_eq!(java.identity, identity(text("C"), text("K"), None));
}

#[test]
fn half_an_identity_is_an_error_that_says_what_is_missing() {
    let message = |error: Error| error.to_string();
    assert!(message(security([("ssl.key.pem", "K")]).expect_err("no certificate")).contains("ssl.certificate.location"));
    assert!(message(security([("ssl.certificate.pem", "C")]).expect_err("no key")).contains("ssl.key.location"));
    let twice = message(security([("ssl.certificate.pem", "C"), ("ssl.certificate.location", "/c")]).expect_err("twice"));
    assert!(twice.contains("ssl.certificate.location") && twice.contains("ssl.certificate.pem"), "{twice}");
}

#[test]
fn stores_that_are_no_pem_are_refused_with_the_command_that_converts_them() {
    for (name, value, command) in [
        ("ssl.truststore.type", "JKS", "keytool -list -rfc"),
        ("ssl.truststore.location", "/etc/kafka/client.truststore.jks", "keytool -list -rfc"),
        ("ssl.keystore.type", "PKCS12", "openssl pkcs12"),
        ("ssl.keystore.location", "/client.P12", "openssl pkcs12"),
    ] {
        let message = security([(name, value)]).expect_err("no PEM").to_string();
        assert!(message.contains(command) && message.contains(value), "{message}");
    }
}

#[test]
fn what_is_checked_of_a_certificate_can_be_turned_off_in_two_steps() {
    assert_eq!(tls([("ssl.endpoint.identification.algorithm", "")]).verification, Verification::AnyHost);
    assert_eq!(tls([("ssl.endpoint.identification.algorithm", "none")]).verification, Verification::AnyHost);
    assert_eq!(tls([("enable.ssl.certificate.verification", "false")]).verification, Verification::Nothing);
    assert!(security([("ssl.endpoint.identification.algorithm", "dns")]).is_err());
}

#[test]
fn versions_are_those_of_both_properties_and_at_least_one() {
    let versions = |tls12, tls13| TlsVersions { tls12, tls13 };
    assert_eq!(tls([("ssl.enabled.protocols", "TLSv1.2")]).versions, versions(true, false));
    assert_eq!(tls([("ssl.enabled.protocols", "TLSv1.1, TLSv1.3")]).versions, versions(false, true));
    assert_eq!(tls([("ssl.protocol", "TLSv1.2")]).versions, versions(true, false));
    assert!(security([("ssl.enabled.protocols", "TLSv1.3"), ("ssl.protocol", "TLSv1.2")]).is_err());
    assert!(security([("ssl.enabled.protocols", "TLSv1")]).is_err());
}

#[test]
fn suites_are_separated_as_java_or_as_openssl_does_it() {
    let names = ["A", "B"];
    assert_eq!(tls([("ssl.cipher.suites", "A, B")]).cipher_suites, names);
    assert_eq!(tls([("ssl.cipher.suites", "A:B")]).cipher_suites, names);
}

#[test]
fn without_tls_what_tls_would_need_may_be_wrong() {
    assert!(security([("security.protocol", "PLAINTEXT"), ("ssl.keystore.type", "JKS")]).is_ok());
}

#[test]
fn the_key_and_its_password_are_in_no_debug_output() {
    let mut properties = Properties::from([("security.protocol", "SSL"), ("ssl.certificate.pem", "chain")]);
    properties.extend([("ssl.key.pem", "hunter2-key"), ("ssl.key.password", "hunter2-password")]);
    let settings = Settings::from_properties(&properties).expect("valid");
    for shown in [format!("{properties:?}"), format!("{settings:?}"), format!("{settings:#?}")] {
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
