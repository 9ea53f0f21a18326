//! What is produced: records that are a function of a seed and their index.
//!
//! Three programs make the same records: this module, `servers/java/Produce.java` and `servers/python/workload.py`. So a test can say
//! what any record must be without having kept it, and the digest of a topic without having read it. In all three, with `word(lane)` =
//! SplitMix64 (see `random`) of `mix(seed) + 16 * index + lane`, modulo 2^64:
//!
//! - the partition is `index % partitions`, the timestamp 2086-11-18T00:00:00Z plus `index` milliseconds;
//! - the key is made by the key's [`Shape`] from the lanes 8 and up, the value by the value's from the lanes 0 and up (an order: 0 to 3);
//! - of every `null_keys_every` records the last has a null key; of every `null_values_every` the last has a null value; of every
//!   `broken_values_every` the last has only the first fifth of its value's bytes, which no decoder of that shape accepts;
//! - the record has `index % (headers + 1)` headers; the header number `j` is named `h0`, `h1`, `h2`, `h0` …, its value is `index + j` in
//!   decimal, or null where that is a multiple of 5.
//!
//! 0 turns an `every` off.

mod order;
mod random;
mod shape;

use std::collections::BTreeMap;

pub use order::{FIRST_TIMESTAMP_MS, Order, SYMBOLS, VENUES};
pub use shape::Shape;

use crate::digest::{Digest, Digester};

/// Where the lanes of a key begin; a value's begin at 0.
const KEY_LANE: u64 = 8;

/// Records that are a function of their index: see the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload {
    /// What tells this workload from others.
    pub seed: u64,
    /// The index of the first record.
    pub first: u64,
    /// How many records.
    pub records: u64,
    /// How many partitions the records go to, in turn.
    pub partitions: i32,
    /// What keys look like.
    pub key: Shape,
    /// What values look like.
    pub value: Shape,
    /// Of so many records the last has a null key; 0: none has.
    pub null_keys_every: u64,
    /// Of so many records the last has a null value; 0: none has.
    pub null_values_every: u64,
    /// Of so many records the last has a value that its shape's decoder must refuse; 0: none has.
    pub broken_values_every: u64,
    /// The largest number of headers of a record.
    pub headers: u64,
}

/// One record as a producer is asked to write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// The partition.
    pub partition: i32,
    /// Milliseconds since 1970.
    pub timestamp: i64,
    /// The key.
    pub key: Option<Vec<u8>>,
    /// The value.
    pub value: Option<Vec<u8>>,
    /// Names and values of the headers, in order.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Workload {
    /// `records` JSON orders with account keys into `partitions` partitions, without nulls, broken values or headers.
    pub fn orders(seed: u64, records: u64, partitions: i32) -> Self {
        Self {
            seed,
            first: 0,
            records,
            partitions,
            key: Shape::Account,
            value: Shape::Order,
            null_keys_every: 0,
            null_values_every: 0,
            broken_values_every: 0,
            headers: 0,
        }
    }

    /// The record `index`.
    pub fn record(&self, index: u64) -> Generated {
        let last_of = |every: u64| every != 0 && index % every == every - 1;
        let key = if last_of(self.null_keys_every) { None } else { self.key.payload(self.seed, index, KEY_LANE) };
        let mut value = if last_of(self.null_values_every) { None } else { self.value.payload(self.seed, index, 0) };
        if let Some(value) = value.as_mut().filter(|_| last_of(self.broken_values_every)) {
            value.truncate(value.len() / 5);
        }
        let headers = (0..index % (self.headers + 1)).map(|number| {
            let value = index + number;
            (format!("h{}", number % 3), (!value.is_multiple_of(5)).then(|| value.to_string().into_bytes()))
        });
        Generated {
            partition: self.partition_of(index),
            timestamp: order::timestamp_ms(index),
            key,
            value,
            headers: headers.collect(),
        }
    }

    /// The partition of the record `index`.
    pub fn partition_of(&self, index: u64) -> i32 {
        (index % self.partitions as u64) as i32
    }

    /// Every record, in order.
    pub fn iter(&self) -> impl Iterator<Item = Generated> + '_ {
        (self.first..self.first + self.records).map(|index| self.record(index))
    }

    /// The digests of a topic that holds this workload and nothing else, each partition from offset 0 without gaps.
    pub fn digests(&self) -> BTreeMap<i32, Digest> {
        let mut digesters: BTreeMap<i32, Digester> = BTreeMap::new();
        for record in self.iter() {
            let digester = digesters.entry(record.partition).or_default();
            digester.add(digester.next(), record.timestamp, record.key.as_deref(), record.value.as_deref());
        }
        digesters.into_iter().map(|(partition, digester)| (partition, digester.finish())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_broken_values_and_headers_come_where_they_were_asked_for() {
        let workload = Workload {
            null_keys_every: 4,
            null_values_every: 6,
            broken_values_every: 5,
            headers: 3,
            value: Shape::Int64,
            ..Workload::orders(3, 60, 2)
        };
        let records: Vec<Generated> = workload.iter().collect();
        assert_eq!(records.iter().filter(|record| record.key.is_none()).count(), 15);
        assert_eq!(records.iter().filter(|record| record.value.is_none()).count(), 10);
        assert_eq!(records.iter().filter(|record| record.value.as_ref().is_some_and(|value| value.len() == 1)).count(), 10);
        assert_eq!(
            records[7].headers,
            [("h0".into(), Some(b"7".to_vec())), ("h1".into(), Some(b"8".to_vec())), ("h2".into(), Some(b"9".to_vec()))]
        );
        assert_eq!(records[10].headers, [("h0".into(), None), ("h1".into(), Some(b"11".to_vec()))]);
    }

    #[test]
    fn the_digests_of_a_workload_count_its_records_by_partition() {
        let digests = Workload::orders(3, 11, 4).digests();
        let counts: Vec<u64> = digests.values().map(|digest| digest.records).collect();
        assert_eq!(counts, [3, 3, 3, 2]);
        assert_eq!(digests[&3].end, 2);
    }
}
