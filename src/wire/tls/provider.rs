//! The cryptography: what was passed in, else what the process has installed, else graviola, where the processor can do it.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

use crate::error::{Error, Result};

const ALTERNATIVE: &str = "pass another provider of rustls to Consume::crypto_provider, or install it for the process with CryptoProvider::install_default";

/// What the processor must be able to do, and whether it is.
type Features = [(&'static str, bool)];

/// The provider to use.
pub(super) fn choose(given: Option<Arc<CryptoProvider>>) -> Result<Arc<CryptoProvider>> {
    if let Some(provider) = given.or_else(|| CryptoProvider::get_default().cloned()) {
        return Ok(provider);
    }
    check(&features())?;
    Ok(Arc::new(rustls_graviola::default_provider()))
}

/// graviola panics on a processor that lacks any of these.
fn check(features: &Features) -> Result<()> {
    let missing: Vec<_> = features.iter().filter(|(_, present)| !present).map(|(name, _)| *name).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let reason = format!("this processor lacks {}, which the built-in cryptography (graviola) needs", missing.join(", "));
    Err(Error::Tls { broker: String::new(), reason, hint: ALTERNATIVE })
}

#[cfg(target_arch = "x86_64")]
fn features() -> Vec<(&'static str, bool)> {
    use std::arch::is_x86_feature_detected as detected;
    vec![
        ("AES", detected!("aes")),
        ("SSSE3", detected!("ssse3")),
        ("PCLMULQDQ", detected!("pclmulqdq")),
        ("AVX", detected!("avx")),
        ("AVX2", detected!("avx2")),
        ("BMI1", detected!("bmi1")),
        ("BMI2", detected!("bmi2")),
        ("ADX", detected!("adx")),
    ]
}

#[cfg(target_arch = "aarch64")]
fn features() -> Vec<(&'static str, bool)> {
    use std::arch::is_aarch64_feature_detected as detected;
    vec![("NEON", detected!("neon")), ("AES", detected!("aes")), ("PMULL", detected!("pmull")), ("SHA2", detected!("sha2"))]
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn features() -> Vec<(&'static str, bool)> {
    vec![("the architecture x86-64 or aarch64", false)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_that_lacks_something_is_told_what_and_what_to_do() {
        assert_eq!(check(&[("AES", true), ("ADX", true)]), Ok(()));
        let text = check(&[("AES", true), ("BMI2", false), ("ADX", false)]).expect_err("lacks two").to_string();
        assert!(text.contains("BMI2, ADX") && !text.contains("AES") && text.contains("Consume::crypto_provider"), "{text}");
    }

    #[test]
    fn a_provider_that_is_passed_in_is_used_whatever_the_processor_is() {
        let mut provider = rustls_graviola::default_provider();
        provider.cipher_suites.truncate(1);
        let chosen = choose(Some(Arc::new(provider))).expect("no check");
        assert_eq!(chosen.cipher_suites.len(), 1);
    }
}
