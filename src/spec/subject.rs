//! Schemas that a spec takes from the registry, by subject and version.

use std::fmt;
use std::sync::Arc;

use super::Side;
use super::text::Quoted;
use crate::error::Result;
use crate::registry::{Registry, Schema, Version};

#[cfg(test)]
mod tests;

/// A subject of the registry and which of its versions, and what the registry answered when it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    /// None is the topic's own: `TOPIC-key` or `TOPIC-value`.
    pub(crate) name: Option<String>,
    pub(crate) version: Version,
    pub(crate) schema: Option<Arc<Schema>>,
}

impl Subject {
    pub(crate) fn of(name: Option<String>) -> Self {
        Self { name, version: Version::Latest, schema: None }
    }

    /// Asks for the schema, unless it is known. `topic` names the subject where the spec does not; the error is in words where there is
    /// none, or where the subject is no name.
    pub(crate) async fn ask(&mut self, registry: &Registry, topic: Option<&str>, side: Side) -> Result<Result<(), String>> {
        if self.schema.is_some() {
            return Ok(Ok(()));
        }
        if let Err(reason) = self.check() {
            return Ok(Err(reason));
        }
        let name = match (&self.name, topic) {
            (Some(name), _) => name.clone(),
            (None, Some(topic)) => format!("{topic}-{}", side.name()),
            (None, None) => {
                let reason = format!("there is no topic whose subject is meant; name it, as in subject=orders-{}", side.name());
                return Ok(Err(reason));
            }
        };
        let schema = registry.version(&name, self.version).await?;
        tracing::info!(subject = name, version = schema.version, id = schema.id, "the {}'s schema", side.name());
        self.schema = Some(schema);
        self.name = Some(name);
        Ok(Ok(()))
    }

    /// The parts of a spec's text.
    pub(crate) fn parts(&self) -> Vec<String> {
        let name = self.name.iter().map(|name| format!("subject={}", Quoted(name)));
        let version = (self.version != Version::Latest).then(|| format!("version={}", self.version));
        name.chain(version).collect()
    }

    /// Refuses what is no subject or version of one.
    pub(crate) fn check(&self) -> Result<(), String> {
        match (self.name.as_deref(), self.version) {
            (Some(""), _) => Err("the subject has no name".into()),
            (_, Version::Number(number)) if number < 1 => Err(format!("versions begin with 1, there is none {number}")),
            _ => Ok(()),
        }
    }
}

/// For errors.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = self.schema.as_ref().and_then(|schema| schema.version).map_or(self.version, Version::Number);
        match &self.name {
            Some(name) => write!(f, "subject {name:?}, version {version}"),
            None => write!(f, "the topic's subject, version {version}"),
        }
    }
}

/// Reads `latest`, or a number.
pub(super) fn version(text: &str) -> Result<Version, String> {
    let number = || text.parse().ok().filter(|number| *number >= 1).map(Version::Number);
    let known = if text == "latest" { Some(Version::Latest) } else { number() };
    known.ok_or_else(|| format!("{text:?} is no version; it is latest, or a number from 1 on"))
}
