//! How a consumption is doing.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use super::event::{Event, EventKind};
use super::lock::lock;
use crate::error::Error;
use crate::position::{Offset, Partition};

/// What a consumption is at.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// Nothing is known of any partition yet.
    Starting,
    /// It reads.
    Running,
    /// It tries again what did not work.
    Waiting {
        /// What did not work last, broker included.
        why: String,
        /// When it first did not work.
        since: SystemTime,
        /// What is done about it.
        next: String,
    },
    /// What was to be read is read.
    Complete,
    /// It was closed.
    Closed,
    /// It could not go on; [`Status::last_error`] says why.
    Failed,
}

/// What one partition is at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum PartitionState {
    /// It is read, as far as is known.
    #[default]
    Reading,
    /// No broker leads it. It is read on when one does.
    Leaderless {
        /// When that was noticed.
        since: SystemTime,
    },
    /// The brokers do not allow it. They are asked again every now and then.
    Denied {
        /// When that was noticed.
        since: SystemTime,
        /// What they said.
        why: String,
    },
    /// The next record is written with a schema that the registry has not answered for yet. Its records are kept by the broker
    /// meanwhile, and read on from the table's position (`kolumn.registry.on.unavailable=wait`).
    AwaitingSchema {
        /// When that was noticed.
        since: SystemTime,
        /// What the record's frame names: an id or a GUID.
        schema: String,
        /// The addresses of the registry.
        registry: String,
        /// Why there is no answer yet.
        why: String,
    },
    /// It cannot go on, and the others do. What was read of it stays.
    Failed {
        /// Why.
        error: Error,
    },
    /// It is read to its end.
    Ended,
}

/// How one partition is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartitionStatus {
    /// The partition.
    pub partition: Partition,
    /// What it is at.
    pub state: PartitionState,
    /// The offset after the last that is in the table, visible or not.
    pub position: Offset,
    /// The offset after the last that the brokers' majority has, when last heard.
    pub high_watermark: Option<Offset>,
    /// The offset after the last that no open transaction can change, when last heard; known where only committed records are read.
    pub last_stable_offset: Option<Offset>,
    /// What went wrong here last.
    pub last_error: Option<Error>,
}

impl PartitionStatus {
    /// How many offsets can be read and are not in the table; none before the broker has said what it holds.
    pub fn lag(&self) -> Option<u64> {
        let end = self.last_stable_offset.or(self.high_watermark)?;
        Some(u64::try_from(end.saturating_sub(self.position)).unwrap_or(0))
    }
}

/// How a consumption is doing: one for all its tables.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// What it is at.
    pub state: State,
    /// All partitions that are read, in order.
    pub partitions: Vec<PartitionStatus>,
    /// What went wrong last, wherever that was. It may long be over.
    pub last_error: Option<Error>,
    /// When records or watermarks last came.
    pub last_progress: Option<SystemTime>,
    /// The cycle that is visible.
    pub cycle: u64,
    /// Bytes of the batches that are in the tables or were, as the log stores them.
    pub batch_bytes: u64,
    /// Bytes of batches that brokers sent, those included that were sent again after a fault and the cut ends of answers.
    pub fetched_bytes: u64,
    /// Bytes of memory that the tables hold, roughly.
    pub bytes_held: usize,
    /// Bytes on their way to a reader: in chunks that are not visible yet and in updates that were not dropped yet.
    pub budget_used: usize,
    /// How many these may be before the fetch waits.
    pub budget_limit: usize,
    /// What happened that matters to the reader, the last 100 of it, oldest first.
    pub events: Vec<Event>,
}

/// So many events are kept.
const EVENTS: usize = 100;

impl Status {
    /// The lag of all partitions of which it is known; none where it is known of none.
    pub fn lag(&self) -> Option<u64> {
        self.partitions.iter().filter_map(PartitionStatus::lag).reduce(u64::saturating_add)
    }
}

