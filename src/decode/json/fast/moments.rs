//! Timestamps and dates: documents of one time share their day and minute, which are read once.

use arrow_schema::TimeUnit;

use super::super::number;
use super::super::value::instant;
use super::digits;
use super::page::Bytes;
use super::spans::Span;
use crate::decode::text::{date, in_unit, timestamp};
use crate::spec::Zone;

/// Dates as text.
#[derive(Debug, Default)]
pub(super) struct Days {
    last: Option<([u8; 10], i32)>,
}

impl Days {
    #[inline]
    pub(super) fn read(&mut self, bytes: Bytes<'_>, span: Span) -> Option<i32> {
        let text = bytes.slice(span.start(), span.end());
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

    /// A text of the last one's minute with nine digits behind the point.
    #[inline(always)]
    pub(super) fn usual(&self, bytes: Bytes<'_>, span: Span) -> Option<i64> {
        let (start, end) = (span.start(), span.end());
        let same = Some(bytes.sixteen_at(start)) == self.minute;
        // `:SS.fffffffffZ`
        let head = bytes.eight_at(start.wrapping_add(16));
        let [_, tens, ones, _, first, ..] = head.to_le_bytes();
        let (tens, ones, first) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'), first.wrapping_sub(b'0'));
        let point = head & 0xff00_00ff == 0x2e00_003a;
        let good = same & point & (tens < 6) & (ones < 10) & (first < 10) & (end.wrapping_sub(start) == 30);
        if !(good && bytes.byte(end.wrapping_sub(1)) == b'Z' && self.quoted(bytes, span)) {
            return None;
        }
        let nanos = u64::from(first) * 100_000_000 + digits::word_of(bytes.eight_at(start.wrapping_add(21)))?;
        together(self.seconds + i64::from(tens * 10 + ones), u32::try_from(nanos).ok()?, self.unit)
    }

    #[inline(always)]
    fn quoted(&self, bytes: Bytes<'_>, span: Span) -> bool {
        bytes.before(span.start()) == [b'"']
    }

    #[inline]
    pub(super) fn read(&mut self, bytes: Bytes<'_>, span: Span) -> Option<i64> {
        if self.quoted(bytes, span) { self.text(bytes, span) } else { self.number(bytes, span) }
    }

    fn text(&mut self, bytes: Bytes<'_>, span: Span) -> Option<i64> {
        let text = bytes.slice(span.start(), span.end());
        let minute = u128::from_le_bytes(*text.first_chunk()?);
        if Some(minute) == self.minute
            && let Some((second, nanos)) = second_and_fraction(text.get(MINUTE..)?)
        {
            return together(self.seconds + i64::from(second), nanos, self.unit);
        }
        self.new_minute(text, minute)
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

    #[inline(always)]
    pub(super) fn number(&self, bytes: Bytes<'_>, span: Span) -> Option<i64> {
        if self.number? == self.unit
            && let Some((negative, magnitude)) = digits::integer(bytes, span.start(), span.end())
        {
            return digits::signed(negative, magnitude);
        }
        self.scaled(bytes.slice(span.start(), span.end()))
    }

    #[cold]
    fn scaled(&self, text: &[u8]) -> Option<i64> {
        let (value, read) = number::scan(text, 0).ok()?;
        if read == text.len() { instant(value, self.number?, self.unit).ok() } else { None }
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
