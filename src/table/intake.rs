//! Where chunks arrive: the one place that moves a position.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_schema::SchemaRef;

use super::account::{Account, Standing};
use super::budget::{Budget, Charge};
use super::chunk::Chunk;
use super::error_table::error_schema;
use super::ledger::Fates;
use super::origin::Log;
use super::withdrawal::Cut;
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

/// What the next cycle makes visible.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) arrivals: Vec<Arrival>,
    /// The partitions that moved or began, and where they are now.
    pub(super) accounts: BTreeMap<Partition, Standing>,
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
        let share = self.by_partition.as_ref().map(|budget| budget.share(budget.limit()));
        let account = Account::new(partition, offset, share);
        self.pending.accounts.insert(partition, account.standing);
        self.accounts.insert(partition, account);
        true
    }

    pub(super) fn account(&self, partition: Partition) -> Option<&Account> {
        self.accounts.get(&partition)
    }

    pub(super) fn position(&self, partition: Partition) -> Option<Offset> {
        self.account(partition).map(Account::position)
    }

    pub(super) fn positions(&self) -> impl Iterator<Item = (Partition, Offset)> + '_ {
        self.accounts.iter().map(|(partition, account)| (*partition, account.position()))
    }

    /// The log of a partition, where it can go back to `to`.
    pub(super) fn log_before(&self, partition: Partition, to: Offset) -> Result<Log> {
        if self.ended {
            return Err(Error::Closed);
        }
        let account = self.account(partition).ok_or_else(|| never_started("withdrawing rows", partition))?;
        if to > account.position() {
            return Err(Error::NotContiguous { partition, expected: account.position(), found: to });
        }
        Ok(account.log())
    }

    /// Goes back to `to` in one partition, all of which is visible. `rows`, where that is known, is how many rows come from the offsets
    /// from there on.
    pub(super) fn truncate(&mut self, partition: Partition, to: Offset, rows: Option<u64>) -> Option<Cut> {
        self.accounts.get_mut(&partition).map(|account| account.truncate(to, rows))
    }

    /// Begins a partition anew at `at`, all of which is visible.
    pub(super) fn restart(&mut self, partition: Partition, at: Offset) -> Result<()> {
        if self.ended {
            return Err(Error::Closed);
        }
        let account = self.accounts.get_mut(&partition).ok_or_else(|| never_started("restarting a partition", partition))?;
        account.restart(at);
        self.pending.accounts.insert(partition, account.standing);
        Ok(())
    }

    /// Whether something of a partition waits to become visible.
    pub(super) fn has_news_of(&self, partition: Partition) -> bool {
        self.pending.accounts.contains_key(&partition)
    }

    /// What became of each partition's offsets.
    pub(super) fn spans(&self) -> impl Iterator<Item = Span> + '_ {
        self.accounts.values().map(|account| account.standing.span)
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

    /// Takes in a chunk that agrees with itself, all of it or nothing.
    pub(super) fn append(&mut self, chunk: Chunk, fates: Vec<Option<Fates>>) -> Result<()> {
        if self.ended {
            return Err(Error::Closed);
        }
        self.check_columns(&chunk)?;
        let mut moved: BTreeMap<Partition, Offset> = BTreeMap::new();
        for span in &chunk.spans {
            let known = || self.position(span.partition);
            let Some(expected) = moved.get(&span.partition).copied().or_else(known) else {
                return Err(never_started("appending a chunk", span.partition));
            };
            if expected != span.first || span.next < span.first {
                return Err(Error::NotContiguous { partition: span.partition, expected, found: span.first });
            }
            moved.insert(span.partition, span.next);
        }
        for (span, fates) in chunk.spans.iter().zip(fates) {
            if let Some(account) = self.accounts.get_mut(&span.partition) {
                account.extend(span, fates);
            }
        }
        let mut shares = Vec::new();
        for partition in moved.keys() {
            if let Some(account) = self.accounts.get(partition) {
                shares.extend(account.share.as_ref().map(|share| share.charge(chunk.charge.bytes() / moved.len())));
                self.pending.accounts.insert(*partition, account.standing);
            }
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

fn never_started(what: &'static str, partition: Partition) -> Error {
    Error::Columns { what, reason: format!("partition {partition} was never started") }
}