/// What the status is made of, beside what the tables say themselves.
#[derive(Debug, Default)]
pub(super) struct Book {
    pages: Mutex<Pages>,
    pub(super) batch_bytes: AtomicU64,
    pub(super) fetched_bytes: AtomicU64,
}

#[derive(Debug, Default, Clone)]
pub(super) struct Pages {
    pub(super) waiting: Option<Wait>,
    pub(super) last_error: Option<Error>,
    pub(super) last_progress: Option<SystemTime>,
    pub(super) partitions: BTreeMap<Partition, Page>,
    pub(super) events: VecDeque<Event>,
}

/// What all partitions wait for.
#[derive(Debug, Clone)]
pub(super) struct Wait {
    pub(super) why: String,
    pub(super) since: SystemTime,
    pub(super) next: String,
}

#[derive(Debug, Default, Clone)]
pub(super) struct Page {
    pub(super) state: PartitionState,
    pub(super) high_watermark: Option<Offset>,
    pub(super) last_stable_offset: Option<Offset>,
    pub(super) last_error: Option<Error>,
}

impl Book {
    pub(super) fn read(&self) -> Pages {
        lock(&self.pages).clone()
    }

    pub(super) fn progress(&self) {
        let mut pages = lock(&self.pages);
        pages.waiting = None;
        pages.last_progress = Some(SystemTime::now());
    }

    pub(super) fn trouble(&self, partition: Option<Partition>, error: Error) {
        let mut pages = lock(&self.pages);
        match partition {
            Some(partition) => pages.partitions.entry(partition).or_default().last_error = Some(error.clone()),
            None => {
                let since = pages.waiting.as_ref().map_or_else(SystemTime::now, |waiting| waiting.since);
                pages.waiting = Some(Wait { why: error.to_string(), since, next: next_step(&error).to_owned() });
            }
        }
        pages.last_error = Some(error);
    }

    /// A table derived by a user's function failed; the consumption goes on.
    pub(super) fn trouble_of_table(&self, error: Error) {
        lock(&self.pages).last_error = Some(error);
    }

    fn event(&self, partition: Option<Partition>, what: EventKind) {
        let event = Event { at: SystemTime::now(), partition, what };
        if event.what.is_warning() {
            tracing::warn!("{event}");
        } else {
            tracing::info!("{event}");
        }
        let mut pages = lock(&self.pages);
        if pages.events.len() >= EVENTS {
            pages.events.pop_front();
        }
        pages.events.push_back(event);
    }

    fn denied(&self, partition: Partition, error: Error) {
        let mut pages = lock(&self.pages);
        let page = pages.partitions.entry(partition).or_default();
        let is_new = !matches!(page.state, PartitionState::Denied { .. });
        if is_new {
            page.state = PartitionState::Denied { since: SystemTime::now(), why: error.to_string() };
        }
        drop(pages);
        if is_new {
            self.event(Some(partition), EventKind::NotAuthorized { error });
        }
    }

    fn awaits_schema(&self, partition: Partition, schema: &str, registry: &str, why: &str) {
        let mut pages = lock(&self.pages);
        let page = pages.partitions.entry(partition).or_default();
        let since = match &page.state {
            PartitionState::AwaitingSchema { since, schema: before, .. } if before == schema => *since,
            _ => SystemTime::now(),
        };
        let (schema, registry, why) = (schema.to_owned(), registry.to_owned(), why.to_owned());
        page.state = PartitionState::AwaitingSchema { since, schema, registry, why };
    }

    fn has_schema(&self, partition: Partition) {
        let mut pages = lock(&self.pages);
        if let Some(page) = pages.partitions.get_mut(&partition)
            && matches!(page.state, PartitionState::AwaitingSchema { .. })
        {
            page.state = PartitionState::Reading;
        }
    }

    fn state(&self, partition: Partition, state: PartitionState) {
        lock(&self.pages).partitions.entry(partition).or_default().state = state;
    }

