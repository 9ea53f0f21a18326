//! A value without parts into its column.

use arrow_buffer::i256;

use super::plan::Rules;
use crate::decode::column::Native;
use crate::decode::json::number::{self, Misfit, Number, Remainder};
use crate::decode::json::plan::{Absence, Plan, default_value};
use crate::decode::json::scan::{describe, literal, unexpected};
use crate::decode::json::string;
use crate::decode::json::value::{Reader, boolean, instant};
use crate::decode::text::quoted;
use crate::decode::{Column, DecodeError, Reason, Step, fault};
use crate::spec::object::{Allow, Scalar, Value};
use crate::spec::{Options, TimeUnit, Type};

/// What reads a value without parts.
#[derive(Debug)]
pub(in crate::decode::json) struct Leaf {
    /// The column's.
    name: String,
    pub(super) rules: Rules,
    possible: Allow,
    reading: Reading,
    pub(super) data_type: Type,
    /// As JSON.
    on_missing: Option<Vec<u8>>,
    on_null: Option<Vec<u8>>,
}

/// What a number is to the column; texts that hold numbers are numbers here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// None, but its text may be the value.
    Text,
    Bool,
    Integer,
    Float,
    Decimal,
    BigInteger,
    /// Digits as they stand.
    Digits,
    Instant {
        number: TimeUnit,
        unit: TimeUnit,
        /// Whether a text holds the number, and is none of RFC 3339.
        as_text: bool,
    },
    Any,
}

/// A kind of JSON values, for people, with the reference's names.
#[derive(Debug, Clone, Copy)]
pub(super) enum Token {
    String,
    Int,
    Decimal,
    Bool,
    Object,
    Array,
}

impl Token {
    pub(super) fn is_in(self, allow: Allow) -> bool {
        match self {
            Self::String => allow.string,
            Self::Int => allow.int,
            Self::Decimal => allow.decimal,
            Self::Bool => allow.bool,
            Self::Object => allow.object,
            Self::Array => allow.array,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::Int => "Number int",
            Self::Decimal => "Decimal",
            Self::Bool => "Bool",
            Self::Object => "Object",
            Self::Array => "Array",
        }
    }
}

/// A value of a kind that is not allowed, or that there is no reading of at all.
#[cold]
pub(super) fn refused<T>(bytes: &[u8], at: usize, token: Token, possible: bool, wanted: &str) -> Step<T> {
    let how = if possible { "allowed" } else { "expected" };
    let message = format!("{} not {how}: {wanted} is asked for, found {}", token.name(), describe(bytes, at));
    fault(at, Reason::Type, message)
}

impl Leaf {
    pub(super) fn new(value: &Value, scalar: Option<&Scalar>, name: String) -> Self {
        let data_type = scalar.map_or(Type::Json, Scalar::data_type);
        let reading = match (scalar, &data_type) {
            (None, _) => Reading::Any,
            (Some(Scalar::BigInteger), _) => Reading::BigInteger,
            (Some(Scalar::BigDecimal), _) => Reading::Digits,
            (Some(Scalar::InstantNumber(number)), _) => {
                Reading::Instant { number: *number, unit: TimeUnit::Nanosecond, as_text: true }
            }
            (_, Type::Bool) => Reading::Bool,
            (_, Type::Float32 | Type::Float64) => Reading::Float,
            (_, Type::Decimal(..) | Type::Decimal256(..)) => Reading::Decimal,
            (_, Type::Timestamp(unit)) => Reading::Instant { number: *unit, unit: *unit, as_text: false },
            (_, Type::TimestampOf { unit, number }) => Reading::Instant { number: *number, unit: *unit, as_text: false },
            (Some(scalar), _) if scalar.possible().int && scalar.data_type() != Type::Utf8 => Reading::Integer,
            _ => Reading::Text,
        };
        let default = |text: &Option<String>| text.as_ref().map(|text| default_value(&data_type, text));
        Self {
            name,
            rules: Rules { allow: value.allow, missing: value.allow_missing, null: value.allow_null },
            possible: scalar.map_or(value.allow, Scalar::possible),
            reading,
            on_missing: default(&value.on_missing),
            on_null: default(&value.on_null),
            data_type,
        }
    }

