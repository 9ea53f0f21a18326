//! The library, as the verbs use it. Only here are its tables, properties and topics touched.

pub(crate) mod decoding;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_schema::SchemaRef;
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, SelectAll};
use kolumn::table::{State, error_schema};
use kolumn::{
    MetadataColumns, Offsets, OnError, PartitionedTable, Partitions, Properties, Span, Spec, Start, Stop, Table, TableType,
    Updates,
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
    /// All rows by arrival.
    whole: Table,
    /// The table of each partition, where there are such.
    parted: Option<PartitionedTable>,
    schema: SchemaRef,
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
    /// Bytes that the tables hold, and how many they may hold.
    pub(crate) budget: Option<(u64, u64)>,
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
            let parted = table.by_partition().await?;
            Ok(Self { schema: parted.schema(), whole: parted.merge(), parted: Some(parted) })
        } else {
            let whole = table.await?;
            Ok(Self { schema: whole.schema(), whole, parted: None })
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
        let kind = self.whole.table_type();
        if self.parted.is_some() { format!("{kind} by partition") } else { kind.to_string() }
    }

    /// What each cycle brings, what is there now first.
    pub(crate) fn changes(&self) -> Changes {
        match &self.parted {
            Some(parted) => Changes::of_partitions(parted),
            None => Changes::of_table(self.whole.updates()),
        }
    }

    /// The same of the error table.
    pub(crate) fn error_changes(&self) -> Changes {
        Changes::of_table(self.whole.errors().updates())
    }

    /// The same for who may miss some, and holds up nobody.
    pub(crate) fn news(&self) -> Changes {
        Changes::of_table(self.whole.updates_lossy(LOSSY_UPDATES))
    }

    /// What the table holds now, by arrival.
    pub(crate) fn rows(&self) -> Vec<RecordBatch> {
        self.whole.snapshot().batches().to_vec()
    }

    /// What each table holds now, with its partition where there is a table for each.
    pub(crate) fn tables(&self) -> Vec<(Option<i32>, Vec<RecordBatch>)> {
        match &self.parted {
            Some(parted) => {
                let snapshots = parted.snapshots().into_iter();
                snapshots.map(|(partition, snapshot)| (Some(partition), snapshot.batches().to_vec())).collect()
            }
            None => vec![(None, self.rows())],
        }
    }

    /// What the error table holds now.
    pub(crate) fn error_rows(&self) -> Vec<RecordBatch> {
        self.whole.errors().snapshot().batches().to_vec()
    }

    /// Where it is.
    pub(crate) fn seen(&self) -> Seen {
        let status = self.whole.status();
        let positions = self.whole.snapshot();
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
        let partitions = positions.positions().iter().map(|(partition, position)| PartitionSeen {
            span: position.account,
            end: told(partition).and_then(|told| told.last_stable_offset.or(told.high_watermark)),
            problem: told(partition).and_then(|told| told.last_error.as_ref()).map(ToString::to_string),
        });
        Seen {
            state: state.to_owned(),
            problem,
            partitions: partitions.collect(),
            budget: u64::try_from(status.budget_used).ok().zip(u64::try_from(status.budget_limit).ok()),
            moved: Moved::default(),
        }
    }

    /// Ends it, and waits for the last cycle. An error that had ended it before is no error of this.
    pub(crate) async fn close(&self) {
        // What ended it is told by `failure`.
        let _ = self.whole.close().await;
    }

    /// What ended it, where that was an error; waits for its end where it has not ended.
    pub(crate) async fn failure(&self) -> Option<Failure> {
        self.whole.finished().await.err().map(Failure::from)
    }
}

/// News that wait for a lossy reader.
const LOSSY_UPDATES: usize = 4;

/// What the cycles of a consumption bring.
pub(crate) struct Changes {
    /// Partitions that will have a table, as long as there may be more.
    keys: Option<(PartitionedTable, kolumn::table::Changes)>,
    tables: SelectAll<BoxStream<'static, Change>>,
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

    fn of_partitions(parted: &PartitionedTable) -> Self {
        Self { keys: Some((parted.clone(), parted.changes())), tables: SelectAll::new() }
    }

    /// The next change, each once; none when the consumption is over. Cancel safe.
    pub(crate) async fn next(&mut self) -> Option<Change> {
        loop {
            let Some((parted, keys)) = &mut self.keys else { return self.tables.next().await };
            tokio::select! {
                biased;
                key = keys.next() => match key {
                    Some(key) => self.tables.extend(parted.get(key).map(|table| changes(Some(key), table.updates()))),
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
