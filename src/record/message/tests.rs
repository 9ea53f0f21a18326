use std::io::Write;

use proptest::prelude::*;

use super::super::Walk;
use super::super::sample::Batch;
use super::*;

const LIMIT: usize = 1 << 20;

const GZIP: u8 = 1;
const SNAPPY: u8 = 2;
const LZ4: u8 = 3;
const ZSTD: u8 = 4;

/// A message whose every field can be set, right or wrong. [`Old::bytes`] computes length and checksum.
#[derive(Debug, Clone)]
struct Old {
    offset: i64,
    magic: i8,
    attributes: u8,
    timestamp: i64,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
}

impl Old {
    fn at(magic: i8, offset: i64) -> Self {
        let timestamp = if magic == 0 { -1 } else { 1_000 + offset };
        Self { offset, magic, attributes: 0, timestamp, key: Some(b"k".to_vec()), value: Some(format!("v{offset}").into_bytes()) }
    }

    /// `messages` within another of the format of the first, by `codec`, as a broker stores them.
    fn wrapper(codec: u8, messages: &[Self]) -> Self {
        let (first, last) = (messages.first().unwrap(), messages.last().unwrap());
        let base = if first.magic == 0 { 0 } else { first.offset };
        let set: Vec<u8> =
            messages.iter().flat_map(|inner| Self { offset: inner.offset - base, ..inner.clone() }.bytes()).collect();
        Self {
            offset: last.offset,
            magic: first.magic,
            attributes: codec,
            timestamp: last.timestamp,
            key: None,
            value: Some(pack(codec, first.magic, &set)),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut checked = vec![self.magic.cast_unsigned(), self.attributes];
        if self.magic == 1 {
            checked.extend(self.timestamp.to_be_bytes());
        }
        for field in [&self.key, &self.value] {
            checked.extend(field.as_ref().map_or(-1, |field| i32::try_from(field.len()).unwrap()).to_be_bytes());
            checked.extend(field.as_deref().unwrap_or_default());
        }
        let mut bytes = self.offset.to_be_bytes().to_vec();
        bytes.extend(i32::try_from(4 + checked.len()).unwrap().to_be_bytes());
        let mut crc = flate2::Crc::new(); // of another crate than the reader's
        crc.update(&checked);
        bytes.extend(crc.sum().to_be_bytes());
        bytes.extend(checked);
        bytes
    }
}

fn pack(codec: u8, magic: i8, set: &[u8]) -> Vec<u8> {
    match codec {
        GZIP => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(set).unwrap();
            encoder.finish().unwrap()
        }
        SNAPPY => {
            let mut framed = b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01".to_vec();
            for block in set.chunks(50) {
                let block = snap::raw::Encoder::new().compress_vec(block).unwrap();
                framed.extend(i32::try_from(block.len()).unwrap().to_be_bytes());
                framed.extend(block);
            }
            framed
        }
        LZ4 => {
            let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
            encoder.write_all(set).unwrap();
            let mut frame = encoder.finish().unwrap();
            if magic == 0 {
                // The checksum of the header is behind the magic number, the flags and the descriptor; producers of format 0
                // computed it over the magic number too.
                frame[6] ^= 0x5a;
            }
            frame
        }
        _ => set.to_vec(),
    }
}

/// Offset, timestamp, key, value.
type Row = (i64, i64, Option<Vec<u8>>, Option<Vec<u8>>);

fn read(bytes: &[u8]) -> Result<Vec<Row>, BatchError> {
    let mut arena = Arena::new(LIMIT);
    let mut rows = Vec::new();
    for batch in Walk::new(bytes) {
        let batch = batch?;
        batch.verify()?;
        let next = batch.header.next_offset()?;
        let mut records = batch.records(&mut arena)?;
        while let Some(record) = records.next()? {
            assert!(record.offset < next);
            rows.push((record.offset, record.timestamp, record.key.map(<[u8]>::to_vec), record.value.map(<[u8]>::to_vec)));
        }
    }
    Ok(rows)
}

