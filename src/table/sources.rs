//! What a cycle's chunks bring to which table.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_buffer::ScalarBuffer;

use super::core::Graph;
use super::intake::{Arrival, Pending};
use super::node::Node;
use super::segment::{Origin, Segment, scaled};
use super::step::Incoming;
use super::table_type::TableType;
use super::update::Hold;
use crate::position::Partition;

/// What flows into the tables that chunks go to.
pub(super) fn sources(graph: &Graph, error_table: &Arc<Node>, pending: Pending) -> Vec<(Arc<Node>, Incoming)> {
    let mut plain = Incoming { accounts: pending.accounts.clone(), ..Incoming::default() };
    let mut errors = Incoming { accounts: pending.accounts.clone(), ..Incoming::default() };
    let mut parts: BTreeMap<Partition, Incoming> = BTreeMap::new();
    for (partition, account) in &pending.accounts {
        parts.entry(*partition).or_default().accounts.insert(*partition, *account);
    }
    let of_chunks = graph.plain.as_ref().or(graph.family.as_ref().map(|family| &family.prototype.node));
    // Only a ring needs to know; for others the offsets would only take memory.
    let with_origin = of_chunks.is_some_and(|node| node.is_ring());
    for arrival in pending.arrivals {
        let Arrival { chunk, shares, sequence } = arrival;
        let bytes = chunk.charge.bytes();
        let hold = Arc::new(Hold { bytes, _charges: shares.into_iter().chain([chunk.charge]).collect() });
        if let Some(batch) = chunk.errors.filter(|batch| batch.num_rows() > 0) {
            let origin = Arc::new(if error_table.is_ring() { Origin::of_errors(&batch) } else { Origin::default() });
            errors.added.push(Arc::new(Segment { bytes: batch.get_array_memory_size(), batch, sequence, origin }));
            errors.holds.push(Arc::clone(&hold));
        }
        if chunk.batch.num_rows() == 0 {
            continue;
        }
        let runs: Vec<_> = chunk
            .spans
            .iter()
            .map(|span| (span.partition, usize::try_from(span.rows).unwrap_or(0)))
            .filter(|(_, rows)| *rows > 0)
            .collect();
        let bytes = chunk.batch.get_array_memory_size();
        let rows = chunk.batch.num_rows();
        let origin = Origin { runs: runs.clone(), offsets: if with_origin { chunk.offsets } else { ScalarBuffer::default() } };
        let whole = Segment { batch: chunk.batch, bytes, sequence, origin: Arc::new(origin) };
        if graph.plain.is_some() {
            plain.added.push(Arc::new(whole));
            plain.holds.push(hold);
            continue;
        }
        let mut start = 0;
        for (place, (partition, count)) in (0_u64..).zip(&runs) {
            let incoming = parts.entry(*partition).or_default();
            let batch = whole.batch.slice(start, *count);
            let origin = Arc::new(whole.origin.slice(start, *count));
            // A merge puts the runs of a chunk together again in their order.
            let segment = Segment { batch, bytes: scaled(bytes, *count, rows), sequence: sequence + place, origin };
            incoming.added.push(Arc::new(segment));
            incoming.holds.push(Arc::clone(&hold));
            start += count;
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
