//! The tables of a partitioned table, those included that come later.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, Weak};
use std::task::Waker;

use super::core::{Core, Graph};
use super::handle::Table;
use super::lens::Lens;
use super::lock::lock;
use super::node::{Node, guarded};
use super::queue::Queue;
use super::segment::Segment;
use crate::error::{Error, Result};
use crate::position::Partition;

/// What becomes of one constituent; none where the partition is left out.
pub(super) type Rule = dyn Fn(Partition, &Table) -> Result<Option<Table>> + Send + Sync;

/// A table without a handle: what holds it does not keep the consumption going.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) node: Arc<Node>,
    pub(super) lens: Arc<Lens>,
}

impl Member {
    /// All columns of a table.
    pub(super) fn of(node: Arc<Node>) -> Self {
        let lens = Arc::new(Lens::all(&node.schema));
        Self { node, lens }
    }

    /// Tables that do not look alike cannot be merged, and a partitioned table has one schema.
    fn must_be_like(&self, prototype: &Self) -> Result<()> {
        if self.lens.schema().fields() == prototype.lens.schema().fields() && self.node.table_type == prototype.node.table_type {
            return Ok(());
        }
        let reason = format!("{self} is not like the others, {prototype}");
        Err(Error::Columns { what: "transforming a partitioned table", reason })
    }
}

impl fmt::Display for Member {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.lens.schema().fields().iter().map(|field| field.name().as_str()).collect();
        write!(formatter, "{} with the columns {}", self.node.table_type, names.join(", "))
    }
}

/// One table for each partition.
pub(super) struct Family {
    /// How it comes from another; the chunks' own has no parent.
    source: Option<(Arc<Self>, Arc<Rule>)>,
    /// A table that nothing ever flows into: it says what the others look like, before there is one.
    pub(super) prototype: Member,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Partitions whose table is made, or being made, or left out.
    claimed: BTreeSet<Partition>,
    /// What the next cycle makes visible.
    prepared: BTreeMap<Partition, Member>,
    visible: BTreeMap<Partition, Member>,
    watchers: Vec<Weak<Queue<Partition>>>,
    children: Vec<Weak<Family>>,
    merge: Weak<Node>,
}

impl Family {
    pub(super) fn new(source: Option<(Arc<Self>, Arc<Rule>)>, prototype: Member) -> Arc<Self> {
        Arc::new(Self { source, prototype, state: Mutex::default() })
    }

    pub(super) fn visible(&self) -> BTreeMap<Partition, Member> {
        lock(&self.state).visible.clone()
    }

    pub(super) fn get(&self, partition: Partition) -> Option<Member> {
        lock(&self.state).visible.get(&partition).cloned()
    }

    pub(super) fn keys(&self) -> Vec<Partition> {
        lock(&self.state).visible.keys().copied().collect()
    }

    fn children(&self) -> Vec<Arc<Self>> {
        let mut state = lock(&self.state);
        state.children.retain(|child| child.strong_count() > 0);
        state.children.iter().filter_map(Weak::upgrade).collect()
    }

    pub(super) fn add_child(&self, child: &Arc<Self>) {
        lock(&self.state).children.push(Arc::downgrade(child));
    }

    /// Whether the next cycle has something to make visible, here or in what is derived.
    pub(super) fn has_news(&self) -> bool {
        !lock(&self.state).prepared.is_empty() || self.children().iter().any(|child| child.has_news())
    }

    /// Makes the prepared tables visible. The caller holds the gate.
    pub(super) fn show(&self, wakers: &mut Vec<Waker>) {
        {
            let mut state = lock(&self.state);
            let prepared = std::mem::take(&mut state.prepared);
            state.watchers.retain(|watcher| watcher.strong_count() > 0);
            for partition in prepared.keys() {
                wakers.extend(state.watchers.iter().filter_map(|watcher| watcher.upgrade()?.push(*partition)));
            }
            state.visible.extend(prepared);
        }
        self.children().iter().for_each(|child| child.show(wakers));
    }

    /// Makes visible what was prepared, where the table that it comes from is visible. The caller holds the gate.
    pub(super) fn show_what_the_source_shows(&self) {
        let Some((parent, _)) = &self.source else { return };
        let shown = lock(&parent.state);
        let mut state = lock(&self.state);
        let (now, later): (BTreeMap<_, _>, BTreeMap<_, _>) =
            std::mem::take(&mut state.prepared).into_iter().partition(|(partition, _)| shown.visible.contains_key(partition));
        state.visible.extend(now);
        state.prepared = later;
    }

