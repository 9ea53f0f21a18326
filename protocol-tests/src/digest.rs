//! One partition's records in 32 bits: what millions of rows are compared by.
//!
//! A digest is the CRC-32 (IEEE, as in zlib) of the partition's records in offset order, each written as
//!
//! ```text
//! offset: i64  timestamp: i64 (ms)  key length: i32 (-1: null)  key  value length: i32 (-1: null)  value
//! ```
//!
//! big-endian, beside their number, the first offset and the offset after the last. CRC-32 because Rust, Java and Python have it at hand at
//! memory speed; it is meant to notice a defect, not an enemy.

use flate2::Crc;

/// What a partition holds, in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    /// The number of records.
    pub records: u64,
    /// The offset of the first record; none where there is none.
    pub first: Option<i64>,
    /// The offset after the last record; 0 where there is none. Control batches and gaps at the end are not in it.
    pub end: i64,
    /// The checksum of the records: see the module.
    pub crc: u32,
}

/// Makes a [`Digest`] record by record.
#[derive(Debug, Default)]
pub struct Digester {
    crc: Crc,
    records: u64,
    first: Option<i64>,
    end: i64,
}

impl Digester {
    /// Adds a record. Records are added in offset order.
    pub fn add(&mut self, offset: i64, timestamp: i64, key: Option<&[u8]>, value: Option<&[u8]>) {
        let mut head = [0; 20];
        head[..8].copy_from_slice(&offset.to_be_bytes());
        head[8..16].copy_from_slice(&timestamp.to_be_bytes());
        head[16..].copy_from_slice(&length(key).to_be_bytes());
        self.crc.update(&head);
        self.crc.update(key.unwrap_or_default());
        self.crc.update(&length(value).to_be_bytes());
        self.crc.update(value.unwrap_or_default());
        self.records += 1;
        self.first.get_or_insert(offset);
        self.end = offset + 1;
    }

    /// The offset after the last record that was added.
    pub fn next(&self) -> i64 {
        self.end
    }

    /// The digest of what was added.
    pub fn finish(self) -> Digest {
        Digest { records: self.records, first: self.first, end: self.end, crc: self.crc.sum() }
    }
}

/// The length of a payload as it is written: -1 for null.
fn length(payload: Option<&[u8]>) -> i32 {
    payload.map_or(-1, |payload| i32::try_from(payload.len()).expect("a Kafka payload is shorter than 2 GiB"))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Record<'a> = (i64, i64, Option<&'a [u8]>, Option<&'a [u8]>);

    fn digest(records: &[Record<'_>]) -> Digest {
        let mut digester = Digester::default();
        for (offset, timestamp, key, value) in records {
            digester.add(*offset, *timestamp, *key, *value);
        }
        digester.finish()
    }

    #[test]
    fn a_digest_differs_when_anything_of_a_record_differs() {
        let base = digest(&[(0, 1, None, Some(b"v")), (1, 1, Some(b"k"), Some(b"w"))]);
        for other in [
            digest(&[(0, 1, Some(b""), Some(b"v")), (1, 1, Some(b"k"), Some(b"w"))]),
            digest(&[(0, 2, None, Some(b"v")), (1, 1, Some(b"k"), Some(b"w"))]),
            digest(&[(0, 1, None, Some(b"v")), (2, 1, Some(b"k"), Some(b"w"))]),
            digest(&[(0, 1, None, Some(b"v")), (1, 1, Some(b"kw"), Some(b""))]),
            digest(&[(0, 1, None, Some(b"v"))]),
        ] {
            assert_ne!(base.crc, other.crc);
        }
    }

    #[test]
    fn the_digest_is_that_of_zlib_over_the_documented_bytes() {
        // python3: zlib.crc32(struct.pack('>qqi', 5, 7, -1) + struct.pack('>i', 2) + b'ab')
        assert_eq!(digest(&[(5, 7, None, Some(b"ab"))]).crc, 0x78f6_3f7e);
    }
}
