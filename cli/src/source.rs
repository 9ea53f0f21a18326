//! The library, as the verbs use it. Only here are its tables, properties and topics touched.

pub(crate) mod decoding;

use std::sync::OnceLock;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_schema::SchemaRef;
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, SelectAll};
use kolumn::table::{State, error_schema};
use kolumn::{
    MetadataColumns, Offsets, OnError, PartitionedTable, Partitions, Properties, Snapshot, Span, Spec, Start, Stop, Table,
    TableType, Updates,
};

use crate::arguments::OnErrorArgument;
use crate::arguments::connection::ConnectionArguments;
use crate::arguments::table::TableArgument;
use crate::exit::Failure;
use crate::summary::Moved;

/// All properties: flags win over the file, the file over the environment.
pub(crate) fn properties(connection: &ConnectionArguments) -> Result<Properties, Failure> {
    merge(connection, std::env::var("KOLUMN_BROKERS").ok())
}

fn merge(connection: &ConnectionArguments, environment: Option<String>) -> Result<Properties, Failure> {
    let mut properties = Properties::new();
    if let Some(brokers) = environment.filter(|brokers| !brokers.is_empty()) {
        properties.set("bootstrap.servers", brokers);
    }
    if let Some(path) = &connection.config {
        let text = std::fs::read_to_string(path).map_err(|reason| Failure::File {
            what: "read the properties",
            path: path.clone(),
            reason,
        })?;
        properties.merge(Properties::parse_file(&path.to_string_lossy(), &text)?);
    }
    for (key, value) in &connection.properties {
        properties.set(key, value);
    }
    for (key, value) in [("bootstrap.servers", &connection.brokers), ("schema.registry.url", &connection.registry)] {
        if let Some(value) = value {
            properties.set(key, value);
        }
    }
    Ok(properties)
}

/// What is to be consumed, and how.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// The topic.
    pub(crate) topic: String,
    /// Brokers and all else that has a name.
    pub(crate) properties: Properties,
    /// How keys become columns; none is ignored.
    pub(crate) key: Option<String>,
    /// How values become columns; none is what the properties say.
    pub(crate) value: Option<String>,
    /// Whether there are metadata columns.
    pub(crate) metadata: bool,
    /// Which partitions.
    pub(crate) partitions: Partitions,
    /// Where to start.
    pub(crate) start: Start,
    /// Where to stop.
    pub(crate) stop: Stop,
    /// Stop after so many rows.
    pub(crate) limit: Option<u64>,
    /// What becomes of undecodable records.
    pub(crate) on_error: OnErrorArgument,
    /// The kind of table.
    pub(crate) table: TableArgument,
    /// Whether there is a table for each partition.
    pub(crate) by_partition: bool,
}

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

/// What a cycle brought.
#[derive(Debug)]
pub(crate) struct Change {
    /// The partition, where there is a table for each.
    pub(crate) partition: Option<i32>,
    /// The new rows.
    pub(crate) added: Vec<RecordBatch>,
}

/// Where a consumption is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// In a word or two.
    pub(crate) state: String,
    /// The last error.
    pub(crate) problem: Option<String>,
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

impl Consumption {
    /// Opens a consumption: the brokers were reached, the topic exists, the positions are known.
    pub(crate) async fn open(request: &Request) -> Result<Self, Failure> {
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
            consume = consume.key(Spec::parse(spec)?);
        }
        if let Some(spec) = &request.value {
            consume = consume.value(Spec::parse(spec)?);
        }
        if let Some(rows) = request.limit {
            consume = consume.limit(rows);
        }
        if !request.metadata {
            consume = consume.metadata(MetadataColumns::none());
        }
        let table = consume.table(match request.table {
            TableArgument::Append => TableType::Append,
            TableArgument::Blink => TableType::Blink,
            TableArgument::Ring(rows) => TableType::Ring(rows),
        });
        if request.by_partition {
            let each = table.by_partition().await?;
            Ok(Self { schema: each.schema(), tables: Tables::Each(each), by_arrival: OnceLock::new() })
        } else {
            let one = table.await?;
            Ok(Self { schema: one.schema(), tables: Tables::One(one), by_arrival: OnceLock::new() })
        }
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

