//! Days and dates of the proleptic Gregorian calendar, over the whole range that 64 bits of seconds can name.
//!
//! The algorithms are those of Howard Hinnant, <https://howardhinnant.github.io/date_algorithms.html>: eras of 400 years that
//! begin on the first of March, so that the leap day is the last day of a year.

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Date {
    /// The year; 0 is 1 BC.
    pub(crate) year: i64,
    /// 1 to 12.
    pub(crate) month: u8,
    /// 1 to 31.
    pub(crate) day: u8,
}

const DAYS_OF_ERA: i64 = 146_097;
/// From 0000-03-01 to 1970-01-01.
const DAYS_TO_EPOCH: i64 = 719_468;

impl Date {
    /// The date that is `days` days after 1970-01-01.
    pub(crate) fn from_days(days: i64) -> Self {
        let era = days.div_euclid(DAYS_OF_ERA);
        let shifted = days.rem_euclid(DAYS_OF_ERA) + DAYS_TO_EPOCH;
        let era = era + shifted.div_euclid(DAYS_OF_ERA);
        let day_of_era = shifted.rem_euclid(DAYS_OF_ERA);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self { year, month: u8::try_from(month).unwrap_or(1), day: u8::try_from(day).unwrap_or(1) }
    }

    /// Days from 1970-01-01 to this date; none where there is no such day, or no 64-bit number of seconds for it.
    pub(crate) fn days(self) -> Option<i64> {
        if !(1..=12).contains(&self.month) || self.day == 0 || self.day > days_of_month(self.year, self.month) {
            return None;
        }
        let year = if self.month <= 2 { self.year.checked_sub(1)? } else { self.year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let shifted_month = i64::from(if self.month > 2 { self.month - 3 } else { self.month + 9 });
        let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = era.checked_mul(DAYS_OF_ERA)?.checked_add(day_of_era)?.checked_sub(DAYS_TO_EPOCH)?;
        days.checked_mul(86_400).map(|_| days)
    }
}

fn days_of_month(year: i64, month: u8) -> u8 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(year: i64, month: u8, day: u8) -> Date {
        Date { year, month, day }
    }

    #[test]
    fn known_days_have_their_dates() {
        for (days, expected) in [
            (0, date(1970, 1, 1)),
            (-1, date(1969, 12, 31)),
            (11_016, date(2000, 2, 29)),
            (11_017, date(2000, 3, 1)),
            (20_778, date(2026, 11, 21)),
            (-719_528, date(0, 1, 1)),
            (-719_529, date(-1, 12, 31)),
            (2_932_896, date(9999, 12, 31)),
        ] {
            assert_eq!(Date::from_days(days), expected);
            assert_eq!(expected.days(), Some(days));
        }
    }

    #[test]
    fn every_day_of_nine_centuries_goes_there_and_back_in_order() {
        let mut before = Date::from_days(-200_001);
        for days in -200_000..130_000 {
            let today = Date::from_days(days);
            assert_eq!(today.days(), Some(days));
            let follows = (today.year, today.month, today.day) > (before.year, before.month, before.day);
            assert!(follows, "{before:?} {today:?}");
            before = today;
        }
    }

    #[test]
    fn the_ends_of_the_range_do_not_overflow() {
        for days in [i64::MIN / 86_400, i64::MAX / 86_400, i64::MIN, i64::MAX] {
            let _ = Date::from_days(days);
        }
        assert_eq!(date(i64::MAX, 1, 1).days(), None);
        assert_eq!(date(i64::MIN, 1, 1).days(), None);
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for wrong in
            [date(2025, 2, 29), date(1900, 2, 29), date(2026, 4, 31), date(2026, 13, 1), date(2026, 0, 1), date(2026, 1, 0)]
        {
            assert_eq!(wrong.days(), None, "{wrong:?}");
        }
    }
}
