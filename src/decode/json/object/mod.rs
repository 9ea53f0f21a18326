//! JSON documents to columns by a typed description: the object processor.
//!
//! The description is made a tree of [`plan::Part`]s, each of which appends one row to a run of columns; a leaf appends to one, by the
//! steps of the plain decoder ([`leaf`]). Within arrays the columns are lists, and the parts append to the items of each of them side
//! by side ([`parts`], [`typed`]).
//!
//! Unlike members of a JSON spec no later one takes an earlier one away, so the first error is the end of the record.

mod leaf;
mod parts;
mod plan;
mod typed;

use arrow_schema::FieldRef;

pub(super) use self::leaf::Leaf;
use self::plan::Part;
use super::plan::Absence;
use super::scan::{describe, space};
use super::value::Reader;
use super::walk;
use crate::decode::{BadPayload, Column, Decoder, Reason, Step, all_columns, fault};
use crate::error::Result;
use crate::spec::Options;
use crate::spec::object::Value;

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;

/// The decoder of an object spec.
#[derive(Debug)]
pub(in crate::decode) struct Object {
    fields: Vec<FieldRef>,
    root: Part,
    options: Options,
}

impl Object {
    /// Fails with [`crate::error::Error::InvalidSpec`] for a default that its value does not take.
    pub(in crate::decode) fn new(fields: Vec<FieldRef>, value: &Value, options: Options) -> Result<Self> {
        let root = Part::new(value, &fields);
        root.check_defaults(options, &fields)?;
        Ok(Self { fields, root, options })
    }

    fn row(&mut self, bytes: &[u8], columns: &mut [Column]) -> Step {
        let start = walk::start(bytes, self.options)?;
        let reader = Reader::new(bytes, self.options);
        if start == bytes.len() {
            return reader.absent(&mut self.root, columns, 0, Absence::Missing, start);
        }
        let end = reader.part(&mut self.root, columns, 0, self.options.depth, start)?;
        let rest = space(bytes, end);
        if rest < bytes.len() {
            return fault(rest, Reason::Trailing, format!("behind the value there is {}", describe(bytes, rest)));
        }
        Ok(())
    }
}

impl Decoder for Object {
    fn fields(&self) -> &[FieldRef] {
        &self.fields
    }

    fn decode(&mut self, payloads: &[Option<&[u8]>], columns: &mut [Column], bad: &mut Vec<BadPayload>) {
        debug_assert_eq!(columns.len(), self.fields.len());
        all_columns(payloads, columns, bad, |_, payload, columns| self.row(payload, columns));
    }
}
