//! What an independent consumer (librdkafka, CRCs checked) finds in a topic: every record, or a digest per partition.
//!
//! The form of a dump, one record after the other, big-endian:
//!
//! ```text
//! partition: i32  offset: i64  timestamp: i64 (ms)  key length: i32 (-1: null)  key  value length: i32 (-1: null)  value  headers: i32
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use bytes::{Buf, Bytes};

use crate::digest::Digest;
use crate::error::{Result, ServerError, Tried};
use crate::program::run;
use crate::python;

/// How a topic is read: from its beginning to the end that it has when the reader gets there.
#[derive(Debug, Clone)]
pub struct Reading {
    topic: String,
    committed: bool,
    limit: Duration,
    properties: Vec<(String, String)>,
}

/// One record as the independent consumer saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRecord {
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// Milliseconds since 1970.
    pub timestamp: i64,
    /// The key.
    pub key: Option<Bytes>,
    /// The value.
    pub value: Option<Bytes>,
    /// How many headers it has.
    pub headers: i32,
}

/// What was read of one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionRead {
    /// Its records in short.
    pub digest: Digest,
    /// The offset at which the reader found nothing more: beyond control batches and gaps, unlike [`Digest::end`].
    pub log_end: i64,
}

/// What was read of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadTopic {
    /// Per partition, its records in short; partitions without records are left out.
    pub digests: BTreeMap<i32, Digest>,
    /// Every partition of the topic.
    pub partitions: BTreeMap<i32, PartitionRead>,
    /// How long the reading took, connections included.
    pub elapsed: Duration,
}

impl Reading {
    /// Reads `topic` with aborted records (`read_uncommitted`), within two minutes.
    pub fn new(topic: impl Into<String>) -> Self {
        Self { topic: topic.into(), committed: false, limit: Duration::from_secs(120), properties: Vec::new() }
    }

    /// Leaves out what was aborted or is not committed yet.
    #[must_use]
    pub fn committed(mut self) -> Self {
        self.committed = true;
        self
    }

    /// How long the reading may take.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Sets a property of librdkafka.
    #[must_use]
    pub fn property(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.properties.push((key.into(), value.into()));
        self
    }

    /// Reads the topic and keeps a digest per partition: for millions of records.
    pub fn digests(&self, bootstrap: &str) -> Result<ReadTopic> {
        self.read(bootstrap, None)
    }

    /// Reads the topic and keeps every record, each partition in offset order.
    pub fn records(&self, bootstrap: &str) -> Result<Vec<ReadRecord>> {
        let folder = tempfile::tempdir().tried(|| "creating a folder for a dump".into())?;
        let path = folder.path().join("dump");
        let read = self.read(bootstrap, Some(&path))?;
        let dump = Bytes::from(fs::read(&path).tried(|| format!("reading {}", path.display()))?);
        let mut records = parse_dump(dump)?;
        records.sort_by_key(|record| (record.partition, record.offset));
        let counted: u64 = read.digests.values().map(|digest| digest.records).sum();
        if u64::try_from(records.len()) != Ok(counted) {
            return Err(bad(format!("{} records in the dump, {counted} counted", records.len())));
        }
        Ok(records)
    }

    fn read(&self, bootstrap: &str, dump: Option<&Path>) -> Result<ReadTopic> {
        let mut command = python::script("consume.py")?;
        command.args(["--bootstrap", bootstrap, "--topic", &self.topic]);
        command.args(["--isolation", if self.committed { "read_committed" } else { "read_uncommitted" }]);
        command.arg("--timeout-s").arg(self.limit.as_secs_f64().to_string());
        if let Some(dump) = dump {
            command.arg("--dump").arg(dump);
        }
        for (key, value) in &self.properties {
            command.arg("--property").arg(format!("{key}={value}"));
        }
        parse_answer(&run(&mut command)?)
    }
}

/// The line of JSON that the reader prints.
fn parse_answer(text: &str) -> Result<ReadTopic> {
    let json: serde_json::Value = serde_json::from_str(text.trim()).map_err(|error| bad(format!("{error} in {text:?}")))?;
    let missing = || bad(format!("fields are missing in {text:?}"));
    let mut partitions = BTreeMap::new();
    for entry in json["partitions"].as_array().ok_or_else(missing)? {
        let number = |name: &str| entry[name].as_i64().ok_or_else(missing);
        let digest = Digest {
            records: u64::try_from(number("records")?).map_err(bad)?,
            first: entry["first"].as_i64(),
            end: number("end")?,
            crc: u32::try_from(number("crc")?).map_err(bad)?,
        };
        let partition = i32::try_from(number("partition")?).map_err(bad)?;
        partitions.insert(partition, PartitionRead { digest, log_end: number("log_end")? });
    }
    let with_records = partitions.iter().filter(|(_, read)| read.digest.records > 0);
    let elapsed = Duration::try_from_secs_f64(json["seconds"].as_f64().ok_or_else(missing)?).map_err(bad)?;
    Ok(ReadTopic { digests: with_records.map(|(partition, read)| (*partition, read.digest)).collect(), partitions, elapsed })
}

/// The records of a dump; keys and values are slices of it.
fn parse_dump(mut dump: Bytes) -> Result<Vec<ReadRecord>> {
    let mut records = Vec::new();
    while dump.has_remaining() {
        let partition = dump.try_get_i32().map_err(bad)?;
        let offset = dump.try_get_i64().map_err(bad)?;
        let timestamp = dump.try_get_i64().map_err(bad)?;
        let key = payload(&mut dump)?;
        let value = payload(&mut dump)?;
        let headers = dump.try_get_i32().map_err(bad)?;
        records.push(ReadRecord { partition, offset, timestamp, key, value, headers });
    }
    Ok(records)
}

/// A payload with its length in front.
fn payload(dump: &mut Bytes) -> Result<Option<Bytes>> {
    match usize::try_from(dump.try_get_i32().map_err(bad)?) {
        Err(_) => Ok(None),
        Ok(length) if length <= dump.remaining() => Ok(Some(dump.split_to(length))),
        Ok(length) => Err(bad(format!("a payload of {length} bytes, {} are left", dump.remaining()))),
    }
}

fn bad(reason: impl ToString) -> ServerError {
    ServerError::Answer { program: "the independent consumer".into(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_is_read_back_as_it_was_written() {
        let mut dump = Vec::new();
        dump.extend(3_i32.to_be_bytes());
        dump.extend(7_i64.to_be_bytes());
        dump.extend(9_i64.to_be_bytes());
        dump.extend((-1_i32).to_be_bytes());
        dump.extend(2_i32.to_be_bytes());
        dump.extend(b"ab");
        dump.extend(1_i32.to_be_bytes());
        let records = parse_dump(Bytes::from(dump.clone())).unwrap();
        let value = Some(Bytes::from_static(b"ab"));
        assert_eq!(records, [ReadRecord { partition: 3, offset: 7, timestamp: 9, key: None, value, headers: 1 }]);
        dump.truncate(dump.len() - 5);
        assert!(parse_dump(Bytes::from(dump)).is_err(), "a dump that was cut is taken for a whole one");
    }
}
