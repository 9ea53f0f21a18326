//! What contradicts itself in a description, found before any socket is opened.

use std::collections::HashSet;

use super::{Allow, Field, Members, Misplaced, Scalar, Shape, Value, columns};
use crate::spec::Type;
use crate::spec::data_type::LEVELS;

pub(super) fn check(value: &Value, depth: usize) -> Result<(), Misplaced> {
    check_value(value, &Place::Root, LEVELS)?;
    let deepest = levels(value);
    if deepest > depth {
        return wrong("the description", format!("it goes {deepest} levels deep, the limit is {depth}"));
    }
    let columns = columns::columns(value);
    if columns.is_empty() {
        return wrong("the description", "it gives no columns");
    }
    let mut names = HashSet::new();
    for (name, _) in &columns {
        if !names.insert(name) {
            let reason =
                "a second column has this name, for names of columns are the paths joined by _; rename or nest otherwise";
            return wrong(format!("column {name:?}"), reason);
        }
    }
    Ok(())
}

/// Where in the description a value is.
enum Place<'a> {
    Root,
    Field(&'a Self, &'a str),
    Element(&'a Self, usize),
    Part(&'a Self, &'static str),
    Object(&'a Self, &'a str),
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Root => f.write_str("the description"),
            Self::Field(above, name) => write!(f, "{above}, field {name:?}"),
            Self::Element(above, index) => write!(f, "{above}, element {index}"),
            Self::Part(above, part) => write!(f, "{above}, {part}"),
            Self::Object(above, name) => write!(f, "{above}, type {name:?}"),
        }
    }
}

fn wrong<T>(place: impl ToString, reason: impl Into<String>) -> Result<T, Misplaced> {
    Err(Misplaced { place: place.to_string(), reason: reason.into() })
}

fn check_value(value: &Value, place: &Place<'_>, levels: usize) -> Result<(), Misplaced> {
    let Some(levels) = levels.checked_sub(1) else {
        return wrong("the description", format!("it is nested more than {LEVELS} levels deep"));
    };
    check_allowed(value, place)?;
    match &value.shape {
        Shape::Scalar(scalar) => check_scalar(scalar, place),
        Shape::Any | Shape::Skip => Ok(()),
        Shape::Array(element) => check_value(element, &Place::Part(place, "the element"), levels),
        Shape::Tuple(elements) => {
            if elements.is_empty() {
                return wrong(place, "a tuple has at least one element");
            }
            let mut elements = elements.iter().enumerate();
            elements.try_for_each(|(index, (_, element))| check_value(element, &Place::Element(place, index), levels))
        }
        Shape::Object(members) => check_fields(members.fields.iter(), place, levels),
        Shape::Entries { key, value } => {
            if !matches!(&key.shape, Shape::Scalar(_)) {
                return wrong(Place::Part(place, "the key"), "the names of an object are values without parts");
            }
            check_value(key, &Place::Part(place, "the key"), levels)?;
            check_value(value, &Place::Part(place, "the value"), levels)
        }
        Shape::Typed(typed) => {
            if typed.tag.value.shape != Shape::Scalar(Scalar::Plain(Type::Utf8)) {
                return wrong(Place::Field(place, &typed.tag.name), "only string-valued type fields are supported");
            }
            let mut names = HashSet::new();
            for (name, object) in &typed.objects {
                let Shape::Object(Members { fields, .. }) = &object.shape else {
                    return wrong(Place::Object(place, name), "what a type has is an object");
                };
                if !names.insert(name) {
                    return wrong(Place::Object(place, name), "a second type has this name");
                }
                let all = std::iter::once(&typed.tag).chain(&typed.shared).chain(fields);
                check_fields(all, &Place::Object(place, name), levels)?;
            }
            check_fields(std::iter::once(&typed.tag).chain(&typed.shared), place, levels)
        }
    }
}

/// Names and aliases of different fields, each in the case that counts, must differ.
fn check_fields<'a>(fields: impl Iterator<Item = &'a Field> + Clone, place: &Place<'_>, levels: usize) -> Result<(), Misplaced> {
    let fold = fields.clone().any(|field| field.ignore_case);
    let mut names: Vec<(String, &Field)> = Vec::new();
    for field in fields {
        for name in std::iter::once(&field.name).chain(&field.aliases) {
            let folded = if fold { name.to_lowercase() } else { name.clone() };
            let meets = |(known, other): &(String, &Field)| {
                *known == folded
                    && !std::ptr::eq(*other, field)
                    && (field.ignore_case || other.ignore_case || other.name == *name || other.aliases.contains(name))
            };
            if names.iter().any(meets) {
                return wrong(Place::Field(place, &field.name), format!("the name {name:?} is a field's already"));
            }
            names.push((folded, field));
        }
        check_value(&field.value, &Place::Field(place, &field.name), levels)?;
    }
    Ok(())
}

fn check_allowed(value: &Value, place: &Place<'_>) -> Result<(), Misplaced> {
    let (what, possible) = match &value.shape {
        Shape::Scalar(scalar) => (scalar.data_type().to_string(), scalar.possible()),
        Shape::Any | Shape::Skip => return check_defaults(value, place, false),
        Shape::Array(_) | Shape::Tuple(_) => ("an array".into(), Allow::NONE),
        Shape::Object(_) | Shape::Entries { .. } | Shape::Typed(_) => ("an object".into(), Allow::NONE),
    };
    let impossible = value.allow.each().into_iter().zip(possible.each()).find(|((_, given), (_, possible))| *given && !possible);
    if let Some(((name, _), _)) = impossible {
        return wrong(place, format!("{name} has no meaning for {what}"));
    }
    check_defaults(value, place, matches!(value.shape, Shape::Scalar(_) | Shape::Typed(_)))
}

fn check_defaults(value: &Value, place: &Place<'_>, have: bool) -> Result<(), Misplaced> {
    match value {
        Value { on_null: Some(_), .. } | Value { on_missing: Some(_), .. } if !have => {
            wrong(place, "on_null and on_missing are of values without parts and of typed objects")
        }
        Value { on_null: Some(_), allow_null: false, .. } => wrong(place, "onNull set, but NULL is not allowed"),
        Value { on_missing: Some(_), allow_missing: false, .. } => wrong(place, "onMissing set, but allowMissing is false"),
        _ => Ok(()),
    }
}

fn check_scalar(scalar: &Scalar, place: &Place<'_>) -> Result<(), Misplaced> {
    let data_type = scalar.data_type();
    if data_type.is_nested() {
        return wrong(place, format!("{data_type} has parts; describe it by array, object or entries"));
    }
    if matches!(scalar, Scalar::Plain(Type::Json)) {
        return wrong(place, "any JSON is described by any");
    }
    data_type.check().or_else(|reason| wrong(place, reason))
}

/// How many containers are within one another at the deepest place.
fn levels(value: &Value) -> usize {
    let deepest = |fields: &[Field]| fields.iter().map(|field| levels(&field.value)).max().unwrap_or(0);
    match &value.shape {
        Shape::Scalar(_) | Shape::Any | Shape::Skip => 0,
        Shape::Array(element) => 1 + levels(element),
        Shape::Tuple(elements) => 1 + elements.iter().map(|(_, element)| levels(element)).max().unwrap_or(0),
        Shape::Object(members) => 1 + deepest(&members.fields),
        Shape::Entries { value, .. } => 1 + levels(value),
        Shape::Typed(typed) => {
            let own = typed.objects.iter().map(|(_, object)| levels(object)).max().unwrap_or(0);
            own.max(1 + deepest(&typed.shared))
        }
    }
}
