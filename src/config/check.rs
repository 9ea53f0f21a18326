//! Whether each property that was given may be given.

use super::known::{Effect, Property};
use super::properties::Properties;
use super::value::Reader;
use crate::error::{Error, Result, nearest};

/// Refuses what is unknown, what cannot be had here and what has a value that it cannot have; says in the log what is accepted and has
/// no effect. `lenient` makes the first a warning.
pub(super) fn check(properties: &Properties, reader: &Reader<'_>, lenient: bool) -> Result<()> {
    for (key, value) in properties.iter() {
        match Property::find(key) {
            Some(property) => known(property, key, value.trim(), reader)?,
            None => unknown(key, lenient)?,
        }
    }
    Ok(())
}

fn known(property: &Property, key: &str, value: &str, reader: &Reader<'_>) -> Result<()> {
    if !matters(property.name, reader) {
        return Ok(());
    }
    let harmless = property.harmless.iter().any(|harmless| harmless.eq_ignore_ascii_case(value));
    match property.effect {
        // Its value is checked where it is read.
        Effect::Used => {}
        // The files that vendors give away serve producers and consumers.
        Effect::Producer => tracing::debug!(property = key, "has no effect: it is a producer's, and kolumn produces nothing"),
        Effect::Refused(_) | Effect::Warned(_) if harmless => {}
        Effect::Refused(why) => return Err(reader.invalid(key, value, why)),
        Effect::Warned(instead) => {
            valid(property, key, value, reader)?;
            tracing::warn!(property = key, "has no effect: {instead}");
        }
        Effect::Nothing(why) => {
            valid(property, key, value, reader)?;
            tracing::debug!(property = key, "has no effect: {why}");
        }
    }
    Ok(())
}

/// Whether the property can have a meaning with this `security.protocol`: files that serve several clusters carry those of TLS and SASL.
fn matters(name: &str, reader: &Reader<'_>) -> bool {
    let protocol = reader.text("security.protocol").unwrap_or_default().to_ascii_uppercase();
    let tls = ["ssl.", "ssl_", "https."].iter().any(|prefix| name.starts_with(prefix));
    let sasl = name.starts_with("sasl.");
    (!tls || protocol.ends_with("SSL")) && (!sasl || protocol.starts_with("SASL"))
}

fn valid(property: &Property, key: &str, value: &str, reader: &Reader<'_>) -> Result<()> {
    property.values.check(value).map_err(|reason| reader.invalid(key, value, &reason))
}

fn unknown(key: &str, lenient: bool) -> Result<()> {
    let nearest = nearest(key, Property::all().flat_map(Property::names));
    if !lenient {
        return Err(Error::UnknownProperty { key: key.to_owned(), nearest });
    }
    tracing::warn!(property = key, nearest, "unknown property");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::*;

    fn outcome<const N: usize>(pairs: [(&str, &str); N]) -> Result<(), String> {
        Settings::from_properties(&Properties::from(pairs)).map(|_| ()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_changes_nothing_here_is_accepted_if_its_value_can_be() {
        for pair in [
            ("max.poll.records", "500"),
            ("session.timeout.ms", "45000"),
            ("group.protocol", "CONSUMER"),
            ("ssl.ca.location", "/ca.pem"),
            ("fetch.error.backoff.ms", "0"),
        ] {
            assert_eq!(outcome([pair]), Ok(()), "{pair:?}");
        }
        let error = outcome([("session.timeout.ms", "long")]).expect_err("no number");
        assert!(error.contains("session.timeout.ms=long") && error.contains("a number from 1 to"), "{error}");
    }

    #[test]
    fn what_many_files_carry_and_does_not_happen_is_a_warning_and_no_error() {
        for pair in [("enable.auto.commit", "true"), ("allow.auto.create.topics", "true"), ("statistics.interval.ms", "1000")] {
            assert_eq!(outcome([pair]), Ok(()), "{pair:?}");
        }
        assert!(outcome([("auto.commit.enable", "maybe")]).is_err(), "its value is checked, under the alias too");
    }

    #[test]
    fn what_cannot_have_a_meaning_here_is_an_error_that_says_why() {
        for (key, value, why) in [
            ("interceptor.classes", "com.example.Mask", "derived table"),
            ("plugin.library.paths", "monitor.so", "no libraries are loaded"),
            ("client.dns.lookup", "resolve_canonical_bootstrap_servers_only", "name each broker"),
            ("api.version.request", "false", "asks every broker"),
            ("rebalance_cb", "0x7f", "callback"),
            ("share.acknowledgement.mode", "explicit", "share group"),
        ] {
            let error = outcome([(key, value)]).expect_err(key);
            assert!(error.contains(&format!("{key}={value}")) && error.contains(why), "{error}");
        }
    }

    #[test]
    fn a_refused_property_whose_value_asks_for_what_happens_anyway_is_accepted() {
        assert_eq!(
            outcome([("client.dns.lookup", "USE_ALL_DNS_IPS"), ("interceptor.classes", " "), ("api.version.request", "true")]),
            Ok(())
        );
    }

    #[test]
    fn a_producers_property_is_accepted_and_one_that_nobody_knows_is_not() {
        assert_eq!(outcome([("acks", "all"), ("linger.ms", "5")]), Ok(()));
        assert!(outcome([("acksn", "all")]).is_err());
    }

    #[test]
    fn lenient_does_not_make_a_refusal_a_warning() {
        assert!(outcome([("interceptor.classes", "com.example.Mask"), ("kolumn.lenient.config", "true")]).is_err());
    }

    #[test]
    fn properties_of_tls_and_sasl_are_not_refused_where_the_protocol_has_neither() {
        assert_eq!(outcome([("ssl.engine.factory.class", "com.example.Hsm"), ("sasl.login.class", "com.example.Login")]), Ok(()));
    }
}
