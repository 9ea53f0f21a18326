//! What a cycle's chunks bring to which table.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::core::Graph;
use super::intake::{Arrival, Pending};
use super::node::Node;
use super::origin::{Log, Origin, OriginBuilder};
use super::segment::{Segment, scaled};
use super::step::Incoming;
use super::table_type::TableType;
use super::update::Hold;
use crate::position::{Partition, Span};

/// What flows into the tables that chunks go to.
pub(super) fn sources(graph: &Graph, error_table: &Arc<Node>, pending: Pending) -> Vec<(Arc<Node>, Incoming)> {
    let mut plain = Incoming { accounts: pending.accounts.clone(), ..Incoming::default() };
    let mut errors = Incoming { accounts: pending.accounts.clone(), ..Incoming::default() };
    let mut parts: BTreeMap<Partition, Incoming> = BTreeMap::new();
    for (partition, account) in &pending.accounts {
        parts.entry(*partition).or_default().accounts.insert(*partition, *account);
    }
    let generation = |partition| pending.accounts.get(&partition).map_or(0, |standing| standing.generation);
    for arrival in pending.arrivals {
        let Arrival { chunk, shares, sequence } = arrival;
        let bytes = chunk.charge.bytes();
        let hold = Arc::new(Hold { bytes, _charges: shares.into_iter().chain([chunk.charge]).collect() });
        if let Some(batch) = chunk.errors.filter(|batch| batch.num_rows() > 0) {
            let origin = Arc::new(Origin::of_errors(&batch, generation));
            errors.added.push(Arc::new(Segment { bytes: batch.get_array_memory_size(), batch, sequence, origin }));
            errors.holds.push(Arc::clone(&hold));
        }
        if chunk.batch.num_rows() == 0 {
            continue;
        }
        let bytes = chunk.batch.get_array_memory_size();
        let runs = runs(&chunk.spans, generation);
        if graph.plain.is_some() {
            let mut origin = OriginBuilder::default();
            for (log, rows) in &runs {
                origin.push_offsets(*log, chunk.offsets.get(rows.clone()).unwrap_or_default());
            }
            plain.added.push(Arc::new(Segment { batch: chunk.batch, bytes, sequence, origin: Arc::new(origin.finish()) }));
            plain.holds.push(hold);
            continue;
        }
        for (place, (log, rows)) in (0_u64..).zip(runs) {
            let incoming = parts.entry(log.partition).or_default();
            let batch = chunk.batch.slice(rows.start, rows.len());
            let bytes = scaled(bytes, rows.len(), chunk.batch.num_rows());
            let origin = Arc::new(Origin::of(log, chunk.offsets.get(rows).unwrap_or_default()));
            // A merge puts the runs of a chunk together again in their order.
            incoming.added.push(Arc::new(Segment { batch, bytes, sequence: sequence + place, origin }));
            incoming.holds.push(Arc::clone(&hold));
        }
    }
    let mut sources = Vec::new();
    let mut add = |node: &Arc<Node>, incoming: Incoming| {
        let blinks = node.table_type == TableType::Blink && node.seen().rows > 0;
        if blinks || !incoming.accounts.is_empty() {
            sources.push((Arc::clone(node), incoming));
        }
    };
    if let Some(node) = &graph.plain {
        add(node, plain);
    }
    add(error_table, errors);
    for (partition, node) in &graph.constituents {
        add(node, parts.remove(partition).unwrap_or_default());
    }
    sources
}

/// The logs that the rows of a chunk come from, and which these are. None is empty, and no two that touch are of the same.
fn runs(spans: &[Span], generation: impl Fn(Partition) -> u32) -> Vec<(Log, Range<usize>)> {
    let mut runs: Vec<(Log, Range<usize>)> = Vec::new();
    let mut start = 0;
    for span in spans.iter().filter(|span| span.rows > 0) {
        let end = start + usize::try_from(span.rows).unwrap_or(0);
        match runs.last_mut() {
            Some((log, rows)) if log.partition == span.partition => rows.end = end,
            _ => runs.push((Log { partition: span.partition, generation: generation(span.partition) }, start..end)),
        }
        start = end;
    }
    runs
}
