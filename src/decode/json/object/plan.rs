//! A description made ready: what its parts read, and which columns they append to.

use std::collections::HashMap;
use std::ops::Range;

use arrow_schema::FieldRef;

use super::leaf::Leaf;
use crate::decode::json::keys::Keys;
use crate::decode::json::plan::Absence;
use crate::decode::{Column, Reason, Step, fault};
use crate::error::{Error, Result};
use crate::spec::Options;
use crate::spec::object::{self as spec, Allow, Field, Repeated, Scalar, Shape, Value};

/// What reads a value, and appends one row to each of its columns.
#[derive(Debug)]
pub(super) enum Part {
    Leaf(Box<Leaf>),
    Skip(Rules),
    Array(Rules, Box<Self>),
    Tuple(Rules, Vec<Element>),
    Object(Box<Members>),
    /// The key's column comes first.
    Entries(Rules, Box<Leaf>, Box<Self>),
    Typed(Box<Typed>),
}

/// What is allowed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) allow: Allow,
    pub(super) missing: bool,
    pub(super) null: bool,
}

#[derive(Debug)]
pub(super) struct Element {
    pub(super) part: Part,
    /// Of the tuple's columns.
    pub(super) columns: Range<usize>,
}

/// The fields of an object. A key leads to the index of its field.
#[derive(Debug)]
pub(super) struct Members {
    pub(super) rules: Rules,
    pub(super) refuse_unknown: bool,
    pub(super) keys: Keys,
    pub(super) fields: Vec<Member>,
    /// The objects read so far, counted.
    pub(super) objects: u64,
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) part: Part,
    /// Of the object's columns.
    pub(super) columns: Range<usize>,
    pub(super) repeated: Repeated,
    /// The object in which the field was last met.
    pub(super) seen: u64,
}

/// An object of one of several types.
#[derive(Debug)]
pub(super) struct Typed {
    pub(super) rules: Rules,
    pub(super) refuse_unknown: bool,
    /// The field that names the type. Its column is the first.
    pub(super) tag: Leaf,
    pub(super) tag_name: String,
    pub(super) tag_keys: Keys,
    /// The type's column where there is no object.
    pub(super) absent: Box<Leaf>,
    pub(super) shared: Range<usize>,
    pub(super) types: Vec<OneType>,
    pub(super) by_name: HashMap<String, usize>,
}

/// One type: the fields of its objects, shared ones included, and its own columns.
#[derive(Debug)]
pub(super) struct OneType {
    pub(super) members: Members,
    pub(super) columns: Range<usize>,
}

impl Rules {
    fn of(value: &Value) -> Self {
        Self { allow: value.allow, missing: value.allow_missing, null: value.allow_null }
    }

    /// Whether a value may not be there.
    pub(super) fn check(&self, absence: Absence, at: usize) -> Step {
        match absence {
            Absence::Missing if !self.missing => fault(at, Reason::Null, "Missing not allowed"),
            Absence::Null if !self.null => fault(at, Reason::Null, "Null not allowed"),
            _ => Ok(()),
        }
    }
}

impl Part {
    /// `fields` are those of the columns that the value gives.
    pub(super) fn new(value: &Value, fields: &[FieldRef]) -> Self {
        let rules = Rules::of(value);
        match &value.shape {
            Shape::Scalar(scalar) => Self::Leaf(Box::new(Leaf::new(value, Some(scalar), name(fields)))),
            Shape::Any => Self::Leaf(Box::new(Leaf::new(value, None, name(fields)))),
            Shape::Skip => Self::Skip(rules),
            Shape::Array(element) => Self::Array(rules, Box::new(Self::new(element, fields))),
            Shape::Tuple(elements) => {
                let mut parts = Split::new(fields, 0);
                let element = |(_, element): &(Option<String>, Value)| {
                    let (part, columns) = parts.part(element);
                    Element { part, columns }
                };
                Self::Tuple(rules, elements.iter().map(element).collect())
            }
            Shape::Object(members) => {
                let mut object = Members::new(rules, members.refuse_unknown);
                let mut parts = Split::new(fields, 0);
                members.fields.iter().for_each(|field| object.add(field, &mut parts));
                Self::Object(Box::new(object))
            }
            Shape::Entries { key, value } => {
                let scalar = if let Shape::Scalar(scalar) = &key.shape { Some(scalar) } else { None };
                let (first, rest) = fields.split_at_checked(1).unwrap_or_default();
                Self::Entries(rules, Box::new(Leaf::new(key, scalar, name(first))), Box::new(Self::new(value, rest)))
            }
            Shape::Typed(typed) => Self::Typed(Box::new(Typed::new(value, typed, fields))),
        }
    }