fn row(message: &Old) -> Row {
    let timestamp = if message.magic == 0 { -1 } else { message.timestamp };
    (message.offset, timestamp, message.key.clone(), message.value.clone())
}

fn rows(messages: &[Old]) -> Vec<Row> {
    messages.iter().map(row).collect()
}

fn run(magic: i8, offsets: std::ops::Range<i64>) -> Vec<Old> {
    offsets.map(|offset| Old::at(magic, offset)).collect()
}

#[test]
fn c11_every_codec_of_both_formats_gives_the_messages_within_with_their_own_offsets() {
    for magic in [0, 1] {
        for codec in [GZIP, SNAPPY, LZ4] {
            let messages = run(magic, 100..107);
            let wrapper = Old::wrapper(codec, &messages);
            assert_eq!(read(&wrapper.bytes()), Ok(rows(&messages)), "format {magic}, codec {codec}");
            let next = Walk::new(&wrapper.bytes()).next().unwrap().unwrap().header.next_offset();
            assert_eq!(next, Ok(107), "the wrapper has the offset of the last");
        }
    }
}

#[test]
fn c11_all_three_formats_stand_in_one_answer_in_any_order() {
    let (zero, one) = (run(0, 0..3), run(1, 3..6));
    let packed = run(1, 8..12);
    let mut bytes: Vec<u8> = [&zero[..], &one[..]].concat().iter().flat_map(Old::bytes).collect();
    bytes.extend(Batch::at(6).records(["two", "three"]).bytes());
    bytes.extend(Old::wrapper(SNAPPY, &packed).bytes());
    bytes.extend(Batch::at(12).records(["four"]).bytes());
    bytes.extend(Old::at(0, 13).bytes());
    let read = read(&bytes).unwrap();
    assert!(read.iter().map(|(offset, ..)| *offset).eq(0..14));
    assert_eq!(read[..6], rows(&[zero, one].concat()));
    assert_eq!(read[8..12], rows(&packed));
    let epochs: Vec<_> = Walk::new(&bytes).map(|batch| batch.unwrap().header.leader_epoch).collect();
    assert_eq!(epochs, [-1, -1, -1, -1, -1, -1, 0, -1, 0, -1]);
}

#[test]
fn c2_every_truncation_gives_whole_messages_only() {
    let messages = run(1, 0..4);
    let parts = [Old::at(0, 0).bytes(), Old::wrapper(GZIP, &run(1, 1..4)).bytes()];
    let bytes = parts.concat();
    for cut in 0..bytes.len() {
        let whole = usize::from(cut >= parts[0].len());
        let read = read(&bytes[..cut]).unwrap();
        assert_eq!(read.len(), whole, "cut at {cut}");
        assert!(read.iter().zip(&messages).all(|(row, message)| row.2 == message.key && row.3 == message.value));
    }
}

#[test]
fn null_keys_and_values_and_empty_ones_are_told_apart() {
    for magic in [0, 1] {
        let mut messages = run(magic, 0..4);
        messages[0].key = None;
        messages[1].value = None;
        (messages[2].key, messages[2].value) = (Some(vec![]), Some(vec![]));
        let single: Vec<u8> = messages.iter().flat_map(Old::bytes).collect();
        assert_eq!(read(&single), Ok(rows(&messages)));
        assert_eq!(read(&Old::wrapper(LZ4, &messages).bytes()), Ok(rows(&messages)));
    }
}

#[test]
fn what_compaction_took_out_of_a_wrapper_leaves_gaps_between_the_offsets() {
    for magic in [0, 1] {
        let mut messages = run(magic, 50..60);
        messages.retain(|message| ![50, 53, 54].contains(&message.offset));
        let mut wrapper = Old::wrapper(GZIP, &messages);
        if magic == 1 {
            // Compaction keeps the relative offsets: the first that is left need not be 0.
            let set: Vec<u8> =
                messages.iter().flat_map(|inner| Old { offset: inner.offset - 50, ..inner.clone() }.bytes()).collect();
            wrapper.value = Some(pack(GZIP, 1, &set));
        }
        assert_eq!(read(&wrapper.bytes()), Ok(rows(&messages)), "format {magic}");
    }
}

