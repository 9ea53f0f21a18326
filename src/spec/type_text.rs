//! Types as text, read and written.
//!
//! ```text
//! type   = name | name "(" parameter { "," parameter } ")"
//!        | "list<" type ">" | "struct<" field { "," field } ">" | "map<" type "," type ">"
//! field  = name ":" type
//! ```
//!
//! Within `<` and `>` a type may have `!` behind it: its values are not null.
//!
//! Names of fields with `,` `:` `=` `;` `<` `>` `(` `)`, quotes or spaces are in double quotes, where `""` is a quote.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use arrow_schema::TimeUnit;

use super::Type;
use super::data_type::{LEVELS, NAMES};
use crate::error::{Error, nearest};

/// What is wrong with the text of a type, and where in it, in bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct WrongType {
    pub(crate) position: usize,
    pub(crate) reason: String,
}

impl Type {
    /// Reads a type's name. The error says what is wrong, without naming where the text came from.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        Self::read_at(text).map_err(|WrongType { position, reason }| {
            let start = text.len() - text.trim_start().len();
            let character = text.get(..position).map_or(0, |before| before.chars().count()) + 1;
            if position <= start { reason } else { format!("{reason} (at character {character} of {text:?})") }
        })
    }

    /// As [`Self::read`]; the error has its position.
    pub(crate) fn read_at(text: &str) -> Result<Self, WrongType> {
        let data_type = read(text, 0, LEVELS)?;
        data_type.check().map_err(|reason| WrongType { position: 0, reason })?;
        Ok(data_type)
    }
}

fn read(text: &str, position: usize, levels: usize) -> Result<Type, WrongType> {
    let position = position + text.len() - text.trim_start().len();
    let text = text.trim();
    let wrong = |reason: String| WrongType { position, reason };
    // Of a column it is no matter of the type.
    if levels < LEVELS
        && let Some(inner) = text.strip_suffix('!')
    {
        return Ok(Type::NotNull(Arc::new(read(inner, position, levels)?)));
    }
    let Some((name, rest)) = text.split_once('<').filter(|(name, _)| !name.contains(['(', '"'])) else {
        return plain(text).map_err(wrong);
    };
    let behind = position + name.len() + 1;
    let Some(inner) = rest.strip_suffix('>') else { return Err(wrong(format!("type {text:?} has no closing >"))) };
    if levels == 0 {
        return Err(wrong(format!("the type is nested more than {LEVELS} levels deep")));
    }
    let parts = split(inner, ',').map_err(|at| WrongType { position: behind + at, reason: UNBALANCED.into() })?;
    let parse = |(at, part): &(usize, &str)| read(part, behind + at, levels - 1);
    match (name.trim(), parts.as_slice()) {
        ("list", [item]) => Ok(Type::List(Arc::new(parse(item)?))),
        ("list", _) => Err(wrong(format!("{text:?} has more than one type, as in list<int64>"))),
        ("map", [key, value]) => Ok(Type::Map(Arc::new(parse(key)?), Arc::new(parse(value)?))),
        ("map", _) => Err(wrong(format!("{text:?} lacks its two types, as in map<utf8,int64>"))),
        ("struct", fields) => {
            let mut all = Vec::with_capacity(fields.len());
            for (at, field) in fields {
                let halves =
                    split(field, ':').map_err(|more| WrongType { position: behind + at + more, reason: UNBALANCED.into() })?;
                let [(_, name), (colon, data_type)] = halves.as_slice() else {
                    let reason = format!("the field {:?} is no name and type, as in struct<a:int64,b:utf8>", field.trim());
                    return Err(WrongType { position: behind + at, reason });
                };
                let name = unquoted(name.trim()).map_err(|reason| WrongType { position: behind + at, reason })?;
                all.push((name, read(data_type, behind + at + colon, levels - 1)?));
            }
            Ok(Type::Struct(all.into()))
        }
        (other, _) => {
            let hint =
                nearest(other, ["list", "struct", "map"]).map(|near| format!("; did you mean {near}<…>?")).unwrap_or_default();
            Err(wrong(format!("no type is named {other}<…>{hint}")))
        }
    }
}

const UNBALANCED: &str = "a bracket or quote is not closed here";

/// The parts of `text` between separators that stand in no brackets and no quotes, each with its position; or where it is unbalanced.
fn split(text: &str, separator: char) -> Result<Vec<(usize, &str)>, usize> {
    let (mut parts, mut start, mut open, mut quoted) = (Vec::new(), 0, 0_usize, false);
    for (at, character) in text.char_indices() {
        match character {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '<' | '(' => open += 1,
            '>' | ')' => open = open.checked_sub(1).ok_or(at)?,
            other if other == separator && open == 0 => {
                parts.push((start, text.get(start..at).unwrap_or_default()));
                start = at + other.len_utf8();
            }
            _ => {}
        }
    }
    if quoted || open > 0 {
        return Err(start);
    }
    parts.push((start, text.get(start..).unwrap_or_default()));
    Ok(parts)
}