    fn watermarks(&self, partition: Partition, high_watermark: Offset, last_stable_offset: Offset) {
        let mut pages = lock(&self.pages);
        let page = pages.partitions.entry(partition).or_default();
        let allowed = matches!(page.state, PartitionState::Denied { .. });
        if allowed {
            page.state = PartitionState::Reading;
        }
        // The protocol says -1 where it does not know.
        page.high_watermark = Some(high_watermark).filter(|offset| *offset >= 0).or(page.high_watermark);
        page.last_stable_offset = Some(last_stable_offset).filter(|offset| *offset >= 0).or(page.last_stable_offset);
        pages.waiting = None;
        pages.last_progress = Some(SystemTime::now());
        drop(pages);
        if allowed {
            self.event(Some(partition), EventKind::AuthorizedAgain);
        }
    }
}

impl Pages {
    /// What is waited for: what all partitions need, else the schema that one of them waits for longest.
    pub(super) fn wait(&self) -> Option<Wait> {
        let of_schema = |(partition, page): (&Partition, &Page)| match &page.state {
            PartitionState::AwaitingSchema { since, schema, registry, why } => Some(Wait {
                why: format!("partition {partition} needs schema {schema} of the registry {registry}: {why}"),
                since: *since,
                next: "asking the registry again; the other partitions are read on".into(),
            }),
            _ => None,
        };
        self.waiting.clone().or_else(|| self.partitions.iter().filter_map(of_schema).min_by_key(|wait| wait.since))
    }
}

/// What is done about trouble that all partitions have.
fn next_step(error: &Error) -> &'static str {
    match error {
        Error::UnknownTopic { .. } | Error::DeletedTopic { .. } => "asking again whether the topic is there",
        Error::NotAuthorized { .. } => "asking again every now and then",
        Error::OtherCluster { .. } => "asking the other brokers",
        Error::Tls { .. } => "connecting again, with the certificates that are on disk then",
        Error::Resolve { .. } | Error::Connect { .. } | Error::Disconnected { .. } | Error::NoBroker { .. } => {
            "connecting again, to other brokers too"
        }
        _ => "trying again",
    }
}

/// The writing side of a [`Status`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct StatusWriter<'a> {
    pub(super) book: &'a Book,
}

impl StatusWriter<'_> {
    /// Something went wrong that may yet go right: with one partition, or with what all need.
    pub(crate) fn trouble(&self, partition: Option<Partition>, error: Error) {
        self.book.trouble(partition, error);
    }

    /// Something happened that the reader should know: to one partition, or to more. It is traced as well.
    pub(crate) fn event(&self, partition: Option<Partition>, what: EventKind) {
        self.book.event(partition, what);
    }

    /// The same, unless it was the last event as well.
    pub(crate) fn event_once(&self, partition: Option<Partition>, what: EventKind) {
        let is_last = self.book.read().events.back().is_some_and(|last| last.partition == partition && last.what == what);
        if !is_last {
            self.book.event(partition, what);
        }
    }

    /// The brokers do not allow a partition, until watermarks of it come.
    pub(crate) fn denied(&self, partition: Partition, error: Error) {
        self.book.denied(partition, error);
    }

    /// A partition waits for the schema of its next record, and why.
    pub(crate) fn awaits_schema(&self, partition: Partition, schema: &str, registry: &str, why: &str) {
        self.book.awaits_schema(partition, schema, registry, why);
    }

    /// A partition waits for no schema any more.
    pub(crate) fn has_schema(&self, partition: Partition) {
        self.book.has_schema(partition);
    }

    /// What a partition is at.
    pub(crate) fn state(&self, partition: Partition, state: PartitionState) {
        self.book.state(partition, state);
    }

    /// A broker sent so many bytes of batches.
    pub(crate) fn fetched(&self, bytes: u64) {
        self.book.fetched_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Batches of so many bytes were decoded.
    pub(crate) fn decoded(&self, bytes: u64) {
        self.book.batch_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// What a broker says of the ends of a partition; -1 where it says nothing.
    pub(crate) fn watermarks(&self, partition: Partition, high_watermark: Offset, last_stable_offset: Offset) {
        self.book.watermarks(partition, high_watermark, last_stable_offset);
    }
}
