use super::super::{Properties, Settings};
use super::*;

const PLAIN: &str = "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"alice\" password=\"hunter2\";";

fn read<const N: usize>(pairs: [(&str, &str); N]) -> Result<SaslSettings> {
    let mut properties = Properties::from([("security.protocol", "SASL_PLAINTEXT")]);
    properties.merge(Properties::from(pairs));
    Settings::from_properties(&properties).map(|settings| settings.security.sasl.expect("a protocol with SASL"))
}

fn credentials<const N: usize>(pairs: [(&str, &str); N]) -> SaslCredentials {
    read(pairs).expect("valid").credentials
}

fn user(name: &str, password: &str) -> SaslCredentials {
    SaslCredentials::Password { username: name.into(), password: Secret::new(password) }
}

#[test]
fn user_and_password_are_taken_from_properties_or_from_jaas() {
    let by_properties = [("sasl.mechanisms", "scram-sha-512"), ("sasl.username", "alice"), ("sasl.password", " hunter2 ")];
    let settings = read(by_properties).expect("valid");
    assert_eq!(settings.mechanism, SaslMechanism::ScramSha512);
    assert_eq!(settings.credentials, user("alice", " hunter2 "), "a password keeps its blanks");
    let settings = read([("sasl.jaas.config", PLAIN)]).expect("valid");
    assert_eq!((settings.mechanism, settings.credentials), (SaslMechanism::Plain, user("alice", "hunter2")));
    assert_eq!(credentials([("sasl.jaas.config", PLAIN), ("sasl.username", "bob")]), user("bob", "hunter2"));
}

#[test]
fn what_is_missing_is_told_before_any_socket() {
    for (pairs, missing) in [
        ([("sasl.username", "alice"), ("sasl.password", "x")], "the SASL mechanism"),
        ([("sasl.mechanism", "PLAIN"), ("sasl.password", "x")], "the user's name for SASL"),
        ([("sasl.mechanism", "SCRAM-SHA-256"), ("sasl.username", "alice")], "the password for SASL"),
        ([("sasl.mechanism", "OAUTHBEARER"), ("sasl.oauthbearer.method", "oidc")], "the address of the OpenID Connect provider"),
        (
            [("sasl.mechanism", "OAUTHBEARER"), ("sasl.oauthbearer.token.endpoint.url", "http://a/b")],
            "the client's id for OAUTHBEARER",
        ),
    ] {
        match read(pairs) {
            Err(Error::Missing { what, .. }) => assert_eq!(what, missing),
            other => panic!("{missing}: {other:?}"),
        }
    }
}

#[test]
fn what_contradicts_itself_or_is_not_supported_is_refused_and_shows_no_value() {
    let jaas = |module: &str| format!("{module} required username=\"alice\" password=\"hunter2\" tokenauth=\"true\";");
    for (mechanism, jaas, reason) in [
        ("GSSAPI", PLAIN.to_owned(), "no C"),
        ("PLAIN", jaas("com.sun.security.auth.module.Krb5LoginModule"), "no C"),
        ("SCRAM-SHA-256", PLAIN.to_owned(), "the login module is for PLAIN"),
        ("PLAIN", jaas("ScramLoginModule"), "SCRAM-SHA-512"),
        ("SCRAM-SHA-256", jaas("ScramLoginModule"), "tokenauth"),
        ("PLAIN", jaas("com.example.hunter2"), "not known"),
        ("PLAIN", "hunter2".to_owned(), "after the login module"),
        ("CRAM-MD5", PLAIN.to_owned(), "are spoken"),
    ] {
        let error = read([("sasl.mechanism", mechanism), ("sasl.jaas.config", &jaas)]).expect_err(reason);
        let text = format!("{error} {error:?}");
        assert!(matches!(error, Error::InvalidProperty { .. }) && text.contains(reason) && !text.contains("hunter2"), "{text}");
    }
}

#[test]
fn the_ways_to_a_token_are_told_apart() {
    let oauth = ("sasl.mechanism", "OAUTHBEARER");
    assert_eq!(credentials([oauth]), SaslCredentials::TokenSource);
    let unsecured = [oauth, ("enable.sasl.oauthbearer.unsecure.jwt", "true"), ("sasl.oauthbearer.config", "principal=alice")];
    assert!(matches!(credentials(unsecured), SaslCredentials::Unsecured(token) if token.principal == "alice"));
    let java = "OAuthBearerLoginModule required unsecuredLoginStringClaim_sub=\"alice\" unsecuredLoginExtension_a=\"b\";";
    let settings = read([("sasl.jaas.config", java)]).expect("valid");
    assert!(matches!(settings.credentials, SaslCredentials::Unsecured(token) if token.principal == "alice"));
    assert_eq!(settings.extensions, [("a".to_owned(), "b".to_owned())].into());
    let java = "OAuthBearerLoginModule required clientId='id' clientSecret='hunter2' scope='s' extension_x='y';";
    let oidc = [("sasl.jaas.config", java), ("sasl.oauthbearer.token.endpoint.url", "https://a/token")];
    let settings = read(oidc).expect("valid");
    assert!(!format!("{settings:?}").contains("hunter2"));
    match settings.credentials {
        SaslCredentials::Oidc(oidc) => {
            assert_eq!((oidc.client_id.as_str(), oidc.client_secret.expose()), ("id", "hunter2"));
            assert_eq!((oidc.endpoint.expose(), oidc.scope.as_deref()), ("https://a/token", Some("s")));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(settings.extensions, [("x".to_owned(), "y".to_owned())].into());
}

#[test]
fn extensions_are_name_and_value_and_can_be_sent() {
    let oauth = ("sasl.mechanism", "OAUTHBEARER");
    let settings = read([oauth, ("sasl.oauthbearer.extensions", "a=b, c=d=e")]).expect("valid");
    assert_eq!(settings.extensions, [("a".to_owned(), "b".to_owned()), ("c".to_owned(), "d=e".to_owned())].into());
    for text in ["a", "auth=b", "a1=b"] {
        assert!(read([oauth, ("sasl.oauthbearer.extensions", text)]).is_err(), "{text}");
    }
}

#[test]
fn without_sasl_in_the_protocol_its_properties_have_no_effect() {
    let pairs = [("sasl.mechanism", "GSSAPI"), ("sasl.jaas.config", "nonsense"), ("sasl.oauthbearer.method", "x")];
    let settings = Settings::from_properties(&Properties::from(pairs)).expect("one file may serve several clients");
    assert_eq!(settings.security.sasl, None);
}
