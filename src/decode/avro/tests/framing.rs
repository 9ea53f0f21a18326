//! Frames, and the schemas that they name.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::*;

const NEW: &str = r#"{"type": "record", "name": "R", "fields": [
    {"name": "a", "type": "long"}, {"name": "b", "type": "string", "default": "none"}]}"#;
const OLD: &str = r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}]}"#;

fn framed(header: &[u8], datum: &[u8]) -> Vec<u8> {
    [header, datum].concat()
}

fn single_object(schema: &str, datum: &[u8]) -> Vec<u8> {
    let fingerprint = AvroSchema::parse(schema).unwrap().fingerprint();
    framed(&[&[0xc3, 0x01][..], &fingerprint.to_le_bytes()].concat(), datum)
}

#[test]
fn the_fingerprint_is_that_of_the_specification() {
    // From the specification's own test data: the primitive types in share/test/data/schema-tests.txt.
    for (schema, fingerprint) in [("\"int\"", 8_247_732_601_305_521_295_u64), ("\"null\"", 7_195_948_357_588_979_594)] {
        assert_eq!(AvroSchema::parse(schema).unwrap().fingerprint(), fingerprint, "{schema}");
    }
}

#[test]
fn confluent_framing_without_a_registry_reads_every_id_by_the_schema_given() {
    let spec = avro(NEW).framing(Framing::Confluent);
    assert_eq!(row(spec.clone(), &framed(&[0, 0, 0, 0, 9], &[2, 2, b'x'])), ["1", "x"]);
    let spec = spec.writer_schema_of(SchemaId::Id(7), OLD);
    let (arrays, bad) = decode(
        spec,
        &[
            Some(&framed(&[0, 0, 0, 0, 7], &[4])),
            Some(&framed(&[0, 0, 0, 0, 9], &[2, 2, b'x'])),
            Some(&framed(&[0, 0, 0, 0, 7], &[6])),
        ],
    );
    assert_eq!(bad, []);
    let rows: Vec<_> = (0..3).map(|row| (shown(&arrays[0], row), shown(&arrays[1], row))).collect();
    let expected = [("2", "none"), ("1", "x"), ("3", "none")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(rows, expected);
}

#[test]
fn single_object_fingerprints_tell_writers_apart_and_unknown_ones_are_errors() {
    let spec = avro(NEW).framing(Framing::SingleObject).writer_schema(OLD);
    assert_eq!(row(spec.clone(), &single_object(OLD, &[4])), ["2", "none"]);
    assert_eq!(row(spec.clone(), &single_object(NEW, &[4, 0])), ["2", ""]);
    let error = refused(spec, &single_object("\"int\"", &[4]));
    assert_eq!(error.reason, Reason::Schema);
    assert!(error.message.contains("0x7275d51a3f395c8f is not known"), "{error}");
}

#[test]
fn glue_frames_may_be_compressed() {
    let id = [7; 16];
    let spec = avro(NEW).framing(Framing::Glue).writer_schema_of(SchemaId::Uuid(id), OLD);
    let header = |compression: u8, id: [u8; 16]| [&[3, compression][..], &id].concat();
    assert_eq!(row(spec.clone(), &framed(&header(0, id), &[4])), ["2", "none"]);
    assert_eq!(row(spec.clone(), &framed(&header(0, [8; 16]), &[4, 0])), ["2", ""]);
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&[4]).unwrap();
    let mut compressed = framed(&header(5, id), &encoder.finish().unwrap());
    assert_eq!(row(spec.clone(), &compressed), ["2", "none"]);
    compressed.push(0);
    assert_eq!(refused(spec.clone(), &compressed).reason, Reason::Trailing);
    assert_eq!(refused(spec.clone(), &compressed[..22]).reason, Reason::Syntax);
    assert_eq!(refused(spec, &header(4, id)).reason, Reason::Framing);
}

#[test]
fn a_payload_without_its_frame_is_an_error_that_says_what_is_expected() {
    for (framing, payload, reason, position, part) in [
        (Framing::Confluent, &[][..], Reason::Empty, 0, "zero byte"),
        (Framing::Confluent, &[1, 0, 0, 0, 1, 2], Reason::Framing, 0, "not 01"),
        (Framing::Confluent, &[0, 0, 0], Reason::Truncated, 3, "names its schema"),
        (Framing::SingleObject, &[0xc3, 2, 0], Reason::Framing, 1, "c3 01"),
        (Framing::SingleObject, &[0xc3], Reason::Truncated, 1, "c3 01"),
        (Framing::Glue, &[3, 0, 1], Reason::Truncated, 3, "names its schema"),
        (Framing::None, &[], Reason::Truncated, 0, "payload ends"),
    ] {
        let error = refused(avro("\"int\"").framing(framing), payload);
        assert_eq!((error.reason, error.position), (reason, position), "{error}");
        assert!(error.message.contains(part), "{error}");
    }
}
