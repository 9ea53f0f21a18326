//! Records written straight into a batch: a demo makes a million of them in a second, and none is an object.

use bytes::Bytes;
use kolumn_test_broker::BatchBuilder;

/// The records of a batch that is not closed yet.
#[derive(Debug, Default)]
pub(crate) struct OpenBatch {
    section: Vec<u8>,
    count: i32,
}

impl OpenBatch {
    /// Adds a record without key and headers, at the batch's own time.
    pub(crate) fn push(&mut self, value: &[u8]) {
        // <https://kafka.apache.org/documentation/#record>: attributes, time delta, offset delta, key, value, headers.
        let mut head = [0; 32];
        let mut length = 2; // attributes and time delta are a zero byte each
        length += put_varint(&mut head, length, i64::from(self.count));
        length += put_varint(&mut head, length, -1);
        length += put_varint(&mut head, length, i64::try_from(value.len()).unwrap_or(0));
        let mut size = [0; 10];
        let whole = length + value.len() + 1;
        let digits = put_varint(&mut size, 0, i64::try_from(whole).unwrap_or(0));
        self.section.extend(size.iter().take(digits));
        self.section.extend(head.iter().take(length));
        self.section.extend_from_slice(value);
        self.section.push(0);
        self.count += 1;
    }

    /// The batch, written at `timestamp`, and how many records it has; none where there are none. Begins a new one.
    pub(crate) fn close(&mut self, timestamp: i64) -> Option<(Bytes, i32)> {
        if self.count == 0 {
            return None;
        }
        let count = std::mem::take(&mut self.count);
        let capacity = self.section.len();
        let section = std::mem::replace(&mut self.section, Vec::with_capacity(capacity));
        let builder = BatchBuilder::new().timestamp(timestamp).payload(section).record_count(count).last_offset_delta(count - 1);
        Some((builder.build(), count))
    }
}

/// Writes a number as Kafka's records have it: zigzag, seven bits to a byte, the lowest first. Gives the bytes written.
fn put_varint(out: &mut [u8], place: usize, number: i64) -> usize {
    let mut rest = ((number << 1) ^ (number >> 63)).cast_unsigned();
    for (written, byte) in out.iter_mut().skip(place).enumerate() {
        let low = u8::try_from(rest & 0x7f).unwrap_or(0);
        rest >>= 7;
        if rest == 0 {
            *byte = low;
            return written + 1;
        }
        *byte = low | 0x80;
    }
    0
}

#[cfg(test)]
mod tests {
    use kolumn_test_broker::batches;

    use super::*;

    #[test]
    fn what_is_written_is_what_the_builder_of_single_records_writes() {
        let values: Vec<Vec<u8>> = (0..300_usize).map(|length| vec![b'x'; length * 7 % 211]).collect();
        let mut open = OpenBatch::default();
        for _ in 0..2 {
            values.iter().for_each(|value| open.push(value));
            let (batch, count) = open.close(1_700_000_000_000).unwrap();
            assert_eq!(count, 300);
            assert_eq!(batch, BatchBuilder::new().timestamp(1_700_000_000_000).values(&values).build());
            let read = batches(&batch).next().unwrap().unwrap().records().unwrap();
            assert!(
                read.iter().zip(&values).all(|(record, value)| record.value.as_ref().is_some_and(|read| read[..] == value[..]))
            );
        }
        assert_eq!(open.close(0), None);
    }

    #[test]
    fn numbers_of_every_size_are_written() {
        for (number, bytes) in [(0, &[0_u8][..]), (-1, &[1]), (63, &[126]), (64, &[128, 1]), (300, &[216, 4])] {
            let mut out = [0; 10];
            let written = put_varint(&mut out, 0, number);
            assert_eq!(&out[..written], bytes, "{number}");
        }
    }
}