    /// What each cycle brings, what is there now first.
    pub(crate) fn changes(&self) -> Changes {
        match &self.tables {
            Tables::One(table) => Changes::of_table(table.updates()),
            Tables::Each(tables) => Changes::of_partitions(tables, Table::updates),
        }
    }

    /// The same of the error table.
    pub(crate) fn error_changes(&self) -> Changes {
        Changes::of_table(self.errors().updates())
    }

    /// The same as [`Consumption::changes`] for who may miss some, and holds up nobody.
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
            State::Waiting { why } => ("waiting", Some(why.clone())),
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
            partitions: partitions.collect(),
            held: status.bytes_held as u64,
            budget: (status.budget_used as u64, status.budget_limit as u64),
            moved: Moved { bytes: status.batch_bytes, fetched_bytes: status.fetched_bytes },
        }
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

/// News that wait for a lossy reader.
const LOSSY_UPDATES: usize = 4;

/// What the cycles of a consumption bring.
pub(crate) struct Changes {
    /// Partitions that will have a table, as long as there may be more, and how one reads that table.
    keys: Option<Keys>,
    tables: SelectAll<BoxStream<'static, Change>>,
}

struct Keys {
    parted: PartitionedTable,
    gained: kolumn::table::Changes,
    subscribe: fn(&Table) -> Updates,
}

impl std::fmt::Debug for Changes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Changes").finish_non_exhaustive()
    }
}

impl Changes {
    fn of_table(updates: Updates) -> Self {
        Self { keys: None, tables: SelectAll::from_iter([changes(None, updates)]) }
    }

    fn of_partitions(parted: &PartitionedTable, subscribe: fn(&Table) -> Updates) -> Self {
        let keys = Keys { parted: parted.clone(), gained: parted.changes(), subscribe };
        Self { keys: Some(keys), tables: SelectAll::new() }
    }

    /// The next change, each once; none when the consumption is over. Cancel safe.
    pub(crate) async fn next(&mut self) -> Option<Change> {
        loop {
            let Some(keys) = &mut self.keys else { return self.tables.next().await };
            tokio::select! {
                biased;
                key = keys.gained.next() => match key {
                    Some(key) => {
                        let table = keys.parted.get(key).map(|table| changes(Some(key), (keys.subscribe)(&table)));
                        self.tables.extend(table);
                    }
                    None => self.keys = None,
                },
                Some(change) = self.tables.next(), if !self.tables.is_empty() => return Some(change),
            }
        }
    }
}

fn changes(partition: Option<i32>, updates: Updates) -> BoxStream<'static, Change> {
    updates.map(move |update| Change { partition, added: update.added().to_vec() }).boxed()
}

/// The first few reasons in rows of an error table, each with its place.
pub(crate) fn reasons(rows: &[RecordBatch], count: usize) -> Vec<String> {
    let mut reasons = Vec::new();
    for batch in rows {
        let number = |name: &str, row: usize| -> String {
            let column = batch.column_by_name(name);
            let wide = column.and_then(|column| column.as_primitive_opt::<Int64Type>()).map(|column| column.value(row));
            let narrow =
                column.and_then(|column| column.as_primitive_opt::<Int32Type>()).map(|column| i64::from(column.value(row)));
            wide.or(narrow).map(|number| number.to_string()).unwrap_or_default()
        };
        let text = |name: &str, row: usize| -> String {
            let column = batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
            column.map(|column| column.value(row).to_owned()).unwrap_or_default()
        };
        for row in 0..batch.num_rows() {
            if reasons.len() >= count {
                return reasons;
            }
            reasons.push(format!(
                "partition {}, offset {}, {} {}, byte {}: {}",
                number("KafkaPartition", row),
                number("KafkaOffset", row),
                text("Side", row),
                text("Column", row),
                number("Position", row),
                text("Reason", row)
            ));
        }
    }
    reasons
}

