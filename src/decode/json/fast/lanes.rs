//! Columns: the values of one column in all documents of a block, in one loop.

use arrow_schema::TimeUnit;

use super::super::number;
use super::super::string;
use super::digits::{self, signed};
use super::lists::Lists;
use super::moments::{Days, Moments};
use super::page::{BLOCK, Bytes};
use super::spans::{Span, Spans};
use crate::decode::{Column, ColumnFull, Lengths};
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
    /// Not at all: a list, whose numbers have a lane.
    Whole,
}

/// What a lane reads of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<'p> {
    pub(super) bytes: Bytes<'p>,
    /// How many there are, of 64 at most.
    pub(super) rows: usize,
    /// A bit for each of a document that holds a control character, a backslash, or a byte that is not ASCII.
    pub(super) odd: u64,
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

    /// A bit for each row that is not null.
    pub(super) fn valid(&self) -> u64 {
        self.valid
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
    pub(super) fn read(&mut self, page: Rows<'_>, spans: &[Span; BLOCK], rows: u64, values: &mut Values) -> u64 {
        let bytes = page.bytes;
        // How a value usually is, without a look at what else it may be; and how it is otherwise.
        macro_rules! integers {
            ($native:ty) => {
                each(
                    page,
                    spans,
                    rows,
                    values,
                    |span| integer::<$native>(bytes, span),
                    |text| number::whole(text)?.to_integer::<$native>("").ok().map(|value| value as u64),
                )
            };
        }
        match self {
            Self::Text => texts(page, spans, rows, values),
            Self::Plain | Self::Whole => {
                values.valid = present(spans, rows);
                rows
            }
            Self::Bool => each(page, spans, rows, values, |span| bool(bytes, span), |_| None),
            Self::Integer(Width::Int8) => integers!(i8),
            Self::Integer(Width::Int16) => integers!(i16),
            Self::Integer(Width::Int32) => integers!(i32),
            Self::Integer(Width::Int64) => integers!(i64),
            Self::Integer(Width::UInt8) => integers!(u8),
            Self::Integer(Width::UInt16) => integers!(u16),
            Self::Integer(Width::UInt32) => integers!(u32),
            Self::Integer(Width::UInt64) => integers!(u64),
            Self::Float64 => each(
                page,
                spans,
                rows,
                values,
                |span| exact(bytes, span).map(f64::to_bits),
                |text| number::whole(text)?.to_f64().ok().map(f64::to_bits),
            ),
            Self::Float32 => each(
                page,
                spans,
                rows,
                values,
                |span| float32(bytes, span).map(|value| value.to_bits().into()),
                |text| number::whole(text)?.to_f32().ok().map(|value| value.to_bits().into()),
            ),
            Self::Date(days) => each(
                page,
                spans,
                rows,
                values,
                |span| days.read(bytes, span).map(|value| i64::from(value).cast_unsigned()),
                |_| None,
            ),
            Self::Timestamp(moments) => {
                // Most are of the last one's minute.
                let unusual =
                    rows & !each(page, spans, rows, values, |span| moments.usual(bytes, span).map(i64::cast_unsigned), |_| None);
                let mut good = rows & !unusual;
                for row in bits(unusual) {
                    let span = spans.get(row).copied().unwrap_or(Span::NONE);
                    if let (Some(value), Some(slot)) = (moments.read(bytes, span), values.bits.get_mut(row)) {
                        *slot = value.cast_unsigned();
                        good |= 1 << row;
                        values.valid |= 1 << row;
                    }
                }
                good
            }
        }
    }

    /// Appends the rows from `from` to `to`, whose values were read. [`Self::Plain`] is not appended this way.
    pub(super) fn append(
        &self,
        bytes: Bytes<'_>,
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
            Self::Text => return append_texts(bytes, spans, (from, to), values, column),
            Self::Plain | Self::Whole => {}
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

/// The rows of `rows` that have a value.
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

/// The numbers of the bits that are set.
pub(super) fn bits(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let row = word.trailing_zeros() as usize;
        (word != 0).then(|| {
            word &= word - 1;
            row
        })
    })
}

/// Reads the value of each of `rows` as it usually is and, where it is not, in a second loop, absent, null or otherwise.
#[inline(always)]
fn each(
    page: Rows<'_>,
    spans: &[Span; BLOCK],
    rows: u64,
    values: &mut Values,
    mut usual: impl FnMut(Span) -> Option<u64>,
    mut otherwise: impl FnMut(&[u8]) -> Option<u64>,
) -> u64 {
    if rows == 0 {
        return 0;
    }
    let mut good = 0;
    // Of all rows, without a choice: what is read where there is nothing does not count.
    for (row, (span, slot)) in spans.iter().zip(&mut values.bits).take(page.rows).enumerate() {
        let value = usual(*span);
        *slot = value.unwrap_or(0);
        good |= u64::from(value.is_some()) << row;
    }
    good &= rows;
    values.valid = good;
    for row in bits(rows & !good) {
        let (Some(span), Some(slot)) = (spans.get(row), values.bits.get_mut(row)) else { continue };
        let text = page.bytes.slice(span.start(), span.end());
        if span.is_absent() || (text == b"null" && page.bytes.before(span.start()) != [b'"']) {
            *slot = 0;
            good |= 1 << row;
        } else if let Some(value) = otherwise(text) {
            *slot = value;
            good |= 1 << row;
            values.valid |= 1 << row;
        }
    }
    good
}

