//! One value into one column.

use std::borrow::Cow;
use std::fmt::Display;

use arrow_buffer::i256;
use arrow_schema::TimeUnit;
use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::number::{self, Misfit, Number};
use super::object;
use super::plan::Plan;
use super::scan::{describe, literal, unexpected};
use super::string::{self, Text};
use super::validate;
use crate::decode::column::Native;
use crate::decode::text::{date, in_unit, per_second, quoted, time, timestamp, uuid};
use crate::decode::{Column, DecodeError, Reason, Step, fault};
use crate::spec::{Options, Type};

/// Whether a text may stand for a number.
#[derive(Clone, Copy)]
enum Texts {
    IfLenient,
    Always,
}

const STRICT_BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new());
const UNPADDED: GeneralPurposeConfig = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const LENIENT_BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, UNPADDED);
const LENIENT_BASE64_URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, UNPADDED);

/// Reads values of a document into columns.
#[derive(Clone, Copy)]
pub(super) struct Reader<'w> {
    pub(super) bytes: &'w [u8],
    pub(super) options: Options,
    /// Whether the values are the names of members, which are texts whatever they stand for.
    names: bool,
}

impl<'w> Reader<'w> {
    pub(super) fn new(bytes: &'w [u8], options: Options) -> Self {
        Self { bytes, options, names: false }
    }

    /// Appends the value at `at`, in which at most `depth` containers may be within one another, and gives where it ends. A failure
    /// appends nothing.
    #[inline]
    pub(super) fn append(self, plan: &mut Plan, column: &mut Column, depth: usize, at: usize) -> Step<usize> {
        if self.bytes.get(at) == Some(&b'n')
            && let Some(end) = literal(self.bytes, at, b"null")
        {
            if let Plan::NotNull(_) = plan {
                return fault(at, Reason::Null, "the value is null, and is declared not-null");
            }
            column.append_null();
            return Ok(end);
        }
        match plan {
            Plan::NotNull(inner) => self.append(inner, column, depth, at),
            Plan::Value(wanted) => self.scalar(wanted, column, depth, at),
            Plan::List(item) => self.list(item, column, depth, at),
            Plan::Struct(members) => self.structure(members, column, depth, at),
            Plan::Map(key, value) => self.map(key, value, column, depth, at),
        }
    }

    /// The name of a member at `at`, as a value.
    pub(super) fn name(self, wanted: &Type, column: &mut Column, at: usize) -> Step<usize> {
        Self { names: true, ..self }.scalar(wanted, column, 0, at)
    }

    #[inline]
    pub(super) fn scalar(self, wanted: &Type, column: &mut Column, depth: usize, at: usize) -> Step<usize> {
        match wanted {
            Type::Bool => self.bool(column, at),
            Type::Int8 => self.integer::<i8>(column, at, wanted),
            Type::Int16 => self.integer::<i16>(column, at, wanted),
            Type::Int32 => self.integer::<i32>(column, at, wanted),
            Type::Int64 => self.integer::<i64>(column, at, wanted),
            Type::UInt8 => self.integer::<u8>(column, at, wanted),
            Type::UInt16 => self.integer::<u16>(column, at, wanted),
            Type::UInt32 => self.integer::<u32>(column, at, wanted),
            Type::UInt64 => self.integer::<u64>(column, at, wanted),
            Type::Float64 => match self.non_finite(at) {
                Some((value, end)) => Ok(store(column, value, end)),
                None => self.number(column, at, wanted, Texts::IfLenient, |number| number.to_f64()),
            },
            Type::Float32 => match self.non_finite(at) {
                Some((value, end)) => Ok(store(column, value as f32, end)),
                None => self.number(column, at, wanted, Texts::IfLenient, |number| number.to_f32()),
            },
            Type::Decimal(precision, scale) => self.number(column, at, wanted, Texts::Always, |number| {
                number.to_decimal::<i128>(*precision, *scale, self.options.lenient, wanted)
            }),
            Type::Decimal256(precision, scale) => self.number(column, at, wanted, Texts::Always, |number| {
                number.to_decimal::<i256>(*precision, *scale, self.options.lenient, wanted)
            }),
            Type::Utf8 => self.utf8(column, at),
            Type::Char => self.char(column, at),
            Type::Binary => self.binary(column, at),
            Type::Uuid => self.uuid(column, at),
            Type::Json => self.json(column, depth, at),
            Type::Date32 => {
                let (days, end) = self.parsed(at, wanted, date)?;
                Ok(store(column, days, end))
            }
            Type::Time(unit) => self.time(column, at, *unit),
            Type::Timestamp(unit) => self.timestamp(column, at, wanted, *unit, Some(*unit)),
            Type::TimestampOf { unit, number } => self.timestamp(column, at, wanted, *unit, Some(*number)),
            Type::Instant => self.timestamp(column, at, wanted, TimeUnit::Nanosecond, None),
            Type::List(_) | Type::Struct(_) | Type::Map(..) | Type::NotNull(_) => mismatch(self.bytes, at, wanted), // these have plans of their own
        }
    }

