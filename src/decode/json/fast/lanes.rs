//! Columns: the values of one column in all documents of a block, in one loop.

use arrow_schema::TimeUnit;

use super::super::number;
use super::super::string;
use super::digits;
use super::index::BLOCK;
use super::moments::{Days, Moments};
use super::spans::{Span, Spans};
use crate::decode::{Column, ColumnFull};
use crate::spec::{Options, Type};

/// How the values of a column are read.
#[derive(Debug)]
pub(super) enum Lane {
    Text,
    Bool,
    Integer(Width),
    Float64,
    Float32,
    Date(Days),
    Timestamp(Moments),
    /// By the plain reader, where they stand.
    Plain,
}

/// The integers of a column.
#[derive(Debug, Clone, Copy)]
pub(super) enum Width {
    Int8,
    Int16,
    Int32,
    Int64,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
}

/// The documents of a block, and what is to be known of them.
#[derive(Clone, Copy)]
pub(super) struct Documents<'d> {
    pub(super) bytes: &'d [&'d [u8]],
    /// A bit for each that holds a control character, a backslash, or a byte that is not ASCII.
    pub(super) odd: u64,
}

impl<'d> Documents<'d> {
    #[inline]
    fn get(self, row: usize) -> &'d [u8] {
        self.bytes.get(row).copied().unwrap_or_default()
    }
}

/// The values of a column in a block, as bits.
#[derive(Debug)]
pub(super) struct Values {
    bits: [u64; BLOCK],
    /// A bit for each row that is not null.
    valid: u64,
    /// A bit for each row whose text has escapes, and these texts without them: from where to where is in `bits`.
    escaped: u64,
    texts: Vec<u8>,
}

impl Values {
    pub(super) fn new() -> Self {
        Self { bits: [0; BLOCK], valid: 0, escaped: 0, texts: Vec::new() }
    }
}

impl Lane {
    pub(super) fn new(data_type: &Type, options: Options) -> Self {
        if options.lenient {
            return Self::Plain;
        }
        match data_type {
            Type::Utf8 => Self::Text,
            Type::Bool => Self::Bool,
            Type::Int8 => Self::Integer(Width::Int8),
            Type::Int16 => Self::Integer(Width::Int16),
            Type::Int32 => Self::Integer(Width::Int32),
            Type::Int64 => Self::Integer(Width::Int64),
            Type::UInt8 => Self::Integer(Width::UInt8),
            Type::UInt16 => Self::Integer(Width::UInt16),
            Type::UInt32 => Self::Integer(Width::UInt32),
            Type::UInt64 => Self::Integer(Width::UInt64),
            Type::Float64 => Self::Float64,
            Type::Float32 => Self::Float32,
            Type::Date32 => Self::Date(Days::default()),
            Type::Timestamp(unit) => Self::Timestamp(Moments::new(*unit, Some(*unit), options.zone)),
            Type::TimestampOf { unit, number } => Self::Timestamp(Moments::new(*unit, Some(*number), options.zone)),
            Type::Instant => Self::Timestamp(Moments::new(TimeUnit::Nanosecond, None, options.zone)),
            _ => Self::Plain,
        }
    }

    /// Whether a value in quotes may be one of the column.
    pub(super) fn takes_text(&self) -> bool {
        matches!(self, Self::Text | Self::Date(_) | Self::Timestamp(_) | Self::Plain)
    }

    /// Whether a value without quotes may be one, other than null.
    pub(super) fn takes_bare(&self) -> bool {
        !matches!(self, Self::Text | Self::Date(_))
    }

