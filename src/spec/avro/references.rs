//! A schema and those that it refers to by name, as one that refers to nothing.
//!
//! A registry keeps named types apart from the schemas that use them. Here each definition is put where it is used first; all names in
//! it are made full ones, so that they mean the same there. Nothing grows by it: a definition is put in one place.

use std::collections::{HashMap, HashSet};

use serde_json::Value as Json;

use super::MOST_DEPTH;

/// How deeply types may lie within each other.
const MOST_NESTED: usize = MOST_DEPTH + 1;

/// The schema in `text`, with the definitions of `references` that it uses.
pub(super) fn inlined(text: &str, references: &[&str]) -> Result<Json, String> {
    let mut definitions = Definitions::default();
    for text in references {
        let mut schema = json(text).map_err(|reason| format!("what it refers to: {reason}"))?;
        definitions.gather(&mut schema, "")?;
    }
    let mut schema = json(text)?;
    definitions.put(&mut schema, "", 0)?;
    Ok(schema)
}

fn json(text: &str) -> Result<Json, String> {
    // As registries do, a type's name is accepted without its quotes.
    serde_json::from_str(text).or_else(|error| match text.trim() {
        name if is_primitive(name) => Ok(Json::from(name)),
        _ => Err(error.to_string()),
    })
}

fn is_primitive(name: &str) -> bool {
    matches!(name, "null" | "boolean" | "int" | "long" | "float" | "double" | "bytes" | "string")
}

/// The full name of `name` where the namespace is `space`.
fn full(name: &str, space: &str) -> String {
    match name.strip_prefix('.') {
        Some(bare) => bare.to_owned(),
        None if name.contains('.') || space.is_empty() => name.to_owned(),
        None => format!("{space}.{name}"),
    }
}

fn space_of(full: &str) -> &str {
    full.rsplit_once('.').map_or("", |(space, _)| space)
}

/// A full name, so that no namespace is taken for its own: one in none begins with a dot.
fn absolute(full: &str) -> String {
    if full.contains('.') { full.to_owned() } else { format!(".{full}") }
}

/// The full name that a definition has in `space`, if it is one.
fn defined(schema: &Json, space: &str) -> Option<String> {
    let kind = schema.get("type")?.as_str()?;
    let name = schema.get("name")?.as_str()?;
    let space = schema.get("namespace").and_then(Json::as_str).unwrap_or(space);
    matches!(kind, "record" | "error" | "enum" | "fixed").then(|| full(name, space))
}

/// The types right within a type, each of which may be replaced.
fn parts(schema: &mut Json) -> Vec<&mut Json> {
    match schema {
        Json::Array(branches) => branches.iter_mut().collect(),
        Json::Object(object) => {
            let part = match object.get("type").and_then(Json::as_str) {
                Some("record" | "error") => {
                    let fields = object.get_mut("fields").and_then(Json::as_array_mut);
                    return fields.into_iter().flatten().filter_map(|field| field.get_mut("type")).collect();
                }
                Some("array") => "items",
                Some("map") => "values",
                Some("enum" | "fixed") => return Vec::new(),
                _ => "type",
            };
            object.get_mut(part).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

#[derive(Default)]
struct Definitions {
    /// By full name; what has been put somewhere is taken out.
    unused: HashMap<String, Json>,
    /// The names that the schema has by now.
    there: HashSet<String>,
}

impl Definitions {
    /// Takes every definition out of `schema`; a name stays in its place.
    fn gather(&mut self, schema: &mut Json, space: &str) -> Result<(), String> {
        if let Json::String(name) = schema {
            if !is_primitive(name) {
                // It may be of a definition that is yet to come.
                *name = if space.is_empty() { absolute(&full(name, space)) } else { self.known(name, space) };
            }
            return Ok(());
        }
        let name = defined(schema, space);
        let space = name.as_deref().map_or(space, space_of).to_owned();
        for part in parts(schema) {
            self.gather(part, &space)?;
        }
        let Some(name) = name else { return Ok(()) };
        let mut definition = std::mem::replace(schema, Json::from(absolute(&name)));
        if let Json::Object(object) = &mut definition {
            object.remove("namespace");
            object.insert("name".to_owned(), Json::from(absolute(&name)));
        }
        match self.unused.insert(name.clone(), definition.clone()) {
            Some(other) if other != definition => Err(format!("two of the schemas that it refers to define {name}")),
            _ => Ok(()),
        }
    }

    /// The name that is meant: in the namespace, else in none if there is such a one, as Avro's Java library has it.
    fn known(&self, name: &str, space: &str) -> String {
        let within = full(name, space);
        let bare = !self.unused.contains_key(&within) && !name.contains('.') && self.unused.contains_key(name);
        absolute(if bare { name } else { &within })
    }

    /// Puts definitions where `schema` names them first.
    fn put(&mut self, schema: &mut Json, space: &str, depth: usize) -> Result<(), String> {
        if let Json::String(name) = schema {
            if is_primitive(name) {
                return Ok(());
            }
            let named = [full(name, space), name.trim_start_matches('.').to_owned()];
            let Some(named) = named.iter().find(|named| self.there.contains(*named) || self.unused.contains_key(*named)) else {
                return Ok(()); // whoever reads the schema says that it is not defined
            };
            let Some(definition) = self.unused.remove(named) else {
                *name = absolute(named);
                return Ok(());
            };
            *schema = definition;
            return self.put(schema, "", depth);
        }
        if depth > MOST_NESTED {
            return Err(format!("with what it refers to, types lie more than {MOST_NESTED} deep in each other"));
        }
        let name = defined(schema, space);
        let space = name.as_deref().map_or(space, space_of).to_owned();
        self.there.extend(name);
        parts(schema).into_iter().try_for_each(|part| self.put(part, &space, depth + 1))
    }
}
