//! One table of a consumption, behind all its handles.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::task::Waker;

use arrow_array::{Array, BooleanArray, RecordBatch};
use arrow_schema::SchemaRef;

use super::family::Family;
use super::holding::Holding;
use super::lens::Lens;
use super::lock::lock;
use super::origin::gaps_between;
use super::queue::Queue;
use super::segment::Segment;
use super::step::Step;
use super::table_type::TableType;
use super::update::{Hold, Holds, Rows, Waiting};
use super::view::View;
use crate::error::{Error, Result};

/// Rows of a batch as other columns, as many as before.
pub(super) type Map = dyn Fn(&RecordBatch) -> Result<RecordBatch> + Send + Sync;
/// Which rows of a batch are kept; null is no.
pub(super) type Predicate = dyn Fn(&RecordBatch) -> Result<BooleanArray> + Send + Sync;

/// Where a table's rows come from.
pub(super) enum Source {
    /// Chunks. What is removed is this table's own affair.
    Own,
    /// The tables of a family, which must be there as long as this one. What is removed is this table's own affair.
    Merge {
        #[expect(dead_code, reason = "held, so that the tables that come later flow in too")]
        family: Arc<Family>,
    },
    /// The rows of another table, changed. What leaves that one leaves this one.
    Map {
        #[expect(dead_code, reason = "held, so that its rows go on to flow")]
        parent: Arc<Node>,
        map: Arc<Map>,
    },
    /// Some rows of another table.
    Filter {
        #[expect(dead_code, reason = "held, so that its rows go on to flow")]
        parent: Arc<Node>,
        predicate: Arc<Predicate>,
    },
}

/// A table.
pub(super) struct Node {
    pub(super) schema: SchemaRef,
    pub(super) table_type: TableType,
    pub(super) source: Source,
    /// A ring that holds more gives up its oldest rows, however few they are.
    pub(super) most_bytes: usize,
    /// What is visible. Read and written under the gate of the consumption only, so that all tables change together.
    pub(super) view: Mutex<Arc<View>>,
    /// What the visible rows of a blink table cost: who subscribes now takes them with him. Read and written as the view is.
    lit: Mutex<Holds>,
    /// None after the end.
    pub(super) subscribers: Mutex<Option<Vec<Weak<Queue<Waiting>>>>>,
    /// Changed by cycles, and when tables are made of this one. No user's function runs under it.
    pub(super) work: Mutex<Work>,
    /// Bytes of all tables of the consumption.
    held: Arc<AtomicUsize>,
}

/// What a table showed before, and what that cost, on their way to be dropped.
pub(super) struct Past {
    _view: Arc<View>,
    _cost: Option<Holds>,
}

/// What a table remembers from cycle to cycle, beside its rows.
#[derive(Default)]
pub(super) struct Work {
    pub(super) children: Vec<Weak<Node>>,
    /// The tables that this one is merged into, and how they see it.
    pub(super) merges: Vec<(Weak<Node>, Arc<Lens>)>,
    /// Of a ring that keeps its own house.
    pub(super) holding: Holding,
    /// Of a filtered ring: which of the parent's rows were kept, and how many of the first mask are gone.
    pub(super) masks: VecDeque<BooleanArray>,
    /// The table's function failed: it stays as it is.
    pub(super) failed: Option<Error>,
}

impl Node {
    pub(super) fn new(
        schema: SchemaRef,
        table_type: TableType,
        source: Source,
        most_bytes: usize,
        held: &Arc<AtomicUsize>,
    ) -> Arc<Self> {
        Arc::new(Self {
            schema,
            table_type,
            source,
            most_bytes,
            view: Mutex::default(),
            lit: Mutex::new(Arc::new([])),
            subscribers: Mutex::new(Some(Vec::new())),
            work: Mutex::default(),
            held: Arc::clone(held),
        })
    }

    pub(super) fn is_ring(&self) -> bool {
        matches!(self.table_type, TableType::Ring(_))
    }

    /// Makes `view` the visible one, and answers with the one before. The caller holds the gate, and lets go of that one when no lock is
    /// held: it may be the last to hold rows, and to free them takes time.
    #[must_use = "to be dropped when no lock is held"]
    pub(super) fn show(&self, view: Arc<View>) -> Arc<View> {
        let mut shown = lock(&self.view);
        self.held.fetch_add(view.bytes, Ordering::AcqRel);
        self.held.fetch_sub(shown.bytes, Ordering::AcqRel);
        std::mem::replace(&mut *shown, view)
    }

    /// As [`Node::show`], with what the rows cost.
    #[must_use = "to be dropped when no lock is held"]
    pub(super) fn show_step(&self, step: &Step) -> Past {
        let view = self.show(Arc::new(step.view.clone()));
        let cost = if step.withdrawn.is_some() && step.view.rows > 0 {
            // What is left of the rows costs what it did.
            None
        } else {
            let lit = || std::mem::replace(&mut *lock(&self.lit), step.holds.iter().map(Arc::clone).collect());
            (self.table_type == TableType::Blink).then(lit)
        };
        Past { _view: view, _cost: cost }
    }

