//! What becomes of data, one rule at a time. Random schemas are in `oracle`.

use apache_avro::Schema;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use arrow_array::{Array, ArrayRef};
use arrow_cast::display::array_value_to_string;
use arrow_schema::DataType;

use super::*;
use crate::decode::{BadPayload, DecodeError, Decoder, decoder, decoder_with_registry};
use crate::spec::{Names, Side, Spec, avro};

mod blocks;
mod framing;
mod logical;
mod nested;
mod oracle;
mod resolution;
mod strictness;

pub(super) fn fields(spec: &Spec) -> Vec<String> {
    let fields = spec.columns(Side::Value, &Names::default()).unwrap();
    fields.iter().map(|field| format!("{}: {}", field.name(), field.data_type())).collect()
}

pub(super) fn decode(spec: impl Into<Spec>, payloads: &[Option<&[u8]>]) -> (Vec<ArrayRef>, Vec<BadPayload>) {
    let mut decoder = decoder(&spec.into(), Side::Value, &Names::default()).unwrap();
    let mut columns: Vec<Column> = decoder.fields().iter().map(|field| Column::new(field).unwrap()).collect();
    let mut bad = Vec::new();
    decoder.decode(payloads, &mut columns, &mut bad);
    let arrays: Vec<ArrayRef> = columns.iter_mut().map(|column| column.finish().unwrap()).collect();
    for (array, field) in arrays.iter().zip(decoder.fields()) {
        assert_eq!(array.len(), payloads.len(), "one row per payload");
        assert_eq!(array.data_type(), field.data_type());
    }
    (arrays, bad)
}

/// A value as text, timestamps as their number.
pub(super) fn shown(array: &ArrayRef, row: usize) -> String {
    if array.is_null(row) {
        return "null".into();
    }
    let array = match array.data_type() {
        DataType::Timestamp(..) => arrow_cast::cast(array, &DataType::Int64).unwrap(),
        _ => ArrayRef::clone(array),
    };
    array_value_to_string(&array, row).unwrap()
}

/// The columns of one payload's row, as text.
pub(super) fn row(spec: impl Into<Spec>, payload: &[u8]) -> Vec<String> {
    let (arrays, bad) = decode(spec, &[Some(payload)]);
    assert_eq!(bad, []);
    arrays.iter().map(|array| shown(array, 0)).collect()
}

pub(super) fn refused(spec: impl Into<Spec>, payload: &[u8]) -> DecodeError {
    let (arrays, mut bad) = decode(spec, &[Some(payload)]);
    assert_eq!(bad.len(), 1, "{payload:?} was taken for {arrays:?}");
    assert!(arrays.iter().all(|array| array.is_null(0)));
    bad.remove(0).error
}

pub(super) fn misfit(spec: impl Into<Spec>) -> String {
    decoder(&spec.into(), Side::Value, &Names::default()).unwrap_err().to_string()
}

pub(super) fn datum(schema: &str, value: impl Into<Value>) -> Vec<u8> {
    let schema = Schema::parse_str(schema).unwrap();
    let mut datum = Vec::new();
    GenericDatumWriter::builder(&schema).build().unwrap().write_value(&mut datum, value).unwrap();
    datum
}

pub(super) fn record(fields: &[(&str, Value)]) -> Value {
    Value::Record(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

const ORDER: &str = r#"{"type": "record", "name": "Order", "fields": [
    {"name": "id", "type": "long"},
    {"name": "customer", "type": ["null", {"type": "record", "name": "Customer", "fields": [
        {"name": "name", "type": "string"},
        {"name": "address", "type": {"type": "record", "name": "Address", "fields": [
            {"name": "city", "type": ["null", "string"]},
            {"name": "zip", "type": "int"}
        ]}}
    ]}]},
    {"name": "live", "type": "boolean"}
]}"#;

fn order(city: Option<&str>) -> Vec<u8> {
    let city = match city {
        Some(city) => Value::Union(1, Box::new(city.into())),
        None => Value::Union(0, Box::new(Value::Null)),
    };
    let address = record(&[("city", city), ("zip", Value::Int(-7))]);
    let customer = record(&[("name", "Ada".into()), ("address", address)]);
    let customer = Value::Union(1, Box::new(customer));
    datum(ORDER, record(&[("id", Value::Long(42)), ("customer", customer), ("live", true.into())]))
}

#[test]
fn nested_records_are_columns_joined_by_two_underscores() {
    assert_eq!(
        fields(&avro(ORDER).into()),
        ["id: Int64", "customer__name: Utf8", "customer__address__city: Utf8", "customer__address__zip: Int32", "live: Boolean"]
    );
    assert_eq!(row(avro(ORDER), &order(Some("Ulm"))), ["42", "Ada", "Ulm", "-7", "true"]);
    assert_eq!(row(avro(ORDER), &order(None)), ["42", "Ada", "null", "-7", "true"]);
    assert_eq!(row(avro(ORDER), &[2, 0, 0]), ["1", "null", "null", "null", "false"]);
}