    /// Appends what stands for a value that is not there.
    pub(super) fn absent(&self, absence: Absence, options: Options, column: &mut Column, at: usize) -> Step {
        self.rules.check(absence, at).or_else(|error| self.about(error))?;
        let default = match absence {
            Absence::Missing => &self.on_missing,
            Absence::Null => &self.on_null,
        };
        let Some(text) = default else {
            column.append_null();
            return Ok(());
        };
        let mut plan = Plan::Value(self.data_type.clone());
        let end = Reader::new(text, options).append(&mut plan, column, options.depth, 0)?;
        if end == text.len() { Ok(()) } else { fault(end, Reason::Trailing, "there is more than one value") }
    }

    /// Appends the value at `at`, and gives where it ends. A failure appends nothing and names the column.
    #[inline]
    pub(super) fn read(&self, reader: Reader<'_>, column: &mut Column, depth: usize, at: usize) -> Step<usize> {
        self.value(reader, column, depth, at).or_else(|error| self.about(error))
    }

    /// Appends the name of a member, which is a text whatever it stands for.
    pub(in crate::decode::json) fn key(&self, names: Reader<'_>, column: &mut Column, at: usize) -> Step<usize> {
        let read = match self.reading {
            Reading::BigInteger | Reading::Digits | Reading::Instant { as_text: true, .. } => self.text(names, column, 0, at),
            _ => self.as_it_is(names, column, 0, at),
        };
        read.or_else(|error| self.about(error))
    }

    #[cold]
    fn about<T>(&self, mut error: Box<DecodeError>) -> Step<T> {
        error.column = Some(self.name.clone());
        Err(error)
    }

    fn value(&self, reader: Reader<'_>, column: &mut Column, depth: usize, at: usize) -> Step<usize> {
        let bytes = reader.bytes;
        match bytes.get(at) {
            Some(b'-' | b'0'..=b'9') => {
                let (number, end) = number::scan(bytes, at)?;
                self.check(bytes, at, if number.is_decimal() { Token::Decimal } else { Token::Int })?;
                self.number(number, column).or_else(|misfit| fault(at, misfit.reason, misfit.message))?;
                Ok(end)
            }
            Some(b'"') => {
                self.check(bytes, at, Token::String)?;
                self.text(reader, column, depth, at)
            }
            Some(b'n') if let Some(end) = literal(bytes, at, b"null") => {
                self.absent(Absence::Null, reader.options, column, at)?;
                Ok(end)
            }
            Some(open @ (b'{' | b'[')) => {
                self.check(bytes, at, if *open == b'{' { Token::Object } else { Token::Array })?;
                self.as_it_is(reader, column, depth, at)
            }
            _ => {
                let Some((value, end)) = boolean(bytes, at) else { return unexpected(bytes, at, "a value") };
                self.check(bytes, at, Token::Bool)?;
                match self.reading {
                    Reading::Bool => column.push_bool(value),
                    _ => column.push_bytes(bytes.get(at..end).unwrap_or_default())?,
                }
                Ok(end)
            }
        }
    }

    fn check(&self, bytes: &[u8], at: usize, token: Token) -> Step {
        if token.is_in(self.rules.allow) {
            return Ok(());
        }
        let wanted = match self.reading {
            Reading::Any => "any JSON".to_owned(),
            Reading::BigInteger => "a big integer".to_owned(),
            Reading::Digits => "a big decimal".to_owned(),
            _ => self.data_type.to_string(),
        };
        refused(bytes, at, token, token.is_in(self.possible) || self.reading == Reading::Any, &wanted)
    }

    /// A value that the plain decoder reads alike.
    fn as_it_is(&self, reader: Reader<'_>, column: &mut Column, depth: usize, at: usize) -> Step<usize> {
        reader.scalar(&self.data_type, column, depth, at)
    }

