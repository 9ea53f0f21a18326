//! Avro data to columns.
//!
//! The frame of a payload names the schema that wrote it ([`super::framing`], [`writers`]). For each writer's schema a [`plan`] is
//! compiled once: the specification's resolution ([`resolve`], [`leaf`], [`default`]) of that schema to the reader's, of which
//! only what becomes a column is left. A datum goes through its plan in one pass ([`run`]): values that a column asks for are
//! appended to it where they stand, all others are walked over ([`skip`]). Data of one schema that follow each other go through it
//! step by step instead, each step over all of them ([`block`]), and come to the same columns faster.

mod block;
mod cursor;
mod decimal;
mod default;
mod leaf;
mod plan;
mod resolve;
mod run;
mod skip;
mod steps;
mod writers;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::FieldRef;

use self::block::Bench;
use self::cursor::Cursor;
use self::plan::{Mismatch, Plan};
use self::writers::Given;
use super::blocks::{ByBlocks, FEWEST, Trials};
use super::framing::Framed;
use super::{BadPayload, Column, Decoder, Lookup, Reason, Step, WriterSchema, WriterSchemas, fault, framing, pending};
use crate::error::Result;
use crate::spec::{AvroSchema, AvroSpec, Framing, Layout, SchemaId};

#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing;
#[cfg(test)]
mod tests;

/// How deeply the values of types that contain themselves may be nested.
const MOST_NESTED: usize = 256;

/// So many schemas of a registry are kept with what was compiled for them.
const MOST_PLANS: usize = 1024;

/// So many schemas may take turns without a search for their plans.
const RECENT: usize = 4;

/// The decoder of an Avro spec.
#[derive(Debug)]
pub(super) struct Avro {
    layout: Layout,
    reader: Arc<AvroSchema>,
    framing: Framing,
    given: Given,
    registry: Option<Box<dyn WriterSchemas>>,
    /// What was compiled, by writer's schema; those that are given come first.
    plans: Vec<(Arc<AvroSchema>, Result<Plan, Mismatch>)>,
    given_plans: usize,
    /// Which of them is for what a framing names.
    by_id: HashMap<SchemaId, usize>,
    /// The plans of the last payloads, and what named their schemas.
    recent: [Option<(Option<SchemaId>, usize)>; RECENT],
    trials: Trials,
    /// Made when the first payload comes: a decoder of a partition in which nothing happens stays small.
    bench: Option<Box<Bench>>,
}

impl Avro {
    /// The decoder, with the schemas that the spec gives and then those of `registry`. `root` names the column of a schema that is no
    /// record.
    ///
    /// Fails where a schema does not parse, gives no columns, or is one of a writer that does not resolve to the reader's.
    pub(super) fn new(spec: &AvroSpec, root: &str, registry: Option<Box<dyn WriterSchemas>>) -> Result<Self> {
        let reader = Arc::new(spec.reader()?);
        let layout = spec.layout(&reader, root)?;
        let given = Given::new(&reader, spec.writers()?);
        for field in &layout.fields {
            Column::new(field).map_err(|_| {
                let reason = format!("columns of type {} are not available yet; leave it out by mapped_only", field.data_type());
                spec.invalid(format!("column {:?}", field.name()), reason)
            })?;
        }
        let mut plans: Vec<(Arc<AvroSchema>, Result<Plan, Mismatch>)> = Vec::new();
        for writer in given.all() {
            if plans.iter().any(|(known, _)| Arc::ptr_eq(known, writer)) {
                continue;
            }
            let plan = Plan::new(writer, &reader, &layout).map_err(|mismatch| {
                let place = if mismatch.path.is_empty() { "the schema".into() } else { format!("field {}", mismatch.path) };
                spec.invalid(place, mismatch.reason)
            })?;
            plans.push((Arc::clone(writer), Ok(plan)));
        }
        // A Confluent registry knows neither the ids of AWS Glue nor fingerprints.
        let registry = registry.filter(|_| matches!(spec.framed(), Framing::Confluent | Framing::Guid));
        let (given_plans, framing) = (plans.len(), spec.framed());
        Ok(Self {
            layout,
            reader,
            framing,
            given,
            registry,
            plans,
            given_plans,
            by_id: HashMap::new(),
            recent: [None; RECENT],
            trials: Trials::default(),
            bench: None,
        })
    }