/// The brokers to start from, as the properties say.
pub(crate) fn brokers(properties: &Properties) -> String {
    properties.get("bootstrap.servers").unwrap_or_default().to_owned()
}

/// So many records are looked at to find out how values become columns.
const SAMPLE_RECORDS: u64 = 200;

/// How the values of a topic become columns, as the first few of them look; none where there are none.
pub(crate) async fn find_out_values(request: &Request) -> Result<Option<String>, Failure> {
    let sample = Request {
        key: Some("ignore".to_owned()),
        value: Some("raw".to_owned()),
        metadata: false,
        // Whoever waits for news learns from what was there before.
        start: if request.start == Offsets::End.into() { Offsets::Last(SAMPLE_RECORDS).into() } else { request.start.clone() },
        stop: Stop::End,
        limit: Some(SAMPLE_RECORDS),
        on_error: OnErrorArgument::Collect,
        table: TableArgument::Append,
        by_partition: false,
        ..request.clone()
    };
    let consumption = Consumption::open(&sample).await?;
    if let Some(failure) = consumption.failure().await {
        return Err(failure);
    }
    let rows = consumption.rows();
    let columns = rows.iter().filter_map(|batch| batch.columns().first()?.as_binary_opt::<i32>());
    Ok(crate::finding::find_out(columns.flat_map(|column| column.iter().flatten())))
}

/// A topic of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TopicSeen {
    /// Its name.
    pub(crate) name: String,
    /// Whether it is the cluster's own.
    pub(crate) internal: bool,
    /// Its partitions.
    pub(crate) partitions: Vec<TopicPartition>,
}

/// A partition of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TopicPartition {
    /// Its number.
    pub(crate) partition: i32,
    /// The first offset, where the broker told it.
    pub(crate) first: Option<i64>,
    /// The offset after the last, where the broker told it.
    pub(crate) next: Option<i64>,
    /// The broker that leads it, if any does.
    pub(crate) leader: Option<i32>,
    /// The brokers that hold it.
    pub(crate) replicas: Vec<i32>,
    /// Those of them that are in sync.
    pub(crate) in_sync: Vec<i32>,
}

/// The topics of a cluster whose name `wanted` takes.
pub(crate) async fn topics(
    properties: &Properties,
    wanted: impl Fn(&str) -> bool + Send + 'static,
) -> Result<Vec<TopicSeen>, Failure> {
    let topics = kolumn::topics(properties, wanted).await?.into_iter();
    let seen = topics.map(|topic| TopicSeen {
        name: topic.name,
        internal: topic.internal,
        partitions: topic
            .partitions
            .into_iter()
            .map(|partition| TopicPartition {
                partition: partition.partition,
                first: partition.first,
                next: partition.next,
                leader: partition.leader,
                replicas: partition.replicas,
                in_sync: partition.in_sync,
            })
            .collect(),
    });
    Ok(seen.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_the_file_and_the_file_over_the_environment() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "metadata.broker.list=file:1\nclient.id=file\n").unwrap();
        let environment = || Some("environment:1".to_owned());
        let mut connection = ConnectionArguments::default();
        assert_eq!(brokers(&merge(&connection, environment()).unwrap()), "environment:1");
        connection.config = Some(file.path().to_owned());
        assert_eq!(brokers(&merge(&connection, environment()).unwrap()), "file:1");
        connection.properties = vec![("client.id".into(), "flag".into()), ("bootstrap.servers".into(), "property:1".into())];
        let merged = merge(&connection, environment()).unwrap();
        assert_eq!((brokers(&merged).as_str(), merged.get("client.id")), ("property:1", Some("flag")));
        connection.brokers = Some("flag:1".into());
        assert_eq!(brokers(&merge(&connection, environment()).unwrap()), "flag:1");
    }

    #[test]
    fn a_missing_file_of_properties_is_not_found() {
        let connection = ConnectionArguments { config: Some("/nonexistent/x".into()), ..ConnectionArguments::default() };
        assert_eq!(merge(&connection, None).unwrap_err().exit_code(), 4);
    }
}
