//! Batches for tests, byte by byte.

use super::header::UNCHECKED;

/// A zigzag number.
pub(crate) fn put_varint(bytes: &mut Vec<u8>, value: i32) {
    put_varlong(bytes, i64::from(value));
}

/// A zigzag number.
pub(crate) fn put_varlong(bytes: &mut Vec<u8>, value: i64) {
    let mut raw = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while raw >= 0x80 {
        bytes.push(u8::try_from(raw & 0x7f).unwrap() | 0x80);
        raw >>= 7;
    }
    bytes.push(u8::try_from(raw).unwrap());
}

fn put_nullable(bytes: &mut Vec<u8>, value: Option<&[u8]>) {
    put_varint(bytes, value.map_or(-1, |value| i32::try_from(value.len()).unwrap()));
    bytes.extend_from_slice(value.unwrap_or_default());
}

/// One record of a [`Batch`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) offset_delta: i32,
    pub(crate) timestamp_delta: i64,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

impl Sample {
    fn bytes(&self) -> Vec<u8> {
        let mut body = vec![0];
        put_varlong(&mut body, self.timestamp_delta);
        put_varint(&mut body, self.offset_delta);
        put_nullable(&mut body, self.key.as_deref());
        put_nullable(&mut body, self.value.as_deref());
        put_varint(&mut body, i32::try_from(self.headers.len()).unwrap());
        for (key, value) in &self.headers {
            put_nullable(&mut body, Some(key));
            put_nullable(&mut body, value.as_deref());
        }
        let mut bytes = Vec::new();
        put_varint(&mut bytes, i32::try_from(body.len()).unwrap());
        bytes.extend(body);
        bytes
    }
}

/// A batch of format 2 whose every field can be set, right or wrong. [`Batch::bytes`] computes length and checksum.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    pub(crate) base_offset: i64,
    pub(crate) leader_epoch: i32,
    pub(crate) attributes: i16,
    pub(crate) last_offset_delta: i32,
    pub(crate) base_timestamp: i64,
    pub(crate) max_timestamp: i64,
    pub(crate) producer_id: i64,
    pub(crate) record_count: i32,
    /// What follows the header.
    pub(crate) body: Vec<u8>,
}

impl Batch {
    /// A batch without records.
    pub(crate) fn at(base_offset: i64) -> Self {
        Self {
            base_offset,
            leader_epoch: 0,
            attributes: 0,
            last_offset_delta: 0,
            base_timestamp: 1_000,
            max_timestamp: 2_000,
            producer_id: -1,
            record_count: 0,
            body: Vec::new(),
        }
    }

    /// Records with these values, at offsets that follow each other.
    pub(crate) fn records<V: AsRef<[u8]>>(self, values: impl IntoIterator<Item = V>) -> Self {
        let samples: Vec<_> = values
            .into_iter()
            .zip(0_i32..)
            .map(|(value, index)| Sample {
                offset_delta: index,
                timestamp_delta: i64::from(index),
                value: Some(value.as_ref().to_vec()),
                ..Sample::default()
            })
            .collect();
        self.samples(&samples)
    }

    /// These records.
    pub(crate) fn samples(mut self, samples: &[Sample]) -> Self {
        self.record_count = i32::try_from(samples.len()).unwrap();
        self.last_offset_delta = samples.last().map_or(0, |last| last.offset_delta);
        self.body = samples.iter().flat_map(Sample::bytes).collect();
        self
    }

    /// A control batch: a transaction marker of this type (0 abort, 1 commit).
    pub(crate) fn marker(offset: i64, producer_id: i64, kind: i16) -> Self {
        let mut key = vec![0, 0];
        key.extend(kind.to_be_bytes());
        let mut batch = Self::at(offset).samples(&[Sample { key: Some(key), value: Some(vec![0; 6]), ..Sample::default() }]);
        batch.attributes = 1 << 5 | 1 << 4;
        batch.producer_id = producer_id;
        batch
    }

    pub(crate) fn transactional(mut self, producer_id: i64) -> Self {
        self.attributes |= 1 << 4;
        self.producer_id = producer_id;
        self
    }

    pub(crate) fn last_offset_delta(mut self, delta: i32) -> Self {
        self.last_offset_delta = delta;
        self
    }

    /// What compaction leaves: the header alone.
    pub(crate) fn without_records(mut self) -> Self {
        self.record_count = 0;
        self.body.clear();
        self
    }

    /// The body replaced by `pack(body)`, and the codec's number in the attributes.
    pub(crate) fn packed(mut self, codec: i16, pack: impl FnOnce(&[u8]) -> Vec<u8>) -> Self {
        self.body = pack(&self.body);
        self.attributes |= codec;
        self
    }

    /// The batch as it is on the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut checked = Vec::new();
        checked.extend(self.attributes.to_be_bytes());
        checked.extend(self.last_offset_delta.to_be_bytes());
        checked.extend(self.base_timestamp.to_be_bytes());
        checked.extend(self.max_timestamp.to_be_bytes());
        checked.extend(self.producer_id.to_be_bytes());
        checked.extend([0xff; 2]); // producer epoch
        checked.extend([0xff; 4]); // base sequence
        checked.extend(self.record_count.to_be_bytes());
        checked.extend(&self.body);
        let mut bytes = Vec::new();
        bytes.extend(self.base_offset.to_be_bytes());
        bytes.extend(i32::try_from(9 + checked.len()).unwrap().to_be_bytes());
        bytes.extend(self.leader_epoch.to_be_bytes());
        bytes.push(2);
        bytes.extend(crc_fast::crc32_iscsi(&checked).to_be_bytes());
        assert_eq!(bytes.len(), UNCHECKED);
        bytes.extend(checked);
        bytes
    }
}
