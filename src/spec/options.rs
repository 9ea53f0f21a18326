//! What can be said about a spec as a whole.

use std::fmt;
use std::str::FromStr;

use super::Framing;
use crate::error::Error;

/// What becomes of a null payload, a tombstone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Tombstones {
    /// A row of nulls.
    #[default]
    Rows,
    /// No row: the record counts as filtered.
    Skip,
}

/// The zone of timestamps in text that name none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone {
    /// Seconds east of UTC.
    offset: i32,
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self { offset: 0 };

    /// Seconds east of UTC.
    pub fn offset_seconds(self) -> i32 {
        self.offset
    }

    /// Reads `UTC`, `Z`, or an offset such as `+02:00`, `+0200` or `-05`.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        if matches!(text, "UTC" | "utc" | "Z" | "z" | "GMT") {
            return Ok(Self::UTC);
        }
        let refused = || format!("{text:?} is no zone; it is UTC or an offset such as +02:00 (named zones are not available)");
        let (sign, digits) = match text.split_at_checked(1) {
            Some(("+", digits)) => (1, digits),
            Some(("-", digits)) => (-1, digits),
            _ => return Err(refused()),
        };
        let digits = if digits.len() == 5 { digits.replacen(':', "", 1) } else { digits.to_owned() };
        let (hours, minutes) = match (digits.len(), digits.bytes().all(|byte| byte.is_ascii_digit())) {
            (2, true) => (digits.as_str(), "0"),
            (4, true) => digits.split_at(2),
            _ => return Err(refused()),
        };
        match (hours.parse::<i32>(), minutes.parse::<i32>()) {
            (Ok(hours @ 0..=23), Ok(minutes @ 0..=59)) => Ok(Self { offset: sign * (hours * 3600 + minutes * 60) }),
            _ => Err(refused()),
        }
    }
}

impl FromStr for Zone {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::read(text).map_err(|reason| Error::InvalidSpec { spec: text.into(), place: "the zone".into(), reason })
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.offset == 0 {
            return f.write_str("UTC");
        }
        let sign = if self.offset < 0 { '-' } else { '+' };
        let minutes = self.offset.abs() / 60;
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// The deepest nesting of JSON that is read where nothing else is said.
pub(crate) const DEPTH: usize = 128;

/// What can be said about a spec as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) lenient: bool,
    pub(crate) tombstones: Tombstones,
    pub(crate) zone: Option<Zone>,
    pub(crate) depth: usize,
    /// The most bytes of a payload.
    pub(crate) size: usize,
    /// Of JSON; the other kinds that have framings say theirs themselves. None where nothing is said.
    pub(crate) framing: Option<Framing>,
}

impl Default for Options {
    fn default() -> Self {
        Self { lenient: false, tombstones: Tombstones::Rows, zone: None, depth: DEPTH, size: usize::MAX, framing: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_utc_or_offsets_and_print_as_they_are_read() {
        for (text, seconds, printed) in [
            ("UTC", 0, "UTC"),
            ("Z", 0, "UTC"),
            ("+02:00", 7200, "+02:00"),
            ("-0530", -19800, "-05:30"),
            ("+05", 18000, "+05:00"),
        ] {
            let zone = Zone::read(text).unwrap();
            assert_eq!((zone.offset_seconds(), zone.to_string().as_str()), (seconds, printed), "{text}");
        }
        for text in ["", "Europe/Berlin", "+24:00", "+02:60", "02:00", "+2", "+١٢", "++200"] {
            assert!(Zone::read(text).is_err(), "{text}");
        }
    }
}
