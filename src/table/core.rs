//! What all tables of one consumption have in common.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use arrow_schema::SchemaRef;
use tokio::sync::Notify;

use super::budget::Budget;
use super::error_table::error_schema;
use super::family::{Family, Member};
use super::intake::Intake;
use super::life::{End, Life};
use super::lock::lock;
use super::node::{Node, Source};
use super::status::{Book, PartitionState, PartitionStatus, State, Status};
use super::table_type::TableType;
use crate::metrics::{Metrics, MetricsSnapshot, PartitionPlace};
use crate::position::Partition;

/// How a consumption's rows become visible.
#[derive(Debug, Clone)]
pub(crate) struct CycleSettings {
    /// The least time between two cycles.
    pub(crate) cycle: Duration,
    /// Chunks of less than an eighth of this many rows are merged.
    pub(crate) chunk_rows: usize,
    pub(crate) error_table: TableType,
    /// Where what the consumption does is counted.
    pub(crate) metrics: Arc<Metrics>,
}

impl Default for CycleSettings {
    fn default() -> Self {
        Self {
            cycle: Duration::from_millis(10),
            chunk_rows: 65_536,
            error_table: TableType::Ring(100_000),
            metrics: Metrics::new(),
        }
    }
}

/// The tables of one consumption, and the state that they share.
///
/// Users' functions may be slow, and may make tables themselves, so they run under no lock that anybody but a cycle needs. Four locks,
/// taken in this order: `turn`, while a cycle is made, functions included; `graph`, while it is looked up or changed which tables there
/// are; `gate`, for the moment in which all tables change at once or one is read; and, under none of these two, `intake`, for the
/// moment of an append.
pub(super) struct Core {
    pub(super) topic: Arc<str>,
    pub(super) settings: CycleSettings,
    pub(super) budget: Budget,
    /// Whether the tables keep rows for longer than a cycle.
    pub(super) keeps_rows: AtomicBool,
    pub(super) intake: Mutex<Intake>,
    /// One cycle at a time.
    pub(super) turn: Mutex<()>,
    pub(super) graph: Mutex<Graph>,
    pub(super) errors: Arc<Node>,
    /// The number of the visible cycle.
    pub(super) gate: Mutex<u64>,
    pub(super) book: Book,
    pub(super) life: Life,
    /// Something waits to become visible.
    pub(super) news: Notify,
    pub(super) held: Arc<AtomicUsize>,
    lease: Mutex<Weak<Lease>>,
}

/// Which tables there are.
#[derive(Default)]
pub(super) struct Graph {
    pub(super) plain: Option<Arc<Node>>,
    pub(super) family: Option<Arc<Family>>,
    pub(super) constituents: BTreeMap<Partition, Arc<Node>>,
    /// In the order in which they were made.
    pub(super) merges: Vec<Weak<Node>>,
    /// Tables that became part of a merge since the last cycle.
    pub(super) joins: Vec<(Weak<Node>, Member)>,
    /// A blink table shows rows: a cycle must empty it.
    pub(super) blinks: bool,
}

impl Graph {
    /// Whether a cycle has something to do although nothing was appended.
    pub(super) fn has_news(&self) -> bool {
        self.blinks || !self.joins.is_empty() || self.family.as_ref().is_some_and(|family| family.has_news())
    }
}

impl Core {
    pub(super) fn new(topic: Arc<str>, settings: CycleSettings, budget: Budget) -> Arc<Self> {
        let held = Arc::default();
        // A hundred thousand raw payloads may be a gigabyte: a limit in rows alone is none.
        let errors = Node::new(error_schema(), settings.error_table, Source::Own, budget.limit() / 4, &held);
        Arc::new(Self {
            topic,
            settings,
            budget,
            keeps_rows: AtomicBool::new(false),
            intake: Mutex::default(),
            turn: Mutex::default(),
            graph: Mutex::default(),
            errors,
            gate: Mutex::default(),
            book: Book::default(),
            life: Life::new(),
            news: Notify::new(),
            held,
            lease: Mutex::default(),
        })
    }

