//! Blocks give what the plain decoder gives: of random schemas and data, of which some are cut, damaged or null.

use apache_avro::Schema;
use apache_avro::writer::datum::GenericDatumWriter;
use proptest::prelude::*;
use serde_json::json;

use super::oracle::Random;
use super::*;
use crate::decode::avro::fuzzing::same_both_ways;
use crate::spec::{AvroSpec, Framing, Nested, SchemaId};

/// Payloads of a schema: whole ones, and at random cut, damaged, longer and null ones.
fn payloads(schema: &Schema, framing: Framing, random: &mut Random) -> Vec<Option<Vec<u8>>> {
    let writer = GenericDatumWriter::builder(schema).build().unwrap();
    let trouble = [0, 20, 200][random.rng.usize(..3)];
    (0..random.rng.usize(1..150))
        .map(|_| {
            let mut payload = match framing {
                Framing::Confluent => vec![0, 0, 0, 0, u8::from(random.rng.u8(..trouble.max(1)) == 1)],
                _ => Vec::new(),
            };
            writer.write_value_ref(&mut payload, &random.value(schema, schema)).unwrap();
            if trouble > 0 && random.rng.u8(..trouble) == 0 {
                let at = random.rng.usize(..=payload.len());
                match random.rng.u8(..4) {
                    0 => payload.truncate(at),
                    1 => payload.push(random.rng.u8(..)),
                    2 => return None,
                    _ => payload.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << random.rng.u8(..8)),
                }
            }
            Some(payload)
        })
        .collect()
}

fn compare(writer: &serde_json::Value, reader: &serde_json::Value, random: &mut Random) {
    let schema = Schema::parse(writer).unwrap();
    for nested in [Nested::Flatten, Nested::Struct] {
        let framing = [Framing::None, Framing::Confluent][random.rng.usize(..2)];
        let spec = avro(reader.to_string()).writer_schema(writer.to_string()).nested(nested).framing(framing);
        let payloads = payloads(&schema, framing, random);
        let payloads: Vec<Option<&[u8]>> = payloads.iter().map(Option::as_deref).collect();
        same_both_ways(&spec, &payloads);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn blocks_give_what_the_plain_decoder_gives(seed in any::<u64>()) {
        let mut random = Random::new(seed);
        let writer = random.record(2);
        compare(&writer, &writer, &mut random);
        let reader = random.top(&writer);
        compare(&writer, &reader, &mut random);
    }
}

/// A record of one field of each type, and of a nullable one, null before or behind.
fn one_of(kind: &serde_json::Value) -> AvroSpec {
    let fields = json!([
        {"name": "a", "type": kind}, {"name": "b", "type": ["null", kind]}, {"name": "c", "type": [kind, "null"]},
        {"name": "d", "type": "boolean"},
    ]);
    avro(json!({"type": "record", "name": "R", "fields": fields}).to_string())
}

#[test]
fn numbers_of_every_width_and_of_too_many_bytes_are_the_same_in_blocks() {
    let varints = (0..12).flat_map(|more: usize| {
        [0x00_u8, 0x01, 0x02, 0x0f, 0x10, 0x7f].map(|last| {
            let mut bytes = vec![0xff; more];
            bytes.push(last);
            bytes
        })
    });
    for varint in varints {
        for kind in [json!("int"), json!("long"), json!({"type": "long", "logicalType": "timestamp-millis"})] {
            let datum = [&varint[..], &[2], &varint[..], &[0], &varint[..], &[1]].concat();
            same_both_ways(&one_of(&kind), &[Some(&datum[..]); 8]);
            let skipped = one_of(&kind).mapping([("d", "d")]).mapped_only(true);
            same_both_ways(&skipped, &[Some(&datum[..]); 8]);
        }
    }
}

#[test]
fn a_text_that_is_utf_8_only_together_with_the_next_is_refused_in_blocks() {
    let spec = avro(r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "string"}]}"#);
    let halves: [Option<&[u8]>; 8] =
        std::array::from_fn(|index| Some(if index % 2 == 0 { &[2, 0xc3][..] } else { &[2, 0xa9][..] }));
    assert_eq!(same_both_ways(&spec, &halves).len(), 8);
}

#[test]
fn texts_of_every_length_are_copied_whole() {
    let spec =
        avro(r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "string"}, {"name": "b", "type": "bytes"}]}"#);
    let payloads: Vec<Vec<u8>> = (0..64_u8)
        .map(|length| {
            let text: Vec<u8> = (0..length).map(|at| b'a' + (at + length) % 26).collect();
            [&[2 * length], &text[..], &[2 * length], &text[..]].concat()
        })
        .collect();
    let payloads: Vec<Option<&[u8]>> = payloads.iter().map(|payload| Some(&payload[..])).collect();
    same_both_ways(&spec, &payloads);
    let reversed: Vec<Option<&[u8]>> = payloads.into_iter().rev().collect();
    same_both_ways(&spec, &reversed);
}

