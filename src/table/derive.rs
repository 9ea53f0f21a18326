//! Tables made from tables.

use std::sync::Arc;

use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::ArrowError;

use super::core::Core;
use super::family::{Family, Member, Rule};
use super::handle::Table;
use super::lens::Lens;
use super::lock::lock;
use super::node::{Node, Source, guarded};
use super::partitioned::PartitionedTable;
use super::positions::Positions;
use super::proxy::Proxy;
use super::queue::Queue;
use super::segment::Segment;
use super::step::{Step, without_first};
use super::table_type::TableType;
use super::view::View;
use crate::error::{Error, Result};
use crate::position::Partition;

/// So that a function of a derived table may use Arrow's kernels with `?`.
impl From<ArrowError> for Error {
    fn from(error: ArrowError) -> Self {
        Self::Columns { what: "a function of a derived table", reason: error.to_string() }
    }
}

impl Table {
    /// The same rows with these columns only, in this order. Nothing is copied.
    ///
    /// # Errors
    ///
    /// [`UnknownColumn`](Error::UnknownColumn), [`DuplicateColumn`](Error::DuplicateColumn).
    pub fn select<S: AsRef<str>>(&self, columns: impl IntoIterator<Item = S>) -> Result<Self> {
        Ok(self.seen_through(self.lens().select(columns)?))
    }

    /// The same rows with columns of other names: `(old, new)`. Nothing is copied.
    ///
    /// # Errors
    ///
    /// As [`Table::select`].
    pub fn rename<A: AsRef<str>, B: Into<String>>(&self, names: impl IntoIterator<Item = (A, B)>) -> Result<Self> {
        Ok(self.seen_through(self.lens().rename(names)?))
    }

    fn seen_through(&self, lens: Lens) -> Self {
        Self::new(Member { node: Arc::clone(&self.member.node), lens: Arc::new(lens) }, Arc::clone(&self.lease))
    }

    /// The rows for which `predicate` is true; a null is not. Of a ring, those among the rows that the ring holds.
    ///
    /// The function is called once for every batch that comes, within the cycle: a slow one makes the cycles of this consumption slow, and
    /// nothing else. It answers the same for the same row, and does not wait for the end of the consumption. It is tried on a batch
    /// without rows at once. Where it fails later, this table stays as it is, its updates end, and [`Table::finished`] has the error.
    ///
    /// # Errors
    ///
    /// What the function says of a batch without rows.
    pub fn filter(&self, predicate: impl Fn(&RecordBatch) -> Result<BooleanArray> + Send + Sync + 'static) -> Result<Self> {
        let lens = Arc::clone(self.lens());
        guarded("filter", || predicate(&RecordBatch::new_empty(self.schema())))?;
        let source = Source::Filter {
            parent: Arc::clone(&self.member.node),
            predicate: Arc::new(move |batch| predicate(&lens.look(batch))),
        };
        let node = self.core().node(Arc::clone(&self.member.node.schema), self.table_type(), source);
        self.core().derive(&self.member.node, &node)?;
        Ok(Self::new(Member { node, lens: Arc::clone(self.lens()) }, Arc::clone(&self.lease)))
    }

    /// Other columns for the same rows: `map` makes of each batch one of as many rows, always with the same columns. It is called, and
    /// may fail, as the function of [`Table::filter`].
    ///
    /// # Errors
    ///
    /// What the function says of a batch without rows.
    pub fn map(&self, map: impl Fn(&RecordBatch) -> Result<RecordBatch> + Send + Sync + 'static) -> Result<Self> {
        let lens = Arc::clone(self.lens());
        let schema = guarded("map", || map(&RecordBatch::new_empty(self.schema())))?.schema();
        let source = Source::Map { parent: Arc::clone(&self.member.node), map: Arc::new(move |batch| map(&lens.look(batch))) };
        let node = self.core().node(schema, self.table_type(), source);
        self.core().derive(&self.member.node, &node)?;
        Ok(Self::new(Member::of(node), Arc::clone(&self.lease)))
    }
}

impl PartitionedTable {
    /// All constituents as one table, in order of arrival, those included that come later. The table type is kept: of blink tables one
    /// with the rows of the current cycle, of rings of N one with the last N rows of all. What was in the constituents before is taken in
    /// the order in which their chunks came.
    pub fn merge(&self) -> Table {
        let core = self.core();
        let mut graph = lock(&core.graph);
        let make = |prototype: &Member| {
            let source = Source::Merge { family: Arc::clone(&self.family) };
            core.node(Arc::clone(prototype.lens.schema()), prototype.node.table_type, source)
        };
        let (node, rows) = self.family.merge(make);
        if let Some(rows) = rows {
            core.begin_merge(&node, rows, &self.family);
            graph.merges.push(Arc::downgrade(&node));
        }
        drop(graph);
        Table::new(Member::of(node), Arc::clone(&self.lease))
    }

