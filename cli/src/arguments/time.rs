//! Points in time as people write them: milliseconds since the epoch, RFC 3339, a date, or relative to now.

use crate::arguments::duration::parse_duration;
use crate::calendar::Date;

/// Reads a time as milliseconds since the epoch. `now` is what relative times are relative to.
///
/// `1763712000000` (milliseconds), `2026-11-21T08:00:00.250+01:00`, `2026-11-21` (midnight UTC), `-1h`, `+10m`, `now`.
pub(crate) fn parse_time(text: &str, now: i64) -> Result<i64, String> {
    let wrong = || format!("{text:?} is no time; write milliseconds since the epoch, 2026-11-21T08:00:00Z, 2026-11-21, or -1h");
    if text == "now" {
        return Ok(now);
    }
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map_err(|_| wrong());
    }
    if let Some(ago) = text.strip_prefix('-') {
        let ago = i64::try_from(parse_duration(ago)?.as_millis()).map_err(|_| wrong())?;
        return now.checked_sub(ago).ok_or_else(wrong);
    }
    if let Some(ahead) = text.strip_prefix('+') {
        let ahead = i64::try_from(parse_duration(ahead)?.as_millis()).map_err(|_| wrong())?;
        return now.checked_add(ahead).ok_or_else(wrong);
    }
    let mut cursor = Cursor { rest: text };
    let date = cursor.date().ok_or_else(wrong)?;
    let midnight =
        date.days().and_then(|days| days.checked_mul(86_400_000)).ok_or_else(|| format!("{text:?}: there is no such day"))?;
    if cursor.rest.is_empty() {
        return Ok(midnight);
    }
    let time_of_day = cursor.time_of_day().ok_or_else(wrong)?;
    if cursor.rest.is_empty() {
        return Err(format!("{text:?} does not say in which time zone; add Z or an offset like +01:00"));
    }
    let offset = cursor.offset().ok_or_else(wrong)?;
    if !cursor.rest.is_empty() {
        return Err(wrong());
    }
    Ok(midnight + time_of_day - offset)
}

/// What is left of the text; each step takes a piece off its front, or says that it is not there.
struct Cursor<'a> {
    rest: &'a str,
}

impl Cursor<'_> {
    fn number(&mut self, digits: usize) -> Option<i64> {
        let (number, rest) = self.rest.split_at_checked(digits)?;
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        self.rest = rest;
        number.parse().ok()
    }

    fn one_of(&mut self, characters: &[char]) -> Option<()> {
        self.rest = self.rest.strip_prefix(characters)?;
        Some(())
    }

    fn date(&mut self) -> Option<Date> {
        let year = self.number(4)?;
        self.one_of(&['-'])?;
        let month = u8::try_from(self.number(2)?).ok()?;
        self.one_of(&['-'])?;
        let day = u8::try_from(self.number(2)?).ok()?;
        Some(Date { year, month, day })
    }

    /// Milliseconds since midnight; digits finer than that are cut off.
    fn time_of_day(&mut self) -> Option<i64> {
        self.one_of(&['T', 't', ' '])?;
        let hour = self.number(2).filter(|hour| *hour < 24)?;
        self.one_of(&[':'])?;
        let minute = self.number(2).filter(|minute| *minute < 60)?;
        let second = match self.one_of(&[':']) {
            Some(()) => self.number(2).filter(|second| *second < 60)?,
            None => 0,
        };
        let milliseconds = match self.one_of(&['.']) {
            Some(()) => self.fraction()?,
            None => 0,
        };
        Some(((hour * 60 + minute) * 60 + second) * 1_000 + milliseconds)
    }

    fn fraction(&mut self) -> Option<i64> {
        let length = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at_checked(length)?;
        if digits.is_empty() {
            return None;
        }
        self.rest = rest;
        let padded: String = digits.chars().chain("000".chars()).take(3).collect();
        padded.parse().ok()
    }

    /// Milliseconds east of UTC.
    fn offset(&mut self) -> Option<i64> {
        if self.one_of(&['Z', 'z']).is_some() {
            return Some(0);
        }
        let sign = match self.one_of(&['+']) {
            Some(()) => 1,
            None => self.one_of(&['-']).map(|()| -1)?,
        };
        let hours = self.number(2).filter(|hours| *hours < 24)?;
        let _ = self.one_of(&[':']);
        let minutes = if self.rest.is_empty() { 0 } else { self.number(2).filter(|minutes| *minutes < 60)? };
        Some(sign * (hours * 60 + minutes) * 60_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_248_000_000; // 2026-11-21T08:00:00Z

    #[test]
    fn digits_are_milliseconds_since_the_epoch() {
        assert_eq!(parse_time("1700000000000", NOW), Ok(1_700_000_000_000));
        assert_eq!(parse_time("0", NOW), Ok(0));
    }

    #[test]
    fn rfc_3339_is_read_with_its_offset_and_cut_to_milliseconds() {
        for (text, expected) in [
            ("2026-11-21T08:00:00Z", NOW),
            ("2026-11-21t08:00:00z", NOW),
            ("2026-11-21 08:00:00Z", NOW),
            ("2026-11-21T09:00:00+01:00", NOW),
            ("2026-11-21T09:00:00+0100", NOW),
            ("2026-11-21T09:00+01", NOW),
            ("2026-11-21T02:30:00-05:30", NOW),
            ("2026-11-21T08:00:00.5Z", NOW + 500),
            ("2026-11-21T08:00:00.123999Z", NOW + 123),
            ("1969-12-31T23:59:59.999Z", -1),
        ] {
            assert_eq!(parse_time(text, NOW), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_date_is_its_midnight_in_utc() {
        assert_eq!(parse_time("2026-11-21", NOW), Ok(NOW - 8 * 3_600_000));
    }

    #[test]
    fn relative_times_count_from_now() {
        assert_eq!(parse_time("-1h", NOW), Ok(NOW - 3_600_000));
        assert_eq!(parse_time("-1d12h", NOW), Ok(NOW - 36 * 3_600_000));
        assert_eq!(parse_time("+10m", NOW), Ok(NOW + 600_000));
        assert_eq!(parse_time("now", NOW), Ok(NOW));
    }

    #[test]
    fn a_time_without_a_zone_is_refused_and_told_what_is_missing() {
        assert!(parse_time("2026-11-21T08:00:00", NOW).is_err_and(|reason| reason.contains("time zone")));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "yesterday",
            "-1",
            "2026-11",
            "2026-02-30",
            "2026-11-21T24:00:00Z",
            "2026-11-21T08:60:00Z",
            "2026-11-21T08:00:60Z",
            "2026-11-21T08:00:00.Z",
            "2026-11-21T08:00:00Zz",
            "2026-11-21T08:00:00+25:00",
            "99999999999999999999",
            "２０２６-11-21",
        ] {
            assert!(parse_time(text, NOW).is_err(), "{text}");
        }
    }
}
