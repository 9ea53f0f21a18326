//! JSON documents to columns: the plain decoder.
//!
//! One pass over the bytes, no tree: the document is walked along the columns' pointers ([`shape`]), keys are recognised
//! ([`keys`]), values that a column asks for are appended to it where they stand ([`value`]), and all others are skipped by their
//! extent ([`skip`]). Lists, structs and maps are read by the same steps into the column's children ([`nested`]), and so are the
//! values of a typed description ([`object`]).
//!
//! Of several members with one name the last counts, whatever the earlier ones hold. So an error in a value is not the end: it is
//! put aside, the value is skipped by its extent like one that no column asks for, and a later member of that name takes the error
//! and the values of the earlier one away. Errors of the document itself come first, then of those put aside the one that is
//! first in the payload.
//!
//! Above it is a faster way for topics whose documents are alike ([`fast`]), which gives the same columns and the same errors.

mod fast;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing;
mod keys;
mod nested;
mod number;
mod object;
mod plan;
mod scan;
mod shape;
mod skip;
mod string;
mod validate;
mod value;
mod walk;

use arrow_schema::FieldRef;

#[cfg(any(test, fuzzing))]
pub(super) use self::fast::oracle::compare;
use self::fast::{Fast, Level};
pub(super) use self::object::Object;
use self::plan::{Absence, Target};
use self::shape::Node;
use self::walk::Walk;
use super::{BadPayload, Column, DecodeError, Decoder};
use crate::error::{Error, Result};
use crate::spec::{JsonColumn, Options};

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod oracle_simd;
#[cfg(test)]
mod tests;

/// The decoder of a JSON spec.
#[derive(Debug)]
pub(super) struct Json {
    fields: Vec<FieldRef>,
    targets: Vec<Target>,
    options: Options,
    nodes: Vec<Node>,
    /// The payload, counted, in which a node was last met.
    seen: Vec<u64>,
    payload: u64,
    /// Errors of values of this payload, each with its node.
    aside: Vec<(usize, Box<DecodeError>)>,
    fast: Option<Box<Fast>>,
}

impl Json {
    pub(super) fn new(fields: Vec<FieldRef>, columns: &[JsonColumn], options: Options) -> Result<Self> {
        let wrong = |column: &JsonColumn, reason: String| Error::InvalidSpec {
            spec: "json".into(),
            place: format!("column {:?}", column.name),
            reason,
        };
        let mut pointers = Vec::new();
        let mut targets = Vec::new();
        for (index, (column, field)) in columns.iter().zip(&fields).enumerate() {
            let all = column.pointers().map_err(|reason| wrong(column, reason))?;
            pointers.extend(all.into_iter().map(|pointer| (index, pointer)));
            let mut target = Target::new(column);
            for (absence, otherwise) in [(Absence::Missing, &column.missing), (Absence::Null, &column.null)] {
                if let Some(value) = otherwise.value() {
                    target
                        .append_absent(absence, options, &mut Column::new(field)?, 0)
                        .map_err(|error| wrong(column, format!("its default {value:?}: {error}")))?;
                }
            }
            targets.push(target);
        }
        let nodes = shape::nodes(&pointers);
        let fast = Fast::new(columns, &targets, &nodes, options).map(Box::new);
        Ok(Self { fields, targets, options, seen: vec![0; nodes.len()], nodes, payload: 0, aside: Vec::new(), fast })
    }

    /// The same with one set of instructions, or without the fast way (`plain`), where the machine has it.
    pub(super) fn at_level(mut self, name: &str) -> Option<Self> {
        if name == "plain" {
            self.fast = None;
        } else if let Some(fast) = &mut self.fast {
            fast.set_level(Level::available().into_iter().find(|level| level.name() == name)?);
        }
        Some(self)
    }

    /// Appends one row for the payload at `index`.
    fn row(&mut self, payloads: &[Option<&[u8]>], index: usize, columns: &mut [Column], bad: &mut Vec<BadPayload>) {
        let Some(bytes) = payloads.get(index).copied().flatten() else {
            columns.iter_mut().for_each(Column::append_null);
            return;
        };
        let row = columns.first().map_or(0, Column::len);
        let mut walk = Walk { bytes, json: self, columns, row };
        if let Err(error) = walk.document() {
            for column in columns.iter_mut() {
                column.truncate(row);
                column.append_null();
            }
            bad.push(BadPayload { index, error: *error });
        }
    }
}

impl Decoder for Json {
    fn fields(&self) -> &[FieldRef] {
        &self.fields
    }

    fn decode(&mut self, payloads: &[Option<&[u8]>], columns: &mut [Column], bad: &mut Vec<BadPayload>) {
        debug_assert_eq!(columns.len(), self.fields.len());
        columns.iter_mut().for_each(|column| column.reserve(payloads.len()));
        match self.fast.take() {
            Some(mut fast) => {
                fast.decode(self, payloads, columns, bad);
                self.fast = Some(fast);
            }
            None => (0..payloads.len()).for_each(|index| self.row(payloads, index, columns, bad)),
        }
    }
}