    /// A partitioned table of what `transform` makes of each constituent, those included that come later. It is tried at once on a table
    /// without rows, which says what the columns will be.
    ///
    /// # Errors
    ///
    /// The first error of the function. Where it fails for a constituent that comes later, that one is left out, and the status says so.
    pub fn transform(&self, transform: impl Fn(&Table) -> Result<Table> + Send + Sync + 'static) -> Result<Self> {
        let tried = Table::new(self.family.prototype.clone(), Arc::clone(&self.lease));
        let prototype = guarded("transform", || transform(&tried))?.member_of(self.core())?;
        self.derived(prototype, Arc::new(move |_, table| transform(table).map(Some)))
    }

    /// The constituents of the partitions for which `predicate` is true, those included that come later.
    ///
    /// # Errors
    ///
    /// [`Columns`](Error::Columns) where the function panics.
    pub fn filter(&self, predicate: impl Fn(Partition) -> bool + Send + Sync + 'static) -> Result<Self> {
        let prototype = self.family.prototype.clone();
        self.derived(prototype, Arc::new(move |partition, table| Ok(predicate(partition).then(|| table.clone()))))
    }

    /// The same column operations on all constituents, those included that come later.
    pub fn proxy(&self) -> Proxy {
        Proxy::new(self.clone())
    }

    fn derived(&self, prototype: Member, rule: Arc<Rule>) -> Result<Self> {
        let core = self.core();
        let family = Family::new(Some((Arc::clone(&self.family), rule)), prototype);
        {
            let _graph = lock(&core.graph);
            self.family.add_child(&family);
        }
        family.fill(core)?;
        {
            // What exists already need not wait for a cycle, which may never come.
            let _gate = lock(&core.gate);
            family.show_what_the_source_shows();
        }
        Ok(Self::new(family, Arc::clone(&self.lease)))
    }
}

impl Core {
    /// Makes `node` a child of `parent`: what the parent holds, then all that comes to it.
    ///
    /// It goes through what is there, and through whatever comes meanwhile, as a subscriber does, and joins the cycles when it has come
    /// to the present: however long the function takes, cycles go on.
    fn derive(&self, parent: &Arc<Node>, node: &Arc<Node>) -> Result<()> {
        let queue = Queue::new(None);
        {
            let cycle = lock(&self.gate);
            queue.push(parent.told(*cycle));
            parent.subscribe(&queue);
        }
        loop {
            while let Some(waiting) = queue.pop() {
                let step = Step::derived(node, &Step::told(waiting))?;
                drop(node.show_step(&step));
            }
            // No cycle becomes visible while the graph is held.
            let _graph = lock(&self.graph);
            let mut work = lock(&parent.work);
            if let Some(error) = &work.failed {
                return Err(error.clone());
            }
            if queue.is_empty() {
                work.children.push(Arc::downgrade(node));
                drop(work);
                self.begin(node);
                return Ok(());
            }
        }
    }

    /// The rows that a merge begins with. The caller holds the graph.
    fn begin_merge(&self, node: &Arc<Node>, mut rows: Vec<Arc<Segment>>, family: &Family) {
        let mut positions = Positions::default();
        for member in family.members() {
            positions.partitions.extend(member.node.seen().positions.iter());
        }
        if let TableType::Ring(most) = node.table_type {
            let held: usize = rows.iter().map(|segment| segment.rows()).sum();
            rows = without_first(rows, held.saturating_sub(most));
            let mut work = lock(&node.work);
            rows.iter().for_each(|segment| work.holding.add(&segment.origin));
            work.holding.place(&mut positions);
        }
        let view = View { positions: Arc::new(positions), ..View::default() };
        let holds = family.members().iter().flat_map(|member| member.node.told(0).holds.to_vec()).collect();
        drop(node.show_step(&Step { removed: 0, added: rows, holds, withdrawn: None, view }.applied()));
        self.begin(node);
    }

    /// A table that is complete: from here on cycles change it. The caller holds the graph.
    fn begin(&self, node: &Node) {
        let _gate = lock(&self.gate);
        if self.life.ended().is_some() {
            lock(&node.subscribers).take();
        }
    }
}
