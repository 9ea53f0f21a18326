//! The types that a column can be declared as.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, TimeUnit};

use crate::error::{Error, nearest};

/// The type of a column, as specs name it.
///
/// Written as Arrow's names in lower case (`int64`, `utf8`, `timestamp(ms)`, `decimal(18,4)`); the names of the reference API
/// (`long`, `double`, `string`, `Instant`…) are read as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Type {
    /// `bool`: true or false.
    Bool,
    /// `int8`, of the reference API `byte`.
    Int8,
    /// `int16`, of the reference API `short`.
    Int16,
    /// `int32`, of the reference API `int`.
    Int32,
    /// `int64`, of the reference API `long`.
    Int64,
    /// `uint8`.
    UInt8,
    /// `uint16`.
    UInt16,
    /// `uint32`.
    UInt32,
    /// `uint64`.
    UInt64,
    /// `float32`, of the reference API `float`.
    Float32,
    /// `float64`, of the reference API `double`.
    Float64,
    /// `utf8`, of the reference API `string`.
    Utf8,
    /// `binary`, of the reference API `byte[]`. In JSON: base64.
    Binary,
    /// `uuid`: 16 bytes, with Arrow's extension name `arrow.uuid`. Read from text.
    Uuid,
    /// `char`: a text of exactly one character.
    Char,
    /// `timestamp(s|ms|us|ns)`: in UTC. A number is read in this unit, a text as RFC 3339.
    Timestamp(TimeUnit),
    /// `timestamp(ns,number=s)`: a timestamp in one unit, whose numbers come in another. A text is read as RFC 3339.
    TimestampOf {
        /// The unit of the column.
        unit: TimeUnit,
        /// The unit of numbers.
        number: TimeUnit,
    },
    /// `timestamp`, of the reference API `Instant`: nanoseconds in UTC, read from text only, for a number has no declared unit.
    Instant,
    /// `date32`: days since 1970-01-01.
    Date32,
    /// `time(s|ms|us|ns)`: of day. Arrow's `time32` for `s` and `ms`, `time64` for `us` and `ns`.
    Time(TimeUnit),
    /// `decimal(precision,scale)`: decimal128; precision 1 to 38, scale 0 to the precision.
    Decimal(u8, i8),
    /// `json`: the text of a JSON value as it stands, checked to be valid.
    Json,
}

/// Types without parameters: canonical name first, then the names read as well.
const NAMES: &[(Type, &[&str])] = &[
    (Type::Bool, &["bool", "boolean", "Boolean"]),
    (Type::Int8, &["int8", "byte", "Byte"]),
    (Type::Int16, &["int16", "short", "Short"]),
    (Type::Int32, &["int32", "int", "Integer"]),
    (Type::Int64, &["int64", "long", "Long"]),
    (Type::UInt8, &["uint8"]),
    (Type::UInt16, &["uint16"]),
    (Type::UInt32, &["uint32"]),
    (Type::UInt64, &["uint64"]),
    (Type::Float32, &["float32", "float", "Float"]),
    (Type::Float64, &["float64", "double", "Double"]),
    (Type::Utf8, &["utf8", "string", "String"]),
    (Type::Binary, &["binary", "byte[]", "bytes"]),
    (Type::Uuid, &["uuid", "UUID"]),
    (Type::Char, &["char", "Character"]),
    (Type::Instant, &["timestamp", "Instant", "instant"]),
    (Type::Date32, &["date32", "LocalDate"]),
    (Type::Time(TimeUnit::Nanosecond), &["time(ns)", "LocalTime"]),
    (Type::Json, &["json"]),
];