/// What a value of each kind may be on the wire, right and wrong.
fn kinds() -> Vec<(serde_json::Value, Vec<Vec<u8>>)> {
    let behind_length = |length: usize, sign: u8| {
        let mut bytes = vec![(2 * length % 128) as u8];
        if length > 63 {
            bytes = vec![(2 * length % 128) as u8 | 0x80, (2 * length / 128) as u8];
        }
        bytes.extend((0..length).map(|at| if at == 0 { sign } else { b'a' + at as u8 % 26 }));
        bytes
    };
    let decimals = (0..20).flat_map(|length| [0x00, 0x7f, 0x80, 0xff].map(|sign| behind_length(length, sign))).collect();
    let texts: Vec<Vec<u8>> =
        [0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 200].map(|length| behind_length(length, b'x')).into();
    let others = [vec![2, 0xff], vec![4, 0xc3, 0xa9], vec![2, 0xc3], vec![1], vec![0x81, 1], vec![0x80, 0x80, 0]];
    let bytes = (0..=9_u8).chain([0x7f, 0x80, 0xff]).map(|byte| vec![byte]).collect::<Vec<_>>();
    let numbers = |width: usize| vec![vec![0; width], vec![0xff; width], vec![1; width - 1]];
    vec![
        (json!({"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}), decimals),
        (json!({"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 2}), texts.clone()),
        (json!("string"), [&texts[..], &others[..]].concat()),
        (json!("bytes"), [&texts[..], &others[..]].concat()),
        (json!("boolean"), bytes.clone()),
        (json!({"type": "enum", "name": "E", "symbols": ["A", "Bc", "a symbol of more than sixteen"]}), bytes.clone()),
        (json!("int"), bytes),
        (json!("float"), numbers(4)),
        (json!("double"), numbers(8)),
        (json!({"type": "fixed", "name": "F", "size": 5}), numbers(5)),
    ]
}

#[test]
fn values_of_every_kind_are_the_same_in_blocks_alone_together_and_left_out() {
    let mut random = fastrand::Rng::with_seed(3);
    for (kind, values) in kinds() {
        let name = kind["name"].as_str().map(|name| json!(name));
        let again = name.unwrap_or_else(|| kind.clone());
        let fields = json!([
            {"name": "a", "type": kind}, {"name": "b", "type": ["null", again]}, {"name": "c", "type": [again, "null"]},
            {"name": "d", "type": "boolean"}, {"name": "e", "type": again},
        ]);
        let spec = avro(json!({"type": "record", "name": "R", "fields": fields}).to_string());
        let left_out = spec.clone().mapping([("d", "d")]).mapped_only(true);
        let datum = |value: &[u8], other: &[u8], kind: u8| {
            let (b, c) = (kind & 2, kind >> 1 & 2);
            let b = if b == 2 { [&[2][..], other].concat() } else { vec![0] };
            let c = if c == 0 { [&[0][..], value].concat() } else { vec![2] };
            [value, &b, &c, &[1], other].concat()
        };
        let mut good = 0;
        for value in &values {
            let same: Vec<Vec<u8>> = (0..8).map(|kind| datum(value, value, kind)).collect();
            let same: Vec<Option<&[u8]>> = same.iter().map(|payload| Some(&payload[..])).collect();
            good += usize::from(same_both_ways(&spec, &same).is_empty());
            same_both_ways(&left_out, &same);
        }
        assert!(good > 0, "{kind}");
        for _ in 0..20 {
            let mut any = || values[random.usize(..values.len())].clone();
            let mixed: Vec<Vec<u8>> = (0..100).map(|row| datum(&any(), &any(), row)).collect();
            let mixed: Vec<Option<&[u8]>> = mixed.iter().map(|payload| Some(&payload[..])).collect();
            same_both_ways(&spec, &mixed);
            same_both_ways(&left_out, &mixed);
        }
    }
}

#[test]
fn records_of_writers_that_take_turns_are_the_same_in_blocks() {
    let schema = |fields: [&str; 2]| {
        let fields = fields.map(|name| json!({"name": name, "type": if name == "a" { "string" } else { "long" }}));
        json!({"type": "record", "name": "R", "fields": fields}).to_string()
    };
    let spec = avro(schema(["a", "b"]))
        .writer_schema_of(SchemaId::Id(1), schema(["a", "b"]))
        .writer_schema_of(SchemaId::Id(2), schema(["b", "a"]))
        .framing(Framing::Confluent);
    let mut random = fastrand::Rng::with_seed(9);
    for turns in [1, 2, 3, 4, 5, 100] {
        let mut writer = 1;
        let payloads: Vec<Option<Vec<u8>>> = (0..200_u8)
            .map(|row| {
                writer = if random.u8(..turns) == 0 { 3 - writer } else { writer };
                match random.u8(..40) {
                    0 => None,
                    1 => Some(vec![0, 0, 0]),
                    2 => Some(vec![0, 0, 0, 0, 7, row]),
                    _ if writer == 1 => Some(vec![0, 0, 0, 0, 1, 2, b'x', row & 0x7f]),
                    _ => Some(vec![0, 0, 0, 0, 2, row & 0x7f, 2, b'y']),
                }
            })
            .collect();
        let payloads: Vec<Option<&[u8]>> = payloads.iter().map(Option::as_deref).collect();
        assert!(same_both_ways(&spec, &payloads).len() < 40);
    }
}

#[test]
fn blocks_are_done_as_blocks() {
    let spec = one_of(&json!("string"));
    let payload = b"\x06abc\x02\x06def\x02\x01";
    let mut decoder = Avro::new(&spec, "Value", None).unwrap();
    let mut columns: Vec<Column> = decoder.fields().iter().map(|field| Column::new(field).unwrap()).collect();
    assert_eq!(
        decoder.block(&[Some(payload), Some(payload), Some(payload), Some(payload), None, Some(payload)], &[], &mut columns),
        (4, true)
    );
    assert!(columns.iter().all(|column| column.len() == 4));
    let cut = payload.split_last().unwrap().1;
    assert_eq!(decoder.block(&[Some(payload), Some(payload), Some(payload), Some(cut)], &[], &mut columns), (4, false));
    assert!(columns.iter().all(|column| column.len() == 4), "a block that cannot be done leaves nothing");
}