    /// The plan for what `id` names.
    fn plan(&mut self, id: Option<SchemaId>) -> Step<&Plan> {
        let recent = self.recent.iter().flatten().find(|(recent, _)| *recent == id);
        let index = match recent {
            Some((_, index)) => *index,
            None => {
                let index = self.compiled(id)?;
                self.recent.rotate_right(1);
                self.recent[0] = Some((id, index));
                index
            }
        };
        let named = || id.map(|id| format!(" ({id})")).unwrap_or_default();
        match self.plans.get(index) {
            Some((_, Ok(plan))) => Ok(plan),
            Some((_, Err(Mismatch { path, reason }))) => {
                let place = if path.is_empty() { String::new() } else { format!(", field {path}") };
                fault(0, Reason::Schema, format!("the writer's schema{}{place}: {reason}", named()))
            }
            None => fault(0, Reason::Schema, format!("the writer's schema{} has no plan", named())),
        }
    }

    #[cold]
    fn compiled(&mut self, id: Option<SchemaId>) -> Step<usize> {
        let known = id.and_then(|id| self.by_id.get(&id));
        if let Some(index) = known {
            return Ok(*index);
        }
        let named = || id.map(|id| format!(" {id}")).unwrap_or_default();
        let schema = match (self.given.get(id, self.registry.as_deref()), id) {
            (Lookup::Known(WriterSchema::Avro(schema)), _) => schema,
            (Lookup::Known(WriterSchema::Protobuf(_)), _) => {
                return fault(0, Reason::Schema, format!("the writer's schema{} is of Protobuf, not of Avro", named()));
            }
            (Lookup::Failed(reason), _) => return fault(0, Reason::Schema, format!("the writer's schema{}: {reason}", named())),
            (Lookup::Pending, Some(id)) => return pending(id),
            (Lookup::Pending, None) => return fault(0, Reason::Schema, "the writer's schema is not known"),
        };
        let compiled = self.plans.iter().position(|(known, _)| Arc::ptr_eq(known, &schema));
        let index = compiled.unwrap_or_else(|| {
            if self.by_id.len() >= MOST_PLANS {
                // Whoever writes with so many schemas may have each compiled again.
                self.plans.truncate(self.given_plans);
                self.by_id.clear();
                self.recent = [None; RECENT];
            }
            let plan = Plan::new(&schema, &self.reader, &self.layout);
            self.plans.push((schema, plan));
            self.plans.len() - 1
        });
        if let Some(id) = id {
            self.by_id.insert(id, index);
        }
        Ok(index)
    }
}

/// How many payloads there are before as many as are worth a block have one frame of so many bytes.
fn mixed(payloads: &[Option<&[u8]>], frame: usize) -> usize {
    if frame == 0 {
        return 0;
    }
    let mut before = 0;
    let mut rest = payloads;
    while let Some(Some(first)) = rest.first() {
        let frame = first.get(..frame).unwrap_or(first);
        let alike =
            rest.iter().take(FEWEST).take_while(|payload| payload.is_some_and(|payload| payload.starts_with(frame))).count();
        if alike == FEWEST {
            break;
        }
        before += alike.max(1);
        rest = payloads.get(before..).unwrap_or_default();
    }
    before
}

impl ByBlocks for Avro {
    /// As far as they were written by one schema.
    fn block(&mut self, payloads: &[Option<&[u8]>], headers: &[Option<&[u8]>], columns: &mut [Column]) -> (usize, bool) {
        let header = headers.first().copied().flatten();
        let framed = payloads.first().copied().flatten().map(|payload| (payload, framing::open(self.framing, payload, header)));
        let Some((first, Ok(Framed { id, bytes: Cow::Borrowed(_), start, .. }))) = framed else { return (1, false) };
        let mixed = mixed(payloads, start);
        if mixed > 0 {
            return (mixed, false);
        }
        let alike = headers.iter().position(|other| *other != header).unwrap_or(payloads.len());
        let mut bench = self.bench.take().unwrap_or_default();
        let frame = first.get(..start).unwrap_or_default();
        bench.tray.fill(payloads.get(..alike).unwrap_or(payloads), frame);
        let rows = bench.tray.rows();
        let done = self.trials.worth(rows) && {
            let done = self.plan(id).is_ok_and(|plan| plan.run_block(&mut bench, columns).is_some());
            if done {
                self.trials.succeeded()
            } else {
                self.trials.failed(rows)
            }
            done
        };
        self.bench = Some(bench);
        (rows.max(1), done)
    }

    fn row(&mut self, payload: &[u8], header: Option<&[u8]>, columns: &mut [Column]) -> Step {
        let framed = framing::open(self.framing, payload, header)?;
        let plan = self.plan(framed.id)?;
        let mut cursor = Cursor::new(&framed.bytes, framed.start, MOST_NESTED);
        plan.run(&mut cursor, columns)?;
        match cursor.left() {
            0 => Ok(()),
            left => fault(cursor.position(), Reason::Trailing, format!("{left} bytes are left over behind the datum")),
        }
    }
}

impl Decoder for Avro {
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
