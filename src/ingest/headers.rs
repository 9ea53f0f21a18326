//! Headers as columns: all of a record in one, or single ones by their key. Without such a column no header is read.

use super::block::BLOCK_ROWS;
use crate::config::HeaderColumn;
use crate::decode::{BadPayload, Column, ColumnFull, DecodeError, Decoder, Reason, decoder};
use crate::error::Result;
use crate::record::{BatchError, Header, RawHeaders};
use crate::spec::{self, Names, Side};

/// Appends a list of key and value for each record. One whose headers do not parse gets a null, and is in `bad`.
pub(super) fn append_all(column: &mut Column, headers: &[RawHeaders<'_>], bad: &mut Vec<BadPayload>) {
    let name = column.field().name().clone();
    for (index, headers) in headers.iter().enumerate() {
        let appended: Result<(), Box<DecodeError>> = column.push_list(|items| {
            for header in headers.iter() {
                let Header { key, value } = header.map_err(damaged)?;
                items
                    .push_struct(|fields| {
                        let [keys, values] = fields else { return Ok(()) };
                        // What is no UTF-8 is null, as is what `push_struct` finds missing.
                        if let Ok(key) = std::str::from_utf8(key) {
                            keys.push_str(key)?;
                        }
                        value.map_or(Ok(()), |value| values.push_bytes(value))
                    })
                    .map_err(|full: ColumnFull| Box::<DecodeError>::from(full))?;
            }
            Ok(())
        });
        if let Err(mut error) = appended {
            error.column = Some(name.clone());
            column.append_null();
            bad.push(BadPayload { index, error: *error });
        }
    }
}

/// The value of the last header with that key for each record, into `values`. Of a record whose headers do not parse there is none, and it
/// is in `bad`.
pub(super) fn last_values<'a>(
    key: &[u8],
    headers: &[RawHeaders<'a>],
    values: &mut [Option<&'a [u8]>; BLOCK_ROWS],
    bad: &mut Vec<BadPayload>,
) {
    for (index, (headers, found)) in headers.iter().zip(values).enumerate() {
        *found = None;
        for header in headers.iter() {
            match header {
                Ok(header) if header.key == key => *found = header.value,
                Ok(_) => {}
                Err(error) => {
                    *found = None;
                    bad.push(BadPayload { index, error: *damaged(error) });
                }
            }
        }
    }
}

/// Reads the header with one key into a column, as a simple spec reads a value.
#[derive(Debug)]
pub(super) struct HeaderReader {
    header: String,
    decoder: Box<dyn Decoder>,
}

impl HeaderReader {
    pub(super) fn new(column: &HeaderColumn) -> Result<Self> {
        let spec = spec::simple(&column.name, column.column_type()?);
        Ok(Self { header: column.header.clone(), decoder: decoder(&spec, Side::Value, &Names::default())? })
    }

    /// Appends the value of the last header with the key for each record, null where there is none. What does not parse gets a null,
    /// and is in `bad`.
    pub(super) fn append(&mut self, column: &mut Column, headers: &[RawHeaders<'_>], bad: &mut Vec<BadPayload>) {
        let mut values: [Option<&[u8]>; BLOCK_ROWS] = [None; BLOCK_ROWS];
        let name = column.field().name().clone();
        let before = bad.len();
        last_values(self.header.as_bytes(), headers, &mut values, bad);
        for failure in bad.iter_mut().skip(before) {
            failure.error.column = Some(name.clone());
        }
        let before = bad.len();
        let rows = headers.len().min(BLOCK_ROWS);
        self.decoder.decode(values.get(..rows).unwrap_or_default(), std::slice::from_mut(column), bad);
        for failure in bad.iter_mut().skip(before) {
            failure.error.message = format!("header {:?}: {}", self.header, failure.error.message);
        }
    }
}

#[cold]
fn damaged(error: BatchError) -> Box<DecodeError> {
    Box::new(DecodeError {
        column: None,
        position: 0,
        reason: Reason::Syntax,
        message: format!("the record's headers do not parse: {error}"),
    })
}