    fn text(&self, reader: Reader<'_>, column: &mut Column, depth: usize, at: usize) -> Step<usize> {
        match self.reading {
            Reading::Text | Reading::Any | Reading::Instant { as_text: false, .. } => {
                return self.as_it_is(reader, column, depth, at);
            }
            _ => {}
        }
        let text = string::scan(reader.bytes, at)?;
        let content = text.content(reader.bytes, false)?;
        let end = text.end + 1;
        if self.reading == Reading::Bool {
            let word = content.trim_ascii();
            return match [&b"true"[..], b"false", b"null"].iter().position(|known| word.eq_ignore_ascii_case(known)) {
                Some(2) => {
                    self.absent(Absence::Null, reader.options, column, at)?;
                    Ok(end)
                }
                Some(index) => {
                    column.push_bool(index == 0);
                    Ok(end)
                }
                None => fault(at, Reason::Format, format!("the text {} is neither true nor false nor null", quoted(&content))),
            };
        }
        let special = match &*content {
            b"NaN" => Some(f64::NAN),
            b"Infinity" => Some(f64::INFINITY),
            b"-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        };
        match (&self.data_type, special) {
            (Type::Float64, Some(value)) => {
                column.push(value);
                return Ok(end);
            }
            (Type::Float32, Some(value)) => {
                column.push(value as f32);
                return Ok(end);
            }
            _ => {}
        }
        match number::scan(&content, 0) {
            Ok((number, length)) if length == content.len() => {
                if number.is_decimal() && !self.rules.allow.decimal {
                    let message = format!("Decimal not allowed: {} is asked for, found {}", self.data_type, quoted(&content));
                    return fault(at, Reason::Type, message);
                }
                self.number(number, column).or_else(|misfit| fault(at, misfit.reason, misfit.message))?;
                Ok(end)
            }
            _ => fault(at, Reason::Format, format!("{} is asked for, found the text {}", self.data_type, quoted(&content))),
        }
    }

    fn number(&self, number: Number<'_>, column: &mut Column) -> Result<(), Misfit> {
        match (self.reading, &self.data_type) {
            (Reading::Instant { number: from, unit, .. }, _) => column.push(instant(number, from, unit)?),
            (Reading::BigInteger, wanted) => column.push(number.cut_off::<i256>(76, wanted)?),
            (_, Type::Int8) => column.push(integer::<i8>(number, &self.data_type)?),
            (_, Type::Int16) => column.push(integer::<i16>(number, &self.data_type)?),
            (_, Type::Int32) => column.push(integer::<i32>(number, &self.data_type)?),
            (_, Type::Int64) => column.push(integer::<i64>(number, &self.data_type)?),
            (_, Type::UInt8) => column.push(integer::<u8>(number, &self.data_type)?),
            (_, Type::UInt16) => column.push(integer::<u16>(number, &self.data_type)?),
            (_, Type::UInt32) => column.push(integer::<u32>(number, &self.data_type)?),
            (_, Type::UInt64) => column.push(integer::<u64>(number, &self.data_type)?),
            (_, Type::Float32) => column.push(number.to_f32()?),
            (_, Type::Float64) => column.push(number.to_f64()?),
            (_, Type::Decimal(precision, scale)) => {
                column.push(number.to_decimal::<i128>(*precision, *scale, false, &self.data_type)?);
            }
            (_, Type::Decimal256(precision, scale)) => {
                column.push(number.to_decimal::<i256>(*precision, *scale, false, &self.data_type)?);
            }
            _ => column.push_bytes(number.text()).map_err(|full| {
                let error: Box<DecodeError> = full.into();
                Misfit { reason: error.reason, message: error.message }
            })?,
        }
        Ok(())
    }
}

/// An integer; what is behind the point of a decimal is cut off.
fn integer<T: Native + TryFrom<i128>>(number: Number<'_>, wanted: &Type) -> Result<T, Misfit> {
    if !number.is_decimal() {
        return number.to_integer(wanted);
    }
    let whole = number.scaled(0).map(|(value, _): (i128, Remainder)| value).and_then(|value| T::try_from(value).ok());
    whole.map_or_else(|| number.beyond(wanted), Ok)
}