fn special(character: char) -> bool {
    matches!(character, ',' | ':' | '=' | ';' | '<' | '>' | '(' | ')' | '"' | '!' | '?' | '|') || character.is_whitespace()
}

fn unquoted(name: &str) -> Result<String, String> {
    if let Some(inner) = name.strip_prefix('"') {
        let inner = inner.strip_suffix('"').ok_or_else(|| format!("the name {name} has no closing quote"))?;
        if inner.replace("\"\"", "").contains('"') {
            return Err(format!("a quote within the name {name} must be doubled"));
        }
        return Ok(inner.replace("\"\"", "\""));
    }
    match name {
        "" => Err("a field's name is missing".into()),
        _ if name.contains(special) => Err(format!("the name {name:?} holds a special character; put it in double quotes")),
        _ => Ok(name.to_owned()),
    }
}

/// A type without types in it.
fn plain(text: &str) -> Result<Type, String> {
    if let Some((found, _)) = NAMES.iter().find(|(_, names)| names.contains(&text)) {
        return Ok(found.clone());
    }
    let (name, parameters) = match text.split_once('(') {
        Some((name, rest)) => {
            let inner = rest.strip_suffix(')').ok_or_else(|| format!("type {text:?} has no closing bracket"))?;
            (name.trim(), Some(inner.split(',').map(str::trim).collect::<Vec<_>>()))
        }
        None => (text, None),
    };
    match (name, parameters.as_deref()) {
        ("timestamp", Some([one])) => Ok(Type::Timestamp(unit(one)?)),
        ("timestamp", Some([one, other])) => {
            let number = other.strip_prefix("number=").ok_or_else(|| {
                format!("{other:?} in {text:?} is not known; the unit of numbers is declared as number=s, ms, us or ns")
            })?;
            let (unit, number) = (unit(one)?, unit(number)?);
            Ok(if unit == number { Type::Timestamp(unit) } else { Type::TimestampOf { unit, number } })
        }
        ("time", Some([one])) => Ok(Type::Time(unit(one)?)),
        ("time32", Some([one @ ("s" | "ms")])) | ("time64", Some([one @ ("us" | "ns")])) => Ok(Type::Time(unit(one)?)),
        ("time32" | "time64" | "time", _) => Err(format!("{text:?} lacks its unit: time(s), time(ms), time(us) or time(ns)")),
        ("decimal" | "decimal128" | "decimal256", Some([precision, scale])) => decimal(text, name, precision, scale),
        ("decimal" | "decimal128" | "decimal256", _) => Err(format!("{text:?} lacks precision and scale, as in decimal(18,4)")),
        ("BigDecimal", None) => Err("BigDecimal has no precision and scale here; declare them, as in decimal(18,4)".into()),
        ("list" | "array", None) => Err(format!("{text:?} lacks the type of its items, as in list<int64>")),
        ("struct", None) => Err("\"struct\" lacks its fields, as in struct<a:int64,b:utf8>".into()),
        ("map", None) => Err("\"map\" lacks the types of its keys and values, as in map<utf8,int64>".into()),
        (name, parameters) => {
            let others = ["timestamp", "time", "decimal", "list", "struct", "map"];
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

fn decimal(text: &str, name: &str, precision: &str, scale: &str) -> Result<Type, String> {
    let (Ok(precision), Ok(scale)) = (precision.parse::<u8>(), scale.parse::<i8>()) else {
        return Err(format!("precision and scale of {text:?} are not two numbers, as in decimal(18,4)"));
    };
    // Up to 38 digits are decimal128, unless asked for otherwise.
    let wide = name == "decimal256" || (name == "decimal" && precision > 38);
    let data_type = if wide { Type::Decimal256(precision, scale) } else { Type::Decimal(precision, scale) };
    data_type.check().map(|()| data_type)
}

/// The name of a struct's field, in quotes where it needs them.
struct FieldName<'a>(&'a str);

impl fmt::Display for FieldName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() || self.0.contains(special) {
            write!(f, "\"{}\"", self.0.replace('"', "\"\""))
        } else {
            f.write_str(self.0)
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
            Self::Decimal256(precision, scale) => write!(f, "decimal256({precision},{scale})"),
            Self::NotNull(inner) => write!(f, "{inner}!"),
            Self::List(item) => write!(f, "list<{item}>"),
            Self::Map(key, value) => write!(f, "map<{key},{value}>"),
            Self::Struct(fields) => {
                f.write_str("struct<")?;
                for (index, (name, data_type)) in fields.iter().enumerate() {
                    write!(f, "{}{}:{data_type}", if index == 0 { "" } else { "," }, FieldName(name))?;
                }
                f.write_str(">")
            }
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