/// The lower half, as a position.
#[inline]
fn half(bounds: u64) -> usize {
    usize::try_from(bounds & u64::from(u32::MAX)).unwrap_or(0)
}

/// Checks texts as the plain decoder does, and takes the escapes out of them: of documents in which there is something to check.
fn texts(page: Rows<'_>, spans: &[Span; BLOCK], rows: u64, values: &mut Values) -> u64 {
    values.valid = present(spans, rows);
    values.escaped = 0;
    values.texts.clear();
    let odd = values.valid & page.odd;
    let mut good = rows & !odd;
    for row in bits(odd) {
        let (Some(span), Some(slot)) = (spans.get(row), values.bits.get_mut(row)) else { continue };
        // With its quotes.
        let bytes = page.bytes.slice(span.start().wrapping_sub(1), span.end().wrapping_add(1));
        let Ok(text) = string::scan(bytes, 0) else { continue };
        if text.end != usize::from(span.end().wrapping_sub(span.start())) + 1 {
            continue;
        }
        if text.plain(bytes).is_some() {
            good |= u64::from(text.check_utf8(bytes).is_ok()) << row;
            continue;
        }
        let before = values.texts.len();
        if text.append_to(bytes, false, &mut values.texts).is_err() {
            values.texts.truncate(before);
            continue;
        }
        // A block's documents have less than 2^32 bytes.
        if let (Ok(start), Ok(end)) = (u32::try_from(before), u32::try_from(values.texts.len())) {
            *slot = u64::from(start) << 32 | u64::from(end);
            values.escaped |= 1 << row;
            good |= 1 << row;
        }
    }
    good
}

/// Appends the texts of the rows from `from` to `to`.
fn append_texts(
    bytes: Bytes<'_>,
    spans: &[Span; BLOCK],
    (from, to): (usize, usize),
    values: &Values,
    column: &mut Column,
) -> Result<(), ColumnFull> {
    let here = spans.get(from..to).unwrap_or_default();
    if values.escaped == 0 {
        let mut lengths = Lengths::default();
        for span in here {
            let length = if span.is_absent() { 0 } else { span.end().wrapping_sub(span.start()) };
            lengths.push(length.into(), !span.is_absent());
        }
        // They are UTF-8: that they are was checked where they are not ASCII.
        let copied = column.extend_copied(&lengths, false, |to| match lengths.bound() {
            ..16 => copy_wide::<16>(bytes, here, to),
            16..32 => copy_wide::<32>(bytes, here, to),
            32..64 => copy_wide::<64>(bytes, here, to),
            _ => copy_exactly(bytes, here, to),
        });
        return copied.ok_or(ColumnFull);
    }
    let texts = here.iter().zip(values.bits.get(from..to).unwrap_or_default()).enumerate().map(|(row, (span, bounds))| {
        if values.escaped >> (from + row) & 1 == 1 {
            return (values.texts.as_slice(), half(bounds >> 32), half(*bounds));
        }
        match span.is_absent() {
            true => (&[][..], 0, 0),
            false => (bytes.slice(span.start(), span.end()), 0, usize::from(span.end().wrapping_sub(span.start()))),
        }
    });
    column.push_texts(texts, values.valid >> from)
}

/// Copies so many bytes of each text, whatever its length; what is too much the next one overwrites.
#[inline(always)]
fn copy_wide<const WIDTH: usize>(bytes: Bytes<'_>, spans: &[Span], to: &mut [u8]) -> Option<()> {
    let mut rest = to;
    for span in spans {
        let length = if span.is_absent() { 0 } else { span.end().wrapping_sub(span.start()) };
        *rest.first_chunk_mut::<WIDTH>()? = bytes.at(span.start());
        rest = rest.get_mut(usize::from(length)..)?;
    }
    Some(())
}

fn copy_exactly(bytes: Bytes<'_>, spans: &[Span], to: &mut [u8]) -> Option<()> {
    let mut rest = to;
    for span in spans.iter().filter(|span| !span.is_absent()) {
        let text = bytes.slice(span.start(), span.end());
        let (room, behind) = rest.split_at_mut_checked(text.len())?;
        room.copy_from_slice(text);
        rest = behind;
    }
    Some(())
}

