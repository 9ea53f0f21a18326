//! Timestamps as RFC 3339 writes them, and as people write them beside it: a blank for `T`, offsets without colon or minutes.

use arrow_schema::TimeUnit;

use super::calendar::{SECONDS_PER_DAY, date_prefix, time_at};
use super::{Reason, Step, expect, fault, found, two_digits};
use crate::spec::Zone;

/// Seconds since the epoch, and nanoseconds after these. `zone` is that of texts without offset; without it they are errors.
pub(in crate::decode) fn timestamp(text: &[u8], zone: Option<Zone>) -> Step<(i64, u32)> {
    let days = date_prefix(text)?;
    if !matches!(text.get(10), Some(b'T' | b't' | b' ')) {
        return fault(10, Reason::Format, format!("'T' is expected between date and time{}", found(text, 10)));
    }
    let (seconds, nanos, end) = time_at(text, 11)?;
    let local = i64::from(days) * SECONDS_PER_DAY + seconds;
    if end == text.len() {
        return match zone.map(|zone| zone.instant(local)) {
            Some(Some(instant)) => Ok((instant, nanos)),
            Some(None) => fault(0, Reason::Range, "the spec's zone does not reach to that year"),
            None => fault(end, Reason::Format, "the timestamp has no offset such as Z, and the spec names no zone (;zone=UTC)"),
        };
    }
    let (offset, end) = offset_at(text, end)?;
    if text.len() > end {
        return fault(end, Reason::Format, format!("the end is expected{}", found(text, end)));
    }
    Ok((local - offset, nanos))
}

/// Seconds east of UTC, and where the offset ends.
fn offset_at(text: &[u8], at: usize) -> Step<(i64, usize)> {
    let sign = match text.get(at) {
        Some(b'Z' | b'z') => return Ok((0, at + 1)),
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return fault(at, Reason::Format, format!("an offset such as Z or +02:00 is expected{}", found(text, at))),
    };
    let hours = i64::from(two_digits(text, at + 1, 23, "hour of an offset")?);
    let (minutes, end) = match text.get(at + 3) {
        None => (0, at + 3),
        Some(b':') => (two_digits(text, at + 4, 59, "minute of an offset")?, at + 6),
        Some(b'0'..=b'9') => (two_digits(text, at + 3, 59, "minute of an offset")?, at + 5),
        Some(_) => {
            expect(text, at + 3, b':')?;
            (0, at + 3)
        }
    };
    Ok((sign * (hours * 3600 + i64::from(minutes) * 60), end))
}

/// How many of the unit a second has.
pub(in crate::decode) fn per_second(unit: TimeUnit) -> u32 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

/// Seconds and nanoseconds in a unit; finer digits are cut off. `None` where 64 bits do not hold it.
pub(in crate::decode) fn in_unit((seconds, nanos): (i64, u32), unit: TimeUnit) -> Option<i64> {
    let per_second = per_second(unit);
    let fraction = nanos / (1_000_000_000 / per_second);
    i64::try_from(i128::from(seconds) * i128::from(per_second) + i128::from(fraction)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nanos(text: &str) -> i64 {
        in_unit(timestamp(text.as_bytes(), None).unwrap(), TimeUnit::Nanosecond).unwrap()
    }

    #[test]
    fn the_forms_of_semantics_are_one_instant() {
        let expected = 1_795_264_496_000_000_000;
        for text in [
            "2026-11-21T12:34:56Z",
            "2026-11-21t12:34:56z",
            "2026-11-21 12:34:56Z",
            "2026-11-21T12:34:56+00:00",
            "2026-11-21T12:34:56+0000",
            "2026-11-21T12:34:56+00",
            "2026-11-21T12:34:56-00:00",
            "2026-11-21T14:34:56+02:00",
            "2026-11-21T07:04:56-0530",
            "2026-11-21T12:34:56.000000000999Z",
        ] {
            assert_eq!(nanos(text) / 1000 * 1000, expected, "{text}");
        }
    }

    #[test]
    fn digits_finer_than_the_unit_are_cut_off_before_the_epoch_too() {
        let instant = timestamp(b"1969-12-31T23:59:59.999999999Z", None).unwrap();
        assert_eq!(in_unit(instant, TimeUnit::Second), Some(-1));
        assert_eq!(in_unit(instant, TimeUnit::Millisecond), Some(-1));
        assert_eq!(in_unit(instant, TimeUnit::Nanosecond), Some(-1));
    }

    #[test]
    fn the_limits_of_nanoseconds_are_exact() {
        assert_eq!(nanos("1677-09-21T00:12:43.145224192Z"), i64::MIN);
        assert_eq!(nanos("2262-04-11T23:47:16.854775807Z"), i64::MAX);
        let beyond = timestamp(b"2262-04-11T23:47:16.854775808Z", None).unwrap();
        assert_eq!(in_unit(beyond, TimeUnit::Nanosecond), None);
    }

    #[test]
    fn a_text_without_offset_needs_a_zone() {
        let error = timestamp(b"2026-11-21T12:34:56", None).unwrap_err();
        assert_eq!(error.position, 19);
        assert!(error.message.contains("zone=UTC"));
        let zone = Zone::read("+02:00").unwrap();
        assert_eq!(timestamp(b"1970-01-01T02:00:00.5", Some(zone)).unwrap(), (0, 500_000_000));
        assert_eq!(timestamp(b"1970-01-01T02:00:00Z", Some(zone)).unwrap(), (7200, 0), "an offset in the text wins");
    }

    #[test]
    fn what_is_no_timestamp_is_refused_with_its_position() {
        for (text, at) in [
            ("2026-11-21T24:00:00Z", 11),
            ("2026-11-21T23:59:60Z", 17),
            ("2026-11-21", 10),
            ("2026-11-21_12:34:56Z", 10),
            ("2026-11-21T12:34Z", 16),
            ("2026-11-21T12:34:56.Z", 20),
            ("2026-11-21T12:34:56 Z", 19),
            ("2026-11-21T12:34:56Zz", 20),
            ("2026-11-21T12:34:56+24:00", 20),
            ("2026-11-21T12:34:56+1", 20),
            ("2026-11-21T12:34:56+01:", 23),
            ("2026-11-21T12:34:56+01x", 22),
            ("2026-11-21T12:34:56+01:00x", 25),
            ("1700000000000", 4),
        ] {
            assert_eq!(timestamp(text.as_bytes(), None).unwrap_err().position, at, "{text}");
        }
    }
}
