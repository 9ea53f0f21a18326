//! What a cycle does to one table.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::lock::lock;
use super::node::{Node, Source};
use super::positions::{PartitionPosition, Positions};
use super::segment::Added;
use super::table_type::TableType;
use super::update::Hold;
use super::view::View;
use crate::error::Result;
use crate::position::{Partition, Span};

/// What comes to a table in a cycle: from chunks, or from the tables that it merges.
#[derive(Debug, Clone, Default)]
pub(super) struct Incoming {
    pub(super) added: Vec<Added>,
    /// Of the partitions that have moved.
    pub(super) accounts: BTreeMap<Partition, Span>,
    pub(super) holds: Vec<Arc<Hold>>,
}

/// What a cycle changes in a table.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) removed: usize,
    pub(super) added: Vec<Added>,
    pub(super) holds: Vec<Arc<Hold>>,
    /// The table afterwards.
    pub(super) view: View,
}

impl Step {
    /// Of a table that keeps its own house.
    pub(super) fn own(node: &Node, incoming: Incoming) -> Self {
        let mut view = View::clone(&node.seen());
        let mut work = lock(&node.work);
        let mut added = std::mem::take(&mut work.backlog);
        added.extend(incoming.added);
        let mut removed = 0;
        match node.table_type {
            TableType::Append => {}
            TableType::Blink => removed = view.rows,
            TableType::Ring(most) => {
                let arrived: usize = added.iter().map(Added::rows).sum();
                let over = (view.rows + arrived).saturating_sub(most);
                removed = over.min(view.rows);
                added = without_first(added, over - removed);
                work.holding.remove(removed);
                added.iter().for_each(|added| work.holding.add(&added.origin));
            }
        }
        let mut positions = Positions::clone(&view.positions);
        if node.table_type == TableType::Blink {
            positions.partitions.values_mut().for_each(|position| position.first = position.next);
        }
        for (partition, account) in incoming.accounts {
            let position = positions.partitions.entry(partition).or_insert(PartitionPosition {
                first: account.first,
                next: account.next,
                account,
            });
            (position.next, position.account) = (account.next, account);
        }
        if node.is_ring() {
            for (partition, position) in &mut positions.partitions {
                position.first = work.holding.first(*partition).unwrap_or(position.next);
            }
        }
        view.positions = Arc::new(positions);
        Self { removed, added, holds: incoming.holds, view }.applied()
    }

    /// Of a table that is derived from one that was changed by `parent`.
    pub(super) fn derived(node: &Node, parent: &Self) -> Result<Self> {
        let mut view = View::clone(&node.seen());
        let mut work = lock(&node.work);
        let removed = match (node.table_type, &node.source) {
            (TableType::Append, _) => 0,
            (TableType::Blink, _) => view.rows,
            (TableType::Ring(_), Source::Filter { .. }) => work.unmask(parent.removed),
            (TableType::Ring(_), _) => parent.removed,
        };
        let added = node.convert(&parent.added, &mut work)?;
        if node.is_ring() {
            work.holding.remove(removed);
            added.iter().for_each(|added| work.holding.add(&added.origin));
        }
        view.positions = Arc::clone(&parent.view.positions);
        Ok(Self { removed, added, holds: parent.holds.clone(), view }.applied())
    }

    fn applied(mut self) -> Self {
        if self.removed > 0 {
            self.view.remove(self.removed);
        }
        for added in &self.added {
            self.view.push(Arc::clone(&added.segment));
        }
        self
    }

    pub(super) fn accounts(&self) -> BTreeMap<Partition, Span> {
        self.view.positions.iter().map(|(partition, position)| (partition, position.account)).collect()
    }
}

/// What is left of `added` when its first `rows` rows are gone before anybody saw them.
pub(super) fn without_first(added: Vec<Added>, mut rows: usize) -> Vec<Added> {
    let mut left = Vec::with_capacity(added.len());
    for added in added {
        let cut = rows.min(added.rows());
        rows -= cut;
        match cut {
            0 => left.push(added),
            cut if cut < added.rows() => left.push(added.tail(cut)),
            _ => {}
        }
    }
    left
}
