//! The walk through one document along the columns' pointers.

use super::plan::Absence;
use super::scan::{describe, literal, space, unexpected};
use super::shape::ROOT;
use super::value::Reader;
use super::{Json, keys, skip};
use crate::decode::{Column, DecodeError, Reason, Step, fault};
use crate::spec::Options;

/// Where the document begins: behind a byte order mark and white space.
pub(super) fn start(bytes: &[u8], options: Options) -> Step<usize> {
    if bytes.len() > options.size {
        let message = format!("the payload has {} bytes, the limit is {} (;size=N)", bytes.len(), options.size);
        return fault(options.size, Reason::Limit, message);
    }
    Ok(space(bytes, if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }))
}

/// One document on its way into one row.
///
/// A step takes the position where something begins and gives the one where it ends.
pub(super) struct Walk<'w> {
    pub(super) bytes: &'w [u8],
    pub(super) json: &'w mut Json,
    pub(super) columns: &'w mut [Column],
    /// The rows that the columns had before.
    pub(super) row: usize,
}

impl Walk<'_> {
    /// Appends one row, or fails and leaves columns with or without one.
    pub(super) fn document(&mut self) -> Step {
        self.json.payload += 1;
        self.json.aside.clear();

        let bytes = self.bytes;
        let start = start(bytes, self.json.options)?;
        match bytes.get(start) {
            Some(b'{') => {}
            Some(b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
                return fault(start, Reason::Type, format!("the payload is {}, not an object", describe(bytes, start)));
            }
            Some(_) => return unexpected(bytes, start, "an object"),
            None if bytes.is_empty() => return fault(0, Reason::Empty, "the payload is empty, a JSON object is expected"),
            None => return fault(start, Reason::Empty, "the payload is blank, a JSON object is expected"),
        }
        let end = self.value(ROOT, start)?;
        let rest = space(bytes, end);
        if rest < bytes.len() {
            return fault(rest, Reason::Trailing, format!("behind the object there is {}", describe(bytes, rest)));
        }
        match self.first_aside() {
            Some(error) => Err(error),
            None => self.complete(end),
        }
    }

    /// Defaults or nulls for what is missing.
    fn complete(&mut self, end: usize) -> Step {
        for index in 0..self.columns.len() {
            let column = &mut self.columns[index];
            if column.len() == self.row {
                let target = &mut self.json.targets[index];
                if !target.minds_null {
                    column.append_null();
                    continue;
                }
                let appended = target.append_absent(Absence::Missing, self.json.options, column, end);
                appended.map_err(|error| self.about(index, error))?;
            }
        }
        Ok(())
    }

    /// Appends the value at `at` to a column, and gives where it ends. A failure appends nothing and names the column.
    #[inline]
    fn column(&mut self, column: usize, node: usize, at: usize) -> Step<usize> {
        if self.json.targets[column].aliases {
            self.forget_alias(column, node);
        }
        let options = self.json.options;
        let depth = options.depth.saturating_sub(self.json.nodes[node].depth);
        let target = &mut self.json.targets[column];
        let reader = Reader::new(self.bytes, options);
        let appended = match target.minds_null.then(|| literal(self.bytes, at, b"null")).flatten() {
            Some(end) => target.append_absent(Absence::Null, options, &mut self.columns[column], at).map(|()| end),
            None => reader.append(&mut target.plan, &mut self.columns[column], depth, at),
        };
        appended.map_err(|error| self.about(column, error))
    }

    /// Takes away what another spelling of a column's field gave: the last one counts, as of members with one name.
    #[cold]
    fn forget_alias(&mut self, column: usize, node: usize) {
        self.columns[column].truncate(self.row);
        self.json.targets[column].source = node;
        let nodes = &self.json.nodes;
        self.json.aside.retain(|(other, _)| nodes[*other].columns_below != [column]);
    }

    /// The value of a node: into its columns, and on along what is below it.
    fn value(&mut self, node: usize, at: usize) -> Step<usize> {
        let here = &self.json.nodes[node];
        if here.is_leaf()
            && let [column] = here.columns[..]
        {
            return self.column(column, node, at);
        }
        let mut end = None;
        for index in 0..here.columns.len() {
            let column = self.json.nodes[node].columns[index];
            end = Some(self.column(column, node, at)?);
        }
        let here = &self.json.nodes[node];
        match self.bytes.get(at) {
            Some(b'{') if !here.keys.is_empty() => self.members(node, at),
            Some(b'[') if !here.elements.is_empty() => self.elements(node, at),
            _ => end.map_or_else(|| skip::value(self.bytes, at), Ok),
        }
    }

    /// The object whose opening bracket is at `open`.
    fn members(&mut self, node: usize, open: usize) -> Step<usize> {
        let bytes = self.bytes;
        let mut at = space(bytes, open + 1);
        if bytes.get(at) == Some(&b'}') {
            return Ok(at + 1);
        }
        let (mut key, lenient) = (keys::START, self.json.options.lenient);
        loop {
            (key, at) = self.json.nodes[node].keys.read(bytes, key, at, lenient)?;
            at = space(bytes, at);
            let end = match self.json.nodes[node].keys.child(key) {
                Some(child) => self.child(child, at)?,
                None => skip::value(bytes, at)?,
            };
            at = space(bytes, end);
            match bytes.get(at) {
                Some(b',') => at = space(bytes, at + 1),
                Some(b'}') => return Ok(at + 1),
                _ => return unexpected(bytes, at, "',' or '}'"),
            }
        }
    }

    /// The array whose opening bracket is at `open`.
    fn elements(&mut self, node: usize, open: usize) -> Step<usize> {
        let bytes = self.bytes;
        let mut at = space(bytes, open + 1);
        if bytes.get(at) == Some(&b']') {
            return Ok(at + 1);
        }
        let (mut index, mut wanted) = (0, 0);
        loop {
            let end = match self.json.nodes[node].elements.get(wanted) {
                Some((next, child)) if *next == index => {
                    wanted += 1;
                    self.child(*child, at)?
                }
                _ => skip::value(bytes, at)?,
            };
            index += 1;
            at = space(bytes, end);
            match bytes.get(at) {
                Some(b',') => at = space(bytes, at + 1),
                Some(b']') => return Ok(at + 1),
                _ => return unexpected(bytes, at, "',' or ']'"),
            }
        }
    }

    /// A member or element that leads on. What is wrong with it is put aside.
    #[inline]
    fn child(&mut self, child: usize, at: usize) -> Step<usize> {
        let seen = &mut self.json.seen[child];
        if *seen == self.json.payload {
            self.forget(child);
        } else {
            *seen = self.json.payload;
        }
        match self.value(child, at) {
            Ok(end) => Ok(end),
            Err(error) => {
                self.forget(child);
                self.json.aside.push((child, error));
                skip::value(self.bytes, at)
            }
        }
    }

    /// Takes away what this payload gave to a node and those below it.
    #[cold]
    fn forget(&mut self, node: usize) {
        let here = &self.json.nodes[node];
        for column in &here.columns_below {
            let target = &self.json.targets[*column];
            if !target.aliases || here.nodes_below.contains(&target.source) {
                self.columns[*column].truncate(self.row);
            }
        }
        self.json.aside.retain(|(other, _)| !here.nodes_below.contains(other));
        for below in here.nodes_below.iter().filter(|below| **below != node) {
            self.json.seen[*below] = 0;
        }
    }

    fn first_aside(&mut self) -> Option<Box<DecodeError>> {
        let first = self.json.aside.iter().enumerate().min_by_key(|(_, (_, error))| error.position)?.0;
        Some(self.json.aside.swap_remove(first).1)
    }

    /// Names the column of an error.
    #[cold]
    fn about(&self, column: usize, mut error: Box<DecodeError>) -> Box<DecodeError> {
        error.column = self.json.fields.get(column).map(|field| field.name().clone());
        error
    }
}
