//! placeholder
use super::{BadPayload, Column, Decoder};
use crate::error::Result;
use crate::spec::{JsonColumn, Options};
use arrow_schema::FieldRef;
#[derive(Debug)]
pub(super) struct Json {
    fields: Vec<FieldRef>,
}
impl Json {
    pub(super) fn new(fields: Vec<FieldRef>, _: &[JsonColumn], _: Options) -> Result<Self> {
        Ok(Self { fields })
    }
}
impl Decoder for Json {
    fn fields(&self) -> &[FieldRef] {
        &self.fields
    }
    fn decode(&mut self, payloads: &[Option<&[u8]>], columns: &mut [Column], _: &mut Vec<BadPayload>) {
        columns.iter_mut().for_each(|column| column.append_nulls(payloads.len()));
    }
}
