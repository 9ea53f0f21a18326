//! Payloads as they are, copied once: a table that kept views would keep whole frames alive.

use arrow_schema::FieldRef;

use super::{BadPayload, Column, Decoder, one_column};

/// One binary column.
#[derive(Debug)]
pub(super) struct Raw {
    fields: Vec<FieldRef>,
}

impl Raw {
    pub(super) fn new(fields: Vec<FieldRef>) -> Self {
        Self { fields }
    }
}

impl Decoder for Raw {
    fn fields(&self) -> &[FieldRef] {
        &self.fields
    }

    fn decode(&mut self, payloads: &[Option<&[u8]>], columns: &mut [Column], bad: &mut Vec<BadPayload>) {
        if let [column] = columns {
            column.reserve(payloads.len());
            if column.extend_payloads(payloads).is_some() {
                return;
            }
        }
        one_column(&self.fields, payloads, columns, bad, |payload, column| Ok(column.push_bytes(payload)?));
    }
}
