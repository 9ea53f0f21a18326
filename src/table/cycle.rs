//! The moment when what was appended becomes visible, in all tables of one consumption at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::task::Waker;

use super::core::{Core, Graph};
use super::intake::{Arrival, Pending};
use super::lens::Lens;
use super::lock::lock;
use super::node::Node;
use super::segment::{Added, Origin, Segment, scaled};
use super::step::{Incoming, Step};
use super::table_type::TableType;
use super::update::{Hold, Rows, Waiting};
use crate::error::Error;
use crate::position::Partition;

/// A cycle in the making: what changes in which table.
#[derive(Default)]
struct Plan {
    steps: Vec<(Arc<Node>, Step)>,
    /// What flows from changed tables into the merges of them, by the address of the merge.
    merging: BTreeMap<usize, Incoming>,
    failed: Vec<Arc<Node>>,
}

impl Core {
    /// Makes visible what was appended.
    pub(super) fn cycle(&self) {
        let mut graph = lock(&self.graph);
        let pending = lock(&self.intake).take();
        if pending.is_empty() && !graph.blinks && !graph.family.as_ref().is_some_and(|family| family.has_news()) {
            return;
        }
        let mut plan = Plan::default();
        for (node, incoming) in sources(&graph, &self.errors, pending) {
            self.own(&mut plan, &node, incoming);
        }
        graph.merges.retain(|merge| merge.strong_count() > 0);
        for merge in graph.merges.iter().filter_map(Weak::upgrade).collect::<Vec<_>>() {
            let incoming = plan.merging.remove(&address(&merge));
            let blinks = merge.table_type == TableType::Blink && merge.seen().rows > 0;
            if incoming.is_some() || blinks || !lock(&merge.work).backlog.is_empty() {
                self.own(&mut plan, &merge, incoming.unwrap_or_default());
            }
        }
        graph.blinks = plan.steps.iter().any(|(node, step)| node.table_type == TableType::Blink && step.view.rows > 0);
        let changed = self.show(&graph, plan);
        for node in changed {
            self.compact(&node);
        }
    }

    /// A step of a table that keeps its own house, and of all that is derived from it.
    fn own(&self, plan: &mut Plan, node: &Arc<Node>, incoming: Incoming) {
        let step = Step::own(node, incoming);
        self.take_step(plan, node, step);
    }

    fn take_step(&self, plan: &mut Plan, node: &Arc<Node>, step: Step) {
        let (children, merges) = {
            let mut work = lock(&node.work);
            work.children.retain(|child| child.strong_count() > 0);
            work.merges.retain(|(merge, _)| merge.strong_count() > 0);
            let children: Vec<_> = work.children.iter().filter_map(Weak::upgrade).collect();
            let merges: Vec<_> =
                work.merges.iter().filter_map(|(merge, lens)| Some((merge.upgrade()?, Arc::clone(lens)))).collect();
            (children, merges)
        };
        for (merge, lens) in merges {
            let incoming = plan.merging.entry(address(&merge)).or_default();
            incoming.added.extend(step.added.iter().map(|added| seen_through(&lens, added)));
            incoming.accounts.extend(step.accounts());
            incoming.holds.extend(step.holds.iter().map(Arc::clone));
        }
        for child in children {
            if lock(&child.work).failed.is_none() {
                match Step::derived(&child, &step) {
                    Ok(derived) => self.take_step(plan, &child, derived),
                    Err(error) => self.fail(plan, &child, error),
                }
            }
        }
        plan.steps.push((Arc::clone(node), step));
    }

    /// A table whose function failed stays as it is, with all that is derived from it, and its updates end; all others go on.
    fn fail(&self, plan: &mut Plan, node: &Arc<Node>, error: Error) {
        tracing::warn!(topic = %self.topic, %error, "a derived table failed");
        self.book.trouble_of_table(error.clone());
        let mut nodes = vec![Arc::clone(node)];
        while let Some(node) = nodes.pop() {
            {
                let mut work = lock(&node.work);
                work.failed = Some(error.clone());
                nodes.extend(work.children.iter().filter_map(Weak::upgrade));
            }
            plan.failed.push(node);
        }
    }

    /// All tables change at once, and the subscribers are told.
    fn show(&self, graph: &Graph, plan: Plan) -> Vec<Arc<Node>> {
        let mut wakers: Vec<Waker> = Vec::new();
        let mut changed = Vec::with_capacity(plan.steps.len());
        {
            let mut cycle = lock(&self.gate);
            *cycle += 1;
            for (node, step) in plan.steps {
                tell(&node, *cycle, &step, &mut wakers);
                node.show(Arc::new(step.view));
                changed.push(node);
            }
            if let Some(family) = &graph.family {
                family.show(&mut wakers);
            }
            for node in plan.failed {
                wakers.extend(end_updates(&node));
            }
        }
        wakers.into_iter().for_each(Waker::wake);
        changed
    }

