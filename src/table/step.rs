//! What a cycle does to one table.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::account::Standing;
use super::holding::Holding;
use super::lock::lock;
use super::node::{Node, Source};
use super::positions::{PartitionPosition, Positions};
use super::segment::Segment;
use super::table_type::TableType;
use super::update::{Hold, Rows, Waiting};
use super::view::View;
use super::withdrawal::{Cut, Withdrawal};
use crate::error::Result;
use crate::position::Partition;

/// What comes to a table in a cycle: from chunks, or from the tables that it merges.
#[derive(Debug, Clone, Default)]
pub(super) struct Incoming {
    /// In any order.
    pub(super) added: Vec<Arc<Segment>>,
    /// Of the partitions that have moved.
    pub(super) accounts: BTreeMap<Partition, Standing>,
    pub(super) holds: Vec<Arc<Hold>>,
}

/// What a cycle changes in a table.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) removed: usize,
    pub(super) added: Vec<Arc<Segment>>,
    pub(super) holds: Vec<Arc<Hold>>,
    /// Where rows leave it because their log lost them. Then none is removed or added.
    pub(super) withdrawn: Option<Arc<Withdrawal>>,
    /// The table afterwards.
    pub(super) view: View,
}

impl Step {
    /// Of a table that keeps its own house.
    pub(super) fn own(node: &Node, incoming: Incoming) -> Self {
        let mut view = View::clone(&node.seen());
        let mut work = lock(&node.work);
        let mut added = incoming.added;
        let mut removed = 0;
        match node.table_type {
            TableType::Append => {}
            TableType::Blink => removed = view.rows,
            TableType::Ring(most) => {
                let arrived: usize = added.iter().map(|segment| segment.rows()).sum();
                let over = (view.rows + arrived).saturating_sub(most);
                let beyond = over.saturating_sub(view.rows);
                removed = over.min(view.rows).max(view.rows_beyond(node.most_bytes));
                added = without_first(added, beyond);
                work.holding.remove(removed);
                added.iter().for_each(|segment| work.holding.add(&segment.origin));
            }
        }
        let mut positions = Positions::clone(&view.positions);
        if node.table_type == TableType::Blink {
            positions.partitions.values_mut().for_each(|position| position.first = position.next);
        }
        for (partition, Standing { span: account, generation }) in incoming.accounts {
            let begun = PartitionPosition { first: account.first, next: account.next, account, generation };
            let position = positions.partitions.entry(partition).or_insert(begun);
            let first = if position.generation == generation { position.first } else { account.first };
            *position = PartitionPosition { first, ..begun };
        }
        if node.is_ring() {
            work.holding.place(&mut positions);
        }
        view.positions = Arc::new(positions);
        Self { removed, added, holds: incoming.holds, withdrawn: None, view }.applied()
    }

    /// Of a table that keeps its own house, when a log loses its end.
    pub(super) fn cut(node: &Node, cut: &Cut) -> Self {
        let mut view = View::clone(&node.seen());
        let ranges = view.withdraw(cut.log, cut.from);
        let mut positions = Positions::clone(&view.positions);
        if let Some(position) = positions.partitions.get_mut(&cut.log.partition) {
            (position.next, position.account) = (cut.left.next, cut.left);
            position.first = position.first.min(position.next);
        }
        if node.is_ring() {
            let holding = Holding::of(&view);
            holding.place(&mut positions);
            lock(&node.work).holding = holding;
        }
        view.positions = Arc::new(positions);
        Self::withdrawing(*cut, ranges, view)
    }

    /// Of a table that is derived from one that gave up rows because a log lost its end.
    fn cut_derived(node: &Node, parent: &Self, withdrawn: &Withdrawal) -> Self {
        let mut view = View::clone(&node.seen());
        let ranges = view.withdraw(withdrawn.cut.log, withdrawn.cut.from);
        if node.is_ring() {
            lock(&node.work).withdraw_masks(&withdrawn.ranges);
        }
        view.positions = Arc::clone(&parent.view.positions);
        Self::withdrawing(withdrawn.cut, ranges, view)
    }

    fn withdrawing(cut: Cut, ranges: Vec<Range<usize>>, view: View) -> Self {
        let withdrawn = Some(Arc::new(Withdrawal { cut, ranges }));
        Self { removed: 0, added: Vec::new(), holds: Vec::new(), withdrawn, view }
    }

    /// Of a table that is derived from one that was changed by `parent`.
    pub(super) fn derived(node: &Node, parent: &Self) -> Result<Self> {
        if let Some(withdrawn) = &parent.withdrawn {
            return Ok(Self::cut_derived(node, parent, withdrawn));
        }
        let mut view = View::clone(&node.seen());
        // The user's function: no lock is held while it runs.
        let (added, masks) = node.convert(&parent.added)?;
        let mut work = lock(&node.work);
        let removed = match (node.table_type, &node.source) {
            (TableType::Append, _) => 0,
            (TableType::Blink, _) => view.rows,
            (TableType::Ring(_), Source::Filter { .. }) => work.unmask(parent.removed),
            (TableType::Ring(_), _) => parent.removed,
        };
        work.masks.extend(masks);
        view.positions = Arc::clone(&parent.view.positions);
        Ok(Self { removed, added, holds: parent.holds.clone(), withdrawn: None, view }.applied())
    }

    /// What an update that waits for a subscriber says of the table, for a table that is derived from it meanwhile.
    pub(super) fn told(waiting: Waiting) -> Self {
        let added = match waiting.added {
            Rows::All(view) => view.history(),
            Rows::Cycle(segments) => segments.iter().map(Arc::clone).collect(),
        };
        let view = View { positions: waiting.positions, ..View::default() };
        let holds = waiting.holds.iter().map(Arc::clone).collect();
        Self { removed: waiting.removed, added, holds, withdrawn: waiting.withdrawn, view }
    }

    /// With the view changed as the rest says.
    pub(super) fn applied(mut self) -> Self {
        if self.removed > 0 {
            self.view.remove(self.removed);
        }
        for segment in &self.added {
            self.view.push(Arc::clone(segment));
        }
        self
    }
}

/// What is left of `added` when its first `rows` rows are gone before anybody saw them.
pub(super) fn without_first(added: Vec<Arc<Segment>>, mut rows: usize) -> Vec<Arc<Segment>> {
    let mut left = Vec::with_capacity(added.len());
    for segment in added {
        let cut = rows.min(segment.rows());
        rows -= cut;
        match cut {
            0 => left.push(segment),
            cut if cut < segment.rows() => left.push(Arc::new(segment.tail(cut))),
            _ => {}
        }
    }
    left
}
