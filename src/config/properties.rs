//! Properties as they were given.

use std::fmt;

use super::hidden::without_user;
use super::java;
use super::known::Property;
use crate::error::{Error, Result};

/// Where a property was given.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// By a call.
    Call,
    /// In a properties file, on the line of this number.
    File {
        /// The file's name; empty where the text came without one.
        name: String,
        /// Counted from 1.
        line: usize,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call => f.write_str("given by the program"),
            Self::File { name, line } if name.is_empty() => write!(f, "line {line}"),
            Self::File { name, line } => write!(f, "{name}, line {line}"),
        }
    }
}

#[derive(Clone, PartialEq, Eq)]
struct Entry {
    key: String,
    value: String,
    origin: Origin,
}

/// Properties by name, in the order in which they were given, each with where it was given.
///
/// Of several values for one property, aliases included, the last counts. `Debug` does not show secrets.
///
/// ```
/// let properties: kolumn::config::Properties = [("bootstrap.servers", "localhost:9092")].into();
/// assert_eq!(properties.get("metadata.broker.list"), Some("localhost:9092"));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Properties {
    entries: Vec<Entry>,
}

impl Properties {
    /// No properties.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives a property a value, in place of the one that it or an alias of it had.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.put(Entry { key: key.into(), value: value.into(), origin: Origin::Call });
    }

    /// The properties of a text in the form of Java properties files.
    ///
    /// # Errors
    /// [`Error::InvalidProperty`] where a `\u` escape is none.
    pub fn parse(text: &str) -> Result<Self> {
        Self::parse_file("", text)
    }

    /// The same as [`Self::parse`], with a file's name for the errors about these properties.
    ///
    /// # Errors
    /// [`Error::InvalidProperty`] where a `\u` escape is none.
    pub fn parse_file(name: &str, text: &str) -> Result<Self> {
        let lines = java::parse(text).map_err(|bad| Error::InvalidProperty {
            key: bad.key,
            value: "[not shown]".into(),
            reason: format!("a \\u escape without four hexadecimal digits, or half a surrogate pair ({})", file(name, bad.line)),
        })?;
        let mut properties = Self::new();
        for line in lines {
            properties.put(Entry { key: line.key, value: line.value, origin: file(name, line.number) });
        }
        Ok(properties)
    }

    /// Takes over all properties of `others`; where both have one, theirs counts.
    pub fn merge(&mut self, others: Self) {
        others.entries.into_iter().for_each(|entry| self.put(entry));
    }

    /// The value given for this property, by any of its names; none where only the default applies.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.lookup(key).map(|(value, _)| value)
    }

    /// Where this property was given.
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.lookup(key).map(|(_, origin)| origin)
    }

    /// What was given: names as given and values, in order, secrets included.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|entry| (entry.key.as_str(), entry.value.as_str()))
    }

    fn lookup(&self, key: &str) -> Option<(&str, &Origin)> {
        self.entries.iter().find(|entry| same(&entry.key, key)).map(|entry| (entry.value.as_str(), &entry.origin))
    }

    fn put(&mut self, entry: Entry) {
        self.entries.retain(|other| !same(&other.key, &entry.key));
        self.entries.push(entry);
    }
}

fn file(name: &str, line: usize) -> Origin {
    Origin::File { name: name.to_owned(), line }
}

/// Whether two names mean the same property.
fn same(left: &str, right: &str) -> bool {
    let canonical = |name| Property::find(name).map(|property| property.name);
    left == right || canonical(left).is_some_and(|name| canonical(right) == Some(name))
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Properties {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(iter: I) -> Self {
        let mut properties = Self::new();
        properties.extend(iter);
        properties
    }
}

impl<K: Into<String>, V: Into<String>> Extend<(K, V)> for Properties {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, iter: I) {
        iter.into_iter().for_each(|(key, value)| self.set(key, value));
    }
}

impl<K: Into<String>, V: Into<String>, const N: usize> From<[(K, V); N]> for Properties {
    fn from(pairs: [(K, V); N]) -> Self {
        pairs.into_iter().collect()
    }
}

impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown =
            |entry: &Entry| if Property::is_secret(&entry.key) { "[hidden]".to_owned() } else { without_user(&entry.value) };
        f.debug_map().entries(self.entries.iter().map(|entry| (&entry.key, shown(entry)))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_several_values_counts_whatever_the_alias() {
        let mut properties = Properties::from([("fetch.wait.max.ms", "1"), ("x", "2")]);
        properties.set("fetch.max.wait.ms", "3");
        assert_eq!(properties.get("fetch.wait.max.ms"), Some("3"));
        assert_eq!(properties.iter().collect::<Vec<_>>(), [("x", "2"), ("fetch.max.wait.ms", "3")]);
    }

    #[test]
    fn debug_shows_no_secret() {
        let properties = Properties::from([
            ("sasl.password", "hunter2"),
            ("db.password", "hunter2"),
            ("client.id", "me"),
            ("schema.registry.url", "http://u:hunter2@r"),
        ]);
        let text = format!("{properties:?}");
        assert!(!text.contains("hunter2") && text.contains("me") && text.contains("[hidden]"), "{text}");
    }

    #[test]
    fn merged_properties_win_and_keep_their_origin() {
        let mut properties = Properties::parse_file("kafka.properties", "a=1\nb=2\n").expect("parses");
        properties.merge(Properties::from([("b", "3")]));
        assert_eq!(properties.get("b"), Some("3"));
        assert_eq!(properties.origin("b"), Some(&Origin::Call));
        assert_eq!(properties.origin("a").map(ToString::to_string).as_deref(), Some("kafka.properties, line 1"));
    }

    #[test]
    fn a_bad_escape_names_file_and_line_and_shows_no_value() {
        let error = Properties::parse_file("f", "sasl.password=hunter2\\u0").expect_err("a bad escape");
        let text = error.to_string();
        assert!(text.contains("sasl.password") && text.contains("f, line 1") && !text.contains("hunter2"), "{text}");
    }
}
