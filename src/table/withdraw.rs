//! What happens to the tables when a log is not the one that was read: rows that it lost leave them, or it begins anew.

use std::sync::Arc;

use super::core::{Core, Graph};
use super::lock::lock;
use super::node::Node;
use super::origin::Log;
use super::round::Round;
use super::step::Incoming;
use super::table_type::TableType;
use crate::error::Result;
use crate::position::{Offset, Partition, Span};

impl Core {
    /// Takes the rows from the offset `to` on out of all tables, in a cycle of its own, and says what had become of the offsets that are
    /// lost. What waits to become visible becomes visible first: so each subscriber sees what every other sees.
    pub(super) fn withdraw(&self, partition: Partition, to: Offset) -> Result<Span> {
        let _turn = lock(&self.turn);
        let cut = loop {
            let log = lock(&self.intake).log_before(partition, to)?;
            self.show_what_came();
            let rows = lock(&self.graph).rows_beyond(log, to);
            let mut intake = lock(&self.intake);
            if intake.position(partition) == Some(to) {
                return Ok(Span::empty(partition, to));
            }
            // A lane that still had the partition may have appended to it meanwhile.
            if !intake.has_news_of(partition)
                && let Some(cut) = intake.truncate(partition, to, rows)
            {
                break cut;
            }
        };
        let mut round = Round { cut: Some(cut), ..Round::default() };
        let own: Vec<_> = lock(&self.graph).tables_of(partition).map(Arc::clone).collect();
        for node in own.into_iter().chain([Arc::clone(&self.errors)]) {
            round.own(node, Incoming::default());
        }
        self.complete(round);
        Ok(cut.lost)
    }

    /// Begins a partition anew at `at`. The rows stay. What waits to become visible becomes visible first.
    pub(super) fn restart(&self, partition: Partition, at: Offset) -> Result<()> {
        let _turn = lock(&self.turn);
        loop {
            self.show_what_came();
            let mut intake = lock(&self.intake);
            if !intake.has_news_of(partition) {
                intake.restart(partition, at)?;
                break;
            }
        }
        self.show_pending();
        Ok(())
    }

    /// A blink table is not emptied for it: what is left of the current cycle is still that.
    fn show_what_came(&self) {
        if lock(&self.intake).has_news() {
            self.show_pending();
        }
    }
}

impl Graph {
    /// The tables that the chunks of a partition go to.
    fn tables_of(&self, partition: Partition) -> impl Iterator<Item = &Arc<Node>> {
        self.plain.iter().chain(self.constituents.get(&partition))
    }

    /// How many rows came from an offset of `log` that is `from` or higher, where a table has all of them.
    fn rows_beyond(&self, log: Log, from: Offset) -> Option<u64> {
        let node = self.tables_of(log.partition).find(|node| node.table_type == TableType::Append)?;
        Some(node.seen().rows_from(log, from))
    }
}