    /// A table of this consumption that nothing flows into yet.
    pub(super) fn node(&self, schema: SchemaRef, table_type: TableType, source: Source) -> Arc<Node> {
        Node::new(schema, table_type, source, usize::MAX, &self.held)
    }

    /// A share in the handles; the first one where there is none.
    pub(super) fn lease(self: &Arc<Self>) -> Arc<Lease> {
        let mut lease = lock(&self.lease);
        lease.upgrade().unwrap_or_else(|| {
            let first = Arc::new(Lease { core: Arc::clone(self) });
            *lease = Arc::downgrade(&first);
            first
        })
    }

    /// A share in the handles, if there still is one.
    pub(super) fn known_lease(&self) -> Option<Arc<Lease>> {
        lock(&self.lease).upgrade()
    }

    pub(super) fn metrics(&self) -> MetricsSnapshot {
        let status = self.status();
        let records: BTreeMap<_, _> =
            lock(&self.intake).spans().map(|span| (span.partition, span.rows.saturating_add(span.errors))).collect();
        let place = |partition: &PartitionStatus| PartitionPlace {
            partition: partition.partition,
            position: partition.position,
            high_watermark: partition.high_watermark,
            lag: partition.lag(),
            records: records.get(&partition.partition).copied().unwrap_or(0),
        };
        let places: Vec<_> = status.partitions.iter().map(place).collect();
        let metrics = &self.settings.metrics;
        let waits = |partition: &&PartitionStatus| matches!(partition.state, PartitionState::AwaitingSchema { .. });
        let waiting = status.partitions.iter().filter(waits).count();
        MetricsSnapshot {
            topic: Arc::clone(&self.topic),
            brokers: metrics.brokers(),
            partitions: metrics.partitions(&places),
            schemas: metrics.schemas(waiting as u64),
            bytes_held: status.bytes_held as u64,
            budget_used: status.budget_used as u64,
            budget_limit: status.budget_limit as u64,
        }
    }

    pub(super) fn status(&self) -> Status {
        let pages = self.book.read();
        let positions: Vec<_> = lock(&self.intake).positions().collect();
        let cycle = *lock(&self.gate);
        let ended = self.life.ended();
        let state = match (&ended, pages.wait()) {
            (Some(End::Complete), _) => State::Complete,
            (Some(End::Closed), _) => State::Closed,
            (Some(End::Failed(_)), _) => State::Failed,
            (None, Some(wait)) => State::Waiting { why: wait.why, since: wait.since, next: wait.next },
            (None, None) if positions.is_empty() => State::Starting,
            (None, None) => State::Running,
        };
        let last_error = match ended {
            Some(End::Failed(error)) => Some(error),
            _ => pages.last_error,
        };
        let mut of = pages.partitions;
        let partitions = positions
            .into_iter()
            .map(|(partition, position)| {
                let page = of.remove(&partition).unwrap_or_default();
                PartitionStatus {
                    partition,
                    state: page.state,
                    position,
                    high_watermark: page.high_watermark,
                    last_stable_offset: page.last_stable_offset,
                    last_error: page.last_error,
                }
            })
            .collect();
        Status {
            state,
            partitions,
            last_error,
            last_progress: pages.last_progress,
            cycle,
            batch_bytes: self.book.batch_bytes.load(Ordering::Relaxed),
            fetched_bytes: self.book.fetched_bytes.load(Ordering::Relaxed),
            bytes_held: self.held.load(Ordering::Acquire),
            budget_used: self.budget.used(),
            budget_limit: self.budget.limit(),
            events: pages.events.into(),
        }
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Consumption")
            .field("topic", &self.topic)
            .field("settings", &self.settings)
            .field("ended", &self.life.ended())
            .finish_non_exhaustive()
    }
}

/// What every handle holds. When the last handle goes, so does this, and the consumption is asked to stop.
#[derive(Debug)]
pub(super) struct Lease {
    pub(super) core: Arc<Core>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.core.life.request_stop();
    }
}
