//! Dates and times of day, as RFC 3339 writes them.

use super::{Reason, Step, expect, fault, found, two_digits};

pub(super) const SECONDS_PER_DAY: i64 = 86_400;

/// `YYYY-MM-DD` as days since 1970-01-01.
pub(in crate::decode) fn date(text: &[u8]) -> Step<i32> {
    let days = date_prefix(text)?;
    ended(text, 10)?;
    Ok(days)
}

/// `HH:MM:SS` with a fraction of any length, as seconds since midnight and nanoseconds; finer digits are cut off.
pub(in crate::decode) fn time(text: &[u8]) -> Step<(i64, u32)> {
    let (seconds, nanos, end) = time_at(text, 0)?;
    ended(text, end)?;
    Ok((seconds, nanos))
}

fn ended(text: &[u8], at: usize) -> Step {
    if text.len() > at { fault(at, Reason::Format, format!("the end is expected{}", found(text, at))) } else { Ok(()) }
}

pub(super) fn date_prefix(text: &[u8]) -> Step<i32> {
    let Some(&[y3 @ b'0'..=b'9', y2 @ b'0'..=b'9', y1 @ b'0'..=b'9', y0 @ b'0'..=b'9']) = text.get(..4) else {
        return fault(0, Reason::Format, format!("four digits are expected for the year{}", found(text, 0)));
    };
    let year = [y3, y2, y1, y0].iter().fold(0, |year, digit| year * 10 + i32::from(digit - b'0'));
    expect(text, 4, b'-')?;
    let month = two_digits(text, 5, 12, "month")?;
    expect(text, 7, b'-')?;
    let day = two_digits(text, 8, 31, "day")?;
    if month == 0 {
        return fault(5, Reason::Range, "0 is no month");
    }
    if day == 0 || day > days_in_month(year, month) {
        return fault(8, Reason::Range, format!("{year:04}-{month:02} has no day {day}"));
    }
    Ok(days_from_civil(year, i32::from(month), i32::from(day)))
}

/// Seconds since midnight, nanoseconds, and where the time ends.
pub(super) fn time_at(text: &[u8], at: usize) -> Step<(i64, u32, usize)> {
    let hour = two_digits(text, at, 23, "hour")?;
    expect(text, at + 2, b':')?;
    let minute = two_digits(text, at + 3, 59, "minute")?;
    expect(text, at + 5, b':')?;
    let second = two_digits(text, at + 6, 59, "second")?;
    let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    let end = at + 8;
    if text.get(end) != Some(&b'.') {
        return Ok((seconds, 0, end));
    }
    let digits = text.get(end + 1..).unwrap_or_default();
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 {
        return fault(end + 1, Reason::Format, format!("a digit is expected behind the point{}", found(text, end + 1)));
    }
    let padding = std::iter::repeat(&b'0');
    let nanos = digits.iter().take(count).chain(padding).take(9).fold(0, |nanos, digit| nanos * 10 + u32::from(digit - b'0'));
    Ok((seconds, nanos, end + 1 + count))
}

fn days_in_month(year: i32, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Howard Hinnant's algorithm: <https://howardhinnant.github.io/date_algorithms.html#days_from_civil>.
fn days_from_civil(year: i32, month: i32, day: i32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_since_the_epoch() {
        for (text, days) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2000-02-29", 11016),
            ("2026-11-21", 20778),
            ("0000-01-01", -719_528),
            ("9999-12-31", 2_932_896),
        ] {
            assert_eq!(date(text.as_bytes()).unwrap(), days, "{text}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_follows_the_one_before() {
        let mut expected = date(b"1801-01-01").unwrap();
        for year in 1801..=2200 {
            for month in 1..=12 {
                for day in 1..=31 {
                    let text = format!("{year:04}-{month:02}-{day:02}");
                    match date(text.as_bytes()) {
                        Ok(days) => assert_eq!(days, expected, "{text}"),
                        Err(_) => continue,
                    }
                    expected += 1;
                }
            }
        }
        assert_eq!(expected, date(b"2201-01-01").unwrap());
    }

    #[test]
    fn a_date_that_is_none_says_where() {
        for (text, at, part) in [
            ("2026-13-01", 5, "13 is no month"),
            ("2026-00-01", 5, "0 is no month"),
            ("2026-02-29", 8, "no day 29"),
            ("1900-02-29", 8, "no day 29"),
            ("2026-1-01", 5, "two digits"),
            ("26-01-01", 0, "four digits"),
            ("2026/01/01", 4, "'-'"),
            ("2026-01-01x", 10, "the end is expected"),
            ("", 0, "the text ends"),
        ] {
            let error = date(text.as_bytes()).unwrap_err();
            assert_eq!(error.position, at, "{text}");
            assert!(error.message.contains(part), "{text}: {}", error.message);
        }
    }

    #[test]
    fn times_keep_nine_digits_and_cut_off_the_rest() {
        assert_eq!(time(b"00:00:00").unwrap(), (0, 0));
        assert_eq!(time(b"23:59:59.5").unwrap(), (86_399, 500_000_000));
        assert_eq!(time(b"12:34:56.1234567899").unwrap(), (45_296, 123_456_789));
        for text in ["24:00:00", "23:60:00", "23:59:60", "1:00:00", "12:00", "12:00:00.", "12:00:00Z"] {
            assert!(time(text.as_bytes()).is_err(), "{text}");
        }
    }
}
