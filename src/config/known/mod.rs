//! The one table of properties: a file for each theme.

mod cluster;
mod columns;
mod fetching;
mod group;
mod own;
mod producer;
mod program;
mod property;
mod reading;
mod registry;
mod sasl;
mod sockets;
mod tls;
mod waiting;

#[cfg(test)]
mod document;
#[cfg(test)]
mod names;

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::error::nearest;
pub use property::{Effect, Property, Values};

/// A day more than three weeks, Java's highest number of milliseconds: as good as for ever, and far from every overflow.
const LONGEST_WAIT: i64 = i32::MAX as i64;

/// The most bytes that a field of the protocol can say.
const BYTES: i64 = i32::MAX as i64;

/// Properties that have to do with each other.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Theme {
    /// What they are about.
    pub title: &'static str,
    /// The properties.
    pub properties: &'static [Property],
}

/// Every property that is known, by theme. The defaults are those of Kafka's Java client unless [`Property::differs`] says otherwise.
pub const KNOWN: &[Theme] = &[
    Theme { title: "Cluster", properties: cluster::PROPERTIES },
    Theme { title: "Reading", properties: reading::PROPERTIES },
    Theme { title: "Fetching", properties: fetching::PROPERTIES },
    Theme { title: "Waiting", properties: waiting::PROPERTIES },
    Theme { title: "Sockets", properties: sockets::PROPERTIES },
    Theme { title: "TLS", properties: tls::PROPERTIES },
    Theme { title: "SASL", properties: sasl::PROPERTIES },
    Theme { title: "Columns", properties: columns::PROPERTIES },
    Theme { title: "Schema registry", properties: registry::PROPERTIES },
    Theme { title: "kolumn's own", properties: own::PROPERTIES },
    Theme { title: "Groups and committed offsets", properties: group::PROPERTIES },
    Theme { title: "Programs, logs and metrics", properties: program::PROPERTIES },
    Theme { title: "Producers", properties: producer::PROPERTIES },
];

impl Property {
    /// All of them.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        KNOWN.iter().flat_map(|theme| theme.properties)
    }

    /// The property of this name or alias.
    pub fn find(name: &str) -> Option<&'static Self> {
        static BY_NAME: LazyLock<HashMap<&'static str, &'static Property>> =
            LazyLock::new(|| Property::all().flat_map(|property| property.names().map(move |name| (name, property))).collect());
        BY_NAME.get(name).copied()
    }

    /// Whether the value of the property `name` must not be shown; an unknown name that sounds like a secret, or is nearly the name of
    /// one, is one.
    pub fn is_secret(name: &str) -> bool {
        const SOUNDS: [&str; 9] =
            ["password", "passphrase", "secret", "token", "jaas", "user.info", "credential", "keystore.key", "key.pem"];
        let sounds = |name: &str| SOUNDS.iter().any(|sound| name.contains(sound));
        // A slip of the pen must not show what it was to hide.
        let meant = || nearest(name, Self::all().flat_map(Self::names)).and_then(|meant| Self::find(&meant));
        match Self::find(name) {
            Some(property) => property.secret,
            None => sounds(&name.to_lowercase()) || meant().is_some_and(|property| property.secret),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_name_is_there_twice() {
        let mut seen = BTreeSet::new();
        for name in Property::all().flat_map(Property::names) {
            assert!(seen.insert(name), "{name}");
        }
    }

    #[test]
    fn what_is_used_is_documented_in_a_sentence_and_what_is_not_says_why() {
        for property in Property::all() {
            let name = property.name;
            match property.effect {
                Effect::Used => assert!(property.doc.ends_with('.'), "{name}"),
                Effect::Nothing(why) | Effect::Warned(why) | Effect::Refused(why) => {
                    assert!(why.len() > 10 && !why.ends_with('.'), "{name}: it is put after the value, in one sentence");
                    assert!(property.doc.is_empty(), "{name}");
                }
                Effect::Producer => {}
            }
            assert!(property.differs.is_none_or(|text| text.ends_with('.')), "{name}");
        }
    }

    #[test]
    fn every_default_and_every_harmless_value_is_a_valid_value() {
        for property in Property::all() {
            for value in property.default.iter().chain(property.harmless).filter(|value| !value.is_empty()) {
                assert_eq!(property.values.check(value), Ok(()), "{}={value}", property.name);
            }
        }
    }

    #[test]
    fn secrets_are_known_by_the_table_and_unknown_ones_by_their_sound() {
        assert!(Property::is_secret("sasl.jaas.config"));
        assert!(Property::is_secret("sasl.oauthbearer.client.credentials.client.secret"), "an alias too");
        assert!(Property::is_secret("my.Password"));
        assert!(Property::is_secret("sasl.pasword"), "nearly the name of one");
        assert!(!Property::is_secret("group.id"));
        assert!(!Property::is_secret("sasl.oauthbearer.token.endpoint.url"), "the table wins over the sound");
    }
}