#[test]
fn the_time_of_appending_is_that_of_the_wrapper_and_the_time_of_creation_each_message_has_its_own() {
    let messages = run(1, 0..3);
    let mut wrapper = Old::wrapper(GZIP, &messages);
    wrapper.timestamp = 77;
    let times = |wrapper: &Old| read(&wrapper.bytes()).unwrap().iter().map(|row| row.1).collect::<Vec<_>>();
    assert_eq!(times(&wrapper), [1_000, 1_001, 1_002]);
    wrapper.attributes |= LOG_APPEND_TIME;
    assert_eq!(times(&wrapper), [77; 3]);
    let alone = Old { attributes: LOG_APPEND_TIME, timestamp: 99, ..Old::at(1, 0) };
    assert_eq!(times(&alone), [99]);
    let without = Old { attributes: GZIP | LOG_APPEND_TIME, ..Old::wrapper(GZIP, &run(0, 0..2)) };
    assert_eq!(times(&without), [-1; 2], "format 0 has no such bit");
}

#[test]
fn what_no_producer_writes_is_refused_by_name() {
    let nested = |magic| Old::wrapper(GZIP, &[Old::wrapper(GZIP, &run(magic, 0..2)), Old::at(magic, 2)]);
    assert_eq!(read(&nested(0).bytes()), Err(BatchError::NestedCompression { magic: 0 }));
    assert_eq!(read(&nested(1).bytes()), Err(BatchError::NestedCompression { magic: 1 }));
    let mixed = Old::wrapper(GZIP, &[Old::at(1, 0), Old::at(0, 1)]);
    assert_eq!(read(&mixed.bytes()), Err(BatchError::MixedFormats { outer: 1, inner: 0 }));
    for magic in [0, 1] {
        let zstd = Old { attributes: ZSTD, ..Old::wrapper(GZIP, &run(magic, 0..2)) };
        assert_eq!(read(&zstd.bytes()), Err(BatchError::CodecOfFormat { codec: "zstd", magic }));
        let unknown = Old { attributes: 6, ..Old::at(magic, 0) };
        assert_eq!(read(&unknown.bytes()), Err(BatchError::Codec { codec: 6 }));
        let nothing = Old { value: None, ..Old::wrapper(GZIP, &run(magic, 0..2)) };
        assert!(matches!(read(&nothing.bytes()), Err(BatchError::Length { value: -1, .. })));
        let empty = Old { value: Some(pack(GZIP, magic, &[])), ..Old::wrapper(GZIP, &run(magic, 0..2)) };
        assert!(matches!(read(&empty.bytes()), Err(BatchError::UnexpectedEnd { .. })));
    }
    let batch_within =
        Old { value: Some(pack(GZIP, 1, &Batch::at(0).records(["x"]).bytes())), ..Old::wrapper(GZIP, &run(1, 0..2)) };
    assert_eq!(read(&batch_within.bytes()), Err(BatchError::Magic { magic: 2 }));
}

#[test]
fn offsets_that_fall_repeat_or_leave_the_wrapper_are_refused() {
    let refused = Err(BatchError::OutOfRange { what: "the offset of a message" });
    for (magic, offsets) in [(0, [5, 4]), (0, [5, 5]), (1, [5, 4]), (1, [5, 5])] {
        let messages = offsets.map(|offset| Old::at(magic, offset));
        assert_eq!(read(&Old::wrapper(GZIP, &messages).bytes()), refused, "format {magic}, {offsets:?}");
    }
    let beyond = Old { offset: 3, ..Old::wrapper(GZIP, &run(0, 3..6)) };
    assert_eq!(read(&beyond.bytes()), refused);
    let before_the_log = Old { offset: 1, ..Old::wrapper(GZIP, &run(1, 3..6)) };
    assert_eq!(read(&before_the_log.bytes()), refused);
    let far = Old { offset: 0, ..Old::wrapper(GZIP, &[Old::at(1, 0), Old::at(1, i64::MIN)]) };
    assert_eq!(read(&far.bytes()), Err(BatchError::OutOfRange { what: "the relative offset of a message" }));
}

