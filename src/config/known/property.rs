//! What is known of one property.

use std::fmt;

/// What a property does here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// [`Settings`](crate::config::Settings) reads it.
    Used,
    /// Accepted without a word: ignoring it changes nothing that a user can see. The text says why.
    Nothing(&'static str),
    /// Accepted with a warning: many files carry it, and what it asks for does not happen. The text says what happens instead.
    Warned(&'static str),
    /// An error: what it asks for cannot be had here. The text says why, and what to do.
    Refused(&'static str),
    /// Accepted without a word: it is a property of producers, and files serve both.
    Producer,
}

/// The values that a property may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Values {
    /// Any text.
    Text,
    /// `true` or `false`.
    Boolean,
    /// A whole number between these, both included.
    Number {
        /// The lowest.
        low: i64,
        /// The highest.
        high: i64,
    },
    /// One of these, in any case.
    OneOf(&'static [&'static str]),
    /// Some of these, separated by commas.
    SomeOf(&'static [&'static str]),
    /// Text in this form.
    Form(&'static str),
}

impl Values {
    /// Whether `text`, which has no blanks around it, is one of them, as far as can be told without reading it.
    ///
    /// # Errors
    /// What it must be, as a sentence without a subject.
    pub(in crate::config) fn check(&self, text: &str) -> Result<(), String> {
        let among = |names: &[&str], text: &str| names.iter().any(|name| name.eq_ignore_ascii_case(text));
        let valid = match self {
            Self::Text | Self::Form(_) => true,
            Self::Boolean => among(&["true", "false"], text),
            Self::Number { low, high } => text.parse().is_ok_and(|number: i64| (*low..=*high).contains(&number)),
            Self::OneOf(names) => among(names, text),
            Self::SomeOf(names) => {
                text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).all(|entry| among(names, entry))
            }
        };
        if valid { Ok(()) } else { Err(format!("must be {self}")) }
    }
}

impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("a text"),
            Self::Boolean => f.write_str("true or false"),
            Self::Number { low, high } => write!(f, "a number from {low} to {high}"),
            Self::OneOf([only]) => f.write_str(only),
            Self::OneOf(names) => match names.split_last() {
                Some((last, others)) => write!(f, "{} or {last}", others.join(", ")),
                None => Ok(()),
            },
            Self::SomeOf(names) => write!(f, "some of {}, separated by commas", names.join(", ")),
            Self::Form(form) => f.write_str(form),
        }
    }
}

/// One property that kolumn knows.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Property {
    /// Its name, in the Java client where that has it.
    pub name: &'static str,
    /// Other names for it.
    pub aliases: &'static [&'static str],
    /// Its value where none is given.
    pub default: Option<&'static str>,
    /// What it means here, in one sentence; empty for those that are not used.
    pub doc: &'static str,
    /// What is different from Kafka's Java client or librdkafka, and why.
    pub differs: Option<&'static str>,
    /// What it may be.
    pub values: Values,
    /// Values of a property that is refused or warned of which say what happens here anyway: accepted without a word.
    pub harmless: &'static [&'static str],
    /// Whether its value is never shown.
    pub secret: bool,
    /// What it does here.
    pub effect: Effect,
}

impl Property {
    /// Its name and its aliases.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }

    pub(super) const fn boolean(self) -> Self {
        Self { values: Values::Boolean, ..self }
    }

    pub(super) const fn number(self, low: i64, high: i64) -> Self {
        Self { values: Values::Number { low, high }, ..self }
    }

    pub(super) const fn one_of(self, names: &'static [&'static str]) -> Self {
        Self { values: Values::OneOf(names), ..self }
    }

    pub(super) const fn some_of(self, names: &'static [&'static str]) -> Self {
        Self { values: Values::SomeOf(names), ..self }
    }

    pub(super) const fn form(self, form: &'static str) -> Self {
        Self { values: Values::Form(form), ..self }
    }

    pub(super) const fn differs(self, why: &'static str) -> Self {
        Self { differs: Some(why), ..self }
    }

    pub(super) const fn unless(self, harmless: &'static [&'static str]) -> Self {
        Self { harmless, ..self }
    }

    pub(super) const fn hidden(self) -> Self {
        Self { secret: true, ..self }
    }
}

const fn property(name: &'static str, aliases: &'static [&'static str], effect: Effect) -> Property {
    Property { name, aliases, default: None, doc: "", differs: None, values: Values::Text, harmless: &[], secret: false, effect }
}

pub(super) const fn used(
    name: &'static str,
    aliases: &'static [&'static str],
    default: Option<&'static str>,
    doc: &'static str,
) -> Property {
    Property { default, doc, ..property(name, aliases, Effect::Used) }
}

pub(super) const fn nothing(name: &'static str, aliases: &'static [&'static str], why: &'static str) -> Property {
    property(name, aliases, Effect::Nothing(why))
}

pub(super) const fn warned(name: &'static str, aliases: &'static [&'static str], instead: &'static str) -> Property {
    property(name, aliases, Effect::Warned(instead))
}

pub(super) const fn refused(name: &'static str, aliases: &'static [&'static str], why: &'static str) -> Property {
    property(name, aliases, Effect::Refused(why))
}

pub(super) const fn producer(name: &'static str, aliases: &'static [&'static str]) -> Property {
    property(name, aliases, Effect::Producer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_checked_and_say_what_they_must_be() {
        let check = |values: Values, text| values.check(text).err();
        assert_eq!(check(Values::Boolean, "True"), None);
        assert_eq!(check(Values::Boolean, "yes").as_deref(), Some("must be true or false"));
        let number = Values::Number { low: -1, high: 9 };
        assert_eq!((check(number, "-1"), check(number, "9")), (None, None));
        assert_eq!(check(number, "10").as_deref(), Some("must be a number from -1 to 9"));
        assert_eq!(check(number, "1.0").as_deref(), Some("must be a number from -1 to 9"));
        let names = Values::OneOf(&["classic", "consumer", "share"]);
        assert_eq!(check(names, "CLASSIC"), None);
        assert_eq!(check(names, "").as_deref(), Some("must be classic, consumer or share"));
        assert_eq!(check(Values::SomeOf(&["gzip", "lz4"]), "lz4, gzip,"), None);
        assert!(check(Values::SomeOf(&["gzip", "lz4"]), "lz4,lzo").is_some_and(|reason| reason.contains("gzip, lz4")));
    }
}
