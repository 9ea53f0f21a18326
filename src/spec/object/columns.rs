//! The columns that a description gives: their names, order and types, as in the reference API.
//!
//! A column's name is the path to its leaf, joined by `_`: names of fields, and names or indexes of a tuple's elements. An array adds
//! nothing to the path, nor does the only element of a tuple. The lists of an object's entries are `Key` and `Value`, where these have
//! no path of their own. A description that is a leaf itself gives the column `Value`. Names are kept as they are; only one that would
//! begin with an index gets `column_` before it.

use super::{Field, Shape, Value};
use crate::spec::Type;

/// A leaf on its way to the root: a path, whose elements are from the leaf to the root, and a type.
struct Leaf {
    path: Vec<Step>,
    data_type: Type,
}

enum Step {
    Name(String),
    Index(usize),
}

pub(super) fn columns(value: &Value) -> Vec<(String, Type)> {
    leaves(value).into_iter().map(|leaf| (name(&leaf.path), leaf.data_type)).collect()
}

fn name(path: &[Step]) -> String {
    let Some(first) = path.last() else { return "Value".into() };
    let mut name = if let Step::Index(_) = first { "column_".to_owned() } else { String::new() };
    for (index, step) in path.iter().rev().enumerate() {
        if index > 0 {
            name.push('_');
        }
        match step {
            Step::Name(step) => name.push_str(step),
            Step::Index(step) => name.push_str(&step.to_string()),
        }
    }
    name
}

fn leaves(value: &Value) -> Vec<Leaf> {
    match &value.shape {
        Shape::Scalar(scalar) => vec![Leaf { path: Vec::new(), data_type: scalar.data_type() }],
        Shape::Any => vec![Leaf { path: Vec::new(), data_type: Type::Json }],
        Shape::Skip => Vec::new(),
        Shape::Array(element) => listed(leaves(element)),
        Shape::Tuple(elements) => match elements.as_slice() {
            [(_, only)] => leaves(only),
            _ => elements
                .iter()
                .enumerate()
                .flat_map(|(index, (name, element))| {
                    let step = || name.clone().map_or(Step::Index(index), Step::Name);
                    below(leaves(element), step)
                })
                .collect(),
        },
        Shape::Object(members) => members.fields.iter().flat_map(of_field).collect(),
        Shape::Entries { key, value } => {
            let mut both = named(leaves(key), "Key");
            both.extend(named(leaves(value), "Value"));
            listed(both)
        }
        Shape::Typed(typed) => {
            let mut all = of_field(&typed.tag);
            all.extend(typed.shared.iter().flat_map(of_field));
            for (name, object) in &typed.objects {
                all.extend(below(leaves(object), || Step::Name(name.clone())));
            }
            all
        }
    }
}

fn of_field(field: &Field) -> Vec<Leaf> {
    below(leaves(&field.value), || Step::Name(field.name.clone()))
}

fn below(mut leaves: Vec<Leaf>, step: impl Fn() -> Step) -> Vec<Leaf> {
    leaves.iter_mut().for_each(|leaf| leaf.path.push(step()));
    leaves
}

fn listed(mut leaves: Vec<Leaf>) -> Vec<Leaf> {
    for leaf in &mut leaves {
        leaf.data_type = Type::list(leaf.data_type.clone());
    }
    leaves
}

fn named(mut leaves: Vec<Leaf>, name: &str) -> Vec<Leaf> {
    if let [leaf] = leaves.as_mut_slice()
        && leaf.path.is_empty()
    {
        leaf.path.push(Step::Name(name.into()));
    }
    leaves
}