    /// Reads the values of the rows in `rows`, and gives the rows whose value is one for sure.
    pub(super) fn read(&mut self, documents: Documents<'_>, spans: &[Span; BLOCK], rows: u64, values: &mut Values) -> u64 {
        match self {
            Self::Text => texts(documents, spans, rows, values),
            Self::Plain => {
                values.valid = present(spans, rows);
                rows
            }
            Self::Bool => numbers(documents, spans, rows, values, |bytes, span| match bytes.get(span.start()..span.end()) {
                Some(b"true") => Some(1),
                Some(b"false") => Some(0),
                _ => None,
            }),
            Self::Integer(Width::Int64) => {
                numbers(documents, spans, rows, values, |bytes, span| integer::<i64>(bytes, span).map(i64::cast_unsigned))
            }
            Self::Integer(Width::UInt64) => numbers(documents, spans, rows, values, integer::<u64>),
            Self::Integer(Width::Int8) => numbers(documents, spans, rows, values, |bytes, span| {
                integer::<i8>(bytes, span).map(|value| i64::from(value).cast_unsigned())
            }),
            Self::Integer(Width::Int16) => numbers(documents, spans, rows, values, |bytes, span| {
                integer::<i16>(bytes, span).map(|value| i64::from(value).cast_unsigned())
            }),
            Self::Integer(Width::Int32) => numbers(documents, spans, rows, values, |bytes, span| {
                integer::<i32>(bytes, span).map(|value| i64::from(value).cast_unsigned())
            }),
            Self::Integer(Width::UInt8) => {
                numbers(documents, spans, rows, values, |bytes, span| integer::<u8>(bytes, span).map(u64::from))
            }
            Self::Integer(Width::UInt16) => {
                numbers(documents, spans, rows, values, |bytes, span| integer::<u16>(bytes, span).map(u64::from))
            }
            Self::Integer(Width::UInt32) => {
                numbers(documents, spans, rows, values, |bytes, span| integer::<u32>(bytes, span).map(u64::from))
            }
            Self::Float64 => numbers(documents, spans, rows, values, |bytes, span| float64(bytes, span).map(f64::to_bits)),
            Self::Float32 => {
                numbers(documents, spans, rows, values, |bytes, span| float32(bytes, span).map(|value| value.to_bits().into()))
            }
            Self::Date(days) => numbers(documents, spans, rows, values, |bytes, span| {
                days.read(bytes, span.start(), span.end()).map(|value| i64::from(value).cast_unsigned())
            }),
            Self::Timestamp(moments) => numbers(documents, spans, rows, values, |bytes, span| {
                moments.read(bytes, span.start(), span.end()).map(i64::cast_unsigned)
            }),
        }
    }

    /// Appends the rows from `from` to `to`, whose values were read. [`Self::Plain`] is not appended this way.
    pub(super) fn append(
        &self,
        documents: Documents<'_>,
        spans: &[Span; BLOCK],
        (from, to): (usize, usize),
        values: &Values,
        column: &mut Column,
    ) -> Result<(), ColumnFull> {
        let valid = values.valid >> from;
        let bits = values.bits.get(from..to).unwrap_or_default();
        // What is cut off is the extension of the sign, or zeros.
        macro_rules! push {
            ($native:ty) => {
                column.push_rows(bits.iter().map(|bits| *bits as $native), valid)
            };
        }
        match self {
            Self::Text => {
                let spans = spans.get(from..to).unwrap_or_default();
                let texts = spans.iter().enumerate().map(|(row, span)| {
                    let row = from + row;
                    if values.escaped >> row & 1 == 1 {
                        let bounds = values.bits.get(row).copied().unwrap_or(0);
                        return (values.texts.as_slice(), half(bounds >> 32), half(bounds));
                    }
                    match span.is_absent() {
                        true => (&[][..], 0, 0),
                        false => (documents.get(row), span.start(), span.end()),
                    }
                });
                return column.push_texts(texts, valid);
            }
            Self::Plain => {}
            Self::Bool => column.push_bools(bits.iter().map(|bits| *bits != 0), valid),
            Self::Integer(Width::Int8) => push!(i8),
            Self::Integer(Width::Int16) => push!(i16),
            Self::Integer(Width::Int32) | Self::Date(_) => push!(i32),
            Self::Integer(Width::Int64) | Self::Timestamp(_) => push!(i64),
            Self::Integer(Width::UInt8) => push!(u8),
            Self::Integer(Width::UInt16) => push!(u16),
            Self::Integer(Width::UInt32) => push!(u32),
            Self::Integer(Width::UInt64) => push!(u64),
            Self::Float64 => column.push_rows(bits.iter().map(|bits| f64::from_bits(*bits)), valid),
            Self::Float32 => column.push_rows(bits.iter().map(|bits| f32::from_bits(*bits as u32)), valid),
        }
        Ok(())
    }
}

/// The rows of `rows` that have a value which is not null.
#[inline]
fn present(spans: &[Span; BLOCK], rows: u64) -> u64 {
    let absent = spans.iter().fold(false, |absent, span| absent | span.is_absent());
    if !absent {
        return rows;
    }
    let mut present = 0;
    for (row, span) in spans.iter().enumerate() {
        present |= u64::from(!span.is_absent()) << row;
    }
    present & rows
}

/// Calls `read` for each of `rows`, and gives those for which it was true.
#[inline(always)]
fn each(documents: Documents<'_>, spans: &[Span; BLOCK], rows: u64, mut read: impl FnMut(&[u8], Span, usize) -> bool) -> u64 {
    let mut good = 0;
    let mut left = rows;
    while left != 0 {
        let row = left.trailing_zeros() as usize;
        left &= left - 1;
        let span = spans.get(row).copied().unwrap_or(Span::NONE);
        good |= u64::from(read(documents.get(row), span, row)) << row;
    }
    good
}