impl Type {
    /// Reads a type's name. The error says what is wrong, without naming where the text came from.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Some((found, _)) = NAMES.iter().find(|(_, names)| names.contains(&text)) {
            return Ok(*found);
        }
        let (name, parameters) = match text.split_once('(') {
            Some((name, rest)) => {
                let inner = rest.strip_suffix(')').ok_or_else(|| format!("type {text:?} has no closing bracket"))?;
                (name.trim(), Some(inner.split(',').map(str::trim).collect::<Vec<_>>()))
            }
            None => (text, None),
        };
        match (name, parameters.as_deref()) {
            ("timestamp", Some([one])) => Ok(Self::Timestamp(unit(one)?)),
            ("timestamp", Some([one, other])) => {
                let number = other.strip_prefix("number=").ok_or_else(|| {
                    format!("{other:?} in {text:?} is not known; the unit of numbers is declared as number=s, ms, us or ns")
                })?;
                let (unit, number) = (unit(one)?, unit(number)?);
                Ok(if unit == number { Self::Timestamp(unit) } else { Self::TimestampOf { unit, number } })
            }
            ("time", Some([one])) => Ok(Self::Time(unit(one)?)),
            ("time32", Some([one @ ("s" | "ms")])) | ("time64", Some([one @ ("us" | "ns")])) => Ok(Self::Time(unit(one)?)),
            ("time32" | "time64" | "time", _) => Err(format!("{text:?} lacks its unit: time(s), time(ms), time(us) or time(ns)")),
            ("decimal" | "decimal128", Some([precision, scale])) => decimal(text, precision, scale),
            ("decimal" | "decimal128", _) => Err(format!("{text:?} lacks precision and scale, as in decimal(18,4)")),
            ("BigDecimal", None) => Err("BigDecimal has no precision and scale here; declare them, as in decimal(18,4)".into()),
            _ if ["list<", "struct<", "map<", "decimal256("].iter().any(|prefix| text.starts_with(prefix)) => {
                Err(format!("the type {text:?} is not available yet"))
            }
            (name, parameters) => {
                let others = ["timestamp", "time", "decimal"];
                let known = NAMES
                    .iter()
                    .flat_map(|(_, names)| names.iter().copied())
                    .filter(|name| !name.starts_with(char::is_uppercase))
                    .chain(others);
                Err(match (nearest(name, known), parameters) {
                    (Some(known), Some(_)) if known == name => format!("the type {name} has no parameters as in {text:?}"),
                    (Some(known), _) => format!("no type is named {text:?}; did you mean {known:?}?"),
                    (None, _) => {
                        format!("no type is named {text:?}; there are int64, float64, utf8, bool, timestamp(ms), decimal(18,4)…")
                    }
                })
            }
        }
    }

    /// The Arrow type of the column.
    pub fn data_type(&self) -> DataType {
        match self {
            Self::Bool => DataType::Boolean,
            Self::Int8 => DataType::Int8,
            Self::Int16 => DataType::Int16,
            Self::Int32 => DataType::Int32,
            Self::Int64 => DataType::Int64,
            Self::UInt8 => DataType::UInt8,
            Self::UInt16 => DataType::UInt16,
            Self::UInt32 => DataType::UInt32,
            Self::UInt64 => DataType::UInt64,
            Self::Float32 => DataType::Float32,
            Self::Float64 => DataType::Float64,
            Self::Utf8 | Self::Char | Self::Json => DataType::Utf8,
            Self::Binary => DataType::Binary,
            Self::Uuid => DataType::FixedSizeBinary(16),
            Self::Timestamp(unit) | Self::TimestampOf { unit, .. } => DataType::Timestamp(*unit, Some(Arc::from("UTC"))),
            Self::Instant => DataType::Timestamp(TimeUnit::Nanosecond, Some(Arc::from("UTC"))),
            Self::Date32 => DataType::Date32,
            Self::Time(unit @ (TimeUnit::Second | TimeUnit::Millisecond)) => DataType::Time32(*unit),
            Self::Time(unit) => DataType::Time64(*unit),
            Self::Decimal(precision, scale) => DataType::Decimal128(*precision, *scale),
        }
    }

    /// The nullable Arrow field of a column of this type.
    pub fn field(&self, name: &str) -> FieldRef {
        let field = Field::new(name, self.data_type(), true);
        Arc::new(match self {
            Self::Uuid => field.with_metadata(HashMap::from([("ARROW:extension:name".into(), "arrow.uuid".into())])),
            _ => field,
        })
    }
}

fn unit(text: &str) -> Result<TimeUnit, String> {
    match text {
        "s" => Ok(TimeUnit::Second),
        "ms" => Ok(TimeUnit::Millisecond),
        "us" => Ok(TimeUnit::Microsecond),
        "ns" => Ok(TimeUnit::Nanosecond),
        other => Err(format!("{other:?} is no unit of time; there are s, ms, us and ns")),
    }
}

