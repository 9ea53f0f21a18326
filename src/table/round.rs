//! A cycle in the making: which tables change, and how.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use super::core::{Core, Graph};
use super::family::join;
use super::lock::lock;
use super::node::Node;
use super::step::{Incoming, Step};
use super::table_type::TableType;
use super::withdrawal::Cut;
use crate::error::Error;

/// What a cycle has worked out so far.
///
/// Users' functions run while it is made, and tables are made meanwhile: [`Round::tasks`] looks, under the lock of the graph, for what is
/// still to be worked out, and [`Round::work`] does it without that lock, until nothing is left.
#[derive(Default)]
pub(super) struct Round {
    /// By the address of the table, which is held here too.
    pub(super) done: HashMap<usize, (Arc<Node>, Step)>,
    pub(super) failed: Vec<Arc<Node>>,
    /// Where a log lost its end: then rows leave the tables, and nothing else happens.
    pub(super) cut: Option<Cut>,
}

/// A table that is to be worked out.
pub(super) enum Task {
    Derived { node: Arc<Node>, parent: usize },
    Merge { node: Arc<Node>, incoming: Incoming },
}

impl Round {
    /// A step of a table that keeps its own house.
    pub(super) fn own(&mut self, node: Arc<Node>, incoming: Incoming) {
        let step = match &self.cut {
            Some(cut) => Step::cut(&node, cut),
            None => Step::own(&node, incoming),
        };
        self.done.insert(address(&node), (node, step));
    }

    /// What can be worked out now. Nothing, when all is done.
    pub(super) fn tasks(&self, graph: &mut Graph) -> Vec<Task> {
        let mut tasks = Vec::new();
        for (parent, (node, _)) in &self.done {
            for node in node.children() {
                if !self.done.contains_key(&address(&node)) && lock(&node.work).failed.is_none() {
                    tasks.push(Task::Derived { node, parent: *parent });
                }
            }
        }
        if !tasks.is_empty() {
            return tasks;
        }
        // One after the other, in the order in which they were made: a merge may feed those that were made later.
        graph.merges.retain(|merge| merge.strong_count() > 0);
        let merges: Vec<_> = graph.merges.iter().filter_map(Weak::upgrade).collect();
        merges.into_iter().find_map(|merge| self.merging(graph, merge)).into_iter().collect()
    }

    /// What flows into a merge in this cycle, if anything changes it.
    fn merging(&self, graph: &mut Graph, node: Arc<Node>) -> Option<Task> {
        if self.done.contains_key(&address(&node)) {
            return None;
        }
        let mut incoming = Incoming::default();
        if self.cut.is_some() {
            let feeds = |member: &Node| lock(&member.work).merges.iter().any(|(merge, _)| merge.as_ptr() == Arc::as_ptr(&node));
            let changes = self.done.values().any(|(member, _)| feeds(member));
            return changes.then_some(Task::Merge { node, incoming });
        }
        let mut changes = node.table_type == TableType::Blink && node.seen().rows > 0;
        for (_, member) in graph.joins.extract_if(.., |(merge, _)| merge.as_ptr() == Arc::as_ptr(&node)) {
            incoming.added.extend(join(&node, &member));
            incoming.accounts.extend(member.node.seen().accounts());
            changes = true;
        }
        for (member, step) in self.done.values() {
            for (_, lens) in lock(&member.work).merges.iter().filter(|(merge, _)| merge.as_ptr() == Arc::as_ptr(&node)) {
                incoming.added.extend(step.added.iter().map(|segment| Arc::new(segment.seen_through(lens))));
                incoming.accounts.extend(step.view.accounts());
                incoming.holds.extend(step.holds.iter().map(Arc::clone));
                changes = true;
            }
        }
        // As it arrived, whatever the tables in between.
        incoming.added.sort_by_key(|segment| segment.sequence);
        changes.then_some(Task::Merge { node, incoming })
    }

    /// Works out a table. No lock is held but that for the turn, as the users' functions run here.
    pub(super) fn work(&mut self, core: &Core, task: Task) {
        match task {
            Task::Merge { node, incoming } => self.own(node, incoming),
            Task::Derived { node, parent } => {
                let Some((_, parent)) = self.done.get(&parent) else { return };
                match Step::derived(&node, parent) {
                    Ok(step) => drop(self.done.insert(address(&node), (node, step))),
                    Err(error) => self.fail(core, node, &error),
                }
            }
        }
    }

    /// A table whose function failed stays as it is, with all that is derived from it, and its updates end; all others go on.
    fn fail(&mut self, core: &Core, node: Arc<Node>, error: &Error) {
        tracing::warn!(topic = %core.topic, %error, "a derived table failed");
        core.book.trouble_of_table(error.clone());
        let mut nodes = vec![node];
        while let Some(node) = nodes.pop() {
            {
                let mut work = lock(&node.work);
                work.failed = Some(error.clone());
                nodes.extend(work.children.iter().filter_map(Weak::upgrade));
            }
            self.failed.push(node);
        }
    }
}

fn address(node: &Arc<Node>) -> usize {
    Arc::as_ptr(node).addr()
}
