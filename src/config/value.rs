//! Values of properties, as types.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::hidden::without_user;
use super::known::Property;
use super::properties::Properties;
use crate::error::{Error, Result};

/// Reads typed values by name, the table's default where none is given.
pub(super) struct Reader<'a> {
    properties: &'a Properties,
    /// The names asked for, so that a test can compare them with the table.
    pub(super) asked: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(properties: &'a Properties) -> Self {
        Self { properties, asked: RefCell::default() }
    }

    /// The value as given or by default, without the blanks around it.
    pub(super) fn text(&self, name: &'static str) -> Option<&'a str> {
        self.asked.borrow_mut().insert(name);
        let default = || Property::find(name).and_then(|property| property.default);
        self.properties.get(name).or_else(default).map(str::trim)
    }

    /// The value; none where it is empty.
    pub(super) fn filled(&self, name: &'static str) -> Option<String> {
        self.text(name).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// The value as given, with the blanks around it; none where it is not given.
    pub(super) fn raw(&self, name: &'static str) -> Option<&'a str> {
        self.asked.borrow_mut().insert(name);
        self.properties.get(name)
    }

    /// What `read` makes of the value.
    pub(super) fn parsed<T>(&self, name: &'static str, read: impl FnOnce(&str) -> Result<T, String>) -> Result<T> {
        let text = self.text(name).unwrap_or_default();
        read(text).map_err(|reason| self.invalid(name, text, &reason))
    }

    pub(super) fn boolean(&self, name: &'static str) -> Result<bool> {
        self.parsed(name, |text| match text.to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("must be true or false".into()),
        })
    }

    pub(super) fn number<T>(&self, name: &'static str, range: RangeInclusive<i64>) -> Result<T>
    where
        T: TryFrom<i64>,
    {
        let (low, high) = (*range.start(), *range.end());
        self.parsed(name, |text| {
            let number = text.parse().ok().filter(|number| range.contains(number));
            number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| format!("must be a number from {low} to {high}"))
        })
    }

    pub(super) fn milliseconds(&self, name: &'static str, range: RangeInclusive<i64>) -> Result<Duration> {
        self.number(name, range).map(Duration::from_millis)
    }

    pub(super) fn invalid(&self, name: &str, value: &str, reason: &str) -> Error {
        let value = if Property::is_secret(name) { "[hidden]".to_owned() } else { without_user(value) };
        let reason = match self.properties.origin(name) {
            Some(origin @ super::Origin::File { .. }) => format!("{reason} ({origin})"),
            _ => reason.to_owned(),
        };
        Error::InvalidProperty { key: name.to_owned(), value, reason }
    }
}
