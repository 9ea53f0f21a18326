//! Cipher suites by name.

use rustls::SupportedCipherSuite;
use rustls::crypto::CryptoProvider;

use crate::error::{Error, Result};

/// The names that OpenSSL, and so librdkafka, has for suites of TLS 1.2.
const OPENSSL: [(&str, &str); 6] = [
    ("ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
    ("ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    ("ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
    ("ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    ("ECDHE-RSA-AES256-GCM-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
    ("ECDHE-RSA-CHACHA20-POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
];

/// The suites of these names, in this order; all of the provider where there are none.
pub(super) fn select(provider: &CryptoProvider, names: &[String]) -> Result<Vec<SupportedCipherSuite>> {
    if names.is_empty() {
        return Ok(provider.cipher_suites.clone());
    }
    names.iter().map(|name| find(provider, name)).collect()
}

fn find(provider: &CryptoProvider, wanted: &str) -> Result<SupportedCipherSuite> {
    let standard = OPENSSL.iter().find(|(openssl, _)| openssl.eq_ignore_ascii_case(wanted)).map_or(wanted, |(_, name)| name);
    let found = provider.cipher_suites.iter().find(|suite| name(suite).eq_ignore_ascii_case(standard));
    found.copied().ok_or_else(|| Error::InvalidProperty {
        key: "ssl.cipher.suites".into(),
        value: wanted.to_owned(),
        reason: format!("there are {}", provider.cipher_suites.iter().map(name).collect::<Vec<_>>().join(", ")),
    })
}

/// The name in the registry of IANA, which is Java's: without the version that rustls puts into it.
fn name(suite: &SupportedCipherSuite) -> String {
    let text = format!("{:?}", suite.suite());
    text.strip_prefix("TLS13_").map_or_else(|| text.clone(), |rest| format!("TLS_{rest}"))
}

#[cfg(test)]
mod tests {
    use rustls::CipherSuite;

    use super::*;

    fn selected(names: &[&str]) -> Result<Vec<CipherSuite>> {
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        let suites = select(&rustls_graviola::default_provider(), &names)?;
        Ok(suites.iter().map(SupportedCipherSuite::suite).collect())
    }

    #[test]
    fn suites_are_found_by_the_names_of_java_and_of_openssl_in_the_order_given() {
        let names = ["TLS_AES_256_GCM_SHA384", "ECDHE-RSA-AES128-GCM-SHA256"];
        let expected = [CipherSuite::TLS13_AES_256_GCM_SHA384, CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256];
        assert_eq!(selected(&names).expect("known"), expected);
        assert!(OPENSSL.iter().all(|(name, _)| selected(&[name]).is_ok()));
    }

    #[test]
    fn a_suite_that_is_not_spoken_is_an_error_that_lists_those_that_are() {
        let text = selected(&["TLS_RSA_WITH_AES_128_CBC_SHA"]).expect_err("broken").to_string();
        assert!(
            text.contains("ssl.cipher.suites=TLS_RSA_WITH_AES_128_CBC_SHA") && text.contains("TLS_AES_128_GCM_SHA256"),
            "{text}"
        );
    }
}
