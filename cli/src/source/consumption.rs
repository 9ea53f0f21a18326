//! A consumption: its tables, what they hold, how it is doing, how it ends.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use kolumn::table::{PartitionState, State, Status, error_schema};
use kolumn::{ConsumeTable, MetadataColumns, OnError, PartitionedTable, Snapshot, Span, Table, TableType};

use crate::arguments::OnErrorArgument;
use crate::arguments::table::TableArgument;
use crate::exit::Failure;
use crate::source::Request;
use crate::source::changes::Changes;
use crate::summary::Moved;
use crate::trouble::Wait;

/// A table that is being filled.
#[derive(Debug)]
pub(crate) struct Consumption {
    tables: Tables,
    schema: SchemaRef,
    /// The rows of all partitions by arrival, made when somebody looks at them.
    by_arrival: OnceLock<Table>,
}

#[derive(Debug)]
enum Tables {
    One(Table),
    Each(PartitionedTable),
}

/// Where a consumption is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// In a word or two.
    pub(crate) state: String,
    /// The last error.
    pub(crate) problem: Option<String>,
    /// What it waits for.
    pub(crate) wait: Option<Wait>,
    /// Each partition.
    pub(crate) partitions: Vec<PartitionSeen>,
    /// Bytes that the tables hold.
    pub(crate) held: u64,
    /// Bytes on their way to a reader, and how many these may be before the fetch waits.
    pub(crate) budget: (u64, u64),
    /// Bytes so far.
    pub(crate) moved: Moved,
}

/// Where a partition is.
#[derive(Debug, Clone)]
pub(crate) struct PartitionSeen {
    /// What became of its offsets since the start.
    pub(crate) span: Span,
    /// The end of its log, where it is known.
    pub(crate) end: Option<i64>,
    /// Its last error.
    pub(crate) problem: Option<String>,
}

impl Seen {
    /// Rows since the start.
    pub(crate) fn rows(&self) -> u64 {
        self.partitions.iter().map(|partition| partition.span.rows).sum()
    }

    /// Error rows since the start.
    pub(crate) fn errors(&self) -> u64 {
        self.partitions.iter().map(|partition| partition.span.errors).sum()
    }
}

/// News that wait for a lossy reader.
const LOSSY_UPDATES: usize = 4;

impl Consumption {
    /// Opens a consumption: the brokers were reached, the topic exists, the positions are known.
    pub(crate) async fn open(request: &Request) -> Result<Self, Failure> {
        let table = description(request)?;
        if request.by_partition {
            let each = table.by_partition().await?;
            Ok(Self { schema: each.schema(), tables: Tables::Each(each), by_arrival: OnceLock::new() })
        } else {
            Ok(Self::of_table(table.await?))
        }
    }

    /// The same, of one table for all partitions, with all its changes: none comes before they are listened to, not even of a blink table.
    pub(crate) async fn open_watched(request: &Request) -> Result<(Self, Changes), Failure> {
        let (table, updates) = description(request)?.with_updates().await?;
        Ok((Self::of_table(table), Changes::of_table(updates)))
    }

    fn of_table(one: Table) -> Self {
        Self { schema: one.schema(), tables: Tables::One(one), by_arrival: OnceLock::new() }
    }

    /// The columns.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The columns of the error table.
    pub(crate) fn error_schema(&self) -> SchemaRef {
        error_schema()
    }

    /// The kind of table.
    pub(crate) fn kind(&self) -> String {
        match &self.tables {
            Tables::One(table) => table.table_type().to_string(),
            Tables::Each(tables) => format!("{} by partition", tables.table_type()),
        }
    }

    /// What each cycle brings to the error table, what is there now first.
    pub(crate) fn error_changes(&self) -> Changes {
        Changes::of_table(self.errors().updates())
    }

    /// What each cycle brings, for who may miss some, and holds up nobody.
    pub(crate) fn news(&self) -> Changes {
        let lossy = |table: &Table| table.updates_lossy(LOSSY_UPDATES);
        match &self.tables {
            Tables::One(table) => Changes::of_table(lossy(table)),
            Tables::Each(tables) => Changes::of_partitions(tables, lossy),
        }
    }

    /// What each table holds now, with its partition where there is a table for each.
    pub(crate) fn tables(&self) -> Vec<(Option<i32>, Vec<RecordBatch>)> {
        match &self.tables {
            Tables::One(table) => vec![(None, table.snapshot().batches().to_vec())],
            Tables::Each(tables) => {
                let snapshots = tables.snapshots().into_iter();
                snapshots.map(|(partition, snapshot)| (Some(partition), snapshot.batches().to_vec())).collect()
            }
        }
    }

    /// What the tables hold now, by arrival.
    pub(crate) fn rows(&self) -> Vec<RecordBatch> {
        let snapshot = match &self.tables {
            Tables::One(table) => table.snapshot(),
            Tables::Each(tables) => self.by_arrival.get_or_init(|| tables.merge()).snapshot(),
        };
        snapshot.batches().to_vec()
    }

    /// What the error table holds now.
    pub(crate) fn error_rows(&self) -> Vec<RecordBatch> {
        self.errors().snapshot().batches().to_vec()
    }

    fn errors(&self) -> Table {
        match &self.tables {
            Tables::One(table) => table.errors(),
            Tables::Each(tables) => tables.errors(),
        }
    }