    fn bool(self, column: &mut Column, at: usize) -> Step<usize> {
        let bytes = self.bytes;
        let mut found = boolean(bytes, at);
        if found.is_none() && (self.names || self.options.lenient) && bytes.get(at) == Some(&b'"') {
            let (text, content) = self.text(at, &Type::Bool)?;
            found = boolean(&content, 0).filter(|(_, end)| *end == content.len()).map(|(value, _)| (value, text.end + 1));
        }
        match found {
            Some((value, end)) => {
                column.push_bool(value);
                Ok(end)
            }
            None => mismatch(bytes, at, &Type::Bool),
        }
    }

    #[inline]
    fn integer<T: Native + TryFrom<i128>>(self, column: &mut Column, at: usize, wanted: &Type) -> Step<usize> {
        self.number(column, at, wanted, Texts::IfLenient, |number| number.to_integer::<T>(wanted))
    }

    /// A number, or a text that holds one where that is allowed.
    #[inline]
    fn number<T: Native>(
        self,
        column: &mut Column,
        at: usize,
        wanted: &Type,
        texts: Texts,
        convert: impl Fn(Number<'_>) -> Result<T, Misfit>,
    ) -> Step<usize> {
        let bytes = self.bytes;
        if let Some(b'-' | b'0'..=b'9') = bytes.get(at) {
            let (number, end) = number::scan(bytes, at)?;
            return match convert(number) {
                Ok(value) => Ok(store(column, value, end)),
                Err(misfit) => fault(at, misfit.reason, misfit.message),
            };
        }
        if bytes.get(at) != Some(&b'"') || !(matches!(texts, Texts::Always) || self.names || self.options.lenient) {
            return mismatch(bytes, at, wanted);
        }
        let (text, content) = self.text(at, wanted)?;
        let value = match number::scan(&content, 0) {
            Ok((number, end)) if end == content.len() => convert(number),
            _ => return mismatch_of(at, Reason::Format, wanted, &format!("the text {}", quoted(&content))),
        };
        match value {
            Ok(value) => Ok(store(column, value, text.end + 1)),
            Err(misfit) => fault(at, misfit.reason, misfit.message),
        }
    }

    /// The texts that stand for floats without a number, as kolumn writes them; lenient only.
    fn non_finite(self, at: usize) -> Option<(f64, usize)> {
        if !self.options.lenient {
            return None;
        }
        [(&b"\"NaN\""[..], f64::NAN), (b"\"Infinity\"", f64::INFINITY), (b"\"-Infinity\"", f64::NEG_INFINITY)]
            .into_iter()
            .find(|(text, _)| self.bytes.get(at..).is_some_and(|rest| rest.starts_with(text)))
            .map(|(text, value)| (value, at + text.len()))
    }

    #[inline]
    fn utf8(self, column: &mut Column, at: usize) -> Step<usize> {
        let (bytes, lenient) = (self.bytes, self.options.lenient);
        if bytes.get(at) == Some(&b'"') {
            let text = string::scan(bytes, at)?;
            match text.plain(bytes) {
                Some(plain) => {
                    text.check_utf8(bytes)?;
                    column.push_bytes(plain)?;
                }
                None => column.push_with(|data| text.append_to(bytes, lenient, data))?,
            }
            return Ok(text.end + 1);
        }
        let end = match bytes.get(at) {
            Some(b'-' | b'0'..=b'9') if lenient => number::scan(bytes, at)?.1,
            _ if lenient => match boolean(bytes, at) {
                Some((_, end)) => end,
                None => return mismatch(bytes, at, &Type::Utf8),
            },
            _ => return mismatch(bytes, at, &Type::Utf8),
        };
        column.push_bytes(bytes.get(at..end).unwrap_or_default())?;
        Ok(end)
    }

    fn char(self, column: &mut Column, at: usize) -> Step<usize> {
        let (text, content) = self.text(at, &Type::Char)?;
        let characters = String::from_utf8_lossy(&content).chars().take(2).count();
        if characters != 1 {
            return mismatch_of(at, Reason::Format, &Type::Char, &format!("the text {}", quoted(&content)));
        }
        column.push_bytes(&content)?;
        Ok(text.end + 1)
    }

    fn binary(self, column: &mut Column, at: usize) -> Step<usize> {
        let (text, content) = self.text(at, &Type::Binary)?;
        let engine = match self.options.lenient {
            false => STRICT_BASE64,
            true if content.iter().any(|byte| matches!(byte, b'-' | b'_')) => LENIENT_BASE64_URL,
            true => LENIENT_BASE64,
        };
        let position = |offset: usize| if offset < content.len() { text.position(offset) } else { at };
        column.push_with(|data| {
            engine.decode_vec(&*content, data).or_else(|error| {
                let at = match error {
                    base64::DecodeError::InvalidByte(offset, _) | base64::DecodeError::InvalidLastSymbol(offset, _) => {
                        position(offset)
                    }
                    _ => at,
                };
                fault(at, Reason::Format, format!("the text {} is not base64: {error}", quoted(&content)))
            })
        })?;
        Ok(text.end + 1)
    }

    fn uuid(self, column: &mut Column, at: usize) -> Step<usize> {
        let lenient = self.options.lenient;
        let (bytes, end) = self.parsed(at, &Type::Uuid, |text| uuid(text, lenient))?;
        column.push_bytes(&bytes)?;
        Ok(end)
    }

    fn json(self, column: &mut Column, depth: usize, at: usize) -> Step<usize> {
        let bytes = self.bytes;
        let mut lones = Vec::new();
        let end = validate::value(bytes, at, depth, if self.options.lenient { Some(&mut lones) } else { None })?;
        let text = bytes.get(at..end).unwrap_or_default();
        if lones.is_empty() {
            column.push_bytes(text)?;
            return Ok(end);
        }
        let mut mended = text.to_vec();
        for lone in lones {
            if let Some(escape) = mended.get_mut(lone - at..lone - at + 6) {
                escape.copy_from_slice(br"\ufffd");
            }
        }
        column.push_bytes(&mended)?;
        Ok(end)
    }

    fn time(self, column: &mut Column, at: usize, unit: TimeUnit) -> Step<usize> {
        let wanted = &Type::Time(unit);
        let (value, end) = if self.bytes.get(at) == Some(&b'"') {
            let (time, end) = self.parsed(at, wanted, time)?;
            (in_unit(time, unit), end)
        } else {
            let (value, end) = self.scaled(at, wanted, unit, unit)?;
            let day = 86_400 * i64::from(per_second(unit));
            (Some(value).filter(|value| (0..day).contains(value)), end)
        };
        let Some(value) = value else {
            return fault(at, Reason::Range, format!("{} is no time of day", describe(self.bytes, at)));
        };
        Ok(match unit {
            TimeUnit::Second | TimeUnit::Millisecond => store(column, i32::try_from(value).unwrap_or_default(), end), // a day is less
            TimeUnit::Microsecond | TimeUnit::Nanosecond => store(column, value, end),
        })
    }

    /// A timestamp as text (the name of a member is one), or as a number where its unit is declared.
    fn timestamp(self, column: &mut Column, at: usize, wanted: &Type, unit: TimeUnit, number: Option<TimeUnit>) -> Step<usize> {
        match (self.bytes.get(at), number) {
            (Some(b'"'), _) => {
                let (text, content) = self.text(at, wanted)?;
                let parsed = match (timestamp(&content, self.options.zone), number) {
                    (Err(error), Some(number)) if self.options.lenient || self.names => match number::scan(&content, 0) {
                        Ok((value, end)) if end == content.len() => {
                            instant(value, number, unit).map_err(|misfit| Box::new(misplaced(at, misfit)))
                        }
                        _ => Err(placed(error, &text)),
                    },
                    (Err(error), _) => Err(placed(error, &text)),
                    (Ok(instant), _) => match in_unit(instant, unit) {
                        Some(value) => Ok(value),
                        None => fault(at, Reason::Range, format!("{} is beyond the range of {wanted}", quoted(&content))),
                    },
                };
                Ok(store(column, parsed?, text.end + 1))
            }
            (Some(b'-' | b'0'..=b'9'), Some(number)) => {
                let (value, end) = self.scaled(at, wanted, number, unit)?;
                Ok(store(column, value, end))
            }
            (Some(b'-' | b'0'..=b'9'), None) => fault(
                at,
                Reason::Type,
                format!("{} has no declared unit; declare it by the type, as in timestamp(ms)", describe(self.bytes, at)),
            ),
            _ => mismatch(self.bytes, at, wanted),
        }
    }

    /// A number of one unit in another, cut off.
    fn scaled(self, at: usize, wanted: &Type, from: TimeUnit, to: TimeUnit) -> Step<(i64, usize)> {
        if !matches!(self.bytes.get(at), Some(b'-' | b'0'..=b'9')) {
            return mismatch(self.bytes, at, wanted);
        }
        let (number, end) = number::scan(self.bytes, at)?;
        match instant(number, from, to) {
            Ok(value) => Ok((value, end)),
            Err(misfit) => fault(at, misfit.reason, misfit.message),
        }
    }

    /// The name of a member at `at`, as the value of a leaf.
    pub(super) fn entry(self, leaf: &mut object::Leaf, column: &mut Column, at: usize) -> Step<usize> {
        leaf.key(Self { names: true, ..self }, column, at)
    }

    /// The text at `at`, and its content.
    fn text(self, at: usize, wanted: &Type) -> Step<(Text, Cow<'w, [u8]>)> {
        if self.bytes.get(at) != Some(&b'"') {
            return mismatch(self.bytes, at, wanted);
        }
        let text = string::scan(self.bytes, at)?;
        let content = text.content(self.bytes, self.options.lenient)?;
        Ok((text, content))
    }

    /// What a text stands for.
    fn parsed<T>(self, at: usize, wanted: &Type, parse: impl Fn(&[u8]) -> Step<T>) -> Step<(T, usize)> {
        let (text, content) = self.text(at, wanted)?;
        Ok((parse(&content).map_err(|error| placed(error, &text))?, text.end + 1))
    }
}

#[inline]
fn store<T: Native>(column: &mut Column, value: T, end: usize) -> usize {
    column.push(value);
    end
}

pub(super) fn boolean(bytes: &[u8], at: usize) -> Option<(bool, usize)> {
    let found = |name, value| literal(bytes, at, name).map(|end| (value, end));
    found(b"true", true).or_else(|| found(b"false", false))
}

pub(super) fn instant(number: Number<'_>, from: TimeUnit, to: TimeUnit) -> Result<i64, Misfit> {
    let digits = |unit: TimeUnit| i64::from(per_second(unit).ilog10());
    match number.scaled(digits(to) - digits(from)).and_then(|(value, _)| i64::try_from(value).ok()) {
        Some(value) => Ok(value),
        None => number.beyond("the column's unit"),
    }
}

/// An error within a text, at its place in the payload.
fn placed(mut error: Box<DecodeError>, text: &Text) -> Box<DecodeError> {
    error.position = text.position(error.position);
    error
}

fn misplaced(at: usize, misfit: Misfit) -> DecodeError {
    DecodeError { column: None, position: at, reason: misfit.reason, message: misfit.message }
}

/// The value is of another type, or none at all.
#[cold]
fn mismatch<T>(bytes: &[u8], at: usize, wanted: &Type) -> Step<T> {
    mismatch_nested(bytes, at, &wanted.to_string())
}

/// As [`mismatch`], for what has no type of its own.
#[cold]
pub(super) fn mismatch_nested<T>(bytes: &[u8], at: usize, wanted: &str) -> Step<T> {
    match bytes.get(at) {
        Some(b'"' | b'{' | b'[' | b'-' | b'0'..=b'9') => mismatch_of(at, Reason::Type, wanted, &describe(bytes, at)),
        _ if boolean(bytes, at).is_some() => mismatch_of(at, Reason::Type, wanted, &describe(bytes, at)),
        _ => unexpected(bytes, at, "a value"),
    }
}

#[cold]
fn mismatch_of<T>(at: usize, reason: Reason, wanted: impl Display, found: &str) -> Step<T> {
    fault(at, reason, format!("{wanted} is asked for, found {found}"))
}
