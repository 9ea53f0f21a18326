//! The library, as the verbs use it. Only here are its tables, properties and topics touched.

pub(crate) mod decoding;

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use kolumn::config::Properties;
use kolumn::position::{Partitions, Span, Start, Stop};

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
    pub(crate) async fn open(_request: &Request) -> Result<Self, Failure> {
        Err(Failure::Other("not there yet".to_owned()))
    }

    /// The columns.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The columns of the error table.
    pub(crate) fn error_schema(&self) -> SchemaRef {
        Schema::empty().into()
    }

    /// The kind of table.
    pub(crate) fn kind(&self) -> String {
        String::new()
    }

    /// What each cycle brings, what is there now first.
    pub(crate) fn changes(&self) -> Changes {
        Changes {}
    }

    /// The same of the error table.
    pub(crate) fn error_changes(&self) -> Changes {
        Changes {}
    }

    /// The same for who may miss some, and holds up nobody.
    pub(crate) fn news(&self) -> Changes {
        Changes {}
    }

    /// What the tables hold now; with a table for each partition, one after the other.
    pub(crate) fn rows(&self) -> Vec<RecordBatch> {
        Vec::new()
    }

    /// What each table holds now, with its partition where there is a table for each.
    pub(crate) fn tables(&self) -> Vec<(Option<i32>, Vec<RecordBatch>)> {
        Vec::new()
    }

    /// What the error table holds now.
    pub(crate) fn error_rows(&self) -> Vec<RecordBatch> {
        Vec::new()
    }

    /// Where it is.
    pub(crate) fn seen(&self) -> Seen {
        Seen::default()
    }

    /// Ends it, and waits for the last cycle.
    pub(crate) async fn close(&self) -> Result<(), Failure> {
        Ok(())
    }

    /// What ended it, where that was an error.
    pub(crate) fn failure(&self) -> Option<Failure> {
        None
    }
}

/// What the cycles of a consumption bring.
#[derive(Debug)]
pub(crate) struct Changes {}

impl Changes {
    /// The next change, each once; none when the consumption is over. Cancel safe.
    pub(crate) async fn next(&mut self) -> Option<Change> {
        None
    }
}

/// The first few reasons in rows of an error table, each with its place.
pub(crate) fn reasons(_rows: &[RecordBatch], _count: usize) -> Vec<String> {
    Vec::new()
}

/// The brokers to start from, as the properties say.
pub(crate) fn brokers(properties: &Properties) -> String {
    properties.get("bootstrap.servers").unwrap_or_default().to_owned()
}

/// How the values of a topic become columns, as the first few of them look; none where there are none.
pub(crate) async fn find_out_values(_request: &Request) -> Result<Option<String>, Failure> {
    Ok(crate::finding::find_out(std::iter::empty()))
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
    /// The first offset.
    pub(crate) first: i64,
    /// The offset after the last.
    pub(crate) next: i64,
    /// The broker that leads it, if any does.
    pub(crate) leader: Option<i32>,
    /// The brokers that hold it.
    pub(crate) replicas: Vec<i32>,
    /// Those of them that are in sync.
    pub(crate) in_sync: Vec<i32>,
}

/// The topics of a cluster.
pub(crate) async fn topics(_properties: &Properties) -> Result<Vec<TopicSeen>, Failure> {
    Err(Failure::Other("not there yet".to_owned()))
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
