//! Bytes to columns.
//!
//! A decoder takes payloads in blocks and appends one row for each to its columns. A payload that it cannot decode is a row of
//! nulls, reported by index: the caller decides what becomes of it. That is the whole seam between the plain decoders and any
//! faster ones, which must give the same columns and the same reports for every input.

mod avro;
mod blocks;
mod column;
mod decoder;
mod error;
mod framing;
mod ignore;
mod json;
mod protobuf;
mod raw;
mod simple;
mod text;
mod tray;
mod unframed;
mod varint;
mod writers;

use arrow_schema::FieldRef;

use crate::spec::SchemaId;

use column::{BLOCK_ROWS, Lengths, Mask, Native};
pub use column::{Column, ColumnFull};
#[cfg(test)]
pub(crate) use decoder::PANICS;
pub use decoder::{BadPayload, Decoder, OnError, decoder, decoder_with_registry, json_decoder_at};
pub use error::{DecodeError, Reason};
pub(crate) use text::Form;
pub use writers::{Lookup, WriterSchema, WriterSchemas};

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
#[cfg(test)]
mod tests;

/// A result whose error is boxed, because it is rare and the result is returned for every value.
type Step<T = ()> = Result<T, Box<DecodeError>>;

/// An error that is not yet known to be about a column.
#[cold]
fn fault<T>(position: usize, reason: Reason, message: impl Into<String>) -> Step<T> {
    Err(Box::new(DecodeError { column: None, position, reason, message: message.into() }))
}

/// Runs `append` for each payload that is not null; it appends one row, or fails and appends none.
fn one_column(
    fields: &[FieldRef],
    payloads: &[Option<&[u8]>],
    columns: &mut [Column],
    bad: &mut Vec<BadPayload>,
    append: impl Fn(&[u8], &mut Column) -> Step,
) {
    let ([field], [column]) = (fields, columns) else {
        debug_assert!(false, "one field and one column");
        return;
    };
    column.reserve(payloads.len());
    for (index, payload) in payloads.iter().enumerate() {
        match payload.map(|payload| append(payload, column)) {
            Some(Ok(())) => {}
            None => column.append_null(),
            Some(Err(mut error)) => {
                column.append_null();
                error.column = Some(field.name().clone());
                bad.push(BadPayload { index, error: *error });
            }
        }
    }
}

/// The error of a payload whose schema is asked for.
#[cold]
fn pending<T>(id: SchemaId) -> Step<T> {
    fault(0, Reason::Pending(id), format!("the writer's schema {id} is not known yet"))
}

/// Runs `append` for each payload that is not null, with its index; it appends one row to every column, or fails and leaves them
/// anyhow.
fn all_columns(
    payloads: &[Option<&[u8]>],
    columns: &mut [Column],
    bad: &mut Vec<BadPayload>,
    mut append: impl FnMut(usize, &[u8], &mut [Column]) -> Step,
) {
    columns.iter_mut().for_each(|column| column.reserve(payloads.len()));
    for (index, payload) in payloads.iter().enumerate() {
        let Some(payload) = payload else {
            columns.iter_mut().for_each(Column::append_null);
            continue;
        };
        let row = columns.first().map_or(0, Column::len);
        if let Err(error) = append(index, payload, columns) {
            for column in columns.iter_mut() {
                column.truncate(row);
                column.append_null();
            }
            bad.push(BadPayload { index, error: *error });
        }
    }
}