#[test]
fn a_mapping_names_columns_and_the_paths_that_it_leaves_keep_their_dots() {
    let spec = avro(ORDER).mapping([("customer.name", "Name"), ("id", "Id")]);
    assert_eq!(
        fields(&spec.clone().into()),
        ["Id: Int64", "Name: Utf8", "customer.address.city: Utf8", "customer.address.zip: Int32", "live: Boolean"]
    );
    let spec = spec.mapped_only(true);
    assert_eq!(fields(&spec.clone().into()), ["Id: Int64", "Name: Utf8"]);
    assert_eq!(row(spec, &order(Some("Ulm"))), ["42", "Ada"]);
    let deep = avro(ORDER).mapping([("customer.address.zip", "Zip")]).mapped_only(true);
    assert_eq!(row(deep, &order(None)), ["-7"]);
}

#[test]
fn a_mapping_that_does_not_fit_says_which_field() {
    assert!(misfit(avro(ORDER).mapping([("custmer.name", "N")])).contains("field custmer.name: the mapping names it"));
    assert!(misfit(avro(ORDER).mapping([("customer.name", "id")])).contains("field id: a second column has this name"));
    assert!(misfit(avro(ORDER).mapping([("id", "a"), ("id", "b")])).contains("field id: the mapping names it twice"));
    assert!(misfit(avro(ORDER).mapped_only(true)).contains("the schema gives no columns"));
}

#[test]
fn a_schema_that_is_no_record_is_one_column_named_as_simple_names_it() {
    let spec = avro(r#"["null", "string"]"#);
    assert_eq!(fields(&spec.clone().into()), ["KafkaValue: Utf8"]);
    assert_eq!(row(spec.clone(), &[2, 4, b'o', b'k']), ["ok"]);
    assert_eq!(row(spec, &[0]), ["null"]);
}

#[test]
fn a_null_payload_is_a_row_of_nulls_and_a_bad_one_harms_no_neighbour() {
    let good = order(Some("Ulm"));
    let (arrays, bad) = decode(avro(ORDER), &[Some(&good), None, Some(&good[..4]), Some(&good)]);
    assert_eq!(bad.iter().map(|bad| bad.index).collect::<Vec<_>>(), [2]);
    for array in &arrays {
        assert!(array.is_null(1) && array.is_null(2));
        assert_eq!(array.slice(0, 1).as_ref(), array.slice(3, 1).as_ref());
    }
}

#[test]
fn what_no_column_asks_for_is_walked_over_whatever_it_is() {
    let schema = r#"{"type": "record", "name": "R", "fields": [
        {"name": "list", "type": {"type": "array", "items": ["null", "string", {"type": "map", "values": "double"}]}},
        {"name": "node", "type": {"type": "record", "name": "Node", "fields": [
            {"name": "value", "type": {"type": "enum", "name": "E", "symbols": ["A", "B"]}},
            {"name": "next", "type": ["null", "Node"]}]}},
        {"name": "nothing", "type": "null"},
        {"name": "fixed", "type": {"type": "fixed", "name": "F", "size": 3}},
        {"name": "x", "type": "int"}
    ]}"#;
    let spec = avro(schema).mapping([("x", "x")]).mapped_only(true);
    // Two blocks, the second with its size; a list of two nodes.
    let payload = [2, 2, 2, b'a', 1, 4, 4, 0, 0, 0, 2, 2, 0, 7, 8, 9, 84];
    assert_eq!(row(spec, &payload), ["42"]);
}

#[test]
fn a_record_that_contains_itself_is_refused_or_raw_where_it_recurs() {
    let schema = r#"{"type": "record", "name": "Node", "fields": [
        {"name": "value", "type": "int"}, {"name": "next", "type": ["null", "Node"]}]}"#;
    let refusal = misfit(avro(schema));
    assert!(refusal.contains("field next: record Node contains itself"), "{refusal}");
    let spec = avro(schema).recursive(crate::spec::Recursive::Raw);
    assert_eq!(fields(&spec.clone().into()), ["value: Int32", "next: Binary"]);
    assert_eq!(row(spec.clone(), &[2, 2, 4, 2, 6, 0]), ["1", "04020600"]);
    assert_eq!(row(spec.clone(), &[2, 0]), ["1", "null"]);
    let mut chain = vec![2; 2 * 400];
    chain.extend([2, 0]);
    assert_eq!(refused(spec, &chain).reason, Reason::Limit);
}
