//! The zones of timestamps in text that name none.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{LazyLock, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};

use crate::error::{Error, nearest};

/// The zone of timestamps in text that name none: UTC, an offset from it, or a zone of the IANA time zone database, which kolumn
/// brings with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    /// Seconds east of UTC.
    Fixed(i32),
    Named(Named),
}

/// A zone of the database. There are some hundred, and whatever is named is kept for good: so a zone is as small as a reference.
#[derive(Clone, Copy)]
struct Named(&'static (String, TimeZone));

impl Named {
    /// The zone of this name, in any case.
    fn find(name: &str) -> Option<Self> {
        static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
        static KNOWN: Mutex<Option<HashMap<String, Named>>> = Mutex::new(None);
        let zone = DATABASE.get(name).ok()?;
        let name = zone.iana_name()?.to_owned();
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get_or_insert_default();
        Some(*known.entry(name.clone()).or_insert_with(|| Self(Box::leak(Box::new((name, zone))))))
    }
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.0.0 == other.0.0
    }
}

impl Eq for Named {}

impl std::hash::Hash for Named {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.0.hash(state);
    }
}

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.0)
    }
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(Kind::Fixed(0));

    /// Seconds east of UTC, where these are always the same.
    pub fn offset_seconds(self) -> Option<i32> {
        match self.0 {
            Kind::Fixed(offset) => Some(offset),
            Kind::Named(_) => None,
        }
    }

    /// The instant, in seconds since the epoch, at which clocks of this zone show so many seconds since theirs. Of two the earlier; where
    /// clocks skip it, what they would show had they not been set yet. `None` beyond the years that the database knows.
    pub(crate) fn instant(self, local: i64) -> Option<i64> {
        match self.0 {
            Kind::Fixed(offset) => Some(local - i64::from(offset)),
            Kind::Named(Named((_, zone))) => {
                let clock = Offset::UTC.to_datetime(Timestamp::from_second(local).ok()?);
                Some(zone.to_ambiguous_timestamp(clock).compatible().ok()?.as_second())
            }
        }
    }

    /// Reads `UTC`, `Z`, an offset such as `+02:00`, `+0200` or `-05`, or a name such as `Europe/Berlin`.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        if matches!(text, "UTC" | "utc" | "Z" | "z" | "GMT") {
            return Ok(Self::UTC);
        }
        let refused = || {
            let bundled = TimeZoneDatabase::bundled();
            let names: Vec<String> = bundled.available().map(|name| name.to_string()).collect();
            let hint = nearest(text, names.iter().map(String::as_str));
            let hint = hint.map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
            format!("{text:?} is no zone; it is UTC, an offset such as +02:00, or a name such as Europe/Berlin{hint}")
        };
        let (sign, digits) = match text.split_at_checked(1) {
            Some(("+", digits)) => (1, digits),
            Some(("-", digits)) => (-1, digits),
            _ => return Named::find(text).map(|named| Self(Kind::Named(named))).ok_or_else(refused),
        };
        let digits = if digits.len() == 5 { digits.replacen(':', "", 1) } else { digits.to_owned() };
        let (hours, minutes) = match (digits.len(), digits.bytes().all(|byte| byte.is_ascii_digit())) {
            (2, true) => (digits.as_str(), "0"),
            (4, true) => digits.split_at(2),
            _ => return Err(refused()),
        };
        match (hours.parse::<i32>(), minutes.parse::<i32>()) {
            (Ok(hours @ 0..=23), Ok(minutes @ 0..=59)) => Ok(Self(Kind::Fixed(sign * (hours * 3600 + minutes * 60)))),
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
        let offset = match self.0 {
            Kind::Fixed(0) => return f.write_str("UTC"),
            Kind::Fixed(offset) => offset,
            Kind::Named(Named((name, _))) => return f.write_str(name),
        };
        let sign = if offset < 0 { '-' } else { '+' };
        let minutes = offset.abs() / 60;
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_utc_offsets_or_names_and_print_as_they_are_read() {
        for (text, seconds, printed) in [
            ("UTC", Some(0), "UTC"),
            ("Z", Some(0), "UTC"),
            ("+02:00", Some(7200), "+02:00"),
            ("-0530", Some(-19800), "-05:30"),
            ("+05", Some(18000), "+05:00"),
            ("Europe/Berlin", None, "Europe/Berlin"),
            ("america/new_york", None, "America/New_York"),
            ("Etc/GMT+5", None, "Etc/GMT+5"),
        ] {
            let zone = Zone::read(text).unwrap();
            assert_eq!((zone.offset_seconds(), zone.to_string().as_str()), (seconds, printed), "{text}");
            assert_eq!(Zone::read(printed).unwrap(), zone);
        }
        for text in ["", "Europe/Berlim", "+24:00", "+02:60", "02:00", "+2", "+١٢", "++200", "ET"] {
            assert!(Zone::read(text).is_err(), "{text}");
        }
        assert!(Zone::read("Europe/Berlim").unwrap_err().contains("did you mean \"Europe/Berlin\"?"));
    }

    #[test]
    fn a_named_zone_follows_its_clocks() {
        let berlin = Zone::read("Europe/Berlin").unwrap();
        for (local, utc) in [
            ("2026-01-15T12:00:00Z", "2026-01-15T11:00:00Z"),
            ("2026-07-15T12:00:00Z", "2026-07-15T10:00:00Z"),
            // Clocks go from 2 to 3: half past two is what would be half past three.
            ("2026-03-29T01:59:59Z", "2026-03-29T00:59:59Z"),
            ("2026-03-29T02:30:00Z", "2026-03-29T01:30:00Z"),
            ("2026-03-29T03:00:00Z", "2026-03-29T01:00:00Z"),
            // And from 3 to 2: of the two half past two the earlier.
            ("2026-10-25T02:30:00Z", "2026-10-25T00:30:00Z"),
            ("2026-10-25T03:00:00Z", "2026-10-25T02:00:00Z"),
            ("1900-01-01T00:00:00Z", "1899-12-31T23:00:00Z"),
            ("2500-07-01T00:00:00Z", "2500-06-30T22:00:00Z"),
        ] {
            let seconds = |text: &str| text.parse::<Timestamp>().unwrap().as_second();
            assert_eq!(berlin.instant(seconds(local)), Some(seconds(utc)), "{local}");
        }
        assert_eq!(berlin.instant(i64::MAX), None);
    }
}
