//! No columns.

use arrow_schema::FieldRef;

use super::{BadPayload, Column, Decoder};

/// Looks at nothing.
#[derive(Debug)]
pub(super) struct Ignore;

impl Decoder for Ignore {
    fn fields(&self) -> &[FieldRef] {
        &[]
    }

    fn decode(&mut self, _: &[Option<&[u8]>], _: &mut [Column], _: &mut Vec<BadPayload>) {}
}
