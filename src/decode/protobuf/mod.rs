//! Protobuf messages to columns.
//!
//! The spec's layout is the plan: by number, the fields that become columns. A message is gathered from the wire ([`wire`]) field
//! by field and then appended ([`row`], [`value`]); fields that no column asks for are skipped by their extent.

mod columns;
mod framing;
mod json;
mod row;
mod value;
mod wire;

use arrow_schema::FieldRef;

use super::{BadPayload, Column, Decoder, Step};
use crate::error::Result;
use crate::spec::{Framing, ProtobufLayout, ProtobufSpec};

#[cfg(test)]
mod tests;

/// The decoder of a Protobuf spec.
#[derive(Debug)]
pub(super) struct Protobuf {
    layout: ProtobufLayout,
    framing: Framing,
}

impl Protobuf {
    pub(super) fn new(spec: &ProtobufSpec) -> Result<Self> {
        Ok(Self { layout: spec.layout()?, framing: spec.framing })
    }

    fn row(&self, payload: &[u8], columns: &mut [Column]) -> Step {
        let segment = framing::open(self.framing, &self.layout, payload)?;
        row::message(&self.layout.message, &[wire::Raw::Bytes(segment)], columns::Columns::new(columns), wire::MOST_NESTED)
    }
}

impl Decoder for Protobuf {
    fn fields(&self) -> &[FieldRef] {
        &self.layout.fields
    }

    fn decode(&mut self, payloads: &[Option<&[u8]>], columns: &mut [Column], bad: &mut Vec<BadPayload>) {
        debug_assert_eq!(columns.len(), self.layout.fields.len());
        super::all_columns(payloads, columns, bad, |payload, columns| self.row(payload, columns));
    }
}
