//! Where chunks arrive: the one place that moves a position.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_schema::SchemaRef;

use super::budget::{Budget, Charge};
use super::chunk::Chunk;
use super::error_table::error_schema;
use crate::error::{Error, Result};
use crate::position::{Offset, Partition, Span};

/// Chunks that are in the table and not visible yet, and the positions.
#[derive(Debug, Default)]
pub(super) struct Intake {
    accounts: BTreeMap<Partition, Account>,
    pending: Pending,
    schema: Option<SchemaRef>,
    /// Each partition has a share of this budget.
    by_partition: Option<Budget>,
    sequence: u64,
    ended: bool,
}

#[derive(Debug)]
struct Account {
    span: Span,
    share: Option<Budget>,
}

/// What the next cycle makes visible.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) arrivals: Vec<Arrival>,
    /// The partitions that moved or began, and where they are now.
    pub(super) accounts: BTreeMap<Partition, Span>,
}

/// A chunk in its place among all others.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) chunk: Chunk,
    pub(super) shares: Vec<Charge>,
    pub(super) sequence: u64,
}

impl Pending {
    pub(super) fn is_empty(&self) -> bool {
        self.arrivals.is_empty() && self.accounts.is_empty()
    }
}

impl Intake {
    /// What chunks must look like. A budget where each partition has its share of it.
    pub(super) fn open(&mut self, schema: SchemaRef, by_partition: Option<Budget>) {
        self.schema = Some(schema);
        self.by_partition = by_partition;
    }

    /// Begins a partition; false where it is known already, or where all is over.
    pub(super) fn start(&mut self, partition: Partition, offset: Offset) -> bool {
        if self.ended || self.accounts.contains_key(&partition) {
            return false;
        }
        let span = Span::empty(partition, offset);
        let share = self.by_partition.as_ref().map(|budget| budget.share(budget.limit()));
        self.accounts.insert(partition, Account { span, share });
        self.pending.accounts.insert(partition, span);
        true
    }

    pub(super) fn position(&self, partition: Partition) -> Option<Offset> {
        self.accounts.get(&partition).map(|account| account.span.next)
    }

    pub(super) fn resume_point(&self, partition: Partition) -> Option<(Offset, i32)> {
        self.accounts.get(&partition).map(|account| (account.span.next, account.span.leader_epoch))
    }

    pub(super) fn positions(&self) -> impl Iterator<Item = (Partition, Offset)> + '_ {
        self.accounts.iter().map(|(partition, account)| (*partition, account.span.next))
    }

    pub(super) fn has_shares(&self) -> bool {
        self.by_partition.is_some()
    }

    /// Whether a partition's share of the budget has room; it has where there are no shares.
    ///
    /// The shares are even: were they more, those of the partitions that nobody reads from could fill the whole budget, and stop the
    /// others.
    pub(super) fn has_room(&self, partition: Partition) -> bool {
        let Some(share) = self.accounts.get(&partition).and_then(|account| account.share.as_ref()) else { return true };
        share.used() == 0 || share.used() < share.limit() / self.accounts.len().max(1)
    }

    /// Takes in a chunk, all of it or nothing.
    pub(super) fn append(&mut self, chunk: Chunk) -> Result<()> {
        if self.ended {
            return Err(Error::Closed);
        }
        chunk.check()?;
        self.check_columns(&chunk)?;
        let mut moved: BTreeMap<Partition, Span> = BTreeMap::new();
        for span in &chunk.spans {
            let known = self.accounts.get(&span.partition).map(|account| account.span);
            let Some(before) = moved.get(&span.partition).copied().or(known) else {
                let reason = format!("partition {} was never started", span.partition);
                return Err(Error::Columns { what: "appending a chunk", reason });
            };
            if before.next != span.first || span.next < span.first {
                return Err(Error::NotContiguous { partition: span.partition, expected: before.next, found: span.first });
            }
            let mut after = before;
            after.extend(span);
            moved.insert(span.partition, after);
        }
        let partitions: BTreeSet<Partition> = moved.keys().copied().collect();
        let mut shares = Vec::new();
        for (partition, span) in moved {
            if let Some(account) = self.accounts.get_mut(&partition) {
                account.span = span;
                shares.extend(account.share.as_ref().map(|share| share.charge(chunk.charge.bytes() / partitions.len())));
            }
            self.pending.accounts.insert(partition, span);
        }
        let sequence = self.sequence;
        // Each run of rows has a place of its own.
        self.sequence += chunk.spans.len().max(1) as u64;
        self.pending.arrivals.push(Arrival { chunk, shares, sequence });
        Ok(())
    }

    fn check_columns(&self, chunk: &Chunk) -> Result<()> {
        let errors = chunk.errors.as_ref().is_none_or(|errors| errors.schema() == error_schema());
        let rows = self.schema.as_ref().is_some_and(|schema| {
            Arc::ptr_eq(schema, chunk.batch.schema_ref()) || schema.fields() == chunk.batch.schema_ref().fields()
        });
        if errors && rows {
            return Ok(());
        }
        let reason = format!("its columns are not the table's: {:?}", chunk.batch.schema_ref().fields());
        Err(Error::Columns { what: "appending a chunk", reason })
    }

    pub(super) fn has_news(&self) -> bool {
        !self.pending.is_empty()
    }

    pub(super) fn take(&mut self) -> Pending {
        std::mem::take(&mut self.pending)
    }

    /// Nothing is taken in any more.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }
}