#[test]
fn a_wrapper_of_more_than_the_limit_is_refused() {
    let mut message = Old::at(1, 0);
    message.value = Some(vec![b'x'; LIMIT]);
    for codec in [GZIP, SNAPPY, LZ4] {
        let wrapper = Old::wrapper(codec, &[message.clone()]);
        assert_eq!(read(&wrapper.bytes()), Err(BatchError::TooLarge { limit: LIMIT }), "codec {codec}");
    }
}

#[test]
fn c8_every_flipped_byte_is_found_by_the_checksum_or_is_outside_it() {
    for magic in [0, 1] {
        let bytes = [Old::at(magic, 0).bytes(), Old::wrapper(GZIP, &run(magic, 1..4)).bytes()].concat();
        let wrapper_at = Old::at(magic, 0).bytes().len();
        for place in (12..wrapper_at).chain(wrapper_at + 12..bytes.len()) {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[place] ^= 1 << bit;
                assert!(read(&damaged).is_err(), "byte {place}, bit {bit}");
            }
        }
    }
    let mut damaged = Old::at(1, 0).bytes();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    assert!(matches!(read(&damaged), Err(BatchError::Crc { .. })));
    // A length that no longer fits its message is the checksum's to find, not the walk's.
    damaged = Old::at(1, 0).bytes();
    damaged[26] ^= 1;
    assert!(matches!(read(&damaged), Err(BatchError::Crc { .. })));
}

#[test]
fn c11_every_short_length_is_an_error() {
    for magic in [0, 1] {
        let bytes = Old::at(magic, 0).bytes();
        for length in -1..i32::try_from(smallest(magic) - UNCOUNTED).unwrap() {
            let mut short = bytes.clone();
            short[8..12].copy_from_slice(&length.to_be_bytes());
            let error = Walk::new(&short).next().unwrap().unwrap_err();
            assert!(matches!(error, BatchError::Length { value, .. } if value == i64::from(length)), "{length}: {error}");
        }
    }
}

fn bytes_or_null() -> impl Strategy<Value = Option<Vec<u8>>> {
    proptest::option::of(proptest::collection::vec(any::<u8>(), 0..120))
}

/// Messages of one format at offsets with gaps between them.
fn messages(magic: i8) -> impl Strategy<Value = Vec<Old>> {
    proptest::collection::vec((1..50_i64, bytes_or_null(), bytes_or_null(), any::<i64>()), 1..20).prop_map(move |fields| {
        let mut next = 0;
        let message = |(gap, key, value, timestamp)| {
            next += gap;
            Old { offset: next - 1, magic, attributes: 0, timestamp, key, value }
        };
        fields.into_iter().map(message).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.min(128), ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_is_read(messages in (0..2_i8).prop_flat_map(messages), codec in 0..4_u8, base in 0..i64::MAX / 2) {
        let messages: Vec<_> = messages.into_iter().map(|old| Old { offset: old.offset + base, ..old }).collect();
        let bytes = match codec {
            0 => messages.iter().flat_map(Old::bytes).collect(),
            _ => Old::wrapper(codec, &messages).bytes(),
        };
        prop_assert_eq!(read(&bytes), Ok(rows(&messages)));
    }

    #[test]
    fn any_bytes_within_a_wrapper_never_panic(
        magic in 0..2_i8, attributes in any::<u8>(), offset in any::<i64>(), set in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let wrapper = Old { offset, attributes, value: Some(pack(attributes & CODEC, magic, &set)), ..Old::at(magic, 0) };
        let _either = read(&wrapper.bytes());
    }

    #[test]
    fn a_damaged_message_within_a_wrapper_never_panics(
        messages in (0..2_i8).prop_flat_map(messages), place in any::<proptest::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut set: Vec<u8> = messages.iter().flat_map(Old::bytes).collect();
        let place = place.index(set.len());
        set[place] = byte;
        let wrapper = Old { value: Some(pack(GZIP, messages[0].magic, &set)), ..Old::wrapper(GZIP, &messages) };
        let _either = read(&wrapper.bytes());
        let _either = read(&set);
    }
}
