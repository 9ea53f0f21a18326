//! Objects of data, read key by key, with the place of whatever is wrong.

use super::node::Node;
use crate::error::nearest;

/// What is wrong, and where in the data.
#[derive(Debug)]
pub(super) struct Misplaced {
    pub(super) place: String,
    pub(super) reason: String,
}

pub(super) fn wrong<T>(place: impl Into<String>, reason: impl Into<String>) -> Result<T, Misplaced> {
    Err(Misplaced { place: place.into(), reason: reason.into() })
}

fn unlike<T>(place: String, expected: &str, found: &Node) -> Result<T, Misplaced> {
    wrong(place, format!("{expected} is expected, not {}", found.what()))
}

/// An object whose keys are taken one after the other; what is left over is unknown.
#[derive(Debug)]
pub(super) struct Fields {
    /// Empty for the spec itself.
    place: String,
    entries: Vec<(String, Node)>,
    /// The keys that were asked for.
    known: Vec<&'static str>,
}

impl Fields {
    pub(super) fn of(place: impl Into<String>, node: Node) -> Result<Self, Misplaced> {
        let place = place.into();
        match node {
            Node::Map(entries) => Ok(Self { place, entries, known: Vec::new() }),
            other => unlike(if place.is_empty() { "the spec".into() } else { place }, "an object", &other),
        }
    }

    /// Says of which object it is: `columns[0]` becomes `columns[0] "price"`.
    pub(super) fn named(&mut self, name: &str) {
        self.place = format!("{} {name:?}", self.place);
    }

    /// The place of a key's value.
    pub(super) fn place(&self, key: &str) -> String {
        if self.place.is_empty() { key.to_owned() } else { format!("{}, {key}", self.place) }
    }

    pub(super) fn take(&mut self, key: &'static str) -> Option<Node> {
        self.known.push(key);
        let index = self.entries.iter().position(|(known, _)| known == key)?;
        Some(self.entries.remove(index).1)
    }

    pub(super) fn text(&mut self, key: &'static str) -> Result<Option<String>, Misplaced> {
        match self.take(key) {
            None => Ok(None),
            Some(Node::Text(text)) => Ok(Some(text)),
            Some(other) => unlike(self.place(key), "a text", &other),
        }
    }

    /// A text that must be there.
    pub(super) fn needed(&mut self, key: &'static str) -> Result<String, Misplaced> {
        match self.text(key)? {
            Some(text) => Ok(text),
            None => wrong(self.place(key), "it is missing"),
        }
    }

    pub(super) fn flag(&mut self, key: &'static str) -> Result<bool, Misplaced> {
        Ok(self.said(key)?.unwrap_or(false))
    }

    /// A flag, if it is given.
    pub(super) fn said(&mut self, key: &'static str) -> Result<Option<bool>, Misplaced> {
        match self.take(key) {
            None => Ok(None),
            Some(Node::Bool(flag)) => Ok(Some(flag)),
            Some(other) => unlike(self.place(key), "true or false", &other),
        }
    }

    pub(super) fn size(&mut self, key: &'static str) -> Result<Option<usize>, Misplaced> {
        let size = match self.take(key) {
            None => return Ok(None),
            Some(Node::Integer(size)) => usize::try_from(size).ok(),
            Some(Node::Large(size)) => usize::try_from(size).ok(),
            Some(other) => return unlike(self.place(key), "a number", &other),
        };
        size.map_or_else(|| wrong(self.place(key), "it is no number from 0 on, or too large a one"), |size| Ok(Some(size)))
    }

    /// A list of texts, or a single one.
    pub(super) fn texts(&mut self, key: &'static str) -> Result<Option<Vec<String>>, Misplaced> {
        match self.take(key) {
            None => Ok(None),
            Some(Node::Text(text)) => Ok(Some(vec![text])),
            Some(Node::List(items)) => {
                let text = |(index, item): (usize, Node)| match item {
                    Node::Text(text) => Ok(text),
                    other => unlike(format!("{}[{index}]", self.place(key)), "a text", &other),
                };
                items.into_iter().enumerate().map(text).collect::<Result<_, _>>().map(Some)
            }
            Some(other) => unlike(self.place(key), "a text or a list of texts", &other),
        }
    }

    /// A list of objects.
    pub(super) fn objects(&mut self, key: &'static str) -> Result<Option<Vec<Self>>, Misplaced> {
        match self.take(key) {
            None => Ok(None),
            Some(Node::List(items)) => {
                let object = |(index, item)| Self::of(format!("{}[{index}]", self.place(key)), item);
                items.into_iter().enumerate().map(object).collect::<Result<_, _>>().map(Some)
            }
            Some(other) => unlike(self.place(key), "a list of objects", &other),
        }
    }

    /// An object of texts, in its order.
    pub(super) fn pairs(&mut self, key: &'static str) -> Result<Vec<(String, String)>, Misplaced> {
        match self.take(key) {
            None => Ok(Vec::new()),
            Some(Node::Map(entries)) => {
                let pair = |(name, value)| match value {
                    Node::Text(text) => Ok((name, text)),
                    other => unlike(format!("{} {name:?}", self.place(key)), "a text", &other),
                };
                entries.into_iter().map(pair).collect()
            }
            Some(other) => unlike(self.place(key), "an object of texts", &other),
        }
    }

    /// Refuses what is left over. `what` is the object, in words.
    pub(super) fn end(self, what: &str) -> Result<(), Misplaced> {
        let Some((key, _)) = self.entries.first() else { return Ok(()) };
        let hint = nearest(key, self.known.iter().copied()).map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
        wrong(self.place(key), format!("{what} has no such key{hint}; there are {}", self.known.join(", ")))
    }
}
