//! Some records of a topic, and what they are found to be.

use std::collections::BTreeMap;
use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, BinaryArray, RecordBatch};
use futures_util::StreamExt;
use kolumn::config::Settings;
use kolumn::infer::{Finding, Payload, infer};
use kolumn::registry::Registry;
use kolumn::registry::framing::{KEY_SCHEMA_ID, VALUE_SCHEMA_ID};
use kolumn::spec::{self, Side, Spec, Type};
use kolumn::{MetadataColumns, Offsets, Partitions, Properties, Start, Stop, TableType};

use crate::arguments::schema::From;
use crate::exit::Failure;

/// Which records are looked at.
#[derive(Debug, Clone)]
pub(crate) struct SampleRequest {
    /// The topic.
    pub(crate) topic: String,
    /// Brokers and all else that has a name.
    pub(crate) properties: Properties,
    /// Which partitions.
    pub(crate) partitions: Partitions,
    /// Which of the records of a partition.
    pub(crate) from: From,
    /// So many offsets of each partition.
    pub(crate) records: u64,
    /// No more when the payloads have so many bytes.
    pub(crate) bytes: usize,
    /// No more after this time.
    pub(crate) time: Duration,
}

/// Keys and values of some records.
#[derive(Debug, Default)]
pub(crate) struct Sample {
    records: Vec<RecordBatch>,
    bytes: usize,
    /// Why it is less than was asked for.
    pub(crate) cut: Option<&'static str>,
}

/// Where to read, and where to stop.
type Range = (BTreeMap<i32, Offsets>, BTreeMap<i32, i64>);

impl Sample {
    /// Reads the records.
    pub(crate) async fn read(request: &SampleRequest) -> Result<Self, Failure> {
        let mut sample = Self::default();
        let deadline = tokio::time::Instant::now() + request.time;
        for (start, stop) in request.ranges().await? {
            if sample.cut.is_some() {
                break;
            }
            match tokio::time::timeout_at(deadline, sample.read_range(request, start, stop)).await {
                Ok(read) => read?,
                Err(_) => sample.cut = Some("the time was over (--time)"),
            }
        }
        Ok(sample)
    }

    async fn read_range(
        &mut self,
        request: &SampleRequest,
        start: BTreeMap<i32, Offsets>,
        stop: BTreeMap<i32, i64>,
    ) -> Result<(), Failure> {
        let partitions: Vec<i32> = stop.keys().copied().collect();
        let mut columns = MetadataColumns::none().header(KEY_SCHEMA_ID, "key schema", Type::Binary).header(
            VALUE_SCHEMA_ID,
            "value schema",
            Type::Binary,
        );
        columns.partition = Some("partition".into());
        columns.offset = Some("offset".into());
        let (table, mut updates) = kolumn::consume(&request.topic)
            .properties(request.properties.iter())
            .key(spec::raw("key"))
            .value(spec::raw("value"))
            .metadata(columns)
            .partitions(partitions)
            .offsets(Start { default: Offsets::Beginning, partitions: start })
            .until(Stop::AtEach(stop))
            .table(TableType::Blink)
            .with_updates()
            .await?;
        while let Some(update) = updates.next().await {
            for batch in update.added() {
                self.bytes += batch.get_array_memory_size();
                self.records.push(batch.clone());
            }
            if self.bytes >= request.bytes {
                self.cut = Some("the bytes were enough (--bytes)");
                table.close().await?;
                return Ok(());
            }
        }
        Ok(table.finished().await?)
    }

    /// The payloads of one side, by partition and offset: what is found does not depend on which broker was the first.
    pub(crate) fn payloads(&self, side: Side) -> Vec<Payload<'_>> {
        fn column<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a BinaryArray> {
            batch.column_by_name(name)?.as_binary_opt::<i32>()
        }
        fn at(column: Option<&BinaryArray>, row: usize) -> Option<&[u8]> {
            column.filter(|column| column.is_valid(row)).map(|column| column.value(row))
        }
        let mut payloads = Vec::new();
        for batch in &self.records {
            let (bytes, schema) = (column(batch, side.name()), column(batch, &format!("{} schema", side.name())));
            let partitions = batch.column_by_name("partition").and_then(|column| column.as_primitive_opt::<Int32Type>());
            let offsets = batch.column_by_name("offset").and_then(|column| column.as_primitive_opt::<Int64Type>());
            let place = |row: usize| (partitions.map(|column| column.value(row)), offsets.map(|column| column.value(row)));
            payloads.extend((0..batch.num_rows()).map(|row| (place(row), Payload::new(at(bytes, row), at(schema, row)))));
        }
        payloads.sort_by_key(|(place, _)| *place);
        payloads.into_iter().map(|(_, payload)| payload).collect()
    }

    /// What the payloads of one side are; columns get none of the names in `taken`.
    pub(crate) async fn look(&self, request: &SampleRequest, side: Side, taken: &[String]) -> Result<Finding, Failure> {
        let infer = infer(side).apart_from(taken.iter().cloned());
        let payloads = self.payloads(side);
        if request.properties.get("schema.registry.url").is_none() {
            return Ok(infer.look(payloads));
        }
        let registry = Registry::new(&request.properties)?;
        Ok(infer.look_with(payloads, &request.topic, &registry).await?)
    }
}

