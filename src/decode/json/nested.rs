//! Arrays and objects into lists, structs and maps.

use super::keys::{START, colon};
use super::plan::{Members, Plan};
use super::scan::{space, unexpected};
use super::skip;
use super::value::{Reader, mismatch_nested};
use crate::decode::{Column, DecodeError, Reason, Step, fault};
use crate::spec::Type;

/// Errors of values of one object, each with the field or entry that it is about. A later member of the same name takes them away.
type Aside = Vec<(usize, Box<DecodeError>)>;

impl Reader<'_> {
    pub(super) fn list(self, item: &mut Plan, column: &mut Column, depth: usize, open: usize) -> Step<usize> {
        let bytes = self.bytes;
        let depth = self.enter(b'[', "a list", depth, open)?;
        let mut at = space(bytes, open + 1);
        column.push_list(|items| {
            if bytes.get(at) == Some(&b']') {
                return Ok(());
            }
            loop {
                at = space(bytes, self.append(item, items, depth, at)?);
                match bytes.get(at) {
                    Some(b',') => at = space(bytes, at + 1),
                    Some(b']') => return Ok(()),
                    _ => return unexpected(bytes, at, "',' or ']'"),
                }
            }
        })?;
        Ok(at + 1)
    }

    pub(super) fn structure(self, members: &mut Members, column: &mut Column, depth: usize, open: usize) -> Step<usize> {
        let bytes = self.bytes;
        let depth = self.enter(b'{', "a struct", depth, open)?;
        let row = column.len();
        let mut at = space(bytes, open + 1);
        column.push_struct(|fields| {
            if bytes.get(at) == Some(&b'}') {
                return complete(members, fields, row, at);
            }
            let (mut key, mut aside) = (START, Aside::new());
            loop {
                (key, at) = members.keys.read(bytes, key, at, self.options.lenient)?;
                at = space(bytes, at);
                let end = match members.keys.child(key) {
                    Some(child) => self.field(members, child, &mut fields[child], row, &mut aside, depth, at)?,
                    None => skip::value(bytes, at)?,
                };
                at = space(bytes, end);
                match bytes.get(at) {
                    Some(b',') => at = space(bytes, at + 1),
                    Some(b'}') => {
                        first(aside)?;
                        return complete(members, fields, row, at);
                    }
                    _ => return unexpected(bytes, at, "',' or '}'"),
                }
            }
        })?;
        Ok(at + 1)
    }

    /// The value at `at` of a struct's field, of which there may have been one before.
    #[inline]
    #[allow(clippy::too_many_arguments)]
    fn field(
        self,
        members: &mut Members,
        child: usize,
        field: &mut Column,
        row: usize,
        aside: &mut Aside,
        depth: usize,
        at: usize,
    ) -> Step<usize> {
        field.truncate(row);
        if !aside.is_empty() {
            aside.retain(|(other, _)| *other != child);
        }
        match self.append(&mut members.fields[child], field, depth, at) {
            Ok(end) => Ok(end),
            Err(error) => {
                aside.push((child, error));
                skip::value(self.bytes, at)
            }
        }
    }

    pub(super) fn map(self, key: &Type, value: &mut Plan, column: &mut Column, depth: usize, open: usize) -> Step<usize> {
        let bytes = self.bytes;
        let depth = self.enter(b'{', "a map", depth, open)?;
        let mut at = space(bytes, open + 1);
        column.push_map(|keys, values| {
            if bytes.get(at) == Some(&b'}') {
                return Ok(());
            }
            let (start, mut aside) = (keys.len(), Aside::new());
            loop {
                if bytes.get(at) != Some(&b'"') {
                    return unexpected(bytes, at, "a name in double quotes");
                }
                at = space(bytes, colon(bytes, self.name(key, keys, at)?)?);
                at = match self.append(value, values, depth, at) {
                    Ok(end) => end,
                    Err(error) => {
                        aside.push((keys.len() - 1 - start, error));
                        values.append_null();
                        skip::value(bytes, at)?
                    }
                };
                at = space(bytes, at);
                match bytes.get(at) {
                    Some(b',') => at = space(bytes, at + 1),
                    Some(b'}') => break,
                    _ => return unexpected(bytes, at, "',' or '}'"),
                }
            }
            let replaced = keys.same_rows(start);
            if !replaced.is_empty() {
                aside.retain(|(entry, _)| replaced.binary_search(entry).is_err());
                keys.remove_rows(start, &replaced);
                values.remove_rows(start, &replaced);
            }
            first(aside)
        })?;
        Ok(at + 1)
    }

    /// How deep the values may be in the container that begins at `at`.
    fn enter(self, bracket: u8, wanted: &str, depth: usize, at: usize) -> Step<usize> {
        if self.bytes.get(at) != Some(&bracket) {
            return mismatch_nested(self.bytes, at, wanted);
        }
        match depth.checked_sub(1) {
            Some(depth) => Ok(depth),
            None => fault(at, Reason::Limit, "the value is nested more deeply than the limit (;depth=N)"),
        }
    }
}

/// Refuses an object that ends at `at` and lacks fields that must be there.
#[inline]
fn complete(members: &Members, fields: &[Column], row: usize, at: usize) -> Step {
    for (index, name) in &members.required {
        if fields.get(*index).is_some_and(|field| field.len() == row) {
            return fault(at, Reason::Null, format!("the field {name:?} is missing, and is declared not-null"));
        }
    }
    Ok(())
}

/// The error that is first in the payload.
fn first(aside: Aside) -> Step {
    aside.into_iter().map(|(_, error)| error).min_by_key(|error| error.position).map_or(Ok(()), Err)
}
