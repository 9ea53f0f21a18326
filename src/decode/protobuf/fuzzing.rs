//! Messages and descriptors as anybody produces them.

use std::sync::OnceLock;

use super::Protobuf;
use super::wire::{Cursor, MOST_NESTED, Segment};
use crate::decode::blocks::ByBlocks;
use crate::decode::fuzzing::decoded;
use crate::decode::{Column, Decoder, decoder};
use crate::spec::{Framing, Kind, Names, Nested, ProtobufSpec, Recursive, Side, Spec, protobuf, protobuf_descriptors};

const NEW: &str = r#"edition = "2023";
import "google/protobuf/struct.proto"; import "google/protobuf/timestamp.proto"; import "google/protobuf/duration.proto";
import "google/protobuf/wrappers.proto"; import "google/protobuf/any.proto"; import "google/protobuf/field_mask.proto";
message M {
  int32 a = 1; sint64 b = 2 [features.field_presence = IMPLICIT]; bool c = 3; string d = 4; bytes e = 5; double f = 6; fixed32 g = 7;
  repeated sint32 h = 8; repeated fixed64 i = 9; repeated string j = 10; E k = 11; repeated E l = 12;
  S m = 13; repeated S n = 14; S o = 15 [features.message_encoding = DELIMITED];
  map<string, sint32> p = 16; map<int32, S> q = 17;
  oneof r { S s = 18; uint32 t = 19; string u = 20; }
  google.protobuf.Timestamp v = 21; google.protobuf.Duration w = 22; google.protobuf.Int64Value x = 23; google.protobuf.Any y = 24;
  google.protobuf.FieldMask z = 25; google.protobuf.Struct aa = 26; google.protobuf.Value ab = 27; google.protobuf.ListValue ac = 28;
  M again = 29;
}
message S { int32 a = 1; repeated T b = 2; string c = 3 [default = "c"]; }
message T { map<bool, bytes> a = 1; float b = 2; }
enum E { option features.enum_type = CLOSED; ZERO = 0; ONE = 1; }"#;
const OLD: &str = r#"syntax = "proto2"; message M { required int32 a = 1; repeated group B = 2 { optional string c = 3; required uint64 d = 4; }
    optional sfixed32 e = 5 [default = -7]; optional E f = 6; enum E { ONE = 1; TWO = 2; } repeated float g = 7 [packed = true]; }"#;

/// Decodes a payload three times beside a null. First byte: the spec; of the first numbers the payload begins with a descriptor set
/// of that many times 256 bytes.
///
/// # Panics
/// Where there is not one row for each payload, or equal payloads do not give equal rows.
pub fn payload(input: &[u8]) {
    const DESCRIPTORS: u8 = 4;
    let [choice, rest @ ..] = input else { return };
    if *choice < DESCRIPTORS {
        let [length, rest @ ..] = rest else { return };
        let Some((descriptors, payload)) = rest.split_at_checked(usize::from(*choice) * 256 + usize::from(*length)) else {
            return;
        };
        return described(descriptors, payload);
    }
    static SPECS: OnceLock<Vec<Spec>> = OnceLock::new();
    let specs = SPECS.get_or_init(|| {
        let new = || protobuf(NEW).recursive(Recursive::Raw);
        [
            new(),
            new().nested(Nested::Struct).defaults(true),
            new().flatten(true).enum_numbers(true),
            new().include("/again/m/*").include("/n/b/*").include("/ab"),
            new().framing(Framing::Confluent),
            protobuf(OLD),
            protobuf(OLD).flatten(true).defaults(true),
        ]
        .map(Spec::from)
        .into()
    });
    let spec = &specs[usize::from(*choice - DESCRIPTORS) % specs.len()];
    decoded(spec, rest);
    blocks(spec, rest);
}

/// Decodes blocks of the payload: as it is, one of them cut, and with its fields in other orders.
fn blocks(spec: &Spec, payload: &[u8]) {
    let Kind::Protobuf(spec) = &spec.kind else { return };
    let others: Vec<Vec<u8>> = (1..4).map(|by| rotated(payload, by)).collect();
    let mut payloads = vec![Some(payload); 14];
    payloads[6] = None;
    payloads[10] = payload.get(..payload.len() / 2);
    payloads.extend(others.iter().cycle().take(20).map(|other| Some(&other[..])));
    // One order that is to be learned.
    payloads.extend(others.first().into_iter().cycle().take(70).map(|other| Some(&other[..])));
    same_both_ways(spec, &payloads);
}

/// The message with so many of its fields behind the others; as it is where it is none.
pub(super) fn rotated(message: &[u8], by: usize) -> Vec<u8> {
    let mut cursor = Cursor::new(Segment { bytes: message, at: 0 });
    let mut starts: Vec<(usize, u32)> = Vec::new();
    while !cursor.is_empty() {
        let start = cursor.position();
        let Ok((number, _)) = cursor.field(MOST_NESTED) else { return message.to_vec() };
        // A list stays together.
        if starts.last().is_none_or(|(_, before)| *before != number) {
            starts.push((start, number));
        }
    }
    let place = starts.get(by % starts.len().max(1)).map_or(0, |(start, _)| *start);
    let (first, behind) = message.split_at(place);
    [behind, first].concat()
}

/// Decodes payloads by blocks, and says whether the first block was done as one.
///
/// # Panics
/// Where they do not become the same row by row, with the same reports.
pub(super) fn same_both_ways(spec: &ProtobufSpec, payloads: &[Option<&[u8]>]) -> bool {
    let mut decoder = Protobuf::new(spec, None).expect("the spec is good");
    let new = |decoder: &Protobuf| -> Vec<Column> {
        decoder.fields().iter().map(|field| Column::new(field).expect("a type")).collect()
    };
    let (mut rows, mut row_reports) = (new(&decoder), Vec::new());
    decoder.one_by_one(payloads, &[], &mut rows, &mut row_reports);
    let (mut blocks, mut block_reports) = (new(&decoder), Vec::new());
    decoder.decode(payloads, &mut blocks, &mut block_reports);
    assert_eq!(block_reports, row_reports);
    for (block, row) in blocks.iter_mut().zip(&mut rows) {
        assert_eq!(block.len(), payloads.len());
        assert_eq!(&block.finish().expect("a column"), &row.finish().expect("a column"));
    }
    let mut columns = new(&decoder);
    let (count, done) = decoder.block(payloads, &[], &mut columns);
    columns.iter().for_each(|column| assert_eq!(column.len(), if done { count } else { 0 }));
    done
}

/// A payload of the first message of a descriptor set.
fn described(descriptors: &[u8], payload: &[u8]) {
    let plain = || protobuf_descriptors(descriptors).recursive(Recursive::Raw);
    for spec in [plain(), plain().nested(Nested::Struct), plain().flatten(true)] {
        let spec: Spec = ProtobufSpec::into(spec);
        let Ok(decoder) = decoder(&spec, Side::Value, &Names::default()) else { return };
        if decoder.fields().iter().all(|field| Column::new(field).is_ok()) {
            decoded(&spec, payload);
            blocks(&spec, payload);
        }
    }
}