    pub(super) fn end(&self, wakers: &mut Vec<Waker>) {
        wakers.extend(lock(&self.state).watchers.drain(..).filter_map(|watcher| watcher.upgrade()?.end()));
        self.children().iter().for_each(|child| child.end(wakers));
    }

    /// The keys there are, then those that come. The caller holds the gate.
    pub(super) fn watch(&self) -> Arc<Queue<Partition>> {
        let queue = Queue::new(None);
        let mut state = lock(&self.state);
        for partition in state.visible.keys() {
            queue.push(*partition);
        }
        state.watchers.push(Arc::downgrade(&queue));
        queue
    }

    /// Adds the table of a partition. The caller holds the graph.
    pub(super) fn prepare(&self, graph: &mut Graph, partition: Partition, member: Member) {
        let mut state = lock(&self.state);
        state.claimed.insert(partition);
        if state.merge.strong_count() > 0 {
            // A cycle may have worked out the merge already: the next one takes the table in.
            graph.joins.push((Weak::clone(&state.merge), member.clone()));
        }
        state.prepared.insert(partition, member);
    }

    /// The merge of all tables, present and future. The caller holds the graph.
    pub(super) fn merge(&self, make: impl FnOnce(&Member) -> Arc<Node>) -> (Arc<Node>, Option<Vec<Arc<Segment>>>) {
        let mut state = lock(&self.state);
        if let Some(merge) = state.merge.upgrade() {
            return (merge, None);
        }
        let merge = make(&self.prototype);
        let mut rows = Vec::new();
        for member in state.visible.values().chain(state.prepared.values()) {
            rows.extend(join(&merge, member));
        }
        rows.sort_by_key(|segment| segment.sequence);
        state.merge = Arc::downgrade(&merge);
        (merge, Some(rows))
    }

    pub(super) fn members(&self) -> Vec<Member> {
        let state = lock(&self.state);
        state.visible.values().chain(state.prepared.values()).cloned().collect()
    }

    /// A partition whose table here, or in what is derived from here, is still to be made; from now on it is being made.
    fn claim(self: &Arc<Self>) -> Option<(Arc<Self>, Partition, Member)> {
        if let Some((parent, _)) = &self.source {
            let parents = lock(&parent.state);
            let mut state = lock(&self.state);
            let missing = parents
                .visible
                .iter()
                .chain(&parents.prepared)
                .find(|(partition, _)| !state.claimed.contains(partition))
                .map(|(partition, member)| (*partition, member.clone()));
            if let Some((partition, member)) = missing {
                state.claimed.insert(partition);
                return Some((Arc::clone(self), partition, member));
            }
        }
        self.children().iter().find_map(|child| child.claim())
    }

    /// Makes all tables that are derived from here and are still missing. The rules are the users' functions: they run without any
    /// lock, so that they may derive tables themselves.
    ///
    /// # Errors
    ///
    /// The first error of a rule. The others are made all the same.
    pub(super) fn fill(self: &Arc<Self>, core: &Arc<Core>) -> Result<()> {
        let mut first = Ok(());
        loop {
            let claimed = {
                let _graph = lock(&core.graph);
                self.claim()
            };
            let Some((family, partition, member)) = claimed else { return first };
            if let Err(error) = family.make(core, partition, &member) {
                tracing::warn!(topic = %core.topic, partition, %error, "a constituent could not be derived");
                core.book.trouble_of_table(error.clone());
                first = first.and(Err(error));
            }
        }
    }

    fn make(self: &Arc<Self>, core: &Arc<Core>, partition: Partition, member: &Member) -> Result<()> {
        let (Some((_, rule)), Some(lease)) = (&self.source, core.known_lease()) else { return Ok(()) };
        let table = Table::new(member.clone(), lease);
        if let Some(made) = guarded("transform", || rule(partition, &table))? {
            let made = made.member_of(core)?;
            made.must_be_like(&self.prototype)?;
            self.prepare(&mut lock(&core.graph), partition, made);
            core.news.notify_one();
        }
        Ok(())
    }
}

/// Lets the rows of a table flow into a merge, and answers with those that it has. The caller holds the graph.
pub(super) fn join(merge: &Arc<Node>, member: &Member) -> Vec<Arc<Segment>> {
    lock(&member.node.work).merges.push((Arc::downgrade(merge), Arc::clone(&member.lens)));
    member.node.seen().history().iter().map(|segment| Arc::new(segment.seen_through(&member.lens))).collect()
}

impl fmt::Debug for Family {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Family").field("keys", &self.keys()).finish_non_exhaustive()
    }
}
