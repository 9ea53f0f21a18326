//! Protobuf messages to columns.
//!
//! The spec's layout is the plan: by number, the fields that become columns. A message is gathered from the wire ([`wire`]) field
//! by field and then appended ([`row`], [`value`]); fields that no column asks for are skipped by their extent. Payloads that follow each
//! other go through it step by step instead, each step over all of them ([`plan`], [`block`]), and come to the same columns faster. The
//! frame of a payload
//! names its schema and, by [`indexes`], the message in it: it must be the spec's.

mod block;
mod columns;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing;
mod indexes;
mod json;
mod order;
mod plan;
mod row;
mod value;
mod wire;

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::FieldRef;

use self::block::Room;
use self::columns::Columns;
use self::indexes::Indexes;
use self::plan::Plan;
use self::wire::{Raw, Segment};
use super::blocks::{ByBlocks, Trials};
use super::tray::Tray;
use super::{BadPayload, Column, Decoder, Lookup, Reason, Step, WriterSchema, WriterSchemas, fault, framing, pending};
use crate::error::Result;
use crate::spec::{Framing, ProtobufFile, ProtobufLayout, ProtobufSpec, SchemaId};

#[cfg(test)]
mod tests;

/// So many schemas of a registry are kept.
const MOST_FILES: usize = 1024;

/// The decoder of a Protobuf spec.
#[derive(Debug)]
pub(super) struct Protobuf {
    layout: ProtobufLayout,
    framing: Framing,
    registry: Option<Box<dyn WriterSchemas>>,
    files: HashMap<SchemaId, Arc<ProtobufFile>>,
    /// How blocks of payloads go; none where the message is not of that kind.
    plan: Option<Plan>,
    room: Option<(Tray, Room)>,
    trials: Trials,
    /// What named the spec's message last: the frame before a payload, and what a header held.
    last: Vec<u8>,
    last_header: Vec<u8>,
}

impl Protobuf {
    /// The decoder; what a frame names is looked up in `registry`, else the indexes must be those of the spec's own schema.
    pub(super) fn new(spec: &ProtobufSpec, registry: Option<Box<dyn WriterSchemas>>) -> Result<Self> {
        let layout = spec.layout()?;
        Ok(Self {
            plan: Plan::new(&layout.message),
            room: None,
            trials: Trials::default(),
            layout,
            framing: spec.framed(),
            registry,
            files: HashMap::new(),
            last: Vec::new(),
            last_header: Vec::new(),
        })
    }

    /// Where the message begins behind its frame, which must name the spec's message.
    #[inline]
    fn open(&mut self, payload: &[u8], header: Option<&[u8]>) -> Step<usize> {
        // The same bytes say the same.
        match header {
            None if !self.last.is_empty() && payload.starts_with(&self.last) => Ok(self.last.len()),
            Some(header) if !header.is_empty() && header == self.last_header => Ok(0),
            _ => self.open_another(payload, header),
        }
    }

    fn open_another(&mut self, payload: &[u8], header: Option<&[u8]>) -> Step<usize> {
        let framed = framing::open(self.framing, payload, header)?;
        let Some(id) = framed.id else { return Ok(framed.start) };
        let (indexes, start) = match framed.in_header {
            Some(rest) => (Indexes::read(rest, 0)?.0, 0),
            None => Indexes::read(payload, framed.start)?,
        };
        self.check(id, &indexes).map_err(|mut error| {
            error.position = framed.start;
            error
        })?;
        let (last, bytes) = match header.filter(|_| framed.in_header.is_some()) {
            Some(header) => (&mut self.last_header, header),
            None => (&mut self.last, payload.get(..start).unwrap_or_default()),
        };
        last.clear();
        last.extend_from_slice(bytes);
        Ok(start)
    }

    #[cold]
    fn check(&mut self, id: SchemaId, indexes: &Indexes) -> Step {
        let own = &self.layout;
        let indexes = indexes.as_slice();
        let Some(registry) = &self.registry else {
            if indexes == own.indexes {
                return Ok(());
            }
            let message = format!("the message indexes name another message than {}, whose are {:?}", own.name, own.indexes);
            return fault(0, Reason::Schema, message);
        };
        let file = match self.files.get(&id) {
            Some(file) => file,
            None => match registry.get(id) {
                Lookup::Known(WriterSchema::Protobuf(file)) => {
                    if self.files.len() >= MOST_FILES {
                        self.files.clear();
                    }
                    self.files.entry(id).or_insert(file)
                }
                Lookup::Known(WriterSchema::Avro(_)) => {
                    return fault(0, Reason::Schema, format!("the writer's schema {id} is of Avro, not of Protobuf"));
                }
                Lookup::Failed(reason) => return fault(0, Reason::Schema, format!("the writer's schema {id}: {reason}")),
                Lookup::Pending => return pending(id),
            },
        };
        match file.message(indexes) {
            _ if file.may_name(indexes, &own.name) => Ok(()),
            Some(other) => {
                let message = format!("the record is a message {} of schema {id}, not {}", other.full_name(), own.name);
                fault(0, Reason::Schema, message)
            }
            None => fault(0, Reason::Schema, format!("schema {id} has no message {indexes:?}")),
        }
    }
}

impl ByBlocks for Protobuf {
    /// As far as they are of the same frame.
    fn block(&mut self, payloads: &[Option<&[u8]>], headers: &[Option<&[u8]>], columns: &mut [Column]) -> (usize, bool) {
        let Some(first) = payloads.first().copied().flatten() else {
            return (payloads.iter().take_while(|payload| payload.is_none()).count(), false);
        };
        let header = headers.first().copied().flatten();
        let start = if self.framing == Framing::None { Ok(0) } else { self.open(first, header) };
        let (Some(frame), Some(plan)) = (start.ok().and_then(|start| first.get(..start)), &mut self.plan) else {
            return (1, false);
        };
        let alike = headers.iter().position(|other| *other != header).unwrap_or(payloads.len());
        let (tray, room) = self.room.get_or_insert_default();
        tray.fill(payloads.get(..alike).unwrap_or(payloads), frame);
        let rows = tray.rows();
        let done = self.trials.worth(rows) && {
            let done = plan.run_block(&self.layout.message, tray, room, columns).is_some();
            if done {
                self.trials.succeeded();
            } else {
                self.trials.failed(rows);
            }
            done
        };
        (rows.max(1), done)
    }

    fn row(&mut self, payload: &[u8], header: Option<&[u8]>, columns: &mut [Column]) -> Step {
        let start = if self.framing == Framing::None { 0 } else { self.open(payload, header)? };
        let segment = Segment { bytes: payload.get(start..).unwrap_or_default(), at: start };
        row::message(&self.layout.message, &[Raw::Bytes(segment)], Columns::new(columns), wire::MOST_NESTED)
    }
}

impl Decoder for Protobuf {
    fn fields(&self) -> &[FieldRef] {
        &self.layout.fields
    }

    fn decode(&mut self, payloads: &[Option<&[u8]>], columns: &mut [Column], bad: &mut Vec<BadPayload>) {
        self.decode_named(payloads, &[], columns, bad);
    }

    fn looks_at_schema_headers(&self) -> bool {
        self.framing == Framing::Guid
    }

    fn decode_named(
        &mut self,
        payloads: &[Option<&[u8]>],
        headers: &[Option<&[u8]>],
        columns: &mut [Column],
        bad: &mut Vec<BadPayload>,
    ) {
        debug_assert_eq!(columns.len(), self.layout.fields.len());
        self.by_blocks(payloads, headers, columns, bad);
    }
}
