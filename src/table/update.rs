//! What one cycle changed in a table.

use std::sync::{Arc, Mutex, Weak};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::budget::Charge;
use super::lens::Lens;
use super::lock::lock;
use super::positions::Positions;
use super::queue::Item;
use super::segment::Segment;
use super::view::View;
use super::withdrawal::Withdrawal;

/// The charges of the rows of an update.
pub(super) type Holds = Arc<[Arc<Hold>]>;

/// The charges of a chunk: bytes are on their way until every reader has let go of them.
#[derive(Debug)]
pub(super) struct Hold {
    /// What the chunk has taken of the budget, its share aside.
    pub(super) bytes: usize,
    pub(super) _charges: Vec<Charge>,
}

impl Hold {
    /// What several have taken of the budget.
    pub(super) fn bytes_of(holds: &[Arc<Self>]) -> usize {
        holds.iter().map(|hold| hold.bytes).sum()
    }
}

/// An update as it waits, the same for all subscribers of a table.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) cycle: u64,
    pub(super) added: Rows,
    pub(super) removed: usize,
    pub(super) withdrawn: Option<Arc<Withdrawal>>,
    pub(super) positions: Arc<Positions>,
    pub(super) missed: u64,
    pub(super) holds: Holds,
    /// What these have taken of the budget. It is known here where they are given back all the same.
    pub(super) bytes: usize,
}

/// Rows that wait: those of a cycle, or all that a table had when the subscriber came.
#[derive(Debug, Clone)]
pub(super) enum Rows {
    Cycle(Arc<[Arc<Segment>]>),
    All(Arc<View>),
}

impl Rows {
    fn count(&self) -> usize {
        match self {
            Self::Cycle(segments) => segments.iter().map(|segment| segment.rows()).sum(),
            Self::All(view) => view.rows,
        }
    }
}

impl Item for Waiting {
    fn bytes(&self) -> usize {
        self.bytes
    }

    fn must_be_read(&self) -> bool {
        self.withdrawn.is_some()
    }

    fn drop_into(self, next: &mut Self) {
        next.missed += self.missed + self.added.count() as u64;
        next.removed += self.removed;
    }
}

/// The charges of the update that a reader is at.
#[derive(Debug)]
pub(super) struct InHand {
    holds: Mutex<Holds>,
}

impl InHand {
    /// The reader is done with it, whether or not it keeps the rows.
    pub(super) fn release(&self) {
        let holds = std::mem::replace(&mut *lock(&self.holds), Arc::new([]));
        drop(holds);
    }
}

/// What one cycle changed: rows added at the end, rows removed at the front. Or rows withdrawn, wherever they are.
///
/// A copy of the table is kept by taking [`Update::removed`] rows from its front, then the [`Withdrawal::ranges`] of
/// [`Update::withdrawn`] out of what is left, then adding [`Update::added`] at its end. (A lossy subscriber puts [`Update::missed`] unknown
/// rows at the end first.) The rows count
/// against the consumption's memory budget until the update is dropped, the next is asked for, or the stream is dropped: whoever keeps
/// updates does not stop the fetch.
#[derive(Debug, Clone)]
pub struct Update {
    waiting: Waiting,
    /// Shared by all clones. The stream lets go of what is in it, too.
    in_hand: Arc<InHand>,
    schema: SchemaRef,
    added: Vec<RecordBatch>,
}

impl Update {
    pub(super) fn new(mut waiting: Waiting, lens: &Lens) -> Self {
        let holds = std::mem::replace(&mut waiting.holds, Arc::new([]));
        let added = match &waiting.added {
            Rows::Cycle(segments) => segments.iter().map(|segment| lens.look(&segment.batch)).collect(),
            Rows::All(view) => view.batches().map(|batch| lens.look(&batch)).collect(),
        };
        let in_hand = Arc::new(InHand { holds: Mutex::new(holds) });
        Self { waiting, in_hand, schema: Arc::clone(lens.schema()), added }
    }

    /// What this update has taken of the budget, as long as it is there.
    pub(super) fn in_hand(&self) -> Weak<InHand> {
        Arc::downgrade(&self.in_hand)
    }

    /// The number of the cycle; it grows, and is the same in all tables of a consumption.
    pub fn cycle(&self) -> u64 {
        self.waiting.cycle
    }

    /// The columns of the table.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The rows added at the end, in order. No batch is empty.
    pub fn added(&self) -> &[RecordBatch] {
        &self.added
    }

    /// How many rows were added.
    pub fn added_rows(&self) -> usize {
        self.added.iter().map(RecordBatch::num_rows).sum()
    }

    /// How many rows were removed at the front, before others were added; those of missed cycles included.
    pub fn removed(&self) -> usize {
        self.waiting.removed
    }

    /// The rows that this update takes out, wherever they are, because the log lost the offsets that they came from.
    ///
    /// Such an update adds nothing and removes nothing at the front. It is never missed by a lossy subscriber; to one that missed those
    /// before it, it also says how many rows these had added and removed.
    pub fn withdrawn(&self) -> Option<&Withdrawal> {
        self.waiting.withdrawn.as_deref()
    }

    /// Where the table stands after the cycle.
    pub fn positions(&self) -> &Positions {
        &self.waiting.positions
    }

    /// How many added rows a lossy subscriber missed between the update before and this one. Always 0 for others.
    pub fn missed(&self) -> u64 {
        self.waiting.missed
    }
}
