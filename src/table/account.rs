//! Where the table stands in one partition, and what it was told on the way there.

use super::budget::Budget;
use super::epochs::Epochs;
use super::ledger::{Fates, Ledger};
use super::origin::Log;
use super::withdrawal::Cut;
use crate::position::{Offset, Partition, Span};

/// What became of the offsets of a partition, and which generation of it that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) span: Span,
    pub(super) generation: u32,
}

/// A partition as its table knows it.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) standing: Standing,
    pub(super) share: Option<Budget>,
    ledger: Ledger,
    epochs: Epochs,
}

impl Account {
    pub(super) fn new(partition: Partition, offset: Offset, share: Option<Budget>) -> Self {
        let standing = Standing { span: Span::empty(partition, offset), generation: 0 };
        Self { standing, share, ledger: Ledger::default(), epochs: Epochs::default() }
    }

    pub(super) fn log(&self) -> Log {
        Log { partition: self.standing.span.partition, generation: self.standing.generation }
    }

    pub(super) fn position(&self) -> Offset {
        self.standing.span.next
    }

    /// Takes in the run that follows.
    pub(super) fn extend(&mut self, span: &Span, fates: Option<Fates>) {
        self.standing.span.extend(span);
        self.ledger.add(span, fates);
        if span.next > span.first {
            self.epochs.note(span.leader_epoch, span.first);
        }
    }

    pub(super) fn epoch_at(&self, offset: Offset) -> i32 {
        if offset < self.position() { self.epochs.at(offset) } else { -1 }
    }

    pub(super) fn epoch_end(&self, epoch: i32) -> Offset {
        self.epochs.end(epoch).unwrap_or(self.position())
    }

    /// Goes back to `to`. `rows`, where it is known, is how many rows come from the offsets from there on.
    pub(super) fn truncate(&mut self, to: Offset, rows: Option<u64>) -> Cut {
        let before = self.standing.span;
        let rows = rows.map(|rows| before.rows.saturating_sub(rows));
        self.epochs.truncate(to);
        let mut left = self.ledger.truncate(to, rows).unwrap_or(Span::empty(before.partition, to));
        left.leader_epoch = self.epochs.at(to.saturating_sub(1));
        self.standing.span = left;
        let lost = Span {
            first: before.first.max(to),
            next: before.next,
            rows: before.rows - left.rows,
            errors: before.errors - left.errors,
            filtered: before.filtered - left.filtered,
            control: before.control - left.control,
            gaps: before.gaps - left.gaps,
            ..before
        };
        debug_assert!(left.adds_up() && lost.adds_up(), "{left:?} {lost:?}");
        Cut { log: self.log(), from: to, lost, left }
    }

    /// Begins anew, in a generation of its own.
    pub(super) fn restart(&mut self, at: Offset) {
        let Standing { span, generation } = self.standing;
        self.standing = Standing { span: Span::empty(span.partition, at), generation: generation.saturating_add(1) };
        (self.ledger, self.epochs) = (Ledger::default(), Epochs::default());
    }
}
