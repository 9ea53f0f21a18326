//! The moment when what was appended becomes visible, in all tables of one consumption at once.

use std::sync::{Arc, Weak};
use std::task::Waker;

use super::core::{Core, Graph};
use super::lock::lock;
use super::node::{Node, Past};
use super::round::Round;
use super::sources::sources;
use super::step::Step;
use super::table_type::TableType;
use super::update::{Hold, Rows, Waiting};

impl Core {
    /// Makes visible what was appended.
    pub(super) fn cycle(&self) {
        let _turn = lock(&self.turn);
        self.show_pending();
    }

    /// As [`Core::cycle`]. The caller holds the turn.
    pub(super) fn show_pending(&self) {
        let pending = lock(&self.intake).take();
        let mut round = Round::default();
        {
            let graph = lock(&self.graph);
            if pending.is_empty() && !graph.has_news() {
                return;
            }
            for (node, incoming) in sources(&graph, &self.errors, pending) {
                round.own(node, incoming);
            }
        }
        self.complete(round);
    }

    /// Works out what follows from what is worked out, and makes all of it visible. The caller holds the turn.
    pub(super) fn complete(&self, mut round: Round) {
        let (wakers, past) = loop {
            let mut graph = lock(&self.graph);
            let tasks = round.tasks(&mut graph);
            if tasks.is_empty() {
                break self.show(&mut graph, &round);
            }
            drop(graph);
            tasks.into_iter().for_each(|task| round.work(self, task));
        };
        // Whoever is woken may look at once, or make tables; and lanes wait for what is given back.
        wakers.into_iter().for_each(Waker::wake);
        drop(past);
        let changed: Vec<_> = round.done.into_values().map(|(node, step)| (node, step.added.len())).collect();
        changed.into_iter().for_each(|(node, news)| self.compact(&node, news));
    }

    /// All tables change at once, and the subscribers are told. Who is to be woken, and what is to be given back, when no lock is held.
    fn show(&self, graph: &mut Graph, round: &Round) -> (Vec<Waker>, Vec<Past>) {
        let mut wakers: Vec<Waker> = Vec::new();
        let mut past = Vec::new();
        {
            let mut cycle = lock(&self.gate);
            *cycle += 1;
            for (node, step) in round.done.values() {
                tell(node, *cycle, step, &mut wakers);
                past.push(node.show_step(step));
            }
            if let Some(family) = &graph.family {
                family.show(&mut wakers);
            }
            for node in &round.failed {
                wakers.extend(node.end_updates());
            }
        }
        let shows_rows = |(node, step): &(Arc<Node>, Step)| node.table_type == TableType::Blink && step.view.rows > 0;
        let shows_rows = round.done.values().any(shows_rows);
        // What is left after a withdrawal is still to be emptied.
        graph.blinks = shows_rows || (graph.blinks && round.cut.is_some());
        (wakers, past)
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
                wakers.extend(node.end_updates());
            }
            if let Some(family) = &graph.family {
                family.end(&mut wakers);
            }
        }
        drop(graph);
        wakers.into_iter().for_each(Waker::wake);
    }
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
        added: Rows::Cycle(step.added.iter().map(Arc::clone).collect()),
        removed: step.removed,
        withdrawn: step.withdrawn.clone(),
        positions: Arc::clone(&step.view.positions),
        missed: 0,
        bytes: Hold::bytes_of(&step.holds),
        holds: step.holds.iter().map(Arc::clone).collect(),
    };
    for queue in subscribers.iter().filter_map(Weak::upgrade) {
        let mut update = update.clone();
        if queue.is_lossy() {
            // Who may miss rows must not slow those who may not.
            update.holds = Arc::new([]);
        }
        wakers.extend(queue.push(update));
    }
}
