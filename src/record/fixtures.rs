//! The segments that Kafka 2.8.2 wrote, against what librdkafka and Kafka's own tool found in them.
//!
//! `protocol-tests/fixtures/formats/README.md` says how they were made.

use std::path::Path;

use serde_json::{Value, json};

use super::{Arena, Walk};

const NAMES: [&str; 11] = [
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

fn file(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("protocol-tests/fixtures/formats");
    std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn text(bytes: Option<&[u8]>) -> Value {
    bytes.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()).into()
}

#[test]
fn c11_what_kafka_stored_in_formats_0_and_1_is_what_librdkafka_reads_of_it() {
    let expected: Value = serde_json::from_slice(&file("expected.json")).unwrap();
    assert_eq!(expected.as_object().unwrap().len(), NAMES.len());
    for name in NAMES {
        let segment = file(&format!("{name}.log"));
        let (mut entries, mut records) = (Vec::new(), Vec::new());
        let mut arena = Arena::new(1 << 20);
        let mut walk = Walk::new(&segment);
        for batch in walk.by_ref() {
            let batch = batch.unwrap();
            batch.verify().unwrap();
            let header = &batch.header;
            let last = header.next_offset().unwrap() - 1;
            entries.push(json!({"magic": header.magic, "codec": header.codec().unwrap().name(), "last_offset": last}));
            let mut cursor = batch.records(&mut arena).unwrap();
            while let Some(record) = cursor.next().unwrap() {
                let (offset, timestamp) = (record.offset, record.timestamp);
                let (key, value) = (text(record.key), text(record.value));
                records.push(json!({"offset": offset, "timestamp": timestamp, "key": key, "value": value}));
            }
        }
        assert_eq!(walk.consumed(), segment.len(), "{name}");
        assert_eq!(Value::from(entries), expected[name]["entries"], "{name}");
        assert_eq!(Value::from(records), expected[name]["records"], "{name}");
    }
}

#[test]
fn c11_the_wrong_checksum_of_old_lz4_headers_is_in_the_fixtures() {
    // What lz4_flex refuses as it stands, or the fixture would not show that it does not matter.
    let strict = |name: &str| {
        let segment = file(name);
        let frame = segment.windows(4).position(|bytes| bytes == [0x04, 0x22, 0x4d, 0x18]).unwrap();
        let mut decoder = lz4_flex::frame::FrameDecoder::new(&segment[frame..]);
        std::io::Read::read(&mut decoder, &mut [0; 16]).map(drop)
    };
    assert!(strict("format-0-lz4.log").is_err());
    strict("format-1-lz4.log").unwrap();
}