#[inline(always)]
fn bool(bytes: Bytes<'_>, span: Span) -> Option<u64> {
    const TRUE: u64 = u32::from_le_bytes(*b"true") as u64;
    const FALSE: u64 = u64::from_le_bytes(*b"false\0\0\0");
    let word = bytes.eight_at(span.start());
    let is = word & 0xffff_ffff == TRUE && span.end().wrapping_sub(span.start()) == 4;
    let is_not = word & 0xff_ffff_ffff == FALSE && span.end().wrapping_sub(span.start()) == 5;
    (is | is_not).then_some(is.into())
}

/// An integer that has no point or exponent, as bits.
#[inline(always)]
fn integer<T: FromDigits>(bytes: Bytes<'_>, span: Span) -> Option<u64> {
    let (negative, magnitude) = digits::integer(bytes, span.start(), span.end())?;
    T::bits(negative, magnitude)
}

/// An integer that digits may be.
trait FromDigits {
    /// Its bits, extended to 64, if it is in the range.
    fn bits(negative: bool, magnitude: u64) -> Option<u64>;
}

macro_rules! from_digits {
    ($($native:ty),*) => {$(
        impl FromDigits for $native {
            #[inline(always)]
            fn bits(negative: bool, magnitude: u64) -> Option<u64> {
                let value = signed(negative, magnitude)?;
                <$native>::try_from(value).ok().map(|_| value.cast_unsigned())
            }
        }
    )*};
}
from_digits!(i8, i16, i32, i64, u8, u16, u32);

impl FromDigits for u64 {
    #[inline(always)]
    fn bits(negative: bool, magnitude: u64) -> Option<u64> {
        (!negative || magnitude == 0).then_some(magnitude)
    }
}

/// Powers of ten that are exact as `f64`.
const POWERS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// The nearest `f64` of a number with few digits: one division of two exact numbers is rounded once.
#[inline(always)]
fn exact(bytes: Bytes<'_>, span: Span) -> Option<f64> {
    let digits = digits::number(bytes, span.start(), span.end())?;
    if digits.magnitude > 1 << 53 {
        return None;
    }
    let magnitude = digits.magnitude.cast_signed() as f64 / POWERS.get(digits.decimals as usize & 15)?;
    Some(if digits.negative { -magnitude } else { magnitude })
}

/// As [`exact`], where the bits that an `f32` has not say on which side of the middle between two of them the number is: they do unless
/// they are the middle itself or next to it, for the rounding to `f64` may have moved it there.
#[inline(always)]
fn float32(bytes: Bytes<'_>, span: Span) -> Option<f32> {
    const LOST: u64 = (1 << 29) - 1;
    const MIDDLE: u64 = 1 << 28;
    let value = exact(bytes, span)?;
    let sure = (value == 0.0 || (1e-30..1e30).contains(&value.abs())) && (value.to_bits() & LOST).abs_diff(MIDDLE) > 1;
    sure.then_some(value as f32)
}

/// Room for the spans and values of a block.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) spans: Spans,
    values: Vec<Vec<Values>>,
    pub(super) lists: Lists,
    /// The rows in which a node is there.
    present: Vec<u64>,
    /// The nodes of structs and lists.
    nodes: Vec<usize>,
}

impl Block {
    pub(super) fn new(lanes: usize, lists: Lists, nodes: usize, parts: Vec<usize>) -> Self {
        let values = (0..lanes).map(|_| vec![Values::new()]).collect();
        Self { spans: Spans::new(lanes), values, lists, present: vec![0; nodes], nodes: parts }
    }

    /// Forgets what is there in all rows.
    pub(super) fn clear(&mut self) {
        self.present.fill(0);
        self.lists.clear();
    }

    /// Notes rows in which a node is there.
    #[inline]
    pub(super) fn note(&mut self, node: usize, rows: u64) {
        self.present.get_mut(node).into_iter().for_each(|present| *present |= rows);
    }

    /// The node of a struct or list.
    pub(super) fn node(&self, part: usize) -> usize {
        self.nodes.get(part).copied().unwrap_or(usize::MAX)
    }

    /// The rows in which a struct or list is there.
    pub(super) fn present(&self, part: usize) -> u64 {
        self.present.get(self.node(part)).copied().unwrap_or(0)
    }

    /// 64 rows or items of a lane, where the first is those of the rows.
    pub(super) fn chunk(&self, lane: usize, chunk: usize) -> Option<(&[Span; BLOCK], &Values)> {
        Some((self.spans.chunk(lane, chunk), self.values.get(lane)?.get(chunk)?))
    }

    /// As [`Self::chunk`], to be read.
    pub(super) fn chunk_mut(&mut self, lane: usize, chunk: usize) -> Option<(&[Span; BLOCK], &mut Values)> {
        let values = self.values.get_mut(lane)?;
        while values.len() <= chunk {
            values.push(Values::new());
        }
        Some((self.spans.chunk(lane, chunk), values.get_mut(chunk)?))
    }
}
