//! Timestamps and dates: documents of one time share their day and minute, which are read once.

use arrow_schema::TimeUnit;

use super::super::number;
use super::super::value::instant;
use super::digits;
use super::literal::sixteen_at;
use crate::decode::text::{date, in_unit, timestamp};
use crate::spec::Zone;

/// Dates as text.
#[derive(Debug, Default)]
pub(super) struct Days {
    last: Option<([u8; 10], i32)>,
}

impl Days {
    #[inline]
    pub(super) fn read(&mut self, bytes: &[u8], start: usize, end: usize) -> Option<i32> {
        let text = bytes.get(start..end)?;
        match self.last {
            Some((last, days)) if last == text => Some(days),
            _ => {
                let days = date(text).ok()?;
                self.last = Some((text.try_into().ok()?, days));
                Some(days)
            }
        }
    }
}

/// Timestamps, as text or as numbers.
#[derive(Debug)]
pub(super) struct Moments {
    unit: TimeUnit,
    /// The unit of numbers, if there may be such.
    number: Option<TimeUnit>,
    zone: Option<Zone>,
    /// `YYYY-MM-DDTHH:MM` of the last one, and the seconds that this is.
    minute: Option<u128>,
    seconds: i64,
}

/// Behind `YYYY-MM-DDTHH:MM`.
const MINUTE: usize = 16;

impl Moments {
    pub(super) fn new(unit: TimeUnit, number: Option<TimeUnit>, zone: Option<Zone>) -> Self {
        Self { unit, number, zone, minute: None, seconds: 0 }
    }

    #[inline]
    pub(super) fn read(&mut self, bytes: &[u8], start: usize, end: usize) -> Option<i64> {
        if start.checked_sub(1).and_then(|quote| bytes.get(quote)) == Some(&b'"') {
            self.text(bytes, start, end)
        } else {
            self.number(bytes, start, end)
        }
    }

    #[inline]
    fn text(&mut self, bytes: &[u8], start: usize, end: usize) -> Option<i64> {
        let minute = sixteen_at(bytes, start)?;
        if Some(minute) == self.minute
            && let Some(known) = second_and_fraction(bytes.get(start + MINUTE..end)?)
        {
            let (second, nanos) = known;
            return together(self.seconds + i64::from(second), nanos, self.unit);
        }
        self.new_minute(bytes.get(start..end)?, minute)
    }

    #[cold]
    fn new_minute(&mut self, text: &[u8], minute: u128) -> Option<i64> {
        let instant = timestamp(text, self.zone).ok()?;
        // Only what ends in Z has the same seconds with the same minute, and no text is shorter than its minute here.
        if let Some((second, _)) = text.get(MINUTE..).and_then(second_and_fraction) {
            self.minute = Some(minute);
            self.seconds = instant.0 - i64::from(second);
        }
        in_unit(instant, self.unit)
    }

    #[inline]
    fn number(&self, bytes: &[u8], start: usize, end: usize) -> Option<i64> {
        let number = self.number?;
        if number == self.unit
            && let Some((negative, magnitude)) = digits::integer(bytes, start, end)
        {
            let magnitude = i128::from(magnitude);
            return i64::try_from(if negative { -magnitude } else { magnitude }).ok();
        }
        let (value, read) = number::scan(bytes, start).ok()?;
        if read == end { instant(value, number, self.unit).ok() } else { None }
    }
}

/// As [`in_unit`], with divisions that the compiler knows.
#[inline]
fn together(seconds: i64, nanos: u32, unit: TimeUnit) -> Option<i64> {
    let (factor, fraction) = match unit {
        TimeUnit::Second => (1, 0),
        TimeUnit::Millisecond => (1_000, nanos / 1_000_000),
        TimeUnit::Microsecond => (1_000_000, nanos / 1_000),
        TimeUnit::Nanosecond => (1_000_000_000, nanos),
    };
    // Where the seconds alone are beyond the range but not with their fraction, the plain decoder has it.
    seconds.checked_mul(factor)?.checked_add(fraction.into())
}

/// The second and its nanoseconds, where the text is `:SSZ` or `:SS.fZ` with up to nine digits.
#[inline]
fn second_and_fraction(text: &[u8]) -> Option<(u32, u32)> {
    let [b':', tens @ b'0'..=b'5', ones @ b'0'..=b'9', fraction @ .., b'Z'] = text else { return None };
    let second = u32::from(tens - b'0') * 10 + u32::from(ones - b'0');
    match fraction {
        [] => Some((second, 0)),
        [b'.', digits @ ..] if (1..=9).contains(&digits.len()) => Some((second, digits::nanos(digits)?)),
        _ => None,
    }
}
