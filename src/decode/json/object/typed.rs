//! Objects of one of several types, which one of their fields names.

use super::Reader;
use super::parts::{in_field, nulls, within};
use super::plan::Typed;
use crate::decode::json::keys::START;
use crate::decode::json::scan::{literal, space, unexpected};
use crate::decode::json::{skip, string};
use crate::decode::{Column, Reason, Step, fault};

impl Reader<'_> {
    /// The object whose bracket is at `open`: first the field that names its type, wherever it is, then all fields.
    pub(super) fn typed(self, typed: &mut Typed, columns: &mut [Column], level: usize, depth: usize, open: usize) -> Step<usize> {
        let at = self.tag(typed, open)?;
        let name = self.type_name(at)?;
        let tag = columns.first_mut().map(|column| within(column, level)).transpose()?;
        if let Some(tag) = tag {
            typed.tag.read(self, tag, depth, at).map_err(|error| in_field(&typed.tag_name, error))?;
        }
        let found = name.as_ref().and_then(|name| typed.by_name.get(name)).copied();
        for (index, one) in typed.types.iter().enumerate() {
            if found != Some(index) {
                nulls(columns.get_mut(one.columns.clone()).unwrap_or_default(), level)?;
            }
        }
        match (found.and_then(|index| typed.types.get_mut(index)), name) {
            (Some(one), _) => self.members(&mut one.members, columns, level, depth, open),
            (None, Some(name)) if typed.refuse_unknown => {
                let name: String = name.chars().take(128).collect();
                fault(at, Reason::Type, format!("Unknown type '{name}' not allowed"))
            }
            _ => {
                nulls(columns.get_mut(typed.shared.clone()).unwrap_or_default(), level)?;
                skip::value(self.bytes, open)
            }
        }
    }

    /// Where the value is that names the type.
    fn tag(self, typed: &mut Typed, open: usize) -> Step<usize> {
        let bytes = self.bytes;
        let mut at = space(bytes, open + 1);
        if bytes.get(at) == Some(&b'}') {
            return fault(at, Reason::Field, "Expected a non-empty object");
        }
        let mut key = START;
        loop {
            (key, at) = typed.tag_keys.read(bytes, key, at, false)?;
            at = space(bytes, at);
            if typed.tag_keys.child(key).is_some() {
                return Ok(at);
            }
            at = space(bytes, skip::value(bytes, at)?);
            match bytes.get(at) {
                Some(b',') => at = space(bytes, at + 1),
                Some(b'}') => {
                    return fault(at, Reason::Field, format!("Expected the field '{}', the object has none", typed.tag_name));
                }
                _ => return unexpected(bytes, at, "',' or '}'"),
            }
        }
    }

    /// The text of the value that names the type; none for null.
    fn type_name(self, at: usize) -> Step<Option<String>> {
        if self.bytes.get(at) == Some(&b'"') {
            let content = string::scan(self.bytes, at)?.content(self.bytes, false)?;
            return Ok(Some(String::from_utf8_lossy(&content).into_owned()));
        }
        if literal(self.bytes, at, b"null").is_some() {
            return Ok(None);
        }
        let end = skip::value(self.bytes, at)?;
        Ok(Some(String::from_utf8_lossy(self.bytes.get(at..end).unwrap_or_default()).into_owned()))
    }
}
