//! The segments of `fixtures/formats`, in which Kafka 2.8.2 stored messages of formats 0, 1 and 2.

use std::path::{Path, PathBuf};

use super::raw::RawRow;

/// Every segment by its name.
pub const SEGMENTS: [&str; 11] = [
    "format-0-none",
    "format-0-gzip",
    "format-0-snappy",
    "format-0-lz4",
    "format-1-none",
    "format-1-gzip",
    "format-1-snappy",
    "format-1-lz4",
    "append-time-none",
    "append-time-gzip",
    "mixed",
];

/// The file of a segment.
pub fn segment(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/formats").join(name).with_extension("log")
}

/// The rows that librdkafka read of a segment.
pub fn expected(name: &str) -> Vec<RawRow> {
    let json = std::fs::read(segment("expected").with_extension("json")).expect("the fixture is there");
    let json: serde_json::Value = serde_json::from_slice(&json).expect("the fixture is JSON");
    let text = |value: &serde_json::Value| value.as_str().map(|text| text.as_bytes().to_vec());
    let row = |record: &serde_json::Value| RawRow {
        partition: 0,
        offset: record["offset"].as_i64().expect("an offset"),
        timestamp: record["timestamp"].as_i64().expect("a timestamp"),
        key: text(&record["key"]),
        value: text(&record["value"]),
    };
    json[name]["records"].as_array().expect("records").iter().map(row).collect()
}

/// What a segment holds, entry by entry: its first offset, its last, its bytes.
pub fn entries(mut segment: &[u8]) -> Vec<(i64, i64, Vec<u8>)> {
    let mut entries = Vec::new();
    let mut next = 0;
    while let Some(head) = segment.first_chunk::<17>() {
        let offset = i64::from_be_bytes(head[..8].try_into().expect("eight bytes"));
        let length = i32::from_be_bytes(head[8..12].try_into().expect("four bytes"));
        let last = match head[16] {
            // The base offset, and how many come after it.
            2 => offset + i64::from(i32::from_be_bytes(segment[23..27].try_into().expect("four bytes"))),
            // The offset of the message, which of a compressed one is the last within.
            _ => offset,
        };
        let (entry, rest) = segment.split_at(12 + usize::try_from(length).expect("a length"));
        entries.push((next, last, entry.to_vec()));
        (next, segment) = (last + 1, rest);
    }
    assert!(segment.is_empty(), "the segment ends in an entry");
    entries
}
