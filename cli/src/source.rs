//! The library, as the verbs use it. Only here are its tables, properties and topics touched.

mod changes;
mod consumption;
pub(crate) mod decoding;
pub(crate) mod sample;
pub(crate) mod spec;
mod topics;
pub(crate) mod writers;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use kolumn::{Partitions, Properties, Spec, Start, Stop};

use crate::arguments::OnErrorArgument;
use crate::arguments::connection::ConnectionArguments;
use crate::arguments::table::TableArgument;
use crate::exit::Failure;

pub(crate) use changes::{Change, Changes, Lost};
pub(crate) use consumption::{Consumption, PartitionSeen, Seen};
pub(crate) use topics::{TopicPartition, TopicSeen, topics};

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

/// Every property that is known: its names, its default, and what it does here.
pub(crate) fn property_list() -> String {
    use kolumn::config::{Effect, KNOWN};
    let mut text = String::new();
    for theme in KNOWN {
        text.push_str(&format!("{}\n", theme.title));
        for property in theme.properties {
            let names: Vec<_> = property.names().collect();
            let default =
                property.default.filter(|value| !value.is_empty()).map(|value| format!(" [{value}]")).unwrap_or_default();
            let here = match property.effect {
                Effect::Used => property.doc.to_owned(),
                Effect::Nothing(why) => format!("Accepted: {why}."),
                Effect::Warned(why) => format!("Warned of: {why}."),
                Effect::Refused(why) => format!("Refused: {why}."),
                Effect::Producer => "A producer's.".to_owned(),
                _ => "Comes later.".to_owned(),
            };
            text.push_str(&format!("  {}{default}\n      {here}\n", names.join(", ")));
        }
    }
    text
}

/// What is to be consumed, and how.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// The topic.
    pub(crate) topic: String,
    /// Brokers and all else that has a name.
    pub(crate) properties: Properties,
    /// How keys become columns; none is ignored.
    pub(crate) key: Option<Spec>,
    /// How values become columns; none is what the properties say.
    pub(crate) value: Option<Spec>,
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