    /// Ends the updates of this table; who waits for one is to be woken. The caller holds the gate.
    pub(super) fn end_updates(&self) -> Vec<Waker> {
        *lock(&self.lit) = Arc::new([]);
        lock(&self.subscribers).take().into_iter().flatten().filter_map(|queue| queue.upgrade()?.end()).collect()
    }

    pub(super) fn seen(&self) -> Arc<View> {
        Arc::clone(&lock(&self.view))
    }

    /// What a new subscriber reads first: all that there is. The caller holds the gate.
    pub(super) fn told(&self, cycle: u64) -> Waiting {
        let view = self.seen();
        let positions = Arc::clone(&view.positions);
        let holds = Arc::clone(&lock(&self.lit));
        let added = Rows::All(view);
        Waiting { cycle, added, removed: 0, withdrawn: None, positions, missed: 0, bytes: Hold::bytes_of(&holds), holds }
    }

    /// Lets every cycle from now on flow into `queue`, if there will be any. The caller holds the gate.
    pub(super) fn subscribe(&self, queue: &Arc<Queue<Waiting>>) {
        match &mut *lock(&self.subscribers) {
            Some(subscribers) => subscribers.push(Arc::downgrade(queue)),
            None => drop(queue.end()),
        }
    }

    /// The tables that are derived from this one.
    pub(super) fn children(&self) -> Vec<Arc<Self>> {
        let mut work = lock(&self.work);
        work.children.retain(|child| child.strong_count() > 0);
        work.children.iter().filter_map(Weak::upgrade).collect()
    }

    /// Rows of the parent as this table has them, and of a filtered ring which they are. The functions are the user's: they may fail,
    /// they may panic, they may take their time, and they may make tables themselves.
    pub(super) fn convert(&self, added: &[Arc<Segment>]) -> Result<(Vec<Arc<Segment>>, Vec<BooleanArray>)> {
        let mut converted = Vec::with_capacity(added.len());
        let mut masks = Vec::new();
        for segment in added {
            match &self.source {
                Source::Own | Source::Merge { .. } => converted.push(Arc::clone(segment)),
                Source::Map { map, .. } => {
                    let batch = guarded("map", || map(&segment.batch))?;
                    if batch.num_rows() != segment.rows() || batch.schema() != self.schema {
                        let reason = format!(
                            "it made {} rows of {}, and the columns {:?}; a map keeps the number of rows, and its columns are always the same",
                            batch.num_rows(),
                            segment.rows(),
                            batch.schema_ref().fields().iter().map(|field| field.name()).collect::<Vec<_>>(),
                        );
                        return Err(Error::Columns { what: "mapping a table", reason });
                    }
                    let bytes = batch.get_array_memory_size();
                    converted.push(Arc::new(segment.with(batch, bytes)));
                }
                Source::Filter { predicate, .. } => {
                    let mask = kept(guarded("filter", || predicate(&segment.batch))?, segment.rows())?;
                    converted.extend(segment.filter(&mask)?);
                    if self.is_ring() {
                        masks.push(mask);
                    }
                }
            }
        }
        Ok((converted, masks))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.held.fetch_sub(lock(&self.view).bytes, Ordering::AcqRel);
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns: Vec<_> = self.schema.fields().iter().map(|field| field.name()).collect();
        formatter.debug_struct("Node").field("table_type", &self.table_type).field("columns", &columns).finish_non_exhaustive()
    }
}

impl Work {
    /// Of the parent's rows that leave, how many this filtered table had.
    pub(super) fn unmask(&mut self, mut rows: usize) -> usize {
        let mut gone = 0;
        while rows > 0 {
            let Some(mask) = self.masks.pop_front() else { break };
            if mask.len() <= rows {
                rows -= mask.len();
                gone += mask.true_count();
            } else {
                gone += mask.slice(0, rows).true_count();
                self.masks.push_front(mask.slice(rows, mask.len() - rows));
                rows = 0;
            }
        }
        gone
    }

    /// Rows of the parent are gone, from anywhere.
    pub(super) fn withdraw_masks(&mut self, gone: &[Range<usize>]) {
        let mut start = 0;
        let mut left = VecDeque::with_capacity(self.masks.len());
        for mask in self.masks.drain(..) {
            let rows = start..start + mask.len();
            start = rows.end;
            let kept = gaps_between(gone, &rows);
            match &*kept {
                [] => {}
                [whole] if whole.len() == mask.len() => left.push_back(mask),
                parts => left.extend(parts.iter().map(|part| mask.slice(part.start, part.len()))),
            }
        }
        self.masks = left;
    }
}

/// A mask without nulls, of the right length.
fn kept(mask: BooleanArray, rows: usize) -> Result<BooleanArray> {
    if mask.len() != rows {
        let reason = format!("it answered {} times for {rows} rows", mask.len());
        return Err(Error::Columns { what: "filtering a table", reason });
    }
    Ok(match mask.nulls() {
        Some(nulls) => BooleanArray::new(mask.values() & nulls.inner(), None),
        None => mask,
    })
}

/// Runs a user's function: a panic in it fails that table, not the consumption.
pub(super) fn guarded<T>(what: &str, function: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(function)).unwrap_or_else(|panic| {
        let reason = panic
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".into());
        Err(Error::Columns { what: "a function of a derived table", reason: format!("{what} panicked: {reason}") })
    })
}