impl SampleRequest {
    /// Where the records are.
    async fn ranges(&self) -> Result<Vec<Range>, Failure> {
        let topic = self.topic.clone();
        let found = kolumn::topics(&self.properties, move |name| name == topic).await?;
        let Some(topic) = found.into_iter().next() else {
            // The library knows which name is near.
            let consume = kolumn::consume(&self.topic).properties(self.properties.iter()).value(spec::raw("value"));
            let unknown = consume.offsets(Offsets::Beginning).until(Stop::End).table(TableType::Blink).await.err();
            return Err(unknown.map_or_else(|| Failure::NotFound(format!("no topic {:?}", self.topic)), Failure::from));
        };
        let known: Vec<i32> = topic.partitions.iter().map(|partition| partition.partition).collect();
        if let Partitions::These(wanted) = &self.partitions
            && let Some(missing) = wanted.iter().find(|partition| !known.contains(partition))
        {
            let count = known.len();
            return Err(Failure::NotFound(format!("topic {:?} has no partition {missing}: it has {count}", self.topic)));
        }
        let is_wanted = |partition: i32| match &self.partitions {
            Partitions::All => true,
            Partitions::These(wanted) => wanted.contains(&partition),
        };
        let records = i64::try_from(self.records).unwrap_or(i64::MAX);
        let (mut oldest, mut newest): (Range, Range) = Default::default();
        for partition in topic.partitions.iter().filter(|partition| is_wanted(partition.partition)) {
            let (Some(first), Some(next)) = (partition.first, partition.next) else { continue };
            for (range, (from, to)) in [&mut oldest, &mut newest].into_iter().zip(self.from.ranges(first, next, records)) {
                if from < to {
                    range.0.insert(partition.partition, Offsets::At(from));
                    range.1.insert(partition.partition, to);
                }
            }
        }
        Ok([oldest, newest].into_iter().filter(|(_, stop)| !stop.is_empty()).collect())
    }
}

impl From {
    /// The oldest and the newest offsets of a log that are looked at, from one before another, none of them twice.
    fn ranges(self, first: i64, next: i64, records: i64) -> [(i64, i64); 2] {
        let records = records.max(0);
        let oldest = |records: i64| (first, first.saturating_add(records).min(next));
        match self {
            Self::Beginning => [oldest(records), (next, next)],
            Self::End => [(first, first), (next.saturating_sub(records).max(first), next)],
            Self::Both => {
                let (first, to) = oldest(records - records / 2);
                [(first, to), (next.saturating_sub(records / 2).max(to), next)]
            }
        }
    }
}

/// The names that metadata columns have, as the properties say.
pub(crate) fn metadata_names(properties: &Properties) -> Result<Vec<String>, Failure> {
    let columns = Settings::from_properties(properties)?.columns;
    // Single headers are written as the columns of a spec are.
    let headers = columns.single_headers.and_then(|text| Spec::parse(&format!("json:{text}")).ok());
    let headers = headers.map(|spec| column_names(&spec, Side::Value)).unwrap_or_default();
    let names = columns.metadata;
    let all = [
        names.partition,
        names.offset,
        names.timestamp,
        names.receive_time,
        names.key_bytes,
        names.value_bytes,
        names.topic,
        names.leader_epoch,
        names.timestamp_type,
        names.headers,
    ];
    Ok(all.into_iter().flatten().chain(headers).collect())
}

/// The names of the columns of a spec, as far as they are known.
pub(crate) fn column_names(spec: &Spec, side: Side) -> Vec<String> {
    let schema = spec.schema(side);
    schema.map(|schema| schema.fields().iter().map(|field| field.name().clone()).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_and_the_newest_records_are_looked_at_and_none_twice() {
        assert_eq!(From::Beginning.ranges(10, 500, 100), [(10, 110), (500, 500)]);
        assert_eq!(From::End.ranges(10, 500, 100), [(10, 10), (400, 500)]);
        assert_eq!(From::Both.ranges(10, 500, 101), [(10, 61), (450, 500)]);
        assert_eq!(From::Both.ranges(10, 80, 100), [(10, 60), (60, 80)]);
        assert_eq!(From::Both.ranges(10, 20, 100), [(10, 20), (20, 20)]);
        assert_eq!(From::Both.ranges(5, 5, 100), [(5, 5), (5, 5)]);
        assert_eq!(From::Both.ranges(5, 9, 1), [(5, 6), (9, 9)]);
    }
}