fn unit_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    }
}

fn decimal(text: &str, precision: &str, scale: &str) -> Result<Type, String> {
    let (Ok(precision), Ok(scale)) = (precision.parse::<u8>(), scale.parse::<i8>()) else {
        return Err(format!("precision and scale of {text:?} are not two numbers, as in decimal(18,4)"));
    };
    Type::Decimal(precision, scale).check().map(|()| Type::Decimal(precision, scale))
}

impl Type {
    /// Whether the parameters are possible: an enum can be built with any.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self {
            Self::Decimal(precision @ 1..=38, scale) if (0..=38).contains(scale) && scale.unsigned_abs() <= *precision => Ok(()),
            Self::Decimal(39..=76, _) => {
                Err(format!("{self} needs more than the 38 digits of decimal128; that is not available yet"))
            }
            Self::Decimal(..) => Err(format!("{self} is not possible: the precision is 1 to 38, the scale 0 to the precision")),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timestamp(unit) => write!(f, "timestamp({})", unit_name(*unit)),
            Self::TimestampOf { unit, number } => write!(f, "timestamp({},number={})", unit_name(*unit), unit_name(*number)),
            Self::Time(unit) => write!(f, "time({})", unit_name(*unit)),
            Self::Decimal(precision, scale) => write!(f, "decimal({precision},{scale})"),
            plain => {
                let name = NAMES.iter().find(|(known, _)| known == plain).and_then(|(_, names)| names.first());
                f.write_str(name.copied().unwrap_or("?"))
            }
        }
    }
}

impl FromStr for Type {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::read(text).map_err(|reason| Error::InvalidSpec { spec: text.into(), place: "the type".into(), reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_read_back_from_its_own_text() {
        let units = [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond];
        let mut all: Vec<Type> = NAMES.iter().map(|(known, _)| *known).collect();
        all.extend(units.map(Type::Timestamp));
        all.extend(units.map(Type::Time));
        all.push(Type::TimestampOf { unit: TimeUnit::Nanosecond, number: TimeUnit::Second });
        all.extend([Type::Decimal(18, 4), Type::Decimal(1, 0), Type::Decimal(38, 38)]);
        for one in all {
            assert_eq!(Type::read(&one.to_string()), Ok(one), "{one}");
        }
    }

    #[test]
    fn the_names_of_the_reference_api_are_read() {
        for (name, expected) in [
            ("long", Type::Int64),
            ("double", Type::Float64),
            ("string", Type::Utf8),
            ("String", Type::Utf8),
            ("Instant", Type::Instant),
            ("short", Type::Int16),
            ("int", Type::Int32),
            ("byte", Type::Int8),
            ("char", Type::Char),
            ("float", Type::Float32),
            ("byte[]", Type::Binary),
        ] {
            assert_eq!(Type::read(name), Ok(expected), "{name}");
        }
    }

    #[test]
    fn a_number_unit_equal_to_the_column_unit_is_the_plain_timestamp() {
        assert_eq!(Type::read("timestamp(ms,number=ms)"), Ok(Type::Timestamp(TimeUnit::Millisecond)));
    }

    #[test]
    fn a_type_that_is_none_names_what_was_meant() {
        for (text, part) in [
            ("flaot64", "did you mean \"float64\"?"),
            ("utf8(3)", "has no parameters"),
            ("timestamp(min)", "no unit of time"),
            ("timestamp(ns,in=s)", "number=s"),
            ("decimal(18)", "lacks precision and scale"),
            ("decimal(2,3)", "not possible"),
            ("decimal(40,3)", "not available yet"),
            ("decimal(a,b)", "not two numbers"),
            ("time", "lacks its unit"),
            ("time32(ns)", "lacks its unit"),
            ("list<int64>", "not available yet"),
            ("timestamp(ms", "no closing bracket"),
            ("", "no type is named"),
        ] {
            let error = Type::read(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn a_uuid_carries_the_extension_name() {
        let field = Type::Uuid.field("Id");
        assert_eq!(field.data_type(), &DataType::FixedSizeBinary(16));
        assert_eq!(field.metadata().get("ARROW:extension:name").map(String::as_str), Some("arrow.uuid"));
    }
}
