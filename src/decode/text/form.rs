//! What a text can be read as, for those who look for a column's type.

use super::{date, time, timestamp, uuid};
use crate::spec::Zone;

/// The form of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A date and a time, with so many digits of the second behind the point.
    Timestamp {
        /// Whether it names an offset.
        zoned: bool,
        digits: usize,
    },
    Date,
    Time {
        digits: usize,
    },
    Uuid,
    /// None of these.
    Plain,
}

impl Form {
    /// The form that the decoders would take the text for.
    pub(crate) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let digits = text.split_once('.').map_or(0, |(_, rest)| rest.bytes().take_while(u8::is_ascii_digit).count());
        if timestamp(bytes, None).is_ok() {
            Self::Timestamp { zoned: true, digits }
        } else if timestamp(bytes, Some(Zone::UTC)).is_ok() {
            Self::Timestamp { zoned: false, digits }
        } else if date(bytes).is_ok() {
            Self::Date
        } else if time(bytes).is_ok() {
            Self::Time { digits }
        } else if bytes.len() == 36 && uuid(bytes, false).is_ok() {
            Self::Uuid
        } else {
            Self::Plain
        }
    }

    /// What both are; none where they are not the same.
    pub(crate) fn both(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Timestamp { zoned: one, digits: some }, Self::Timestamp { zoned: two, digits: more }) => {
                Some(Self::Timestamp { zoned: one && two, digits: some.max(more) })
            }
            (Self::Time { digits: some }, Self::Time { digits: more }) => Some(Self::Time { digits: some.max(more) }),
            (one, two) => (one == two).then_some(one),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_what_the_decoders_read_them_as() {
        for (text, form) in [
            ("2026-11-21T12:34:56Z", Form::Timestamp { zoned: true, digits: 0 }),
            ("2026-11-21 12:34:56.123+02", Form::Timestamp { zoned: true, digits: 3 }),
            ("2026-11-21T12:34:56.123456", Form::Timestamp { zoned: false, digits: 6 }),
            ("2026-11-21", Form::Date),
            ("2026-13-21", Form::Plain),
            ("12:34:56.5", Form::Time { digits: 1 }),
            ("123e4567-e89b-12d3-a456-426614174000", Form::Uuid),
            ("123e4567e89b12d3a456426614174000", Form::Plain),
            ("", Form::Plain),
            ("CRM", Form::Plain),
        ] {
            assert_eq!(Form::of(text), form, "{text}");
        }
    }
}
