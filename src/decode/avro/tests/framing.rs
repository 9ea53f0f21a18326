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
    assert!(error.message.contains("0x7275d51a3f395c8f: it is none of those that are given"), "{error}");
}

/// Knows schema 7, will know 8, and schema 9 is of another type.
#[derive(Debug)]
struct Registry(Arc<AvroSchema>, Arc<AvroSchema>);

impl WriterSchemas for Registry {
    fn get(&self, id: SchemaId) -> Lookup {
        let known = |schema: &Arc<AvroSchema>| Lookup::Known(WriterSchema::Avro(Arc::clone(schema)));
        match id {
            SchemaId::Id(7) => known(&self.0),
            SchemaId::Id(8) => Lookup::Pending,
            SchemaId::Id(9) => known(&self.1),
            _ => Lookup::Failed("there is none".into()),
        }
    }
}

#[test]
fn a_registry_is_asked_for_the_schemas_that_are_not_given() {
    let schema = |text: &str| Arc::new(AvroSchema::parse(text).unwrap());
    let registry = Box::new(Registry(schema(OLD), schema("\"boolean\"")));
    let spec = avro(NEW).framing(Framing::Confluent).writer_schema_of(SchemaId::Id(1), NEW);
    let mut decoder = decoder_with_registry(&spec.into(), Side::Value, &Names::default(), registry).unwrap();
    let mut columns: Vec<Column> = decoder.fields().iter().map(|field| Column::new(field).unwrap()).collect();
    let payloads: Vec<Vec<u8>> = [(7, &[4][..]), (8, &[4]), (9, &[1]), (10, &[4]), (1, &[4, 0]), (7, &[6])]
        .map(|(id, datum)| framed(&[0, 0, 0, 0, id], datum))
        .into();
    let mut bad = Vec::new();
    decoder.decode(&payloads.iter().map(|payload| Some(&payload[..])).collect::<Vec<_>>(), &mut columns, &mut bad);
    let array = columns[0].finish().unwrap();
    let rows: Vec<String> = (0..6).map(|row| shown(&array, row)).collect();
    assert_eq!(rows, ["2", "null", "null", "null", "2", "3"]);
    let reasons: Vec<(usize, Reason, &str)> =
        bad.iter().map(|bad| (bad.index, bad.error.reason, bad.error.message.as_str())).collect();
    assert_eq!(
        reasons,
        [
            (1, Reason::Pending(SchemaId::Id(8)), "the writer's schema 8 is not known yet"),
            (2, Reason::Schema, "the writer's schema (9): the writer's boolean does not resolve to the reader's record R"),
            (3, Reason::Schema, "the writer's schema 10: there is none"),
        ]
    );
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