    /// The end of all updates.
    pub(super) fn end_updates(&self) {
        let graph = lock(&self.graph);
        let mut nodes: Vec<Arc<Node>> = graph.plain.iter().chain([&self.errors]).map(Arc::clone).collect();
        nodes.extend(graph.constituents.values().map(Arc::clone));
        nodes.extend(graph.merges.iter().filter_map(Weak::upgrade));
        let mut wakers = Vec::new();
        {
            let _gate = lock(&self.gate);
            while let Some(node) = nodes.pop() {
                nodes.extend(lock(&node.work).children.iter().filter_map(Weak::upgrade));
                wakers.extend(end_updates(&node));
            }
            if let Some(family) = &graph.family {
                family.end(&mut wakers);
            }
        }
        drop(graph);
        wakers.into_iter().for_each(Waker::wake);
    }
}

fn address(node: &Arc<Node>) -> usize {
    Arc::as_ptr(node).addr()
}

/// Rows under the columns that a merge has.
pub(super) fn seen_through(lens: &Lens, added: &Added) -> Added {
    let segment = &added.segment;
    let batch = lens.look(&segment.batch);
    let segment = Arc::new(Segment { batch, bytes: segment.bytes, sequence: segment.sequence });
    Added { segment, origin: Arc::clone(&added.origin) }
}

fn end_updates(node: &Node) -> Vec<Waker> {
    lock(&node.subscribers).take().into_iter().flatten().filter_map(|queue| queue.upgrade()?.end()).collect()
}

/// Puts an update into the queues of all subscribers. The caller holds the gate.
fn tell(node: &Node, cycle: u64, step: &Step, wakers: &mut Vec<Waker>) {
    let mut subscribers = lock(&node.subscribers);
    let Some(subscribers) = subscribers.as_mut() else { return };
    subscribers.retain(|queue| queue.strong_count() > 0);
    if subscribers.is_empty() {
        return;
    }
    let update = Waiting {
        cycle,
        added: Rows::Cycle(step.added.iter().map(|added| Arc::clone(&added.segment)).collect()),
        removed: step.removed,
        positions: Arc::clone(&step.view.positions),
        missed: 0,
        holds: step.holds.iter().map(Arc::clone).collect(),
    };
    for queue in subscribers.iter().filter_map(Weak::upgrade) {
        let mut update = update.clone();
        if queue.is_lossy() {
            // Who may miss rows must not slow those who may not.
            update.holds = Arc::new([]);
        }
        wakers.extend(queue.push(update, Waiting::drop_into));
    }
}

/// What flows into the tables that chunks go to.
fn sources(graph: &Graph, error_table: &Arc<Node>, pending: Pending) -> Vec<(Arc<Node>, Incoming)> {
    let mut plain = Incoming { accounts: pending.accounts.clone(), ..Incoming::default() };
    let mut errors = Incoming { accounts: pending.accounts.clone(), ..Incoming::default() };
    let mut parts: BTreeMap<Partition, Incoming> = BTreeMap::new();
    for (partition, account) in &pending.accounts {
        parts.entry(*partition).or_default().accounts.insert(*partition, *account);
    }
    for arrival in pending.arrivals {
        let Arrival { chunk, shares, sequence } = arrival;
        let hold = Arc::new(Hold { _charges: shares.into_iter().chain([chunk.charge]).collect() });
        if let Some(batch) = chunk.errors.filter(|batch| batch.num_rows() > 0) {
            let origin = Arc::new(Origin::of_errors(&batch));
            let segment = Segment { bytes: batch.get_array_memory_size(), batch, sequence };
            errors.added.push(Added { segment: Arc::new(segment), origin });
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
        let whole = Added {
            segment: Arc::new(Segment { batch: chunk.batch, bytes, sequence }),
            origin: Arc::new(Origin { runs, offsets: chunk.offsets }),
        };
        if graph.plain.is_some() {
            plain.added.push(whole);
            plain.holds.push(hold);
            continue;
        }
        let mut start = 0;
        for (partition, count) in &whole.origin.runs {
            let incoming = parts.entry(*partition).or_default();
            if *count == rows {
                incoming.added.push(whole.clone());
            } else {
                let batch = whole.segment.batch.slice(start, *count);
                let segment = Arc::new(Segment { batch, bytes: scaled(bytes, *count, rows), sequence });
                incoming.added.push(Added { segment, origin: Arc::new(whole.origin.slice(start, *count)) });
            }
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
