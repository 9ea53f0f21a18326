//! What is asked for of each variant, as kolumn's spec and as Arrow's schema; and what all peers must come to.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampNanosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};

use super::data::Variant;
use crate::sums;

pub(super) fn spec(variant: Variant) -> &'static str {
    match variant {
        Variant::Wide => {
            "json:field_00:utf8,field_01:int64,field_06:float64,field_13:int64,field_16:utf8,field_22:float64,field_36:utf8,\
             a:utf8=/object_13/field_40,b:int64=/object_13/field_41,c:float64=/object_29/field_42"
        }
        Variant::Nested => {
            "json:id:utf8,number:int64,\
             user:struct<name:utf8,age:int64,address:struct<city:utf8,zip:utf8,lat:float64,lon:float64>>,\
             items:list<struct<sku:utf8,qty:int64,price:float64>>,tags:list<utf8>,scores:list<float64>,active:bool"
        }
        _ => "json:Symbol:utf8,Side:utf8,Price:float64,Qty:int64,Tstamp:timestamp(ns)",
    }
}

/// The schema of the peers. What kolumn finds along pointers is in structs here.
pub(super) fn schema(variant: Variant) -> SchemaRef {
    let field = |name: &str, data_type| Field::new(name, data_type, true);
    let structure = |fields: Vec<Field>| DataType::Struct(Fields::from(fields));
    let list = |item| DataType::List(Field::new("item", item, true).into());
    match variant {
        Variant::Wide => Schema::new(vec![
            field("field_00", DataType::Utf8),
            field("field_01", DataType::Int64),
            field("field_06", DataType::Float64),
            field("field_13", DataType::Int64),
            field("field_16", DataType::Utf8),
            field("field_22", DataType::Float64),
            field("field_36", DataType::Utf8),
            field("object_13", structure(vec![field("field_40", DataType::Utf8), field("field_41", DataType::Int64)])),
            field("object_29", structure(vec![field("field_42", DataType::Float64)])),
        ])
        .into(),
        Variant::Nested => Schema::new(vec![
            field("id", DataType::Utf8),
            field("number", DataType::Int64),
            field(
                "user",
                structure(vec![
                    field("name", DataType::Utf8),
                    field("age", DataType::Int64),
                    field(
                        "address",
                        structure(vec![
                            field("city", DataType::Utf8),
                            field("zip", DataType::Utf8),
                            field("lat", DataType::Float64),
                            field("lon", DataType::Float64),
                        ]),
                    ),
                ]),
            ),
            field(
                "items",
                list(structure(vec![
                    field("sku", DataType::Utf8),
                    field("qty", DataType::Int64),
                    field("price", DataType::Float64),
                ])),
            ),
            field("tags", list(DataType::Utf8)),
            field("scores", list(DataType::Float64)),
            field("active", DataType::Boolean),
        ])
        .into(),
        _ => sums::schema(),
    }
}

/// A digest of the values of all leaves in order, nulls included: whoever comes to another has not done the work.
pub(super) fn digest(batch: &RecordBatch, mut into: u64) -> u64 {
    for column in batch.columns() {
        into = leaves(column.as_ref(), into);
    }
    into
}

fn mixed(into: u64, value: u64) -> u64 {
    (into.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95)
}

fn leaves(array: &dyn Array, mut into: u64) -> u64 {
    let each = |row: usize, value: u64| if array.is_null(row) { u64::MAX } else { value };
    let rows = 0..array.len();
    match array.data_type() {
        DataType::Utf8 => {
            let texts = array.as_string::<i32>();
            rows.fold(into, |into, row| {
                texts.value(row).bytes().fold(mixed(into, each(row, 1)), |into, byte| mixed(into, byte.into()))
            })
        }
        DataType::Int64 => {
            let numbers = array.as_primitive::<Int64Type>();
            rows.fold(into, |into, row| mixed(into, each(row, numbers.value(row).cast_unsigned())))
        }
        DataType::Float64 => {
            let numbers = array.as_primitive::<Float64Type>();
            // One of the peers is off by the last bit now and then.
            rows.fold(into, |into, row| mixed(into, each(row, (numbers.value(row) * 1e6).round().to_bits())))
        }
        DataType::Timestamp(..) => {
            let numbers = array.as_primitive::<TimestampNanosecondType>();
            rows.fold(into, |into, row| mixed(into, each(row, numbers.value(row).cast_unsigned())))
        }
        DataType::Boolean => {
            let bools = array.as_boolean();
            rows.fold(into, |into, row| mixed(into, each(row, bools.value(row).into())))
        }
        DataType::Struct(_) => {
            for column in array.as_struct().columns() {
                into = leaves(column.as_ref(), into);
            }
            into
        }
        DataType::List(_) => {
            let lists = array.as_list::<i32>();
            let into = rows.fold(into, |into, row| mixed(into, each(row, lists.value_length(row).cast_unsigned().into())));
            leaves(lists.values().as_ref(), into)
        }
        other => panic!("no digest of {other}"),
    }
}