#[inline(always)]
fn numbers(
    documents: Documents<'_>,
    spans: &[Span; BLOCK],
    rows: u64,
    values: &mut Values,
    mut read: impl FnMut(&[u8], Span) -> Option<u64>,
) -> u64 {
    values.valid = present(spans, rows);
    let absent = rows & !values.valid;
    if absent != 0 {
        values.bits = [0; BLOCK];
    }
    let bits = &mut values.bits;
    let good = each(documents, spans, values.valid, |bytes, span, row| match (read(bytes, span), bits.get_mut(row)) {
        (Some(value), Some(slot)) => {
            *slot = value;
            true
        }
        _ => false,
    });
    good | absent
}

/// The lower half, as a position.
#[inline]
fn half(bounds: u64) -> usize {
    usize::try_from(bounds & u64::from(u32::MAX)).unwrap_or(0)
}

/// Checks texts as the plain decoder does, and takes the escapes out of them: of documents in which there is something to check.
fn texts(documents: Documents<'_>, spans: &[Span; BLOCK], rows: u64, values: &mut Values) -> u64 {
    values.valid = present(spans, rows);
    values.escaped = 0;
    values.texts.clear();
    let odd = values.valid & documents.odd;
    let good = each(documents, spans, odd, |bytes, span, row| {
        let Some(text) = span.start().checked_sub(1).and_then(|quote| string::scan(bytes, quote).ok()) else { return false };
        if text.end != span.end() {
            return false;
        }
        if text.plain(bytes).is_some() {
            return text.check_utf8(bytes).is_ok();
        }
        let before = values.texts.len();
        if text.append_to(bytes, false, &mut values.texts).is_err() {
            values.texts.truncate(before);
            return false;
        }
        // A block's documents have less than 2^32 bytes.
        match (values.bits.get_mut(row), u32::try_from(before), u32::try_from(values.texts.len())) {
            (Some(slot), Ok(start), Ok(end)) => *slot = u64::from(start) << 32 | u64::from(end),
            _ => return false,
        }
        values.escaped |= 1 << row;
        true
    });
    good | (rows & !odd)
}

#[inline]
fn integer<T: TryFrom<i128>>(bytes: &[u8], span: Span) -> Option<T> {
    match digits::integer(bytes, span.start(), span.end()) {
        Some((negative, magnitude)) => {
            let magnitude = i128::from(magnitude);
            T::try_from(if negative { -magnitude } else { magnitude }).ok()
        }
        None => unusual(bytes, span)?.to_integer("").ok(),
    }
}

/// Powers of ten that are exact as `f64`.
const POWERS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

#[inline]
fn float64(bytes: &[u8], span: Span) -> Option<f64> {
    match exact(bytes, span) {
        Some(value) => Some(value),
        None => unusual(bytes, span)?.to_f64().ok(),
    }
}

/// The nearest `f64` of a number with few digits: one division of two exact numbers is rounded once.
#[inline]
fn exact(bytes: &[u8], span: Span) -> Option<f64> {
    let digits = digits::number(bytes, span.start(), span.end())?;
    if digits.magnitude > 1 << 53 {
        return None;
    }
    let magnitude = digits.magnitude as f64 / POWERS.get(digits.decimals)?;
    Some(if digits.negative { -magnitude } else { magnitude })
}

#[inline]
fn float32(bytes: &[u8], span: Span) -> Option<f32> {
    // The bits that an f32 has not say on which side of the middle between two of them the number is, unless they are the middle itself
    // or next to it: the rounding to f64 may have moved it there.
    const LOST: u64 = (1 << 29) - 1;
    const MIDDLE: u64 = 1 << 28;
    if let Some(value) = exact(bytes, span)
        && (value == 0.0 || (1e-30..1e30).contains(&value.abs()))
        && (value.to_bits() & LOST).abs_diff(MIDDLE) > 1
    {
        return Some(value as f32);
    }
    unusual(bytes, span)?.to_f32().ok()
}

/// A number with an exponent, or many digits.
#[cold]
fn unusual(bytes: &[u8], span: Span) -> Option<number::Number<'_>> {
    let (number, end) = number::scan(bytes, span.start()).ok()?;
    (end == span.end()).then_some(number)
}

/// Room for the spans and values of a block.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) spans: Spans,
    pub(super) values: Vec<Values>,
}

impl Block {
    pub(super) fn new(columns: usize) -> Self {
        Self { spans: Spans::new(columns), values: (0..columns).map(|_| Values::new()).collect() }
    }
}
