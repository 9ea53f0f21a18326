//! Values of properties, as types.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use super::hidden::without_user;
use super::known::{Property, Values};
use super::properties::Properties;
use crate::error::{Error, Result};

/// Reads typed values by name, the table's default where none is given.
pub(super) struct Reader<'a> {
    properties: &'a Properties,
    /// What the names begin with beside what is asked for.
    prefix: &'static str,
    /// The names asked for, so that a test can compare them with the table.
    pub(super) asked: Rc<RefCell<BTreeSet<&'static str>>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(properties: &'a Properties) -> Self {
        Self { properties, prefix: "", asked: Rc::default() }
    }

    /// Reads the properties that have this before their names: `schema.registry.ssl.key.location` as `ssl.key.location`.
    pub(super) fn of(&self, prefix: &'static str) -> Self {
        Self { properties: self.properties, prefix, asked: Rc::clone(&self.asked) }
    }

    /// The whole name, as the table has it.
    fn whole<'n>(&self, name: &'n str) -> &'n str {
        match Property::find(&format!("{}{name}", self.prefix)) {
            Some(property) if !self.prefix.is_empty() => property.name,
            _ => name,
        }
    }

    /// The value as given or by default, without the blanks around it.
    pub(super) fn text(&self, name: &'static str) -> Option<&'a str> {
        let name = self.whole(name);
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
        let name = self.whole(name);
        self.asked.borrow_mut().insert(name);
        self.properties.get(name)
    }

    /// Whether the value is one that the table allows; for a property that asks for nothing else.
    pub(super) fn checked(&self, name: &'static str) -> Result<()> {
        let values = Property::find(self.whole(name)).map_or(Values::Text, |property| property.values);
        self.parsed(name, |text| values.check(text))
    }

    /// What `read` makes of the value.
    pub(super) fn parsed<T>(&self, name: &'static str, read: impl FnOnce(&str) -> Result<T, String>) -> Result<T> {
        let text = self.text(name).unwrap_or_default();
        read(text).map_err(|reason| self.invalid(name, text, &reason))
    }

    pub(super) fn boolean(&self, name: &'static str) -> Result<bool> {
        self.parsed(name, |text| Values::Boolean.check(text).map(|()| text.eq_ignore_ascii_case("true")))
    }

    /// A number in the range that the table says.
    pub(super) fn number<T>(&self, name: &'static str) -> Result<T>
    where
        T: TryFrom<i64>,
    {
        let values = Property::find(self.whole(name)).map_or(Values::Text, |property| property.values);
        self.parsed(name, |text| {
            values.check(text)?;
            let number: Option<i64> = text.parse().ok();
            number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| "is out of range".into())
        })
    }

    pub(super) fn milliseconds(&self, name: &'static str) -> Result<Duration> {
        self.number(name).map(Duration::from_millis)
    }

    /// A number where -1 and 0 mean none.
    pub(super) fn positive<T>(&self, name: &'static str) -> Result<Option<T>>
    where
        T: TryFrom<i64>,
    {
        self.parsed(name, |text| if matches!(text, "-1" | "0") { Ok(None) } else { Ok(Some(())) })?
            .map(|()| self.number(name))
            .transpose()
    }

    /// What the table's value of this name means, in any case.
    pub(super) fn one_of<T: Copy>(&self, name: &'static str, meanings: &[(&str, T)]) -> Result<T> {
        let values = Property::find(self.whole(name)).map_or(Values::Text, |property| property.values);
        self.parsed(name, |text| {
            let meaning = meanings.iter().find(|(value, _)| value.eq_ignore_ascii_case(text));
            meaning.map(|(_, meaning)| *meaning).ok_or_else(|| format!("must be {values}"))
        })
    }

    pub(super) fn invalid(&self, name: &str, value: &str, reason: &str) -> Error {
        let name = self.whole(name);
        let value = if Property::is_secret(name) { "[hidden]".to_owned() } else { without_user(value) };
        let reason = match self.properties.origin(name) {
            Some(origin @ super::Origin::File { .. }) => format!("{reason} ({origin})"),
            _ => reason.to_owned(),
        };
        Error::InvalidProperty { key: name.to_owned(), value, reason }
    }
}
