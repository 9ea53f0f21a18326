//! Values with parts: arrays, tuples, objects and their entries.

use super::Reader;
use super::leaf::{Token, refused};
use super::plan::{Element, Member, Members, Part, Rules};
use crate::decode::json::keys::{START, colon};
use crate::decode::json::plan::Absence;
use crate::decode::json::scan::{literal, space, unexpected};
use crate::decode::json::{number, skip, string};
use crate::decode::{Column, DecodeError, Reason, Step, fault};
use crate::spec::object::Repeated;

/// What the decoder counts on, and what a defect of it would break.
const NO_LIST: &str = "a column is no list where the description has an array";

/// The column, `level` lists down.
pub(super) fn within(column: &mut Column, level: usize) -> Step<&mut Column> {
    match column.items_at(level) {
        Some(column) => Ok(column),
        None => fault(0, Reason::Type, NO_LIST),
    }
}

fn only(columns: &mut [Column], level: usize) -> Step<&mut Column> {
    match columns {
        [column] => within(column, level),
        _ => fault(0, Reason::Type, NO_LIST),
    }
}

/// Appends a null to each column.
pub(super) fn nulls(columns: &mut [Column], level: usize) -> Step {
    columns.iter_mut().try_for_each(|column| {
        within(column, level)?.append_null();
        Ok(())
    })
}

/// Appends a list to each column, of the items that `items` appends one level further down; side by side. Where it fails the columns are
/// as before, or have a row too many.
fn lists<T>(columns: &mut [Column], level: usize, items: impl FnOnce(&mut [Column]) -> Step<T>) -> Step<T> {
    let appended = items(columns).and_then(|value| {
        for column in columns.iter_mut() {
            within(column, level)?.end_list()?;
        }
        Ok(value)
    });
    if appended.is_err() {
        for column in columns {
            within(column, level)?.abandon_list();
        }
    }
    appended
}

/// Says in which field an error is.
#[cold]
pub(super) fn in_field(name: &str, mut error: Box<DecodeError>) -> Box<DecodeError> {
    error.message = format!("Unable to process field '{name}': {}", error.message);
    error
}

#[cold]
fn in_element(index: usize, mut error: Box<DecodeError>) -> Box<DecodeError> {
    error.message = format!("Unable to process tuple ix {index}: {}", error.message);
    error
}