    fn accounts(&self) -> Vec<Span> {
        let spans =
            |snapshot: &Snapshot| -> Vec<Span> { snapshot.positions().iter().map(|(_, position)| position.account).collect() };
        match &self.tables {
            Tables::One(table) => spans(&table.snapshot()),
            Tables::Each(tables) => tables.snapshots().values().flat_map(spans).collect(),
        }
    }

    /// Where it is.
    pub(crate) fn seen(&self) -> Seen {
        let status = match &self.tables {
            Tables::One(table) => table.status(),
            Tables::Each(tables) => tables.status(),
        };
        let (state, problem) = match &status.state {
            State::Starting => ("starting", None),
            State::Running => ("running", None),
            State::Waiting { why, next, .. } => ("waiting", Some(format!("{why}; {next}"))),
            State::Complete => ("complete", None),
            State::Closed => ("closed", None),
            State::Failed => ("failed", status.last_error.as_ref().map(ToString::to_string)),
            _ => ("", None),
        };
        let told = |partition| status.partitions.iter().find(|told| told.partition == partition);
        let partitions = self.accounts().into_iter().map(|span| PartitionSeen {
            span,
            end: told(span.partition).and_then(|told| told.last_stable_offset.or(told.high_watermark)),
            problem: told(span.partition).and_then(|told| told.last_error.as_ref()).map(ToString::to_string),
        });
        Seen {
            state: state.to_owned(),
            problem,
            wait: waiting(&status),
            partitions: partitions.collect(),
            held: status.bytes_held as u64,
            budget: (status.budget_used as u64, status.budget_limit as u64),
            moved: Moved { bytes: status.batch_bytes, fetched_bytes: status.fetched_bytes },
        }
    }

    /// For how long the partition that was answered longest ago was not, of those that are still read; none where nothing is asked for
    /// because readers are behind.
    pub(crate) fn silence(&self) -> Option<Duration> {
        let (status, metrics) = match &self.tables {
            Tables::One(table) => (table.status(), table.metrics()),
            Tables::Each(tables) => (tables.status(), tables.metrics()),
        };
        if status.budget_used >= status.budget_limit {
            return None;
        }
        let read =
            |partition| status.partitions.iter().any(|seen| seen.partition == partition && seen.state != PartitionState::Ended);
        metrics.partitions.iter().filter(|partition| read(partition.partition)).filter_map(|partition| partition.fetch_age).max()
    }

    /// Ends it, and waits for the last cycle. An error that had ended it before is no error of this.
    pub(crate) async fn close(&self) {
        // What ended it is told by `failure`.
        let _ = match &self.tables {
            Tables::One(table) => table.close().await,
            Tables::Each(tables) => tables.close().await,
        };
    }

    /// What ended it, where that was an error; waits for its end where it has not ended.
    pub(crate) async fn failure(&self) -> Option<Failure> {
        let finished = match &self.tables {
            Tables::One(table) => table.finished().await,
            Tables::Each(tables) => tables.finished().await,
        };
        finished.err().map(Failure::from)
    }
}

/// What keeps it, or some of its partitions, from being read.
fn waiting(status: &Status) -> Option<Wait> {
    let lasting = |since: SystemTime| since.elapsed().unwrap_or_default();
    if let State::Waiting { why, since, next } = &status.state {
        return Some(Wait { why: why.clone(), next: next.clone(), time: lasting(*since) });
    }
    if !matches!(status.state, State::Running) {
        return None;
    }
    let mut leaderless = Vec::new();
    for partition in &status.partitions {
        match &partition.state {
            PartitionState::Leaderless { since } => leaderless.push((partition.partition, *since)),
            PartitionState::Denied { since, why } => {
                let next = "asking again every now and then".to_owned();
                return Some(Wait { why: why.clone(), next, time: lasting(*since) });
            }
            _ => {}
        }
    }
    let time = leaderless.iter().map(|(_, since)| lasting(*since)).max()?;
    let why = match leaderless.as_slice() {
        [(partition, _)] => format!("partition {partition} has no leader"),
        many => format!("{} partitions have no leader", many.len()),
    };
    Some(Wait { why, next: "asking who leads".to_owned(), time })
}

/// What is asked of the library.
fn description(request: &Request) -> Result<ConsumeTable, Failure> {
    let mut consume = kolumn::consume(&request.topic)
        .properties(request.properties.iter())
        .partitions(request.partitions.clone())
        .offsets(request.start.clone())
        .until(request.stop.clone())
        .on_error(match request.on_error {
            OnErrorArgument::Collect => OnError::Collect,
            OnErrorArgument::Fail => OnError::Fail,
            OnErrorArgument::Null => OnError::Null,
        });
    if let Some(spec) = &request.key {
        consume = consume.key(spec.clone());
    }
    if let Some(spec) = &request.value {
        consume = consume.value(spec.clone());
    }
    if let Some(rows) = request.limit {
        consume = consume.limit(rows);
    }
    if !request.metadata {
        consume = consume.metadata(MetadataColumns::none());
    }
    Ok(consume.table(match request.table {
        TableArgument::Append => TableType::Append,
        TableArgument::Blink => TableType::Blink,
        TableArgument::Ring(rows) => TableType::Ring(rows),
    }))
}