    /// Refuses defaults that their values do not take. `fields` as in [`Self::new`].
    pub(super) fn check_defaults(&self, options: Options, fields: &[FieldRef]) -> Result<()> {
        let leaf = |leaf: &Leaf, fields: &[FieldRef]| {
            for absence in [Absence::Missing, Absence::Null] {
                // In the lists of arrays the default is an item.
                let item = std::sync::Arc::new(arrow_schema::Field::new("default", leaf.data_type.data_type(), true));
                leaf.absent(absence, options, &mut Column::new(&item)?, 0).or_else(|error| match error.reason {
                    Reason::Null => Ok(()),
                    _ => Err(Error::InvalidSpec {
                        spec: "object".into(),
                        place: format!("column {:?}", name(fields)),
                        reason: format!("its {}: {}", absence.option(), error.message),
                    }),
                })?;
            }
            Ok(())
        };
        match self {
            Self::Leaf(own) => leaf(own, fields),
            Self::Skip(_) => Ok(()),
            Self::Array(_, element) => element.check_defaults(options, fields),
            Self::Tuple(_, elements) => elements.iter().try_for_each(|element| {
                element.part.check_defaults(options, fields.get(element.columns.clone()).unwrap_or_default())
            }),
            Self::Object(members) => members.check_defaults(options, fields),
            Self::Entries(_, key, value) => {
                leaf(key, fields)?;
                value.check_defaults(options, fields.get(1..).unwrap_or_default())
            }
            Self::Typed(typed) => {
                leaf(&typed.tag, fields)?;
                typed.types.iter().try_for_each(|one| one.members.check_defaults(options, fields))
            }
        }
    }
}

impl Members {
    fn new(rules: Rules, refuse_unknown: bool) -> Self {
        Self { rules, refuse_unknown, keys: Keys::default(), fields: Vec::new(), objects: 0 }
    }

    fn add(&mut self, field: &Field, parts: &mut Split<'_>) {
        let (part, columns) = parts.part(&field.value);
        declare(&mut self.keys, field, self.fields.len());
        self.fields.push(Member { name: field.name.clone(), part, columns, repeated: field.repeated, seen: 0 });
    }

    fn check_defaults(&self, options: Options, fields: &[FieldRef]) -> Result<()> {
        self.fields
            .iter()
            .try_for_each(|member| member.part.check_defaults(options, fields.get(member.columns.clone()).unwrap_or_default()))
    }
}

impl Typed {
    fn new(value: &Value, typed: &spec::Typed, fields: &[FieldRef]) -> Self {
        let rules = Rules::of(value);
        let mut tag_keys = Keys::default();
        declare(&mut tag_keys, &typed.tag, 0);
        // Within the object the tag is a field like others, which was read before.
        let skipped = Field { value: spec::skip_val(), ..typed.tag.clone() };
        let shared: usize = typed.shared.iter().map(|field| columns(&field.value)).sum();
        let mut next = 1 + shared;
        let mut types = Vec::new();
        for (_, object) in &typed.objects {
            let Shape::Object(own) = &object.shape else { continue }; // refused when the spec is made
            let mut members = Members::new(Rules::of(object), own.refuse_unknown);
            let mut parts = Split::new(fields, 1);
            members.add(&skipped, &mut parts);
            typed.shared.iter().for_each(|field| members.add(field, &mut parts));
            let mut parts = Split::new(fields, next);
            own.fields.iter().for_each(|field| members.add(field, &mut parts));
            types.push(OneType { members, columns: next..parts.next });
            next = parts.next;
        }
        let text = Scalar::Plain(crate::spec::Type::Utf8);
        Self {
            rules,
            refuse_unknown: typed.refuse_unknown,
            tag: Leaf::new(&typed.tag.value, Some(&text), name(fields)),
            tag_name: typed.tag.name.clone(),
            tag_keys,
            absent: Box::new(Leaf::new(value, Some(&text), name(fields))),
            shared: 1..1 + shared,
            types,
            by_name: typed.objects.iter().enumerate().map(|(index, (name, _))| (name.clone(), index)).collect(),
        }
    }
}

/// Hands the fields of columns out, value by value.
struct Split<'f> {
    fields: &'f [FieldRef],
    next: usize,
}

impl<'f> Split<'f> {
    fn new(fields: &'f [FieldRef], next: usize) -> Self {
        Self { fields, next }
    }

    fn part(&mut self, value: &Value) -> (Part, Range<usize>) {
        let range = self.next..self.next + columns(value);
        self.next = range.end;
        (Part::new(value, self.fields.get(range.clone()).unwrap_or_default()), range)
    }
}

fn declare(keys: &mut Keys, field: &Field, child: usize) {
    for name in std::iter::once(&field.name).chain(&field.aliases) {
        if field.ignore_case {
            keys.declare_in_any_case(name, child);
        } else {
            keys.declare(name.as_bytes(), child);
        }
    }
}

/// How many columns a value gives.
fn columns(value: &Value) -> usize {
    let all = |fields: &[Field]| fields.iter().map(|field| columns(&field.value)).sum::<usize>();
    match &value.shape {
        Shape::Scalar(_) | Shape::Any => 1,
        Shape::Skip => 0,
        Shape::Array(element) => columns(element),
        Shape::Tuple(elements) => elements.iter().map(|(_, element)| columns(element)).sum(),
        Shape::Object(members) => all(&members.fields),
        Shape::Entries { key, value } => columns(key) + columns(value),
        Shape::Typed(typed) => 1 + all(&typed.shared) + typed.objects.iter().map(|(_, object)| columns(object)).sum::<usize>(),
    }
}

fn name(fields: &[FieldRef]) -> String {
    fields.first().map(|field| field.name().clone()).unwrap_or_default()
}