impl Reader<'_> {
    /// Appends the value at `at` to the items `level` lists down in `columns`, and gives where it ends. At most `depth` containers
    /// may be within one another in it.
    #[inline]
    pub(super) fn part(self, part: &mut Part, columns: &mut [Column], level: usize, depth: usize, at: usize) -> Step<usize> {
        if let Part::Leaf(leaf) = part {
            return leaf.read(self, only(columns, level)?, depth, at);
        }
        if self.bytes.get(at) == Some(&b'n')
            && let Some(end) = literal(self.bytes, at, b"null")
        {
            self.absent(part, columns, level, Absence::Null, at)?;
            return Ok(end);
        }
        match part {
            Part::Leaf(leaf) => leaf.read(self, only(columns, level)?, depth, at),
            Part::Skip(rules) => self.skipped(rules, at),
            Part::Array(_, element) => self.array(element, columns, level, depth, at),
            Part::Tuple(_, elements) => self.tuple(elements, columns, level, depth, at),
            Part::Object(members) => {
                let depth = self.open(b'{', "an object", depth, at)?;
                self.members(members, columns, level, depth, at)
            }
            Part::Entries(_, key, value) => {
                let depth = self.open(b'{', "an object", depth, at)?;
                lists(columns, level, |columns| {
                    let Some((keys, values)) = columns.split_first_mut() else { return fault(at, Reason::Type, NO_LIST) };
                    self.each(b'}', at, |at| {
                        if self.bytes.get(at) != Some(&b'"') {
                            return unexpected(self.bytes, at, "a name in double quotes");
                        }
                        let at = space(self.bytes, colon(self.bytes, self.entry(key, within(keys, level + 1)?, at)?)?);
                        self.part(value, values, level + 1, depth, at)
                    })
                })
            }
            Part::Typed(typed) => {
                let depth = self.open(b'{', "an object", depth, at)?;
                self.typed(typed, columns, level, depth, at)
            }
        }
    }

    /// Appends what stands for a value that is not there.
    pub(super) fn absent(self, part: &mut Part, columns: &mut [Column], level: usize, absence: Absence, at: usize) -> Step {
        match part {
            Part::Leaf(leaf) => leaf.absent(absence, self.options, only(columns, level)?, at),
            Part::Skip(rules) => rules.check(absence, at),
            Part::Array(rules, _) | Part::Entries(rules, ..) => {
                rules.check(absence, at)?;
                nulls(columns, level)
            }
            Part::Tuple(rules, elements) => {
                rules.check(absence, at)?;
                elements.iter_mut().enumerate().try_for_each(|(index, Element { part, columns: own })| {
                    let columns = columns.get_mut(own.clone()).unwrap_or_default();
                    self.absent(part, columns, level, absence, at).map_err(|error| in_element(index, error))
                })
            }
            Part::Object(members) => {
                members.rules.check(absence, at)?;
                members.fields.iter_mut().try_for_each(|member| self.absent_member(member, columns, level, absence, at))
            }
            Part::Typed(typed) => {
                typed.rules.check(absence, at)?;
                let Some((tag, others)) = columns.split_first_mut() else { return fault(at, Reason::Type, NO_LIST) };
                typed.absent.absent(absence, self.options, within(tag, level)?, at)?;
                nulls(others, level)
            }
        }
    }

    fn absent_member(self, member: &mut Member, columns: &mut [Column], level: usize, absence: Absence, at: usize) -> Step {
        let columns = columns.get_mut(member.columns.clone()).unwrap_or_default();
        self.absent(&mut member.part, columns, level, absence, at).map_err(|error| in_field(&member.name, error))
    }

    /// How deep the values may be in the container that begins at `at`.
    fn open(self, bracket: u8, wanted: &str, depth: usize, at: usize) -> Step<usize> {
        if self.bytes.get(at) != Some(&bracket) {
            return match token(self.bytes, at) {
                Some(token) => refused(self.bytes, at, token, false, wanted),
                None => unexpected(self.bytes, at, "a value"),
            };
        }
        match depth.checked_sub(1) {
            Some(depth) => Ok(depth),
            None => fault(at, Reason::Limit, "the value is nested more deeply than the limit (;depth=N)"),
        }
    }

    /// Reads what is in the container whose bracket is at `open`, item by item, and gives where the container ends.
    #[inline]
    fn each(self, close: u8, open: usize, mut item: impl FnMut(usize) -> Step<usize>) -> Step<usize> {
        let bytes = self.bytes;
        let mut at = space(bytes, open + 1);
        if bytes.get(at) == Some(&close) {
            return Ok(at + 1);
        }
        loop {
            at = space(bytes, item(at)?);
            match bytes.get(at) {
                Some(b',') => at = space(bytes, at + 1),
                Some(byte) if *byte == close => return Ok(at + 1),
                _ => return unexpected(bytes, at, if close == b'}' { "',' or '}'" } else { "',' or ']'" }),
            }
        }
    }

    fn array(self, element: &mut Part, columns: &mut [Column], level: usize, depth: usize, at: usize) -> Step<usize> {
        let depth = self.open(b'[', "an array", depth, at)?;
        lists(columns, level, |columns| self.each(b']', at, |at| self.part(element, columns, level + 1, depth, at)))
    }

    fn tuple(self, elements: &mut [Element], columns: &mut [Column], level: usize, depth: usize, at: usize) -> Step<usize> {
        let depth = self.open(b'[', "an array", depth, at)?;
        let (mut index, count) = (0, elements.len());
        let wrong =
            |at: usize, found: &str| fault(at, Reason::Length, format!("the tuple has {count} elements, the array {found}"));
        let end = self.each(b']', at, |at| {
            let Some(Element { part, columns: own }) = elements.get_mut(index) else { return wrong(at, "more") };
            let columns = columns.get_mut(own.clone()).unwrap_or_default();
            let end = self.part(part, columns, level, depth, at).map_err(|error| in_element(index, error))?;
            index += 1;
            Ok(end)
        })?;
        if index < count { wrong(end - 1, &format!("has {index}")) } else { Ok(end) }
    }

    /// The fields of the object whose bracket is at `open`.
    pub(super) fn members(
        self,
        members: &mut Members,
        columns: &mut [Column],
        level: usize,
        depth: usize,
        open: usize,
    ) -> Step<usize> {
        let bytes = self.bytes;
        members.objects += 1;
        let object = members.objects;
        let (mut key, mut left) = (START, members.fields.len());
        let Members { keys, fields, refuse_unknown, .. } = members;
        let end = self.each(b'}', open, |name| {
            let at;
            (key, at) = keys.read(bytes, key, name, false)?;
            let at = space(bytes, at);
            let Some(member) = keys.child(key).and_then(|child| fields.get_mut(child)) else {
                return if *refuse_unknown { unknown(bytes, name) } else { skip::value(bytes, at) };
            };
            if member.seen == object {
                return match member.repeated {
                    Repeated::UseFirst => skip::value(bytes, at),
                    Repeated::Error => fault(name, Reason::Field, format!("Field '{}' has already been visited", member.name)),
                };
            }
            member.seen = object;
            left -= 1;
            let columns = columns.get_mut(member.columns.clone()).unwrap_or_default();
            self.part(&mut member.part, columns, level, depth, at).map_err(|error| in_field(&member.name, error))
        })?;
        if left > 0 {
            let missing = members.fields.iter_mut().filter(|member| member.seen != object);
            for member in missing {
                self.absent_member(member, columns, level, Absence::Missing, end - 1)?;
            }
        }
        Ok(end)
    }

    /// A value that gives no column.
    fn skipped(self, rules: &Rules, at: usize) -> Step<usize> {
        let end = skip::value(self.bytes, at)?;
        if rules.allow.each().iter().any(|(_, allow)| !allow) {
            match token(self.bytes, at) {
                Some(token) if !token.is_in(rules.allow) => return refused(self.bytes, at, token, true, "something else"),
                Some(_) => {}
                None => return unexpected(self.bytes, at, "a value"),
            }
        }
        Ok(end)
    }
}

#[cold]
fn unknown<T>(bytes: &[u8], at: usize) -> Step<T> {
    let name = string::scan(bytes, at)?.content(bytes, true)?;
    let name = String::from_utf8_lossy(name.get(..128).unwrap_or(&name)).into_owned();
    fault(at, Reason::Field, format!("Unknown field '{name}' not allowed"))
}

/// The kind of the value at `at`, if it can be one that is not null.
fn token(bytes: &[u8], at: usize) -> Option<Token> {
    Some(match bytes.get(at)? {
        b'{' => Token::Object,
        b'[' => Token::Array,
        b'"' => Token::String,
        b't' | b'f' => Token::Bool,
        b'-' | b'0'..=b'9' => match number::scan(bytes, at) {
            Ok((number, _)) if number.is_decimal() => Token::Decimal,
            _ => Token::Int,
        },
        _ => return None,
    })
}
